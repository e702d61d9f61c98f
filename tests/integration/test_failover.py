#!/usr/bin/env python3
"""A second machine: the storage is handed from one host to another, and two hosts never serve one database.

Hosts are namespaces of their own (mounts and host name); the storage is an ext4 file system in a file, which
one of them mounts at a time, as a replicated device or a volume of a cloud. doc/availability.md.
"""
import os
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Skip, binary, equal, track, true, wait_until  # noqa: E402

CUT = """import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack("I", 2))"""


class Host(spooltest.Daemon):
    """A daemon on a host of its own; `prepare` runs there before it starts."""

    def __init__(self, bench, name, conf, prepare, ready=True):
        script = f'set -e; hostname {name}; {prepare}; exec "$@"'
        spooltest.Process.__init__(
            self, bench, name, ["unshare", "--mount", "--uts", "--propagation", "private", "sh", "-c", script, "sh",
                                binary("bentospool"), "serve", "-c", conf])
        self.bench, self.conf = bench, conf
        if ready:
            self.wait_listening()


def need_hosts():
    if os.geteuid() != 0 or not shutil.which("unshare"):
        raise Skip("hosts as namespaces need root and unshare")
    if subprocess.run(["unshare", "--mount", "--uts", "true"], capture_output=True, check=False).returncode != 0:
        raise Skip("namespaces are not allowed here")


class Storage:
    """A file system that one host mounts at a time."""

    def __init__(self, bench):
        need_hosts()
        tool = shutil.which("mkfs.ext4", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if tool is None:
            raise Skip("mkfs.ext4 is not installed")
        self.image, self.path = bench.path("image"), bench.path("spool")
        os.mkdir(self.path)
        with open(self.image, "wb") as image:
            image.truncate(512 << 20)
        subprocess.run([tool, "-q", self.image], check=True)
        done = subprocess.run(["unshare", "--mount", "mount", "-o", "loop", self.image, self.path],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Skip(f"mounting a loop device is not allowed here: {done.stderr.strip()}")
        self.wait_free()

    def mount(self):
        return f"mount -o loop {self.image} {self.path}"

    def wait_free(self):
        """No host has the storage any more: the last one was fenced, or gave it up."""
        wait_until(lambda: not subprocess.run(["losetup", "-j", self.image], capture_output=True, text=True,
                                              check=True).stdout, "the storage is free")

    def rows(self, bench, sql):
        done = bench.run("unshare", "--mount", "sh", "-c", f'{self.mount()} && exec sqlite3 "$1" "$2"', "sh",
                         self.path + "/spool.db", sql)
        equal(done.returncode, 0, done.stderr)
        self.wait_free()
        return [line.split("|") for line in done.stdout.splitlines()]


def hand_over(bench, lose):
    """One host receives events, is lost while Bento holds an answer back, and the next one goes on."""
    storage, sim = Storage(bench), bench.sim("--record-suppressed")
    conf = bench.configure({"main": bench.site(sim.api_url(), batch_events=10, timeout=60)},
                           top={"database": storage.path + "/spool.db", "host_lease": 1})
    alpha = Host(bench, "alpha", conf, storage.mount())
    acked = [f"m-{n}" for n in range(40)]
    for name in acked[:20]:
        alpha.accept("/v1/track", track(name))
    wait_until(lambda: len(sim.keys()) == 20, "the first events are delivered")
    sim.faults("delay=600000")
    for name in acked[20:]:
        alpha.accept("/v1/track", track(name))
    wait_until(lambda: len(sim.keys()) > 20, "a request whose answer never comes")
    lose(alpha, storage)
    storage.wait_free()
    sim.heal()
    beta = Host(bench, "beta", conf, storage.mount())
    true("taking the database over" in beta.log(), beta.log())
    beta.accept("/v1/track", track("m-last"))
    wait_until(lambda: set(sim.keys()) == {*acked, "m-last"}, "everything is delivered")
    wait_until(lambda: sim.requests()[-1]["status"] == 200, "and answered")
    beta.stop()
    storage.wait_free()
    rows = storage.rows(bench, "SELECT message_id, status, maybe_sent FROM outbox ORDER BY event_id")
    equal([row[:2] for row in rows], [[name, "delivered"] for name in [*acked, "m-last"]], "the books")
    arrived = sim.keys()
    for name, _, unknown in rows:
        equal(arrived.count(name) - 1, int(unknown), f"{name}: the duplicates are those booked")
    true(sum(int(row[2]) for row in rows) > 0, "some were in doubt")


def test_killed(bench):
    """after SIGKILL the next host has all that was acknowledged, and books what may come twice"""
    hand_over(bench, lambda alpha, storage: alpha.kill())


def test_storage_cut(bench):
    """after a cut of the storage, without its journal, the next host has all that was acknowledged"""
    def lose(alpha, storage):
        bench.run("nsenter", "-t", str(alpha.pid), "-m", sys.executable, "-c", CUT, storage.path)
        status, _ = alpha.post("/v1/track", track("too-late"))
        equal(status, 503, "nothing is acknowledged after the cut")
        alpha.kill()
    hand_over(bench, lose)


class Shared:
    """Two hosts that reach the same files, but whose locks do not cross."""

    def __init__(self, bench, lease):
        need_hosts()
        self.bench, self.lease = bench, lease
        self.alpha = Host(bench, "alpha", self.configure("bentospool.conf"), "true")

    def configure(self, name, **top):
        return self.bench.configure({"main": self.bench.site("http://127.0.0.1:1/api/v1")},
                                    top={"host_lease": self.lease, **top}, name=name)

    def beta(self, ready):
        own = self.bench.write("own.lock", "")
        conf = self.configure("beta.conf", control=self.bench.path("beta.sock"))
        return Host(self.bench, "beta", conf, f"mount --bind {own} {self.bench.database}.lock", ready)


def test_living_host(bench):
    """while one host renews its lease, another one does not start, and no command writes there"""
    hosts = Shared(bench, 9)
    beta = hosts.beta(ready=False)
    equal(beta.wait(), 1, "it does not start")
    true("host alpha has the database open, and lives" in beta.log(), beta.log())
    done = bench.cli("purge", "--yes", conf=beta.conf)
    equal(done.returncode, 1, "a command that would write without the daemon")
    true("host alpha has the database open, and lives" in done.stderr, done.stderr)
    status = bench.cli("status", "--json").stdout
    true('"host":"alpha"' in status.replace(" ", ""), status)
    true("alpha" in bench.cli("status").stdout, "status")
    hosts.alpha.stop()
    hosts.beta(ready=True)


def test_setting(bench):
    """a lease is none, or a second at least"""
    for seconds, ok in (("0", True), ("0.999", False), ("1", True), ("3600", True), ("3601", False)):
        conf = bench.write("check.conf", f"host_lease = {seconds}\n" + spooltest.conf_text(
            {}, {"listen": ["127.0.0.1:0"]}, {"main": bench.site("http://127.0.0.1:1/api/v1")}))
        equal(bench.cli("check", conf=conf).returncode == 0, ok, seconds)


def test_stopped_host(bench):
    """a host that stood still for longer than its lease ends as soon as it goes on"""
    hosts = Shared(bench, 1.5)
    hosts.alpha.freeze()
    beta = hosts.beta(ready=True)
    hosts.alpha.thaw()
    equal(hosts.alpha.wait(), 1, "it ends")
    true("host beta has taken the database over: ending at once" in hosts.alpha.log(), hosts.alpha.log())
    beta.accept("/v1/track", track("m-1"))
    equal(beta.stop(signal.SIGTERM), 0, "the new host goes on")


spooltest.main()
