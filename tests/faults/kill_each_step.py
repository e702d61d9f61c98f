#!/usr/bin/env python3
"""SIGKILL of the real daemon before and after each call that leaves the process, in a short life.

The life: the first start, single events and a batch, their delivery to the simulated Bento, an import,
retention with an archive, a stop. The calls are those of kill_at.c, so the points are before and after each
commit, answer, record, send, receipt, checkpoint, step of a purge and of an import. Then the daemon
starts again and the client repeats what was not answered.

refutes: after a kill between two calls, an event is lost, or goes out twice without being counted
takes: 8 min
runs: all
"""
import collections
import json
import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import faults  # noqa: E402
import spooltest  # noqa: E402
from preload import Preload  # noqa: E402
from spooltest import Daemon, equal, track, true, wait_until  # noqa: E402

SMALL = 40
ENOUGH = 10  # failures that are reported


def imported(message_id, status, settled):
    return json.dumps({
        "site": "main", "message_id": message_id, "kind": "track", "name": "Old",
        "email": "ann@example.com", "received_at": "2020-01-01T00:00:00.000Z",
        "occurred_at": "2020-01-01T00:00:00.000Z", "status": status, "attempts": 0,
        "body": track(message_id), **({"settled_at": "2020-01-02T00:00:00.000Z"} if settled else {})})


class Life:
    """One life in a directory of its own, killed at one point (0: at none)."""

    def __init__(self, bench, sim, preload, point):
        self.bench, self.sim, self.point = bench, sim, point
        self.name = f"life-{point}"
        os.mkdir(bench.path(self.name))
        os.mkdir(bench.path(self.name + "/archive"))
        bench.database = bench.path(self.name + "/spool.db")
        self.conf = bench.configure({"main": bench.site(sim.api_url())}, name=self.name + "/conf")
        with open(self.conf, "a", encoding="utf-8") as file:
            file.write(spooltest.conf_section(
                "retention", {"archive": bench.path(self.name + "/archive")}) + "\n")
        self.acked = set()
        self.deaths = 0
        preload.arm(point)
        self.daemon = Daemon(bench, self.conf, env=preload.env, ready=False)
        self.begin()

    def begin(self):
        """Waits for the daemon; one that was killed is started again, without a point."""
        def up():
            return self.daemon.addresses() or not self.daemon.running()
        wait_until(up, "the daemon listens, or ended")
        if not self.daemon.running():
            self.revive()

    def revive(self):
        equal(self.daemon.wait(), -9, "the daemon ended")
        self.deaths += 1
        equal(self.deaths, 1, "deaths")
        self.daemon = Daemon(self.bench, self.conf)

    def again(self, step):
        """Repeats a step until it succeeds, as a client does."""
        while True:
            try:
                if step():
                    return
            except (ConnectionError, TimeoutError, OSError):
                pass
            if self.deaths == 0:
                wait_until(lambda: not self.daemon.running(), "the daemon was killed")
                self.revive()
            else:
                raise AssertionError(f"{self.daemon.log()}: a step fails without a kill")

    def post(self, *ids):
        ids = [f"{self.point}-{n}" for n in ids]

        def step():
            status, _ = self.daemon.post("/v1/batch", {"batch": [track(i) for i in ids]})
            equal(status, 200, "the answer")
            self.acked.update(ids)
            return True
        self.again(step)

    def verb(self, *argv):
        self.again(lambda: self.bench.cli(*argv, conf=self.conf).returncode in (0, 3))

    def settled(self):
        """Waits for the deliveries, whether it is killed or not."""
        def step():
            def done():
                return not self.daemon.running() or not self.bench.value(
                    "SELECT count(*) FROM outbox WHERE status = 'pending'")
            wait_until(done, "no event is pending, or it was killed")
            return self.daemon.running()
        self.again(step)

    def live(self):
        lines = self.bench.write(self.name + "/lines", "\n".join([
            imported(f"{self.point}-held", "held", False),
            imported(f"{self.point}-old", "discarded", True)]) + "\n")
        self.post("a")
        self.post("b", "c", "d")
        self.verb("import", lines)
        self.verb("purge", "--yes")
        self.post("e")
        self.settled()
        self.daemon.popen.terminate()
        if self.daemon.wait() == -9:
            self.revive()
            self.settled()
            self.daemon.popen.terminate()
        equal(self.daemon.wait(), 0, "exit status of the stop")


def requests_of(sim, prefix):
    """Returns the keys of the events in each request that the simulated Bento took."""
    found = collections.defaultdict(list)
    for line in sim.records():
        key = line["event"]["details"]["unique"]["key"]
        if key.startswith(prefix):
            found[line["request"]].append(key)
    return [tuple(sorted(keys)) for keys in found.values()]


def check(bench, sim, life):
    """Returns the duplicates that Bento got, and those that the outbox counts."""
    rows = {row["message_id"]: row for row in bench.outbox()}
    lost = life.acked - set(rows)
    equal(lost, set(), "LOST: acknowledged and not stored")
    equal({rows[i]["status"] for i in life.acked}, {"delivered"}, "statuses")
    equal(rows[f"{life.point}-held"]["status"], "held", "an imported event")
    true(f"{life.point}-old" not in rows, "retention removed the old event")
    archive = bench.path(life.name + "/archive")
    text = "".join(subprocess.run(["zcat", os.path.join(archive, name)], capture_output=True, text=True,
                                  check=True).stdout for name in os.listdir(archive))
    true(f'"{life.point}-old"' in text, "the archive has the event that retention removed")
    equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")
    equal(bench.miscounted(), [], "counts")
    attempts = collections.defaultdict(list)
    for row in bench.rows("SELECT attempt_id, message_id, outcome FROM history"):
        attempts[row["attempt_id"]].append((row["message_id"], row["outcome"]))
    booked = collections.Counter(
        tuple(sorted(key for key, _ in members)) for members in attempts.values())
    sent = collections.Counter(requests_of(sim, f"{life.point}-"))
    equal(dict(sent - booked), {}, "UNBOOKED: requests that Bento got and that have no row")
    arrived = collections.Counter(key for keys in sent.elements() for key in keys)
    unknown = collections.Counter(
        key for members in attempts.values() for key, outcome in members if outcome == "unknown")
    for key in life.acked:
        true(arrived[key] >= 1, f"LOST: {key} is delivered and Bento never got it")
        true(arrived[key] <= 1 + unknown[key], f"{key}: {arrived[key]} arrived, {unknown[key]} unknown")
        equal(rows[key]["maybe_sent"], unknown[key], f"maybe_sent of {key}")
    return sum(n - 1 for n in arrived.values()), sum(unknown.values())


def points(bench, sim, preload):
    """Returns the points to try, by a life that is not killed."""
    Life(bench, sim, preload, 0).live()
    all_points = 2 * preload.read()[0]
    chosen = list(range(1, all_points + 1))
    wanted = faults.runs(SMALL)
    if wanted is not None and wanted < all_points:
        chosen = sorted(random.Random(faults.seed()).sample(chosen, wanted))
    return chosen


def test_each_step(bench):
    """killed before or after any call, it loses nothing and counts what went out twice"""
    preload = Preload(bench)
    sim = bench.sim("--record-suppressed")
    seen = counted = lost = 0
    calls = collections.Counter()
    chosen = points(bench, sim, preload)
    wrong = []
    for point in chosen:
        life = Life(bench, sim, preload, point)
        try:
            life.live()
            twice, unknown = check(bench, sim, life)
            seen += twice
            counted += unknown
        except AssertionError as e:
            lost += "LOST" in str(e) or "UNBOOKED" in str(e)
            wrong.append(f"point {point}, {preload.read()[1] or 'not reached'}: {e}")
            life.daemon.kill()
        calls[preload.read()[1]] += 1
        bench.processes = [p for p in bench.processes if p is sim]
        shutil.rmtree(bench.path(life.name))
        if len(wrong) == ENOUGH:
            break
        faults.progress(f"{point} of {chosen[-1]}, {len(wrong)} wrong")
    print("# killed at " + ", ".join(f"{name or 'none'} {n}" for name, n in sorted(calls.items())))
    faults.result(points=len(chosen), lost=lost, seen=seen, counted=counted)
    true(not wrong, "\n".join(wrong[:10]))


spooltest.main()
