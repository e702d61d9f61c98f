#!/usr/bin/env python3
"""What systemd reads of us: the unit is valid and confined and agrees with the program; the user and the
directories that sysusers.d and tmpfiles.d make are those that the unit and init need."""
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import Skip, binary, equal, true  # noqa: E402

EXPOSURE_MAX = "18"  # tenths, of `systemd-analyze security`: 100 is no confinement


def built(name):
    path = os.path.join(spooltest.builddir(), "systemd", name)
    if not os.path.exists(path):
        raise Skip("configured without files for systemd")
    with open(path, encoding="utf-8") as file:
        return file.read()


def settings(unit):
    return dict(re.findall(r"^(\w+)=(.*)$", unit, re.M))


def installed():
    """Returns the directories of the installation, by their names in the Makefile."""
    with open(os.path.join(spooltest.builddir(), "Makefile"), encoding="utf-8") as makefile:
        places = dict(re.findall(r"^(prefix|exec_prefix|bindir|sysconfdir|localstatedir) = (.*)$",
                                 makefile.read(), re.M))
    for name in ("exec_prefix", "bindir", "sysconfdir", "localstatedir"):
        places[name] = re.sub(r"\$\{(\w+)\}", lambda found: places[found.group(1)], places[name])
    return places


def analyze(bench, *argv, names=("bentospool.service",)):
    """Runs systemd-analyze on units, with the program of this build."""
    if not shutil.which("systemd-analyze"):
        raise Skip("there is no systemd-analyze")
    paths = [bench.write(name, re.sub(r"=/\S*/bentospool ", f"={binary('bentospool')} ", built(name)))
             for name in names]
    return subprocess.run(["systemd-analyze", "--no-pager", *argv, *paths], text=True, timeout=60,
                          capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"})


def test_unit_is_valid(bench):
    """systemd-analyze verify has no complaint about the units"""
    done = analyze(bench, "verify", "--man=no", names=("bentospool.service", "bentospool.socket"))
    complaints = [line for line in done.stderr.splitlines() if "bentospool" in line]
    equal(complaints, [], "complaints")


def test_unit_is_confined(bench):
    """systemd-analyze security finds the service well confined"""
    done = analyze(bench, "security", "--offline=true", f"--threshold={EXPOSURE_MAX}")
    if "unrecognized option" in done.stderr:
        raise Skip("this systemd-analyze cannot look at a unit that is not loaded")
    equal(done.returncode, 0, done.stdout + done.stderr)


def test_unit_starts_what_init_writes(bench):
    """the unit waits for the configuration that init writes, and serve and reload read that one"""
    del bench
    unit = settings(built("bentospool.service"))
    condition = unit["ConditionPathExists"]
    places = installed()
    equal(condition, f"{places['sysconfdir']}/bentospool/bentospool.conf", "the condition")
    program = f"{places['bindir']}/bentospool"
    equal(unit["ExecStart"], f"{program} serve -c {condition}", "start")
    equal(unit["ExecReload"], f"{program} reload -c {condition}", "reload")


def test_socket_agrees_with_the_configuration(bench):
    """the socket unit holds the default of listen, under the condition of the service"""
    socket, service = settings(built("bentospool.socket")), settings(built("bentospool.service"))
    equal(socket["ConditionPathExists"], service["ConditionPathExists"], "the condition")
    text = spooltest.conf_text({}, {}, {"main": bench.site("http://127.0.0.1:1/api/v1")})
    shown = json.loads(bench.run(binary("bentospool"), "check", "--json", "-c", bench.write("c", text)).stdout)
    equal([socket["ListenStream"]], shown["listen"], "the address")


def test_open_files_suffice(bench):
    """the unit's limit of open files is just enough for the largest max_connections"""
    soft, hard = map(int, settings(built("bentospool.service"))["LimitNOFILE"].split(":"))
    largest, some = 100000, 1500
    conf = {}
    for connections in (largest, largest + 1, some):
        conf[connections] = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")},
                                            {"max_connections": connections}, name=f"{connections}.conf")
    equal([bench.run(binary("bentospool"), "check", "-c", path).returncode for path in conf.values()],
          [0, 1, 0], f"{largest} is the largest")

    # As many files as the unit leaves beside the largest number, for a number that every machine allows.
    def serve(limit, ready):
        return spooltest.Daemon(bench, conf[some], ready=ready, preexec=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (soft, limit)))

    limit = some + hard - largest
    equal(serve(limit, True).stop(), 0, "it starts, and stops")
    daemon = serve(limit - 1, False)
    equal(daemon.wait(), 1, daemon.log())
    true("LimitNOFILE" in daemon.log(), daemon.log())
    for low, words in ((limit, False), (limit - 1, True)):
        done = bench.run("sh", "-c", f'ulimit -n {low}; exec "$@"', "sh", binary("bentospool"), "check", "-c",
                         conf[some])
        equal((done.returncode, "max_connections needs" in done.stderr), (0, words), f"check with {low}")
        done = bench.run("sh", "-c", f'ulimit -n {low}; exec "$@"', "sh", binary("bentospool"), "doctor",
                         "--offline", "--json", "-c", conf[some])
        grade = {line["what"]: line["grade"] for line in map(json.loads, done.stdout.splitlines())}
        equal(grade["open files"], "problem" if words else "ok", f"doctor with {low}")


def test_user_and_directories(bench):
    """sysusers.d and tmpfiles.d make the service's user, its state directory and that of init"""
    if os.geteuid() != 0 or not shutil.which("systemd-sysusers") or not shutil.which("systemd-tmpfiles"):
        raise Skip("needs root, systemd-sysusers and systemd-tmpfiles")
    unit = settings(built("bentospool.service"))
    root = bench.path("root")
    os.makedirs(f"{root}/etc")
    for kind, command in (("sysusers", ["systemd-sysusers"]), ("tmpfiles", ["systemd-tmpfiles", "--create"])):
        file = bench.write(f"{kind}.conf", built(f"{kind}/bentospool.conf"))
        done = subprocess.run([*command, f"--root={root}", file], capture_output=True, text=True, timeout=60,
                              check=False)
        equal(done.returncode, 0, f"{kind}: {done.stderr}")
    with open(f"{root}/etc/passwd", encoding="utf-8") as file:
        user = next(line.strip().split(":") for line in file if line.startswith(unit["User"] + ":"))
    state = f"{installed()['localstatedir']}/lib/bentospool"
    equal((user[5], os.path.basename(user[6])), (state, "nologin"), "home and shell")
    equal((unit["StateDirectory"], unit["ReadWritePaths"]), ("bentospool", f"-{state}"), "what the unit may write")
    uid, gid = int(user[2]), int(user[3])
    for path, owner in ((os.path.dirname(unit["ConditionPathExists"]), 0), (state, uid)):
        found = os.stat(root + path)
        equal((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)), (owner, gid, 0o750), path)


spooltest.main()
