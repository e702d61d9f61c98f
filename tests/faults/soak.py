#!/usr/bin/env python3
"""An hour of real time: the real daemon under load, with outages, lost answers, reloads and restarts.

refutes: in an hour of use an event is lost, or memory, descriptors or the WAL grow
takes: 60 minutes
runs: 3600
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
from spooltest import equal, track, true, wait_until  # noqa: E402

BATCH = 50
MIB = 1 << 20
WAL_MAX = 128 * MIB
WEATHER = ((), ("status=503",), ("reset=after-accept,chance=5",), ("delay=300",), ("status=429,retry-after=1",),
           ("truncate=20,chance=5",))


class Soak:
    """A daemon under load; a run of `runs` seconds."""

    def __init__(self, bench):
        self.bench = bench
        self.chance = random.Random(faults.seed())
        self.sim = bench.sim("--record-suppressed")
        self.daemon = bench.daemon(self.sim, batch_events=100)
        self.acked = 0
        self.last = 0

    def post(self):
        names = range(self.last, self.last + BATCH)
        self.last += BATCH
        calls = [track(f"m-{n}", email=f"u{n % 997}@example.com") for n in names]
        equal(self.daemon.post("/v1/batch", {"batch": calls})[0], 200, "a batch")
        self.acked += BATCH

    def sample(self):
        """Returns resident memory in bytes and the number of descriptors."""
        with open(f"/proc/{self.daemon.pid}/statm", encoding="ascii") as statm:
            memory = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return memory, len(os.listdir(f"/proc/{self.daemon.pid}/fd"))

    def disturb(self):
        self.sim.faults(*self.chance.choice(WEATHER))
        what = self.chance.randrange(6)
        if what == 0:
            self.daemon = self.daemon.restart()
        elif what == 1:
            self.daemon.kill()
            self.daemon = spooltest.Daemon(self.bench, self.bench.path("bentospool.conf"))
        elif what == 2:
            self.daemon.popen.send_signal(signal.SIGHUP)

    def check(self):
        self.sim.heal()
        equal(self.daemon.stop(), 0, "the exit status")
        self.daemon = spooltest.Daemon(self.bench, self.bench.path("bentospool.conf"))
        self.bench.wait_settled(self.acked, 600)
        keys = self.sim.keys()
        lost = self.acked - len(set(keys))
        seen = len(keys) - len(set(keys))
        counted = self.bench.value("SELECT coalesce(sum(maybe_sent), 0) FROM outbox")
        faults.result(points=self.acked, lost=lost, seen=seen, counted=counted)
        equal(lost, 0, "lost events")
        true(seen <= counted, f"{seen} events came twice, {counted} are counted")


def test_soak(bench):
    """load with outages and restarts"""
    soak = Soak(bench)
    seconds = faults.runs(4)
    end = time.monotonic() + (3600 if seconds is None else seconds)
    wal = soak.bench.database + "-wal"
    most = [0, 0, 0]
    while time.monotonic() < end:
        for _ in range(20):
            soak.post()
        memory, descriptors = soak.sample()
        most = [max(a, b) for a, b in zip(most, (memory, descriptors, os.path.getsize(wal)))]
        true(memory < 200 * MIB, f"resident memory: {memory} bytes")
        true(descriptors < 100, f"{descriptors} descriptors")
        true(os.path.getsize(wal) < WAL_MAX, f"the WAL has {os.path.getsize(wal)} bytes")
        soak.disturb()
        faults.progress(f"{soak.acked} events, {end - time.monotonic():.0f} s left")
        # A pace that the simulator's record can follow for an hour.
        pause = time.monotonic() + 1
        wait_until(lambda: time.monotonic() > pause, "the next second")
    print(f"# at most {most[0] // MIB} MiB resident, {most[1]} descriptors, a WAL of {most[2] // MIB} MiB")
    soak.check()


if __name__ == "__main__":
    spooltest.main()
