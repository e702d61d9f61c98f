#!/usr/bin/env python3
"""Acting on the dashboard: each verb changes what the dry run said, and keeps the person's name."""
import concurrent.futures
import json
import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooladmin import ACT_TOKEN, READ_TOKEN, Person, act, bearer, cookie_name, start  # noqa: E402
from spoolhttp import connect  # noqa: E402
from spooltest import Daemon, equal, track, true, wait_until  # noqa: E402


def try_first(person, body, **expected):
    """Makes the dry run, and then the act with the number that it said."""
    said = act(person, {**body, "dry_run": True}, dry_run=True)
    return said, act(person, {**body, "expect": said["events"]}, **{"events": said["events"], **expected})


def operation(bench, answer):
    return bench.rows("SELECT actor, verb, note, events, filter FROM operations WHERE operation_id = ?",
                      int(answer["operation_id"]))[0]


def changes(bench):
    return bench.value("SELECT count(*) FROM operations")


def test_events(bench):
    """hold, release, discard, requeue and undo: a dry run changes nothing; the audit has the name"""
    daemon = start(bench, events=7)
    anna = Person(daemon, ACT_TOKEN, "Anna M\u00fcller")
    before, n = bench.statuses(), changes(bench)
    said = act(anna, {"verb": "hold", "filter": {"message-id": "e-3"}, "dry_run": True}, events="1")
    [event] = said["sample"]
    row = bench.outbox("e-3")
    equal({name: event[name] for name in ("event_id", "message_id", "status", "email")},
          {"event_id": str(row["event_id"]), "message_id": "e-3", "status": "pending", "email": row["email"]},
          "the sample is the event")
    said = act(anna, {"verb": "hold", "filter": {"all": True}, "dry_run": True}, events="7")
    equal(len(said["sample"]), 5, "five of them are shown")
    equal((bench.statuses(), changes(bench)), (before, n), "nothing was changed")
    _, held = try_first(anna, {"verb": "hold", "filter": {"id": [row["event_id"]]}, "note": "wait for Bob"})
    equal(operation(bench, held),
          {"actor": "Anna M\u00fcller (dashboard)", "verb": "hold", "note": "wait for Bob", "events": 1,
           "filter": json.dumps({"id": [row["event_id"]]}, separators=(",", ":"))}, "the row of the operation")
    act(anna, {"verb": "release", "filter": {"id": [str(row["event_id"])]}, "dry_run": True}, events="1")
    equal((bench.outbox("e-3")["status"], bench.statuses()["pending"]), ("held", 6), "held")
    try_first(anna, {"verb": "release", "filter": {"status": ["held"]}}, events="1")
    equal(bench.outbox("e-3")["status"], "pending", "released")
    _, discarded = try_first(anna, {"verb": "discard", "filter": {"all": True}}, events="7")
    equal(bench.statuses(), {"discarded": 7}, "discarded")
    said, undone = try_first(anna, {"verb": "undo", "id": discarded["operation_id"], "note": "oh"}, events="7")
    equal({name: said[name] for name in ("delivered", "settled", "changed", "undone", "gone")},
          dict.fromkeys(("delivered", "settled", "changed", "undone", "gone"), "0"), "nothing was in the way")
    equal((bench.statuses(), operation(bench, undone)["actor"]), ({"pending": 7}, "Anna M\u00fcller (dashboard)"), "undone")
    for number in (discarded["operation_id"], int(discarded["operation_id"])):
        act(anna, {"verb": "undo", "id": number, "dry_run": True}, events="0")
    said = act(anna, {"verb": "undo", "id": discarded["operation_id"], "dry_run": True}, events="0")
    equal(said["undone"], "7", "an undo of what is undone")
    n = changes(bench)
    act(anna, {"verb": "undo", "id": discarded["operation_id"], "expect": "0"}, events="0", operation_id="0")
    equal(changes(bench), n, "nothing to do is no operation")


def test_requeue(bench):
    """requeue: the dry run says how many delivered events Bento receives again"""
    sim = bench.sim()
    daemon = start(bench, sim)
    daemon.accept("/v1/batch", {"batch": [track(f"e-{i}") for i in range(3)]}, key="main")
    wait_until(lambda: bench.statuses() == {"delivered": 3}, "delivered")
    anna = Person(daemon, ACT_TOKEN, "Anna")
    act(anna, {"verb": "requeue", "filter": {"all": True}, "dry_run": True}, events="0", already_delivered="0", sample=[])
    said, done = try_first(anna, {"verb": "requeue", "filter": {"status": ["delivered"], "message-id": "e-1"}})
    equal((said["events"], said["already_delivered"]), ("1", "1"), "again")
    equal((operation(bench, done)["verb"], operation(bench, done)["events"]), ("requeue", 1), "the operation")
    wait_until(lambda: bench.outbox("e-1")["attempts"] == 1 and bench.outbox("e-1")["status"] == "delivered", "sent again")
    equal(bench.value("SELECT count(*) FROM attempts"), bench.value("SELECT count(DISTINCT attempt_id) FROM attempts"), "rows")


def test_sites(bench):
    """pause, resume and flush: one site or all, with the note and the name"""
    daemon = start(bench, sites=("main", "other"))
    anna = Person(daemon, ACT_TOKEN, "Anna")
    act(anna, {"verb": "pause", "site": "other", "dry_run": True}, dry_run=True, sites="1", paused="0")
    equal(changes(bench), 0, "a dry run")
    done = act(anna, {"verb": "pause", "site": "other", "note": "<b>sale</b>"}, sites="1")
    equal({**operation(bench, done), "filter": None},
          {"actor": "Anna (dashboard)", "verb": "pause", "note": "<b>sale</b>", "events": 0, "filter": None}, "pause")
    state = {row["site"]: row["state"] for row in bench.rows("SELECT site, state FROM sites")}
    equal((state["main"] == "paused", state["other"]), (False, "paused"), "one site")
    [_, other] = anna.read("/api/overview")["sites"]
    equal((other["paused_by"], other["pause_note"]), ("Anna (dashboard)", "<b>sale</b>"), "who and why")
    act(anna, {"verb": "flush", "site": None, "dry_run": True}, sites="2", paused="1")
    act(anna, {"verb": "flush"}, sites="2", paused="1")
    act(anna, {"verb": "resume", "site": "other"}, sites="1")
    equal(bench.value("SELECT count(*) FROM sites WHERE state = 'paused'"), 0, "resumed")
    status, answer = anna.post("/api/act", {"verb": "pause", "site": "none"})
    equal((status, answer["code"]), (404, "not_found"), answer)
    status, answer = anna.post("/api/act", {"verb": "pause", "site": "none", "dry_run": True})
    equal((status, answer["code"]), (404, "not_found"), answer)


def test_bad_requests(bench):
    """a request that is not understood changes nothing, and the words name what is wrong"""
    daemon = start(bench, events=3)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    n = changes(bench)
    all_events = {"verb": "hold", "filter": {"all": True}, "expect": "3"}
    deep = "[" * 9 + "]" * 9
    cases = [
        ("verb", {"filter": {"all": True}, "expect": "3"}), ("verb", {**all_events, "verb": "expire"}),
        ("verb", {**all_events, "verb": "purge"}), ("verb", {**all_events, "verb": 7}),
        ("filter", {"verb": "hold", "expect": "3"}), ("filter", {"verb": "hold", "filter": {}, "expect": "3"}),
        ("filter", {**all_events, "filter": {"limit": 2}}), ("filter", {**all_events, "filter": "all"}),
        ("filter", {**all_events, "filter": {"all": True, "color": "red"}}),
        ("expect", {"verb": "hold", "filter": {"all": True}}), ("expect", {**all_events, "expect": 3.5}),
        ("expect", {**all_events, "expect": "-1"}), ("expect", {**all_events, "expect": "x"}),
        ("expect", {**all_events, "expect": "9007199254740993"}),
        ("id", {**all_events, "id": "1"}), ("site", {**all_events, "site": "main"}),
        ("filter", {"verb": "undo", "id": "1", "filter": {"all": True}, "expect": "3"}),
        ("id", {"verb": "undo", "expect": "1"}), ("id", {"verb": "undo", "id": 1.5, "expect": "1"}), ("id", {"verb": "undo", "id": 2 ** 53, "expect": "1"}),
        ("id", {"verb": "undo", "id": "0", "expect": "1"}),
        ("filter", {"verb": "pause", "filter": {"all": True}}), ("expect", {"verb": "pause", "expect": "1"}),
        ("note", {**all_events, "note": 7}), ("note", {**all_events, "note": "x" * 1001}),
        ("dry_run", {**all_events, "dry_run": "yes"}), ("as", {**all_events, "as": "root"}),
        ("JSON", "[]"), ("JSON", "null"), ("JSON", ""), ("JSON", "{"), ("JSON", '{"verb":"hold"} x'),
        ("JSON", '{"verb":' + deep + "}"), ("JSON", '{"verb":"pause","note":"a\\u0000b"}'),
        ("JSON", b'{"verb":"pause","note":"\xff"}'), ("JSON", '{"verb":"pause","note":"\\ud800"}'),
    ]
    for word, body in cases:
        status, answer = anna.post("/api/act", body)
        equal(status, 400, f"{body}: {answer}")
        true(word in answer["message"], f"{body}: {answer}")
    for body, expected in (({"verb": "undo", "id": "999", "expect": "1"}, (404, "not_found")),
                           ({"verb": "undo", "id": "1", "expect": "1"}, (400, "bad_request")),
                           ("[]", (400, "invalid_json")), ("{", (400, "invalid_json")),
                           ("{" + " " * 16385 + "}", (413, "body_too_large"))):
        status, answer = anna.post("/api/act", body)
        equal((status, answer["code"]), expected, f"{str(body)[:60]}: {answer}")
    equal((changes(bench), bench.statuses()), (n, {"pending": 3}), "nothing was changed")
    act(anna, {**all_events, "note": "x" * 1000}, events="3")
    act(anna, json.dumps({"verb": "release", "filter": {"all": True}, "expect": "3"}).ljust(16384), events="3")


def test_changed_since(bench):
    """an act is refused when more events match than the dry run said; fewer are fine"""
    daemon = start(bench, events=3)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    hold = {"verb": "hold", "filter": {"status": ["pending"]}}
    act(anna, {**hold, "dry_run": True}, events="3")
    daemon.accept("/v1/track", track("late"), key="main")
    status, answer = anna.post("/api/act", {**hold, "expect": "3"})
    equal((status, answer["code"], answer["events"]), (409, "changed_since", "4"), answer)
    equal(answer["message"], "4 events match now, more than the 3 shown: nothing was changed", "in words")
    status, answer = anna.post("/api/act", {"verb": "hold", "filter": {"id": ["1"]}, "expect": "0"})
    equal((status, answer["message"]),
          (409, "1 event matches now, more than the 0 shown: nothing was changed"), "one in words")
    equal(bench.statuses(), {"pending": 4}, "nothing was changed")
    act(anna, {**hold, "expect": "4"}, events="4")
    equal(bench.statuses(), {"held": 4}, "as many as were shown")
    equal(json.loads(bench.value("SELECT filter FROM operations ORDER BY operation_id DESC LIMIT 1")),
          {"status": ["pending"], "limit": 4}, "not more, even when more come at that moment")
    act(anna, {"verb": "release", "filter": {"status": ["held"]}, "expect": "9"}, events="4")


def test_programs(bench):
    """programs send a token with each request, and a name with each act"""
    daemon = start(bench)
    program = Person(daemon)
    equal(program.get("/api/operations", bearer(READ_TOKEN))[0], 200, "reading with the read token")
    equal(program.get("/api/operations", bearer(ACT_TOKEN))[0], 200, "reading with the act token")
    equal(program.post("/api/act", {"verb": "flush", "name": "cron"}, bearer(READ_TOKEN))[1]["code"], "acting_not_allowed", "")
    status, answer = program.post("/api/act", {"verb": "flush"}, bearer(ACT_TOKEN))
    equal((status, answer["code"]), (400, "name_required"), "a name")
    status, answer = program.post("/api/act", {"verb": "flush", "name": "cron\n"}, bearer(ACT_TOKEN))
    equal((status, answer["code"]), (400, "name_required"), "a printable name")
    status, answer = program.post("/api/act", {"verb": "flush", "name": "cron"}, bearer(ACT_TOKEN))
    equal((status, operation(bench, answer)["actor"]), (200, "cron (dashboard)"), "its name")
    equal(program.post("/api/act", {"verb": "flush", "name": "x"}, bearer(ACT_TOKEN) | {"Origin": "http://evil.example"})[0], 403,
          "a page with a token")
    anna = Person(daemon, ACT_TOKEN, "Anna")
    done = act(anna, {"verb": "flush", "name": "Bob"})
    equal(operation(bench, done)["actor"], "Anna (dashboard)", "a session has the name of its login")


def control(bench, request):
    """Sends a request to the control socket, as another process."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(spooltest.DEADLINE)
        s.connect(f"{bench.database}.sock")
        s.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(s.makefile().readline())


def test_other_process(bench):
    """no other process chooses the name of the actor at the control socket"""
    start(bench)
    for request in ({"do": "site_control", "verb": "pause", "as": "Anna"}, {"do": "ping", "as": "Anna"}):
        answer = control(bench, request)
        equal((answer["ok"], answer["code"]), (False, "input"), answer)
    equal(changes(bench), 0, "nothing was changed")
    equal(control(bench, {"do": "site_control", "verb": "pause"})["ok"], True, "without it, it may act")


def test_two_browsers(bench):
    """two people act at once: each event is changed by one of them, and no change is lost"""
    daemon = start(bench, events=200)
    people = [Person(daemon, ACT_TOKEN, name) for name in ("Anna", "Bob")]
    bodies = [{"verb": verb, "filter": {"status": ["pending"]}, "expect": "200"} for verb in ("hold", "discard")]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda pair: pair[0].post("/api/act", pair[1]), zip(people, bodies)))
    equal([status for status, _ in answers], [200, 200], answers)
    told = {verb: int(answer["events"]) for verb, (_, answer) in zip(("held", "discarded"), answers)}
    equal({name: n for name, n in told.items() if n}, bench.statuses(), "what they were told is what is there")
    rows = bench.rows("SELECT actor, events FROM operations WHERE verb IN ('hold', 'discard')")
    equal(sum(row["events"] for row in rows), 200, rows)


def test_kill(bench):
    """a daemon that is killed within an act: each event is as before or changed, and undo works after it"""
    daemon = start(bench, events=3000)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(anna.request, "POST", "/api/act", {"verb": "discard", "filter": {"all": True}, "expect": "3000"})
        wait_until(lambda: bench.value("SELECT count(*) FROM operations WHERE verb = 'discard'") == 1, "it has begun")
        daemon.kill()
        try:
            answer.result()
        except OSError:
            pass  # the daemon is gone
    daemon = Daemon(bench, bench.path("bentospool.conf"), listeners=2)
    [row] = bench.rows("SELECT operation_id, actor, events FROM operations WHERE verb = 'discard'")
    counts = bench.statuses()
    equal((counts["discarded"], sum(counts.values()), row["actor"]), (row["events"], 3000, "Anna (dashboard)"), counts)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    try_first(anna, {"verb": "undo", "id": str(row["operation_id"])}, events=str(row["events"]))
    equal(bench.statuses(), {"pending": 3000}, "as before")


def test_hang_up(bench):
    """a browser that goes away: the act ends after a step, and what was done can be undone"""
    daemon = start(bench, events=20000)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    body = json.dumps({"verb": "discard", "filter": {"all": True}, "expect": "20000"})
    host = anna.url.removeprefix("http://")
    descriptors = f"/proc/{daemon.popen.pid}/fd"
    before = len(os.listdir(descriptors))
    with connect(anna.url) as s:
        s.sendall(f"POST /api/act HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: application/json\r\n"
                  f"Cookie: {cookie_name(host)}={anna.cookie}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        wait_until(lambda: bench.value("SELECT count(*) FROM operations WHERE verb = 'discard'") == 1, "it has begun")
    wait_until(lambda: len(os.listdir(descriptors)) <= before, "the connections are closed")
    # The step that was under way is done before the writer begins with the next act.
    held = act(anna, {"verb": "hold", "filter": {"status": ["pending"]}, "expect": "20000"})
    [row] = bench.rows("SELECT operation_id, events FROM operations WHERE verb = 'discard'")
    true(0 < row["events"] < 20000, f"it ended early: {row}")
    equal(bench.statuses(), {"discarded": row["events"], "held": int(held["events"])}, "nothing goes on")
    try_first(anna, {"verb": "undo", "id": str(row["operation_id"])}, events=str(row["events"]))


spooltest.main()
