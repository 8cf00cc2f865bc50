"""Measures, or with --check runs every case once and says whether its answer is right."""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
from collections.abc import Callable

from attrs import evolve

from tests.benchmarks import crm, documents, engine, importing, lifecycle
from tests.benchmarks.harness import Group, check, report

TOPICS: dict[str, Callable[[], list[Group]]] = {
    "engine": engine.groups,
    "lifecycle": lifecycle.groups,
    "crm": crm.groups,
    "documents": documents.groups,
    "importing": importing.groups,
}


def main() -> None:
    """Runs the topics that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "topics",
        nargs="*",
        metavar="topic",
        help=f"of {', '.join(TOPICS)}; all where none is given",
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--rounds", type=int, default=0, help="of each run; 0 for each group's own")
    parser.add_argument("--check", action="store_true", help="run each case once, without timing")
    given = parser.parse_args()
    groups = [group for name in given.topics or TOPICS for group in TOPICS[name]()]
    if given.check:
        for group in groups:
            check_group(group)
        return
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, --seed {given.seed}")
    rng = random.Random(given.seed)
    for group in groups:
        report(evolve(group, rounds=given.rounds or group.rounds), rng)
        sys.stdout.flush()


def check_group(group: Group) -> None:
    """Prints a line for each case: ok, or skipped and why. A wrong answer ends the run."""
    for name, case in group.cases.items():
        check(case)
        print(f"ok\t{name}")
    for name, reason in group.skipped.items():
        print(f"skipped\t{name}\t{reason}")


if __name__ == "__main__":
    main()
