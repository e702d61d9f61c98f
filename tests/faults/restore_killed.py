#!/usr/bin/env python3
"""bentospool restore, killed before and after each of its calls that change a file or a directory. The
former database has a write-ahead log, as after a crash.

refutes: after a restore that was killed, neither the old nor the new database is in place and whole
takes: 4 min
runs: all
"""
import glob
import os
import shutil
import sqlite3
import sys

import faults
import spooltest
from preload import Preload
from spooltest import Daemon, equal, track, true

OLD, NEW = 8, 5  # events of the database and of the backup


def prepare(bench):
    """Leaves a database after a crash, and its backup; returns the configuration and the backup."""
    daemon = bench.daemon()
    backup = bench.path("backup.copy")
    for n in range(OLD):
        if n == NEW:
            equal(bench.cli("backup", backup).returncode, 0, "the backup")
        daemon.accept("/v1/track", track(f"m-{n}"))
    daemon.kill()
    os.remove(bench.database + ".sock")
    for file in glob.glob(bench.database + "*"):
        shutil.copy(file, bench.path("saved" + os.path.basename(file)[len("spool.db"):]))
    return daemon.conf, backup


def put_old(bench):
    for file in glob.glob(bench.database + "*"):
        os.remove(file)
    for file in glob.glob(bench.path("saved*")):
        shutil.copy(file, bench.database + os.path.basename(file)[len("saved"):])


def in_place(bench):
    """Returns the number of events in the database, after the check that it is whole."""
    file = sqlite3.connect(bench.database)
    try:
        equal(file.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "integrity")
        return file.execute("SELECT count(*) FROM event").fetchone()[0]
    finally:
        file.close()


def one(bench, preload, conf, backup, point):
    """Returns the number of calls, and whether the restore was killed."""
    put_old(bench)
    preload.arm(point)
    done = bench.cli("restore", backup, conf=conf, env=preload.env)
    calls, name = preload.read()
    if name == "":
        equal(done.returncode, 0, done.stdout + done.stderr)
        equal(in_place(bench), NEW, "events without a kill")
        return calls, False
    listed = bench.cli("list", "--json", conf=conf)
    equal(listed.returncode, 0, f"list after a kill at point {point}, {name}: {listed.stderr}")
    count = in_place(bench)
    true(count in (OLD, NEW), f"{count} events after a kill at point {point}, {name}")
    again = bench.cli("restore", backup, conf=conf)
    equal(again.returncode, 0, f"again after point {point}, {name}: {again.stderr}")
    equal(in_place(bench), NEW, f"events after point {point}, {name}")
    return calls, True


def test_each_call(bench):
    """killed at any call, restore leaves the old database in place, or the new one"""
    preload = Preload(bench)
    conf, backup = prepare(bench)
    calls, _ = one(bench, preload, conf, backup, 0)
    points = list(range(1, 2 * calls + 1))
    few = faults.runs(16)
    if few is not None and few < len(points):
        points = points[-few:]  # the exchange of the names is near the end
    killed = 0
    for point in points:
        killed += one(bench, preload, conf, backup, point)[1]
        faults.progress(f"{killed} of {len(points)} points")
    true(killed >= len(points) - 2, f"{killed} of {len(points)} points were kills")
    put_old(bench)
    daemon = Daemon(bench, conf)
    equal(daemon.stop(), 0, "exit status")
    faults.result(points=killed, lost=0)
    sys.stdout.flush()


spooltest.main()
