"""Which kinds of files there are, and where the data of each is found."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Kind:
    """One kind of records, with a file of its own.

    Attributes:
        key: also the name of its file, without ".csv".
        section: the key of the section that is absent without it; "" for the customers.
        required: the columns that must be there.
        optional: the columns that may be there.
    """

    key: str
    section: str
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def file(self) -> str:
        """The name of its file in the standard format."""
        return f"{self.key}.csv"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that there are."""
        return (*self.required, *self.optional)

    @property
    def has_status(self) -> bool:
        """Whether its records are open until their status is a closed one."""
        return "customer" in self.required and "status" in self.required


def _records(key: str) -> Kind:
    return Kind(key, key, ("id", "customer", "status"), ("label",))


KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind("users", "ownership", ("id", "name"), ("active", "telesales", "roles")),
        Kind("customers", "", ("id", "name"), ("status", "owner", "since")),
        Kind("assets", "assets", ("id", "customer", "ceased_on"), ("live", "label")),
        _records("cases"),
        _records("opportunities"),
        _records("quotations"),
        _records("sales_orders"),
        Kind("expiries", "future_expiry", ("id", "customer", "on"), ("label",)),
    )
}
"""Key -> kind, in the order in which they are loaded."""


@frozen
class Source:
    """Where the data of one kind is found.

    Attributes:
        kind: which kind.
        file: the name of the file in the folder.
        columns: our column -> the file's; in the standard format the same names.
        exact: refuse columns that are not in `columns`, and let the optional ones be missing; as
            in the standard format. Otherwise each of `columns` must be there, and others are
            ignored.
        required: it is an error when the file is missing.
        encoding: of the file; a byte order mark is left out.
        delimiter: the character between cells.
        date_format: as for `datetime.strptime`; "" for days such as 2026-03-02.
        check_dates: columns of the file whose cells must be empty or days, although nothing else
            is done with them.
        closed: the statuses that mean closed; the article's where it is None.
        cancelled: the statuses of a customer that mean Cancelled.
        without_customer: "report" or "refuse" rows whose customer is empty.
        unknown_customer: "report" or "refuse" rows whose customer does not exist.
    """

    kind: Kind
    file: str
    columns: Mapping[str, str]
    exact: bool = field(default=True, kw_only=True)
    required: bool = field(default=False, kw_only=True)
    encoding: str = field(default="utf-8", kw_only=True)
    delimiter: str = field(default=",", kw_only=True)
    date_format: str = field(default="", kw_only=True)
    check_dates: tuple[str, ...] = field(default=(), kw_only=True)
    closed: tuple[str, ...] | None = field(default=None, kw_only=True)
    cancelled: tuple[str, ...] = field(default=("cancelled",), kw_only=True)
    without_customer: str = field(default="report", kw_only=True)
    unknown_customer: str = field(default="refuse", kw_only=True)


def standard(kind: Kind) -> Source:
    """Return the source of a kind in the standard format."""
    same = {column: column for column in kind.columns}
    return Source(kind, kind.file, same, required=not kind.section)


STANDARD_SOURCES: tuple[Source, ...] = tuple(standard(kind) for kind in KINDS.values())
"""The documented files and columns."""
