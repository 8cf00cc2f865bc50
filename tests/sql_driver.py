"""Counts what reaches a database's driver: its cursors are wrapped, so that nothing is missed.

BEGIN and COMMIT are the driver's own affair where it sends them itself (PostgreSQL, MariaDB), and
are left out everywhere.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import psycopg
import pymysql.cursors  # type: ignore[import-untyped]  # it ships no types
import sqlalchemy as sa
from attrs import define, field
from sqlalchemy import event


@define(eq=False)
class Counted:
    """What a driver was given, in order, and how many rows were taken from it."""

    texts: list[str] = field(factory=list)
    rows: int = 0

    @property
    def statements(self) -> int:
        """How many statements there were; of one with several sets of values, each counts."""
        return len(self.texts)

    @property
    def distinct(self) -> set[str]:
        """The texts, each once."""
        return set(self.texts)

    def add(self, text: object, times: int = 1) -> None:
        """Note a statement."""
        if not str(text).startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            self.texts += [str(text)] * times

    def clear(self) -> None:
        """Forget what was counted."""
        self.texts.clear()
        self.rows = 0


def _counting(base: type[Any], counted: Counted) -> type[Any]:
    """Return a class of cursors that counts."""

    class Counting(base):  # type: ignore[misc]  # its base is not known before
        def execute(self, text: Any, *args: Any, **kwargs: Any) -> Any:
            counted.add(text)
            return super().execute(text, *args, **kwargs)

        def executemany(self, text: Any, values: Any, *args: Any) -> Any:
            each = list(values)
            counted.add(text, len(each))
            return super().executemany(text, each, *args)

        def fetchone(self) -> Any:
            row = super().fetchone()
            counted.rows += row is not None
            return row

        def fetchall(self) -> Any:
            rows = super().fetchall()
            counted.rows += len(rows)
            return rows

        def fetchmany(self, *args: Any) -> Any:
            rows = super().fetchmany(*args)
            counted.rows += len(rows)
            return rows

    return Counting


def _lite(counted: Counted) -> dict[str, Any]:
    made = _counting(sqlite3.Cursor, counted)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = made) -> Any:
            return super().cursor(factory)

    return {"factory": Connection, "timeout": 20.0}


_ARGUMENTS: dict[str, Callable[[Counted], dict[str, Any]]] = {
    "sqlite": _lite,
    "postgresql": lambda counted: {"cursor_factory": _counting(psycopg.Cursor, counted)},
    "mysql": lambda counted: {"cursorclass": _counting(pymysql.cursors.Cursor, counted)},
}


@contextmanager
def counting(engine: sa.Engine) -> Generator[tuple[sa.Engine, Counted]]:
    """Yield another engine for the same database, and what its driver is given."""
    counted = Counted()
    made = sa.create_engine(engine.url, connect_args=_ARGUMENTS[engine.dialect.name](counted))
    if engine.dialect.name == "sqlite":

        @event.listens_for(made, "connect")
        def _(driver: Any, _: object) -> None:
            driver.execute("PRAGMA synchronous = OFF")

    with made.connect() as db:  # what SQLAlchemy asks once
        db.execute(sa.select(1))
    counted.clear()
    yield made, counted
    made.dispose()
