#!/usr/bin/env python3
"""Events that have only ids: they wait until an identify or alias call gives their address."""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

ANN = "Ann.Secret@Example.com"
WAITING = ("pending", "awaiting_identity", None)


def done(completed, code=0):
    equal(completed.returncode, code, f"exit status ({completed.stderr.strip()})")
    return completed


def by_id(message_id, **ids):
    """Returns a track call that has ids but no address."""
    return {"type": "track", "messageId": message_id, "event": "Seen", "properties": {}, **ids}


def identify(message_id, email=ANN, **ids):
    return {"type": "identify", "messageId": message_id, "traits": {"email": email}, **ids}


def state(bench, message_id):
    row = bench.outbox(message_id)
    return row["status"], row["reason"], row["email"]


def delivered(bench, *message_ids):
    def all_of_them():
        return all(bench.outbox(name)["status"] == "delivered" for name in message_ids)
    wait_until(all_of_them, f"{message_ids} delivered")


def test_wait_for_an_identify(bench):
    """a track call without an address waits, others go on; after the identify both are sent in
    order"""
    sim = bench.sim()
    daemon = bench.daemon(sim, identity_wait=3600, identify="update_fields")
    daemon.accept("/v1/batch", {"batch": [by_id("a-1", anonymousId="dev-1"),
                                          by_id("c-1", userId="u-3"),
                                          by_id("a-2", anonymousId="dev-1"),
                                          by_id("n-1", userId="u-3", integrations={"All": False})]})
    daemon.accept("/v1/track", track("b-1", email="bob@example.com"))
    delivered(bench, "b-1")
    for name in ("a-1", "a-2", "c-1"):
        equal(state(bench, name), WAITING, name)
    equal(state(bench, "n-1"), ("discarded", "integrations", None), "what is not for us")
    equal(bench.outbox("a-1")["next_attempt_at"], None, "it has no time to wait for")
    told = json.loads(done(bench.cli("status", "--json")).stdout)["sites"][0]
    equal((told["counts"]["pending"], told["awaiting_identity"], "oldest_pending_id" in told),
          (3, 3, False), "what status counts")
    true("awaiting" in done(bench.cli("status")).stdout, "status tells it")
    listed = done(bench.cli("list", "--reason", "awaiting_identity", "--json")).stdout.split("\n")
    equal(len([line for line in listed if line]), 3, "events listed by the reason")
    true("awaiting_identity" in done(bench.cli("show", "1")).stdout, "show tells it")
    daemon.accept("/v1/batch", {"batch": [identify("i-1", userId="u-1", anonymousId="dev-1"),
                                          by_id("a-3", userId="u-1"),
                                          track("a-4", email=ANN)]})
    delivered(bench, "a-1", "a-2", "i-1", "a-3", "a-4")
    equal(sim.keys(), ["b-1", "a-1", "a-2", "i-1", "a-3", "a-4"], "the order at Bento")
    equal({event["email"] for event in sim.events()}, {ANN, "bob@example.com"}, "and to whom")
    equal(state(bench, "a-1"), ("delivered", None, ANN), "the address it went to")
    equal(state(bench, "c-1"), WAITING, "somebody else")


def test_order_in_an_outage(bench):
    """events that waited for an address are sent before later events of that address, even after
    an outage"""
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim, identity_wait=3600)
    daemon.accept("/v1/track", by_id("a-1", userId="u-1"))
    for i in range(5):
        daemon.accept("/v1/track", track(f"a-{i + 2}", email=ANN))
    wait_until(lambda: bench.rows("SELECT 1 FROM attempts"), "an attempt")
    daemon.accept("/v1/identify", identify("i-1", userId="u-1"))
    sim.heal()
    done(bench.cli("flush"))
    delivered(bench, *[f"a-{i + 1}" for i in range(6)])
    equal(sim.keys(), [f"a-{i + 1}" for i in range(6)], "the order at Bento")


def test_a_crash_forgets_nothing(bench):
    """waiting events, an alias and a learned address survive SIGKILL"""
    sim = bench.sim()
    daemon = bench.daemon(sim, identity_wait=3600)
    daemon.accept("/v1/track", by_id("a-1", anonymousId="dev-1"))
    daemon.kill()
    daemon = bench.daemon(sim, identity_wait=3600)
    daemon.accept("/v1/alias", {"messageId": "l-1", "previousId": "dev-1", "userId": "u-1"})
    daemon.kill()
    daemon = bench.daemon(sim, identity_wait=3600)
    equal(state(bench, "a-1"), WAITING, "nobody knows yet")
    daemon.accept("/v1/identify", identify("i-1", userId="u-1"))
    daemon.kill()
    daemon = bench.daemon(sim, identity_wait=3600)
    delivered(bench, "a-1")
    daemon.accept("/v1/track", by_id("a-2", anonymousId="dev-1"))
    delivered(bench, "a-2")
    daemon.accept("/v1/identify", identify("i-2", "new@example.com", anonymousId="dev-1"))
    daemon.accept("/v1/track", by_id("a-3", userId="u-1"))
    delivered(bench, "a-3")
    equal(state(bench, "a-3")[2], "new@example.com", "the newest counts for both")


def test_the_wait_ends(bench):
    """after identity_wait the event is invalid; a requeue sends it once its address is known"""
    sim = bench.sim()
    daemon = bench.daemon(sim, identity_wait=1)
    daemon.accept("/v1/track", by_id("a-1", userId="u-1"))
    wait_until(lambda: state(bench, "a-1") == ("invalid", "no_email", None), "the end of its wait")
    daemon.accept("/v1/identify", identify("i-1", userId="u-1"))
    equal(state(bench, "a-1"), ("invalid", "no_email", None), "it does not wait any more")
    done(bench.cli("requeue", "--message-id", "a-1", "--yes"))
    delivered(bench, "a-1")
    bench.configure({"main": bench.site(sim.api_url(), identity_wait=3600)})
    done(bench.cli("reload"))
    wait_until(lambda: "reload: " in daemon.log(), "the reload")

    def waits():
        waits.n += 1
        daemon.accept("/v1/track", by_id(f"b-{waits.n}", userId="u-2"))
        return state(bench, f"b-{waits.n}") == WAITING
    waits.n = 0
    wait_until(waits, "the new setting counts")
    bench.configure({"main": bench.site(sim.api_url(), identity_wait=0)})
    done(bench.cli("reload"))
    wait_until(lambda: state(bench, f"b-{waits.n}") == ("invalid", "no_email", None),
               "nobody waits any more")
    equal(sim.keys(), ["a-1"], "nothing without an address reached Bento")


def test_many_at_once(bench):
    """thousands of events that waited for one id are sent in order, before later events"""
    sim = bench.sim()
    daemon = bench.daemon(sim, identity_wait=3600, batch_events=1000)
    many = [f"a-{i:04}" for i in range(2000)]
    for i in range(0, len(many), 500):
        daemon.accept("/v1/batch", {"batch": [by_id(name, userId="u-1")
                                              for name in many[i:i + 500]]})
    daemon.accept("/v1/identify", identify("i-1", userId="u-1"))
    daemon.accept("/v1/track", track("own", email=ANN))
    daemon.accept("/v1/track", by_id("later", userId="u-1"))
    delivered(bench, "own", "later")
    bench.wait_settled(len(many) + 3)
    equal(sim.keys(), [*many, "own", "later"], "the order at Bento")


def test_erase(bench):
    """no id leads to an erased person any longer, and no file names the person"""
    sim = bench.sim()
    daemon = bench.daemon(sim, identity_wait=3600)
    daemon.accept("/v1/identify", identify("i-1", userId="u-1", anonymousId="dev-1"))
    daemon.accept("/v1/identify", identify("i-2", "bob@example.com", userId=f"was {ANN}"))
    daemon.accept("/v1/identify", identify("i-3", "bob@example.com", userId="u-2"))
    daemon.accept("/v1/track", by_id("a-1", anonymousId="dev-1"))
    daemon.accept("/v1/track", by_id("q-1", anonymousId=f"was {ANN}"))
    delivered(bench, "a-1")
    equal(state(bench, "q-1"), WAITING, "one that quotes her in an id")
    done(bench.cli("erase", "--email", ANN, "--yes"))
    for ending in ("", "-wal"):
        with open(bench.database + ending, "rb") as file:
            true(ANN.lower().encode() not in file.read().lower(), f"{ending} holds her address")
    daemon.accept("/v1/batch", {"batch": [by_id("a-2", userId="u-1"), by_id("b-1", userId="u-2")]})
    equal(state(bench, "a-2"), WAITING, "she is unknown")
    delivered(bench, "b-1")
    equal(bench.value("SELECT identities FROM site"), bench.value("SELECT count(*) FROM identity"),
          "ids counted")


spooltest.main()
