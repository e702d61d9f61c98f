#!/usr/bin/env python3
"""adopt: the undelivered events of another database, and the addresses of its ids."""
import contextlib
import glob
import json
import os
import shutil
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolother import Spool, counts, done  # noqa: E402
from spooltest import Daemon, equal, track, true, wait_until  # noqa: E402


def dead_spool(bench):
    """The database of a machine that died while Bento was about to answer, without its -shm."""
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
    refused = done(Spool(bench, "beside").cli("adopt", "--yes", old.database), code=1)
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
          {"stored": 48, "duplicates": 1, "stay": {"delivered": 1, "discarded": 1}}, "dry run")
    refused = done(new.cli("adopt", dead), code=2)
    true("this would adopt" in refused.stderr and "add --yes to do it" in refused.stderr, refused.stderr)
    equal(new.cli("list", "--json", "--status", "pending,held,failed").stdout, "", "nothing was done")
    text = done(new.cli("adopt", "--yes", dead, "--note", "box died")).stdout
    true("48 events stored" in text and "1 are here already" in text, text)
    true("1 stay in" in text and "discarded" in text and "delivered" in text, text)
    equal(counts(new.cli("adopt", "--yes", "--json", dead))["duplicates"], 49, "once more")
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
    """through the daemon: takes over the undelivered events of a dead machine, even those only in
    its WAL"""
    adopt(bench, True)


def test_adopt_offline(bench):
    """without a daemon: takes over the same events"""
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
    text = done(new.cli("adopt", "--yes", old.database)).stdout
    true("2 ids of persons are known now" in text, text)
    true("known now" not in done(new.cli("adopt", "--yes", old.database)).stdout, "news of what is known")
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
    """through the daemon: adopted addresses release unresolved events"""
    adopt_identities(bench, True)


def test_adopt_identities_offline(bench):
    """without a daemon: adopted addresses release unresolved events"""
    adopt_identities(bench, False)


def test_adopt_identities_of_sites(bench):
    """when --site joins sites, no id of another site is kept, because an id belongs to its own
    site"""
    old = Spool(bench, "old", sites=("main", "shop"), identity_wait=3600)
    for site in ("main", "shop"):
        old.accept("/v1/identify", {"messageId": "i-1", "userId": "1",
                                    "traits": {"email": site + "@example.com"}}, site=site)
    old.daemon.stop()
    for running in (True, False):
        new = Spool(bench, f"new-{running}", sites=("main", "other"), identity_wait=3600)
        if not running:
            new.daemon.stop()
        left = new.cli("adopt", "--yes", old.database, "--site", "other")
        true("2 ids of persons stay" in done(left, code=3).stdout, left.stdout)
        left = done(new.cli("adopt", "--yes", old.database))
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
    done(new.cli("adopt", "--yes", single.database, "--site", "other"))
    equal(new.value("SELECT count(*), max(email) FROM identity"), (2, "single@example.com"),
          "of one site that has another name here")


def test_adopt_erased(bench):
    """an erasure that the dead machine accepted but did not finish leaves out that person"""
    old, new = Spool(bench, "old"), Spool(bench, "new", identity_wait=3600)
    for name in ("gone", "ann"):
        old.accept("/v1/identify", {"messageId": "i-" + name, "userId": name,
                                    "traits": {"email": name + "@example.com"}})
        old.accept("/v1/track", {"messageId": "t-" + name, "event": "Seen", "userId": name})
    old.daemon.stop()
    file = sqlite3.connect(old.database)  # the state just after a delete call
    file.execute("INSERT INTO erasure SELECT max(event_id), 'Gone@example.com' FROM event")
    file.commit()
    file.close()
    before = old.rows()
    text = done(new.cli("adopt", "--yes", old.database)).stdout
    true("1 left out: erased" in text and "2 ids" not in text, text)
    equal(new.rows("message_id"), [("t-ann",)], "events")
    equal(new.value("SELECT count(*), max(email) FROM identity"), (1, "ann@example.com"), "ids")
    equal(old.rows(), before, "the other file")
    file = sqlite3.connect(old.database)  # an id longer than any version of the program writes
    file.execute("UPDATE identity SET id = ? WHERE id = 'ann'", ("x" * 200000,))
    file.commit()
    file.close()
    other = Spool(bench, "other")
    text = done(other.cli("adopt", "--yes", old.database)).stdout
    true("1 ids of persons stay" in text, text)
    equal(other.value("SELECT count(*) FROM identity"), (0,), "ids")
    equal([name for name in os.listdir(bench.dir) if "adopted" in name], [], "copies")


def test_adopt_sites(bench):
    """a site that does not exist here is named; --site gives its events to another site"""
    old, new = Spool(bench, "old", sites=("main", "shop")), Spool(bench, "new")
    old.accept("/v1/track", track("m-1"), site="main")
    old.accept("/v1/track", track("m-2"), site="shop")
    old.accept("/v1/batch", {"batch": [track(f"many-{i}") for i in range(250)]}, site="shop")
    old.daemon.stop()
    refused = done(new.cli("adopt", "--yes", old.database), code=1)
    true('"shop"' in refused.stderr and "--site" in refused.stderr, refused.stderr)
    equal(new.rows(), [], "nothing yet")
    equal(counts(new.cli("adopt", "--yes", "--json", "--site", "main", old.database)), {"stored": 252}, "all")
    equal(new.rows("site, message_id", "message_id LIKE 'm-%'"), [("main", "m-1"), ("main", "m-2")], "events")
    refused = done(new.cli("adopt", "--yes", new.database), code=1)
    true("in use" in refused.stderr, refused.stderr)
    new.daemon.stop()
    done(new.cli("adopt", "--yes", new.database), code=1)
    offline = Spool(bench, "offline")
    offline.daemon.stop()
    equal(counts(offline.cli("adopt", "--yes", "--json", "--site", "main", old.database)), {"stored": 252},
          "without a daemon")
    done(new.cli("adopt", "--yes", bench.path("none.db")), code=1)
    done(new.cli("adopt"), code=2)


def test_adopt_other_versions(bench):
    """a file of a newer version, or one that is not a spool, is refused and not changed"""
    old, new = Spool(bench, "old"), Spool(bench, "new")
    old.accept("/v1/track", track("m-1"))
    old.daemon.stop()
    with contextlib.closing(sqlite3.connect(old.database)) as file:
        file.execute("PRAGMA user_version=99")
    with open(old.database, "rb") as file:
        before = file.read()
    refused = done(new.cli("adopt", "--yes", old.database), code=1)
    true("newer bentospool" in refused.stderr, refused.stderr)
    with open(old.database, "rb") as file:
        true(file.read() == before, "the file is as it was")
    with contextlib.closing(sqlite3.connect(old.database)) as file:
        file.execute("PRAGMA user_version=1")
    junk = bench.write("junk.db", "no database at all, but long enough to be none" * 20)
    done(new.cli("adopt", "--yes", junk), code=1)
    equal(new.rows(), [], "nothing is adopted")
    equal(glob.glob(bench.path("*.adopted*")), [], "no copy is left")


spooltest.main()
