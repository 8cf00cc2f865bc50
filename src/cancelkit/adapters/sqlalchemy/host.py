"""The host: a description of the CRM's tables, bound to an engine, or to a transaction of its own.

host = SqlHost(Customers(customer.c.id, name=customer.c.name, ...), records={...})
desk = kit.at(host.owning(engine), actor=alice)      # own transactions: "done"
desk = kit.at(host.joining(session), actor=alice)    # the CRM's transaction: "staged"
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from cancelkit.adapters.sqlalchemy.description import Customers, Source
from cancelkit.adapters.sqlalchemy.faults import translated
from cancelkit.adapters.sqlalchemy.joined import Joined
from cancelkit.adapters.sqlalchemy.repo import SqlCustomers
from cancelkit.adapters.sqlalchemy.statements import CAP, Answer, Statements, need_of, row_source
from cancelkit.adapters.sqlalchemy.stores import (
    SqlCancellations,
    SqlHistory,
    SqlOperations,
    SqlOutbox,
)
from cancelkit.adapters.sqlalchemy.tables import OwnTables, own_tables
from cancelkit.adapters.system import RandomIds, SystemClock
from cancelkit.effects import AnyPerformer, AssignOwner, Performer
from cancelkit.errors import BadSetup
from cancelkit.needs import Need
from cancelkit.ports import Clock, Ids, Unit

Binding = Callable[[Any], Callable[..., bool] | AnyPerformer]
"""Given the connection (or session) of a unit of work: how an effect is performed in it."""


class SqlHost:
    """What the tables of a CRM mean. Made once, at start-up; no database is asked.

    Args:
        customers: the customers.
        records: kind -> source: {"assets": Assets(...), "cases": Records(...)}.
        answers: need class -> function (need, customer id expression, as-of day) -> scalar select.
        performers: effect class -> function of the connection that returns its performer.
        own: cancelkit's own tables; `own_tables(metadata)` puts them on the host's MetaData, so
            that its alembic owns them.
        cap: counts stop here.
        clock, ids: the system's, and random ones, where none are given.
    """

    def __init__(
        self,
        customers: Customers,
        records: Mapping[str, Source],
        *,
        answers: Mapping[type, Answer] | None = None,
        performers: Mapping[type, Binding] | None = None,
        own: OwnTables | None = None,
        cap: int = CAP,
        clock: Clock | None = None,
        ids: Ids | None = None,
    ) -> None:
        sources: dict[Need[Any], Any] = {}
        for kind, source in records.items():
            need = need_of(kind, source)
            sources[need] = row_source(need, source)
            same_type(customers, source, kind)
        self.statements = Statements(customers, sources, dict(answers or {}), cap)
        self.own: OwnTables = own or own_tables()
        self.clock: Clock = clock or SystemClock()
        self.ids: Ids = ids or RandomIds()
        self.bindings: dict[type, Binding] = dict(performers or {})
        if customers.assign_owner is not None:
            self.bindings.setdefault(AssignOwner, customers.assign_owner)
        self.assigns = customers.owner is not None and AssignOwner not in self.bindings

    @property
    def performs(self) -> frozenset[type[Any]]:
        """The effect classes that there are performers for."""
        return frozenset(self.bindings) | ({AssignOwner} if self.assigns else set())

    def owning(self, engine: Engine, *, tenant: str = "") -> Owned:
        """Return the host with units of work, and transactions, of its own."""
        return Owned(self, engine, tenant)

    def joining(self, bind: Session | Connection, *, tenant: str = "") -> Joined:
        """Return the host in the CRM's own transaction: it never commits."""
        return Joined(self, bind, tenant)

    def unit(self, db: Connection, bind: Any, tenant: str, *, writing: bool) -> Unit:
        """Return the ports over a connection; performers and mirrors are given `bind`."""
        customers = SqlCustomers(self.statements, db, tenant, writing=writing)
        described = self.statements.customers
        mirror = customers if described.status is not None else None
        performers = {cls: _performer(cls, make(bind)) for cls, make in self.bindings.items()}
        if self.assigns:
            performers[AssignOwner] = Performer(AssignOwner, customers.assign_owner)
        own = self.own
        return Unit(
            customers,
            SqlCancellations(db, own.cancellations, tenant),
            SqlHistory(db, own.history, tenant),
            SqlOperations(db, own.operations, tenant),
            SqlOutbox(db, own.outbox, tenant),
            performers,
            described.mirror(bind) if described.mirror else mirror,
        )


class Owned:
    """See `cancelkit.ports.Host`: with transactions of its own."""

    joined = False

    def __init__(self, host: SqlHost, engine: Engine, tenant: str) -> None:
        self._host = host
        self._engine = engine.execution_options(**_ISOLATION.get(engine.dialect.name, {}))
        self._snapshot = engine.execution_options(**_SNAPSHOT.get(engine.dialect.name, {}))
        self.tenant = tenant
        self.clock = host.clock
        self.ids = host.ids
        self.performs = host.performs

    def reading(self) -> AbstractContextManager[Unit]:
        """See `Host.reading`: everything in it is read as of one moment."""
        return self._unit(self._snapshot, writing=False)

    def writing(self) -> AbstractContextManager[Unit]:
        """See `Host.writing`."""
        return self._unit(self._engine, writing=True)

    @contextmanager
    def _unit(self, engine: Engine, *, writing: bool) -> Generator[Unit]:
        with translated(), engine.connect() as db:
            if db.dialect.name == "sqlite":
                begin_sqlite(db, writing=writing)
            yield self._host.unit(db, db, self.tenant, writing=writing)
            with translated(committing=True):
                db.commit() if writing else db.rollback()


def begin_sqlite(db: Connection, *, writing: bool) -> None:
    """Begin a transaction before the first read: Python's sqlite3 would begin it too late."""
    driver: Any = db.connection.dbapi_connection
    if not getattr(driver, "in_transaction", False):
        db.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def same_type(customers: Customers, source: Source, kind: str) -> None:
    """Raise `BadSetup` where the customer's column of a source has another type than the id."""
    ours, theirs = (_python_type(column) for column in (customers.id, source.customer))
    if ours is not theirs:
        raise BadSetup(
            f"The source {kind!r}: {source.customer} is {theirs.__name__}, but the customer's id, "
            f"{customers.id}, is {ours.__name__}; the two must have the same type."
        )


def _python_type(column: Any) -> type[Any]:
    try:
        found: type[Any] = column.type.python_type
    except NotImplementedError:
        return object
    return found


def _performer(cls: type, made: Callable[..., bool] | AnyPerformer) -> AnyPerformer:
    return made if isinstance(made, Performer) else Performer(cls, made)


_ISOLATION = {
    "postgresql": {"isolation_level": "READ COMMITTED"},
    "mysql": {"isolation_level": "REPEATABLE READ"},
    "mariadb": {"isolation_level": "REPEATABLE READ"},
}
_SNAPSHOT = {**_ISOLATION, "postgresql": {"isolation_level": "REPEATABLE READ"}}
