#!/usr/bin/env python3
"""import: exports of other outboxes, and Segment calls."""
import gzip
import json
import os
import re
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolother import Spool, counts, done  # noqa: E402
from spooltest import Daemon, binary, equal, track, true, wait_until  # noqa: E402


def fill(spool):
    """Makes events of every status except delivered."""
    spool.accept("/v1/batch", {
        "context": {"ip": "192.0.2.1"}, "sentAt": "2026-08-01T10:00:00Z",
        "integrations": {"All": True},
        "batch": [track(f"m-{i}", properties={"text": "grün \"\\\n", "n": 12345678901234567890})
                  for i in range(300)]})
    spool.accept("/v1/track", track("no-address", email=None))
    spool.accept("/v1/track", track("no-name", event=""))
    spool.accept("/v1/group", {"type": "group", "messageId": "group", "userId": "u-1",
                               "groupId": "g", "traits": {}})
    done(spool.cli("hold", "--message-id", "m-3", "-y"))
    done(spool.cli("discard", "--message-id", "m-4", "-y"))
    done(spool.cli("expire", "--message-id", "m-5", "-y"))


def round_trip(bench, running):
    old, new = Spool(bench, "old"), Spool(bench, "new")
    fill(old)
    equal({row[0] for row in old.rows("status")},
          {"pending", "held", "failed", "discarded", "invalid", "unsupported"}, "statuses")
    file = bench.path("all.ndjson")
    done(old.cli("export", "--output", file))
    if not running:
        new.daemon.stop()
    equal(counts(new.cli("import", "--json", "--dry-run", file)), {"stored": 303}, "dry run")
    equal(new.rows(), [], "after a dry run")
    equal(counts(new.cli("import", "--json", "--note", "moved", file)), {"stored": 303}, "import")
    equal(new.rows(), old.rows(), "the same events in the same order")
    equal(new.value("SELECT verb, note, events, filter FROM operations WHERE verb = 'import'"),
          ("import", "moved", 303, json.dumps({"from": file}, separators=(",", ":"))), "the operation")
    sent = [json.loads(done(spool.cli("export", "--message-id", "m-7")).stdout)
            for spool in (old, new)]
    equal([line["context"] for line in sent], [{"ip": "192.0.2.1"}] * 2, "what the batch said")
    equal(counts(new.cli("import", "--json", file)), {"duplicates": 303}, "a second time")
    equal(len(new.rows()), 303, "events")
    if not running:
        new.daemon = Daemon(bench, new.conf)
    new.accept("/v1/track", track("m-9", event="another"))
    equal(len(new.rows(where="message_id = 'm-9'")), 1, "a client's repetition")


def test_round_trip(bench):
    """through the daemon: everything in an export is stored again, once"""
    round_trip(bench, True)


def test_round_trip_offline(bench):
    """without a daemon: an export is stored in the same way"""
    round_trip(bench, False)


def test_delivered(bench):
    """delivered events are not sent again"""
    sim = bench.sim()
    old, new = Spool(bench, "old", sim), Spool(bench, "new")
    for i in range(3):
        old.accept("/v1/track", track(f"m-{i}"))
    wait_until(lambda: old.rows("status") == [("delivered",)] * 3, "delivery")
    file = bench.path("all.ndjson")
    done(old.cli("export", "--output", file))
    equal(counts(new.cli("import", "--json", file)), {"delivered": 3}, "import")
    equal(new.rows(), [], "events")


def segment_lines():
    named = track("s-1", receivedAt="2026-08-01T10:00:00.000Z", timestamp="2026-08-01T09:00:00Z")
    nameless = track(None, event="Without an id")
    del nameless["messageId"]
    return [json.dumps(named), json.dumps(nameless), "", "{\"type\":", "[1]",
            json.dumps(track("s-2", event="$purchase", properties={"unique": {"key": "1"}})),
            json.dumps(track("s-3", email=None)),
            json.dumps({"type": "delete", "messageId": "s-4", "userId": "u",
                        "context": {"traits": {"email": "ann@example.com"}}})]


def test_segment(bench):
    """a gzip archive of Segment is admitted as if posted; bad lines are named"""
    spool = Spool(bench, "new", delete_calls="erase", identity_wait=3600)
    file = bench.path("archive.gz")
    text = "\n".join(segment_lines()).encode()
    with open(file, "wb") as to:
        to.write(gzip.compress(text[:200]) + gzip.compress(text[200:]))
    for again in (False, True):
        answer = spool.cli("import", "--json", file)
        equal(counts(answer, code=1), {"duplicates" if again else "stored": 5, "bad": 2}, "counts")
        true("line 4:" in answer.stderr and "line 5:" in answer.stderr, answer.stderr)
    rows = spool.rows("message_id, name, email, status, reason, received_at, occurred_at")
    equal(rows[0], ("s-1", "Test Event", "ann@example.com", "pending", None,
                    "2026-08-01T10:00:00.000Z", "2026-08-01T09:00:00.000Z"), "the first")
    equal([row[1] for row in rows[:2]], ["Test Event", "Without an id"], "names")
    true(rows[1][0].startswith("import-"), f"an id of its own: {rows[1][0]}")
    equal({row[0]: row[3:5] for row in rows[2:]},
          {"s-2": ("pending", None), "s-3": ("pending", "awaiting_identity"),
           "s-4": ("unsupported", "unsupported_event_type")}, "the others")
    cut = bench.path("cut.gz")
    with open(cut, "wb") as to:
        to.write(gzip.compress(text)[:-12])
    true("cut off" in done(spool.cli("import", cut), code=1).stderr, "a file that was cut off")


def test_ids(bench):
    """an imported identify gives unresolved events their address, with a daemon and without one"""
    calls = [track("i-1", email=None), {"type": "identify", "messageId": "i-2", "userId": "u-1",
             "traits": {"email": "ann@example.com"}}, track("i-3", email=None),
             track("i-4", email=None, userId="u-2")]
    file = bench.write("calls", "".join(json.dumps(call) + "\n" for call in calls))
    for running in (True, False):
        new = Spool(bench, f"new-{running}", identity_wait=3600)
        if not running:
            new.daemon.stop()
        equal(counts(new.cli("import", "--json", file)), {"stored": 4}, "import")
        equal([row[:3] for row in new.rows("message_id, email, reason", "kind = 'track'")],
              [("i-1", "ann@example.com", None), ("i-3", "ann@example.com", None),
               ("i-4", None, "awaiting_identity")], "addresses")
        further = Spool(bench, f"further-{running}", identity_wait=3600)
        exported = done(new.cli("export")).stdout
        equal(counts(further.cli("import", "--json", bench.write("lines", exported))),
              {"stored": 4}, "what was exported")
        further.accept("/v1/identify", {"type": "identify", "messageId": "i-5", "userId": "u-2",
                                        "traits": {"email": "bob@example.com"}})
        wait_until(lambda: [row[1] for row in further.rows("message_id, email", "kind = 'track'")]
                   == ["ann@example.com"] * 2 + ["bob@example.com"], "addresses after the move")


def test_bad_lines(bench):
    """a line that cannot be stored is named and does not stop the others"""
    old, new = Spool(bench, "old"), Spool(bench, "new")
    for i in range(20):
        old.accept("/v1/track", track(f"m-{i}"))
    lines = done(old.cli("export")).stdout.splitlines()
    redacted = done(old.cli("export", "--redact")).stdout.splitlines()
    elsewhere = lines[1].replace('"site":"main"', '"site":"gone"')
    statusless = lines[2].replace('"status":"pending"', '"status":"asleep"')
    file = bench.write("some.ndjson", "\n".join(
        [lines[0], elsewhere, statusless, redacted[3], lines[4], *redacted[5:]]))
    answer = new.cli("import", "--json", file)
    equal(counts(answer, code=1), {"stored": 2, "bad": 18}, "counts")
    told = answer.stderr.splitlines()
    true(len(told) == 8 and "line 2:" in told[0] and '"gone"' in told[0], answer.stderr)
    true("line 3:" in told[1] and "status" in told[1] and "redacted" in told[2], answer.stderr)
    equal([row[0] for row in new.rows("message_id")], ["m-0", "m-4"], "events")
    equal(counts(new.cli("import", "--json", "--site", "main", file), code=1),
          {"stored": 1, "duplicates": 2, "bad": 17}, "into a site that is there")
    done(new.cli("import", bench.write("empty", "\n\n")), code=3)
    done(new.cli("import", bench.path("none")), code=1)
    done(new.cli("import"), code=2)


def test_no_lines(bench):
    """a file that is not JSON or is truncated is named with its line, even with several sites"""
    spool = Spool(bench, "new", sites=("main", "shop"))
    spool.accept("/v1/track", track("m-1"))
    line = done(spool.cli("export")).stdout
    file = bench.write("cut", line + line[:100])
    answer = done(spool.cli("import", file), code=1)
    true("line 2: not a JSON object, or cut off" in answer.stderr, answer.stderr)
    answer = done(spool.cli("import", spool.conf), code=1)
    true("line 1: not a JSON object" in answer.stderr and "--site" not in answer.stderr, answer.stderr)


def test_damaged_gzip(bench):
    """an archive whose second member is damaged, or that goes on with something else, is an error; what comes before
    is stored"""
    spool = Spool(bench, "new")
    texts = ["".join(json.dumps(track(f"{name}-{i}")) + "\n" for i in range(3)).encode() for name in "abc"]
    members = [gzip.compress(text) for text in texts]
    for rest in (b"\0" + members[1][1:], texts[1], members[1][:1], members[1][:20], members[1][:-8] + b"\0" * 8):
        with open(bench.path("damaged.gz"), "wb") as file:
            file.write(members[0] + rest)
        answer = done(spool.cli("import", bench.path("damaged.gz")), code=1)
        true("damaged.gz is damaged or truncated" in answer.stderr and "stopped after line 3 (" in answer.stderr,
             answer.stderr)
        equal(spool.rows("message_id"), [(f"a-{i}",) for i in range(3)], "the first member")
    with open(bench.path("damaged.gz"), "wb") as file:
        file.write(b"".join(members))
    equal(counts(spool.cli("import", "--json", bench.path("damaged.gz"))), {"stored": 6, "duplicates": 3}, "the whole one")


def test_large_line(bench):
    """an event with a large batch context exceeds many small events together"""
    old, new = Spool(bench, "old"), Spool(bench, "new")
    old.accept("/v1/batch", {"context": {"text": "\"" * 1000000}, "batch": [track("m-1")]})
    file = bench.path("large.ndjson")
    done(old.cli("export", "--output", file))
    true(os.stat(file).st_size > 2000000, "its size")
    equal(counts(new.cli("import", "--json", file)), {"stored": 1}, "import")
    equal(new.rows(), old.rows(), "the event")


def test_killed(bench):
    """import is run again after a kill of the daemon: each event is stored once, in order"""
    n = 20000
    spool = Spool(bench, "new")
    file = bench.write("many.ndjson", "".join(
        json.dumps(track(f"m-{i}", properties={"text": "x" * 200})) + "\n" for i in range(n)))
    command = [binary("bentospool"), "import", "-c", spool.conf, file]
    process = spooltest.Process(bench, "import", command)
    wait_until(lambda: len(spool.rows("1")) > 500, "some are stored")
    spool.daemon.kill()
    equal(process.wait(), 1, "exit status of what lost its daemon")
    stored = len(spool.rows("1"))
    true(stored < n, "it was in the midst")
    true("run it again" in process.log(), process.log())
    said = int(re.search(r"stopped after line (\d+)", process.log())[1])
    true(0 < said <= stored, f"line {said} is stored: {stored} are")
    spool.daemon = Daemon(bench, spool.conf)
    equal(counts(spool.cli("import", "--json", file)),
          {"stored": n - stored, "duplicates": stored}, "again")
    equal([row[0] for row in spool.rows("message_id")], [f"m-{i}" for i in range(n)], "events")
    equal(spool.value("SELECT sum(events) FROM operations WHERE verb = 'import'"), (n,), "audit")


def test_busy(bench):
    """import waits for a database that another program has locked"""
    spool = Spool(bench, "new")
    file = bench.write("one", json.dumps(track("m-1")) + "\n")
    holder = sqlite3.connect(spool.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    process = spooltest.Process(bench, "import", [binary("bentospool"), "import", "-c", spool.conf,
                                                  file])
    wait_until(lambda: "trying again" in process.log(), "it says so")
    holder.execute("COMMIT")
    holder.close()
    equal(process.wait(), 0, process.log())
    equal(spool.rows("message_id"), [("m-1",)], "events")


spooltest.main()
