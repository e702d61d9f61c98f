#!/usr/bin/env python3
"""What real senders really send, from a client's call to what Bento gets."""
import base64
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true  # noqa: E402

PAGE = {"Origin": "https://page.example"}
KEYS = f"{spooltest.PUBLISHABLE_KEY}:{spooltest.SECRET_KEY}"
BASIC = {"Authorization": "Basic " + base64.b64encode(KEYS.encode()).decode()}


def outcomes(bench, *message_ids):
    rows = {name: bench.outbox(name) for name in message_ids}
    return {name: (row["status"], row["reason"]) for name, row in rows.items()}


def test_neighbours(bench):
    """one event spoils no other: a useless unique, members that are no events"""
    sim = bench.sim("--fault", "refuse=*@bad.example")
    daemon = bench.daemon(sim)
    daemon.accept("/v1/batch", {"batch": [
        track("a"), track("b", properties={"unique": True}), None, "x", 7, [],
        track("bad", email="x@bad.example"), track("c", properties=[])]})
    bench.wait_settled(8)
    good = ("delivered", None)
    equal(outcomes(bench, "a", "b", "c"), {"a": good, "b": good, "c": good}, "the good ones")
    equal(bench.value("SELECT count(*) FROM outbox WHERE reason = 'event_not_object'"), 4, "strays")
    daemon.accept("/v1/batch", {"batch": {"0": track("d"), "2": track("e")}})
    bench.wait_settled(10)
    equal(outcomes(bench, "d", "e"), {"d": good, "e": good}, "PHP's list with holes")


def test_pages(bench):
    """a page makes Bento act by no road; a preflight allows the headers it asks for"""
    sim = bench.sim()
    daemon = bench.daemon(sim, identify="subscribers", fields=["labels=tags"])
    for i, traits in enumerate(({"tags": "vip"}, {"remove": {"tags": "x"}}, {"labels": ["x"]},
                                {"command": "unsubscribe"}, {"Email": "other@example.com"})):
        daemon.accept("/v1/identify", {"messageId": f"i-{i}", "context": {
            "traits": {"email": "ann@example.com"}}, "traits": traits}, headers=PAGE)
    for i, name in enumerate(("$tag", "$Tag ", "\uff04unsubscribe", "$tag\u200b")):
        daemon.accept("/v1/track", track(f"t-{i}", event=name), headers=PAGE)
    daemon.accept("/v1/identify", {"messageId": "server", "traits": {
        "email": "ann@example.com", "t\u0061gs": ["lead", "mql"]}})
    bench.wait_settled(10)
    equal([s for s in sim.subscribers() if len(s) > 1],
          [{"email": "ann@example.com", "tags": "lead,mql"}], "subscribers with more than an address")
    equal({bench.outbox(f"t-{i}")["reason"] for i in range(4)}, {"reserved_type"}, "types")
    status, headers, _ = daemon.request("OPTIONS", "//v1/t", headers={
        **PAGE, "Access-Control-Request-Headers": "baggage,sentry-trace"})
    equal(status, 204, "the preflight")
    true("baggage, sentry-trace" in headers["access-control-allow-headers"], f"{headers}")


def test_people(bench):
    """ids of nobody teach nothing; a userId like an address is a guess; addresses are cleaned"""
    sim = bench.sim()
    daemon = bench.daemon(sim, identity_wait=3600, ignore_ids=["test"])
    for i, name in enumerate(("undefined", "NULL", "0", "[object Object]", "Test")):
        daemon.accept("/v1/identify", {"messageId": f"i-{i}", "userId": name,
                                       "traits": {"email": f"customer{i}@example.com"}})
        daemon.accept("/v1/track", {"messageId": f"t-{i}", "event": "E", "userId": name,
                                    "anonymousId": f"visitor-{i}"})
        equal(bench.outbox(f"t-{i}")["email"], None, f"{name}")
    daemon.accept("/v1/identify", {"messageId": "i", "userId": "old@corp.example",
                                   "traits": {"email": " Ann <ann@example.com>\u200b"}})
    daemon.accept("/v1/track", {"messageId": "t", "event": "E", "userId": "old@corp.example"})
    equal(bench.outbox("t")["email"], "ann@example.com", "taught")
    daemon.accept("/v1/track", {"messageId": "s", "event": "E", "userId": "samlp|c|ann@corp.example"})
    equal(bench.outbox("s")["reason"], "awaiting_identity", "a directory's id")
    daemon.accept("/v1/track", {"messageId": "two", "event": "E", "email": "a@b.co, c@d.co"})
    equal(outcomes(bench, "two"), {"two": ("invalid", "invalid_email")}, "two addresses")


def test_bento_clients(bench):
    """PHP's single object, Laravel's nulls, Node's lists of tags; a key is the messageId"""
    sim = bench.sim()
    daemon = bench.daemon(sim)

    def post(path, body):
        return daemon.post(path, body, key=None, headers=BASIC)

    event = {"type": "N", "email": "ann@example.com", "details": {"unique": {"key": 7}}}
    one = (200, {"results": 1, "failed": 0})
    events, subscribers = (f"/api/v1/batch/{name}?site_uuid={spooltest.SITE_UUID}" for name in
                           ("events", "subscribers"))
    equal(post(events, {"events": {"date": None, "email": "ann@example.com", "type": "$tag",
                                   "details": {"tag": "New"}, "fields": []}}), one, "one object")
    equal(post(events, {"events": [{"type": "L", "email": "ann@example.com", "fields": None,
                                    "details": None}]}), one, "nulls")
    equal([post(events, {"events": [event]}), post(events, {"events": [event]})], [one, one],
          "the same event twice")
    equal(post(subscribers, {"subscribers": [{"email": "ann@example.com", "tags": ["a", "b"]}]}),
          one, "tags")
    bench.wait_settled(4)
    equal(bench.value("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 4, "delivered")
    equal(sim.subscribers(), [{"email": "ann@example.com", "tags": "a,b"}], "the subscriber")
    true('"fields":[' not in sim.record_text(), "no empty array reached Bento")


def test_recorded_bento_clients(bench):
    """what Bento's Ruby, PHP, Python and Laravel clients post, recorded, arrives as they meant it"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    with open(os.path.join(spooltest.srcdir(), "tests/data/bento-clients.jsonl"),
              encoding="utf-8") as file:
        requests = [json.loads(line.replace("SITE_UUID", spooltest.SITE_UUID)) for line in file]
    for request in requests:
        equal(daemon.post(request["path"], request["body"].encode(), key=None, headers=BASIC),
              (200, {"results": len(request["sent"]), "failed": 0}), request["body"])
    wanted = {sent["email"]: sent for request in requests for sent in request["sent"]}
    bench.wait_settled(len(wanted))
    equal({item["email"]: as_posted(item, wanted[item["email"]])
           for item in sim.events() + sim.subscribers()}, wanted, "what Bento got")


def as_posted(item, wanted):
    """Without the key and the date that the spooler adds where the client gave none."""
    details = dict(item.get("details") or {})
    if "unique" not in (wanted.get("details") or {}):
        details.pop("unique", None)
    same = {**item, "details": details or wanted.get("details")}
    return {name: value for name, value in same.items() if name in wanted or
            name not in ("date", "details")}


spooltest.main()
