"""Verbs on a terminal: a pseudo terminal of 80 columns, and the text printed on it."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from spoolhttp import DEADLINE
from spooltest import binary


class Screen:
    """Runs a verb whose input and output are a terminal: with Screen(bench, "top") as screen."""

    def __init__(self, bench, verb, *argv, env=None, rows=24, columns=80, conf="bentospool.conf"):
        """conf=None: for a verb without a configuration."""
        self.ours, theirs = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(theirs)
        self.theirs = theirs
        self.shown = b""
        # pylint: disable=consider-using-with
        self.popen = subprocess.Popen(
            [binary("bentospool"), verb, *(["-c", bench.path(conf)] if conf else []), *argv],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=bench.dir,
            env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **(env or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        os.close(self.theirs)
        os.close(self.ours)

    def resize(self, rows, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds=0.0):
        """Reads the available output; waits at most `seconds` for some."""
        while select.select([self.ours], [], [], seconds)[0]:
            try:
                self.shown += os.read(self.ours, 65536)
            except OSError:
                return
            seconds = 0.0

    def text(self):
        return self.shown.decode(errors="replace").replace("\r\n", "\n")

    def wait(self, condition, what):
        """Waits until condition(text) holds; returns the text."""
        end = time.monotonic() + DEADLINE
        while not condition(self.text()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {DEADLINE:g} s: {what}; shown: {self.text()!r}")
            self.read(0.1)
        return self.text()

    def forget(self):
        """Drops the text so far."""
        self.read()
        self.shown = b""

    def press(self, keys):
        os.write(self.ours, keys.encode())

    def wait_end(self):
        """Reads all output until the verb ends; returns the exit status."""
        end = time.monotonic() + DEADLINE
        while self.popen.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"it did not end; shown: {self.text()!r}")
            self.read(0.05)
        self.read(0.05)
        return self.popen.returncode
