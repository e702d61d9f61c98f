#!/usr/bin/env python3
"""doctor finds what is wrong with a machine, and says what to do."""
import ctypes
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from spooladmin import READ_TOKEN, token_settings  # noqa: E402
from spoolscreen import Screen  # noqa: E402
import spooltest  # noqa: E402
from spooldoctor import by_name, findings, of, remedies  # noqa: E402
from spooltest import Daemon, Skip, binary, equal, track, true  # noqa: E402

class Server:
    """Answers every GET with one status, with TLS when it has a certificate."""

    def __init__(self, status=200, certificate=None):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate + ".key")
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def url(self):
        return f"https://localhost:{self.port}/api/v1"


def certificate_for(bench, days):
    """Makes an authority and a certificate; returns the file, and the end date as openssl prints
    it."""
    if not shutil.which("openssl"):
        raise Skip("there is no openssl")
    path = bench.path(f"{days}-days.pem")
    done = bench.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days),
                     "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                     "-keyout", path + ".key", "-out", path)
    equal(done.returncode, 0, done.stderr)
    end = bench.run("openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in", path)
    return path, end.stdout.partition("=")[2][:10]


def test_doctor(bench):
    """reports a healthy machine, and each thing that is wrong"""
    sim = bench.sim()
    good = bench.configure({"main": bench.site(sim.api_url())}, name="good.conf")
    os.chmod(good, 0o600)
    code, found = by_name(bench, good)
    equal(code, 0, f"exit status: {found}")
    for what in ("settings", "libraries", "clock", "open files", "directory", "file system", "syncing",
                 "disk", "database", "daemon", "listen", "bento"):
        true(what in found, f"{what} in {found}")
    equal(found["bento"][0], "ok", found["bento"][1])
    true("\nno problem" in bench.cli("doctor", conf=good).stdout, "the sum below the list")
    true("tls" not in found and "dns" not in found, f"an address without TLS: {found}")
    for word in ("SQLite ", "libcurl ", "libevent ", "zlib ", "cJSON "):
        true(word in found["libraries"][1], f"{word} in {found['libraries']}")
    daemon = bench.daemon(sim)
    daemon.accept("/v1/track", track("m-1"))
    code, found = by_name(bench, daemon.conf, "--offline")
    true("answers" in found["daemon"][1] and "bento" not in found and "listen" not in found, found)
    true("is intact" in found["database"][1], found)
    for name, site, what, grade, words in (
            ("keys", {"secret_key": "wrong"}, "bento", "problem", "rejects the keys (HTTP 401: {"),
            ("path", {"api_url": sim.url() + "/nothing"}, "bento", "problem", "HTTP 404"),
            ("dead", {"api_url": "http://127.0.0.1:1/api/v1"}, "bento", "problem", "site main: ")):
        site = bench.site(site.pop("api_url", sim.api_url()), **site)
        conf = bench.configure({"main": site}, name=f"{name}.conf")
        code, found = by_name(bench, conf)
        equal((code, found[what][0]), (1, grade), f"{name}: {found}")
        true(words in found[what][1], f"{name}: {found[what]}")
    port = daemon.url().rsplit(":", 1)[1].strip("/")
    conf = bench.configure({"main": bench.site(sim.api_url())}, {"listen": [f"127.0.0.1:{port}"]},
                           {"database": bench.path("other.db")}, name="port.conf")
    code, found = by_name(bench, conf, "--offline")
    equal((code, found["listen"][0]), (1, "problem"), f"a port in use: {found}")
    with open(bench.path("other.db"), "w", encoding="utf-8") as file:
        file.write("this is no database, whatever its name says" * 100)
    conf = bench.configure({"main": bench.site(sim.api_url())},
                           top={"database": bench.path("other.db")}, name="broken.conf")
    equal(by_name(bench, conf, "--offline")[1]["database"][0], "problem", "a file of another sort")
    if os.access("/dev/shm", os.W_OK):
        conf = bench.configure({"main": bench.site(sim.api_url())},
                               top={"database": "/dev/shm/bentospool-doctor-test.db"}, name="shm.conf")
        equal(by_name(bench, conf, "--offline")[1]["file system"][0], "warning", "a disk in memory")
    bad = bench.write("bad.conf", "nonsense = 1\n")
    code, found = by_name(bench, bad)
    equal((code, found["settings"][0]), (1, "problem"), "settings that cannot be read")


def test_certificates(bench):
    """distinguishes a trusted certificate, one that expires soon, and one of an unknown
    authority"""
    for days, grade in ((400, "ok"), (15, "ok"), (13, "warning")):
        pem, end = certificate_for(bench, days)
        with Server(certificate=pem) as server:
            conf = bench.configure({"main": bench.site(server.url(), ca_file=pem)})
            code, rows = findings(bench, conf)
            equal(code, 0, f"{days} days: {rows}")
            equal([row[0] for row in of(rows, "dns")], ["ok"], "the name")
            true(of(rows, "dns")[0][1].startswith("localhost has "), f"{of(rows, 'dns')}")
            equal([row[0] for row in of(rows, "tls")], [grade], f"{days} days: {of(rows, 'tls')}")
            words = "expires on" if grade == "warning" else "is valid until"
            true(f"localhost {words} {end}" in of(rows, "tls")[0][1], f"{end}: {rows}")
            equal(of(rows, "bento")[0][0], "ok", f"the keys: {rows}")
            conf = bench.configure({"main": bench.site(server.url())})
            code, rows = findings(bench, conf)
            equal((code, of(rows, "tls")[0][0]), (1, "problem"), f"nobody's: {rows}")
            true(of(rows, "tls")[0][1].startswith("localhost: SSL"), f"nobody's: {of(rows, 'tls')}")
            equal(of(rows, "bento"), [("note", "site main: the keys were not checked, because of the problem with tls")],
                  "the keys")


def test_once_per_host(bench):
    """sites with one host share its findings, unless they trust another authority"""
    pem, _ = certificate_for(bench, 400)
    with Server(certificate=pem) as server:
        trusting = bench.site(server.url(), ca_file=pem)
        conf = bench.configure({"a": trusting, "b": {**trusting, "write_keys": ["other"]}})
        code, rows = findings(bench, conf)
        equal((code, len(of(rows, "dns")), len(of(rows, "tls")), len(of(rows, "bento"))),
              (0, 1, 1, 2), f"the same: {rows}")
        conf = bench.configure({"a": trusting, "b": bench.site(server.url(), write_keys=["other"])})
        code, rows = findings(bench, conf)
        equal((code, len(of(rows, "dns")), [row[0] for row in of(rows, "tls")]),
              (1, 1, ["ok", "problem"]), f"two authorities: {rows}")


def test_names(bench):
    """a name that is not found is reported once, and with a proxy it is not a problem"""
    lost = bench.site("https://nowhere.invalid/api/v1")
    conf = bench.configure({"a": lost, "b": {**lost, "write_keys": ["other"]}})
    code, rows = findings(bench, conf)
    equal((code, [row[0] for row in of(rows, "dns")], of(rows, "tls")), (1, ["problem"], []), f"{rows}")
    true(of(rows, "dns")[0][1].startswith("nowhere.invalid is not found"), f"{of(rows, 'dns')}")
    equal(of(rows, "bento"), [("note", f"site {name}: the keys were not checked, because of the problem with dns")
                              for name in ("a", "b")], "the keys")
    equal([row["what"] for row in findings(bench, conf, "--offline")[1]
           if row["what"] in ("dns", "tls", "bento")], [], "offline")
    code, rows = findings(bench, conf, env={"https_proxy": "http://127.0.0.1:1"})
    equal(([row[0] for row in of(rows, "dns")], [row[0] for row in of(rows, "bento")]),
          (["note"], ["problem", "problem"]), f"with a proxy that is not there: {rows}")


def test_health(bench):
    """each listener of the daemon is asked, and one that answers wrongly is reported"""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = bench.path("ingest.sock")
    daemon = bench.daemon(ingest={"listen": [f"127.0.0.1:{port}", f"unix:{path}", "127.0.0.1:0"]},
                          listeners=3)
    code, rows = findings(bench, daemon.conf, "--offline")
    equal((code, [row[0] for row in of(rows, "health")]), (0, ["ok", "ok"]), f"{rows}")
    for row, text in zip(of(rows, "health"), (f"127.0.0.1:{port} accepts", f"unix:{path} accepts")):
        true(row[1].startswith(text), f"{text}: {row}")
    site = bench.site("http://127.0.0.1:1/api/v1")
    for status, words in ((503, "refuses events"), (404, "with HTTP 404")):
        with Server(status) as server:
            conf = bench.configure({"main": site}, {"listen": [f"127.0.0.1:{server.port}"]},
                                   name="other.conf")
            code, rows = findings(bench, conf, "--offline")
            equal((code, of(rows, "health")[0][0]), (1, "problem"), f"{status}: {rows}")
            true(words in of(rows, "health")[0][1], f"{status}: {of(rows, 'health')}")
    conf = bench.configure({"main": site}, {"listen": [f"unix:{path}.gone"]}, name="other.conf")
    code, rows = findings(bench, conf, "--offline")
    equal((code, of(rows, "health")[0][0]), (1, "problem"), f"nobody: {rows}")
    true(of(rows, "health")[0][1].startswith(f"unix:{path}.gone: "), f"nobody: {rows}")
    daemon.stop()
    equal(of(findings(bench, daemon.conf, "--offline")[1], "health"), [], "without a daemon")


def test_health_of_a_full_disk(bench):
    """a daemon without disk space says so, and doctor reports it"""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")},
                           {"listen": [f"127.0.0.1:{port}"]}, {"min_free": 10 ** 15})
    daemon = Daemon(bench, conf)
    daemon.post("/v1/track", track("m-1"))
    code, found = by_name(bench, conf, "--offline")
    equal((code, found["health"][0], found["disk"][0]), (1, "problem", "problem"), f"{found}")
    true("cannot be stored" in found["health"][1], f"{found}")
    equal(found["storage"][0], "problem", f"{found}")
    true("is nearly full" in found["storage"][1], f"{found}")


def test_sizes(bench):
    """a write-ahead log that is not cut is reported"""
    daemon = bench.daemon()
    daemon.accept("/v1/track", track("m-1"))
    daemon.stop()
    for megabytes, grade in ((0, "ok"), (200, "ok"), (300, "warning")):
        os.truncate(bench.write("spool.db-wal", ""), megabytes * 1000000)
        code, found = by_name(bench, daemon.conf, "--offline")
        equal((code, found["size"][0]), (0, grade), f"{megabytes} MB: {found}")
        words = f"log has {megabytes} MB" if grade == "warning" else f"log {megabytes}.0 MB"
        true(words in found["size"][1], f"{megabytes} MB: {found}")


def test_secrets(bench):
    """a configuration that others can read is reported once; a secret file that they can read is
    not used"""
    site = bench.site("http://127.0.0.1:1/api/v1")
    two = {"a": site, "b": {**site, "write_keys": ["other"]}}
    conf = bench.configure(two)
    equal(of(findings(bench, conf, "--offline")[1], "secrets"), [], "nobody else reads it")
    os.chmod(conf, 0o644)
    equal(of(findings(bench, conf, "--offline")[1], "secrets"),
          [("warning", f"other users can read {conf}")], "others read it")
    secret = bench.write("secret_key", spooltest.SECRET_KEY)
    del site["secret_key"]
    conf = bench.configure({"main": {**site, "secret_key_file": secret}})
    os.chmod(conf, 0o644)
    equal(of(findings(bench, conf, "--offline")[1], "secrets"), [], "the secret is elsewhere")
    for mode in (0o640, 0o604):
        os.chmod(secret, mode)
        code, found = by_name(bench, conf, "--offline")
        equal((code, found["settings"][0]), (1, "problem"), f"{mode:o}: {found}")
        true(f"{secret} can be read by others" in found["settings"][1], f"{mode:o}: {found}")


def test_secrets_of_a_fleet(bench):
    """the files with the keys of boxes have remedies, too"""
    site = bench.site("http://127.0.0.1:1/api/v1")
    box = {"upstream": "https://hq.example", "write_keys": ["w"]}
    for settings, name, content in ((box, "upstream_key_file", "only the key of this box"),
                                    (site, "boxes_file", "NAME KEY on each line")):
        path = bench.path(name)
        conf = bench.configure({"main": {**settings, name: path}})

        def remedy():
            return json.loads(bench.run(binary("bentospool"), "doctor", "--offline", "--json", "-c", conf)
                              .stdout.splitlines()[0])["remedy"]
        true(remedy().startswith(f"write {content} into {path}, with mode 0600"), remedy())
        bench.write(name, "store-1 key-of-store-1-0123456789\n"[8 if name[0] == "u" else 0:])
        os.chmod(path, 0o644)
        equal(remedy(), f"chmod 600 {path}", name)


def test_dashboard(bench):
    """the admin listener is asked for its health; token files that cannot be used have remedies"""
    site = bench.site("http://127.0.0.1:1/api/v1")

    def rows(admin, *argv):
        conf = bench.configure({"main": site}, admin={"listen": ["127.0.0.1:0"], **admin})
        return findings(bench, conf, *argv)

    code, found = rows({})
    equal([grade for grade, _ in of(found, "dashboard")], ["note"], found)
    true("set read_token_file" in remedies(found, "dashboard")[0], found)
    tokens = token_settings(bench)
    for settings, words in (({"read_token_file": tokens["read_token_file"]}, "nobody can change them"),
                            (tokens, "people with the token of act_token_file can change")):
        code, found = rows(settings)
        [(grade, text)] = of(found, "dashboard")
        equal((grade, words in text), ("ok", True), found)
        true(("ok", "127.0.0.1:0 is free") in of(found, "listen")[1:], found)
    for text, mode, remedy in (("x" * 21, 0o600, f"write another token, such as openssl rand -hex 32 makes, into {bench.path('act_token')}"),
                               (READ_TOKEN, 0o600, "write another token"), ("x" * 22, 0o640, f"chmod 600 {bench.path('act_token')}")):
        os.chmod(bench.write("act_token", text), mode)
        code, found = rows(tokens, "--offline")
        equal((code, of(found, "settings")[0][0]), (1, "problem"), found)
        true(remedies(found, "settings")[0].startswith(remedy), found)
    os.unlink(bench.path("act_token"))
    _, found = rows(tokens, "--offline")
    true("with mode 0600" in remedies(found, "settings")[0], found)
    token_settings(bench)
    conf = bench.configure({"main": site}, admin={"listen": [f"unix:{bench.path('admin.sock')}"], **tokens})
    Daemon(bench, conf, listeners=2)
    _, found = findings(bench, conf)
    true(any(text.startswith(f"unix:{bench.path('admin.sock')} serves the dashboard") for _, text in of(found, "health")), found)


def test_credentials_of_systemd(bench):
    """a credential that only the service can read is a note with the way to check it, not a problem"""
    site = bench.site("http://127.0.0.1:1/api/v1", secret_key_file="${CREDENTIALS_DIRECTORY}/secret_key")
    del site["secret_key"]
    conf = bench.configure({"main": site})
    code, found = by_name(bench, conf, "--offline")
    equal((code, found["settings"][0]), (0, "note"), found)
    true("/run/credentials/bentospool.service/secret_key cannot be checked here" in found["settings"][1], found)
    remedy = json.loads(bench.run(binary("bentospool"), "doctor", "--offline", "--json", "-c", conf)
                        .stdout.splitlines()[0])["remedy"]
    true("systemd-run --pipe --wait -p User=bentospool -p LoadCredential=secret_key:FILE bentospool doctor"
         in remedy, remedy)
    equal(("cannot be checked here" in bench.cli("check").stderr, bench.cli("check").returncode), (True, 1), "check")
    bench.write("secret_key", spooltest.SECRET_KEY)
    os.chmod(bench.path("secret_key"), 0o440)
    for verb in (["check"], ["doctor", "--offline"]):
        done = bench.cli(*verb, env={"CREDENTIALS_DIRECTORY": bench.dir})
        equal(done.returncode, 0, f"in the service's place: {done.stdout}")


def unprivileged():
    """Called before exec: takes from root the right to use ports below 1024."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 10, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE


def test_listeners(bench):
    """says why serve could not listen, and what to do, in each case"""
    site = bench.site("http://127.0.0.1:1/api/v1")
    bench.write("file", "")
    with socket.socket() as taken, socket.socket(socket.AF_UNIX) as other:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        other.bind(bench.path("taken.sock"))
        other.listen()
        for listen, words, remedy in (
                (f"127.0.0.1:{taken.getsockname()[1]}", "in use", "stop the program that uses it (see ss -ltnp)"),
                (f"unix:{bench.path('taken.sock')}", "in use", "stop the program that uses it (see ss -lxp)"),
                ("192.0.2.77:7300", "no such address", "listen on an address that `ip address` shows"),
                (f"unix:{bench.path('none/a.sock')}", "No such file or directory: create the directory", "create the directory, "),
                (f"unix:{bench.path('file')}", "is not a socket", "change listen, or remove"),
                ("127.0.0.1:0", "is free", None)):
            conf = bench.configure({"main": site}, {"listen": [listen]})
            code, rows = findings(bench, conf, "--offline")
            equal(code, 0 if remedy is None else 1, f"{rows}")
            true(words in of(rows, "listen")[0][1], f"{listen}: {rows}")
            true((remedies(rows, "listen")[0] or "").startswith(remedy or ""), f"{listen}: {rows}")


def test_port_that_needs_a_privilege(bench):
    """a port below 1024 is reported when doctor does not run as root"""
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
        if int(file.read()) <= 7:
            raise Skip("everybody may take every port here")
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")},
                           {"listen": ["127.0.0.1:7"]})
    done = subprocess.run([binary("bentospool"), "doctor", "--json", "--offline", "-c", conf],
                          stdout=subprocess.PIPE, text=True, timeout=30, check=False,
                          preexec_fn=unprivileged)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    true("permission denied" in of(rows, "listen")[0][1], f"{rows}")
    true(remedies(rows, "listen")[0].startswith("listen on port 1024 or above"), f"{rows}")


def test_daemon_that_was_killed(bench):
    """a log left by a kill is harmless; after a clean stop none is left"""
    daemon = bench.daemon()
    daemon.accept("/v1/track", track("m-1"))
    daemon.kill()
    found = by_name(bench, daemon.conf, "--offline")[1]["daemon"]
    equal((found[0], found[1].split(":")[0]),
          ("ok", "not running; the last one did not stop cleanly"), f"{found}")
    daemon = Daemon(bench, daemon.conf)
    daemon.stop()
    equal(by_name(bench, daemon.conf, "--offline")[1]["daemon"], ("ok", "not running"), "stopped")


def test_settings_that_are_refused(bench):
    """gives a remedy for each kind of refused setting, and still makes the checks that need no
    settings"""
    good = bench.site("http://127.0.0.1:1/api/v1")
    lacking = {key: value for key, value in good.items() if key != "secret_key"}
    secret = bench.path("secret")
    conf = bench.configure({"main": {**lacking, "secret_key_file": secret}})

    def refused(remedy):
        code, rows = findings(bench, conf, "--offline")
        equal((code, remedies(rows, "settings")), (1, [remedy]), f"{rows}")
        names = [row["what"] for row in rows]
        true({"libraries", "clock", "open files", "disk", "daemon"} <= set(names), f"{names}")
        true("listen" not in names, f"{names}")

    refused(f"write only the secret into {secret}, with mode 0600, as the user that runs "
            "bentospool")
    bench.write("secret", "two\nlines\n")
    refused(f"write only the secret into {secret}")
    os.chmod(secret, 0o644)
    refused(f"chmod 600 {secret}")
    if os.geteuid() != 0:
        os.chmod(secret, 0)
        refused(f"run doctor as the user that runs bentospool; if you did, chown {secret} to that user")
    os.remove(secret)
    os.mkdir(secret)
    refused("set secret_key_file to a regular file")
    conf = bench.configure({"main": {**good, "write_keys_file": bench.path("keys")}})
    refused(f"write one key a line into {bench.path('keys')}, with mode 0600, as the user "
            "that runs bentospool")
    conf = bench.configure({"main": {**good, "ca_file": bench.path("ca.pem")}})
    refused("put the certificates there, readable by the user that runs bentospool, or remove "
            "ca_file")
    conf = bench.configure({"main": good}, top={"alarm_command": ["page"]})
    refused("correct that setting, or the file it names")
    conf = bench.configure({"main": good})
    with open(conf, "a", encoding="utf-8") as file:
        file.write(spooltest.conf_section("retention", {"archive": bench.path("none")}) + "\n")
    refused("create the directory, owned by the user that runs bentospool, with mode 0700")


def test_files_that_cannot_be_read(bench):
    """with a broken or missing configuration, the machine is still checked"""
    for conf, remedy in (
            (bench.write("bad.conf", "nonsense = 1\n"), "correct the file"),
            (bench.path("no.conf"), "name another file with -c, or create this one with bentospool init")):
        code, rows = findings(bench, conf)
        equal((code, remedies(rows, "settings")), (1, [remedy]), f"{rows}")
        equal([row["what"] for row in rows if row["grade"] == "ok"][:1], ["libraries"], f"{rows}")
        true(of(rows, "the rest")[0][1].startswith("the database"), f"{rows}")


def test_a_backup_beside_a_stale_wal(bench):
    """a backup copied over the database of a daemon that had crashed is named, by serve and doctor"""
    daemon = bench.daemon()
    daemon.accept("/v1/track", track("first"))
    equal(bench.cli("backup", bench.path("copy.db")).returncode, 0, "backup")
    daemon.accept("/v1/track", track("second"))
    daemon.kill()
    shutil.copyfile(bench.path("copy.db"), bench.database)
    told = "spool.db-wal belongs to a database that"
    code, rows = findings(bench, bench.path("bentospool.conf"))
    [(grade, found)] = of(rows, "database")
    true(code == 1 and grade == "problem" and told in found, f"{rows}")
    served = bench.cli("serve")
    true(served.returncode == 1 and told in served.stderr, served.stderr)
    os.remove(bench.database + "-wal")
    os.remove(bench.database + "-shm")
    daemon.restart()
    equal(bench.value("SELECT group_concat(message_id) FROM outbox"), "first", "the backup's events")


def test_on_a_terminal(bench):
    """on a terminal lines fit 80 columns; elsewhere each finding and each remedy is one line"""
    conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")}, {"listen": ["127.0.0.1:1", "127.0.0.1:2"]})
    whole = bench.cli("doctor", conf=conf).stdout
    true(max(len(line) for line in whole.splitlines()) > 120, f"long lines: {whole}")
    grades = [row["grade"] for row in findings(bench, conf)[1]]
    equal(sum(not line.startswith(" " * 9) for line in whole.splitlines()[:-2]), len(grades), f"a line each: {whole}")
    equal({grade: int(n) for n, grade in re.findall(r"(\d+) (problem|warning|note)", whole.splitlines()[-1])},
          {grade: grades.count(grade) for grade in set(grades) - {"ok"}}, "the sum below the list")
    with Screen(bench, "doctor", env={"NO_COLOR": "1"}) as screen:
        screen.wait_end()
        shown = screen.text()
    equal([line for line in shown.splitlines() if len(line) > 80], [], "longer than the terminal")
    for line in shown.splitlines():
        true(re.match(r"$|\d+ problem|(ok|note|warning|problem) +\w| {9}(-> )?\S| {12}\S", line), f"{line!r}")
    for line in ("libraries: ", "-> allow HTTPS to that host, or wait until the network is back: events wait"):
        true(line in whole and line in " ".join(shown.split()), f"{line}: {shown}")


spooltest.main()
