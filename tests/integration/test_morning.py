#!/usr/bin/env python3
"""doc/morning.md is true: its commands are run as they stand, in the morning that it tells of.

Each line "    $ ..." of the page is a command, the indented lines after it are what it says. A
comment <!-- name --> is where the function of that name below makes the world go on. The output is
compared after what differs from run to run is masked.

    top_builddir=$PWD .../tests/integration/test_morning.py --record

in a build's directory writes what the commands say now into the page.
"""
import os
import pwd
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import DEADLINE, PUBLISHABLE_KEY, binary, equal, track, true, wait_until  # noqa: E402

RECORD = "--record"
OLD_SECRET = "last-years-secret"
NIGHT = 20000
BATCH = 500
BROKEN = 37
BROKEN_ADDRESS = "kiosk@shop.invalid"
ORDER = "Order Completed"
DRAIN_DEADLINE = 120

# What differs from run to run, and its placeholder.
MASKS = [(re.compile(pattern, re.M), stand_in) for pattern, stand_in in (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?( ?Z| UTC)?", "TIME"),
    (r"\b\d+ (d|h|min|ms|m|s)\b( \d+ (h|min|m|s)\b)?", "DURATION"),
    (r"\bprocess \d+", "process PID"),
    (r"\bversion [0-9][^ ,)]*", "version VERSION"),
    (r"\b\d+(\.\d+)? [kMG]B\b", "SIZE"),
    (r"TIME to TIME", "TIME"),
    (r"\battempt \d+$", "attempt ID"),
    (r"\bbentospool show \d+", "bentospool show ID"),
    (r"^ *\d+ +TIME", "ID TIME"),
    (r"^ *rate .*", "rate RATE"),
    (r"oldest=\d+s", "oldest=AGE"),
    (r" +", " "))]


class Morning:
    """The world that the page describes."""

    def __init__(self, bench):
        self.bench = bench
        self.evening = bench.sim("--key", f"{PUBLISHABLE_KEY}:{OLD_SECRET}")
        self.sim = None
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        bench.write("secret_key", OLD_SECRET + "\n")
        site = bench.site(self.evening.api_url(), secret_key_file=bench.path("secret_key"),
                          rules=[f"{ORDER} => as $purchase"], retry_first=3600, retry_max=3600)
        del site["secret_key"]
        self.daemon = spooltest.Daemon(bench, bench.configure({"shop": site}))

    def post(self, events):
        for first in range(0, len(events), BATCH):
            self.daemon.accept("/v1/batch", {"batch": events[first:first + BATCH]})

    # Each function below belongs to a comment of the page.

    def evening_falls(self):
        """Everything works."""
        self.post([track(f"evening-{i}", event="Product Viewed", email=f"p{i}@example.com")
                   for i in range(BATCH)])
        self.bench.wait_settled(BATCH)

    def keys_expire(self):
        """Bento, at the same address, accepts only another secret; the shop is open all night."""
        address = self.evening.url().removeprefix("http://")
        self.evening.stop()
        self.sim = self.bench.sim(listen=address)
        self.sim.faults(f"refuse={BROKEN_ADDRESS},mode=batch")
        self.post([track("late", event="Product Viewed", email="late@example.com")])
        wait_until(lambda: self.bench.value(
            "SELECT count(*) FROM attempts WHERE http_status = 401"), "the first 401")
        self.post([self.night_event(i) for i in range(2, NIGHT)])
        self.post([track("order-9001", event=ORDER, email="berta@example.com",
                         properties={"order_id": "9001", "total": 49.9})])

    @staticmethod
    def night_event(i):
        if i % (NIGHT // BROKEN) == 7 and i // (NIGHT // BROKEN) < BROKEN:
            return track(f"night-{i}", event="Receipt Wanted", email=BROKEN_ADDRESS)
        if i % 100 == 50:
            return track(f"night-{i}", event=ORDER, email=f"p{i % 700}@example.com",
                         properties={"order_id": str(i), "total": 20, "currency": "EUR"})
        return track(f"night-{i}", event="Product Viewed", email=f"p{i % 700}@example.com")

    def drained(self):
        """Waits until nothing is left to send."""
        wait_until(lambda: "pending" not in self.bench.statuses(), "nothing waits", DRAIN_DEADLINE)

    def run(self, command):
        """Runs a command of the page, with the paths of this test in place of the page's."""
        path = os.path.dirname(binary("bentospool")) + ":" + os.environ["PATH"]
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.bench.dir, text=True, check=False, timeout=DEADLINE,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": path, "TZ": "UTC",
                 "BENTOSPOOL_CONFIG": self.bench.path("bentospool.conf")})
        told = done.stdout.replace(self.bench.dir, "/etc/bentospool")
        ida = "ida".ljust(len(self.user))
        told = re.sub(rf"\b{re.escape(self.user)}\b", ida, told)
        return [line.rstrip() for line in told.rstrip("\n").split("\n")]


def page_path():
    return os.path.join(spooltest.srcdir(), "doc", "morning.md")


def parts(text):
    """The page in order: ("text", line), ("stage", name, line), ("command", line, [output])."""
    command = None
    for line in text.split("\n"):
        if line.startswith("    $ "):
            command = ("command", line, [])
            yield command
            continue
        if command and line.startswith("    "):
            command[2].append(line[4:])
            continue
        if command and not line:
            # An empty line of output, or the end of the block.
            command[2].append("")
            continue
        if command:
            while command[2] and not command[2][-1]:
                command[2].pop()
            command = None
        stage = re.fullmatch(r"<!-- (\w+) -->", line)
        yield ("stage", stage.group(1), line) if stage else ("text", line)


def masked(lines):
    text = "\n".join(lines)
    for pattern, stand_in in MASKS:
        text = pattern.sub(stand_in, text)
    return [line.rstrip() for line in text.strip().split("\n")]


def live(bench, tell):
    """Goes through the page and calls tell(part, output of its command) for each part."""
    morning = Morning(bench)
    with open(page_path(), encoding="utf-8") as page:
        all_parts = list(parts(page.read()))
    for part in all_parts:
        if part[0] == "stage":
            getattr(morning, part[1])()
        tell(part, morning.run(part[1][6:]) if part[0] == "command" else None)
    return morning


def compare(part, told):
    if part[0] == "command":
        equal("\n".join(masked(told)), "\n".join(masked(part[2])),
              f"{part[1].strip()} (--record writes the page anew)")


def record(bench):
    lines = []

    def tell(part, told):
        if part[0] == "command":
            lines.extend([part[1], *("    " + line if line else "" for line in told if told != [""])])
        elif lines and part != ("text", "") and re.match("    ", lines[-1]):
            lines.extend(["", part[-1]])
        else:
            lines.append(part[-1])

    morning = live(bench, tell)
    with open(page_path(), "w", encoding="utf-8") as page:
        page.write("\n".join(lines).rstrip("\n") + "\n")
    check_data(morning)


def check_data(morning):
    """Checks what the page says at its end, in the outbox and at Bento."""
    equal(morning.bench.statuses(), {"delivered": BATCH + NIGHT - BROKEN, "failed": BROKEN},
          "the outbox")
    keys = morning.evening.keys() + morning.sim.keys()
    equal((len(keys), len(set(keys))), (BATCH + NIGHT - BROKEN,) * 2, "what Bento has, once each")
    orders = [e for e in morning.sim.events() if e["details"]["unique"]["key"] == "9001"]
    equal([(e["type"], e["details"]["value"]) for e in orders],
          [("$purchase", {"currency": "EUR", "amount": 4990})], "the order that was mapped wrongly")
    equal(morning.bench.value("SELECT count(*) FROM outbox WHERE email = ? AND status = 'failed'",
                              BROKEN_ADDRESS), BROKEN, "the broken address")
    with open(morning.bench.path("kiosk.ndjson"), encoding="utf-8") as exported:
        equal(len(exported.readlines()), BROKEN, "what was exported")


def test_page(bench):
    """each command of the page prints what the page says, and the data agree"""
    check_data(live(bench, compare))


if __name__ == "__main__":
    if sys.argv[1:] == [RECORD]:
        test_page = record  # noqa: F811
        sys.argv[1:] = []
    spooltest.main()
