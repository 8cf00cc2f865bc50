"""Runs the Python blocks of README.md and docs/ as tests, each page from top to bottom.

And divides a run among processes: each takes whole files, so that a page stays a story.
"""

from __future__ import annotations

import os

import pytest
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
).pytest()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the blocks of a page back into their order: tests are shuffled, pages are stories."""
    places = [place for place, item in enumerate(items) if isinstance(item, SybilItem)]
    blocks = sorted((items[place] for place in places), key=_place_on_page)
    for place, block in zip(places, blocks, strict=True):
        items[place] = block


def _place_on_page(item: pytest.Item) -> tuple[str, int]:
    path, line, _ = item.reportinfo()
    return str(path), line or 0


MOST = 8
"""More processes do not help: each collects all tests and starts its own servers."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One process for each core; none but pytest's own for a single file, or on a single core."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None  # the variable is pytest-xdist's own
    single = len(config.args) == 1 and ".py" in config.args[0]
    cores = _cores()
    return 0 if single or cores == 1 else min(cores, MOST)


def _cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
