#!/usr/bin/env python3
"""Ten boxes forward to one center; boxes and center are killed at random, and links are cut at random.

Applications post to the boxes all the while; links also cut themselves within a request, or within an answer
that the center has already committed. At last everything is delivered, and the books of all sides are
compared: each event that a box acknowledged is at the center once, with the box's name and times, and in the
box's order for each person.

refutes: between boxes and a center an event is lost, stored twice or out of order, or the two audits disagree
takes: 2 min
runs: 600
"""
import collections
import contextlib
import os
import random
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import faults  # noqa: E402
import spoolfleet  # noqa: E402
import spooltest  # noqa: E402
from spoollink import Link  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

BOXES = [f"box-{n}" for n in range(10)]
SMALL = 60
PERSONS = 5


class Edge:
    """A box with its link and its applications."""

    def __init__(self, bench, name, center_url, links, chance):
        self.name = name
        self.link = links.enter_context(Link(center_url))
        self.box = spoolfleet.box(bench, name, self.link.url, retry_first=0.05, retry_max=0.2,
                                  batch_events=chance.choice([3, 20, 1000]), timeout=2, heartbeat=0.5)
        self.box.keep_address()
        self.acked = set()
        self.posted = 0

    def call(self, chance):
        self.posted += 1
        return track(f"{self.name}-{self.posted}", email=f"p{chance.randrange(PERSONS)}@{self.name}.example",
                     properties={"n": self.posted, "text": "x" * chance.choice([1, 100, 2000])})

    def post(self, chance):
        """Posts a batch, in which a call may come again; its events count as acknowledged after a 200."""
        calls = [self.call(chance) for _ in range(chance.choice([1, 5, 40]))]
        calls += calls[:chance.choice([0, 0, 1])]
        with contextlib.suppress(OSError):
            status, _ = self.box.daemon.post("/v1/batch", {"batch": calls})
            equal(status, 200, "the box's answer")
            self.acked |= {call["messageId"] for call in calls}

    def restart(self):
        self.box.restart(signal.SIGKILL)


def disturb(chance, center, edges):
    """Does one thing that may go wrong in the field."""
    edge = chance.choice(edges)
    what = chance.choice(["kill box", "kill center", "cut", "cut", "cut there", "cut back", "heal", "heal"])
    if what == "kill box":
        edge.restart()
    elif what == "kill center":
        center.restart(signal.SIGKILL)
    elif what == "cut":
        edge.link.cut()
    elif what == "heal":
        for other in chance.sample(edges, 4):
            other.link.heal()
    else:
        edge.link.heal()
        edge.link.cut_after(what.removeprefix("cut "), chance.randrange(1, 1000 if what == "cut there" else 300))
        edge.post(chance)
        wait_until(lambda: not edge.link.up, f"{what}: the link of {edge.name} has cut itself")
    return what


def settle(center, edges):
    for edge in edges:
        edge.link.heal()
    for edge in edges:
        wait_until(lambda edge=edge: set(edge.box.statuses()) <= {"delivered"},
                   f"{edge.name} has forwarded everything", 300)
    wait_until(lambda: set(center.statuses()) == {"delivered"}, "the center has delivered everything", 300)


BOOK = "SELECT message_id, received_ms, occurred_ms, email, via, event_id FROM outbox ORDER BY event_id"


def compare_books(center, edges):
    """Compares what each box and the center have recorded; returns the number of lost events."""
    here = collections.defaultdict(list)
    lost = 0
    for row in center.rows(BOOK):
        here[row["via"]].append(row)
    for edge in edges:
        there = edge.box.rows("SELECT * FROM outbox ORDER BY event_id")
        mine = here.pop(edge.name)
        keys = ("message_id", "received_ms", "occurred_ms", "email")
        equal([[row[key] for key in keys] for row in mine], [[row[key] for key in keys] for row in there],
              f"{edge.name}: the same events, times and order on both sides")
        ids = [row["message_id"] for row in mine]
        equal(len(ids), len(set(ids)), f"{edge.name}: nothing is stored twice")
        lost += len(edge.acked - set(ids))
        equal(max((row["maybe_sent"] for row in there), default=0), 0, f"{edge.name}: doubts that are left")
        [box] = center.rows("SELECT * FROM boxes WHERE box = ?", edge.name)
        equal(box["events"], len(ids), f"{edge.name}: the center's count")
    equal(dict(here), {}, "events that no box forwarded")
    return lost


def compare_bento(sim, center, edges):
    """Each event is at Bento once, and in the order of its person."""
    arrived = collections.Counter(sim.keys())
    equal({n for n in arrived.values()} - {1}, set(), "events that arrived twice")
    equal(set(arrived), {row["message_id"] for row in center.rows(BOOK)}, "events at Bento")
    last = collections.defaultdict(int)
    for event in sim.events():
        n = event["details"]["n"]
        true(n > last[event["email"]], f"{event['email']}: {n} came after {last[event['email']]}")
        last[event["email"]] = n
    equal(sum(edge.posted >= 1 for edge in edges), len(edges), "boxes that took part")


def test_fleet(bench):
    """ten boxes, killed and cut off at random, forward everything once, in order, and the audits agree"""
    chance = random.Random(faults.seed())
    runs = faults.runs(SMALL)
    sim = bench.sim()
    center = spoolfleet.center(bench, sim, BOXES, retry_first=0.05, retry_max=0.2)
    did = collections.Counter()
    with contextlib.ExitStack() as links:
        edges = [Edge(bench, name, center.daemon.url(), links, chance) for name in BOXES]
        for n in range(runs):
            for edge in edges:
                if n == 0 or chance.random() < 0.6:
                    edge.post(chance)
            did[disturb(chance, center, edges)] += 1
            faults.progress(f"{n + 1} of {runs}")
        settle(center, edges)
        lost = compare_books(center, edges)
        compare_bento(sim, center, edges)
        repeats = center.value("SELECT sum(duplicates) FROM boxes")
        bytes_, body_bytes = center.rows("SELECT sum(bytes) AS a, sum(body_bytes) AS b FROM boxes")[0].values()
    acked = sum(len(edge.acked) for edge in edges)
    print(f"# {acked} events acknowledged by boxes, {repeats} sent again, {dict(did)};"
          f" {bytes_} bytes on the way for {body_bytes}")
    true(repeats > 0, "answers were lost, so events were sent again")
    faults.result(points=runs, lost=lost, seen=0, counted=0)
    equal(lost, 0, "LOST: acknowledged by a box, and not at the center")


spooltest.main()
