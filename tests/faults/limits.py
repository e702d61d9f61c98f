#!/usr/bin/env python3
"""The system refuses: quotas, limits of file sizes, descriptors, memory and threads, a read-only file system,
permissions taken away. Each comes while the daemon is used, is reported, and passes when its cause is gone.

refutes: under a limit something acknowledged is lost, nothing says so, or it stays when the limit is gone
takes: 10 min
runs: all
"""
import contextlib
import errno
import http.client
import itertools
import os
import re
import resource
import shutil
import socket
import subprocess
import time

import faults
import spooltest
from no_memory import Used
from preload import Refuse
from spooltest import Daemon, Skip, equal, track, true, wait_until

USER = 61234  # an ordinary user without other processes
PAD = "x" * 20000
MB = 1 << 20


class Limited:
    """A daemon, what it promised, and what it says about itself. `user`: it runs as an ordinary user."""

    def __init__(self, bench, user=None, preload=True, top=None):
        self.bench, self.user = bench, user
        folder = bench.path("spool")
        os.mkdir(folder)
        bench.database = os.path.join(folder, "spool.db")
        self.refuse = Refuse(bench, folder) if preload else None
        self.sim = bench.sim("--record-suppressed", "--remember", "0")
        if user is not None:
            self.give(bench.dir)
            self.give(folder)
        conf = bench.configure({"main": bench.site(self.sim.api_url())}, top={
            "min_free": 0, "control": bench.path("sock"), **(top or {})})
        if user is not None:
            self.give(conf)
        self.daemon = Daemon(bench, conf, self.refuse.env if self.refuse else None, self.become)
        self.acked = []
        self.n = 0

    def give(self, path):
        os.chown(path, self.user, self.user)

    def become(self):
        if self.user is not None:
            os.setgroups([])
            os.setgid(self.user)
            os.setuid(self.user)

    def post(self, events=1, pad=PAD):
        """Posts a batch; returns the status, 0 when the connection is closed."""
        ids = [f"m-{self.n + i}" for i in range(events)]
        self.n += events
        batch = {"batch": [track(i, email=f"{i}@example.com", properties={"pad": pad}) for i in ids]}
        try:
            status, _ = self.daemon.post("/v1/batch", batch)
        except (OSError, http.client.HTTPException):
            return 0
        if status == 200:
            self.acked += ids
        return status

    def post_until_refused(self, **more):
        wait_until(lambda: self.post(**more) == 503, "an event is refused")

    def health(self):
        status, _, text = self.daemon.request("GET", "/healthz")
        return status, text

    def is_red(self, *words):
        """Health is red, and status and the log say why."""
        def red():
            status, text = self.health()
            return status == 503 and text
        text = wait_until(red, "health is red")
        for word in words:
            true(word in text, f"health says {text}")
        wait_until(lambda: words[0] in self.daemon.log(), f"the log says {words[0]}")
        status = self.bench.cli("status", conf=self.daemon.conf)
        true(words[0] in status.stdout + status.stderr, f"status says {status.stdout} {status.stderr}")
        equal(self.bench.cli("status", "--check", conf=self.daemon.conf).returncode, 1, "status --check")
        doctor = self.bench.cli("doctor", conf=self.daemon.conf)
        true(words[0] in doctor.stdout + doctor.stderr, f"doctor says {doctor.stdout} {doctor.stderr}")

    def stays_red(self, tries=4):
        """Health does not turn green in between, while it is tried again."""
        before = self.refuse.refused()

        def tried():
            status, text = self.health()
            equal(status, 503, f"health in between: {text}")
            return self.refuse.refused() >= before + tries
        wait_until(tried, "it is tried again")

    def is_green(self):
        """All is well again, without a restart and before anybody posts."""
        wait_until(lambda: self.health()[0] == 200, "health is green again")
        equal(self.post(), 200, "a post afterward")
        wait_until(lambda: "accepts events again" in self.daemon.log(), "a line in the log")

    def check(self, points, seen=0):
        """Everything promised has arrived; returns after the daemon has stopped."""
        self.sim.heal()
        self.bench.wait_settled(self.bench.value("SELECT count(*) FROM event"))
        equal(self.daemon.stop(), 0, "exit status")
        keys = self.sim.keys()
        lost = len(set(self.acked) - set(keys))
        counted = self.bench.value("SELECT coalesce(sum(maybe_sent), 0) FROM outbox")
        twice = len(keys) - len(set(keys))
        faults.result(points=points, lost=lost, seen=twice, counted=counted)
        equal(lost, 0, "events lost")
        true(twice <= counted, f"{twice} came twice, {counted} are counted")
        equal(self.bench.value("PRAGMA integrity_check"), "ok", "integrity")


# ---- quotas ---------------------------------------------------------------------------------------

def in_flight(limited):
    return limited.bench.value("SELECT count(*) FROM attempts WHERE finished_at IS NULL") > 0


def under_quota(limited, more):
    """The quota is used up while a request is at Bento."""
    limited.sim.faults("delay=300")
    equal(limited.post(), 200, "before the quota")
    wait_until(lambda: in_flight(limited), "a request is in flight")
    limited.refuse.quota(errno.EDQUOT, more)
    limited.post_until_refused(events=20)
    limited.is_red("cannot grow", "quota")
    limited.stays_red()
    # What is at Bento is recorded with the ballast, and nothing new begins.
    wait_until(lambda: not in_flight(limited), "the result is recorded")
    limited.stays_red(2)
    limited.refuse.nothing()
    limited.is_green()
    limited.sim.heal()


def test_quota(bench):
    """a quota is used up at any point: it is as a full disk, and passes"""
    limited = Limited(bench)
    points = range(0, 6 * MB, 256 << 10) if faults.whole() else (0, 5 * MB)
    for more in points:
        under_quota(limited, more)
        limited.bench.wait_settled(limited.bench.value("SELECT count(*) FROM event"))
        faults.progress(f"quota with {more >> 10} KiB left")
    limited.check(len(points))


def test_quota_start(bench):
    """a daemon that was killed under a quota starts under it, and delivers when it is gone"""
    limited = Limited(bench)
    limited.sim.faults("delay=300")
    equal(limited.post(), 200, "before the quota")
    limited.refuse.quota(errno.EDQUOT, 0)
    limited.post_until_refused()
    for has_ballast in (True, False):
        limited.daemon.kill()
        if not has_ballast:
            with contextlib.suppress(FileNotFoundError):  # it may have been given up already
                os.remove(bench.database + ".ballast")
            limited.refuse.quota(errno.EDQUOT, 1 * MB)
        limited.daemon = Daemon(bench, limited.daemon.conf, limited.refuse.env)
        limited.post_until_refused(events=20)
        limited.is_red("cannot grow")
    limited.refuse.nothing()
    limited.is_green()
    limited.check(1)


def set_limit(daemon, name, soft, user=None):
    """Sets a limit of the running daemon; None gives it back."""
    if not shutil.which("prlimit"):
        raise Skip("there is no prlimit")
    if soft is None:
        soft = resource.getrlimit(getattr(resource, "RLIMIT_" + name.upper()))[1]  # the daemon's, too
    text = "unlimited" if soft == resource.RLIM_INFINITY else soft
    subprocess.run(["prlimit", f"--pid={daemon.pid}", f"--{name}={text}:"], user=user, group=user, check=True)


def test_file_size(bench):
    """RLIMIT_FSIZE: the signal does not end it, the log or the file cannot grow, and it passes"""
    limited = Limited(bench, preload=False)
    sizes = (1 * MB, 6 * MB, 20 * MB) if faults.whole() else (1 * MB, 6 * MB)
    for size in sizes:
        set_limit(limited.daemon, "fsize", size)
        limited.post_until_refused(events=40)
        limited.is_red("cannot grow", "LimitFSIZE")
        set_limit(limited.daemon, "fsize", None)
        limited.is_green()
    limited.check(len(sizes))


# ---- writes that are refused ----------------------------------------------------------------------

REFUSALS = {errno.EROFS: "Read-only file system", errno.EACCES: "Permission denied",
            errno.EPERM: "Operation not permitted"}


def test_refused(bench):
    """a file system turns read-only, or files immutable: the result of a request waits, too, and it passes"""
    limited = Limited(bench)
    # The file must grow for 40 events, and not for one.
    for (error, words), events in itertools.product(REFUSALS.items(), (1, 40) if faults.whole() else (40,)):
        limited.sim.faults("delay=300")
        equal(limited.post(), 200, "before")
        wait_until(lambda: in_flight(limited), "a request is in flight")
        limited.refuse.all(error)
        limited.post_until_refused(events=events)
        limited.is_red("nothing can be stored", words)
        limited.stays_red()
        true(in_flight(limited), "nothing is recorded")
        limited.refuse.nothing()
        limited.is_green()
        limited.sim.heal()
    limited.check(len(REFUSALS))


# ---- permissions ----------------------------------------------------------------------------------

def ordinary_user():
    if os.geteuid() != 0:
        raise Skip("taking permissions from another user needs root")
    try:
        subprocess.run([spooltest.binary("bentospool"), "version"], user=USER, group=USER, extra_groups=[],
                       capture_output=True, check=True)
    except (OSError, subprocess.SubprocessError) as e:
        raise Skip("another user cannot run the program in this directory") from e


@contextlib.contextmanager
def changed(path, mode=None, owner=None):
    st = os.stat(path)
    if owner is not None:
        os.chown(path, owner, owner)
    if mode is not None:
        os.chmod(path, mode)
    yield
    os.chown(path, st.st_uid, st.st_gid)
    os.chmod(path, st.st_mode & 0o7777)


def test_permissions(bench):
    """what is open stays open; a start without permissions says what lacks them"""
    ordinary_user()
    limited = Limited(bench, user=USER, preload=False)
    folder = os.path.dirname(bench.database)
    cases = [(bench.database, {"mode": 0}), (bench.database, {"mode": 0, "owner": 0}),
             (bench.database + "-wal", {"mode": 0, "owner": 0}), (bench.database + "-shm", {"mode": 0, "owner": 0}),
             (folder, {"mode": 0o500}), (folder, {"mode": 0}), (folder, {"mode": 0o700, "owner": 0})]
    equal(limited.post(), 200, "before")
    for path, taken in cases:
        what = f"{os.path.basename(path)} {taken}"
        with changed(path, **taken):
            for _ in range(3):
                equal(limited.post(events=20), 200, f"{what}: a post")
            # The test reads nothing here: as root it would give the shared memory to root.
            wait_until(lambda: set(limited.acked) <= set(limited.sim.keys()), f"{what}: deliveries go on")
            equal(limited.health()[0], 200, f"{what}: health")
            limited.daemon.stop()
            refused = Daemon(bench, limited.daemon.conf, preexec=limited.become, ready=False)
            wait_until(lambda d=refused: d.addresses() or not d.running(), f"{what}: a start or an end")
            if refused.running():
                equal(refused.stop(), 0, f"{what}: exit status")
            else:
                equal(refused.wait(), 1, f"{what}: exit status")
                true(f"{path}" in refused.log() and "Permission denied" in refused.log(),
                     f"{what}: it ended and said {refused.log()}")
        limited.daemon = Daemon(bench, limited.daemon.conf, preexec=limited.become)
        equal(limited.post(), 200, f"{what}: a post afterward")
    limited.check(len(cases))


# ---- descriptors, memory, threads -----------------------------------------------------------------

def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.pid}/fd"))


def test_descriptors(bench):
    """no descriptor is left: clients are closed, the log says it once in a while, and it passes"""
    limited = Limited(bench, preload=False)
    equal(limited.post(), 200, "before")
    bench.wait_settled(1)
    set_limit(limited.daemon, "nofile", descriptors(limited.daemon) + 20)
    crowd = [socket.create_connection(limited.daemon.url().removeprefix("http://").split(":"), 10)
             for _ in range(30)]
    line = "cannot accept a connection"
    wait_until(lambda: line in limited.daemon.log(), "a line in the log")
    began = time.monotonic()
    wait_until(lambda: time.monotonic() > began + 3, "more clients are closed")
    true(limited.daemon.log().count(line) <= 1 + (time.monotonic() - began) / 10, "lines in the log are limited")
    while len(crowd) > 10:
        crowd.pop(0).close()
    for _ in range(5):
        wait_until(lambda: limited.post() == 200, "a client is served when descriptors are free")
    bench.wait_settled(bench.value("SELECT count(*) FROM event"))
    for sock in crowd:
        sock.close()
    set_limit(limited.daemon, "nofile", 1024)
    wait_until(lambda: (bench.value("SELECT sum(requests) FROM request_count WHERE outcome = 'no_descriptor'") or 0)
               >= 1, "closed clients are counted")
    equal(limited.post(), 200, "afterward")
    limited.check(1)


def status_of(daemon, name):
    with open(f"/proc/{daemon.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith(name + ":"))


def few_addresses():
    if spooltest.sanitized():
        raise Skip("a sanitizer takes more addresses than a limit leaves")


def test_memory(bench):
    """RLIMIT_AS and RLIMIT_DATA of the running daemon: requests are refused, and it passes"""
    few_addresses()
    used = Used(bench, preload=False, ingest={"max_event": MB})
    kinds = (("as", "VmSize"), ("data", "VmData"))
    more = range(0, 4 * MB, 256 << 10) if faults.whole() else (0, 1 * MB)
    points = 0
    for what, name in kinds:
        for size in more:
            used.well()
            set_limit(used.daemon, what, status_of(used.daemon, name) + size)
            for _ in range(5):
                used.round()
                used.post(PAD * 40)
            set_limit(used.daemon, what, None)
            points += 1
    used.well()
    true(used.refused + used.silent > 0, "no request was refused")
    seen, counted = used.check()
    faults.result(points=points, lost=0, seen=seen, counted=counted)


def own_data():
    """Returns the bytes of the program's own data: with less the system ends it before its first word."""
    if not shutil.which("readelf"):
        raise Skip("there is no readelf")
    text = subprocess.run(["readelf", "-lW", spooltest.binary("bentospool")], capture_output=True, text=True,
                          check=True).stdout
    return sum(int(size, 16) for size in re.findall(r"^ +LOAD(?: +0x\w+){4} +(0x\w+) +RW ", text, re.M))


def test_start(bench):
    """a start with little memory works, or ends with words"""
    few_addresses()
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")})
    sizes = range(8, 160, 2 if faults.whole() else 24)
    cases = [(resource.RLIMIT_AS, size * MB) for size in sizes]
    data = own_data()
    cases += [(resource.RLIMIT_DATA, data + size * MB) for size in range(1, 40, 1 if faults.whole() else 8)]
    refused = 0
    for what, size in cases:
        daemon = Daemon(bench, conf, preexec=lambda w=what, s=size: resource.setrlimit(w, (s, s)), ready=False)
        wait_until(lambda d=daemon: d.addresses() or not d.running(), f"limit {what} of {size}: a start or an end")
        if daemon.running():
            status = 0
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, _ = daemon.post("/v1/track", track("a"))
            true(status in (0, 200, 500, 503), f"limit {what} of {size}: answered {status}")
            equal(daemon.stop(), 0, f"limit {what} of {size}: exit status")
        else:
            refused += 1
            true(daemon.wait() in (1, 127), f"limit {what} of {size}: exit status {daemon.wait()}")
            true(daemon.log().strip() != "", f"limit {what} of {size}: no word of why")
    true(0 < refused < len(cases), f"{refused} of {len(cases)} did not start")
    faults.result(points=len(cases), lost=0)


def test_threads(bench):
    """RLIMIT_NPROC: without threads it does not start; while it runs it needs none, but for alarm_command"""
    ordinary_user()
    limited = Limited(bench, user=USER, preload=False, top={"alarm_command": ["/bin/true"]})
    set_limit(limited.daemon, "nproc", 1, USER)
    limited.sim.answer(401)
    equal(limited.post(), 200, "a post")
    wait_until(lambda: "alarm_command: cannot run /bin/true" in limited.daemon.log(), "a line in the log")
    equal(limited.health()[0], 200, "health")
    limited.sim.heal()
    set_limit(limited.daemon, "nproc", 4096, USER)
    equal(bench.cli("flush").returncode, 0, "flush")
    bench.wait_settled(1)
    limited.daemon.stop()
    few = Daemon(bench, limited.daemon.conf, ready=False, preexec=lambda: (
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)), limited.become()))
    equal(few.wait(), 1, "exit status of a start without threads")
    true("thread" in few.log(), f"it said {few.log()}")
    limited.daemon = Daemon(bench, limited.daemon.conf, preexec=limited.become)
    limited.check(2)


if __name__ == "__main__":
    spooltest.main()
