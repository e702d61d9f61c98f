#!/usr/bin/env python3
"""The real Segment SDK as the client, across a SIGKILL and an outage of Bento."""
import os
import re
import shutil
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooltest import DEADLINE, Skip, equal, true, wait_until  # noqa: E402

EVENTS = 1000


def sdk_folder():
    """Returns the directory where tools/run-tests had npm install the SDK."""
    folder = os.environ.get("SPOOL_SDK", "")
    if not shutil.which("node"):
        raise Skip("node is not installed")
    if not os.path.isdir(os.path.join(folder, "node_modules", "@segment", "analytics-node")):
        raise Skip("SPOOL_SDK names no folder where npm installed tests/sdk/package.json")
    return folder


def acknowledged(process):
    """Returns messageId and order_id of the calls whose flush was answered 200."""
    found = [line.split() for line in process.log().splitlines()]
    return {words[0]: words[1] for words in found if len(words) == 2 and words[1][:4] == "sdk-"}


def test_sdk(bench):
    """1,000 events of @segment/analytics-node, Bento down, SIGKILL in the middle: each arrives once"""
    folder = sdk_folder()
    sim = bench.sim()
    sim.answer(503)
    # The port is fixed, so that the SDK finds the daemon after the restart.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    daemon = bench.daemon(sim, ingest={"listen": [f"127.0.0.1:{port}"]}, batch_events=100)
    sdk = spooltest.Process(bench, "sdk", [
        "node", os.path.join(spooltest.srcdir(), "tests", "sdk", "send.mjs"), folder,
        f"http://127.0.0.1:{port}", spooltest.WRITE_KEY, str(EVENTS)])
    wait_until(lambda: bench.value("SELECT count(*) FROM outbox") >= EVENTS // 3
               or not sdk.running(), "a third of the events is in")
    true(sdk.running(), "the SDK is still sending when the daemon is killed")
    daemon = daemon.restart(spooltest.signal.SIGKILL)
    equal(sdk.wait(240), 0, "exit status of the SDK's process")

    acked = acknowledged(sdk)
    true(len(acked) >= EVENTS * 9 // 10, f"{len(acked)} of {EVENTS} were acknowledged")
    rows = bench.outbox()
    stored = [row["message_id"] for row in rows]
    equal(len(stored), len(set(stored)), "none is stored twice")
    equal(set(acked) - set(stored), set(), "acknowledged and lost")
    equal({row["status"] for row in rows}, {"pending"}, "statuses while Bento is down")

    sim.heal()
    bench.wait_settled(len(stored))
    equal(bench.statuses(), {"delivered": len(stored)}, "statuses")
    got = sim.events()
    equal(sorted(e["details"]["unique"]["key"] for e in got), sorted(stored),
          "what Bento got, each once")
    for event in got:
        order = acked.get(event["details"]["unique"]["key"])
        if order:
            equal((event["type"], event["email"], event["fields"], event["details"]["order_id"]),
                  ("Order Completed", f"user-{order[4:]}@example.com", {"first_name": "Ann"}, order),
                  order)
    delivered = bench.rows("SELECT message_id FROM history WHERE outcome = 'delivered'")
    equal(sorted(row["message_id"] for row in delivered), sorted(stored), "the audit says so")


def run_example(bench, folder, daemon, key):
    """Runs README.md's program with that write key and the SDK that this Node can run; returns what it did."""
    with open(os.path.join(spooltest.srcdir(), "README.md"), encoding="utf-8") as file:
        program = re.search(r"^```js\n(.*?)^```", file.read(), re.M | re.S).group(1)
    major = subprocess.run(["node", "-p", "process.versions.node.split('.')[0]"], check=True, text=True,
                           capture_output=True, timeout=DEADLINE).stdout
    for there, here in (("a word of your choice", key), ("http://127.0.0.1:7300", daemon.url()),
                        ("'@segment/analytics-node'", "'@segment/analytics-node'" if int(major) >= 20
                         else "'analytics-node-for-node-18'")):
        true(there in program, f"README.md's program has {there}")
        program = program.replace(there, here)
    if not os.path.lexists(bench.path("node_modules")):
        os.symlink(os.path.join(folder, "node_modules"), bench.path("node_modules"))
    return subprocess.run(["node", bench.write("app.mjs", program)], text=True, capture_output=True,
                          timeout=DEADLINE, check=False)


def test_readme(bench):
    """README.md's program: its event arrives; with a wrong write key it says so"""
    folder = sdk_folder()
    sim = bench.sim()
    daemon = bench.daemon(sim)
    wrong = run_example(bench, folder, daemon, "another")
    true("401" in wrong.stderr, "what it says of a wrong key: " + wrong.stdout + wrong.stderr)
    equal(bench.value("SELECT count(*) FROM outbox"), 0, "events stored with a wrong key")
    done = run_example(bench, folder, daemon, spooltest.WRITE_KEY)
    equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "its program")
    bench.wait_settled(1)
    equal([(e["type"], e["email"], e["details"]["order_id"]) for e in sim.events()],
          [("Order Completed", "ann@example.com", "50314b8e")], "what Bento got")


spooltest.main()
