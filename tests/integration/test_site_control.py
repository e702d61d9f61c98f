#!/usr/bin/env python3
"""pause, resume and flush, of one site or all, with a daemon and without one."""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def done(completed, code=0):
    equal(completed.returncode, code, f"exit status ({completed.stderr.strip()})")
    return completed


def operations(bench):
    return [(row["verb"], row["filter"], row["note"]) for row in
            bench.rows("SELECT * FROM operations ORDER BY operation_id")]


def two_sites(bench, first, second, **more):
    """Starts a daemon with two sites whose write keys are their names."""
    sites = {name: bench.site(sim.api_url(), write_keys=[name], **more)
             for name, sim in (("ashore", first), ("aboard", second))}
    conf = bench.configure(sites)
    return spooltest.Daemon(bench, conf)


def test_pause_and_resume(bench):
    """a paused site keeps its events while others send; resume sends them"""
    first, second = bench.sim(), bench.sim()
    daemon = two_sites(bench, first, second)
    done(bench.cli("pause", "--site", "ashore", "--note", "Bento migrates"))
    daemon.accept("/v1/track", track("a-1"), key="ashore")
    daemon.accept("/v1/track", track("b-1"), key="aboard")
    wait_until(second.events, "the other site delivers")
    equal(first.requests(), [], "requests for the paused site")
    equal(bench.outbox("a-1")["status"], "pending", "status while paused")
    status = done(bench.cli("status")).stdout
    true("paused by" in status and "Bento migrates" in status, f"status says why: {status}")
    checked = done(bench.cli("status", "--check"), code=1).stdout
    true("bentospool resume --site ashore" in checked, f"and what to do: {checked}")
    seen = bench.rows("SELECT site, state, note FROM sites ORDER BY site DESC")
    equal([tuple(row.values()) for row in seen],
          [("ashore", "paused", "Bento migrates"), ("aboard", "ready", None)], "the view")

    done(bench.cli("resume", "--site", "ashore"))
    bench.wait_settled(2)
    equal(first.keys(), ["a-1"], "delivered after resume")
    equal(operations(bench), [("pause", '{"site":"ashore"}', "Bento migrates"),
                              ("resume", '{"site":"ashore"}', None)], "operations")


def test_pause_lasts(bench):
    """a pause survives restarts; it can begin and end without a daemon"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    done(bench.cli("pause"))
    daemon.accept("/v1/track", track("a-1"))
    daemon = daemon.restart()
    daemon.accept("/v1/track", track("a-2"))
    daemon = daemon.restart(spooltest.signal.SIGKILL)
    daemon.accept("/v1/track", track("a-3"))
    equal(sim.requests(), [], "requests while paused")
    daemon.stop()

    told = done(bench.cli("resume", "--json")).stdout
    equal(json.loads(told), {"verb": "resume", "site": None, "sites": 1, "operation_id": 2,
                             "daemon": False}, "what resume says")
    told = json.loads(done(bench.cli("pause", "--json", "--site", "main")).stdout)
    equal((told["site"], told["sites"]), ("main", 1), "the site that pause names")
    done(bench.cli("resume"))
    equal([row[:2] for row in operations(bench)],
          [("pause", '{"all":true}'), ("resume", '{"all":true}'), ("pause", '{"site":"main"}'),
           ("resume", '{"all":true}')], "operations")
    daemon.restart()
    bench.wait_settled(3)
    equal(sim.keys(), ["a-1", "a-2", "a-3"], "delivered in order")


def test_flush(bench):
    """flush ends a back-off, and makes delayed events due at once"""
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim, retry_first=3600, retry_max=3600)
    daemon.accept("/v1/track", track("a-1"))
    wait_until(lambda: bench.value("SELECT state FROM sites") == "backoff", "the site backs off")
    # The first wait can be short, because of full jitter; later waits are longer.
    sim.heal()
    done(bench.cli("flush"))
    bench.wait_settled(1)
    equal(sim.keys(), ["a-1"], "delivered after flush")


def test_flush_leaves_a_pause(bench):
    """flush does not end an operator's pause; resume also ends a back-off"""
    sim = bench.sim()
    sim.answer(401)
    daemon = bench.daemon(sim, retry_first=3600, retry_max=3600)
    daemon.accept("/v1/track", track("a-1"))
    wait_until(lambda: bench.value("SELECT state FROM sites") == "paused", "401 pauses the site")
    done(bench.cli("pause"))
    asked = len(sim.requests())
    sim.heal()
    left = done(bench.cli("flush"), code=3)
    true("paused by an operator" in left.stdout, f"flush says so: {left.stdout}")
    done(bench.cli("pause", "--note", "again"))
    since = bench.value("SELECT pause_at FROM site")
    done(bench.cli("pause"))
    equal(bench.value("SELECT pause_at FROM site"), since, "a pause of what is paused")
    equal(len(sim.requests()), asked, "requests after flush under a pause")
    equal(bench.value("SELECT note FROM sites"), "again", "the newest note")
    done(bench.cli("resume"))
    bench.wait_settled(1)


def test_states_last(bench):
    """acting without a daemon does not change the recorded states of the sites"""
    first, second = bench.sim(), bench.sim()
    first.answer(401)
    daemon = two_sites(bench, first, second)
    daemon.accept("/v1/track", track("a-1"), key="ashore")
    wait_until(lambda: bench.rows("SELECT 1 FROM sites WHERE state = 'paused'"), "401 pauses it")
    daemon.stop()
    before = bench.rows("SELECT * FROM sites ORDER BY site")
    done(bench.cli("hold", "--all", "--yes"))
    done(bench.cli("release", "--all", "--yes"))
    done(bench.cli("pause", "--site", "aboard"))
    told = done(bench.cli("flush", "--site", "ashore")).stdout
    true("tried at the next start" in told, told)
    done(bench.cli("resume", "--site", "aboard"))
    done(bench.cli("purge", "--yes"), code=3)
    after = bench.rows("SELECT * FROM sites ORDER BY site")
    equal([(row["state"], row["reason"], row["failures"]) for row in after],
          [(row["state"], row["reason"], row["failures"]) for row in before], "the sites")
    first.heal()
    daemon.restart()
    bench.wait_settled(1)


def test_unknown_site(bench):
    """an unknown site: exit 3 and nothing recorded, with a daemon and without one"""
    daemon = bench.daemon(bench.sim())
    refused = done(bench.cli("pause", "--site", "nowhere"), code=3)
    true('there is no site "nowhere": bentospool status lists the sites' in refused.stderr, f"says which: {refused.stderr}")
    daemon.stop()
    refused = done(bench.cli("pause", "--site", "nowhere"), code=3)
    true('there is no site "nowhere": bentospool status lists the sites' in refused.stderr, f"says which: {refused.stderr}")
    equal(operations(bench), [], "operations")


spooltest.main()
