"""The cells of one row as values; what is wrong with any of them is collected."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from cancelkit.adapters.csv_folder.problems import Problems, shown
from cancelkit.adapters.csv_folder.sources import Source
from cancelkit.adapters.csv_folder.table import Row
from cancelkit.errors import Invalid
from cancelkit.text import TEXT_LIMIT, checked_id, checked_line

T = TypeVar("T")

BOXES = {
    "yes": True,
    "true": True,
    "y": True,
    "1": True,
    "no": False,
    "false": False,
    "n": False,
    "0": False,
}
"""What may stand for a box that is ticked or not, in small or capital letters."""

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Cells:
    """Reads the cells of a row. A cell that is wrong gives a stand-in, and makes `bad` true."""

    def __init__(self, source: Source, row: Row, problems: Problems) -> None:
        self.line: int = row.line
        self.bad: bool = False
        self._source = source
        self._row = row
        self._problems = problems

    def has(self, column: str) -> bool:
        """Say whether the file has a column."""
        return column in self._row.cells

    def text(self, column: str) -> str:
        """Return a line of text, "" where it is empty or the file has no such column."""
        return self._checked(column, lambda cell, what: checked_line(cell, what, limit=TEXT_LIMIT))

    def required(self, column: str) -> str:
        """Return a line of text that must not be empty."""
        text = self.text(column)
        if not text and not self.bad:
            self.wrong(column, "the cell is empty", f"a {column}")
        return text

    def id(self, column: str) -> str:
        """Return an identifier that must not be empty."""
        return self._checked(column, checked_id)

    def optional_id(self, column: str) -> str:
        """Return an identifier, or ""."""
        return self.id(column) if self._row.cells.get(column) else ""

    def day(self, column: str) -> date | None:
        """Return a day, or None where the cell is empty."""
        cell = self._row.cells.get(column, "")
        if not cell:
            return None
        try:
            return parse_day(cell, self._source.date_format)
        except ValueError:
            form = self._source.date_format or "YYYY-MM-DD"
            example = date(2026, 3, 2).strftime(self._source.date_format or "%Y-%m-%d")
            expected = f"a day written {form}, such as {example}"
            self.wrong(column, f"{shown(cell)} is not a day", expected)
            return None

    def required_day(self, column: str) -> date:
        """Return a day that must be there."""
        if not self._row.cells[column]:
            self.wrong(column, "the cell is empty", "a day")
        return self.day(column) or date.min

    def box(self, column: str, *, default: bool) -> bool:
        """Return whether a box is ticked; the default where the file has no such column."""
        if column not in self._row.cells:
            return default
        cell = self._row.cells[column]
        ticked = BOXES.get(cell.casefold())
        if ticked is None:
            self.wrong(column, f"{shown(cell)} is neither yes nor no", "yes or no")
        return bool(ticked)

    def wrong(self, column: str, wrong: str, expected: str) -> None:
        """Collect what is wrong with a cell."""
        self.bad = True
        name = self._source.columns.get(column, column)
        self._problems.add(self._source.file, self.line, f"column {name}", wrong, expected)

    def _checked(self, column: str, check: Callable[[str, str], str]) -> str:
        cell = self._row.cells.get(column, "")
        try:
            return check(cell, "the cell")
        except Invalid as error:
            expected = "one line of text" if cell else "an identifier"
            self.wrong(column, str(error).removesuffix("."), expected)
            return ""


def parse_day(text: str, date_format: str) -> date:
    """Return a day.

    Args:
        text: the cell.
        date_format: as for `datetime.strptime`; "" for days such as 2026-03-02.

    Raises:
        ValueError: it is none.
    """
    if date_format:
        return datetime.strptime(text, date_format).date()  # noqa: DTZ007 - only its day is used
    if not _ISO.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)
