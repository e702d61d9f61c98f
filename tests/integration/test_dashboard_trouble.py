#!/usr/bin/env python3
"""Changes from the dashboard in trouble: a full disk, as many as there may be at once, and a stop of the daemon."""
import base64
import concurrent.futures
import contextlib
import ctypes
import json
import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooladmin import ACT_TOKEN, Person, act, start, token_settings  # noqa: E402
from spoolhttp import connect  # noqa: E402
from spoolmount import Mount  # noqa: E402
from spooltest import Daemon, Skip, equal, track, true, wait_until  # noqa: E402

ACTS = 4  # changes that may be under way at once
SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17


def ptrace(request, tid):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, tid, None, None) != 0:
        raise Skip(f"ptrace: {os.strerror(ctypes.get_errno())}")


class Held:
    """Holds the daemon's main thread, which carries changes out, while the admin listener's own goes on."""

    def __init__(self, daemon):
        self.pid = daemon.pid
        ptrace(SEIZE, self.pid)
        ptrace(INTERRUPT, self.pid)
        os.waitpid(self.pid, 0x40000000)  # __WALL

    def __enter__(self):
        return self

    def __exit__(self, *_):
        ptrace(DETACH, self.pid)


def test_at_once(bench):
    """as many changes at once as there may be are carried out; one more is refused, and is possible again when one has ended"""
    daemon = start(bench)
    descriptors = f"/proc/{daemon.pid}/fd"
    before = len(os.listdir(descriptors))
    people = [Person(daemon, ACT_TOKEN, "Anna") for _ in range(ACTS)]
    late = Person(daemon, ACT_TOKEN, "Late")
    with concurrent.futures.ThreadPoolExecutor(ACTS) as pool, Held(daemon):
        answers = []
        for person in people:
            answers.append(pool.submit(person.post, "/api/act", {"verb": "pause"}))
            # a connection of the person, and one to the control socket
            wait_until(lambda: len(os.listdir(descriptors)) == before + 2 * len(answers), "it is under way")
        status, answer = late.post("/api/act", {"verb": "resume"})
        equal((status, answer["code"]), (503, "busy"), answer)
        true(f"{ACTS} other changes are under way" in answer["message"], answer)
        equal(bench.value("SELECT count(*) FROM operations"), 0, "none is done yet")
    equal([answer.result()[0] for answer in answers], [200] * ACTS, "those under way")
    act(late, {"verb": "resume"})
    equal(bench.value("SELECT count(*) FROM operations WHERE verb = 'pause'"), ACTS, "each was recorded once")


def test_low(bench):
    """below min_free no event is accepted, but people can still act"""
    daemon = start(bench, events=3)
    daemon.stop()
    with open(bench.path("bentospool.conf"), encoding="utf-8") as file:
        text = file.read()
    bench.write("bentospool.conf", f"min_free = {1 << 50}\n" + text)
    daemon = Daemon(bench, bench.path("bentospool.conf"), listeners=2)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    equal(daemon.post("/v1/track", track("late"), key="main")[0], 503, "no event is accepted")
    act(anna, {"verb": "hold", "filter": {"all": True}, "expect": "3"}, events="3")
    equal(bench.statuses(), {"held": 3}, "and that is done")
    true(anna.read("/api/storage")["ok"] is False, "the storage is in trouble")


def fill(path):
    """Writes a file until there is no space left."""
    with open(path, "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while file.write(b"x" * 65536):
                pass
        with contextlib.suppress(OSError):
            while file.write(b"x"):
                pass


def test_full(bench):
    """on a full disk a change is refused in words, and nothing is changed; with space it is done"""
    with Mount(bench.path("small"), "size=24m") as small:
        bench.database = os.path.join(small.path, "spool.db")
        bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1", write_keys=["main"])}, top={"min_free": 4000000},
                        admin={"listen": ["127.0.0.1:0"], **token_settings(bench)})
        daemon = Daemon(bench, bench.path("bentospool.conf"), listeners=2)
        equal(bench.cli("pause").returncode, 0, "paused")
        daemon.accept("/v1/batch", {"batch": [track(f"e-{i}") for i in range(100)]}, key="main")
        anna = Person(daemon, ACT_TOKEN, "Anna")
        fill(os.path.join(small.path, "other"))
        change = {"verb": "hold", "filter": {"all": True}, "expect": "100"}
        operations = bench.value("SELECT count(*) FROM operations")
        status, answer = anna.post("/api/act", change)
        equal((status, "the disk is full" in answer.get("message", "")), (503, True), answer)
        equal((bench.statuses(), bench.value("SELECT count(*) FROM operations")), ({"pending": 100}, operations), "nothing was changed")
        true("free some" in anna.read("/api/storage")["trouble"], "the screen says what to do")
        os.unlink(os.path.join(small.path, "other"))
        wait_until(lambda: anna.post("/api/act", change)[0] == 200, "there is space again")
        equal(bench.statuses(), {"held": 100}, "and that is done")
        equal(daemon.stop(), 0, "it stops")


def test_stop(bench):
    """changes under way at a stop: each is either done and recorded, or answered with the reason, and nothing is half done"""
    daemon = start(bench, events=5)
    people = [Person(daemon, ACT_TOKEN, f"P{i}") for i in range(ACTS)]
    before = bench.value("SELECT count(*) FROM operations")
    with concurrent.futures.ThreadPoolExecutor(ACTS) as pool:
        descriptors = f"/proc/{daemon.pid}/fd"
        opened = len(os.listdir(descriptors))
        with Held(daemon):
            answers = [pool.submit(person.post, "/api/act", {"verb": "hold", "filter": {"all": True}, "expect": "5"}) for person in people]
            wait_until(lambda: len(os.listdir(descriptors)) >= opened + 2 * ACTS, "all are under way")
            os.kill(daemon.pid, signal.SIGTERM)
        got = [answer.result() for answer in answers]
    for status, answer in got:
        true(status == 200 or (status, answer["code"]) == (503, "busy"), f"{got}")
        true(status == 200 or "stopping" in answer["message"], f"{got}")
    equal(daemon.popen.wait(spooltest.DEADLINE), 0, "it stops")
    done = [answer for status, answer in got if status == 200 and answer["events"] != "0"]
    rows = bench.rows("SELECT events FROM operations WHERE verb = 'hold'")
    true(len(rows) <= 1 and len(done) <= len(rows), f"{got} {rows}")
    equal(bench.statuses(), {"held": 5} if rows else {"pending": 5}, "all or nothing")
    true(bench.value("SELECT count(*) FROM operations") == before + len(rows), "no other operation")


def test_while_stopping(bench):
    """a change that comes while the daemon stops is refused in words, and nothing is changed"""
    daemon = start(bench, events=5)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    before = bench.value("SELECT count(*) FROM operations")
    late = connect(daemon.url())
    key = base64.b64encode(b"main:")
    late.sendall(b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic " + key
                 + b"\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
    true(late.recv(4096).startswith(b"HTTP/1.1 100 "), "the stop waits for its body")
    os.kill(daemon.pid, signal.SIGTERM)
    wait_until(lambda: "stopping" in anna.get("/readyz")[2], "it stops")
    for change in ({"verb": "hold", "filter": {"all": True}, "expect": "5"}, {"verb": "resume"}, {"verb": "resume", "site": "main"}):
        status, headers, text = anna.request("POST", "/api/act", change)
        equal((status, json.loads(text)["code"], headers["retry-after"]), (503, "busy", "1"), text)
        equal(json.loads(text)["message"], "bentospool is stopping; nothing was changed", change)
    late.close()
    equal(daemon.popen.wait(spooltest.DEADLINE), 0, "it stops")
    equal((bench.statuses(), bench.value("SELECT count(*) FROM operations")), ({"pending": 5}, before), "nothing was changed")


spooltest.main()
