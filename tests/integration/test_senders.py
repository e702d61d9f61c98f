#!/usr/bin/env python3
"""Events exactly as real senders send them, from receipt to Bento."""
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
    """a useless `unique`, or a member that is not an event, does not affect other events"""
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
    """no call from a browser changes a subscriber; a preflight allows the headers it asks for"""
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
    """an id such as "undefined" is not learned; a userId that looks like an address is only a
    guess; addresses are cleaned"""
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
    """accepts PHP's single object, Laravel's nulls and Node's lists of tags; details.unique.key is
    the messageId"""
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
    equal(post(subscribers, {"subscribers": [{"email": "ann@example.com", "tags": ["a", None, "", "b"]}]}),
          one, "tags")
    bench.wait_settled(4)
    equal(bench.value("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 4, "delivered")
    equal(sim.subscribers(), [{"email": "ann@example.com", "tags": "a,b"}], "the subscriber")
    lists = ({"1": "b", "3": "c"}, {"1": "a,b"}, {"id": "b"}, {"0": []}, {})
    daemon.post(subscribers, {"subscribers": [{"email": f"t{i}@example.com", "tags": tags}
                                              for i, tags in enumerate(lists)]},
                key=None, headers=BASIC)
    bench.wait_settled(9)
    equal([row["reason"] for row in bench.outbox() if row["email"].startswith("t")],
          [None, "fields_not_flat", "fields_not_flat", "fields_not_flat", None], "PHP's lists")
    equal(sim.subscribers()[1:], [{"email": "t0@example.com", "tags": "b,c"},
                                  {"email": "t4@example.com"}], "tags of a list with holes")
    true('"fields":[' not in sim.record_text(), "no empty array reached Bento")


def test_keys_that_look_made(bench):
    """no two events get the same key, not even those whose own key looks like one that the spooler
    makes"""
    sim = bench.sim("--unique-scope", "site")
    daemon = bench.daemon(sim, rules=["Tagged => tag lead"], alias="change_email")
    daemon.accept("/v1/batch", {"batch": [
        track("m", event="Tagged"), track("m:tag"), track("m:tag:id"), track("m:id"),
        track("m:event"), track("m:remove_tag:id:id")]})
    events = f"/api/v1/batch/events?site_uuid={spooltest.SITE_UUID}"
    native = [{"type": kind, "email": "ann@example.com",
               "details": {"unique": {"key": key}, "value": {"currency": "USD", "amount": 1}}}
              for key, kind in (("k", "$purchase"), ("k:purchase", "N"), ("k:purchase:event", "N"),
                                ("k:event", "N"), ("k:purchase", "$purchase"))]
    for event in native * 2:
        equal(daemon.post(events, {"events": [event]}, key=None, headers=BASIC)[0], 200, event)
    bench.wait_settled(11)
    keys = sim.keys()
    equal(sorted(keys[:7]), sorted(["m", "m:tag", "m:tag:id", "m:tag:id:id", "m:id", "m:event:id",
                                    "m:remove_tag:id:id:id"]), "keys of Segment's calls")
    equal(bench.value("SELECT count(DISTINCT message_id) FROM outbox"), 11, "messageIds")
    equal(bench.statuses(), {"delivered": 11}, "all of them")


def test_keys_of_nobody(bench):
    """an order id or key such as "undefined" counts as missing, so different orders and events stay
    apart"""
    sim = bench.sim()
    daemon = bench.daemon(sim, rules=["Order Completed => as $purchase; currency EUR"])
    nobody = ("undefined", "null", 0, "[object Object]", "N/A", "")
    daemon.accept("/v1/batch", {"batch": [
        track(f"o{i}", event="Order Completed", properties={"order_id": key, "revenue": 5})
        for i, key in enumerate((*nobody, "1001"))]})
    events = f"/api/v1/batch/events?site_uuid={spooltest.SITE_UUID}"
    native = [{"type": "N", "email": "ann@example.com", "details": {"unique": {"key": key}}}
              for key in nobody * 2]
    value = {"currency": "EUR", "amount": 1}
    daemon.post(events, {"events": [*native, {
        "type": "$purchase", "email": "ann@example.com",
        "details": {"unique": {"key": "undefined"}, "value": value}}]}, key=None, headers=BASIC)
    bench.wait_settled(20)
    equal(outcomes(bench, "o0", "o3", "o6"),
          {"o0": ("invalid", "purchase_key_missing"), "o3": ("invalid", "purchase_key_missing"),
           "o6": ("delivered", None)}, "orders")
    equal(bench.value("SELECT count(*) FROM outbox WHERE name = 'N' AND status = 'delivered'"), 12,
          "events with keys of nobody")
    equal(len({event["details"]["unique"]["key"] for event in sim.events()}), 13, "their keys")
    equal(bench.value("SELECT reason FROM outbox WHERE name = '$purchase'"),
          "purchase_key_missing", "a native purchase")


def test_not_authorized(bench):
    """an event whose author is not authorized is refused at any status, and affects no other event
    """
    sim = bench.sim()
    daemon = bench.daemon(sim)
    for status in (200, 400, 401, 403, 429, 500, 502):
        name = f"s{status}"
        sim.faults(f"status={status},body=author,count=1")
        daemon.accept("/v1/track", track(name))
        bench.wait_settled(bench.value("SELECT count(*) FROM outbox"))
        row = bench.outbox(name)
        equal((row["status"], row["reason"], row["http_status"]), ("failed", "refused", status),
              f"status {status}")
        true("Author not authorized" in row["error"], row["error"])
        daemon.accept("/v1/track", track(name + "-next"))
        bench.wait_settled(bench.value("SELECT count(*) FROM outbox"))
        equal(bench.outbox(name + "-next")["status"], "delivered", "the next one")


def test_times_of_languages(bench):
    """a time that a language prints in its own form is understood, or noted as unreadable"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    php = {"date": "2026-01-02 03:04:05.000000", "timezone_type": 3, "timezone": "UTC"}
    daemon.accept("/v1/batch", {"batch": [
        track("utc", timestamp=php), track("named", timestamp={**php, "timezone": "Europe/Rome"}),
        track("offset", timestamp={**php, "timezone_type": 1, "timezone": "+02:00"}),
        track("mongo", timestamp={"$date": {"$numberLong": "1767323045000"}}),
        track("net", timestamp="/Date(1767323045000+0100)/"),
        track("swift", timestamp=789015845), track("java", timestamp="2026-01-02T03:04:05Z[UTC]"),
        track("asctime", timestamp="Fri Jan  2 03:04:05 UTC 2026")]})
    bench.wait_settled(8)
    good = "2026-01-02T03:04:05.000Z"
    alike = ("utc", "mongo", "net", "swift", "java", "asctime")
    equal({name: bench.outbox(name)["occurred_at"] for name in (*alike, "offset")},
          {**dict.fromkeys(alike, good), "offset": "2026-01-02T01:04:05.000Z"}, "times")
    true("cannot be read as a time" in bench.outbox("named")["error"], bench.outbox("named"))
    equal([event["date"] for event in sim.events()[:1]], [good], "what Bento got")


def test_older_forms(bench):
    """accepts the older forms of opting out, alias calls with from and to, and ids with blanks"""
    sim = bench.sim()
    daemon = bench.daemon(sim, identity_wait=3600)
    forms = [{"options": {"integrations": {"All": False}}}, {"options": {"Bento": False}},
             {"options": {"all": False}}, {"providers": {"bento": False}},
             {"integrations": {"Bento": True}, "options": {"integrations": {"Bento": False}}},
             {"context": {"integrations": {"Bento": False}}}]
    for i, form in enumerate(forms):
        daemon.accept("/v1/batch", {**form, "batch": [track(f"out{i}", integrations={"Bento": True})
                                                      if i else track("out0")]})
        equal(outcomes(bench, f"out{i}"), {f"out{i}": ("discarded", "integrations")}, form)
    daemon.accept("/v1/batch", {"options": {"integrations": {"Segment": False}, "x": 1},
                                "batch": [track("in")]})
    daemon.accept("/v1/track", track("own", providers={"Bento": False}))
    equal(outcomes(bench, "own"), {"own": ("discarded", "integrations")}, "an event's providers")
    daemon.accept("/v1/identify", {"type": "identify", "userId": " new\u200b ", "messageId": "i",
                                   "traits": {"email": "ann@example.com"}})
    daemon.accept("/v1/identify", {"type": "identify", "userId": 42, "messageId": "i42",
                                   "traits": {"email": "ann@example.com"}})
    daemon.accept("/v1/track", {"event": "E", "userId": 42.0, "messageId": "float"})
    equal(bench.outbox("float")["email"], "ann@example.com", "an id of a data frame")
    daemon.accept("/v1/alias", {"type": "alias", "from": "old", "to": "new", "messageId": "al"})
    for i, who in enumerate(("new", "old", "\tnew ", "old\u00a0")):
        daemon.accept("/v1/track", {"event": "E", "userId": who, "messageId": f"t{i}"})
        equal(bench.outbox(f"t{i}")["email"], "ann@example.com", who)
    daemon.accept("/v1/identify", {"type": "identify", "userId": "x", "messageId": "s",
                                   "sessionId": "s1", "context": {"sessionId": "s1"},
                                   "traits": {"email": "bob@example.com"}})
    daemon.accept("/v1/track", {"event": "E", "anonymousId": "s1", "messageId": "ts"})
    equal(bench.outbox("ts")["reason"], "awaiting_identity", "a session is nobody")


def test_recorded_bento_clients(bench):
    """recorded posts of Bento's Ruby, PHP, Python and Laravel clients arrive with all their
    values"""
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
    """Removes the key and the date that the spooler adds when the client gave none."""
    details = dict(item.get("details") or {})
    if "unique" not in (wanted.get("details") or {}):
        details.pop("unique", None)
    same = {**item, "details": details or wanted.get("details")}
    return {name: value for name, value in same.items() if name in wanted or
            name not in ("date", "details")}


spooltest.main()
