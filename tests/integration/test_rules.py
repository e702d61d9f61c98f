#!/usr/bin/env python3
"""Rules by event name: what Bento gets for a client's call, among them Segment's e-commerce
calls."""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true  # noqa: E402

PRODUCTS = [{"product_id": "507f1f", "sku": "45790-32", "name": "Monopoly", "price": 19,
             "quantity": 1, "category": "Games", "url": "https://shop.example/monopoly"},
            {"product_id": "505bd7", "sku": "46493-32", "name": "Uno", "price": 3, "quantity": 2}]
ITEMS = [{"product_sku": "45790-32", "product_name": "Monopoly", "quantity": 1,
          "product_price": 19, "product_id": "507f1f"},
         {"product_sku": "46493-32", "product_name": "Uno", "quantity": 2, "product_price": 3,
          "product_id": "505bd7"}]
ORDER = {"checkout_id": "fksdjf", "order_id": "50314b8e", "affiliation": "Shop", "total": 27.5,
         "subtotal": 22.5, "revenue": 25.0, "shipping": 3, "tax": 2, "discount": 2.5,
         "coupon": "hasbros", "currency": "USD", "products": PRODUCTS}

# For each call: name and properties, the rules, and the type and details that Bento gets.
TABLE = [
    ("Product List Viewed", {"list_id": "hot", "category": "Deals", "products": PRODUCTS}, None),
    ("Product Viewed", PRODUCTS[0], None),
    ("Product Added", {"cart_id": "c-1", **PRODUCTS[1]}, None),
    ("Cart Viewed", {"cart_id": "c-1", "products": PRODUCTS}, None),
    ("Checkout Started", {"order_id": "50314b8e", "value": 30, "products": PRODUCTS}, None),
    ("Coupon Applied", {"order_id": "50314b8e", "coupon_id": "hasbros", "discount": 2.5}, None),
    ("Order Refunded", {"order_id": "50314b8e", "total": 30, "currency": "USD"}, None),
    ("Order Completed", ORDER, [("$purchase", {
        "unique": {"key": "50314b8e"}, "value": {"currency": "USD", "amount": 2500},
        "cart": {"items": ITEMS}})]),
    ("Order Paid", {**ORDER, "order_id": "paid-1"}, [
        ("$purchase", {"unique": {"key": "paid-1"}, "value": {"currency": "USD", "amount": 2750},
                       "cart": {"items": ITEMS}}),
        ("Order Paid", {**ORDER, "order_id": "paid-1"}), ("$tag", {"tag": "buyer"})]),
    ("Order Updated", {"order_id": 7, "total": "1000", "products": "none"}, [
        ("$purchase", {"unique": {"key": 7}, "value": {"currency": "JPY", "amount": 1000}})]),
    ("Signed Up", {"plan": "Pro"}, [("Registered", {"plan": "Pro"}), ("$tag", {"tag": "lead"}),
                                    ("$remove_tag", {"tag": "visitor"})]),
]
RULES = ["Order Completed => as $purchase", "Test * => drop",
         "Order Paid => as $purchase; value total; also; tag buyer",
         "Order Updated => as $purchase; currency JPY",
         "Signed Up => rename Registered; tag lead; remove_tag visitor"]


def test_table(bench):
    """Segment's e-commerce calls become what the rules say"""
    sim = bench.sim()
    daemon = bench.daemon(sim, rules=RULES, unique_key=False, send_date=False)
    for name, properties, want in TABLE:
        before = len(sim.events())
        daemon.accept("/v1/track", track(f"m-{name}", event=name, properties=properties))
        bench.wait_settled(TABLE.index((name, properties, want)) + 1)
        equal(bench.outbox(f"m-{name}")["status"], "delivered", name)
        got = [(event["type"], event["details"]) for event in sim.events()[before:]]
        equal(got, want or [(name, properties)], name)


def test_refused(bench):
    """discards events that a rule drops, and sends no purchase that lacks an order_id or a currency
    or comes from a browser"""
    sim = bench.sim()
    daemon = bench.daemon(sim, rules=RULES, allow_origins=["https://shop.example"])
    daemon.accept("/v1/track", track("t-1", event="Test 1"))
    daemon.accept("/v1/track", track("t-2", event="Order Completed", properties={"revenue": 1}))
    daemon.accept("/v1/track", track("t-3", event="Order Completed",
                                     properties={"order_id": "o", "revenue": 1}))
    daemon.accept("/v1/track", track("t-4", event="Order Completed", properties=ORDER),
                  headers={"Origin": "https://shop.example"})
    daemon.accept("/v1/track", track("t-5", event="Signed Up"),
                  headers={"Origin": "https://shop.example"})
    bench.wait_settled(5)
    for name, status, reason in (("t-1", "discarded", "rule"),
                                 ("t-2", "invalid", "purchase_key_missing"),
                                 ("t-3", "invalid", "purchase_currency_missing"),
                                 ("t-4", "discarded", "reserved_type"),
                                 ("t-5", "delivered", None)):
        row = bench.outbox(name)
        equal((row["status"], row["reason"]), (status, reason), name)
    equal([e["type"] for e in sim.events()], ["Registered", "$tag", "$remove_tag"], "at Bento")
    keys = [e["details"]["unique"]["key"] for e in sim.events()]
    equal(keys, ["t-5", "t-5:tag", "t-5:remove_tag"], "each item can be told from its repeat")
    conf = {"main": bench.site(sim.api_url(), rules=["Order * => as $purchase; currency EUR"],
                               reserved_types="pass")}
    bench.configure(conf)
    equal(bench.cli("reload").returncode, 0, "reload")
    bench.cli("requeue", "--id", "1,2,3,4", "--yes")
    bench.wait_settled(5)
    equal([bench.outbox(f"t-{i}")["status"] for i in range(1, 5)],
          ["delivered", "invalid", "delivered", "delivered"], "after a requeue under other rules")


def test_outage(bench):
    """an event with several items is sent again as a whole, and Bento drops the items it has"""
    sim = bench.sim("--record-suppressed")
    sim.faults("reset=after-accept,count=1")
    daemon = bench.daemon(sim, rules=RULES)
    daemon.accept("/v1/track", track("t-1", event="Order Paid", properties=ORDER))
    bench.wait_settled(1)
    row = bench.outbox("t-1")
    equal((row["status"], row["maybe_sent"]), ("delivered", 1), "the event")


def test_show(bench):
    """show prints what was sent, even after the rules have changed"""
    sim = bench.sim()
    daemon = bench.daemon(sim, rules=RULES)
    daemon.accept("/v1/track", track("t-1", event="Signed Up"))
    bench.wait_settled(1)
    daemon.stop()
    bench.configure({"main": bench.site(sim.api_url())})
    sent = bench.cli("show", "1", "--sent")
    true("Registered" in sent.stdout and "$remove_tag" in sent.stdout, f"{sent.stdout} {sent.stderr}")


def test_configuration(bench):
    """an invalid rule is refused with file, line and remedy; so are more than 32 rules"""
    for rules, words in ((["A => drip"], "drop, rename NAME"), (["A => drop"] * 33, "at most 32 are allowed")):
        conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1", rules=rules)})
        checked = bench.cli("check", conf=conf)
        equal(checked.returncode, 1, "exit status")
        true(words in checked.stderr and "bentospool.conf" in checked.stderr, checked.stderr)
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1", rules=["A => drop"] * 32)})
    equal(bench.cli("check", conf=conf).returncode, 0, "32 rules")


def test_check_event(bench):
    """check --event prints what an event would become and why, without a daemon"""
    bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1", rules=RULES,
                                        identity_wait=60)})
    bench.write("one.json", json.dumps(track("t-1", event="Order Paid", properties=ORDER)))
    bench.write("many.json", json.dumps({"batch": [
        track("t-2", event="Signed Up"), track("t-3", event="Test 1"),
        track("t-4", event="Order Completed", properties={"order_id": 1}),
        {"type": "page", "messageId": "t-5", "userId": "u"},
        {"type": "track", "messageId": "t-6", "userId": "u", "event": "Seen"}]}))
    one = bench.cli("check", "--event", bench.path("one.json"))
    equal(one.returncode, 0, f"exit status ({one.stderr})")
    for words in ('event 1: track "Order Paid"\n', "  rule    Order Paid => as $purchase",
                  "  sent to events, 3 items:\n", '"amount": 2750'):
        true(words in one.stdout, f"{words!r} in {one.stdout}")
    many = bench.cli("check", "--event", bench.path("many.json"))
    equal(many.returncode, 1, "one is not sent")
    for words in ("  discarded (rule): a rule of the site drops events of this name\n",
                  "  invalid (purchase_currency_missing): ", "  unsupported (unsupported_event_type)"):
        true(words in many.stdout, f"{words!r} in {many.stdout}")
    rows = [json.loads(line) for line in
            bench.cli("check", "--event", bench.path("many.json"), "--json").stdout.splitlines()]
    equal([(row["status"], row["reason"], len(row["items"])) for row in rows],
          [("pending", None, 3), ("discarded", "rule", 0),
           ("invalid", "purchase_currency_missing", 0), ("unsupported", "unsupported_event_type", 0),
           ("pending", "awaiting_identity", 0)],
          "for machines")
    equal(rows[0]["items"][0]["type"], "Registered", "what is sent")
    bench.write("bad.json", '{"type":"track",}')
    bad = bench.cli("check", "--event", bench.path("bad.json"))
    true(bad.returncode == 1 and "bad.json" in bad.stderr and "byte" in bad.stderr, bad.stderr)
    true(not os.path.exists(bench.database), "no database is made")


spooltest.main()
