#!/usr/bin/env python3
"""The manual pages name every verb, option, setting, view and column, and are valid mdoc."""
import os
import re
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Skip, equal, true  # noqa: E402

PAGES = ["bentospool.1", "bentospool-sim.1", "bentospool.conf.5", "bentospool-schema.7"]


def path(page):
    return os.path.join(spooltest.srcdir(), "doc", page)


def text(page):
    with open(path(page), encoding="utf-8") as file:
        return file.read()


def items(page, macro):
    """Returns the words after .It MACRO: option names, settings, columns."""
    return set(re.findall(rf"^\.It .*?{macro} ([\w-]+)", text(page), re.M))


def options(page):
    return set(re.findall(r"Fl Fl ([\w-]+)", text(page)))


def settings(bench):
    """Returns all settings, as check prints them."""
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")})
    done = bench.cli("check", conf=conf)
    equal(done.returncode, 0, done.stderr)
    return set(re.findall(r"^\s*(\w+)\s+= ", done.stdout, re.M))


def verbs(bench):
    listed = bench.run(spooltest.binary("bentospool"), "help").stdout
    return re.findall(r"^  (\w+) +\S", listed.split("\nconfiguration:")[0], re.M)


def missing(there, wanted, page):
    lost = sorted(set(wanted) - there)
    true(not lost, f"doc/{page} does not describe {', '.join(lost)}: add an .It for each")


def test_settings(bench):
    """bentospool.conf(5) describes every setting, and nothing that is not one"""
    there = items("bentospool.conf.5", "Ic")
    missing(there, settings(bench), "bentospool.conf.5")
    environment = {"database", "listen", "write_keys"}
    gone = there - settings(bench) - environment
    true(not gone, f"doc/bentospool.conf.5 describes what is gone: {', '.join(sorted(gone))}")


def test_example(bench):
    """the example configuration has every setting"""
    with open(path("bentospool.conf.example"), encoding="utf-8") as file:
        there = set(re.findall(r"^[\s#]*(\w+)\s*=", file.read(), re.M))
    missing(there, settings(bench), "bentospool.conf.example")


def test_verbs_and_options(bench):
    """bentospool(1) has every verb, every option, and an example for each"""
    names = verbs(bench)
    missing(items("bentospool.1", "Ic"), names, "bentospool.1")
    page = text("bentospool.1")
    for verb in names:
        if verb == "help":
            continue
        shown = bench.run(spooltest.binary("bentospool"), verb, "--help").stdout
        missing(options("bentospool.1"), re.findall(r"--([\w-]+)", shown), "bentospool.1")
        true(f".Dl bentospool {verb}" in page, f"doc/bentospool.1 has no example of {verb}")


def test_sim(bench):
    """bentospool-sim(1) has every option"""
    shown = bench.run(spooltest.binary("bentospool-sim"), "--help").stdout
    wanted = re.findall(r"^  --([\w-]+)", shown, re.M)
    missing(options("bentospool-sim.1"), wanted, "bentospool-sim.1")


def test_views(bench):
    """bentospool-schema(7) has every view and column"""
    daemon = bench.daemon()
    daemon.stop()
    views = [row["name"] for row in bench.rows("SELECT name FROM sqlite_schema WHERE type = 'view'")]
    page = text("bentospool-schema.7")
    for view in views:
        true(f".Ss {view}\n" in page, f"doc/bentospool-schema.7 does not describe the view {view}")
        part = page.split(f".Ss {view}\n")[1].split(".Ss ")[0].split(".Sh ")[0]
        if "the same columns" in part or "columns may change" in part:
            continue
        columns = [row["name"] for row in bench.rows("SELECT name FROM pragma_table_info(?)", view)]
        named = " , ".join(re.findall(r"^\.It Li (.*)$", part, re.M)).split(" , ")
        equal(named, columns, f"columns of {view}")


def printed(bench):
    """Returns the SQL of a new file: tables with their indexes, then the views."""
    bench.daemon().stop()
    made = bench.rows("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
                      " AND name NOT LIKE 'sqlite_%' ORDER BY type = 'view', rowid")
    return "".join(row["sql"] + ";\n\n" for row in made).rstrip("\n") + "\n"


def test_schema(bench):
    """doc/schema.sql is the schema of a new file; `test_manual.py --print-schema` prints it"""
    equal(text("schema.sql"), printed(bench), "doc/schema.sql")


def test_lint(bench):
    """mandoc finds no fault in the pages"""
    if not shutil.which("mandoc"):
        raise Skip("mandoc is not installed")
    for page in PAGES:
        told = bench.run("mandoc", "-T", "lint", "-W", "warning", path(page))
        equal((told.returncode, told.stdout), (0, ""), page)


if sys.argv[1:] == ["--print-schema"]:
    BENCH = spooltest.Bench()
    print(printed(BENCH), end="")
    BENCH.remove()
else:
    spooltest.main()
