#!/usr/bin/env python3
"""The certificate that a site shows to a central spooler with mutual TLS, and what comes of a wrong one."""
import calendar
import contextlib
import json
import os
import re
import socket
import ssl
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spoolfleet  # noqa: E402
import spooltest  # noqa: E402
import spooltls  # noqa: E402
from spoolhttp import http_request  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

NAMES = ["store-1", "store-2"]


class World:
    """A center whose clients need certificates, with one site for each box: a box's certificate must
    agree with its site."""

    def __init__(self, bench, **ingest):
        self.bench = bench
        self.sim = bench.sim()
        self.ca = spooltls.Authority(bench)
        sites = {
            name: bench.site(self.sim.api_url(), write_keys=["key-" + name], site_uuid=spooltest.SITE_UUID,
                             boxes=[f"{name} {spoolfleet.key_of(name)}"], client_names=[name + ".example"])
            for name in NAMES
        }
        self.conf = bench.write("center.conf", spooltest.conf_text(
            {"database": bench.path("center.db")},
            {**self.ca.settings("center"), "client_ca_file": self.ca.pem, **ingest}, sites))
        self.center = spooltest.Daemon(bench, self.conf)

    def issue(self, name, authority=None, san=None, **more):
        return (authority or self.ca).issue(name, f"DNS:{san or name}.example", **more)

    def site(self, name, pair):
        """Returns the settings of a site that forwards, with this certificate."""
        settings = {"upstream": self.center.url(), "ca_file": self.ca.pem, "upstream_key": spoolfleet.key_of(name),
                    "write_keys": ["write-" + name], "requests_per_minute": 0, "retry_first": 0.1, "retry_max": 0.2}
        if pair:
            settings.update(client_certificate_file=pair[0], client_private_key_file=pair[1])
        return settings

    def stored(self):
        """Returns what the center stored: pairs of a site and a messageId."""
        return sorted((row["site"], row["message_id"]) for row in
                      spoolfleet.Node.rows(self, "SELECT site, message_id FROM outbox"))

    @property
    def database(self):
        return self.bench.path("center.db")

    def wait_stored(self, *expected):
        wait_until(lambda: self.stored() == sorted(expected), f"the center has {expected}")


def box(world, sites):
    """Returns a daemon whose sites forward to the center, with the bench's database."""
    return spooltest.Daemon(world.bench, world.bench.configure(sites))


def test_shown(bench):
    """with its certificate a box gets in; events arrive at its site"""
    world = World(bench)
    daemon = box(world, {"main": world.site("store-1", world.issue("store-1"))})
    daemon.accept("/v1/track", track("m-1"), key="write-store-1")
    world.wait_stored(("store-1", "m-1"))
    bench.wait_settled(1)
    equal(bench.rows("SELECT status FROM outbox"), [{"status": "delivered"}], "at the box")


def test_refused(bench):
    """without a certificate, or with one of another authority or that has ended, nothing is sent: the event is
    not in doubt, the words say why, and it is delivered with the right one after a reload"""
    world = World(bench)
    other = spooltls.Authority(bench, "other-ca")
    cases = {
        "none": (None, "the server wants a certificate: set client_certificate_file: "),
        "foreign": (world.issue("store-1", other), "the server does not know the authority of this side's certificate: "),
        "ended": (world.issue("store-2", days=-1), "this side's certificate has expired: "),
    }
    for case, (pair, words) in cases.items():
        node = spoolfleet.Node(bench, "box-" + case, world.site("store-1", pair))
        node.daemon.accept("/v1/track", track("m-" + case), key="write-store-1")
        wait_until(lambda node=node: node.value("SELECT count(*) FROM attempts WHERE outcome = 'not_sent'") > 2,
                   f"{case}: attempts")
        equal(node.rows("SELECT DISTINCT outcome, http_status FROM attempts WHERE outcome IS NOT NULL"),
              [{"outcome": "not_sent", "http_status": None}], case)
        error = node.value("SELECT error FROM attempts ORDER BY attempt_id LIMIT 1")
        true(error.startswith(words), f"{case}: {error}")
        equal(node.rows("SELECT status, maybe_sent FROM outbox"), [{"status": "pending", "maybe_sent": 0}], case)
        true(words.removesuffix(": ") in node.daemon.log(), f"{case}: the log")
        done = node.cli("doctor")
        true(words in done.stdout and "set client_certificate_file and" in done.stdout, f"{case}: {done.stdout}")
        node.daemon.stop()
    equal(world.stored(), [], "the center has nothing")
    node = spoolfleet.Node(bench, "box-none", world.site("store-1", world.issue("right", san="store-1")))
    world.wait_stored(("store-1", "m-none"))
    done = node.cli("doctor")
    true("the central spooler accepts this box's key" in done.stdout, done.stdout)


def serve_and_refuse(listener, context, answer, served):
    """Reads a request on each connection, begins to answer, and only then asks for the client's certificate, which it
    refuses."""
    while True:
        try:
            raw = listener.accept()[0]
        except OSError:
            return
        with raw, contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as client:
            with client.makefile("rb") as request:
                head = b"".join(iter(request.readline, b"\r\n"))
                request.read(int(re.search(rb"(?i)content-length: (\d+)", head).group(1)))
            served.append(head)
            client.sendall(answer)
            client.verify_client_post_handshake()
            client.do_handshake()
            client.recv(1)


def test_refused_late(bench):
    """a server that has begun to answer has read the request: a refusal of the certificate after that leaves it in
    doubt; one in place of an answer does not"""
    ca, other = spooltls.Authority(bench), spooltls.Authority(bench, "other-ca")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ca.issue("server"))
    context.load_verify_locations(other.pem)
    context.verify_mode, context.post_handshake_auth = ssl.CERT_REQUIRED, True
    pem, key = ca.issue("store-1")
    for name, answer, outcome, doubts in (
            ("begun", b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{", "unknown", 1),
            ("headless", b"HTTP/1.1 200 OK\r\n", "unknown", 1), ("silent", b"", "not_sent", 0)):
        served = []
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=serve_and_refuse, args=(listener, context, answer, served), daemon=True).start()
            node = spoolfleet.Node(bench, name, {
                "upstream": f"https://localhost:{listener.getsockname()[1]}", "ca_file": ca.pem, "upstream_key":
                spoolfleet.key_of("store-1"), "write_keys": [spooltest.WRITE_KEY], "heartbeat": 0, "retry_first": 3600,
                "retry_max": 3600, "client_certificate_file": pem, "client_private_key_file": key})
            node.daemon.accept("/v1/track", track("m-1"))
            wait_until(lambda node=node: node.value("SELECT outcome FROM attempts"), f"{name}: the end")
            node.daemon.stop()
        equal((len(served), node.value("SELECT outcome FROM attempts"), node.value("SELECT maybe_sent FROM outbox")),
              (1, outcome, doubts), name)
        true("OpenSSL" in node.value("SELECT error FROM attempts"), node.value("SELECT error FROM attempts"))


def test_two_sites(bench):
    """sites of one daemon share connections, and still each shows its own certificate, or none"""
    world = World(bench)
    sites = {name: world.site(name, world.issue(name)) for name in NAMES}
    sites["none"] = {**world.site("store-1", None), "write_keys": ["write-none"]}
    daemon = box(world, sites)
    daemon.accept("/v1/track", track("x-0"), key="write-none")
    expected = []
    for i in range(10):
        for name in NAMES:
            daemon.accept("/v1/track", track(f"{name}-{i}"), key="write-" + name)
            expected.append((name, f"{name}-{i}"))
        world.wait_stored(*expected)
    equal({(row["site"], row["outcome"]) for row in bench.rows("SELECT site, outcome FROM attempts"
                                                               " WHERE outcome IS NOT NULL")},
          {("store-1", "delivered"), ("store-2", "delivered"), ("none", "not_sent")},
          "no certificate was refused, and the site without one never got in")
    equal(bench.value("SELECT count(*) FROM outbox WHERE site = 'none' AND status = 'pending'"), 1, "its event waits")


def test_swapped(bench):
    """a certificate of another site's box is not one of this box: the center answers 401, and the site pauses"""
    world = World(bench)
    daemon = box(world, {"main": world.site("store-1", world.issue("store-2"))})
    daemon.accept("/v1/track", track("m-1"), key="write-store-1")
    wait_until(lambda: bench.value("SELECT state FROM sites") == "paused", "the site pauses")
    equal(bench.value("SELECT http_status FROM attempts ORDER BY attempt_id LIMIT 1"), 401, "the answer")
    equal(world.stored(), [], "the center has nothing")


def test_reload(bench):
    """a reload shows what the files hold now, from the next request on; files that cannot be used change
    nothing"""
    world = World(bench)
    wrong = world.issue("store-2")
    pem, key = world.issue("store-1")
    daemon = box(world, {"main": world.site("store-1", (pem, key))})
    daemon.accept("/v1/track", track("m-1"), key="write-store-1")
    world.wait_stored(("store-1", "m-1"))
    os.rename(pem, pem + ".good")
    bench.run("cp", wrong[0], pem)
    done = bench.cli("reload")
    equal(done.returncode, 1, done.stdout)
    true(f'site "main": client_private_key_file {key}: the key does not belong to the first certificate in {pem}'
         in done.stderr and "nothing is changed" in done.stderr, done.stderr)
    daemon.accept("/v1/track", track("m-2"), key="write-store-1")
    world.wait_stored(("store-1", "m-1"), ("store-1", "m-2"))
    os.rename(key, key + ".good")
    bench.run("cp", "-p", wrong[1], key)
    equal(bench.cli("reload").returncode, 0, "reload")
    daemon.accept("/v1/track", track("m-3"), key="write-store-1")
    wait_until(lambda: bench.value("SELECT state FROM sites") == "paused", "the other certificate is shown")
    for path in (pem, key):
        os.rename(path + ".good", path)
    equal(bench.cli("reload").returncode, 0, "reload")
    bench.cli("resume", "--site", "main")
    world.wait_stored(*[("store-1", f"m-{i}") for i in (1, 2, 3)])
    bench.wait_settled(3)


def test_renewal(bench):
    """new files are shown without a restart or a reload; those that cannot be used change nothing, and are named"""
    world = World(bench)
    pair = world.issue("store-1", days=99)
    conf = bench.configure({"main": world.site("store-1", pair)}, admin={"listen": ["127.0.0.1:0"]})
    daemon = spooltest.Daemon(bench, conf, listeners=2)

    def described():
        status = json.loads(bench.cli("status", "--json").stdout)
        [row] = status["daemon"]["certificates"]
        equal((row["listener"], status["problems"] if row["fault"] is None else []), ("site main", []), row)
        return row

    def metric(name):
        return [line for line in http_request(daemon.url(1), "GET", "/metrics")[2].splitlines()
                if line.startswith(f"bentospool_certificate_{name}{{")]

    def send(n):
        daemon.accept("/v1/track", track(f"m-{n}"), key="write-store-1")
        world.wait_stored(*[("store-1", f"m-{i}") for i in range(1, n + 1)])

    send(1)
    first = described()
    true("tls       site main: certificate of " in bench.cli("status").stdout, "status")
    [end] = metric("end_timestamp_seconds")
    at = calendar.timegm(time.strptime(first["not_after"][:19], "%Y-%m-%dT%H:%M:%S"))
    equal((end.split("{")[1].split("}")[0], float(end.split()[-1])), ('listener="site main"', at), end)
    done = bench.cli("status", "--check", "--min-certificate", "100d")
    equal(done.returncode, 0, f"a fifth of its time is enough: {done.stdout}")
    true(f"site main: that of {first['name']} is valid until" in bench.cli("doctor").stdout, "doctor")

    os.rename(pair[1], pair[1] + ".good")
    bench.run("cp", "-p", world.issue("other")[1], pair[1])
    wait_until(lambda: described()["fault"], "a key that does not fit")
    true("client_private_key_file " in described()["fault"], described())
    done = bench.cli("status", "--check")
    equal((done.returncode, "site main: the new certificate is not used: client_private_key_file" in done.stdout), (1, True), done.stdout)
    equal(metric("new_refused"), ['bentospool_certificate_new_refused{listener="site main"} 1'], "metrics")
    send(2)

    world.issue("store-1", san="store-2")
    wait_until(lambda: described()["fault"] is None and described()["name"] == "store-2.example", "the other certificate")
    daemon.accept("/v1/track", track("m-3"), key="write-store-1")
    wait_until(lambda: bench.value("SELECT state FROM sites") == "paused", "the center sees the other certificate")
    world.issue("store-1")
    world.wait_stored(*[("store-1", f"m-{i}") for i in (1, 2, 3)])
    equal(bench.value("SELECT state FROM sites"), "ready", "and the site goes on")
    true(daemon.log().count("site main: new connections show the certificate of store-1.example") == 1, daemon.log())


def test_end(bench):
    """a certificate that has ended is a problem of status and doctor, and one of the dashboard"""
    ca = spooltls.Authority(bench)
    pem, key = ca.issue("late", days=-1)
    site = bench.site("https://127.0.0.1:1/api/v1", client_certificate_file=pem, client_private_key_file=key)
    conf = bench.configure({"main": site}, admin={"listen": ["127.0.0.1:0"]})
    found = [line for line in bench.cli("doctor", conf=conf).stdout.splitlines() if "site main: that of " in line]
    true(len(found) == 1 and "renew it; servers refuse it" in found[0], found)
    daemon = spooltest.Daemon(bench, conf, listeners=2)
    done = bench.cli("status", "--check")
    equal((done.returncode, "site main: the certificate ended " in done.stdout and "servers refuse it" in done.stdout), (1, True), done.stdout)
    needs = json.loads(http_request(daemon.url(1), "GET", "/api/overview")[2])["needs"]
    true(any(need["text"].startswith("site main: the certificate ended ") and "servers" in need["text"] for need in needs), needs)


def test_check(bench):
    """check names what is wrong with the two settings and their files, in the words of a listener's"""
    ca = spooltls.Authority(bench)
    pem, key = ca.issue("store-1")
    other = ca.issue("other")
    late = ca.issue("late", days=-1)
    server = {"upstream": "https://hq.example", "upstream_key": "k" * 16, "write_keys": ["w"]}

    def check(words, site=None, code=1, **settings):
        conf = bench.configure({"main": {**(site or server), **settings}})
        done = bench.cli("check", conf=conf)
        equal(done.returncode, code, f"{settings}: {done.stdout} {done.stderr}")
        true(words in done.stdout + done.stderr, f"{words}: {done.stdout} {done.stderr}")

    check("", code=0, client_certificate_file=pem, client_private_key_file=key)
    check("", bench.site("https://bento.example/api/v1"), 0, client_certificate_file=pem, client_private_key_file=key)
    check('site "main": client_private_key_file is missing: client_certificate_file needs it',
          client_certificate_file=pem)
    check('site "main": client_certificate_file is missing: client_private_key_file needs it',
          client_private_key_file=key)
    check("client_certificate_file has no effect: api_url does not begin with https://",
          bench.site("http://127.0.0.1:1/api/v1"), client_certificate_file=pem, client_private_key_file=key)
    check("client_certificate_file has no effect: upstream does not begin with https://",
          upstream="http://127.0.0.1:1", client_certificate_file=pem, client_private_key_file=key)
    check('site "main": client_certificate_file: cannot open /nowhere: No such file',
          client_certificate_file="/nowhere", client_private_key_file=key)
    check('site "main": client_private_key_file: cannot open /nowhere: No such file',
          client_certificate_file=pem, client_private_key_file="/nowhere")
    check(f"client_private_key_file {other[1]}: the key does not belong to the first certificate in {pem}",
          client_certificate_file=pem, client_private_key_file=other[1])
    check(f"the certificate in {late[0]} ended ", code=0, client_certificate_file=late[0],
          client_private_key_file=late[1])
    check(": renew it; servers refuse it", code=0, client_certificate_file=late[0], client_private_key_file=late[1])
    os.chmod(key, 0o640)
    check(f"can be read by others (mode 0640): chmod 600 {key}", client_certificate_file=pem,
          client_private_key_file=key)
    done = bench.cli("doctor", "--offline")
    true(f"chmod 600 {key}" in done.stdout, done.stdout)

spooltest.main()
