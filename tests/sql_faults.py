"""The faults that a statement can end with, for each database: the driver's own exceptions.

Most are planted. A connection that the server ends (`pg_terminate_backend`, `KILL`) is really
ended, and what the driver raises then is its own affair.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pymysql  # type: ignore[import-untyped]  # it ships no types
from attrs import frozen

PATIENCE = 10.0
"""Seconds within which a server must have ended a connection."""

Strike = Callable[[Any], BaseException | None]
"""Given the driver's connection: an error to raise, or None, when the server raises its own."""


@frozen
class Kind:
    """A kind of fault, and whether the whole command runs again after it.

    Attributes:
        strike: what happens.
        again: wherever it comes from.
        again_at_commit: when it comes from COMMIT, which has kept nothing then.
        gone: there is no connection afterwards, so that COMMIT may or may not have been heard.
        passes: an interrupt of this class: it comes out as it is.
    """

    name: str
    strike: Strike
    again: bool = False
    again_at_commit: bool = False
    gone: bool = False
    passes: type[BaseException] | None = None

    @property
    def may_follow_commit(self) -> bool:
        """Whether it can come after a COMMIT that was done."""
        return self.passes is not None or (self.gone and not self.is_real)

    @property
    def is_real(self) -> bool:
        """Whether the server itself does it: then nobody notices before the next statement."""
        return self.strike in (_terminated, _killed)


# ---------------------------------------------------------------- SQLite


def _sqlite(code: int, said: str) -> Strike:
    def make(db: Any) -> BaseException:
        error = sqlite3.OperationalError(said)
        error.sqlite_errorcode = code
        return error

    return make


# ---------------------------------------------------------------- PostgreSQL


def _lost(db: Any) -> BaseException:
    db.close()
    return psycopg.OperationalError("the connection is lost")


def _ended(state: type[psycopg.Error]) -> Strike:
    """The server says why, and hangs up."""

    def make(db: Any) -> BaseException:
        db.close()
        return state("planted")

    return make


def _terminated(db: Any) -> None:
    with psycopg.connect(db.info.dsn, autocommit=True) as other:
        asked = "SELECT pg_terminate_backend(%s, %s)"
        done = other.execute(asked, (db.info.backend_pid, int(PATIENCE * 1000))).fetchone()
        assert done == (True,), "the backend is still there"


# ---------------------------------------------------------------- MariaDB


def _mariadb(number: int, said: str) -> Strike:
    def make(db: Any) -> BaseException:
        error: BaseException = pymysql.err.OperationalError(number, said)
        return error

    return make


def _cut(db: Any) -> BaseException:
    db._force_close()  # close() would say goodbye first
    error: BaseException = pymysql.err.OperationalError(2013, "Lost connection to MySQL server")
    return error


def _killed(db: Any) -> None:
    with pymysql.connect(host=db.host, port=db.port, user=db.user, password=db.password) as other:
        thread, cursor = db.thread_id(), other.cursor()
        cursor.execute("KILL %s", (thread,))
        end = time.monotonic() + PATIENCE
        there = "SELECT 1 FROM information_schema.processlist WHERE id = %s"
        while cursor.execute(there, (thread,)):
            assert time.monotonic() < end, "the connection is still there"


# ---------------------------------------------------------------- all


def _raised(kind: type[BaseException]) -> Strike:
    return lambda db: kind("planted")


INTERRUPTS = tuple(
    Kind(name, _raised(kind), passes=kind)
    for name, kind in (("interrupt", KeyboardInterrupt), ("cancelled", asyncio.CancelledError))
)
KINDS: dict[str, tuple[Kind, ...]] = {
    "sqlite": (
        Kind("SQLITE_BUSY_SNAPSHOT", _sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT, "locked"), again=True),
        Kind(
            "SQLITE_BUSY", _sqlite(sqlite3.SQLITE_BUSY, "database is locked"), again_at_commit=True
        ),
        Kind("SQLITE_FULL", _sqlite(sqlite3.SQLITE_FULL, "disk is full")),
        Kind("SQLITE_IOERR", _sqlite(sqlite3.SQLITE_IOERR, "disk I/O error")),
        *INTERRUPTS,
    ),
    "postgresql": (
        Kind("40001", _raised(psycopg.errors.SerializationFailure), again=True),
        Kind("40P01", _raised(psycopg.errors.DeadlockDetected), again=True),
        Kind("55P03", _raised(psycopg.errors.LockNotAvailable)),
        Kind("57014", _raised(psycopg.errors.QueryCanceled)),
        Kind("57P01", _ended(psycopg.errors.AdminShutdown), gone=True),
        Kind("25P03", _ended(psycopg.errors.IdleInTransactionSessionTimeout), gone=True),
        Kind("XX000", _raised(psycopg.errors.InternalError_)),
        Kind("lost", _lost, gone=True),
        Kind("terminated", _terminated, gone=True),
        *INTERRUPTS,
    ),
    "mysql": (
        Kind("1213", _mariadb(1213, "Deadlock found when trying to get lock"), again=True),
        Kind("1020", _mariadb(1020, "Record has changed since last read"), again=True),
        Kind("1205", _mariadb(1205, "Lock wait timeout exceeded")),
        Kind("1317", _mariadb(1317, "Query execution was interrupted")),
        Kind("1969", _mariadb(1969, "Query was interrupted: execution time limit")),
        Kind("1030", _mariadb(1030, "Got error 28 from storage engine")),
        Kind("lost", _cut, gone=True),
        Kind("killed", _killed, gone=True),
        *INTERRUPTS,
    ),
}
"""The faults of a dialect."""
