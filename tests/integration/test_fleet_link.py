#!/usr/bin/env python3
"""A box on a thin link: what goes first, a byte budget, a part of the day."""
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spoolfleet  # noqa: E402
import spooltest  # noqa: E402
from spooltest import equal, track, true  # noqa: E402


def message_ids(node):
    return [row["message_id"] for row in node.rows("SELECT message_id FROM outbox ORDER BY event_id")]


def test_first(bench):
    """purchases go before page views, and with them the older calls of their person, in order"""
    fleet = spoolfleet.Fleet(bench, settings={"send_first": ["Order *", "Paid"], "batch_events": 4})
    equal(fleet.box.cli("pause", "--site", "main").returncode, 0, "pause")
    calls = [
        {"type": "page", "name": "A", "anonymousId": "b-1", "messageId": "m-1"},
        {"type": "track", "event": "Looked", "anonymousId": "a-1", "messageId": "m-2"},
        {"type": "page", "name": "B", "userId": "u-9", "messageId": "m-3"},
        {"type": "identify", "userId": 77, "anonymousId": "a-1", "messageId": "m-4"},
        {"type": "page", "name": "C", "userId": "u-9", "messageId": "m-5"},
        {"type": "track", "event": "Order Completed", "userId": "77", "messageId": "m-6"},
        {"type": "page", "name": "D", "userId": "77", "messageId": "m-7"},
        track("m-8", "Looked", email="cy@example.com", userId="u-8"),
        {"type": "track", "event": "Paid", "email": "cy@example.com", "messageId": "m-9"},
        {"type": "page", "name": "Order page", "userId": "u-9", "messageId": "m-10"},
    ]
    fleet.box.daemon.accept("/v1/batch", {"batch": calls})
    equal(fleet.box.cli("resume", "--site", "main").returncode, 0, "resume")
    fleet.box.wait_statuses({"delivered": 10})
    equal(message_ids(fleet.center),
          ["m-2", "m-4", "m-6", "m-7", "m-8", "m-9", "m-1", "m-3", "m-5", "m-10"], "the order at the center")
    equal([row["events"] for row in fleet.box.rows("SELECT events FROM attempts ORDER BY attempt_id")],
          [4, 2, 4], "the requests")


def test_first_far(bench):
    """an event goes first as soon as it is among the oldest 10,000, not before"""
    fleet = spoolfleet.Fleet(bench, settings={"send_first": ["Paid"], "batch_events": 1000}, start=True)
    equal(fleet.box.cli("pause", "--site", "main").returncode, 0, "pause")
    for part in range(10):
        fleet.box.daemon.accept("/v1/batch", {"batch": [
            track(f"m-{part * 1000 + n}", email=f"p{n}@example.com") for n in range(1000)]})
    fleet.box.daemon.accept("/v1/batch", {"batch": [track("paid", "Paid", email="ann@example.com", userId="u-2")]})
    equal(fleet.box.cli("resume", "--site", "main").returncode, 0, "resume")
    fleet.box.wait_statuses({"delivered": 10001})
    equal(message_ids(fleet.center).index("paid"), 1000, "number of events before the 10,001st")


def test_budget(bench):
    """requests keep within the byte budget, are made small for it, and the rest waits"""
    fleet = spoolfleet.Fleet(bench, settings={"bytes_per_hour": 36_000_000, "batch_events": 1})
    fleet.box.daemon.accept("/v1/batch", {"batch": [track(f"m-{i}") for i in range(5)]})
    fleet.box.wait_statuses({"delivered": 5})
    attempts = fleet.box.rows("SELECT started_ms, sent_bytes FROM attempts ORDER BY attempt_id")
    for one, two in zip(attempts, attempts[1:]):
        true(two["started_ms"] - one["started_ms"] >= (one["sent_bytes"] + 500) // 10, f"{one}, {two}")
    thin = spoolfleet.box(bench, "store-2", fleet.center.daemon.url(), bytes_per_hour=120_000, heartbeat=0)
    equal(thin.cli("pause", "--site", "main").returncode, 0, "pause")
    thin.daemon.accept("/v1/batch", {"batch": [
        track(f"t-{i}", properties={"text": "x" * 2000}) for i in range(20)]})
    equal(thin.cli("resume", "--site", "main").returncode, 0, "resume")
    thin.wait_statuses({"delivered": 4, "pending": 16})
    [attempt] = thin.rows("SELECT * FROM attempts")
    true(8000 < attempt["bytes"] <= 10_000, f"five minutes of the budget: {attempt}")


def test_window(bench):
    """outside of its part of the day a box sends nothing, not even a heartbeat"""
    fleet = spoolfleet.Fleet(bench, settings={"send_between": spoolfleet.around(2, 4), "heartbeat": 0.1})
    fleet.box.daemon.accept("/v1/track", track("m-1"))
    equal(fleet.box.cli("flush").returncode, 0, "flush opens no window")
    before = time.time() * 1000
    equal((fleet.box.statuses(), fleet.center.rows("SELECT * FROM boxes")), ({"pending": 1}, []), "nothing is sent")
    fleet.box.configure(send_between=spoolfleet.around(-2, 2))
    fleet.box.reload()
    fleet.box.wait_statuses({"delivered": 1})
    true(fleet.box.value("SELECT min(started_ms) FROM attempts") >= before - 1, "no request before it opened")
    true(fleet.center.value("SELECT first_seen_ms FROM boxes") >= before - 1, "no heartbeat before it opened")


spooltest.main()
