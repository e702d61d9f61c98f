"""Certificates for tests, made by openssl, and clients that speak TLS."""
import http.client
import json
import os
import shutil
import ssl
import subprocess
import urllib.parse

import spooltest
from spooltest import Skip

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def need_openssl():
    if not shutil.which("openssl"):
        raise Skip("there is no openssl")


class Authority:
    """A private CA in the directory of a bench."""

    def __init__(self, bench, name="ca"):
        need_openssl()
        self.bench = bench
        self.pem = bench.path(f"{name}.pem")
        self.key = bench.path(f"{name}.key")
        self.openssl("req", "-x509", *EC, "-days", "3650", "-subj", f"/CN={name}",
                     "-keyout", self.key, "-out", self.pem)

    def openssl(self, *argv):
        done = self.bench.run("openssl", *argv)
        spooltest.equal(done.returncode, 0, f"openssl {argv}: {done.stderr}")
        return done.stdout

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1", days=365):
        """Writes NAME.pem and NAME.key, each in one step; returns both paths."""
        pem, key, request = (self.bench.path(name + end) for end in (".pem", ".key", ".csr"))
        self.openssl("req", *EC, "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}",
                     "-keyout", key + ".new", "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key,
                     "-days", str(days), "-copy_extensions", "copy", "-out", pem + ".new")
        os.chmod(key + ".new", 0o600)
        os.rename(key + ".new", key)
        os.rename(pem + ".new", pem)
        return pem, key

    def settings(self, name="server", **more):
        """Issues a certificate for a daemon; returns the settings of ingest."""
        pem, key = self.issue(name, **more)
        return {"listen": ["tls:127.0.0.1:0"], "certificate_file": pem, "private_key_file": key}

    def context(self, pair=None):
        """Returns what a client of Python needs to trust this CA, and shows a certificate."""
        context = ssl.create_default_context(cafile=self.pem)
        if pair:
            context.load_cert_chain(*pair)
        return context


def post(daemon, context, path, body, key=spooltest.WRITE_KEY, headers=None, listener=0):
    """Posts on its own connection; returns status and JSON of the answer."""
    return Connection(daemon, context, listener).post(path, body, key, headers)


class Connection:
    """A keep-alive connection to a daemon's TLS listener."""

    def __init__(self, daemon, context, listener=0):
        url = urllib.parse.urlsplit(daemon.url(listener))
        self.http = http.client.HTTPSConnection(url.hostname, url.port, context=context,
                                                timeout=spooltest.DEADLINE)

    def post(self, path, body, key=spooltest.WRITE_KEY, headers=None):
        headers = dict(headers or {})
        if key is not None:
            token = spooltest.base64.b64encode(f"{key}:".encode()).decode()
            headers.setdefault("Authorization", f"Basic {token}")
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.http.request("POST", path, data, headers)
        answer = self.http.getresponse()
        text = answer.read()
        return answer.status, json.loads(text)

    def serial(self):
        """Returns the serial number of the server's certificate."""
        return self.http.sock.getpeercert()["serialNumber"]

    def close(self):
        self.http.close()


def s_client(daemon, *options, send=b"", first=b"", listener=0):
    """Runs openssl s_client to its end; returns its exit status and all that it said. send: bytes,
    after which the connection stays open until the server ends it. first: a command of s_client,
    which it reports before the rest is sent."""
    url = urllib.parse.urlsplit(daemon.url(listener))
    # pylint: disable=consider-using-with
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"{url.hostname}:{url.port}", *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = b""
    try:
        if first:
            client.stdin.write(first[:1] + b"\n")
            client.stdin.flush()
            while first[1:] not in said and (data := os.read(client.stdout.fileno(), 4096)):
                said += data
        client.stdin.write(send)
        client.stdin.flush()
        if send:
            said += client.stdout.read()
        said += client.communicate(timeout=spooltest.DEADLINE)[0] or b""
    finally:
        if client.poll() is None:
            client.kill()
            client.wait()
    return client.returncode, said.decode(errors="replace")
