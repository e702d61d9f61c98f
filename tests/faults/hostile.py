"""Clients that mean harm, and a Bento that answers anything.

refutes: good clients are held up, limits do not hold, a refusal is not counted, or an odd answer ends an event
takes: 2 minutes
runs: all
"""
import gzip
import itertools
import json
import os
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import faults  # noqa: E402
import spooltest  # noqa: E402
from spoolhttp import Raw, basic, post_bytes  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

CONNECTIONS = 300  # max_connections
BUFFERED = 8 << 20  # max_buffered
BODY = 1 << 20  # max_body

# ---- clients --------------------------------------------------------------------------------------

DEEP = '{"a":' * 200 + "1" + "}" * 200
# Requests that two servers may read differently, or that no server should read.
SMUGGLING = [
    "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "Content-Length: +5\r\n\r\nhello",
    "Content-Length : 5\r\n\r\nhello", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n0x4\r\nhell\r\n0\r\n\r\n", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", "Content-Length: 5, 5\r\n\r\nhello",
    "Content-Length: -1\r\n\r\n", "Content-Length: 18446744073709551617\r\n\r\nx",
    "X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", "Host: b\r\nContent-Length: 0\r\n\r\n",
    ": x\r\nContent-Length: 0\r\n\r\n", "X: a\0b\r\nContent-Length: 0\r\n\r\n",
    "Content-Length: 5\r\n\rhello"]


def smuggled(rest):
    return f"POST /v1/track HTTP/1.1\r\nHost: spool\r\n{basic()}{rest}".encode("latin-1")


def bodies():
    """Yields (name, body, headers) that must be refused."""
    yield "bomb", gzip.compress(b" " * (64 << 20)), "Content-Encoding: gzip\r\n"
    yield "bomb of bombs", gzip.compress(gzip.compress(b"0" * (1 << 24))), "Content-Encoding: gzip\r\n"
    yield "cut gzip", gzip.compress(b'{"a":1}')[:-5], "Content-Encoding: gzip\r\n"
    yield "deep", DEEP, ""
    yield "deep array", "[" * 100000, ""
    yield "no JSON", b"\xff\xfe{}", ""
    yield "a long number", "1" * 500000, ""
    yield "too long", "x" * (BODY + 1), ""


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.pid}/fd"))


class Hostile:
    """Connections that stay open and never finish a request, and those that never read."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.open = []

    def drip(self, n):
        head = post_bytes(json.dumps(track("drip")))
        for i in range(n):
            raw = Raw(self.daemon.url())
            raw.send(head[:10 + i % (len(head) - 11)])  # anywhere in head or body
            self.open.append(raw)

    def never_read(self, n):
        """Pipelines requests until the daemon takes no more."""
        many = post_bytes(json.dumps(track("deaf"))) * 20
        for _ in range(n):
            raw = Raw(self.daemon.url())
            raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            raw.sock.setblocking(False)
            try:
                for _ in range(2000):
                    raw.sock.send(many)
            except BlockingIOError:
                pass
            except OSError:
                pass
            self.open.append(raw)

    def close(self):
        for raw in self.open:
            raw.close()


def test_clients(bench):
    """good clients are served before hostile ones have finished, within memory and descriptors"""
    daemon = bench.daemon(ingest={"max_connections": CONNECTIONS, "max_buffered": BUFFERED, "max_body": BODY,
                                  "request_timeout": 600, "idle_timeout": 600})
    before = descriptors(daemon)
    hostile = Hostile(daemon)
    hostile.drip(CONNECTIONS * 2 // 3)
    hostile.never_read(5)
    good = Raw(daemon.url())
    for n in range(200 if faults.whole() else 40):
        good.send(post_bytes(json.dumps(track(f"good-{n}"))))
        equal(good.answer()[0], 200, "a good client")
    # Hundreds more wait outside, or are accepted as others end; one that is idle for long makes room.
    crowd = []
    for n in range(400):
        if n % 20 == 0:  # it is never idle for long
            good.send(post_bytes(json.dumps(track(f"good-crowd-{n}"))))
            equal(good.answer()[0], 200, "a good client in a growing crowd")
        try:
            crowd.append(socket.create_connection(daemon.url().removeprefix("http://").split(":"), 5))
        except OSError:
            break
    good.send(post_bytes(json.dumps(track("good-last"))))
    equal(good.answer()[0], 200, "a good client in a crowd")
    true(descriptors(daemon) <= before + CONNECTIONS + 8, "descriptors are bounded")
    for sock in crowd:
        sock.close()
    hostile.close()
    true(daemon.peak_bytes() < BUFFERED + (96 << 20), f"memory is bounded: {daemon.peak_bytes()}")
    wait_until(lambda: descriptors(daemon) <= before + 2, "connections are closed")
    equal(bench.value("SELECT count(*) FROM outbox WHERE message_id GLOB 'good-*'"),
          221 if faults.whole() else 61, "good events")
    faults.result(points=len(hostile.open) + len(crowd), lost=0)


def refusals(bench):
    rows = bench.rows("SELECT outcome, sum(requests) AS n FROM request_count GROUP BY 1")
    return sum(row["n"] for row in rows if row["outcome"] not in ("accepted", "message_id_reused"))


def test_refusals(bench):
    """what must not be read is refused, counted, and never becomes a second request"""
    daemon = bench.daemon(ingest={"max_buffered": BUFFERED, "max_body": BODY, "request_timeout": 5})
    refused = 0
    second = post_bytes(json.dumps(track("smuggled")))
    for rest in SMUGGLING:
        raw = Raw(daemon.url())
        raw.try_send(smuggled(rest) + second)
        status, answer = raw.answer()
        true(400 <= status < 600, f"{rest!r} was answered {status} {answer}")
        true(raw.is_closed(), f"{rest!r}: the connection stays open: {raw.held}")
        raw.close()
        refused += 1
    for name, body, headers in bodies():
        raw = Raw(daemon.url())
        raw.try_send(post_bytes(body, headers=headers))
        status, answer = raw.answer()
        true(status in (400, 413), f"{name} was answered {status} {answer}")
        raw.close()
        refused += 1
    twice = '{"type":"track","event":"a","event":"b","messageId":"twice","email":"a@example.com","email":1}'
    status, _ = daemon.post("/v1/track", twice)
    true(status in (200, 400), f"duplicate keys: {status}")
    refused += status == 400
    equal(bench.value("SELECT count(*) FROM outbox WHERE message_id = 'smuggled'"), 0, "smuggled")
    wait_until(lambda: refusals(bench) == refused, f"{refused} refusals are counted, not {refusals(bench)}")
    true(daemon.peak_bytes() < BUFFERED + (96 << 20), f"memory is bounded: {daemon.peak_bytes()}")
    faults.result(points=refused, lost=0)


# ---- answers --------------------------------------------------------------------------------------

OK = b'{"results":1,"failed":0}'


def http(status, body=b"", *headers, length=True):
    lines = [f"HTTP/1.1 {status} X", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def endless():
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for _ in range(4000):
        yield b"1000\r\n" + b" " * 4096 + b"\r\n"


def flood():
    for _ in range(20000):
        yield b"HTTP/1.1 102 Processing\r\n\r\n"


def drip(pause):
    for byte in http(200, OK):
        yield bytes([byte])
        pause.wait(0.3)


# Name, what is sent, what the attempt may be called. "delivered" is right only where the answer is whole.
ANSWERS = [
    ("whole", [http(200, OK)], {"delivered"}),
    ("until the end", [http(200, OK, length=False)], {"delivered"}),
    ("HTTP/1.0", [b"HTTP/1.0 200 OK\r\n\r\n" + OK], {"delivered"}),
    ("some 1xx", [b"HTTP/1.1 103 Early\r\nX: y\r\n\r\n" * 20, http(200, OK)], {"delivered"}),
    ("endless", endless, {"unknown"}),
    ("a flood of 1xx", flood, {"unknown", "retry"}),
    ("drip", drip, {"unknown"}),
    ("nothing", [], {"unknown"}),
    ("cut", [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + OK], {"unknown"}),
    ("cut chunk", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + OK], {"unknown"}),
    ("chunk of no length", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + OK], {"unknown"}),
    ("negative length", [http(200, OK, "Content-Length: -5", length=False)], {"unknown"}),
    ("redirect", [http(302, b"", "Location: {elsewhere}")], {"retry", "refused"}),
    ("huge heads", [http(200, OK, *(f"X-{n}: {'x' * 4000}" for n in range(100)))], {"unknown"}),
    ("no head", [OK], {"unknown"}),
    ("another protocol", [b"SSH-2.0-OpenSSH_9.2\r\n"], {"unknown"}),
    ("HTTP/2", [b"\0\0\x12\x04\0\0\0\0\0" + b"\0" * 18], {"unknown"}),
    ("status 99", [http(99, OK)], {"unknown", "retry"}),
    ("status 999", [http(999, OK)], {"unknown", "retry"}),
    ("500", [http(500, b"<html>" + b"x" * 300000)], {"retry"}),
    ("error text of odd bytes", [http(503, b'{"error":"\xff\xfe\x00"}')], {"retry"}),
    ("before the request", [http(200, OK)], {"unknown", "not_sent", "delivered"}),
    ("429 for ever", [http(429, b"", "Retry-After: 99999999999999999999")], {"retry"}),
]
# With ambiguous = "retry" these are no confirmation either.
UNREADABLE = [
    ("not JSON", [http(200, b"<html>fine</html>")]),
    ("not UTF-8", [http(200, b'{"results":1,"failed":\xff}')]),
    ("gzip", [http(200, gzip.compress(OK), "Content-Encoding: gzip")]),
    ("empty", [http(200)]),
    ("deep", [http(200, b"[" * 30000)]),
    ("NUL", [http(200, OK[:5] + b"\0" + OK[5:])]),
]


class OddBento(threading.Thread):
    """Answers the next request with the chosen pieces, and every other one as Bento does."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.next = None
        self.early = False
        self.requests = 0
        self.elsewhere = b""
        self.pause = threading.Event()
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            self.answer(connection)
        except OSError:
            pass
        connection.close()

    def answer(self, connection):
        early = self.early
        self.early = False
        if not early and not self.read(connection):
            return
        pieces, self.next = self.next, None
        self.requests += 1
        if pieces is None:
            pieces = [http(200, OK, "Connection: close")]
        elif callable(pieces):
            pieces = pieces(self.pause) if pieces is drip else pieces()
        for piece in pieces:
            connection.sendall(piece.replace(b"{elsewhere}", self.elsewhere))

    @staticmethod
    def read(connection):
        data = b""
        while b"\r\n\r\n" not in data or len(data.split(b"\r\n\r\n", 1)[1]) < int(
                data.lower().split(b"content-length: ")[1].split(b"\r\n")[0]):
            more = connection.recv(65536)
            if not more:
                return False
            data += more
        return True


def test_answers(bench):
    """an answer of any size and shape ends no event by mistake"""
    odd, elsewhere = OddBento(), OddBento()
    odd.elsewhere = elsewhere.url.encode()
    daemon = bench.daemon(odd.url + "/api/v1", timeout=2, ambiguous="retry", retry_first=1, retry_max=1,
                          batch_events=1)
    cases = ANSWERS + [(name, pieces, {"unknown", "retry"}) for name, pieces in UNREADABLE]
    chosen = cases if faults.whole() else [case for case in cases if case[0] != "drip"]
    before = descriptors(daemon)
    for n, (name, pieces, outcomes) in zip(itertools.count(1), chosen):
        odd.next = pieces
        odd.early = name == "before the request"
        daemon.accept("/v1/track", track(f"m-{n}", email=f"p{n}@example.com"))
        spooltest.wait_until(lambda n=n: bench.value(
            "SELECT count(*) FROM history WHERE message_id = ? AND outcome IS NOT NULL", f"m-{n}"),
            f"{name}: the first attempt has an end")
        first = bench.rows("SELECT outcome, error FROM history WHERE message_id = ? ORDER BY attempt_id LIMIT 1",
                           f"m-{n}")[0]
        true(first["outcome"] in outcomes, f"{name}: {first}")
        bench.cli("flush")
        bench.wait_settled(n)
        event = bench.outbox(f"m-{n}")
        equal(event["status"], "delivered", f"{name}: the event in the end: {event}")
        if first["outcome"] == "unknown":
            true(event["maybe_sent"] > 0, f"{name}: the doubt is counted: {event}")
    equal(elsewhere.requests, 0, "requests to where a redirect pointed")
    true(daemon.peak_bytes() < 128 << 20, f"memory is bounded: {daemon.peak_bytes()}")
    true(descriptors(daemon) <= before + 4, "descriptors are bounded")
    odd.pause.set()
    faults.result(points=len(chosen), lost=0)


if __name__ == "__main__":
    spooltest.main()
