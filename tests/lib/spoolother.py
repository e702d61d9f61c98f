"""Several databases in one test, each with its own configuration and daemon."""
import json
import sqlite3

from spooltest import Daemon, equal

NOBODY = "http://127.0.0.1:1/api/v1"
KEPT = ("site, message_id, kind, name, email, status, reason, attempts, maybe_sent, received_at, "
        "occurred_at, settled_at, error, body")


def done(completed, code=0):
    equal(completed.returncode, code, f"exit status ({completed.stderr.strip()})")
    return completed


class Spool:
    """One of several databases, with its own configuration and daemon; without a sim its sites are
    paused."""

    def __init__(self, bench, name, sim=None, sites=("main",), **settings):
        self.bench, self.database = bench, bench.path(name + ".db")
        url = sim.api_url() if sim else NOBODY
        self.conf = bench.configure(
            {site: bench.site(url, **{**settings, "write_keys": [f"key-{site}"]}) for site in sites},
            top={"database": self.database}, name=name + ".conf")
        self.daemon = Daemon(bench, self.conf)
        if sim is None:
            done(self.cli("pause"))

    def cli(self, *argv):
        return self.bench.cli(*argv, conf=self.conf)

    def accept(self, path, body, site="main"):
        self.daemon.accept(path, body, key=f"key-{site}")

    def rows(self, what=KEPT, where="1"):
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(
                f"SELECT {what} FROM outbox WHERE {where} ORDER BY event_id").fetchall()
        finally:
            connection.close()

    def value(self, sql):
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql).fetchone()
        finally:
            connection.close()


def counts(completed, code=0):
    got = json.loads(done(completed, code).stdout)
    return {key: n for key, n in got.items() if n and key not in ("operation_id", "dry_run")}
