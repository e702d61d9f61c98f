#!/usr/bin/env python3
"""Clients of Bento that post to the spooler: Bento's own client, and requests made by hand."""
import base64
import os
import shutil
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Skip, equal, track, true  # noqa: E402

PACKAGE = "@bentonow/bento-node-sdk"
KEYS = (spooltest.PUBLISHABLE_KEY, spooltest.SECRET_KEY)
# What each call of tests/sdk/bento.mjs returns when it was accepted.
TAKEN = {"track": "true", "trackPurchase": "true", "tagSubscriber": "true", "addSubscriber": "true",
         "updateFields": "true", "removeSubscriber": "true", "importEvents": "2",
         "importSubscribers": "2"}
EVENTS = ["Opened Door", "$purchase", "$tag", "$subscribe", "$update_fields", "$unsubscribe", "One",
          "Three"]


def run_sdk(bench, daemon, label, keys=KEYS, site=spooltest.SITE_UUID):
    """Returns the result of each call of Bento's own client."""
    folder = os.environ.get("SPOOL_SDK", "")
    if not shutil.which("node"):
        raise Skip("node is not installed")
    if not os.path.isdir(os.path.join(folder, "node_modules", PACKAGE)):
        raise Skip(f"SPOOL_SDK names no folder where npm installed {PACKAGE}")
    done = bench.run("node", os.path.join(spooltest.srcdir(), "tests", "sdk", "bento.mjs"), folder,
                     daemon.url() + "/api/v1", site, *keys, label)
    equal(done.stderr, "", "the client's complaints")
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def post(daemon, path, body, keys=KEYS, site=spooltest.SITE_UUID, headers=None):
    """Returns status and JSON of a request in Bento's format."""
    token = base64.b64encode(":".join(keys).encode()).decode()
    return daemon.post(f"/api/v1/{path}?site_uuid={site}", body, key=None,
                       headers={"Authorization": f"Basic {token}", **(headers or {})})


def check_delivered(bench, sim, label):
    """Checks that the event of every call is in Bento, unchanged except for added keys and
    dates."""
    got = sim.events()
    equal([event["type"] for event in got], EVENTS, "what Bento got, in order")
    keys = [event["details"]["unique"]["key"] for event in got]
    equal(len(set(keys)), len(keys), "a unique key in each")
    door, purchase, tag, subscribe = got[:4]
    equal({**door, "details": {**door["details"], "unique": None}},
          {"email": f"{label}@example.com", "type": "Opened Door",
           "details": {"n": 1.5, "deep": [{}], "unique": None}, "date": "2026-08-01T12:34:56.789Z"},
          "a track call")
    equal(purchase["details"],
          {"unique": {"key": f"order-{label}"}, "value": {"currency": "USD", "amount": 1999},
           "cart": {"items": [{"product_sku": "s-1", "product_name": "Socks é", "quantity": 2}]}},
          "a purchase keeps its own key")
    equal((tag["details"]["tag"], subscribe["fields"]), ("vip", {"first_name": "Ann"}), "the others")
    true(all("date" in event for event in got), "each has a date")
    equal(sorted(sim.subscribers(), key=lambda person: person["email"]),
          [{"email": f"{label}@example.com", "first_name": "Ann", "tags": "a,b"},
           {"email": f"other-{label}@example.com"}], "subscribers")
    [bad] = bench.rows("SELECT * FROM outbox WHERE status = 'invalid'")
    equal((bad["name"], bad["reason"]), ("Two", "invalid_email"), "the one that cannot be sent")
    equal(bench.value("SELECT count(*) FROM outbox WHERE status = 'delivered'"), 10, "delivered")
    equal({row["endpoint"] for row in bench.rows("SELECT * FROM attempts")},
          {"events", "subscribers"}, "endpoints in the audit")


def test_node_sdk(bench):
    """Bento's own client with another base URL: every call arrives unchanged"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    equal(run_sdk(bench, daemon, "ann"), TAKEN, "what the calls returned")
    bench.wait_settled(11)
    check_delivered(bench, sim, "ann")


def test_node_sdk_while_bento_is_down(bench):
    """Bento's own client while Bento is down and the spooler is killed: nothing is lost or
    doubled"""
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim)
    equal(run_sdk(bench, daemon, "bob"), TAKEN, "what the calls returned")
    daemon.restart(signal.SIGKILL)
    equal(bench.statuses(), {"pending": 10, "invalid": 1}, "kept")
    sim.heal()
    bench.wait_settled(11)
    check_delivered(bench, sim, "bob")


def test_node_sdk_is_refused(bench):
    """Bento's own client with wrong keys, or with another site, gets Bento's error"""
    daemon = bench.daemon()
    wrong = run_sdk(bench, daemon, "eve", keys=("test-publishable", "wrong"))
    equal({text.split()[0] for text in wrong.values()}, {"NotAuthorizedError"}, "wrong keys")
    wrong = run_sdk(bench, daemon, "eve", site="other")
    equal({text.split()[0] for text in wrong.values()}, {"NotAuthorizedError"}, "wrong site")
    full = spooltest.Daemon(bench, bench.configure(
        {"main": bench.site("http://127.0.0.1:1/api/v1")},
        top={"database": bench.path("full.db"), "min_free": 1 << 50}, name="full.conf"))
    unable = run_sdk(bench, full, "eve")
    true(all("503" in text and "no space" in text for text in unable.values()), f"{unable}")
    equal(bench.statuses(), {}, "nothing is kept")


def test_segment_and_bento_keep_their_order(bench):
    """events of one address reach Bento in order of arrival, by any path and endpoint"""
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", track("m-1", "First"))
    equal(post(daemon, "batch/subscribers", {"subscribers": [{"email": "ann@example.com", "n": 2}]}),
          (200, {"results": 1, "failed": 0}), "a subscriber")
    equal(post(daemon, "batch/events", {"events": [{"email": "Ann@example.com", "type": "Third"}]}),
          (200, {"results": 1, "failed": 0}), "an event")
    sim.heal()
    bench.wait_settled(3)
    lines = sim.records()
    equal([line.get("event", line.get("subscriber")).get("type") for line in lines],
          ["First", None, "Third"], "the order")
    equal([row["kind"] for row in bench.outbox()], ["track", "subscriber", "bento"], "kinds")


def test_bytes(bench):
    """numbers, text and the order of keys reach Bento byte for byte; blanks between members do not
    """
    sim = bench.sim()
    daemon = bench.daemon(sim, unique_key=False, send_date=False)
    event = ('{ "type":"x", "details":{"b":1.10,"a":12345678901234567890,"t":"\\u00e9\\/"} ,'
             ' "email":"ann@example.com","later":null }')
    equal(post(daemon, "batch/events", f'{{"events":[{event}]}}'),
          (200, {"results": 1, "failed": 0}), "taken")
    bench.wait_settled(1)
    true('{"type":"x","details":{"b":1.10,"a":12345678901234567890,"t":"\\u00e9\\/"},'
         '"email":"ann@example.com","later":null}' in sim.record_text(), "unchanged")


def test_show(bench):
    """show names the endpoint of each attempt, and prints what is sent"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    post(daemon, "batch/subscribers", {"subscribers": [{"email": "ann@example.com", "n": 2}]})
    bench.wait_settled(1)
    shown = bench.cli("show", "1")
    equal(shown.returncode, 0, shown.stderr)
    true("subscribers" in shown.stdout and "subscriber" in shown.stdout, shown.stdout)
    true(all(len(line) <= 80 for line in shown.stdout.splitlines()), shown.stdout)
    true('"endpoint":"subscribers"' in bench.cli("show", "1", "--json").stdout, "as JSON")


spooltest.main()
