"""A load on the real daemon for the experiments, and what must be true of its events at last."""
import collections
import os

import spooltest
from spooltest import binary, equal, true, wait_until

LOAD_EVENTS = 100000  # more than a run can post before it is ended


class Load(spooltest.Process):
    """spool-load on several connections. It gives up a second after the daemon does not answer."""

    def __init__(self, bench, daemon, batch, rate=4000):
        self.bench = bench
        self.acked_path = bench.path("acked")
        super().__init__(bench, "load", [
            binary("spool-load"), "--url", daemon.url(), "--connections", "8", "--batch", str(batch),
            "--events", str(LOAD_EVENTS), "--rate", str(rate), "--ids", "random", "--acked", self.acked_path,
            "--patience", "1", "--write-key", spooltest.WRITE_KEY])

    def acked(self):
        """Returns the messageIds that were answered 200 so far."""
        try:
            with open(self.acked_path, encoding="ascii") as file:
                return file.read().split("\n")[:-1]
        except FileNotFoundError:
            return []

    def reach(self, enough):
        """Waits until so many events are acknowledged, and the load still runs."""
        wait_until(lambda: len(self.acked()) >= enough or not self.running(), "acknowledged events")
        true(self.running(), "the load still runs")

    def forget(self):
        """Removes its files, after it has ended."""
        os.unlink(self.acked_path)
        os.unlink(self.log_path)
        self.bench.processes.remove(self)


def check_delivered(bench, sim, acked, uncounted=()):
    """Returns the acknowledged events that are lost, and how many duplicates were seen and are counted. Those in
    `uncounted` may have come once more than is counted."""
    rows = bench.rows("SELECT message_id, maybe_sent FROM outbox")
    equal(len(rows), len({row["message_id"] for row in rows}), "no event is stored twice")
    bench.wait_settled(len(rows), deadline=300)
    rows = bench.rows("SELECT message_id, status, maybe_sent FROM outbox")
    equal({row["status"] for row in rows}, {"delivered"}, "statuses")
    arrived = collections.Counter(sim.keys())
    for row in rows:
        key, unknown = row["message_id"], row["maybe_sent"]
        true(arrived[key] <= 1 + unknown + (key in uncounted), f"{key}: {arrived[key]} arrived, {unknown} unknown")
    equal(bench.value("SELECT count(*) FROM attempts WHERE outcome IS NULL"), 0, "open attempts")
    equal(bench.value("PRAGMA integrity_check"), "ok", "integrity")
    lost = [key for key in acked if arrived[key] == 0]
    return lost, sum(n - 1 for n in arrived.values()), sum(row["maybe_sent"] for row in rows)
