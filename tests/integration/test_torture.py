#!/usr/bin/env python3
"""torture says whether a directory keeps acknowledged events, and leaves nothing behind."""
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from spoolscreen import Screen  # noqa: E402
import spooltest  # noqa: E402
from spoolmount import Mount, own_mounts  # noqa: E402
from spooltest import Process, binary, equal, true, wait_until  # noqa: E402

LONG = "1h"
SPACE = 128  # MiB
MANY = 2000  # events: more than are with the writer at any time


def on_disk():
    """A directory beside the build, which is more often on a disk than the temporary one."""
    return tempfile.TemporaryDirectory(
        prefix="torture.", dir=spooltest.builddir(), ignore_cleanup_errors=True)


def file_system(folder):
    done = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def torture(bench, folder, *argv):
    done = bench.run(binary("bentospool"), "torture", folder, *argv)
    return done.returncode, done.stdout, done.stderr


def start(bench, folder, *argv):
    """Starts a long test. Background processes may ignore SIGINT; this one does not."""
    return Process(bench, "torture", [binary("bentospool"), "torture", folder, "--time", LONG, *argv],
                   preexec=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def database_in(folder):
    """Returns the database of the test that runs there, None before there is one."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name, "spool.db")
        if os.path.exists(path):
            return path
    return None


def newest_event(database):
    """Returns the highest event_id; 0 when the file cannot be read now."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
            return db.execute("SELECT max(event_id) FROM event").fetchone()[0] or 0
    except sqlite3.Error:
        return 0


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def meddle(verb, database, how):
    """Does something to the database while the verb is stopped, and its process killed; returns whether it did.
    """
    verb.freeze()
    wait_until(lambda: state_of(verb.pid) == "T", "the verb stops")
    stored = children(verb.pid)
    for child in stored:
        os.kill(child, signal.SIGKILL)
        wait_until(lambda c=child: state_of(c) == "Z", "the process that stores events ends")
    does = bool(stored) and newest_event(database) >= MANY  # else a check runs, or the file is a new one
    if does:
        with contextlib.closing(sqlite3.connect(database)) as db, db:
            how(db)
    verb.thaw()
    return does


def meddled(bench, folder, how):
    """Runs a test during which something is done to the database; returns what it reports."""
    verb = start(bench, folder, "--json")

    def has_meddled():
        database = database_in(folder)
        return database and newest_event(database) >= MANY and meddle(verb, database, how)

    wait_until(has_meddled, "the database is changed", 60)
    equal(verb.wait(60), 1, "exit status")
    line = json.loads(verb.log())
    equal(os.path.dirname(line["evidence"]), folder, "the directory that is kept")
    true(os.path.exists(os.path.join(line["evidence"], "spool.db")), "the database is kept")
    return line


def test_verdict(bench):
    with on_disk() as folder:
        with open(os.path.join(folder, "mine"), "w", encoding="ascii") as file:
            file.write("mine")
        code, out, _ = torture(bench, folder, "--time", "1s", "--json")
        line = json.loads(out)
        in_memory = file_system(folder) in ("tmpfs", "ramfs")
        equal(code, 1 if in_memory else 0, f"exit status: {out}")
        equal((line["kept"], line["lost"], line["findings"]), (not in_memory, 0, 0), "what was kept")
        for name in ("kills", "full", "descriptors", "checks", "events", "syncs"):
            true(line[name] > 0, f"{name}: {line}")
        true(0 < line["sync_median_us"] <= line["sync_p99_us"] <= line["sync_longest_us"], f"syncs: {line}")
        equal(os.listdir(folder), ["mine"], "what is left")


def test_memory_is_no_disk(bench):
    with Mount(bench.path("mount"), f"size={SPACE + 8}m") as mount:
        code, out, _ = torture(bench, mount.path, "--time", "1s")
        equal(code, 1, "exit status")
        true(f"{mount.path} (tmpfs) is in memory: a restart of the machine loses every event." in out, out)
        true("Only a power cut can tell." in out, out)
        equal(os.listdir(mount.path), [], "what is left")


def test_loss_is_reported(bench):
    """An acknowledged event that is deleted between two rounds is reported as lost."""
    with on_disk() as folder:
        line = meddled(bench, folder, lambda db: db.execute("DELETE FROM event WHERE event_id = 1"))
        equal((line["kept"], line["lost"]), (False, 1), f"what was lost: {line}")


def test_damage_is_reported(bench):
    """An event that the disk changed is found by its checksum, although none is missing."""
    with on_disk() as folder:
        line = meddled(bench, folder, lambda db: db.execute(
            "UPDATE event SET body = replace(body, substr(body, 3, 1), '#') WHERE event_id = 1"))
        equal((line["kept"], line["lost"], line["findings"]), (False, 0, 1), f"what was found: {line}")


def library(bench, name, text):
    """Builds a library to preload; returns its path."""
    compiler = shutil.which("cc")
    if compiler is None or spooltest.sanitized():
        raise spooltest.Skip("no library can be preloaded")
    path = bench.path(name + ".so")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", path, bench.write(name + ".c", text)], check=True)
    return path


def test_ignored_syncs(bench):
    """Syncs that do nothing leave a doubt, though no kill can show a loss."""
    ignores = library(bench, "ignores", "int fsync(int fd) { return 0; } int fdatasync(int fd) { return 0; }")
    with on_disk() as folder:
        if file_system(folder) in ("tmpfs", "ramfs"):
            raise spooltest.Skip("the build directory is in memory")
        done = bench.run(binary("bentospool"), "torture", folder, "--time", "1s", env={"LD_PRELOAD": ignores})
        true("there is a reason for doubt" in done.stdout and "no disk is that fast" in done.stdout, done.stdout)


def test_failing_disk(bench):
    """A disk whose syncs fail gets no good verdict, and the error is named."""
    fails = library(bench, "fails", """#include <errno.h>
        int fdatasync(int fd) { static int n; if (++n < 40) return 0; errno = EIO; return -1; }
        int fsync(int fd) { return fdatasync(fd); }""")
    with on_disk() as folder:
        done = bench.run(binary("bentospool"), "torture", folder, "--time", "2s", env={"LD_PRELOAD": fails})
        equal(done.returncode, 1, "exit status")
        true("nput/output error" in done.stdout + done.stderr or "disk I/O error" in done.stdout + done.stderr,
             done.stdout + done.stderr)
        true("kept its promises" not in done.stdout, done.stdout)


def test_mount_options(bench):
    """A file system that is mounted without barriers is named."""
    tool = shutil.which("mkfs.ext4", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if tool is None:
        raise spooltest.Skip("there is no mkfs.ext4")
    own_mounts()
    image, folder = bench.path("image"), bench.path("mounted")
    os.mkdir(folder)
    with open(image, "wb") as file:
        file.truncate(2 * SPACE << 20)
    subprocess.run([tool, "-q", image], check=True)
    mounted = subprocess.run(["mount", "-o", "loop,barrier=0", image, folder], capture_output=True, check=False)
    if mounted.returncode != 0:
        raise spooltest.Skip("mounting a loop device is not allowed here")
    try:
        code, out, err = torture(bench, folder, "--time", "1s")
        equal(code, 0, f"exit status: {err}")
        true("there is a reason for doubt" in out and "It is mounted with nobarrier" in out, out)
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def test_interrupt(bench):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with on_disk() as folder:
            verb = start(bench, folder)
            wait_until(lambda f=folder, v=verb: database_in(f) and children(v.pid), "it stores events")
            equal(verb.stop(number), 1, "exit status")
            true("interrupted after" in verb.log() and "without a verdict" in verb.log(), verb.log())
            equal(os.listdir(folder), [], "what is left")


def test_interrupt_of_the_group(bench):
    """A signal to the whole process group is no failure of the process that stores events."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with on_disk() as folder:
            verb = Process(bench, "torture", [binary("bentospool"), "torture", folder, "--time", LONG],
                           preexec=lambda: (os.setsid(), signal.signal(signal.SIGINT, signal.SIG_DFL)))
            wait_until(lambda f=folder, v=verb: database_in(f) and children(v.pid), "it stores events")
            verb.freeze()  # so that the process that stores events gets it first
            os.killpg(verb.pid, number)
            verb.thaw()
            equal(verb.wait(), 1, "exit status")
            true("interrupted after" in verb.log() and "without a verdict" in verb.log(), verb.log())
            equal(os.listdir(folder), [], "what is left")


def test_parent_killed(bench):
    """The process that stores events does not outlive the verb."""
    with on_disk() as folder:
        verb = start(bench, folder)
        child = wait_until(lambda: database_in(folder) and children(verb.pid), "it stores events")[0]
        verb.kill()
        wait_until(lambda: not os.path.exists(f"/proc/{child}") or state_of(child) == "Z", "it ends")


def test_refusals(bench):
    for argv, code, text in (
            ([], 2, "name the directory to test: bentospool torture DIRECTORY"),
            ([bench.path("none")], 1, f"cannot test {bench.path('none')}: No such file or directory"),
            ([binary("bentospool")], 1, "is not a directory: name the directory that the database"),
            ([bench.dir, "--time", "25h"], 2, "torture: --time may be 1d at most"),
            ([bench.dir, "--time", "soon"], 2, '--time: "soon" is not a duration'),
            ([bench.dir, bench.dir], 2, "unexpected argument")):
        done = bench.run(binary("bentospool"), "torture", *argv)
        equal(done.returncode, code, f"exit status of {argv}: {done.stderr}")
        true(text in done.stderr, f"{argv}: {done.stderr}")
        equal(done.stdout, "", f"output of {argv}")


def test_little_space(bench):
    with Mount(bench.path("mount"), f"size={SPACE - 1}m") as mount:
        code, _, err = torture(bench, mount.path)
        equal(code, 1, "exit status")
        true(f"{mount.path} has {SPACE - 1} MiB free, and the test needs {SPACE}" in err, err)
        equal(os.listdir(mount.path), [], "what is left")


def test_progress(bench):
    """On a terminal there is a line of progress, which the verdict replaces."""
    with on_disk() as folder, Screen(bench, "torture", folder, "--time", "1s", conf=None) as screen:
        screen.wait(lambda text: "of 1 seconds, 1 kills" in text, "progress")
        screen.wait(lambda text: text.endswith("can tell.\n"), "the verdict")


if __name__ == "__main__":
    spooltest.main()
