"""File systems of a test's own."""
import ctypes
import fcntl
import os
import shutil
import struct
import subprocess

from spooltest import Skip, equal, true

DISK_BYTES = 1 << 30  # of a sparse file
FS_IOC_SHUTDOWN = 0x8004587D
LOGFLUSH, NOLOGFLUSH = 1, 2
SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def own_mounts():
    """From now on only this process and its children see what is mounted here. A container that starts meanwhile
    would otherwise copy the mounts, and keep a file system alive that was unmounted here."""
    clone_newns = 0x00020000
    if os.geteuid() != 0 or not shutil.which("mount"):
        raise Skip("mounting a file system needs root")
    if ctypes.CDLL(None).unshare(clone_newns) == 0:
        subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, check=False)


class Mount:
    """A small file system in memory, unmounted after the test: with Mount(path, options)."""

    def __init__(self, path, options):
        own_mounts()
        os.mkdir(path)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Skip(f"mount is not allowed here: {done.stderr.strip()}")
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=False)


class Disk:
    """A file system in a file, mounted by a loop device that ends with the mount: with Disk(bench, "ext4")."""

    def __init__(self, bench, kind, options="loop"):
        own_mounts()
        self.kind, self.options = kind, options
        self.image, self.path = bench.path("image"), bench.path("mounted")
        os.mkdir(self.path)
        with open(self.image, "wb") as image:
            image.truncate(DISK_BYTES)
        subprocess.run([self.tool("mkfs"), "-q", self.image], check=True)
        done = self.mount()
        if done.returncode != 0:
            raise Skip(f"mounting a loop device is not allowed here: {done.stderr.strip()}")

    def tool(self, what):
        found = shutil.which(f"{what}.{self.kind}", path=SBIN)
        if found is None:
            raise Skip(f"{what}.{self.kind} is not installed")
        return found

    def mount(self):
        return subprocess.run(["mount", "-o", self.options, self.image, self.path], capture_output=True, text=True,
                              check=False)

    def remount(self, option):
        """Returns whether it was mounted again with "ro" or "rw"."""
        return subprocess.run(["mount", "-o", f"remount,{option}", self.path], capture_output=True,
                              check=False).returncode == 0

    def device(self):
        """Returns the name of its loop device, such as loop0."""
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            return next(os.path.basename(line.split()[0]) for line in mounts if line.split()[1] == self.path)

    def shut_down(self, flag):
        """Nothing more is written; without the journal (NOLOGFLUSH) as when the power fails."""
        fd = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, FS_IOC_SHUTDOWN, struct.pack("I", flag))
        except OSError as e:
            raise Skip(f"the file system cannot be shut down: {e}") from e
        finally:
            os.close(fd)

    def report_error(self):
        """Has ext4 do what it does when it finds itself damaged."""
        path = f"/sys/fs/ext4/{self.device()}/trigger_fs_error"
        if not os.path.exists(path):
            raise Skip(f"there is no {path}")
        with open(path, "w", encoding="ascii") as trigger:
            trigger.write("a test")

    def again(self, repair=False):
        """Mounts what is on the device, which replays the journal; `repair`: after a check of ext4."""
        subprocess.run(["umount", self.path], check=True)
        if repair and self.kind == "ext4":
            done = subprocess.run([self.tool("fsck"), "-p", self.image], capture_output=True, text=True, check=False)
            true(done.returncode in (0, 1), f"fsck: {done.stdout} {done.stderr}")
        equal(self.mount().returncode, 0, "mounting again")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=False)
