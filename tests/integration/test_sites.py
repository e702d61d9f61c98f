#!/usr/bin/env python3
"""Several sites in one daemon: each with its own keys, mapping, Bento and failures."""
import base64
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

OTHER = {"site_uuid": "site-b", "publishable_key": "pub-b", "secret_key": "sec-b",
         "write_keys": ["key-b"]}
MANY = 300


class Two:
    """A daemon with sites a and b, and for each a Bento that accepts only its own keys."""

    def __init__(self, bench, **b):
        self.bench = bench
        self.bento_a = bench.sim()
        self.bento_b = bench.sim("--site-uuid", "site-b", "--key", "pub-b:sec-b")
        conf = bench.configure({
            "a": bench.site(self.bento_a.api_url(), batch_events=10),
            "b": bench.site(self.bento_b.api_url(), batch_events=10, **OTHER, **b)})
        self.daemon = spooltest.Daemon(bench, conf)

    def post_a(self, *calls):
        self.daemon.accept("/v1/batch", {"batch": list(calls)})

    def post_b(self, *calls):
        self.daemon.accept("/v1/batch", {"batch": list(calls)}, key="key-b")

    def statuses(self, site):
        rows = self.bench.rows(
            "SELECT status, count(*) AS n FROM outbox WHERE site = ? GROUP BY status", site)
        return {row["status"]: row["n"] for row in rows}

    def wait_delivered(self, site, n):
        wait_until(lambda: self.statuses(site) == {"delivered": n}, f"site {site}: {n} delivered")

    def pass_by(self, what):
        """Checks that all events of b are delivered while a cannot deliver, and that a's stay
        pending."""
        self.post_b(*[track(f"b-{n}", email=f"p{n % 7}@example.com") for n in range(MANY)])
        self.wait_delivered("b", MANY)
        equal(self.statuses("a"), {"pending": 5}, f"{what}: those of a wait")
        equal(self.bench.value("SELECT sum(attempts) FROM outbox WHERE site = 'a'"), 0,
              f"{what}: nothing is charged")


def some(n=5):
    return [track(f"a-{i}") for i in range(n)]


def test_routes(bench):
    """write keys and Bento's keys decide the site; each site has its own credentials and mapping"""
    two = Two(bench, unique_key=False, send_date=False)
    two.post_a(track("m-1", "To A"))
    two.post_b(track("m-1", "To B"))
    token = base64.b64encode(b"pub-b:sec-b").decode()
    body = {"site_uuid": "site-b", "events": [{"type": "Native", "email": "bob@example.com"}]}
    equal(two.daemon.post("/api/v1/batch/events", body, key=None,
                          headers={"Authorization": f"Basic {token}"}),
          (200, {"results": 1, "failed": 0}), "Bento's keys of b")
    bench.wait_settled(3)
    [event] = two.bento_a.events()
    equal((event["type"], event["details"]["unique"]["key"], "date" in event),
          ("To A", "m-1", True), "what a's Bento got")
    equal([(event["type"], "date" in event, "unique" in event.get("details", {}))
           for event in sorted(two.bento_b.events(), key=lambda event: event["type"])],
          [("Native", False, False), ("To B", False, False)], "what b's Bento got")
    equal({line["site_uuid"] for line in two.bento_b.records()}, {"site-b"}, "b's site_uuid")
    equal({r["status"] for r in two.bento_a.requests() + two.bento_b.requests()}, {200},
          "each accepts its own credentials")


def test_outage(bench):
    """a Bento that refuses connections, fails or throttles delays its own site only"""
    two = Two(bench)
    two.bento_a.answer(503, retry_after=3600)
    two.post_a(*some())
    wait_until(lambda: bench.value("SELECT count(*) FROM attempts WHERE site = 'a'"), "a was tried")
    two.pass_by("an outage")


def test_pause(bench):
    """wrong keys pause only the site that has them, and status names it"""
    two = Two(bench)
    two.bento_a.answer(401)
    two.post_a(*some())
    wait_until(lambda: bench.value("SELECT state FROM sites WHERE site = 'a'") == "paused",
               "a is paused")
    two.pass_by("a pause")
    sites = {}
    for line in bench.cli("status", "--json").stdout.splitlines():
        for site in json.loads(line).get("sites", []):
            sites[site["site"]] = site
    equal(sorted(sites), ["a", "b"], "sites in status")
    true(sites["a"] != sites["b"], f"{sites}")
    equal(bench.cli("status", "--check").returncode, 1, "one that is paused is an alarm")
    for site, n in (("a", 5), ("b", MANY)):
        listed = bench.cli("list", "--site", site, "--limit", "1000", "--json").stdout.splitlines()
        equal({json.loads(line)["site"] for line in listed}, {site}, f"list --site {site}")
        equal(len(listed), n, f"list --site {site}")


def test_slow(bench):
    """a Bento that does not answer delays its own site only"""
    two = Two(bench)
    two.bento_a.faults("delay=600000")
    two.post_a(*some())
    wait_until(lambda: bench.value("SELECT count(*) FROM attempts WHERE site = 'a'"), "a is asked")
    two.pass_by("no answer")
    two.bento_a.kill()


def test_operators_pause(bench):
    """an operator pauses one site, and the other delivers"""
    two = Two(bench)
    equal(bench.cli("pause", "--site", "a").returncode, 0, "pause")
    two.post_a(*some())
    two.pass_by("an operator's pause")
    equal(bench.cli("resume", "--site", "a").returncode, 0, "resume")
    two.wait_delivered("a", 5)
    equal([event["details"]["unique"]["key"] for event in two.bento_a.events()],
          [f"a-{i}" for i in range(5)], "in order")


spooltest.main()
