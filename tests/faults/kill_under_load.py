#!/usr/bin/env python3
"""SIGKILL of the real daemon at random moments under load, while Bento is down and while it takes events.

The load sends with several connections and notes what was answered 200; each daemon that is killed is
followed by another one on the same database. At last everything is delivered and compared.

refutes: after kills under load, an acknowledged event is lost, or goes out twice without being counted
takes: 6 min
runs: 1000
"""
import collections
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import faults  # noqa: E402
import spooltest  # noqa: E402
from spooltest import binary, equal, true, wait_until  # noqa: E402

SMALL = 8
LOAD_EVENTS = 20000  # more than a run can post before it is killed


def lines(path):
    """Returns the complete lines of a file; none when it does not exist yet."""
    try:
        with open(path, encoding="ascii") as file:
            return file.read().split("\n")[:-1]
    except FileNotFoundError:
        return []


def kill_under_load(bench, daemon, enough, batch):
    """Kills the daemon after so many acknowledged events; returns them, and the next daemon."""
    acked = bench.path("acked")
    load = spooltest.Process(bench, "load", [
        binary("spool-load"), "--url", daemon.url(), "--connections", "8", "--batch", str(batch),
        "--events", str(LOAD_EVENTS), "--rate", "4000", "--ids", "random", "--acked", acked,
        "--patience", "1", "--write-key", spooltest.WRITE_KEY])
    wait_until(lambda: len(lines(acked)) >= enough or not load.running(), "acknowledged events")
    true(load.running(), "the load still runs when the daemon is killed")
    daemon.kill()
    load.wait()
    got = lines(acked)
    os.unlink(acked)
    os.unlink(load.log_path)
    bench.processes.remove(load)
    bench.processes.remove(daemon)
    return got, daemon.restart()


def check(bench, sim, acked):
    """Returns how many acknowledged events are lost, and the duplicates seen and counted."""
    rows = bench.rows("SELECT message_id, maybe_sent FROM outbox")
    equal(len(rows), len({row["message_id"] for row in rows}), "no event is stored twice")
    bench.wait_settled(len(rows), deadline=300)
    rows = bench.rows("SELECT message_id, status, maybe_sent FROM outbox")
    equal({row["status"] for row in rows}, {"delivered"}, "statuses")
    arrived = collections.Counter(sim.keys())
    for row in rows:
        key, unknown = row["message_id"], row["maybe_sent"]
        true(arrived[key] <= 1 + unknown, f"{key}: {arrived[key]} arrived, {unknown} unknown")
    equal(bench.value("SELECT count(*) FROM attempts WHERE outcome IS NULL"), 0, "open attempts")
    equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")
    lost = [key for key in acked if arrived[key] == 0]
    return lost, sum(n - 1 for n in arrived.values()), sum(row["maybe_sent"] for row in rows)


def kill_often(bench, runs, bento_is_down):
    chance = random.Random(faults.seed())
    sim = bench.sim("--record-suppressed")
    if bento_is_down:
        sim.answer(503)
    daemon = bench.daemon(sim, batch_events=chance.choice([100, 1000]))
    acked = []
    for n in range(runs):
        more, daemon = kill_under_load(bench, daemon, chance.choice([1, 20, 100, 400]),
                                       chance.choice([0, 0, 50]))
        acked += more
        faults.progress(f"{n + 1} of {runs} kills, {len(acked)} events acknowledged")
    sim.heal()
    lost, seen, counted = check(bench, sim, acked)
    print(f"# {runs} kills, {len(acked)} events acknowledged")
    faults.result(points=runs, lost=len(lost), seen=seen, counted=counted)
    equal(lost[:5], [], "LOST: acknowledged, and Bento never got it")


def test_kill_while_bento_is_down(bench):
    """killed at random while Bento is down, it keeps every acknowledged event"""
    kill_often(bench, (faults.runs(SMALL) + 1) // 2, True)


def test_kill_while_sending(bench):
    """killed at random while it sends, it loses nothing and counts what went out twice"""
    kill_often(bench, faults.runs(SMALL) // 2, False)


spooltest.main()
