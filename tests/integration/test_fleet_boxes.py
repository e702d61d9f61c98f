#!/usr/bin/env python3
"""What a central spooler knows of its boxes: their names with the events, what each reports, and who may
forward."""
import base64
import contextlib
import datetime
import gzip
import http.client
import json
import os
import signal
import sqlite3
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spoolclock  # noqa: E402
import spoolfleet  # noqa: E402
import spooltest  # noqa: E402
from spoolfleet import forwarded  # noqa: E402
from spoolhttp import http_request  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def test_forgotten(bench):
    """an event that may have come before retention removed its like is held; a new one is not"""
    fleet = spoolfleet.Fleet(bench, start=False)
    old = 1_700_000_000_000
    equal(fleet.post([forwarded("m-1", old, maybeSent=True)])[1]["stored"], 1, "nothing was removed yet")
    fleet.center.wait_statuses({"delivered": 1})
    forget(fleet)
    equal(fleet.center.value("SELECT count(*) FROM via"), 0, "and where it came from")
    equal(fleet.post([forwarded("m-1", old, maybeSent=True), forwarded("m-2", old),
                      forwarded("m-3", old + 1, maybeSent=True)])[1]["stored"], 3, "three events")
    fleet.center.wait_statuses({"delivered": 2, "held": 1})
    equal(fleet.center.rows("SELECT message_id, reason FROM outbox WHERE status = 'held'"),
          [{"message_id": "m-1", "reason": "maybe_repeated"}], "the one in doubt")


def test_revoked(bench):
    """a box that the center no longer lists is refused after a reload, keeps its events, and comes back"""
    fleet = spoolfleet.Fleet(bench)
    fleet.box.daemon.accept("/v1/track", track("m-1"))
    fleet.box.wait_statuses({"delivered": 1})
    spoolfleet.write_boxes(bench, ["store-2"])
    fleet.center.reload()
    fleet.box.daemon.accept("/v1/track", track("m-2"))
    wait_until(lambda: fleet.box.value("SELECT state FROM sites") == "paused", "the box pauses")
    true("check upstream_key" in fleet.box.value("SELECT error FROM attempts ORDER BY attempt_id DESC LIMIT 1")
         or "no box" in fleet.box.value("SELECT error FROM attempts ORDER BY attempt_id DESC LIMIT 1"),
         "the words")
    equal(fleet.box.statuses(), {"delivered": 1, "pending": 1}, "the event waits")
    equal(fleet.center.statuses(), {"delivered": 1}, "nothing came")
    spoolfleet.write_boxes(bench, spoolfleet.NAMES)
    fleet.center.reload()
    equal(fleet.box.cli("resume", "--site", "main").returncode, 0, "resume")
    fleet.box.wait_statuses({"delivered": 2})
    for key in ("", "wrong-key-0123456789"):
        token = base64.b64encode(f"box:{key}".encode()).decode()
        status, _, _ = http_request(fleet.center.daemon.url(), "POST", "/v1/fleet", b'{"events":[]}',
                                    {"Authorization": f"Basic {token}"})
        equal(status, 401, f"key {key!r}")
    equal(fleet.center.daemon.post("/v1/fleet", {"events": []})[0], 401, "a write key is no box's key")


def test_alarm(bench):
    """a box that is silent for longer than box_silent_after raises one alarm, and one when it is back; a box that
    is no longer listed raises none"""
    script, told = bench.write("alarm.sh", "#!/bin/sh\necho \"$BENTOSPOOL_EVENT|$BENTOSPOOL_SITE|$BENTOSPOOL_TEXT\""
                               " >>\"$1\"\n"), bench.path("alarms")
    os.chmod(script, 0o700)
    fleet = spoolfleet.Fleet(bench, names=["store-1", "store-2"], start=False, box_silent_after=3600)

    def alarms():
        try:
            with open(told, encoding="utf-8") as lines:
                return [line.rstrip("\n").split("|") for line in lines]
        except FileNotFoundError:
            return []

    def be_silent(hours):
        fleet.center.daemon.stop()
        bench.run("sqlite3", fleet.center.database, f"UPDATE box SET last_seen_at = last_seen_at - {hours}*3600000")
        fleet.center.daemon = spooltest.Daemon(bench, fleet.center.conf)
    fleet.center.top["alarm_command"] = [script, told]
    fleet.center.configure()
    fleet.post([])
    fleet.post([], name="store-2")
    be_silent(2)
    wait_until(alarms, "the alarm")
    [event, site, text] = alarms()[0]
    equal((event, site), ("box_silent", "main"), "the alarm")
    true(text.startswith("site main: silent for 2 h") and "box store-1 and 1 more: see bentospool status" in text, text)
    fleet.post([], name="store-2")
    wait_until(lambda: len(alarms()) > 1, "the end")
    equal(alarms()[1:], [["box_back", "main", "site main: back: box store-2; silent: 1"]], "the box that is back")
    spoolfleet.write_boxes(bench, ["store-2"])
    be_silent(2)
    wait_until(lambda: len(alarms()) > 2, "the alarm after a restart")
    true(alarms()[2][2].endswith("box store-2: see bentospool status"), f"only the listed box: {alarms()[2]}")
    fleet.post([], name="store-2")
    wait_until(lambda: len(alarms()) > 3, "the end")
    equal([alarm[0] for alarm in alarms()], ["box_silent", "box_back"] * 2, "each once")


def forget(fleet):
    """Has retention remove what the center delivered."""
    fleet.center.daemon.stop()
    fleet.bench.run("sqlite3", fleet.center.database, "UPDATE attempt SET finished_at = finished_at - 400*86400000")
    fleet.center.daemon = spooltest.Daemon(fleet.bench, fleet.center.conf)
    equal(fleet.center.cli("purge", "--yes").returncode, 0, "purge")
    equal(fleet.center.statuses(), {}, "retention removed it")


def test_ahead(bench):
    """a box whose clock is ahead cannot make an event younger than its arrival, nor repeat one unseen"""
    fleet = spoolfleet.Fleet(bench, start=False)
    far, near = 4_000_000_000_000, round(time.time() * 1000) + 1500
    fleet.post([forwarded("m-1", far), forwarded("m-2", far + 5000), forwarded("m-3", near)])
    fleet.center.wait_statuses({"delivered": 3})
    equal(fleet.center.rows("SELECT message_id FROM outbox JOIN via ON event_id BETWEEN first_event_id"
                            " AND last_event_id WHERE received_ms > arrived_at"), [], "received before they arrived")
    equal(fleet.center.value("SELECT group_concat(message_id, ' ') FROM outbox"), "m-1 m-2 m-3", "in order")
    forget(fleet)
    wait_until(lambda: time.time() * 1000 > near, "that receipt is past")
    fleet.post([forwarded("m-1", far, maybeSent=True), forwarded("m-2", far + 5000, maybeSent=True),
                forwarded("m-3", near, maybeSent=True), forwarded("m-4", far),
                forwarded("m-5", far + 5001, maybeSent=True),
                forwarded("m-6", round(time.time() * 1000) + 60000, maybeSent=True)])
    fleet.post([forwarded("m-7", far, maybeSent=True)], name="store-2")
    fleet.center.wait_statuses({"held": 4, "delivered": 3})
    equal(fleet.center.rows("SELECT message_id, reason FROM outbox WHERE status = 'held' ORDER BY 1"),
          [{"message_id": name, "reason": "maybe_repeated"} for name in ("m-1", "m-2", "m-3", "m-6")],
          "what may have been removed")


def test_boxes(bench):
    """status lists the boxes: last seen, version, backlog, bytes saved; an idle one sends heartbeats"""
    fleet = spoolfleet.Fleet(bench, settings={"heartbeat": 0.1})
    calls = [track(f"m-{i}", properties={"text": "the same words again and again"}) for i in range(100)]
    fleet.box.daemon.accept("/v1/batch", {"batch": calls})
    fleet.center.wait_statuses({"delivered": 100})

    def row():
        return fleet.center.rows("SELECT * FROM boxes")
    wait_until(lambda: [r["backlog"] for r in row()] == [0], "the box says that nothing is left")
    [first] = row()
    equal((first["site"], first["box"], first["version"], first["oldest_ms"], first["events"], first["duplicates"]),
          ("main", "store-1", spoolfleet.version(), None, 100, 0), "the box")
    true(first["body_bytes"] > 20_000 and first["bytes"] < first["body_bytes"] / 4, f"compressed: {first}")
    [attempt] = fleet.box.rows("SELECT * FROM attempts")
    true(0 < attempt["sent_bytes"] < attempt["bytes"] / 4, f"the box's own figures: {attempt}")
    wait_until(lambda: row()[0]["last_seen_ms"] > first["last_seen_ms"], "it lives")
    equal(len(fleet.box.rows("SELECT * FROM attempts")), 1, "a heartbeat leaves no row")
    [shown, unseen] = json.loads(fleet.center.cli("status", "--json").stdout)["boxes"]
    equal((shown["box"], shown["site"], shown["version"], shown["backlog"], shown["oldest_at"], shown["events"]),
          ("store-1", "main", spoolfleet.version(), 0, None, 100), "status --json")
    equal((unseen["box"], unseen["site"], unseen["first_seen_at"], unseen["last_seen_at"], unseen["backlog"]),
          ("store-2", "main", None, None, None), "a box that is listed, but was never seen")
    text = fleet.center.cli("status").stdout
    true("BOX" in text and "store-1" in text and spoolfleet.version() in text, text)
    equal(["never" in line for line in text.splitlines() if "store-" in line], [False, True], text)
    equal(json.loads(fleet.box.cli("status", "--json").stdout)["boxes"], [], "a box has no boxes")
    true("BOX" not in fleet.box.cli("status").stdout, "nor a table")
    equal(fleet.box.cli("pause", "--site", "main").returncode, 0, "pause")
    fleet.box.configure(heartbeat=0, batch_events=2, requests_per_minute=1)
    fleet.box.reload()
    fleet.box.daemon.accept("/v1/batch", {"batch": [track("m-a"), track("m-b"), track("m-c"), track("m-d")]})
    equal(fleet.box.cli("resume", "--site", "main").returncode, 0, "resume")
    fleet.center.wait_statuses({"delivered": 102})
    equal([(r["backlog"], r["oldest_ms"]) for r in row()],
          [(2, fleet.box.value("SELECT received_ms FROM outbox WHERE message_id = 'm-c'"))],
          "what was left when the request went out")
    fleet.post([], reports="version=0.9; backlog=7; oldest=1700000000000", name="store-2")
    [other] = fleet.center.rows("SELECT * FROM boxes WHERE box = 'store-2'")
    equal((other["version"], other["backlog"], other["oldest_ms"], other["events"]), ("0.9", 7, 1700000000000, 0),
          "a box that only reports")
    fleet.post([], reports="version=\u00e9 x; backlog=-7; oldest=;;;=", name="store-2")
    [other] = fleet.center.rows("SELECT * FROM boxes WHERE box = 'store-2'")
    equal((other["version"], other["backlog"], other["oldest_ms"]), (None, None, None), "a report without sense")


def test_wrong_clock(bench):
    """how long a box's events have waited does not depend on its clock; a box without a backlog has none that waits"""
    fleet = spoolfleet.Fleet(bench, start=False, box_backlog_after=3600)
    wall = spoolclock.Wall(bench)
    for days in (400, -2):
        wall.jump(days * 86400)
        box = spoolfleet.box(bench, f"box{days}", fleet.center.daemon.url(), False, batch_events=1)
        box.site["upstream_key_file"] = bench.write("key", spoolfleet.key_of("store-1"))
        box.configure(requests_per_minute=1)
        box.daemon = spooltest.Daemon(bench, box.conf, env=wall.env)
        sent = time.time() * 1000
        box.daemon.accept("/v1/batch", {"batch": [track(f"m{days}-{i}") for i in (1, 2)]})
        wait_until(lambda: fleet.center.value("SELECT backlog FROM boxes") == 1, "the box reports")
        oldest = fleet.center.value("SELECT oldest_ms FROM boxes")
        true(sent - 60_000 < oldest < time.time() * 1000 + 60_000, f"{days} days: {oldest - sent}")
        equal(fleet.center.cli("status", "--check").returncode, 0, f"{days} days: nothing is overdue")
        box.daemon.stop()
        fleet.post([], reports="backlog=0")
    day, far = 86_400_000, 4_000_000_000_000
    fleet.post([], reports=f"backlog=5; oldest={far - 2 * day}; clock={far}")
    text = fleet.center.cli("status", "--check").stdout
    true("1 box has an event that waits, store-1 for 2 d" in text, text)
    known = fleet.center.value("SELECT oldest_ms FROM boxes")
    fleet.post([], reports=f"backlog=6; oldest={far}")
    equal(fleet.center.value("SELECT oldest_ms FROM boxes"), known, "its clock was put back: as before")
    fleet.post([], reports="backlog=0; oldest=1700000000000")
    equal(fleet.center.value("SELECT oldest_ms FROM boxes"), None, "nothing waits")
    for name in ("store-1", "store-2"):
        fleet.post([], reports=f"backlog=6; oldest={far}", name=name)
    equal(fleet.center.rows("SELECT DISTINCT oldest_ms <= last_seen_ms AS past FROM boxes"), [{"past": 1}],
          "the first report of events that wait says since when")


def test_all_sent(bench):
    """the last request of a box with send_first says that nothing waits, also when an operator had requeued its events"""
    fleet = spoolfleet.Fleet(bench, settings={"send_first": ["Order *"], "heartbeat": 0})
    fleet.box.daemon.accept("/v1/batch", {"batch": [track("m-1", "Order Completed"), track("m-2")]})
    fleet.box.wait_statuses({"delivered": 2})
    equal(fleet.box.cli("requeue", "--status", "delivered", "--yes").returncode, 0, "requeue")
    wait_until(lambda: fleet.center.value("SELECT sum(duplicates) FROM boxes") == 2, "again")
    equal(fleet.center.rows("SELECT backlog, oldest_ms FROM boxes"), [{"backlog": 0, "oldest_ms": None}], "the box")


def test_never_seen(bench):
    """status --check names listed boxes that were never seen, from the configuration and the file, and succeeds"""
    fleet = spoolfleet.Fleet(bench, start=False)

    def check(wanted):
        done = fleet.center.cli("status", "--check")
        equal((done.returncode, done.stdout.split(" | ")[0]), (0, "OK: 1 site, 0 events pending" + wanted), "the line")
        return [(b["box"], b["last_seen_at"] is None) for b in
                json.loads(fleet.center.cli("status", "--json").stdout)["boxes"]]
    equal(check("; 2 boxes were never seen, such as store-1"), [("store-1", True), ("store-2", True)], "none was seen")
    fleet.post([], reports="backlog=0", name="store-2")
    equal(check("; 1 box was never seen: store-1"), [("store-2", False), ("store-1", True)], "one was seen")
    fleet.center.configure(boxes=["store-0 " + "k" * 16])
    equal(check("; 2 boxes were never seen, such as store-0"),
          [("store-2", False), ("store-0", True), ("store-1", True)], "the configuration, then the file")
    fleet.post([], reports="backlog=0", name="store-1")
    check("; 1 box was never seen: store-0")
    fleet.center.configure(boxes=[])
    equal(check(""), [("store-1", False), ("store-2", False)], "all were seen")


def test_via(bench):
    """--via chooses the events of a box for every verb that chooses events"""
    fleet = spoolfleet.Fleet(bench, start=False)
    fleet.center.daemon.accept("/v1/track", track("m-0"))
    fleet.post([forwarded("m-1"), forwarded("m-2")], name="store-1")
    fleet.post([forwarded("m-3")], name="store-2")
    fleet.post([forwarded("m-4", call={"type": "track", "event": "Nobody"})], name="store-1")
    fleet.center.wait_statuses({"delivered": 4, "invalid": 1})

    def ids(*argv):
        done = fleet.center.cli(*argv, "--json")
        true(done.returncode in (0, 3), done.stderr)
        return [json.loads(line)["message_id"] for line in done.stdout.splitlines()]
    equal(ids("list", "--via", "store-1"), ["m-1", "m-2", "m-4"], "list")
    equal(ids("list", "--via", "store-1", "--newest", "--limit", "2"), ["m-4", "m-2"], "newest first")
    equal(ids("list", "--via", "store-1", "--status", "delivered"), ["m-1", "m-2"], "with a status")
    equal(ids("export", "--via", "store-2"), ["m-3"], "export")
    equal(ids("list", "--via", "store-9"), [], "a box that never came")
    for argv, words in ((["age", "--status", "delivered"], '"events":2'), (["errors"], '"events":1')):
        text = fleet.center.cli(*argv, "--via", "store-1", "--json").stdout.replace(" ", "")
        true(words in text, f"{argv}: {text}")
        text = fleet.center.cli(*argv, "--via", "store-9", "--json").stdout.replace(" ", "")
        true(words not in text, f"{argv} of no box: {text}")
    done = fleet.center.cli("requeue", "--via", "store-2", "--status", "delivered", "--yes")
    true("1 event requeued" in done.stdout, f"{done.stdout} {done.stderr}")
    again = "SELECT message_id FROM history GROUP BY 1 HAVING count(*) > 1"
    wait_until(lambda: fleet.center.rows(again) == [{"message_id": "m-3"}], "that one alone goes again")
    equal(json.loads(fleet.center.value("SELECT filter FROM operations")),
          {"via": "store-2", "status": ["delivered"]}, "the row of the operation")
    equal(fleet.center.cli("discard", "--via", "store-1", "--yes").returncode, 0, "discard")
    equal(fleet.center.rows("SELECT message_id FROM outbox WHERE status = 'discarded'"),
          [{"message_id": "m-4"}], "discard")


def test_revoked_at_once(bench):
    """a reload revokes a key at once: on a connection that is open, and for a request on its way"""
    fleet = spoolfleet.Fleet(bench, start=False)
    where = fleet.center.daemon.url().removeprefix("http://")
    token = base64.b64encode(f"box:{spoolfleet.key_of('store-1')}".encode()).decode()
    head = {"Authorization": f"Basic {token}"}

    def body(name):
        return json.dumps({"events": [forwarded(name)]})
    with contextlib.closing(http.client.HTTPConnection(where)) as kept, \
            contextlib.closing(http.client.HTTPConnection(where)) as begun:
        kept.request("POST", "/v1/fleet", body("m-1"), head)
        answer = kept.getresponse()
        equal((answer.status, json.loads(answer.read())["stored"]), (200, 1), "before")
        text = body("m-2")
        begun.putrequest("POST", "/v1/fleet")
        for name, value in {**head, "Content-Length": str(len(text)), "Expect": "100-continue"}.items():
            begun.putheader(name, value)
        begun.endheaders()
        true(b"100 Continue" in begun.sock.recv(1000), "the head was accepted")
        spoolfleet.write_boxes(bench, ["store-2"])
        fleet.center.reload()
        begun.send(text.encode())
        answer = begun.getresponse()
        equal((answer.status, "keys were reloaded" in answer.read().decode()), (503, True), "a request on its way")
        kept.request("POST", "/v1/fleet", body("m-3"), head)
        answer = kept.getresponse()
        equal((answer.status, "no box" in answer.read().decode()), (401, True), "on the open connection")
    equal(fleet.center.rows("SELECT message_id FROM outbox"), [{"message_id": "m-1"}], "nothing came after")


def test_needs(bench):
    """status --check names a silent box and one with an old backlog; metrics have both; others are left out"""
    fleet = spoolfleet.Fleet(bench, start=False)
    fleet.post([], reports="version=1.2; backlog=5; oldest=1700000000000", name="store-1")
    fleet.post([], reports="version=1.2; backlog=0", name="store-2")

    def check(words, **settings):
        fleet.center.configure(**settings)
        done = fleet.center.cli("status", "--check")
        equal((done.returncode, [w for w in ("silent", "event that waits", "events that wait") if w in done.stdout]),
              (1 if words else 0, words), done.stdout)
        return done.stdout
    true("1 box has an event that waits, store-1 for" in check(["event that waits"]), "the backlog")
    check([], box_backlog_after=0)
    aged = (round(time.time()) - 3600) * 1000 + 185
    fleet.center.daemon.stop()
    bench.run("sqlite3", fleet.center.database,
              f"UPDATE box SET last_seen_at = {aged}; UPDATE box SET oldest_at = {aged} WHERE name = 'store-1'")
    fleet.center.configure(box_backlog_after=86400)
    with open(fleet.center.conf, "a", encoding="utf-8") as conf:
        conf.write(spooltest.conf_section("admin", {"listen": ["127.0.0.1:0"]}))
    fleet.center.daemon = spooltest.Daemon(bench, fleet.center.conf, listeners=2)
    status, _, body = http_request(fleet.center.daemon.url(1), "GET", "/metrics")
    lines = body.splitlines()
    equal((status, [line for line in lines if line.startswith("bentospool_box_")]), (200, [
        f'bentospool_box_last_seen_timestamp_seconds{{site="main",box="store-1"}} {aged / 1000}',
        f'bentospool_box_last_seen_timestamp_seconds{{site="main",box="store-2"}} {aged / 1000}',
        'bentospool_box_pending_events{site="main",box="store-1"} 5',
        'bentospool_box_pending_events{site="main",box="store-2"} 0',
        f'bentospool_box_oldest_pending_timestamp_seconds{{site="main",box="store-1"}} {aged / 1000}',
        'bentospool_box_info{site="main",box="store-1",version="1.2"} 1',
        'bentospool_box_info{site="main",box="store-2",version="1.2"} 1']), "metrics")
    check([])
    check(["event that waits"], box_backlog_after=3000)
    text = check(["silent"], box_silent_after=3000)
    true("2 boxes have been silent, store-" in text, text)
    check([], box_silent_after=0, box_backlog_after=0)
    spoolfleet.write_boxes(bench, ["store-2"])
    true("1 box has been silent, store-2" in check(["silent"], box_silent_after=3000, box_backlog_after=3000),
         "a box that is not listed is left out")


ORIGINS = """SELECT e.message_id, b.name AS box, v.arrived_at FROM event e
    LEFT JOIN via v ON e.event_id BETWEEN v.first_event_id AND v.last_event_id
    LEFT JOIN box b ON b.box_id = v.box_id ORDER BY e.message_id"""


def paused_center(bench):
    """Returns a fleet whose center has events of two boxes and one of its own, all pending; and their origins."""
    fleet = spoolfleet.Fleet(bench, start=False)
    equal(fleet.center.cli("pause", "--site", "main").returncode, 0, "pause")
    fleet.center.daemon.accept("/v1/track", track("m-0"))
    fleet.post([forwarded("m-1"), forwarded("m-2")], name="store-1")
    fleet.post([forwarded("m-3")], name="store-2")
    origins = fleet.center.rows(ORIGINS)
    equal([row["box"] for row in origins], [None, "store-1", "store-1", "store-2"], "at first")
    true(all(row["arrived_at"] > 1_700_000_000_000 for row in origins[1:]), "the center's time")
    return fleet, origins


def other_center(bench, **site):
    return spoolfleet.Node(bench, "other", bench.site("http://127.0.0.1:1/api/v1", **site))


def test_exported(bench):
    """export and import keep the box of an event and its arrival at the center, also when redacted"""
    fleet, origins = paused_center(bench)
    lines = [json.loads(line) for line in fleet.center.cli("export").stdout.splitlines()]
    shown = json.loads(fleet.center.cli("show", "--message-id", "m-3", "--json").stdout)
    equal([line.get("via") for line in lines], [row["box"] for row in origins], "via in the lines")
    equal(("arrived_at" in lines[0], lines[3]["arrived_at"]), (False, shown["arrived_at"]), "the arrival")
    redacted = [json.loads(line) for line in fleet.center.cli("export", "--redact").stdout.splitlines()]
    equal([(line.get("via"), line.get("arrived_at")) for line in redacted],
          [(line.get("via"), line.get("arrived_at")) for line in lines], "redacted")
    file = bench.path("all.ndjson")
    equal(fleet.center.cli("export", "--output", file).returncode, 0, "export")
    other = other_center(bench)
    done = other.cli("import", file)
    equal(done.returncode, 0, done.stderr)
    equal(other.rows(ORIGINS), origins, "imported")
    [first, second] = other.rows("SELECT box, events, first_seen_ms, last_seen_ms FROM boxes ORDER BY box")
    equal((first["box"], first["events"], second["events"]), ("store-1", 2, 1), "the boxes")
    equal((second["first_seen_ms"], second["last_seen_ms"]), (origins[3]["arrived_at"],) * 2, "when they were seen")


def test_adopted(bench):
    """adopt and recover keep the box of an event and its arrival at the lost center"""
    fleet, origins = paused_center(bench)
    fleet.center.daemon.kill()
    copy = bench.path("recovered.db")
    done = bench.run(spooltest.binary("bentospool"), "recover", fleet.center.database, copy)
    equal(done.returncode, 0, done.stderr)
    with contextlib.closing(sqlite3.connect(copy)) as file:
        equal(file.execute(ORIGINS).fetchall(), [tuple(row.values()) for row in origins], "recovered")
    other = other_center(bench)
    done = other.cli("adopt", fleet.center.database, "--yes")
    equal(done.returncode, 0, done.stderr)
    equal(other.rows(ORIGINS), origins, "adopted")


def test_archived(bench):
    """the archive of what retention removes says through which box an event came"""
    fleet = spoolfleet.Fleet(bench, start=False)
    folder = bench.path("archive")
    os.mkdir(folder)
    with open(fleet.center.conf, "a", encoding="utf-8") as conf:
        conf.write(spooltest.conf_section("retention", {"archive": folder}))
    fleet.center.restart(signal.SIGTERM)
    fleet.post([forwarded("m-1")])
    fleet.center.wait_statuses({"delivered": 1})
    [origin] = fleet.center.rows(ORIGINS)
    fleet.center.daemon.stop()
    bench.run("sqlite3", fleet.center.database, "UPDATE attempt SET finished_at = finished_at - 400*86400000")
    fleet.center.daemon = spooltest.Daemon(bench, fleet.center.conf)
    equal(fleet.center.cli("purge", "--yes").returncode, 0, "purge")
    [name] = os.listdir(folder)
    with gzip.open(os.path.join(folder, name), "rt", encoding="utf-8") as file:
        [line] = [json.loads(text) for text in file]
    equal((line["message_id"], line["via"]), ("m-1", "store-1"), "who")
    at = datetime.datetime.fromisoformat(line["arrived_at"].replace("Z", "+00:00"))
    equal(round(at.timestamp() * 1000), origin["arrived_at"], "when")


spooltest.main()
