"""What the tests of the package share: a root that debootstrap makes, and the package in it.

LIFE_PACKAGES names a directory that tools/make-deb has filled, LIFE_ROOT one that debootstrap has filled;
without them they are made. The packages come from the mirror that apt uses on this machine.
"""
import functools
import glob
import os
import re
import shlex
import shutil
import subprocess

import spooltest
from spooltest import Skip, equal

KEYS = {"BENTO_SITE_UUID": spooltest.SITE_UUID, "BENTO_PUBLISHABLE_KEY": spooltest.PUBLISHABLE_KEY,
        "BENTO_SECRET_KEY": spooltest.SECRET_KEY, "BENTOSPOOL_WRITE_KEYS": "life"}
# Runs a command in the root; as the same process, so that its end and its signals are the command's.
ENTER = 'mount -t proc proc "$1/proc" && root=$1 && shift && exec chroot "$root" "$@"'
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive"}


def run(*argv, **more):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **more)
    equal(done.returncode, 0, f"{shlex.join(argv)}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def needs(*commands):
    missing = [command for command in commands if not shutil.which(command)]
    if missing:
        raise Skip(f"{', '.join(missing)}: not installed; see tools/packages")


@functools.cache
def work():
    """The directory of everything; removed at the end."""
    if os.geteuid() != 0:
        raise Skip("needs root")
    return run("mktemp", "-d").strip()


@functools.cache
def packages():
    """Returns the paths of the package and of its debugging symbols."""
    needs("dpkg-buildpackage", "dh")
    where = os.environ.get("LIFE_PACKAGES") or f"{work()}/packages"
    if not os.path.isdir(where):
        run(f"{spooltest.srcdir()}/tools/make-deb", where)
    return tuple(glob.glob(f"{where}/{name}_*.deb")[0] for name in ("bentospool", "bentospool-dbgsym"))


def mirror():
    """Returns the release of this machine, and where apt gets it."""
    with open("/etc/os-release", encoding="utf-8") as file:
        release = re.search(r"^VERSION_CODENAME=(\S+)", file.read(), re.M).group(1)
    targets = run("apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages")
    sites = [line.split()[1] for line in targets.splitlines() if line.split()[0] == release]
    if not sites:
        raise Skip("apt has no lists: apt-get update")
    return release, sites[0]


def bootstrap(path, *more):
    """Fills a root with the base system and more packages."""
    needs("debootstrap", "unshare")
    release, site = mirror()
    if "LIFE_ROOT" in os.environ:
        run("cp", "-a", os.environ["LIFE_ROOT"], path)
    else:
        run("debootstrap", "--variant=minbase", release, path, site)
    if more:
        apt(path, "update")
        apt(path, "--no-install-recommends", "install", *more)


def inside(path, *argv, env=None):
    return run("unshare", "--mount", "sh", "-c", ENTER, "sh", path, *argv, env={**ENVIRONMENT, **(env or {})})


def apt(path, *argv):
    # What a root has in /usr/local/sbin is found first: the path that apt has by default lacks it.
    inside(path, "apt-get", "-qq", "-y", "-o", f"DPkg::Path={ENVIRONMENT['PATH']}", *argv)
