#!/usr/bin/env python3
"""The daemon as a service: signs of life for systemd's watchdog, and signals that nobody meant for it."""
import os
import re
import select
import signal
import socket
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolfailing import HANG, Failing  # noqa: E402
from spooltest import Daemon, equal, track, true, wait_until  # noqa: E402

# Half of this is the longest time that a part may stand still: long for a loaded machine.
WATCHDOG_S = 4
STUCK = "watchdog: "
MOVES = "watchdog: everything moves again"


class Manager:
    """Stands in for systemd: the socket that $NOTIFY_SOCKET names."""

    def __init__(self, bench):
        path = bench.path("notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.env = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": str(WATCHDOG_S * 1000000)}

    def receive(self, seconds):
        """Returns the next message; None when none comes in that time."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        return self.socket.recv(256).decode()

    def signs(self, n):
        """Waits for n signs of life."""
        for _ in range(n):
            equal(self.receive(spooltest.DEADLINE), "WATCHDOG=1", "a sign of life")

    def drain(self):
        while self.receive(0):
            pass

    def silence(self):
        """Nothing comes within a time in which two signs are due."""
        self.drain()
        equal(self.receive(WATCHDOG_S), None, "while a part stands still")


def stuck(bench, what, words):
    """A part hangs in the call `what`: the signs stop, and come back when the call returns."""
    failing = Failing(bench)
    manager = Manager(bench)
    served = bench.daemon(bench.sim(), env={**failing.env, **manager.env})
    manager.signs(1)
    equal(manager.receive(spooltest.DEADLINE), "READY=1", "then it is ready")
    failing.arm(what, 1, in_a_row=1 << 40, how=HANG)
    request = socket.create_connection(served.url().removeprefix("http://").split(":"))
    body = b'{"type":"track","event":"A","messageId":"m-1","email":"ann@example.com"}'
    request.sendall(b"POST /v1/track HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dGVzdC13cml0ZS1rZXk6\r\n"
                    b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    wait_until(lambda: STUCK in served.log(), "the log says what stands still")
    true(re.search(STUCK + words, served.log()), served.log())
    manager.silence()
    equal(served.log().count(STUCK), 1, "it is logged once")
    failing.disarm()
    manager.signs(2)
    true(MOVES in served.log(), served.log())
    request.close()
    bench.wait_settled(1)


def test_signs_of_life(bench):
    """signs of life come while Bento is down, and the watchdog is off without systemd's variables"""
    manager = Manager(bench)
    daemon = bench.daemon(env=manager.env)
    manager.signs(1)
    equal(manager.receive(spooltest.DEADLINE), "READY=1", "ready")
    daemon.accept("/v1/track", track("m-1"))
    wait_until(lambda: "backing off, next attempt" in daemon.log(), "the site backs off")
    manager.signs(2)
    equal((daemon.stop(), manager.receive(spooltest.DEADLINE)), (0, "STOPPING=1"), "it stops")
    manager.drain()
    daemon = bench.daemon(env={"NOTIFY_SOCKET": manager.env["NOTIFY_SOCKET"]})
    equal((daemon.stop(), manager.receive(0), manager.receive(0)), (0, "READY=1", "STOPPING=1"), "no signs")


def test_stuck_disk(bench):
    """signs of life stop while the disk does not sync, and come back with it"""
    stuck(bench, "fdatasync", r"a write to the database has taken \d+ s so far")


def test_stuck_dispatcher(bench):
    """signs of life stop while the dispatcher hangs, and come back with it"""
    stuck(bench, "poll", "the dispatcher has stood still for 2 s or longer")


def test_full_disk(bench):
    """signs of life go on while the disk is full and events are refused"""
    with spooltest.Mount(bench.path("small"), "size=16m") as small:
        bench.database = os.path.join(small.path, "spool.db")
        manager = Manager(bench)
        daemon = bench.daemon(env=manager.env, top={"min_free": 64 << 20})
        equal(daemon.post("/v1/track", track("m-1"))[0], 503, "too little space")
        manager.drain()
        manager.signs(2)
        true(STUCK not in daemon.log(), daemon.log())
        equal(daemon.stop(), 0, "the end")


def test_stray_signals(bench):
    """signals that mean nothing do not end the daemon; SIGUSR1 and SIGUSR2 are logged"""
    daemon = bench.daemon(bench.sim())
    for stray in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1, signal.SIGALRM, signal.SIGPIPE,
                  signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGPWR, signal.SIGXFSZ):
        daemon.popen.send_signal(stray)
    wait_until(lambda: "ignored: it has no meaning here" in daemon.log(), "the log")
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    equal(daemon.log().count("ignored: it has no meaning here"), 1, "one line a minute")
    equal(daemon.stop(), 0, "the end")


def blocked(pid, number):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        mask = int(re.search(r"^SigBlk:\s*(\w+)", status.read(), re.M).group(1), 16)
    return mask >> (number - 1) & 1


def test_signals_during_the_start(bench):
    """SIGHUP during the start reloads after it, and stray signals then do not end the daemon"""
    daemon = bench.daemon()
    equal(daemon.stop(), 0, "the database is there")
    lock = sqlite3.connect(bench.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    daemon = Daemon(bench, daemon.conf, ready=False)
    wait_until(lambda: blocked(daemon.pid, signal.SIGHUP), "it has begun")
    for each in (signal.SIGHUP, signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM):
        daemon.popen.send_signal(each)
    equal(daemon.addresses(), [], "it waits for the lock of the database")
    lock.execute("ROLLBACK")
    lock.close()
    daemon.wait_listening()
    wait_until(lambda: "SIGHUP: configuration reloaded, 0 changes" in daemon.log(), "the reload")
    equal(daemon.log().count("SIGHUP"), 2, "once, and in the line about SIGUSR1")
    equal(daemon.stop(), 0, "the end")


def test_stop_during_the_start(bench):
    """SIGTERM during the start stops the daemon as soon as it has started"""
    daemon = bench.daemon()
    equal(daemon.stop(), 0, "the database is there")

    def pend():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        os.kill(os.getpid(), signal.SIGTERM)

    daemon = Daemon(bench, daemon.conf, preexec=pend, ready=False)
    equal(daemon.wait(), 0, "the exit status")
    true("signal 15: stopping" in daemon.log() and daemon.log().endswith("stopped\n"), daemon.log())


spooltest.main()
