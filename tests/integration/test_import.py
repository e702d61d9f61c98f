#!/usr/bin/env python3
"""What comes from elsewhere: import of exports and Segment calls, adopt of another's database."""
import glob
import gzip
import json
import os
import re
import shutil
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Daemon, binary, equal, track, true, wait_until  # noqa: E402

NOBODY = "http://127.0.0.1:1/api/v1"
KEPT = ("site, message_id, kind, name, email, status, reason, attempts, maybe_sent, received_at, "
        "occurred_at, settled_at, error, body")


def done(completed, code=0):
    equal(completed.returncode, code, f"exit status ({completed.stderr.strip()})")
    return completed


class Spool:
    """One of several databases, with a configuration of its own; paused until a Bento is named."""

    def __init__(self, bench, name, sim=None, sites=("main",), **settings):
        self.bench, self.database = bench, bench.path(name + ".db")
        url = sim.api_url() if sim else NOBODY
        self.conf = bench.configure(
            {site: bench.site(url, **{**settings, "write_keys": [f"key-{site}"]}) for site in sites},
            top={"database": self.database}, name=name + ".conf")
        self.daemon = Daemon(bench, self.conf)
        if sim is None:
            done(self.cli("pause"))

    def cli(self, *argv):
        return self.bench.cli(*argv, conf=self.conf)

    def accept(self, path, body, site="main"):
        self.daemon.accept(path, body, key=f"key-{site}")

    def rows(self, what=KEPT, where="1"):
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(
                f"SELECT {what} FROM outbox WHERE {where} ORDER BY event_id").fetchall()
        finally:
            connection.close()

    def value(self, sql):
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql).fetchone()
        finally:
            connection.close()


def fill(spool):
    """Events of all statuses but delivered."""
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


def counts(completed, code=0):
    got = json.loads(done(completed, code).stdout)
    return {key: n for key, n in got.items() if n and key not in ("operation_id", "dry_run")}


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
    equal(new.value("SELECT verb, note, events FROM operations WHERE verb = 'import'"),
          ("import", "moved", 303), "the operation")
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
    """through the daemon: all that an export says is there again, and once"""
    round_trip(bench, True)


def test_round_trip_offline(bench):
    """the same without a daemon"""
    round_trip(bench, False)


def test_delivered(bench):
    """what was delivered is not sent again"""
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
    """an archive of Segment, packed: judged as if it had arrived; wrong lines are told"""
    spool = Spool(bench, "new", delete_calls="erase")
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
    """what an imported identify tells, and who waits for it, with a daemon and without one"""
    calls = [track("i-1", email=None), {"type": "identify", "messageId": "i-2", "userId": "u-1",
             "traits": {"email": "ann@example.com"}}, track("i-3", email=None),
             track("i-4", email=None, userId="u-2")]
    file = bench.write("calls", "".join(json.dumps(call) + "\n" for call in calls))
    for running in (True, False):
        new = Spool(bench, f"new-{running}")
        if not running:
            new.daemon.stop()
        equal(counts(new.cli("import", "--json", file)), {"stored": 4}, "import")
        equal([row[:3] for row in new.rows("message_id, email, reason", "kind = 'track'")],
              [("i-1", "ann@example.com", None), ("i-3", "ann@example.com", None),
               ("i-4", None, "awaiting_identity")], "addresses")
        further = Spool(bench, f"further-{running}")
        exported = done(new.cli("export")).stdout
        equal(counts(further.cli("import", "--json", bench.write("lines", exported))),
              {"stored": 4}, "what was exported")
        further.accept("/v1/identify", {"type": "identify", "messageId": "i-5", "userId": "u-2",
                                        "traits": {"email": "bob@example.com"}})
        equal([row[1] for row in further.rows("message_id, email", "kind = 'track'")],
              ["ann@example.com"] * 2 + ["bob@example.com"], "addresses after the move")


def test_bad_lines(bench):
    """what cannot be stored is told with its line, and stops nobody"""
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


def test_large_line(bench):
    """larger than many small ones together: a batch's context with its one event"""
    old, new = Spool(bench, "old"), Spool(bench, "new")
    old.accept("/v1/batch", {"context": {"text": "\"" * 1000000}, "batch": [track("m-1")]})
    file = bench.path("large.ndjson")
    done(old.cli("export", "--output", file))
    true(os.stat(file).st_size > 2000000, "its size")
    equal(counts(new.cli("import", "--json", file)), {"stored": 1}, "import")
    equal(new.rows(), old.rows(), "the event")


def test_killed(bench):
    """the daemon is killed in the midst, and import is run again: each event once, in order"""
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
    said = int(re.search(r"stopped behind line (\d+)", process.log())[1])
    true(0 < said <= stored, f"line {said} is stored: {stored} are")
    spool.daemon = Daemon(bench, spool.conf)
    equal(counts(spool.cli("import", "--json", file)),
          {"stored": n - stored, "duplicates": stored}, "again")
    equal([row[0] for row in spool.rows("message_id")], [f"m-{i}" for i in range(n)], "events")
    equal(spool.value("SELECT sum(events) FROM operations WHERE verb = 'import'"), (n,), "audit")


def test_busy(bench):
    """a database that somebody else holds is waited for"""
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


def dead_spool(bench):
    """A database as a machine leaves that dies while Bento is about to answer, without its -shm."""
    sim = bench.sim()
    old = Spool(bench, "old", sim, timeout=600)
    old.accept("/v1/track", track("first"))
    wait_until(lambda: old.rows("status") == [("delivered",)], "a delivery")
    sim.freeze()
    for i in range(50):
        old.accept("/v1/track", track(f"m-{i}", email=f"{i % 3}@example.com"))
    wait_until(lambda: old.value("SELECT sum(outcome IS NULL) FROM attempts") == (1,), "a request")
    done(old.cli("hold", "--message-id", "m-49", "-y"))
    done(old.cli("discard", "--message-id", "m-48", "-y"))
    done(old.cli("expire", "--message-id", "m-47", "-y"))
    flying = {row[0] for row in old.rows(
        "message_id", "event_id IN (SELECT event_id FROM history WHERE outcome IS NULL)")}
    true(0 < len(flying) < 51, "in flight")
    refused = done(Spool(bench, "beside").cli("adopt", old.database), code=1)
    true("stop it first" in refused.stderr, refused.stderr)
    old.daemon.kill()
    true(os.stat(old.database + "-wal").st_size > 0, "what is only in the log")
    copy = bench.path("dead.db")
    for suffix in ("", "-wal"):
        shutil.copy(old.database + suffix, copy + suffix)
    return copy, flying


def adopt(bench, running):
    dead, flying = dead_spool(bench)
    sim = bench.sim()
    new = Spool(bench, "new", sim)
    new.accept("/v1/track", track("m-1", event="came first"))
    wait_until(lambda: new.rows("status") == [("delivered",)], "a delivery")
    if not running:
        new.daemon.stop()
    equal(counts(new.cli("adopt", "--json", "--dry-run", dead)),
          {"stored": 48, "duplicates": 1}, "dry run")
    text = done(new.cli("adopt", dead, "--note", "box died")).stdout
    true("48 events stored" in text and "1 are here already" in text, text)
    true("1 stay in" in text and "discarded" in text and "delivered" in text, text)
    equal(counts(new.cli("adopt", "--json", dead)), {"duplicates": 49}, "once more")
    if not running:
        new.daemon = Daemon(bench, new.conf)
    wait_until(lambda: not new.rows("1", "status = 'pending'"), "all are delivered")
    equal({row[0]: row[1:] for row in new.rows("message_id, status, reason",
                                               "message_id IN ('m-47', 'm-49')")},
          {"m-47": ("failed", "expired"), "m-49": ("held", "operator")}, "what waits for a person")
    true("m-48" not in sim.keys() and "first" not in sim.keys(), "what stays where it was")
    for address in range(3):
        ids = [f"m-{i}" for i in range(47) if i % 3 == address and i != 1]
        got = [r["event"]["details"]["unique"]["key"] for r in sim.records()
               if r["event"]["email"] == f"{address}@example.com"]
        equal(got, ids, f"order of address {address}")
    equal({row[0] for row in new.rows("message_id", "maybe_sent = 1")}, flying - {"m-1"},
          "what may have arrived before")
    equal(new.value("SELECT note, events FROM operations WHERE verb = 'adopt'"),
          ("box died", 48), "the operation")
    new.accept("/v1/track", track("m-2", event="a client's repetition"))
    equal(len(new.rows(where="message_id = 'm-2'")), 1, "rows of m-2")


def test_adopt(bench):
    """what a dead machine had not delivered, its log included, through the daemon"""
    adopt(bench, True)


def test_adopt_offline(bench):
    """the same without a daemon"""
    adopt(bench, False)


def adopt_identities(bench, running):
    sim = bench.sim()
    old = Spool(bench, "old", identity_wait=3600)
    old.accept("/v1/identify", {"messageId": "i-1", "userId": "u-1", "anonymousId": "a-1",
                                "traits": {"email": "ann@example.com"}})
    old.accept("/v1/identify", {"messageId": "i-2", "userId": "u-2",
                                "traits": {"email": "old@example.com"}})
    old.accept("/v1/track", {"messageId": "t-old", "event": "Seen", "anonymousId": "a-1"})
    old.daemon.stop()
    new = Spool(bench, "new", sim, identity_wait=3600)
    new.accept("/v1/identify", {"messageId": "i-3", "userId": "u-2",
                                "traits": {"email": "bob@example.com"}})
    new.accept("/v1/track", {"messageId": "t-new", "event": "Seen", "userId": "u-1"})
    equal(new.value("SELECT reason FROM outbox WHERE message_id = 't-new'"),
          ("awaiting_identity",), "it waits")
    if not running:
        new.daemon.stop()
    dry = counts(new.cli("adopt", "--json", "--dry-run", old.database))
    equal((dry["identities"], new.value("SELECT count(*) FROM identity")), (2, (1,)), "dry run")
    text = done(new.cli("adopt", old.database)).stdout
    true("2 ids of persons are known now" in text, text)
    true("known now" not in done(new.cli("adopt", old.database)).stdout, "news of what is known")
    equal(new.value("SELECT count(*), (SELECT sum(identities) FROM site) FROM identity"), (3, 3),
          "once more changes nothing")
    if not running:
        new.daemon = Daemon(bench, new.conf)
    new.accept("/v1/track", {"messageId": "t-1", "event": "Seen", "anonymousId": "a-1"})
    new.accept("/v1/track", {"messageId": "t-2", "event": "Seen", "userId": "u-2"})
    new.accept("/v1/track", {"messageId": "t-3", "event": "Seen", "userId": "u-3",
                             "anonymousId": "a-1"})
    equal(new.value("SELECT reason FROM outbox WHERE message_id = 't-3'"),
          ("awaiting_identity",), "somebody else at that device")
    wait_until(lambda: len(sim.keys()) >= 4, "all are delivered")
    equal({r["event"]["details"]["unique"]["key"]: r["event"]["email"] for r in sim.records()
           if r["event"]["type"] == "Seen"},
          {"t-new": "ann@example.com", "t-old": "ann@example.com", "t-1": "ann@example.com",
           "t-2": "bob@example.com"}, "who they are, and the address told last")


def test_adopt_identities(bench):
    """whose addresses the dead machine knew: who waits for one goes"""
    adopt_identities(bench, True)


def test_adopt_identities_offline(bench):
    """the same without a daemon"""
    adopt_identities(bench, False)


def test_adopt_identities_of_sites(bench):
    """an id means something in its own site: what --site puts together keeps none of another's"""
    old = Spool(bench, "old", sites=("main", "shop"), identity_wait=3600)
    for site in ("main", "shop"):
        old.accept("/v1/identify", {"messageId": "i-1", "userId": "1",
                                    "traits": {"email": site + "@example.com"}}, site=site)
    old.daemon.stop()
    for running in (True, False):
        new = Spool(bench, f"new-{running}", sites=("main", "other"), identity_wait=3600)
        if not running:
            new.daemon.stop()
        left = new.cli("adopt", old.database, "--site", "other")
        true("2 ids of persons stay" in done(left, code=3).stdout, left.stdout)
        left = done(new.cli("adopt", old.database))
        true("1 ids of persons are known now" in left.stdout
             and "1 ids of persons stay" in left.stdout, left.stdout)
        equal(new.value("SELECT count(*), max(email) FROM identity"), (1, "main@example.com"), "ids")
    none = Spool(bench, "none", sites=("main", "shop"), identity_max=0)
    left = done(none.cli("adopt", "--dry-run", old.database), code=3)
    true("2 ids of persons stay" in left.stdout, left.stdout)
    single = Spool(bench, "single", sites=("main",))
    single.accept("/v1/identify", {"messageId": "i-1", "userId": "1", "traits": {
        "email": "single@example.com"}})
    single.daemon.stop()
    done(new.cli("adopt", single.database, "--site", "other"))
    equal(new.value("SELECT count(*), max(email) FROM identity"), (2, "single@example.com"),
          "of one site that has another name here")


def test_adopt_erased(bench):
    """a delete call that the dead machine had taken and not done: its person does not come along"""
    old, new = Spool(bench, "old"), Spool(bench, "new", identity_wait=3600)
    for name in ("gone", "ann"):
        old.accept("/v1/identify", {"messageId": "i-" + name, "userId": name,
                                    "traits": {"email": name + "@example.com"}})
        old.accept("/v1/track", {"messageId": "t-" + name, "event": "Seen", "userId": name})
    old.daemon.stop()
    file = sqlite3.connect(old.database)  # as it is just after the call
    file.execute("INSERT INTO erasure SELECT max(event_id), 'Gone@example.com' FROM event")
    file.commit()
    file.close()
    before = old.rows()
    text = done(new.cli("adopt", old.database)).stdout
    true("1 left out: erased" in text and "2 ids" not in text, text)
    equal(new.rows("message_id"), [("t-ann",)], "events")
    equal(new.value("SELECT count(*), max(email) FROM identity"), (1, "ann@example.com"), "ids")
    equal(old.rows(), before, "the other file")
    file = sqlite3.connect(old.database)  # and as no program of ours would have written it
    file.execute("UPDATE identity SET id = ? WHERE id = 'ann'", ("x" * 200000,))
    file.commit()
    file.close()
    other = Spool(bench, "other")
    text = done(other.cli("adopt", old.database)).stdout
    true("1 ids of persons stay" in text, text)
    equal(other.value("SELECT count(*) FROM identity"), (0,), "ids")
    equal([name for name in os.listdir(bench.dir) if "adopted" in name], [], "copies")


def test_adopt_sites(bench):
    """a site that is not here is named; --site puts its events elsewhere"""
    old, new = Spool(bench, "old", sites=("main", "shop")), Spool(bench, "new")
    old.accept("/v1/track", track("m-1"), site="main")
    old.accept("/v1/track", track("m-2"), site="shop")
    old.accept("/v1/batch", {"batch": [track(f"many-{i}") for i in range(250)]}, site="shop")
    old.daemon.stop()
    refused = done(new.cli("adopt", old.database), code=1)
    true('"shop"' in refused.stderr and "--site" in refused.stderr, refused.stderr)
    equal(new.rows(), [], "nothing yet")
    equal(counts(new.cli("adopt", "--json", "--site", "main", old.database)), {"stored": 252}, "all")
    equal(new.rows("site, message_id", "message_id LIKE 'm-%'"), [("main", "m-1"), ("main", "m-2")], "events")
    refused = done(new.cli("adopt", new.database), code=1)
    true("in use" in refused.stderr, refused.stderr)
    new.daemon.stop()
    done(new.cli("adopt", new.database), code=1)
    offline = Spool(bench, "offline")
    offline.daemon.stop()
    equal(counts(offline.cli("adopt", "--json", "--site", "main", old.database)), {"stored": 252},
          "without a daemon")
    done(new.cli("adopt", bench.path("none.db")), code=1)
    done(new.cli("adopt"), code=2)


def test_adopt_older(bench):
    """a file of an older version is read by way of a copy, and stays as it is"""
    old, new = bench.path("older.db"), Spool(bench, "new")
    schema = os.path.join(spooltest.srcdir(), "schema")
    connection = sqlite3.connect(old)
    connection.executescript("PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL;")
    for file in sorted(glob.glob(os.path.join(schema, "0*.sql")))[:3]:
        with open(file, encoding="utf-8") as text:
            connection.executescript(text.read())
    connection.executescript("""
        PRAGMA application_id=0x62737031; PRAGMA user_version=3; PRAGMA journal_mode=WAL;
        INSERT INTO site (site_id, name) VALUES (1, 'main');
        INSERT INTO event (event_id, site_id, message_id, kind, name, email, occurred_at,
            received_at, body) VALUES (7, 1, 'm-7', 'track', 'Old', 'ann@example.com', 1000, 2000,
            '{"type":"track","event":"Old"}');
        INSERT INTO delivery (event_id, site_id, status, maybe_sent, message_key)
            VALUES (7, 1, 'pending', 1, 5);""")
    connection.close()
    with open(old, "rb") as file:
        before = file.read()
    for _ in range(2):
        done(new.cli("adopt", old))
    equal(new.rows("message_id, name, status, maybe_sent, received_at"),
          [("m-7", "Old", "pending", 1, "1970-01-01T00:00:02.000Z")], "the event")
    with open(old, "rb") as file:
        true(file.read() == before, "the old file is as it was")
    equal(glob.glob(bench.path("*.adopted*")), [], "no copy is left")
    junk = bench.write("junk.db", "no database at all, but long enough to be none" * 20)
    done(new.cli("adopt", junk), code=1)


if __name__ == "__main__":
    spooltest.main()
