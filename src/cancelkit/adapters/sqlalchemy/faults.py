"""What the errors of a database mean: busy, somebody was first, lost, or set up wrongly."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from cancelkit.errors import (
    BadSetup,
    Busy,
    CancelkitError,
    Conflict,
    Failed,
    OutcomeUnknown,
    TransactionRequired,
)

P = ParamSpec("P")
R = TypeVar("R")


class Meaning(NamedTuple):
    """Codes (of PostgreSQL five characters, MariaDB a number, SQLite "sqlite-..."), and a sense."""

    codes: frozenset[str]
    error: type[CancelkitError]
    sentence: str


def _meaning(codes: str, error: type[CancelkitError], sentence: str) -> Meaning:
    return Meaning(frozenset(codes.split()), error, sentence)


FIRST = _meaning(
    "40001 40P01 1213 1020 sqlite-snapshot", Conflict, "Somebody else was first ({said})."
)
MEANINGS = (
    FIRST,
    _meaning(
        "55P03 57014 1205 1317 3572 1969 sqlite-5 sqlite-6",
        Busy,
        "The customer or the database is locked by somebody else ({said}).",
    ),
    _meaning(
        "53300 1040 1203", Busy, "The database takes no more connections now ({said}). Try again."
    ),
    _meaning(
        "42P01 42703 3F000 3D000 1146 1054 1049 sqlite-missing",
        BadSetup,
        "The database lacks what the description names ({said}). Compare the description with the "
        "tables there: `cancelkit doctor` does. cancelkit's own are made by `cancelkit db create`; "
        "of those that an older version made, the doctor says what is missing.",
    ),
    _meaning(
        "42501 28P01 28000 1044 1045 1142 1143",
        BadSetup,
        "The database refuses a right that is needed ({said}). Grant it to this user.",
    ),
    _meaning(
        "25006 1290 1792 1836 sqlite-8",
        BadSetup,
        "The database is read-only ({said}). Use the primary, or a file that may be written.",
    ),
    _meaning(
        "53100 1021 1114 sqlite-13", Failed, "The database is full ({said}). Nothing was kept."
    ),
    _meaning(
        "25P02",
        TransactionRequired,
        "The host's transaction has failed before ({said}). Roll it back first.",
    ),
    _meaning(
        "08000 08001 08003 08004 08006 25P03 57P01 57P02 57P03 57P05 "
        "1053 1927 2002 2003 2006 2013 sqlite-14 lost",
        Failed,
        "The database cannot be reached ({said}). Nothing was kept; try again when it is back.",
    ),
)


def code_of(error: DBAPIError) -> str:
    """Return the database's own code."""
    origin: Any = error.orig
    first = origin.args[0] if getattr(origin, "args", ()) else ""
    if isinstance(first, int) and first > 0:  # MariaDB's; newer drivers give a state as well
        return str(first)
    state = getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None)
    if state:
        return str(state)
    number = getattr(origin, "sqlite_errorcode", None)
    if number is not None:
        return _sqlite(int(number), str(origin))
    return "lost" if _is_lost(error) else ""


def _sqlite(number: int, said: str) -> str:
    if number == sqlite3.SQLITE_BUSY_SNAPSHOT:
        return "sqlite-snapshot"
    if number == sqlite3.SQLITE_ERROR and ("no such " in said or "has no column" in said):
        return "sqlite-missing"
    return f"sqlite-{number & 0xFF}"


def _is_lost(error: DBAPIError) -> bool:
    kind = type(error.orig).__name__
    return error.connection_invalidated or kind in ("OperationalError", "InterfaceError")


def said(error: DBAPIError) -> str:
    """Return what the database said: its first line, since further ones may show data."""
    arguments: Sequence[Any] = getattr(error.orig, "args", ())
    text = str(arguments[1] if len(arguments) > 1 else error.orig).strip()
    return text.splitlines()[0].rstrip(".") if text else type(error.orig).__name__


def meant(error: DBAPIError) -> CancelkitError | None:
    """Return what an error of the database means, or None: it is a fault of another kind."""
    code = code_of(error)
    for meaning in MEANINGS:
        if code in meaning.codes:
            return meaning.error(meaning.sentence.format(said=said(error)))
    return None


def meant_by_commit(error: DBAPIError) -> CancelkitError:
    """Return what an error of COMMIT means: `OutcomeUnknown`, unless the database has answered."""
    code = code_of(error)
    if code in FIRST.codes or code in ("sqlite-5", "sqlite-6") or isinstance(error, IntegrityError):
        return Conflict(f"The COMMIT was refused, somebody else was first ({said(error)}).")
    if code.startswith("sqlite-"):
        return Failed(f"The COMMIT was refused, and nothing was kept ({said(error)}).")
    return OutcomeUnknown(
        f"The reply to COMMIT was lost ({said(error)}). Repeat the command with the same "
        "operation id to learn the outcome."
    )


@contextmanager
def translated() -> Generator[None]:
    """Raise what an error of the database means, where it is known."""
    try:
        yield
    except SQLAlchemyError as error:
        known = _known(error)
        if known is None:
            raise
        raise known from error


def translating(method: Callable[P, R]) -> Callable[P, R]:
    """Let a method raise the same, at less than the cost of a context manager for each call."""

    @wraps(method)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except SQLAlchemyError as error:
            known = _known(error)
            if known is None:
                raise
            raise known from error

    return called


def _known(error: SQLAlchemyError) -> CancelkitError | None:
    if isinstance(error, NoConnection):
        return Busy(f"No connection to the database has become free: {error}")
    if isinstance(error, PendingRollbackError):
        return TransactionRequired("The host's session has failed before: roll it back first.")
    return meant(error) if isinstance(error, DBAPIError) else None


@contextmanager
def committing() -> Generator[None]:
    """Raise what an error of COMMIT means."""
    try:
        yield
    except DBAPIError as error:
        raise meant_by_commit(error) from error


@contextmanager
def writing_own(table: str) -> Generator[None]:
    """Write one of cancelkit's own tables: a row that is there already is a `Conflict`."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"Somebody else has written to {table} first ({said(error)}).") from error
