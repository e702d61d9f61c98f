#!/usr/bin/env python3
"""SIGKILL of the real daemon at random moments under load, while Bento is down and while it takes events.

The load sends with several connections and notes what was answered 200; each daemon that is killed is
followed by another one on the same database. At last everything is delivered and compared.

refutes: after kills under load, an acknowledged event is lost, or goes out twice without being counted
takes: 6 min
runs: 1000
"""
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import faults  # noqa: E402
import spooltest  # noqa: E402
from load import Load, check_delivered  # noqa: E402
from spooltest import equal  # noqa: E402

SMALL = 8


def kill_under_load(bench, daemon, enough, batch):
    """Kills the daemon after so many acknowledged events; returns them, and the next daemon."""
    load = Load(bench, daemon, batch)
    load.reach(enough)
    daemon.kill()
    load.wait()
    got = load.acked()
    load.forget()
    bench.processes.remove(daemon)
    return got, daemon.restart()


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
    lost, seen, counted = check_delivered(bench, sim, acked)
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
