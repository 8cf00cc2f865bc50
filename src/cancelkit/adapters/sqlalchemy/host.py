"""The host: a description of the CRM's tables, bound to an engine, or to a transaction of its own.

host = SqlHost(Customers(customer.c.id, name=customer.c.name, ...), records={...})
desk = kit.at(host.owning(engine), actor=alice)      # own transactions: "done"
desk = kit.at(host.joining(session), actor=alice)    # the CRM's transaction: "staged"
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from cancelkit.adapters.sqlalchemy.columns import name_of
from cancelkit.adapters.sqlalchemy.description import Customers, Source
from cancelkit.adapters.sqlalchemy.guardable import check_guarded
from cancelkit.adapters.sqlalchemy.joined import Joined
from cancelkit.adapters.sqlalchemy.keys import kind_of
from cancelkit.adapters.sqlalchemy.on_driver import AskOne, OnDriver, through_sqlalchemy
from cancelkit.adapters.sqlalchemy.owned import Owned
from cancelkit.adapters.sqlalchemy.repo import SqlCustomers, tenant_value
from cancelkit.adapters.sqlalchemy.shared import Prepared
from cancelkit.adapters.sqlalchemy.statements import CAP, Answer, Statements
from cancelkit.adapters.sqlalchemy.stores import stores
from cancelkit.adapters.sqlalchemy.tables import OwnTables, own_tables
from cancelkit.adapters.sqlalchemy.writes import SqlWrites
from cancelkit.adapters.system import RandomIds, SystemClock
from cancelkit.effects import AnyPerformer, AssignOwner, Performer
from cancelkit.errors import BadSetup
from cancelkit.ports import Clock, Ids, Unit

Binding = Callable[[Any], Callable[..., bool] | AnyPerformer]
"""Given the connection (or session) of a unit of work: how an effect is performed in it."""


class SqlHost:
    """What the tables of a CRM mean. Made once, at start-up; no database is asked.

    Args:
        customers: the customers.
        records: kind -> source: {"assets": Assets(...), "cases": Records(...)}.
        answers: need class -> function (need, customer id expression, as-of day) -> scalar select.
        reads: need class of `answers` -> the kinds of `records` whose rows its function reads, of
            the customer, and no others: a command locks these, so that the answer is still so.
        performers: effect class -> function of the connection that returns its performer.
        own: cancelkit's own tables; `own_tables(metadata)` puts them on the host's MetaData, so
            that its alembic owns them.
        cap: counts stop here.
        on_driver: the checklist's SELECT goes to the driver itself, below SQLAlchemy's Connection
            and in its transaction, where nothing of the host's listens to statements.
        guarded: the guard triggers are there (PostgreSQL, `cancelkit db guard`): whoever opens a
            record takes the customer's lock, so that a command need not lock all of them. Refused
            where some source can have none, and with `answers`.
        clock, ids: the system's, and random ones, where none are given.
    """

    def __init__(  # noqa: PLR0913 - settings, each given by its name
        self,
        customers: Customers,
        records: Mapping[str, Source],
        *,
        answers: Mapping[type, Answer] | None = None,
        reads: Mapping[type, Collection[str]] | None = None,
        performers: Mapping[type, Binding] | None = None,
        own: OwnTables | None = None,
        cap: int = CAP,
        on_driver: bool = False,
        guarded: bool = False,
        clock: Clock | None = None,
        ids: Ids | None = None,
    ) -> None:
        for kind, source in records.items():
            _check_source(customers, source, kind)
        self.statements: Statements = Statements(customers, records, dict(answers or {}), cap)
        self.reads: Mapping[type, Collection[str]] = dict(reads or {})
        _check_reads(self.reads, answers or {}, records)
        self.own: OwnTables = own or own_tables()
        self.guarded: bool = guarded
        if guarded:
            check_guarded(self.statements)
        self._prepared: Prepared = {}
        self._ask: AskOne = OnDriver().one if on_driver else through_sqlalchemy
        self.clock: Clock = clock or SystemClock()
        self.ids: Ids = ids or RandomIds()
        self.bindings: dict[type, Binding] = dict(performers or {})
        if customers.assign_owner is not None:
            self.bindings.setdefault(AssignOwner, customers.assign_owner)
        self.assigns: bool = customers.assigns and AssignOwner not in self.bindings

    @property
    def performs(self) -> frozenset[type[Any]]:
        """The effect classes that there are performers for."""
        return frozenset(self.bindings) | ({AssignOwner} if self.assigns else set())

    def owning(self, engine: Engine, *, tenant: str = "") -> Owned:
        """Return the host with units of work, and transactions, of its own."""
        if not isinstance(engine, Engine):
            raise BadSetup(f"owning() needs an Engine of SQLAlchemy, not {type(engine).__name__}.")
        return Owned(self, engine, self._tenant(tenant))

    def joining(self, bind: Session | Connection, *, tenant: str = "") -> Joined:
        """Return the host in the CRM's own transaction: it never commits.

        From an AsyncSession or AsyncConnection: `await session.run_sync(function)`, where the
        function is given the Session to join.
        """
        if not isinstance(bind, Session | Connection):
            raise BadSetup(
                f"joining() needs a Session or Connection of SQLAlchemy, not "
                f"{type(bind).__name__}; inside AsyncSession.run_sync there is one."
            )
        return Joined(self, bind, self._tenant(tenant))

    def unit(
        self, db: Connection, bind: Any, tenant: str, *, writing: bool, fresh: bool = False
    ) -> Unit:
        """Return the ports over a connection; performers and mirrors are given `bind`.

        `fresh` reads around a snapshot that the host may have taken before. After one that writes,
        `write_late` must be called.
        """
        described = self.statements.customers
        writes = SqlWrites(self.statements, db, tenant, bind)
        performers = {cls: _performer(cls, make(bind)) for cls, make in self.bindings.items()}
        if self.assigns:
            performers[AssignOwner] = Performer(AssignOwner, writes.assign_owner)
        mirror = writes if described.status is not None else None
        return Unit(
            SqlCustomers(
                self.statements, db, tenant, self._ask, writing=writing, guarded=self.guarded
            ),
            *stores(db, self.own, tenant, fresh=fresh, commanding=writing, prepared=self._prepared),
            performers,
            described.mirror(bind) if described.mirror else mirror,
        )

    def _tenant(self, tenant: str) -> str:
        """Check a tenant: it must be one where the customers have tenants."""
        described = self.statements.customers
        if described.tenant is None and tenant:
            raise BadSetup(
                f"tenant={tenant!r} is given, but Customers has no tenant= to tell its customers "
                "from others': every tenant would see all of them."
            )
        if described.tenant is not None and tenant_value(self.statements, tenant)["tenant"] is None:
            raise BadSetup(
                f"tenant={tenant!r} is no value of {name_of(described.tenant)}, which is "
                f"{described.tenant.type!r}."
            )
        return tenant


def _check_source(customers: Customers, source: Any, kind: str) -> None:
    """Raise `BadSetup` for what is no source, or has keys of another type than the customers."""
    if not isinstance(source, Source):
        raise BadSetup(
            f"records[{kind!r}] is {type(source).__name__}; expected Records, Assets or Dates."
        )
    pairs = {
        "customer": (customers.id, source.customer),
        "tenant": (customers.tenant, source.tenant),
    }
    for name, (ours, theirs) in pairs.items():
        if ours is None or theirs is None or kind_of(ours) is kind_of(theirs):
            continue
        raise BadSetup(
            f"The source {kind!r}: {name}= ({name_of(theirs)}) is {kind_of(theirs).__name__}, but "
            f"{name_of(ours)} is {kind_of(ours).__name__}; the two must have the same type."
        )


def _check_reads(
    reads: Mapping[type, Collection[str]], answers: Mapping[type, Answer], kinds: Collection[str]
) -> None:
    """Raise `BadSetup` for a need that no function answers, or a kind of records that is not there.

    One word is a collection of letters, and meant is the word.
    """
    for need, read in reads.items():
        if need not in answers:
            raise BadSetup(f"reads= names {need.__name__}, which answers= has no function for.")
        unknown = [read] if isinstance(read, str) else sorted(set(read) - set(kinds))
        if unknown:
            known = ", ".join(sorted(kinds)) or "none"
            raise BadSetup(
                f"reads= of {need.__name__} must be a list of kinds of records=, which are: "
                f"{known}; it has {', '.join(map(repr, unknown))}."
            )


def _performer(cls: type, made: Callable[..., bool] | AnyPerformer) -> AnyPerformer:
    return made if isinstance(made, Performer) else Performer(cls, made)
