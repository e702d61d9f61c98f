#!/usr/bin/env python3
"""init writes a working configuration, and never a wrong or incomplete one."""
import os
import pty
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
import termios

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import binary, equal, track, true, wait_until  # noqa: E402

KEYS = {"BENTO_SITE_UUID": spooltest.SITE_UUID, "BENTO_PUBLISHABLE_KEY": spooltest.PUBLISHABLE_KEY,
        "BENTO_SECRET_KEY": spooltest.SECRET_KEY}


def init(bench, env=None, name="new.conf"):
    return bench.run(binary("bentospool"), "init", "-c", bench.path(name), "--database",
                     bench.database, env=env)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_init_from_the_environment(bench):
    """init asks nothing when the environment has the keys; its configuration delivers an event"""
    sim = bench.sim()
    done = init(bench, KEYS)
    equal(done.returncode, 0, done.stderr)
    equal((mode(bench.path("new.conf")), mode(bench.path("new.secret_key"))), (0o600, 0o600), "modes")
    with open(bench.path("new.conf"), encoding="utf-8") as file:
        text = file.read()
    true(spooltest.SECRET_KEY not in text, "the secret is in its own file only")
    key = done.stdout.split("with the write key ")[1].split()[0]
    equal(len(key), 32, "a key was made")
    true(f'write_keys = {{"{key}"}}' in text and "#retry_max = 3600" in text, text)
    with open(bench.path("new.conf"), "w", encoding="utf-8") as file:
        file.write(text.replace("#listen = ", 'listen = {"127.0.0.1:0"} #').replace(
            "#api_url = ", f'api_url = "{sim.api_url()}" #'))
    daemon = spooltest.Daemon(bench, bench.path("new.conf"))
    daemon.accept("/v1/track", track("m-1"), key=key)
    wait_until(lambda: sim.keys() == ["m-1"], "it is delivered")


def test_init_never_replaces(bench):
    """init keeps existing files, and names what is missing or odd"""
    equal(init(bench, KEYS).returncode, 0, "the first")
    before = os.stat(bench.path("new.conf"))
    again = init(bench, KEYS)
    equal(again.returncode, 1, "the second")
    true("already exists, and is kept" in again.stderr and "new.secret_key away" in again.stderr, again.stderr)
    equal(os.stat(bench.path("new.conf")).st_mtime_ns, before.st_mtime_ns, "the file")
    os.unlink(bench.path("new.conf"))
    true("new.secret_key already exists" in init(bench, KEYS).stderr, "a secret that is there")
    true(not os.path.exists(bench.path("new.conf")), "half of it is not written")
    missing = init(bench, {**KEYS, "BENTO_SECRET_KEY": ""}, "other.conf")
    true(missing.returncode == 1 and "BENTO_SECRET_KEY is not set" in missing.stderr, missing.stderr)
    for name, value, word in (("BENTO_SITE_UUID", "YOUR_SITE_UUID", "site_uuid = \"YOUR_SITE_UUID\": is still a"),
                              ("BENTO_SECRET_KEY", "pk_1", "secret_key: begins with pk_, as a"),
                              ("BENTOSPOOL_WRITE_KEYS", 'a "word"', "write_keys must not hold a quote")):
        wrong = init(bench, {**KEYS, name: value}, "other.conf")
        equal(wrong.returncode, 1, wrong.stdout)
        true(f"{name}: " in wrong.stderr and word in wrong.stderr and "draft" not in wrong.stderr, wrong.stderr)
    odd = init(bench, {**KEYS, "BENTO_SITE_UUID": 'a"b'}, "other.conf")
    true(odd.returncode == 1 and "BENTO_SITE_UUID: site_uuid must not hold a blank, a quote" in odd.stderr, odd.stderr)
    refused = init(bench, {**KEYS, "BENTOSPOOL_WRITE_KEYS": "a,"}, "other.conf")
    equal(refused.returncode, 1, f"keys that serve would refuse: {refused.stderr}")
    equal([name for name in os.listdir(bench.dir) if name.startswith("other.conf")], [],
          "nothing is written")
    equal(init(bench, {**KEYS, "BENTOSPOOL_WRITE_KEYS": "a word of your choice,b"}, "other.conf").returncode, 0,
          "then right")


def test_init_with_a_relative_name(bench):
    """the configuration works from any current directory"""
    done = bench.run(binary("bentospool"), "init", "-c", "near.conf", "--database", "spool.db", env=KEYS)
    equal(done.returncode, 0, done.stderr)
    checked = subprocess.run([binary("bentospool"), "check", "-c", bench.path("near.conf")], cwd="/",
                             capture_output=True, text=True, timeout=30, check=False)
    equal(checked.returncode, 0, checked.stderr)
    true(bench.path("spool.db") in checked.stdout, checked.stdout)
    true(checked.stderr.endswith("near.conf is valid\n"), checked.stderr)


# What init and serve do as root: $1 the program, $2 the bench's directory. /etc/passwd and /etc/group
# have the daemon's user in this mount namespace only.
AS_ROOT = """
set -e
grep -v ^bentospool: /etc/passwd >"$2/passwd"
echo 'bentospool:x:4711:4712::/nonexistent:/bin/false' >>"$2/passwd"
mount --bind "$2/passwd" /etc/passwd
"$1" init -c "$2/etc/bentospool.conf" --database "$2/var/spool.db"
stat -c '%n %u %g %a' "$2/etc" "$2/etc/bentospool.conf" "$2/etc/secret_key" "$2/var"
chown 0:0 "$2/etc/secret_key"
setpriv --reuid=4711 --regid=4712 --clear-groups env -u BENTO_SECRET_KEY "$1" check -c "$2/etc/bentospool.conf" 2>&1 || :
"""


def needs_root(bench):
    if os.geteuid() != 0:
        raise spooltest.Skip("needs root")
    os.chmod(bench.dir, 0o755)


def program_for_all(bench):
    """Copies the program to where other users reach it, unlike some build directories."""
    path = bench.path("bentospool")
    shutil.copy(binary("bentospool"), path)
    os.chmod(path, 0o755)
    return path


def test_init_as_root(bench):
    """init as root creates the directories, and the daemon's user gets what it needs, no more"""
    needs_root(bench)
    env = {k: v for k, v in os.environ.items() if not k.startswith("BENTO")}
    done = subprocess.run(["unshare", "-m", "sh", "-c", AS_ROOT, "sh", program_for_all(bench), bench.dir],
                          env={**env, **KEYS}, capture_output=True, text=True, timeout=60, check=False)
    if "unshare failed" in done.stderr or "mount: " in done.stderr:
        raise spooltest.Skip("mounting is not allowed here")
    equal(done.returncode, 0, done.stderr)
    equal([line for line in done.stdout.splitlines() if line.startswith(bench.dir)],
          [bench.path(line) for line in (
              "etc 0 4712 750", "etc/bentospool.conf 0 4712 640", "etc/secret_key 4711 4712 600",
              "var 4711 4712 750")], "owner, group and mode")
    as_user = "sudo -u bentospool" if os.path.exists("/usr/bin/sudo") else "runuser -u bentospool --"
    conf = bench.path("etc/bentospool.conf")
    secret = bench.path("etc/secret_key")
    true(f"({secret} belongs to root and has the mode 0600): as root, chown bentospool {secret}\n" in done.stdout,
         "what the daemon's user is told of a secret that root took: " + done.stdout)
    for command in ("doctor", "serve", "send --name Test --email you@example.com"):
        true(f"  {as_user} bentospool {command} -c {conf}\n" in done.stdout, done.stdout)


def test_root_does_not_lock_the_daemon_out(bench):
    """serve refuses to run as root on another user's directory; other verbs leave that user its files"""
    needs_root(bench)
    os.mkdir(bench.path("store"))
    bench.database = bench.path("store/spool.db")
    bench.daemon().stop()
    os.chown(bench.path("store"), 4711, 4712)
    refused = bench.cli("serve")
    equal(refused.returncode, 1, refused.stderr)
    true("sudo -u #4711 bentospool serve" in refused.stderr, refused.stderr)
    equal(os.stat(bench.database).st_uid, 0, "nothing is changed")
    done = bench.cli("import", bench.write("calls.ndjson", '{"type": "track", "event": "A", '
                     '"messageId": "m-1", "email": "ann@example.com"}\n'))
    equal(done.returncode, 0, done.stderr)
    names = sorted(os.listdir(bench.path("store")))
    true("spool.db" in names and "spool.db.lock" in names, names)
    owners = {name: os.stat(bench.path(f"store/{name}")).st_uid for name in names}
    equal(owners, dict.fromkeys(names, 4711), "owners")


def as_user(bench, uid, *argv, stream="stderr", code=1):
    """Runs a verb as that user, with the configuration of the bench; returns what it says."""
    done = subprocess.run([program_for_all(bench), argv[0], "-c", bench.path("bentospool.conf"), *argv[1:]],
                          capture_output=True, text=True, timeout=60, check=False, user=uid, group=uid + 1,
                          extra_groups=[], cwd=bench.dir)
    equal(done.returncode, code, done.stdout + done.stderr)
    return getattr(done, stream)


def test_may_read_but_not_ask(bench):
    """status as a user who may read the database but not ask the daemon: unknown, with the remedy"""
    needs_root(bench)
    control = bench.path("s" * (101 - len(bench.dir)) + ".sock")  # as long as possible
    sim = bench.sim()
    sim.answer(503)
    daemon = bench.daemon(sim, top={"control": control})
    os.chown(control, 4711, 4712)
    for name in os.listdir(bench.dir):
        if name.startswith("bentospool") or name.startswith(os.path.basename(bench.database)):
            os.chmod(bench.path(name), 0o644)
    why = (f"this user may not ask the daemon ({control} belongs to #4711 and has the mode 0600): "
           "use sudo -u #4711 bentospool ...")
    told = as_user(bench, 4713, "status", "--check", stream="stdout")
    equal(told.split(" | ")[0], f"UNKNOWN: {why}", "the line")
    told = " ".join(as_user(bench, 4713, "status", stream="stdout", code=0).split())
    true(f"daemon process {daemon.pid}: {why} database" in told and told.endswith(f"! {why}"), told)
    daemon.accept("/v1/track", track("m-1"))
    wait_until(lambda: bench.rows("SELECT 1 FROM sites WHERE state = 'backoff'"), "it backs off")
    told = as_user(bench, 4713, "status", "--check", "--max-backoff", "0s", stream="stdout")
    true(told.startswith(f"CRITICAL: {why}; site main has been backing off"), told)


def test_permissions(bench):
    """whoever lacks permission is told whom the file belongs to, and what to do about that"""
    needs_root(bench)
    os.mkdir(bench.path("store"))
    bench.database = bench.path("store/spool.db")
    bench.daemon().stop()
    conf = bench.path("bentospool.conf")
    store = bench.path("store")
    for path in (conf, store, *(f"{store}/{name}" for name in os.listdir(store))):
        os.chown(path, 4711, 4712)
    os.chmod(store, 0o750)

    said = as_user(bench, 4713, "check")
    true(f"cannot open {conf}: Permission denied ({conf} belongs to #4711 and has the mode 0600): "
         "use sudo -u #4711 bentospool ...\n" in said, said)
    os.chmod(conf, 0o644)
    for argv in (["status"], ["requeue", "--status", "failed"]):
        said = as_user(bench, 4713, *argv)
        true(f"cannot open database {bench.database}: Permission denied ({store} belongs to #4711 and has the mode "
             "0750): use sudo -u #4711 bentospool ...\n" in said, said)
    for name in ("left.ndjson", bench.path("left.ndjson")):
        equal(as_user(bench, 4711, "export", "--output", name),
              f"bentospool: cannot make {name}.part: Permission denied: name a file in a directory where this user "
              f"may write, which {os.path.realpath(bench.dir)} is not\n", "export")
    os.chown(f"{store}/spool.db-wal", 0, 0)
    said = as_user(bench, 4711, "serve")
    true(f"({store}/spool.db-wal belongs to root and has the mode 06" in said, said)
    os.chmod(f"{store}/spool.db-wal", 0o600)
    said = as_user(bench, 4711, "status")
    true(f"({store}/spool.db-wal belongs to root and has the mode 0600)" in said, said)
    os.chmod(store, 0o600)
    said = as_user(bench, 4711, "serve")
    true(f"({store} belongs to #4711 and has the mode 0600): chmod u+rwx {store}\n" in said, said)


# As root in a mount namespace: $1 the program, $2 the default configuration, whose directory others may not
# enter.
HIDDEN = """
set -e
place=$(dirname "$(dirname "$2")")
mount -t tmpfs tmpfs "$place"
mkdir -m 0700 "$(dirname "$2")"
touch "$2"
exec setpriv --reuid=4713 --regid=4714 --clear-groups env --ignore-environment "$1" check
"""


def test_hidden_configuration(bench):
    """a default configuration that this user may not look for is not called missing"""
    needs_root(bench)
    conf = re.search(r"^  (/\S+/bentospool\.conf)$", bench.run(binary("bentospool"), "help").stdout, re.M).group(1)
    place = os.path.dirname(os.path.dirname(conf))
    if not os.path.isdir(place):
        raise spooltest.Skip(f"there is no {place}")
    done = bench.run("unshare", "-m", "sh", "-c", HIDDEN, "sh", program_for_all(bench), conf)
    if "unshare failed" in done.stderr or "mount: " in done.stderr:
        raise spooltest.Skip("mounting is not allowed here")
    equal(done.returncode, 1, done.stderr)
    true(f"cannot open {conf}: Permission denied ({os.path.dirname(conf)} belongs to root" in done.stderr, done.stderr)


def at_terminal(bench):
    """Runs init on its own terminal: returns the process, our end, and a function that waits for a
    prompt."""
    ours, theirs = pty.openpty()
    env = {k: v for k, v in os.environ.items() if not k.startswith("BENTO")}
    process = subprocess.Popen([binary("bentospool"), "init", "-c", bench.path("new.conf"), "--database",
                                bench.path("state/lib/spool.db")],
                               stdin=theirs, stdout=theirs, stderr=theirs, env=env,
                               preexec_fn=os.setsid)
    os.close(theirs)
    said = [""]

    def await_prompt(prompt):
        while prompt not in said[0]:
            true(select.select([ours], [], [], 30)[0], f"{prompt!r} after {said[0]!r}")
            said[0] += os.read(ours, 1024).decode()
            true("s3cret" not in said[0], f"the terminal shows {said[0]!r}")
        said[0] = said[0][said[0].index(prompt) + len(prompt):]
    return process, ours, await_prompt


def test_init_asks(bench):
    """init asks on a terminal, asks again after a bad or long answer, and hides the secret"""
    process, ours, await_prompt = at_terminal(bench)
    for prompt, answer in (("Site UUID: ", "bad uuid"), ("Site UUID: ", "u" * 512),
                           ("Site UUID: ", "u" * 511), ("Publishable key: ", "pub-1"),
                           ("(not shown): ", "s3cret" * 100), ("(not shown): ", "s3cret"),
                           ("generate one): ", "")):
        await_prompt(prompt)
        os.write(ours, (answer + "\n").encode())
    await_prompt("Applications post with")
    equal(process.wait(timeout=30), 0, "exit status")
    os.close(ours)
    with open(bench.path("new.secret_key"), encoding="utf-8") as file:
        equal(file.read(), "s3cret", "the secret")
    with open(bench.path("new.conf"), encoding="utf-8") as file:
        true(f'site_uuid = "{"u" * 511}"' in file.read(), "the longest answer")
    equal([stat.S_IMODE(os.stat(bench.path(name)).st_mode) for name in ("state", "state/lib")], [0o755, 0o750],
          "the directories that were missing, of which the database's is private")


def interrupt_init(bench, stopped):
    process, ours, await_prompt = at_terminal(bench)
    await_prompt("Site UUID: ")
    os.write(ours, b"u\n")
    await_prompt("Publishable key: ")
    # Ctrl-S stops the terminal: the prompt cannot be written, so the signal comes first.
    os.write(ours, b"\x13p\n" if stopped else b"p\n")
    wait_until(lambda: not termios.tcgetattr(ours)[3] & termios.ECHO, "nothing is shown")
    if not stopped:
        await_prompt("(not shown): ")
    process.send_signal(signal.SIGINT)
    if stopped:
        os.write(ours, b"\x11")
    equal(process.wait(timeout=30), -signal.SIGINT, "how it ends")
    true(termios.tcgetattr(ours)[3] & termios.ECHO, "what is typed is shown again")
    os.close(ours)
    equal([name for name in os.listdir(bench.dir) if "conf" in name], [], "files")


def test_init_is_interrupted(bench):
    """a signal at the secret's prompt leaves a terminal with echo on, and no file"""
    interrupt_init(bench, stopped=False)


def test_init_is_interrupted_early(bench):
    """a signal before the prompt is written leaves a terminal with echo on, and no file"""
    interrupt_init(bench, stopped=True)


spooltest.main()
