"""A fleet on one machine: a central spooler, which delivers to a simulated Bento, and boxes that forward
to it. Each has its own database and configuration in the bench's directory."""
import base64
import contextlib
import gzip
import json
import os
import re
import signal
import sqlite3
import time

import spooltest
from spoolhttp import http_request
from spooltest import Daemon, wait_until


NAMES = ["store-1", "store-2"]


class Node:
    """A spooler of the fleet: its daemon can be killed and started again at the same address."""

    def __init__(self, bench, name, site, ingest=None, start=True, top=None):
        self.bench, self.name, self.site = bench, name, site
        self.database = bench.path(name + ".db")
        self.ingest = {"listen": ["127.0.0.1:0"], **(ingest or {})}
        self.top = {"database": self.database, **(top or {})}
        self.conf = self.configure()
        self.daemon = Daemon(bench, self.conf) if start else None

    def configure(self, **site):
        self.site.update(site)
        text = spooltest.conf_text(self.top, self.ingest, {"main": self.site})
        return self.bench.write(self.name + ".conf", text)

    def keep_address(self):
        """The daemon listens where it listens now, also after a restart."""
        self.ingest["listen"] = [re.sub("^http://", "", self.daemon.url())]
        self.configure()
        self.restart(signal.SIGTERM)

    def restart(self, sig):
        self.daemon = self.daemon.restart(sig)

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as file:
            file.row_factory = sqlite3.Row
            return [dict(row) for row in file.execute(sql, values)]

    def value(self, sql, *values):
        rows = self.rows(sql, *values)
        return next(iter(rows[0].values())) if rows else None

    def statuses(self):
        return {row["status"]: row["n"] for row in
                self.rows("SELECT status, count(*) AS n FROM outbox GROUP BY status")}

    def wait_statuses(self, expected, deadline=spooltest.DEADLINE):
        try:
            wait_until(lambda: self.statuses() == expected, f"{self.name}: {expected}", deadline)
        except AssertionError as e:
            raise AssertionError(f"{e}; there are {self.statuses()}") from e

    def reload(self):
        done = self.cli("reload")
        spooltest.equal(done.returncode, 0, f"reload: {done.stdout} {done.stderr}")

    def cli(self, *argv):
        return self.bench.cli(*argv, conf=self.conf)


def key_of(name):
    return f"key-of-{name}-0123456789"


def forwarded(message_id, received_at=1_700_000_000_000, call=None, **more):
    return {"id": message_id, "receivedAt": received_at, "occurredAt": received_at - 1000, "kind": "track",
            "call": call or spooltest.track(message_id), **more}


def center(bench, sim, boxes, **site):
    """Returns the central spooler, which knows these boxes."""
    node = Node(bench, "center", bench.site(
        sim.api_url(), boxes_file=write_boxes(bench, boxes), batch_events=1000, **site))
    node.keep_address()
    return node


def write_boxes(bench, boxes):
    return bench.write("boxes", "# the boxes\n" + "".join(f"{name} {key_of(name)}\n" for name in boxes))


def box(bench, name, upstream, start=True, **site):
    """Returns a box that forwards to the URL upstream."""
    key_file = bench.write(name + ".key", key_of(name) + "\n")
    settings = {"upstream": upstream, "upstream_key_file": key_file,
                "write_keys": [spooltest.WRITE_KEY], "requests_per_minute": 0, "retry_first": 1,
                "retry_max": 2, "batch_events": 100, **site}
    return Node(bench, name, settings, start=start)


def version():
    with open(os.path.join(spooltest.builddir(), "config.h"), encoding="utf-8") as header:
        return re.search(r'#define PACKAGE_VERSION "(.*)"', header.read()).group(1)


def is_waiting_for(url):
    """Whether a connection to the URL has bytes that its server has not read."""
    port = int(url.rsplit(":", 1)[1])
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return any(int(row[1].split(":")[1], 16) == port and int(row[4].split(":")[1], 16) > 0 and row[3] == "01"
               for row in rows)


class Fleet:
    """A central spooler with its Bento, and one box."""

    def __init__(self, bench, names=NAMES, start=True, settings=None, **site):
        self.bench = bench
        self.sim = bench.sim()
        self.center = center(bench, self.sim, names, **site)
        self.box = box(bench, names[0], self.center.daemon.url(), start, **(settings or {}))

    def post(self, events, reports="backlog=3; oldest=1700000000000; version=0.9", name=NAMES[0], **head):
        """Forwards these events as a box would; returns status and JSON."""
        token = base64.b64encode(f"box:{key_of(name)}".encode()).decode()
        body = gzip.compress(json.dumps({"events": events}).encode())
        status, _, answer = http_request(
            self.center.daemon.url(), "POST", "/v1/fleet", body,
            {"Authorization": f"Basic {token}", "Content-Encoding": "gzip",
             "Bentospool-Box": reports, **head})
        return status, json.loads(answer)


def around(*hours):
    """Returns the part of the day that begins and ends so many hours from now."""
    now = time.time()
    return "-".join(time.strftime("%H:%M", time.localtime(now + h * 3600)) for h in hours)
