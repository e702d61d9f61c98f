#!/usr/bin/env python3
"""A small disk at every 4 KiB of fullness, while a reader keeps the write-ahead log and attempts are in
flight. The daemon is killed there in every other point, and started again. When the reader ends,
receipt returns by itself, although nobody freed anything else.

refutes: a full disk is never left again, or an event is lost or repeated without being counted there
takes: 4 h
runs: all
"""
import contextlib
import glob
import os
import sqlite3

import faults
import spooltest
from spoolmount import Mount
from spooltest import Daemon, equal, track, true, wait_until

STEP = 4096
DISK = 40 << 20
WAL = 11 << 20  # what the reader keeps; more than ballast, reserve and margin together
RESERVE = 4 << 20  # below it nothing new begins
POINTS = (10 << 20) // STEP  # from there on the disk is not full
PAD = "x" * 20000
EVENTS_IN_BATCH = 40


def free_bytes(folder):
    of = os.statvfs(folder)
    return of.f_bavail * of.f_frsize


def post(daemon, ids):
    """Returns the answer's status; 0 when nobody answers."""
    batch = {"batch": [track(i, email=f"{i}@example.com", properties={"pad": PAD}) for i in ids]}
    try:
        return daemon.post("/v1/batch", batch)[0]
    except (OSError, AssertionError):
        return 0


def fill(path, leave):
    """Takes all space of the file system but so many bytes."""
    file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)

    def took_all():
        try:
            os.posix_fallocate(file, 0, max(free_bytes(os.path.dirname(path)) - leave, 1))
        except OSError:  # the daemon took some in between
            return False
        return True

    try:
        wait_until(took_all, "the disk is filled")
    finally:
        os.close(file)


@contextlib.contextmanager
def reading(database):
    reader = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM event").fetchone()
    yield
    reader.close()


def start_or_refuse(bench, conf):
    """Starts the daemon; returns it, or None when it says that there is no space."""
    daemon = Daemon(bench, conf, ready=False)
    wait_until(lambda: daemon.addresses() or not daemon.running(), "it listens or ends")
    if daemon.running():
        return daemon
    true("full" in daemon.log() and "free some" in daemon.log(), f"it ended and said: {daemon.log()}")
    return None


class Point:
    """One life of a daemon on the small disk, which has `leave` bytes free at its fullest."""

    def __init__(self, bench, disk, sim, leave):
        self.bench, self.disk, self.sim, self.leave = bench, disk, sim, leave
        self.stored = []
        self.n = 0

    def post(self, daemon, count):
        ids = [f"p{self.leave}-{self.n + i}" for i in range(count)]
        self.n += count
        status = post(daemon, ids)
        if status == 200:
            self.stored += ids
        return status

    def post_until(self, daemon, wal_bytes):
        wal = self.bench.database + "-wal"
        while os.path.getsize(wal) < wal_bytes:
            equal(self.post(daemon, EVENTS_IN_BATCH), 200, "before the disk is full")

    def attempts(self):
        return self.bench.value("SELECT count(*) FROM attempt")

    def in_flight(self):
        return self.bench.value("SELECT count(*) FROM attempt WHERE outcome IS NULL") > 0

    def at_full(self, daemon):
        """Returns the daemon, or None when it could not start."""
        wait_until(self.in_flight, "an attempt in flight")
        fill(os.path.join(self.disk, "filler"), self.leave)
        # On a slow machine the daemon may give up its ballast while the disk is being filled, and the filler has it.
        robbed = not os.path.exists(self.bench.database + ".ballast")
        before = self.attempts()
        self.post(daemon, 1)
        if self.leave // STEP % 2 == 0:
            daemon.kill()
            return start_or_refuse(self.bench, daemon.conf)
        if not robbed:
            wait_until(lambda: not self.in_flight() or not daemon.running(), "the attempt is recorded")
        true(daemon.running(), "the daemon lives")
        self.post(daemon, 1)
        if self.leave < RESERVE:
            equal(self.attempts(), before, f"attempts begun, {self.leave} bytes free")
        return daemon

    def run(self):
        """Returns the events lost, the repeats that Bento saw, and those that are counted."""
        self.sim.faults("delay=300")
        daemon = self.bench.daemon(self.sim, top={"min_free": 0, "control": self.bench.path("sock")})
        equal(self.post(daemon, 1), 200, "the first event")
        self.bench.wait_settled(1)
        with reading(self.bench.database):
            self.post_until(daemon, WAL)
            daemon = self.at_full(daemon)
        if daemon is None:
            daemon = Daemon(self.bench, self.bench.path("bentospool.conf"))
        wait_until(lambda: self.post(daemon, 1) == 200, f"receipt returns, {self.leave} bytes")
        os.remove(os.path.join(self.disk, "filler"))
        self.sim.heal()
        self.bench.wait_settled(len(self.bench.outbox()))
        equal(daemon.stop(), 0, "exit status")
        equal(self.bench.value("PRAGMA integrity_check"), "ok", "integrity")
        return self.compare()

    def compare(self):
        keys = [key for key in self.sim.keys() if key.startswith(f"p{self.leave}-")]
        seen = len(keys) - len(set(keys))
        counted = {row["message_id"]: row["maybe_sent"] for row in self.bench.outbox()}
        uncounted = sorted(key for key in set(keys) if keys.count(key) - 1 > counted[key])
        if uncounted:
            attempts = [tuple(row.values()) for row in self.bench.rows("SELECT attempt_id, events, outcome, error FROM attempts")]
            raise AssertionError(f"{len(uncounted)} events were repeated and not counted, such as {uncounted[0]}:"
                                 f" {keys.count(uncounted[0])} requests, {counted[uncounted[0]]} counted; {attempts}")
        return len(set(self.stored) - set(keys)), seen, sum(counted.values())


def points():
    wanted = faults.runs(4) or POINTS
    if wanted >= POINTS:
        return range(POINTS)
    # The last 4 KiB, and then even and odd points in turn, more of them near the end of the space.
    chosen = [0, 1] + [i * i * POINTS // wanted ** 2 // 2 * 2 + i % 2 for i in range(2, wanted)]
    return list(dict.fromkeys(chosen))


def test_every_fullness(bench):
    """at every fullness nothing is lost, repeats are counted, and receipt returns"""
    total = {"points": 0, "lost": 0, "seen": 0, "counted": 0}
    with Mount(bench.path("small"), f"size={DISK}") as small:
        for point in points():
            sim = bench.sim("--remember", "0")
            bench.database = os.path.join(small.path, "spool.db")
            lost, seen, counted = Point(bench, small.path, sim, point * STEP).run()
            total["points"] += 1
            total["lost"] += lost
            total["seen"] += seen
            total["counted"] += counted
            equal(lost, 0, f"events lost, {point * STEP} bytes free")
            sim.stop()
            for file in (*glob.glob(bench.database + "*"), sim.record_path, sim.requests_path):
                os.remove(file)
            bench.processes = [process for process in bench.processes if process.running()]
            faults.progress(f"{total['points']} points")
    faults.result(**total)


spooltest.main()
