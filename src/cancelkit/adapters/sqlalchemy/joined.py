"""In the host's own transaction: nothing is committed, nothing is rolled back but a savepoint."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, update
from sqlalchemy.orm import Session

from cancelkit.adapters.sqlalchemy.faults import translated
from cancelkit.errors import IsolationError, TransactionRequired
from cancelkit.ports import Unit

if TYPE_CHECKING:
    from cancelkit.adapters.sqlalchemy.host import SqlHost


class Joined:
    """See `cancelkit.ports.Host`: in the transaction of a session or a connection."""

    joined = True

    def __init__(self, host: SqlHost, bind: Session | Connection, tenant: str) -> None:
        self._host = host
        self._bind = bind
        self.tenant = tenant
        self.clock = host.clock
        self.ids = host.ids
        self.performs = host.performs

    @contextmanager
    def reading(self) -> Generator[Unit]:
        """See `Host.reading`."""
        with translated():
            yield self._host.unit(self._connection(), self._bind, self.tenant, writing=False)

    @contextmanager
    def writing(self) -> Generator[Unit]:
        """See `Host.writing`: in a savepoint, so that a fault leaves nothing half done."""
        db = self._connection()
        self._suits(db)
        with translated(), self._savepoint(db):
            yield self._host.unit(db, self._bind, self.tenant, writing=True)
        self._expire()

    def _connection(self) -> Connection:
        if isinstance(self._bind, Session):
            self._bind.flush()  # what the host has not written yet would not be seen
            return self._bind.connection()
        return self._bind

    def _savepoint(self, db: Connection) -> AbstractContextManager[Any]:
        """Return a savepoint; none on SQLite while its driver has no transaction to have it in."""
        driver: Any = db.connection.dbapi_connection
        if db.dialect.name == "sqlite" and not driver.in_transaction:
            return nullcontext()
        return db.begin_nested()

    def _suits(self, db: Connection) -> None:
        """Raise where the host's transaction cannot carry a command."""
        if db.dialect.name == "sqlite":
            own = self._host.own.outbox
            db.execute(
                update(own).where(own.c.seq == -1).values(attempts=0)
            )  # takes the write lock
        driver: Any = db.connection.dbapi_connection
        if db.dialect.name == "sqlite" and not driver.in_transaction:
            raise TransactionRequired(_AUTOCOMMIT)
        level = str(db.get_isolation_level()).upper().replace("_", " ")
        if level == "AUTOCOMMIT" or getattr(driver, "autocommit", False) is True:
            raise TransactionRequired(_AUTOCOMMIT)
        if db.dialect.name == "postgresql" and level in ("REPEATABLE READ", "SERIALIZABLE"):
            raise IsolationError(
                f"The host's transaction is {level}: it would check an old snapshot. Use READ "
                "COMMITTED for it (PostgreSQL's default), or own transactions: host.owning(engine)."
            )

    def _expire(self) -> None:
        """Let the session read the customers again that were perhaps written."""
        if not isinstance(self._bind, Session):
            return
        table = self._host.statements.customers.table
        for thing in list(self._bind.identity_map.values()):
            if table in inspect(thing).mapper.tables:
                self._bind.expire(thing)


_AUTOCOMMIT = (
    "The host's connection commits each statement (autocommit): nothing would be all or nothing. "
    "Begin a transaction, or use own transactions: host.owning(engine)."
)
