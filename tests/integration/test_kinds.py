#!/usr/bin/env python3
"""Kinds, integrations and reserved types, from a client's call to what Bento gets."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

ANN = {"traits": {"email": "ann@example.com"}}


def call(kind, message_id, **more):
    return {"type": kind, "messageId": message_id, "context": ANN, **more}


def outcome(bench, message_id):
    row = bench.outbox(message_id)
    return row["status"], row["reason"]


def test_kinds(bench):
    """identify, page and group are sent as the site's settings say, in order; other kinds are kept
    """
    sim = bench.sim()
    daemon = bench.daemon(sim, identify="subscribers", page="Viewed {name}", group="Joined",
                          send_date=False, unique_key=False)
    daemon.accept("/v1/batch", {"batch": [
        call("identify", "i-1", traits={"email": "ann@example.com", "firstName": "Ann",
                                        "address": {"city": "Bern"}, "tags": ["a", "b"]}),
        call("page", "p-1", name="Home", properties={"url": "/"}),
        call("group", "g-1", groupId="7", traits={"name": "Acme"}),
        call("screen", "s-1", name="Home"), call("alias", "a-1", previousId="x"),
        call("page", "p-2")]})
    bench.wait_settled(6)
    equal(sim.events(), [{"type": "Viewed Home", "email": "ann@example.com",
                          "details": {"url": "/"}},
                         {"type": "Joined", "email": "ann@example.com",
                          "details": {"name": "Acme"}},
                         {"type": "Loaded a Page", "email": "ann@example.com"}],
          "events at Bento")
    true('"subscriber":{"email":"ann@example.com","first_name":"Ann","address_city":"Bern",'
         '"tags":"a,b"}' in sim.record_text(), f"the subscriber: {sim.record_text()}")
    equal(outcome(bench, "s-1"), ("unsupported", "unsupported_event_type"), "a screen call")
    equal(outcome(bench, "a-1"), ("unsupported", "unsupported_event_type"), "an alias call")
    equal(outcome(bench, "p-2"), ("delivered", None), "a page without a name")
    shown = bench.cli("show", str(bench.outbox("i-1")["event_id"]), "--sent").stdout
    true('"first_name":"Ann"' in shown.replace(" ", "").replace("\n", ""), f"show: {shown}")


def test_settings_change(bench):
    """a requeue sends unsupported events once the site forwards them"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    daemon.accept("/v1/identify", call("identify", "i-1", traits={"plan": "pro"}))
    equal(outcome(bench, "i-1"), ("unsupported", "unsupported_event_type"), "before")
    bench.configure({"main": bench.site(sim.api_url(), identify="update_fields")})
    equal(bench.cli("reload").stdout, 'site main: identify "none" -> "update_fields"\n', "reload")
    bench.cli("requeue", "--message-id", "i-1")
    bench.wait_settled(1)
    equal(outcome(bench, "i-1"), ("delivered", None), "after")
    equal(sim.events()[0]["fields"], {"plan": "pro"}, "fields at Bento")
    daemon.accept("/v1/identify", call("identify", "i-2"))
    wait_until(lambda: outcome(bench, "i-2") == ("delivered", None), "a new one is sent at once")


def test_integrations_and_reserved_types(bench):
    """a call that excludes Bento is discarded, and a browser cannot unsubscribe anybody"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    daemon.accept("/v1/batch", {"integrations": {"All": False}, "batch": [
        track("b-1"), track("b-2", integrations={"Bento": True})]})
    daemon.accept("/v1/track", track("t-1", integrations={"Bento": False}))
    daemon.accept("/v1/track", track("t-2", event="$unsubscribe"))
    daemon.accept("/v1/track", track("t-3", event="$unsubscribe"),
                  headers={"Origin": "https://shop.example"})
    daemon.accept("/v1/track", track("t-4", event="$purchase", properties={"value": 7}))
    bench.wait_settled(6)
    equal({name: outcome(bench, name) for name in ("b-1", "b-2", "t-1", "t-2", "t-3", "t-4")}, {
        "b-1": ("discarded", "integrations"), "b-2": ("delivered", None),
        "t-1": ("discarded", "integrations"), "t-2": ("delivered", None),
        "t-3": ("discarded", "reserved_type"),
        "t-4": ("invalid", "purchase_key_missing")}, "what becomes of them")
    # The origin of an event is remembered: a requeue does not make it a server's event.
    bench.cli("requeue", "--message-id", "t-3")
    wait_until(lambda: outcome(bench, "t-3") == ("discarded", "reserved_type"), "still discarded")
    equal(sorted(sim.keys()), ["b-2", "t-2"], "what Bento got")


def test_fields(bench):
    """fields renames or omits traits, and wrong or too long entries are refused"""
    sim = bench.sim()
    daemon = bench.daemon(sim, identify="subscribers",
                          fields=["address_city=city", "internal=", "firstName=x"])
    daemon.accept("/v1/identify", call("identify", "i-1", traits={
        "email": "ann@example.com", "address": {"city": "Bern", "zip": 3000}, "internal": 7,
        "city": "Basel", "firstName": "Ann"}))
    bench.wait_settled(1)
    equal(sim.subscribers(), [{"email": "ann@example.com", "city": "Bern", "address_zip": 3000,
                               "first_name": "Ann"}], "the subscriber")
    for wrong in ("city", "=x", 'a="', "a=" + "b" * 126):
        conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1", fields=[wrong])},
                               name="wrong.conf")
        equal(bench.cli("check", conf=conf).returncode, 1, f"{wrong!r}")
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1",
                                               fields=["a=" + "b" * 125])}, name="right.conf")
    equal(bench.cli("check", conf=conf).returncode, 0, "127 bytes")


def test_alias(bench):
    """alias changes an address at Bento when the site allows it, but never for a browser"""
    sim = bench.sim()
    daemon = bench.daemon(sim, alias="change_email", allow_origins=["https://shop.example"])
    change = {"previousId": "old@example.com", "userId": "new@example.com"}
    daemon.accept("/v1/track", track("t-1", email="new@example.com"))
    daemon.accept("/v1/alias", {"messageId": "a-1", **change})
    daemon.accept("/v1/alias", {"messageId": "a-2", "previousId": "anon-7",
                                "userId": "new@example.com"})
    daemon.accept("/v1/alias", {"messageId": "a-3", **change},
                  headers={"Origin": "https://shop.example"})
    bench.wait_settled(4)
    equal(sim.commands(), [{"command": "change_email", "email": "old@example.com",
                            "query": "new@example.com"}], "commands at Bento")
    equal(outcome(bench, "a-1"), ("delivered", None), "a change")
    equal(outcome(bench, "a-2"), ("invalid", "previous_id_no_address"), "no address")
    equal(outcome(bench, "a-3"), ("discarded", "reserved_type"), "a browser's")
    shown = bench.cli("show", str(bench.outbox("a-1")["event_id"]), "--sent").stdout
    true("change_email" in shown, f"show: {shown}")


spooltest.main()
