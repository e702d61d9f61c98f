#!/usr/bin/env python3
"""TLS on the listener of applications: openssl, curl, Python and the Segment SDK as its clients."""
import http.client
import os
import re
import shutil
import socket
import sqlite3
import ssl
import sys
import threading
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
import spooltls  # noqa: E402
from spoolfailing import Failing  # noqa: E402
from spooltest import Skip, equal, track, true, wait_until  # noqa: E402

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: spool\r\nConnection: close\r\n\r\n"


def refused(bench, reason):
    return bench.value("SELECT coalesce(sum(requests), 0) FROM refusals WHERE reason = ?", reason)


def wait_refused(bench, reason, n):
    wait_until(lambda: refused(bench, reason) >= n, f"{n} {reason} are counted")
    equal(refused(bench, reason), n, reason)


def connect(daemon, listener=0):
    url = urllib.parse.urlsplit(daemon.url(listener))
    return socket.create_connection((url.hostname, url.port), timeout=spooltest.DEADLINE)


def read_all(client):
    """Reads until the server closes; a reset ends it, too."""
    got = b""
    try:
        while data := client.recv(65536):
            got += data
    except ConnectionResetError:
        pass
    return got


def test_versions(bench):
    """TLS 1.2 and 1.3 with good ciphers and ALPN http/1.1; everything else is refused and counted"""
    ca = spooltls.Authority(bench)
    daemon = bench.daemon(ingest=ca.settings())
    true(daemon.url().startswith("https://127.0.0.1:"), daemon.url())
    for version, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        code, said = spooltls.s_client(
            daemon, version, "-CAfile", ca.pem, "-verify_return_error", "-alpn", "h2,http/1.1",
            "-ign_eof", send=HEALTH)
        equal(code, 0, said)
        true(f"New, {name}" in said and "ALPN protocol: http/1.1" in said, said)
        true("HTTP/1.1 200 OK" in said, said)
        # the end is announced, so nobody can cut an answer off
        true("unexpected eof" not in said, said)
    old = (("-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"), ("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"))
    for options in old:
        code, said = spooltls.s_client(daemon, *options)
        true(code != 0 and "alert protocol version" in said, said)
    for cipher in ("ECDHE-ECDSA-AES256-SHA", "AES256-GCM-SHA384"):
        code, said = spooltls.s_client(daemon, "-tls1_2", "-cipher", cipher)
        true(code != 0 and "alert handshake failure" in said, said)
    code, said = spooltls.s_client(daemon, "-alpn", "h2")
    true(code != 0 and "alert no application protocol" in said, said)
    wait_refused(bench, "tls_failed", 5)
    log = daemon.log()
    true("refused a request from 127.0.0.1: tls_failed: the TLS handshake failed: unsupported protocol"
         in log, log)


def test_requests_in_a_connection(bench):
    """renegotiation is refused; new keys, asked for between two requests, are not"""
    ca = spooltls.Authority(bench)
    daemon = bench.daemon(ingest=ca.settings())
    _, said = spooltls.s_client(daemon, "-tls1_2", first=b"RRENEGOTIATING")
    true("no renegotiation" in said, said)
    _, said = spooltls.s_client(daemon, "-tls1_3", first=b"KKEYUPDATE", send=HEALTH)
    true("HTTP/1.1 200 OK" in said, said)
    equal(spooltls.post(daemon, ca.context(), "/v1/track", track("a-1"))[0], 200, "still serves")


def test_stored_before_the_answer(bench):
    """over TLS, too, an event is on disk before its answer"""
    ca = spooltls.Authority(bench)
    daemon = bench.daemon(ingest=ca.settings())
    answers = []
    lock = sqlite3.connect(bench.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    poster = threading.Thread(target=lambda: answers.append(
        spooltls.post(daemon, ca.context(), "/v1/track", track("locked"))))
    poster.start()
    # A second request is refused, and its refusal answered, so the first one has been read.
    equal(spooltls.post(daemon, ca.context(), "/v1/nowhere", {})[0], 404, "others are answered")
    equal(answers, [], "no answer while the database is locked")
    lock.execute("ROLLBACK")
    lock.close()
    poster.join()
    equal(answers, [(200, {"success": True})], "the answer")
    for i in range(20):
        equal(spooltls.post(daemon, ca.context(), "/v1/track", track(f"k-{i}"))[0], 200, f"k-{i}")
    daemon.kill()
    equal(len(bench.rows("SELECT 1 FROM outbox")), 21, "after SIGKILL")


def test_large_bodies(bench):
    """a body of many records, sent in one piece or byte by byte, arrives as it was"""
    ca = spooltls.Authority(bench)
    daemon = bench.daemon(bench.sim(), ingest=ca.settings())
    connection = spooltls.Connection(daemon, ca.context())
    batch = {"batch": [track(f"b-{i}", properties={"text": "x" * 20000}) for i in range(100)]}
    equal(connection.post("/v1/batch", batch), (200, {"success": True}), "2 MB")
    body = spooltest.json.dumps(track("slow", properties={"text": "y" * 200})).encode()
    head = (f"POST /v1/track?writeKey={spooltest.WRITE_KEY} HTTP/1.1\r\nHost: a\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()
    with connect(daemon) as plain, ca.context().wrap_socket(
            plain, server_hostname="localhost") as client:
        for byte in head + body:
            client.sendall(bytes([byte]))
        true(read_all(client).startswith(b"HTTP/1.1 200 OK"), "the answer")
    # three requests in one record, answered in order
    with connect(daemon) as plain, ca.context().wrap_socket(
            plain, server_hostname="localhost") as client:
        client.sendall(HEALTH.replace(b"Connection: close\r\n", b"") * 2 + HEALTH)
        equal(read_all(client).count(b"HTTP/1.1 200 OK"), 3, "answers")
    bench.wait_settled(101)
    equal(bench.statuses(), {"delivered": 101}, "statuses")
    sizes = {len(row["text"]) for row in bench.rows(
        "SELECT json_extract(body, '$.properties.text') AS text FROM outbox")}
    equal(sizes, {20000, 200}, "sizes of what is stored")


def test_slow_and_broken(bench):
    """handshakes that are late, broken or not TLS end, are counted, and hold up nobody"""
    ca = spooltls.Authority(bench)
    settings = {**ca.settings(), "request_timeout": 1, "max_connections": 40}
    daemon = bench.daemon(ingest=settings)
    connect(daemon).close()  # like a port scanner
    with connect(daemon) as client:
        client.sendall(b"POST /v1/track HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = read_all(client)
        true(answer.startswith(b"HTTP/1.1 400 ") and b"https://" in answer, f"plain HTTP: {answer}")
    wait_refused(bench, "tls_required", 1)
    with connect(daemon) as client:
        client.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
        read_all(client)
    wait_refused(bench, "tls_failed", 1)
    # More than the half of the connections that may be in a handshake: some silent, some with a
    # part of a hello.
    slow = [connect(daemon) for _ in range(30)]
    for client in slow[::2]:
        client.sendall(b"\x16\x03\x01\x02\x00\x01")
    for i in range(5):
        equal(spooltls.post(daemon, ca.context(), "/v1/track", track(f"s-{i}"))[0], 200, f"s-{i}")
    for client in slow:
        equal(read_all(client), b"", "what a late client gets")
        client.close()
    wait_until(lambda: refused(bench, "tls_timeout") + refused(bench, "tls_busy") == 30,
               "late ones are counted")
    equal(refused(bench, "tls_failed"), 1, "and nothing else")
    true("tls_timeout: the TLS handshake was not complete in time" in daemon.log(), daemon.log())


def test_curl(bench):
    """curl trusts the private CA it is given, and no other"""
    if not shutil.which("curl"):
        raise Skip("curl is not installed")
    ca = spooltls.Authority(bench)
    listen = ["127.0.0.1:0", "tls:127.0.0.1:0", "tls:[::1]:0"][:3 if socket.has_ipv6 else 2]
    daemon = bench.daemon(bench.sim(), ingest={**ca.settings(), "listen": listen},
                          listeners=len(listen))
    body = spooltest.json.dumps(track("curl-1"))
    for i, url in enumerate(daemon.addresses()[1:]):
        done = bench.run("curl", "-sS", "--cacert", ca.pem, "-u", f"{spooltest.WRITE_KEY}:",
                         "--data", body, "--resolve", f"localhost:{url.rsplit(':', 1)[1]}:"
                         + ("[::1]" if "[" in url else "127.0.0.1"),
                         f"https://localhost:{url.rsplit(':', 1)[1]}/v1/track")
        equal((done.stdout, done.stderr), ('{"success": true}', ""), f"listener {i}: {url}")
    done = bench.run("curl", "-sS", daemon.url(1) + "/healthz")
    equal(done.returncode, 60, done.stderr)
    wait_refused(bench, "tls_failed", 1)
    true("the client gave up: tlsv1 alert unknown ca" in daemon.log(), daemon.log())
    daemon.accept("/v1/track", track("plain"), listener=0)
    bench.wait_settled(2)


def test_sdk(bench):
    """@segment/analytics-node with a private CA: each event arrives once"""
    folder = os.environ.get("SPOOL_SDK", "")
    if not shutil.which("node"):
        raise Skip("node is not installed")
    if not os.path.isdir(os.path.join(folder, "node_modules", "@segment", "analytics-node")):
        raise Skip("SPOOL_SDK names no folder where npm installed tests/sdk/package.json")
    ca = spooltls.Authority(bench)
    daemon = bench.daemon(bench.sim(), ingest=ca.settings(), batch_events=100)
    sdk = spooltest.Process(bench, "sdk", [
        "node", os.path.join(spooltest.srcdir(), "tests", "sdk", "send.mjs"), folder,
        daemon.url(), spooltest.WRITE_KEY, "300"], env={"NODE_EXTRA_CA_CERTS": ca.pem})
    equal(sdk.wait(240), 0, sdk.log())
    acked = {line.split()[0] for line in sdk.log().splitlines() if " sdk-" in line}
    equal(len(acked), 300, "acknowledged")
    bench.wait_settled(300)
    equal({row["message_id"] for row in bench.outbox()}, acked, "stored")
    equal(bench.statuses(), {"delivered": 300}, "statuses")


def test_document(bench):
    """what doc/operating.md says about a certificate for a try works"""
    with open(os.path.join(spooltest.srcdir(), "doc", "operating.md"), encoding="utf-8") as file:
        section = re.search(r"^## TLS\n(.*?)^## ", file.read(), re.M | re.S).group(1)

    def here(text):
        text = text.replace("sudo install -d -o bentospool -g bentospool ", "install -d ")
        return text.replace("sudo -u bentospool ", "").replace("/etc/bentospool/tls", bench.path("tls"))

    commands = [here("".join(line[4:] for line in block.splitlines(True)))
                for block in re.findall(r"(?:^    .*\n)+",
                                        re.sub(r"^```.*?^```$", "", section, flags=re.M | re.S), re.M)]
    equal(len(commands), 2, f"blocks of commands: {commands}")
    done = bench.run("sh", "-ec", commands[0])
    equal(done.returncode, 0, done.stderr)
    conf = here(re.search(r"^```conf\n(.*?)^```", section, re.M | re.S).group(1))
    site = spooltest.conf_section('site "main"', bench.site("http://127.0.0.1:1/api/v1"))
    conf = f'database = "{bench.database}"\n{conf}\n{site}\n'
    for listen in ("127.0.0.1:7300", "0.0.0.0:7443"):
        true(listen in conf, conf)
        conf = conf.replace(listen, listen.split(":")[0] + ":0")
    daemon = spooltest.Daemon(bench, bench.write("bentospool.conf", conf), listeners=2)
    check, curl = commands[1].splitlines()
    equal(check, "bentospool check", "the first")
    done = bench.cli("check")
    equal((done.returncode, done.stderr.count("\n")), (0, 1), f"valid, without a warning: {done.stderr}")
    done = bench.run("sh", "-c", curl.replace("7443", daemon.url(1).rsplit(":", 1)[1]))
    equal(done.stdout, '{"success": true}', done.stderr)


def test_no_memory(bench):
    """handshakes, requests and reloads with each of many allocations failing: nothing acknowledged is
    lost, and afterwards all is well"""
    ca = spooltls.Authority(bench)
    failing = Failing(bench)
    daemon = bench.daemon(ingest=ca.settings(), env=failing.env)
    acked = []

    def post(name):
        try:
            status, _ = spooltls.post(daemon, ca.context(), "/v1/track", track(name))
        except (OSError, ssl.SSLError, http.client.HTTPException):
            return 0
        true(status in (200, 503, 500), f"{name}: {status}")
        if status == 200:
            acked.append(name)
        return status

    equal(post("first"), 200, "with memory")
    failing.arm("alloc", 0)
    post("counted")
    bench.cli("reload")
    _, n = failing.disarm()
    step = max(1, n // 80)
    answers = []
    for i in range(1, n, step):
        failing.arm("alloc", i)
        answers.append(post(f"m-{i}"))
        failing.disarm()
        failing.arm("alloc", i)
        bench.cli("reload")
        failing.disarm()
        true(daemon.running(), f"the daemon has ended at allocation {i}")
    true(0 in answers or 503 in answers, f"some of {n} allocations mattered: {answers}")
    wait_until(lambda: post("last") == 200, "all is well again")
    equal(bench.cli("reload").returncode, 0, "reload")
    stored = {row["message_id"] for row in bench.rows("SELECT message_id FROM outbox")}
    equal(set(acked) - stored, set(), "acknowledged and lost")


def test_load(bench):
    """the load generator speaks TLS, too, over more connections than may shake hands at a time"""
    ca = spooltls.Authority(bench)
    daemon = bench.daemon(ingest={**ca.settings(), "max_connections": 32})
    done = bench.run(spooltest.binary("spool-load"), "--url", daemon.url(), "--json", "--events", "2000",
                     "--connections", "32", "--write-key", spooltest.WRITE_KEY)
    equal(done.returncode, 0, done.stderr)
    equal(spooltest.json.loads(done.stdout)["acked_events"], 2000, done.stdout)
    equal(len(bench.rows("SELECT 1 FROM outbox")), 2000, "stored")


def test_context_of_python(bench):
    """a client that knows another CA does not send its request"""
    ca = spooltls.Authority(bench)
    other = spooltls.Authority(bench, "other")
    daemon = bench.daemon(ingest=ca.settings())
    try:
        spooltls.post(daemon, other.context(), "/v1/track", track("a-1"))
        raise AssertionError("another CA is trusted")
    except ssl.SSLCertVerificationError:
        pass
    equal(bench.rows("SELECT 1 FROM outbox"), [], "nothing is stored")


spooltest.main()
