#!/usr/bin/env python3
"""What the dashboard reads: every answer agrees with the database and with the verbs, within bounds."""
import contextlib
import fcntl
import json
import os
import re
import sqlite3
import subprocess
import sys
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooladmin import ACT_TOKEN, READ_TOKEN, Person, token_settings  # noqa: E402
from spoolhistory import give_rows  # noqa: E402
from spoolhttp import http_request  # noqa: E402
from spooltest import Daemon, equal, track, true, wait_until  # noqa: E402

EVIL = "<img src=x onerror=\"document.title='taken'\">\u202e"


def start(bench, sim, sites=("main",), site=None, **top):
    conf = bench.configure({name: bench.site(sim.api_url(), write_keys=[name], **(site or {})) for name in sites},
                           admin={"listen": ["127.0.0.1:0"], **token_settings(bench)}, **top)
    return Daemon(bench, conf, listeners=2)


def reader_of(daemon):
    return Person(daemon, READ_TOKEN)


def refused(person, path):
    """Returns the status, the code and the words of a refusal."""
    status, headers, text = person.get(path)
    equal((status >= 400, headers["content-type"]), (True, "application/json"), text)
    said = json.loads(text)
    return status, said["code"], said["message"]


def query(**parameters):
    return "?" + urllib.parse.urlencode(parameters)


def ids_of(said):
    return [event["event_id"] for event in said["events"]]


def failing(bench, sites=("main",)):
    """Starts a daemon with events of several statuses; returns it with someone who may read."""
    sim = bench.sim()
    daemon = start(bench, sim, sites)
    for status, message_id, email in ((422, "m-1", "ann@example.com"), (422, "m-2", "bob@example.com"),
                                      (None, "m-3", None), (200, "m-4", "cyd@example.com")):
        if status == 200:
            sim.heal()
        elif status:
            sim.answer(status)
        daemon.accept("/v1/track", track(message_id, event=f"Order {EVIL}", email=email), key=sites[0])
        wait_until(lambda i=message_id: bench.outbox(i)["status"] != "pending", "it is settled")
    return sim, daemon, reader_of(daemon)


def test_events(bench):
    """/api/events: each criterion and the order agree with `list`; every member with the view"""
    _, daemon, reader = failing(bench, ("main", "other"))
    equal(bench.cli("pause", "--site", "other").returncode, 0, "paused")
    daemon.accept("/v1/identify", {"type": "identify", "messageId": "i-1", "userId": "u-9",
                                   "traits": {"email": "dan@example.com"}}, key="other")
    for parameters in ({}, {"site": "other"}, {"status": "failed"}, {"status": "failed,invalid"},
                       {"reason": "no_email"}, {"kind": "identify"}, {"kind": "track,page"},
                       {"name": "Order*"}, {"email": "*@EXAMPLE.com"}, {"email": "bob@example.com"},
                       {"message_id": "m-2"}, {"http_status": "422"}, {"error": "*"}, {"id": "1,3"},
                       {"since": "2000-01-01"}, {"until": "2000-01-01"}, {"since": "1000"}):
        said = reader.read("/api/events" + query(**parameters))
        options = [part for name, value in parameters.items() for part in (
            f"--{name.replace('_', '-')}", "1970-01-01T00:00:01Z" if value == "1000" else value)]
        if "id" in parameters:
            options = ["--id", "1", "--id", "3"]
        if "," in parameters.get("status", "") + parameters.get("kind", ""):
            [[name, value]] = parameters.items()
            options = [part for word in value.split(",") for part in (f"--{name}", word)]
        done = bench.cli("list", "--json", "--newest", "--limit", "0", *options)
        listed = [json.loads(line) for line in done.stdout.splitlines()]
        equal(ids_of(said), [str(event["event_id"]) for event in listed], f"{parameters}")
        equal((said["count"], said["count_more"], said["before"], said["searched_to"]),
              (str(len(listed)), False, None, None), f"{parameters}")
    [event] = reader.read("/api/events" + query(message_id="m-2"))["events"]
    [row] = bench.rows("SELECT * FROM outbox WHERE message_id = 'm-2'")
    equal(event, {
        "event_id": str(row["event_id"]), "site": "main", "message_id": "m-2", "kind": "track",
        "name": f"Order {EVIL}", "email": "bob@example.com", "status": "failed", "reason": "refused",
        "words": "Bento refused it: its answer says why", "attempts": row["attempts"],
        "maybe_sent": 0, "received_at": row["received_ms"], "occurred_at": row["occurred_ms"],
        "next_attempt_at": 0, "settled_at": row["settled_ms"], "http_status": 422,
        "error": row["error"], "detail": None}, "every member")


def test_events_pages(bench):
    """/api/events: pages join without a gap; limits below, at and above their edges are kept or refused"""
    daemon = start(bench, bench.sim())
    bench.cli("pause", "--site", "main")
    for first in range(0, 205, 41):
        daemon.accept("/v1/batch", {"batch": [track(f"m-{first + i}") for i in range(41)]}, key="main")
    reader = reader_of(daemon)
    every = [str(row["event_id"]) for row in
             bench.rows("SELECT event_id FROM outbox ORDER BY event_id DESC")]
    equal(len(ids_of(reader.read("/api/events"))), 50, "by default")
    for limit in (1, 2, 99, 100):
        equal(ids_of(reader.read(f"/api/events?limit={limit}")), every[:limit], f"limit {limit}")
    for limit in (0, 101, "x", ""):
        equal(refused(reader, f"/api/events?limit={limit}"),
              (400, "bad_parameter", "limit must be a whole number from 1 to 100")
              if limit != "" else (400, "bad_parameter",
                                   "limit must be a whole number from 1 to 100"), f"limit {limit}")
    found, before = [], ""
    while before is not None:
        said = reader.read(f"/api/events?limit=100{before and '&before=' + before}")
        equal(said["count"], "205" if before == "" else None, "the first page counts")
        found += ids_of(said)
        before = said["before"]
    equal(found, every, "all of them, once")
    equal(len(reader.read(f"/api/events?before={every[-1]}")["events"]), 0, "nothing before the first")
    equal(reader.read("/api/events?limit=5&before=9223372036854775807")["events"][0]["event_id"],
          every[0], "the largest id")


def test_events_refused(bench):
    """/api/events: what it does not know is refused by name; without a token nothing is shown"""
    daemon = start(bench, bench.sim())
    reader = reader_of(daemon)
    for text, words in (("sites=main", 'there is no parameter "sites"'),
                        ("status=failed&status=held", "status is given twice"),
                        ("status=broken", 'status cannot be "broken"'),
                        ("since=tomorrow", "since must be"), ("before=0", "before must be"),
                        ("http_status=42", "http_status must be"), ("name=%f", "name has no value"),
                        ("id=1.5", "id must be"), ("email=%FF", "email: is not UTF-8")):
        status, code, message = refused(reader, f"/api/events?{text}")
        equal((status, code), (400, "bad_parameter"), text)
        true(words in message, f"{text}: {message}")
    stranger = Person(daemon)
    for path in ("events", "event?id=1", "event/body?id=1", "event/sent?id=1", "errors", "operations",
                 "operation?id=1", "storage", "doctor"):
        equal(refused(stranger, f"/api/{path}")[:2], (401, "login_required"), path)
        equal(http_request(daemon.url(1), "POST", f"/api/{path.split('?')[0]}", "{}")[0],
              405 if path != "doctor" else 403, path)


def fill(bench, daemon, n):
    """Stores n events, which are not sent."""
    bench.cli("pause", "--site", "main")
    for first in range(0, n, 1000):
        daemon.accept("/v1/batch", {"batch": [track(f"m-{first + i}", event="A", email=f"p{i}@b.cc")
                                              for i in range(1000)]}, key="main")


def test_search_is_bounded(bench):
    """/api/events: a search of many events ends early with a cursor, health checks go between, and it
    finds all in the end"""
    daemon = start(bench, bench.sim())
    fill(bench, daemon, 150000)
    reader = reader_of(daemon)
    wanted = {str(row["event_id"]) for row in
              bench.rows("SELECT event_id FROM outbox WHERE email GLOB 'p99[0-4]@*'")}
    found, before, ends, searched = set(), "", [], []
    while before is not None:
        said = reader.read(f"/api/events?email=p99[0-4]@*&limit=100{before and '&before=' + before}")
        found |= set(ids_of(said))
        if said["searched_to"] is not None:
            equal(said["before"], said["searched_to"], "where to continue")
            true(len(said["events"]) < 100, "before the page was full")
            searched.append(int(said["searched_to"]))
        ends.append(int(said["before"] or 0))
        before = said["before"]
        equal(http_request(daemon.url(1), "GET", "/healthz", None, None)[0], 200, "between two searches")
    equal(found, wanted, "all of them")
    equal(ends, sorted(ends, reverse=True), "it gets on")
    nothing = reader.read("/api/events?email=*nobody*")
    true(nothing["searched_to"] is not None and nothing["count_more"], "it stops before the last of 150,000")
    equal((nothing["events"], nothing["count"]), ([], "0"), "so far")


def test_count_is_bounded(bench):
    """/api/events: matches are counted up to 10,000: below, at and above"""
    daemon = start(bench, bench.sim())
    fill(bench, daemon, 12000)
    reader = reader_of(daemon)
    [low] = bench.rows("SELECT min(event_id) AS id FROM outbox")
    for n, count, more in ((9999, "9999", False), (10000, "10000", False), (10001, "10000", True)):
        # Ids have no gaps here; the last one is named by its time, which all of a batch share.
        bench.cli("discard", "--status", "pending", "--limit", str(n), "--yes") if n == 9999 else \
            bench.cli("discard", "--status", "pending", "--limit", "1", "--yes")
        said = reader.read("/api/events?status=discarded&limit=1")
        equal((said["count"], said["count_more"]), (count, more), f"{n} of them, from {low['id']}")


def test_event(bench):
    """/api/event: all columns, and a timeline with the moments of `history`"""
    _, daemon, reader = failing(bench)
    event_id = bench.outbox("m-1")["event_id"]
    done = bench.cli("discard", "--id", str(event_id), "--note", f"a note {EVIL}")
    equal(done.returncode, 0, done.stderr)
    said = reader.read(f"/api/event?id={event_id}")
    [listed] = reader.read("/api/events?message_id=m-1")["events"]
    equal(said["event"], {k: v for k, v in listed.items()}, "the same as in the list")
    done = bench.cli("history", "--id", str(event_id), "--json")
    history = [json.loads(line) for line in done.stdout.splitlines()]
    equal([m["what"] for m in said["timeline"]], [m["what"] for m in history], "what happened")
    equal([m["what"] for m in history], ["received", "attempt", "operation", "settled"], "here")
    for moment, line in zip(said["timeline"], history):
        for name in ("outcome", "http_status", "error", "response", "actor", "note", "reason", "verb"):
            equal(moment.get(name), line.get(name), f"{moment['what']}: {name}")
        for name in ("attempt_id", "operation_id", "events"):
            equal(moment.get(name), str(line[name]) if name in line else None, name)
    table = bench.cli("history", "--id", str(event_id)).stdout
    for moment in said["timeline"]:
        true(moment["title"] in table, f"people see {moment['title']}")
    [body] = bench.rows("SELECT body FROM event WHERE event_id = ?", event_id)
    equal(said["body_bytes"], len(body["body"].encode()), "the size of the body")
    attempt = said["timeline"][1]
    equal(said["sent"], {"possible": True, "cannot": None, "bytes": said["sent"]["bytes"], "exact": True,
                         "attempt_id": attempt["attempt_id"], "to": "Bento"}, "what was sent")
    for path, status, code in (("?id=99", 404, "not_found"), ("", 400, "bad_parameter"),
                               ("?id=0", 400, "bad_parameter"), ("?id=1&x=2", 400, "bad_parameter"),
                               ("?id=9223372036854775808", 400, "bad_parameter"),
                               ("?id=9223372036854775807", 404, "not_found")):
        for route in ("event", "event/body", "event/sent"):
            equal(refused(reader, f"/api/{route}{path}")[:2], (status, code), f"{route}{path}")


def test_event_bytes(bench):
    """/api/event/body and /sent: the bytes that were received and those that Bento got, as text"""
    sim, _, reader = failing(bench)
    for message_id in ("m-1", "m-4"):
        event_id = bench.outbox(message_id)["event_id"]
        [row] = bench.rows("SELECT body FROM event WHERE event_id = ?", event_id)
        status, headers, text = reader.get(f"/api/event/body?id={event_id}")
        equal((status, headers["content-type"], headers["x-content-type-options"]),
              (200, "text/plain; charset=utf-8", "nosniff"), text)
        equal(text, row["body"], "as received")
        _, headers, text = reader.get(f"/api/event/sent?id={event_id}")
        equal(headers["content-type"], "text/plain; charset=utf-8", "no browser takes it for a page")
        equal(json.loads(text)["email"], bench.outbox(message_id)["email"], "what was sent")
        shown = bench.cli("show", str(event_id), "--sent")
        if shown.returncode == 0:
            equal(json.loads(text), json.loads(shown.stdout), "the same as show")
    true(len(sim.events()) == 1, "Bento has one of them")
    nobody = bench.outbox("m-3")["event_id"]
    equal(refused(reader, f"/api/event/sent?id={nobody}"),
          (404, "not_sendable", f"nothing can be sent for event {nobody}: it has no e-mail address"),
          "words instead")
    sent = reader.read(f"/api/event?id={nobody}")["sent"]
    equal((sent["possible"], sent["cannot"], sent["bytes"], sent["attempt_id"]),
          (False, "it has no e-mail address", None, None), "in the event, too")


def test_event_without_body(bench):
    """/api/event: an event whose body retention removed says so, and has no bytes"""
    _, daemon, _ = failing(bench)
    event_id = bench.outbox("m-4")["event_id"]
    daemon.stop()
    with contextlib.closing(sqlite3.connect(bench.database)) as connection:
        give_rows(connection)
        connection.execute("UPDATE delivery SET settled_at = settled_at - 60 * 86400000 WHERE event_id = ?",
                           (event_id,))
        connection.commit()
    daemon = Daemon(bench, daemon.conf, listeners=2)
    equal(bench.cli("purge", "--yes").returncode, 0, "purged")
    reader = reader_of(daemon)
    said = reader.read(f"/api/event?id={event_id}")
    equal((said["body_bytes"], said["sent"]["possible"], said["sent"]["cannot"]),
          (None, False, "its body was removed by retention"), "no body")
    equal(refused(reader, f"/api/event/body?id={event_id}"),
          (404, "body_removed", f"retention removed the body of event {event_id}"), "no bytes")


def test_errors(bench):
    """/api/errors: the groups of `errors`, each with a filter that selects it and the command"""
    _, daemon, reader = failing(bench, ("main", "other"))
    daemon.accept("/v1/track", track("o-1", email=None), key="other")
    said = reader.read("/api/errors")
    done = bench.cli("errors", "--json")
    groups = [json.loads(line) for line in done.stdout.splitlines()]
    equal((said["complete"], said["groups"]), (True, str(len(groups))), "all of them")
    for group, line in zip(said["errors"], groups):
        for name in ("site", "status", "reason", "error", "mend"):
            equal(group[name], line[name], name)
        equal((group["events"], group["example"]["event_id"]),
              (str(line["events"]), str(line["example"]["event_id"])), "exact numbers")
        true(0 < group["first_at"] <= group["last_at"], "times")
        chosen = {"status": ",".join(group["mend"]["filter"]["status"]),
                  **{name: group["mend"]["filter"][name] for name in ("site", "reason", "error")
                     if name in group["mend"]["filter"]}}
        equal(reader.read("/api/events" + query(**chosen))["count"], group["events"], "its events")
    equal({(g["status"], g["reason"], g["words"], g["mend"]["verb"]) for g in said["errors"]},
          {("failed", "refused", "Bento refused it: its answer says why", "requeue"),
           ("invalid", "no_email", "it has no e-mail address", "discard")}, "words and verbs")
    equal([g["site"] for g in reader.read("/api/errors?site=other")["errors"]], ["other"], "of one site")
    equal(reader.read("/api/errors?site=nowhere"), {"errors": [], "groups": "0", "complete": True}, "none")
    equal(refused(reader, "/api/errors?limit=3")[1], "bad_parameter", "no such parameter")


def test_operation(bench):
    """/api/operation: who, why, which, and what the events were before"""
    _, _, reader = failing(bench)
    done = bench.cli("discard", "--status", "failed", "--status", "invalid", "--note", EVIL, "--yes")
    equal(done.returncode, 0, done.stderr)
    [row] = bench.rows("SELECT * FROM operations")
    said = reader.read(f"/api/operation?id={row['operation_id']}")
    [listed] = reader.read("/api/operations")["operations"]
    equal(said["operation"], listed, "as in the list")
    equal((listed["note"], listed["filter"], listed["events"], listed["undone_by"], listed["undoes"]),
          (EVIL, {"status": ["failed", "invalid"]}, "3", "0", "0"), "why and which")
    equal((said["before"], len(said["sample"])), ({"failed": "2", "invalid": "1"}, 3), "what they were")
    equal(bench.cli("undo", str(row["operation_id"]), "--yes").returncode, 0, "undone")
    undo, undone = reader.read("/api/operations")["operations"]
    equal((undo["undoes"], undone["undone_by"]), (undone["operation_id"], undo["operation_id"]), "both say so")
    equal(refused(reader, "/api/operation?id=99")[:2], (404, "not_found"), "none")
    equal(refused(reader, "/api/operation")[:2], (400, "bad_parameter"), "which one?")


def test_needs(bench):
    """/api/overview: the needs are those that `status` finds; a need that may quote somebody is shown after a login only"""
    _, daemon, reader = failing(bench, ("main", "other"))
    equal(bench.cli("pause", "--site", "other", "--note", "x").returncode, 0, "paused")
    problems = json.loads(bench.cli("status", "--json").stdout)["problems"]
    # Failures are counted every ten seconds.
    wait_until(lambda: len(reader.read("/api/overview")["needs"]) == len(problems), "all of them")
    said = reader.read("/api/overview")
    equal([need["text"] for need in said["needs"]], problems, "the same sentences")
    true("failed" in problems[0] and "was paused by" in problems[1], f"{problems}")
    equal([(need["command"], need["screen"]) for need in said["needs"]],
          [("bentospool errors", "#/errors"), ("bentospool resume --site other", None)], "what to do")
    equal(said["needs_hidden"], 0, "none is left out")
    status, _, text = http_request(daemon.url(1), "GET", "/api/overview", None, None)
    stranger = json.loads(text)
    equal((status, [need["text"] for need in stranger["needs"]], stranger["needs_hidden"]),
          (200, problems[:1], 1), "who paused it is not for everybody")
    [[paused], [hidden]] = [[site for site in seen["sites"] if site["site"] == "other"] for seen in (said, stranger)]
    true(paused["paused_by"] != "" and paused["pause_note"] == "x", f"who may read sees it: {paused}")
    equal((hidden["paused_by"], hidden["pause_note"], hidden["paused_at"]), ("", "", paused["paused_at"]), "a stranger: when")
    equal(bench.cli("resume", "--site", "other").returncode, 0, "resumed")
    equal([need["text"] for need in reader.read("/api/overview")["needs"]], problems[:1], "at once")


def test_wrong_keys(bench):
    """/api/overview and /api/errors: a site that wrong keys paused needs a person; the command that is offered tries it again"""
    sim = bench.sim()
    sim.answer(401)
    daemon = start(bench, sim, site={"retry_first": 3600, "retry_max": 3600})
    daemon.accept("/v1/track", track("m-1"), key="main")
    wait_until(lambda: bench.rows("SELECT 1 FROM sites WHERE state = 'paused'"), "401 pauses it")
    reader = reader_of(daemon)
    [group] = reader.read("/api/errors")["errors"]
    then = "then bentospool reload after a change here, bentospool flush after one at Bento"
    equal((group["status"], group["mend"]["verb"]), ("pending", None), "the group")
    true("a new secret" in group["mend"]["why"] and then in group["mend"]["why"], group["mend"]["why"])
    true("a new secret" in bench.cli("errors").stdout, "the verb says so, too")
    [need] = reader.read("/api/overview")["needs"]
    true(need["text"].startswith("site main is paused: HTTP 401"), need["text"])
    equal(need["command"], "bentospool reload", "what to do")
    sim.heal()
    equal(bench.cli(*need["command"].split()[1:]).returncode, 0, "reload")
    bench.wait_settled(1)


def test_forecast(bench):
    """/api/overview: each site has rates and a forecast, or the reason why there is none"""
    daemon = start(bench, bench.sim(), ("main", "other"))
    equal(bench.cli("pause", "--site", "other").returncode, 0, "paused")
    daemon.accept("/v1/track", track("b-1"), key="other")
    main, other = reader_of(daemon).read("/api/overview")["sites"]
    equal((main["forecast"]["drain_ms"], main["forecast"]["because"], main["forecast"]["words"]),
          (0, None, "nothing waits"), "nothing to send")
    equal((other["forecast"]["drain_ms"], other["forecast"]["because"]), (None, "the site is paused"), "never")
    shown = json.loads(bench.cli("status", "--json").stdout)["sites"]
    for site, row in zip((main, other), shown):
        equal(site["forecast"]["pace_per_minute"], row["pace_per_minute"], "as status")


def test_boxes(bench):
    """/api/overview: the boxes of a fleet as each described itself"""
    daemon = start(bench, bench.sim())
    reader = reader_of(daemon)
    equal(reader.read("/api/overview")["boxes"], [], "none")
    daemon.stop()
    with contextlib.closing(sqlite3.connect(bench.database)) as connection:
        connection.execute("INSERT INTO box (site_id, name, first_seen_at, last_seen_at, version, backlog,"
                           " oldest_at, events, duplicates, bytes, body_bytes) VALUES"
                           " (1, ?, 1000, 2000, '1.0', 7, 1500, 9007199254740993, 2, 30, 40)", (EVIL,))
        connection.commit()
    daemon = Daemon(bench, daemon.conf, listeners=2)
    equal(reader_of(daemon).read("/api/overview")["boxes"],
          [{"box": EVIL, "site": "main", "first_seen_at": 1000, "last_seen_at": 2000, "version": "1.0",
            "backlog": "7", "oldest_at": 1500, "events": "9007199254740993", "duplicates": "2",
            "bytes": 30, "body_bytes": 40}], "every member")
    daemon.stop()
    listed = {"boxes": [f"store-1 {'k' * 16}"]}
    said = reader_of(start(bench, bench.sim(), site=listed)).read("/api/overview")
    equal([(box["box"], box["site"], box["first_seen_at"], box["last_seen_at"], box["backlog"]) for box in said["boxes"]],
          [(EVIL, "main", 1000, 2000, "7"), ("store-1", "main", 0, 0, None)], "a listed box that was never seen")
    equal(said["needs"], [], "which needs no attention yet")


def test_storage(bench):
    """/api/storage: sizes, the settings of retention in force, also after a reload"""
    daemon = start(bench, bench.sim())
    reader = reader_of(daemon)
    said = reader.read("/api/storage")
    equal((said["database"], said["ok"], said["trouble"]), (bench.database, True, ""), "which file")
    equal(said["database_bytes"], os.path.getsize(bench.database), "its size")
    disk = os.statvfs(bench.database)
    true(abs(said["free_bytes"] - disk.f_bavail * disk.f_frsize) < 1 << 30, "free bytes")
    equal((said["growth_per_hour"], said["hours"]), (None, None), "not known in the first minutes")
    equal((said["retention"]["delivered_rows"], said["retention"]["archive"]), (365, None), "by default")
    equal(reader.read("/api/overview")["disk"]["min_free_bytes"], said["min_free_bytes"], "as in the overview")
    with open(daemon.conf, "a", encoding="utf-8") as file:
        file.write(spooltest.conf_section("retention", {"delivered_rows": 400}) + "\n")
    equal(bench.cli("reload").returncode, 0, "reloaded")
    equal(reader.read("/api/storage")["retention"]["delivered_rows"], 400, "the new setting")
    equal(reader.read("/api/storage")["readers"], [], "nobody else reads")
    with contextlib.closing(sqlite3.connect(f"file:{bench.database}?mode=ro", uri=True)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM outbox").fetchall()
        [row] = reader.read("/api/storage")["readers"]
        equal((row["pid"], row["name"].startswith("python")), (os.getpid(), True), row)
    equal(reader.read("/api/storage")["readers"], [], "it has finished")
    with open(bench.database + "-shm", "r+b") as shm:
        for byte in (124, 126):  # as two connections that read
            fcntl.lockf(shm, fcntl.LOCK_SH, 1, byte)
        equal(reader.read("/api/storage")["readers"], [row], "a program is named once")
    equal(refused(reader, "/api/storage?x=1")[:2], (400, "bad_parameter"), "it has no parameter")


def keys_of(value):
    if isinstance(value, list):
        return set().union(*map(keys_of, value))
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set()


def test_document(bench):
    """doc/dashboard.md: its commands work, and it names every path and every member"""
    with open(os.path.join(spooltest.srcdir(), "doc", "dashboard.md"), encoding="utf-8") as file:
        document = file.read()
    with open(os.path.join(spooltest.srcdir(), "src", "admin", "routes.c"), encoding="utf-8") as file:
        paths = set(re.findall(r'\{ "(/api/[a-z/]+)", ROUTE_READ', file.read()))
    equal({path for path in paths if path not in document}, set(), "every path")
    _, daemon, reader = failing(bench)
    equal(bench.cli("discard", "--status", "failed", "--note", "x", "--yes").returncode, 0, "discarded")
    commands = re.findall(r"^    (curl .*)$", document, re.M)
    true(len(commands) >= 4, "there are commands")
    members = set()
    for command in commands:
        done = subprocess.run(["bash", "-c", command.replace("http://127.0.0.1:7390", daemon.url(1))
                               .replace("curl ", "curl -sf ", 1)], cwd=bench.path("."), check=False,
                              capture_output=True, text=True, timeout=60)
        equal(done.returncode, 0, f"{command}: {done.stderr}")
        members |= keys_of(json.loads(done.stdout))
    wait_until(lambda: not reader.read("/api/doctor")["running"], "doctor ends")
    for path in ("overview", "doctor", "operations", "operation?id=1", "storage", "event?id=1", "event?id=3"):
        members |= keys_of(reader.read(f"/api/{path}"))
    done = subprocess.run(["curl", "-sf", "-H", f"Authorization: Bearer {ACT_TOKEN}", "-H",
                           "Content-Type: application/json", "-d",
                           '{"verb":"undo","id":"1","dry_run":true,"name":"Anna"}', f"{daemon.url(1)}/api/act"],
                          check=True, capture_output=True, text=True, timeout=60)
    members |= keys_of(json.loads(done.stdout))
    # Settings and options are in the manual, statuses in bentospool-schema(7).
    members -= set(reader.read("/api/storage")["retention"]) | {"http-status", "message-id"}
    members -= set(reader.read("/api/overview")["sites"][0]["counts"])
    equal({name for name in members if f"`{name}`" not in document}, set(), "every member")


if __name__ == "__main__":
    spooltest.main()
