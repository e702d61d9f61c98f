#!/usr/bin/env python3
"""The dashboard: its numbers agree with the database, its files are whole and its answers strict."""
import json
import os
import sys
from html.parser import HTMLParser

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooladmin import READ_TOKEN, Person, token_settings  # noqa: E402
from spoolhttp import http_request  # noqa: E402
from spooltest import Daemon, equal, track, true, wait_until  # noqa: E402

EVIL = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


KINDS = {"/": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
PAGE = os.path.join(spooltest.srcdir(), "src", "admin", "page")


def files():
    """Returns the files of the page in the tree, by their paths."""
    return {"/" if name == "index.html" else f"/{name}": name for name in os.listdir(PAGE)
            if not name.endswith((".awk", ".gen.c"))}


def start(bench, sim, sites=("main",), **top):
    conf = bench.configure({name: bench.site(sim.api_url(), write_keys=[name]) for name in sites},
                           admin={"listen": ["127.0.0.1:0"], **token_settings(bench)}, **top)
    return Daemon(bench, conf, listeners=2)


def get(daemon, path="/", headers=None, method="GET"):
    return http_request(daemon.url(1), method, path, None, headers)


def overview(daemon):
    status, headers, text = get(daemon, "/api/overview")
    equal((status, headers["content-type"], headers["cache-control"]),
          (200, "application/json", "no-store"), text)
    return json.loads(text)


def sums(series):
    return sum(n or 0 for n in series["received"]), sum(n or 0 for n in series["delivered"])


def test_overview_agrees(bench):
    """/api/overview: sites, counts and ages agree with the database; rates with what was done"""
    sim = bench.sim()
    daemon = start(bench, sim, ("main", "other"))
    equal(bench.cli("pause", "--site", "other", "--note", EVIL).returncode, 0, "paused")
    daemon.accept("/v1/batch", {"batch": [track(f"a-{i}") for i in range(7)]}, key="main")
    daemon.accept("/v1/track", track("b-1"), key="other")
    daemon.accept("/v1/track", track("b-2", email=None), key="main")
    wait_until(lambda: overview(daemon)["sites"][0]["counts"]["delivered"] == "7", "delivered")
    said = overview(daemon)
    for site in said["sites"]:
        [row] = bench.rows(f"SELECT state FROM sites WHERE site = '{site['site']}'")
        equal(site["state"], row["state"], site["site"])
        counts = {row["status"]: str(row["n"]) for row in bench.rows(
            f"SELECT status, count(*) AS n FROM outbox WHERE site = '{site['site']}' GROUP BY 1")}
        equal({name: n for name, n in site["counts"].items() if n != "0"}, counts, site["site"])
    main, other = said["sites"]
    equal((main["oldest_pending_id"], main["paused_at"]), ("0", 0), "nothing waits")
    equal(main["counts"]["invalid"], "1", "an event without an address was stored, and not delivered")
    [row] = bench.rows("SELECT event_id FROM outbox WHERE status = 'pending'")
    equal((other["oldest_pending_id"], other["pause_note"]), (str(row["event_id"]), ""), "one waits")
    [_, known] = Person(daemon, READ_TOKEN).read("/api/overview")["sites"]
    equal(known["pause_note"], EVIL, "its note, for those who have logged in")
    true(0 < other["oldest_pending_at"] <= said["now"], "since then")
    for period, n in (("hour", 60), ("day", 24)):
        equal((len(said[period]["received"]), len(said[period]["delivered"])), (n, n), period)
        wait_until(lambda: sums(overview(daemon)[period]) == (9, 7), period)  # pylint: disable=cell-var-from-loop
        equal(said[period]["received"][0], None, "before the start nothing is known")
    equal(said["storage"]["ok"], True, "the storage is well")
    equal(said["storage"]["database_bytes"], os.path.getsize(bench.database), "its size")


def test_headers(bench):
    """every answer has a strict policy; another host gets nothing; nothing can be posted"""
    daemon = start(bench, bench.sim())
    types = {**{path: KINDS[path.rpartition(".")[2]] for path in files()}, "/api/overview": "application/json", "/api/session": "application/json"}
    for path, kind in types.items():
        status, headers, text = get(daemon, path)
        equal((status, headers["content-type"].split(";")[0]), (200, kind), path)
        policy = headers["content-security-policy"]
        true("default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy, policy)
        equal((headers["cache-control"], headers["x-content-type-options"]), ("no-store", "nosniff"), path)
        equal(headers.get("access-control-allow-origin"), None, "no other page may read it")
        true(len(text) > 0, path)
        equal(get(daemon, path, {"Host": "evil.example"})[0], 403, f"{path} for another host")
        equal(get(daemon, path, method="POST")[0], 405, f"{path} is read-only")


def operations(reader, query=""):
    return reader.read(f"/api/operations{query}")


def test_operations(bench):
    """/api/operations: pages, newest first, that agree with the database"""
    daemon = start(bench, bench.sim())
    reader = Person(daemon, READ_TOKEN)
    equal(operations(reader), {"operations": [], "more": False}, "none yet")
    for more in (False, True):
        for _ in range(1 if more else 20):
            number = len(bench.rows("SELECT operation_id FROM operations"))
            verb = "resume" if number % 2 else "pause"
            done = bench.cli(verb, "--site", "main", "--note", "ann@example.com")
            equal(done.returncode, 0, done.stderr)
        said = operations(reader)
        equal((len(said["operations"]), said["more"]), (20, more), "one page")
    rows = [str(row["operation_id"]) for row in
            bench.rows("SELECT operation_id FROM operations ORDER BY operation_id DESC")]
    equal([o["operation_id"] for o in said["operations"]], rows[:20], "the newest")
    older = operations(reader, f"?before={rows[19]}")
    equal(([o["operation_id"] for o in older["operations"]], older["more"]), (rows[20:], False), "the rest")
    equal({(o["verb"], o["note"]) for o in said["operations"]},
          {("pause", "ann@example.com"), ("resume", "ann@example.com")}, "what and why")
    equal(said["operations"][0]["filter"], {"site": "main"}, "which")
    for query in ("before=x", "before=0", "before=9223372036854775808", "after=1"):
        equal(reader.get(f"/api/operations?{query}")[0], 400, query)


class Page(HTMLParser):
    """What a page loads, its inline scripts and styles, and what names its parts."""

    def __init__(self):
        super().__init__()
        self.loads, self.inline, self.ids, self.labels = [], [], set(), set()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.loads += [attrs[name] for name in ("src", "href") if name in attrs]
        self.inline += [name for name in attrs if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in attrs):
            self.inline.append(tag)
        self.ids.add(attrs.get("id"))
        self.labels.add(attrs.get("aria-labelledby"))


def test_page_is_whole(bench):
    """the served files are those of the tree; nothing inline, nothing from elsewhere"""
    daemon = start(bench, bench.sim())
    for path, name in files().items():
        with open(os.path.join(PAGE, name), encoding="ascii") as f:
            equal(get(daemon, path)[2], f.read(), name)
    page = Page()
    page.feed(get(daemon)[2])
    equal(page.inline, [], "nothing inline")
    loads = [path for path in page.loads if not path.startswith("#")]
    equal([path for path in loads if path not in files()], [], "its own files only")
    equal(page.labels - page.ids, {None} - page.ids, "each label is there")
    for path in files():
        script = get(daemon, path)[2] if path.endswith(".js") else ""
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "://"):
            true(word not in script.replace("http://www.w3.org/2000/svg", ""), f"{path}: {word}")


if __name__ == "__main__":
    spooltest.main()
