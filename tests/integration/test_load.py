"""spool-load: its counts are what happened. Prints TAP; uses the standard library only."""
import json
import os
import socket
import struct
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_sim import equal, run, work  # noqa: E402

BINARY = os.path.join(os.environ.get("top_builddir", "."), "spool-load")


class Server(threading.Thread):
    """A server that answers by a function of the request's number, and records the ids that it
    answered."""

    def __init__(self, answer, path=None):
        super().__init__(daemon=True)
        self.answer = answer
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.listener.listen(8)
        else:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        self.bodies = []
        self.heads = []
        self.answers = {}
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
            head, data = data.split(b"\r\n\r\n", 1)
            n = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            while len(data) < n:
                data += connection.recv(65536)
            body, data = json.loads(data[:n]), data[n:]
            with self.lock:
                status = self.answer(len(self.bodies))
                self.bodies.append(body)
                self.heads.append(head.decode())
                self.answers.setdefault(status, []).extend(
                    event["messageId"] for event in body.get("batch", [body]))
            if status == 0:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                return
            close = b"Connection: close\r\n" if status == 503 else b""
            connection.sendall(b"HTTP/1.1 %d X\r\n%sContent-Length: 3\r\n\r\nabc" % (status, close))
            if status == 503:
                connection.close()
                return


def load(*args, code=0):
    done = subprocess.run([BINARY, "--json", *args], capture_output=True, text=True, timeout=60,
                          check=False)
    equal(done.returncode, code)
    return json.loads(done.stdout) if code != 2 else done.stderr


def acked_ids(name):
    with open(os.path.join(work, name), encoding="ascii") as file:
        return file.read().splitlines()


def events_are_sent_once_and_counted_by_their_answers():
    server = Server(lambda n: (200, 503, 200, 0, 400)[n % 5])
    result = load("--url", server.url, "--connections", "4", "--events", "100", "--write-key", "k",
                  "--acked", os.path.join(work, "acked"))
    equal(result["status"], {"200": 40, "400": 20, "503": 20})
    equal((result["no_answer"], result["sent_events"], result["acked_events"]), (20, 100, 40))
    equal(sorted(acked_ids("acked")), sorted(server.answers[200]))
    equal(len({body["messageId"] for body in server.bodies}), 100)
    equal({len(json.dumps(body, separators=(",", ":"))) > 1000 for body in server.bodies}, {True})
    assert all(head.startswith("POST /v1/track HTTP/1.1\r\n") and "Basic azo=" in head
               for head in server.heads)


def batches_end_with_what_is_left():
    path = os.path.join(work, "socket")
    server = Server(lambda n: 200, path)
    result = load("--unix", path, "--batch", "30", "--events", "100", "--ids", "random",
                  "--acked", os.path.join(work, "batches"))
    equal([len(body["batch"]) for body in server.bodies], [30, 30, 30, 10])
    equal((result["status"], result["acked_events"]), ({"200": 4}, 100))
    equal(acked_ids("batches"), server.answers[200])
    assert all(head.startswith("POST /v1/batch HTTP/1.1\r\n") for head in server.heads)


def rate_and_duration_hold():
    server = Server(lambda n: 200)
    result = load("--url", server.url, "--connections", "2", "--duration", "1", "--rate", "100")
    assert 50 <= result["sent_events"] <= 101, result
    result = load("--url", server.url, "--events", "21", "--rate", "40")
    assert result["seconds"] >= 0.5, result


def a_server_that_is_not_there_ends_the_patience():
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    result = load("--url", url, "--patience", "0.3", code=1)
    equal(result["sent_events"], 0)
    assert result["connect_failed"] >= 2, result


def options_that_cannot_be_are_refused():
    for args, words in (
            ([], "one of --url and --unix"), (["--url", "ftp://x:1"], "not http[s]://HOST:PORT"),
            (["--url", "http://x"], "not http"), (["--unix", "x", "--size", "511"], "512 to"),
            (["--unix", "x", "--connections", "0"], "1 to 4096"), (["x"], "unexpected argument"),
            (["--unix", "x", "--ids", "odd"], "ordered nor random"),
            (["--unix", "x", "--rate", "0"], "positive"),
            (["--unix", "x", "--batch", "100000"], "more than 67108864")):
        error = load(*args, code=2)
        assert words in error, error


if __name__ == "__main__":
    run([events_are_sent_once_and_counted_by_their_answers, batches_end_with_what_is_left,
         rate_and_duration_hold, a_server_that_is_not_there_ends_the_patience,
         options_that_cannot_be_are_refused])
