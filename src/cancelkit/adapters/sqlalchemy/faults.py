"""Which errors of a database mean: busy, somebody was first, or the reply was lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError

from cancelkit.errors import Busy, Conflict, Failed

_CONFLICTS = {"40001", "40P01", "1213", "1020"}  # serialisation failure, deadlock, record changed
_BUSY = {"55P03", "57014", "1205", "3572"}  # lock not available, lock time-out
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_BUSY_SNAPSHOT}


def code_of(error: DBAPIError) -> str:
    """Return the database's own code: SQLSTATE of PostgreSQL, number of MariaDB and SQLite."""
    orig = error.orig
    state = getattr(orig, "sqlstate", None) or getattr(orig, "pgcode", None)
    if state:
        return str(state)
    number = getattr(orig, "sqlite_errorcode", None)
    if number is not None:
        return f"sqlite-{number}"
    arguments = getattr(orig, "args", None) or ("",)
    return str(arguments[0])


def as_failed(error: DBAPIError, *, committing: bool = False) -> Failed | None:
    """Return what an error of the database means, or None: it is a fault of another kind."""
    code = code_of(error)
    if code in _CONFLICTS:
        return Conflict(f"Somebody else was first: {error.orig}.")
    locked = code in {f"sqlite-{number}" for number in _LOCKED}
    if locked and committing:
        return Conflict(f"The database is locked by somebody else: {error.orig}.")
    if locked or code in _BUSY:
        return Busy(f"The customer or the database is locked by somebody else: {error.orig}.")
    return None


@contextmanager
def translated(*, committing: bool = False) -> Generator[None]:
    """Raise what an error of the database means, where it is known."""
    try:
        yield
    except DBAPIError as error:
        meant = as_failed(error, committing=committing)
        if meant is None:
            raise
        raise meant from error


@contextmanager
def writing_own(table: str) -> Generator[None]:
    """Write one of cancelkit's own tables: a row that is there already is a `Conflict`."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"Somebody else has written to {table} first: {error.orig}.") from error
