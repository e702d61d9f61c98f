#!/usr/bin/env python3
"""The life of the Debian package in a root that debootstrap makes: lintian, the same files as make install,
install, init, serve as the unit says, upgrade, remove, install again, purge. Events that were accepted are
there after each step but the last. boot.py has the service under systemd.

Usage: tests/package/life.py [TEST...], in a build directory, as root (it takes some minutes; packageroot.py
says how it takes fewer). The tests build on each other: name the first ones only.
"""
import functools
import glob
import os
import re
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from packageroot import (  # noqa: E402
    ENTER, ENVIRONMENT, KEYS, apt, bootstrap, inside, needs, packages, run, work)
from spooltest import equal, track, true  # noqa: E402

spooltest.FILE_DEADLINE = 0
CONF = "/etc/bentospool/bentospool.conf"
DATABASE = "/var/lib/bentospool/spool.db"
# Stands in for the service manager, which does not run in the root: it records what it was asked.
INVOKE = "#!/bin/sh\necho \"$*\" >>/asked\n"


@functools.cache
def root():
    """Returns a root with the base system, and with a stand-in for the service manager."""
    needs("setpriv")
    path = f"{work()}/root"
    bootstrap(path)
    os.makedirs(f"{path}/run/systemd/system")
    with open(f"{path}/usr/local/bin/deb-systemd-invoke", "w", encoding="utf-8") as file:
        file.write(INVOKE)
    os.chmod(file.name, 0o755)
    return path


def install(package):
    shutil.copy(package, f"{root()}/new.deb")
    apt(root(), "--no-install-recommends", "install", "/new.deb")


def asked():
    """Returns what was asked of the service manager about bentospool since the last call."""
    path = f"{root()}/asked"
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if "bentospool" in line]
    os.unlink(path)
    return lines


def text(path):
    with open(root() + path, encoding="utf-8") as file:
        return file.read()


def owner(path):
    found = os.lstat(root() + path)
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def account():
    """Returns the numbers of the user and of its group; None without that user."""
    found = re.search(r"^bentospool:x:(\d+):(\d+):.*:/var/lib/bentospool:/usr/sbin/nologin$",
                      text("/etc/passwd"), re.M)
    return found and (int(found.group(1)), int(found.group(2)))


def pending():
    with sqlite3.connect(f"file:{root()}{DATABASE}?mode=ro", uri=True) as database:
        return [row[0] for row in database.execute(
            "SELECT message_id FROM outbox WHERE status = 'pending' ORDER BY event_id")]


class Service(spooltest.Daemon):
    """The service, started as the installed unit says but for the sandbox."""

    def __init__(self, bench):
        unit = dict(re.findall(r"^(\w+)=(.*)$", text("/lib/systemd/system/bentospool.service"), re.M))
        true(os.path.exists(root() + unit["ConditionPathExists"]), "the condition of the unit")
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        limits = tuple(min(int(limit), allowed) for limit in unit["LimitNOFILE"].split(":"))

        def prepare():
            os.umask(int(unit["UMask"], 8))
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

        # pylint: disable=super-init-not-called,non-parent-init-called
        spooltest.Process.__init__(self, bench, "service", [
            "unshare", "--mount", "sh", "-c", ENTER, "sh", root(), "setpriv", f"--reuid={unit['User']}",
            f"--regid={unit['Group']}", "--clear-groups", *unit["ExecStart"].split()], ENVIRONMENT, prepare)
        self.wait_listening()


def serve(bench, *message_ids):
    """Starts the service, has it accept events, and stops it."""
    service = Service(bench)
    for message_id in message_ids:
        service.accept("/v1/track", track(message_id), key="life")
    equal(service.stop(), 0, service.log())


def test_lintian(bench):
    """lintian has nothing to say about the packages"""
    del bench
    needs("lintian")
    done = subprocess.run(["lintian", "--display-info", "--pedantic", "--fail-on",
                           "error,warning,info,pedantic", *packages()],
                          capture_output=True, text=True, check=False)
    equal((done.stdout, done.returncode), ("", 0), "lintian")


def test_same_files_as_from_source(bench):
    """the package has what make install installs, and make uninstall removes all of that"""
    place = bench.path("installed")
    make = ["make", "-s", "-C", spooltest.builddir(), f"DESTDIR={place}", "prefix=/usr"]
    run(*make, "install")
    source = {re.sub(r"\.gz$", "", path[len(place):]) for path in
              glob.glob(f"{place}/**", recursive=True) if not os.path.isdir(path)}
    paths = re.findall(r"^-\S+ +\S+ +\d+ \S+ \S+ \.(\S+)$", run("dpkg-deb", "-c", packages()[0]), re.M)
    package = {re.sub(r"^/lib/|\.gz$|vendor-completions", lambda found: {
        "/lib/": "/usr/lib/", ".gz": ""}.get(found.group(), "site-functions"), path) for path in paths}
    documents = "/usr/share/doc/bentospool"
    equal((sorted(package - source), sorted(source - package)),
          ([f"{documents}/README.Debian", f"{documents}/changelog", f"{documents}/copyright",
            "/usr/share/lintian/overrides/bentospool"],
           [f"{documents}/NEWS"]), "only in the package, and only from source")
    run(*make, "uninstall")
    equal([path for path in glob.glob(f"{place}/**", recursive=True) if not os.path.isdir(path)], [],
          "what make uninstall leaves")


def test_install(bench):
    """installing makes the user and its directories, and leaves the service without a configuration"""
    del bench
    apt(root(), "update")
    install(packages()[0])
    user, group = account()
    equal(owner("/etc/bentospool"), (0, group, 0o750), "the directory of the configuration")
    equal(owner("/var/lib/bentospool"), (user, group, 0o750), "the directory of the spool")
    equal(os.listdir(f"{root()}/etc/bentospool"), [], "no configuration is made up")
    wants = f"{root()}/etc/systemd/system/multi-user.target.wants/bentospool.service"
    equal(os.readlink(wants), "/lib/systemd/system/bentospool.service", "it is enabled")
    equal(asked(), ["start bentospool.service"],
          "what the service manager was asked")
    documents = f"{root()}/usr/share/doc/bentospool"
    found = subprocess.run(["grep", "-rohE", "/usr/[a-z/]*bentospool([.]rules.yml| status)", f"{documents}/monitoring.md"],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    equal(found, ["/usr/bin/bentospool status", "/usr/share/doc/bentospool/bentospool.rules.yml"],
          "the paths that monitoring.md names")


def test_first_day(bench):
    """what init writes serves under the unit without another step"""
    told = inside(root(), "bentospool", "init", env=KEYS)
    true("\n  systemctl enable --now bentospool\n" in told and "bentospool serve" not in told, told)
    user, group = account()
    equal(owner(CONF), (0, group, 0o640), CONF)
    equal(owner("/etc/bentospool/secret_key"), (user, group, 0o600), "the secret key")
    # A free port, and nobody at Bento's address.
    inside(root(), "sed", "-i", "-e", 's|#listen = .*|listen = {"127.0.0.1:0"}|',
           "-e", 's|#api_url = .*|api_url = "http://127.0.0.1:1/api/v1"|', CONF)
    serve(bench, "m-1", "m-2", "m-3")
    equal(pending(), ["m-1", "m-2", "m-3"], "events")


def test_completion(bench):
    """bash, zsh and fish find their completion where the package puts it"""
    del bench
    apt(root(), "--no-install-recommends", "install", "bash-completion", "zsh", "fish")
    bash = inside(root(), "bash", "-c", ". /usr/share/bash-completion/bash_completion; _completion_loader bentospool;"
                  "COMP_WORDS=(bentospool req); COMP_CWORD=1; _bentospool; echo \"${COMPREPLY[@]}\"")
    equal(bash.split(), ["requeue"], "bash")
    fish = inside(root(), "fish", "-c", "complete -C 'bentospool req'; complete -C 'bentospool requeue --stat'",
                  env={"HOME": "/root"})
    equal([line.split()[0] for line in fish.splitlines()], ["requeue", "--status"], "fish")
    zsh = inside(root(), "zsh", "-f", "-c", "autoload -U compinit; compinit -u -D; print $_comps[bentospool];"
                 " autoload +X -U _bentospool; functions _bentospool | grep -o -m1 requeue", env={"HOME": "/root"})
    equal(zsh.split(), ["_bentospool", "requeue"], "zsh")


def test_upgrade(bench):
    """an upgrade asks nothing, keeps configuration and spool, and restarts the service"""
    before = text(CONF)
    run("dpkg-deb", "-R", packages()[0], bench.path("next"))
    run("sed", "-i", r"s/^Version: .*/&+1/", bench.path("next/DEBIAN/control"))
    run("dpkg-deb", "-b", bench.path("next"), bench.path("next.deb"))
    install(bench.path("next.deb"))
    true(inside(root(), "dpkg-query", "-f", "${Version}", "-W", "bentospool").endswith("+1"), "the version")
    equal(asked(), ["restart bentospool.service"], "what the service manager was asked")
    equal((text(CONF), pending()), (before, ["m-1", "m-2", "m-3"]), "what was there")
    serve(bench, "m-4")


def test_remove(bench):
    """removing stops the service, and keeps the configuration, the spool and the user"""
    del bench
    before = text(CONF), account()
    apt(root(), "remove", "bentospool")
    equal(asked(), ["stop bentospool.service"], "what the service manager was asked")
    true(not os.path.exists(f"{root()}/usr/bin/bentospool"), "the program is gone")
    equal((text(CONF), account()), before, "configuration and user")
    equal(pending(), ["m-1", "m-2", "m-3", "m-4"], "events")


def test_install_again(bench):
    """a package that comes back goes on with the spool"""
    install(packages()[0])
    serve(bench, "m-5")
    equal(pending(), ["m-1", "m-2", "m-3", "m-4", "m-5"], "events")


def test_purge_while_in_use(bench):
    """purging deletes nothing while a process of the user runs, and says which one"""
    before = text(CONF), account(), pending()
    service = Service(bench)
    done = subprocess.run(["unshare", "--mount", "sh", "-c", ENTER, "sh", root(), "apt-get", "-qq", "-y", "-o",
                           f"DPkg::Path={ENVIRONMENT['PATH']}", "purge", "bentospool"],
                          capture_output=True, text=True, check=False, env=ENVIRONMENT, stdin=subprocess.DEVNULL)
    true(done.returncode != 0, "purge refuses")
    true(f"process {service.pid} of the user bentospool still runs" in done.stderr + done.stdout, f"{done}")
    equal((text(CONF), account(), pending()), before, "what was there")
    equal(service.stop(), 0, service.log())


def test_purge(bench):
    """purging leaves nothing of the package: no configuration, no spool, no user"""
    del bench
    apt(root(), "purge", "bentospool")
    equal(account(), None, "the user")
    true("bentospool" not in text("/etc/group"), "the group")
    left = [path for path in run("find", root(), "-xdev", "-name", "*bentospool*").split()]
    equal([path[len(root()):] for path in left], [], "files")


try:
    spooltest.main()
finally:
    if os.geteuid() == 0:
        shutil.rmtree(work())
