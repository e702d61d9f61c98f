#!/usr/bin/env python3
"""A damaged database: recover, adopt and export read around the damage, and say what is missing."""
import contextlib
import json
import os
import re
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolother import Spool, counts, done  # noqa: E402
from spoolpages import PAGE, events, split  # noqa: E402
from spooltest import Daemon, binary, equal, track, true, wait_until  # noqa: E402

N = 300


def stored(bench, name="old"):
    """A database with N pending events that no daemon has open."""
    spool = Spool(bench, name)
    for first in range(0, N, 50):
        spool.accept("/v1/batch", {"batch": [
            track(f"m-{i}", email=f"{i}@example.com", properties={"pad": "x" * 400})
            for i in range(first, first + 50)]})
    spool.daemon.stop()
    return spool


def overwrite(path, number, data):
    with open(path, "r+b") as file:
        file.seek((number - 1) * PAGE)
        file.write(data)


def leaf(path, nth=5):
    """The number of a page of the table event, and the ids on it."""
    with open(path, "rb") as file:
        pages = split(file.read())
    full = [i for i, page in enumerate(pages) if page[0] == 13 and events([page])]
    return full[nth] + 1, sorted(events([pages[full[nth]]]))


def damage(spool):
    """Overwrites a page of events; returns the ids of those events."""
    number, ids = leaf(spool.database)
    overwrite(spool.database, number, os.urandom(PAGE))
    return ids


def change(spool, event_id):
    """Flips a bit in the body of an event."""
    with open(spool.database, "rb") as file:
        data = bytearray(file.read())
    at = data.index(f"{event_id - 1}@example.com".encode())
    data[data.index(b"xxxx", at) + 2] ^= 1
    with open(spool.database, "wb") as file:
        file.write(data)


def recover(bench, old, new, code):
    return done(bench.run(binary("bentospool"), "recover", old, new), code)


def flip(spool, event_id, sql="UPDATE event SET body = replace(body, 'xxxx', 'xyxx') WHERE event_id = ?"):
    """Changes an event beside its daemon, as a disk does: the checksum stays."""
    with contextlib.closing(sqlite3.connect(spool.database, timeout=30)) as file:
        equal(file.execute(sql, (event_id,)).rowcount, 1, "changed")
        file.commit()


def stored_beside(bench):
    """A daemon with three pending events that wait for its site to be resumed."""
    sim = bench.sim()
    live = Spool(bench, "live", sim)
    done(live.cli("pause"))
    live.accept("/v1/batch", {"context": {"ip": "1.2.3.4"}, "batch": [
        track(f"m-{i}", email=f"{i}@example.com", properties={"pad": "x" * 40}) for i in (1, 2)]})
    live.accept("/v1/track", track("m-3"))
    return sim, live


def statuses(spool):
    return spool.rows("event_id, status, reason")


def test_changed_beside_the_daemon(bench):
    """an event that the disk changed is held and not sent, until it is released by name"""
    sim, live = stored_beside(bench)
    flip(live, 1)
    shown = json.loads(done(live.cli("show", "1", "--json")).stdout)
    true("checksum is wrong" in shown["damage"], str(shown))
    true("damage" not in json.loads(done(live.cli("show", "2", "--json")).stdout), "the other one")
    exported = [json.loads(line) for line in done(live.cli("export")).stdout.splitlines()]
    equal([(line["status"], line.get("reason")) for line in exported],
          [("held", "damaged"), ("pending", None), ("pending", None)], "export")
    done(live.cli("resume"))
    held = [(1, "held", "damaged"), (2, "delivered", None), (3, "delivered", None)]
    wait_until(lambda: statuses(live) == held, "held, and the others delivered")
    equal(len(sim.events()), 2, "events at Bento")
    wait_until(lambda: "the disk has changed 1 event, which is held (damaged)" in live.daemon.log(), "logged")
    text = done(live.cli("errors")).stdout
    true("its checksum is wrong: the disk has changed it" in text, text)
    true("1 event is held" in live.cli("status").stdout, "status")
    text = done(live.cli("show", "1")).stdout
    true(re.search("damage +its checksum is wrong", text), text)
    # Who sends everything that is held has not looked at it.
    for verb in ("release", "requeue"):
        done(live.cli(verb, "--status", "held", "-y"))
        wait_until(lambda: statuses(live) == held, f"held again after {verb}")
    equal(len(sim.events()), 2, "events at Bento")
    done(live.cli("release", "--reason", "damaged", "-y"))
    wait_until(lambda: statuses(live)[0] == (1, "delivered", None), "sent as it is")
    true("xyxx" in str(sim.events()), "as it is")
    equal(verify(bench, live.database, 0), [], "and it is right from now on")


def test_changed_while_stopped(bench):
    """a bit that flips while the daemon is stopped, in an event or in the values of its batch"""
    sim, live = stored_beside(bench)
    live.daemon.stop()
    flip(live, 1, "UPDATE envelope SET context = replace(context, '1.2.3.4', '1.2.3.5') WHERE envelope_id = ?")
    with open(live.database, "rb") as file:
        data = bytearray(file.read())
    data[data.index(b"m-3", data.index(b'"messageId"'))] ^= 4
    with open(live.database, "wb") as file:
        file.write(data)
    live.daemon = Daemon(bench, live.conf)
    done(live.cli("resume"))
    wait_until(lambda: [row[1:] for row in statuses(live)] == [("held", "damaged")] * 3, "all are held")
    equal(sim.events(), [], "events at Bento")
    text = done(live.cli("errors")).stdout
    true("its batch's values is wrong" in text, text)
    requeued = done(live.cli("requeue", "--message-id", "m-1", "-y"))
    true("1 event" in requeued.stdout + requeued.stderr, str(requeued))
    wait_until(lambda: statuses(live)[0][1] == "delivered", "named by its messageId")
    wait_until(lambda: len(sim.events()) == 1, "at Bento")
    live.daemon.stop()
    os.rename(live.database, bench.path("damaged"))


def test_procedure(bench):
    """recover, look, start: the steps of doc/operating.md"""
    sim = bench.sim()
    old = stored(bench)
    lost = damage(old)
    change(old, lost[-1] + 40)
    new = bench.path("new.db")
    with open(old.database, "rb") as file:
        before = file.read()
    told = recover(bench, old.database, new, 1)
    true(f"{N - len(lost)} events recovered" in told.stdout, told.stdout)
    true(f"{len(lost)} events could not be read" in told.stderr, told.stderr)
    true(f"ids {lost[0]} to {lost[-1]}:" in told.stderr, told.stderr)
    true("the disk has changed 1 event:" in told.stderr, told.stderr)
    with open(old.database, "rb") as file:
        equal(file.read(), before, "the damaged file")
    listed = bench.run(binary("bentospool"), "list", "--database", new, "--reason", "damaged", "--json")
    equal([json.loads(line)["event_id"] for line in done(listed).stdout.splitlines()], [lost[-1] + 40], "held")
    os.rename(old.database, bench.path("kept"))
    os.rename(new, old.database)
    old.conf = bench.configure({"main": bench.site(sim.api_url(), write_keys=["key-main"])},
                               top={"database": old.database}, name="again.conf")
    old.daemon = Daemon(bench, old.conf)
    done(old.cli("resume"))
    wait_until(lambda: len(sim.events()) == N - len(lost) - 1, "the rest at Bento")
    done(old.cli("release", "--reason", "damaged", "-y"))
    wait_until(lambda: len(sim.events()) == N - len(lost), "the held one, too")
    old.accept("/v1/track", track(f"m-{lost[0] - 1}"))
    old.accept("/v1/track", track("m-0"))
    wait_until(lambda: len(sim.events()) == N - len(lost) + 1, "a lost one is new, another one is not")
    true(old.value("SELECT min(event_id) FROM event WHERE message_id = 'm-%d'" % (lost[0] - 1))[0] > N,
         "ids do not come back")


def delete(spool, condition):
    """Deletes events as a person with sqlite3 does."""
    with contextlib.closing(sqlite3.connect(spool.database)) as file:
        n = file.execute(f"DELETE FROM event WHERE {condition}").rowcount
        file.commit()
    return n


def test_deleted_by_a_person(bench):
    """ids that another program deleted are named as ranges, the last ones too, beside those of damaged pages"""
    old = stored(bench)
    equal(delete(old, f"event_id BETWEEN 50 AND 80 OR event_id = 82 OR event_id > {N - 20}"), 52, "deleted")
    gone = [[50, 80], [82, 82], [N - 19, N]]
    got = json.loads(done(bench.run(binary("bentospool"), "recover", "--json", old.database,
                                    bench.path("one.db")), 1).stdout)
    equal((got["lost"], got["damaged_pages"], got["missing_ids"], got["more_ranges"]), (52, 0, gone, 0), "deleted")
    lost = damage(old)
    true(lost[0] > 83 and lost[-1] < N - 20, f"a page between them: {lost}")
    told = recover(bench, old.database, bench.path("two.db"), 1)
    true(f"{52 + len(lost)} events could not be read" in told.stderr, told.stderr)
    equal(re.findall(r"ids (\d+) to (\d+):", told.stderr),
          [tuple(map(str, r)) for r in (*gone[:2], (lost[0], lost[-1]), gone[2])], "ranges")
    os.remove(old.database)


def test_many_ranges(bench):
    """64 ranges of missing ids are named; from 65 on recover says how many more there are"""
    old = stored(bench)
    equal(delete(old, "event_id % 2 = 0 AND event_id <= 128"), 64, "deleted")
    told = recover(bench, old.database, bench.path("64.db"), 1)
    equal((told.stderr.count("  ids "), "more range" in told.stderr), (64, False), "all are named")
    equal(delete(old, "event_id = 130"), 1, "deleted")
    told = recover(bench, old.database, bench.path("65.db"), 1)
    equal((told.stderr.count("  ids "), "and 1 more range of ids\n" in told.stderr), (64, True), told.stderr)
    equal(delete(old, "event_id = 132"), 1, "deleted")
    told = recover(bench, old.database, bench.path("66.db"), 1)
    true("and 2 more ranges of ids\n" in told.stderr, told.stderr)
    os.remove(old.database)


def test_json(bench):
    """recover --json has the same"""
    old = stored(bench)
    lost = damage(old)
    told = done(bench.run(binary("bentospool"), "recover", "--json", old.database, bench.path("new.db")), 1)
    got = json.loads(told.stdout)
    equal({key: got[key] for key in ("events", "damaged_pages", "lost", "missing_ids", "tables",
                                     "changed", "unclear", "complete")},
          {"events": N - len(lost), "damaged_pages": 1, "lost": len(lost),
           "missing_ids": [[lost[0], lost[-1]]], "tables": "", "changed": 0, "unclear": 0,
           "complete": False}, "answer")


def test_intact(bench):
    """an intact file, with a log from a crash, is recovered whole; other files are refused"""
    spool = Spool(bench, "live")
    for i in range(20):
        spool.accept("/v1/track", track(f"m-{i}"))
    refused = recover(bench, spool.database, bench.path("new.db"), 1)
    true("stop it first" in refused.stderr, refused.stderr)
    spool.daemon.kill()
    true(os.stat(spool.database + "-wal").st_size > 0, "a log")
    equal(recover(bench, spool.database, bench.path("new.db"), 0).stderr, "", "nothing is missing")
    there = recover(bench, spool.database, bench.path("new.db"), 1)
    true("already exists" in there.stderr, there.stderr)
    with contextlib.closing(sqlite3.connect(bench.path("new.db"))) as file:
        equal(file.execute("SELECT status, count(*) FROM outbox GROUP BY 1").fetchall(),
              [("pending", 20)], "events")
    for name, text in (("empty", ""), ("text", "not a database " * 2000)):
        wrong = recover(bench, bench.write(name, text), bench.path("other.db"), 1)
        true("no page of a bentospool database" in wrong.stderr, wrong.stderr)
        true(not os.path.exists(bench.path("other.db")) and not os.path.exists(bench.path("other.db.part")),
             "no file")
    newer = bench.path("new.db")
    with open(newer, "r+b") as file:
        file.seek(60)
        file.write((99).to_bytes(4, "big"))
    wrong = recover(bench, newer, bench.path("other.db"), 1)
    true("newer bentospool" in wrong.stderr, wrong.stderr)


def test_adopt(bench):
    """adopt takes over what can be read, and a changed event is held"""
    old = stored(bench)
    lost = damage(old)
    change(old, lost[-1] + 40)
    new = Spool(bench, "new")
    told = done(new.cli("adopt", "--yes", old.database), 1)
    true(f"{N - len(lost)} events stored" in told.stdout, told.stdout)
    true(f"{len(lost)} events could not be read" in told.stderr, told.stderr)
    equal(new.rows("message_id, reason", "status = 'held'"), [(f"m-{lost[-1] + 39}", "damaged")], "held")
    equal([name for name in os.listdir(bench.dir) if ".adopted" in name], [], "no copy is left")
    again = json.loads(done(new.cli("adopt", "--yes", "--json", old.database), 1).stdout)
    equal((again["duplicates"], again["stay"]["damaged"]["lost"]), (N - len(lost), len(lost)), "once more")


def test_adopt_changed(bench):
    """a file of which only an event was changed is adopted directly, and that event is held"""
    old = stored(bench)
    change(old, 77)
    new = Spool(bench, "new")
    equal(counts(new.cli("adopt", "--yes", "--json", old.database)), {"stored": N}, "counts")
    equal(new.rows("message_id, reason", "status = 'held'"), [("m-76", "damaged")], "held")
    os.rename(old.database, bench.path("damaged"))


def test_export(bench):
    """export writes what can be read, also with a limit and without a readable first page"""
    old = stored(bench)
    lost = damage(old)
    told = done(old.cli("export"), 1)
    ids = [json.loads(line)["event_id"] for line in told.stdout.splitlines()]
    equal(ids, [i for i in range(1, N + 1) if i not in lost], "ids")
    true(f"ids {lost[0]} to {lost[-1]}:" in told.stderr, told.stderr)
    told = done(old.cli("export", "--limit", str(lost[0] + 5)), 1)
    equal([json.loads(line)["event_id"] for line in told.stdout.splitlines()], ids[:lost[0] + 5], "limit")
    overwrite(old.database, 1, bytes(PAGE))
    told = done(old.cli("export", "--output", bench.path("left")), 1)
    with open(bench.path("left"), encoding="utf-8") as file:
        equal([json.loads(line)["event_id"] for line in file], ids, "without the first page")
    equal([name for name in os.listdir(bench.dir) if ".exported" in name], [], "no copy is left")


def verify(bench, database, code):
    told = done(bench.run(binary("bentospool"), "verify", "--json", "--database", database), code)
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    equal(lines[-1]["findings"], len(lines) - 1, "number of findings")
    return lines[:-1]


def test_verify(bench):
    """verify finds each kind of disagreement, and names the place"""
    sim = bench.sim()
    live = Spool(bench, "live", sim)
    for first in range(0, 2100, 100):
        live.accept("/v1/batch", {"context": {"ip": "1.2.3.4"}, "batch": [
            track(f"m-{i}", email=f"{i}@example.com") for i in range(first, first + 100)]})
    wait_until(lambda: live.value("SELECT count(*) FROM outbox WHERE status = 'delivered'") == (2100,),
               "delivered")
    for i in range(3):
        done(live.cli("requeue", "--message-id", f"m-{i}", "-y"))
    wait_until(lambda: live.value("SELECT count(*) FROM outbox WHERE status = 'delivered'") == (2100,),
               "delivered")
    equal(done(live.cli("verify")).stdout, f"{live.database} is intact: 2100 events\n", "beside the daemon")
    live.daemon.stop()
    with open(live.database, "rb") as file:
        good = file.read()
    text = done(live.cli("verify")).stdout
    true("is intact: 2100 events" in text, text)
    with contextlib.closing(sqlite3.connect(live.database)) as file:
        file.execute("CREATE VIEW of_a_person AS SELECT 1")
    equal(verify(bench, live.database, 0), [], "a view of a person's own")
    for check, event_id, sql in (
            ("contents", 50, "UPDATE event SET email = 'other@example.com' WHERE event_id = 50"),
            ("envelopes", None, "UPDATE envelope SET context = '{}' WHERE envelope_id = 1"),
            ("states", 1, "DELETE FROM envelope WHERE envelope_id = 1"),
            ("states", 4, "DELETE FROM span WHERE first_event_id = (SELECT min(first_event_id) FROM span)"),
            ("spans", None, "UPDATE span SET last_event_id = last_event_id + 5 WHERE first_event_id = 1"),
            ("spans", None, "DELETE FROM attempt WHERE attempt_id = 1"),
            ("spans", None, "UPDATE attempt SET outcome = 'retry' WHERE attempt_id = 1"),
            ("delivery", 9999, "INSERT INTO delivery (event_id, site_id, status) VALUES (9999, 1, 'held')"),
            ("delivery", 9999, "INSERT INTO attempt_event VALUES (1, 9999)"),
            ("counts", None, "UPDATE site_count SET events = events + 1"),
            ("states", None, "DELETE FROM message_chunk WHERE first = (SELECT max(first) FROM message_chunk)"),
            ("states", None, "DELETE FROM meta WHERE key = 'dedup_secret'"),
            ("views", None, "UPDATE meta SET value = replace(value, 'CREATE VIEW sites', '') WHERE key = 'views'"),
            ("views", None, "DROP VIEW sites; CREATE VIEW sites AS SELECT 1")):
        with open(live.database, "wb") as file:
            file.write(good)
        with contextlib.closing(sqlite3.connect(live.database)) as file:
            file.executescript(sql)
        found = verify(bench, live.database, 1)
        true(any(f["check"] == check and (event_id is None or f.get("event_id") == event_id)
                 for f in found), f"{sql}: {found}")
        true(all(f["what"] and f["remedy"] for f in found), str(found))
    with open(live.database, "wb") as file:
        file.write(good)
    number, ids = leaf(live.database, 20)
    overwrite(live.database, number, bytes(PAGE))
    whats = [f["what"] for f in verify(bench, live.database, 1) if f["check"] == "contents"]
    equal(whats, [f"events {ids[0]} to {ids[-1]} cannot be read"], "a page of events")
    os.rename(live.database, bench.path("damaged"))


def append_frame(path, commit):
    """Appends a frame of this log to it whose page does not fit its checksum."""
    with open(path, "r+b") as log:
        salts = log.read(24)[16:24]
        size = log.seek(0, os.SEEK_END)
        log.seek(size - (size - 32) % (PAGE + 24))  # a kill may leave a part of a frame
        log.write((2).to_bytes(4, "big") + commit.to_bytes(4, "big") + salts + bytes(8) + b"x" * PAGE)


def test_verify_after_a_kill(bench):
    """frames of a transaction that a kill cut off are no damage; a wrong commit is"""
    daemon = bench.daemon()
    daemon.accept("/v1/track", track("m-1"))
    daemon.kill()
    append_frame(bench.database + "-wal", commit=0)
    verify(bench, bench.database, 0)
    append_frame(bench.database + "-wal", commit=5)
    true("the write-ahead log has a damaged copy of page 2" in str(verify(bench, bench.database, 1)),
         "the commit may have been acknowledged")


def test_doctor(bench):
    """doctor names the damage and the procedure"""
    old = stored(bench)
    damage(old)
    told = old.cli("doctor", "--offline").stdout
    true(re.search(r"damaged: .*page", told, re.I) and "bentospool recover" in told, told)
    overwrite(old.database, 1, bytes(PAGE))
    told = old.cli("doctor", "--offline").stdout
    true("bentospool recover" in told, told)


spooltest.main()
