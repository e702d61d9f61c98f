#!/usr/bin/env python3
"""doctor looks at the directory of the database, and at its disk."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooldoctor import by_name, findings, of, remedies  # noqa: E402
from spoolmount import Mount  # noqa: E402
from spooltest import equal, true  # noqa: E402


def folder_is_bad(bench, folder, words):
    top = {"database": os.path.join(folder, "spool.db"), "control": bench.path("control.sock")}
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")}, top=top)
    code, found = by_name(bench, conf, "--offline")
    equal((code, found["directory"][0]), (1, "problem"), f"{folder}: {found}")
    true(words in found["directory"][1], f"{folder}: {found['directory']}")
    true("syncing" not in found, f"nothing is written: {found}")


def test_folders(bench):
    """the directory is missing, is a file, or cannot be looked at"""
    folder_is_bad(bench, bench.path("none"), "does not exist or is not a directory")
    folder_is_bad(bench, bench.write("file", ""), "does not exist or is not a directory")
    os.symlink("loop", bench.path("loop"))
    folder_is_bad(bench, bench.path("loop"), "cannot look at")


def test_folder_that_cannot_be_written(bench):
    """the directory belongs to another user, or its file system is mounted read-only"""
    if os.geteuid() != 0:
        os.mkdir(bench.path("theirs"), 0o555)
        folder_is_bad(bench, bench.path("theirs"), "cannot write to")
        return
    with Mount(bench.path("mount"), "size=1m,ro") as mount:
        folder_is_bad(bench, mount.path, "cannot write to")
        rows = findings(bench, bench.path("bentospool.conf"), "--offline")[1]
        true("mount it for writing" in remedies(rows, "directory")[0], f"{remedies(rows, 'directory')}")


RESERVE = 4 << 20  # OUTBOX_RESERVE


def free_bytes(folder):
    of_folder = os.statvfs(folder)
    return of_folder.f_bavail * of_folder.f_frsize


def test_full_disk(bench):
    """without min_free, doctor reports little space, and a disk on which nothing begins"""
    with Mount(bench.path("small"), "size=12m") as small:
        bench.database = os.path.join(small.path, "spool.db")
        conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")},
                               top={"min_free": 0, "control": bench.path("control.sock")})
        rows = findings(bench, conf, "--offline")[1]
        equal([row[0] for row in of(rows, "disk")], ["warning"], f"{rows}")
        with open(os.path.join(small.path, "fill"), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, free_bytes(small.path) - RESERVE)
            equal([row[0] for row in of(findings(bench, conf, "--offline")[1], "disk")], ["warning"],
                  "with the reserve")
            os.posix_fallocate(file.fileno(), 0, free_bytes(small.path) + os.fstat(file.fileno()).st_size)
        code, rows = findings(bench, conf, "--offline")
        equal((code, [row[0] for row in of(rows, "disk")]), (1, ["problem"]), f"{rows}")
        true("deliveries wait" in str(of(rows, "disk")), f"{rows}")
        true("bentospool purge" in remedies(rows, "disk")[0], f"{rows}")
        equal(remedies(rows, "syncing"), ["free space on its file system"], f"{rows}")
        true("min_free" not in str(rows), f"{rows}")


spooltest.main()
