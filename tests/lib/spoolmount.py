"""File systems of a test's own."""
import ctypes
import os
import shutil
import subprocess

from spooltest import Skip


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
