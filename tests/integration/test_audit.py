#!/usr/bin/env python3
"""Every recipe of doc/audit.md, run by the real sqlite3 shell on a spool with a history."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolchecksum import seal  # noqa: E402
from spoolhistory import give_history, give_rows, steps  # noqa: E402
from spooltest import Skip, equal, track, true, wait_until  # noqa: E402


def recipes():
    """Returns the question of each recipe, or the text before it, and its SQL."""
    with open(os.path.join(spooltest.srcdir(), "doc", "audit.md"), encoding="utf-8") as file:
        text = file.read()
    found = {}
    for heading, part in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", text, re.M | re.S):
        for i, sql in enumerate(re.findall(r"^```sql\n(.*?)^```", part, re.M | re.S)):
            found[heading if i == 0 else f"{heading} {i + 1}"] = sql
    return found


def ask(bench, sql):
    """Returns the rows that the shell prints."""
    done = subprocess.run(["sqlite3", "-readonly", "-json", bench.database], input=sql, text=True,
                          capture_output=True, timeout=60, check=False)
    equal((done.returncode, done.stderr), (0, ""), "the shell")
    return json.loads(done.stdout) if done.stdout.strip() else []


def fill(bench):
    """Fills the spool with deliveries, refusals, a repeat, orders, an outage, operations and a
    gap."""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    for i, revenue in enumerate((20, 5.5)):
        daemon.accept("/v1/track", track(f"m-{i}", event="Order Completed",
                                         properties={"order_id": i, "revenue": revenue}))
    bench.wait_settled(2)
    sim.faults("refuse=Bad*")
    daemon.accept("/v1/track", track("m-refused", event="Bad Name", email="Bob@example.com"))
    bench.wait_settled(3)
    sim.faults("reset=after-accept,count=1")
    daemon.accept("/v1/track", track("m-twice", event="Seen"))
    bench.wait_settled(4)
    daemon.accept("/v1/page", {"messageId": "m-page", "userId": "u"})
    bench.wait_settled(5)
    sim.answer(503)
    daemon.accept("/v1/track", track("m-waits", event="Late"))
    wait_until(lambda: bench.value("SELECT count(*) FROM attempts WHERE http_status = 503"), "a 503")
    daemon.post("/v1/nowhere", track("m-nowhere"))
    wait_until(lambda: bench.rows("SELECT * FROM refusals"), "a refusal is counted")
    equal(bench.cli("discard", "--message-id", "m-page", "--note", "no pages").returncode, 0, "discard")
    equal(bench.cli("pause", "--site", "main", "--note", "stocktaking").returncode, 0, "pause")
    daemon.accept("/v1/track", track("m-erased", event="Gone", email="gone@example.com"))
    equal(bench.cli("erase", "--email", "gone@example.com", "-y").returncode, 0, "erase")
    daemon.stop()
    # Makes some events a day older, and removes an old one as retention would.
    with sqlite3.connect(bench.database) as file:
        give_rows(file)
        file.execute("UPDATE delivery SET settled_at = settled_at - 86400000 WHERE event_id = 1")
        file.execute("UPDATE event SET received_at = received_at - 86400000 WHERE event_id = 1")
        seal(file)
        file.execute("DELETE FROM event WHERE event_id = 2")
        file.execute("DELETE FROM delivery WHERE event_id = 2")
    file.close()


def columns(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


def test_recipes(bench):
    """each recipe answers its question"""
    if not shutil.which("sqlite3"):
        raise Skip("there is no sqlite3")
    fill(bench)
    got = {question: ask(bench, sql) for question, sql in recipes().items()}
    checks = {
        "What happened to this messageId?": lambda r: columns(r, "status", "reason", "attempts") == [
            ("failed", "refused", 1)],
        "What happened to this messageId? 2": lambda r: columns(r, "outcome") == [("refused",)],
        "What was delivered yesterday, by type?": lambda r: columns(r, "name", "events") == [
            ("Order Completed", 1)],
        "Which events of this address failed, and why?": lambda r: columns(
            r, "name", "status", "reason") == [("Bad Name", "failed", "refused")] and r[0]["error"],
        "What did Bento answer last?": lambda r: (len(r) == 5 and r[0]["http_status"] == 503
                                                  and r[0]["outcome"] == "retry"),
        "How do attempts end, hour by hour?": lambda r: {row["outcome"] for row in r} == {
            "delivered", "refused", "retry", "unknown"},
        "How long does delivery take?": lambda r: (r[0]["events"] == 2
                                                   and 0 <= r[0]["p50"] < 60
                                                   and r[0]["p99"] >= r[0]["p50"]),
        "What may have reached Bento twice?": lambda r: columns(r, "message_id", "maybe_sent") == [
            ("m-twice", 1)],
        "Is anything missing?": lambda r: columns(r, "first_missing", "last_missing") == [(2, 2)],
        "Which requests have an unknown end?": lambda r: columns(
            r, "outcome", "events") == [("unknown", 1)],
        "In which hours of the last day did nothing arrive?": lambda r: 22 <= len(r) <= 24,
        "What arrived in the last hour?": lambda r: ("track", "Bad Name") in columns(
            r, "kind", "name") and sum(row["events"] for row in r) >= 4,
        "What is pending, and for how long?": lambda r: columns(r, "site", "why", "events") == [
            ("main", "due", 1)],
        "How do the sites stand?": lambda r: columns(r, "site") == [("main",)],
        "Which requests were refused?": lambda r: columns(r, "reason", "requests") == [("not_found", 1)],
        "What did operators do?": lambda r: columns(r, "verb", "note") == [
            ("erase", None), ("pause", "stocktaking"), ("discard", "no pages")],
        "Who paused a site, and who resumed it?": lambda r: columns(r, "verb", "note") == [
            ("pause", "stocktaking")],
        "What was erased?": lambda r: columns(r, "events") == [(1,)],
        "What was not sent, and why?": lambda r: columns(r, "status", "reason", "events") == [
            ("discarded", "erased", 1), ("discarded", "operator", 1), ("failed", "refused", 1)],
        "What did each person's orders bring?": lambda r: columns(r, "email", "orders", "revenue") == [
            ("ann@example.com", 1, 20)],
    }
    equal(sorted(checks), sorted(got), "the questions of doc/audit.md")
    for question, check in checks.items():
        true(check(got[question]), f"{question} {got[question]}")


READ_ALL = ("Is anything missing?",)


def test_plans(bench):
    """no query reads every event or every request, except the one that says so"""
    fill(bench)
    with sqlite3.connect(bench.database) as file:
        give_history(file)
    file.close()
    for question, sql in recipes().items():
        taken = steps(bench.database, sql)
        equal(taken > 60, question in READ_ALL, f"{question}: {taken} thousand steps")


def move(bench, table, column, key, to):
    """Sets a time (ms since 1970)."""
    with sqlite3.connect(bench.database) as file:
        give_rows(file)
        file.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = 1", (to,))
        seal(file)
    file.close()


def test_windows(bench):
    """a period begins at the same time of day, not at midnight; percentiles work for a single
    event"""
    if not shutil.which("sqlite3"):
        raise Skip("there is no sqlite3")
    sim = bench.sim()
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", track("m-0"))
    bench.wait_settled(1)
    daemon.stop()
    took, ended = (recipes()[q] for q in ("How long does delivery take?",
                                          "How do attempts end, hour by hour?"))
    row = ask(bench, took)[0]
    true(row["events"] == 1 and row["p50"] == row["p90"] == row["p99"] is not None,
         f"one event {row}")
    equal(columns(ask(bench, ended), "attempts"), [(1,)], "attempts of the last day")
    # Midnight of the first day is before the period begins.
    day = 86400000
    midnight = int(time.time() * 1000) // day * day
    move(bench, "delivery", "settled_at", "event_id", midnight - 7 * day)
    move(bench, "attempt", "started_at", "attempt_id", midnight - day)
    equal(columns(ask(bench, took), "events"), [(0,)], "delivered more than 7 days ago")
    equal(ask(bench, ended), [], "attempts of more than a day ago")


def test_shell_left_open(bench):
    """a shell with an open transaction stops neither receipt nor delivery"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", track("m-0"))
    bench.wait_settled(1)
    reader = sqlite3.connect(f"file:{bench.database}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    equal(reader.execute("SELECT count(*) FROM outbox").fetchone(), (1,), "what it sees")
    for i in range(20):
        daemon.accept("/v1/batch", {"batch": [track(f"m-{i}-{k}") for k in range(200)]})
    bench.wait_settled(4001)
    equal(reader.execute("SELECT count(*) FROM outbox").fetchone(), (1,), "what it still sees")
    reader.close()
    daemon.stop()
    equal(os.path.getsize(bench.database + "-wal"), 0, "the log is cut in the end")
    equal(len(sim.keys()), 4001, "events at Bento")


spooltest.main()
