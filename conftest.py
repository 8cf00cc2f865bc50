"""Runs the Python blocks of README.md and docs/ as tests, each page from top to bottom."""

from __future__ import annotations

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
