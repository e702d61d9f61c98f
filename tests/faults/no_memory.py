"""The running daemon with allocations that fail, one after the other, while it is used.

refutes: an acknowledged event is lost, a reload or a request ends the daemon, or a lack of memory does lasting harm
takes: 3 minutes
runs: all
"""
import itertools
import json
import os
import signal
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import faults  # noqa: E402
import spooltest  # noqa: E402
from spoolfailing import Failing  # noqa: E402
from spoolhttp import Raw, post_bytes  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

PATIENCE = 40  # seconds within which all is well again


class Used:
    """A daemon with its page, and what it promised."""

    def __init__(self, bench, preload=True, ingest=None):
        self.bench = bench
        self.failing = Failing(bench) if preload else None
        self.sim = bench.sim("--record-suppressed")
        self.daemon = bench.daemon(self.sim, ingest, env=self.failing.env if preload else None,
                                   requests_per_minute=0)
        self.numbers = itertools.count(1)
        self.acked = []
        self.silent = 0  # requests without an answer
        self.refused = 0

    def batch(self, pad):
        n = next(self.numbers)
        ids = [f"m-{n}-a", f"m-{n}-b"]
        calls = [{"type": "identify", "messageId": ids[0], "userId": f"u-{n}",
                  "traits": {"email": f"u{n}@example.com"}},
                 track(ids[1], userId=f"u-{n}", email=None, properties={"pad": pad})]
        return ids, json.dumps({"batch": calls})

    def post(self, pad=""):
        """Posts a batch; returns the status, 0 when the connection ended without an answer."""
        ids, body = self.batch(pad)
        raw = Raw(self.daemon.url())
        try:
            raw.sock.settimeout(PATIENCE)
            raw.try_send(post_bytes(body, "/v1/batch"))
            status, answer = raw.answer()
        finally:
            raw.close()
        true(status in (0, 200, 503, 500), f"a lack of memory was answered {status}: {answer}")
        if status == 200:
            self.acked += ids
        self.silent += status == 0
        self.refused += status >= 500
        return status

    def control(self, request):
        """Asks the control socket; returns the answer, None when the connection was closed."""
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(PATIENCE)
        try:
            sock.connect(self.bench.database + ".sock")
            sock.sendall(json.dumps(request).encode() + b"\n")
            held = b""
            while not held.endswith(b"\n"):
                more = sock.recv(65536)
                if not more:
                    return None
                held += more
        except ConnectionError:
            return None
        finally:
            sock.close()
        answer = json.loads(held.splitlines()[-1])
        true("ok" in answer, f"an answer to {request} without ok: {held}")
        return answer

    def round(self):
        """What is done while an allocation fails."""
        self.post()
        ping = self.control({"do": "ping"})
        true(ping is None or not ping["ok"] or {"pid", "health", "stored"} <= set(ping),
             f"half an answer to ping: {ping}")
        reload = self.control({"do": "reload"})
        true(reload is None or not reload["ok"] or "changed" in reload, f"half an answer: {reload}")

    def well(self):
        """All is well: an event is accepted, the configuration is read, the health is green."""
        def accepts():
            true(self.daemon.running(), "the daemon has ended")
            return self.post() == 200
        wait_until(accepts, "an event is accepted", PATIENCE)
        equal((self.control({"do": "reload"}) or {}).get("ok"), True, "reload")
        equal((self.control({"do": "ping"}) or {}).get("health"), "ok", "health")

    def check(self):
        """Ends the daemon; everything that was promised has been kept."""
        if self.failing is not None:
            self.failing.disarm()
        total = self.bench.value("SELECT count(*) FROM outbox")
        self.bench.wait_settled(total)
        equal(self.daemon.stop(signal.SIGTERM), 0, "the exit status")
        stored = {row["message_id"]: row["status"] for row in self.bench.outbox()}
        lost = [name for name in self.acked if name not in stored]
        equal(lost, [], "acknowledged and not stored")
        arrived = self.sim.keys()
        late = [name for name, status in stored.items()
                if name.endswith("-b") and name not in set(arrived)]
        equal(late, [], "stored and never delivered")
        return len(arrived) - len(set(arrived)), self.bench.value(
            "SELECT count(*) FROM outbox WHERE maybe_sent > 0")


def points(used, in_a_row):
    """Yields the numbers of the allocations that are to fail: all of one round, or a sample."""
    used.well()
    used.failing.arm("alloc", 0)
    used.round()
    used.bench.wait_settled(used.bench.value("SELECT count(*) FROM outbox"))
    _, n = used.failing.disarm()
    n = n * 5 // 4  # a round differs from another
    small = faults.runs(60)
    step = 1 if small is None else max(1, n // small)
    return range(1 + in_a_row % step, n, step)


def run(bench, in_a_row):
    used = Used(bench)
    tried = fired = 0
    for nth in points(used, in_a_row):
        used.failing.arm("alloc", nth, in_a_row)
        used.round()
        fired += used.failing.disarm()[0]
        tried += 1
        if tried % 50 == 0:
            faults.progress(f"{tried} points, {fired} allocations failed")
        try:
            used.well()
        except AssertionError as e:
            raise AssertionError(f"allocation {nth}, {in_a_row} in a row: {e}") from e
    true(fired > 0, "no allocation failed")
    blocks = used.failing.get("blocks")
    seen, counted = used.check()
    print(f"# {tried} points, {fired} allocations failed, {used.refused} requests refused, "
          f"{used.silent} without an answer, {blocks} blocks in the end")
    faults.result(points=tried, lost=0, seen=seen, counted=counted)


def test_one(bench):
    """one allocation fails"""
    run(bench, 1)


def test_three(bench):
    """three allocations in a row fail"""
    run(bench, 3)


def test_many(bench):
    """a thousand allocations in a row fail"""
    run(bench, 1000)


if __name__ == "__main__":
    spooltest.main()
