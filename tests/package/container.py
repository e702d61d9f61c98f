#!/usr/bin/env python3
"""Builds the image of tools/package/Containerfile and runs it as doc/container.md says: as its user, with a
read-only root file system and no capabilities, with variables and a secret in place of a configuration.

Usage: tests/package/container.py [TEST...], in a build directory, as root, with buildah and podman. It takes some
minutes. LIFE_ROOT names a directory that debootstrap has filled, for a machine that cannot pull Debian's
image. On a machine that confines containers, PODMAN and PODMAN_RUN name the command and further options of
"podman run":

    PODMAN='podman --runtime runc --cgroup-manager cgroupfs'
    PODMAN_RUN='--ulimit nofile=1024:20000 --ulimit nproc=5000:5000'
"""
import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Skip, equal, track, true, wait_until  # noqa: E402

spooltest.FILE_DEADLINE = 0
IMAGE = "localhost/bentospool-test"
BASES = ("docker.io/library/debian:12", "docker.io/library/debian:12-slim")
PODMAN = shlex.split(os.environ.get("PODMAN", "podman"))
DOCUMENT = "doc/container.md"
WRITE_KEY = "a word of your choice"


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    equal(done.returncode, 0, f"{shlex.join(argv)}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def podman(*argv):
    return run(*PODMAN, *argv)


@functools.cache
def image():
    """Builds the image, once."""
    for command in ("buildah", PODMAN[0]):
        if os.geteuid() != 0 or not shutil.which(command):
            raise Skip(f"needs root and {command}")
    root = os.environ.get("LIFE_ROOT")
    if root:
        with subprocess.Popen(["tar", "-C", root, "-cf", "-", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run([*PODMAN, "import", "-", BASES[0]], stdin=tar.stdout, check=True, capture_output=True)
        podman("tag", *BASES)
    run("buildah", "bud", "--isolation", "chroot", "--layers", "--format", "docker", *(
        ["--pull=never"] if root else []), "-f", f"{spooltest.srcdir()}/tools/package/Containerfile", "-t", IMAGE,
        spooltest.srcdir())
    return IMAGE


class Container(spooltest.Daemon):
    """The image with the options of doc/container.md, beside the simulated Bento of the bench."""

    def __init__(self, bench, volume, api_url, ready=True, **environment):
        self.container = f"bentospool-test-{os.getpid()}-{len(bench.processes)}"
        secret = bench.write("secret_key", spooltest.SECRET_KEY)
        os.chmod(secret, 0o444)
        given = {"BENTO_SITE_UUID": spooltest.SITE_UUID, "BENTO_PUBLISHABLE_KEY": spooltest.PUBLISHABLE_KEY,
                 "BENTO_SECRET_KEY_FILE": "/run/secrets/secret_key", "BENTOSPOOL_WRITE_KEYS": WRITE_KEY,
                 "BENTOSPOOL_LISTEN": "127.0.0.1:0", "BENTO_API_URL": api_url, **environment}
        # pylint: disable=super-init-not-called,non-parent-init-called
        spooltest.Process.__init__(self, bench, "container", [
            *PODMAN, "run", "--rm", "--name", self.container, "--network=host", "--read-only", "--cap-drop=all",
            "--security-opt=no-new-privileges", *shlex.split(os.environ.get("PODMAN_RUN", "")),
            "-v", f"{volume}:/var/lib/bentospool", "-v", f"{secret}:/run/secrets/secret_key:ro",
            *(f"--env={name}={value}" for name, value in given.items()), image()])
        if ready:
            self.wait_listening()

    def execute(self, *argv):
        """Runs a command in the container; returns its exit status and what it printed."""
        done = subprocess.run([*PODMAN, "exec", self.container, *argv], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def end(self):
        """Stops the container as docker stop does; returns its exit status, 137 when it was killed."""
        podman("stop", "--time=10", self.container)
        return self.wait()


class Volume:
    """A named volume, removed at the end."""

    def __init__(self, name):
        self.name = f"bentospool-test-{os.getpid()}-{name}"

    def __enter__(self):
        image()
        podman("volume", "create", self.name)
        return self.name

    def __exit__(self, *_):
        podman("volume", "rm", "--force", self.name)


def test_delivers(bench):
    """without a configuration an event gets through, by a user who can write to the volume only"""
    sim = bench.sim()
    with Volume("delivers") as volume:
        container = Container(bench, volume, sim.api_url(), BENTOSPOOL_LOG_FORMAT="json")
        container.accept("/v1/track", track("m-1"), key=WRITE_KEY)
        wait_until(lambda: sim.keys() == ["m-1"], "Bento has it")
        equal(container.execute("id", "-u")[1].strip(), "7300", "the user")
        equal(container.execute("sh", "-c", "touch /usr/x /etc/x /tmp/x 2>/dev/null; ls /usr/x /etc/x")[0], 2,
              "the root file system is read-only")
        wait_until(lambda: container.execute("bentospool", "status", "--check")[0] == 0, "it is healthy")
        query = "SELECT message_id || ' ' || status FROM outbox"
        equal(container.execute("sqlite3", "-readonly", "spool.db", query), (0, "m-1 delivered\n"), "the audit")
        status, said = container.execute("bentospool", "send", "--name", "Test", "--email", "ann@example.com")
        equal(status, 0, said)
        equal(container.end(), 0, container.log())
        lines = [line for line in container.log().splitlines() if line.startswith("{")]
        true(all({"time", "level", "text"} == set(json.loads(line)) for line in lines) and len(lines) > 2, lines)


def test_documented_commands(bench):
    """the commands of doc/container.md work in a running container"""
    with open(f"{spooltest.srcdir()}/{DOCUMENT}", encoding="utf-8") as file:
        commands = re.findall(r"^    podman ((?:exec|cp) .*)$", file.read(), re.M)
    with Volume("commands") as volume:
        container = Container(bench, volume, "http://127.0.0.1:1/api/v1")
        container.accept("/v1/track", track("m-1"), key=WRITE_KEY)
        for command in commands:
            argv = [re.sub(r"^bentospool(:|$)", rf"{container.container}\1", word, count=1)
                    if n == 1 else word for n, word in enumerate(shlex.split(command))]
            done = subprocess.run([*PODMAN, *argv], cwd=bench.dir, capture_output=True, text=True, check=False)
            true(done.returncode in (0, 3), f"{command}: {done.returncode}: {done.stdout}{done.stderr}")
        true(len(commands) >= 5 and os.path.getsize(bench.path("copy.db")) > 0, f"{len(commands)} commands")
        equal(container.end(), 0, container.log())


def test_stop_and_start(bench):
    """a stop ends in time though Bento hangs, and the next container delivers what the volume holds"""
    sim = bench.sim()
    sim.faults("delay=60000")
    with Volume("restart") as volume:
        container = Container(bench, volume, sim.api_url())
        container.accept("/v1/track", track("m-1"), key=WRITE_KEY)
        wait_until(lambda: container.execute("sqlite3", "-readonly", "spool.db", "SELECT count(*) FROM attempts")
                   == (0, "1\n"), "a request is at Bento")
        equal(container.end(), 0, container.log())
        sim.heal()
        container = Container(bench, volume, sim.api_url())
        wait_until(lambda: "m-1" in sim.keys(), "the event gets through")
        equal(container.end(), 0, container.log())


def test_one_daemon(bench):
    """a second container on the same volume ends, and says why"""
    sim = bench.sim()
    with Volume("one") as volume:
        container = Container(bench, volume, sim.api_url())
        second = Container(bench, volume, sim.api_url(), ready=False)
        equal(second.wait(60), 1, second.log())
        true("another" in second.log() and "spool.db" in second.log(), second.log())
        container.accept("/v1/track", track("m-1"), key=WRITE_KEY)
        equal(container.end(), 0, container.log())


def test_what_is_missing(bench):
    """without its variables the container ends, and names them"""
    with Volume("missing") as volume:
        for variable in ("BENTO_SITE_UUID", "BENTO_SECRET_KEY_FILE"):
            container = Container(bench, volume, "http://127.0.0.1:1/api/v1", ready=False, **{variable: ""})
            equal(container.wait(60), 1, container.log())
            true(f"set {variable.removesuffix('_FILE')}" in container.log(), container.log())


spooltest.main()
