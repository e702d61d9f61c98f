"""kill_at.c as a library that a program is started with, and the file through which a test talks to it."""
import os
import shutil
import struct
import subprocess

import spooltest

SHARED = struct.Struct("=QQ16s")  # struct shared of kill_at.c


class Preload:
    """The library, built for one bench."""

    def __init__(self, bench):
        compiler = shutil.which("cc")
        if compiler is None:
            raise spooltest.Skip("no C compiler for a library to preload")
        if spooltest.sanitized():
            raise spooltest.Skip("a sanitizer wants to be loaded first")
        library = bench.path("kill_at.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kill_at.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        self.path = bench.path("kill_at")
        self.env = {"LD_PRELOAD": library, "KILL_AT": self.path}

    def arm(self, point):
        with open(self.path, "wb") as file:
            file.write(SHARED.pack(0, point, b""))

    def read(self):
        """Returns the number of calls, and the name of the call at which it was killed."""
        with open(self.path, "rb") as file:
            count, _, name = SHARED.unpack(file.read())
        return count, name.rstrip(b"\0").decode()
