"""One CSV file as rows of cells, by our names of the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen

from cancelkit.adapters.csv_folder.problems import Problems, shown
from cancelkit.adapters.csv_folder.sources import Source


@frozen
class Row:
    """One row.

    Attributes:
        line: where it begins in the file.
        cells: our column -> its text; also the file's columns of `Source.check_dates`.
    """

    line: int
    cells: Mapping[str, str]


@frozen
class Table:
    """The header that was found, and the rows.

    Attributes:
        columns: the names in `Row.cells`.
        rows: in the order of the file.
    """

    columns: frozenset[str]
    rows: tuple[Row, ...]


def read_table(path: Path, source: Source, problems: Problems) -> Table | None:
    """Read a file; None where its header or its text cannot be read.

    Args:
        path: the file, which exists.
        source: what is expected in it.
        problems: gets whatever is wrong.
    """
    text = _text(path, source, problems)
    if text is None:
        return None
    lines = _lines(text, source, problems)
    header = next(lines, None)
    if header is None:
        expected = f"a header with the columns {', '.join(source.columns.values())}"
        problems.add(source.file, 0, "", "the file is empty", expected)
        return None
    places = _places(header[1], source, problems)
    if places is None:
        return None
    rows = [_row(line, cells, len(header[1]), places, source, problems) for line, cells in lines]
    return Table(frozenset(places), tuple(row for row in rows if row is not None))


def _text(path: Path, source: Source, problems: Problems) -> str | None:
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.add(source.file, 0, "", f"{error.strerror}", "a file that can be read")
        return None
    try:
        return data.decode(source.encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong = f"the byte 0x{data[error.start]:02X} is not {source.encoding.upper()} text"
        expected = f"text in {source.encoding.upper()} (a mapping can name another encoding)"
        problems.add(source.file, line, "", wrong, expected)
        return None


def _lines(text: str, source: Source, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Give every line that is not blank, with the number of the line where it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=source.delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(source.file, line, "", str(error), "CSV with closed quotes")
            return
        if cells:
            yield line, [cell.strip() for cell in cells]


def _places(header: list[str], source: Source, problems: Problems) -> dict[str, int] | None:
    """Return our column -> its place in a row; None where the header is wrong."""
    wanted = {**source.columns, **{name: name for name in source.check_dates}}
    found = {ours: header.index(theirs) for ours, theirs in wanted.items() if theirs in header}
    needed = source.kind.required if source.exact else wanted
    missing = [wanted[ours] for ours in needed if ours not in found]
    for name in missing:
        wrong = f"the column {shown(name)} is missing"
        problems.add(source.file, 1, "", wrong, f"it beside {', '.join(map(shown, header))}")
    doubled = sorted({n for n in wanted.values() if header.count(n) > 1})
    for name in doubled:
        wrong = f"the column {shown(name)} is there twice"
        problems.add(source.file, 1, "", wrong, "each column once")
    strange = [name for name in header if name not in wanted.values()] if source.exact else []
    for name in strange:
        wrong = f"the column {shown(name)} is unknown"
        problems.add(source.file, 1, "", wrong, f"only {', '.join(source.columns)}")
    return None if missing or doubled or strange else found


def _row(
    line: int,
    cells: list[str],
    width: int,
    places: Mapping[str, int],
    source: Source,
    problems: Problems,
) -> Row | None:
    if len(cells) != width:
        problems.add(source.file, line, "", f"the row has {len(cells)} cells", f"{width}")
        return None
    return Row(line, {ours: cells[place] for ours, place in places.items()})
