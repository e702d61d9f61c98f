#!/usr/bin/env python3
"""Thousands of connections at once: idle ones, slow heads and slow bodies, while 20 good clients send. And the
edge of max_connections: one below it, at it, one above it.

refutes: in a crowd a good client waits for seconds or is not answered, a limit does not hold, or a refusal is not counted
takes: 1 min
runs: all
"""
import json
import os
import resource
import threading
import time

import faults
import spooltest
from spoolhttp import Raw, post_bytes
from spooltest import equal, track, true, wait_until

IDLE = 5000
SLOW = 200  # heads, and as many bodies
GOOD = 20
REQUESTS = 50  # of each good client; more when the whole is run
PROMISE = 2.0  # seconds for 99 of 100 answers; not asked of make check, whose machine has much to do
EDGE = 40


def accepted(daemon):
    """Returns the number of connections that the daemon has accepted and not closed."""
    port = f":{int(daemon.url().rsplit(':', 1)[1]):04X}"
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    # Those that wait for accept have no inode yet; 01 is established, 08 is closed by the client alone. The kernel
    # may list one twice, or leave one out, while others come and go.
    return len({row[2] for row in rows if row[1].endswith(port) and row[3] in ("01", "08") and row[9] != "0"})


def allow_files(n):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (resource.RLIM_INFINITY,) and hard < n:
        raise spooltest.Skip(f"only {hard} open files are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, n), hard))


class Slow(threading.Thread):
    """Sends a byte of each request now and then: they never end."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.over = threading.Event()
        body = post_bytes(json.dumps(track("slow", properties={"pad": "x" * 20000})))
        head = body.index(b"\r\n\r\n")
        self.clients = []
        for n in range(2 * SLOW):
            raw = Raw(url).send(body[:10 if n < SLOW else head + 20])
            self.clients.append((raw, body[10:head] if n < SLOW else body[head + 20:-1]))

    def run(self):
        at = 0
        while not self.over.is_set():
            for raw, rest in self.clients:
                raw.try_send(rest[at % len(rest):][:1])
            at += 1
            self.over.wait(0.5)

    def end(self):
        self.over.set()
        self.join()
        for raw, _ in self.clients:
            raw.close()


class Good(threading.Thread):
    """A client with one connection; notes how long each answer took."""

    def __init__(self, url, name, requests):
        super().__init__(daemon=True)
        self.url, self.name, self.requests = url, name, requests
        self.took, self.acked, self.wrong = [], [], None

    def run(self):
        raw = Raw(self.url)
        for n in range(self.requests):
            key = f"{self.name}-{n}"
            began = time.monotonic()
            raw.send(post_bytes(json.dumps(track(key, email=f"{self.name}@example.com"))))
            status, answer = raw.answer()
            self.took.append(time.monotonic() - began)
            if status != 200:
                self.wrong = f"{key} was answered {status} {answer}"
                return
            self.acked.append(key)
        raw.close()


def send_all(url, prefix):
    """The good clients send all they have; returns their names of events, and the sorted times in seconds."""
    clients = [Good(url, f"{prefix}-{n}", REQUESTS * (10 if faults.whole() else 1)) for n in range(GOOD)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
        true(client.wrong is None, client.wrong)
    return [key for client in clients for key in client.acked], sorted(t for c in clients for t in c.took)


def outcomes(bench):
    rows = bench.rows("SELECT outcome, sum(requests) AS n FROM request_count GROUP BY 1")
    return {row["outcome"]: row["n"] for row in rows}


def say(what, took):
    print(f"# {what}: {len(took)} answers, median {took[len(took) // 2] * 1000:.1f} ms,"
          f" 99 of 100 within {took[len(took) * 99 // 100] * 1000:.1f} ms, longest {took[-1] * 1000:.1f} ms")


def test_thousands(bench):
    """20 good clients are answered beside 5,000 idle connections, 200 slow heads and 200 slow bodies"""
    all_open = IDLE + 2 * SLOW + GOOD
    allow_files(all_open + 200)
    daemon = bench.daemon(ingest={"max_connections": all_open, "request_timeout": 600, "idle_timeout": 600})
    acked, took = send_all(daemon.url(), "alone")
    say("alone", took)
    idle = [Raw(daemon.url()) for _ in range(IDLE)]
    slow = Slow(daemon.url())
    wait_until(lambda: accepted(daemon) == IDLE + 2 * SLOW, "all are accepted")
    slow.start()
    more, took = send_all(daemon.url(), "crowd")
    say(f"beside {IDLE + 2 * SLOW} connections", took)
    true(not faults.whole() or took[len(took) * 99 // 100] < PROMISE,
         f"99 of 100 answers took {took[len(took) * 99 // 100]:.2f} s")
    equal(len([raw for raw in idle if was_closed(raw)]), 0, "idle connections that were closed")
    slow.end()
    for raw in idle:
        raw.close()
    wait_until(lambda: accepted(daemon) == 0, "all are closed")
    acked += more
    stored = {row["message_id"] for row in bench.rows("SELECT message_id FROM event")}
    equal(len(set(acked) - stored), 0, "events that were acknowledged and are not there")
    equal(daemon.stop(), 0, "exit status")
    equal(outcomes(bench).get("accepted"), len(acked), "accepted requests that are counted")
    faults.result(points=len(acked), lost=0)


def was_closed(raw):
    raw.sock.setblocking(False)
    try:
        return raw.sock.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def busy(daemon, n):
    """Returns so many connections in the middle of a request."""
    data = post_bytes(json.dumps(track("busy")))
    return [Raw(daemon.url()).send(data[:-5]) for _ in range(n)]


def finish(raw, what):
    raw.send(post_bytes(json.dumps(track("busy")))[-5:])
    equal(raw.answer()[0], 200, what)


def edge(bench, extra):
    """max_connections + extra clients in the middle of a request; those above wait until one ends."""
    daemon = bench.daemon(ingest={"max_connections": EDGE, "request_timeout": 600, "idle_timeout": 600})
    clients = busy(daemon, EDGE + extra)
    wait_until(lambda: accepted(daemon) == min(EDGE, EDGE + extra), "those that may are accepted")
    if extra > 0:
        wait_until(lambda: "as many as max_connections allows" in daemon.log(), "a line in the log")
        true(accepted(daemon) <= EDGE, "connections above the limit")
    else:
        true("max_connections" not in daemon.log(), "no line in the log")
    # The last one is served as soon as there is a place: at once, or when the first has ended.
    for n, raw in enumerate(clients):
        finish(raw, f"client {n} of {EDGE + extra}, {EDGE} allowed")
        raw.close()
    wait_until(lambda: accepted(daemon) == 0, "all are closed")
    equal(daemon.stop(), 0, "exit status")
    equal(outcomes(bench).get("accepted", 0), EDGE + extra, "accepted requests that are counted")
    for name in os.listdir(bench.dir):
        if name.startswith("spool.db"):
            os.remove(bench.path(name))


def test_edge(bench):
    """below max_connections, at it and above it each client is served, and never more at once"""
    for extra in (-1, 0, 1, EDGE):
        edge(bench, extra)
    faults.result(points=4, lost=0)


def test_idle_makes_room(bench):
    """a client above the limit takes the place of one that has been idle"""
    daemon = bench.daemon(ingest={"max_connections": EDGE, "request_timeout": 600, "idle_timeout": 600})
    idle = [Raw(daemon.url()) for _ in range(EDGE)]
    for n in range(10):
        raw = Raw(daemon.url())
        raw.send(post_bytes(json.dumps(track(f"late-{n}"))))
        equal(raw.answer()[0], 200, "a client in a crowd of idle ones")
        idle.append(raw)
    equal(len([raw for raw in idle if was_closed(raw)]), 10, "idle connections that made room")
    equal(daemon.stop(), 0, "exit status")
    equal(outcomes(bench), {"accepted": 10}, "requests that are counted")
    faults.result(points=10, lost=0)


if __name__ == "__main__":
    spooltest.main()
