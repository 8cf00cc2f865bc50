"""The queue as CSV (RFC 4180), with no cell that a spreadsheet takes for a formula."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from csv import QUOTE_ALL, writer
from datetime import tzinfo
from io import StringIO
from typing import TYPE_CHECKING

from cancelkit.messages import Message
from cancelkit.queue.rows import Queue, Row
from cancelkit.records import Stamp
from cancelkit.times import day_of

if TYPE_CHECKING:
    from cancelkit.kit import CancelKit

_FORMULA = re.compile(
    r"""^(?=[\t\r])                                              # what may hide the next one
    | ((?:^|[;\t\r\n]) [\s"]*) (?=[=+\-@\uff1d\uff0b\uff0d\uff20])  # the last four: full-width""",
    re.VERBOSE,
)
"""Before what a spreadsheet takes for a formula.

Not only where a cell begins: where cells are separated by semicolons, as in much of Europe, or by
tabs, what we have quoted is taken apart, and a name such as "Ann;=1+1" would become two cells.
"""
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # what no file of text can hold


def _yes(kit: CancelKit, flag: bool) -> str:
    return kit.text(Message("queue.yes" if flag else "queue.no"))


def _day(stamp: Stamp | None, zone: tzinfo) -> str:
    return day_of(stamp.at, zone).isoformat() if stamp else ""


COLUMNS: dict[str, Callable[[CancelKit, Row], object]] = {
    "customer": lambda kit, row: row.customer,
    "name": lambda kit, row: row.name,
    "status": lambda kit, row: row.status,
    "owners": lambda kit, row: "; ".join(owner.name for owner in row.owners),
    "profile": lambda kit, row: row.profile,
    "stage": lambda kit, row: kit.text(Message(f"stage_word.{row.stage.name.lower()}")),
    "says": lambda kit, row: row.says,
    "blocked_by": lambda kit, row: "; ".join(map(kit.title, row.blocked_by)),
    "reasons": lambda kit, row: "; ".join(reason.label for reason in row.reasons),
    "begun_on": lambda kit, row: _day(row.begun, kit.zone),
    "begun_by": lambda kit, row: row.begun.by.name if row.begun else "",
    "age": lambda kit, row: "" if row.age is None else row.age,
    "touched_on": lambda kit, row: _day(row.touched, kit.zone),
    "touched_by": lambda kit, row: row.touched.by.name if row.touched else "",
    "on": lambda kit, row: row.on or "",
    "due": lambda kit, row: row.due or "",
    "overdue": lambda kit, row: _yes(kit, row.overdue),
    "stuck": lambda kit, row: _yes(kit, row.stuck),
}
"""What each column has, by the name of its heading: the message "queue.NAME"."""


def csv(queue: Queue, kit: CancelKit) -> Iterator[str]:
    r"""Return the rows of a queue as the lines of a CSV file, the headings first.

    Lines end with "\r\n", and a quoted cell may have line breaks of its own: write them as they
    are, in UTF-8 (spreadsheets of Microsoft want "\ufeff" before the first). Days are those of
    the host's zone. Every cell is quoted, and what a spreadsheet might take for a formula has an
    apostrophe before it (ASVS 1.2.10), also behind a semicolon, tab or line break in a cell.
    """
    yield _line([kit.text(Message(f"queue.{name}")) for name in COLUMNS])
    for row in queue.rows:
        yield _line([cell(kit, row) for cell in COLUMNS.values()])


def _line(cells: list[object]) -> str:
    line = StringIO(newline="")
    writer(line, quoting=QUOTE_ALL).writerow(map(_harmless, cells))
    return line.getvalue()


def _harmless(cell: object) -> str:
    return _FORMULA.sub(r"\1'", _NO_TEXT.sub("\ufffd", str(cell)))
