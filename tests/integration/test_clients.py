#!/usr/bin/env python3
"""Real client libraries: each makes every kind of call that it has, once directly and once through
503s."""
import contextlib
import functools
import gzip
import http.server
import json
import os
import shutil
import socket
import sys
import threading
import urllib.parse
from datetime import datetime

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolhttp import Raw, basic  # noqa: E402
from spoolproxy import Proxy  # noqa: E402
from spooltest import Skip, equal, track, true, wait_until  # noqa: E402

KINDS = ["alias", "group", "identify", "page", "screen", "track"]
REFUSALS = 2  # 503 answers that a client gets before success
CLIENT_DEADLINE = 90


def sdk_folder(package):
    """Returns the directory where tools/run-tests had npm install the clients."""
    folder = os.environ.get("SPOOL_SDK", "")
    if not os.path.isdir(os.path.join(folder, "node_modules", package)):
        raise Skip(f"SPOOL_SDK names no folder where npm installed {package}")
    return folder


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    raise Skip("chromium is not installed")


class Stage:
    """A daemon that accepts events, a daemon without disk space, and proxies to both."""

    def __init__(self, bench, stack):
        self.bench = bench
        self.sim = bench.sim()
        self.daemon = bench.daemon(self.sim)
        full = bench.configure(
            {"main": bench.site(self.sim.api_url())},
            top={"database": bench.path("full.db"), "min_free": 1 << 50}, name="full.conf")
        self.full = spooltest.Daemon(bench, full)
        self.straight = stack.enter_context(Proxy(self.daemon.url()))
        self.refused = stack.enter_context(Proxy(self.daemon.url(), self.full.url(), REFUSALS))

    def rows(self, label):
        """Returns the rows of one client and way; each call carries that label."""
        return [row for row in self.bench.outbox()
                if json.loads(row["body"])["context"].get("label") == label]

    def check_calls(self, client, label, kinds=tuple(KINDS)):
        """Checks that each kind was stored once, that the track call was delivered, and that
        nothing waits."""
        rows = self.rows(label)
        equal(sorted(row["kind"] for row in rows), sorted(kinds), f"{label}: kinds in the outbox")
        for row in rows:
            true(row["status"] in ("delivered", "unsupported"), f"{label}: {row}")
            true(abs(when(row["occurred_at"]) - when(row["received_at"])) < CLIENT_DEADLINE,
                 f"{label}: a time of its own: {row}")
        [call] = [row for row in rows if row["kind"] == "track"]
        equal((call["status"], call["name"], call["email"]),
              ("delivered", "Order Completed", f"{label}@example.com"), f"{label}: track")
        [event] = [event for event in self.sim.events()
                   if event["details"].get("unique", {}).get("key") == call["message_id"]]
        equal((event["email"], event["details"]["total"], event["details"]["text"]),
              (f"{label}@example.com", 19.99, "é\n€"), f"{label}: what Bento got")
        print(f"# {client}: {' '.join(row['kind'] for row in rows)}: {label}")

    def check_requests(self, client, label, proxy, refusals):
        """Checks that the intended number of 503 answers came, and then success; prints how the
        client posts."""
        posts = [request for request in proxy.requests if request[0] == "POST"]
        statuses = [status for _, path, _, status in posts if not path.endswith("/m")]
        equal([status for status in statuses if status != 200], [503] * refusals,
              f"{client} {label}: answers that were no success")
        true(200 in statuses, f"{client} {label}: success in the end")
        for what in sorted({(path, headers.get("content-type", "-").split(";")[0],
                             headers.get("content-encoding", "-")) for _, path, headers, _ in posts}):
            print(f"# {client}: {label}: {' '.join(what)}")


def when(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def run_node_client(bench, client):
    """Runs the client directly and through 503s at the same time."""
    folder = sdk_folder(client)
    if not shutil.which("node"):
        raise Skip("node is not installed")
    script = os.path.join(spooltest.srcdir(), "tests", "sdk", "clients.mjs")
    with contextlib.ExitStack() as stack:
        stage = Stage(bench, stack)
        ways = {"straight": stage.straight, "refused": stage.refused}
        running = {label: spooltest.Process(bench, label, [
            "node", script, folder, client, f"http://{proxy.address()}", spooltest.WRITE_KEY,
            label]) for label, proxy in ways.items()}
        for label, process in running.items():
            equal(process.wait(CLIENT_DEADLINE), 0, f"{client} {label}: {process.log()}")
        bench.wait_settled(2 * len(KINDS))
        version = running["straight"].log().split("version ")[1].split("\n")[0]
        for label, proxy in ways.items():
            said = running[label].log().split("kinds ")[1].split()
            equal(sorted(said), KINDS, f"{label}: calls that the client saw succeed")
            stage.check_calls(f"{client} {version}", label)
            stage.check_requests(client, label, proxy, REFUSALS if label == "refused" else 0)


def test_segment_node(bench):
    """@segment/analytics-node: all kinds, directly and through 503s"""
    run_node_client(bench, "@segment/analytics-node")


def test_legacy_node(bench):
    """analytics-node 6: all kinds, directly and through 503s"""
    run_node_client(bench, "analytics-node")


def test_rudder_node(bench):
    """@rudderstack/rudder-sdk-node: all kinds in gzip, directly and through 503s"""
    run_node_client(bench, "@rudderstack/rudder-sdk-node")


# ---- as other clients do, by hand ---------------------------------------------------------------

def chunked(body, size):
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def post(daemon, path, headers, body):
    """Sends a request unchanged; waits for the answer to `Expect: 100-continue`."""
    raw = Raw(daemon.url())
    raw.send(f"POST {path} HTTP/1.1\r\nHost: spool\r\n{headers}\r\n")
    if "100-continue" in headers:
        equal(raw.answer()[0], 100, f"{path}: the daemon asks for the body")
    raw.send(body)
    got = raw.answer()
    raw.close()
    return got


def test_other_clients(bench):
    """requests as Go, Python, PHP, Swift, Kotlin, Android, curl and beacons send them, by hand"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    key = spooltest.WRITE_KEY
    batch = [track(f"m-{n}", text="x" * 2000) for n in range(30)]
    plain = json.dumps({"batch": batch, "sentAt": "2026-08-01T12:00:00Z"}).encode()
    keyed = json.dumps({"batch": batch, "writeKey": key, "context": {"ip": "192.0.2.1"},
                        "integrations": {"All": True}}).encode()
    one = json.dumps(track("m-0", text="x" * 2000)).encode()
    packed = gzip.compress(keyed)
    members = gzip.compress(keyed[:1000]) + gzip.compress(keyed[1000:])
    ways = {
        "Go, Ruby": ("/v1/batch", basic() + "Content-Type: application/json\r\n", plain),
        "Python, Swift": ("/v1/batch", "Content-Type: application/json\r\n", keyed),
        "PHP": ("/v1/batch", basic() + "Content-Type: application/json\r\n"
                "Expect: 100-continue\r\n", plain),
        "Kotlin": ("/v1/b", "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", None),
        "Android": ("/v1/import", basic() + "Content-Encoding: gzip\r\n", None),
        "Rudder": ("/v1/batch", basic() + "Content-Encoding: gzip\r\n"
                   "Content-Type: application/x-www-form-urlencoded\r\n", packed),
        "curl": ("/v1/t", basic() + "Content-Type: application/x-www-form-urlencoded\r\n", one),
        "members": ("/v1/batch", "Content-Encoding: gzip\r\n", members),
        "beacon": (f"/v1/t?writeKey={key}", "Content-Type: text/plain;charset=UTF-8\r\n", one),
        "pixel": (f"/v1/t?a=b&writeKey={key}&c", "Content-Type: image/gif\r\n", one),
    }
    for name, (path, headers, body) in ways.items():
        if body is None:
            headers += "Transfer-Encoding: chunked\r\n"
            body = chunked(packed, 700)
        else:
            headers += f"Content-Length: {len(body)}\r\n"
        equal(post(daemon, path, headers, body), (200, {"success": True}), name)
        print(f"# {name}: {path.split('?', maxsplit=1)[0]}")
    bench.wait_settled(30)
    equal(bench.statuses(), {"delivered": 30}, "each event once, however often it came")
    equal(sorted(sim.keys()), sorted(event["messageId"] for event in batch), "what Bento got")


def test_broken_gzip(bench):
    """a gzip body that is truncated, followed by bytes, too large or not gzip is refused and not
    stored"""
    daemon = bench.daemon()
    good = gzip.compress(json.dumps(track("m-1")).encode())
    bomb = gzip.compress(b"[" * 100000000)
    true(len(bomb) < 100000, "a bomb is small")
    for what, body, wanted in [
            ("cut off", good[:-1], (400, "invalid_gzip")),
            ("cut off in the midst", good[:20], (400, "invalid_gzip")),
            ("empty", b"", (400, "invalid_gzip")),
            ("no gzip", b'{"type":"track"}', (400, "invalid_gzip")),
            ("something behind it", good + b"{}", (400, "invalid_gzip")),
            ("another checksum", good[:-8] + b"\0\0\0\0" + good[-4:], (400, "invalid_gzip")),
            ("a bomb", bomb, (413, "body_too_large"))]:
        raw = Raw(daemon.url())
        raw.try_send(f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{basic()}Content-Encoding: gzip\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n")
        raw.try_send(body)
        status, answer = raw.answer()
        equal((status, answer["code"], answer["success"]), (*wanted, False), what)
    equal(bench.value("SELECT count(*) FROM outbox"), 0, "events")
    true(spooltest.sanitized() or daemon.peak_bytes() < 64 << 20, f"memory: {daemon.peak_bytes()} bytes")
    daemon.accept("/v1/track", good, headers={"Content-Encoding": "gzip"})
    equal(bench.outbox("m-1")["email"], "ann@example.com", "the one that is whole")


# ---- the browser --------------------------------------------------------------------------------

class _Page(http.server.BaseHTTPRequestHandler):
    """Serves the page and its client, and receives what the page reports."""

    def __init__(self, files, said, *more):
        self.files = files
        self.said = said
        super().__init__(*more)

    def do_GET(self):
        found = self.files.get(urllib.parse.urlsplit(self.path).path)
        self.send_response(200 if found else 404)
        if found:
            self.send_header("Content-Type", found[0])
        self.end_headers()
        if found:
            with open(found[1], "rb") as file:
                self.wfile.write(file.read())

    def do_POST(self):
        self.said.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def page_server(page, script):
    """Starts an origin that serves a page of tests/sdk and the client that it loads."""
    files = {"/page.html": ("text/html", os.path.join(spooltest.srcdir(), "tests/sdk", page)),
             "/sdk.js": ("text/javascript", script)}
    said = []
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Page, files, said))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", said
    finally:
        server.shutdown()
        server.server_close()


def start_browser(bench, program, url):
    return spooltest.Process(bench, "browser", [
        program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-dev-shm-usage", f"--user-data-dir={bench.path('profile')}",
        "--remote-debugging-port=0", url], env={"HOME": bench.dir})


def package_version(folder, package):
    with open(os.path.join(folder, "node_modules", package, "package.json"),
              encoding="utf-8") as file:
        return json.load(file)["version"]


def check_preflight(label, proxy):
    asked = [request for request in proxy.requests if request[0] == "OPTIONS"]
    true(asked, f"{label}: the browser asks before it posts")
    equal({status for _, _, _, status in asked}, {204}, f"{label}: preflight")


def test_browser(bench):
    """@segment/analytics-next in Chromium: singly and in batches, directly and through 503s"""
    client = "@segment/analytics-next"
    folder, program = sdk_folder(client), browser()
    with contextlib.ExitStack() as stack:
        stage = Stage(bench, stack)
        batches = stack.enter_context(Proxy(stage.daemon.url()))
        refused = stack.enter_context(Proxy(stage.daemon.url(), stage.full.url(), REFUSALS))
        url, said = stack.enter_context(page_server("page.html", os.path.join(
            folder, "node_modules", client, "dist/umd/index.js")))
        ways = {"straight": stage.straight, "refused": stage.refused, "batches": batches,
                "batches-refused": refused}
        wanted = [{"label": label, "host": proxy.address(), "writeKey": spooltest.WRITE_KEY,
                   "batching": label.startswith("batches")} for label, proxy in ways.items()]
        process = start_browser(
            bench, program, f"{url}/page.html#{urllib.parse.quote(json.dumps(wanted))}")
        wait_until(lambda: any(text.startswith("error") for text in said)
                   or bench.value("SELECT count(*) FROM outbox") >= len(ways) * len(KINDS)
                   or not process.running(), "all calls are in the outbox", CLIENT_DEADLINE)
        equal([text for text in said if text != "done"], [], "what went wrong in the page")
        bench.wait_settled(len(ways) * len(KINDS))
        wait_until(lambda: any(path == "/v1/m" and status == 200 for proxy in
                               (stage.straight, stage.refused, batches, refused)
                               for _, path, _, status in proxy.requests), "telemetry is taken")
        for label, proxy in ways.items():
            stage.check_calls(f"{client} {package_version(folder, client)}", label)
            stage.check_requests(client, label, proxy, REFUSALS if "refused" in label else 0)
            check_preflight(label, proxy)
        process.stop()


def test_rudder_browser(bench):
    """@rudderstack/analytics-js in Chromium: singly and in batches, directly and through 503s"""
    client = "@rudderstack/analytics-js"
    kinds = [kind for kind in KINDS if kind != "screen"]  # this client has no screen calls
    folder, program = sdk_folder(client), browser()
    script = os.path.join(folder, "node_modules", client, "dist/npm/modern/bundled/umd/index.js")
    with contextlib.ExitStack() as stack:
        stage = Stage(bench, stack)
        batches = stack.enter_context(Proxy(stage.daemon.url()))
        refused = stack.enter_context(Proxy(stage.daemon.url(), stage.full.url(), REFUSALS))
        ways = {"straight": stage.straight, "refused": stage.refused, "batches": batches,
                "batches-refused": refused}
        urls, pages = [], []
        for label, proxy in ways.items():  # each way has its own origin and storage
            url, said = stack.enter_context(page_server("rudder.html", script))
            wanted = {"label": label, "host": proxy.address(), "writeKey": spooltest.WRITE_KEY,
                      "batching": label.startswith("batches")}
            urls.append(f"{url}/page.html#{urllib.parse.quote(json.dumps(wanted))}")
            pages.append(said)
        process = start_browser(
            bench, program, f"{url}/page.html#{urllib.parse.quote(json.dumps(urls))}")
        wait_until(lambda: any(pages)
                   or bench.value("SELECT count(*) FROM outbox") >= len(ways) * len(kinds)
                   or not process.running(), "all calls are in the outbox", CLIENT_DEADLINE)
        equal(pages, [[]] * len(ways), "what went wrong in the pages")
        bench.wait_settled(len(ways) * len(kinds))
        for label, proxy in ways.items():
            stage.check_calls(f"{client} {package_version(folder, client)}", label, kinds)
            stage.check_requests(client, label, proxy, REFUSALS if "refused" in label else 0)
            check_preflight(label, proxy)
        process.stop()


spooltest.main()
