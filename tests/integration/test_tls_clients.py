#!/usr/bin/env python3
"""Mutual TLS: which clients get in, and how their certificates select the site."""
import os
import ssl
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
import spooltls  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def start(bench, ca, boxes=None, **more):
    """Starts a daemon with two sites whose clients have certificates."""
    settings = {**ca.settings(), "client_ca_file": ca.pem, **more}
    sites = {
        "north": bench.site("http://127.0.0.1:1/api/v1", write_keys=["n-key"],
                            client_names=["box-1.example"]),
        "south": bench.site("http://127.0.0.1:1/api/v1", write_keys=[], site_uuid="other",
                            client_names=["spiffe://shop/2"]),
    }
    for name, listed in (boxes or {}).items():
        sites[name]["boxes"] = listed
    return spooltest.Daemon(bench, bench.configure(sites, settings))


def refused(bench, reason):
    return bench.value("SELECT coalesce(sum(requests), 0) FROM refusals WHERE reason = ?", reason)


def outcome(daemon, context):
    """Posts; returns the status, or "refused" when the handshake was."""
    try:
        return spooltls.post(daemon, context, "/v1/track", track("a-1"), key=None)[0]
    except (ssl.SSLError, OSError):
        return "refused"


def test_certificates(bench):
    """a certificate of the CA gets in; none, that of another CA and one that has ended do not"""
    ca = spooltls.Authority(bench)
    other = spooltls.Authority(bench, "other-ca")
    daemon = start(bench, ca)
    good = ca.issue("good", "DNS:box-1.example")
    late = ca.issue("late", "DNS:box-1.example", days=-1)
    foreign = other.issue("foreign", "DNS:box-1.example")
    equal(outcome(daemon, ca.context(good)), 200, "the right one")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for pair in (None, late, foreign):
            context = ca.context(pair)
            context.minimum_version = context.maximum_version = version
            equal(outcome(daemon, context), "refused", f"{version}, {pair}")
    wait_until(lambda: refused(bench, "tls_client_certificate") == 6, "they are counted")
    wait_until(lambda: len(daemon.log().split("tls_client_certificate: ")) > 1, "and logged")
    equal(len(bench.rows("SELECT 1 FROM outbox")), 1, "what is stored")


def test_names(bench):
    """the name selects the site, also for curl; a key must be right and agree"""
    ca = spooltls.Authority(bench)
    daemon = start(bench, ca)
    north = ca.issue("north", "DNS:box-1.example")
    south = ca.issue("south", "URI:spiffe://shop/2,DNS:whatever")
    nobody = ca.issue("nobody", "DNS:box-9.example")

    def post(pair, name, key=None):
        return spooltls.post(daemon, ca.context(pair), "/v1/track", track(name), key=key)

    equal(post(north, "n-1")[0], 200, "north")
    equal(post(south, "s-1")[0], 200, "south")
    equal(post(north, "n-2", key="n-key")[0], 200, "north, with its key")
    equal(post(nobody, "n-3", key="n-key")[0], 200, "a key alone")
    equal(post(nobody, "x-1")[1]["code"], "invalid_write_key", "no key and no known name")
    equal(post(south, "x-2", key="n-key")[1]["code"], "invalid_client_name", "two sites")
    equal(post(north, "x-3", key="wrong")[1]["code"], "invalid_write_key", "a wrong key")
    done = bench.run("curl", "-sS", "--cacert", ca.pem, "--cert", south[0], "--key", south[1],
                     "--data", spooltest.json.dumps(track("s-2")), daemon.url() + "/v1/track")
    equal(done.stdout, '{"success": true}', done.stderr)
    rows = bench.rows("SELECT message_id, site FROM outbox ORDER BY 1")
    equal([(row["message_id"], row["site"]) for row in rows],
          [("n-1", "north"), ("n-2", "north"), ("n-3", "north"), ("s-1", "south"), ("s-2", "south")],
          "sites")
    true("box-9" not in daemon.log(), "names are not logged")


def test_box(bench):
    """a box's key and its certificate must agree, also when it only asks"""
    ca = spooltls.Authority(bench)
    daemon = start(bench, ca, boxes={"south": ["store-1 key-of-store-1-0123456789"]})
    for name, san, status in (("north", "DNS:box-1.example", "401"), ("south", "URI:spiffe://shop/2", "200"),
                              ("nobody", "DNS:box-9.example", "200")):
        certificate, key = ca.issue(name, san)
        for more in ([], ["--data", '{"events":[]}']):
            done = bench.run("curl", "-sS", "--cacert", ca.pem, "--cert", certificate, "--key", key, "-o", "/dev/null",
                             "-w", "%{http_code}", "-u", "box:key-of-store-1-0123456789", *more,
                             daemon.url() + "/v1/fleet")
            equal(done.stdout, status, f"{name} {more}")


def test_names_after_a_reload(bench):
    """a name that was taken away counts no longer, on open connections either; nor does a CA on new
    ones"""
    ca = spooltls.Authority(bench)
    daemon = start(bench, ca)
    pair = ca.issue("south", "URI:spiffe://shop/2")
    connection = spooltls.Connection(daemon, ca.context(pair))
    equal(connection.post("/v1/track", track("a-1"), key=None)[0], 200, "at first")
    conf = bench.path("bentospool.conf")
    with open(conf, encoding="utf-8") as file:
        text = file.read()
    bench.write("bentospool.conf", text.replace("spiffe://shop/2", "spiffe://shop/3"))
    equal(bench.cli("reload").returncode, 0, "reload")
    equal(connection.post("/v1/track", track("a-2"), key=None)[0], 401, "the same connection")
    other = spooltls.Authority(bench, "other-ca")
    os.rename(other.pem, bench.path("new-ca.pem"))
    bench.write("bentospool.conf", text.replace(f'client_ca_file = "{ca.pem}"',
                                                f'client_ca_file = "{bench.path("new-ca.pem")}"'))
    equal(bench.cli("reload").returncode, 0, "reload")
    equal(outcome(daemon, ca.context(pair)), "refused", "after the CA was replaced")


def test_doctor(bench):
    """doctor does not take a listener that wants certificates for a broken one"""
    ca = spooltls.Authority(bench)
    daemon = start(bench, ca)
    port = daemon.url().rsplit(":", 1)[1]
    daemon.stop()
    with open(bench.path("bentospool.conf"), encoding="utf-8") as file:
        text = file.read()
    conf = bench.write("bentospool.conf", text.replace("tls:127.0.0.1:0", f"tls:127.0.0.1:{port}"))
    spooltest.Daemon(bench, conf)
    done = bench.cli("doctor", "--offline")
    true(f"health: tls:127.0.0.1:{port} is not asked: it wants a certificate" in done.stdout, done.stdout)
    bench.processes[-1].stop()
    bench.write("bentospool.conf", "\n".join(
        line for line in text.replace("tls:127.0.0.1:0", f"tls:127.0.0.1:{port}").splitlines()
        if "client_" not in line).replace('write_keys = {}', 'write_keys = {"s"}') + "\n")
    spooltest.Daemon(bench, conf)
    done = bench.cli("doctor", "--offline")
    true(f"health: tls:127.0.0.1:{port} accepts events" in done.stdout, done.stdout)


spooltest.main()
