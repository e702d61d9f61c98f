#!/usr/bin/env python3
"""The verbs that write files, without a daemon, killed before and after each call that changes a file or a
directory: import, adopt (of a database that a crash left, and of a damaged one), recover, backup, export, and an
operation. After each kill the database is read, and the same command is run again.

refutes: after a kill the same command neither goes on nor says what to do, or its result differs
takes: 8 min
runs: all
"""
import contextlib
import glob
import json
import os
import random
import shutil
import sqlite3
import sys

import faults
import spooltest
from preload import Preload
from spooltest import Daemon, equal, track, true

SMALL = 6  # points of each verb
EVENTS = 20
NOTHING_TO_DO = 3  # exit status
LINES = 600  # of an import: more than one batch
COLUMNS = "message_id, kind, name, email, status, reason, attempts, received_at, occurred_at, body"


def line(n):
    return json.dumps({
        "site": "main", "message_id": f"old-{n}", "kind": "track", "name": "Old", "email": f"{n % 7}@example.com",
        "received_at": "2020-01-01T00:00:00.000Z", "occurred_at": "2020-01-01T00:00:00.000Z", "status": "held",
        "attempts": 0, "body": track(f"old-{n}")})


def copy_all(database, to):
    for file in glob.glob(database + "*"):
        if not file.endswith((".sock", ".lock")):
            shutil.copy(file, to + file[len(database):])


def make_database(bench, name, prefix):
    """Leaves a database as a crash does, with its log; returns its path."""
    folder = bench.path(name)
    os.mkdir(folder)
    bench.database = os.path.join(folder, "spool.db")
    daemon = bench.daemon()
    for n in range(EVENTS):
        daemon.accept("/v1/track", track(f"{prefix}-{n}", email=f"{n % 5}@example.com"))
    daemon.accept("/v1/identify", {"userId": "u-1", "messageId": prefix + "-who",
                                   "traits": {"email": "ann@example.com"}})
    equal(bench.cli("hold", "--message-id", f"{prefix}-3", "-y").returncode, 0, "hold")
    daemon.kill()
    return bench.database


def damage(path):
    """Overwrites a page of events; the log is copied into the file before."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = file.execute("SELECT max(pageno) FROM dbstat WHERE name = 'event'").fetchone()[0] \
            if has_dbstat(file) else 12
    with open(path, "r+b") as file:
        file.seek((page - 1) * 8192 + 4000)
        file.write(b"\xaa" * 2000)


def has_dbstat(file):
    return file.execute("SELECT sqlite_compileoption_used('ENABLE_DBSTAT_VTAB')").fetchone()[0]


class Bed:
    """The databases and files from which each run begins."""

    def __init__(self, bench):
        self.bench = bench
        own = make_database(bench, "own", "m")
        other = make_database(bench, "other", "o")
        self.saved = bench.path("saved")
        os.mkdir(self.saved)
        copy_all(own, os.path.join(self.saved, "spool.db"))
        copy_all(other, os.path.join(self.saved, "other.db"))
        shutil.copy(other, os.path.join(self.saved, "damaged.db"))
        copy_all(other, os.path.join(self.saved, "damaged.db"))
        damage(os.path.join(self.saved, "damaged.db"))
        with open(os.path.join(self.saved, "lines"), "w", encoding="utf-8") as file:
            file.writelines(line(n) + "\n" for n in range(LINES))
        self.folder = bench.path("bed")
        bench.database = os.path.join(self.folder, "spool.db")
        self.conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")})

    def make(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.saved, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def files(self):
        """Returns the names in the folder, without those that SQLite and the lock leave or remove."""
        return {name for name in os.listdir(self.folder) if not name.endswith(("-wal", "-shm", ".lock"))}

    def rows(self, database):
        """Returns the events, after the check that all is whole."""
        with contextlib.closing(sqlite3.connect(database)) as file:
            file.text_factory = bytes  # a damaged one need not be UTF-8
            equal(file.execute("PRAGMA integrity_check").fetchall(), [(b"ok",)], f"integrity of {database}")
            wrong = [row for sql in spooltest.FAULTS for row in file.execute(sql).fetchmany(3)]
            equal(wrong, [], f"faults in {database}")
            return file.execute(f"SELECT {COLUMNS} FROM outbox ORDER BY event_id").fetchall()

    def content(self, database):
        with open(database, "rb") as file:
            return file.read()


def verbs(bed):
    """Yields (name, arguments, the file that it makes, or None: it changes the database; its exit status)."""
    yield "import", ["import", bed.path("lines")], None, 0
    yield "adopt", ["adopt", "--yes", bed.path("other.db")], None, 0
    yield "adopt a damaged one", ["adopt", "--yes", bed.path("damaged.db")], None, 1
    yield "recover", ["recover", bed.path("damaged.db"), bed.path("new.db")], "new.db", 1
    yield "backup", ["backup", bed.path("copy.db")], "copy.db", 0
    yield "export", ["export", "--output", bed.path("all.ndjson")], "all.ndjson", 0
    yield "hold", ["hold", "--all", "-y"], None, 0


def run(bed, argv, env=None):
    if argv[0] == "recover":  # it reads no configuration
        return bed.bench.run(spooltest.binary("bentospool"), *argv, env=env)
    return bed.bench.cli(*argv, conf=bed.conf, env=env)


def result_of(bed, made):
    """Returns what the command left: the events of a database, or the bytes of a file."""
    if made is None:
        return bed.rows(bed.bench.database)
    if made.endswith(".db"):
        return bed.rows(bed.path(made))
    return bed.content(bed.path(made))


def again(bed, argv, made, status, what):
    """Runs the command again; when it refuses a file that is left over, the file is removed as it says. A file
    that has its name is whole."""
    done = run(bed, argv)
    part = f"{made}.part"
    if made in bed.files() and part not in bed.files() and "already exists" in done.stderr:
        return
    if part in bed.files():
        true(bed.path(part) + " is there" in done.stderr and "remove it" in done.stderr,
             f"{what}: {part} is left over, and it says {done.stderr}")
        os.remove(bed.path(part))
        done = run(bed, argv)
    # What is held already need not be held again.
    true(done.returncode in (status, NOTHING_TO_DO if made is None else status),
         f"{what}: the same command again: exit status {done.returncode}, {done.stderr}")


def one(bed, preload, verb, point):
    """Returns the number of calls, whether it was killed, and what it left."""
    name, argv, made, status = verb
    bed.make()
    other = {file: bed.content(bed.path(file)) for file in ("other.db", "damaged.db")}
    preload.arm(point)
    done = run(bed, argv, preload.env)
    calls, call = preload.read()
    what = f"{name}, killed at point {point}, {call}"
    if call == "":
        equal(done.returncode, status, f"{name}: {done.stderr}")
    else:
        equal(done.returncode, -9, what)
        equal(run(bed, ["list", "--json"]).returncode, 0, f"{what}: list")
        again(bed, argv, made, status, what)
    for file, content in other.items():
        true(bed.content(bed.path(file)) == content, f"{what}: {file} was changed")
    return calls, call != "", (result_of(bed, made), bed.files())


def kill_verb(bed, preload, verb):
    """Returns the number of kills."""
    calls, _, expected = one(bed, preload, verb, 0)
    points = list(range(1, 2 * calls + 1))
    few = faults.runs(SMALL)
    if few is not None and few < len(points):
        points = sorted(random.Random(faults.seed()).sample(points, few))
    killed = 0
    for point in points:
        _, was, got = one(bed, preload, verb, point)
        equal(got[1], expected[1], f"{verb[0]}, point {point}: files")
        true(got[0] == expected[0], f"{verb[0]}, point {point}: the result differs from that of a run without a kill")
        killed += was
        faults.progress(f"{verb[0]}: {killed} of {len(points)} points")
    true(killed >= len(points) - 4, f"{verb[0]}: {killed} of {len(points)} points were kills")
    return killed


def test_each_verb(bench):
    """killed at any call, each verb goes on when it is run again, or says what to remove"""
    preload = Preload(bench)
    bed = Bed(bench)
    killed = 0
    for verb in verbs(bed):
        killed += kill_verb(bed, preload, verb)
    bed.make()
    daemon = Daemon(bench, bed.conf)
    equal(daemon.stop(), 0, "exit status")
    faults.result(points=killed, lost=0)
    sys.stdout.flush()


if __name__ == "__main__":
    spooltest.main()
