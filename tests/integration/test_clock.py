#!/usr/bin/env python3
"""A machine whose clock shows 1970 until NTP sets it: events from before are kept and their times
corrected."""
import datetime
import json
import os
import sqlite3
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolclock import Wall  # noqa: E402
from spoolchecksum import seal  # noqa: E402
from spoolother import Spool, done  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def iso(at):
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat()


def dates(sim):
    """Returns the dates of the events at Bento, by unique key."""
    return {e["details"]["unique"]["key"]: seconds(e["date"]) for e in sim.events()}


def near(got, expected, what):
    true(abs(got - expected) < 20, f"{what}: {got}, expected about {expected}")


def ages_are_not_known(bench, wall, status):
    """No verb shows an age by a clock that is not set."""
    true(any("ages are not known" in p for p in status["problems"]), f"{status['problems']}")
    equal([site["oldest_pending_seconds"] for site in status["sites"]], [None], "the age in status --json")
    text = bench.cli("status", env=wall.env).stdout
    true("clock not set" in text and " ago" not in text and "has waited for" not in text, text)
    true(" oldest=U " in bench.cli("status", "--check", env=wall.env).stdout, "the age in status --check")
    age = bench.cli("age", env=wall.env)
    equal((age.returncode, age.stdout), (1, ""), "age")
    true("not set, so ages are not known" in age.stderr, age.stderr)
    top = json.loads(bench.cli("top", "--json", env=wall.env).stdout.splitlines()[0])
    equal(top["ages"], None, "ages in top --json")


def test_until_the_clock_is_set(bench):
    """nothing is sent while the clock shows 1970; then everything is sent, with the right dates"""
    wall = Wall(bench)
    wall.show(300)
    sim = bench.sim()
    daemon = bench.daemon(sim, env=wall.env)
    true("the clock of this machine is not set" in daemon.log(), daemon.log())
    now = time.time()
    daemon.accept("/v1/batch", {"sentAt": iso(now), "batch": [
        track("with-sent-at", timestamp=iso(now - 3600)), track("without-time")]})
    daemon.accept("/v1/track", track("word", email="b@example.com", timestamp=iso(now - 7200)))
    daemon.accept("/v1/track", track("no-name", event=None))
    status = json.loads(bench.cli("status", "--json", env=wall.env).stdout)
    equal(status["clock_unset_events"], 4, "events that wait for the clock")
    true(any("clock" in p for p in status["problems"]), f"a problem names it: {status['problems']}")
    equal(bench.outbox("word")["reason"], "clock_not_set", "the reason")
    ages_are_not_known(bench, wall, status)
    daemon = daemon.restart()
    equal(bench.value("SELECT count(*) FROM attempts"), 0, "attempts")
    wall.is_set()
    bench.wait_settled(4)
    got = dates(sim)
    near(got["with-sent-at"], now - 3600, "corrected by sentAt")
    near(got["without-time"], now, "the time of receipt")
    near(got["word"], now - 7200, "the client's own word")
    near(seconds(bench.outbox("no-name")["received_at"]), now, "one that is not sent")
    equal(bench.outbox("word")["reason"], None, "no reason any more")
    wait_until(lambda: "delivery goes on" in daemon.log(), "it is logged")
    status = json.loads(bench.cli("status", "--json", env=wall.env).stdout)
    equal((status["clock_unset_events"], status["problems"]), (0, []), "all is well")


def call(message_id, user=None, device="till", **more):
    made = {"type": "track", "event": "E", "messageId": message_id, "anonymousId": device, **more}
    return {**made, "userId": user} if user else made


def claims(bench):
    return bench.rows("SELECT user_id, since, said_at FROM identity WHERE kind = 'device'")


def test_two_people_on_one_device(bench):
    """a device that changed users before the clock was set keeps the right users after the
    correction"""
    wall = Wall(bench)
    wall.show(300)
    sim = bench.sim()
    daemon = bench.daemon(sim, env=wall.env, identity_wait=86400)
    now = time.time()
    for one in (call("a-0"), call("a-1", "A"), call("a-2"), call("b-1", "B"), call("b-2"),
                call("c-1", "A", "word", timestamp=iso(now - 3000)),
                call("c-2", None, "word", timestamp=iso(now - 2000)),
                call("d-1", "B", "word", timestamp=iso(now - 1000))):
        daemon.accept("/v1/track", one)
    unset = "SELECT key, value FROM meta WHERE key LIKE 'clock_unset%'"
    wait_until(lambda: len(bench.rows(unset)) == 2, "what a restart must know of the clock")
    notes = bench.rows(unset)
    wall.is_set()
    wait_until(lambda: "delivery goes on" in daemon.log(), "the times are corrected")
    daemon.accept("/v1/batch", {"batch": [
        {"type": "identify", "userId": user, "traits": {"email": f"{user.lower()}@example.com"}}
        for user in "AB"]})
    wait_until(lambda: len(sim.events()) == 8, "8 events at Bento")
    equal({e["details"]["unique"]["key"]: e["email"] for e in sim.events()},
          {**dict.fromkeys(("a-0", "a-1", "a-2", "c-1", "c-2"), "a@example.com"),
           **dict.fromkeys(("b-1", "b-2", "d-1"), "b@example.com")}, "the addresses")
    # Marks all events again, as after a crash between the steps of the correction.
    before = claims(bench)
    daemon.stop()
    with sqlite3.connect(bench.database) as file:
        file.execute("UPDATE event SET provisional = 1")
        seal(file)
        file.executemany("UPDATE meta SET value = :value WHERE key = :key", notes)
    file.close()
    daemon = daemon.restart()
    wait_until(lambda: "delivery goes on" in daemon.log(), "the rest is corrected")
    true("by 0 s" not in daemon.log(), daemon.log())
    equal(claims(bench), before, "statements are corrected once")


def test_the_later_address(bench):
    """an address that came before the clock was set is newer than one of an hour before"""
    wall = Wall(bench)
    wall.show(300)
    daemon = bench.daemon(bench.sim(), env=wall.env)

    def identify(email, **more):
        daemon.accept("/v1/identify", {"userId": "u", "traits": {"email": email}, **more})

    identify("new@example.com")
    wall.is_set()
    wait_until(lambda: "delivery goes on" in daemon.log(), "the times are corrected")
    identify("old@example.com", timestamp=iso(time.time() - 3600))
    daemon.accept("/v1/track", track("m", email=None, userId="u"))
    equal(bench.outbox("m")["email"], "new@example.com", "the address")


def test_import(bench):
    """Segment calls are not imported while the clock is not set"""
    wall = Wall(bench)
    wall.show(300)
    bench.daemon()
    calls = bench.write("calls", json.dumps(track("m")) + "\n")
    done = bench.cli("import", calls, env=wall.env)
    equal(done.returncode, 1, "exit status")
    true("clock of this machine is not set" in done.stderr, done.stderr)


def test_moving(bench):
    """events whose times were not corrected are neither adopted nor imported; a daemon corrects
    them"""
    wall = Wall(bench)
    wall.show(300)
    old = bench.daemon(env=wall.env)
    old.accept("/v1/track", track("m-1"))
    old.accept("/v1/track", track("m-2", email=None, userId="unknown-user"))
    lines = bench.write("lines", bench.cli("export", env=wall.env).stdout)
    old.kill()
    sim = bench.sim()
    new = Spool(bench, "new", sim)
    refused = done(new.cli("adopt", "--yes", bench.database), code=1).stderr
    true("has 2 events from a time when the clock was not set" in refused, refused)
    refused = done(new.cli("import", lines), code=1).stderr
    equal(refused.count("its times are from a clock that was not set"), 2, refused)
    equal(new.rows(), [], "nothing came over")
    old = spooltest.Daemon(bench, bench.path("bentospool.conf"))
    wait_until(lambda: "delivery goes on" in old.log(), "the times are corrected")
    old.stop()
    done(new.cli("adopt", "--yes", bench.database))
    wait_until(lambda: len(sim.events()) == 1, "an event at Bento")
    near(dates(sim)["m-1"], time.time(), "its date")


spooltest.main()
