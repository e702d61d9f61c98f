#!/usr/bin/env python3
"""How operators change events and undo that, with and without a daemon."""
import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import binary, equal, track, true, wait_until  # noqa: E402

MANY = 2300  # several steps


def done(completed, code=0):
    equal(completed.returncode, code, f"exit status ({completed.stderr.strip()})")
    return completed.stdout


def fill(daemon, n, name="Bulk", start=0):
    for first in range(start, start + n, 500):
        daemon.accept("/v1/batch", {"batch": [
            track(f"{name}-{i}", event=name, email=f"p{i % 50}@example.com")
            for i in range(first, min(first + 500, start + n))]})


def states(bench):
    """Returns how many events have each status and reason."""
    return {(row["status"], row["reason"]): row["n"] for row in bench.rows(
        "SELECT status, reason, count(*) AS n FROM outbox GROUP BY 1, 2")}


def frozen(bench):
    """Starts a daemon that delivers nothing, with two kinds of events."""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    done(bench.cli("pause"))
    fill(daemon, 20, "Order")
    fill(daemon, 10, "View")
    return sim, daemon


def change(bench):
    """Runs each verb on the events that frozen stored."""
    equal(done(bench.cli("hold", "--name", "Order", "--yes", "--note", "wrong prices")),
          "20 events held (operation 2)\n", "hold")
    equal(states(bench), {("held", "operator"): 20, ("pending", None): 10}, "after hold")
    equal(done(bench.cli("release", "--message-id", "Order-3")),
          "1 event released (operation 3)\n", "release")
    equal(done(bench.cli("discard", "--name", "View", "--limit", "4", "--yes")),
          "4 events discarded (operation 4)\n", "discard")
    equal(done(bench.cli("expire", "--status", "held", "--limit", "5", "--yes")),
          "5 events expired (operation 5)\n", "expire")
    equal(states(bench), {("held", "operator"): 14, ("pending", None): 7,
                          ("discarded", "operator"): 4, ("failed", "expired"): 5}, "after all")
    equal(done(bench.cli("release", "--status", "failed"), 3), "", "what cannot be released")


def take_back(bench):
    """Undoes the operations of change: newest first, and out of order."""
    equal(done(bench.cli("undo", "2", "--dry-run")),
          "13 events would be restored\n"
          "  2 left as they are: changed since, last by operation 5: undo that first\n".replace(
              "13", "14").replace("2 left as they are", "6 left as they are"), "what an undo would do")
    equal(done(bench.cli("undo", "5", "--yes")), "5 events restored (operation 6)\n", "undo")
    equal(done(bench.cli("undo", "3")), "1 event restored (operation 7)\n", "undo of one")
    equal(done(bench.cli("undo", "2", "--yes", "--note", "prices were right")),
          "20 events restored (operation 8)\n", "undo of what others had changed in between")
    equal(done(bench.cli("undo", "2"), 3),
          "0 events restored\n  20 left as they are: restored before\n", "twice")
    equal(states(bench), {("pending", None): 26, ("discarded", "operator"): 4}, "after undo")
    equal(done(bench.cli("undo", "1"), 1), "", "undo of a pause")
    equal(done(bench.cli("undo", "99"), 1), "", "undo of nothing")
    done(bench.cli("undo"), 2)
    done(bench.cli("undo", "x"), 2)


def test_with_a_daemon(bench):
    """hold, release, discard, expire and undo through the daemon"""
    sim, daemon = frozen(bench)
    change(bench)
    take_back(bench)
    done(bench.cli("resume"))
    wait_until(lambda: states(bench) == {("delivered", None): 26, ("discarded", "operator"): 4},
               "the rest is delivered")
    equal(len(sim.keys()), 26, "events at Bento")
    daemon.stop()


def test_without_a_daemon(bench):
    """the same verbs without a daemon"""
    sim, daemon = frozen(bench)
    daemon.kill()
    change(bench)
    take_back(bench)
    done(bench.cli("resume"))
    spooltest.Daemon(bench, daemon.conf)
    wait_until(lambda: states(bench) == {("delivered", None): 26, ("discarded", "operator"): 4},
               "the rest is delivered")
    equal(len(sim.keys()), 26, "events at Bento")


def test_undo_leaves_what_moved_on(bench):
    """undo skips events that were delivered or settled meanwhile, and says so"""
    sim, _ = frozen(bench)
    done(bench.cli("discard", "--all", "--yes"))
    done(bench.cli("requeue", "--name", "Order", "--yes"))
    done(bench.cli("resume"))
    wait_until(lambda: states(bench).get(("delivered", None)) == 20, "delivered")
    sim.faults("refuse=View*")
    done(bench.cli("requeue", "--message-id", "View-1"))
    wait_until(lambda: bench.outbox("View-1")["status"] == "failed", "refused")
    equal(done(bench.cli("undo", "3"), 3),
          "0 events restored\n  20 left as they are: delivered meanwhile\n", "delivered")
    equal(json.loads(done(bench.cli("undo", "5", "--json"), 3)),
          {"events": 0, "dry_run": False, "delivered": 0, "settled": 1, "changed": 0, "undone": 0,
           "gone": 0}, "refused")
    told = done(bench.cli("undo", "2", "--dry-run"))
    true(told.startswith("9 events would be restored\n"), f"the discard: {told}")


def test_dry_run(bench):
    """a dry run shows the number of events and a sample, and changes nothing"""
    frozen(bench)
    told = done(bench.cli("hold", "--name", "Order", "--dry-run")).splitlines()
    equal(told[0], "20 events would be held, the first of them:", "the count")
    equal(len(told), 7, "a heading and five events")
    true("p4@example.com" in told[-1], f"the fifth: {told[-1]}")
    told = json.loads(done(bench.cli("hold", "--name", "Order", "--limit", "2", "--dry-run", "--json")))
    equal((told["events"], told["dry_run"], [e["message_id"] for e in told["sample"]]),
          (2, True, ["Order-0", "Order-1"]), "for machines")
    equal(states(bench), {("pending", None): 30}, "nothing is changed")
    for verb in ("requeue", "hold", "release", "discard", "expire"):
        done(bench.cli(verb), 2)
    done(bench.cli("hold", "--all"), 2)
    equal(states(bench), {("pending", None): 30}, "nothing is changed without a yes")


def test_operations(bench):
    """operations lists all operations, or shows one in full"""
    frozen(bench)
    done(bench.cli("hold", "--name", "Order", "--yes", "--note", "wrong prices"))
    done(bench.cli("discard", "--all", "--yes"))
    done(bench.cli("undo", "3", "--yes"))
    lines = done(bench.cli("operations")).splitlines()
    equal([line.split()[0] for line in lines], ["ID", "4", "3", "2", "1"], "newest first")
    true('{"name":"Order"}' in lines[3] and "wrong prices" in lines[3], lines[3])
    equal(len(done(bench.cli("operations", "--limit", "2")).splitlines()), 3, "limit")
    rows = [json.loads(line) for line in done(bench.cli("operations", "--json")).splitlines()]
    equal([(r["verb"], r["events"], r["undone_by"]) for r in rows],
          [("undo", 30, None), ("discard", 30, 4), ("hold", 20, None), ("pause", 0, None)],
          "for machines")
    told = done(bench.cli("operations", "3"))
    for part in ("  before     10 pending, 20 held\n", "  first ids  1, 2, 3, 4, 5\n",
                 "  undone by  operation 4\n"):
        true(part in told, f"{part!r} in {told}")
    one = json.loads(done(bench.cli("operations", "3", "--json")))
    equal((one["before"]["held"], one["before"]["pending"], one["sample"]), (20, 10, [1, 2, 3, 4, 5]),
          "one for machines")
    done(bench.cli("operations", "99"), 3)
    done(bench.cli("operations", "x"), 2)


def failures(bench):
    """Stores events that Bento or the spooler refused, and one delivered event; then pauses the
    site."""
    sim = bench.sim("--fault", "refuse=View*")
    daemon = bench.daemon(sim, max_attempts=1)
    for n, (event, email) in enumerate((("View A", "ann@example.com"), ("View B", "bob@example.com"),
                                        ("Order", "ann@other.example"))):
        daemon.accept("/v1/track", track(event, event=event, email=email))
        bench.wait_settled(n + 1)
    daemon.accept("/v1/identify", {"type": "identify", "messageId": "who", "userId": "u-1",
                                   "traits": {"email": "cy@example.com"}})
    daemon.accept("/v1/group", {"type": "group", "messageId": "group", "userId": "u-1",
                                "groupId": "g"})
    daemon.accept("/v1/track", track("nameless", event=""))
    bench.wait_settled(6)
    done(bench.cli("pause"))
    return daemon


def requeued_by(bench, argv):
    """Requeues, records which events were requeued, and undoes that."""
    told = bench.cli("requeue", *argv, "--dry-run", "--json")
    if told.returncode == 3:
        done(bench.cli("requeue", *argv, "--yes"), 3)
        return []
    found = json.loads(done(told))["events"]
    told = json.loads(done(bench.cli("requeue", *argv, "--yes", "--json")))
    equal(told["events"], found, f"events of {argv}, as the dry run said")
    took = [row["message_id"] for row in
            bench.rows("SELECT message_id FROM outbox WHERE status = 'pending' ORDER BY 1")]
    equal(json.loads(done(bench.cli("undo", str(told["operation_id"]), "--yes", "--json")))["events"],
          found, f"events of {argv}, taken back")
    equal(bench.statuses().get("pending"), None, f"pending events after {argv} was taken back")
    return took


def test_filters(bench):
    """each filter selects the same events with and without a daemon"""
    daemon = failures(bench)
    undelivered = ["View A", "View B", "group", "nameless", "who"]
    ids = {row["message_id"]: str(row["event_id"]) for row in bench.outbox()}
    cases = [
        (["--all"], undelivered),
        (["--id", ids["View B"], "--id", ids["Order"]], ["Order", "View B"]),
        (["--message-id", "Order"], ["Order"]),
        (["--message-id", "Order", "--id", ids["who"]], []),
        (["--message-id", "order"], []),
        (["--status", "failed"], ["View A", "View B"]),
        (["--status", "delivered"], ["Order"]),
        (["--status", "invalid", "--status", "unsupported"], ["group", "nameless", "who"]),
        (["--reason", "refused"], ["View A", "View B"]),
        (["--kind", "group", "--kind", "identify"], ["group", "who"]),
        (["--name", "View*"], ["View A", "View B"]),
        (["--name", "View*", "--email", "BOB@*"], ["View B"]),
        (["--since", "1h"], undelivered),
        (["--since", "1h", "--until", "1h"], []),
        (["--until", "2000-01-01T00:00:00Z"], []),
        (["--http-status", "200", "--status", "failed"], ["View A", "View B"]),
        (["--http-status", "503"], []),
        (["--error", "*", "--kind", "track", "--status", "failed"], ["View A", "View B"]),
        (["--site", "main", "--limit", "1"], ["View A"]),
        (["--site", "other"], []),
    ]
    for argv, expected in cases:
        equal(requeued_by(bench, argv), expected, f"requeue {argv} through the daemon")
    daemon.stop()
    for argv, expected in cases:
        equal(requeued_by(bench, argv), expected, f"requeue {argv} without a daemon")


def begin_hold(bench):
    """Starts a hold of many steps; returns the process once some events have changed."""
    before = bench.value("SELECT max(operation_id) FROM operations")
    # pylint: disable=consider-using-with
    process = subprocess.Popen(
        [binary("bentospool"), "hold", "--all", "--yes", "-c", bench.path("bentospool.conf")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: bench.value("SELECT events FROM operations WHERE operation_id > ?", before),
               "it has begun")
    return process


def expect_a_part(bench, n):
    """Checks that the operation has the right count so far, and that undo restores its events."""
    equal(bench.value("""SELECT (SELECT events FROM operations ORDER BY operation_id DESC LIMIT 1)
          - (SELECT count(*) FROM outbox WHERE status = 'held')"""), 0, "the count of the operation")
    last = bench.value("SELECT max(operation_id) FROM operations")
    # A step that was running may still finish.
    wait_until(lambda: bench.cli("undo", str(last), "--yes").returncode == 3, "it is undone")
    equal(bench.statuses(), {"pending": n}, "after undo")


def test_cut_off(bench):
    """an interrupted operation leaves complete steps, which undo restores"""
    daemon = frozen(bench)[1]
    fill(daemon, 20000)
    process = begin_hold(bench)
    process.kill()
    process.communicate()
    expect_a_part(bench, 20030)
    process = begin_hold(bench)
    daemon.kill()
    said = process.communicate()[1]
    if bench.statuses().get("pending"):
        equal(process.returncode, 1, "exit status when the daemon dies")
        true("the daemon hung up" in said, f"what it says: {said!r}")
    daemon = spooltest.Daemon(bench, daemon.conf)
    expect_a_part(bench, 20030)
    daemon.stop()
    process = begin_hold(bench)
    process.kill()
    process.communicate()
    expect_a_part(bench, 20030)


def test_terminal(bench):
    """on a terminal a verb asks before it changes more than one event, and shows progress"""
    daemon = frozen(bench)[1]
    fill(daemon, MANY)
    for answer, code, held in (("n", 1, 0), ("y", 0, MANY)):
        ours, theirs = pty.openpty()
        os.write(ours, (answer + "\n").encode())
        process = subprocess.run([binary("bentospool"), "hold", "--name", "Bulk", "--database",
                                  bench.database], stdin=theirs, stderr=theirs,
                                 stdout=subprocess.PIPE, timeout=60, check=False)
        os.close(theirs)
        said = os.read(ours, 65536).decode()
        os.close(ours)
        equal(process.returncode, code, f"exit status of {answer}")
        true(f"hold {MANY} events? [y/N]" in said, f"the question: {said!r}")
        true((f"500 of {MANY} held" in said) == (answer == "y"), f"the progress: {said!r}")
        equal(states(bench).get(("held", "operator"), 0), held, f"held after {answer}")


def test_ingest_goes_on(bench):
    """events are accepted while an operation of many steps runs"""
    daemon = frozen(bench)[1]
    fill(daemon, 20000)
    runs = threading.Thread(target=lambda: done(bench.cli("hold", "--name", "Bulk", "--yes")))
    runs.start()
    n = 0
    while runs.is_alive():
        daemon.accept("/v1/track", track(f"late-{n}", event="Late"))
        n += 1
    runs.join()
    true(n > 1, "posts were answered meanwhile")
    got = states(bench)
    equal(got[("held", "operator")], 20000, "held")
    equal(got[("pending", None)], 30 + n, "and all that came meanwhile is there")
    runs = threading.Thread(target=lambda: done(bench.cli("undo", "2", "--yes")))
    runs.start()
    before = n
    while runs.is_alive():
        daemon.accept("/v1/track", track(f"late-{n}", event="Late"))
        n += 1
    runs.join()
    true(n > before + 1, "posts were answered while it was undone")
    equal(states(bench), {("pending", None): 20030 + n}, "after undo")


def under_way(bench):
    return bench.value("SELECT count(*) FROM attempts WHERE finished_at IS NULL")


def test_what_was_read_ahead(bench):
    """a hold does not interrupt a request in flight, but keeps prepared events from being sent"""
    sim = bench.sim()
    sim.freeze()
    daemon = bench.daemon(sim, batch_events=10)
    fill(daemon, 40)
    wait_until(lambda: under_way(bench) == 1, "a request is out")
    equal(done(bench.cli("hold", "--all", "--yes")), "40 events held (operation 1)\n", "hold")
    sim.thaw()
    wait_until(lambda: states(bench) == {("delivered", None): 10, ("held", "operator"): 30},
               "what was out is delivered")
    done(bench.cli("release", "--id", "25"))
    wait_until(lambda: states(bench).get(("delivered", None)) == 11, "and one that is released")
    equal(sim.keys(), [f"Bulk-{i}" for i in [*range(10), 24]], "nothing else at Bento")
    equal(done(bench.cli("undo", "1", "--dry-run")),
          "29 events would be restored\n  10 left as they are: delivered meanwhile\n"
          "  1 left as it is: changed since, last by operation 2: undo that first\n", "what undo says")
    done(bench.cli("undo", "1", "--yes"))
    wait_until(lambda: states(bench) == {("delivered", None): 40}, "the rest is delivered")
    equal(len(sim.keys()), 40, "each once")


def test_release_while_it_delivers(bench):
    """a released event is sent before later events of its address that were already read"""
    sim = bench.sim()
    daemon = bench.daemon(sim, batch_events=1)
    done(bench.cli("pause"))
    daemon.accept("/v1/batch", {"batch": [track(f"a-{i}", event="Step") for i in range(4)]})
    done(bench.cli("hold", "--message-id", "a-0"))
    sim.freeze()
    done(bench.cli("resume"))
    wait_until(lambda: under_way(bench) == 1, "a request is out")
    done(bench.cli("release", "--message-id", "a-0"))
    sim.thaw()
    bench.wait_settled(4)
    equal(sim.keys(), ["a-1", "a-0", "a-2", "a-3"], "the order at Bento")


def test_undo_after_a_purge(bench):
    """undo reports what retention has removed"""
    daemon = frozen(bench)[1]
    done(bench.cli("discard", "--all", "--yes"))
    daemon.stop()
    connection = sqlite3.connect(bench.database)
    connection.execute("UPDATE delivery SET settled_at = 1000 WHERE event_id <= 12")
    connection.commit()
    connection.close()
    done(bench.cli("purge", "--yes"))
    equal(done(bench.cli("undo", "2", "--yes")).splitlines()[1:],
          ["  12 left as they are: removed by retention"], "what it says")
    equal(states(bench), {("pending", None): 18}, "the others wait again")
    done(bench.cli("undo", "2"), 3)


def test_order(bench):
    """released events are sent before later events of their address"""
    sim, daemon = frozen(bench)
    done(bench.cli("discard", "--all", "--yes"))
    daemon.accept("/v1/batch", {"batch": [track(f"a-{i}", event="Step") for i in range(3)]})
    done(bench.cli("hold", "--message-id", "a-0"))
    daemon.accept("/v1/track", track("a-3", event="Step"))
    done(bench.cli("release", "--message-id", "a-0"))
    done(bench.cli("resume"))
    wait_until(lambda: states(bench).get(("delivered", None)) == 4, "delivered")
    equal(sim.keys(), ["a-0", "a-1", "a-2", "a-3"], "the order at Bento")


def catches_interrupts(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        mask = re.search(r"SigCgt:\s*(\w+)", file.read())[1]
    return int(mask, 16) >> (signal.SIGINT - 1) & 1


def test_interrupted(bench):
    """Ctrl-C ends the command at once, and the message refers to bentospool operations"""
    _, daemon = frozen(bench)
    holder = sqlite3.connect(bench.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with subprocess.Popen([binary("bentospool"), "hold", "--all", "--yes",
                           "-c", bench.path("bentospool.conf")], text=True,
                          stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: catches_interrupts(process), "it has begun")
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
        equal(process.wait(timeout=30), 1, "exit status")
    true("interrupted" in told and "bentospool operations" in told, told)
    holder.execute("ROLLBACK")
    holder.close()
    daemon.stop()


def test_interrupted_offline(bench):
    """Ctrl-C without a daemon leaves an operation that undo can restore"""
    _, daemon = frozen(bench)
    fill(daemon, 5000)
    daemon.stop()
    ours, theirs = pty.openpty()
    os.write(ours, b"\x13")  # Ctrl-S stops the terminal, and thereby the command at its first progress line
    with subprocess.Popen([binary("bentospool"), "hold", "--all", "--yes",
                           "-c", bench.path("bentospool.conf")],
                          stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: bench.value("SELECT count(*) FROM outbox WHERE status = 'held'"), "begun")
        process.send_signal(signal.SIGINT)
        os.write(ours, b"\x11")
        equal(process.wait(timeout=30), 1, "exit status")
    os.close(theirs)
    told = os.read(ours, 65536).decode()
    os.close(ours)
    held = bench.value("SELECT count(*) FROM outbox WHERE status = 'held'")
    operation = bench.value("SELECT max(operation_id) FROM operations")
    true(0 < held < 5030, f"in the midst: {held}")
    true(f"interrupted: {held} events held so far; bentospool undo {operation} takes" in told,
         told)
    equal(done(bench.cli("undo", str(operation), "--yes")),
          f"{held} events restored (operation {operation + 1})\n", "undo")


spooltest.main()
