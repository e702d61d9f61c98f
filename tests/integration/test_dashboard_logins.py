#!/usr/bin/env python3
"""Who may use the admin listener: tokens, logins, pages, floods of guesses and of connections."""
import json
import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spooladmin import ACT_TOKEN, READ_TOKEN, Person, act, bearer, cookie_name, refused, start  # noqa: E402
from spoolhttp import connect  # noqa: E402
from spooltest import Daemon, equal, true, wait_until  # noqa: E402


def changes(bench):
    return bench.value("SELECT count(*) FROM operations")


def test_refusals(bench):
    """who may not act: no token, the read token, another page, another type, another host"""
    daemon = start(bench, events=1)
    nobody, reader = Person(daemon), Person(daemon, READ_TOKEN)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    n = changes(bench)
    refused(nobody, "login_required", 401)
    refused(reader, "acting_not_allowed")
    host = anna.url.removeprefix("http://")
    for origin in ("http://evil.example", f"https://{host}", "http://127.0.0.1", "null", "", f"http://{host}.evil.example",
                   f"http://{host}0", f"http://x@{host}", None):
        refused(anna, "origin_not_allowed", headers={"Origin": origin})
    for site in ("cross-site", "same-site", "none", "", "SAME-ORIGIN"):
        refused(anna, "cross_site", headers={"Sec-Fetch-Site": site})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None):
        refused(anna, "content_type_not_allowed", 415, headers={"Content-Type": kind})
    refused(anna, "host_not_allowed", headers={"Host": "evil.example", "Origin": "http://evil.example"})
    refused(anna, "method_not_allowed", 405, method="GET")
    for body, headers in ({"verb": "x"}, {}), ({"verb": "flush"}, {"Origin": "http://evil.example"}):
        _, answer = anna.post("/api/act", body, headers)
        equal((set(answer), answer["error"]), ({"success", "code", "message", "error"}, answer["message"]), "one shape of refusals")
    refused(anna, "method_not_allowed", 405, path="/api/overview")
    refused(nobody, "login_required", 401, headers=bearer("")  | {"Authorization": "Basic YTpi", "Origin": f"http://{host}"})
    for path in ("/api/login", "/api/logout"):
        refused(anna, "origin_not_allowed", path=path, headers={"Origin": "http://evil.example"})
        refused(anna, "cross_site", path=path, headers={"Sec-Fetch-Site": "cross-site"})
        refused(anna, "content_type_not_allowed", 415, path=path, headers={"Content-Type": "text/plain"})
    refused(anna, "cross_site", method="GET", path="/api/operations", headers={"Sec-Fetch-Site": "cross-site"})
    equal(changes(bench), n, "nothing was changed")
    true(anna.session()["may_act"], "and the session goes on")
    act(anna, {"verb": "flush"})
    equal(anna.post("/api/act", {"verb": "flush"}, {"Sec-Fetch-Site": None})[0], 200, "an older browser")


def test_without_tokens(bench):
    """without token files nothing about events is read, nothing is changed, and the words say what to set"""
    daemon = start(bench, admin={"read_token_file": "", "act_token_file": ""})
    nobody = Person(daemon)
    equal(nobody.session(), {"may_read": False, "may_act": False, "name": "", "read_token": False, "act_token": False}, "")
    refused(nobody, "no_read_token", method="GET", path="/api/operations")
    refused(nobody, "no_act_token")
    equal(nobody.try_to_log_in("")[0], 401, "an empty token")
    equal(nobody.get("/api/overview")[0], 200, "the overview is open")
    equal(nobody.get("/metrics")[0], 200, "metrics are open")


def test_login(bench):
    """a login: names, cookies, sessions of others, logging out, and a secret that is always new"""
    daemon = start(bench)
    anna = Person(daemon)
    for name, code in ((None, "name_required"), ("", "name_required"), ("x" * 41, "bad_name"), ("a\nb", "bad_name"),
                       ("\u202eanna", "bad_name"), (" anna", "bad_name")):
        status, headers, answer = anna.try_to_log_in(ACT_TOKEN, name)
        equal((status, answer["code"], headers.get("set-cookie")), (400, code, None), name)
    for body in ({}, {"token": 7}, {"token": ACT_TOKEN, "name": 7}, "x"):
        equal(anna.post("/api/login", body)[0], 400, body)
    status, headers, answer = anna.try_to_log_in(ACT_TOKEN, "x" * 40)
    equal((status, answer), (200, {"may_read": True, "may_act": True, "name": "x" * 40, "read_token": True, "act_token": True}), "")
    first = anna.cookie
    parts = headers["set-cookie"].split("; ")
    equal((len(first), set(parts[1:])), (64, {"Path=/", "HttpOnly", "SameSite=Strict"}), headers)
    equal(headers["cache-control"], "no-store", "a login is not stored")
    anna.log_in(READ_TOKEN)
    true(anna.cookie != first, "another login has another secret")
    equal((anna.session()["may_act"], anna.session()["name"]), (False, ""), "reading only")
    second = anna.cookie
    anna.cookie = first
    equal(anna.session()["may_read"], False, "the former session has ended")
    chosen, name = "0" * 64, cookie_name(anna.host)
    anna.cookie = chosen
    anna.log_in(ACT_TOKEN, "Anna")
    true(anna.cookie not in (chosen, first, second), "a cookie that the client brings is never used")
    equal(anna.request("GET", "/api/session", None, {"Cookie": f"{name}={chosen}; a=b; {name}={anna.cookie}"})[2],
          anna.request("GET", "/api/session")[2], "another cookie of that name does no harm")
    for cookie in ("", "x", anna.cookie[:-1], anna.cookie + "0", anna.cookie.upper() if anna.cookie.upper() != anna.cookie else "y",
                   f"{anna.cookie}\"", "\xe9" * 64):
        status, _, text = anna.request("GET", "/api/session", None, {"Cookie": f"{name}={cookie}".encode("latin-1")})
        equal(json.loads(text)["may_read"], False, cookie)
    kept = anna.cookie
    status, headers, text = anna.request("POST", "/api/logout", {})
    equal((status, json.loads(text)["may_read"]), (200, False), text)
    true("Max-Age=0" in headers["set-cookie"], headers)
    anna.cookie = kept
    equal(anna.session()["may_read"], False, "the session has ended for whoever has the cookie")
    refused(anna, "login_required", 401)
    bob, carol = Person(daemon, ACT_TOKEN, "Bob"), Person(daemon, ACT_TOKEN, "Carol")
    bob.post("/api/logout", {})
    equal(carol.session()["name"], "Carol", "others stay")
    for line in daemon.log().splitlines():
        true(ACT_TOKEN not in line and READ_TOKEN not in line and carol.cookie not in line, line)


def test_ports(bench):
    """two listeners of one host, such as two daemons: a browser keeps both sessions, and sends both cookies"""
    daemon = start(bench, admin={"listen": ["127.0.0.1:0", "127.0.0.1:0"]})
    jar = {}
    people = [Person(daemon, listener=listener) for listener in (1, 2)]
    for person, name in zip(people, ("Anna", "Bob")):
        _, headers, _ = person.try_to_log_in(ACT_TOKEN, name)
        cookie, _, value = headers["set-cookie"].split(";")[0].partition("=")
        jar[cookie] = value
    cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
    for person, name in zip(people, ("Anna", "Bob")):
        equal(json.loads(person.get("/api/session", cookies)[2])["name"], name, f"{cookies}")
    _, headers, _ = people[0].request("POST", "/api/logout", {}, cookies)
    true(headers["set-cookie"].startswith(f"{cookie_name(people[0].host)}=;"), headers)
    equal([json.loads(person.get("/api/session", cookies)[2])["name"] for person in people], ["", "Bob"], "one logged out")


def test_limit(bench):
    """wrong tokens: five a minute are refused one by one, further ones with a wait; a right one always works, also from there"""
    daemon = start(bench)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    guesser = Person(daemon)
    for i in range(4):
        equal(guesser.try_to_log_in("former" + "x" * 20)[0], 401, f"below the limit: {i}")
    equal(guesser.get("/api/operations", bearer("former"))[0], 401, "at the limit: tokens of programs count, too")
    for _ in range(100):
        status, headers, answer = guesser.try_to_log_in("former")
        equal((status, answer["code"], 1 <= int(headers["retry-after"]) <= 60), (429, "too_many_logins", True), answer)
        true("a known one is accepted at once" in answer["message"], answer)
    status, headers, text = guesser.request("GET", "/api/operations", None, bearer("former"))
    equal((status, json.loads(text)["code"], 1 <= int(headers["retry-after"]) <= 60), (429, "too_many_logins", True), "programs wait, too")
    equal(guesser.get("/api/operations", bearer(READ_TOKEN))[0], 200, "a program with the right token")
    Person(daemon, READ_TOKEN)
    act(Person(daemon, ACT_TOKEN, "Bob"), {"verb": "flush"})
    act(anna, {"verb": "flush"})
    equal(guesser.get("/healthz", bearer("guess"))[0], 200, "health checks do not look at tokens")
    metrics = guesser.get("/metrics")[2]
    for line in ('requests_refused_total{reason="wrong_token"} 5', 'requests_refused_total{reason="too_many_logins"} 101',
                 'logins_total{permission="act"} 2', 'logins_total{permission="read"} 1', 'acts_total{verb="flush"} 2'):
        true(f"bentospool_admin_{line}" in metrics, f"{line}: {metrics}")
    equal(daemon.log().count("wrong token from 127.0.0.1"), 1, "it is logged, and the log is not flooded")


def test_reload(bench):
    """another token in the file, and a reload: all sessions end; the same token ends none"""
    daemon = start(bench)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    equal(bench.cli("reload").returncode, 0, "reload")
    true(anna.session()["may_act"], "nothing has changed")
    bench.write("act_token", "z" * 21 + "\n")
    done = bench.cli("reload")
    true(done.returncode != 0 and "act_token_file" in done.stderr and "22" in done.stderr, done.stderr)
    true(anna.session()["may_act"], "a reload that is refused changes nothing")
    bench.write("act_token", READ_TOKEN + "\n")
    done = bench.cli("reload")
    true(done.returncode != 0 and "same token" in done.stderr, done.stderr)
    bench.write("act_token", "z" * 22 + "\n")
    done = bench.cli("reload")
    equal((done.returncode, "act_token_file: another token" in done.stdout), (0, True), done.stdout + done.stderr)
    equal(anna.session()["may_act"], False, "the session has ended")
    refused(anna, "login_required", 401)
    equal(anna.try_to_log_in(ACT_TOKEN, "Anna")[0], 401, "the former token")
    anna.log_in("z" * 22, "Anna")
    daemon.stop()
    daemon = Daemon(bench, bench.path("bentospool.conf"), listeners=2)
    anna.url = daemon.url(1)
    equal(anna.session()["may_act"], False, "a restart ends all sessions")


def test_token_files(bench):
    """a token file that others can read, or without a good token, is refused with the remedy"""
    start(bench).stop()
    for text, mode, words in (("a" * 21, 0o600, "22 to 200"), ("a" * 22, 0o644, "chmod 600"), ("a" * 201, 0o600, "22 to 200"),
                              ("", 0o600, "one secret on one line"), ("a" * 22 + "\nb", 0o600, "one secret on one line"),
                              ("a" * 11 + " " + "a" * 11, 0o600, "blank"), ("\u00e9" * 22, 0o600, "ASCII")):
        os.chmod(bench.write("act_token", text), mode)
        done = bench.cli("check")
        true(done.returncode != 0 and words in done.stderr and "act_token_file" in done.stderr, f"{text!r}: {done.stderr}")
    os.unlink(bench.path("act_token"))
    done = bench.cli("check")
    true(f"act_token_file: there is no file {bench.path('act_token')}: write a token, such as openssl rand -hex 32 makes" in done.stderr, done.stderr)
    for good in ("a" * 22, "a" * 200):
        bench.write("act_token", good)
        equal(bench.cli("check").returncode, 0, good)


CONNECTIONS = 256  # as many as the admin listener has


def half_sent(daemon, n):
    """Opens n connections, each with a head that lacks its last line."""
    crowd = []
    for _ in range(n):
        crowd.append(connect(daemon.url(1)))
        crowd[-1].sendall(b"POST /api/act HTTP/1.1\r\nHost: localhost\r\n")
    return crowd


def is_closed(s):
    """Whether the daemon has closed a connection; its bytes, if it has sent any, are an answer."""
    s.setblocking(False)
    try:
        return s.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_crowd(bench):
    """half-sent requests, at, below and above the maximum of connections, keep nobody out"""
    daemon = start(bench)
    anna = Person(daemon, ACT_TOKEN, "Anna")
    crowd = half_sent(daemon, CONNECTIONS - 1)
    act(anna, {"verb": "flush"})
    equal([is_closed(s) for s in crowd].count(True), 0, "below the maximum there is room")
    crowd += half_sent(daemon, 1)
    act(anna, {"verb": "flush"})
    equal([is_closed(s) for s in crowd], [True] + [False] * (CONNECTIONS - 1), "at the maximum the oldest makes room")
    crowd += half_sent(daemon, 16)
    equal(anna.get("/healthz")[0], 200, "above the maximum")
    true(anna.get("/metrics")[2].count('reason="gave_way"') == 1, "they are counted")
    true(not is_closed(crowd[-1]), "the newest are the last to go")
    for s in crowd:
        s.close()


def test_queue(bench):
    """more half-sent requests, or connections that send nothing, than there are places: the next request needs one round, not many"""
    daemon = start(bench)
    for words in (b"POST /api/act HTTP/1.1\r\nHost: localhost\r\n", b""):
        crowd = [connect(daemon.url(1)) for _ in range(CONNECTIONS + 44)]
        for s in crowd:
            s.sendall(words)
        equal(Person(daemon).get("/healthz")[0], 200, "answered")
        closed = [is_closed(s) for s in crowd]
        true(closed.count(True) <= 46 and not any(closed[46:]), f"the oldest made room, and no more than had to: {closed.count(True)}")
        for s in crowd:
            s.close()


def connections(port):
    """The number of established connections that this port has accepted."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return len({row[2] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01"})


def test_slow_readers(bench):
    """clients that do not read their answers keep nobody out"""
    daemon = start(bench)
    host, port = daemon.url(1).removeprefix("http://").rsplit(":", 1)
    crowd = []
    for _ in range(CONNECTIONS):
        crowd.append(socket.socket())
        crowd[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        crowd[-1].connect((host, int(port)))
        crowd[-1].sendall(b"GET /parts.css HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)
    equal(Person(daemon).get("/healthz")[0], 200, "there is room")
    wait_until(lambda: connections(int(port)) < CONNECTIONS, "one of them made it")  # others may be late meanwhile
    for s in crowd:
        s.close()


def test_init(bench):
    """the section admin that init writes says how to have a dashboard with tokens, and that works"""
    keys = {"BENTO_SITE_UUID": spooltest.SITE_UUID, "BENTO_PUBLISHABLE_KEY": spooltest.PUBLISHABLE_KEY,
            "BENTO_SECRET_KEY": spooltest.SECRET_KEY, "BENTOSPOOL_DATABASE": bench.database}
    done = bench.cli("init", env=keys)
    equal(done.returncode, 0, done.stderr)
    with open(bench.path("bentospool.conf"), encoding="utf-8") as file:
        text = file.read()
    section = text.split("\nadmin {\n")[1].split("\n}\n")[0]
    shown = [line.removeprefix("    #     ") for line in section.splitlines() if line.startswith("    #     ")]
    settings = [line for line in shown if " = " in line]
    equal([line.split(" = ")[0] for line in settings], ["listen", "read_token_file", "act_token_file"], section)
    for line in shown:
        if line not in settings:
            equal(bench.run("sh", "-c", line).returncode, 0, line)
    for line in settings:
        text = text.replace(f"    #     {line}", f"    {line.replace('127.0.0.1:7390', '127.0.0.1:0')}")
    bench.write("bentospool.conf", text)
    daemon = Daemon(bench, bench.path("bentospool.conf"), {"BENTOSPOOL_LISTEN": "127.0.0.1:0"}, listeners=2)
    with open(bench.path("act_token"), encoding="ascii") as file:
        act(Person(daemon, file.read().strip(), "Anna"), {"verb": "flush"})


spooltest.main()
