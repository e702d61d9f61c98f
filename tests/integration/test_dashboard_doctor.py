#!/usr/bin/env python3
"""/api/doctor: the checks of the verb, run by the daemon: beside it, killed, without an end, and at its end."""
import ctypes
import json
import os
import signal
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooladmin import READ_TOKEN, Person, token_settings  # noqa: E402
from spoolhttp import http_request  # noqa: E402
from spooltest import Daemon, equal, true, wait_until  # noqa: E402


def start(bench, sim, sites=("main",), **top):
    conf = bench.configure({name: bench.site(sim.api_url(), write_keys=[name]) for name in sites},
                           admin={"listen": ["127.0.0.1:0"], **token_settings(bench)}, **top)
    return Daemon(bench, conf, listeners=2)


def reader_of(daemon):
    return Person(daemon, READ_TOKEN)


def refused(person, path):
    """Returns the status, the code and the words of a refusal."""
    status, headers, text = person.get(path)
    equal((status >= 400, headers["content-type"]), (True, "application/json"), text)
    said = json.loads(text)
    return status, said["code"], said["message"]


def test_doctor(bench):
    """/api/doctor: a run beside the daemon finds what the verb finds; its result stays for a minute"""
    daemon = start(bench, bench.sim())
    reader = reader_of(daemon)
    equal(reader.read("/api/doctor"), {"running": False, "finished_at": 0, "findings": [], "ok": None,
                                       "error": None}, "it has never run")
    status, said = reader.post("/api/doctor", "{}")
    equal((status, said["running"]), (200, True), "it runs")
    equal(reader.post("/api/doctor", "{}")[1]["running"], True, "once")
    equal(http_request(daemon.url(1), "GET", "/healthz", None, None)[0], 200, "nobody waits for it")
    wait_until(lambda: not reader.read("/api/doctor")["running"], "it ends")
    said = reader.read("/api/doctor")
    done = bench.cli("doctor", "--json")
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    equal([(f["grade"], f["what"]) for f in said["findings"]],
          [(f["grade"], f["what"]) for f in findings], "the same findings")
    equal((said["error"], said["ok"]), (None, done.returncode == 0), "and the same end")
    true(said["finished_at"] > 0, "when")
    equal(reader.post("/api/doctor", "{}"), (200, said), "a new result is not made again")
    equal(Person(daemon).post("/api/doctor", "{}")[0], 401, "not for everybody")
    equal(refused(reader, "/api/doctor?x=1")[:2], (400, "bad_parameter"), "it has no parameter")


def children_of(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            found += map(int, file.read().split())
    return found


def test_doctor_killed(bench):
    """/api/doctor: a run that is killed shows what it had found, and is not complete"""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api/v1"
        bench.configure({f"s{i}": bench.site(url, write_keys=[f"s{i}"]) for i in range(60)},
                        admin={"listen": ["127.0.0.1:0"], **token_settings(bench)})
        daemon = Daemon(bench, bench.path("bentospool.conf"), listeners=2)
        reader = reader_of(daemon)
        reader.post("/api/doctor", "{}")
        [child] = children_of(daemon.pid)
        silent.settimeout(spooltest.DEADLINE)
        for _ in range(50):
            silent.accept()[0].close()
        with silent.accept()[0]:
            os.kill(child, signal.SIGKILL)
        wait_until(lambda: not reader.read("/api/doctor")["running"], "it ends")
    said = reader.read("/api/doctor")
    true(len(said["findings"]) > 0, "what it had found is shown")
    equal((said["ok"], said["error"]), (None, "it ended before its last check"), "it is not complete")


class Tracer:
    """Keeps a process that is killed from being reaped by its parent, as a disk that hangs does, until it is released."""
    SEIZE = 0x4206

    def __init__(self, pid):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if libc.ptrace(self.SEIZE, pid, None, None) != 0:
            raise spooltest.Skip(f"ptrace: {os.strerror(ctypes.get_errno())}")
        self.pid = pid

    def release(self):
        os.waitpid(self.pid, 0x40000000)  # __WALL


def test_doctor_that_does_not_die(bench):
    """/api/doctor: nobody waits for a run that was killed and cannot die; it is reaped when it is gone"""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bench.configure({"main": bench.site(f"http://127.0.0.1:{silent.getsockname()[1]}/api/v1")},
                        admin={"listen": ["127.0.0.1:0"], **token_settings(bench)})
        daemon = Daemon(bench, bench.path("bentospool.conf"), listeners=2)
        reader = reader_of(daemon)
        reader.post("/api/doctor", "{}")
        silent.settimeout(spooltest.DEADLINE)
        with silent.accept()[0]:
            [child] = children_of(daemon.pid)
            tracer = Tracer(child)
            os.kill(child, signal.SIGKILL)
            wait_until(lambda: not reader.read("/api/doctor")["running"], "it ends")
        equal(reader.get("/healthz")[0], 200, "nobody waits")
        equal((children_of(daemon.pid), reader.read("/api/doctor")["error"]), ([child], "it ended without a result"), "it is there")
        tracer.release()
        wait_until(lambda: reader.read("/api/doctor") and not children_of(daemon.pid), "it is reaped")
    equal(daemon.stop(), 0, "the daemon stops")


def test_doctor_ends_with_the_daemon(bench):
    """/api/doctor: a daemon that stops ends the run"""
    daemon = start(bench, bench.sim())
    equal(reader_of(daemon).post("/api/doctor", "{}")[1]["running"], True, "it runs")
    children = children_of(daemon.pid)
    daemon.stop()
    for child in children:
        true(not os.path.exists(f"/proc/{child}"), "no child is left")


spooltest.main()
