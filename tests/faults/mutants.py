"""Builds of the program with one promise broken on purpose, for tests/faults/run mutants.

Each patch in tests/faults/mutants is one break; its first lines say what it breaks and which experiments
catch it, by the small version that make check runs. The source is copied and built once; then each patch is
applied, built, tried and taken back.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HEAD = "| what is broken | experiment | what it reported |"
# Reports of an experiment: the first is shown.
REPORT = re.compile(r"(LOST|UNBOOKED|not truthful|does not open|integrity|accepted after an I/O error|"
                    r"passed over|delivery \d+ is lost|event \d+ is not there|got \d|counted|arrived|"
                    r"health (?:says|in between)|got -?\d).*")
DEADLINE = 1800


def facts_of(patch):
    with open(patch, encoding="utf-8") as file:
        return dict(re.findall(r"^(breaks|caught by): (.+)$", file.read(), re.M))


def must(*argv, cwd):
    done = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(argv)} failed in {cwd}:\n{done.stdout[-3000:]}")


def copy_tree(top, to):
    def built(_, names):
        return [name for name in names if name in (".git", "autom4te.cache")
                or name.startswith("build") and name != "build-aux"]
    shutil.copytree(top, to, ignore=built)
    os.mkdir(os.path.join(to, "build"))
    if not os.path.exists(os.path.join(to, "configure")):
        must("./autogen.sh", cwd=to)
    must("../configure", "--quiet", cwd=os.path.join(to, "build"))


def try_one(tree, name):
    """Runs an experiment in the copy; returns whether it passed, and its report."""
    argv = [os.path.join(tree, "tests", "faults", "run"), "--small", name]
    try:
        done = subprocess.run(argv, cwd=tree, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False, timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        return False, "it does not end"
    tests = re.findall(r"^(?:not )?ok .*", done.stdout, re.M)
    if all(" # SKIP" in test for test in tests):
        return None, "skipped"
    # A traceback quotes the source, where a report still has its braces.
    lines = [line for line in done.stdout.splitlines()
             if line.startswith(("#", "ERROR: ")) and not line.startswith("# result:")]
    said = [line for line in lines if "{" not in line]
    found = [match.group(0) for match in map(REPORT.search, said) if match]
    found += [line.split(": ", 1)[1] for line in lines if line.startswith(("# AssertionError: ", "ERROR: "))]
    return done.returncode == 0, found[0][:160] if found else "\n".join(said[-5:])


def try_patch(tree, patch, facts):
    """Returns rows of the table, and whether each experiment caught the break."""
    with open(patch, encoding="utf-8") as file:
        text = file.read()
    for way in ([], ["-R"]):
        done = subprocess.run(["patch", "-p1", "-s", "-F0", *way], cwd=tree, input=text, text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{patch} does not apply any more: change it with the source\n{done.stdout}")
        if way:
            break
        must("make", "-s", "-j2", "all", cwd=os.path.join(tree, "build"))
        rows = []
        good = True
        for name in facts["caught by"].split():
            passed, report = try_one(tree, name)
            good = good and passed is not True
            rows.append(f"| {facts['breaks']} | {name} |"
                        f" {'NOT CAUGHT' if passed else report.replace('|', '/')} |")
            print(rows[-1], file=sys.stderr)
    return rows, good


def main(top, wanted):
    """Tries the breaks, or those with these names; returns an exit status."""
    patches = sorted(glob.glob(os.path.join(top, "tests", "faults", "mutants", "*.patch")))
    if wanted:
        patches = [p for p in patches if os.path.basename(p).removesuffix(".patch") in wanted]
    facts = {patch: facts_of(patch) for patch in patches}
    failed = False
    rows = []
    with tempfile.TemporaryDirectory(prefix="mutants.") as directory:
        tree = os.path.join(directory, "tree")
        copy_tree(top, tree)
        for name in sorted({name for f in facts.values() for name in f["caught by"].split()}):
            passed, report = try_one(tree, name)
            if passed is False:
                sys.exit(f"{name} fails without any break: {report}")
            print(f"{name}: {'passes' if passed else report} without a break", file=sys.stderr)
        for patch in patches:
            more, good = try_patch(tree, patch, facts[patch])
            rows += more
            failed = failed or not good
    print(HEAD, "|---|---|---|", *rows, sep="\n")
    return 1 if failed else 0
