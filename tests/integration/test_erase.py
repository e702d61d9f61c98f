#!/usr/bin/env python3
"""erase removes a person from every file of the outbox; the audit keeps rows without personal
data."""
import json
import os
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

ANN = "Ann.Secret@Example.com"


def done(completed, code=0):
    equal(completed.returncode, code, f"exit status ({completed.stderr.strip()})")
    return completed


def holders(bench, *words):
    """Returns the files of the outbox that contain one of the words, in any case."""
    found = []
    for ending in ("", "-wal", "-shm"):
        try:
            with open(bench.database + ending, "rb") as file:
                content = file.read().lower()
        except FileNotFoundError:
            continue
        content = content.replace(b"joann.secret@", b"")  # an address of another person
        found += [(ending, word) for word in words if word.lower().encode() in content]
    return found


def fill(bench):
    """Stores events of Ann with every status, and other persons' events that quote her address."""
    sim = bench.sim()
    sim.faults("refuse=refused*")
    daemon = bench.daemon(sim, batch_events=1, identify="update_fields")
    daemon.accept("/v1/batch", {"context": {"traits": {"email": ANN, "phone": "+41 555 0199"}},
                                "batch": [{"type": "track", "event": "Seen", "messageId": "a-1"},
                                          {"type": "track", "event": "Seen", "messageId": "a-2"}]})
    daemon.accept("/v1/track", track("a-3", email=ANN.lower(), properties={"big": "z" * 20000}))
    daemon.accept("/v1/track", track("a-4", email=ANN, event="refused"))
    daemon.accept("/v1/identify", {"messageId": "a-5", "userId": "u-1",
                                   "traits": {"email": ANN, "firstName": "Annabelle"}})
    daemon.accept("/v1/track", track(f"key-{ANN}", email=ANN))
    daemon.accept("/v1/page", {"messageId": "a-6", "name": "Home",
                               "context": {"traits": {"email": ANN}}})
    daemon.accept("/v1/track", track("b-1", email="bob@example.com", properties={
        "invited": ANN, "link": "https://x.example/?to=ann.secret%40example.com", "n": 1.10}))
    bench.wait_settled(8)
    sim.answer(503)
    daemon.accept("/v1/track", track("a-7", email=ANN))
    daemon.accept("/v1/track", track("b-2", email="joann.secret@example.com"))
    done(bench.cli("requeue", "--email", ANN, "--status", "failed", "--note", f"for {ANN}"))
    return sim, daemon


def check(bench):
    equal(holders(bench, ANN, "ann.secret%40", "555 0199", "Annabelle", "z" * 100), [],
          "files that still hold something of hers")
    for name in ("a-1", "a-2", "a-3", "a-5"):
        row = bench.outbox(name)
        equal((row["status"], row["email"], row["body"]), ("delivered", None, None), name)
    for name in ("a-4", "a-7"):
        row = bench.outbox(name)
        equal((row["status"], row["reason"], row["body"]), ("discarded", "erased", None), name)
    bob = bench.outbox("b-1")
    equal(bob["email"], "bob@example.com", "another person's address")
    body = json.loads(bob["body"])
    equal(body["properties"]["invited"], "erased@erased.invalid", "what Bob's event quoted")
    true('"n": 1.1' in bob["body"] or '"n":1.1' in bob["body"], f"and the rest of it: {bob['body']}")
    other = bench.outbox("b-2")
    equal((other["status"], other["email"]), ("pending", "joann.secret@example.com"),
          "an address that ends alike is another one")
    true("joann.secret@example.com" in other["body"], "and its body is left alone")
    last = bench.rows("SELECT * FROM operations ORDER BY operation_id DESC LIMIT 1")[0]
    equal((last["verb"], last["events"]), ("erase", 8), "the operation")


def test_erase(bench):
    """with a daemon: nothing of the person is left in the database, its WAL and its index"""
    sim, daemon = fill(bench)
    true(holders(bench, ANN), "it is there before")
    told = json.loads(done(bench.cli("erase", "--email", ANN.upper(), "--dry-run", "--json")).stdout)
    equal((told["events"], told["discarded"]), (8, 2), "what would be erased")
    true(holders(bench, ANN), "a dry run changes nothing")
    done(bench.cli("erase", "--email", ANN), code=2)
    told = json.loads(done(bench.cli("erase", "--email", ANN, "--yes", "--json")).stdout)
    equal((told["events"], told["discarded"]), (8, 2), "what was erased")
    check(bench)
    done(bench.cli("erase", "--email", ANN, "--yes"), code=3)
    # Events that arrive after the erasure are stored as usual.
    sim.heal()
    daemon.accept("/v1/track", track("a-8", email=ANN))
    done(bench.cli("flush"))
    wait_until(lambda: bench.outbox("a-8")["status"] == "delivered", "a later event")
    daemon.stop()
    equal(sqlite3.connect(bench.database).execute("PRAGMA integrity_check").fetchone(), ("ok",),
          "integrity")


def test_erase_without_a_daemon(bench):
    """without a daemon: nothing of the person is left, even after a restart"""
    _, daemon = fill(bench)
    daemon.kill()
    told = json.loads(done(bench.cli("erase", "--email", ANN, "--yes", "--json")).stdout)
    equal(told["events"], 8, "what was erased")
    check(bench)
    refused = done(bench.cli("erase", "--email", "nobody", "--yes"), code=1)
    true("not an e-mail address" in refused.stderr, refused.stderr)


def delete_call(message_id, email):
    return {"type": "delete", "messageId": message_id, "userId": "u-1",
            "context": {"traits": {"email": email}}}


def asked_for(bench):
    return bench.rows("SELECT count(*) AS n FROM erasure")[0]["n"]


def test_delete_calls(bench):
    """a server's delete call erases its person, even when the process dies right after the call"""
    sim = bench.sim()
    daemon = bench.daemon(sim, delete_calls="erase")
    daemon.accept("/v1/track", track("a-1", email=ANN))
    bench.wait_settled(1)
    sim.answer(503)
    daemon.accept("/v1/track", track("a-2", email=ANN.lower()))
    daemon.accept("/v1/identify", {"messageId": "i-1", "userId": "u-8", "traits": {"email": ANN}})
    daemon.accept("/v1/batch", {"batch": [
        delete_call("d-2", ANN), track("a-3", email=ANN),
        {"type": "identify", "messageId": "i-2", "userId": "u-9", "traits": {"email": ANN}}]})
    daemon.accept("/v1/batch", {"context": {"traits": {"email": ANN, "lastName": "S"}},
                                "batch": [{"type": "track", "event": "Back", "messageId": "a-4"}]})
    daemon.kill()
    daemon = bench.daemon(sim, delete_calls="erase")
    wait_until(lambda: asked_for(bench) == 0, "the erasure")
    context = bench.rows("SELECT context FROM envelope ORDER BY envelope_id DESC LIMIT 1")[0]
    true(ANN in context["context"], f"what a later batch says of her: {context}")
    for name, status, reason in (("a-1", "delivered", None), ("a-2", "discarded", "erased"),
                                 ("d-2", "discarded", "erasure")):
        row = bench.outbox(name)
        equal((row["status"], row["reason"], row["email"], row["body"]),
              (status, reason, None, None), name)
    row = bench.outbox("a-3")
    equal((row["status"], row["email"]), ("pending", ANN), "an event that came after the call")
    equal([row["id"] for row in bench.rows("SELECT id FROM identity")], ["u-9"],
          "who is known by an id: what came after the call")
    last = bench.rows("SELECT * FROM operations ORDER BY operation_id DESC LIMIT 1")[0]
    equal((last["verb"], last["actor"], last["events"]), ("erase", "delete call", 4), "the operation")
    daemon.accept("/v1/delete", delete_call("d-3", ANN))
    wait_until(lambda: bench.outbox("a-3")["status"] == "discarded" and asked_for(bench) == 0,
               "the next erasure")
    sim.heal()
    daemon.stop()  # the readers of this test may have kept the WAL from being cut
    equal(holders(bench, ANN), [], "files that still hold something of hers")


def test_delete_calls_by_id(bench):
    """a delete call with an id erases the person whose address an identify gave"""
    sim = bench.sim()
    daemon = bench.daemon(sim, delete_calls="erase")
    daemon.accept("/v1/identify", {"messageId": "i-1", "userId": "u-9", "traits": {"email": ANN}})
    daemon.accept("/v1/track", {"messageId": "a-1", "userId": "u-9", "event": "Seen"})
    wait_until(lambda: bench.outbox("a-1")["status"] == "delivered", "it is resolved and sent")
    daemon.accept("/v1/delete", {"messageId": "d-1", "userId": "u-9"})
    wait_until(lambda: bench.outbox("a-1")["body"] is None and asked_for(bench) == 0, "the erasure")
    row = bench.outbox("d-1")
    equal((row["status"], row["reason"], row["email"]), ("discarded", "erasure", None), "the call")
    daemon.stop()  # the readers of this test may have kept the WAL from being cut
    equal(holders(bench, ANN), [], "files that still hold something of hers")


def test_delete_calls_that_erase_nobody(bench):
    """a delete call without the setting, from a page, or without an address erases nobody"""
    sim = bench.sim()
    daemon = bench.daemon(sim, allow_origins=["https://shop.example"])
    daemon.accept("/v1/track", track("a-1", email=ANN))
    bench.wait_settled(1)
    daemon.accept("/v1/delete", delete_call("d-1", ANN))
    bench.configure({"main": bench.site(sim.api_url(), delete_calls="erase",
                                        allow_origins=["https://shop.example"])})
    done(bench.cli("reload"))
    daemon.accept("/v1/delete", delete_call("d-2", ANN), headers={"Origin": "https://shop.example"})
    daemon.accept("/v1/delete", {"messageId": "d-3", "userId": "u-nobody"})
    for name, status, reason in (("d-1", "unsupported", "unsupported_event_type"),
                                 ("d-2", "discarded", "reserved_type"),
                                 ("d-3", "invalid", "no_email")):
        row = bench.outbox(name)
        equal((row["status"], row["reason"]), (status, reason), name)
    equal(asked_for(bench), 0, "erasures asked for")
    true(bench.outbox("a-1")["body"], "hers is still there")


spooltest.main()
