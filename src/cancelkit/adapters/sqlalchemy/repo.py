"""The host's customers and what they have, by the host's description: one unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection

from cancelkit.adapters.sqlalchemy.answers import Asked
from cancelkit.adapters.sqlalchemy.description import Dates
from cancelkit.adapters.sqlalchemy.faults import translating
from cancelkit.adapters.sqlalchemy.on_driver import AskOne
from cancelkit.adapters.sqlalchemy.statements import Statements
from cancelkit.needs import Need
from cancelkit.people import Customer, NamedRecord, Person, Status


class Locks(NamedTuple):
    """What a database needs so that an answer is still so when the unit of work ends."""

    children: bool = False  # lock the rows first, and count in a new statement (PostgreSQL)
    inside: bool = False  # lock inside each SELECT (MariaDB: else it reads an old snapshot)


LOCKS = {
    "postgresql": Locks(children=True),
    "mysql": Locks(inside=True),
    "mariadb": Locks(inside=True),
}
"""SQLite needs none: it has one writer."""


class SqlCustomers:
    """See `cancelkit.ports.CustomerRepo`."""

    def __init__(
        self,
        statements: Statements,
        db: Connection,
        tenant: str,
        ask: AskOne,
        *,
        writing: bool,
        guarded: bool,
    ) -> None:
        self._made = statements
        self._ask = ask
        self._described = statements.customers
        self._db = db
        self._tenant = tenant
        self._mine = tenant_value(statements, tenant)
        wanted = LOCKS.get(db.dialect.name, Locks()) if writing else Locks()
        self._wanted = wanted._replace(children=wanted.children and not guarded)
        self._locks = Locks()  # until the customer is locked, nobody waits for its records

    def lock(self, customer_id: str) -> Customer | None:
        """See `CustomerRepo.lock`."""
        key = self._described.key.read(customer_id)
        if key is None:
            return None
        self._locks = self._wanted
        values = {**self._mine, "customer": key}
        row = self._db.execute(self._made.lock(), values).one_or_none()
        customer = self._customer(row) if row else None
        return customer if customer and customer.id == customer_id else None

    def load(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """See `CustomerRepo.load`."""
        keys = self._keys(customer_ids)
        if not keys:
            return {}
        statement = self._made.load(self._db.dialect.name)
        rows = self._db.execute(statement, {**self._mine, "customers": keys})
        asked = frozenset(customer_ids)  # a collation may find more: "a-1" for "A-1"
        found = {customer.id: customer for customer in map(self._customer, rows)}
        return {key: customer for key, customer in found.items() if key in asked}

    def answers(self, need: Need[Any]) -> bool:
        """See `CustomerRepo.answers`."""
        return self._made.known(need)

    @translating
    def facts(
        self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
    ) -> Mapping[str, Mapping[Need[Any], object]]:
        """See `CustomerRepo.facts`: one statement, for one customer or for many.

        After `lock`, in a database that locks rows, each customer is asked for alone.
        """
        asked = self._made.asked(tuple(needs))
        if not asked.known:
            return dict.fromkeys(customer_ids, asked.unknown)
        values = asked.values(as_of) | self._mine
        if len(customer_ids) == 1 or any(self._locks):
            found = {key: self._single(key, asked, values) for key in customer_ids}
        else:
            found = self._many(customer_ids, asked, values)
        if not asked.unknown:
            return found
        return {key: {**answers, **asked.unknown} for key, answers in found.items()}

    @translating
    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        """See `CustomerRepo.open_records`."""
        source = self._made.sources.get(need)
        if source is None or isinstance(source.source, Dates):
            return ()
        values = {**self._made.asked((need,)).values(as_of), **self._mine, "most": limit}
        values["customer"] = self._described.key.read(customer_id)
        link = source.source.link
        named = self._made.named(need, locking=self._locks.inside)
        return [
            NamedRecord(str(key), str(key if label is None else label), link and link(str(key)))
            for key, label in map(tuple, self._db.execute(named, values))
        ]

    def _customer(self, row: Sequence[Any]) -> Customer:
        described = self._described
        key, name, value, flag, owner, owner_name, since = row
        owners: tuple[Person, ...] = ()
        if owner is not None and described.owner_key is not None:
            text = described.owner_key.write(owner)
            owners = (Person(text, str(owner_name or text)),)
        text = described.key.write(key)
        status = self._status(value, flag)
        return Customer(text, str(name or text), status, owners, since, self._tenant)

    def _status(self, value: Any, flag: Any) -> Status | None:
        columns = self._described.status
        if columns is None:
            return None
        pending: bool | None = None
        if isinstance(columns.pending, Mapping):
            unmarked = {marked: plain for plain, marked in columns.pending.items()}
            pending, value = value in unmarked, unmarked.get(value, value)
        elif columns.flag is not None:
            pending = bool(flag)
        text = "" if value is None else columns.text.write(value)
        cancelled = value in columns.cancelled
        if value in columns.labels:
            return Status(text, pending, cancelled, columns.labels[value])
        return Status(text, pending, cancelled)

    def _keys(self, customer_ids: Sequence[str]) -> list[Any]:
        read = (self._described.key.read(key) for key in customer_ids)
        return [key for key in read if key is not None]

    def _single(
        self, customer_id: str, asked: Asked, values: dict[str, Any]
    ) -> dict[Need[Any], object]:
        values["customer"] = self._described.key.read(customer_id)
        children = self._made.children() if self._locks.children else None
        if children is not None:
            self._db.execute(children, values)
        statement = asked.locking if self._locks.inside else asked.single
        return asked.read(self._ask(self._db, statement, values))

    def _many(
        self, customer_ids: Sequence[str], asked: Asked, values: dict[str, Any]
    ) -> dict[str, dict[Need[Any], object]]:
        values = {**values, "customers": self._keys(customer_ids)}
        write = self._described.key.write
        rows = self._db.execute(self._made.many(asked.known, self._db.dialect.name), values)
        each: dict[str, tuple[Any, ...]] = {write(row[0]): tuple(row[1:]) for row in rows}
        nothing: tuple[Any, ...] = (None,) * asked.width
        try:
            alike = {row: asked.read(row) for row in {nothing, *each.values()}}
        except TypeError:  # a function's answer, JSON say, is nothing that could be looked up
            return {key: asked.read(each.get(key, nothing)) for key in customer_ids}
        return {key: alike[each.get(key, nothing)] for key in customer_ids}


def tenant_value(statements: Statements, tenant: str) -> dict[str, Any]:
    """Return the parameter of the tenant, where there are tenants."""
    key = statements.customers.tenant_key
    return {} if key is None else {"tenant": key.read(tenant)}
