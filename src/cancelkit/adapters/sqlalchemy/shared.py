"""What the stores of one unit of work share: statements, what was read ahead, what is written late.

A round trip to the database is what a command costs. So the two reads with which every command
begins are one statement; and on PostgreSQL, what it adds to three tables is one as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import JSON, Connection, Insert, Table, Text, bindparam, cast, func, insert, select
from sqlalchemy import column as named

from cancelkit.adapters.sqlalchemy.faults import writing_own
from cancelkit.adapters.sqlalchemy.tables import OwnTables
from cancelkit.ports import Unit

S = TypeVar("S")

Prepared = dict[Any, Any]
"""Statements by what they are for, each made once for a host."""


class Shared(NamedTuple):
    """What the stores of one unit of work share.

    Attributes:
        prepared: the host's statements.
        ahead: customer -> the row of its current cancellation, read together with an operation;
            it is used once. None where nothing is read ahead.
        late: what is written at once, but later; None where each row is written when it is added.
    """

    own: OwnTables
    prepared: Prepared
    ahead: dict[str, tuple[str, str] | None] | None = None
    late: Late | None = None

    def once(self, key: Any, make: Callable[[], S]) -> S:
        """Return a statement, which is made the first time."""
        if key not in self.prepared:
            self.prepared[key] = make()
        made: S = self.prepared[key]
        return made


class Late:
    """Rows for the history, the operations and the outbox, in one statement of one constant text.

    They are written with the operation, which every accepted command adds last, or the entry of a
    refusal; else when somebody reads, or when the unit of work ends.
    """

    def __init__(self, db: Connection, own: OwnTables, prepared: Prepared) -> None:
        self._db = db
        self._tables = {"history": own.history, "operations": own.operations, "outbox": own.outbox}
        self._prepared = prepared
        self._rows: dict[Table, list[Mapping[str, object]]] = {}
        self._done = False

    def takes(self, db: Connection, table: Table) -> bool:
        """Say whether rows for a table are kept here; not those for another connection."""
        return db is self._db and table in self._tables.values() and not self._done

    def add(self, table: Table, rows: Iterable[Mapping[str, object]]) -> None:
        """Take rows for a table."""
        self._rows.setdefault(table, []).extend(rows)

    def finish(self) -> None:
        """Write what was taken, and take nothing more."""
        self.write()
        self._done = True

    def write(self) -> None:
        """Write what was taken; a row that is there already is a `Conflict`."""
        if not self._rows:
            return
        rows, self._rows = self._rows, {}
        if "late" not in self._prepared:
            self._prepared["late"] = _insert_all(self._tables)
        values = {name: json.dumps(rows.get(table, [])) for name, table in self._tables.items()}
        with writing_own(" or ".join(table.name for table in rows)):
            self._db.execute(self._prepared["late"], values)


def write_late(unit: Unit) -> None:
    """Write what the stores of a unit of work have kept back."""
    late = getattr(getattr(unit.outbox, "shared", None), "late", None)
    if late is not None:
        late.write()


def _insert_all(tables: Mapping[str, Table]) -> Insert:
    *before, last = (_insert_from_json(name, table) for name, table in tables.items())
    return last.add_cte(*(one.cte(f"added{at}") for at, one in enumerate(before)))


def _insert_from_json(name: str, table: Table) -> Insert:
    """Insert any number of rows, which are one parameter."""
    columns = [column for column in table.c if not column.primary_key]
    given = cast(bindparam(name, type_=Text()), JSON)
    rows = func.json_to_recordset(given).table_valued(*(named(c.name, c.type) for c in columns))
    return insert(table).from_select(columns, select(*rows.render_derived(with_types=True).c))
