"""A program whose calls fail on demand: failing.so preloaded, and the page that steers it
(tests/lib/failing/failing.h)."""
import mmap
import os
import struct

import spooltest

NUMBERS = ("armed", "first", "in_a_row", "error", "how", "calls", "fired", "blocks", "caller",
           "thread")
SIZE = 8 * len(NUMBERS) + 2 * 48
ERROR, SHORT, HANG = 0, 1, 2


class Failing:
    """The page of one program, and the environment that it needs."""

    def __init__(self, bench):
        library = os.path.join(spooltest.builddir(), "tests", "lib", "failing", "failing.so")
        if spooltest.sanitized():
            raise spooltest.Skip("a sanitizer wants to be loaded first")
        path = bench.path("failing.page")
        with open(path, "wb") as file:
            file.write(bytes(SIZE))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), SIZE)
        self.env = {"LD_PRELOAD": library, "FAILING_PAGE": path}

    def _set(self, name, value):
        struct.pack_into("<q", self.page, 8 * NUMBERS.index(name), value)

    def get(self, name):
        return struct.unpack_from("<q", self.page, 8 * NUMBERS.index(name))[0]

    def failed(self):
        """Returns the name of the function that failed last."""
        start = 8 * len(NUMBERS) + 48
        return self.page[start:start + 48].split(b"\0")[0].decode()

    def arm(self, name, first, in_a_row=1, error=0, how=ERROR):
        """The calls of this name, or of this class, fail from the first on, counted from now."""
        self._set("armed", 0)
        for key, value in (("first", first), ("in_a_row", in_a_row), ("error", error), ("how", how),
                           ("calls", 0), ("fired", 0), ("thread", 0)):
            self._set(key, value)
        start = 8 * len(NUMBERS)
        self.page[start:start + 48] = name.encode().ljust(48, b"\0")
        self._set("armed", 1)

    def disarm(self):
        """Nothing fails any more; returns how many calls failed, and how many there were."""
        self._set("armed", 0)
        return self.get("fired"), self.get("calls")
