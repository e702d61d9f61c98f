#!/usr/bin/env python3
"""What tells a person without being asked: alarm_command, and lines of the log."""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


ALARM = """#!/bin/sh
printf '%s|%s|%s|%s\\n' "$BENTOSPOOL_EVENT" "$BENTOSPOOL_SITE" "$1" "$BENTOSPOOL_TEXT" >>"$2"
env >>"$2.env"
"""


def alarms(bench):
    try:
        with open(bench.path("alarms"), encoding="utf-8") as lines:
            return [line.rstrip("\n").split("|") for line in lines]
    except FileNotFoundError:
        return []


def alarm_command(bench):
    script = bench.write("alarm.sh", ALARM)
    os.chmod(script, 0o700)
    return [script, "it's", bench.path("alarms")]


def test_alarm_of_a_site(bench):
    """alarm_command runs when a site pauses automatically and when it delivers again, without secrets"""
    sim = bench.sim()
    sim.answer(401)
    daemon = bench.daemon(sim, top={"alarm_command": alarm_command(bench)},
                          env={"BENTO_SECRET_KEY": spooltest.SECRET_KEY})
    daemon.accept("/v1/track", track("a-1"))
    wait_until(lambda: len(sim.requests()) > 3, "several probes fail")
    wait_until(lambda: alarms(bench), "the alarm of the pause")
    sim.heal()
    bench.wait_settled(1)
    wait_until(lambda: len(alarms(bench)) > 1, "the alarm of the recovery")
    paused, resumed = alarms(bench)
    equal(paused[:3], ["site_paused", "main", "it's"], "the first alarm")
    true("secret_key" in paused[3], f"says what to look at: {paused[3]}")
    equal(resumed, ["site_resumed", "main", "it's", "site main delivers again"], "the second")
    with open(bench.path("alarms") + ".env", encoding="utf-8") as lines:
        true(spooltest.SECRET_KEY not in lines.read(), "the secret is not in its environment")


def test_alarm_of_storage(bench):
    """alarm_command runs when events can no longer be stored"""
    daemon = bench.daemon(bench.sim(), top={"alarm_command": alarm_command(bench),
                                            "min_free": 1 << 50})
    equal(daemon.post("/v1/track", track("a-1"))[0], 503, "no space")
    wait_until(lambda: alarms(bench), "the alarm")
    equal(alarms(bench)[0][:2], ["storage_failed", ""], "what it says")


def test_alarm_command_must_run(bench):
    """an alarm_command that cannot be run is refused at the start"""
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")},
                           top={"alarm_command": ["page"]})
    refused = bench.cli("check", conf=conf)
    equal(refused.returncode, 1, refused.stderr)
    true("absolute path" in refused.stderr, f"says what is wanted: {refused.stderr}")
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")},
                           top={"alarm_command": [bench.path("nothing")]})
    refused = bench.cli("check", conf=conf)
    equal(refused.returncode, 1, refused.stderr)
    true("cannot be run" in refused.stderr, f"says why: {refused.stderr}")


def log_lines(daemon, words):
    return [line for line in daemon.log().splitlines() if words in line]


def test_alarm_of_a_long_outage(bench):
    """a site that backs off for alarm_after raises one alarm, and one when it delivers again"""
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim, top={"alarm_command": alarm_command(bench), "alarm_after": 2})
    daemon.accept("/v1/track", track("a-1"))
    wait_until(lambda: alarms(bench), "the alarm")
    equal(alarms(bench)[0][:2], ["site_backing_off", "main"], "what it is about")
    true(re.match(r"site main has been backing off for 0 min: .*503", alarms(bench)[0][3]),
         alarms(bench)[0])
    before = len(sim.requests())
    wait_until(lambda: len(sim.requests()) > before + 1, "more probes fail")
    sim.heal()
    bench.wait_settled(1)
    wait_until(lambda: len(alarms(bench)) > 1, "the end")
    equal([alarm[0] for alarm in alarms(bench)], ["site_backing_off", "site_resumed"], "no other alarm")


def test_a_short_outage_raises_no_alarm(bench):
    """a site that backs off for less than alarm_after raises none, not even when it delivers again"""
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim, top={"alarm_command": alarm_command(bench), "alarm_after": 3600})
    daemon.accept("/v1/track", track("a-1"))
    wait_until(lambda: len(sim.requests()) > 2, "probes fail")
    sim.heal()
    bench.wait_settled(1)
    sim.answer(401)
    daemon.accept("/v1/track", track("a-2"))
    wait_until(lambda: alarms(bench), "the alarm of the pause")
    equal([alarm[0] for alarm in alarms(bench)], ["site_paused"], "the only alarm")


def test_failed_events_are_told(bench):
    """events that failed or are held are logged with count and reason, and raise one alarm an hour"""
    sim = bench.sim()
    sim.faults("refuse=Refused Here")
    daemon = bench.daemon(sim, top={"alarm_command": alarm_command(bench)})
    daemon.accept("/v1/track", track("a-1", event="Refused Here"))
    bench.wait_settled(1)
    wait_until(lambda: alarms(bench), "the alarm")
    equal(alarms(bench)[0][:2], ["events_failed", "main"], "what it is about")
    true("1 failed and 0 held" in alarms(bench)[0][3], alarms(bench)[0])
    for i in range(3):
        daemon.accept("/v1/track", track(f"b-{i}", event="Refused Here"))
    bench.wait_settled(4)
    wait_until(lambda: len(log_lines(daemon, "failed (refused)")) == 2, "the second line of the log")
    first, second = log_lines(daemon, "failed (refused)")
    true("site main: 1 event failed (refused): see bentospool errors" in first, first)
    true("site main: 3 events failed (refused)" in second, second)
    equal(len(alarms(bench)), 1, "one alarm an hour")


def test_a_reload_may_reorder_the_sites(bench):
    """failed events are told under their own site's name after a reload that reorders the sites"""
    sim = bench.sim()
    sim.faults("refuse=Refused Here")
    sites = {name: bench.site(sim.api_url(), write_keys=[name]) for name in ("ashore", "aboard")}
    top = {"alarm_command": alarm_command(bench)}
    daemon = spooltest.Daemon(bench, bench.configure(sites, top=top))
    bench.configure(dict(reversed(sites.items())), top=top)
    equal(bench.cli("reload").returncode, 0, "reload")
    daemon.accept("/v1/track", track("a-1", event="Refused Here"), key="aboard")
    wait_until(lambda: alarms(bench), "the alarm")
    equal(alarms(bench)[0][:2], ["events_failed", "aboard"], "whose events")
    true(log_lines(daemon, "site aboard: 1 event failed (refused)"), daemon.log())


def test_refused_requests_raise_an_alarm(bench):
    """many refused requests raise an alarm; nine do not"""
    daemon = bench.daemon(top={"alarm_command": alarm_command(bench)})
    for _ in range(9):
        equal(daemon.post("/v1/track", track("a-1"), key="wrong")[0], 401, "refused")
    wait_until(lambda: bench.value("SELECT sum(requests) FROM refusals") == 9, "they are counted")
    equal(alarms(bench), [], "nine are few")
    equal(daemon.post("/v1/track", track("a-1"), key="wrong")[0], 401, "refused")
    wait_until(lambda: alarms(bench), "the alarm")
    equal(alarms(bench)[0][0], "requests_refused", "what it is about")
    true("10 of 10 requests were refused in the last hour" in alarms(bench)[0][3], alarms(bench)[0])


def test_little_space_raises_an_alarm(bench):
    """less than twice min_free raises an alarm while events are still accepted"""
    free = os.statvfs(bench.dir).f_bavail * os.statvfs(bench.dir).f_frsize
    daemon = bench.daemon(top={"alarm_command": alarm_command(bench), "min_free": int(free * 0.7)})
    daemon.accept("/v1/track", track("a-1"))
    wait_until(lambda: alarms(bench), "the alarm")
    equal(alarms(bench)[0][0], "space_low", "what it is about")


def test_the_log_as_json(bench):
    """log_format json: each line is an object; log_level says which; both change with a reload"""
    daemon = bench.daemon(top={"log_format": "json", "log_level": "warn"})
    equal(daemon.post('/v1/tr"ack', track("a-1"))[0], 404, "an odd path")
    wait_until(lambda: log_lines(daemon, "refused a request"), "the warning")
    lines = [json.loads(line) for line in log_lines(daemon, "") if not line.startswith("listening on ")]
    equal({(*line,) for line in lines}, {("time", "level", "text")}, "members")
    equal({line["level"] for line in lines}, {"warn"}, "levels")
    true(re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+Z", lines[0]["time"]), lines[0])
    with open(daemon.conf, encoding="utf-8") as file:
        text = file.read()
    bench.write("bentospool.conf", text.replace('"json"', '"text"').replace('"warn"', '"info"'))
    equal(bench.cli("reload").returncode, 0, "reload")
    wait_until(lambda: log_lines(daemon, "info  reload: "), "lines as text")
    refused = bench.cli("check", conf=bench.write("bad.conf", text.replace('"warn"', '"loud"')))
    true('log_level = "loud": must be "error", "warn", "info" or "debug"' in refused.stderr,
         refused.stderr)


spooltest.main()
