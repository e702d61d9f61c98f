#!/usr/bin/env python3
"""sql can only read; completion offers every verb and option."""
import json
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Skip, binary, equal, track, true  # noqa: E402


def filled(bench):
    sim = bench.sim()
    daemon = bench.daemon(sim)
    for i in range(3):
        daemon.accept("/v1/track", track(f"m-{i}", event="Größe"))
    bench.wait_settled(3)
    return daemon


def test_sql(bench):
    """prints rows as a table, as lines and as JSON while the daemon runs"""
    filled(bench)
    done = bench.cli("sql", "SELECT event_id, name FROM outbox ORDER BY 1")
    equal(done.stdout, "event_id  name\n1         Größe\n2         Größe\n3         Größe\n", "a table")
    done = bench.cli("sql", "--json", "SELECT 9007199254740993 AS big, 1.5 AS r, NULL AS n,"
                     " 'a\"b' AS t, x'00ff' AS b -- and nothing else;")
    equal(done.stdout, '{"big":9007199254740993,"r":1.5,"n":null,"t":"a\\"b","b":"00ff"}\n', "JSON")
    done = bench.cli("sql", "SELECT * FROM outbox LIMIT 2")
    true("event_id: 1\n" in done.stdout and "\n\nevent_id: 2\n" in done.stdout, done.stdout)
    done = bench.cli("sql", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000)"
                     " SELECT i FROM n")
    equal(len(done.stdout.splitlines()), 5001, "many rows")
    equal(bench.cli("sql", "SELECT 1 WHERE 0").returncode, 3, "no rows")
    process = subprocess.run([binary("bentospool"), "sql", "-", "--json", "--database", bench.database],
                             input="SELECT count(*) AS n FROM outbox;\n", text=True,
                             capture_output=True, timeout=30, check=False)
    equal(json.loads(process.stdout), {"n": 3}, "from standard input")
    for sql in ("-- what became\nSELECT 1 AS n", "--\nSELECT 1 AS n"):
        done = bench.cli("sql", sql, "--json")
        equal((done.stdout, done.stderr), ('{"n":1}\n', ""), "a comment before it")


def test_only_reading(bench):
    """a statement that would write, open or change something is refused"""
    filled(bench)
    for sql in ("DELETE FROM event", "UPDATE delivery SET status = 'failed'", "DROP TABLE event",
                "CREATE TEMP TABLE t (a)", f"ATTACH '{bench.path('other.db')}' AS other",
                "PRAGMA journal_mode = DELETE", "PRAGMA writable_schema = 1", "BEGIN IMMEDIATE",
                "SELECT load_extension('x')", "VACUUM INTO 'copy.db'", "REINDEX"):
        done = bench.cli("sql", sql)
        equal(done.returncode, 2, f"exit status of {sql}")
        true("only reading is allowed" in done.stderr, f"{sql}: {done.stderr}")
    for sql, words in (("SELEC 1", 'near "SELEC"'), ("SELECT nothing", "nothing"),
                       ("SELECT 1; SELECT 2", "only one statement"), (" -- nothing", "no SQL statement"),
                       ("SELECT 1; DELETE FROM event", "only one statement"),
                       ("SELECT 1 FROM x", "no such table: x; the views are outbox, messages,")):
        done = bench.cli("sql", sql)
        equal(done.returncode, 2, f"exit status of {sql}")
        true(words in done.stderr, f"{sql}: {done.stderr}")
    equal(bench.cli("sql").returncode, 2, "without a statement")
    equal(bench.value("SELECT count(*) FROM outbox"), 3, "all events are there")


def test_time_limit(bench):
    """a query that takes too long is aborted with a message"""
    filled(bench)
    done = bench.cli("sql", "--timeout", "1s", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
                     " SELECT i + 1 FROM n) SELECT max(i) FROM n")
    equal(done.returncode, 1, "exit status")
    true("longer than 1000 ms" in done.stderr and "--timeout" in done.stderr, done.stderr)


def words_of(bench, verb):
    """Returns the long options that --help of a verb lists."""
    said = bench.run(binary("bentospool"), verb, "--help").stdout
    return {word.rstrip(",") for line in said.splitlines() if line.startswith("  ")
            for word in line.split()[:3] if word.startswith("--")}


def complete(bench, *words):
    """Returns what bash offers after these words."""
    script = bench.write("complete.bash", bench.run(binary("bentospool"), "completion", "bash").stdout)
    quoted = " ".join(f"'{word}'" for word in words)
    files = """compopt() { [ "$*" = "-o default" ] && COMPREPLY=(FILES); }"""
    done = bench.run(shutil.which("bash"), "-c", f". {script}; {files}; COMP_WORDS=({quoted});"
                     f" COMP_CWORD={len(words) - 1}; _bentospool; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    equal(done.stderr, "", "what bash says")
    return set(done.stdout.split())


def test_completion(bench):
    """bash completes verbs, options of each verb and statuses; zsh and fish name them all"""
    if not shutil.which("bash"):
        raise Skip("there is no bash")
    verbs = complete(bench, "bentospool", "")
    true({"serve", "undo", "help", "sql"} <= verbs, f"verbs: {verbs}")
    equal(complete(bench, "bentospool", "re"), {"recover", "release", "reload", "requeue", "restore", "resume"}, "re")
    for verb in verbs - {"help", "completion"}:
        equal(complete(bench, "bentospool", verb, "--"), words_of(bench, verb), f"options of {verb}")
    equal(complete(bench, "bentospool", "list", "--status", "in"), {"invalid"}, "statuses")
    equal(complete(bench, "bentospool", "completion", "z"), {"zsh"}, "shells")
    equal(complete(bench, "bentospool", "help", ""), verbs, "verbs behind help")
    for shell in ("zsh", "fish"):
        script = bench.run(binary("bentospool"), "completion", shell).stdout
        for verb in verbs:
            true(verb in script, f"{verb} in the script for {shell}")
        for word in words_of(bench, "list"):
            true((word if shell == "zsh" else f"-l {word[2:]}") in script, f"{word} for {shell}")
        if shutil.which(shell):
            path = bench.write("script", script)
            equal(bench.run(shutil.which(shell), "-n", path).returncode, 0, f"{shell} reads it")
    equal(bench.cli("completion", "csh").returncode, 2, "another shell")


def test_values(bench):
    """bash completes known values of options and operands, and offers no others"""
    if not shutil.which("bash"):
        raise Skip("there is no bash")
    for words, values in (
            (("list", "--kind", "su"), {"subscriber"}),
            (("list", "--kind", "-"), set()),
            (("list", "--status", "failed,in"), {"failed,invalid"}),
            (("list", "--status", "failed,held,p"), {"failed,held,pending"}),
            (("list", "--kind", "=", "u"), {"unknown"}),
            (("list", "--status", "="), {"pending", "delivered", "failed", "unsupported", "invalid",
                                         "held", "discarded"}),
            (("pause", "--site", ""), set()), (("list", "--reason", ""), set()),
            (("send", "-p", ""), set()), (("hold", "--note", "-"), set()),
            (("status", "-c", ""), {"FILES"}), (("list", "--database", "x"), {"FILES"}),
            (("list", "--database", "=", "x"), {"FILES"}),
            (("export", "--output", ""), {"FILES"}), (("check", "--event", ""), {"FILES"}),
            (("import", ""), {"FILES"}), (("adopt", "/"), {"FILES"}), (("backup", ""), {"FILES"}),
            (("import", "--dr"), {"--dry-run"}), (("import", "--dry-run", ""), {"FILES"}),
            (("undo", "7"), set())):
        equal(complete(bench, "bentospool", *words), values, f"behind {words}")


spooltest.main()
