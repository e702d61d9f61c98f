"""The simulated Bento: every fault, the control of faults, and HTTP. Prints TAP."""
import json
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_sim import (  # noqa: E402
    BINARY, DEADLINE, EVENTS, Connection, Reset, Sim, equal, event, keyed, request_bytes, run,
    wait_until)

BATCH = json.dumps({"events": [event(n) for n in range(4)]}).encode()


def statuses(sim, n):
    return [sim.post([event()])[0] for _ in range(n)]


def resets(sim, data):
    """Returns whether the connection is reset before any byte of an answer."""
    try:
        connection = Connection(sim.url)
    except ConnectionResetError:
        return True
    try:
        connection.send(data)
        got = connection.rest()
        raise AssertionError(f"no reset, but {got!r}")
    except (Reset, BrokenPipeError):
        return not connection.data
    finally:
        connection.close()


# ---- what ----------------------------------------------------------------------------------


def status_answers_and_takes_nothing():
    with Sim("--fault", "status=503,retry-after=7,count=2") as sim:
        status, headers, text = sim.post([event()])
        equal((status, headers["retry-after"]), (503, "7"))
        equal(json.loads(text), {"error": "Service Unavailable"})
        equal(statuses(sim, 2), [503, 200])
        equal(len(sim.events()), 1)
        equal([line["fault"] for line in sim.requests()],
              ["status=503,retry-after=7,count=2"] * 2 + [""])
        equal([line["status"] for line in sim.requests()], [503, 503, 200])


def accept_takes_the_events_all_the_same():
    with Sim("--fault", "status=502,html,accept") as sim:
        status, headers, text = sim.post([event()])
        equal((status, headers["content-type"][:9]), (502, "text/html"))
        assert "<title>Bad Gateway" in text, text
        equal(sim.events(), [event()])
        sim.faults("status=201,accept")
        equal(sim.counts([event()]), (201, 1, 0))


def headers_can_be_added():
    with Sim("--fault", "status=302,location=http://portal.example/x") as sim:
        status, headers, _ = sim.post([event()])
        equal((status, headers["location"]), (302, "http://portal.example/x"))
        sim.faults("status=429,retry-after-date=3600")
        status, headers, _ = sim.post([event()])
        equal((status, headers["retry-after"][-4:]), (429, " gmt"))
        moment = time.strptime(headers["retry-after"], "%a, %d %b %Y %H:%M:%S gmt")
        ahead = time.mktime(moment) - time.mktime(time.gmtime())
        assert 3590 < ahead < 3605, ahead


def bodies_have_shapes():
    with Sim() as sim:
        for shape, want in (
                ("error", '{"error":"Bad Request"}'), ("message", '{"message":"Bad Request"}'),
                ("errors", '{"errors":[{"field":"base","message":"Bad Request"}]}'),
                ("text", "Bad Request\n"), ("empty", ""),
                ("author", '{"error":"Author not authorized to send on this account"}')):
            sim.faults(f"status=400,body={shape}")
            equal(sim.post([event()])[2], want)
        equal(sim.lines("record"), [])
        sim.faults("body=results")
        equal(sim.post([event()])[2], '{"results":1}')
        sim.faults("html")
        equal(sim.post([event()])[0], 200)
        equal(len(sim.events()), 2)


def resets_come_where_they_are_told():
    with Sim() as sim:
        head_only = request_bytes(BATCH)[:-len(BATCH)]
        sim.faults("reset=before-body")
        assert resets(sim, head_only)
        assert resets(sim, request_bytes(BATCH))
        sim.faults("reset=after-body")
        assert resets(sim, request_bytes(BATCH))
        equal(sim.lines("record"), [])
        sim.faults("reset=after-accept,delay=30")
        assert resets(sim, request_bytes(BATCH))
        equal(len(sim.events()), 4)
        sim.faults()
        equal(sim.counts(BATCH), (200, 4, 0))
        equal([line["status"] for line in sim.requests()], [0, 0, 0, 0, 200])


def after_body_waits_for_the_body():
    with Sim("--fault", "reset=after-body") as sim:
        connection = Connection(sim.url)
        data = request_bytes(BATCH)
        connection.send(data[:-1])
        sim.steer("GET", "/_sim/stats")  # the sim has handled the connection and keeps it open
        connection.sock.setblocking(False)
        try:
            raise AssertionError(connection.sock.recv(1))
        except BlockingIOError:
            pass
        connection.sock.settimeout(DEADLINE)
        connection.send(data[-1:])
        try:
            raise AssertionError(connection.rest())
        except Reset:
            connection.close()


def answers_are_cut():
    with Sim() as sim:
        whole = Connection(sim.url)
        whole.send(request_bytes(BATCH, Connection="close"))
        n = len(whole.rest().replace(b"Connection: close\r\n", b""))
        whole.close()
        for cut in (0, 20, n - 1):
            sim.faults(f"truncate={cut}")
            connection = Connection(sim.url)
            connection.send(request_bytes(BATCH))
            equal(len(connection.rest()), cut)
            connection.close()
        equal(len(sim.events()), 16)
        equal([line["status"] for line in sim.requests()], [200, 0, 200, 200])


def close_ends_the_connection_without_saying_so():
    with Sim("--fault", "close,count=1") as sim:
        connection = Connection(sim.url)
        connection.send(request_bytes(BATCH))
        status, headers, _ = connection.answer()
        equal((status, "connection" in headers), (200, False))
        equal(connection.answer(), None)
        connection.close()


def delay_makes_the_answer_wait():
    with Sim("--fault", "delay=300,count=1") as sim:
        begin = time.monotonic()
        connection = Connection(sim.url)
        connection.send(request_bytes(BATCH) + request_bytes(BATCH))  # a second request, pipelined behind the first
        wait_until(lambda: len(sim.lines("record")) == 4)
        equal(connection.answer()[0], 200)
        assert time.monotonic() - begin >= 0.29
        equal(connection.answer()[0], 200)
        connection.close()


def partial_fails_the_last_ones():
    with Sim("--fault", "partial=3") as sim:
        equal(sim.counts(BATCH), (200, 1, 3))
        equal(sim.events(), [event(0)])
        equal(sim.counts([event(), event()]), (200, 0, 2))
        # failed keys do not count as seen
        equal(sim.counts([event(), keyed("k"), event(), event()]), (200, 1, 3))
        sim.faults()
        equal(sim.counts([keyed("k")]), (200, 1, 0))
        equal(len(sim.events()), 3)


def events_that_match_are_refused():
    with Sim("--fault", "refuse=user[12]@*") as sim:  # brackets have no special meaning
        equal(sim.counts(BATCH), (200, 4, 0))
        sim.faults("refuse=*1@example.???", "refuse=Bad*,mode=failed")
        equal(sim.counts([event(1), event(11), event(2), event(3, type="Bad Thing")]), (200, 1, 3))
        sim.faults("refuse=user2@*,mode=batch")
        status, _, text = sim.post(BATCH)
        equal((status, text), (422, '{"errors":[{"field":"email","message":"is refused"}]}'))
        equal(sim.counts([event(3)]), (200, 1, 0))
        equal(len(sim.events()), 6)


def a_batch_is_refused_with_another_status_only_where_an_event_matches():
    with Sim("--fault", "refuse=user2@*,mode=batch,status=500", "--fault",
             "refuse=user3@*,mode=batch") as sim:
        for batch, status in (([event(1)], 200), ([event(1), event(2)], 500), ([event(2)], 500),
                              ([event(3)], 422), ([event(1)], 200)):
            equal(sim.post(batch)[0], status)
        equal(len(sim.events()), 2)
        sim.faults("refuse=user2@*,mode=batch,status=500", "status=503")
        equal((sim.post([event(1)])[0], sim.post([event(2)])[0]), (503, 503))


def several_faults_act_together():
    specs = ["refuse=user0@*", "status=503,every=3", "status=500,every=2", "retry-after=4"]
    with Sim() as sim:
        sim.faults(*specs)
        equal(sim.counts(BATCH), (200, 3, 1))
        equal(statuses(sim, 5), [500, 503, 500, 200, 503])
        equal(sim.post(BATCH)[1]["retry-after"], "4")


# ---- when ----------------------------------------------------------------------------------


def faults_are_counted():
    with Sim("--fault", "status=500,after=2,every=2,count=2") as sim:
        equal(statuses(sim, 9), [200, 200, 200, 500, 200, 500, 200, 200, 200])
    with Sim("--fault", "status=500,path=*/tags") as sim:
        equal(statuses(sim, 1), [200])
        equal(sim.post("", method="GET", path="/api/v1/fetch/tags")[0], 500)


def chance_follows_the_seed():
    def draw():
        with Sim("--seed", "7", "--fault", "status=500,chance=40") as sim:
            return statuses(sim, 100)
    first = draw()
    equal(draw(), first)
    assert 20 <= first.count(500) <= 60, first.count(500)
    with Sim("--fault", "status=500,chance=0", "--fault", "status=503,chance=100") as sim:
        equal(statuses(sim, 20), [503] * 20)


def windows_open_and_close():
    begin = time.monotonic()
    with Sim("--fault", "status=503,from=0.5,to=1") as sim:
        got = statuses(sim, 1)
        if time.monotonic() - begin < 0.5:  # otherwise the machine was too slow for this check
            equal(got, [200])
        wait_until(lambda: statuses(sim, 1) == [503])
        wait_until(lambda: statuses(sim, 1) == [200])


def an_outage_refuses_connections():
    def is_refused(sim):
        try:
            Connection(sim.url).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            pass  # the connection was still queued at the listener that has just closed
        return False
    with Sim("--control", "127.0.0.1:0") as sim:
        idle = Connection(sim.url)
        idle.send(request_bytes(BATCH))
        equal(idle.answer()[0], 200)
        steering = Connection(sim.control)
        steering.send(request_bytes(b"down", "PUT", "/_sim/faults", ""))
        equal(steering.answer()[0], 200)
        wait_until(lambda: is_refused(sim))
        try:
            raise AssertionError(idle.rest())
        except Reset:
            idle.close()
        steering.send(request_bytes(b"", "GET", "/_sim/faults", ""))
        equal(steering.answer()[2], '["down"]')
        steering.close()
        equal(sim.steer("DELETE", url=sim.control), (200, []))
        wait_until(lambda: not is_refused(sim))
        equal(sim.counts(BATCH), (200, 4, 0))
        sim.faults("down,from=0,to=0.3")
        wait_until(lambda: is_refused(sim))
        wait_until(lambda: not is_refused(sim))


def connections_are_reset_at_once():
    with Sim("--control", "127.0.0.1:0", "--fault", "reset=connect,after=1,count=2") as sim:
        equal(statuses(sim, 1), [200])
        for _ in range(2):
            assert resets(sim, b"")
        equal(statuses(sim, 1), [200])
        equal(len(sim.requests()), 2)


# ---- control of faults ---------------------------------------------------------------------


def faults_are_put_shown_and_cleared():
    with Sim("--fault", "status=500") as sim:
        equal(sim.steer("GET"), (200, ["status=500"]))
        equal(sim.steer("PUT", body=b"delay=1\n\nstatus=503,count=1\n"),
              (200, ["delay=1", "status=503,count=1"]))
        equal(statuses(sim, 2), [503, 200])
        for body in (b'["status=500",7]', b'["status=500"', b'["status=500","x"]', b"x"):
            status, answer = sim.steer("PUT", body=body)
            assert status == 400 and answer["error"], answer
        equal(sim.steer("GET")[1], ["delay=1", "status=503,count=1"])
        equal(sim.steer("DELETE"), (200, []))
        equal(sim.steer("PUT"), (200, []))
        equal(sim.steer("POST")[0], 405)
        equal(sim.steer("GET", "/_sim/x")[0], 404)
        sim.faults(*["status=500"] * 32)
        status, answer = sim.steer("PUT", body=b"close\n" * 33)
        equal((status, answer["error"]), (400, "more than 32 faults"))


def bad_specifications_are_named():
    for spec, words in (
            ("status=99", "a whole number from 200 to 599"), ("status=600", "200 to 599"),
            ("status", "status needs a value"), ("close=1", "close takes no value"),
            ("stauts=500", 'unknown word "stauts"; the words are: after every'),
            ("status=500,reset=later", "connect before-body after-body after-accept"),
            ("status=500,,html", 'unknown word ""'), ("body=xml", "the choices are: error"),
            ("count=3", "it says when, but not what"), ("accept,html", "accept needs status"),
            ("delay=1,mode=batch", "mode needs refuse"), ("down,count=1", "from and to only"),
            ("refuse=x,status=500", "status with refuse needs mode=batch"),
            ("refuse=x,mode=batch,status=500,accept", "refuse and accept exclude each other"),
            ("status=500,from=2,to=1", "from must be less"), ("delay=1e3", "delay=1e3"),
            ("chance=101,close", "from 0 to 100"), ("refuse=", "it is empty"),
            ("", "1 to 255 bytes"), ("refuse=" + "x" * 128, "longer than 127 bytes")):
        got = subprocess.run([BINARY, "--listen", "127.0.0.1:0", "--fault", spec],
                             capture_output=True, text=True, timeout=DEADLINE, check=False)
        equal(got.returncode, 2)
        assert words in got.stderr and len(got.stderr.splitlines()) == 1, got.stderr


def options_that_cannot_be_are_refused():
    for args, code, words in (
            (["--listen", "nowhere"], 1, "not ADDRESS:PORT"), (["--key", "a:"], 2, "PUBLISHABLE"),
            (["--invalid", "x"], 2, "failed 422"), (["x"], 2, "unexpected argument"),
            (["--limit-retry-after"], 2, "without --limit"), (["--max-events", "0"], 2, "1 to"),
            (["--record", "/nonexistent/x"], 1, "No such file"), (["--nothing"], 2, "--help")):
        got = subprocess.run([BINARY, *args], capture_output=True, text=True, timeout=DEADLINE,
                             check=False)
        equal(got.returncode, code)
        assert words in got.stderr, got.stderr
    with Sim() as sim:
        got = subprocess.run([BINARY, "--listen", sim.url[len("http://"):]], timeout=DEADLINE,
                             capture_output=True, text=True, check=False)
        equal((got.returncode, "Address already in use" in got.stderr), (1, True))
    got = subprocess.run([BINARY, "--help"], capture_output=True, text=True, timeout=DEADLINE,
                         check=True)
    assert "--fault SPEC" in got.stdout
    equal([line for line in got.stdout.splitlines() if len(line) > 80], [])


# ---- HTTP ----------------------------------------------------------------------------------


def bodies_are_read_in_any_pieces():
    with Sim("--max-body", str(len(BATCH))) as sim:
        connection = Connection(sim.url)
        data = request_bytes(BATCH)
        for i in range(0, len(data), 7):
            connection.send(data[i:i + 7])
        equal(connection.answer()[0], 200)
        connection.send(data * 5)
        equal([connection.answer()[0] for _ in range(5)], [200] * 5)
        connection.close()
        status, headers, _ = sim.post(BATCH + b" ")
        equal((status, headers["connection"]), (413, "close"))
        equal([sim.post(b"x" * 9000000)[0], sim.requests()[-1]["status"]], [413, 413])


def a_large_body_is_read():
    with Sim() as sim:
        body = json.dumps({"events": [event(details={"x": "y" * 30000000})]})
        equal(sim.counts(body), (200, 1, 0))
        equal(len(sim.events()[0]["details"]["x"]), 30000000)


def expect_is_answered():
    with Sim() as sim:
        connection = Connection(sim.url)
        data = request_bytes(BATCH, Expect="100-continue")
        connection.send(data[:-len(BATCH)])
        equal(connection.head()[0], 100)
        connection.send(BATCH)
        equal(connection.answer()[0], 200)
        connection.close()


def what_is_no_request_is_refused():
    with Sim() as sim:
        for data in (b"hello\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nx\r\n\r\n",
                     b"GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n", b"x" * 70000):
            equal(sim.raw(data)[0], 400)
        equal(sim.raw(request_bytes(BATCH, Transfer_Encoding="chunked"))[0], 411)


def signals_end_it():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Sim("--fault", "delay=60000") as sim:
            connection = Connection(sim.url)
            connection.send(request_bytes(BATCH))
            wait_until(lambda: len(sim.lines("record")) == 4)
            sim.process.send_signal(number)
            equal(sim.process.wait(DEADLINE), 0)
            connection.close()


if __name__ == "__main__":
    run([
        status_answers_and_takes_nothing, accept_takes_the_events_all_the_same,
        headers_can_be_added, bodies_have_shapes, resets_come_where_they_are_told,
        after_body_waits_for_the_body, answers_are_cut,
        close_ends_the_connection_without_saying_so, delay_makes_the_answer_wait,
        partial_fails_the_last_ones, events_that_match_are_refused,
        a_batch_is_refused_with_another_status_only_where_an_event_matches,
        several_faults_act_together, faults_are_counted, chance_follows_the_seed, windows_open_and_close,
        an_outage_refuses_connections, connections_are_reset_at_once,
        faults_are_put_shown_and_cleared, bad_specifications_are_named,
        options_that_cannot_be_are_refused, bodies_are_read_in_any_pieces, a_large_body_is_read,
        expect_is_answered, what_is_no_request_is_refused, signals_end_it,
    ])
