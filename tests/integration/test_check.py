#!/usr/bin/env python3
"""status --check: one line and an exit status for a monitoring system, right by default."""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def check(bench, *options, code):
    done = bench.cli("status", "--check", *options)
    equal(done.returncode, code, f"{options}: {done.stdout}{done.stderr}")
    equal(done.stdout.count("\n"), 1, f"one line: {done.stdout}")
    equal(done.stdout.split(":")[0], "CRITICAL" if code else "OK", done.stdout)
    return done.stdout


def test_all_is_well(bench):
    """a healthy daemon: OK, with numbers behind a bar; without a daemon it is critical"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", track("a-1"))
    bench.wait_settled(1)
    equal(check(bench, code=0),
          "OK: 1 site, 0 events pending | pending=0 oldest=0s failed=0 held=0\n", "the line")
    equal(bench.cli("status", "--max-failed", "1").returncode, 2, "a threshold needs --check")
    daemon.stop()
    true("the daemon is not running" in check(bench, code=1), "says so")


def test_an_outage(bench):
    """a site that backs off is a problem after --max-backoff, by default alarm_after"""
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", track("a-1"))
    wait_until(lambda: bench.rows("SELECT 1 FROM sites WHERE state = 'backoff'"), "it backs off")
    wait_until(lambda: len(sim.requests()) > 2, "probes fail")
    true(check(bench, code=0).startswith("OK: 1 site, 1 event pending, 1 backing off | "), "the line says so")
    told = check(bench, "--max-backoff", "0s", code=1)
    true(re.search(r"site main has been backing off for \d+ s: .*503", told), told)
    true("has waited for" in check(bench, "--max-age", "0s", code=1), "the oldest event")
    since = bench.value("SELECT unready_since FROM site")
    daemon = daemon.restart()
    wait_until(lambda: bench.rows("SELECT 1 FROM sites WHERE state = 'backoff'"), "again")
    equal(bench.value("SELECT unready_since FROM site"), since, "a restart is not an end")
    sim.heal()
    bench.wait_settled(1)
    wait_until(lambda: bench.value("SELECT unready_since FROM site") == 0, "the end")
    true("backing off" not in check(bench, "--max-backoff", "0s", code=0), "not any more")


def test_failed_events(bench):
    """failed and held events of the last day are a problem; --max-failed and --failed-since say which"""
    sim = bench.sim()
    sim.faults("refuse=Refused Here")
    daemon = bench.daemon(sim)
    for i in range(2):
        daemon.accept("/v1/track", track(f"a-{i}", event="Refused Here"))
    bench.wait_settled(2)
    told = check(bench, code=1)
    true("2 events failed within 1 d: bentospool errors |" in told and "failed=2 held=0" in told, told)
    check(bench, "--max-failed", "1", code=1)
    check(bench, "--max-failed", "2", code=0)
    check(bench, "--failed-since", "0s", code=0)
    equal(len(bench.rows("SELECT 1 FROM outbox WHERE status = 'failed'")), 2, "they failed")
    equal(bench.cli("pause").returncode, 0, "pause")
    daemon.accept("/v1/track", track("b-1"))
    equal(bench.cli("discard", "--status", "failed", "--yes").returncode, 0, "discard")
    equal(bench.cli("hold", "--status", "pending", "--yes").returncode, 0, "hold")
    told = check(bench, code=1)
    true("was paused by" in told and "held=0" in told, f"what an operator holds is no problem: {told}")


def test_refused_requests(bench):
    """--max-refused replaces refused_percent"""
    daemon = bench.daemon()
    for i in range(10):
        daemon.accept("/v1/track", track(f"a-{i}"))
        equal(daemon.post("/v1/track", track("a-1"), key="wrong")[0], 401, "refused")
    wait_until(lambda: bench.value("SELECT sum(requests) FROM refusals") == 10, "they are counted")
    true("10 of 20 requests were refused" in check(bench, code=1), "10 percent are allowed")
    check(bench, "--max-refused", "49", code=1)
    check(bench, "--max-refused", "50", code=0)


spooltest.main()
