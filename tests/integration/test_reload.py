#!/usr/bin/env python3
"""Reading the configuration again while the daemon runs: reload and SIGHUP."""
import json
import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Daemon, equal, track, true, wait_until  # noqa: E402


def done(completed, code=0):
    equal(completed.returncode, code, f"exit status ({completed.stderr.strip()})")
    return completed


def rewrite(bench, site, **more):
    """Writes the configuration for the next reload."""
    bench.configure({"main": site}, **more)


def test_new_settings_are_used(bench):
    """keys, write keys and sizes change during operation, and reload lists the changes"""
    sim = bench.sim()
    daemon = bench.daemon(sim, secret_key="wrong", retry_first=3600, retry_max=3600)
    daemon.accept("/v1/batch", {"batch": [track(f"a-{i}") for i in range(6)]})
    wait_until(lambda: bench.value("SELECT state FROM sites") == "paused", "the site pauses")
    rewrite(bench, bench.site(sim.api_url(), write_keys=["other"], batch_events=2,
                              retry_first=3600, retry_max=3600))
    told = done(bench.cli("reload")).stdout.splitlines()
    equal(told, ["site main: secret_key changed", "site main: write_keys changed",
                 "site main: batch_events 100 -> 2"], "what reload says")
    bench.wait_settled(6)
    equal(sim.keys(), [f"a-{i}" for i in range(6)], "delivered with the new keys, in order")
    sizes = [row["events"] for row in bench.rows("SELECT events FROM attempts")]
    true(max(sizes[1:]) == 2, f"batches are no larger than the new size: {sizes}")
    equal(daemon.post("/v1/track", track("b-1"))[0], 401, "the old write key")
    daemon.accept("/v1/track", track("b-2"), key="other")
    bench.wait_settled(7)
    equal(done(bench.cli("reload")).stdout, "nothing changed\n", "a second reload")
    true("wrong" not in daemon.log(), "no secret in the log")


def test_sighup(bench):
    """SIGHUP reloads, too, and a request in progress during a reload is completed"""
    sim = bench.sim()
    sim.faults("delay=1500,count=1")
    daemon = bench.daemon(sim, batch_events=1, concurrency=2)
    daemon.accept("/v1/batch", {"batch": [track(f"a-{i}", email=f"p{i}@example.com")
                                          for i in range(8)]})
    wait_until(lambda: bench.value("SELECT count(*) FROM attempts"), "a request is out")
    rewrite(bench, bench.site(sim.api_url(), batch_events=3, concurrency=1))
    daemon.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: "SIGHUP: configuration reloaded, 2 changes" in daemon.log(), "the log says so")
    bench.wait_settled(8)
    equal(sorted(sim.keys()), [f"a-{i}" for i in range(8)], "each arrives once")
    equal(bench.value("SELECT max(maybe_sent) FROM outbox"), 0, "and none is unknown")


def test_verbose(bench):
    """serve --verbose logs the start, a reload and the jobs; without --verbose none of that is
    logged"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    true(" debug " not in daemon.log(), "no details without --verbose")
    daemon.stop()
    conf = bench.configure({"main": bench.site(sim.api_url())})
    daemon = spooltest.Daemon(bench, conf, argv=["--verbose"])
    for part in ("start: opened the database", "start: site main has the id 1",
                 "start: listening on ", "start: control socket ", "identities: begins"):
        wait_until(lambda: f" debug {part}" in daemon.log(), f"the log says {part!r}")
    done(bench.cli("reload"))
    true(f" debug reload: read {conf}" in daemon.log(), "a reload names its file")


def test_all_or_nothing(bench):
    """a mistake, or a change that needs a restart, is named and changes nothing"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    rewrite(bench, bench.site(sim.api_url(), batch_events=5000, write_keys=["other"]))
    refused = done(bench.cli("reload"), code=1)
    true("batch_events" in refused.stderr and "bentospool.conf:" in refused.stderr,
         f"names the place: {refused.stderr}")
    rewrite(bench, bench.site(sim.api_url(), write_keys=["other"]), ingest={"max_body": 2000000})
    refused = done(bench.cli("reload"), code=1)
    true("max_body needs a restart" in refused.stderr, f"names it: {refused.stderr}")
    bench.configure({"main": bench.site(sim.api_url(), write_keys=["other"]),
                     "more": bench.site(sim.api_url(), write_keys=["third"])})
    refused = done(bench.cli("reload"), code=1)
    true("site more is new" in refused.stderr, f"names it: {refused.stderr}")
    bench.configure({"less": bench.site(sim.api_url(), write_keys=["other"])})
    refused = done(bench.cli("reload"), code=1)
    true("site main is gone" in refused.stderr, f"names it: {refused.stderr}")
    equal(daemon.post("/v1/track", track("a-1"), key="other")[0], 401, "the new key")
    daemon.accept("/v1/track", track("a-2"))


def test_reload_of_what_cannot_be(bench):
    """an unreadable file or a missing archive: the reload is refused, and the daemon keeps its
    settings"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    other = bench.site(sim.api_url(), write_keys=["other"])
    bench.write("bentospool.conf", "nonsense = 1\n")
    refused = done(bench.cli("reload"), code=1)
    true("nothing was reloaded: " in refused.stderr and "nonsense" in refused.stderr, refused.stderr)
    for archive, words in ((bench.path("none"), "No such file or directory: create the directory"),
                           (bench.write("file", ""), "Not a directory: name a directory")):
        rewrite(bench, other)
        with open(daemon.conf, "a", encoding="utf-8") as file:
            file.write(spooltest.conf_section("retention", {"archive": archive}) + "\n")
        refused = done(bench.cli("reload"), code=1)
        true("nothing is changed: " in refused.stderr, f"says so: {refused.stderr}")
        true(f"retention: archive: cannot write into {archive}: {words}" in refused.stderr,
             f"names it: {refused.stderr}")
    equal(daemon.post("/v1/track", track("a-1"), key="other")[0], 401, "the new key")
    daemon.accept("/v1/track", track("a-2"))
    os.mkdir(bench.path("none"))
    rewrite(bench, other)
    with open(daemon.conf, "a", encoding="utf-8") as file:
        file.write(spooltest.conf_section("retention", {"archive": bench.path("none")}) + "\n")
    done(bench.cli("reload"))
    daemon.accept("/v1/track", track("a-3"), key="other")


def test_reload_under_load(bench):
    """many reloads while events flow: no event is lost or sent twice"""
    sim = bench.sim()
    daemon = bench.daemon(sim, batch_events=7)
    for i in range(30):
        daemon.accept("/v1/batch", {"batch": [track(f"a-{i}-{k}") for k in range(20)]})
        rewrite(bench, bench.site(sim.api_url(), batch_events=1 + i % 9, concurrency=1 + i % 3))
        told = json.loads(done(bench.cli("reload", "--json")).stdout)
        true(told["changed"], "something changed")
    bench.wait_settled(600)
    keys = sim.keys()
    equal(len(keys), 600, "events that arrived")
    equal(keys, [f"a-{i}-{k}" for i in range(30) for k in range(20)], "in the order of the address")


def test_reload_needs_a_daemon(bench):
    """without a daemon, reload says so"""
    bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")})
    refused = done(bench.cli("reload"), code=1)
    true("start `bentospool serve` first: no daemon answers at" in refused.stderr, f"says so: {refused.stderr}")


def test_included_files(bench):
    """a reload reads included files again, names them, and refuses all when one of them is wrong"""
    sim = bench.sim()
    os.mkdir(bench.path("conf.d"))
    text = bench.configure({"main": bench.site(sim.api_url())}, name="first.conf")
    with open(text, encoding="utf-8") as file:
        conf = bench.write("bentospool.conf", file.read() + 'include "conf.d/*.conf"\n')
    daemon = Daemon(bench, conf)
    extra = bench.write("conf.d/alarms.conf", "\nalarm_after = 7\n")
    equal(done(bench.cli("reload")).stdout, f"alarm_after 3600 -> 7 ({extra}:2)\n", "a new file")
    true(f"alarm_after          = 7  # {extra}:2\n" in done(bench.cli("check")).stdout, "check shows it")
    equal(json.loads(done(bench.cli("check", "--json")).stdout)["files"], [conf, extra], "the files")
    bench.write("conf.d/alarms.conf", "alarm_after = 9\nalarm_after = 10\n")
    refused = done(bench.cli("reload"), 1)
    true(f"{extra}:2: alarm_after is given twice, first in line 1" in refused.stderr, refused.stderr)
    bench.write("conf.d/alarms.conf", "alarm_after = 8\n")
    daemon.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: f"reload: alarm_after 7 -> 8 ({extra}:1)" in daemon.log(), "SIGHUP does the same")
    os.unlink(extra)
    equal(done(bench.cli("reload")).stdout, "alarm_after 8 -> 3600\n", "a file that is gone")


spooltest.main()
