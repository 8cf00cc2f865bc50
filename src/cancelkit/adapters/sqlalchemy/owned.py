"""Units of work with transactions of their own, on an engine."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, RootTransaction

from cancelkit.adapters.sqlalchemy.faults import committing, translated
from cancelkit.adapters.sqlalchemy.shared import write_late
from cancelkit.adapters.sqlalchemy.tables import OwnTables
from cancelkit.errors import AdapterContractError
from cancelkit.ports import Clock, Ids, Unit

if TYPE_CHECKING:
    from cancelkit.adapters.sqlalchemy.host import SqlHost

WRITING = {"postgresql": "READ COMMITTED", "mysql": "REPEATABLE READ", "mariadb": "REPEATABLE READ"}
"""The isolation at which a command is right, with its locks."""
READING = {**WRITING, "postgresql": "REPEATABLE READ"}
"""The isolation at which a view is of one moment."""


class Owned:
    """See `cancelkit.ports.Host`: with transactions of its own."""

    joined = False

    def __init__(self, host: SqlHost, engine: Engine, tenant: str) -> None:
        self._host = host
        self._engine = engine
        self.tenant = tenant
        self.clock: Clock = host.clock
        self.ids: Ids = host.ids
        self.performs: frozenset[type[Any]] = host.performs

    def reading(self) -> AbstractContextManager[Unit]:
        """See `Host.reading`: everything in it is read as of one moment."""
        return self._unit(writing=False)

    def writing(self) -> AbstractContextManager[Unit]:
        """See `Host.writing`."""
        return self._unit(writing=True)

    @contextmanager
    def _unit(self, *, writing: bool) -> Generator[Unit]:
        with translated(), self._at_level(WRITING if writing else READING).connect() as db:
            transaction = db.begin()
            if db.dialect.name == "sqlite":
                begin_sqlite(db, self._host.own, writing=writing)
            unit = self._host.unit(db, db, self.tenant, writing=writing)
            yield unit
            if writing:
                if not transaction.is_active or _has_failed(db):
                    raise AdapterContractError(ENDED)
                write_late(unit)
                _commit(transaction)

    def _at_level(self, levels: dict[str, str]) -> Engine:
        """Return the engine at a level, which is not set where it costs a round trip in vain."""
        level = levels.get(self._engine.dialect.name)
        given = "isolation_level" in self._engine.get_execution_options()
        default = getattr(self._engine.dialect, "default_isolation_level", None)  # once connected
        if level is None or (default == level and not given and level == "REPEATABLE READ"):
            return self._engine
        return self._engine.execution_options(isolation_level=level)


def _commit(transaction: RootTransaction) -> None:
    """Commit; after a COMMIT that was refused, SQLAlchemy would leave the transaction open."""
    with committing():
        try:
            transaction.commit()
        except BaseException:
            transaction.rollback()
            raise


def begin_sqlite(db: Connection, own: OwnTables, *, writing: bool) -> None:
    """Begin a transaction before the first read: Python's sqlite3 would begin it too late.

    One that the host's own hooks have begun may be one that only reads; a write that changes
    nothing makes it the writer before it has read anything.
    """
    if not in_transaction(db):
        db.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
    elif writing:
        db.execute(own.fence())


def in_transaction(db: Connection) -> bool:
    """Say whether the driver of SQLite has a transaction."""
    driver: Any = db.connection.driver_connection
    return bool(driver.in_transaction)


def _has_failed(db: Connection) -> bool:
    """Say whether PostgreSQL would answer COMMIT with a rollback, without an error."""
    info = getattr(db.connection.driver_connection, "info", None)
    return getattr(getattr(info, "transaction_status", None), "name", "") == "INERROR"


ENDED = (
    "Something has ended the unit of work, or has passed over an error of the database in it "
    "(promise U1): leave out commit() and rollback() in performers and mirrors, and let errors "
    "of the database through."
)
