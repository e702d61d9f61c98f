"""A wall clock for the programs under test."""
import os
import shutil
import subprocess
import time

import spooltest


class Wall:
    """The wall clock that the programs with the environment `env` see: the machine's, until show or jump."""

    def __init__(self, bench):
        self.path = os.path.join(bench.dir, "wall")
        library = os.path.join(bench.dir, "wall.so")
        compiler = shutil.which("cc")
        if compiler is None:
            raise spooltest.Skip("no C compiler for a clock to preload")
        if spooltest.sanitized():
            raise spooltest.Skip("a sanitizer wants to be loaded first")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library,
                        os.path.join(spooltest.srcdir(), "tests", "lib", "wall_clock.c")],
                       check=True)
        self.env = {"LD_PRELOAD": library, "WALL_CLOCK": self.path}

    def show(self, seconds):
        """The clock shows this time now, and runs on."""
        with open(self.path + ".new", "w", encoding="ascii") as new:
            new.write(f"{int(seconds)} {int(time.time())}")
        os.rename(self.path + ".new", self.path)

    def jump(self, seconds):
        """The clock is wrong by this much."""
        self.show(time.time() + seconds)

    def is_set(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
