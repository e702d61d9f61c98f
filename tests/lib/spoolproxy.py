"""A proxy between a client and the daemon. It records each request, and sends the first ones to
another daemon, which refuses them. Answers are passed on unchanged, except for the wait that they
ask for."""
import http.client
import http.server
import threading

from spoolhttp import DEADLINE

DROPPED = ("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server")


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.pass_on(self.body())

    def do_OPTIONS(self):
        self.pass_on(None)

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def pass_on(self, body):
        url = self.server.proxy.choose(self.command, self.path)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in DROPPED}
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=DEADLINE)
        try:
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            got = [(name, value) for name, value in answer.getheaders()
                   if name.lower() not in DROPPED]
        finally:
            connection.close()
        self.server.proxy.note(self.command, self.path, self.headers, answer.status)
        self.send_response(answer.status)
        for name, value in got:
            self.send_header(name, "1" if name.lower() == "retry-after" else value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Proxy:
    """Proxy(url, refusing, times): the first `times` posts of events go to the daemon at
    `refusing`."""

    def __init__(self, url, refusing=None, times=0):
        self.url = url
        self.refusing = refusing
        self.times = times
        self.lock = threading.Lock()
        self.requests = []  # one (method, path, headers in lower case, status) for each request
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.proxy = self
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def address(self):
        return f"127.0.0.1:{self.server.server_address[1]}"

    def choose(self, method, path):
        with self.lock:
            if method != "POST" or path.endswith("/m") or self.times == 0:
                return self.url
            self.times -= 1
            return self.refusing

    def note(self, method, path, headers, status):
        with self.lock:
            lower = {name.lower(): value for name, value in headers.items()}
            self.requests.append((method, path, lower, status))
