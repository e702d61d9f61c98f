#!/usr/bin/env python3
"""A fleet: boxes forward the calls to a central spooler, which stores each once and delivers it."""
import base64
import http.server
import json
import os
import re
import shlex
import signal
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spoolfleet  # noqa: E402
import spooltest  # noqa: E402
import spooltls  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def test_way(bench):
    """an event goes from the box to the center and to Bento, once, with the bytes and times of its receipt"""
    fleet = spoolfleet.Fleet(bench)
    body = ('{"batch": [{"type": "track", "event": "Paid", "messageId": "m-1", "properties": {"n": 1.10,'
            ' "id": 1491926160718000000}, "timestamp": "2024-05-06T07:08:09.123Z"}],'
            ' "context": {"traits": {"email": "ann@example.com"}}, "sentAt": "2024-05-06T07:08:09.123Z"}')
    fleet.box.daemon.accept("/v1/batch", body.encode())
    fleet.center.wait_statuses({"delivered": 1})
    fleet.box.wait_statuses({"delivered": 1})
    [line] = fleet.sim.record_text().splitlines()
    true('{"n": 1.10, "id": 1491926160718000000,' in line, f"the bytes of the properties: {line}")
    [event] = fleet.sim.events()
    equal((event["type"], event["email"], event["details"]["unique"]["key"]),
          ("Paid", "ann@example.com", "m-1"), "what Bento got")
    times = "SELECT received_ms, occurred_ms FROM outbox"
    equal(fleet.center.rows(times), fleet.box.rows(times), "the times of the box count")
    [attempt] = fleet.box.rows("SELECT * FROM attempts")
    answer = json.loads(attempt["response"])
    equal((attempt["endpoint"], answer), ("center", {
        "results": 1, "failed": 0, "stored": 1, "duplicates": 0,
        "first_event_id": fleet.center.value("SELECT event_id FROM outbox")}), "the box's record")


def test_every_kind(bench):
    """the center alone decides: calls of every kind, without an address, and delete calls are forwarded"""
    fleet = spoolfleet.Fleet(bench, identify="update_fields", page="Viewed {name}", identity_wait=3600)
    calls = [
        {"type": "track", "event": "Looked", "anonymousId": "a-1", "messageId": "m-1"},
        {"type": "page", "name": "Home", "anonymousId": "a-1", "messageId": "m-2"},
        {"type": "identify", "userId": "u-1", "anonymousId": "a-1", "messageId": "m-3",
         "traits": {"email": "ann@example.com"}},
        {"type": "screen", "name": "No", "userId": "u-1", "messageId": "m-4"},
        {"type": "track", "event": "Not ours", "userId": "u-1", "messageId": "m-5",
         "integrations": {"Bento": False}},
        {"type": "track", "messageId": "m-6", "userId": "u-1"},
    ]
    fleet.box.daemon.accept("/v1/batch", {"batch": calls})
    fleet.box.wait_statuses({"delivered": 5, "invalid": 1})
    fleet.center.wait_statuses({"delivered": 3, "unsupported": 1, "discarded": 1})
    equal([(event["type"], event["email"]) for event in fleet.sim.events()],
          [("Looked", "ann@example.com"), ("Viewed Home", "ann@example.com"),
           ("$update_fields", "ann@example.com")], "in order, with the address that came later")
    equal(fleet.box.value("SELECT count(*) FROM identity"), 0, "the box learns nothing about ids")
    fleet.box.daemon.accept("/v1/track", {"event": "Later", "userId": "u-1", "messageId": "m-7"})
    fleet.center.wait_statuses({"delivered": 4, "unsupported": 1, "discarded": 1})
    fleet.center.configure(delete_calls="erase")
    fleet.center.reload()
    fleet.box.daemon.accept("/v1/delete", {"userId": "u-1", "messageId": "m-8"})
    wait_until(lambda: not fleet.center.rows("SELECT 1 FROM outbox WHERE email = 'ann@example.com'"),
               "the center erases the person")


def test_becomes_a_box(bench):
    """a site that sent to Bento becomes a box: what it could not send is forwarded after a requeue"""
    fleet = spoolfleet.Fleet(bench, start=False, page="Viewed {name}", identity_wait=3600)
    conf = fleet.box.conf
    up = dict(fleet.box.site)
    fleet.box.site = bench.site("http://127.0.0.1:1/api/v1", identity_wait=3600)
    fleet.box.configure()
    fleet.box.daemon = spooltest.Daemon(bench, conf)
    body = {"site_uuid": spooltest.SITE_UUID, "events": [{"type": "Native", "email": "ann@example.com"}]}
    token = base64.b64encode(f"{spooltest.PUBLISHABLE_KEY}:{spooltest.SECRET_KEY}".encode()).decode()
    fleet.box.daemon.accept("/v1/batch", {"batch": [
        track("m-1"), {"type": "page", "name": "Home", "userId": "ann@example.com", "messageId": "m-2"},
        {"type": "track", "event": "Looked", "userId": "u-1", "messageId": "m-3"},
        {"type": "track", "event": "Nobody", "messageId": "m-4"}]})
    equal(fleet.box.daemon.post("/api/v1/batch/events", body, key=None,
                                headers={"Authorization": f"Basic {token}"})[0], 200, "an event in Bento's format")
    fleet.box.wait_statuses({"pending": 3, "unsupported": 1, "invalid": 1})
    fleet.box.site = up
    fleet.box.configure()
    fleet.box.restart(signal.SIGTERM)
    fleet.box.wait_statuses({"delivered": 2, "unsupported": 2, "invalid": 1})
    for status in ("unsupported", "invalid"):
        done = fleet.box.cli("requeue", "--status", status, "--yes")
        equal(done.returncode, 0, done.stderr)
    fleet.box.wait_statuses({"delivered": 4, "unsupported": 1})
    fleet.center.wait_statuses({"delivered": 2, "pending": 1, "invalid": 1})
    equal([event["type"] for event in fleet.sim.events()], ["Test Event", "Viewed Home"], "what Bento got")


def test_once(bench):
    """a request whose answer was lost is sent again, stored once, and leaves no doubt at the box"""
    fleet = spoolfleet.Fleet(bench)
    wait_until(lambda: fleet.center.value("SELECT count(*) FROM boxes") == 1, "the first heartbeat has come")
    fleet.center.daemon.freeze()
    fleet.box.daemon.accept("/v1/batch", {"batch": [track(f"m-{i}") for i in range(10)]})
    wait_until(lambda: spoolfleet.is_waiting_for(fleet.center.daemon.url()), "a request is on its way")
    fleet.box.daemon.kill()
    fleet.center.daemon.thaw()
    fleet.center.wait_statuses({"delivered": 10})
    fleet.box.daemon = spooltest.Daemon(bench, fleet.box.conf)
    fleet.box.wait_statuses({"delivered": 10})
    fleet.center.wait_statuses({"delivered": 10})
    equal(len(fleet.sim.events()), 10, "events at Bento")
    equal(fleet.box.value("SELECT max(maybe_sent) FROM outbox"), 0, "no doubt is left")
    equal([row["outcome"] for row in fleet.box.rows("SELECT outcome FROM attempts ORDER BY attempt_id")],
          ["unknown", "delivered"], "the requests of the box")
    answer = json.loads(fleet.box.value("SELECT response FROM attempts WHERE outcome = 'delivered'"))
    equal((answer["stored"], answer["duplicates"]), (0, 10), "what the center said")


def test_same_id(bench):
    """two boxes with one messageId: the same call is a duplicate; another is refused, and only that"""
    fleet = spoolfleet.Fleet(bench)
    other = spoolfleet.box(bench, "store-2", fleet.center.daemon.url())
    fleet.box.daemon.accept("/v1/batch", {"batch": [track("m-1", "First"), track("m-2")]})
    fleet.box.wait_statuses({"delivered": 2})
    other.daemon.accept("/v1/batch", {"batch": [track("m-2"), track("m-1", "Second"), track("m-3")]})
    other.wait_statuses({"delivered": 2, "failed": 1})
    [failed] = other.rows("SELECT * FROM outbox WHERE status = 'failed'")
    equal((failed["message_id"], failed["reason"], failed["maybe_sent"]), ("m-1", "refused", 0), "which")
    true("same messageId and other content" in failed["error"], failed["error"])
    fleet.center.wait_statuses({"delivered": 3})


def test_back_pressure(bench):
    """a center without room answers 503; the box waits as long as it says, and loses nothing"""
    fleet = spoolfleet.Fleet(bench, start=False)
    fleet.center.top["min_free"] = 1 << 50
    fleet.center.configure()
    fleet.center.restart(signal.SIGTERM)
    box = spoolfleet.box(bench, "store-1", fleet.center.daemon.url(), retry_first=0.1, retry_max=0.1)
    box.daemon.accept("/v1/track", track("m-1"))
    wait_until(lambda: box.value("SELECT state FROM sites") == "backoff", "the box backs off")
    [attempt] = box.rows("SELECT * FROM attempts")
    [site] = box.rows("SELECT * FROM sites")
    equal((attempt["http_status"], attempt["outcome"]), (503, "retry"), "the answer")
    true(site["next_attempt_ms"] - attempt["finished_ms"] > 25_000, f"Retry-After is 30 s: {site}")
    del fleet.center.top["min_free"]
    fleet.center.configure()
    fleet.center.restart(signal.SIGTERM)
    equal(box.cli("flush").returncode, 0, "flush")
    box.wait_statuses({"delivered": 1})


class Portal(http.server.BaseHTTPRequestHandler):
    """Answers in place of the center, as the login page of a hotel does."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "11")
        self.end_headers()
        self.wfile.write(b'{"ok":true}')

    def log_message(self, *_):
        pass


def test_portal(bench):
    """an answer that counts no events delivers nothing, whoever gave it"""
    fleet = spoolfleet.Fleet(bench, start=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal) as portal:
        threading.Thread(target=portal.serve_forever, args=(0.05,), daemon=True).start()
        box = spoolfleet.box(bench, "store-1", f"http://127.0.0.1:{portal.server_address[1]}")
        box.daemon.accept("/v1/track", track("m-1"))
        wait_until(lambda: box.value("SELECT count(*) FROM attempts WHERE outcome IS NOT NULL"), "an answer")
        portal.shutdown()
    equal((box.value("SELECT outcome FROM attempts"), box.statuses()), ("unknown", {"pending": 1}), "the verdict")
    box.configure(upstream=fleet.center.daemon.url())
    box.reload()
    box.wait_statuses({"delivered": 1})


def test_bodies(bench):
    """the center refuses what is no list of forwarded events, as a whole, and says where"""
    fleet = spoolfleet.Fleet(bench, start=False)
    good = spoolfleet.forwarded("m-1")
    for wrong, what in (
            ([1], "a number"), ([{}], "nothing"), ([{**good, "id": ""}], "an empty id"),
            ([{**good, "id": 7}], "a number as id"), ([{**good, "receivedAt": "now"}], "a word as time"),
            ([{**good, "receivedAt": -1}], "a time before 1970"),
            ([{**good, "occurredAt": 253402300800000}], "a time after 9999"),
            ([{**good, "call": "text"}], "a text as call"), ([{**good, "context": []}], "a list as context"),
            ([good, {**good, "kind": 1}], "the second one"),
            ([{**good, "kind": "bento"}], "an event of Bento's"), ([{**good, "kind": "Subscriber"}], "a subscriber")):
        status, answer = fleet.post(wrong)
        equal(status, 400, f"{what}: {answer}")
        true("is not an event" in answer["error"], f"{what}: {answer}")
    equal(fleet.post([{**good, "occurredAt": 253402300799999}])[0], 200, "the last time of all")
    equal(fleet.post([])[1], {"results": 0, "failed": 0, "stored": 0, "duplicates": 0}, "no event")
    equal(fleet.center.value("SELECT count(*) FROM outbox"), 1, "what is stored")


def test_restored(bench):
    """a center that goes on with a backup gets what it has lost, once, when the boxes send again"""
    fleet = spoolfleet.Fleet(bench)
    fleet.box.daemon.accept("/v1/batch", {"batch": [track("m-1"), track("m-2")]})
    fleet.center.wait_statuses({"delivered": 2})
    copy = bench.path("copy.db")
    equal(fleet.center.cli("backup", copy).returncode, 0, "backup")
    fleet.box.daemon.accept("/v1/batch", {"batch": [track("m-3"), track("m-4")]})
    fleet.center.wait_statuses({"delivered": 4})
    fleet.box.wait_statuses({"delivered": 4})
    fleet.center.daemon.stop()
    done = fleet.center.cli("restore", copy)
    equal(done.returncode, 0, done.stderr)
    fleet.center.daemon = spooltest.Daemon(bench, fleet.center.conf)
    equal(fleet.center.statuses(), {"delivered": 2}, "the center has lost two")
    done = fleet.box.cli("requeue", "--status", "delivered", "--since", "1d", "--yes")
    true("4 events requeued" in done.stdout, done.stdout)
    fleet.box.wait_statuses({"delivered": 4})
    fleet.center.wait_statuses({"delivered": 4})
    answers = [json.loads(row["response"]) for row in fleet.box.rows("SELECT response FROM attempts")]
    equal((sum(a["stored"] for a in answers), sum(a["duplicates"] for a in answers)), (6, 2), "the answers")
    equal(sorted(set(fleet.sim.keys())), ["m-1", "m-2", "m-3", "m-4"], "what Bento has")


def test_history(bench):
    """an event can be followed on both sides by its messageId, and keeps the name of its box"""
    fleet = spoolfleet.Fleet(bench)
    fleet.box.daemon.accept("/v1/track", track("m-1"))
    fleet.center.wait_statuses({"delivered": 1})
    fleet.box.wait_statuses({"delivered": 1})
    fleet.center.daemon.accept("/v1/track", track("m-2"))
    fleet.center.wait_statuses({"delivered": 2})
    equal(fleet.center.rows("SELECT message_id, via FROM outbox ORDER BY event_id"),
          [{"message_id": "m-1", "via": "store-1"}, {"message_id": "m-2", "via": None}], "via")
    there = [json.loads(line) for line in
             fleet.box.cli("history", "--message-id", "m-1", "--json").stdout.splitlines()]
    here = [json.loads(line) for line in
            fleet.center.cli("history", "--message-id", "m-1", "--json").stdout.splitlines()]
    equal([line["what"] for line in there], ["received", "attempt", "settled"], "at the box")
    equal([line["what"] for line in here], ["received", "arrived", "attempt", "settled"], "at the center")
    equal((there[0]["at"], here[1]["via"]), (here[0]["at"], "store-1"), "one receipt")
    equal(json.loads(there[1]["response"])["first_event_id"], here[0]["event_id"], "the id at the center")
    true("here, from box store-1" in fleet.center.cli("history", "--message-id", "m-1").stdout, "in words")
    shown = json.loads(fleet.center.cli("show", "--message-id", "m-1", "--json").stdout)
    equal((shown["via"], shown["received_at"]), ("store-1", there[0]["at"]), "show --json")
    true("arrived_at" in shown, f"{shown}")
    text = fleet.center.cli("show", "--message-id", "m-1").stdout
    true("via           store-1" in text and "arrived here" in text, text)
    text = fleet.box.cli("show", "--message-id", "m-1").stdout
    true("sent to the central spooler, last in attempt 1" in text and "Bento" not in text, text)
    text = fleet.box.cli("send", "--name", "Test Event", "--email", "ann@example.com").stdout
    true("the central spooler answered 200" in text and "Bento" not in text, text)
    text = fleet.center.cli("show", "--message-id", "m-2").stdout
    true("via" not in text and "arrived" not in text, text)


def test_doctor(bench):
    """doctor asks the central spooler whether the box's key is right, without a trace"""
    fleet = spoolfleet.Fleet(bench, start=False)

    def ask(words):
        text = fleet.box.cli("doctor").stdout
        true(words in text, f"{words}: {text}")
    ask("the central spooler accepts this box's key")
    equal(fleet.center.rows("SELECT * FROM boxes"), [], "a question is no sign of life")
    spoolfleet.write_boxes(bench, ["store-2"])
    fleet.center.reload()
    ask("the central spooler lists no box with this key")
    fleet.box.configure(upstream=fleet.center.daemon.url() + "/api")
    ask("is not a central spooler (HTTP 404)")
    fleet.box.configure(upstream="http://127.0.0.1:1")
    ask("site main: ")


def documented(language=""):
    with open(os.path.join(spooltest.srcdir(), "doc/fleet.md"), encoding="utf-8") as file:
        text = file.read()
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return text, [block for kind, block in blocks if kind == language]


def changed(text, *pairs):
    for there, here in pairs:
        true(there in text, f"doc/fleet.md has {there}")
        text = text.replace(there, here)
    return text


def test_document(bench):
    """the configurations, commands and queries of doc/fleet.md work, over TLS with a private authority"""
    ca, sim = spooltls.Authority(bench), bench.sim()
    pair = ca.issue("server")
    text, blocks = documented()
    lists, center, box, shown, link = blocks
    own = ca.issue("store-1")
    keys = bench.write("boxes", lists)
    conf = bench.write("center.conf", f'database = "{bench.path("center.db")}"\n' + changed(
        center, ("ingest {", f'ingest {{\n    client_ca_file = "{ca.pem}"'), ("127.0.0.1:7300", "127.0.0.1:0"), ("0.0.0.0:7443", "127.0.0.1:0"),
        ("/etc/bentospool/tls.pem", pair[0]), ("/etc/bentospool/tls.key", pair[1]),
        ("your site's UUID", spooltest.SITE_UUID), ("your publishable key", spooltest.PUBLISHABLE_KEY),
        ("/etc/bentospool/secret_key", bench.write("secret", spooltest.SECRET_KEY)),
        ("/etc/bentospool/boxes", keys), ('site "main" {', f'site "main" {{\n    api_url = "{sim.api_url()}"')))
    daemon = spooltest.Daemon(bench, conf, listeners=2)
    link = changed(link, ("22:00-06:00", spoolfleet.around(-2, 2)))
    shown = changed(shown, ("/etc/bentospool/box.pem", own[0]), ("/etc/bentospool/box.key", own[1]))
    box = changed(box, ("https://hq.example:7443", daemon.url(1)), ('ca_file             = ""', f'ca_file = "{ca.pem}"'),
                  ("/etc/bentospool/upstream_key", bench.write("key", "replace-this-with-the-key-of-store-1")),
                  ("requests_per_minute = 0\n", "requests_per_minute = 0\n" + link + shown))
    conf_there = bench.write("box.conf", f'database = "{bench.path("box.db")}"\n'
                             f'ingest {{ listen = {{"127.0.0.1:0"}} }}\n{box}')
    there = spooltest.Daemon(bench, conf_there)
    there.accept("/v1/track", track("m-1"), key="a word of your choice")
    bench.database = bench.path("center.db")
    bench.wait_settled(1)
    equal(sim.keys(), ["m-1"], "Bento got it")
    for command in re.findall(r"^    (sudo .*|openssl .*)$", text, re.M):
        words = shlex.split(command.removeprefix("sudo -u bentospool "))
        if words[0] == "openssl":
            true(16 <= len(bench.run(*words).stdout.strip()) <= 200, "a key")
            continue
        equal(words[0], "bentospool", command)
        done = bench.cli(*words[1:], conf=conf_there if words[1] in ("doctor", "requeue") else conf)
        true(done.returncode == 0 or words[1] == "doctor", f"{command}: {done.stderr}")
        true(words[1] != "doctor" or "the central spooler accepts this box's key" in done.stdout, done.stdout)
        true(words[1] != "status" or "store-1" in done.stdout, done.stdout)
    [queries] = documented("sql")[1]
    results = [bench.rows(query) for query in queries.split(";")[:-1]]
    equal((results[0], results[1][0]["box"], results[2]), ([], "store-1", [{"via": "store-1", "count(*)": 1}]),
          "the queries")
    [event] = documented("json")[1]
    equal(sorted(json.loads(event)), ["browser", "call", "context", "id", "integrations", "kind", "maybeSent",
                                      "occurredAt", "receivedAt"], "what travels")


def test_settings(bench):
    """check refuses an upstream without a key, settings that would do nothing, and boxes with one key"""
    def check(site, ok=False):
        conf = bench.configure({"main": {"write_keys": ["k"], **site}}, name="check.conf")
        done = bench.cli("check", conf=conf)
        equal(done.returncode == 0, ok, f"{site}: {done.stderr}")
        return done.stderr
    url, key = "https://hq.example:7443", "k" * 16
    check({"upstream": url, "upstream_key": key}, ok=True)
    check({"upstream": url, "upstream_key": "k" * 200}, ok=True)
    true("must have a key of 16 to 200" in check({"upstream": url, "upstream_key": "k" * 15}), "short")
    true("must have a key of 16 to 200" in check({"upstream": url, "upstream_key": "k" * 201}), "long")
    true("upstream_key is missing" in check({"upstream": url}), "no key")
    true("must begin with https://" in check({"upstream": "http://hq.example", "upstream_key": key}), "plain")
    for name, value in (("site_uuid", "x"), ("rules", ["Test => drop"]), ("unique_key", False), ("concurrency", 2),
                        ("identity_wait", 1), ("boxes", ["a " + key])):
        true(f"{name} has no effect beside upstream" in check({"upstream": url, "upstream_key": key, name: value}),
             name)
    bento = bench.site("http://127.0.0.1:1/api/v1")
    check({**bento, "boxes": ["a " + "k" * 16, "b " + "m" * 16]}, ok=True)
    true("upstream_key has no effect without upstream" in check({**bento, "upstream_key": key}), "key alone")
    true("has the key of another box" in check({**bento, "boxes": ["a " + key, "b " + key]}), "one key")
    true("is listed twice" in check({**bento, "boxes": ["a " + key, "a " + "m" * 16]}), "one name")
    true("must be NAME KEY" in check({**bento, "boxes": ["a/b " + key]}), "name")
    check({**bento, "boxes": ["n" * 64 + " " + key]}, ok=True)
    true("must be NAME KEY" in check({**bento, "boxes": ["n" * 65 + " " + key]}), "a long name")
    for text, ok in (("22:00-06:00", True), ("00:00-24:00", False), ("12:00-12:00", False), ("18:00-24:00", True),
                     ("24:01-06:00", False), ("25:00-06:00", False), ("22:60-06:00", False), ("9:00-10:00", False),
                     ("22:00-06:00 ", False), ("23:59-00:00", True)):
        true(ok or "must be HH:MM-HH:MM" in check({**bento, "send_between": text}), text)
        check({**bento, "send_between": text}, ok)
    for value, ok in ((0, True), (9999, False), (10000, True)):
        check({**bento, "bytes_per_hour": value}, ok)
    for name in ("box_silent_after", "box_backlog_after"):
        for value, ok in ((-1, False), (0, True), (31536000, True), (31536001, False)):
            check({**bento, name: value}, ok)
    up = {"upstream": url, "upstream_key": key}
    for patterns, ok in ((["x" * 128], True), (["x" * 129], False), ([""], False),
                         ([str(n) for n in range(32)], True), ([str(n) for n in range(33)], False)):
        check({**up, "send_first": patterns}, ok)
    for name, value in (("heartbeat", 7), ("send_first", ["x"])):
        true(f"{name} has no effect without upstream" in check({**bento, name: value}), name)
    printed = bench.cli("check", conf=bench.configure(
        {"main": {**bento, "boxes": ["a " + key]}}, name="check.conf")).stdout
    true(key not in printed, "keys are not printed")


spooltest.main()
