"""What doctor finds, for tests."""
import json

from spooltest import binary, equal

NO_PROXY = {name: "" for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")}


def findings(bench, conf, *argv, env=None):
    """Returns the exit status, and each finding as a dictionary."""
    done = bench.run(binary("bentospool"), "doctor", "--json", "-c", conf, *argv,
                     env={**NO_PROXY, **(env or {})})
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    for row in rows:
        equal(row["remedy"] is None, row["grade"] == "ok", f"a remedy for what is not well: {row}")
    return done.returncode, rows


def by_name(bench, conf, *argv, env=None):
    code, rows = findings(bench, conf, *argv, env=env)
    return code, {row["what"]: (row["grade"], row["found"]) for row in rows}


def of(rows, what):
    return [(row["grade"], row["found"]) for row in rows if row["what"] == what]


def remedies(rows, what):
    return [row["remedy"] for row in rows if row["what"] == what]
