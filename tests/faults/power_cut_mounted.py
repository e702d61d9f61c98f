#!/usr/bin/env python3
"""Power cuts of real file systems under the real daemon: ext4 and xfs on a loop device.

While Bento is down and a load sends events, the file system is shut down without writing its journal
(FS_IOC_SHUTDOWN): what the kernel had only in memory is gone, as after a power cut. Then it is mounted again,
and every event that the client saw acknowledged must be there. Needs root and loop devices.

refutes: after a power cut of ext4 or xfs under load, an acknowledged event is not there
takes: 5 min
runs: 300
"""
import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import faults  # noqa: E402
import spoolmount  # noqa: E402
import spooltest  # noqa: E402
from spooltest import Daemon, binary, equal, true, wait_until  # noqa: E402

SMALL = 4
IMAGE_BYTES = 1 << 30  # a sparse file
FS_IOC_SHUTDOWN = 0x8004587D
NOLOGFLUSH = 2
LOAD_EVENTS = 100000  # more than a run can post before the cut


class FileSystem:
    """A file system in a file, mounted by a loop device: with FileSystem(bench, "ext4")."""

    def __init__(self, bench, kind):
        tool = shutil.which(f"mkfs.{kind}", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        spoolmount.own_mounts()
        if tool is None:
            raise spooltest.Skip(f"mkfs.{kind} is not installed")
        self.image, self.path = bench.path("image"), bench.path("mounted")
        os.mkdir(self.path)
        with open(self.image, "wb") as image:
            image.truncate(IMAGE_BYTES)
        subprocess.run([tool, "-q", self.image], check=True)
        done = self.mount()
        if done.returncode != 0:
            raise spooltest.Skip(f"mounting a loop device is not allowed here: {done.stderr.strip()}")

    def mount(self):
        return subprocess.run(["mount", "-o", "loop", self.image, self.path], capture_output=True,
                              text=True, check=False)

    def cut(self):
        """The power fails: nothing in memory is written any more."""
        fd = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, FS_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        except OSError as e:
            raise spooltest.Skip(f"the file system cannot be shut down: {e}") from e
        finally:
            os.close(fd)

    def again(self):
        """Mounts what is on the device, which replays the journal."""
        subprocess.run(["umount", self.path], check=True)
        equal(self.mount().returncode, 0, "mounting again")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=False)


def lines(path):
    """Returns the complete lines of a file; none when it does not exist yet."""
    try:
        with open(path, encoding="ascii") as file:
            return file.read().split("\n")[:-1]
    except FileNotFoundError:
        return []


def cut_under_load(bench, conf, disk, enough, batch):
    """Cuts the power after so many acknowledged events; returns them.

    What is answered at the moment of the cut or after it does not count: a sync that is under way when the
    file system is shut down may return without an error, which a machine without power cannot.
    """
    acked = bench.path("acked")
    daemon = Daemon(bench, conf)
    load = spooltest.Process(bench, "load", [
        binary("spool-load"), "--url", daemon.url(), "--connections", "8", "--batch", str(batch),
        "--events", str(LOAD_EVENTS), "--rate", "4000", "--ids", "random", "--acked", acked,
        "--patience", "1", "--write-key", spooltest.WRITE_KEY])
    wait_until(lambda: len(lines(acked)) >= enough or not load.running(), "acknowledged events")
    true(load.running(), "the load still runs at the cut")
    got = lines(acked)
    disk.cut()
    daemon.kill()
    load.wait()
    os.unlink(acked)
    bench.processes = []
    return got


def cut_often(bench, kind, runs):
    chance = random.Random(faults.seed())
    acked = set()
    with FileSystem(bench, kind) as disk:
        bench.database = os.path.join(disk.path, "spool.db")
        conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")})
        lost = set()
        for n in range(runs):
            acked.update(cut_under_load(bench, conf, disk, chance.choice([1, 5, 50, 300]),
                                        chance.choice([0, 0, 50])))
            disk.again()
            stored = {row["message_id"] for row in bench.rows("SELECT message_id FROM outbox")}
            lost |= acked - stored
            faults.progress(f"{kind}: {n + 1} of {runs} cuts, {len(acked)} acknowledged, "
                            f"{len(lost)} lost")
        equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")
        equal(bench.miscounted(), [], "counts")
    print(f"# {kind}: {runs} cuts, {len(acked)} events acknowledged")
    faults.result(points=runs, lost=len(lost))
    equal(sorted(lost)[:5], [], f"LOST: {len(lost)} of {len(acked)} that were acknowledged")


def test_ext4(bench):
    """power cuts of ext4 under load lose no acknowledged event"""
    cut_often(bench, "ext4", (faults.runs(SMALL) + 1) // 2)


def test_xfs(bench):
    """power cuts of xfs under load lose no acknowledged event"""
    cut_often(bench, "xfs", faults.runs(SMALL) // 2)


spooltest.main()
