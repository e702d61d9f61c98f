#!/usr/bin/env python3
"""The dashboard's screens about single events: found, told in order, and safe whatever they contain."""
import contextlib
import http.server
import json
import os
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooldashboard  # noqa: E402
import spooltest  # noqa: E402
from spooladmin import ACT_TOKEN  # noqa: E402
from spooldashboard import EVIL, Stage  # noqa: E402
from spooltest import equal, track, true  # noqa: E402

ROWS = "[...document.querySelectorAll('tbody tr')].map((row) => row.querySelector('.of-id').innerText)"
BODY, SENT = "pre[aria-labelledby=body-title]", "pre[aria-labelledby=sent-title]"
BIG = 9007199254740993  # past 2^53


def stage_of(bench, **more):
    return Stage(bench, **more).log_in()


def ids(bench, where="1"):
    return [str(row["event_id"]) for row in
            bench.rows(f"SELECT event_id FROM outbox WHERE {where} ORDER BY event_id DESC")]


def test_find(bench):
    """events are found by each filter, which the address keeps"""
    stage = stage_of(bench)
    stage.daemon.accept("/v1/batch", {"batch": [
        track("m-1", "Order Completed", "ann@example.com"), track("m-2", "Order Refunded", "bob@example.org"),
        track("m-3", "Page Seen", "cy@example.com"), track("m-4", "No Address", None)]}, key="main")
    bench.wait_settled(4)
    page = stage.open("events", "4 events")
    equal(page.value(ROWS), ids(bench), "all, the newest first")
    stage.check("events")
    for field, text, where in (("name", "Order*", "name GLOB 'Order*'"), ("email", "*@EXAMPLE.com", "email LIKE '%@example.com'"),
                               ("message_id", "m-3", "message_id = 'm-3'"), ("reason", "no_email", "reason = 'no_email'")):
        page.click_text("Clear")
        page.wait_text("4 events", "#found")
        page.fill(f".filters input[name={field}]", text)
        page.press("Enter")
        page.wait(f"JSON.stringify({ROWS}) === {json.dumps(json.dumps(ids(bench, where), separators=(',', ':')))}", field)
        true(f"{field}=" in page.value("location.hash"), "the address has the filter")
    page.click_text("Clear")
    page.wait_text("4 events", "#found")  # the form is filled in again before
    page.choose(".filters select[name=status]", "delivered")
    page.click_text("Search")
    page.wait_text("3 events", "#found")
    equal(page.value(ROWS), ids(bench, "status = 'delivered'"), "the delivered ones")
    page.value("history.back()")
    page.wait_text("4 events", "#found")
    stage.open("events?status=wrong")
    page.wait("document.querySelector('#screen [role=alert]')?.innerText.includes('Status cannot be')", "a wrong filter is named")


def test_pages(bench):
    """fifty on a page, and a cursor to the older ones"""
    stage = stage_of(bench)
    stage.daemon.accept("/v1/batch", {"batch": [track(f"m-{i}") for i in range(101)]}, key="main")
    bench.wait_settled(101)
    every = ids(bench)
    page = stage.open("events", "101 events")
    for part, button in ((every[:50], "Older"), (every[50:100], "Older"), (every[100:], "Newest"), (every[:50], None)):
        page.wait(f"{ROWS}[0] === '{part[0]}'", "the page is there")
        equal(page.value(ROWS), part, "a page")
        if button:
            page.click_text(button)


def test_event(bench):
    """one event: its story in order, its bytes only when asked for, numbers exactly"""
    stage = stage_of(bench)
    stage.sim.answer(503, times=1)
    stage.daemon.accept("/v1/track", track("m-1", "Order Completed", properties={"total": 31.1, "n": BIG}), key="main")
    bench.wait_settled(1)
    event_id = ids(bench)[0]
    page = stage.open(f"event/{event_id}", "What happened")
    equal(page.text("h1"), f"Event {event_id}", "the heading")
    said = page.text(".story")
    words = ["received", "attempt 1", "HTTP 503", "attempt 2", "HTTP 200"]
    places = [said.find(word) for word in words]
    true(-1 not in places and places == sorted(places), f"in order: {words}: {said}")
    true(str(BIG) not in page.text(), "the body is hidden")
    page.click_text("Show the body")
    page.wait_text(str(BIG), "#screen")
    equal(page.text(BODY), bench.value("SELECT body FROM outbox"), "byte for byte")
    page.click_text("Indent")
    page.wait_text(f'"n": {BIG}', "#screen")
    stage.check("event")
    page.click_text("Hide")
    true(str(BIG) not in page.text(), "it is hidden again")
    page.click_text("Show what is sent")
    page.wait_text("Order Completed", SENT)
    [sent] = stage.sim.events()
    shown = json.loads(page.text(SENT))
    equal(shown, sent, "what Bento got")


def test_no_event(bench):
    """an event that does not exist, and a number that is none"""
    stage = stage_of(bench)
    for place in ("event/4711", f"event/{EVIL}"):
        page = stage.open(place)
        page.wait("document.querySelector('#screen [role=alert]') !== null", "a refusal in words")
        stage.check_unharmed(place)
        equal(page.problems(), [], "the console is empty")


def test_errors(bench):
    """errors are grouped by Bento's error, with counts and remedies"""
    stage = stage_of(bench)
    stage.sim.answer(422)
    stage.daemon.accept("/v1/batch", {"batch": [track(f"m-{i}") for i in range(3)] + [track("n-1", email=None)]}, key="main")
    bench.wait_settled(4)
    page = stage.open("errors", "4 events in 2 groups")
    equal(page.value("[...document.querySelectorAll('article .count-of')].map((one) => one.innerText)"), ["3", "1"], "counts")
    page.wait_text("HTTP 422", "article:nth-of-type(1)")
    page.wait_text("bentospool requeue", "article:nth-of-type(1)")
    stage.check("errors")
    page.click_text("Newest event", "article a")
    page.wait_text("What happened")
    equal(page.text("h1"), f"Event {ids(bench, 'status = ' + repr('failed'))[0]}", "the newest of the group")


def test_no_errors(bench):
    """without errors the page says so"""
    stage_of(bench).open("errors", "Nothing failed.")


@contextlib.contextmanager
def rude_bento():
    """A Bento that refuses everything with markup."""
    class Handler(http.server.BaseHTTPRequestHandler):
        """Answers 422."""

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            text = json.dumps({"error": f"refused {EVIL}"}).encode()
            self.send_response(422)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api/v1"
        server.shutdown()


def test_markup_stays_text(bench):
    """markup in every text that an event, Bento or a person controls stays text on each screen"""
    with rude_bento() as url:
        stage = Stage(bench, api_url=url).log_in(ACT_TOKEN, '<b id="hurt">Mallory')
        page = stage.page
        stage.daemon.accept("/v1/batch", {"batch": [
            track(f"id {EVIL}", f"name {EVIL}", properties={"p": EVIL, EVIL: 1}),
            track("m-2", "No Address", f"{EVIL}@example.com")]}, key="main")
        bench.wait_settled(2)
        equal(bench.cli("pause", "--note", f"note {EVIL}").returncode, 0, "paused")
        refused, invalid = (bench.value(f"SELECT event_id FROM outbox WHERE status = '{status}'")
                            for status in ("failed", "invalid"))
        for place, words in (("", f"note {EVIL}"), ("events", f"name {EVIL}"), (f"event/{refused}", f"id {EVIL}"),
                             ("errors", f"refused {EVIL}"), ("operations", f"note {EVIL}"), (f"event/{invalid}", "What happened"),
                             (f"events?name={EVIL}", "No event matches")):
            stage.open(place, words)
            stage.check_unharmed(place)
        stage.open(f"event/{refused}", "What happened")
        page.value("for (const one of document.querySelectorAll('details')) one.open = true")
        page.wait_text(f"refused {EVIL}", ".story")
        for button, text in (("Show the body", BODY), ("Show what is sent", SENT)):
            page.click_text(button)
            page.wait_text(EVIL.replace('"', '\\"'), text)
        page.click_text("Requeue", "#screen button")
        page.wait_text(f"name {EVIL}", "#dialog")
        page.wait_text('<b id="hurt">Mallory (dashboard)', "#dialog")
        stage.check_unharmed("dialog")
        page.click_text("Requeue 1 event", "#dialog button")
        page.wait_text("1 event requeued", "#dialog")
        page.press("Escape")
        stage.open("operations", '<b id="hurt">Mallory (dashboard)')
        equal(page.value("document.getElementById('hurt')"), None, "the name made no element")
        stage.check_unharmed("operations")
        equal(page.problems(), [], "the console is empty")


if __name__ == "__main__":
    spooldashboard.main(spooltest.main)
