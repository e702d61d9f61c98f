#!/usr/bin/env python3
"""Delivery in trouble: refusals, pauses, outages, cut connections, crashes, TLS."""
import collections
import os
import shutil
import signal
import socket
import ssl
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Skip, equal, track, true, wait_until  # noqa: E402


def people(n, bad=()):
    """Makes n track calls, each with its own address; Bento refuses those in `bad`."""
    return [track(f"m-{i:03}", email=f"{'bad' if i in bad else 'user'}{i}@example.com")
            for i in range(n)]


def once_each(sim, ids):
    """Checks that Bento accepted each of these keys once, and nothing else."""
    equal(collections.Counter(sim.keys()), collections.Counter(ids), "what Bento took")


def attempts_in_the_end(bench):
    equal(bench.value("SELECT count(*) FROM attempts WHERE outcome IS NULL"), 0, "open attempts")


def test_poison(bench):
    """refused events are isolated; every other event is delivered once"""
    bad = {3, 40, 99}
    sim = bench.sim("--fault", "refuse=bad*,mode=batch")
    daemon = bench.daemon(sim)
    daemon.accept("/v1/batch", {"batch": people(100, bad)})
    bench.wait_settled(100)
    equal(bench.statuses(), {"delivered": 97, "failed": 3}, "statuses")
    once_each(sim, [f"m-{i:03}" for i in range(100) if i not in bad])
    for i in bad:
        row = bench.outbox(f"m-{i:03}")
        equal((row["reason"], row["http_status"], row["error"]),
              ("refused", 422, "email is refused"), "a refused one")
    requests = len(sim.requests())
    true(requests - 1 <= 2 * 3 * 7 + 1, f"{requests} requests")
    equal(bench.value("SELECT max(attempts) FROM outbox"), 1, "charged attempts")


def test_poison_in_200(bench):
    """events that Bento refuses by answering results 0 are isolated, too"""
    sim = bench.sim("--fault", "refuse=bad*")
    daemon = bench.daemon(sim, batch_events=1)
    daemon.accept("/v1/batch", {"batch": people(5, {2})})
    bench.wait_settled(5)
    equal(bench.outbox("m-002")["reason"], "refused", "reason")
    once_each(sim, ["m-000", "m-001", "m-003", "m-004"])


def test_partial(bench):
    """a partly failed batch is split until the parts show which events were refused"""
    bad = {5, 11, 12}
    sim = bench.sim("--fault", "refuse=bad*")
    daemon = bench.daemon(sim)
    daemon.accept("/v1/batch", {"batch": people(16, bad)})
    wait_until(lambda: bench.statuses() == {"delivered": 13, "failed": 3}, "13 delivered, 3 failed")
    for i in bad:
        row = bench.outbox(f"m-{i:03}")
        equal((row["reason"], row["attempts"]), ("refused", 1), "a refused one")
        true("0 of 1 accepted, 1 failed" in row["error"], f"Bento's words: {row['error']}")
    once_each(sim, [f"m-{i:03}" for i in range(16) if i not in bad])
    true(bench.outbox("m-000")["maybe_sent"] > 0, "it was sent again, and that is counted")
    status = bench.cli("status").stdout
    true("perhaps twice" in status, f"status tells: {status}")


def test_partial_hold(bench):
    """a partly failed batch is held when the setting says hold"""
    sim = bench.sim("--fault", "refuse=bad*")
    daemon = bench.daemon(sim, partial="hold")
    daemon.accept("/v1/batch", {"batch": people(4, {1})})
    bench.wait_settled(4)
    equal({(row["status"], row["reason"]) for row in bench.outbox()},
          {("held", "partially_delivered")}, "all four")
    equal(len(sim.requests()), 1, "requests")


def test_ambiguous(bench):
    """an unreadable 2xx answer has the effect that `ambiguous` says"""
    sim = bench.sim("--fault", "body=html,count=1")
    daemon = bench.daemon(sim, ambiguous="hold")
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    row = bench.outbox("m-1")
    equal((row["status"], row["maybe_sent"]), ("held", 1), "held")
    equal(bench.value("SELECT outcome FROM attempts"), "unknown", "outcome")


def test_all_refused(bench):
    """the site pauses when all events are refused one after another, and the backlog stays"""
    sim = bench.sim("--fault", "status=422")
    daemon = bench.daemon(sim, all_refused=5, batch_events=10, retry_max=600)
    daemon.accept("/v1/batch", {"batch": people(60)})
    wait_until(lambda: "all_refused" in bench.cli("status").stdout, "the pause")
    equal(bench.statuses(), {"failed": 5, "pending": 55}, "statuses")


def test_too_large(bench):
    """413 splits a batch, and an event that is too large alone fails"""
    sim = bench.sim("--max-body", "3000")
    daemon = bench.daemon(sim)
    events = people(40)
    events[7]["properties"] = {"pad": "x" * 4000}
    daemon.accept("/v1/batch", {"batch": events})
    bench.wait_settled(40)
    equal(bench.statuses(), {"delivered": 39, "failed": 1}, "statuses")
    equal(bench.outbox("m-007")["reason"], "too_large", "reason")


def test_wrong_key(bench):
    """401 pauses the site and changes no event; SIGHUP with the right key resumes at once"""
    sim = bench.sim()
    key = bench.write("secret", "wrong\n")
    daemon = bench.daemon(sim, secret_key="", secret_key_file=key, retry_max=3600)
    daemon.accept("/v1/batch", {"batch": people(3)})
    wait_until(lambda: "paused" in bench.cli("status").stdout, "the pause")
    true("secret_key" in bench.cli("status").stdout, "it names the setting")
    equal({(row["status"], row["attempts"]) for row in bench.outbox()}, {("pending", 0)}, "events")
    equal(len(sim.requests()), 1, "requests")
    bench.write("secret", spooltest.SECRET_KEY + "\n")
    daemon.popen.send_signal(signal.SIGHUP)
    bench.wait_settled(3)
    once_each(sim, ["m-000", "m-001", "m-002"])
    equal(bench.value("SELECT max(attempts) FROM outbox"), 1, "charged attempts")


def test_bad_reload(bench):
    """SIGHUP with an invalid configuration changes nothing"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    bench.write("bentospool.conf", "this is no configuration {\n")
    daemon.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: "nothing is changed" in daemon.log(), "the complaint")
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    once_each(sim, ["m-1"])
    equal(daemon.stop(), 0, "exit status")


def test_outage(bench):
    """an outage charges no event, whether Bento answers 503 or nobody listens"""
    sim = bench.sim("--fault", "down,from=0,to=2")
    daemon = bench.daemon(sim, max_attempts=1)
    daemon.accept("/v1/batch", {"batch": people(30)})
    wait_until(lambda: bench.value("SELECT count(*) FROM attempts") >= 1, "an attempt")
    bench.wait_settled(30)
    sim.answer(503, times=4)
    daemon.accept("/v1/batch", {"batch": [track(f"n-{i}", email=f"n{i}@example.com")
                                          for i in range(30)]})
    bench.wait_settled(60)
    equal(bench.statuses(), {"delivered": 60}, "statuses")
    equal(bench.value("SELECT max(attempts) FROM outbox"), 1, "charged attempts")


def test_rate_limit(bench):
    """a rate limit is obeyed: everything arrives, and no 429 directly follows another"""
    sim = bench.sim("--limit", "4", "--limit-window", "3", "--limit-retry-after")
    daemon = bench.daemon(sim, batch_events=1)
    daemon.accept("/v1/batch", {"batch": people(10)})
    bench.wait_settled(10)
    once_each(sim, [f"m-{i:03}" for i in range(10)])
    statuses = [request["status"] for request in sim.requests()]
    true(429 in statuses, f"the limit was met: {statuses}")
    true(statuses.count(429) <= 5, f"and not run against again and again: {statuses}")


def test_cut_off(bench):
    """truncated, slow and reset answers lose nothing; what may have arrived is counted"""
    sim = bench.sim()
    daemon = bench.daemon(sim, timeout=1)
    faults = {"truncate=30": True, "delay=2500": True, "reset=after-accept": True,
              "reset=after-body": True, "reset=before-body": None, "status=502,accept": True}
    for i, (fault, maybe) in enumerate(faults.items()):
        sim.faults(f"{fault},count=1")
        daemon.accept("/v1/track", track(f"m-{i}"))
        bench.wait_settled(i + 1)
        row = bench.outbox(f"m-{i}")
        equal(row["status"], "delivered", f"after {fault}")
        if maybe:
            equal(row["maybe_sent"], 1, f"maybe_sent after {fault}")
            true(bench.value("SELECT outcome FROM attempts WHERE outcome = 'unknown'"), fault)
    once_each(sim, [f"m-{i}" for i in range(len(faults))])
    attempts_in_the_end(bench)


def test_kill_while_splitting(bench):
    """repeated SIGKILL while a batch is split: the same events fail, the others arrive once"""
    bad = {10, 11, 50}
    sim = bench.sim("--fault", "refuse=bad*,mode=batch", "--fault", "delay=30")
    daemon = bench.daemon(sim)
    daemon.accept("/v1/batch", {"batch": people(64, bad)})
    for n in (2, 6, 11):
        wait_until(lambda n=n: len(sim.requests()) >= n, f"{n} requests")
        daemon.kill()
        daemon = daemon.restart()
    bench.wait_settled(64)
    once_each(sim, [f"m-{i:03}" for i in range(64) if i not in bad])
    equal({row["message_id"] for row in bench.outbox() if row["status"] == "failed"},
          {f"m-{i:03}" for i in bad}, "the failed ones")
    attempts_in_the_end(bench)
    true(len(sim.requests()) < 100, "the splitting did not begin anew each time")


# ---- TLS -------------------------------------------------------------------------------------

def openssl(bench, *argv):
    done = bench.run("openssl", *argv)
    equal(done.returncode, 0, f"openssl {argv[0]}: {done.stderr}")


def make_ca(bench, name):
    """Makes a certificate authority; returns the path of its certificate."""
    openssl(bench, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-addext", "basicConstraints=critical,CA:TRUE")
    return bench.path(f"{name}.pem")


def make_cert(bench, ca, host):
    """Makes a server's certificate for a host, signed by that authority."""
    openssl(bench, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}",
            "-keyout", f"{host}.key", "-out", f"{host}.csr")
    bench.write(f"{host}.ext", f"subjectAltName=DNS:{host}\n")
    openssl(bench, "x509", "-req", "-in", f"{host}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
            "-CAcreateserial", "-days", "2", "-out", f"{host}.pem", "-extfile", f"{host}.ext")
    return bench.path(f"{host}.pem"), bench.path(f"{host}.key")


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for sock in (source, target):
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class TlsFront:
    """Terminates TLS in front of the simulator, as Bento's edge does."""

    def __init__(self, sim, cert):
        self.target = sim.url().removeprefix("http://").rsplit(":", 1)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.use(cert)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def use(self, cert):
        self.context.load_cert_chain(*cert)

    def serve(self):
        while True:
            plain, _ = self.listener.accept()
            threading.Thread(target=self.relay, args=(plain,), daemon=True).start()

    def relay(self, plain):
        try:
            client = self.context.wrap_socket(plain, server_side=True)
        except (OSError, ssl.SSLError):
            plain.close()
            return
        with client, socket.create_connection((self.target[0], int(self.target[1]))) as server:
            thread = threading.Thread(target=copy, args=(client, server), daemon=True)
            thread.start()
            copy(server, client)
            thread.join()

    def url(self):
        return f"https://localhost:{self.port}/api/v1"


def test_tls(bench):
    """over TLS: delivered with the right certificate; with a wrong one not sent and not lost"""
    if not shutil.which("openssl"):
        raise Skip("no openssl here")
    ca = make_ca(bench, "ours")
    make_ca(bench, "theirs")
    make_cert(bench, "ours", "localhost")
    wrong_host = make_cert(bench, "ours", "other.example")
    shutil.move(bench.path("localhost.pem"), bench.path("good.pem"))
    shutil.move(bench.path("localhost.key"), bench.path("good.key"))
    good = (bench.path("good.pem"), bench.path("good.key"))
    wrong_ca = make_cert(bench, "theirs", "localhost")
    sim = bench.sim()
    front = TlsFront(sim, wrong_ca)
    daemon = bench.daemon(front.url(), ca_file=ca)
    daemon.accept("/v1/track", track("m-1"))
    for n, cert in enumerate((wrong_host, good)):
        wait_until(lambda n=n: bench.value(
            "SELECT count(*) FROM attempts WHERE outcome = 'not_sent'") > n, "a refused certificate")
        row = bench.outbox("m-1")
        equal((row["status"], row["attempts"], row["maybe_sent"]), ("pending", 0, 0), "it waits")
        equal(sim.requests(), [], "nothing came through")
        front.use(cert)
    bench.wait_settled(1)
    once_each(sim, ["m-1"])
    words = bench.value("SELECT error FROM attempts LIMIT 1")
    true("certificate" in words.lower() or "ssl" in words.lower(), f"the error says why: {words}")


spooltest.main()
