#!/usr/bin/env python3
"""age, errors, history, tail, top and status: their output and its time zone."""
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import termios

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from spoolchecksum import seal  # noqa: E402
from spoolscreen import Screen  # noqa: E402
import spooltest  # noqa: E402
from spooltest import binary, equal, track, true, wait_until  # noqa: E402

UTC = {"TZ": "UTC"}
# An offset and a name that no real time zone has.
ZONE = {"TZ": "<ZZZ>-5:45"}


def objects(done):
    """Returns the objects that --json printed, one on each line."""
    equal(done.returncode, 0, f"exit status; it said {done.stderr!r}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def text_of(done):
    equal(done.returncode, 0, f"exit status; it said {done.stderr!r}")
    return done.stdout


def narrow(text, what):
    """Checks that no line is longer than 80 columns."""
    wide = [line for line in text.splitlines() if len(line) > 80]
    true(not wide, f"{what} passes 80 columns: {wide!r}")


def on_terminal(bench, *argv, env=None):
    """Returns what a verb prints on a terminal of 80 columns."""
    with Screen(bench, *argv, env=env) as screen:
        screen.wait_end()
        return screen.text()


def backlog(bench, *events):
    """Stores pending events, given as pairs of name and age in minutes, and stops the daemon."""
    daemon = bench.daemon()
    bench.cli("pause")
    for i, (name, _) in enumerate(events):
        daemon.accept("/v1/track", track(f"m-{i}", event=name))
    daemon.stop()
    connection = spooltest.sqlite3.connect(bench.database)
    for i, (_, minutes) in enumerate(events):
        connection.execute("UPDATE event SET received_at = received_at - ? WHERE message_id = ?",
                           (minutes * 60000, f"m-{i}"))
    seal(connection)
    connection.commit()
    connection.close()
    return daemon


def test_age(bench):
    """age: counts pending events by name and age, and the rarer names together"""
    backlog(bench, ("Order", 0), ("Order", 7), ("Order", 2000), ("Visit", 7), ("Visit", 100),
            ("Rare", 0))
    rows = objects(bench.cli("age", "--json", "--limit", "2"))
    equal([(row["row"], row["name"], row["events"], row["older"]) for row in rows],
          [("all", None, 6, 1), ("name", "Order", 3, 1), ("name", "Visit", 2, 0),
           ("others", None, 1, 0)], "rows")
    ages = [{k: n for k, n in row["under_minutes"].items() if n} for row in rows]
    equal(ages, [{"5": 2, "10": 2, "160": 1}, {"5": 1, "10": 1}, {"10": 1, "160": 1}, {"5": 1}],
          "ages")
    text = text_of(bench.cli("age"))
    true(re.search(r"^Order +3 +1 +1( +0){7} +1$", text, re.M), f"a row: {text}")
    narrow(text, "age")
    equal([row["name"] for row in objects(bench.cli("age", "--json", "--name", "V*"))],
          [None, "Visit"], "under a filter")
    equal(bench.cli("age", "--status", "failed").returncode, 3, "exit status of no match")


def failing(bench):
    """Starts a daemon with four events: two refused alike by Bento, one invalid, one waiting after
    a 503."""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    for status, message_id, email in ((422, "m-1", "ann@example.com"), (422, "m-2", "bob@example.com"),
                                      (None, "m-3", None), (503, "m-4", "cyd@example.com")):
        if status:
            sim.answer(status)
        daemon.accept("/v1/track", track(message_id, email=email))
        if status != 503:
            wait_until(lambda i=message_id: bench.outbox(i)["status"] != "pending", "it is settled")
    wait_until(lambda: bench.outbox("m-4")["http_status"] == 503, "an attempt for the one that waits")
    return sim, daemon


def test_errors(bench):
    """errors: failures are grouped by site, status and error text, each group with an example"""
    _, daemon = failing(bench)
    daemon.stop()
    found = objects(bench.cli("errors", "--json"))
    equal([(f["status"], f["http_status"], f["events"], f["site"]) for f in found],
          [("failed", 422, 2, "main"), ("invalid", None, 1, "main"), ("pending", 503, 1, "main")]
          if found[1]["status"] == "invalid" else
          [("failed", 422, 2, "main"), ("pending", 503, 1, "main"), ("invalid", None, 1, "main")],
          "groups")
    refused = found[0]
    row = bench.outbox("m-2")
    equal(refused["example"], {"event_id": row["event_id"], "error": row["error"]}, "the example")
    times = bench.rows("SELECT min(finished_at) AS a, max(finished_at) AS b FROM attempts"
                       " WHERE http_status = 422 AND attempt_id IN (SELECT last_attempt_id FROM"
                       " delivery)")[0]
    equal((refused["first_at"], refused["last_at"]), (times["a"], times["b"]), "first and last")
    text = text_of(bench.cli("errors"))
    true("2 events failed, HTTP 422, " in text, f"for people: {text}")
    true(f"bentospool show {row['event_id']}\n" in text, f"what to look at: {text}")
    narrow(text, "errors")
    shown = {shlex.split(line)[1]: shlex.split(line)
             for line in text.replace("\\\n", "").splitlines() if line.startswith("  bentospool ")}
    equal(set(shown), {"requeue", "discard"}, "what mends them")
    for group in found:
        if group["mend"]["verb"] is None:
            equal(group["status"], "pending", "nothing has to be done")
            continue
        command = shlex.split(group["mend"]["command"])
        equal(shown[group["mend"]["verb"]], command, "people see the same command")
        equal(len(objects(bench.cli("list", "--json", *command[2:]))), group["events"], "its filter")
        true(f"{group['events']} event" in text_of(bench.cli(*command[1:], "--dry-run")), "it runs")
    equal([f["status"] for f in objects(bench.cli("errors", "--json", "--http-status", "503"))],
          ["pending"], "under a filter")
    equal(bench.cli("errors", "--status", "held").returncode, 3, "exit status of no match")


def test_errors_delivered_is_none(bench):
    """errors: delivered events and events that were never tried do not count as failures"""
    daemon = bench.daemon(bench.sim())
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    bench.cli("pause")
    daemon.accept("/v1/track", track("m-2"))
    equal(bench.cli("errors").returncode, 3, "exit status")
    equal(bench.cli("errors", "--status", "delivered").returncode, 3, "not even when asked for")


def test_history(bench):
    """history: arrival, attempts, operations and the end, by time"""
    sim, daemon = failing(bench)
    bench.cli("requeue", "--message-id", "m-1", "--yes", "--note", "again")
    bench.cli("discard", "--message-id", "m-4", "--yes", "--note", "no more")
    sim.heal()
    wait_until(lambda: bench.outbox("m-1")["status"] == "delivered", "it is delivered")
    daemon.stop()
    told = objects(bench.cli("history", "--json", "--message-id", "m-1"))
    equal({line["message_id"] for line in told}, {"m-1"}, "of whom")
    what = [line["what"] for line in told]
    equal((what[0], what[-1], what.count("operation")), ("received", "settled", 1), "what")
    equal([line["at"] for line in told], sorted(line["at"] for line in told), "by time")
    attempts = bench.rows("SELECT attempt_id, outcome, http_status FROM history"
                          " WHERE message_id = 'm-1' ORDER BY attempt_id")
    equal([{key: line[key] for key in attempts[0]} for line in told if line["what"] == "attempt"],
          attempts, "attempts as in the view")
    operation = [line for line in told if line["what"] == "operation"][0]
    equal((operation["verb"], operation["note"], operation["status_before"]),
          ("requeue", "again", "failed"), "the operation")
    equal(told[-1]["status"], "delivered", "the end")
    text = text_of(bench.cli("history", "--id", "1,4", "--utc"))
    for words in ("event 1, delivered: track", r"attempt 1 +refused, HTTP 422",
                  r"requeue +operation \d+ by .*, status before: failed: again", "event 4, discarded",
                  "discarded  operator"):
        true(re.search(words, text), f"{words!r} in {text}")
    equal(bench.cli("history").returncode, 2, "exit status without a filter")
    equal(bench.cli("history", "--message-id", "nobody").returncode, 3, "of no match")


class Tail:
    """Runs tail with its output in a pipe."""

    def __init__(self, bench, *argv):
        # pylint: disable=consider-using-with
        self.popen = subprocess.Popen(
            [binary("bentospool"), "tail", "-c", bench.path("bentospool.conf"), *argv],
            stdout=subprocess.PIPE, text=True, cwd=bench.dir, env={**os.environ, **UTC})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()

    def next(self):
        """Returns the next line, however long it takes."""
        line = self.popen.stdout.readline()
        true(line, "tail ended")
        return line

    def until(self, wanted):
        """Reads lines up to the one that matches; returns them all."""
        lines = []
        while not lines or not re.search(wanted, lines[-1]):
            lines.append(self.next())
        return lines


def test_tail(bench):
    """tail: prints the last lines, then events, attempts and operations as they come; SIGINT ends
    it with 0"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    for i in range(3):
        daemon.accept("/v1/track", track(f"m-{i}", event=f"Old {i}"))
    bench.wait_settled(3)
    with Tail(bench, "--limit", "1") as tail:
        true("TIME UTC" in tail.next() and " attempt " in tail.next(), "the last line")
        sim.answer(422)
        daemon.accept("/v1/track", track("m-new", event="New"))
        lines = tail.until(r"attempt \d+ +refused +HTTP 422, 1 event")
        equal([line for line in lines if "event 4 " in line and "New  ann@example.com" in line],
              lines[:1], "the arrival comes first, and once")
        bench.cli("requeue", "--message-id", "m-new", "--yes", "--note", "try again")
        lines += tail.until(r"operation \d+ +requeue +by .*try again")
        lines += tail.until(r"attempt \d+ +refused")
        daemon.accept("/v1/track", track("m-newer", event="Newer"))
        lines += tail.until("Newer")
        lines += tail.until(r"attempt \d+ +refused")
        told = [line.split()[2:4] for line in lines]
        equal(sorted(told), sorted(map(list, {tuple(words) for words in told})), "each once")
        tail.popen.send_signal(signal.SIGINT)
        equal(tail.popen.wait(30), 0, "exit status after SIGINT")
    with Tail(bench, "--limit", "0") as tail:
        tail.popen.stdout.close()
        tail.popen.wait(30)


def test_tail_filter(bench):
    """tail: a filter on events selects arrivals, members of attempts, and operations"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    bench.cli("pause")
    for who in ("ann", "bob", "ann"):
        daemon.accept("/v1/track", track(f"m-{who}-{len(bench.outbox())}",
                                         email=f"{who}@example.com"))
    bench.cli("resume")
    bench.wait_settled(3)
    bench.cli("requeue", "--id", "2", "--yes")
    wait_until(lambda: bench.outbox("m-bob-1")["attempts"] > 0
               and bench.outbox("m-bob-1")["status"] == "delivered", "sent again")
    argv = ("tail", "--no-follow", "--json", "--email", "ann@*", "--limit", "100")
    told = objects(bench.cli(*argv))
    equal(sorted(line["event"]["event_id"] for line in told if line["what"] == "event"), [1, 3],
          "arrivals")
    members = [line for line in told if line["what"] == "member"]
    equal(sorted(line["event"]["event_id"] for line in members), [1, 3], "members")
    equal({line["outcome"] for line in members}, {"delivered"}, "what became of them")
    equal([line for line in told if line["what"] == "operation"], [], "operations of others")
    told = objects(bench.cli("tail", "--no-follow", "--json", "--id", "2", "--limit", "100"))
    equal([line["verb"] for line in told if line["what"] == "operation"], ["requeue"],
          "its operation")
    equal(bench.cli("tail", "--limit", "501").returncode, 2, "exit status of a limit too large")


def test_tail_settled(bench):
    """tail: an event that is settled without an attempt has a line, too"""
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim, max_age=1)
    daemon.accept("/v1/track", track("m-old", event="Old"))
    wait_until(lambda: bench.statuses() == {"failed": 1}, "given up")

    def told():
        text = bench.cli("tail", "--no-follow", "--limit", "100").stdout
        return re.findall(r"settled 1 +failed +Old  ann@example.com  expired", text)
    wait_until(lambda: len(told()) == 1, "its line")


def test_status_forecast(bench):
    """status: shows rates, when the backlog will be empty or why not, and the free disk space"""
    sim = bench.sim()
    daemon = bench.daemon(sim, requests_per_minute=600, batch_events=10)
    for i in range(4):
        daemon.accept("/v1/track", track(f"m-{i}"))
    bench.wait_settled(4)
    site = objects(bench.cli("status", "--json"))[0]["sites"][0]
    true(0 < site["in_per_minute"] <= 4 and 0 < site["out_per_minute"] <= 4, f"rates: {site}")
    equal((site["pace_per_minute"], site["drained_in_seconds"]), (6000, 0), "pace and drain")
    bench.cli("pause", "--note", "Bento migrates tonight, and this note goes on for longer than a"
              " line of eighty columns has room")
    daemon.accept("/v1/track", track("m-4"))
    report = objects(bench.cli("status", "--json"))[0]
    equal(report["sites"][0]["drained_in_seconds"], None, "while paused")
    true(report["free_bytes"] > 0 and report["wal_bytes"] > 0, f"disk: {report}")
    text = on_terminal(bench, "status", env={"NO_COLOR": "1"})
    narrow(text, "status")
    for words in (r"rate +\d\.\d in, \d\.\d out per minute; the settings allow 6000",
                  "drained +not known: the site is paused", r"MB, WAL .* MB, .* GB free",
                  "columns has room"):
        true(re.search(words, text), f"{words!r} in {text}")


def test_status_of_what_is_wrong(bench):
    """status: a long problem is wrapped on a terminal, and is one line elsewhere"""
    sim = bench.sim()
    daemon = bench.daemon(sim, secret_key="wrong", retry_first=3600, retry_max=3600)
    daemon.accept("/v1/track", track("m-1"))
    wait_until(lambda: state_of(bench, "main") == "paused", "the site pauses")
    whole = [line for line in text_of(bench.cli("status")).splitlines() if line.startswith("! ")]
    equal(len(whole), 1, f"one line: {whole}")
    true(len(whole[0]) > 80, f"a long one: {whole}")
    text = on_terminal(bench, "status", env={"NO_COLOR": "1"})
    narrow(text, "status")
    shown = text[text.index("! "):]
    true("\n  " in shown and " ".join(shown.split()) == whole[0], f"{shown!r}, {whole[0]!r}")


def frames(text):
    """Returns each frame that top drew, without cursor movements."""
    return [re.sub(r"\033\[\??\d*[A-Za-z]", "", frame) for frame in text.split("\033[H")[1:]]


def state_of(bench, site):
    return bench.value("SELECT state FROM sites WHERE site = ?", site)


def test_top_keys(bench):
    """top: keys choose a site, pause it after a question, resume it; q restores the terminal"""
    sites = {name: bench.site("http://127.0.0.1:1/api/v1", write_keys=[name])
             for name in ("ashore", "aboard")}
    daemon = spooltest.Daemon(bench, bench.configure(sites))
    with Screen(bench, "top", env={"NO_COLOR": "1"}) as top:
        top.wait(lambda text: "> ashore" in text and "q: quit" in text, "the first site is chosen")
        true("\033[3" not in top.text() and "\033[2m" not in top.text(), "no colors")
        top.press("\033[B")
        top.wait(lambda text: "> aboard" in text, "the second is chosen")
        top.press("p")
        top.wait(lambda text: "pause site aboard? y/n" in text, "it asks")
        top.press("n")
        top.forget()
        top.press("p")
        top.wait(lambda text: "pause site aboard? y/n" in text, "it asks again")
        equal(bench.value("SELECT count(*) FROM operations"), 0, "operations before a yes")
        top.press("y")
        top.wait(lambda text: "site aboard: paused" in text and "paused by operator" in text, "paused")
        equal((state_of(bench, "aboard"), state_of(bench, "ashore") == "paused"),
              ("paused", False), "in the database")
        top.press("r")
        top.wait(lambda text: "site aboard: resumed" in text, "resumed")
        true(state_of(bench, "aboard") != "paused", "in the database too")
        top.press("k")
        top.press("f")
        top.wait(lambda text: "site ashore: tried now" in text, "flushed")
        equal([row["verb"] for row in bench.rows("SELECT verb FROM operations")],
              ["pause", "resume", "flush"], "the operations")
        daemon.stop()
        top.wait(lambda text: "the daemon is not running" in text, "it sees that the daemon ended")
        top.press("p")
        top.press("y")
        top.wait(lambda text: "from the next start on" in text, "works without a daemon")
        equal(state_of(bench, "ashore"), "paused", "in the database")
        top.press("q")
        equal(top.wait_end(), 0, "exit status")
        equal(settings_of(top), top.before, "the terminal's settings")
        true(top.text().endswith("\033[?1049l"), "the screen")


def settings_of(screen):
    return termios.tcgetattr(screen.theirs)


def test_top_fits(bench):
    """top: no frame exceeds the terminal's size; a signal restores the terminal"""
    failing(bench)
    with Screen(bench, "top") as top:
        shown = top.wait(lambda text: "ERRORS" in text and "q: quit" in text, "a frame")
        for words in ("main", "WAITING, BY AGE", "Test Event", "2  failed, HTTP 422"):
            true(words in shown, f"{words!r} in {shown!r}")
        true("\033[3" in shown, "colors")
        for rows, columns in ((24, 80), (12, 50), (40, 120)):
            top.resize(rows, columns)
            top.forget()
            top.popen.send_signal(signal.SIGWINCH)
            top.wait(lambda text: text.count("q: quit") > 2, "drawn anew")
            drawn = frames(top.text())[1:]  # the first frame may precede the change of size
            true(drawn, "a frame of that size")
            for frame in drawn:
                lines = frame.split("\n")
                true(len(lines) <= rows and max(map(len, lines)) <= columns,
                     f"in {rows} lines of {columns}: {lines!r}")
        top.popen.send_signal(signal.SIGTERM)
        equal(top.wait_end(), 0, "exit status")
        equal(settings_of(top), top.before, "the terminal's settings")


def test_top_once(bench):
    """top: without a terminal it prints one frame, as text or JSON"""
    failing(bench)
    text = text_of(bench.cli("top"))
    true("2  failed, HTTP 422" in text and "\033" not in text, f"one frame: {text}")
    frame = objects(bench.cli("top", "--json"))[0]
    equal([(site["site"], site["pending"]) for site in frame["sites"]], [("main", 1)], "sites")
    equal([row["events"] for row in frame["ages"]], [1, 1], "ages")
    equal(frame["errors"][0]["events"], 2, "errors")


def test_zone(bench):
    """times are local, and the zone is named; with --utc and --json they are UTC"""
    _, daemon = failing(bench)
    at = bench.outbox("m-3")["received_at"]
    utc = at[:19].replace("T", " ")
    local = bench.value("SELECT datetime(?, '+5 hours', '+45 minutes')", at)
    for verb in (["list"], ["show", "3"], ["errors"], ["history", "--id", "3"],
                 ["tail", "--no-follow"]):
        text = text_of(bench.cli(*verb, env=ZONE))
        true(local in text and "ZZZ" in text and utc not in text, f"{verb} in the zone: {text}")
        text = text_of(bench.cli(*verb, "--utc", env=ZONE))
        true(utc in text and "UTC" in text and local not in text, f"{verb} --utc: {text}")
    true(f'"{at}"' in bench.cli("list", "--json", env=ZONE).stdout, "JSON stays UTC")
    true("ZZZ" in text_of(bench.cli("status", env=ZONE)), "status")
    daemon.stop()


def test_color(bench):
    """colors appear on terminals only, and never with NO_COLOR; 80 columns"""
    failing(bench)
    for verb in (["age"], ["errors"], ["list"], ["history", "--id", "1,2"], ["status"],
                 ["tail", "--no-follow"]):
        true("\033" not in bench.cli(*verb).stdout, f"{verb} in a pipe")
        shown = on_terminal(bench, *verb)
        true("\033[" in shown, f"{verb} on a terminal: {shown!r}")
        narrow(re.sub(r"\033\[\d*m", "", shown), f"{verb}")
        plain = on_terminal(bench, *verb, env={"NO_COLOR": "1"})
        true("\033" not in plain and plain, f"{verb} under NO_COLOR: {plain!r}")


def test_the_rest_is_counted_up_to_a_bound(bench):
    """list says how many events its limit left out: exactly by status and site, and up to 10,000 by
    other criteria"""
    daemon = bench.daemon()
    for first in range(0, 10000, 2500):
        daemon.accept("/v1/batch", {"batch": [track(f"m-{n}") for n in range(first, first + 2500)]})
    for options in [], ["--status", "pending"], ["--kind", "track"], ["--email", "*"]:
        last = bench.cli("list", "--limit", "5", *options).stdout.splitlines()[-1]
        equal(last, "5 of 10000 shown; --limit 0 shows all", f"at the bound {options}")
    daemon.accept("/v1/track", track("one-more"))
    for options, rest in (([], "10001"), (["--status", "pending"], "10001"),
                          (["--kind", "track"], "more than 10000"),
                          (["--email", "*"], "more than 10000")):
        last = bench.cli("list", "--limit", "5", *options).stdout.splitlines()[-1]
        equal(last, f"5 of {rest} shown; --limit 0 shows all", f"above it {options}")


def test_the_rest_is_not_counted_at_any_price(bench):
    """an address that many events have is looked up 500 times for the count, not 3,000 times"""
    daemon = bench.daemon()
    batch = [track(f"m-{n}", email="busy@example.com") for n in range(3000)]
    daemon.accept("/v1/batch", {"batch": batch[:1500]})
    daemon.accept("/v1/batch", {"batch": batch[1500:]})
    last = bench.cli("list", "--email", "busy@example.com", "--limit", "5").stdout.splitlines()[-1]
    found = re.fullmatch(r"5 of more than (\d+) shown; --limit 0 shows all", last)
    true(found and 400 < int(found[1]) < 2999, last)


spooltest.main()
