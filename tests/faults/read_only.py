#!/usr/bin/env python3
"""File systems that give up under the real daemon: ext4 turns read-only after an error, xfs shuts down.

It comes while a load sends events and requests are at Bento. The daemon must refuse events, say why, live, and
end when it is told to. The file system is then repaired and mounted again, and the next daemon delivers all that
was acknowledged. Needs root and loop devices.

ext4 of Linux 6.18 stops its journal some 20 ms before it refuses writes. A sync of a file that grew may return
without an error in between, and the file has its former length afterward: so what is answered after the error began
does not count when it is gone, and a request that left then may go out again uncounted. Both are reported.

refutes: when a file system turns read-only, an acknowledged event is lost, nothing says so, or the daemon ends or hangs
takes: 5 min
runs: 40
"""
import collections
import json
import os
import random

import faults
import spooltest
from load import Load, check_delivered
from spoolmount import LOGFLUSH, Disk
from spooltest import Daemon, equal, track, true, wait_until

SMALL = 4
# A sync that was under way may find an I/O error, after which nothing is tried again.
READ_ONLY, FAILED = "Read-only file system", "storage failed"


def post(daemon, message_id):
    return daemon.post("/v1/track", track(message_id))


class GivesUp:
    """Lives on one database, each until its file system gives up."""

    def __init__(self, bench, kind):
        self.bench, self.kind = bench, kind
        self.chance = random.Random(faults.seed())
        self.acked = []
        self.unsynced = set()  # answered while ext4 failed, and gone
        self.uncounted = set()  # sent while ext4 failed
        self.words = collections.Counter()
        self.found = (0, 0, 0)

    def fail(self, disk):
        if self.kind == "ext4":
            disk.report_error()
        else:
            disk.shut_down(LOGFLUSH)

    def is_refused(self, daemon):
        """Answers, health, status, doctor and the log say what is wrong, and the daemon lives."""
        wait_until(lambda: daemon.request("GET", "/healthz")[0] == 503, "health is red")
        status, answer = post(daemon, "refused")
        equal((status, answer["code"]), (503, "storage_failed"), "the answer")
        text = daemon.request("GET", "/healthz")[2]
        words = READ_ONLY if READ_ONLY in text else FAILED
        true(words in text and "look at" in text and "malformed" not in text, f"health says {text}")
        self.words[words] += 1
        wait_until(lambda: words in daemon.log(), "the log says it")
        for verb in ("status", "doctor"):
            done = self.bench.cli(verb, conf=daemon.conf)
            true(words in done.stdout + done.stderr, f"{verb} says {done.stdout} {done.stderr}")
        true(daemon.running(), "the daemon lives")

    def is_kept(self, daemon):
        """A start says what is wrong, and what was acknowledged can be copied meanwhile."""
        again = Daemon(self.bench, daemon.conf, ready=False)
        equal(again.wait(), 1, "exit status of a start")
        true(READ_ONLY in again.log(), f"a start says {again.log()}")
        copy = self.bench.path("copy.db")
        done = self.bench.cli("backup", copy, conf=daemon.conf)
        equal(done.returncode, 0, f"backup: {done.stderr}")
        done = self.bench.cli("export", "--database", copy, conf=daemon.conf)
        equal(done.returncode, 0, f"export: {done.stderr}")
        os.remove(copy)
        ids = {json.loads(line)["message_id"] for line in done.stdout.splitlines()}
        equal(sorted(set(self.acked) - ids)[:5], [], "LOST: acknowledged, and not copied")

    def life(self, daemon, disk, sim):
        """Returns the next daemon."""
        load = Load(self.bench, daemon, self.chance.choice([0, 0, 50]), rate=400)
        load.reach(self.chance.choice([1, 5, 50, 300]))
        taken = len(sim.keys())
        self.acked += load.acked()
        self.fail(disk)
        self.is_refused(daemon)
        load.stop()
        late = set(load.acked()) - set(self.acked)
        load.forget()
        equal(daemon.stop(), 1, "exit status: the last checkpoint failed")
        if self.kind == "ext4":
            self.is_kept(daemon)
            self.uncounted |= set(sim.keys()[taken:])
        disk.again(repair=True)
        stored = {row["message_id"] for row in self.bench.rows("SELECT message_id FROM outbox")}
        if self.kind == "ext4":
            self.unsynced |= late - stored
            late &= stored
        self.acked += late
        lost = set(self.acked) - stored
        equal(sorted(lost)[:5], [], f"LOST: {len(lost)} of {len(self.acked)} that were acknowledged")
        self.bench.processes = [process for process in self.bench.processes if process.running()]
        return Daemon(self.bench, daemon.conf)

    def often(self, runs):
        with Disk(self.bench, self.kind, "loop,errors=remount-ro" if self.kind == "ext4" else "loop") as disk:
            self.bench.database = os.path.join(disk.path, "spool.db")
            sim = self.bench.sim("--record-suppressed", "--remember", "0")
            daemon = self.bench.daemon(sim, top={"stop_deadline": 1})
            for n in range(runs):
                sim.faults(f"delay={self.chance.choice([0, 20, 300])}")
                daemon = self.life(daemon, disk, sim)
                sim.heal()
                self.found = check_delivered(self.bench, sim, self.acked, self.uncounted)
                faults.progress(f"{self.kind}: {n + 1} of {runs}, {len(self.acked)} acknowledged")
            equal(self.bench.miscounted(), [], "counts")
            daemon.stop()
        lost, seen, counted = self.found
        print(f"# {self.kind}: {runs} times, {len(self.acked)} events acknowledged, {dict(self.words)}; "
              f"{len(self.unsynced)} more were answered while it failed, and are gone")
        faults.result(points=runs, lost=len(lost), seen=seen, counted=counted)
        equal(lost[:5], [], "LOST: acknowledged, and Bento never got it")


def test_ext4(bench):
    """ext4 turns read-only under load: it is reported, and nothing acknowledged is lost"""
    GivesUp(bench, "ext4").often((faults.runs(SMALL) + 1) // 2)


def test_xfs(bench):
    """xfs shuts down under load: it is reported, and nothing acknowledged is lost"""
    GivesUp(bench, "xfs").often(faults.runs(SMALL) // 2)


def test_remount(bench):
    """a remount is refused while the daemon runs; after a stop, all can be read, and a start says what is wrong"""
    with Disk(bench, "ext4") as disk:
        bench.database = os.path.join(disk.path, "spool.db")
        sim = bench.sim()
        daemon = bench.daemon(sim)
        equal(post(daemon, "a")[0], 200, "before")
        true(not disk.remount("ro"), "it was mounted read-only under the daemon")
        equal(post(daemon, "b")[0], 200, "after a remount that was refused")
        bench.wait_settled(2)
        equal(daemon.stop(), 0, "exit status")
        true(disk.remount("ro"), "it cannot be mounted read-only")
        again = Daemon(bench, daemon.conf, ready=False)
        equal(again.wait(), 1, "exit status of a start")
        true(READ_ONLY in again.log() and disk.path in again.log(), f"it says {again.log()}")
        for verb, *more in (["status"], ["verify"], ["export"], ["sql", "SELECT * FROM outbox"]):
            done = bench.cli(verb, *more)
            equal((done.returncode, done.stderr), (0, ""), verb)
            true(done.stdout, f"{verb} says something")
        true(disk.remount("rw"), "it cannot be mounted for writing again")
        daemon = Daemon(bench, daemon.conf)
        equal(post(daemon, "c")[0], 200, "afterward")
        bench.wait_settled(3)
        equal((daemon.stop(), sorted(sim.keys())), (0, ["a", "b", "c"]), "what arrived")
    faults.result(points=1, lost=0)


if __name__ == "__main__":
    spooltest.main()
