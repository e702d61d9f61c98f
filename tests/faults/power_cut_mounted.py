#!/usr/bin/env python3
"""Power cuts of real file systems under the real daemon: ext4 and xfs on a loop device.

While Bento is down and a load sends events, the file system is shut down without writing its journal
(FS_IOC_SHUTDOWN): what the kernel had only in memory is gone, as after a power cut. Then it is mounted again,
and every event that the client saw acknowledged must be there. Needs root and loop devices.

refutes: after a power cut of ext4 or xfs under load, an acknowledged event is not there
takes: 5 min
runs: 300
"""
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import faults  # noqa: E402
import spooltest  # noqa: E402
from load import Load  # noqa: E402
from spoolmount import NOLOGFLUSH, Disk  # noqa: E402
from spooltest import Daemon, equal  # noqa: E402

SMALL = 4


def cut_under_load(bench, conf, disk, enough, batch):
    """Cuts the power after so many acknowledged events; returns them.

    What is answered at the moment of the cut or after it does not count: a sync that is under way when the
    file system is shut down may return without an error, which a machine without power cannot.
    """
    daemon = Daemon(bench, conf)
    load = Load(bench, daemon, batch)
    load.reach(enough)
    got = load.acked()
    disk.shut_down(NOLOGFLUSH)
    daemon.kill()
    load.wait()
    load.forget()
    bench.processes = []
    return got


def cut_often(bench, kind, runs):
    chance = random.Random(faults.seed())
    acked = set()
    with Disk(bench, kind) as disk:
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
