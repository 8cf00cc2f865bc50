"""What an engine and its database do around the statements: transactions, isolation, journals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine

from cancelkit.adapters.sqlalchemy.ddl import script
from cancelkit.adapters.sqlalchemy.doctor.catalog import Catalog
from cancelkit.adapters.sqlalchemy.doctor.findings import Finding, Level


def transactions(engine: Engine) -> Iterator[Finding]:
    """Look at a connection as the engine gives it."""
    with engine.connect() as db:
        db.begin()  # a hook may have something to say
        catalog = Catalog(db)
        level = str(db.get_isolation_level()).upper().replace("_", " ")
        if _autocommit(db, level):
            told = (
                "the engine is in autocommit: commands in a session of it are refused (joining()). "
                "Own transactions (owning()) set their own."
            )
            yield Finding(Level.FIX, "", told)
        elif catalog.family in _LEVELS:
            yield from _LEVELS[catalog.family](level)
        if catalog.family == "sqlite":
            yield from _sqlite(db)
        yield from _READ_ONLY.get(catalog.family, _writable)(catalog)


def _autocommit(db: Connection, level: str) -> bool:
    driver: Any = db.connection.dbapi_connection
    if db.dialect.name == "sqlite" and getattr(driver, "isolation_level", "") is None:
        return not _begun(db)  # there may be a hook that says BEGIN
    if hasattr(driver, "get_autocommit"):  # PyMySQL's, whose isolation level does not tell
        return bool(driver.get_autocommit())
    return level == "AUTOCOMMIT" or getattr(driver, "autocommit", False) is True


def _postgresql_level(level: str) -> Iterator[Finding]:
    if level in ("REPEATABLE READ", "SERIALIZABLE"):
        told = (
            f"the engine's transactions are {level}: commands in a session of it are refused "
            "(joining()), as they would check an old snapshot. Own transactions (owning()) are not."
        )
        yield Finding(Level.ADVICE, "", told)


def _mariadb_level(level: str) -> Iterator[Finding]:
    if level in ("READ COMMITTED", "READ UNCOMMITTED"):
        told = (
            f"the engine's transactions are {level}: in a session of it (joining()) a new record "
            "is only waited for where there is a foreign key. Use REPEATABLE READ, the default."
        )
        yield Finding(Level.ADVICE, "", told)


def _sqlite(db: Connection) -> Iterator[Finding]:
    journal = str(db.exec_driver_sql("PRAGMA journal_mode").scalar())
    if journal not in ("wal", "memory"):
        told = f"the journal is {journal}: with WAL, nobody who reads waits for a command."
        yield Finding(Level.ADVICE, "", told, script(["PRAGMA journal_mode = WAL"]))
    if not db.exec_driver_sql("PRAGMA foreign_keys").scalar():
        told = (
            "foreign keys are not checked: SQLite wants PRAGMA foreign_keys = ON for each "
            "connection, in a hook of the engine."
        )
        yield Finding(Level.ADVICE, "", told)
    if not _begun(db) and not _autocommit(db, ""):
        told = (
            "commands in a session of this engine (joining()) may find the database locked: "
            "Python's sqlite3 begins a transaction only when something is written. A hook that "
            "says BEGIN IMMEDIATE helps; docs/sqlalchemy.md has it. Own transactions (owning()) "
            "do it themselves."
        )
        yield Finding(Level.ADVICE, "", told)


def _begun(db: Connection) -> bool:
    """Say whether a transaction begins where SQLAlchemy says it does."""
    driver: Any = db.connection.dbapi_connection
    return bool(getattr(driver, "in_transaction", False))


def _writable(catalog: Catalog) -> Iterator[Finding]:
    yield from ()


def _postgresql_read_only(catalog: Catalog) -> Iterator[Finding]:
    if catalog.one("SELECT pg_is_in_recovery()"):
        told = "this is a standby, which only reads: give the address of the primary."
        yield Finding(Level.FIX, "", told)
    elif catalog.one("SHOW default_transaction_read_only") == "on":
        told = "transactions only read here (default_transaction_read_only): commands fail."
        yield Finding(Level.FIX, "", told)


def _mariadb_read_only(catalog: Catalog) -> Iterator[Finding]:
    if catalog.one("SELECT @@read_only"):
        yield Finding(Level.FIX, "", "this server only reads (read_only): commands fail.")


_LEVELS = {"postgresql": _postgresql_level, "mariadb": _mariadb_level}
_READ_ONLY = {"postgresql": _postgresql_read_only, "mariadb": _mariadb_read_only}
