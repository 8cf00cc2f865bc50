"""In the host's own transaction: nothing is committed, nothing is rolled back but a savepoint."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InvalidRequestError, ResourceClosedError
from sqlalchemy.orm import Session

from cancelkit.adapters.sqlalchemy.faults import translated
from cancelkit.adapters.sqlalchemy.owned import ENDED, in_transaction
from cancelkit.adapters.sqlalchemy.sessions import flush
from cancelkit.adapters.sqlalchemy.shared import write_late
from cancelkit.errors import AdapterContractError, IsolationError, TransactionRequired
from cancelkit.ports import Clock, Ids, Unit

if TYPE_CHECKING:
    from cancelkit.adapters.sqlalchemy.host import SqlHost


class Joined:
    """See `cancelkit.ports.Host`: in the transaction of a session or a connection."""

    joined = True

    def __init__(self, host: SqlHost, bind: Session | Connection, tenant: str) -> None:
        self._host = host
        self._bind = bind
        self.tenant = tenant
        self.clock: Clock = host.clock
        self.ids: Ids = host.ids
        self.performs: frozenset[type[Any]] = host.performs

    @contextmanager
    def reading(self) -> Generator[Unit]:
        """See `Host.reading`."""
        with translated():
            yield self._host.unit(self._connection(), self._bind, self.tenant, writing=False)

    @contextmanager
    def writing(self) -> Generator[Unit]:
        """See `Host.writing`: in a savepoint, so that a fault leaves nothing half done."""
        with translated():
            self._suits(self._connection())
            with self._savepoint():
                db = self._connection()  # a session begins its savepoint only now
                unit = self._host.unit(db, self._bind, self.tenant, writing=True, fresh=True)
                yield unit
                write_late(unit)

    def _connection(self) -> Connection:
        if not isinstance(self._bind, Session):
            return self._bind
        flush(self._bind)
        table: Any = self._host.statements.customers.table
        return self._bind.connection(bind_arguments={"clause": table})

    @contextmanager
    def _savepoint(self) -> Generator[None]:
        """Undo what a fault has left half done.

        Where the database itself has undone more than that (MariaDB, after a deadlock), there is
        no savepoint any more, and the first error is the one to tell.
        """
        nested = self._bind.begin_nested()
        try:
            yield
            flush(self._bind)
            if not nested.is_active:
                raise AdapterContractError(ENDED)
        except ResourceClosedError as error:
            raise AdapterContractError(ENDED) from error
        except BaseException:
            with suppress(DBAPIError, InvalidRequestError):
                nested.rollback()
            raise
        nested.commit()

    def _suits(self, db: Connection) -> None:
        """Raise where the host's transaction cannot carry a command."""
        driver: Any = db.connection.dbapi_connection
        if db.dialect.name == "sqlite":
            db.execute(self._host.own.fence())  # takes the write lock, and begins a transaction
            autocommit = not in_transaction(db)
        elif hasattr(driver, "get_autocommit"):
            autocommit = bool(driver.get_autocommit())
        else:
            autocommit = getattr(driver, "autocommit", False) is True
        if autocommit:
            raise TransactionRequired(_AUTOCOMMIT)
        guarded = self._host.guarded and db.dialect.name == "postgresql"
        if db.dialect.name in _UNSUITABLE and not guarded:
            level = str(db.get_isolation_level()).upper().replace("-", " ")
            levels, why = _UNSUITABLE[db.dialect.name]
            if level in levels:
                raise IsolationError(why.format(level=level))


_AUTOCOMMIT = (
    "The host's connection commits each statement (autocommit): nothing would be all or nothing. "
    "Begin a transaction, or use own transactions: host.owning(engine)."
)
_SNAPSHOT = (
    "The host's transaction is {level}: it would check an old snapshot. Use READ COMMITTED for it "
    "(PostgreSQL's default), or own transactions: host.owning(engine), or guard triggers with "
    "SqlHost(guarded=True)."
)
_GAPS = (
    "The host's transaction is {level}: a record that somebody adds after the check would not wait "
    "for it. Use REPEATABLE READ for it (MariaDB's default), or own transactions: "
    "host.owning(engine)."
)
_NO_GAP_LOCKS = (("READ COMMITTED", "READ UNCOMMITTED"), _GAPS)
_UNSUITABLE = {
    "postgresql": (("REPEATABLE READ", "SERIALIZABLE"), _SNAPSHOT),
    "mysql": _NO_GAP_LOCKS,
    "mariadb": _NO_GAP_LOCKS,
}
"""dialect -> the isolation levels at which a check is not still so at the COMMIT, and why."""
