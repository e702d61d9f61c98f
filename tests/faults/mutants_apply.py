#!/usr/bin/env python3
"""The breaks of tests/faults/mutants fit the source, and name experiments that exist. `tests/faults/run mutants`
tries them."""
import glob
import os
import shutil
import subprocess

import faults  # noqa: F401  pylint: disable=unused-import
import spooltest
from mutants import facts_of
from spooltest import true


def test_each(_):
    """each break applies to the source as it is, and its experiments exist"""
    if shutil.which("patch") is None:
        raise spooltest.Skip("there is no patch")
    here = os.path.join(spooltest.srcdir(), "tests", "faults")
    patches = sorted(glob.glob(os.path.join(here, "mutants", "*.patch")))
    true(patches, "there are breaks")
    for path in patches:
        with open(path, encoding="utf-8") as file:
            done = subprocess.run(["patch", "-p1", "-s", "-F0", "--dry-run"], cwd=spooltest.srcdir(), stdin=file,
                                  capture_output=True, text=True, check=False)
        true(done.returncode == 0, f"{path} does not fit: change it with the source\n{done.stdout}")
        facts = facts_of(path)
        true(facts.get("breaks"), f"{path} does not say what it breaks")
        for name in facts["caught by"].split():
            true(any(os.path.exists(os.path.join(here, name + end)) for end in (".c", ".py")),
                 f"{path}: no experiment is called {name}")


if __name__ == "__main__":
    spooltest.main()
