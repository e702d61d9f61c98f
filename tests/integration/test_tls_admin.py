#!/usr/bin/env python3
"""TLS on the admin listener: who may read there from other machines, and metrics of certificates."""
import calendar
import http.client
import json
import os
import ssl
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
import spooltls  # noqa: E402
from spooladmin import ACT_TOKEN, READ_TOKEN, bearer, token_settings  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def start(bench, ca, listen="tls:0.0.0.0:0"):
    """Starts a daemon with certificates for both listeners."""
    admin = {**ca.settings("admin"), "client_ca_file": ca.pem, "listen": [listen]}
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")}, ca.settings(), admin=admin)
    return spooltest.Daemon(bench, conf, listeners=2)


def ask(daemon, context, path, body, headers, host="spool.example"):
    """Posts; returns status, headers and text."""
    port = urllib.parse.urlsplit(daemon.url(1)).port
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=spooltest.DEADLINE)
    connection.request("POST", path, body, {"Host": host, **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def get(daemon, context, path="/metrics", host="spool.example", headers=None):
    """Returns the status and the text, or raises what the handshake raises."""
    port = urllib.parse.urlsplit(daemon.url(1)).port
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context,
                                             timeout=spooltest.DEADLINE)
    connection.request("GET", path, headers={"Host": host, **{name: value for name, value in (headers or {}).items() if value}})
    answer = connection.getresponse()
    text = answer.read().decode()
    serial = connection.sock.getpeercert()["serialNumber"] if connection.sock else None
    connection.close()
    return answer.status, text, serial


def series(text, name):
    return {line.split('"')[1]: float(line.split()[-1])
            for line in text.splitlines() if line.startswith(name + "{")}


def test_admin(bench):
    """a client with a certificate reads metrics; one without does not; renewals reach the listener"""
    ca = spooltls.Authority(bench)
    daemon = start(bench, ca)
    context = ca.context(ca.issue("prometheus"))
    status, text, first = get(daemon, context)
    equal(status, 200, text)
    ends = series(text, "bentospool_certificate_end_timestamp_seconds")
    equal(set(ends), {"ingest", "admin"}, "listeners")
    for row in json.loads(bench.cli("status", "--json").stdout)["daemon"]["certificates"]:
        at = calendar.timegm(time.strptime(row["not_after"][:19], "%Y-%m-%dT%H:%M:%S"))
        equal(ends[row["listener"]], at, row["listener"])
    equal(series(text, "bentospool_certificate_new_refused"), {"ingest": 0, "admin": 0}, "none")
    for wrong in (ca.context(), ca.context(spooltls.Authority(bench, "other").issue("foreign"))):
        wrong.maximum_version = ssl.TLSVersion.TLSv1_2
        try:
            get(daemon, wrong)
            raise AssertionError("without a certificate of the CA")
        except (ssl.SSLError, OSError):
            pass
    wait_until(lambda: 'admin_requests_refused_total{reason="tls_client_certificate"} 2'
               in get(daemon, context)[1], "they are counted")
    ca.issue("admin", days=99)
    wait_until(lambda: get(daemon, context)[2] != first, "the renewal")
    later = series(get(daemon, context)[1], "bentospool_certificate_end_timestamp_seconds")
    true(later["admin"] < ends["admin"] and later["ingest"] == ends["ingest"], f"{ends}, {later}")
    os.rename(bench.path("other.key"), bench.path("admin.key"))
    wait_until(lambda: series(get(daemon, context)[1], "bentospool_certificate_new_refused")["admin"] == 1,
               "a key that does not fit")
    equal(spooltls.post(daemon, ca.context(), "/v1/track", track("a-1"))[0], 200, "ingest goes on")
    true("admin: the new certificate is not used: " in bench.cli("status").stdout, "status")
    ca.issue("admin")
    wait_until(lambda: series(get(daemon, context)[1], "bentospool_certificate_new_refused")["admin"] == 0,
               "all is well")
    equal(bench.cli("reload").returncode, 0, "reload")
    equal(daemon.stop(), 0, "it stops")


def test_local(bench):
    """on a loopback address TLS needs no certificate of the client"""
    ca = spooltls.Authority(bench)
    admin = {**ca.settings("admin"), "listen": ["tls:127.0.0.1:0"]}
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")}, {}, admin=admin)
    daemon = spooltest.Daemon(bench, conf, listeners=2)
    equal(get(daemon, ca.context(), "/readyz", "localhost")[0], 200, "/readyz")
    equal(get(daemon, ca.context(), "/readyz", "evil.example")[0], 403, "the name of a page")


def test_tokens(bench):
    """beyond this machine, without certificates of clients: only the page and health checks are open"""
    ca = spooltls.Authority(bench)
    admin = {**ca.settings("admin"), "listen": ["tls:0.0.0.0:0"]}
    sites = {"main": bench.site("http://127.0.0.1:1/api/v1")}
    done = bench.cli("check", conf=bench.configure(sites, admin=admin))
    true(done.returncode != 0 and "set read_token_file" in done.stderr, done.stderr)
    conf = bench.configure(sites, admin={**admin, **token_settings(bench)})
    daemon = spooltest.Daemon(bench, conf, listeners=2)
    context = ca.context()
    for path in ("/", "/dashboard.js", "/healthz", "/readyz", "/api/session"):
        equal(get(daemon, context, path)[0], 200, path)
    for path in ("/metrics", "/api/overview", "/api/operations"):
        equal(get(daemon, context, path)[0], 401, path)
        for token in (READ_TOKEN, ACT_TOKEN):
            equal(get(daemon, context, path, headers=bearer(token))[0], 200, path)
        equal(get(daemon, context, path, headers=bearer("wrong"))[0], 401, path)
    origin = {"Content-Type": "application/json", "Origin": "https://spool.example"}
    body = json.dumps({"token": ACT_TOKEN, "name": "Anna"})
    equal(ask(daemon, context, "/api/login", body, {**origin, "Origin": "http://spool.example"})[0], 403, "without TLS")
    status, headers, _ = ask(daemon, context, "/api/login", body, origin)
    cookie = headers["Set-Cookie"]
    equal((status, "; Secure" in cookie), (200, True), cookie)
    status, _, text = ask(daemon, context, "/api/act", json.dumps({"verb": "pause"}),
                          {**origin, "Cookie": cookie.split(";")[0]})
    equal(status, 200, text)
    equal(bench.value("SELECT actor FROM operations"), "Anna (dashboard)", "who")
    with open(conf, encoding="utf-8") as file:
        text = file.read()
    bench.write("bentospool.conf", text.replace("read_token_file", "#read_token_file"))
    true(bench.cli("reload").returncode != 0, "the token cannot go while other machines can connect")


def test_certificate_reads(bench):
    """a certificate of a client is as good as the read token, and does not act"""
    ca = spooltls.Authority(bench)
    admin = {**ca.settings("admin"), "client_ca_file": ca.pem, "listen": ["tls:127.0.0.1:0"], **token_settings(bench)}
    daemon = spooltest.Daemon(bench, bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")}, admin=admin),
                              listeners=2)
    context = ca.context(ca.issue("prometheus"))
    equal(get(daemon, context, "/api/operations")[0], 200, "reading")
    status, _, text = ask(daemon, context, "/api/act", json.dumps({"verb": "pause"}),
                          {"Content-Type": "application/json", "Origin": "https://spool.example"})
    equal((status, json.loads(text)["code"]), (403, "acting_not_allowed"), "acting")


spooltest.main()
