"""The host's customers, their status and owner, by the host's description: one unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, false, literal, select, update

from cancelkit.adapters.sqlalchemy.description import Dates
from cancelkit.adapters.sqlalchemy.description import Status as StatusColumns
from cancelkit.adapters.sqlalchemy.statements import Statements
from cancelkit.effects import AssignOwner
from cancelkit.errors import BadSetup
from cancelkit.needs import Need, Unknown
from cancelkit.people import Customer, NamedRecord, Person, Status


class Locks(NamedTuple):
    """What a database needs so that an answer is still so when the unit of work ends."""

    children: bool = False  # lock the rows first, and count in a new statement (PostgreSQL)
    inside: bool = False  # lock inside the count (MariaDB: else it reads an old snapshot)


LOCKS = {
    "postgresql": Locks(children=True),
    "mysql": Locks(inside=True),
    "mariadb": Locks(inside=True),
}


class SqlCustomers:
    """The `CustomerRepo`, and the `StatusMirror` where there is a status to mirror into."""

    def __init__(
        self, statements: Statements, db: Connection, tenant: str, *, writing: bool
    ) -> None:
        self._made = statements
        self._described = statements.customers
        self._db = db
        self._tenant = tenant
        self._locks = LOCKS.get(db.dialect.name, Locks()) if writing else Locks()

    def lock(self, customer_id: str) -> Customer | None:
        """See `CustomerRepo.lock`."""
        key = self._described.key.read(customer_id)
        if key is None:
            return None
        found = self._there().where(self._described.id == key)
        row = self._db.execute(found.with_for_update(of=self._described.table)).one_or_none()
        customer = self._customer(row) if row else None
        return customer if customer and customer.id == customer_id else None

    def load(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """See `CustomerRepo.load`."""
        keys = self._keys(customer_ids)
        if not keys:
            return {}
        chosen = self._described.id.in_(bindparam("customers", expanding=True))
        rows = self._db.execute(self._there().where(chosen), {"customers": keys})
        asked = frozenset(customer_ids)
        found = {customer.id: customer for customer in map(self._customer, rows)}
        return {key: customer for key, customer in found.items() if key in asked}

    def answers(self, need: Need[Any]) -> bool:
        """See `CustomerRepo.answers`."""
        return self._made.known(need)

    def facts(
        self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
    ) -> Mapping[str, Mapping[Need[Any], object]]:
        """See `CustomerRepo.facts`: one statement for one customer, two at most for many."""
        known = tuple(need for need in needs if self._made.known(need))
        unknown = {n: Unknown(f"no source for {n!r} is described") for n in needs if n not in known}
        values = self._made.values(known, as_of)
        if not known:
            return dict.fromkeys(customer_ids, unknown)
        if len(customer_ids) == 1:
            return {key: {**self._single(key, known, values), **unknown} for key in customer_ids}
        many = self._many(customer_ids, known, values)
        return {key: {**many[key], **unknown} for key in customer_ids}

    def open_records(
        self, customer_id: str, need: Need[Any], as_of: date, limit: int
    ) -> Sequence[NamedRecord]:
        """See `CustomerRepo.open_records`."""
        source = self._made.sources.get(need)
        if source is None or isinstance(source.source, Dates):
            return ()
        values = {**self._made.values((need,), as_of), "most": limit}
        values["customer"] = self._described.key.read(customer_id)
        rows = self._db.execute(self._made.named(need), values)
        link = source.source.link
        return [
            NamedRecord(str(key), str(label), link(str(key)) if link else None)
            for key, label in rows
        ]

    def assign_owner(self, effect: AssignOwner, customer: Customer) -> bool:
        """See `Unit`, promises E1 and E2: one owner, or none."""
        described, key = self._described, self._described.owner_key
        if described.owner is None or key is None:
            raise BadSetup("The description has no owner= that could be assigned.")
        if len(effect.to) > 1 or len(effect.was) > 1:
            return False
        to, was = (key.read(people[0].id) if people else None for people in (effect.to, effect.was))
        expected = described.owner == was if effect.was else described.owner.is_(None)
        return self._update(customer.id, expected, {described.owner.key: to})

    def mark_pending(self, customer_id: str, expected: Status) -> bool:
        """See `StatusMirror.mark_pending`."""
        return self._move(customer_id, expected, expected.value, pending=True)

    def restore(self, customer_id: str, expected: Status, former: Status) -> bool:
        """See `StatusMirror.restore`."""
        return self._move(customer_id, expected, former.value, pending=bool(former.pending))

    def mark_cancelled(self, customer_id: str, expected: Status) -> bool:
        """See `StatusMirror.mark_cancelled`."""
        columns = self._columns()
        return self._move(
            customer_id, expected, columns.text.write(columns.cancelled[0]), pending=False
        )

    def _columns(self) -> StatusColumns:
        if self._described.status is None:
            raise BadSetup("The description has no status to mirror into.")
        return self._described.status

    def _move(self, customer_id: str, expected: Status, value: str, *, pending: bool) -> bool:
        columns = self._columns()
        was = self._raw(columns, expected.value, pending=bool(expected.pending))
        to = self._raw(columns, value, pending=pending)
        matches = columns.value == was
        changed: dict[Any, Any] = {columns.value.key: to}
        if columns.flag is not None:
            unmarked = columns.flag.is_(false()) | columns.flag.is_(None)
            matches = matches & (columns.flag.is_not(false()) if expected.pending else unmarked)
            changed[columns.flag.key] = pending
        return self._update(customer_id, matches, changed)

    def _raw(self, columns: StatusColumns, value: str, *, pending: bool) -> Any:
        """Return what the column of the status holds for a value, marked as pending or not."""
        raw = columns.text.read(value)
        if not pending or not isinstance(columns.pending, Mapping):
            return raw
        if raw not in columns.pending:
            known = ", ".join(map(str, columns.pending))
            raise BadSetup(
                f"Nobody declared what the status {value!r} becomes while pending: add it to "
                f"pending= of the Status, which knows: {known}."
            )
        return columns.pending[raw]

    def _update(self, customer_id: str, expected: Any, values: dict[str | None, Any]) -> bool:
        described = self._described
        values = {name: value for name, value in values.items() if name}
        if described.version is not None:
            values[described.version.key] = described.version + 1
        mine = [described.id == described.key.read(customer_id), expected, *self._visible()]
        table: Any = described.table
        return self._db.execute(update(table).where(*mine).values(values)).rowcount == 1

    def _visible(self) -> list[Any]:
        described = self._described
        tenant = [] if described.tenant is None else [described.tenant == self._tenant]
        return [*tenant, *([] if described.where is None else [described.where])]

    def _there(self) -> Select[Any]:
        described, status = self._described, self._described.status
        flag = status.flag if status else None
        none = literal(None)
        columns = (
            described.id,
            described.name,
            status.value if status else none,
            none if flag is None else flag,
            none if described.owner is None else described.owner,
            none if described.owner_name is None else described.owner_name,
            none if described.since is None else described.since,
        )
        labelled = (column.label(f"c{at}") for at, column in enumerate(columns))
        return select(*labelled).select_from(described.table).where(*self._visible())

    def _customer(self, row: Row[Any]) -> Customer:
        described = self._described
        key, name, value, flag, owner, owner_name, since = tuple(row)
        owners: tuple[Person, ...] = ()
        if owner is not None and described.owner_key is not None:
            text = described.owner_key.write(owner)
            owners = (Person(text, str(owner_name or text)),)
        return Customer(
            described.key.write(key),
            str(name or described.key.write(key)),
            self._status(value, flag),
            owners,
            since,
            self._tenant,
        )

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
        self, customer_id: str, needs: tuple[Need[Any], ...], values: dict[str, Any]
    ) -> dict[Need[Any], object]:
        values = {**values, "customer": self._described.key.read(customer_id)}
        children = self._made.children() if self._locks.children else None
        if children is not None:
            self._db.execute(children, values)
        statement = self._made.single(needs, locking=self._locks.inside)
        return self._made.read(needs, tuple(self._db.execute(statement, values).one()))

    def _many(
        self, customer_ids: Sequence[str], needs: tuple[Need[Any], ...], values: dict[str, Any]
    ) -> dict[str, dict[Need[Any], object]]:
        values = {**values, "customers": self._keys(customer_ids)}
        rows: dict[str, list[Any]] = {key: self._made.blank(needs) for key in customer_ids}
        write = self._described.key.write
        for key, at, value in self._made.cells(self._db, needs, values):
            rows[write(key)][at] = value
        return {key: self._made.read(needs, row) for key, row in rows.items()}
