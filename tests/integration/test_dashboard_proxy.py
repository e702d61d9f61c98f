#!/usr/bin/env python3
"""The dashboard behind a reverse proxy: public_url, what it allows and what stays refused, real proxies."""
import contextlib
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
import spooltls  # noqa: E402
from spooladmin import ACT_TOKEN, READ_TOKEN, Person, act, bearer, cookie_name, refused, start  # noqa: E402
from spoolhttp import http_request  # noqa: E402
from spooltest import DEADLINE, Skip, equal, true, wait_until  # noqa: E402

PUBLIC = "https://spool.example"
# What a proxy makes of a browser's request: it passes the Host header on, or sends its own.
PASSES_ON, REWRITES = {"Host": "spool.example", "Origin": PUBLIC}, {"Origin": PUBLIC}


def through(daemon, headers, token=None, name=None):
    """A person whose requests come through a proxy that makes these headers of them."""
    person = Person(daemon)
    person.headers = {name: value for name, value in headers.items() if name != "Origin"}
    if "Host" in headers:
        person.host = headers["Host"]
    if token is not None:
        status, _, answer = person.try_to_log_in(token, name, {"Origin": headers["Origin"]})
        equal(status, 200, f"logged in: {answer}")
    return person


def test_allowed(bench):
    """people log in and act through a proxy that passes the Host header on, and through one that does not"""
    daemon = start(bench, admin={"public_url": ["https://other.example:8443", PUBLIC]})
    for headers, cookie in ((PASSES_ON, "bentospool_session"), (PASSES_ON | {"Host": "spool.example:443"}, "bentospool_session_443"),
                            (REWRITES, cookie_name(daemon.url(1))), (REWRITES | {"Origin": "https://other.example:8443"}, None)):
        anna = through(daemon, headers)
        status, got, answer = anna.try_to_log_in(ACT_TOKEN, "Anna", {"Origin": headers["Origin"]})
        equal((status, answer.get("may_act")), (200, True), answer)
        true("; Secure" in got["set-cookie"], f"the browser's connection is encrypted: {got}")
        true(cookie is None or got["set-cookie"].startswith(f"{cookie}="), got)
        status, answer = anna.post("/api/act", {"verb": "flush"}, {"Origin": headers["Origin"]})
        equal(status, 200, answer)
        equal(anna.read("/api/operations")["operations"][0]["actor"], "Anna (dashboard)", "who")
        _, got, _ = anna.request("POST", "/api/logout", {}, {"Origin": headers["Origin"]})
        true("; Secure" in got["set-cookie"], got)
    local = Person(daemon)
    _, got, _ = local.try_to_log_in(ACT_TOKEN, "Anna")
    true("Secure" not in got["set-cookie"], f"without the proxy there is no TLS: {got}")
    act(local, {"verb": "flush"})


def test_refused(bench):
    """other hosts, other pages and names that lead here are refused as without a proxy"""
    daemon = start(bench, admin={"public_url": [PUBLIC]})
    anna = through(daemon, PASSES_ON, ACT_TOKEN, "Anna")
    rebound = {"Host": "evil.example", "Origin": "http://evil.example"}
    refused(anna, "host_not_allowed", headers=rebound)
    refused(anna, "host_not_allowed", headers=rebound | {"Origin": PUBLIC})
    refused(anna, "host_not_allowed", path="/api/login", headers=rebound, body={"token": ACT_TOKEN, "name": "Anna"})
    for path in ("/", "/healthz", "/api/session", "/api/overview"):
        refused(anna, "host_not_allowed", method="GET", path=path, headers={"Host": "spool.example.evil.example"})
    for origin in ("http://spool.example", "https://spool.example:8443", "https://spool.example.evil.example", "https://evil.example",
                   "null", "", None):
        refused(anna, "origin_not_allowed", headers={"Origin": origin})
        refused(anna, "origin_not_allowed", headers={"Origin": origin, "Host": None})
    refused(anna, "cross_site", headers={"Origin": PUBLIC, "Sec-Fetch-Site": "same-site"})
    equal(bench.value("SELECT count(*) FROM operations"), 0, "nothing was changed")


def test_strangers(bench):
    """everybody at the proxy comes from this machine: numbers and metrics need a token, and the setting needs one to be set"""
    settings = {"read_token_file": "", "act_token_file": "", "public_url": [PUBLIC]}
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")}, admin={"listen": ["127.0.0.1:0"], **settings})
    done = bench.cli("check", conf=conf)
    true(done.returncode != 0 and "public_url: nobody can log in at https://spool.example: set read_token_file" in done.stderr, done.stderr)
    daemon = start(bench, admin={"public_url": [PUBLIC]})
    for headers in (PASSES_ON, REWRITES):
        nobody = through(daemon, headers)
        for path in ("/api/overview", "/metrics", "/api/operations"):
            refused(nobody, "login_required", 401, method="GET", path=path)
            equal(nobody.get(path, bearer(READ_TOKEN))[0], 200, path)
        for path in ("/", "/healthz", "/readyz", "/api/session"):
            equal(nobody.get(path)[0], 200, path)


def test_reload(bench):
    """a reload takes another address, without a restart; one that is not an origin is refused with the reason"""
    daemon = start(bench)
    with open(bench.path("bentospool.conf"), encoding="utf-8") as file:
        text = file.read()

    def reload(urls):
        bench.write("bentospool.conf", re.sub(r"admin \{", f"admin {{\n    public_url = {urls}", text, count=1))
        return bench.cli("reload")

    refused(through(daemon, PASSES_ON), "host_not_allowed", path="/api/login", body={"token": ACT_TOKEN, "name": "Anna"})
    refused(through(daemon, REWRITES), "origin_not_allowed", path="/api/login", body={"token": ACT_TOKEN, "name": "Anna"},
            headers=REWRITES)
    for wrong, words in (("https://spool.example/", "not even a slash"), ("https://spool.example:443", "must not have the port 443"),
                         ("http://spool.example", "must begin with https://"), ("spool.example", "must begin with https://")):
        done = reload(f'{{"{wrong}"}}')
        true(done.returncode != 0 and "public_url" in done.stderr and words in done.stderr, f"{wrong}: {done.stderr}")
    done = reload(f'{{"{PUBLIC}"}}')
    true(done.returncode == 0 and "admin: public_url" in done.stdout, done.stdout + done.stderr)
    true(through(daemon, PASSES_ON, ACT_TOKEN, "Anna").session()["may_act"], "logged in")
    equal(reload("{}").returncode, 0, "reload")
    refused(through(daemon, PASSES_ON), "host_not_allowed", method="GET", path="/")


class _TlsProxy(http.server.BaseHTTPRequestHandler):
    """Ends TLS, and passes a GET on."""

    def do_GET(self):
        status, headers, text = http_request(self.server.target, "GET", self.path, None, {"Host": self.headers["Host"]})
        self.send_response(status)
        self.send_header("Content-Type", headers["content-type"])
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def tls_proxy(ca, target):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _TlsProxy)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ca.issue("proxy"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.target = target
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_doctor(bench):
    """doctor asks for the page at the public address: it is there, something else is there, nothing is there"""
    ca = spooltls.Authority(bench)
    daemon = start(bench)

    def found():
        done = bench.cli("doctor", "--json", "--offline")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return [row for row in rows if row["what"] == "dashboard" and "https://" in row["found"]]

    with tls_proxy(ca, daemon.url(1)) as proxy:
        url = f"https://localhost:{proxy.server_address[1]}"
        with open(bench.path("bentospool.conf"), encoding="utf-8") as file:
            text = file.read()
        bench.write("bentospool.conf", re.sub(r"admin \{", f'admin {{\n    public_url = {{"{url}"}}', text, count=1))
        equal(bench.cli("reload").returncode, 0, "reload")
        [row] = found()
        equal((row["grade"], row["found"].startswith(f"served at {url}")), ("ok", True), row)
        proxy.target = daemon.url(0)
        [row] = found()
        equal((row["grade"], "is not the dashboard" in row["found"], "listen" in row["remedy"]), ("warning", True, True), row)
    [row] = found()
    equal((row["grade"], "cannot be reached" in row["found"], "start the proxy" in row["remedy"]), ("note", True, True), row)


def fragment(language):
    with open(os.path.join(spooltest.srcdir(), "doc/dashboard.md"), encoding="utf-8") as file:
        [text] = re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.M | re.S)
    return text


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def use(bench, ca, daemon, port, argv):
    """Runs a proxy; logs in and acts through it, as a browser at https://spool.example would."""
    context = ca.context()

    def ask(method, path, body=None, headers=None):
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as plain:
            with context.wrap_socket(plain, server_hostname="spool.example") as s:
                data = json.dumps(body).encode() if body is not None else b""
                sent = {"Host": "spool.example", "Connection": "close", "Content-Length": len(data), **(headers or {})}
                s.sendall(f"{method} {path} HTTP/1.1\r\n".encode() + "".join(f"{k}: {v}\r\n" for k, v in sent.items()).encode()
                          + b"\r\n" + data)
                answer = b"".join(iter(lambda: s.recv(65536), b""))
        head, _, text = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode(), text

    def answers():
        try:
            return ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    page = {"Origin": PUBLIC, "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as proxy:
        try:
            wait_until(answers, "the proxy answers")
            status, head, text = ask("POST", "/api/login", {"token": ACT_TOKEN, "name": "Anna"}, page)
            equal((status, "; Secure" in head), (200, True), f"{head} {text}")
            cookie = re.search(r"set-cookie: ([^;]*)", head, re.I).group(1)
            status, _, text = ask("POST", "/api/act", {"verb": "flush"}, page | {"Cookie": cookie})
            equal(status, 200, text)
            equal(ask("GET", "/api/overview")[0], 401, "strangers")
        finally:
            proxy.terminate()
    equal(bench.value("SELECT actor FROM operations"), "Anna (dashboard)", "who")
    equal(daemon.stop(), 0, "it stops")


def prepare(bench, name, replacements):
    """Returns the fragment of the document with places of this test, a CA and a daemon."""
    ca = spooltls.Authority(bench)
    pem, key = ca.issue("proxy", names="DNS:spool.example")
    daemon = start(bench, admin={"public_url": [PUBLIC]})
    port, text = free_port(), fragment(name)
    for there, here in {**replacements(pem, key, port), "127.0.0.1:7390": daemon.url(1).removeprefix("http://")}.items():
        true(there in text, f"{there} in {text}")
        text = text.replace(there, here)
    return ca, daemon, port, text


def test_nginx(bench):
    """nginx with the fragment of the document"""
    if not shutil.which("nginx"):
        raise Skip("nginx is not installed")
    ca, daemon, port, text = prepare(bench, "nginx", lambda pem, key, port: {
        "443 ssl": f"127.0.0.1:{port} ssl", "/etc/ssl/certs/spool.example.pem": pem, "/etc/ssl/private/spool.example.key": key})
    places = "".join(f"{kind}_temp_path {bench.path(kind)};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = bench.write("nginx.conf", f"daemon off;\nmaster_process off;\npid {bench.path('nginx.pid')};\nerror_log stderr;\n"
                                     f"events {{ }}\nhttp {{\naccess_log off;\n{places}{text}}}\n")
    use(bench, ca, daemon, port, ["nginx", "-p", bench.path("."), "-c", conf])


def test_caddy(bench):
    """Caddy with the fragment of the document"""
    if not shutil.which("caddy"):
        raise Skip("caddy is not installed")
    ca, daemon, port, text = prepare(bench, "caddy", lambda pem, key, port: {
        "spool.example {": f"https://spool.example:{port} {{\n    bind 127.0.0.1\n    tls {pem} {key}"})
    conf = bench.write("Caddyfile", "{\n    admin off\n    auto_https disable_redirects\n}\n" + text)
    use(bench, ca, daemon, port, ["caddy", "run", "--adapter", "caddyfile", "--config", conf])


spooltest.main()
