"""Measures, or with --check runs every case once and says whether its answer is right."""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
from collections.abc import Callable, Iterable, Iterator

from attrs import evolve

from tests.benchmarks import (
    crm,
    documents,
    engine,
    importing,
    lifecycle,
    sql,
    sql_bulk,
    sql_process,
)
from tests.benchmarks.harness import Group, check, report
from tests.benchmarks.shop import FULL, USUAL, Sizes, shops

TOPICS: dict[str, Callable[[], Iterable[Group]]] = {
    "engine": engine.groups,
    "lifecycle": lifecycle.groups,
    "crm": crm.groups,
    "documents": documents.groups,
    "importing": importing.groups,
    "sql": lambda: databases(USUAL),
}
FULL_TOPICS: dict[str, Callable[[], Iterable[Group]]] = {**TOPICS, "sql": lambda: databases(FULL)}


def databases(sizes: Sizes) -> Iterator[Group]:
    """Yields the groups on SQLite and PostgreSQL, each when it is its turn."""
    with shops(sizes) as places:
        for place in places:
            for topic in (sql, sql_process, sql_bulk):
                yield from topic.groups(place)


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
    parser.add_argument(
        "--full", action="store_true", help="sql: 100,000 customers, and as many open records"
    )
    given = parser.parse_args()
    topics = FULL_TOPICS if given.full else TOPICS
    groups = (group for name in given.topics or topics for group in topics[name]())
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
