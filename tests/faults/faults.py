"""What the experiments in Python share: how much to run, and the result for tests/faults/run."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))


def runs(small):
    """Returns the number of runs: `small` in make check, None for all points."""
    value = os.environ.get("FAULTS_RUNS")
    if value is None:
        return small
    return None if value == "all" else int(value)


def whole():
    """Whether tests/faults/run runs the experiment, and not make check."""
    return "FAULTS_RUNS" in os.environ


def seed():
    return int(os.environ.get("FAULTS_SEED", "1"))


def result(**numbers):
    """Reports points=, lost=, and seen= and counted= for duplicates at Bento; calls add up."""
    print("# result: " + " ".join(f"{key}={value}" for key, value in numbers.items()), flush=True)


def progress(text):
    """Shows on a terminal how far a whole experiment is."""
    if whole() and sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)
