"""People and programs at the admin listener: token files, logins, and requests with a session."""
import json
import urllib.parse

from spoolhttp import http_request
from spooltest import Daemon, equal, track

READ_TOKEN = "read-0123456789abcdef-read"
ACT_TOKEN = "act-0123456789abcdef-act"
COOKIE = "bentospool_session"


def token_settings(bench, read=READ_TOKEN, act=ACT_TOKEN):
    """Writes the token files; returns the settings of the section admin that name them."""
    settings = {}
    for name, token in (("read_token", read), ("act_token", act)):
        if token is not None:
            settings[f"{name}_file"] = bench.write(name, token + "\n")
    return settings


def cookie_name(host):
    """The name of the cookie that a daemon at this host, perhaps with a port, sets."""
    _, colon, port = host.rpartition(":")
    return f"{COOKIE}_{port}" if colon and port.isdigit() else COOKIE


class Person:
    """Who uses the admin listener, as a browser does: with a cookie, an Origin and Sec-Fetch-Site."""

    def __init__(self, daemon, token=None, name=None, listener=1):
        self.url = daemon.url(listener)
        self.host = "localhost" if self.url.startswith("unix:") else urllib.parse.urlsplit(self.url).netloc
        self.cookie = None
        self.headers = {}
        if token is not None:
            self.log_in(token, name)

    def request(self, method, path, body=None, headers=None):
        """Returns status, headers and text; `headers` override what a browser sends, None leaves out."""
        sent = {"Sec-Fetch-Site": "same-origin", **self.headers}
        if self.cookie is not None:
            sent["Cookie"] = f"{cookie_name(self.host)}={self.cookie}"
        if method == "POST":
            sent |= {"Content-Type": "application/json", "Origin": f"http://{self.host}"}
        sent |= headers or {}
        return http_request(self.url, method, path, body,
                            {name: value for name, value in sent.items() if value is not None})

    def get(self, path, headers=None):
        return self.request("GET", path, None, headers)

    def post(self, path, body, headers=None):
        """Returns the status and the object of the answer."""
        status, _, text = self.request("POST", path, body, headers)
        return status, json.loads(text)

    def read(self, path):
        """Returns the object at a path that this person may read."""
        status, headers, text = self.get(path)
        equal((status, headers["content-type"]), (200, "application/json"), text)
        return json.loads(text)

    def try_to_log_in(self, token, name=None, headers=None):
        body = {"token": token} | ({} if name is None else {"name": name})
        status, got, text = self.request("POST", "/api/login", body, headers)
        if status == 200:
            self.cookie = got["set-cookie"].split(";")[0].partition("=")[2]
        return status, got, json.loads(text)

    def log_in(self, token, name=None):
        status, _, answer = self.try_to_log_in(token, name)
        equal(status, 200, f"logged in: {answer}")

    def session(self):
        return self.read("/api/session")


def bearer(token):
    """The headers of a program, which is no browser."""
    return {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": None, "Origin": None}


def start(bench, sim=None, sites=("main",), events=0, admin=None, **site):
    """Starts a daemon with token files, and events that wait, because the sites are paused."""
    api_url = "http://127.0.0.1:1/api/v1" if sim is None else sim.api_url()
    bench.configure({name: bench.site(api_url, write_keys=[name], **site) for name in sites},
                    admin={"listen": ["127.0.0.1:0"], **token_settings(bench), **(admin or {})})
    daemon = Daemon(bench, bench.path("bentospool.conf"), listeners=2)
    if events:
        equal(bench.cli("pause").returncode, 0, "paused")
        daemon.accept("/v1/batch", {"batch": [track(f"e-{i}") for i in range(events)]}, key=sites[0])
    return daemon


def act(person, body, **expected):
    """Acts; requires 200 and the expected members; returns the answer."""
    status, answer = person.post("/api/act", body)
    equal(status, 200, f"{body}: {answer}")
    equal({name: answer.get(name) for name in expected}, expected, f"{body}: {answer}")
    return answer


def refused(person, code, status=403, method="POST", path="/api/act", body=None, headers=None):
    if method == "POST" and body is None:
        body = {"verb": "pause"}
    got, _, text = person.request(method, path, body, headers)
    equal((got, json.loads(text)["code"]), (status, code), f"{path} {headers}: {text}")
