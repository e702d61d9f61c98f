#!/usr/bin/env python3
"""The whole way of an event: received over HTTP, stored in the outbox, sent to Bento, shown in the
audit."""
import os
import socket
import sys
from datetime import datetime

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Skip, equal, track, true, wait_until  # noqa: E402


def test_track(bench):
    """a track call arrives at Bento as the Segment function would send it"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", {
        "type": "track", "messageId": "m-1", "event": "Order Completed", "userId": "u-1",
        "timestamp": "2026-08-01T10:00:00.500+02:00", "properties": {"total": 12},
        "context": {"traits": {
            "email": "ann@example.com", "firstName": "Ann", "lastName": "Lee"}}})
    bench.wait_settled(1)
    equal(sim.events(), [{
        "type": "Order Completed", "email": "ann@example.com",
        "fields": {"first_name": "Ann", "last_name": "Lee"},
        "details": {"total": 12, "unique": {"key": "m-1"}},
        "date": "2026-08-01T08:00:00.500Z"}], "what Bento got")
    row = bench.outbox("m-1")
    equal([row[k] for k in ("site", "kind", "name", "email", "status", "reason", "http_status",
                            "error", "maybe_sent")],
          ["main", "track", "Order Completed", "ann@example.com", "delivered", None, 200, None, 0],
          "the outbox")
    equal(row["occurred_at"], "2026-08-01T08:00:00.500Z", "occurred_at")
    true(row["settled_at"] >= row["received_at"], "it settled after it was received")


def test_request(bench):
    """the request to Bento carries credentials, User-Agent and site"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    requests = sim.requests()
    equal(len(requests), 1, "requests")
    equal(requests[0]["status"], 200, "status")
    equal(requests[0]["events"], 1, "events")
    equal(requests[0]["authorization"], "Basic dGVzdC1wdWJsaXNoYWJsZTp0ZXN0LXNlY3JldA==", "keys")
    true(requests[0]["user_agent"].startswith("bentospool/"), f"user agent in {requests[0]}")
    true('"site_uuid":"test-site"' in sim.record_text().replace(" ", ""), "site_uuid")


def test_bytes(bench):
    """properties arrive byte for byte: large numbers, 1.10, key order, escapes, odd spaces"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    properties = ('{ "z" : 1491926160718000000,"a":1.10, "e" : 1E+2 ,'
                  '"t":"caf\\u00e9 \\/ \u00e9 \U0001f375","n":{"deep":[1 , -0.0]}}')
    daemon.accept("/v1/track", '{"type":"track","event":"E","messageId":"m-1","properties":'
                  + properties + ',"email":"ann@example.com"}')
    bench.wait_settled(1)
    true(properties.rstrip("}") in sim.record_text(),
         f"{properties!r} is in what Bento got: {sim.record_text()!r}")
    true(properties in bench.outbox("m-1")["body"], "and in the outbox")


def test_unique(bench):
    """the application's key is kept if it can be used; otherwise the spooler adds one"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    for n, unique in enumerate(['{"key":"own"}', '"text"', "null"]):
        daemon.accept("/v1/track", '{"type":"track","event":"E","messageId":"m-%d",'
                      '"email":"ann@example.com","properties":{"unique":%s}}' % (n, unique))
    bench.wait_settled(3)
    equal([event["details"] for event in sim.events()],
          [{"unique": {"key": "own"}}, {"unique": {"key": "m-1", "value": "text"}},
           {"unique": {"key": "m-2"}}], "details")


def test_settings(bench):
    """with unique_key and send_date switched off, nothing is added"""
    sim = bench.sim()
    daemon = bench.daemon(sim, unique_key=False, send_date=False)
    daemon.accept("/v1/track", track("m-1", properties={"a": 1}))
    bench.wait_settled(1)
    equal(sim.events(), [{"type": "Test Event", "email": "ann@example.com", "details": {"a": 1}}],
          "what Bento got")


def test_person(bench):
    """the address is looked up in places about the person before places about the event"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    ann = {"email": "ann@example.com", "firstName": "Ann"}
    bob = {"email": "bob@example.com", "firstName": "Bob", "last_name": "Low"}
    cases = [
        ({**ann, "context": {"traits": bob}}, "ann@example.com", {"first_name": "Ann"}),
        ({"context": {"traits": ann}, "properties": bob}, "ann@example.com",
         {"first_name": "Ann"}),
        ({"traits": ann, "properties": bob}, "ann@example.com", {"first_name": "Ann"}),
        ({"properties": bob, "userId": "ann@example.com"}, "bob@example.com",
         {"first_name": "Bob", "last_name": "Low"}),
        ({"userId": "ann@example.com", "context": {"traits": {"firstName": "Ann"}}},
         "ann@example.com", {"first_name": "Ann"}),
        ({"email": "no address", "properties": bob}, "bob@example.com",
         {"first_name": "Bob", "last_name": "Low"}),
    ]
    for n, (more, _, _) in enumerate(cases):
        daemon.accept("/v1/track", {"type": "track", "event": "E", "messageId": f"m-{n}", **more})
    bench.wait_settled(len(cases))
    got = {event["details"]["unique"]["key"]: event for event in sim.events()}
    for n, (_, email, fields) in enumerate(cases):
        equal((got[f"m-{n}"]["email"], got[f"m-{n}"].get("fields")), (email, fields), f"case {n}")


def test_batch(bench):
    """batch and import: each event is stored separately and in order, and its own context has
    priority over the batch's"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    plain = {"type": "track", "event": "E", "properties": {}}
    daemon.accept("/v1/batch", {
        "context": {"traits": {"email": "all@example.com"}},
        "batch": [{**plain, "messageId": "m-1"}, track("m-2"), {**plain, "messageId": "m-3"}]})
    daemon.accept("/v1/import", {"batch": [track("m-4")]})
    bench.wait_settled(4)
    equal([(e["details"]["unique"]["key"], e["email"]) for e in sim.events()],
          [("m-1", "all@example.com"), ("m-2", "ann@example.com"), ("m-3", "all@example.com"),
           ("m-4", "ann@example.com")], "what Bento got, in order")


def test_kinds(bench):
    """kinds that Bento does not take are kept as unsupported, with a reason"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    kinds = ["identify", "page", "screen", "group", "alias", "delete"]
    for kind in kinds:
        daemon.accept(f"/v1/{kind}", {"messageId": f"m-{kind}", "userId": "u-1",
                                      "traits": {"email": "ann@example.com"}})
    for short, kind in [("i", "identify"), ("p", "page"), ("s", "screen"), ("g", "group"),
                        ("a", "alias")]:
        daemon.accept(f"/v1/{short}", {"messageId": f"short-{kind}", "userId": "u-1"})
    daemon.accept("/v1/t", track("short-track"))
    daemon.accept("/v1/b", {"batch": [track("short-batch")]})
    bench.wait_settled(len(kinds) + 7)
    for row in bench.rows("SELECT * FROM outbox WHERE kind <> 'track'"):
        equal(row["message_id"].split("-")[1], row["kind"], "kind")
        equal(row["status"], "unsupported", row["message_id"])
        true(row["reason"], f"{row['message_id']} has a reason")
    equal(sorted(sim.keys()), ["short-batch", "short-track"], "what Bento got")


def test_telemetry(bench):
    """telemetry is answered and not stored"""
    daemon = bench.daemon()
    daemon.accept("/v1/m", {"series": []})
    daemon.accept("/v1/track", track("m-1"))
    equal([row["message_id"] for row in bench.outbox()], ["m-1"], "the outbox")


def test_invalid(bench):
    """events that Bento cannot take are kept as invalid and do not delay the others"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    broken = [track("no-name"), track("no-email", email=None), track("name-is-number", event=7),
              track("blank-name", event=""), track("list", properties=[1])]
    del broken[0]["event"]
    daemon.accept("/v1/batch", {"batch": [track("good-1"), *broken, track("good-2")]})
    bench.wait_settled(len(broken) + 2)
    for event in broken:
        row = bench.outbox(event["messageId"])
        equal(row["status"], "invalid", event["messageId"])
        true(row["reason"], f"{event['messageId']} has a reason")
    equal(sim.keys(), ["good-1", "good-2"], "what Bento got")
    equal(len(bench.rows("SELECT * FROM failures")), len(broken), "rows of failures")


def test_without_message_id(bench):
    """each event without a messageId gets one"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    event = track("x")
    del event["messageId"]
    daemon.accept("/v1/batch", {"batch": [event, event]})
    bench.wait_settled(2)
    ids = [row["message_id"] for row in bench.outbox()]
    true(len(set(ids)) == 2 and all(ids), f"two ids: {ids}")
    equal(sorted(sim.keys()), sorted(ids), "they are the unique keys")


def test_duplicates(bench):
    """a repeated messageId is answered 200 and stored once"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    for _ in range(3):
        daemon.accept("/v1/track", track("m-1"))
    daemon.accept("/v1/batch", {"batch": [track("m-1"), track("m-2"), track("m-2")]})
    bench.wait_settled(2)
    equal(sim.keys(), ["m-1", "m-2"], "what Bento got")


def test_write_keys(bench):
    """the write key may come as the user of Basic authentication or in the body"""
    daemon = bench.daemon()
    daemon.accept("/v1/track", track("m-1"))
    daemon.accept("/v1/track", {**track("m-2"), "writeKey": spooltest.WRITE_KEY}, key=None)
    daemon.accept("/v1/batch", {"batch": [track("m-3")], "writeKey": spooltest.WRITE_KEY}, key=None)
    for body, key in [(track("m-4"), None), (track("m-5"), "other"), (track("m-6"), ""),
                      ({**track("m-7"), "writeKey": spooltest.WRITE_KEY[:-1]}, None)]:
        status, answer = daemon.post("/v1/track", body, key=key)
        equal((status, answer["success"]), (401, False), body["messageId"])
    equal([row["message_id"] for row in bench.outbox()], ["m-1", "m-2", "m-3"], "the outbox")


def test_origin(bench):
    """a browser's origin needs a known write key, or must be in the list"""
    conf_any = bench.daemon(write_keys=[], allow_origins=["https://shop.example"])
    status, _, _ = conf_any.request("POST", "/v1/track", track("m-1"), key=None,
                                    headers={"Origin": "https://evil.example"})
    equal(status, 403, "an origin that is not on the list")
    status, _, _ = conf_any.request("POST", "/v1/track", track("m-2"), key=None,
                                    headers={"Origin": "https://shop.example"})
    equal(status, 200, "an origin that is on the list")
    status, headers, _ = conf_any.request("OPTIONS", "/v1/track", key=None, headers={
        "Origin": "https://shop.example", "Access-Control-Request-Method": "POST"})
    equal(status, 204, "preflight")
    allowed = headers["access-control-allow-headers"].lower()
    for name in ("authorization", "content-type", "x-retry-count"):
        true(name in allowed, f"{name} is allowed: {allowed}")
    equal([row["message_id"] for row in bench.outbox()], ["m-2"], "the outbox")


def test_listeners(bench):
    """listeners on TCP and on a unix socket accept events"""
    sim = bench.sim()
    socket_path = bench.path("ingest.sock")
    daemon = bench.daemon(sim, ingest={"listen": ["127.0.0.1:0", f"unix:{socket_path}"]},
                          listeners=2)
    for i, url in enumerate(daemon.addresses()):
        daemon.accept("/v1/track", track(f"m-{i}"), listener=i)
        true(url.startswith(("http://127.0.0.1:", "unix:")), f"address {url}")
    bench.wait_settled(2)
    equal(sorted(sim.keys()), ["m-0", "m-1"], "what Bento got")
    equal(daemon.stop(), 0, "exit status")
    true(not os.path.exists(socket_path), "the socket's file is gone")


def test_ipv6(bench):
    """a listener on IPv6 loopback accepts events"""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as e:
        raise Skip(f"no IPv6 here: {e}") from e
    sim = bench.sim()
    daemon = bench.daemon(sim, ingest={"listen": ["[::1]:0"]})
    true(daemon.url().startswith("http://[::1]:"), f"address {daemon.url()}")
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    equal(sim.keys(), ["m-1"], "what Bento got")


def test_history(bench):
    """history and attempts show each request, its events and its outcome"""
    sim = bench.sim()
    sim.answer(503, times=2)
    daemon = bench.daemon(sim)
    daemon.accept("/v1/batch", {"batch": [track("m-1"), track("m-2")]})
    bench.wait_settled(2)
    attempts = bench.rows("SELECT * FROM attempts ORDER BY attempt_id")
    equal([(a["http_status"], a["outcome"], a["events"]) for a in attempts],
          [(503, "retry", 2), (503, "retry", 1), (200, "delivered", 1), (200, "delivered", 1)],
          "attempts: the batch, a probe that fails, one that passes, the rest")
    wanted = [["m-1", "m-2"], ["m-1"], ["m-1"], ["m-2"]]
    for attempt in attempts:
        true(attempt["started_at"] <= attempt["finished_at"], "it ends after its start")
        true(attempt["bytes"] > 100 and attempt["duration_ms"] >= 0, "bytes and duration")
        members = bench.rows("SELECT * FROM history WHERE attempt_id = ?", attempt["attempt_id"])
        equal(sorted(m["message_id"] for m in members), wanted.pop(0), "members")
        equal({m["outcome"] for m in members}, {attempt["outcome"]}, "their outcome")
    equal([request["status"] for request in sim.requests()], [503, 503, 200, 200],
          "what the sim says")
    equal(sim.keys(), ["m-1", "m-2"], "each once")


def test_backoff(bench):
    """an outage charges no attempts: the events wait, and are sent once Bento is back"""
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", track("m-1"))
    wait_until(lambda: len(sim.requests()) >= 2, "two attempts")
    daemon.accept("/v1/track", track("m-2"))
    equal([(row["status"], row["attempts"]) for row in bench.outbox()], [("pending", 0)] * 2,
          "statuses and charged attempts during the outage")
    sim.heal()
    bench.wait_settled(2)
    equal(sorted(sim.keys()), ["m-1", "m-2"], "what Bento got")


def test_down(bench):
    """while nobody listens at Bento's address nothing is sent, and status says so"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    daemon = bench.daemon(f"http://127.0.0.1:{port}/api/v1")
    daemon.accept("/v1/track", track("m-1"))
    wait_until(lambda: bench.value("SELECT count(*) FROM attempts WHERE outcome = 'not_sent'"),
               "an attempt that was not sent")
    row = bench.outbox("m-1")
    equal((row["status"], row["maybe_sent"]), ("pending", 0), "the event waits")
    true(bench.value("SELECT error FROM attempts LIMIT 1"), "the attempt has an error")
    sim = bench.sim(listen=f"127.0.0.1:{port}")
    bench.wait_settled(1)
    equal(sim.keys(), ["m-1"], "what Bento got")


def test_refused(bench):
    """400, 413 and 422 fail the events, with Bento's error"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    for n, status in enumerate([400, 413, 422]):
        sim.answer(status)
        daemon.accept("/v1/track", track(f"m-{status}"))
        bench.wait_settled(n + 1)
        row = bench.outbox(f"m-{status}")
        equal((row["status"], row["http_status"]), ("failed", status), f"after {status}")
        true(row["reason"], f"{status} has a reason")
    equal({row["outcome"] for row in bench.rows("SELECT * FROM history")}, {"refused"}, "outcomes")


def test_other_answers(bench):
    """401, 403, 404 leave the events pending until the cause is fixed"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    for status in (401, 403, 404):
        sim.answer(status)
        daemon.accept("/v1/track", track(f"m-{status}"))
        wait_until(lambda code=status: bench.value(
            "SELECT count(*) FROM attempts WHERE http_status = ?", code), f"a {status}")
        row = bench.outbox(f"m-{status}")
        equal((row["status"], row["attempts"]), ("pending", 0), f"after {status}")
    sim.heal()
    bench.wait_settled(3)
    equal(len(sim.keys()), 3, "what Bento got")


def test_retry_after(bench):
    """Retry-After is obeyed: no request is sent before it is over"""
    sim = bench.sim()
    sim.answer(429, retry_after=3, times=1)
    daemon = bench.daemon(sim, retry_first=1, retry_max=1)
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    equal([request["status"] for request in sim.requests()], [429, 200], "requests")
    first, second = [datetime.fromisoformat(request["time"]) for request in sim.requests()]
    waited = (second - first).total_seconds()
    true(2.999 <= waited, f"it waited {waited} s for Retry-After: 3")


def test_batches(bench):
    """a backlog goes out in batches of batch_events, in order of arrival"""
    sim = bench.sim()
    sim.faults("delay=1000,count=1")
    daemon = bench.daemon(sim, batch_events=10)
    daemon.accept("/v1/track", track("m-000"))
    wait_until(lambda: bench.value("SELECT count(*) FROM attempts"), "the first request")
    daemon.accept("/v1/batch", {"batch": [track(f"m-{n:03}") for n in range(1, 35)]})
    bench.wait_settled(35)
    equal(sim.keys(), [f"m-{n:03}" for n in range(35)], "order")
    sizes = [r["events"] for r in sim.requests() if r["status"] == 200]
    equal(sizes, [1, 10, 10, 10, 4], "sizes of the batches")


def test_batch_bytes(bench):
    """no request's body is longer than batch_bytes"""
    sim = bench.sim()
    sim.answer(503, times=1)
    daemon = bench.daemon(sim, batch_bytes=5000, batch_events=100)
    daemon.accept("/v1/batch", {"batch": [
        track(f"m-{n}", properties={"pad": "x" * 900}) for n in range(20)]})
    bench.wait_settled(20)
    largest = bench.value("SELECT max(bytes) FROM attempts")
    true(3000 < largest <= 5000, f"the largest request has {largest} bytes")


def test_clock_correction(bench):
    """the time of an event is corrected by the offset of the client's clock"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", track("m-1", timestamp="2020-01-01T00:00:00.000Z",
                                     sentAt="2020-01-01T00:00:10.000Z"))
    bench.wait_settled(1)
    lag = bench.value("SELECT (julianday(received_at) - julianday(occurred_at)) * 86400 FROM outbox")
    true(9.9 < lag < 10.1, f"it happened 10 s before it was received: {lag}")


def test_clean_stop(bench):
    """SIGTERM ends the daemon cleanly and leaves no attempt open"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    daemon.accept("/v1/batch", {"batch": [track(f"m-{n}") for n in range(200)]})
    equal(daemon.stop(), 0, "exit status")
    equal(bench.value("SELECT count(*) FROM attempts WHERE outcome IS NULL"), 0, "open attempts")
    equal(bench.value("SELECT count(*) FROM outbox"), 200, "events")
    equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")


spooltest.main()
