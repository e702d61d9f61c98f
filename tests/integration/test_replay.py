#!/usr/bin/env python3
"""Posts a few thousand varied events in every format, and accounts for every one of them."""
import base64
import gzip
import json
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolhttp import Raw  # noqa: E402
from spooltest import equal, true  # noqa: E402

EVENTS = 4000
NOT_OBJECTS = [[], "text", 7, True, [{"a": 1}]]
KINDS = ["track"] * 12 + ["identify", "page", "screen", "group", "alias", "Foo"]
NAMES = ["Order Completed", "Ünïcode €", "a\"b\\c/\n\t", "x" * 300, "😀", " spaced ", "$custom"]
TIMES = ["2026-08-01T11:34:56.789Z", "2026-08-01T13:34:56.789123+02:00", "2026-08-01 11:34:56",
         "2026-08-01", "Sat Aug 01 2026", "", 1785584096789, None, "0001-01-01T00:00:00Z"]
VALUES = [0, -1, 19.99, 1e300, 123456789012345678, "text", "é", "\U0001f600", "", None, True, [],
          {}, [1, [2, [3]]], {"deep": {"deeper": [None, {"": ""}]}}, "\u0000", "\u2028</script>"]


class Maker:
    """Makes events, and the expected status, reason and address of each."""

    def __init__(self, seed):
        self.rand = random.Random(seed)
        self.n = 0

    def name(self, event, odd):
        """Sets `event` of a track call; returns the reason when it is invalid."""
        if not odd:
            event["event"] = self.rand.choice(NAMES)
            return None
        value = self.rand.choice([None, "", " \n", 7, ["x"], {}])
        if value is None and self.rand.random() < 0.5:
            return "event_not_defined"
        event["event"] = value
        blank = value is None or (isinstance(value, str) and not value.strip())
        return "event_not_defined" if blank else "event_not_string"

    def person(self, event, n):
        """Puts an address into one of the places where clients put it, or into none; returns the
        address."""
        email = f"person-{n}@example.com"
        place = self.rand.choice(["context", "context", "context", "properties", "traits", "top",
                                  "userId", "none", "broken"])
        if place == "context":
            event["context"]["traits"] = {"email": email, "firstName": "Ann"}
        elif place in ("properties", "traits") and isinstance(event.get(place, {}), dict):
            event.setdefault(place, {})["email"] = email
        elif place == "top":
            event["email"] = email
        elif place == "userId":
            event["userId"] = email
        else:
            if place == "broken":
                event["email"] = self.rand.choice(["nobody", "a@b", 7, None, {}, "a b@c.de"])
            return None
        return email

    def message_id(self, event, n):
        """Sets the messageId; returns it as the outbox shows it, and the reason when it is too
        long."""
        shape = self.rand.random()
        event["messageId"] = f"m-{n}"
        if shape < 0.05:
            event["messageId"] = n  # a number is stored as its text
        elif shape < 0.08:
            event["messageId"] = f"m-{n}-" + "é" * (100 - len(f"m-{n}-"))
        elif shape < 0.11:
            event["messageId"] = f"m-{n}-" + "é" * (101 - len(f"m-{n}-"))
            return str(event["messageId"]), "message_id_too_long"
        return str(event["messageId"]), None

    def make(self):
        """Returns an event and what is expected of it."""
        self.n += 1
        kind = self.rand.choice(KINDS)
        event = {"type": self.rand.choice([kind, kind.upper(), kind.capitalize()]),
                 "context": {"library": {"name": "replay", "version": "1"}}}
        part = "traits" if kind in ("identify", "group") else "properties"
        odd = self.rand.random() < 0.05
        event[part] = self.rand.choice(NOT_OBJECTS) if odd else {
            f"p{i}": self.rand.choice(VALUES) for i in range(self.rand.randrange(6))}
        # PHP writes an empty array where others write an empty object.
        not_object = odd and event[part] != []
        reason = f"{part}_not_object" if not_object and kind not in ("alias", "Foo") else None
        if kind == "track":
            reason = self.name(event, self.rand.random() < 0.05) or reason
        elif kind in ("page", "screen"):
            event["name"] = "Home"
        email = self.person(event, self.n)
        message_id, too_long = self.message_id(event, self.n)
        if self.rand.random() < 0.5:
            event["timestamp"] = self.rand.choice(TIMES)
        if self.rand.random() < 0.01:
            event["padding"] = "x" * 33000
            too_long = "event_too_large"
        if self.rand.random() < 0.3:
            event["integrations"] = {"All": True}
        return event, self.expect(kind, too_long or reason, message_id, email, event)

    def expect(self, kind, reason, message_id, email, event):
        status = "invalid" if reason else "delivered"
        if not reason and kind != "track":
            status, reason = "unsupported", "unsupported_event_type"
        elif not reason and email is None:
            text = isinstance(event.get("email"), str)
            status, reason = "invalid", "invalid_email" if text else "no_email"
        return {"kind": "unknown" if kind == "Foo" else kind, "status": status, "reason": reason,
                "message_id": message_id, "email": email, "event": event}


class Sender:
    """Posts events in all the ways of clients."""

    def __init__(self, daemon, rand):
        self.daemon = daemon
        self.rand = rand
        self.requests = 0

    def send(self, path, value, key_in_body):
        """Sends one request: plain or gzip, whole or chunked, with the key in one of three places.
        """
        headers = {"Host": "spool", "Content-Type": self.rand.choice(
            ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])}
        where = self.rand.choice(["basic", "query", "body"] if key_in_body else ["basic", "query"])
        if where == "body":
            value = {**value, "writeKey": spooltest.WRITE_KEY}
        elif where == "query":
            path += f"?writeKey={spooltest.WRITE_KEY}"
        else:
            token = base64.b64encode(f"{spooltest.WRITE_KEY}:".encode()).decode()
            headers["Authorization"] = f"Basic {token}"
        body = json.dumps(value, ensure_ascii=self.rand.random() < 0.5).encode()
        if self.rand.random() < 0.4:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, self.rand.choice([0, 1, 9]))
        self.post(path, headers, body)

    def post(self, path, headers, body):
        raw = Raw(self.daemon.url())
        if self.rand.random() < 0.3:
            headers["Transfer-Encoding"] = "chunked"
            size = self.rand.choice([100, 1000, 100000])
            parts = [body[at:at + size] for at in range(0, len(body), size)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"
        else:
            headers["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        raw.send(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        equal(raw.answer(), (200, {"success": True}), f"POST {path} {headers}")
        raw.close()
        self.requests += 1

    def some(self, events):
        """Sends a few events in one of the formats."""
        shape = self.rand.choice(["single", "batch", "batch", "import", "webhook"])
        if shape == "single":
            for event in events:
                kind = str(event["type"]).lower()
                if kind != "foo":
                    self.send(f"/v1/{self.rand.choice([kind, kind[0]])}", event, True)
                else:
                    self.send("/v1/b", {"batch": [event]}, True)
        elif shape == "webhook":
            self.send("/v1/webhook", events, False)
        else:
            self.send(f"/v1/{shape}", {"batch": events, "sentAt": "2026-08-01T12:00:00Z",
                                       "context": {"ip": "192.0.2.1"}}, True)


def check_rows(bench, expected):
    rows = bench.outbox()
    equal(len(rows), len(expected), "rows in the outbox")
    by_id = {row["message_id"]: row for row in rows}
    for want in expected:
        row = by_id[want["message_id"]]
        got = {key: row[key] for key in ("kind", "status", "reason", "email")}
        equal(got, {key: want[key] for key in got}, f"{json.dumps(want['event'])[:300]}")
        stored = json.loads(row["body"])
        stored.pop("writeKey", None)
        equal(stored, want["event"], "the body as it came")
        true(want["reason"] not in ("event_too_large", "message_id_too_long") or row["error"],
             f"a size beside {want['reason']}")


def check_delivered(sim, expected):
    got = {event["details"]["unique"]["key"]: event for event in sim.events()}
    wanted = {want["message_id"]: want for want in expected if want["status"] == "delivered"}
    equal(sorted(got), sorted(wanted), "what Bento got")
    equal(len(sim.events()), len(got), "each once")
    for message_id, want in wanted.items():
        event = got[message_id]
        equal((event["type"], event["email"]), (want["event"]["event"], want["email"]), message_id)
        details = dict(event["details"])
        del details["unique"]
        equal(details, want["event"]["properties"] or {}, f"{message_id}: details")


def test_replay(bench):
    """4,000 varied events in every format, encoding and chunking, some twice: each is accounted
    for"""
    maker = Maker(20260801)
    sim = bench.sim()
    daemon = bench.daemon(sim, batch_events=1000, batch_bytes=4000000)
    sender = Sender(daemon, maker.rand)
    made = [maker.make() for _ in range(EVENTS)]
    at = 0
    while at < EVENTS:
        n = maker.rand.choice([1, 2, 7, 20, 60])
        part = [event for event, _ in made[at:at + n]]
        sender.some(part)
        if maker.rand.random() < 0.1:
            sender.some(part)  # posts again, as a client does that got no answer
        at += n
    expected = [want for _, want in made]
    bench.wait_settled(EVENTS)
    check_rows(bench, expected)
    check_delivered(sim, expected)
    counts = {}
    for want in expected:
        counts[want["reason"] or want["status"]] = counts.get(want["reason"] or want["status"], 0) + 1
    print(f"# {EVENTS} events in {sender.requests} requests: {json.dumps(counts)}")
    true(len(counts) >= 9, f"variety: {counts}")


spooltest.main()
