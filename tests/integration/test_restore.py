#!/usr/bin/env python3
"""restore puts a backup in the place of the database, and keeps the former one whole."""
import glob
import os
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Daemon, equal, track, true  # noqa: E402


def with_backup(bench, later=3):
    """Stores 5 events, makes a backup, and stores some more. Returns the daemon and the backup."""
    daemon = bench.daemon()
    for n in range(5):
        daemon.accept("/v1/track", track(f"early-{n}"))
    backup = bench.path("backup.copy")
    equal(bench.cli("backup", backup).returncode, 0, "the backup")
    for n in range(later):
        daemon.accept("/v1/track", track(f"late-{n}"))
    return daemon, backup


def restore(bench, backup, *more):
    done = bench.cli("restore", backup, *more)
    return done.returncode, done.stdout + done.stderr


def aside(bench):
    found = glob.glob(bench.database + ".before-*Z")
    equal(len(found), 1, f"databases set aside: {found}")
    return found[0]


def count(path):
    file = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return file.execute("SELECT count(*) FROM event").fetchone()[0]
    finally:
        file.close()


def test_there_and_back(bench):
    """the backup's events are back, the newer ones are named, and adopt brings them over"""
    daemon, backup = with_backup(bench)
    daemon.stop()
    os.chmod(bench.database, 0o600)
    code, told = restore(bench, backup)
    equal(code, 0, told)
    true("5 events restored" in told and "3 events are only there: ids 6 to 8" in told, told)
    true(f"bentospool adopt {aside(bench)}" in told, told)
    equal((count(bench.database), count(aside(bench))), (5, 8), "events")
    equal(os.stat(bench.database).st_mode & 0o7777, 0o600, "the mode")
    daemon = Daemon(bench, daemon.conf)
    equal(len(bench.outbox()), 5, "events after the start")
    equal(bench.cli("adopt", "--yes", aside(bench)).returncode, 0, "adopt")
    equal(sorted(row["message_id"] for row in bench.outbox())[5:], [f"late-{n}" for n in range(3)],
          "what adopt brought")
    equal(daemon.stop(), 0, "exit status")


def test_after_a_crash(bench):
    """the write-ahead log of a killed daemon goes with the former database"""
    daemon, backup = with_backup(bench)
    daemon.kill()
    true(os.path.getsize(bench.database + "-wal") > 0, "a write-ahead log")
    code, told = restore(bench, backup)
    equal(code, 0, told)
    equal((count(bench.database), count(aside(bench))), (5, 8), "events")
    daemon = Daemon(bench, daemon.conf)
    daemon.accept("/v1/track", track("after"))
    equal(daemon.stop(), 0, "exit status")
    equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")


def test_refusals(bench):
    """a running daemon, a damaged or foreign backup, and the database itself change nothing"""
    daemon, backup = with_backup(bench)
    code, told = restore(bench, backup)
    equal(code, 1, told)
    true("stop it first" in told, told)
    daemon.stop()
    with open(backup, "rb") as file:
        content = bytearray(file.read())
    content[len(content) // 2:len(content) // 2 + 6000] = b"\xa5" * 6000
    with open(bench.path("bad.copy"), "wb") as file:
        file.write(content)
    bench.write("text", "this is a text " * 100)
    for name, why in (("bad.copy", "nothing was changed"), ("text", "not a bentospool database"),
                      ("missing", "missing"), ("spool.db", "the database itself")):
        code, told = restore(bench, bench.path(name))
        equal(code, 1, told)
        true(why in told, told)
    equal(count(bench.database), 8, "events")
    equal(glob.glob(bench.database + ".before*") + glob.glob(bench.database + ".restoring*"), [], "files")


def test_without_a_database(bench):
    """where there is no database, the backup becomes it"""
    daemon, backup = with_backup(bench)
    daemon.stop()
    for file in glob.glob(bench.database + "*"):
        os.remove(file)
    code, told = restore(bench, backup)
    equal((code, "former" in told), (0, False), told)
    equal(count(bench.database), 5, "events")


def test_a_damaged_database(bench):
    """a damaged database is set aside as it is, with its write-ahead log"""
    daemon, backup = with_backup(bench)
    daemon.kill()
    with open(bench.database, "r+b") as file:
        file.write(b"\xa5" * 8192)
    wal = os.path.getsize(bench.database + "-wal")
    code, told = restore(bench, backup)
    equal(code, 0, told)
    true("damaged" in told, told)
    equal(os.path.getsize(aside(bench) + "-wal"), wal, "its write-ahead log")
    daemon = Daemon(bench, daemon.conf)
    equal(len(bench.outbox()), 5, "events")
    equal(daemon.stop(), 0, "exit status")


def test_a_mixture_is_not_read(bench):
    """a backup copied over a database that has a write-ahead log is not read, but refused"""
    daemon, backup = with_backup(bench)
    daemon.kill()
    with open(backup, "rb") as source, open(bench.database, "wb") as file:
        file.write(source.read())
    for verb in (("list",), ("backup", bench.path("other.copy")), ("status",)):
        done = bench.cli(*verb)
        true(done.returncode != 0 and "has replaced" in done.stderr, f"{verb}: {done}")
    code, told = restore(bench, backup)
    equal((code, "damaged" in told), (0, True), told)
    equal(count(bench.database), 5, "events")


def test_a_log_without_frames(bench):
    """beside a backup, the head of a write-ahead log without a frame is no obstacle; one byte more is"""
    daemon, backup = with_backup(bench)
    daemon.kill()
    for suffix in ("", "-wal", "-shm"):
        os.unlink(bench.database + suffix)
    os.rename(backup, bench.database)
    for size, refused in ((33, True), (32, False)):
        with open(bench.database + "-wal", "wb") as file:
            file.write(b"\x37\x7f\x06\x82" + bytes(size - 4))
        done = bench.cli("list")
        equal((done.returncode != 0, "has replaced" in done.stderr), (refused, refused), f"{size} bytes: {done}")
    daemon = Daemon(bench, daemon.conf)
    equal(len(bench.outbox()), 5, "events")
    equal(daemon.stop(), 0, "exit status")


spooltest.main()
