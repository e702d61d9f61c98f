#!/usr/bin/env python3
"""Every refused request leaves a trace: it is counted, stored, shown and logged."""
import json
import os
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def status(bench, *options, code=0):
    done = bench.cli("status", "--json", *options)
    equal(done.returncode, code, done.stdout + done.stderr)
    return json.loads(done.stdout)


def reasons(bench):
    return status(bench)["requests"]["last_hour"]["reasons"]


def wait_for(bench, **wanted):
    wait_until(lambda: all(reasons(bench).get(k) == n for k, n in wanted.items()),
               f"{wanted} are counted")


def cut(daemon, text):
    """Closes a connection in the middle of a request, as a client might."""
    host, port = daemon.url().removeprefix("http://").rsplit(":", 1)
    with socket.create_connection((host, int(port))) as client:
        client.sendall(text)


def test_kinds(bench):
    """each refusal is counted by reason, shown by status and the view, and logged once without the
    key"""
    daemon = bench.daemon(bench.sim())
    daemon.accept("/v1/track", track("m-1"))
    equal(daemon.post("/v1/track", track("m-2"), key="not-the-key")[0], 401, "a wrong key")
    for _ in range(3):
        equal(daemon.post("/v1/nowhere", track("m-3"))[0], 404, "a wrong path")
    equal(daemon.post("/v1/batch", {"batch": []})[0], 400, "an empty batch")
    equal(daemon.request("GET", "/v1/batch")[0], 405, "a wrong method")
    cut(daemon, b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    cut(daemon, b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03")
    wait_for(bench, invalid_write_key=1, not_found=3, empty_batch=1, method_not_allowed=1, cut_off=1)
    hour = status(bench)["requests"]["last_hour"]
    equal((hour["accepted_requests"], hour["refused_requests"]), (1, sum(hour["reasons"].values())), "the sums")
    text = bench.cli("status").stdout
    true("requests  1 accepted, " in text and "3 not_found" in text, text)
    equal(bench.value("SELECT requests FROM refusals WHERE reason = 'not_found'"), 3, "the view")
    log = daemon.log()
    equal(log.count("refused a request from 127.0.0.1: not_found"), 1, log)
    true("not-the-key" not in log and "m-3" not in log, log)


def test_restart(bench):
    """counts survive the process, even when it is killed"""
    daemon = bench.daemon(bench.sim())
    daemon.post("/v1/nowhere", track("m"))
    wait_for(bench, not_found=1)
    daemon = daemon.restart()
    daemon.post("/v1/nowhere", track("m"))
    wait_for(bench, not_found=2)
    daemon.kill()
    equal(reasons(bench)["not_found"], 2, "after SIGKILL")
    # The last counts are stored when the daemon stops, too.
    daemon = spooltest.Daemon(bench, bench.path("bentospool.conf"))
    daemon.post("/v1/nowhere", track("m"))
    daemon.stop()
    equal(reasons(bench)["not_found"], 3, "after SIGTERM")


def test_check(bench):
    """status --check fails above refused_percent, not at it, and not for fewer than 10 refusals"""
    daemon = bench.daemon(bench.sim(), ingest={"refused_percent": 20})
    for i in range(40):
        daemon.accept("/v1/track", track(f"m-{i}"))
    for _ in range(9):
        daemon.post("/v1/nowhere", track("m"))
    wait_for(bench, not_found=9)
    status(bench, "--check")  # 9 of 49: fewer than 10 refusals never count as too many
    daemon.post("/v1/nowhere", track("m"))
    wait_for(bench, not_found=10)
    status(bench, "--check")  # 10 of 50 are 20 percent
    daemon.post("/v1/nowhere", track("m"))
    wait_for(bench, not_found=11)
    problems = status(bench, "--check", code=1)["problems"]
    equal(problems, ["11 of 51 requests were refused in the last hour (11 not_found): see the log "
                     "for the clients"], "problems")


def test_tail(bench):
    """tail shows refused requests as they are counted"""
    daemon = bench.daemon(bench.sim())
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    tail = subprocess.Popen(
        [spooltest.binary("bentospool"), "tail", "--json", "-c", bench.path("bentospool.conf")],
        stdout=subprocess.PIPE, text=True)
    try:
        tail.stdout.readline()  # tail is running now
        daemon.post("/v1/nowhere", track("m"))
        for line in tail.stdout:
            line = json.loads(line)
            if "reason" in line and "requests" in line:
                break
        equal((line["reason"], line["requests"]), ("not_found", 1), "the line")
    finally:
        tail.terminate()
        tail.wait(10)


def test_message_id_reused(bench):
    """a known messageId with other content is counted; a true retry is not"""
    daemon = bench.daemon(bench.sim())
    daemon.accept("/v1/track", {**track("m", event="Order Placed"), "sentAt": "2026-01-01T00:00:00Z"})
    daemon.accept("/v1/track", {**track("m", event="Order Placed"), "sentAt": "2026-01-01T00:00:09Z"})
    equal(bench.rows("SELECT * FROM request_count WHERE outcome = 'message_id_reused'"), [],
          "a retry")
    daemon.accept("/v1/track", track("m", event="Order Shipped"))
    daemon.accept("/v1/batch", {"batch": [track("n", event="A"), track("n", event="B")]})
    equal(status(bench)["requests"]["today"]["message_id_reused"], 2, "other content")
    equal(len(bench.outbox()), 2, "events")
    true("its messageId belongs to event 1, which has other content"
         in daemon.log(), daemon.log())
    true("2 events today with a known messageId and other content" in bench.cli("status").stdout,
         "status")


def test_health_checks(bench):
    """a health check that is answered 503 does not count as a refused request"""
    daemon = bench.daemon(bench.sim(), top={"min_free": 1 << 50})
    equal(daemon.post("/v1/track", track("m"))[0], 503, "no space")
    equal(daemon.request("GET", "/healthz")[0], 503, "the health check")
    wait_for(bench, storage_full=1)


spooltest.main()
