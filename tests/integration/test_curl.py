#!/usr/bin/env python3
"""A thousand events posted with curl --data, with a SIGKILL in between."""
import json
import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Skip, equal, track, true, wait_until  # noqa: E402

EVENTS = 1000
PER_CALL = 100  # requests of one curl, on one connection


def write_calls(bench, address, start):
    """Writes a configuration for curl that posts each event with --data and prints the answers."""
    parts = []
    for n in range(start, start + PER_CALL):
        body = json.dumps(track(f"curl-{n:04}")).replace("\\", "\\\\").replace('"', '\\"')
        parts.append(f'url = "{address}/v1/track"\nuser = "{spooltest.WRITE_KEY}:"\n'
                     f'data = "{body}"\nwrite-out = "curl-{n:04} %{{http_code}}\\n"\n'
                     f'output = "/dev/null"\nmax-time = 30\n')
    return bench.write(f"calls-{start}", "next\n".join(parts))


def post(bench, address, start):
    """Posts the events and returns the ids that were answered 200."""
    done = bench.run("curl", "--silent", "--config", write_calls(bench, address, start))
    said = [line.split() for line in done.stdout.splitlines()]
    return [words[0] for words in said if len(words) == 2 and words[1] == "200"]


def test_curl(bench):
    """1,000 events by curl across a SIGKILL: each acknowledged event arrives once"""
    if not shutil.which("curl"):
        raise Skip("curl is not installed")
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim, batch_events=100)
    acked = []
    for start in range(0, EVENTS, PER_CALL):
        if start == EVENTS // 2:
            calls = write_calls(bench, daemon.url(), start)
            answers = bench.path("killed.out")
            with open(answers, "wb") as out:
                curl = spooltest.subprocess.Popen(
                    ["curl", "--silent", "--config", calls], stdout=out, cwd=bench.dir)
            wait_until(lambda: bench.value("SELECT count(*) FROM outbox") > EVENTS // 2 + 5
                       or curl.poll() is not None, "some of them are in")
            daemon.kill()
            curl.wait(spooltest.DEADLINE)
            with open(answers, encoding="ascii") as said:
                acked += [line.split()[0] for line in said if line.rstrip().endswith(" 200")]
            daemon = daemon.restart()
            # Posts the unanswered events again, as a person would; those already stored are
            # recognized.
        acked += post(bench, daemon.url(), start)
    equal(len(set(acked)), EVENTS, "every event was acknowledged in the end")
    stored = [row["message_id"] for row in bench.outbox()]
    equal(sorted(stored), [f"curl-{n:04}" for n in range(EVENTS)], "each is stored once")
    sim.heal()
    bench.wait_settled(EVENTS)
    equal(bench.statuses(), {"delivered": EVENTS}, "statuses")
    equal(sorted(sim.keys()), sorted(stored), "what Bento got, each once")
    true(bench.value("SELECT count(*) FROM history WHERE outcome = 'delivered'") == EVENTS,
         "the history has each delivery once")


spooltest.main()
