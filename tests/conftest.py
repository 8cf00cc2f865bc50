"""Hypothesis profiles, and one seed that repeats a run, printed with every run."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import accessible, browser, complaints, open_page, page
from tests.harness.report import Report
from tests.servers import databases, mariadb_url, postgres_url

__all__ = [  # fixtures of every test
    "accessible",
    "browser",
    "complaints",
    "databases",
    "mariadb_url",
    "open_page",
    "page",
    "postgres_url",
]

settings.register_profile("default", deadline=None, print_blob=True, derandomize=False)
settings.register_profile(
    "ci", settings.get_profile("default"), max_examples=100, database=None, derandomize=False
)
settings.register_profile(
    "nightly",
    settings.get_profile("ci"),
    max_examples=10_000,
    stateful_step_count=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

PROFILE = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default")
settings.load_profile(PROFILE)


REPORTED = pytest.StashKey[dict[str, list[str]]]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Lets the seed of pytest-randomly be the one of Hypothesis too.

    Except in the default profile without a chosen seed: there Hypothesis remembers its failures in
    .hypothesis/ and tries them first, which a fixed seed would switch off.
    """
    config.stash[REPORTED] = {}
    if hasattr(config, "workerinput"):
        return  # a process of pytest-xdist has the options of the run
    options = config.option
    order = getattr(options, "randomly_seed", None)  # absent with `-p no:randomly`
    if order == "default" and PROFILE != "default":
        order = options.randomly_seed = random.SystemRandom().getrandbits(32)
    if isinstance(order, int) and options.hypothesis_seed is None:
        options.hypothesis_seed = str(order)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hands what was reported in a process of pytest-xdist to the run it belongs to."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["reported"] = session.config.stash[REPORTED]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes what was reported in a process that has ended."""
    reported: dict[str, list[str]] = getattr(node, "workeroutput", {}).get("reported", {})
    for heading, lines in reported.items():
        node.config.stash[REPORTED].setdefault(heading, []).extend(lines)


def pytest_report_header(config: pytest.Config) -> str:
    return _how_to_repeat(config)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Prints what tests have reported, and the seeds again: `-q` leaves the header out."""
    for heading, lines in sorted(config.stash[REPORTED].items()):
        terminalreporter.section(heading)
        for line in sorted(lines):
            terminalreporter.write_line(line)
    terminalreporter.write_line(_how_to_repeat(config))


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Report:
    """Takes numbers that a run should print: how many cells, how many schedules."""

    def add(heading: str, line: str, /) -> None:
        pytestconfig.stash[REPORTED].setdefault(heading, []).append(line)

    return add


def _how_to_repeat(config: pytest.Config) -> str:
    order = getattr(config.option, "randomly_seed", None)
    chosen = config.option.hypothesis_seed
    options = [] if order is None else [f"--randomly-seed={order}"]
    if chosen is not None and chosen != str(order):
        options.append(f"--hypothesis-seed={chosen}")
    return f"hypothesis profile {PROFILE}; to repeat this run: {' '.join(options) or 'no seed'}"


PROOFS = frozenset(
    f"test_{name}.py"
    for name in (
        "benchmarks",
        "benchmarks_sql",
        "broken_adapters",
        "broken_sql",
        "contract_sqlalchemy",
        "doctor",
        "faults",
        "guard_triggers",
        "interleavings",
        "machine",
        "languages",
        "pairs",
        "panel_counts",
        "panel_document",
        "panel_leaks",
        "panel_matrix",
        "panel_schemathesis",
        "panel_texts",
        "panel_unsafe",
        "phantom",
        "section_contract",
        "sql_alembic",
        "sql_bouncer",
        "sql_commit_lost",
        "sql_counts",
        "sql_crashes",
        "sql_kill",
        "sql_paused",
        "sql_plans",
        "sql_races",
        "state_machine",
    )
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what needs a browser, and the proofs.

    Proofs take most of the time, and do not depend on the version of Python. Where processes of
    pytest-xdist take file after file, proofs come first, so that no process works alone at the end.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if item.path.name in PROOFS:
            item.add_marker(pytest.mark.proof)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path.name not in PROOFS)
