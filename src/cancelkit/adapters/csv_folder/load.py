"""From a folder of CSV files to a `MemoryCrm`, its users, and the checklist to use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from cancelkit.adapters.csv_folder.cells import Cells
from cancelkit.adapters.csv_folder.mapping import read_mapping
from cancelkit.adapters.csv_folder.problems import Problems, shown
from cancelkit.adapters.csv_folder.report import (
    NO_CUSTOMER,
    UNKNOWN_CUSTOMER,
    LeftOut,
    Loaded,
    LoadReport,
)
from cancelkit.adapters.csv_folder.sources import KINDS, STANDARD_SOURCES, Source
from cancelkit.adapters.csv_folder.table import Table, read_table
from cancelkit.adapters.memory import Asset, Expiry, MemoryCrm, MemoryUsers, Record
from cancelkit.checklist import STANDARD, Checklist
from cancelkit.people import Customer, Person, Status, User

FIRST_LINES = 5
"""How many lines of rows that were left out are named."""


def load_folder(
    folder: str | Path, mapping: str | Path | None = None, *, checklist: Checklist = STANDARD
) -> Loaded:
    """Load a folder of CSV files.

    Args:
        folder: where the files are.
        mapping: a mapping file for an export that is not in the standard format.
        checklist: what is wanted; the sections without a file are taken out of it.

    Returns:
        The CRM, its users and roles, the checklist to use, and a report that says which sections
        are absent and which rows were left out.

    Raises:
        BadFile: files are missing or wrong; the error names each place, up to twenty.
    """
    sources = STANDARD_SOURCES if mapping is None else read_mapping(mapping)
    return _Loader(Path(folder), sources).load(checklist)


class _Loader:
    """Loads one folder, once."""

    def __init__(self, folder: Path, sources: tuple[Source, ...]) -> None:
        self._folder = folder
        self._sources = sources
        self._problems = Problems()
        self._tables: dict[str, Table] = {}
        self._left_out: dict[tuple[str, str], list[int]] = {}
        self._users: dict[str, User] = {}
        self._telesales: set[str] = set()
        self._roles: dict[str, frozenset[str]] = {}
        self._customers: set[str] = set()
        self._rows: dict[str, int] = {}
        self._crm = MemoryCrm()

    def load(self, checklist: Checklist) -> Loaded:
        """Read every file, then raise what is wrong with all of them, or return what they have."""
        there, unread = self._files()
        for source in there:
            table = read_table(self._folder / source.file, source, self._problems)
            if table is not None:
                self._tables[source.kind.key] = table
        kinds = [s.kind.key for s in there if s.kind.key not in ("customers", "users")]
        closed = {s.kind.key: s.closed for s in there if s.closed is not None}
        self._crm = MemoryCrm(kinds=kinds, closed=closed)
        for source in there:
            if source.kind.key in self._tables:
                self._take(source, self._tables[source.kind.key])
        self._problems.check()
        return self._loaded(there, unread, checklist)

    # ------------------------------------------------------------ files

    def _files(self) -> tuple[list[Source], tuple[str, ...]]:
        """Return the sources whose files are there, and the names of other CSV files."""
        try:
            there = self._there()
            self._problems.check()
            return there, self._unread(there)
        except OSError as error:
            wrong = f"it cannot be read: {error.strerror}"
            self._problems.add(str(self._folder), 0, "", wrong, "a folder that can be read")
            self._problems.check()
            raise

    def _there(self) -> list[Source]:
        """Return the sources whose files are there."""
        if not self._folder.is_dir():
            wrong = "there is no such folder" if not self._folder.exists() else "it is no folder"
            self._problems.add(str(self._folder), 0, "", wrong, "a folder with customers.csv")
            return []
        there: list[Source] = []
        for source in self._sources:
            if (self._folder / source.file).exists():
                there.append(source)
            elif source.required:
                wrong = f"the file is missing from {self._folder}"
                self._problems.add(source.file, 0, "", wrong, f"the {source.kind.key}")
        return there

    def _unread(self, there: Iterable[Source]) -> tuple[str, ...]:
        read = {source.file for source in there}
        names = (path.name for path in self._folder.iterdir())
        return tuple(sorted(n for n in names if n.lower().endswith(".csv") and n not in read))

    # ------------------------------------------------------------ rows

    def _take(self, source: Source, table: Table) -> None:
        """Put the rows of one kind where they belong."""
        key = source.kind.key
        put = self._put_for(key)
        seen: dict[str, int] = {}
        taken = 0
        for row in table.rows:
            cells = Cells(source, row, self._problems)
            identifier = cells.id("id")
            for column in source.check_dates:
                cells.day(column)
            first = seen.setdefault(identifier, row.line)
            if identifier and first != row.line:
                wrong = f"{shown(identifier)} is there already, in line {first}"
                cells.wrong("id", wrong, "each id once")
            taken += put(source, cells, identifier)
        self._rows[key] = taken
        if key == "customers" and not table.rows:
            self._problems.add(source.file, 0, "", "there is no customer in it", "at least one")

    def _put_for(self, key: str) -> Callable[[Source, Cells, str], bool]:
        own = {"users": self._user, "customers": self._customer}
        return own.get(key, self._record)

    def _user(self, source: Source, cells: Cells, identifier: str) -> bool:
        user = User(identifier, cells.required("name"), cells.box("active", default=True))
        if cells.box("telesales", default=False):
            self._telesales.add(identifier)
        names = (name.strip() for name in cells.text("roles").split(";"))
        self._roles[identifier] = frozenset(filter(None, names))
        self._users[identifier] = user
        return not cells.bad

    def _customer(self, source: Source, cells: Cells, identifier: str) -> bool:
        self._customers.add(identifier)
        customer = Customer(
            identifier,
            cells.required("name"),
            _status(source, cells),
            self._owners(cells),
            cells.day("since"),
        )
        if not cells.bad:
            self._crm.put_customer(customer)
        return not cells.bad

    def _owners(self, cells: Cells) -> tuple[Person, ...]:
        owner = cells.optional_id("owner")
        if not owner:
            return ()
        if "users" not in self._tables:
            return (Person(owner),)
        if owner not in self._users:
            cells.wrong("owner", f"there is no user {shown(owner)}", "the id of a user, or nothing")
            return ()
        return (self._users[owner].person,)

    def _record(self, source: Source, cells: Cells, identifier: str) -> bool:
        customer = cells.optional_id("customer")
        made = _made(source.kind.key, cells, identifier, customer)
        if not self._belongs(source, cells, customer) or cells.bad:
            return False
        self._crm.put(source.kind.key, made)
        return True

    def _belongs(self, source: Source, cells: Cells, customer: str) -> bool:
        """Say whether a row has a customer; report or refuse it where it has none."""
        if cells.bad:
            return False
        if not customer:
            why, choice, wrong = NO_CUSTOMER, source.without_customer, "the cell is empty"
        elif customer not in self._customers and "customers" in self._tables:
            why, choice = UNKNOWN_CUSTOMER, source.unknown_customer
            wrong = f"there is no customer {shown(customer)}"
        else:
            return True
        if choice == "refuse":
            cells.wrong("customer", wrong, "the id of a customer")
        else:
            self._left_out.setdefault((source.kind.key, why), []).append(cells.line)
        return False

    # ------------------------------------------------------------ the result

    def _loaded(self, there: list[Source], unread: tuple[str, ...], checklist: Checklist) -> Loaded:
        found = {source.kind.key for source in there}
        sections = [kind.section for kind in KINDS.values() if kind.key not in found]
        absent = [key for key in checklist.by_key if key in sections]
        files = {source.kind.key: source.file for source in there}
        left_out = tuple(
            LeftOut(kind, files[kind], why, len(lines), tuple(lines[:FIRST_LINES]))
            for (kind, why), lines in self._left_out.items()
        )
        report = LoadReport(self._rows, tuple(absent), left_out, unread)
        users = MemoryUsers(self._users.values(), telesales=self._telesales)
        return Loaded(
            self._crm,
            users if "users" in found else None,
            self._roles,
            checklist.without(*absent),
            report,
        )


def _status(source: Source, cells: Cells) -> Status | None:
    """Return the customer's status; None where the file has no such column."""
    if not cells.has("status"):
        return None
    value = cells.text("status")
    if not value:
        cells.wrong("status", "the cell is empty", "a status such as live or cancelled")
    cancelled = value.casefold() in {name.strip().casefold() for name in source.cancelled}
    label = value.replace("_", " ")
    return Status(value, cancelled=cancelled, label=label[:1].upper() + label[1:])


def _made(kind: str, cells: Cells, identifier: str, customer: str) -> Record | Asset | Expiry:
    label = cells.text("label")
    if kind == "assets":
        ceased = cells.day("ceased_on")
        live = cells.box("live", default=ceased is None)
        return Asset(identifier, customer, ceased, live, label)
    if kind == "expiries":
        return Expiry(identifier, customer, cells.required_day("on"), label)
    return Record(identifier, customer, cells.text("status"), label)
