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
from spooltest import equal, track, true, wait_until  # noqa: E402


def start(bench, ca, listen="tls:0.0.0.0:0"):
    """Starts a daemon with certificates for both listeners."""
    admin = {**ca.settings("admin"), "client_ca_file": ca.pem, "listen": [listen]}
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")}, ca.settings(), admin=admin)
    return spooltest.Daemon(bench, conf, listeners=2)


def get(daemon, context, path="/metrics", host="spool.example"):
    """Returns the status and the text, or raises what the handshake raises."""
    port = urllib.parse.urlsplit(daemon.url(1)).port
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context,
                                             timeout=spooltest.DEADLINE)
    connection.request("GET", path, headers={"Host": host})
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


spooltest.main()
