"""The daemon with system calls that fail, each in turn, while it starts and while it is used.

refutes: an acknowledged event is lost, the daemon ends or hangs, or neither health nor log says what is wrong
takes: 10 minutes
runs: all
"""
import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import faults  # noqa: E402
import spooltest  # noqa: E402
from no_memory import Used  # noqa: E402
from spoolfailing import SHORT  # noqa: E402
from spooltest import equal, true  # noqa: E402

EINTR, EIO, ENOMEM, EACCES, ENFILE, EMFILE, ENOSPC = 4, 5, 12, 13, 23, 24, 28
EROFS, ECONNABORTED, ENOBUFS, ENOLCK, EAGAIN = 30, 103, 105, 37, 11

# What each call can fail with.
CALLS = {
    "open": (EIO, EMFILE, ENOMEM, EACCES, EINTR),
    "open64": (EIO, EMFILE, ENOSPC, EROFS, EINTR),
    "read": (EIO, EINTR), "pread64": (EIO, EINTR), "pread": (EIO, EINTR),
    "write": (EIO, ENOSPC, EINTR), "pwrite64": (EIO, ENOSPC, EINTR), "pwrite": (EIO, ENOSPC),
    "fsync": (EIO,), "fdatasync": (EIO, ENOSPC), "ftruncate": (EIO, ENOSPC),
    "ftruncate64": (EIO, ENOSPC), "fstat": (EIO,), "fstat64": (EIO, ENOMEM), "stat": (EIO, ENOMEM),
    "stat64": (EIO,), "statvfs": (EIO,), "statfs": (EIO,), "access": (EIO,), "flock": (ENOLCK, EINTR),
    "fcntl": (ENOLCK,), "fcntl64": (ENOLCK, EINTR), "fchmod": (EIO, EROFS), "rename": (EIO, ENOSPC),
    "link": (EIO,), "unlink": (EIO, EACCES), "mkdir": (EIO, ENOSPC), "mmap64": (ENOMEM,),
    "accept4": (EMFILE, ENFILE, ENOMEM, ENOBUFS, ECONNABORTED, EINTR),
    "epoll_create1": (EMFILE,), "epoll_ctl": (ENOMEM, ENOSPC), "epoll_wait": (EINTR,),
    "poll": (EINTR, ENOMEM), "socket": (EMFILE, ENOBUFS), "socketpair": (EMFILE,), "bind": (EACCES,),
    "listen": (EIO,), "connect": (EINTR, ENOBUFS), "setsockopt": (ENOMEM,), "getsockopt": (ENOBUFS,),
    "getpeername": (ENOBUFS,), "getsockname": (ENOBUFS,), "send": (ENOMEM, EINTR), "recv": (ENOMEM, EINTR),
    "sendto": (ENOBUFS,), "readv": (ENOMEM, EINTR), "writev": (ENOBUFS, EINTR), "eventfd": (EMFILE,),
    "pipe2": (EMFILE,), "getrandom": (EINTR, EIO), "pthread_create": (EAGAIN,),
}
SHORT_CALLS = ("read", "write", "pread64", "pwrite64", "recv", "send")
# make check tries these, at their first call.
IMPORTANT = {("fdatasync", EIO), ("pwrite64", EIO), ("pwrite64", ENOSPC), ("write", EINTR), ("accept4", EMFILE),
             ("epoll_ctl", ENOMEM), ("epoll_wait", EINTR), ("poll", EINTR), ("open64", EMFILE),
             ("getrandom", EIO), ("pthread_create", EAGAIN), ("send", ENOMEM), ("recv", EINTR)}


def cases():
    """Yields (call, error, how): all of them, or those that make check tries."""
    for call, errors in CALLS.items():
        for error in errors:
            if faults.whole() or (call, error) in IMPORTANT:
                yield call, error, 0
    for call in SHORT_CALLS:
        if faults.whole() or call in ("write", "pwrite64"):
            yield call, 0, SHORT


def numbers(n):
    """Returns which of n calls are to fail."""
    return range(1, n + 1) if faults.whole() and n < 40 else sorted({1, n // 3 or 1, n}) \
        if faults.whole() else [1]


# ---- while it is used -----------------------------------------------------------------------------

def recover(used, what):
    """All is well again, by itself or, after an I/O error that health and log report, by a restart.
    Returns whether a restart was needed."""
    ping = used.control({"do": "ping"}) or {}
    true(used.daemon.running(), f"{what}: the daemon has ended")
    if ping.get("health") == "failed":
        true("restart" in ping["health_text"], f"{what}: {ping['health_text']}")
        equal(used.post(), 503, f"{what}: a post after an I/O error")
        status, _, text = used.daemon.request("GET", "/healthz")
        equal((status, "storage_failed" in text), (503, True), f"{what}: health says {text}")
        spooltest.wait_until(lambda: "storage failed" in used.daemon.log(), f"{what}: a line in the log")
        used.daemon = used.daemon.restart()
        used.well()
        return True
    used.well()
    return False


def test_used(bench):
    """a call fails while the daemon is used"""
    used = Used(bench)
    used.well()
    tried = restarts = 0
    for call, error, how in cases():
        used.failing.arm(call, 0)
        used.round()
        n = used.failing.disarm()[1]
        for nth in numbers(n):
            for in_a_row in (1, 3) if faults.whole() else (1,):
                what = f"{call} {nth} of {n}, error {error}, {in_a_row} in a row"
                used.failing.arm(call, nth, in_a_row, error, how)
                try:
                    used.round()
                except (AssertionError, OSError) as e:
                    raise AssertionError(f"{what}: {e}") from e
                finally:
                    used.failing.disarm()
                restarts += recover(used, what)
                tried += 1
                faults.progress(f"{tried} points, {restarts} restarts, {call}")
    seen, counted = used.check()
    print(f"# {tried} points, {restarts} restarts after I/O errors")
    faults.result(points=tried, lost=0, seen=seen, counted=counted)


# ---- while it starts ------------------------------------------------------------------------------

def count_calls(used, call):
    used.failing.arm(call, 0)
    used.daemon = spooltest.Daemon(used.bench, used.daemon.conf, used.failing.env)
    n = used.failing.disarm()[1]
    used.daemon.stop()
    return n


def test_start(bench):
    """a call fails while the daemon starts"""
    used = Used(bench)
    used.well()
    used.daemon.stop()
    tried = refused = 0
    for call, error, how in cases():
        n = count_calls(used, call)
        for nth in numbers(n):
            used.failing.arm(call, nth, 1, error, how)
            daemon = spooltest.Daemon(bench, used.daemon.conf, used.failing.env, ready=False)
            spooltest.wait_until(lambda d=daemon: d.addresses() or not d.running(),
                                 f"{call} {nth} of {n}, error {error}: a start or an end")
            used.failing.disarm()
            what = f"{call} {nth} of {n}, error {error}"
            if daemon.running():
                used.daemon = daemon
                equal(daemon.stop(signal.SIGTERM) in (0, 1), True, f"{what}: the exit status")
            else:
                refused += 1
                equal(daemon.wait(), 1, f"{what}: the exit status")
                true("bentospool: " in daemon.log() or " error " in daemon.log(),
                     f"{what}: no word of why")
            tried += 1
            faults.progress(f"{tried} points, {refused} refused to start, {call}")
    used.daemon = spooltest.Daemon(bench, used.daemon.conf, used.failing.env)
    used.well()
    seen, counted = used.check()
    print(f"# {tried} points, {refused} refused to start")
    faults.result(points=tried, lost=0, seen=seen, counted=counted)


if __name__ == "__main__":
    spooltest.main()
