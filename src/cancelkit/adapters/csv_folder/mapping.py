"""A mapping file: how somebody else's export is read, in TOML.

    date_format = "%d-%m-%y"            # for every file; as for datetime.strptime
    encoding = "utf-8"                  # likewise
    delimiter = ","                     # likewise

    [customers]                         # one table for each kind that there is
    file = "accounts.csv"
    columns = { id = "account", name = "account" }
    cancelled = ["Former customer"]     # the statuses that mean Cancelled

    [opportunities]
    file = "sales_pipeline.csv"
    columns = { id = "opportunity_id", customer = "account", status = "deal_stage" }
    closed = ["Won", "Lost"]            # any other status is open
    check_dates = ["close_date"]        # must be empty or days, although nothing reads them
    without_customer = "report"         # or "refuse": rows whose customer is empty
    unknown_customer = "refuse"         # or "report": rows whose customer does not exist

`encoding`, `delimiter` and `date_format` may also stand in the table of a kind. `columns` names the
file's column for each of ours that is to be read; all that is named must be there, and the file's
other columns are ignored. Without `columns` the file has ours. A kind without a table is absent.
Every key is checked: an unknown one is refused with the list of those that there are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from attrs import evolve

from cancelkit.adapters.csv_folder.cells import parse_day
from cancelkit.adapters.csv_folder.problems import Problems, shown
from cancelkit.adapters.csv_folder.sources import KINDS, Kind, Source, standard

Check: TypeAlias = Callable[[Any], bool]

PROBE = date(2001, 2, 3)
"""A day whose year, month and day cannot be mistaken for each other."""

ANOTHER_YEAR = PROBE.replace(year=2002)


def read_mapping(path: str | Path) -> tuple[Source, ...]:
    """Read a mapping file.

    Returns:
        The sources, in the order in which they are loaded.

    Raises:
        BadFile: it is not there, no TOML, or has something in it that does not belong there.
    """
    problems = Problems()
    data = _toml(Path(path), problems)
    problems.check()
    reader = _Reader(Path(path).name, problems)
    sources = reader.sources(data)
    problems.check()
    return sources


def _toml(path: Path, problems: Problems) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8").removeprefix("\ufeff"))
    except OSError as error:
        problems.add(str(path), 0, "", f"{error.strerror}", "a mapping file")
    except UnicodeDecodeError:
        problems.add(path.name, 0, "", "it is not text in UTF-8", "a mapping file in TOML")
    except tomllib.TOMLDecodeError as error:
        problems.add(path.name, 0, "", f"it is not TOML: {error}", "a mapping file in TOML")
    return {}


class _Reader:
    """Checks a mapping file and makes sources of it."""

    def __init__(self, file: str, problems: Problems) -> None:
        self._file = file
        self._problems = problems

    def sources(self, data: Mapping[str, Any]) -> tuple[Source, ...]:
        """Return the source of each kind that has a table."""
        tables = {key: value for key, value in data.items() if key not in COMMON}
        common = self._settings({k: data[k] for k in COMMON if k in data}, "", COMMON)
        for key, table in tables.items():
            if key not in KINDS:
                self._wrong(key, f"there is no {shown(key)} here", f"one of {_listed(KINDS)}")
            elif not isinstance(table, dict):
                self._wrong(key, f"{shown(table)} is not a table", f"a table [{key}]")
        if "customers" not in tables:
            self._wrong("customers", "the table [customers] is missing", "one")
        return tuple(
            self._source(kind, tables[key], common)
            for key, kind in KINDS.items()
            if isinstance(tables.get(key), dict)
        )

    def _source(self, kind: Kind, table: Mapping[str, Any], common: dict[str, Any]) -> Source:
        settings = self._settings(table, f"{kind.key}.", _known(kind))
        columns = settings.pop("columns", None)
        source = evolve(standard(kind), required=True, **{**common, **settings})
        if columns is None:
            return source
        self._check_columns(kind, columns)
        return evolve(source, columns=columns, exact=False)

    def _check_columns(self, kind: Kind, columns: Mapping[str, str]) -> None:
        place = f"{kind.key}.columns"
        for ours in columns:
            if ours not in kind.columns:
                expected = f"one of {_listed(kind.columns)}"
                self._wrong(f"{place}.{ours}", f"{kind.key} have no column {shown(ours)}", expected)
        for ours in kind.required:
            if ours not in columns:
                self._wrong(place, f"{shown(ours)} is missing", "the file's column for it")

    def _settings(
        self, table: Mapping[str, Any], place: str, known: Mapping[str, tuple[Check, str]]
    ) -> dict[str, Any]:
        """Return the settings of a table that are as they should be."""
        good: dict[str, Any] = {}
        for key, value in table.items():
            if key not in known:
                wrong = f"there is no setting {shown(key)} here"
                self._wrong(place + key, wrong, f"one of {_listed(known)}")
                continue
            check, expected = known[key]
            if not check(value):
                self._wrong(place + key, f"{shown(value)} does not fit", expected)
                continue
            good[key] = tuple(value) if isinstance(value, list) else value
        return good

    def _wrong(self, key: str, wrong: str, expected: str) -> None:
        self._problems.add(self._file, 0, f"key {key}", wrong, expected)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _is_file(value: Any) -> bool:
    return _is_text(value) and Path(value).name == value and "\\" not in value


def _is_columns(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_is_text, value.values()))


def _is_delimiter(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1 and value not in '\r\n" \0'


def _is_encoding(value: Any) -> bool:
    try:
        return isinstance(value, str) and "a".encode(value).decode(value) == "a"
    except (LookupError, ValueError):
        return False


def _is_date_format(value: Any) -> bool:
    try:
        if not _is_text(value) or PROBE.strftime(value) == ANOTHER_YEAR.strftime(value):
            return False  # Python warns of days that are parsed without a year
        return parse_day(PROBE.strftime(value), value) == PROBE
    except ValueError:
        return False


def _is_choice(value: Any) -> bool:
    return value in ("report", "refuse")


def _listed(names: Any) -> str:
    return ", ".join(names)


COMMON: Mapping[str, tuple[Check, str]] = {
    "encoding": (_is_encoding, 'an encoding such as "utf-8" or "cp1252"'),
    "delimiter": (_is_delimiter, 'one character such as ";"'),
    "date_format": (_is_date_format, 'day, month and year as for strptime, such as "%d-%m-%y"'),
}
"""The settings for every file: how each is checked, and what is expected."""

_KIND: Mapping[str, tuple[Check, str]] = {
    "file": (_is_file, "the name of a file in the folder"),
    "columns": (_is_columns, 'a table such as { id = "account" }'),
    "check_dates": (_is_texts, "a list of the file's columns"),
    **COMMON,
}
_CHOICE: tuple[Check, str] = (_is_choice, '"report" or "refuse"')
_STATUSES: tuple[Check, str] = (_is_texts, 'a list of statuses such as ["Won", "Lost"]')


def _known(kind: Kind) -> dict[str, tuple[Check, str]]:
    """Return the settings that the table of a kind may have."""
    known = dict(_KIND)
    if kind.has_status:
        known["closed"] = _STATUSES
    if kind.key == "customers":
        known["cancelled"] = _STATUSES
    if "customer" in kind.columns:
        known |= {"without_customer": _CHOICE, "unknown_customer": _CHOICE}
    return known
