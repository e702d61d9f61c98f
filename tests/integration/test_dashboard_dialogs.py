#!/usr/bin/env python3
"""People at the dashboard: they log in, see what would happen, act, and undo; the database has it all."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooldashboard  # noqa: E402
import spooltest  # noqa: E402
from spooladmin import ACT_TOKEN  # noqa: E402
from spooldashboard import Stage  # noqa: E402
from spooltest import equal, track, true, wait_until  # noqa: E402

ANNA = "Anna (dashboard)"


def stage_of(bench, name="Anna", sites=("main",), **site):
    """Returns a stage whose person may act."""
    return Stage(bench, sites, **site).log_in(ACT_TOKEN, name)


def pause(bench, site="main"):
    equal(bench.cli("pause", "--site", site).returncode, 0, "paused")


def newest(bench):
    [row] = bench.rows("SELECT * FROM operations ORDER BY operation_id DESC LIMIT 1")
    return row


def confirm(page, button, note=None):
    """Confirms in the dialog that asks."""
    page.wait_text("The operation is recorded as", "#dialog")
    if note is not None:
        page.fill("#dialog input[name=note]", note)
    page.click_text(button, "#dialog button")


def test_requeue(bench):
    """requeue from the errors, with a dry run, a note and a name; and the way back"""
    stage = stage_of(bench)
    stage.sim.answer(422)
    stage.daemon.accept("/v1/batch", {"batch": [track(f"m-{i}", "Order Completed") for i in range(3)]}, key="main")
    bench.wait_settled(3)
    pause(bench)
    page = stage.open("errors", "3 events in 1 group")
    page.click_text("Requeue", "article button")
    page.wait_text("Requeue 3 events?", "#dialog")
    page.wait_text("The first 3:", "#dialog")
    equal(page.text("#dialog .sample").count("Order Completed"), 3, "the sample")
    equal((bench.statuses(), newest(bench)["verb"]), ({"failed": 3}, "pause"), "a dry run changes nothing")
    stage.check("dialog")
    confirm(page, "Requeue 3 events", "addresses <b>repaired</b>")
    page.wait_text("3 events requeued", "#dialog")
    equal(bench.statuses(), {"pending": 3}, "they are pending again")
    row = newest(bench)
    equal((row["verb"], row["actor"], row["note"], row["events"]),
          ("requeue", ANNA, "addresses <b>repaired</b>", 3), "the operation")
    page.wait_text(str(row["operation_id"]), "#dialog dd")
    page.click_text("Undo", "#dialog button")
    page.wait_text("Undo 3 events?", "#dialog")
    confirm(page, "Undo 3 events")
    page.wait_text("3 events restored", "#dialog")
    equal(bench.statuses(), {"failed": 3}, "as before")
    equal((newest(bench)["verb"], newest(bench)["actor"]), ("undo", ANNA), "the undo")
    page.press("Escape")
    page.wait("!document.querySelector('#dialog').open", "the dialog is closed")
    stage.open("operations", "--status failed")
    true("--limit" not in page.text("#screen"), f"the page's own limit is not shown: {page.text('#screen')}")
    equal(bench.cli("discard", "--status", "failed", "--limit", "1", "--yes").returncode, 0, "by a verb")
    stage.open("errors", "2 events")
    stage.open("operations", "--status failed --limit 1")
    equal(page.problems(), [], "the console is empty")


def test_hold_release_discard(bench):
    """hold a selection, release one event of it, discard another"""
    stage = stage_of(bench)
    pause(bench)
    stage.daemon.accept("/v1/batch", {"batch": [track(f"a-{i}", "Alpha") for i in range(2)]
                                      + [track("b-1", "Beta")]}, key="main")
    page = stage.open("events?name=Al*&status=pending", "2 events")
    page.click_text("Hold", "#screen button")
    page.wait_text("Hold 2 events?", "#dialog")
    confirm(page, "Hold 2 events", "prices are wrong")
    page.wait_text("2 events held", "#dialog")
    equal({row["name"]: row["status"] for row in bench.outbox()}, {"Alpha": "held", "Beta": "pending"}, "held")
    equal((newest(bench)["actor"], newest(bench)["note"]), (ANNA, "prices are wrong"), "who and why")
    page.click_text("Done", "#dialog button")
    page.wait_text("No event matches.")
    one, two = [row["event_id"] for row in bench.outbox() if row["name"] == "Alpha"]
    for event_id, verb, status in ((one, "Release", "pending"), (two, "Discard", "discarded")):
        stage.open(f"event/{event_id}", "What happened")
        page.wait_text("held", ".verdict")
        page.click_text(verb, "#screen button")
        confirm(page, f"{verb} 1 event")
        page.wait_text("1 event", "#dialog h2")
        page.wait_text("Operation", "#dialog dl")
        page.click_text("Done", "#dialog button")
        page.wait_text(status, ".verdict")
        equal(bench.value("SELECT status FROM outbox WHERE event_id = ?", event_id), status, verb)
    page.wait_text("discard", ".story")
    page.wait_text(ANNA, ".story")


def test_undo(bench):
    """undo from the list of operations"""
    stage = stage_of(bench)
    pause(bench)
    stage.daemon.accept("/v1/track", track("m-1"), key="main")
    equal(bench.cli("hold", "--message-id", "m-1", "--note", "by hand").returncode, 0, "held")
    held = newest(bench)["operation_id"]
    page = stage.open("operations", "by hand")
    page.wait_text("--message-id m-1", "table")
    page.click(f"[aria-label='Undo operation {held}']")
    confirm(page, "Undo 1 event")
    page.wait_text("1 event restored", "#dialog")
    equal(bench.statuses(), {"pending": 1}, "restored")
    page.click_text("Done", "#dialog button")
    page.wait_text(f"undone by {newest(bench)['operation_id']}", "table")
    stage.check("operations-acting")
    page.click_text(str(held), "table a")
    page.wait_text("1 event was pending", "#screen")
    page.click_text(f"event {bench.value('SELECT event_id FROM outbox')}", "#screen a")
    page.wait_text("What happened")


def test_site_control(bench):
    """pause, resume and flush of one site"""
    stage = stage_of(bench, sites=("main", "other"), retry_first=3600, retry_max=3600)
    page = stage.page
    page.wait_text("All is well")
    page.click_text("Pause", "article:nth-of-type(2) button")
    confirm(page, "Pause", "stocktaking")
    page.wait_text("Operation", "#dialog dl")
    page.click_text("Done", "#dialog button")
    page.wait_text("Paused by Anna (dashboard)", "article:nth-of-type(2)")
    page.wait_text("stocktaking", "article:nth-of-type(2)")
    [row] = bench.rows("SELECT * FROM sites WHERE site = 'other'")
    equal((row["state"], row["paused_by"], row["note"]), ("paused", ANNA, "stocktaking"), "the site")
    equal(bench.value("SELECT state FROM sites WHERE site = 'main'"), "ready", "the other goes on")
    page.click_text("Resume", "article:nth-of-type(2) button")
    confirm(page, "Resume")
    page.wait_text("Operation", "#dialog dl")
    page.click_text("Done", "#dialog button")
    page.wait_text("ready", "article:nth-of-type(2)")
    stage.sim.answer(503)
    stage.daemon.accept("/v1/track", track("m-1"), key="main")
    page.wait_text("backing off", "article:nth-of-type(1)")
    stage.sim.heal()
    page.click_text("Flush", "article:nth-of-type(1) button")
    confirm(page, "Flush")
    bench.wait_settled(1)
    equal(bench.statuses(), {"delivered": 1}, "tried at once")
    equal((newest(bench)["verb"], newest(bench)["actor"]), ("flush", ANNA), "the operation")


def test_changed_since(bench):
    """no more is changed than was shown: when more events match, the dialog asks again"""
    stage = stage_of(bench)
    pause(bench)
    stage.daemon.accept("/v1/track", track("m-1"), key="main")
    page = stage.open("events?status=pending", "1 event")
    page.click_text("Hold", "#screen button")
    page.wait_text("Hold 1 event?", "#dialog")
    stage.daemon.accept("/v1/track", track("m-2"), key="main")
    confirm(page, "Hold 1 event")
    page.wait_text("More events match now than before.", "#dialog")
    equal(bench.statuses(), {"pending": 2}, "nothing was changed")
    confirm(page, "Hold 2 events")
    page.wait_text("2 events held", "#dialog")
    equal(bench.statuses(), {"held": 2}, "both, after asking again")


def test_keyboard(bench):
    """by keyboard alone: hold an event, from the list to the result"""
    stage = stage_of(bench)
    pause(bench)
    stage.daemon.accept("/v1/track", track("m-1"), key="main")
    event_id = bench.value("SELECT event_id FROM outbox")
    page = stage.open("events?status=pending", "1 event")
    page.tab_to(f"Event {event_id}")
    page.press("Enter")
    page.wait_text("What happened")
    equal(page.focused(), f"Event {event_id}", "the heading")
    page.tab_to("Hold")
    page.press("Enter")
    page.wait_text("Hold 1 event?", "#dialog")
    equal(page.focused(), "Hold 1 event", "the button that confirms has the focus")
    page.press("Tab", shift=True)
    page.press("Tab", shift=True)
    page.type("typed")
    page.tab_to("Hold 1 event", 3)
    page.press("Enter")
    page.wait_text("1 event held", "#dialog")
    equal(page.focused(), "Done", "the way out")
    page.press("Enter")
    page.wait("!document.querySelector('#dialog').open", "the dialog is closed")
    equal((bench.statuses(), newest(bench)["note"]), ({"held": 1}, "typed"), "done")


def test_cancel(bench):
    """Escape and Cancel change nothing; an end of the login is said"""
    stage = stage_of(bench)
    pause(bench)
    stage.daemon.accept("/v1/track", track("m-1"), key="main")
    page = stage.open("events?status=pending", "1 event")
    for leave in (lambda: page.press("Escape"), lambda: page.click_text("Cancel", "#dialog button")):
        page.click_text("Discard", "#screen button")
        page.wait_text("Discard 1 event?", "#dialog")
        leave()
        page.wait("!document.querySelector('#dialog').open", "the dialog is closed")
    equal((bench.statuses(), newest(bench)["verb"]), ({"pending": 1}, "pause"), "nothing was done")
    page.click_text("Discard", "#screen button")
    page.wait_text("Discard 1 event?", "#dialog")
    bench.write("act_token", "another-0123456789abcdef\n")
    equal(bench.cli("reload").returncode, 0, "the token is another one")
    confirm(page, "Discard 1 event")
    page.wait_text("The request failed", "#dialog")
    wait_until(lambda: bench.statuses() == {"pending": 1}, "nothing was done")


if __name__ == "__main__":
    spooldashboard.main(spooltest.main)
