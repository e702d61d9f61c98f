#!/usr/bin/env python3
"""The daemon is stopped (SIGSTOP) for longer than every deadline, and its wall clock jumps, at each state.

refutes: after a stop or a jump of the clock an event is lost, expires, or goes out again although its answer had come
takes: 3 minutes
runs: 60
"""
import os
import random
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import faults  # noqa: E402
import spooltest  # noqa: E402
from spoolclock import Wall  # noqa: E402
from spoolhttp import Raw, post_bytes  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

DEADLINE = 1  # seconds: each deadline of the daemon
STOP = 1.5
DAY = 86400
YEAR = 365 * DAY


class Used:
    """A daemon whose deadlines are all short, and what it promised."""

    def __init__(self, bench, **more):
        self.bench = bench
        self.sim = bench.sim("--record-suppressed")
        settings = {"timeout": DEADLINE, **more}
        self.daemon = bench.daemon(self.sim, ingest={"request_timeout": DEADLINE, "idle_timeout": DEADLINE},
                                   top={"stop_deadline": DEADLINE}, **settings)
        self.acked = []
        self.n = 0

    def body(self, **more):
        self.n += 1
        name = f"m-{self.n}"
        return name, spooltest.json.dumps(track(name, email=f"u{self.n}@example.com", **more))

    def post(self, **more):
        name, body = self.body(**more)
        self.daemon.accept("/v1/track", body)
        self.acked.append(name)
        return name

    def take_answer(self, raw, name):
        """A client whose request may have come too late: what was answered 200 counts as promised."""
        status, text = raw.answer()
        true(status in (0, 200, 408, 503), f"{name} is answered {status}: {text}")
        if status == 200:
            self.acked.append(name)
        raw.close()

    def stay_stopped(self):
        """Stops the daemon for longer than every deadline."""
        self.daemon.freeze()
        end = time.monotonic() + STOP
        wait_until(lambda: time.monotonic() > end, "the deadlines are over")

    def in_flight(self, delay):
        """Posts an event and waits until its request is with Bento, which answers after `delay` ms."""
        self.sim.faults(f"delay={delay}")
        received = len(self.sim.requests()) + 1
        name = self.post()
        wait_until(lambda: len(self.sim.requests()) == received, "a request is in flight")
        return name

    def check(self, points, unknown=0):
        """Everything promised is at Bento; returns after the daemon has stopped in time."""
        self.sim.heal()
        if self.daemon.running():
            self.post()
            wait_until(lambda: self.bench.value("SELECT count(*) FROM outbox WHERE status = 'pending'") == 0,
                       "nothing is pending")
            equal(self.daemon.stop(), 0, "the exit status")
        equal([row for row in self.bench.outbox() if row["message_id"] in self.acked
               and row["status"] != "delivered"], [], "events that were not delivered")
        keys = self.sim.keys()
        lost = len(set(self.acked) - set(keys))
        counted = self.bench.value("SELECT coalesce(sum(maybe_sent), 0) FROM outbox")
        seen = len(keys) - len(set(keys))
        faults.result(points=points, lost=lost, seen=seen, counted=counted)
        equal(lost, 0, "lost events")
        true(seen <= counted, f"{seen} events came twice, {counted} are counted")
        equal(counted, unknown, "events that Bento may have twice")


def test_answer_waits(bench):
    """an answer that came while the daemon was stopped is read, however late"""
    used = Used(bench)
    for _ in range(faults.runs(2) or 60):
        answered = len(used.sim.requests()) + 1
        used.in_flight(400)
        used.stay_stopped()
        wait_until(lambda: len(used.sim.requests()) == answered, "Bento has answered")
        used.daemon.thaw()
        used.bench.wait_settled(len(used.acked))
    equal(bench.rows("SELECT DISTINCT outcome FROM attempts"), [{"outcome": "delivered"}], "outcomes")
    used.check(used.n)


def test_no_answer(bench):
    """a request without an answer becomes unknown once, and goes out again"""
    used = Used(bench)
    used.in_flight(30000)
    used.stay_stopped()
    used.sim.heal()
    used.daemon.thaw()
    used.check(1, unknown=1)


def test_clients(bench):
    """a stop with clients in the middle of a head, of a body, between requests, and behind them"""
    used = Used(bench)
    clients = []
    for cut in (20, -5):
        name, body = used.body()
        data = post_bytes(body)
        clients.append((Raw(used.daemon.url()).send(data[:cut]), name, data[cut:]))
    idle = Raw(used.daemon.url())
    name, body = used.body()
    idle.send(post_bytes(body))
    equal(idle.answer()[0], 200, "a request before the stop")
    used.acked.append(name)
    used.stay_stopped()
    for raw, _, rest in clients:
        raw.send(rest)
    late = Raw(used.daemon.url())
    name, body = used.body()
    late.send(post_bytes(body))
    used.daemon.thaw()
    for raw, waiting, _ in clients:
        used.take_answer(raw, waiting)
    used.take_answer(late, name)
    true(name in used.acked, "a request that came during the stop is answered")
    true(idle.is_closed(), "an idle connection is closed")
    used.check(4)


def test_while_stopping(bench):
    """a stop in the middle of the end: the answer counts, and the daemon ends"""
    used = Used(bench)
    used.in_flight(400)
    used.daemon.popen.send_signal(signal.SIGTERM)
    wait_until(lambda: "stopping" in used.daemon.log(), "the daemon is about to stop")
    used.stay_stopped()
    wait_until(lambda: len(used.sim.requests()) == 1, "Bento has answered")
    used.daemon.thaw()
    equal(used.daemon.wait(), 0, "the exit status")
    used.check(1)


def test_under_load(bench):
    """stops at any time under load"""
    used = Used(bench, concurrency=2)
    chance = random.Random(faults.seed())
    runs = faults.runs(3) or 60
    for i in range(runs):
        used.sim.faults(f"delay={chance.randrange(200)}")
        for _ in range(chance.randrange(1, 10)):
            used.post()
        used.stay_stopped()
        used.daemon.thaw()
        faults.progress(f"{i + 1} stops")
    used.check(runs)


def jump_during(used, wall, seconds):
    """The clock jumps while a request is in flight, an event is delayed, and a client sends."""
    used.sim.answer(503, times=1)
    used.post()
    wait_until(lambda: used.bench.value("SELECT count(*) FROM delivery WHERE status = 'pending'") == 1,
               "an event is delayed")
    used.in_flight(200)
    name, body = used.body()
    data = post_bytes(body)
    raw = Raw(used.daemon.url()).send(data[:-5])
    wall.jump(seconds)
    raw.send(data[-5:])
    used.take_answer(raw, name)
    used.post()


def test_jumps(bench):
    """the wall clock jumps in both directions at each state, also over a restart; nothing expires"""
    wall = Wall(bench)
    used = Used(bench, env=wall.env, max_age=3600, identity_wait=3600)
    used.daemon.accept("/v1/track", track("waits", email=None, userId="u"))
    used.acked.append("waits")
    jumps = (10 * YEAR, -10 * YEAR, 2 * DAY, -2 * DAY, 90, -90)
    for seconds in jumps:
        jump_during(used, wall, seconds)
        used.daemon = used.daemon.restart()
        wall.is_set()
        used.post()
    used.daemon.accept("/v1/identify", {"userId": "u", "traits": {"email": "u@example.com"},
                                        "messageId": "who"})
    used.check(len(jumps))


if __name__ == "__main__":
    spooltest.main()
