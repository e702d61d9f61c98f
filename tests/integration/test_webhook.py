#!/usr/bin/env python3
"""Signed posts of Segment's webhook destination: one event, or an array of events."""
import hmac
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true  # noqa: E402

SECRET = "a shared secret"


def stringify(value):
    """Returns JSON as JSON.stringify prints it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def signature(text, secret=SECRET):
    return {"X-Signature": hmac.new(secret.encode(), text.encode(), "sha1").hexdigest()}


def of_segment(message_id, **more):
    """Returns an event as Segment forwards it, an hour after it happened."""
    return track(message_id, receivedAt="2026-08-01T11:00:01.000Z", version=2,
                 originalTimestamp="2026-08-01T10:58:00.000Z", sentAt="2026-08-01T10:58:01.000Z",
                 timestamp="2026-08-01T11:00:00.000Z", writeKey="key-of-the-source",
                 integrations={}, channel="server", **more)


def post(daemon, body, **more):
    return daemon.post("/v1/webhook", body, key=None, **more)


def test_signed(bench):
    """single events and arrays with Segment's signature are accepted; others are refused with 401
    """
    sim = bench.sim()
    bench.write("secret", SECRET + "\n")
    daemon = bench.daemon(sim, webhook_secret_file=bench.path("secret"))
    one = stringify(of_segment("m-1", properties={"text": "é € 😀", "n": 12.5}))
    equal(post(daemon, one, headers=signature(one)), (200, {"success": True}), "one event")
    several = [of_segment("m-2"), of_segment("m-3"), of_segment("m-4", email=None),
               {"type": "delete", "userId": "u-1", "messageId": "m-5"}]
    array = stringify(several)
    equal(post(daemon, array, headers=signature(stringify(several[0]))), (200, {"success": True}),
          "an array, of which the first element is signed")
    bench.wait_settled(5)
    equal({row["message_id"]: row["status"] for row in bench.outbox() if row["kind"] == "track"},
          {"m-1": "delivered", "m-2": "delivered", "m-3": "delivered", "m-4": "invalid"}, "statuses")
    row = bench.outbox("m-1")
    equal((row["occurred_at"], row["body"]), ("2026-08-01T11:00:00.000Z", one),
          "the time that Segment corrected, and the body as it came")
    equal(bench.outbox("m-5")["kind"], "delete", "a delete is known as one")
    equal(sorted(sim.keys()), ["m-1", "m-2", "m-3"], "what Bento got")
    for what, headers in [("no signature", {}), ("another secret", signature(one, "other")),
                          ("that of another body", signature(array)),
                          ("no digits", {"X-Signature": "x" * 40})]:
        status, answer = post(daemon, one, headers=headers)
        equal((status, answer["code"]), (401, "invalid_signature"), what)
    status, answer = daemon.post("/v1/webhook", one)
    equal((status, answer["code"]), (401, "invalid_signature"), "a write key alone")
    equal(bench.value("SELECT count(*) FROM outbox"), 5, "events")
    true(SECRET not in bench.cli("check").stdout, "check masks the secret")


def test_key_alone(bench):
    """without a webhook_secret the path needs the write key"""
    daemon = bench.daemon()
    body = stringify([of_segment("m-1")])
    equal(post(daemon, body, headers=signature(body))[0], 401, "a signature that nobody checks")
    status, answer = post(daemon, body)
    equal((status, answer["code"]), (401, "invalid_write_key"), "neither a key nor a signature")
    equal(daemon.post("/v1/webhook", body), (200, {"success": True}), "Basic auth")
    equal(daemon.post(f"/v1/webhook?writeKey={spooltest.WRITE_KEY}", body, key=None),
          (200, {"success": True}), "?writeKey=")
    equal(len(bench.outbox()), 1, "the second is the same")


def test_several_sites(bench):
    """with several sites the secret, or the key, decides the site"""
    sim = bench.sim()
    sites = {name: bench.site(sim.api_url(), write_keys=[f"key-{name}"], webhook_secret=secret)
             for name, secret in (("a", "secret a"), ("b", "secret b"))}
    daemon = spooltest.Daemon(bench, bench.configure(sites))
    for n, (name, secret) in enumerate((("a", "secret a"), ("b", "secret b"), ("b", "secret b"))):
        body = stringify(of_segment(f"m-{n}"))
        query = "?writeKey=key-b" if n == 2 else ""
        equal(daemon.post(f"/v1/webhook{query}", body, key=None, headers=signature(body, secret)),
              (200, {"success": True}), f"{n}")
        equal(bench.outbox(f"m-{n}")["site"], name, "the site")
    body = stringify(of_segment("m-9"))
    equal(daemon.post("/v1/webhook?writeKey=key-a", body, key=None,
                      headers=signature(body, "secret b"))[0], 401, "key and secret of two sites")


spooltest.main()
