#!/usr/bin/env python3
"""The package under a real systemd, which boots in namespaces of its own: what `init` writes starts and
delivers, a reload that is refused fails, a daemon that hangs is restarted, restarts refuse no client, a
credential is found, and the sandbox lets alarm_command and archive work as doc/service.md says.

Usage: tests/package/boot.py [TEST...], in a build directory, as root (it takes some minutes; packageroot.py
says how it takes fewer). The tests share one boot, and each leaves the service running.
"""
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from packageroot import ENVIRONMENT, KEYS, apt, bootstrap, inside, needs, packages, work  # noqa: E402
from spooltest import Skip, equal, true, wait_until  # noqa: E402

spooltest.FILE_DEADLINE = 0
CONF = "/etc/bentospool/bentospool.conf"
SECRET = "/etc/bentospool/secret_key"
DROP_IN = "/etc/systemd/system/bentospool.service.d/test.conf"
SIM = "/usr/bin/bentospool-sim --listen 127.0.0.1:7301 --record /run/record.jsonl --site-uuid " \
    f"{spooltest.SITE_UUID} --key {spooltest.PUBLISHABLE_KEY}:{spooltest.SECRET_KEY}"
# Becomes systemd in the directory $1, with the file systems that it expects of whoever starts it.
BOOT = r"""
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
    touch "dev/$name"
    mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mkdir -p .old
pivot_root . .old
umount -l /.old
# systemd leaves this to whoever starts it in a container; credentials need it.
mount --make-rshared /
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""
LOOPBACK_UP = """
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 1))
"""


class Machine:
    """A booted systemd, and commands in it."""

    def __init__(self):
        self.root = f"{work()}/booted"
        bootstrap(self.root, "systemd", "systemd-sysv", "dbus", "curl")
        shutil.copy(packages()[0], f"{self.root}/new.deb")
        apt(self.root, "--no-install-recommends", "install", "/new.deb")
        inside(self.root, "bentospool", "init", env=KEYS)
        self.write(CONF, self.read(CONF).replace(
            "#api_url =", 'api_url = "http://127.0.0.1:7301/api/v1"\n    retry_first = 1\n    retry_max = 2\n    #'))
        self.cgroup = self.make_cgroup()
        self.log = open(f"{work()}/boot.log", "w", encoding="utf-8")  # pylint: disable=consider-using-with
        # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        self.unshare = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--cgroup", "--net",
             "sh", "-c", BOOT, "sh", self.root], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT, preexec_fn=self.enter_cgroup)
        self.pid = wait_until(self.find_init, "systemd runs")
        subprocess.run(["nsenter", "-t", str(self.pid), "-n", sys.executable, "-c", LOOPBACK_UP], check=True)
        wait_until(lambda: self.call("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"),
                   "the boot ends", 120)

    def make_cgroup(self):
        with open("/proc/mounts", encoding="utf-8") as mounts:
            found = re.search(r"^\S+ (\S+) cgroup2 rw", mounts.read(), re.M)
        if not found:
            raise Skip("there is no cgroup2 that can be written")
        path = f"{found.group(1)}/bentospool-boot-{os.getpid()}"
        os.mkdir(path)
        return path

    def enter_cgroup(self):
        with open(f"{self.cgroup}/cgroup.procs", "w", encoding="ascii") as procs:
            procs.write(str(os.getpid()))

    def find_init(self):
        """Returns the id of systemd, the child of unshare, once it is that."""
        if self.unshare.poll() is not None:
            with open(self.log.name, encoding="utf-8") as log:
                raise Skip(f"systemd does not boot here: {log.read()[-500:]}")
        with open(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}/children", encoding="ascii") as children:
            pid = children.read().strip()
        return int(pid) if pid and os.readlink(f"/proc/{pid}/exe").endswith("/systemd") else 0

    def call(self, *argv, stdin=None):
        return subprocess.run(["nsenter", "-t", str(self.pid), "-a", "env", "-i", "HOME=/root",
                               *(f"{k}={v}" for k, v in ENVIRONMENT.items()), *argv], text=True, check=False,
                              capture_output=True, input=stdin, timeout=spooltest.DEADLINE)

    def run(self, *argv, stdin=None):
        done = self.call(*argv, stdin=stdin)
        equal(done.returncode, 0, f"{argv}: {done.stdout}{done.stderr}{self.journal()}")
        return done.stdout

    def journal(self):
        return self.call("journalctl", "--no-pager", "-u", "bentospool", "-n", "40").stdout

    def show(self, name):
        return self.run("systemctl", "show", "-P", name, "bentospool").strip()

    def read(self, path):
        with open(self.root + path, encoding="utf-8") as file:
            return file.read()

    def write(self, path, text):
        os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
        with open(self.root + path, "w", encoding="utf-8") as file:
            file.write(text)

    def drop_in(self, text):
        """Replaces the drop-in of the service, and restarts it."""
        self.write(DROP_IN, text)
        self.run("systemctl", "daemon-reload")
        self.run("systemctl", "reset-failed", "bentospool")
        self.run("systemctl", "restart", "bentospool")

    def post(self, message_id):
        body = json.dumps(spooltest.track(message_id))
        answer = self.run("curl", "-sS", "-u", "life:", "http://127.0.0.1:7300/v1/track", "--data-binary", "@-",
                          stdin=body)
        equal(json.loads(answer), {"success": True}, message_id)

    def delivered(self, *message_ids):
        def keys():
            return [json.loads(line)["event"]["details"]["unique"]["key"]
                    for line in self.call("cat", "/run/record.jsonl").stdout.splitlines()]
        wait_until(lambda: set(message_ids) <= set(keys()), f"{message_ids} arrive")
        equal(len(keys()), len(set(keys())), "each once")

    def end(self):
        self.unshare.kill()
        self.unshare.wait()
        self.log.close()
        wait_until(lambda: not self.call_procs(), "all processes end")
        for path, _, _ in os.walk(self.cgroup, topdown=False):
            os.rmdir(path)

    def call_procs(self):
        with open(f"{self.cgroup}/cgroup.events", encoding="ascii") as events:
            return "populated 1" in events.read()


@functools.cache
def machine():
    needs("debootstrap", "unshare", "nsenter")
    made = Machine()
    made.run("systemd-run", "--unit=sim", *SIM.split())
    return made


def test_first_day(bench):
    """what init wrote starts without another step, and an event is delivered"""
    del bench
    host = machine()
    host.run("systemctl", "start", "bentospool")
    equal((host.show("ActiveState"), host.show("User")), ("active", "bentospool"), host.journal())
    host.post("m-1")
    host.delivered("m-1")
    for verb in (["check"], ["doctor", "--offline"], ["status"]):
        host.run("runuser", "-u", "bentospool", "--", "bentospool", *verb)
    equal(host.show("WatchdogUSec"), "5min", "the watchdog")


def test_reload(bench):
    """systemctl reload applies what is right, and fails on what is wrong; the daemon goes on"""
    del bench
    host = machine()
    before, pid = host.read(CONF), host.show("MainPID")
    host.write(CONF, before + "alarm_after = 77\n")
    host.run("systemctl", "reload", "bentospool")
    true("alarm_after 3600 -> 77" in host.journal(), host.journal())
    host.write(CONF, before + "alarm_after = never\n")
    true(host.call("systemctl", "reload", "bentospool").returncode != 0, "a wrong one is refused")
    true(re.search(r"bentospool.conf:\d+: alarm_after must be", host.journal()), host.journal())
    equal((host.show("ActiveState"), host.show("MainPID")), ("active", pid), "the daemon")
    host.write(CONF, before)
    host.run("systemctl", "reload", "bentospool")
    host.post("m-reload")
    host.delivered("m-reload")


def test_stray_signals(bench):
    """signals that mean nothing do not end the service"""
    del bench
    host = machine()
    pid = host.show("MainPID")
    for name in ("USR1", "USR2", "ALRM", "PIPE", "HUP"):
        host.run("systemctl", "kill", f"--signal=SIG{name}", "bentospool")
    wait_until(lambda: "SIGHUP: configuration reloaded" in host.journal(), "the last one")
    equal((host.show("ActiveState"), host.show("MainPID")), ("active", pid), host.journal())


def test_watchdog(bench):
    """systemd restarts a daemon that hangs, and not one that works"""
    del bench
    host = machine()
    host.drop_in("[Service]\nWatchdogSec=4\nRestartSec=100ms\n")
    before = int(host.show("NRestarts"))
    stamp = host.show("WatchdogTimestampMonotonic")
    wait_until(lambda: host.show("WatchdogTimestampMonotonic") != stamp, "a sign of life")
    equal(int(host.show("NRestarts")), before, host.journal())
    host.run("systemctl", "kill", "--signal=SIGSTOP", "--kill-who=main", "bentospool")
    wait_until(lambda: int(host.show("NRestarts")) > before and host.show("ActiveState") == "active", "a restart")
    true("Watchdog timeout" in host.journal(), host.journal())
    host.post("m-watchdog")
    host.delivered("m-watchdog")
    host.drop_in("")


def test_socket(bench):
    """with bentospool.socket a client that sends during restarts is never refused"""
    del bench
    host = machine()
    host.run("systemctl", "stop", "bentospool")
    host.run("systemctl", "start", "bentospool.socket")
    host.run("systemctl", "start", "bentospool")
    script = "for i in $(seq 100); do printf '{\"type\":\"track\",\"event\":\"A\",\"email\":\"a@b.example\"," \
        "\"messageId\":\"s-%s\"}' $i | curl -sS -f -u life: http://127.0.0.1:7300/v1/track --data-binary @- " \
        "|| exit 1; done"
    host.run("systemd-run", "--unit=client", "-p", "RemainAfterExit=yes", "sh", "-c", script)
    for _ in range(3):
        host.run("systemctl", "restart", "bentospool")
    wait_until(lambda: host.call("systemctl", "show", "-P", "SubState", "client").stdout.strip() != "running",
               "the client ends")
    equal(host.call("systemctl", "show", "-P", "Result", "client").stdout.strip(), "success",
          host.call("journalctl", "--no-pager", "-u", "client").stdout)
    host.delivered(*(f"s-{n}" for n in range(1, 101)))
    host.run("systemctl", "stop", "bentospool.socket", "bentospool")
    host.run("systemctl", "start", "bentospool")


def test_credential(bench):
    """a credential of systemd is used, and found by check, doctor and send while the service runs"""
    del bench
    host = machine()
    before = host.read(CONF)
    # Only root can read it.
    host.run("sh", "-c", f"cp {SECRET} /etc/key && chmod 600 /etc/key")
    host.write(CONF, before.replace(SECRET, "${CREDENTIALS_DIRECTORY}/secret_key"))
    host.drop_in("[Service]\nLoadCredential=secret_key:/etc/key\n")
    host.post("m-credential")
    host.delivered("m-credential")
    for user in ("root", "bentospool"):
        for verb in (["check"], ["doctor"], ["send", "--name", "Test", "--email", "a@b.example"]):
            host.run("runuser", "-u", user, "--", "bentospool", *verb)
    host.run("systemctl", "stop", "bentospool")
    done = host.call("bentospool", "check")
    equal((done.returncode, "cannot be checked here" in done.stderr), (1, True), done.stderr)
    done = host.call("bentospool", "doctor", "--offline")
    true("note     settings" in done.stdout and "problem  settings" not in done.stdout, done.stdout)
    host.run("systemd-run", "--pipe", "--wait", "-p", "User=bentospool", "-p",
             "LoadCredential=secret_key:/etc/key", "bentospool", "check")
    host.write(CONF, before)
    host.drop_in("")


def test_sandbox(bench):
    """alarm_command runs in the sandbox, can use the network and its directory, and gains no rights"""
    del bench
    host = machine()
    before = host.read(CONF)
    host.write("/usr/local/bin/page", """#!/bin/sh
cd /var/lib/bentospool || exit 1
{
    curl -s http://127.0.0.1:7301/ >/dev/null && echo network
    touch here && echo directory
    touch /etc/there 2>/dev/null || echo read-only
    mktemp >/dev/null && echo temporary
    # set-user-ID does nothing
    [ "$(/usr/local/bin/suid -u)" = "$(id -u)" ] && echo no-rights
} >alarm.log
mv alarm.log alarm.done
""")
    host.run("sh", "-c", "chmod 755 /usr/local/bin/page; cp /usr/bin/id /usr/local/bin/suid; chmod 4755 /usr/local/bin/suid")
    host.write(CONF, before + 'alarm_command = {"/usr/local/bin/page"}\nalarm_after = 1\n')
    host.run("systemctl", "reload", "bentospool")
    host.run("systemctl", "stop", "sim")
    host.post("m-sandbox")
    wait_until(lambda: not host.call("test", "-e", "/var/lib/bentospool/alarm.done").returncode, "the alarm")
    # Nobody but the simulated Bento could be reached.
    equal(host.run("cat", "/var/lib/bentospool/alarm.done").split(),
          ["directory", "read-only", "temporary", "no-rights"], "what it may")
    host.run("rm", "/var/lib/bentospool/alarm.done")
    host.run("systemd-run", "--unit=sim", *SIM.split())
    wait_until(lambda: not host.call("test", "-e", "/var/lib/bentospool/alarm.done").returncode, "the end of it")
    equal(host.run("cat", "/var/lib/bentospool/alarm.done").split(),
          ["network", "directory", "read-only", "temporary", "no-rights"], "what it may")
    host.delivered("m-sandbox")
    host.write(CONF, before)
    host.run("systemctl", "reload", "bentospool")


def test_alarm_outside_of_the_sandbox(bench):
    """the path unit of doc/service.md has an alarm sent outside of the sandbox"""
    del bench
    host = machine()
    before = host.read(CONF)
    with open(os.path.join(spooltest.srcdir(), "doc/service.md"), encoding="utf-8") as document:
        script, path, service = re.findall(
            r"^```\n(#!.*?|\[Path\].*?|\[Service\]\nType=oneshot.*?)^```", document.read(), re.M | re.S)
    host.write("/usr/local/bin/alarm", script)
    host.write("/usr/bin/mail", '#!/bin/sh\necho "$@" >/run/mail.new; cat >>/run/mail.new; mv /run/mail.new /run/mail\n')
    host.run("chmod", "755", "/usr/local/bin/alarm", "/usr/bin/mail")
    host.write("/etc/systemd/system/bentospool-alarm.path", path)
    host.write("/etc/systemd/system/bentospool-alarm.service", service)
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "enable", "--now", "bentospool-alarm.path")
    host.write(CONF, before.replace("#min_free =", "min_free = 1000000000000000 #")
               + 'alarm_command = {"/usr/local/bin/alarm"}\n')
    host.run("systemctl", "restart", "bentospool")
    wait_until(lambda: not host.call("test", "-e", "/run/mail").returncode, "the mail")
    mail = host.run("cat", "/run/mail")
    true(re.match("-s bentospool root\n(space_low|storage_failed): ", mail), mail)
    host.run("systemctl", "disable", "--now", "bentospool-alarm.path")
    host.write(CONF, before)
    host.run("systemctl", "restart", "bentospool")


def test_archive(bench):
    """an archive below the state directory needs nothing, another one ReadWritePaths= in a drop-in"""
    del bench
    host = machine()
    before = host.read(CONF)

    def configure(path):
        host.write(CONF, re.sub(r"retention \{\n", f'retention {{\n    archive = "{path}"\n', before))

    host.run("install", "-d", "-o", "bentospool", "/srv/archive", "/var/lib/bentospool/archive")
    configure("/var/lib/bentospool/archive")
    host.run("systemctl", "reload", "bentospool")
    configure("/srv/archive")
    host.run("systemctl", "restart", "bentospool")
    wait_until(lambda: "/srv/archive" in host.journal() and "Read-only file system" in host.journal(), "it says so")
    host.drop_in("[Service]\nReadWritePaths=/srv/archive\n")
    host.run("systemctl", "reload", "bentospool")
    host.write(CONF, before)
    host.drop_in("")


try:
    spooltest.main()
finally:
    if os.geteuid() == 0:
        if machine.cache_info().currsize:
            machine().end()
        shutil.rmtree(work())
