"""What cancelkit's own stores on SQLAlchemy Core have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    LargeBinary,
    Select,
    String,
    Table,
    bindparam,
    cast,
    insert,
    select,
    update,
)

from cancelkit.adapters.sqlalchemy.faults import writing_own
from cancelkit.adapters.sqlalchemy.shared import Shared

S = TypeVar("S")
TEXT = String()


def param(name: str) -> ColumnElement[str]:
    """Return a parameter that is text."""
    return bindparam(name, type_=TEXT)


class Store(NamedTuple):
    """A table over one connection and one tenant.

    Attributes:
        fresh: read with a share lock, which sees what is committed now: on MariaDB, a plain read
            sees what was there at the transaction's first one.
    """

    db: Connection
    table: Table
    tenant: str
    fresh: bool
    shared: Shared

    def rows(self, *columns: ColumnElement[Any], **values: object) -> Select[Any]:
        """Select from the rows of this tenant."""
        found = select(*columns).where(self.one(**values))
        return found.with_for_update(read=True) if self.fresh else found

    def one(self, **values: object) -> ColumnElement[bool]:
        """Return the condition of a row of this tenant."""
        condition: ColumnElement[bool] = self.table.c.tenant == param("of_tenant")
        for name, value in values.items():
            condition = condition & (self.table.c[name] == value)
        return condition

    def as_text(self, column: ColumnElement[str]) -> ColumnElement[Any]:
        """Return a document that may be damaged: on SQLite, text may be no text at all.

        That must be an error of its own row, and of no other: see `cancelkit.adapters.stored`.
        """
        return cast(column, LargeBinary) if self.db.dialect.name == "sqlite" else column

    def once(self, name: str, make: Callable[[], S]) -> S:
        """Return a statement of this store, which is made once for a host."""
        key = (name, self.table.name, self.fresh, self.db.dialect.name)
        return self.shared.once(key, make)

    def ask(self, statement: Any, **values: object) -> CursorResult[Any]:
        """Execute a statement for this tenant, after what was kept back."""
        if self.shared.late is not None:
            self.shared.late.write()
        return self.db.execute(statement, {"of_tenant": self.tenant, **values})

    def insert(self, *rows: Mapping[str, object]) -> None:
        """Insert rows, perhaps later; one that is there already is a `Conflict`."""
        mine = [{"tenant": self.tenant, **row} for row in rows]
        late = self.shared.late
        if late is not None and late.takes(self.db, self.table):
            late.add(self.table, mine)
            return
        with writing_own(self.table.name):
            self.db.execute(self.once("insert", lambda: insert(self.table)), mine)

    def update(
        self, where: ColumnElement[bool], values: Mapping[str, object], **which: object
    ) -> bool:
        """Update at most one row, and say whether it was there."""
        with writing_own(self.table.name):
            return self.ask(update(self.table).where(where), **values, **which).rowcount == 1
