#!/usr/bin/env python3
"""Bad input from outside: each kind gets a clear answer, nothing accepted is lost, and the daemon
goes on."""
import os
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolhttp import Raw, basic, post_bytes  # noqa: E402
from spoolmount import Mount  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

MAX_BODY = 4194304


def still_works(bench, daemon, message_id="still-works"):
    """Checks that the daemon runs and accepts events."""
    true(daemon.running(), "the daemon runs")
    daemon.accept("/v1/track", track(message_id))
    equal(bench.outbox(message_id)["name"], "Test Event", "the event after it")


def refused(bench, daemon, body, status=400, path="/v1/track"):
    """Checks that the body gets an error answer in Segment's format and stores nothing."""
    before = bench.value("SELECT count(*) FROM outbox")
    got, answer = daemon.post(path, body)
    what = repr(body[:60])
    equal(got, status, f"status for {what}")
    equal(answer["success"], False, f"success for {what}")
    for key in ("code", "message", "error"):
        true(isinstance(answer[key], str) and answer[key], f"{key} for {what}: {answer}")
    equal(bench.value("SELECT count(*) FROM outbox"), before, f"events after {what}")


def test_broken_json(bench):
    """broken JSON is refused with 400 and stores nothing"""
    daemon = bench.daemon()
    for body in ["", " ", "{", "{}x", '{"a":1,}', "{'a':1}", '{"a":01}', '{"a":+1}', '{"a":.5}',
                 '{"a":NaN}', '{"a":tru}', '{"a":"\t"}', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a"}',
                 '{"type":"track","event":"E"', "\ufeff{}", '{"a":1}{"b":2}', "{a:1}", "nul"]:
        refused(bench, daemon, body)
        refused(bench, daemon, body, path="/v1/batch")
    still_works(bench, daemon)


def test_wrong_types(bench):
    """a body that is not an object, and a batch that is not a list, are refused with 400"""
    daemon = bench.daemon()
    for body in ["[]", "1", '"text"', "null", "true"]:
        refused(bench, daemon, body)
        refused(bench, daemon, body, path="/v1/batch")
    for body in ["{}", '{"batch":{}}', '{"batch":"x"}', '{"batch":null}']:
        refused(bench, daemon, body, path="/v1/batch")
    still_works(bench, daemon)


def test_empty_batch(bench):
    """an empty batch is refused with Segment's code"""
    daemon = bench.daemon()
    refused(bench, daemon, '{"batch":[]}', path="/v1/batch")
    equal(daemon.post("/v1/batch", '{"batch":[]}')[1]["code"], "empty_batch", "code")
    still_works(bench, daemon)


def padded(size):
    """Returns a track call of exactly this many bytes."""
    head = '{"type":"track","event":"E","messageId":"m-big","email":"a@example.com","properties":{"p":"'
    return head + "x" * (size - len(head) - 3) + '"}}'


def test_large_body(bench):
    """a body of max_body bytes is accepted, one byte more is refused with 413"""
    sim = bench.sim()
    daemon = bench.daemon(sim, ingest={"max_event": MAX_BODY}, batch_bytes=8000000)
    body = padded(MAX_BODY + 1)
    equal(len(body), MAX_BODY + 1, "length")
    raw = Raw(daemon.url())
    raw.try_send(post_bytes(body))
    status, answer = raw.answer()
    equal((status, answer["success"]), (413, False), "one byte too many")
    chunked = Raw(daemon.url())
    chunked.send(f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{basic()}Transfer-Encoding: chunked\r\n\r\n")
    for at in range(0, len(body), 65536):
        piece = body[at:at + 65536]
        if not chunked.try_send(f"{len(piece):x}\r\n{piece}\r\n"):
            break
    equal(chunked.answer()[0], 413, "the same in chunks")
    equal(bench.value("SELECT count(*) FROM outbox"), 0, "events")
    daemon.accept("/v1/track", padded(MAX_BODY))
    bench.wait_settled(1)
    equal(bench.outbox("m-big")["status"], "delivered", "the largest event")
    still_works(bench, daemon)


def test_limits_of_an_event(bench):
    """an event past max_event or max_message_id is kept as invalid, with its size; requeue sends it"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    sizes = [track(f"size-{size}", properties={"p": ""}) for size in (32767, 32768, 32769)]
    for event, size in zip(sizes, (32767, 32768, 32769)):
        event["properties"]["p"] = "x" * (size - len(spooltest.json.dumps(event)))
        equal(len(spooltest.json.dumps(event)), size, "length")
        daemon.accept("/v1/track", event)
    daemon.accept("/v1/batch", {"batch": sizes + [track("m" * n) for n in (99, 100, 101)]})
    bench.wait_settled(6)
    equal({row["message_id"] for row in bench.outbox() if row["status"] == "delivered"},
          {"size-32767", "size-32768", "m" * 99, "m" * 100}, "delivered")
    equal([(row["reason"], row["error"]) for row in bench.rows("SELECT * FROM failures")],
          [("event_too_large", "32769 bytes; max_event is 32768"),
           ("message_id_too_long", "its messageId has 101 characters; max_message_id is 100")],
          "the others")
    row = bench.outbox("size-32769")
    equal(row["body"], spooltest.json.dumps(sizes[2]), "nothing is cut")
    shown = bench.cli("show", str(row["event_id"])).stdout
    true("32769 bytes; max_event is 32768" in shown, f"show: {shown[:400]}")
    listed = spooltest.json.loads(bench.cli("list", "--reason", "event_too_large", "--json").stdout)
    equal(listed["detail"], "32769 bytes; max_event is 32768", "list --json")
    equal(bench.cli("requeue", "--error", "*max_*", "--yes").returncode, 0, "requeue")
    bench.wait_settled(6)
    equal(bench.statuses(), {"delivered": 6}, "an operator may send them all the same")
    still_works(bench, daemon)


def test_too_many_events(bench):
    """a body of a million empty events is refused for good: the client is not told to try again"""
    daemon = bench.daemon()
    status, answer = daemon.post("/v1/batch", '{"batch":[' + ",".join(["{}"] * 1390000) + "]}")
    equal((status, answer["code"]), (400, "too_many_events"), "answer")
    equal(bench.value("SELECT count(*) FROM outbox"), 0, "events")
    still_works(bench, daemon)


def test_nesting(bench):
    """10,000 nested arrays are refused with 400"""
    daemon = bench.daemon()
    refused(bench, daemon, '{"event":"E","properties":{"a":' + "[" * 10000 + "]" * 10000 + "}}")
    refused(bench, daemon, "[" * 10000)
    refused(bench, daemon, '{"batch":[' + '{"a":' * 10000 + "1" + "}" * 10000 + "]}",
            path="/v1/batch")
    still_works(bench, daemon)


def test_bytes_that_are_no_text(bench):
    """NUL and invalid UTF-8 are refused with 400; an escaped NUL is kept as received"""
    daemon = bench.daemon()
    for bad in [b"\x00", b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80",
                b"\xe2\x82"]:
        raw = Raw(daemon.url())
        raw.send(post_bytes(b'{"type":"track","event":"E","properties":{"a":"' + bad + b'"}}'))
        equal(raw.answer()[0], 400, f"status for {bad!r}")
    equal(bench.value("SELECT count(*) FROM outbox"), 0, "events")
    body = ('{"type":"track","event":"E","messageId":"m-nul","email":"a@example.com",'
            '"properties":{"a":"x\\u0000y"}}')
    daemon.accept("/v1/track", body)
    equal(bench.outbox("m-nul")["body"], body, "the body as it came")
    still_works(bench, daemon)


def test_chunked(bench):
    """chunked bodies are accepted, even one byte at a time; malformed ones end the connection"""
    daemon = bench.daemon()
    body = '{"type":"track","event":"E","messageId":"m-1","email":"a@example.com"}'
    head = f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{basic()}Transfer-Encoding: chunked\r\n\r\n"
    raw = Raw(daemon.url())
    for byte in head + "".join(f"1\r\n{c}\r\n" for c in body) + "0\r\n\r\n":
        raw.send(byte)
    equal(raw.answer(), (200, {"success": True}), "chunks of one byte")
    equal(bench.outbox("m-1")["body"], body, "the body")
    for bad in ["0x4\r\n{}  \r\n0\r\n\r\n", "+4\r\n{}  \r\n0\r\n\r\n", "-4\r\n", "4 \r\n{}  \r\n0\r\n\r\n",
                "zz\r\n", "\r\n", "fffffffffffffffff\r\n", "4\n{}  \n0\n\n", "4\r\n{}  x0\r\n\r\n"]:
        raw = Raw(daemon.url())
        raw.try_send(head + bad)
        status, _ = raw.answer()
        true(status in (400, 413), f"status {status} for the chunk {bad!r}")
        true(raw.is_closed(), f"closed after the chunk {bad!r}")
    equal(bench.value("SELECT count(*) FROM outbox"), 1, "events")
    still_works(bench, daemon)


def test_strict_heads(bench):
    """requests that two servers could read differently are refused, and the connection is closed
    """
    daemon = bench.daemon()
    body = '{"type":"track","event":"E","email":"a@example.com"}'
    n = len(body)
    key = basic()
    heads = {
        "two Content-Lengths": f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{key}"
                               f"Content-Length: {n}\r\nContent-Length: {n + 1}\r\n\r\n",
        "plus sign": f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{key}Content-Length: +{n}\r\n\r\n",
        "minus sign": f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{key}Content-Length: -1\r\n\r\n",
        "huge length": f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{key}"
                       "Content-Length: 99999999999999999999\r\n\r\n",
        "space before colon": f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{key}"
                              f"Content-Length : {n}\r\n\r\n",
        "both lengths": f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{key}Content-Length: {n}\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n",
        "other coding": f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{key}"
                        "Transfer-Encoding: gzip, chunked\r\n\r\n",
        "chunked on 1.0": f"POST /v1/track HTTP/1.0\r\nHost: a\r\n{key}"
                          "Transfer-Encoding: chunked\r\n\r\n",
        "bare LF": f"POST /v1/track HTTP/1.1\nHost: a\n{key.strip()}\nContent-Length: {n}\n\n",
        "no Host": f"POST /v1/track HTTP/1.1\r\n{key}Content-Length: {n}\r\n\r\n",
        "two Hosts": f"POST /v1/track HTTP/1.1\r\nHost: a\r\nHost: b\r\n{key}"
                     f"Content-Length: {n}\r\n\r\n",
        "NUL in a value": f"POST /v1/track HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n{key}"
                          f"Content-Length: {n}\r\n\r\n",
        "empty name": f"POST /v1/track HTTP/1.1\r\nHost: a\r\n: b\r\n{key}"
                      f"Content-Length: {n}\r\n\r\n",
        "folded line": f"POST /v1/track HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n{key}"
                       f"Content-Length: {n}\r\n\r\n",
        "a thousand headers": "POST /v1/track HTTP/1.1\r\nHost: a\r\n" + "X-A: b\r\n" * 1000
                              + f"{key}Content-Length: {n}\r\n\r\n",
        "a long header": "POST /v1/track HTTP/1.1\r\nHost: a\r\nX-A: " + "b" * 100000
                         + f"\r\n{key}Content-Length: {n}\r\n\r\n",
        "no version": "POST /v1/track\r\n\r\n",
        "version 2": f"POST /v1/track HTTP/2.0\r\nHost: a\r\n{key}Content-Length: {n}\r\n\r\n",
        "garbage": "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    }
    for what, head in heads.items():
        raw = Raw(daemon.url())
        raw.try_send(head.encode("latin-1"))
        raw.try_send(body)
        status, _ = raw.answer()
        true(400 <= status < 500 or status == 505, f"status {status} for: {what}")
        true(raw.is_closed(), f"closed after: {what}")
    equal(bench.value("SELECT count(*) FROM outbox"), 0, "events")
    still_works(bench, daemon)


def test_keep_alive(bench):
    """one connection carries many requests, and pipelined requests are answered in order"""
    daemon = bench.daemon()
    raw = Raw(daemon.url())
    bodies = [track("m-1"), "{", track("m-2"), track("m-1"), "[]", track("m-3")]
    raw.send(b"".join(post_bytes(b if isinstance(b, str) else spooltest.json.dumps(b))
                      for b in bodies))
    equal([raw.answer()[0] for _ in bodies], [200, 400, 200, 200, 400, 200], "answers")
    raw.send(post_bytes(spooltest.json.dumps(track("m-4"))))
    equal(raw.answer()[0], 200, "and one more")
    equal([row["message_id"] for row in bench.outbox()], ["m-1", "m-2", "m-3", "m-4"], "outbox")


def test_expect_continue(bench):
    """Expect: 100-continue is answered before the body arrives"""
    daemon = bench.daemon()
    body = spooltest.json.dumps(track("m-1"))
    raw = Raw(daemon.url())
    raw.send(f"POST /v1/track HTTP/1.1\r\nHost: a\r\n{basic()}Expect: 100-continue\r\n"
             f"Content-Length: {len(body)}\r\n\r\n")
    equal(raw.answer()[0], 100, "before the body")
    raw.send(body)
    equal(raw.answer()[0], 200, "after it")


def test_client_hangs_up(bench):
    """clients that hang up during their commit lose nothing and break nothing"""
    daemon = bench.daemon()
    for n in range(100):
        raw = Raw(daemon.url())
        raw.send(post_bytes(spooltest.json.dumps(track(f"gone-{n}"))))
        # A reset instead of an orderly end.
        raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()
    for n in range(20):
        raw = Raw(daemon.url())
        raw.send(post_bytes(spooltest.json.dumps(track(f"half-{n}")))[:-10])
        raw.close()
    still_works(bench, daemon)
    equal(bench.value("SELECT count(*) FROM outbox WHERE message_id LIKE 'half-%'"), 0,
          "events that came in half")
    equal(daemon.stop(), 0, "exit status")
    equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")


def test_slow_clients(bench):
    """200 slow clients delay nobody, and a client that sends byte by byte is closed"""
    daemon = bench.daemon(ingest={"request_timeout": 3})
    head = post_bytes(spooltest.json.dumps(track("slow")))
    slow = [Raw(daemon.url()).send(head[:20]) for _ in range(200)]
    start = time.monotonic()
    for n in range(20):
        daemon.accept("/v1/track", track(f"m-{n}"))
    true(time.monotonic() - start < spooltest.DEADLINE / 3, "the others were not held up")
    for raw in slow:
        raw.sock.setblocking(False)
    open_ones = set(slow)

    def all_gone():
        for raw in list(open_ones):
            try:
                raw.sock.send(b"x")  # a byte that arrives must not extend the time limit
                data = raw.sock.recv(65536)
                while data:
                    data = raw.sock.recv(65536)
                open_ones.discard(raw)
            except BlockingIOError:
                pass
            except OSError:
                open_ones.discard(raw)
        return not open_ones
    wait_until(all_gone, "the slow ones are sent away")
    true(time.monotonic() - start >= 2, "not before their time")
    equal(bench.value("SELECT count(*) FROM outbox"), 20, "events")
    still_works(bench, daemon)


def test_many_connections(bench):
    """connections beyond the limit wait or are refused, and the daemon goes on"""
    daemon = bench.daemon(ingest={"max_connections": 20})
    many = []
    for _ in range(60):
        try:
            many.append(Raw(daemon.url()))
        except OSError:
            break
    for raw in many:
        raw.close()
    still_works(bench, daemon)


def test_unknown_path(bench):
    """an unknown path is 404, a wrong method 405"""
    daemon = bench.daemon()
    for method, path, expected in [
            ("POST", "/v1/nothing", 404), ("POST", "/", 404), ("GET", "/v2/track", 404),
            ("POST", "/v1/track/x", 404), ("POST", "/v1/../v1/track", 404),
            ("GET", "/v1/track", 405), ("PUT", "/v1/batch", 405), ("DELETE", "/v1/track", 405),
            ("POST", "/healthz", 405)]:
        status, headers, _ = daemon.request(method, path, track("m-no"))
        equal(status, expected, f"{method} {path}")
        if status == 405:
            true(headers.get("allow"), f"{method} {path} tells what is allowed")
    equal(bench.value("SELECT count(*) FROM outbox"), 0, "events")
    still_works(bench, daemon)


def test_health(bench):
    """GET /healthz is 200 while the process can commit, without a key"""
    daemon = bench.daemon()
    equal(daemon.request("GET", "/healthz", key=None)[0], 200, "healthz")


def fails_to_start(bench, conf, *words, env=None):
    """Checks that the daemon ends at once with a message that contains the words."""
    done = bench.cli("serve", conf=conf, env=env)
    equal(done.returncode, 1, f"exit status; it said {done.stderr!r}")
    for word in words:
        true(word in done.stderr, f"{word!r} is in {done.stderr!r}")
    true("listening" not in done.stdout + done.stderr, "it does not listen")
    return done.stderr


def test_bad_configuration(bench):
    """an unknown key, a wrong type, a value out of range: file, line, and what is allowed"""
    good = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")})
    with open(good, encoding="utf-8") as file:
        text = file.read()
    for number, (old, new, *words) in enumerate([
            ('database =', 'no_such_key = 1\ndatabase =', "no_such_key", ":1"),
            ("retry_max = 2", "retry_maximum = 2", "retry_maximum"),
            ("retry_max = 2", 'retry_max = "soon"', "retry_max"),
            ("retry_max = 2", "retry_max = 2\n    batch_events = 1001", "batch_events", "1000"),
            ("retry_max = 2", "retry_max = 2\n    batch_events = 0", "batch_events", "1000"),
            ("retry_max = 2", "retry_max = 2\n    retry_max = 3", "retry_max"),
            ('api_url = "http://127.0.0.1:1/api/v1"', 'api_url = "http://example.com/api/v1"',
             "api_url"),
            ("ingest {", "ingest {{", "bad-")]):
        true(old in text, f"{old!r} is in the configuration")
        conf = bench.write(f"bad-{number}.conf", text.replace(old, new, 1))
        fails_to_start(bench, conf, f"bad-{number}.conf", *words)
    true(not os.path.exists(bench.database), "no database was made")


def test_missing_secret(bench):
    """a missing or unreadable secret is named, and no secret is ever printed"""
    site = bench.site("http://127.0.0.1:1/api/v1")
    for key in ("secret_key", "publishable_key", "site_uuid"):
        less = {k: v for k, v in site.items() if k != key}
        said = fails_to_start(bench, bench.configure({"main": less}), key)
        true(spooltest.SECRET_KEY not in said, "the secret is not printed")
    del site["secret_key"]
    conf = bench.configure({"main": {**site, "secret_key_file": bench.path("nowhere")}})
    fails_to_start(bench, conf, "nowhere")


def test_write_keys_needed(bench):
    """beyond loopback, and with several sites, each site needs write keys"""
    site = bench.site("http://127.0.0.1:1/api/v1", write_keys=[])
    conf = bench.configure({"main": site}, ingest={"listen": ["0.0.0.0:0"]})
    fails_to_start(bench, conf, "write")
    fails_to_start(bench, bench.configure({"main": site, "other": site}), "write")


def test_bad_database(bench):
    """a database in a missing or read-only directory, or of another program, is refused and not
    changed"""
    site = {"main": bench.site("http://127.0.0.1:1/api/v1")}
    missing = bench.path("missing/spool.db")
    fails_to_start(bench, bench.configure(site, top={"database": missing}), "missing")
    true(not os.path.exists(bench.path("missing")), "the folder was not made")
    other = bench.write("other.db", "this is no database, but somebody's letter\n" * 50)
    fails_to_start(bench, bench.configure(site, top={"database": other}), "other.db")
    with open(other, encoding="utf-8") as file:
        true(file.read().startswith("this is no database"), "the letter is as it was")
    foreign = bench.path("foreign.db")
    connection = spooltest.sqlite3.connect(foreign)
    connection.execute("CREATE TABLE mine (a)")
    connection.commit()
    connection.close()
    fails_to_start(bench, bench.configure(site, top={"database": foreign}), "foreign.db")
    connection = spooltest.sqlite3.connect(foreign)
    equal(connection.execute("SELECT name FROM sqlite_schema").fetchall(), [("mine",)], "tables")
    connection.close()


def test_newer_database(bench):
    """a database from a newer version is refused"""
    bench.daemon().stop()
    connection = spooltest.sqlite3.connect(bench.database)
    connection.execute("PRAGMA user_version = 999")
    connection.commit()
    connection.close()
    fails_to_start(bench, bench.path("bentospool.conf"), "newer")


def test_read_only_folder(bench):
    """a read-only directory is refused with a message"""
    site = {"main": bench.site("http://127.0.0.1:1/api/v1")}
    folder = bench.path("locked")
    conf = bench.configure(site, top={"database": os.path.join(folder, "spool.db")})
    if os.geteuid() == 0:  # root may write in every directory, but not on every file system
        with Mount(folder, "ro"):
            fails_to_start(bench, conf, "locked")
    else:
        os.mkdir(folder, 0o500)
        fails_to_start(bench, conf, "locked")


def test_second_daemon(bench):
    """a second daemon on the same database is refused, and the first goes on"""
    daemon = bench.daemon()
    said = fails_to_start(bench, bench.path("bentospool.conf"), bench.database)
    true("another" in said or "already" in said, f"it says why: {said!r}")
    still_works(bench, daemon)


def test_port_in_use(bench):
    """a port in use is refused with its address"""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")},
                               ingest={"listen": [address]})
        fails_to_start(bench, conf, address)


def test_name_that_does_not_resolve(bench):
    """when Bento's name does not resolve, the events wait and the log says so"""
    daemon = bench.daemon("https://bento.invalid/api/v1")
    daemon.accept("/v1/track", track("m-1"))
    wait_until(lambda: bench.value("SELECT count(*) FROM attempts WHERE outcome IS NOT NULL"),
               "an attempt")
    attempt = bench.rows("SELECT * FROM attempts")[0]
    equal((attempt["outcome"], attempt["http_status"]), ("not_sent", None), "the attempt")
    true("bento.invalid" in attempt["error"], f"the name is in {attempt['error']!r}")
    row = bench.outbox("m-1")
    equal((row["status"], row["attempts"], row["maybe_sent"]), ("pending", 0, 0), "the event")
    still_works(bench, daemon)


spooltest.main()
