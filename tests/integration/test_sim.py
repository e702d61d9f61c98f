"""The simulated Bento: its rules and options. Prints TAP; uses the standard library only."""
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

BINARY = os.path.join(os.environ.get("top_builddir", "."), "bentospool-sim")
DEADLINE = 10
EVENTS = "/api/v1/batch/events"
work = tempfile.mkdtemp()


class Reset(Exception):
    """Raised when the connection was reset."""


class Connection:
    """A client that shows what a library hides: resets, truncated answers and 1xx answers."""

    def __init__(self, url):
        host, port = url[len("http://"):].rsplit(":", 1)
        self.sock = socket.create_connection((host, int(port)), DEADLINE)
        self.data = b""

    def send(self, data):
        self.sock.sendall(data)

    def fill(self):
        try:
            more = self.sock.recv(65536)
        except ConnectionResetError as error:
            raise Reset from error
        self.data += more
        return bool(more)

    def head(self):
        while b"\r\n\r\n" not in self.data:
            if not self.fill():
                return None
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        return int(lines[0].split()[1]), headers

    def answer(self):
        """Returns (status, headers, body); None when the connection ends cleanly before an
        answer."""
        head = self.head()
        if head is None:
            return None
        n = int(head[1].get("content-length", 0))
        while len(self.data) < n:
            if not self.fill():
                return head[0], head[1], None
        body, self.data = self.data[:n], self.data[n:]
        return head[0], head[1], body.decode()

    def rest(self):
        while self.fill():
            pass
        return self.data

    def close(self):
        self.sock.close()


def request_bytes(body, method="POST", path=EVENTS, query="?site_uuid=site-1", **headers):
    said = {"Host": "bento", "User-Agent": "test/1", "Content-Type": "application/json",
            "Authorization": "Basic " + base64.b64encode(b"pub:secret").decode(),
            "Content-Length": str(len(body))}
    said.update((name.replace("_", "-"), value) for name, value in headers.items())
    lines = [f"{method} {path}{query} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in said.items() if value is not None]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Sim:
    def __init__(self, *args):
        self.dir = tempfile.mkdtemp(dir=work)
        self.process = subprocess.Popen(
            [BINARY, "--listen", "127.0.0.1:0", "--record", self.path("record"),
             "--requests", self.path("requests"), *args], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        self.url = line.split()[2]
        if "--control" in args:
            self.control = self.process.stdout.readline().split()[2]

    def path(self, name):
        return os.path.join(self.dir, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(DEADLINE)
        self.process.stdout.close()
        assert code == 0, f"exit {code}"

    def raw(self, data, url=None):
        connection = Connection(url or self.url)
        try:
            connection.send(data)
            return connection.answer()
        finally:
            connection.close()

    def post(self, body, **kwargs):
        if not isinstance(body, (str, bytes)):
            body = json.dumps({"events": body})
        if isinstance(body, str):
            body = body.encode()
        return self.raw(request_bytes(body, **kwargs))

    def counts(self, body, **kwargs):
        """Posts events; returns (status, results, failed)."""
        status, _, text = self.post(body, **kwargs)
        answer = json.loads(text)
        return status, answer.get("results"), answer.get("failed")

    def lines(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().splitlines()

    def events(self):
        return [json.loads(line)["event"] for line in self.lines("record")]

    def requests(self):
        return [json.loads(line) for line in self.lines("requests")]

    def steer(self, method, path="/_sim/faults", body=b"", url=None):
        status, _, text = self.raw(request_bytes(body, method, path, ""), url)
        return status, json.loads(text)

    def faults(self, *specs):
        status, answer = self.steer("PUT", body=json.dumps(specs).encode())
        equal((status, answer), (200, list(specs)))


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def wait_until(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "the deadline has passed"
        time.sleep(0.01)


def event(n=0, **more):
    return {"type": "Order Completed", "email": f"user{n}@example.com", **more}


def keyed(key, **more):
    return event(details={"unique": {"key": key}}, **more)


# ---- who may ask ---------------------------------------------------------------------------


def keys_are_checked():
    def basic(text):
        return "Basic " + base64.b64encode(text).decode()
    with Sim() as sim:
        for wrong in (None, basic(b"pub:"), basic(b":secret"), basic(b"pub"), "Bearer x",
                      "Basic %%%"):
            status, headers, text = sim.post([event()], Authorization=wrong)
            equal((status, headers["content-type"]), (401, "application/json"))
            assert json.loads(text)["error"]
        equal(sim.counts([event()], Authorization=basic(b"any:thing")), (200, 1, 0))
    with Sim("--key", "p:s:s", "--denied", "text") as sim:
        equal(sim.counts([event()], Authorization=basic(b"p:s:s")), (200, 1, 0))
        status, _, text = sim.post([event()], Authorization=basic(b"p:s"))
        equal((status, text), (401, "HTTP Basic: Access denied.\n"))


def user_agent_is_needed():
    with Sim() as sim:
        for agent in (None, ""):
            status, headers, text = sim.post([event()], User_Agent=agent)
            equal((status, headers["content-type"]), (403, "text/html; charset=utf-8"))
            assert text.startswith("<!DOCTYPE html>"), text
        equal(sim.lines("record"), [])


def site_is_needed_in_query_or_body():
    with Sim() as sim:
        for query in ("", "?site_uuid=", "?other=1"):
            equal(sim.post([event()], query=query)[0], 401)
        body = json.dumps({"site_uuid": "in body", "events": [event()]})
        equal(sim.counts(body, query=""), (200, 1, 0))
        equal(sim.counts([event()], query="?a=b&site_uuid=%61%2Fb+c"), (200, 1, 0))
        equal([json.loads(line)["site_uuid"] for line in sim.lines("record")],
              ["in body", "a/b c"])
    with Sim("--site-uuid", "site-1") as sim:
        equal(sim.post([event()])[0], 200)
        equal(sim.post([event()], query="?site_uuid=site-2")[0], 401)


def unknown_paths_are_404_and_tags_can_be_read():
    with Sim() as sim:
        equal(sim.post([event()], path="/api/v1/batch/event")[0], 404)
        equal(sim.post([event()], method="GET")[0], 404)
        status, _, text = sim.post("", method="GET", path="/api/v1/fetch/tags")
        assert status == 200 and json.loads(text)["data"], text
        equal(sim.post("", method="GET", path="/api/v1/fetch/tags", query="")[0], 401)
        equal(sim.post("", method="GET", path="/api/v1/fetch/tags", Authorization=None)[0], 401)


def tls_is_refused_at_once():
    with Sim() as sim:
        status, _, text = sim.raw(bytes.fromhex("160301"))
        equal(status, 400)
        assert "begin the URL with http://" in text, text


# ---- shapes --------------------------------------------------------------------------------


def bodies_that_are_no_batch_are_refused():
    with Sim() as sim:
        for body in ("", "[]", "{", '{"events":[}', '{"events":1}', "{}", '{"events":[]}x',
                     '{"events":[{"type":"a","email":"a@b.co","details":{"x":01}}]}'):
            equal(sim.post(body)[0], 400)
        equal(sim.post('{"events":[]}')[0], 422)
        equal(sim.post([event()], Content_Type="text/plain")[0], 400)
        equal(sim.post([event()], Content_Encoding="gzip")[0], 415)
        equal(sim.lines("record"), [])


BROKEN = [
    ("base", 7), ("type", {"email": "a@b.co"}), ("type", event(type="")),
    ("type", event(type=5)), ("type", event(type=None)), ("email", {"type": "a"}),
    ("email", event(email=None)), ("email", event(email="")), ("email", event(email=["a@b.co"])),
    ("email", event(email="nobody")), ("email", event(email="a@b")),
    ("email", event(email="@b.co")), ("email", event(email="a b@c.co")),
    ("email", event(email="a@b@c.co")), ("fields", event(fields=[])),
    ("fields", event(fields={"a": {"b": 1}})), ("fields", event(fields={"a": [1]})),
    ("details", event(details="x")), ("details", event(details=[])),
    ("details.unique.key", event(details={"unique": {"key": True}})),
    ("date", event(date=5)), ("date", event(date="yesterday")),
]
FINE = [
    event(), event(fields={"a": 1, "b": None, "c": "x"}), event(details={"a": {"b": [1]}}),
    event(date="2026-08-01T12:34:56Z"), event(date="2026-08-01T12:34:56.123+02:00"),
    event(other={"ignored": True}), keyed(5), event(details={"unique": "no object"}),
]


def each_rule_counts_as_failed_or_refuses_the_batch():
    with Sim() as sim, Sim("--invalid", "422") as strict:
        for field, broken in BROKEN:
            equal(sim.counts([broken]), (200, 0, 1))
            equal(sim.counts([event(1), broken, event(2)]), (200, 2, 1))
            status, _, text = strict.post([event(), broken])
            equal((status, json.loads(text)["errors"][0]["field"]), (422, field))
        equal(len(sim.events()), 2 * len(BROKEN))
        equal(strict.lines("record"), [])
        equal(strict.counts(FINE), (200, len(FINE), 0))


def of_repeated_keys_the_last_one_counts():
    with Sim() as sim:
        equal(sim.counts('{"events":[{"type":"a","email":"a@b.co"}],"events":[{"type":"a","email":"x","email":"a@b.co"}]}'),
              (200, 1, 0))
        equal(sim.counts('{"events":[{"type":"a","email":"a@b.co","fields":{"a":[]},'
                         '"fields":{}}]}'), (200, 1, 0))


def a_purchase_of_the_wrong_shape_is_dropped_in_silence():
    def purchase(value):
        return event(type="$purchase", details={"value": value})
    right = {"currency": "USD", "amount": 1999}
    with Sim() as sim:
        for value in (19.99, "19.99", {"currency": "USD"}, {"amount": 1999, "currency": 5},
                      {"currency": "USD", "amount": 19.99}, {"currency": "USD", "amount": "1"}):
            equal(sim.counts([purchase(value)]), (200, 1, 0))
        equal(sim.counts([event(type="$purchase")]), (200, 1, 0))
        equal(sim.lines("record"), [])
        equal(sim.counts([purchase(right)]), (200, 1, 0))
        equal(sim.events(), [purchase(right)])
        equal(sim.steer("GET", "/_sim/stats")[1]["dropped"], 7)


def subscribers_are_taken_by_their_own_rules():
    path = "/api/v1/batch/subscribers"
    with Sim() as sim:
        people = [{"email": "a@b.co", "tags": "x,y"}, {"email": "bad"}, {"first_name": "A"},
                  {"email": "c@d.co", "deep": {}}]
        equal(sim.counts(json.dumps({"subscribers": people}), path=path), (200, 1, 3))
        equal(json.loads(sim.lines("record")[0]),
              {"request": 1, "site_uuid": "site-1", "subscriber": people[0]})
        equal(sim.post([event()], path=path)[0], 400)


def commands_are_taken_by_their_own_rules():
    path = "/api/v1/fetch/commands"
    with Sim() as sim:
        good = {"command": "change_email", "email": "a@b.co", "query": "c@d.co"}
        tag = {"command": "add_tag", "email": "a@b.co", "query": "x"}
        bad = [{**good, "query": "c"}, {**good, "query": None}, {"command": "change_email"},
               {**good, "email": 1}, {**good, "command": "explode"}, {**tag, "command": 1}, 7]
        equal(sim.counts(json.dumps({"command": [good, *bad]}), path=path), (200, 1, len(bad)))
        equal(json.loads(sim.lines("record")[0]),
              {"request": 1, "site_uuid": "site-1", "command": good})
        equal(sim.counts(json.dumps({"command": tag}), path=path), (200, 1, 0))
        equal(json.loads(sim.lines("record")[1])["command"], tag)
        equal(sim.post(json.dumps({"command": []}), path=path)[0], 422)
        equal(sim.post([event()], path=path)[2], '{"error":"command is missing"}')
        equal(sim.post(json.dumps({"command": good}), path=path, query="")[0], 401)
        equal(sim.post(json.dumps({"command": good}), path=path, Authorization=None)[0], 401)
        sim.faults("refuse=add_*")
        equal(sim.counts(json.dumps({"command": [tag, good]}), path=path), (200, 1, 1))


def the_batch_limit_has_switches():
    def batch(n):
        return [event(i) for i in range(n)]
    with Sim() as sim:
        equal(sim.counts(batch(1000)), (200, 1000, 0))
        equal(sim.post(batch(1001))[0], 413)
    for how, want in (("400", 400), ("422", 422)):
        with Sim("--max-events", "3", "--over-limit", how) as sim:
            equal(sim.counts(batch(3)), (200, 3, 0))
            equal(sim.post(batch(4))[0], want)
    with Sim("--max-events", "3", "--over-limit", "accept", "--ok", "201") as sim:
        equal(sim.counts(batch(4)), (201, 4, 0))
    with Sim("--max-events", "3", "--over-limit", "first") as sim:
        equal(sim.counts(batch(5)), (200, 3, 2))
        equal([e["email"][4] for e in sim.events()], ["0", "1", "2"])


# ---- duplicates ----------------------------------------------------------------------------


def a_repeated_key_is_suppressed():
    with Sim() as sim:
        equal(sim.counts([keyed("k"), keyed("k"), keyed("l")]), (200, 3, 0))
        equal(sim.counts('{"events":[{"type":"a","email":"a@b.co","details":{"unique":'
                         '{"key":"\\u006b"}}}]}'), (200, 1, 0))
        equal(sim.counts([keyed("k", type="other")]), (200, 1, 0))
        equal(len(sim.events()), 2)
        equal(sim.counts([keyed("k")], query="?site_uuid=site-2"), (200, 1, 0))
        equal(len(sim.events()), 3)
        equal(sim.steer("GET", "/_sim/stats")[1]["suppressed"], 3)
        equal([line["suppressed"] for line in sim.requests()], [1, 1, 1, 0])


def suppression_has_switches():
    with Sim("--suppressed", "failed", "--record-suppressed") as sim:
        equal(sim.counts([keyed(1), keyed(1)]), (200, 1, 1))
        marks = [json.loads(line).get("suppressed") for line in sim.lines("record")]
        equal(marks, [None, True])
    with Sim("--remember", "0") as sim:
        equal(sim.counts([keyed(1), keyed(1)]), (200, 2, 0))
        equal(len(sim.events()), 2)
    with Sim("--unique-scope", "type") as sim:
        sim.counts([keyed(1), keyed(1), keyed(1, type="other")])
        equal(len(sim.events()), 2)
    with Sim("--remember", "4") as sim:  # it remembers 2 to 4 keys
        sim.counts([keyed(i) for i in range(6)])
        sim.counts([keyed(5), keyed(4), keyed(0)])
        equal(len(sim.events()), 7)


# ---- files ---------------------------------------------------------------------------------


def events_are_recorded_byte_for_byte():
    text = ('{ "email":"a@b.co","type":"caf\\u00e9 \u00e9","details":{"b":1.10,"a":'
            '1491926160718000000,"c":-0.0e+10,"a":[ ],"d":"\\/\\ud83d\\ude00"} }')
    with Sim() as sim:
        equal(sim.counts('{"events":[ ' + text + ' ]}'), (200, 1, 0))
        equal(sim.counts('{"events":[{"type":"a",\r\n"email":"a@b.co"}]}'), (200, 1, 0))
        equal(sim.lines("record"), [
            '{"request":1,"site_uuid":"site-1","event":' + text + "}",
            '{"request":2,"site_uuid":"site-1","event":{"type":"a",  "email":"a@b.co"}}'])


def requests_are_recorded():
    with Sim() as sim:
        body = json.dumps({"events": [event(), 5]})
        sim.post(body)
        sim.post("x", Authorization=None)
        sim.steer("GET", "/_sim/stats")
        first, second = sim.requests()
        assert first.pop("time").endswith("Z")
        equal(first, {
            "request": 1, "method": "POST", "path": EVENTS, "status": 200,
            "authorization": "Basic cHViOnNlY3JldA==", "user_agent": "test/1", "events": 2,
            "results": 1, "failed": 1, "suppressed": 0, "bytes": len(body), "fault": ""})
        equal((second["request"], second["status"], second["authorization"]), (2, 401, ""))


# ---- the rate limit ------------------------------------------------------------------------


def the_limit_counts_and_passes():
    with Sim("--limit", "3", "--limit-window", "1.5", "--limit-retry-after") as sim:
        begin = time.monotonic()
        statuses = [sim.post([event()])[0] for _ in range(3)]
        status, headers, _ = sim.post([event()])
        if time.monotonic() - begin < 1.4:  # otherwise the machine was too slow for this check
            equal((statuses, status), ([200] * 3, 429))
            assert headers["retry-after"] in ("1", "2"), headers
        wait_until(lambda: sim.post([event()])[0] == 200)
        assert time.monotonic() - begin >= 1.49, "it passed before the window"
    with Sim("--limit", "1", "--limit-window", "0.3", "--limit-penalty", "600") as sim:
        wait_until(lambda: sim.post([event()])[0] == 429)
        assert "retry-after" not in sim.post([event()])[1]
        end = time.monotonic() + 0.4  # the window has room again, but the penalty is not over
        while time.monotonic() < end:
            equal(sim.post([event()])[0], 429)


def run(tests):
    failed = 0
    print(f"1..{len(tests)}")
    for n, test in enumerate(tests, 1):
        try:
            test()
            print(f"ok {n} - {test.__name__.replace('_', ' ')}", flush=True)
        except Exception:  # a test may fail in any way
            failed += 1
            print(f"not ok {n} - {test.__name__.replace('_', ' ')}", flush=True)
            for line in traceback.format_exc().splitlines():
                print("#", line)
    shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    run([
        keys_are_checked, user_agent_is_needed, site_is_needed_in_query_or_body,
        unknown_paths_are_404_and_tags_can_be_read, tls_is_refused_at_once,
        bodies_that_are_no_batch_are_refused,
        each_rule_counts_as_failed_or_refuses_the_batch, of_repeated_keys_the_last_one_counts,
        a_purchase_of_the_wrong_shape_is_dropped_in_silence,
        subscribers_are_taken_by_their_own_rules,
        commands_are_taken_by_their_own_rules, the_batch_limit_has_switches,
        a_repeated_key_is_suppressed, suppression_has_switches,
        events_are_recorded_byte_for_byte, requests_are_recorded, the_limit_counts_and_passes,
    ])
