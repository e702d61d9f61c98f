#!/usr/bin/env python3
"""Moving data: export, its redaction, and a backup beside a daemon at work."""
import json
import os
import sqlite3
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true  # noqa: E402


def done(completed, code=0):
    equal(completed.returncode, code, f"exit status ({completed.stderr.strip()})")
    return completed


def test_export(bench):
    """export: each event is written once, even over several pages, with its body byte for byte;
    filters, limit and file work"""
    daemon = bench.daemon()
    done(bench.cli("pause"))  # an attempt in flight would show in maybe_sent
    for i in range(0, 450, 150):
        daemon.accept("/v1/batch", {"context": {"ip": "192.0.2.1"}, "batch": [
            track(f"m-{k}", properties={"text": "grün \" @"}) for k in range(i, i + 150)]})
    lines = done(bench.cli("export")).stdout.splitlines()
    equal([json.loads(line)["message_id"] for line in lines], [f"m-{k}" for k in range(450)], "ids")
    body = bench.value("SELECT body FROM event WHERE event_id = 7")
    true(f',"body":{body}}}' in lines[6], f"the body as received: {lines[6]}")
    equal(json.loads(lines[6])["context"], {"ip": "192.0.2.1"}, "what the batch said")
    limited = done(bench.cli("export", "--limit", "201")).stdout.splitlines()
    equal(limited, lines[:201], "with a limit")
    file = bench.path("out.ndjson")
    equal(done(bench.cli("export", "--id", "3,4", "--output", file)).stdout, "", "to a file")
    with open(file, encoding="utf-8") as there:
        equal(there.read().splitlines(), lines[2:4], "the file")
    equal(os.stat(file).st_mode & 0o137, 0, "nobody else reads it")
    done(bench.cli("export", "--output", file), code=1)
    equal(done(bench.cli("export", "--status", "held"), code=3).stdout, "", "nothing matches")
    done(bench.cli("export", "--status", "held", "--output", bench.path("none")), code=3)
    bench.write("cut.part", "half")
    left = done(bench.cli("export", "--output", bench.path("cut")), code=1)
    true("cut.part is there" in left.stderr, left.stderr)
    equal([name for name in os.listdir(bench.dir) if name.startswith(("none", "cut", "out."))],
          ["cut.part", "out.ndjson"], "files")


def test_redact(bench):
    """export --redact: no address and no body is written; one person has the same stand-in
    everywhere"""
    daemon = bench.daemon()
    for i, email in enumerate(("ann@example.com", "bob@example.com", "ann@example.com")):
        event = track(f"m-{i} of {email}", event=f"Mail to {email}!", properties={"x": "secret"})
        event["context"] = {"traits": {"email": email}}
        daemon.accept("/v1/track", event)
    text = done(bench.cli("export", "--redact")).stdout
    true("example.com" not in text and "secret" not in text, f"what leaves: {text}")
    events = [json.loads(line) for line in text.splitlines()]
    equal([e["message_id"] for e in events], [f"m-{i} of (address)" for i in range(3)], "ids")
    equal(events[0]["name"], "Mail to (address)", "the name")
    equal(events[0]["email"], events[2]["email"], "one person")
    true(events[0]["email"] != events[1]["email"], "another one")
    equal((events[0]["body"], events[0]["redacted"]),
          (None, bench.value("SELECT length(CAST(body AS BLOB)) FROM event WHERE event_id = 1")),
          "the body's size")
    again = json.loads(done(bench.cli("export", "--redact", "--id", "1")).stdout)
    true(again["email"] != events[0]["email"], "another export has other stand-ins")


def test_backup(bench):
    """backup under load: intact, complete as of its start, and never replaces a file"""
    daemon = bench.daemon()
    for i in range(0, 2000, 500):
        daemon.accept("/v1/batch", {"batch": [track(f"m-{k}") for k in range(i, i + 500)]})
    stop = threading.Event()

    def load():
        k = 0
        while not stop.is_set():
            daemon.accept("/v1/track", track(f"more-{k}"))
            k += 1

    thread = threading.Thread(target=load)
    thread.start()
    file = bench.path("copy.db")
    try:
        told = json.loads(done(bench.cli("backup", file, "--json")).stdout)
    finally:
        stop.set()
        thread.join()
    equal(told, {"file": file, "bytes": os.path.getsize(file)}, "what it says")
    equal(os.stat(file).st_mode & 0o137, 0, "its mode")
    equal(sorted(n for n in os.listdir(bench.dir) if n.startswith("copy")), ["copy.db"], "files")
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    equal(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "integrity")
    equal(connection.execute("SELECT count(*) FROM outbox WHERE message_id GLOB 'm-*'").fetchone(),
          (2000,), "what was acknowledged before")
    connection.close()
    size = os.path.getsize(file)
    refused = done(bench.cli("backup", file), code=1)
    true("was not changed" in refused.stderr, refused.stderr)
    equal(os.path.getsize(file), size, "the file that was there")
    done(bench.cli("backup"), code=2)
    listed = done(bench.cli("list", "--database", file, "--id", "1", "--json")).stdout
    equal(json.loads(listed)["message_id"], "m-0", "bentospool reads it")


spooltest.main()
