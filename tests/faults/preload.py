"""Sources of this directory as libraries that a program is started with, and the file through which a test talks to
each: kill_at.c and refuse.c."""
import mmap
import os
import shutil
import struct
import subprocess

import spooltest

SHARED = struct.Struct("=QQ16s")  # struct shared of kill_at.c


def build(bench, name):
    """Returns the path of the library."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise spooltest.Skip("no C compiler for a library to preload")
    if spooltest.sanitized():
        raise spooltest.Skip("a sanitizer wants to be loaded first")
    library = bench.path(name + ".so")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return library


class Refuse:
    """The system refuses writes to the files in a directory."""

    NUMBERS = struct.Struct("=qqq")  # struct shared of refuse.c

    def __init__(self, bench, directory):
        path = bench.path("refuse.numbers")
        with open(path, "wb") as file:
            file.write(bytes(self.NUMBERS.size))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), self.NUMBERS.size)
        self.directory = directory
        self.env = {"LD_PRELOAD": build(bench, "refuse"), "REFUSE": path, "REFUSE_DIR": directory}

    def _set(self, error, limit):
        self.NUMBERS.pack_into(self.page, 0, error, limit, 0)

    def used(self):
        names = (os.path.join(self.directory, name) for name in os.listdir(self.directory))
        return sum(os.path.getsize(name) for name in names)

    def quota(self, error, more):
        """The files may grow by so many bytes."""
        self._set(error, self.used() + more)

    def all(self, error):
        self._set(error, -1)

    def nothing(self):
        """Refuses nothing any more; returns how many calls were refused."""
        refused = self.refused()
        self._set(0, 0)
        return refused

    def refused(self):
        return self.NUMBERS.unpack_from(self.page)[2]


class Preload:
    """kill_at.c, built for one bench."""

    def __init__(self, bench):
        self.path = bench.path("kill_at")
        self.env = {"LD_PRELOAD": build(bench, "kill_at"), "KILL_AT": self.path}

    def arm(self, point):
        with open(self.path, "wb") as file:
            file.write(SHARED.pack(0, point, b""))

    def read(self):
        """Returns the number of calls, and the name of the call at which it was killed."""
        with open(self.path, "rb") as file:
            count, _, name = SHARED.unpack(file.read())
        return count, name.rstrip(b"\0").decode()
