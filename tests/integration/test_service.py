#!/usr/bin/env python3
"""The daemon as a service: signs of life for systemd's watchdog, sockets that systemd hands over, and signals
that nobody meant for it."""
import os
import re
import select
import signal
import socket
import sqlite3
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
import spooltls  # noqa: E402
from spoolfailing import HANG, Failing  # noqa: E402
from spoolhttp import http_request  # noqa: E402
from spoolmount import Mount  # noqa: E402
from spooltest import Daemon, binary, equal, track, true, wait_until  # noqa: E402

# Half of this is the longest time that a part may stand still: long for a loaded machine.
WATCHDOG_S = 4
STUCK = "watchdog: "
MOVES = "watchdog: all parts make progress again"


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
    with Mount(bench.path("small"), "size=16m") as small:
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


# Becomes the daemon as systemd starts it: the descriptors from 3 on, and who they are for.
HAND_OVER = """
import os, sys
fds, names, pid, *argv = sys.argv[1:]
for n, fd in enumerate(fds.split(), 3):
    os.dup2(os.dup(int(fd)), n)
    os.set_inheritable(n, True)
os.environ.update(LISTEN_FDS=str(len(fds.split())), LISTEN_FDNAMES=names, LISTEN_PID=pid or str(os.getpid()))
os.execv(argv[0], argv)
"""


class Activated(Daemon):
    """A daemon that gets the sockets of its parent."""

    def __init__(self, bench, conf, sockets, listeners=1, ready=True, names="bentospool.socket", pid=""):
        # Far from 3, so that none is in the way of another.
        fds = [socket.dup(each.fileno()) for each in sockets]
        # pylint: disable=super-init-not-called,non-parent-init-called
        spooltest.Process.__init__(
            self, bench, "daemon", [sys.executable, "-c", HAND_OVER, " ".join(map(str, fds)), names, pid,
                                    binary("bentospool"), "serve", "-c", conf], pass_fds=fds)
        for fd in fds:
            os.close(fd)
        if ready:
            self.wait_listening(listeners)


def listening(family=socket.AF_INET, address=("127.0.0.1", 0)):
    """Returns a socket that listens, and its address as `listen` has it."""
    made = socket.socket(family)
    made.bind(address)
    made.listen(100)
    name = made.getsockname()
    return made, f"unix:{name}" if family == socket.AF_UNIX else f"{name[0]}:{name[1]}"


def configure(bench, *addresses, sim=None):
    api_url = sim.api_url() if sim else "http://127.0.0.1:1/api/v1"
    return bench.configure({"main": bench.site(api_url)}, {"listen": list(addresses)})


class Client(threading.Thread):
    """Sends events, each on its own connection, until it is told to end."""

    def __init__(self, address, name):
        super().__init__()
        self.url, self.prefix, self.sent, self.wrong, self.end = f"http://{address}", name, 0, [], False

    def run(self):
        while not self.end and not self.wrong:
            body = track(f"{self.prefix}-{self.sent}")
            try:
                status = http_request(self.url, "POST", "/v1/track", body, {
                    "Authorization": "Basic dGVzdC13cml0ZS1rZXk6"})[0]
            except OSError as e:
                self.wrong.append(repr(e))
                return
            if status != 200:
                self.wrong.append(status)
            self.sent += 1


def test_restart_refuses_no_client(bench):
    """clients that send during restarts have each event accepted: the parent holds the socket"""
    sim = bench.sim()
    held, address = listening()
    conf = configure(bench, address, sim=sim)
    daemon = Activated(bench, conf, [held])
    clients = [Client(address, f"c{n}") for n in range(4)]
    for client in clients:
        client.start()
    for _ in range(3):
        before = [client.sent for client in clients]
        wait_until(lambda: all(c.sent > n or c.wrong for c, n in zip(clients, before)), "each client gets on")
        equal(daemon.stop(), 0, daemon.log())
        daemon = Activated(bench, conf, [held])
    for client in clients:
        client.end = True
    for client in clients:
        client.join()
    equal([client.wrong for client in clients], [[]] * 4, "refused")
    bench.wait_settled(sum(client.sent for client in clients))


def test_first_request_during_a_stop(bench):
    """a stop waits for the first request of a new connection, and not for another of an old one"""
    daemon = bench.daemon(bench.sim())
    address = daemon.url().removeprefix("http://").split(":")
    new, old = (socket.create_connection(address) for _ in range(2))
    head = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    old.sendall(head)
    true(old.recv(4096).startswith(b"HTTP/1.1 200"), "the first request of the old one")
    daemon.popen.terminate()
    equal(old.recv(4096), b"", "the old one is closed")
    new.sendall(head)
    true(new.recv(4096).startswith(b"HTTP/1.1 200"), "the request of the new one is answered")
    equal(daemon.wait(), 0, daemon.log())
    silent = socket.create_connection(bench.daemon().url().removeprefix("http://").split(":"))
    equal(bench.processes[-1].stop(), 0, "a connection without a request holds nothing up")
    silent.close()


def test_handed_over_and_own(bench):
    """sockets that are handed over serve beside those that the daemon binds, and stay the parent's"""
    path = bench.path("ingest.sock")
    ip, address = listening()
    unix, unix_address = listening(socket.AF_UNIX, path)
    v6, v6_address = listening(socket.AF_INET6, ("::1", 0))
    v6_address = "[::1]:" + v6_address.rsplit(":", 1)[1]
    conf = configure(bench, "127.0.0.1:0", v6_address, unix_address, address)
    daemon = Activated(bench, conf, [ip, unix, v6], listeners=4, names="a:b:c")
    equal(daemon.addresses()[1:], [f"http://{v6_address}", unix_address, f"http://{address}"], "addresses")
    for n in range(4):
        daemon.accept("/v1/track", track(f"m-{n}"), listener=n)
    equal(daemon.stop(), 0, daemon.log())
    true(os.path.exists(path), "the file of the socket is the parent's")
    socket.create_connection(ip.getsockname()).close()
    # For another process: it binds its own, and the address is in use.
    daemon = Activated(bench, conf, [ip], pid=str(os.getpid()), ready=False)
    equal(daemon.wait(), 1, "exit status")
    true("address already in use" in daemon.log(), daemon.log())


def test_tls_on_a_socket(bench):
    """a socket that is handed over speaks TLS when `listen` says so, and refuses nobody at a restart"""
    ca = spooltls.Authority(bench)
    held, address = listening()
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")},
                           {**ca.settings(), "listen": [f"tls:{address}"]})
    daemon = Activated(bench, conf, [held])
    equal(daemon.addresses(), [f"https://{address}"], "address")
    equal(spooltls.post(daemon, ca.context(), "/v1/track", track("m-1"))[0], 200, "before")
    equal(daemon.stop(), 0, daemon.log())
    answers = []
    client = threading.Thread(target=lambda: answers.append(
        spooltls.post(daemon, ca.context(), "/v1/track", track("m-2"))[0]))
    client.start()  # while nobody accepts
    Activated(bench, conf, [held])
    client.join()
    equal(answers, [200], "a client that came in between")


def test_wrong_sockets(bench):
    """sockets that cannot be listened on, or that nobody asks for, are errors that name them"""
    right, address = listening()
    conf = configure(bench, address)
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.bind(("127.0.0.1", 0))
    connected = socket.create_connection(right.getsockname())
    abstract, _ = listening(socket.AF_UNIX, "\0bentospool-test-" + str(os.getpid()))
    no_listener = "is not a listening stream socket (ListenStream=, without Accept=yes)"
    other, other_address = listening()
    with open("/dev/null", "rb") as null:
        for sockets, words in (
                ([right, null], "descriptor 4 (second) is not a socket"),
                ([right, datagram], f"descriptor 4 (second) {no_listener}"),
                ([connected], f"descriptor 3 (first) {no_listener}"),
                ([right, abstract], "descriptor 4 (second) listens neither on IPv4, nor on IPv6, nor on a path"),
                ([right, right], "descriptor 4 (second) has the same address as one before it"),
                ([right, other], f"the service manager hands over a socket on http://{other_address} (second), "
                 "and no `listen` has this address"),
                ([other], f"cannot listen on {address}: address already in use")):
            daemon = Activated(bench, conf, sockets, ready=False, names="first:second")
            equal(daemon.wait(), 1, words)
            true(words in daemon.log(), f"{words}: {daemon.log()}")
    for fds, words in (("33", 'LISTEN_FDS is "33": it must be a number from 0 to 32'),
                       ("x", 'LISTEN_FDS is "x": it must be a number from 0 to 32'),
                       ("2", "LISTEN_FDS: descriptor 4 (without a name) is not open")):
        done = bench.run("sh", "-c", 'exec 3<&0 4<&-; LISTEN_FDS=$0 LISTEN_PID=$$ exec "$@"', fds,
                         binary("bentospool"), "serve", "-c", conf, stdin=right)
        equal(done.returncode, 1, fds)
        true(words in done.stderr, f"{words}: {done.stderr}")


spooltest.main()
