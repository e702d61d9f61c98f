#!/usr/bin/env python3
"""Damages every page of an outbox in turn, and recovers it.

refutes: a damaged page costs more than what it holds, or what it changed is sent as if it were right
takes: 6 minutes
runs: all
"""
import contextlib
import os
import random
import shutil
import sqlite3

import faults
import spooltest
import spoolchecksum
import spoolpages
from spooltest import binary, equal, track, true, wait_until

SETTLED = ("delivered", "failed", "discarded", "invalid", "unsupported")


def fill(bench, n=480):
    """An outbox of a few hundred kilobytes with events in every state. Returns the path of the file of
    a daemon that has stopped."""
    sim = bench.sim()
    daemon = bench.daemon(sim, identity_wait=86400)
    def batch(first, count, **more):
        daemon.accept("/v1/batch", {"context": {"library": {"name": f"from {first}"}}, "batch": [
            track(f"m-{i}", email=f"{i}@example.com", properties={"text": f"{i} " * 60}, **more)
            for i in range(first, first + count)]})
    for first in range(0, n // 2, 40):
        batch(first, 40)
        wait_until(lambda: bench.statuses().get("pending", 0) == 0, "delivered")
    bench.cli("pause")
    for first in range(n // 2, n, 40):
        batch(first, 40)
    daemon.accept("/v1/track", track("m-long", properties={"text": "long " * 6000}))
    daemon.accept("/v1/track", {"type": "track", "event": "Anonymous", "userId": "u-1", "messageId": "m-u"})
    for verb, ids in (("hold", range(n // 2, n, 7)), ("discard", range(n // 2 + 1, n, 11)),
                      ("requeue", range(3, n // 2, 13))):
        for i in ids:
            bench.cli(verb, "--message-id", f"m-{i}", "-y")
    daemon.stop()
    return bench.database


def read(path):
    """Returns the rows of event, and the status and reason of each event."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        file.text_factory = bytes
        spoolchecksum.register(file)
        rows = {row[0]: row for row in file.execute("SELECT * FROM event")}
        states = {i: (status.decode(), reason and reason.decode()) for i, status, reason in
                  file.execute("SELECT event_id, status, reason FROM state")}
        equal([row for sql in spooltest.FAULTS + spoolchecksum.WRONG for row in file.execute(sql).fetchmany(3)],
              [], "what is wrong in the new file")
        equal(file.execute("PRAGMA integrity_check").fetchall(), [(b"ok",)], "integrity")
    return rows, states


def judge(bench, damaged, truth, pages, what):
    """Recovers the damaged file; returns how many events were lost that a page still holds."""
    rows, states = truth
    new = bench.path("new.db")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    completed = bench.run(binary("bentospool"), "recover", damaged, new)
    oracle = spoolpages.events(pages)
    if not oracle and not os.path.exists(new):
        return 0
    true(completed.returncode in (0, 1) and os.path.exists(new), f"{what}: {completed.stderr}")
    got, after = read(new)
    lost = [i for i in oracle if i not in got]
    for i, row in got.items():
        status, reason = after[i]
        held = (status, reason) == ("held", "damaged")
        if i in oracle:
            equal(row[:-1], oracle[i][:-1], f"{what}: event {i}")
        if i not in rows or row[1:-1] != rows[i][1:-1]:
            true(held or status in SETTLED, f"{what}: event {i} was changed, and is {status}")
        elif not held:
            equal(status, states[i][0], f"{what}: the state of event {i}")
    everything = got == rows and all(after[i] == states[i] for i in states)
    if not everything:
        equal(completed.returncode, 1, f"{what}: exit status\n{completed.stdout}{completed.stderr}")
    return len(lost)


def zeroed(page, chance):
    return bytes(len(page))


def torn(page, chance):
    half = 512 * chance.randrange(1, len(page) // 512)
    return page[:half] + bytes(len(page) - half)


def flipped(page, chance):
    page = bytearray(page)
    for _ in range(chance.choice((1, 1, 2, 8))):
        page[chance.randrange(len(page))] ^= 1 << chance.randrange(8)
    return bytes(page)


def noise(page, chance):
    return chance.randbytes(len(page))


def test_pages(bench):
    """a page that is zeroed, torn, flipped or noise costs only what it holds"""
    fill(bench)
    truth = read(bench.database)
    with open(bench.database, "rb") as file:
        good = file.read()
    chance = random.Random(faults.seed())
    points = [(number, way) for number in range(len(good) // spoolpages.PAGE)
              for way in (zeroed, torn, flipped, noise)]
    points = chance.sample(points, faults.runs(24) or len(points))
    lost = 0
    damaged = bench.path("damaged")
    for done, (number, way) in enumerate(points):
        what = f"page {number + 1} {way.__name__}"
        at = number * spoolpages.PAGE
        data = good[:at] + way(good[at:at + spoolpages.PAGE], chance) + good[at + spoolpages.PAGE:]
        with open(damaged, "wb") as file:
            file.write(data)
        lost += judge(bench, damaged, truth, spoolpages.split(data), what)
        faults.progress(f"{done + 1} of {len(points)} pages")
    faults.result(points=len(points), lost=lost)
    equal(lost, 0, "events that a page still holds")


spooltest.main()
