"""HTTP clients for the integration tests: one on the standard library, and one on a raw socket for
requests that no library sends."""
import base64
import http.client
import json
import re
import socket

DEADLINE = 60.0  # seconds to wait for a condition; long enough for a slow machine with sanitizers
WRITE_KEY = "test-write-key"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def connect(url):
    """Returns a socket connected to "http://host:port" or "unix:/path"."""
    if url.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(DEADLINE)
        sock.connect(url[len("unix:"):])
        return sock
    host, port = url.removeprefix("http://").rstrip("/").rsplit(":", 1)
    return socket.create_connection((host.strip("[]"), int(port)), DEADLINE)


def http_request(url, method, path, body=None, headers=None):
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    if url.startswith("unix:"):
        connection = _UnixConnection(url[len("unix:"):], DEADLINE)
    else:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=DEADLINE)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        got = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, got, answer.read().decode()
    finally:
        connection.close()


class Raw:
    """A connection that sends bytes that no HTTP library would send."""

    def __init__(self, url):
        self.sock = connect(url)
        self.held = b""

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)
        return self

    def try_send(self, data):
        """Sends to a server that may have closed; returns whether everything was sent."""
        try:
            self.send(data)
        except OSError:
            return False
        return True

    def _fill(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            data = b""
        self.held += data
        return bool(data)

    def answer(self):
        """Returns the next answer: status, and JSON or text of its body; (0, "") when none came.
        """
        while b"\r\n\r\n" not in self.held:
            if not self._fill():
                return 0, ""
        head, self.held = self.held.split(b"\r\n\r\n", 1)
        length = re.search(rb"(?i)\r\ncontent-length:\s*(\d+)", head)
        length = int(length.group(1)) if length else 0
        while len(self.held) < length and self._fill():
            pass
        body, self.held = self.held[:length].decode(), self.held[length:]
        status = int(head.split(b" ", 2)[1])
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body

    def is_closed(self):
        """Waits until the server closes; returns true when the server sent nothing more."""
        while self._fill():
            pass
        return not self.held

    def close(self):
        self.sock.close()


def basic(key=WRITE_KEY):
    return "Authorization: Basic " + base64.b64encode(f"{key}:".encode()).decode() + "\r\n"


def post_bytes(body, path="/v1/track", headers="", key=WRITE_KEY):
    """Returns a complete request with Content-Length, as bytes."""
    body = body.encode() if isinstance(body, str) else body
    head = (f"POST {path} HTTP/1.1\r\nHost: spool\r\n{basic(key)}"
            f"Content-Length: {len(body)}\r\n{headers}\r\n")
    return head.encode() + body
