#!/usr/bin/env python3
"""The commands and queries of the documents work: each one in README.md and doc/ is run.

Commands stand in blocks that are indented by four spaces, queries in ```sql, a configuration in a plain
``` block. A command either runs here, or ELSEWHERE names the test that runs it. doc/audit.md and
doc/morning.md have tests of their own.
"""
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolhistory import give_history, steps  # noqa: E402
from spooltest import DEADLINE, Skip, binary, equal, track, true, wait_until  # noqa: E402

WITH_COMMANDS = ["README.md", "doc/operating.md", "doc/availability.md", "doc/service.md", "doc/migrating.md", "doc/hacking.md", "CONTRIBUTING.md",
                 "doc/container.md"]
WITH_QUERIES = ["README.md", "doc/migrating.md", "doc/bentospool-schema.7"]

# Commands that no test of the installed program can run, and what runs them instead.
ELSEWHERE = [(re.compile(pattern), who) for pattern, who in (
    (r"tools/quickstart$", "by hand and before a release: it builds everything"),
    (r"tools/run-tests\b", "it runs this test"),
    (r"podman (build|exec|cp) ", "tests/package/container.py"),
    (r"tools/make-deb |sudo apt-get install /tmp/", "tests/package/life.py"),
    (r"sudo apt-get install ", "tools/run-tests, from tools/packages"),
    (r"\./autogen\.sh$", "tools/run-tests"),
    (r"\./configure |\.\./configure |make$|make -j2$|make check -j2$|mkdir (-p )?build && cd build$|cd \.\.$",
     "tools/run-tests"),
    (r"sudo make install$", "tools/run-tests dist"),
    (r"sudo bentospool init$", "test_first.py, as root"),
    (r"sudo systemd-sysusers ", "tests/package/test_systemd.py"),
    (r"sudoedit |sudo systemctl |sudo journalctl ", "they change the machine; some are in tests/package/boot.py"),
    (r"sudo systemd-run ", "tests/package/boot.py"),
    (r"sudo -u bentospool bentospool serve$", "the daemon that this test talks to"),
    (r"   bentospool (recover|verify|list --database)\b", "test_recover.py"),
    (r"sudo bentospool restore |bentospool adopt \S+\.before-", "test_restore.py"),
    (r"sudo install -d .*/etc/bentospool/tls|sudo -u bentospool (openssl req |chmod 600 /etc/bentospool/tls|curl --cacert )",
     "test_tls.py"),
    (r"bentospool torture ", "test_torture.py; here it would take ten minutes"),
    (r"bentospool-sim --listen 127\.0\.0\.1:7301$", "the simulated Bento of each test"),
)]
FAILED_NAME = "Refused Here"


def read(document):
    with open(os.path.join(spooltest.srcdir(), document), encoding="utf-8") as file:
        return file.read()


def fenced(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", read(document), re.M | re.S)


def commands(document):
    """Yields each command of the indented blocks. A line that ends in \\ or in an open quote
    continues."""
    text = re.sub(r"^```.*?^```$", "", read(document), flags=re.M | re.S)
    for block in re.findall(r"(?:^    .*\n)+", text, re.M):
        command = ""
        for line in block.splitlines():
            command += line[4:]
            if command.endswith("\\"):
                command = command[:-1]
            elif command.count("'") % 2:
                command += "\n"
            else:
                yield command
                command = ""
        equal(command, "", f"{document}: a command that does not end")


def elsewhere(command):
    return any(pattern.match(command) for pattern, _ in ELSEWHERE)


def script(bench, name, text):
    path = os.path.join(bench.path("bin"), name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, stat.S_IRWXU)


class World:
    """A daemon configured as in README.md, with some history, and a shell that can run
    bentospool."""

    def __init__(self, bench):
        self.bench = bench
        self.sim = bench.sim()
        self.sim.faults(f"refuse={FAILED_NAME}")
        os.mkdir(bench.path("bin"))
        bench.write("secret_key", spooltest.SECRET_KEY + "\n")
        conf = fenced("README.md", "")[0]
        for there, here in (("/var/lib/bentospool/spool.db", bench.database),
                            ("127.0.0.1:7300", "127.0.0.1:0"),
                            ("your site's UUID", spooltest.SITE_UUID),
                            ("your publishable key", spooltest.PUBLISHABLE_KEY),
                            ("/etc/bentospool/secret_key", bench.path("secret_key")),
                            ('site "main" {', f'site "main" {{\n    api_url = "{self.sim.api_url()}"\n'
                             "    requests_per_minute = 0")):
            true(there in conf, f"README.md configures {there}")
            conf = conf.replace(there, here)
        self.daemon = spooltest.Daemon(bench, bench.write("bentospool.conf", conf))
        key = re.search(r'write_keys += \{"(.*)"\}', conf).group(1)
        for i in range(3):
            self.daemon.post("/v1/track", track(f"failed-{i}", event=FAILED_NAME), key=key)
        self.daemon.post("/v1/track", track("any unique text"), key=key)
        bench.wait_settled(4)
        self.other()
        script(bench, "sudo", '[ "$1" = -u ] && shift 2\nexec "$@"\n')
        for name in ("bentospool", "bentospool-sim"):
            script(bench, name, f'exec "{binary(name)}" "$@"\n')
        self.environment = {
            **os.environ, "BENTOSPOOL_CONFIG": bench.path("bentospool.conf"),
            "PATH": bench.path("bin") + ":" + os.environ["PATH"]}

    def other(self):
        """Makes the database of a dead machine, at /mnt/old."""
        os.mkdir(self.bench.path("old"))
        shutil.copy(self.bench.path("bentospool.conf"), self.bench.path("old.conf"))
        done = self.bench.run(binary("bentospool"), "backup", "-c", self.bench.path("bentospool.conf"),
                              self.bench.path("old/spool.db"))
        equal(done.returncode, 0, done.stderr)

    def run(self, command):
        for there, here in (("/var/lib/bentospool/spool.db", self.bench.database),
                            ("/mnt/old", self.bench.path("old")),
                            ("/var/backups", self.bench.dir),
                            ("http://127.0.0.1:7300", self.daemon.url())):
            command = command.replace(there, here)
        return subprocess.run(["sh", "-c", command], cwd=self.bench.dir, text=True, check=False,
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=DEADLINE)


# Commands that correctly exit with another status than 0 here.
NOTHING = 3
EXPECTED = {
    "bentospool purge --dry-run": NOTHING,  # nothing is old enough
    "sudo -u bentospool bentospool doctor": 1,  # Bento's address is not https here, perhaps no DNS
    "bentospool doctor": 1,
    # Three events failed.
    "bentospool status --check --max-age 15m": 1,
    "sudo -u bentospool bentospool status --check": 1,
}


def test_commands(bench):
    """each command that the documents show works as written"""
    if not shutil.which("sqlite3") or not shutil.which("curl"):
        raise Skip("sqlite3 and curl are needed")
    world = World(bench)
    ran = 0
    for document in WITH_COMMANDS:
        for command in commands(document):
            if elsewhere(command) or not re.match(r"sudo|bentospool|curl", command):
                continue
            ran += 1
            if re.search(r"bentospool (requeue|undo)\b(?!.*--dry-run)", command):
                world.sim.answer(503)  # the requeued event stays pending, so that undo finds it
                command += " --yes"
            done = world.run(command)
            wanted = EXPECTED.get(command, 0)
            if command.endswith("doctor"):
                true(done.returncode in (0, 1), f"{document}: {command}: {done}")
                continue
            equal(done.returncode, wanted, f"{document}: {command}: {done.stdout}{done.stderr}")
    true(ran > 20, f"only {ran} commands were found")


def test_packages(bench):
    """what tools/make-deb asks for at once is all that building the package needs"""
    del bench
    fields = re.search(r"^Build-Depends: ((?:.*\n )*.*)", read("tools/package/debian/control"), re.M).group(1)
    wanted = {re.search(r"[a-z0-9-]+$", re.sub(r"[ (<].*", "", depends.split("|")[-1].strip())).group()
              for depends in fields.split(",")} - {"debhelper-compat", "dh-sequence-installsysusers"}
    listed = set(re.findall(r"^(?:build|package) +(\S+)", read("tools/packages"), re.M))
    equal(wanted - listed, set(), "not in tools/packages")


def test_monitoring(bench):
    """each example of doc/monitoring.md runs, and says what is wrong"""
    text = "\n".join(fenced("doc/monitoring.md", ""))
    lines = [re.sub(r"^(command\[\w+\]=|UserParameter=[\w.]+,|ExecStart=|(\S+ ){5}bentospool  )", "", line)
             for line in text.splitlines()
             if line.startswith(("command[", "UserParameter=", "ExecStart=", "*/10"))]
    equal(len(lines), 6, lines)
    world = World(bench)
    for line in lines:
        done = world.run(line)
        true("3 events failed" in done.stdout, f"{line}: {done.stdout}{done.stderr}")
        equal(done.returncode, 2 if "exit 2" in line else 0 if "--json" in line or "echo" in line else 1,
              line)
    equal(bench.cli("discard", "--all", "--status", "failed", "--yes").returncode, 0, "discard them")
    for line in lines:
        done = world.run(line)
        equal(done.returncode, 0, f"{line}: {done.stdout}{done.stderr}")
        equal(done.stdout == "", "echo" in line, f"{line}: {done.stdout}")
    shown = re.search(r"^    OK: .*$", read("doc/monitoring.md"), re.M).group()
    equal(re.sub(r"\d+", "N", shown.strip()).replace("site,", "site,"),
          re.sub(r"\d+", "N", world.run(lines[0]).stdout.strip()), "the line that the page shows")


def test_no_stranger(bench):
    """each command is run here, or the test that runs it is named"""
    del bench
    unknown = []
    for document in WITH_COMMANDS:
        if document == "doc/migrating.md":  # its indented block is JavaScript, not commands
            continue
        unknown += [f"{document}: {command}" for command in commands(document)
                    if not elsewhere(command) and not re.match(r"sudo|bentospool|curl", command)]
    equal(unknown, [], "commands that nobody runs")


def test_sdk_and_curl_events(bench):
    """the event that README.md posts by hand arrives as described"""
    if not shutil.which("curl"):
        raise Skip("curl is needed")
    world = World(bench)
    curl = next(c for c in commands("README.md") if c.startswith("curl"))
    bench.write("spool.sql", "")
    before = len(world.sim.events())
    command = curl.replace("any unique text", "posted by hand")
    equal(world.run(command).returncode, 0, curl)
    bench.wait_settled(5)
    event = wait_until(lambda: world.sim.events()[before:], "it arrives")[0]
    equal((event["type"], event["email"], event["details"]["plan"]),
          ("Signed Up", "ann@example.com", "family"), "what Bento got")


def queries(document):
    if document.endswith(".7"):
        return [part.replace("\\(dq", '"') for part in
                re.findall(r"^\.Bd -literal[^\n]*\n(SELECT.*?)^\.Ed", read(document), re.M | re.S)]
    return [part for block in fenced(document, "sql")
            for part in re.split(r";\s*\n\s*\n", block.strip())]


def test_queries(bench):
    """each query gives rows, and none reads every event or every request"""
    if not shutil.which("sqlite3"):
        raise Skip("there is no sqlite3")
    World(bench).daemon.stop()
    with sqlite3.connect(bench.database) as file:
        give_history(file)
    file.close()
    found = [(document, sql) for document in WITH_QUERIES for sql in queries(document)]
    true(len(found) >= 9, f"only {len(found)} queries were found")
    for document, sql in found:
        done = subprocess.run(["sqlite3", "-readonly", bench.database], text=True, check=False,
                              input=sql.strip().rstrip(";") + ";", capture_output=True, timeout=60)
        equal((done.returncode, done.stderr), (0, ""), f"{document}: {sql}")
        taken = steps(bench.database, sql)
        true(taken <= 60, f"{document}: {sql}: {taken} thousand steps")


def test_installed_links(bench):
    """the links of the documents lead somewhere, in the source and as they are installed"""
    done = bench.run("make", "-s", "-C", spooltest.builddir(), f"DESTDIR={bench.dir}", "docdir=/doc", "mandir=/man",
                     "install-man", "install-dist_docDATA", "install-data-hook", env={"MAKEFLAGS": ""})
    equal(done.returncode, 0, done.stderr)
    for place in (spooltest.srcdir(), os.path.join(spooltest.srcdir(), "doc"), bench.path("doc")):
        pages = [name for name in os.listdir(place) if name.endswith(".md")]
        true(len(pages) > 2, f"{place} has documents")
        for page in pages:
            with open(os.path.join(place, page), encoding="utf-8") as file:
                links = re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read())
            equal([link for link in links if not os.path.exists(os.path.join(place, link))], [], f"{place}/{page}")


def test_experiments(bench):
    """reliability.md has the figures of each experiment, and names no other"""
    done = bench.run(sys.executable, os.path.join(spooltest.srcdir(), "tests", "faults", "run"), "--list")
    equal((done.returncode, done.stderr), (0, ""), "the list")
    there = set(re.findall(r"^(\w+) \(", done.stdout, re.M)) - {"mutants"}
    told = set(re.findall(r"`tests/faults/run (?:--small )?(\w+)[^`]*` \|$", read("doc/reliability.md"), re.M))
    equal(sorted(told), sorted(there), "the table of reliability.md")


spooltest.main()
