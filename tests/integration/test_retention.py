#!/usr/bin/env python3
"""purge: what is removed, what stays, what the archive gets, and how the file shrinks."""
import glob
import gzip
import json
import os
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolhistory import give_rows  # noqa: E402
from spoolmount import Mount  # noqa: E402
from spooltest import equal, track, true  # noqa: E402

DAY = 86400000


def done(completed, code=0):
    equal(completed.returncode, code, f"exit status ({completed.stderr.strip()})")
    return completed


def configure(bench, sim, **retention):
    """Like Bench.daemon, with a section retention."""
    conf = bench.configure({"main": bench.site(sim.api_url())})
    with open(conf, "a", encoding="utf-8") as file:
        file.write(spooltest.conf_section("retention", retention) + "\n")
    return conf


def age(bench, days, where):
    """Makes settled events older. No other process may have the database open."""
    connection = sqlite3.connect(bench.database)
    give_rows(connection)
    connection.execute(f"UPDATE delivery SET settled_at = settled_at - ? WHERE {where}",
                       (days * DAY,))
    connection.commit()
    connection.close()


def test_purge(bench):
    """old bodies and rows move from the database into the archive; newer ones stay"""
    sim = bench.sim()
    os.mkdir(bench.path("archive"))
    conf = configure(bench, sim, archive=bench.path("archive"))
    daemon = spooltest.Daemon(bench, conf)
    for i in range(0, 3000, 500):
        daemon.accept("/v1/batch", {"context": {"ip": "192.0.2.1"}, "batch": [
            track(f"m-{k}", properties={"text": "x" * 900}) for k in range(i, i + 500)]})
    daemon.accept("/v1/track", track("bad", event=""))
    bench.wait_settled(3001)
    daemon.stop()
    size = os.path.getsize(bench.database)
    equal(done(bench.cli("purge", "--yes"), code=3).stdout, "", "nothing is old enough yet")
    age(bench, 31, "status = 'delivered' AND event_id <= 2500")
    age(bench, 366, "status = 'delivered' AND event_id <= 2000")
    age(bench, 91, "status = 'invalid'")

    # Without a daemon, with --dry-run: only counts.
    told = json.loads(done(bench.cli("purge", "--dry-run", "--json")).stdout)
    equal((told["payloads"], told["rows"]), (2501, 2001), "what would go")
    equal(bench.value("SELECT count(body) FROM outbox"), 3001, "bodies after a dry run")
    refused = done(bench.cli("purge"), code=2)
    true("add --yes" in refused.stderr, f"is not done unasked: {refused.stderr}")

    daemon = spooltest.Daemon(bench, conf)
    told = json.loads(done(bench.cli("purge", "--yes", "--json")).stdout)
    equal((told["payloads"], told["rows"]), (2501, 2001), "what went")
    equal(bench.value("SELECT count(*) FROM outbox"), 1000, "rows that stay")
    equal(bench.value("SELECT count(body) FROM outbox"), 500, "bodies that stay")
    kept = bench.outbox("m-2300")
    equal((kept["status"], kept["email"], kept["name"], kept["body"]),
          ("delivered", "ann@example.com", "Test Event", None), "the audit outlives the body")
    equal(bench.value("SELECT count(*) FROM attempt a WHERE NOT EXISTS "
                      "(SELECT 1 FROM history m WHERE m.attempt_id = a.attempt_id)"), 0,
          "attempts without events")
    equal(bench.rows("SELECT verb, events FROM operations"), [{"verb": "purge", "events": 2501}],
          "operations")
    lines = []
    for name in sorted(glob.glob(bench.path("archive/spool-*.ndjson.gz"))):
        with gzip.open(name, "rt", encoding="utf-8") as file:
            lines += [json.loads(line) for line in file]
    equal(len(lines), 2501, "lines of the archive")
    equal({line["message_id"] for line in lines},
          {f"m-{i}" for i in range(2500)} | {"bad"}, "events of the archive")
    equal(lines[0]["body"]["properties"], {"text": "x" * 900}, "with their bodies")
    equal(lines[0]["context"], {"ip": "192.0.2.1"}, "and what their batch said")

    # After its row was removed a messageId is stored again; after only its body was removed it is
    # not.
    daemon.accept("/v1/track", track("m-300"))
    daemon.accept("/v1/track", track("m-2300"))
    bench.wait_settled(1001)
    daemon.stop()
    now = os.path.getsize(bench.database)
    true(now < size * 3 // 4, f"space is given back: {size} before, {now} now")
    equal(sqlite3.connect(bench.database).execute("PRAGMA integrity_check").fetchone(), ("ok",),
          "integrity")


def test_requeue_without_a_body(bench):
    """an event without a body cannot be sent again, and the verb says so"""
    sim = bench.sim()
    conf = configure(bench, sim)
    daemon = spooltest.Daemon(bench, conf)
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    daemon.stop()
    age(bench, 31, "1")
    done(bench.cli("purge", "--yes"))
    daemon = spooltest.Daemon(bench, conf)
    done(bench.cli("requeue", "--message-id", "m-1"))
    bench.wait_settled(1)
    equal((bench.outbox("m-1")["status"], bench.outbox("m-1")["reason"]),
          ("invalid", "body_removed"), "what becomes of it")
    equal(len(sim.events()), 1, "Bento got it once")


def test_settings(bench):
    """rows are kept for at least a week; a reload changes retention"""
    sim = bench.sim()
    refused = done(bench.cli("check", conf=configure(bench, sim, delivered_rows=6)), code=1)
    true("delivered_rows = 6: must be 0 or at least 7" in refused.stderr, refused.stderr)
    done(bench.cli("check", conf=configure(bench, sim, delivered_rows=7)))
    spooltest.Daemon(bench, configure(bench, sim))
    configure(bench, sim, failed_payload=10)
    equal(done(bench.cli("reload")).stdout, "retention: failed_payload 0 -> 10\n", "reload")


def test_archive_that_is_not_there(bench):
    """check and reload refuse a missing archive, a start only warns, and status reports it"""
    sim = bench.sim()
    folder = bench.path("archive")
    conf = configure(bench, sim, archive=folder)
    words = (f"{conf}: retention: archive: cannot write into {folder}: No such file or directory: "
             "create the directory")
    daemon = spooltest.Daemon(bench, conf)
    true(words in daemon.log(), daemon.log())
    for verb in ("check", "reload"):
        refused = done(bench.cli(verb), code=1)
        true(words in refused.stderr, f"{verb}: {refused.stderr}")
    os.mkdir(folder)
    for verb in ("check", "reload"):
        done(bench.cli(verb))
    done(bench.cli("status", "--check"))
    os.rmdir(folder)
    told = done(bench.cli("status", "--check"), code=1).stdout
    true(f"CRITICAL: retention cannot write to its archive {folder}: No such" in told, told)
    daemon.stop()


def test_archive_that_cannot_be_written(bench):
    """an archive of another user, or on a file system mounted read-only, is refused"""
    if os.geteuid() != 0:
        os.mkdir(bench.path("theirs"), 0o555)
        configure(bench, bench.sim(), archive=bench.path("theirs"))
        refused = done(bench.cli("check"), code=1)
        true("Permission denied: give the directory to the user" in refused.stderr, refused.stderr)
        return
    with Mount(bench.path("mount"), "size=1m,ro") as mount:
        configure(bench, bench.sim(), archive=mount.path)
        refused = done(bench.cli("check"), code=1)
        true("Read-only file system: name a directory" in refused.stderr, refused.stderr)


spooltest.main()
