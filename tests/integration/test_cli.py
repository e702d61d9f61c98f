#!/usr/bin/env python3
"""The command line: output for people and machines, exit codes, and verbs that change events."""
import json
import os
import pty
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import binary, equal, track, true, wait_until  # noqa: E402

VERBS = ("serve", "status", "list", "show", "requeue", "check", "send", "version")


def objects(done):
    """Returns the objects that --json printed, one on each line."""
    equal(done.returncode, 0, f"exit status; it said {done.stderr!r}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def on_terminal(bench, answer, *argv):
    """Returns the exit status of a verb that a person at a terminal answers."""
    ours, theirs = pty.openpty()
    os.write(ours, (answer + "\n").encode())
    done = subprocess.run([binary("bentospool"), *argv, "--database", bench.database],
                          stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL, timeout=30,
                          check=False)
    os.close(theirs)
    os.close(ours)
    return done.returncode


def prepared(bench):
    """Starts a daemon with one event of each status: delivered, failed, invalid, unsupported,
    pending."""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", json.dumps(track("m-delivered", event="Order Completed")).replace(
        '"properties": {}', '"properties": {"total": 1.10}'))
    bench.wait_settled(1)
    sim.answer(422)
    daemon.accept("/v1/track", track("m-failed", email="bob@example.com"))
    bench.wait_settled(2)
    daemon.accept("/v1/track", track("m-invalid", email=None))
    daemon.accept("/v1/identify", {"type": "identify", "messageId": "m-unsupported",
                                   "userId": "u-1"})
    bench.wait_settled(4)
    sim.answer(503)
    daemon.accept("/v1/track", track("m-pending"))
    wait_until(lambda: bench.value("SELECT count(*) FROM attempts WHERE http_status = 503"),
               "an attempt for the one that waits")
    return sim, daemon


def test_version(bench):
    """version"""
    done = bench.run(binary("bentospool"), "version")
    equal(done.returncode, 0, "exit status")
    true(re.search(r"bentospool \d+\.\d+\.\d+", done.stdout), f"it prints {done.stdout!r}")
    done = bench.run(binary("bentospool"), "version", "--json")
    true(re.fullmatch(r"\d+\.\d+\.\d+", objects(done)[0]["version"]), f"and {done.stdout!r}")


def test_usage(bench):
    """help goes to standard output, wrong usage exits 2 and says what is wrong"""
    for verb in VERBS:
        done = bench.run(binary("bentospool"), verb, "--help")
        equal(done.returncode, 0, f"{verb} --help")
        true(verb in done.stdout and not done.stderr, f"{verb} --help prints about itself")
    done = bench.run(binary("bentospool"), "--help")
    equal(done.returncode, 0, "--help")
    for verb in VERBS:
        true(verb in done.stdout, f"{verb} is in --help")
    for argv in ([], ["no-such-verb"], ["list", "--no-such-option"], ["show"], ["list", "--status", "no-such-status"],
                 ["list", "--since", "yesterdayish"], ["list", "--limit", "-1"], ["requeue"]):
        done = bench.run(binary("bentospool"), *argv, env={"BENTOSPOOL_DATABASE": bench.database})
        equal(done.returncode, 2, f"exit status of {argv}; it said {done.stderr!r}")
        true(done.stderr and not done.stdout, f"{argv} complains on standard error")


def test_first_screen(bench):
    """without a verb the program says where to begin; an unknown verb is answered with the nearest one"""
    first = bench.run(binary("bentospool")).stderr
    named = re.findall(r"bentospool ([a-z]+)  ", first)
    equal(named, ["init", "doctor", "serve", "send", "status", "list", "help"], first)
    for verb in named:
        equal(bench.run(binary("bentospool"), "help", *([] if verb == "help" else [verb])).returncode, 0, verb)
    true(len(first.splitlines()) < 12 and max(map(len, first.splitlines())) <= 80, first)
    for typed, meant in (("staus", ": did you mean bentospool status?"), ("requeu", "bentospool requeue?"),
                         ("quux", "; see bentospool help")):
        said = bench.run(binary("bentospool"), typed).stderr
        true(f'unknown verb "{typed}"' in said and said.endswith(meant + "\n"), said)


def test_topics(bench):
    """help TOPIC explains all statuses, reasons and filters, each on one screen"""
    with open(os.path.join(spooltest.srcdir(), "doc/bentospool-schema.7"), encoding="utf-8") as file:
        page = file.read()
    with open(os.path.join(spooltest.srcdir(), "doc/bentospool.1"), encoding="utf-8") as file:
        filters = re.findall(r"^\.It Fl Fl (\S+)", file.read().split(".Sh FILTERS")[1].split(".Sh ")[0], re.M)

    def words(section):
        return {word for line in re.findall(r"^\.It Li (.+)$", page.split(f".Sh {section}\n")[1]
                                            .split(".Sh ")[0], re.M) for word in line.split(" , ")}
    for topic, wanted in (("statuses", words("STATUSES")), ("reasons", words("REASONS")),
                          ("filters", {f"--{name}" for name in filters})):
        done = bench.run(binary("bentospool"), "help", topic)
        equal((done.returncode, done.stderr), (0, ""), topic)
        lines = done.stdout.splitlines()
        true(len(lines) <= 36 and max(len(line) for line in lines) <= 80, f"{topic}: {len(lines)} lines")
        shown = set(re.findall(r"^  +(?:-., )?(\S+)", done.stdout, re.M))
        equal(wanted - shown, set(), f"{topic} that help leaves out")
        if topic != "filters":
            equal(shown - wanted, set() if topic == "reasons" else shown - wanted, f"{topic} too many")
    equal(bench.run(binary("bentospool"), "help", "nothing").returncode, 2, "an unknown topic")


def test_width(bench):
    """no line of help is longer than 80 columns"""
    said = bench.run(binary("bentospool"), "help").stdout
    verbs = re.findall(r"^  (\w+) +\S", said.split("\nconfiguration:")[0], re.M)
    true(set(VERBS) < set(verbs), f"verbs: {verbs}")
    for verb in verbs[:-1]:
        said += bench.run(binary("bentospool"), verb, "--help").stdout
    for line in said.splitlines():
        # The directory of the configuration can be as long as configure was told.
        true(len(line) <= 80 or re.fullmatch(r"  /\S+/bentospool\.conf", line), f"too long: {line}")


def test_misplaced(bench):
    """options before the verb are refused, and the message says where they belong"""
    for argv, words in ((["-c", "F", "status"], "bentospool status -c F\n"), (["--json", "list"], "list --json\n"),
                        (["-c"], "bentospool status -c FILE\n"), (["-c", "x" * 200, "list"], "-c FILE\n")):
        done = bench.run(binary("bentospool"), *argv)
        equal(done.returncode, 2, f"exit status of {argv}")
        true("options follow the verb" in done.stderr and done.stderr.endswith(words), done.stderr)


def test_full_output(bench):
    """output that cannot be written is reported once, with its cause"""
    daemon = bench.daemon()
    for i in range(40):
        daemon.accept("/v1/track", track(f"m-{i}", event="x" * 200))
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) SELECT i FROM n"
    for argv in (["help"], ["sql", "SELECT 1"], ["sql", many], ["list"], ["export"], ["tail", "--no-follow"]):
        where = [] if argv == ["help"] else ["--database", bench.database]
        with open("/dev/full", "wb") as full:
            done = subprocess.run([binary("bentospool"), *argv, *where], stdin=subprocess.DEVNULL,
                                  stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
        equal((done.returncode, done.stderr),
              (1, "bentospool: cannot write the output: No space left on device\n"), f"{argv}")


def test_status(bench):
    """status: counts by status, the oldest pending, the last attempt, whether a daemon runs"""
    _, daemon = prepared(bench)
    done = bench.cli("status")
    equal(done.returncode, 0, "exit status")
    for word in ("pending", "delivered", "failed", "invalid", "unsupported"):
        true(re.search(rf"{word}\s+1\b", done.stdout), f"1 {word} in {done.stdout!r}")
    found = objects(bench.cli("status", "--json"))
    text = json.dumps(found)
    for word in ("pending", "delivered", "failed", "invalid", "unsupported"):
        true(f'"{word}": 1' in text, f"1 {word} in {text}")
    true("503" in text, "the last attempt is there")
    true('"main"' in text, "the site is named")
    daemon.stop()
    stopped = bench.cli("status")
    equal(stopped.returncode, 0, "exit status without a daemon")
    true("the daemon is not running: start" in stopped.stdout, f"it tells what to do: {stopped.stdout!r}")
    true("next attempt in" not in stopped.stdout, "nobody makes a next attempt")


def test_list(bench):
    """list: filters select by each criterion; exits 3 when nothing matches"""
    _, daemon = prepared(bench)
    every = ["m-delivered", "m-failed", "m-invalid", "m-unsupported", "m-pending"]
    ids = {row["message_id"]: row["event_id"] for row in bench.outbox()}
    cases = [
        (["--all"], every),
        ([], every),
        (["--status", "failed"], ["m-failed"]),
        (["--status", "pending"], ["m-pending"]),
        (["--kind", "identify"], ["m-unsupported"]),
        (["--name", "Order*"], ["m-delivered"]),
        (["--email", "bob@*"], ["m-failed"]),
        (["--message-id", "m-invalid"], ["m-invalid"]),
        (["--id", str(ids["m-failed"])], ["m-failed"]),
        (["--http-status", "422"], ["m-failed"]),
        (["--site", "main", "--kind", "track", "--status", "delivered"], ["m-delivered"]),
        (["--since", "1h"], every),
        (["--since", "2000-01-01T00:00:00Z"], every),
    ]
    for argv, expected in cases:
        found = [line["message_id"] for line in objects(bench.cli("list", "--json", *argv))]
        equal(sorted(found), sorted(expected), f"list {argv}")
    equal(len(objects(bench.cli("list", "--json", "--limit", "2"))), 2, "lines under --limit 2")
    line = objects(bench.cli("list", "--json", "--status", "failed"))[0]
    row = bench.outbox("m-failed")
    for key in ("event_id", "site", "message_id", "kind", "name", "email", "status", "reason",
                "attempts", "received_at", "http_status"):
        equal(line[key], row[key], f"{key} as in the view")
    long_address = "no-column-may-cut-this-in-a-pipe@" + "x" * 60 + ".example.com"
    daemon.accept("/v1/track", track("m-long", email=long_address))
    true(long_address in bench.cli("list", "--message-id", "m-long").stdout, "a pipe gets all of it")
    text = bench.cli("list", "--status", "failed").stdout
    true("bob@example.com" in text and "failed" in text, f"for people: {text!r}")
    for argv in (["--status", "held"], ["--until", "2000-01-01"], ["--site", "nobody"]):
        equal(bench.cli("list", *argv).returncode, 3, f"exit status of list {argv}")


def test_show(bench):
    """show: the event, its attempts, and exactly what was or would be sent"""
    sim, _ = prepared(bench)
    row = bench.outbox("m-delivered")
    sent = json.loads(sim.record_text().splitlines()[0])["event"]
    done = bench.cli("show", str(row["event_id"]))
    equal(done.returncode, 0, "exit status")
    for word in ("m-delivered", "Order Completed", "ann@example.com", "delivered", "200"):
        true(word in done.stdout, f"{word!r} is in {done.stdout!r}")
    found = bench.cli("show", "--json", str(row["event_id"]))
    objects(found)
    true('"total":1.10' in found.stdout, f"what was sent is shown digit for digit: {found.stdout!r}")
    true(sent["details"]["unique"]["key"] in found.stdout, "with its unique key")
    waiting = bench.cli("show", "--json", str(bench.outbox("m-pending")["event_id"]))
    true("m-pending" in waiting.stdout and "503" in waiting.stdout, "one that waits")
    for argv, said in ((["999"], "there is no event 999"), (["--message-id", "m-none"], "no event matches")):
        none = bench.cli("show", *argv)
        equal((none.returncode, none.stderr), (3, f"bentospool: {said}\n"), f"show {argv}")
    refused = bench.cli("show", "--message-id", "m-failed").stdout
    true("Bento's response: {" in refused, f"what Bento answered is shown: {refused!r}")
    true("Bento's response" not in done.stdout, "of a delivered one there is nothing to say")
    invalid = bench.cli("show", str(bench.outbox("m-invalid")["event_id"]))
    equal(invalid.returncode, 0, "exit status for an invalid one")
    equal(bench.cli("show", "999999").returncode, 3, "exit status for no event")
    equal(bench.cli("show", "x").returncode, 2, "exit status for what is no id")


def test_requeue(bench):
    """requeue: refuses to run without a filter; --dry-run changes nothing; then the event is
    delivered"""
    sim, _ = prepared(bench)
    equal(bench.cli("requeue", "--yes").returncode, 2, "exit status without a filter")
    done = bench.cli("requeue", "--status", "failed", "--dry-run")
    equal(done.returncode, 0, "exit status of the dry run")
    true("1" in done.stdout, f"it says how many: {done.stdout!r}")
    equal(bench.outbox("m-failed")["status"], "failed", "after the dry run")
    equal(bench.cli("requeue", "--status", "held", "--yes").returncode, 3, "nothing matched")
    sim.heal()
    done = bench.cli("requeue", "--status", "failed", "--yes", "--note", "fixed the address")
    equal(done.returncode, 0, f"exit status; it said {done.stderr!r}")
    wait_until(lambda: bench.outbox("m-failed")["status"] == "delivered", "it is delivered")
    true("m-failed" in sim.keys(), "Bento got it")
    operation = bench.rows("SELECT * FROM operations")
    equal([(o["verb"], o["note"], o["events"]) for o in operation],
          [("requeue", "fixed the address", 1)], "the operation is in the audit")
    true("failed" in operation[0]["filter"] and operation[0]["actor"], "with filter and actor")
    wait_until(lambda: bench.outbox("m-pending")["status"] == "delivered", "so is the other")
    done = bench.cli("requeue", "--status", "delivered", "--dry-run")
    true("3 of them already delivered" in done.stdout, f"it tells that Bento gets them again: {done.stdout!r}")
    before = len(bench.rows("SELECT * FROM operations"))
    equal(on_terminal(bench, "n", "requeue", "--status", "delivered"), 1, "exit status of a no")
    equal(bench.cli("requeue", "--status", "delivered").returncode, 2, "with nobody to ask")
    equal(len(bench.rows("SELECT * FROM operations")), before, "nothing was done")
    equal(on_terminal(bench, "y", "requeue", "--status", "delivered"), 0, "exit status of a yes")
    equal(len(bench.rows("SELECT * FROM operations")), before + 1, "it was done")


def test_requeue_of_another_kind(bench):
    """a requeued page call never becomes one of Bento's own events, whatever its name"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    page = {"type": "page", "name": "$unsubscribe", "messageId": "m-page",
            "context": {"traits": {"email": "ann@example.com"}}}
    daemon.accept("/v1/page", page)
    equal(bench.outbox("m-page")["status"], "unsupported", "and kept")
    done = bench.cli("requeue", "--message-id", "m-page", "--yes")
    equal(done.returncode, 0, f"exit status; it said {done.stderr!r}")
    wait_until(lambda: bench.outbox("m-page")["status"] == "unsupported", "it is unsupported again")
    equal(bench.outbox("m-page")["reason"], "unsupported_event_type", "for the same reason")
    equal(sim.events(), [], "what Bento got")


def test_requeue_without_a_daemon(bench):
    """requeue works without a daemon; the next daemon delivers"""
    sim, daemon = prepared(bench)
    daemon.stop()
    done = bench.cli("requeue", "--message-id", "m-failed", "--yes")
    equal(done.returncode, 0, f"exit status; it said {done.stderr!r}")
    equal(bench.outbox("m-failed")["status"], "pending", "it waits")
    sim.heal()
    spooltest.Daemon(bench, daemon.conf)
    wait_until(lambda: bench.outbox("m-failed")["status"] == "delivered", "it is delivered")


def test_check(bench):
    """check: prints the configuration in effect with secrets masked; a bad one exits 1"""
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")})
    for argv in (["check"], ["check", "--json"]):
        done = bench.cli(*argv, conf=conf)
        equal(done.returncode, 0, f"exit status of {argv}; it said {done.stderr!r}")
        said = done.stdout + done.stderr
        true(bench.database in said and "test-site" in said, f"settings are in {said!r}")
        for secret in (spooltest.SECRET_KEY, spooltest.WRITE_KEY):
            true(secret not in said, f"{secret} is masked")
    done = bench.cli("check", "--database", bench.path("no-folder/spool.db"), conf=conf)
    equal(done.returncode, 0, "exit status when the database's folder is missing")
    true("no-folder" in done.stderr, f"it warns of the missing folder: {done.stderr!r}")
    bad = bench.write("bad.conf", "nonsense = 1\n")
    equal(bench.cli("check", conf=bad).returncode, 1, "exit status for a bad one")


def test_environment(bench):
    """environment variables can replace the file; the control socket is beside the database"""
    sim = bench.sim()
    env = {"BENTOSPOOL_DATABASE": bench.database, "BENTOSPOOL_LISTEN": "127.0.0.1:0",
           "BENTOSPOOL_WRITE_KEYS": f"other,{spooltest.WRITE_KEY}",
           "BENTO_SITE_UUID": spooltest.SITE_UUID,
           "BENTO_PUBLISHABLE_KEY": spooltest.PUBLISHABLE_KEY,
           "BENTO_SECRET_KEY": spooltest.SECRET_KEY, "BENTO_API_URL": sim.api_url()}
    daemon = spooltest.Process(bench, "daemon", [binary("bentospool"), "serve"], env)
    daemon.wait_listening()
    true(os.path.exists(bench.database + ".sock"), "the control socket")
    done = bench.run(binary("bentospool"), "send", "--name", "Test", "--email", "ann@example.com", env=env)
    equal(done.returncode, 0, f"exit status of send; it said {done.stdout!r} {done.stderr!r}")
    bench.wait_settled(1)
    equal(len(sim.events()), 1, "what Bento got")
    done = bench.run(binary("bentospool"), "list", "--database", bench.database)
    equal(done.returncode, 0, "list with --database alone")


def test_send(bench):
    """send: reports a test event on its way through the running daemon until Bento answers"""
    sim = bench.sim()
    daemon = bench.daemon(sim)
    done = bench.cli("send", "--name", "Test", "--email", "ann@example.com")
    equal(done.returncode, 0, f"exit status; it said {done.stdout!r} {done.stderr!r}")
    true("delivered" in done.stdout, f"it tells: {done.stdout!r}")
    equal([event["email"] for event in sim.events()], ["ann@example.com"], "what Bento got")
    sim.answer(422)
    done = bench.cli("send", "--name", "Test", "--email", "ann@example.com")
    equal(done.returncode, 1, "when Bento refuses")
    true("see bentospool show 2" in done.stderr, f"it says where to look: {done.stderr!r}")
    daemon.stop()
    done = bench.cli("send", "--name", "Test", "--email", "ann@example.com")
    equal(done.returncode, 1, "exit status without a daemon")
    true(done.stderr, "it says why")


def test_send_is_judged(bench):
    """send: the site's rules and limits apply as to a posted event"""
    sim = bench.sim()
    bench.daemon(sim, ingest={"max_event": 4096}, identify="update_fields")
    for size, code in ((1, 0), (5000, 1)):
        event = bench.write("event.json", json.dumps({
            "type": "identify", "userId": "u", "traits": {"email": "ann@example.com",
                                                          "text": "x" * size}}))
        done = bench.cli("send", "--event", event)
        equal(done.returncode, code, f"{done.stdout} {done.stderr}")
    true("event_too_large" in done.stdout, done.stdout)
    equal([event["type"] for event in sim.events()], ["$update_fields"], "what Bento got")


def test_send_waits(bench):
    """send: waits for its own event only"""
    sims = {"main": bench.sim(), "shop": bench.sim()}
    sims["shop"].answer(401)
    daemon = spooltest.Daemon(bench, bench.configure({
        name: bench.site(sim.api_url(), write_keys=[name], identity_wait=60)
        for name, sim in sims.items()}))
    daemon.accept("/v1/track", track("m-1"), key="shop")
    wait_until(lambda: bench.rows("SELECT 1 FROM sites WHERE state = 'paused'"), "401 pauses it")
    equal(bench.cli("pause", "--site", "main").returncode, 0, "pause")

    def send(site, *more):
        done = bench.cli("send", "--site", site, "--name", "Test", "--timeout", "50s", *more)
        equal(done.returncode, 1, done.stderr)
        true("is still pending after" not in done.stderr, f"a paused site is told at once: {done.stderr}")
        return done.stderr

    listed = bench.cli("list").stdout.splitlines()
    true("SITE" in listed[0] and "shop" in listed[1], f"several sites: {listed}")
    followed = bench.cli("tail", "--no-follow", "--limit", "9").stdout
    true(re.search(r"event 1 .*shop", followed), followed)
    stranger = bench.cli("send", "--site", "nope", "--name", "Test", "--email", "ann@example.com")
    equal(stranger.stderr, 'bentospool: the daemon has no site "nope": bentospool status lists the sites\n', "send")
    told = send("main", "--email", "ann@example.com")
    true("site main was paused by" in told and "shop" not in told, told)
    told = send("shop", "--email", "ann@example.com")
    true("site shop is paused: " in told and "main" not in told, told)
    main, shop = bench.cli("status").stdout.split("site main: ")[1].split("site shop: ")
    remedy = "then +bentospool reload after a change here, bentospool flush after one at Bento"
    equal([bool(re.search(remedy, text)) for text in (main, shop)], [False, True],
          "what ends a pause: one by an operator by resume, one for wrong keys by a change")
    event = bench.write("event.json", json.dumps({"type": "track", "event": "E", "userId": "u"}))
    done = bench.cli("send", "--site", "main", "--event", event, "--timeout", "1s")
    true("site main was paused by" in done.stderr, done.stderr)
    true("once an identify call gives" in done.stderr, done.stderr)


def test_send_tells_of_a_backoff(bench):
    """send: says at once that the site backs off and until when, and goes on waiting"""
    sim = bench.sim()
    daemon = bench.daemon(sim, retry_first=40, retry_max=40)
    sim.answer(503)
    daemon.accept("/v1/track", track("m-1"))
    wait_until(lambda: bench.rows("SELECT 1 FROM sites WHERE state = 'backoff'"), "it backs off")
    done = bench.cli("send", "--name", "Test", "--email", "ann@example.com", "--timeout", "1s")
    equal(done.returncode, 1, done.stderr)
    first, second, third, _ = done.stderr.splitlines()
    line = r"bentospool: site main is backing off, next attempt in \d+ s: .*503"
    true(re.match(line, first), f"at once, and once: {done.stderr}")
    true("is still pending after 1 s" in second and re.match(line, third), done.stderr)
    sim.heal()
    sender = subprocess.Popen([binary("bentospool"), "send", "-c", bench.path("bentospool.conf"), "--name", "Test", "--email",
                               "ann@example.com"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
    with sender:
        true(re.match(line, sender.stderr.readline()), "it says so")
        equal(bench.cli("flush").returncode, 0, "flush")
        equal(sender.wait(30), 0, "delivered after it")


def test_reading_needs_only_the_database(bench):
    """verbs that only read need no access to the secret file"""
    daemon = bench.daemon()
    daemon.accept("/v1/track", track("m-1"))
    site = bench.site("http://127.0.0.1:1/api/v1")
    del site["secret_key"]
    conf = bench.configure({"main": {**site, "secret_key_file": bench.path("not-there")}},
                           name="reader.conf")
    for argv in (["status"], ["list"], ["show", "1"]):
        equal(bench.cli(*argv, conf=conf).returncode, 0, f"exit status of {argv}")


def test_without_a_configuration(bench):
    """with a broken configuration, verbs that read say how to work without it, and --database
    does"""
    daemon = bench.daemon()
    daemon.accept("/v1/track", track("m-1"))
    broken = bench.write("broken.conf", "nonsense = 1\n")
    for argv in (["status"], ["list"], ["show", "1"]):
        for env, extra, words in (({}, ["-c", broken], "use --database FILE instead of -c)"),
                                  ({"BENTOSPOOL_CONFIG": broken}, [], "use --database FILE)")):
            done = bench.run(binary("bentospool"), *argv, *extra, env=env)
            equal(done.returncode, 1, f"exit status of {argv}")
            true("nonsense" in done.stderr and words in done.stderr, f"{argv}: {done.stderr!r}")
        done = bench.run(binary("bentospool"), *argv, "--database", bench.database,
                         env={"BENTOSPOOL_CONFIG": broken})
        equal(done.returncode, 0, f"{argv}: {done.stderr!r}")
    done = bench.run(binary("bentospool"), "check", "-c", broken)
    true("--database" not in done.stderr, f"check: {done.stderr!r}")


def test_no_database(bench):
    """a missing database is named, exit 1"""
    for argv in (["status"], ["list"], ["show", "1"]):
        done = bench.run(binary("bentospool"), *argv, "--database", bench.path("none.db"))
        equal(done.returncode, 1, f"exit status of {argv}")
        true("none.db: start `bentospool serve`" in done.stderr, f"{argv} names it: {done.stderr!r}")
        done = bench.run(binary("bentospool"), *argv, env={"BENTOSPOOL_DATABASE": bench.path("none.db")})
        true("none.db, and no configuration /" in done.stderr and ": begin with bentospool init" in done.stderr,
             f"{argv} on the first day: {done.stderr!r}")


def test_removed_database(bench):
    """a database that was removed under its daemon is no missing one, and can be saved as told"""
    daemon = bench.daemon(bench.sim())
    daemon.accept("/v1/track", track("m-1"))
    bench.wait_settled(1)
    for suffix in ("", "-wal", "-shm"):
        os.unlink(bench.database + suffix)
    for argv in (["status"], ["list"]):
        done = bench.cli(*argv)
        equal(done.returncode, 1, done.stdout)
        true(f"{bench.database}: it was removed under the running daemon (process {daemon.pid}): first copy" in done.stderr
             and f" /proc/{daemon.pid}/fd; then stop" in done.stderr and done.stderr.endswith(", and start it\n"), done.stderr)
    descriptors = [f"/proc/{daemon.pid}/fd/{n}" for n in os.listdir(f"/proc/{daemon.pid}/fd")]
    for suffix in ("", "-wal"):
        kept = [fd for fd in descriptors if os.readlink(fd) == f"{bench.database}{suffix} (deleted)"]
        shutil.copyfile(kept[0], bench.path("copy" + suffix))
    daemon.kill()
    true("spool.db: start `bentospool serve`" in bench.cli("status").stderr, "nothing runs")
    for suffix in ("", "-wal"):
        os.rename(bench.path("copy" + suffix), bench.database + suffix)
    spooltest.Daemon(bench, daemon.conf)
    equal(bench.outbox("m-1")["status"], "delivered", "nothing is lost")


spooltest.main()
