#!/usr/bin/env python3
"""Restarts: ids and duplicates across them, attempts that a crash interrupted, signals.

tests/faults/kill_under_load.py kills the daemon under load.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def test_duplicates_across_a_restart(bench):
    """a messageId repeated after a restart or a crash is stored once"""
    daemon = bench.daemon()
    body = {"batch": [track(f"m-{n}") for n in range(100)]}
    daemon.accept("/v1/batch", body)
    daemon = daemon.restart()
    daemon.accept("/v1/batch", body)
    daemon = daemon.restart(spooltest.signal.SIGKILL)
    daemon.accept("/v1/batch", body)
    daemon.accept("/v1/track", track("m-new"))
    ids = [row["message_id"] for row in bench.outbox()]
    equal(ids, [f"m-{n}" for n in range(100)] + ["m-new"], "the outbox")


def test_ids_are_not_reused(bench):
    """event ids continue after a restart"""
    daemon = bench.daemon()
    daemon.accept("/v1/track", track("m-1"))
    daemon = daemon.restart(spooltest.signal.SIGKILL)
    daemon.accept("/v1/track", track("m-2"))
    first, second = [row["event_id"] for row in bench.outbox()]
    true(second > first, f"{second} is above {first}")


def test_open_attempt(bench):
    """an attempt that a crash interrupted becomes unknown; its events are due again and counted"""
    sim = bench.sim()
    sim.faults("delay=60000")
    daemon = bench.daemon(sim)
    daemon.accept("/v1/batch", {"batch": [track("m-1"), track("m-2")]})
    wait_until(lambda: bench.value("SELECT count(*) FROM attempts"), "the attempt is recorded")
    equal(bench.value("SELECT count(*) FROM attempts WHERE outcome IS NULL"), 1, "it is open")
    daemon.kill()
    equal(bench.value("SELECT count(*) FROM attempts WHERE outcome IS NULL"), 1,
          "a reader sees it open after the crash")
    sim.heal()
    daemon.restart()
    bench.wait_settled(2)
    equal([row["outcome"] for row in bench.rows("SELECT * FROM attempts ORDER BY attempt_id")],
          ["unknown", "delivered"], "outcomes")
    equal([row["maybe_sent"] for row in bench.outbox()], [1, 1], "maybe_sent")


def test_second_signal(bench):
    """a second SIGTERM ends the wait for requests in flight; they are counted as unknown"""
    sim = bench.sim()
    sim.faults("delay=60000")
    daemon = bench.daemon(sim, top={"stop_deadline": 60}, timeout=120)
    daemon.accept("/v1/track", track("m-1"))
    wait_until(lambda: sim.keys() == ["m-1"], "the request has arrived")
    daemon.popen.terminate()
    wait_until(lambda: not os.path.exists(bench.database + ".sock"), "only the request is left")
    true(daemon.running(), "it waits for the request")
    daemon.popen.terminate()
    equal(daemon.wait(), 1, "the exit status")
    true("signal again: stopping at once" in daemon.log(), daemon.log())
    sim.heal()
    daemon.restart()
    bench.wait_settled(1)
    equal(bench.outbox("m-1")["maybe_sent"], 1, "maybe_sent")


def test_answer_lost(bench):
    """a request that Bento accepted but whose answer was lost is unknown, sent again and counted
    """
    sim = bench.sim("--record-suppressed")
    sim.faults("reset=after-accept,count=1")
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    equal([row["outcome"] for row in bench.rows("SELECT * FROM history ORDER BY attempt_id")],
          ["unknown", "delivered"], "outcomes")
    row = bench.outbox("m-1")
    equal((row["status"], row["maybe_sent"]), ("delivered", 1), "the event")
    equal(sim.keys(), ["m-1", "m-1"], "Bento got it twice, with the same key")


def test_backlog_goes_out_after_restart(bench):
    """a backlog is sent after a restart, in order"""
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim, batch_events=50)
    daemon.accept("/v1/batch", {"batch": [track(f"m-{n:03}") for n in range(200)]})
    equal(daemon.stop(), 0, "exit status")
    equal(bench.statuses(), {"pending": 200}, "statuses while it is stopped")
    sim.heal()
    daemon.restart()
    bench.wait_settled(200)
    equal(sim.keys(), [f"m-{n:03}" for n in range(200)], "order")


spooltest.main()
