#!/usr/bin/env python3
"""The admin listener: metrics that agree with the database, health checks, what is refused."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import spooltest  # noqa: E402
from spoolhttp import http_request  # noqa: E402
from spooltest import Daemon, equal, track, true, wait_until  # noqa: E402

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
SERIES = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)')


def start(bench, sim=None, sites=None, listen=("127.0.0.1:0",), **more):
    """Starts a daemon whose admin listener is its second address."""
    api_url = sim.api_url() if sim else "http://127.0.0.1:1/api/v1"
    sites = sites or {"main": {}}
    sites = {name: bench.site(api_url, **site) for name, site in sites.items()}
    conf = bench.configure(sites, admin={"listen": list(listen)}, **more)
    return Daemon(bench, conf, listeners=1 + len(listen))


def get(daemon, path="/metrics", headers=None, method="GET", listener=1):
    return http_request(daemon.url(listener), method, path, None, headers)


def parse(text):
    """Returns {name: {((label, value), ...): number}}; each line must be well-formed."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = SERIES.match(line).groups()
        labels = tuple(sorted(LABEL.findall(labels or "")))
        series = found.setdefault(name, {})
        true(labels not in series, f"one series each: {line}")
        series[labels] = float(value)
    return found


def scrape(daemon, **headers):
    status, got, text = get(daemon, headers=headers)
    equal(status, 200, text)
    equal(got["cache-control"], "no-store", "no cache keeps it")
    return parse(text)


def one(metrics, name, **labels):
    return metrics[name][tuple(sorted(labels.items()))]


def total(metrics, name, **labels):
    """The sum of the series that have these labels."""
    wanted = set(labels.items())
    return sum(value for key, value in metrics.get(name, {}).items() if wanted <= set(key))


def check_against_database(bench, metrics):
    """Gauges are what the database says."""
    for row in bench.rows("SELECT site, state FROM sites"):
        for state in ("ready", "backoff", "paused"):
            equal(one(metrics, "bentospool_site_state", site=row["site"], state=state),
                  row["state"] == state, f"{row['site']} {state}")
    counts = {(row["site"], row["status"]): row["events"]
              for row in bench.rows("SELECT site, status, count(*) AS events FROM outbox GROUP BY 1, 2")}
    shown = {(dict(key)["site"], dict(key)["status"]): value
             for key, value in metrics["bentospool_events"].items() if value}
    equal(shown, counts, "events by site and status")


def check_against_status(bench, metrics):
    status = json.loads(bench.cli("status", "--json").stdout)
    for site in status["sites"]:
        for name, events in site["counts"].items():
            equal(one(metrics, "bentospool_events", site=site["site"], status=name), events,
                  f"status --json: {site['site']} {name}")


def test_metrics_agree(bench):
    """the metrics of two sites agree with the views, with status --json and with what was done"""
    sim = bench.sim()
    daemon = start(bench, sim, {"main": {}, "other": {"write_keys": ["other-key"]}})
    daemon.accept("/v1/batch", {"batch": [track(f"a-{i}") for i in range(7)]})
    daemon.accept("/v1/track", track("a-0"))
    daemon.accept("/v1/track", track("b-1"), key="other-key")
    daemon.accept("/v1/track", track("b-2", email=None), key="other-key")
    equal(daemon.post("/v1/track", track("c"), key="wrong")[0], 401, "a wrong key")
    bench.wait_settled(9)
    metrics = scrape(daemon)
    check_against_database(bench, metrics)
    check_against_status(bench, metrics)
    equal(one(metrics, "bentospool_events_received_total", site="main", kind="track"), 7, "received")
    equal(one(metrics, "bentospool_events_received_total", site="other", kind="track"), 2, "there")
    equal(total(metrics, "bentospool_events_received_total"), 9, "no other kind")
    equal(one(metrics, "bentospool_events_duplicate_total"), 1, "the repeated one")
    equal(one(metrics, "bentospool_requests_accepted_total"), 4, "requests")
    equal(metrics["bentospool_requests_refused_total"],
          {(("reason", "invalid_write_key"),): 1}, "the refused one")
    equal(total(metrics, "bentospool_events_finished_total", site="main", status="delivered"), 7, "")
    equal(total(metrics, "bentospool_events_finished_total", site="other", status="delivered"), 1, "")
    attempts = bench.rows("SELECT site, endpoint, outcome, count(*) AS n FROM attempts GROUP BY 1, 2, 3")
    for row in attempts:
        equal(one(metrics, "bentospool_attempts_total", site=row["site"], endpoint=row["endpoint"],
                  outcome=row["outcome"]), row["n"], str(row))
    n = sum(row["n"] for row in attempts)
    equal(total(metrics, "bentospool_attempts_total"), n, "no other attempt")
    equal(one(metrics, "bentospool_attempt_duration_seconds_count"), n, "each was measured")
    equal(one(metrics, "bentospool_delivery_latency_seconds_count"), 8, "so was each delivery")
    waited = bench.value("SELECT sum(h.finished_ms - o.received_ms) FROM history h "
                         "JOIN outbox o ON o.event_id = h.event_id WHERE h.outcome = 'delivered'")
    equal(round(1000 * one(metrics, "bentospool_delivery_latency_seconds_sum")), waited, "in ms")
    true(one(metrics, "bentospool_commit_duration_seconds_count") > 2 * n, "and each commit")
    equal(one(metrics, "bentospool_maybe_sent_events_total", site="main"), 0, "nothing is in doubt")
    equal(one(metrics, "bentospool_storage_ok"), 1, "the storage is well")
    equal(bench.cli("pause", "--site", "other").returncode, 0, "an operator pauses a site")
    paused = scrape(daemon)
    equal(one(paused, "bentospool_site_state", site="other", state="paused"), 1, "it shows")
    check_against_database(bench, paused)


def test_scrapes_beside_work(bench):
    """counters only grow while events come and go; scrapes and posts do not disturb each other"""
    sim = bench.sim()
    daemon = start(bench, sim)
    scrapes, done = [], threading.Event()

    def collect():
        while not done.is_set():
            scrapes.append(scrape(daemon))

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        for i in range(40):
            daemon.accept("/v1/batch", {"batch": [track(f"a-{i}-{k}") for k in range(5)]})
        bench.wait_settled(200)
    finally:
        done.set()
        collector.join()
    scrapes.append(scrape(daemon))
    true(len(scrapes) > 2, "several")
    counters = [name for name in scrapes[-1] if re.search("_(total|bucket|count|sum)$", name)]
    true(len(counters) > 15, "counters")
    for before, after in zip(scrapes, scrapes[1:]):
        for name in counters:
            for key, value in before.get(name, {}).items():
                true(after[name][key] >= value, f"{name} {key}")
    equal(total(scrapes[-1], "bentospool_events_received_total"), 200, "all were received")
    equal(one(scrapes[-1], "bentospool_delivery_latency_seconds_count"), 200, "and delivered")


def promtool(bench, *argv, text=""):
    """Runs promtool, which must not fail; returns what it says."""
    if shutil.which("promtool") is None:
        raise spooltest.Skip("promtool (package prometheus) is not installed")
    if spooltest.sanitized():
        raise spooltest.Skip("promtool takes seconds, and says the same of every build")
    done = subprocess.run(["promtool", *argv], input=text, text=True, cwd=bench.dir,
                          capture_output=True, timeout=spooltest.DEADLINE, check=False)
    equal(done.returncode, 0, f"promtool {argv}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def test_promtool(bench):
    """promtool check metrics has nothing to say about the text format"""
    sim = bench.sim()
    daemon = start(bench, sim)
    daemon.accept("/v1/track", track("a"))
    daemon.post("/v1/nothing", {})
    get(daemon, "/nothing")
    bench.wait_settled(1)
    equal(promtool(bench, "check", "metrics", text=get(daemon)[2]), "", "not a word")


def test_formats(bench):
    """the Accept header chooses between the text format and OpenMetrics, which say the same"""
    daemon = start(bench)
    status, headers, text = get(daemon)
    equal((status, headers["content-type"]),
          (200, "text/plain; version=0.0.4; charset=utf-8"), "the text format")
    status, headers, openmetrics = get(daemon, headers={"Accept": OPENMETRICS})
    equal((status, headers["content-type"]),
          (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"), "OpenMetrics")
    true(openmetrics.endswith("\n# EOF\n"), "OpenMetrics has an end")
    true("# EOF" not in text, "the text format has none")
    equal(set(parse(openmetrics)), set(parse(text)), "the same samples")
    for family in re.findall(r"^# TYPE (\S+) counter$", openmetrics, re.M):
        true(not family.endswith("_total") and f"# TYPE {family}_total counter" in text, family)
    length = len(text)
    status, headers, body = get(daemon, method="HEAD")
    equal((status, body), (200, ""), "HEAD has no body")
    true(abs(int(headers["content-length"]) - length) < 200, "but its length")


def test_health(bench):
    """/healthz and /readyz: storage that cannot be written is not ready, but alive"""
    daemon = start(bench)
    for path in ("/healthz", "/readyz"):
        status, headers, text = get(daemon, path)
        equal((status, headers["cache-control"], text), (200, "no-store", "ok\n"), path)
    lock = sqlite3.connect(bench.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    status, answer = daemon.post("/v1/track", track("a"))
    equal((status, answer["code"]), (503, "storage_busy"), "ingest refuses")
    status, _, text = get(daemon, "/readyz")
    equal(status, 503, text)
    true(text.startswith("storage_busy: "), text)
    equal(get(daemon, "/healthz")[0], 200, "it lives")
    metrics = scrape(daemon)
    equal(one(metrics, "bentospool_storage_ok"), 0, "metrics say so")
    equal(one(metrics, "bentospool_database_readable"), 1, "and are still read")
    equal(one(metrics, "bentospool_requests_refused_total", reason="storage_busy"), 1, "counted")
    lock.execute("ROLLBACK")
    wait_until(lambda: get(daemon, "/readyz")[0] == 200, "ready again")
    wait_until(lambda: one(scrape(daemon), "bentospool_storage_ok") == 1, "metrics say so")


def test_refusals(bench):
    """another host, path or method is refused, counted and logged; ingest has no metrics"""
    daemon = start(bench, listen=("127.0.0.1:0", f"unix:{bench.path('admin.sock')}"))
    status, _, text = get(daemon, headers={"Host": "evil.example"})
    equal((status, json.loads(text)["code"]), (403, "host_not_allowed"), "another host")
    status, _, text = get(daemon, "/nothing")
    equal((status, json.loads(text)["code"]), (404, "not_found"), "another path")
    status, headers, text = get(daemon, method="POST")
    equal((status, headers["allow"], json.loads(text)["code"]),
          (405, "GET, HEAD", "method_not_allowed"), "another method")
    equal(headers["cache-control"], "no-store", "a refusal is not kept either")
    equal(get(daemon, "/metrics?" + "a" * 1023)[0], 200, "a long query")
    status, _, text = get(daemon, "/metrics?" + "a" * 1024)
    equal((status, json.loads(text)["code"]), (400, "query_too_long"), "a longer one")
    equal(get(daemon, listener=2)[0], 200, "the unix socket")
    refused = scrape(daemon)["bentospool_admin_requests_refused_total"]
    equal({key[0][1]: value for key, value in refused.items()},
          {"host_not_allowed": 1, "not_found": 1, "method_not_allowed": 1, "query_too_long": 1},
          "each is counted")
    equal(daemon.log().count("admin: refused a request: "), 1, "one line a minute")
    equal(get(daemon, listener=0)[0], 404, "ingest does not serve them")


def test_reload(bench):
    """a refused reload shows until one is done; the listener itself needs a restart"""
    daemon = start(bench)
    name, at = "bentospool_config_last_reload_successful", \
        "bentospool_config_last_reload_success_timestamp_seconds"
    before = scrape(daemon)
    equal(one(before, name), 1, "the start counts as one")
    with open(daemon.conf, encoding="utf-8") as file:
        text = file.read()
    bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")}, admin={"listen": []})
    told = bench.cli("reload").stderr
    true("admin: listen needs a restart" in told, told)
    failed = scrape(daemon)
    equal((one(failed, name), one(failed, at)), (0, one(before, at)), "refused")
    bench.write("bentospool.conf", text)
    equal(bench.cli("reload").returncode, 0, "as before")
    done = scrape(daemon)
    equal(one(done, name), 1, "done")
    true(one(done, at) > one(before, at), "at a later time")


def document(name):
    with open(os.path.join(spooltest.srcdir(), name), encoding="utf-8") as file:
        return file.read()


def families(daemon):
    """The names of the metrics, as the text format describes them."""
    return set(re.findall(r"^# TYPE (\S+) ", get(daemon)[2], re.M))


def samples(daemon):
    """The names of the series that queries can ask for; without a site's events some have none."""
    found = families(daemon)
    for name in re.findall(r"^# TYPE (\S+) histogram$", get(daemon)[2], re.M):
        found |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    return found


def names_in(query):
    return set(re.findall(r"\b(?:bentospool|process)_\w+", query))


def test_rules(bench):
    """each alert rule fires when it should, asks for metrics that exist, and names a verb"""
    daemon = start(bench)
    rules = document("doc/bentospool.rules.yml")
    expressions = "".join(re.findall(r"^ {8}expr: .*\n(?: {10}.*\n)*", rules, re.M))
    equal(len(re.findall(r"expr:", expressions)), rules.count("- alert:"), "each has a query")
    equal(names_in(expressions) - samples(daemon), set(), "metrics that do not exist")
    commands = re.findall(r'^ {10}command: "(.*)"$', rules, re.M)
    equal(len(commands), rules.count("- alert:"), "each has a command")
    verbs = set(bench.run(spooltest.binary("bentospool"), "help").stdout.split())
    for command in commands:
        words = command.split()
        if words[0] != "systemctl":
            equal(words[:4], ["sudo", "-u", "bentospool", "bentospool"], command)
            true(words[4] in verbs, command)
    tests = document("tests/data/alerts.yml")
    for alert in re.findall(r"- alert: (\w+)$", rules, re.M):
        true(alert in tests, f"{alert} has a test")
    promtool(bench, "test", "rules", os.path.abspath(
        os.path.join(spooltest.srcdir(), "tests", "data", "alerts.yml")))


def test_dashboard(bench):
    """each query of the dashboard is about metrics that exist, and can be parsed"""
    daemon = start(bench)
    panels = json.loads(document("doc/grafana.json"))["panels"]
    known = samples(daemon)
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    true(len(queries) > len(panels), "panels with queries")
    for query in queries:
        equal(names_in(query) - known, set(), query)
    rules = [{"record": f"panel:{i}", "expr": query.replace("$__rate_interval", "5m")}
             for i, query in enumerate(queries)]
    promtool(bench, "check", "rules", bench.write(
        "panels.yml", json.dumps({"groups": [{"name": "panels", "rules": rules}]})))


def test_document(bench):
    """doc/monitoring.md lists each metric with its labels, and its scrape configuration is valid"""
    sim = bench.sim()
    daemon = start(bench, sim)
    daemon.accept("/v1/track", track("a"))
    daemon.post("/v1/track", "{")
    get(daemon, "/nothing")
    bench.wait_settled(1)
    text = document("doc/monitoring.md")
    listed = {}
    for names, labels in re.findall(r"^\| (`(?:bentospool|process)_[^|]*?) \| ([^|]*)\|", text, re.M):
        for name in re.findall(r"`(\w+)`", names):
            listed[name] = set(re.findall(r"`(\w+)`", labels))
    shown = scrape(daemon)
    equal(set(listed), families(daemon), "the table")
    for name, labels in listed.items():
        for key in shown.get(name, {}):
            equal({label for label, _ in key}, labels, f"labels of {name}")
    config = re.search(r"^```yaml\n(.*?)^```$", text, re.M | re.S).group(1)
    config = config.replace("/usr/local/share/doc/bentospool",
                            os.path.abspath(os.path.join(spooltest.srcdir(), "doc")))
    section = re.search(r"^```conf\n(.*?)^```$", text, re.M | re.S).group(1)
    with open(daemon.conf, encoding="utf-8") as file:
        conf = re.sub(r"admin \{[^}]*\}[^}]*\}", section, file.read())
    true('"127.0.0.1:7390"' in conf, conf)
    equal(bench.cli("check", conf=bench.write("shown.conf", conf)).returncode, 0, "the section")
    promtool(bench, "check", "config", bench.write("prometheus.yml", config))


def test_addresses(bench):
    """check refuses an address that other machines can reach; without the section nothing is served"""
    for listen, told in (("0.0.0.0:0", "other machines can reach 0.0.0.0:0"),
                         ("192.0.2.1:7390", "other machines can reach 192.0.2.1:7390"),
                         ("[::]:7390", "other machines can reach [::]:7390"),
                         ("localhost:7390", "must be"),
                         ("tls:127.0.0.1:7390", "admin: certificate_file is missing: tls: addresses"),
                         ("tls:0.0.0.0:7390", "listen on tls: and set read_token_file or client_ca_file")):
        conf = bench.configure({"main": bench.site("http://127.0.0.1:1/api/v1")},
                               admin={"listen": [listen]})
        for verb in ("check", "serve"):
            done = bench.cli(verb, conf=conf)
            equal(done.returncode == 0, False, f"{verb} {listen}")
            true(told in done.stderr, done.stderr)
    daemon = bench.daemon()
    true("admin" not in daemon.log(), "nothing")
    equal(len(daemon.addresses()), 1, "ingest alone listens")


if __name__ == "__main__":
    spooltest.main()
