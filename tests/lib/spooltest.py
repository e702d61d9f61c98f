"""The base of the integration tests: processes, HTTP by hand, the views, TAP.

A test file defines functions test_* that take a Bench, and ends with spooltest.main(). Each gets a
temporary directory of its own; whatever it started is ended after it. No test sleeps: it waits for
a condition with a deadline.
"""
import base64
import contextlib
import ctypes
import glob
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

import spoolchecksum
from spoolhttp import DEADLINE, WRITE_KEY, http_request

# Seconds that a whole file may take; an experiment that tests/faults/run runs takes as long as it takes.
FILE_DEADLINE = 0 if "FAULTS_RUNS" in os.environ else 600
SANITIZER = re.compile(
    r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|: runtime error: ")
SITE_UUID = "test-site"
PUBLISHABLE_KEY = "test-publishable"
SECRET_KEY = "test-secret"


class Skip(Exception):
    """Raised by a test that cannot run on this machine; its text says why."""


def builddir():
    return os.environ.get("top_builddir", os.getcwd())


def srcdir():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("top_srcdir", os.path.dirname(os.path.dirname(here)))


def binary(name):
    for folder in ("", "tools"):
        path = os.path.join(builddir(), folder, name)
        if os.access(path, os.X_OK):
            return path
    raise FileNotFoundError(f"{name} is not built in {builddir()}")


def sanitized():
    """Returns the sanitizers of the build, "" without any."""
    try:
        with open(os.path.join(builddir(), "Makefile"), encoding="utf-8") as makefile:
            found = re.search(r"^SPOOL_LDFLAGS = .*-fsanitize=(\S+)", makefile.read(), re.M)
    except FileNotFoundError:
        return ""
    return found.group(1) if found else ""


def wait_until(condition, what, deadline=DEADLINE):
    """Returns the first true value of condition(); fails with `what` at the deadline."""
    end = time.monotonic() + deadline
    pause = 0.005
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline:g} s: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def equal(got, expected, what):
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def true(value, what):
    if not value:
        raise AssertionError(what)


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


class Process:
    """A program under test. Its output goes to a log in the bench's directory."""

    def __init__(self, bench, name, argv, env=None, preexec=None, pass_fds=()):
        def prepare():
            _die_with_parent()
            if preexec:
                preexec()

        self.name = name
        self.log_path = os.path.join(bench.dir, f"{name}-{len(bench.processes)}.log")
        with open(self.log_path, "wb") as log:
            # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
            self.popen = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                cwd=bench.dir, env={**os.environ, **(env or {})}, preexec_fn=prepare, pass_fds=pass_fds)
        bench.processes.append(self)

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def running(self):
        return self.popen.poll() is None

    def addresses(self):
        return re.findall(r"listening on (\S+)", self.log())

    def wait_listening(self, listeners=1):
        def listens():
            if not self.running():
                raise AssertionError(f"{self.name} ended with {self.popen.returncode}")
            return len(self.addresses()) >= listeners
        wait_until(listens, f"{self.name} listens")
        return self

    def url(self, i=0):
        return self.addresses()[i]

    def wait(self, deadline=DEADLINE):
        return self.popen.wait(deadline)

    def stop(self, sig=signal.SIGTERM):
        """Ends the program by a signal; returns its exit status."""
        if self.running():
            self.popen.send_signal(sig)
        return self.wait()

    def kill(self):
        return self.stop(signal.SIGKILL)

    def freeze(self):
        self.popen.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.popen.send_signal(signal.SIGCONT)

    def threads(self):
        return os.listdir(f"/proc/{self.pid}/task")

    def peak_bytes(self):
        """Returns the maximum of resident memory so far."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) * 1024


def _jsonl(path):
    """Returns the complete lines of a file of JSON lines; none when it does not exist yet."""
    try:
        with open(path, encoding="utf-8") as lines:
            text = lines.read()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.split("\n")[:-1] if line]


class Sim(Process):
    """The simulated Bento."""

    def __init__(self, bench, listen="127.0.0.1:0", args=()):
        n = len(bench.processes)
        self.record_path = os.path.join(bench.dir, f"record-{n}.jsonl")
        self.requests_path = os.path.join(bench.dir, f"requests-{n}.jsonl")
        super().__init__(bench, "sim", [
            binary("bentospool-sim"), "--listen", listen, "--record", self.record_path,
            "--requests", self.requests_path, "--site-uuid", SITE_UUID,
            "--key", f"{PUBLISHABLE_KEY}:{SECRET_KEY}", *args])
        self.wait_listening()

    def api_url(self):
        return self.url() + "/api/v1"

    def events(self):
        """Returns the accepted events in order; with --record-suppressed also the suppressed ones.
        """
        return [line["event"] for line in self.records() if "event" in line]

    def subscribers(self):
        return [line["subscriber"] for line in self.records() if "subscriber" in line]

    def commands(self):
        return [line["command"] for line in self.records() if "command" in line]

    def records(self):
        """Returns all records in order."""
        return _jsonl(self.record_path)

    def record_text(self):
        with open(self.record_path, encoding="utf-8") as lines:
            return lines.read()

    def requests(self):
        return _jsonl(self.requests_path)

    def keys(self):
        """Returns details.unique.key of the accepted events: their messageIds."""
        return [event["details"]["unique"]["key"] for event in self.events()]

    def faults(self, *specs):
        """Replaces the faults from the next request on."""
        status, _, answer = http_request(self.url(), "PUT", "/_sim/faults", list(specs))
        true(200 <= status < 300, f"the simulator refused {specs!r}: {status} {answer}")

    def answer(self, status, times=None, retry_after=None):
        """Answers every batch, or the next `times`, with this status."""
        spec = f"status={status}"
        spec += f",count={times}" if times is not None else ""
        spec += f",retry-after={retry_after}" if retry_after is not None else ""
        self.faults(spec)

    def heal(self):
        self.faults()


def conf_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(conf_value(item) for item in value) + "}"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def conf_section(head, settings):
    lines = [f"    {key} = {conf_value(value)}" for key, value in settings.items()]
    return "\n".join([head + " {", *lines, "}"])


def conf_text(top, ingest, sites, admin=None):
    parts = [f"{key} = {conf_value(value)}" for key, value in top.items()]
    parts.append(conf_section("ingest", ingest))
    if admin is not None:
        parts.append(conf_section("admin", admin))
    parts += [conf_section(f'site "{name}"', site) for name, site in sites.items()]
    return "\n".join(parts) + "\n"


class Daemon(Process):
    """bentospool serve with a configuration in the bench's directory."""

    def __init__(self, bench, conf, env=None, preexec=None, listeners=1, ready=True, argv=()):
        super().__init__(bench, "daemon", [binary("bentospool"), "serve", "-c", conf, *argv], env,
                         preexec)
        self.bench = bench
        self.conf = conf
        self.again = (env, preexec, listeners)
        if ready:
            self.wait_listening(listeners)

    def restart(self, sig=signal.SIGTERM):
        """Ends this daemon and starts another with the same configuration and database."""
        self.stop(sig)
        env, preexec, listeners = self.again
        return Daemon(self.bench, self.conf, env, preexec, listeners)

    def post(self, path, body, key=WRITE_KEY, headers=None, listener=0):
        """Posts on its own connection; returns status and JSON of the answer."""
        status, _, answer = self.request("POST", path, body, key, headers, listener)
        return status, json.loads(answer)

    def request(self, method, path, body=None, key=WRITE_KEY, headers=None, listener=0):
        """Returns status, headers (lower case) and body."""
        headers = dict(headers or {})
        if key is not None:
            token = base64.b64encode(f"{key}:".encode()).decode()
            headers.setdefault("Authorization", f"Basic {token}")
        return http_request(self.url(listener), method, path, body, headers)

    def accept(self, path, body, **more):
        """Posts and requires 200 {"success": true}."""
        equal(self.post(path, body, **more), (200, {"success": True}), f"POST {path}")


def track(message_id, event="Test Event", email="ann@example.com", **more):
    """Returns a valid track call; the caller can add properties={...} and others."""
    made = {"type": "track", "messageId": message_id, "userId": "u-1", "event": event,
            "properties": {}, **more}
    if email is not None:
        made.setdefault("context", {"traits": {"email": email}})
    return made


def truths():
    """Returns the queries of truths.sql: each row that one gives is a fault."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truths.sql"), encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("--")]
    return tuple(sql for sql in "".join(lines).split(";") if sql.strip())


FAULTS = truths()


class Bench:
    """The environment of one test: a directory, processes, the outbox."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="spooltest.")
        self.database = os.path.join(self.dir, "spool.db")
        self.processes = []

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            os.chmod(self.path(name), 0o600)
            file.write(text)
        return self.path(name)

    def sim(self, *args, listen="127.0.0.1:0"):
        return Sim(self, listen, args)

    def site(self, api_url, **settings):
        """Returns a site that retries quickly and does not wait for identify calls, with the given
        settings."""
        return {"site_uuid": SITE_UUID, "publishable_key": PUBLISHABLE_KEY,
                "secret_key": SECRET_KEY, "write_keys": [WRITE_KEY], "api_url": api_url,
                "requests_per_minute": 0, "retry_first": 1, "retry_max": 2,
                "identity_wait": 0, **settings}

    def configure(self, sites=None, ingest=None, top=None, name="bentospool.conf", admin=None):
        top = {"database": self.database, **(top or {})}
        ingest = {"listen": ["127.0.0.1:0"], **(ingest or {})}
        return self.write(name, conf_text(top, ingest, sites or {}, admin))

    def daemon(self, sim=None, ingest=None, top=None, env=None, preexec=None, listeners=1, **site):
        """Starts a daemon with one site; without a simulator nobody listens at Bento's address."""
        api_url = sim.api_url() if isinstance(sim, Sim) else sim or "http://127.0.0.1:1/api/v1"
        conf = self.configure({"main": self.site(api_url, **site)}, ingest, top)
        return Daemon(self, conf, env, preexec, listeners)

    def run(self, *argv, env=None, stdin=subprocess.DEVNULL):
        """Runs a program to its end; returns subprocess.CompletedProcess with text."""
        done = subprocess.run(argv, cwd=self.dir, env={**os.environ, **(env or {})}, text=True,
                              stdin=stdin, capture_output=True, timeout=DEADLINE, check=False)
        if SANITIZER.search(done.stderr):
            raise AssertionError(f"{argv}: {done.stderr}")
        return done

    def cli(self, *argv, conf=None, env=None):
        conf = conf or self.path("bentospool.conf")
        return self.run(binary("bentospool"), argv[0], "-c", conf, *argv[1:], env=env)

    def rows(self, sql, *values):
        """Runs a query on its own connection; returns the rows as a list of dictionaries."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]
        finally:
            connection.close()

    def value(self, sql, *values):
        rows = self.rows(sql, *values)
        return next(iter(rows[0].values())) if rows else None

    def outbox(self, message_id=None):
        if message_id is None:
            return self.rows("SELECT * FROM outbox ORDER BY event_id")
        rows = self.rows("SELECT * FROM outbox WHERE message_id = ?", message_id)
        equal(len(rows), 1, f"rows of {message_id}")
        return rows[0]

    def statuses(self):
        """Returns how many events have each status."""
        rows = self.rows("SELECT status, count(*) AS n FROM outbox GROUP BY status")
        return {row["status"]: row["n"] for row in rows}

    def wait_settled(self, n, deadline=DEADLINE):
        """Waits until there are n events and none is pending."""
        def settled():
            counts = self.statuses()
            return sum(counts.values()) == n and "pending" not in counts
        try:
            wait_until(settled, f"{n} events settled", deadline)
        except AssertionError as e:
            raise AssertionError(f"{e}; there are {self.statuses()}") from e

    def end(self):
        """Ends the remaining processes; returns a list of what went wrong."""
        for process in reversed(self.processes):
            if process.running():
                process.thaw()
                process.popen.terminate()
        wrong = []
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                wrong.append(f"{process.name} did not end within 30 s of SIGTERM")
            if SANITIZER.search(process.log()):
                wrong.append(f"{process.name} has a sanitizer's report")
        return wrong + self.miscounted()

    def miscounted(self):
        """Returns what is wrong: an event in no place or in two, a wrong count, a wrong checksum."""
        wrong = []
        for path in sorted({self.database, *glob.glob(os.path.join(self.dir, "*.db"))}):
            try:
                with contextlib.closing(
                        sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
                    spoolchecksum.register(file)
                    rows = [row for sql in FAULTS + spoolchecksum.WRONG for row in file.execute(sql).fetchmany(5)]
            except sqlite3.Error:
                continue  # no outbox, an older one, or one that the test damaged
            wrong += [f"{path}: {row}" for row in rows]
        return wrong

    def diagnose(self):
        for process in self.processes:
            print(f"# {os.path.basename(process.log_path)} (exit {process.popen.returncode}):")
            for line in process.log().splitlines()[-60:]:
                print("#   " + line)

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def _run_one(n, name, function):
    """Prints one TAP line; returns whether the test passed or skipped."""
    title = (function.__doc__ or name.removeprefix("test_").replace("_", " ")).split("\n")[0]
    bench = Bench()
    skip = None
    wrong = []
    try:
        function(bench)
    except Skip as reason:
        skip = str(reason)
    except Exception:  # pylint: disable=broad-except
        wrong.append(traceback.format_exc())
    wrong += bench.end()
    if wrong:
        print(f"not ok {n} - {title}")
        for text in wrong:
            print("# " + text.rstrip().replace("\n", "\n# "))
        bench.diagnose()
    else:
        print(f"ok {n} - {title}" + (f" # SKIP {skip}" if skip else ""))
    sys.stdout.flush()
    bench.remove()
    return not wrong


def main():
    """Runs the test_* functions of the calling file, or those named on the command line."""
    found = [(name, function) for name, function in vars(sys.modules["__main__"]).items()
             if name.startswith("test_") and callable(function)]
    wanted = sys.argv[1:]
    chosen = [(name, f) for name, f in found if not wanted or name in wanted]
    signal.alarm(FILE_DEADLINE)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"1..{len(chosen)}")
    results = [_run_one(n, name, f) for n, (name, f) in enumerate(chosen, 1)]
    sys.exit(0 if all(results) else 1)
