#!/usr/bin/env python3
"""The dashboard's page in Chromium: each screen shows what the database has, safely and for everyone."""
import contextlib
import json
import os
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooldashboard  # noqa: E402
import spooltest  # noqa: E402
from spooladmin import ACT_TOKEN, READ_TOKEN, token_settings  # noqa: E402
from spooldashboard import EVIL, Stage  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402


def test_overview(bench):
    """the overview: needs, figures, chart and sites; a note with markup stays text"""
    stage = Stage(bench, ("main", "other"))
    equal(bench.cli("pause", "--site", "other", "--note", EVIL).returncode, 0, "paused")
    stage.daemon.accept("/v1/batch", {"batch": [track(f"a-{i}") for i in range(7)]}, key="main")
    stage.daemon.accept("/v1/track", track("b-1"), key="other")
    page = stage.log_in().open(words="1 problem needs attention.")
    page.wait_text("Received 8")
    page.wait_text("Delivered 7")
    equal(page.text("nav [data-screen=overview] .count"), "1", "the badge")
    page.wait_text("bentospool resume --site other", "#screen")
    shown = dict(page.value("[...document.querySelectorAll('.figure')].map((one) => [one.children[0].innerText,"
                            " one.children[1].innerText])"))
    equal([shown[name] for name in ("Waiting", "Failed or held", "Drained")], ["1", "0", "not known"], "figures")
    true("other: the site is paused" in page.text(".figures"), "why it is not known")
    equal(page.value("document.querySelectorAll('article').length"), 2, "a card for each site")
    page.wait_text(EVIL, "article:nth-of-type(2)")
    true("paused" in page.text("article:nth-of-type(2)"), "its state")
    for part in ("bar-out", "line-in"):
        true("h" in page.value(f"document.querySelector('.{part}').getAttribute('d')"), f"the chart has its {part}")
    page.click_text("Last day")
    page.wait_text("in the last day", ".legend")
    page.value("document.querySelector('.chart').focus()")
    page.press("ArrowLeft")
    page.wait_text("in the hour from", ".legend")
    true("Received 8" in page.text(".legend"), "the figures of the last hour")
    stage.check("overview")


def test_overview_lives(bench):
    """the overview follows the daemon: new events, a failure, an end of the daemon"""
    stage = Stage(bench)
    page = stage.open(words="All is well. No event is waiting.")
    stage.sim.answer(422)
    stage.daemon.accept("/v1/track", track("f-1"), key="main")
    page.wait_text("1 event failed within", ".needs")
    equal(page.text("#live"), "1 problem needs attention.", "read out once")
    stage.daemon.stop()
    page.wait_text("The daemon does not answer", "#lost")


def test_hidden(bench):
    """a hidden page asks for nothing; when it is seen again it asks at once"""
    page = Stage(bench).log_in().page
    page.wait_text("All is well")
    page.value("""window.looked = 0; window.seen = false;
        Object.defineProperty(document, "hidden", { get: () => (window.looked++, !window.seen) }); 0""")
    page.wait("window.looked >= 1", "the page has noticed")
    before = page.requests.count(f"{page.origin}/api/overview")
    page.wait("window.looked >= 3", "two more periods have passed")
    equal(page.requests.count(f"{page.origin}/api/overview"), before, "no request")
    page.value("window.seen = true; document.dispatchEvent(new Event('visibilitychange')); 0")
    wait_until(lambda: page.value("1") and page.requests.count(f"{page.origin}/api/overview") > before, "a request")


def test_keyboard(bench):
    """the keyboard: the skip link, the screens, and the focus on the new screen's heading"""
    stage = Stage(bench)
    page = stage.log_in().page
    page.wait_text("All is well")
    page.press("Tab")
    equal(page.focused(), "Skip to content", "the first stop")
    page.press("Enter")
    equal(page.focused(), "Overview", "the heading has the focus")
    page.value("document.activeElement.blur()")
    page.tab_to("Operations")
    page.press("Enter")
    page.wait_text("There are no operations yet.")
    equal((page.focused(), page.value("document.activeElement.tagName")), ("Operations", "H1"), "the new heading")
    equal(page.value("document.querySelector('[aria-current=page]').innerText"), "Operations", "the mark")
    equal(page.value("document.title"), "Operations - bentospool", "the title")


def test_operations(bench):
    """the operations: pages of twenty, newest first"""
    stage = Stage(bench)
    for i in range(21):
        equal(bench.cli("resume" if i % 2 else "pause", "--site", "main").returncode, 0, "site control")
    page = stage.log_in().open("operations", "Who changed what")
    ids = "[...document.querySelectorAll('tbody tr')].map((row) => row.cells[0].innerText)"
    page.wait(f"{ids}.length === 20", "the newest page")
    equal(page.value(ids), [str(i) for i in range(21, 1, -1)], "newest first")
    stage.check("operations")
    page.click_text("Older")
    page.wait(f"{ids}.length === 1", "the rest")
    equal(page.value(ids), ["1"], "the oldest")
    page.click_text("Newest")
    page.wait(f"{ids}.length === 20", "again")


def test_storage(bench):
    """the storage: sizes of the files, and how long events are kept"""
    stage = Stage(bench, top={"min_free": 12345678})
    page = stage.log_in().open("storage", "New events are committed to the disk.")
    size = os.path.getsize(bench.database)
    page.wait_text(f"{size / 1000:.{0 if size >= 1e5 else 1}f} kB", "#screen")
    page.wait_text(bench.database, "#screen")
    page.wait_text("12.3 MB: below this, new events are refused", "#screen")
    equal(page.text(".kept tbody tr").split("\t"), ["delivered", "30 days", "365 days"], "retention")
    stage.check("storage")
    page.click_text("Run the checks")
    page.wait_text("Checked ", "#screen [role=status]")
    found = [json.loads(line) for line in bench.cli("doctor", "--json").stdout.splitlines()]
    page.value("document.querySelectorAll('details').forEach((one) => one.open = true); 0")
    equal(sorted(page.value("[...document.querySelectorAll('.findings b')].map((one) => one.innerText)")),
          sorted(one["what"] for one in found), "what the verb finds")
    stage.check("doctor")


def test_boxes(bench):
    """the overview of a fleet: each box as it described itself, exactly, and as text"""
    stage = Stage(bench)
    stage.daemon.stop()
    with contextlib.closing(sqlite3.connect(bench.database)) as connection:
        connection.execute("INSERT INTO box (site_id, name, first_seen_at, last_seen_at, version, backlog,"
                           " oldest_at, events, duplicates, bytes, body_bytes) VALUES"
                           " (1, ?, 1000, 2000, '1.0', 7, 1500, 9007199254740993, 2, 30, 40)", (EVIL,))
        connection.commit()
    stage.start()
    page = stage.log_in().open(words=EVIL)
    cells = page.value("[...document.querySelectorAll('#boxes-title ~ div tbody td')].map((one) => one.innerText)")
    equal([cells[i] for i in (0, 1, 3, 5, 6)], [EVIL, "main", "7", "9,007,199,254,740,993", "1.0"], "the box")
    stage.check("boxes")
    stage.daemon.stop()
    bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1", boxes=[f"store-1 {'k' * 16}"])},
                    admin={"listen": ["127.0.0.1:0"], **token_settings(bench)})
    stage.start()
    page = stage.log_in().open(words="store-1")
    cells = page.value("[...document.querySelectorAll('#boxes-title ~ div tbody tr:last-child td')].map((one) => one.innerText)")
    equal(cells, ["store-1", "main", "never", "", "", "0", ""], "a listed box that was never seen")


def test_login(bench):
    """a login: wrong token, reading, acting with a name, logging out"""
    stage = Stage(bench)
    equal(bench.cli("pause", "--site", "main").returncode, 0, "paused")
    page = stage.open("operations", "Needed with the act token")
    stage.check("login")
    page.fill("#login input[name=token]", "wrong-0123456789abcdef-wrong")
    page.press("Enter")
    page.wait_text("This token is not known.", "#login [role=alert]")
    true("pause" not in page.text("#screen"), "nothing is shown")
    page.fill("#login input[name=token]", READ_TOKEN)
    page.click_text("Log in", "#login button")
    page.wait_text("pause", "table")
    equal(page.value("document.cookie"), "", "a script cannot read the cookie")
    page.click("#account")
    page.click_text("Log out")
    page.wait_text("Needed with the act token")
    page.fill("#login input[name=token]", ACT_TOKEN)
    page.press("Enter")
    page.wait_text("The act token needs a name", "#login [role=alert]")
    page.fill("#login input[name=name]", "Anna")
    page.press("Enter")
    page.wait_text("Anna", "#account")
    stage.open("login", "You can view and change events.")
    stage.check("account")
    page.click_text("Log out")
    page.wait_text("Log in", "#account")
    stage.open("operations", "Needed with the act token")


def test_no_token(bench):
    """without a token the page says which setting is missing"""
    stage = Stage(bench, tokens=False)
    stage.open("operations", "No token is set").wait_text("read_token_file", "#screen")
    stage.check("no-token")


def test_nowhere(bench):
    """an address without a page says so"""
    stage = Stage(bench)
    for place in (f"{EVIL}/x", "none/%"):
        page = stage.open(place, "There is no page at this address.")
        equal(page.text("h1"), "Page not found", "the heading")
        stage.open(words="All is well")
    equal(page.problems(), [], "the console is empty")


if __name__ == "__main__":
    spooldashboard.main(spooltest.main)
