#!/usr/bin/env python3
"""Certificates that end, are renewed, or cannot be used: nothing is lost, and a person is told."""
import json
import os
import re
import shutil
import ssl
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
import spooltls  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def serial(daemon, ca, pair=None):
    """Returns the serial number of the certificate that a new connection sees."""
    connection = spooltls.Connection(daemon, ca.context(pair))
    connection.http.connect()
    number = connection.serial()
    connection.close()
    return number


def status(bench):
    return json.loads(bench.cli("status", "--json").stdout)


def problems(bench):
    return " ".join(status(bench)["problems"])


def findings(bench):
    """Returns doctor's exit status and its findings about certificates."""
    done = bench.cli("doctor", "--offline", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, [row for row in rows if row["what"] == "certificate"]


class Load:
    """Threads that post over TLS, half of them on new connections; counts what was answered."""

    def __init__(self, daemon, ca):
        self.daemon, self.context = daemon, ca.context()
        self.over = threading.Event()
        self.acked, self.wrong = [], []
        self.threads = [threading.Thread(target=self.post, args=(i,)) for i in range(4)]
        for thread in self.threads:
            thread.start()

    def post(self, which):
        connection = None
        n = 0
        while not self.over.is_set():
            name = f"load-{which}-{n}"
            n += 1
            try:
                connection = connection or spooltls.Connection(self.daemon, self.context)
                answer = connection.post("/v1/track", track(name))
                (self.acked if answer == (200, {"success": True}) else self.wrong).append(name)
                if which % 2 == 0:
                    connection.close()
                    connection = None
            except (OSError, ssl.SSLError) as e:
                self.wrong.append(f"{name}: {e}")
                connection = None

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_renewals_under_load(bench):
    """five renewals while clients post: no request fails, new connections see each certificate"""
    ca = spooltls.Authority(bench)
    daemon = bench.daemon(ingest=ca.settings())
    old = spooltls.Connection(daemon, ca.context())
    equal(old.post("/v1/track", track("old-0"))[0], 200, "before")
    first = old.serial()
    load = Load(daemon, ca)
    seen = {first}
    for _ in range(5):
        before = serial(daemon, ca)
        ca.issue("server")
        wait_until(lambda then=before: serial(daemon, ca) != then, "the new certificate")
        seen.add(serial(daemon, ca))
        wait_until(lambda n=len(load.acked): len(load.acked) > n + 50, "clients go on")
    load.end()
    equal(load.wrong, [], "requests that failed")
    equal(len(seen), 6, "certificates")
    equal(old.post("/v1/track", track("old-1"))[0], 200, "an open connection goes on")
    equal(old.serial(), first, "with its certificate")
    stored = {row["message_id"] for row in bench.rows("SELECT message_id FROM outbox")}
    equal(stored, set(load.acked) | {"old-0", "old-1"}, "what is stored")
    true("new connections get the certificate of localhost, which ends" in daemon.log(), daemon.log())


def test_bad_files_change_nothing(bench):
    """a key that does not fit, an exposed key, a missing file: the present certificate stays, and log,
    status and doctor say why, until the files are in order"""
    ca = spooltls.Authority(bench)
    settings = ca.settings()
    pem, key = settings["certificate_file"], settings["private_key_file"]
    daemon = bench.daemon(ingest=settings)
    present = serial(daemon, ca)
    equal((problems(bench), findings(bench)[0]), ("", 0), "at first")
    other, other_key = ca.issue("other")
    shutil.copy(pem, pem + ".good")

    def replace(source, target):
        shutil.copy(source, target + ".new")
        os.rename(target + ".new", target)

    def expect_fault(words):
        wait_until(lambda: words in problems(bench), words)
        true("ingest: the new certificate is not used: " in problems(bench), problems(bench))
        equal(serial(daemon, ca), present, "the present one stays")
        true(words in daemon.log(), daemon.log())
        code, rows = findings(bench)
        equal((code, rows[-1]["grade"]), (1, "problem"), f"{rows}")
        true(words in rows[-1]["found"] and rows[-1]["remedy"], f"{rows}")
        done = bench.cli("check")
        equal(done.returncode, 1, done.stderr)
        true(words in done.stderr, done.stderr)
        done = bench.cli("reload")
        equal(done.returncode, 1, done.stderr)
        true(words in done.stderr and "nothing is changed" in done.stderr, done.stderr)
        equal(bench.cli("status", "--check").returncode, 1, "status --check")

    replace(other, pem)
    expect_fault("the key does not belong to the first certificate in ")
    replace(pem + ".good", pem)
    wait_until(lambda: problems(bench) == "", "the end of the trouble")
    os.chmod(key, 0o644)
    expect_fault(f"{key} can be read by others (mode 0644): chmod 600 {key}")
    os.chmod(key, 0o600)
    wait_until(lambda: problems(bench) == "", "the end of the trouble")
    os.remove(pem)
    expect_fault(f"cannot open {pem}: No such file or directory")
    # a renewal at last
    shutil.copy(other_key, key)
    replace(other, pem)
    wait_until(lambda: problems(bench) == "" and serial(daemon, ca) != present, "the renewal")
    equal(findings(bench)[0], 0, "doctor")
    log = daemon.log()
    true("PRIVATE KEY" not in log and "BEGIN" not in log, log)
    equal(log.count("does not belong"), 1, "a fault is logged once")


def test_reload(bench):
    """a reload reads the files again, and may name others"""
    ca = spooltls.Authority(bench)
    settings = ca.settings()
    daemon = bench.daemon(ingest=settings)
    first = serial(daemon, ca)
    pem, key = ca.issue("second")
    conf = bench.path("bentospool.conf")
    with open(conf, encoding="utf-8") as file:
        text = file.read()
    bench.write("bentospool.conf", text.replace(settings["certificate_file"], pem)
                .replace(settings["private_key_file"], key))
    done = bench.cli("reload")
    equal(done.returncode, 0, done.stderr)
    second = serial(daemon, ca)
    true(second != first, "the second certificate")
    ca.issue("second")
    equal(bench.cli("reload").returncode, 0, "reload")
    true(serial(daemon, ca) != second, "at once after a reload")
    bench.write("bentospool.conf", text.replace("tls:127.0.0.1:0", "tls:127.0.0.2:0"))
    done = bench.cli("reload")
    true(done.returncode == 1 and "listen needs a restart" in done.stderr, done.stderr)
    daemon.restart()


def test_ends(bench):
    """status, status --check, doctor, check and the alarm say when a certificate ends"""
    ca = spooltls.Authority(bench)
    script = bench.write("alarm.sh", '#!/bin/sh\necho "$BENTOSPOOL_EVENT|$BENTOSPOOL_TEXT" >>"$1"\n')
    os.chmod(script, 0o700)
    alarms = bench.path("alarms")
    daemon = bench.daemon(ingest=ca.settings(days=13, names="DNS:spool.example,IP:127.0.0.1"),
                          top={"alarm_command": [script, alarms]})

    def alarm(n):
        wait_until(lambda: os.path.exists(alarms) and open(alarms, encoding="utf-8").read().count("\n") >= n,
                   f"alarm {n}")
        return open(alarms, encoding="utf-8").read().splitlines()[n - 1]

    def use(days):
        before = status(bench)["daemon"]["certificates"][0]["not_after"]
        ca.issue("server", days=days)
        wait_until(lambda: status(bench)["daemon"]["certificates"][0]["not_after"] != before, "renewed")

    # 13 days, all of which are left: more than a fifth
    equal(bench.cli("status", "--check").returncode, 0, "a short-lived one")
    told = bench.cli("status").stdout
    true(re.search(r"^tls       ingest: certificate of spool.example until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, "
                   r"in 12 d 23 h$", told, re.M), told)
    one = status(bench)["daemon"]["certificates"][0]
    equal((one["listener"], one["name"], one["fault"]), ("ingest", "spool.example", None), "in JSON")
    equal([row["grade"] for row in findings(bench)[1]], ["ok"], "doctor")
    done = bench.cli("status", "--check", "--min-certificate", "12d")
    equal(done.returncode, 0, done.stdout)
    use(-1)
    true(alarm(1).startswith("certificate_trouble|ingest: the certificate of localhost ended 20"), alarm(1))
    true("ingest: the certificate ended 20" in problems(bench), problems(bench))
    equal((findings(bench)[0], findings(bench)[1][0]["grade"]), (1, "problem"), "doctor")
    done = bench.cli("check")
    equal(done.returncode, 0, done.stderr)
    true(" ended 20" in done.stderr and "renew it; clients refuse it" in done.stderr, done.stderr)
    daemon = daemon.restart()  # an old certificate does not keep events from being delivered
    true("ended 20" in daemon.log(), daemon.log())
    use(365)
    equal(alarm(3), "certificate_ok|the certificate is in order again", "the end")
    equal((problems(bench), findings(bench)[0]), ("", 0), "all is well")
    done = bench.cli("status", "--check", "--min-certificate", "73d")
    equal(done.returncode, 0, done.stdout)
    equal(bench.cli("status", "--min-certificate", "1d").returncode, 2, "it needs --check")
    daemon.stop()
    equal([row["grade"] for row in findings(bench)[1]], ["ok"], "doctor, without a daemon")


spooltest.main()
