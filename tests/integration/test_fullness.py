#!/usr/bin/env python3
"""A full disk: what cannot be committed is answered 503, accepted events stay, and the daemon
recovers."""
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolmount import Mount  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

PAD = "x" * 20000


def post_until_refused(daemon, prefix):
    """Posts 20 KB events until one is refused. Returns the accepted ids, the answer and its
    headers."""
    accepted = []
    for n in range(5000):
        message_id = f"{prefix}-{n}"
        body = spooltest.json.dumps(track(message_id, properties={"pad": PAD}))
        status, headers, text = daemon.request("POST", "/v1/track", body)
        if status != 200:
            return accepted, status, headers, spooltest.json.loads(text)
        accepted.append(message_id)
    raise AssertionError("no event was ever refused")


def check_refusal(daemon, status, headers, answer):
    equal((status, answer["success"]), (503, False), "the answer")
    true(1 <= int(headers["retry-after"]) <= 300, f"Retry-After in {headers}")
    equal(daemon.request("GET", "/healthz", key=None)[0], 503, "healthz")


def test_floor(bench):
    """above min_free nothing changes; below it new events are refused"""
    free = shutil.disk_usage(bench.dir).free
    daemon = bench.daemon(top={"min_free": free * 2})
    status, headers, text = daemon.request("POST", "/v1/track", track("m-1"))
    check_refusal(daemon, status, headers, spooltest.json.loads(text))
    equal(bench.value("SELECT count(*) FROM outbox"), 0, "events")
    daemon.stop()
    daemon = bench.daemon(top={"min_free": 0})
    daemon.accept("/v1/track", track("m-1"))
    equal(daemon.request("GET", "/healthz", key=None)[0], 200, "healthz")


def test_full_file_system(bench):
    """a full file system: 503, nothing accepted is lost, deliveries go on, and it recovers without
    help"""
    with Mount(bench.path("small"), "size=16m") as small:
        bench.database = os.path.join(small.path, "spool.db")
        sim = bench.sim()
        sim.answer(503)
        daemon = bench.daemon(sim, top={"min_free": 4000000})
        accepted, *refusal = post_until_refused(daemon, "fill")
        check_refusal(daemon, *refusal)
        true(len(accepted) > 100, f"{len(accepted)} events were accepted before")

        true(re.search(r", \d+ MB free", bench.cli("status").stdout), "how little is free is shown in MB")
        said = bench.cli("send", "--name", "Test", "--email", "ann@example.com")
        true("no space for new events: bentospool status says more" in said.stderr, said.stderr)

        # Other programs take the rest; the daemon still has what it accepted, and delivers it.
        sim.heal()
        bench.wait_settled(len(accepted))
        equal(sorted(sim.keys()), sorted(accepted), "what Bento got")

        subprocess.run(["mount", "-o", "remount,size=64m", small.path], check=True)
        wait_until(lambda: daemon.post("/v1/track", track("after"))[0] == 200, "events are taken")
        equal(daemon.request("GET", "/healthz", key=None)[0], 200, "healthz")
        bench.wait_settled(len(accepted) + 1)
        equal(daemon.stop(), 0, "exit status")
        equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")


def test_full_without_a_floor(bench):
    """a write that fails with ENOSPC: 503, nothing accepted is lost, and free space ends it"""
    with Mount(bench.path("small"), "size=8m") as small:
        bench.database = os.path.join(small.path, "spool.db")
        daemon = bench.daemon(top={"min_free": 0})
        accepted, *refusal = post_until_refused(daemon, "fill")
        check_refusal(daemon, *refusal)
        true(daemon.running(), "the daemon lives")
        told = bench.cli("status").stdout
        true("! the daemon refuses events: " in told and told.rstrip().endswith("free some"), told)
        subprocess.run(["mount", "-o", "remount,size=64m", small.path], check=True)
        wait_until(lambda: daemon.post("/v1/track", track("after"))[0] == 200, "events are taken")
        equal(daemon.request("GET", "/healthz", key=None)[0], 200, "healthz")
        stored = [row["message_id"] for row in bench.outbox()]
        equal(set(accepted) - set(stored), set(), "accepted and lost")
        daemon.kill()
        equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")


def test_the_wal_is_bounded(bench):
    """a reader on a large disk: receipt stops at max_wal, status names the reader, it recovers"""
    limit = 16 << 20
    daemon = bench.daemon(top={"max_wal": limit})
    daemon.accept("/v1/track", track("first"))
    reader = sqlite3.connect(f"file:{bench.database}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    equal(reader.execute("SELECT count(*) FROM event").fetchone(), (1,), "what it sees")
    accepted, *refusal = post_until_refused(daemon, "fill")
    check_refusal(daemon, *refusal)
    equal(refusal[2]["code"], "storage_full", "the code")
    size = os.path.getsize(bench.database + "-wal")
    true(limit <= size < limit + (1 << 20), f"the WAL has {size} bytes")
    told = " ".join(bench.cli("status").stdout.split())
    true("has reached max_wal" in told, told)
    # The kernel shows locks of this container's processes only in some containers.
    true(f"(process {os.getpid()}) reads" in told or "a program reads" in told, told)
    reader.close()
    wait_until(lambda: daemon.post("/v1/track", track("after"))[0] == 200, "events are taken")
    equal(daemon.request("GET", "/healthz", key=None)[0], 200, "healthz")
    true(os.path.getsize(bench.database + "-wal") < limit, "the WAL is cut")
    equal(bench.value("SELECT count(*) FROM outbox"), len(accepted) + 2, "events")


def test_a_reader_that_stays(bench):
    """a reader keeps the WAL from being cut: 503 in time, and normal service when the reader ends
    """
    with Mount(bench.path("small"), "size=24m") as small:
        bench.database = os.path.join(small.path, "spool.db")
        daemon = bench.daemon(top={"min_free": 1000000})
        daemon.accept("/v1/track", track("first"))
        reader = sqlite3.connect(f"file:{bench.database}?mode=ro", uri=True, isolation_level=None)
        reader.execute("BEGIN")
        equal(reader.execute("SELECT count(*) FROM event").fetchone(), (1,), "what it sees")
        accepted, *refusal = post_until_refused(daemon, "fill")
        check_refusal(daemon, *refusal)
        reader.close()
        wait_until(lambda: daemon.post("/v1/track", track("after"))[0] == 200, "events are taken")
        equal(daemon.request("GET", "/healthz", key=None)[0], 200, "healthz")
        equal(daemon.stop(), 0, "exit status")
        equal(bench.value("SELECT count(*) FROM outbox"), len(accepted) + 2, "events")
        equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")


def test_start_nearly_full(bench):
    """a start on a nearly full disk warns of the disk, and not of work that does not wait"""
    with Mount(bench.path("small"), "size=6m") as small:
        bench.database = os.path.join(small.path, "spool.db")
        daemon = bench.daemon(top={"control": bench.path("sock"), "log_level": "debug"})
        wait_until(lambda: "debug erasures for delete calls wait" in daemon.log(), "the first run of erasures")
        warned = [line for line in daemon.log().splitlines() if re.match(r"\S+ (warn|error) ", line)]
        equal([line for line in warned if "erase" in line or "identity" in line], [], "warnings")
        true(any("is nearly full" in line for line in warned), daemon.log())


def test_start_without_a_byte(bench):
    """a start on a full disk, without ballast and shared memory, gives the write-ahead log back"""
    with Mount(bench.path("small"), "size=40m") as small:
        bench.database = os.path.join(small.path, "spool.db")
        daemon = bench.daemon(top={"min_free": 0, "control": bench.path("sock")})
        daemon.accept("/v1/track", track("first"))
        reader = sqlite3.connect(f"file:{bench.database}?mode=ro", uri=True, isolation_level=None)
        reader.execute("BEGIN")
        equal(reader.execute("SELECT count(*) FROM event").fetchone(), (1,), "what it sees")
        accepted = post_until_refused(daemon, "fill")[0]
        daemon.kill()
        reader.close()
        for name in ("-shm", ".ballast"):
            os.remove(bench.database + name)
        with open(os.path.join(small.path, "filler"), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(small.path).free)
        equal(shutil.disk_usage(small.path).free, 0, "free bytes")
        daemon = spooltest.Daemon(bench, daemon.conf)
        wait_until(lambda: daemon.post("/v1/track", track("after"))[0] == 200, "events are taken")
        equal(bench.value("SELECT count(*) FROM outbox"), len(accepted) + 2, "events")
        true(os.path.exists(bench.database + ".ballast"), "the ballast is made again")


def test_file_size_limit(bench):
    """a limit on file sizes: the daemon answers 503 and goes on, and nothing accepted is lost"""
    size = 3 << 20

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    daemon = bench.daemon(preexec=limit)
    accepted, status, headers, answer = post_until_refused(daemon, "fill")
    equal((status, answer["success"]), (503, False), "the answer")
    true("retry-after" in headers, "Retry-After")
    true(daemon.running(), "the daemon lives")
    equal(daemon.request("GET", "/healthz", key=None)[0], 503, "healthz")
    daemon.stop(signal.SIGKILL)
    spooltest.Daemon(bench, daemon.conf)
    stored = [row["message_id"] for row in bench.outbox()]
    equal(set(accepted) - set(stored), set(), "accepted and lost")
    equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")


spooltest.main()
