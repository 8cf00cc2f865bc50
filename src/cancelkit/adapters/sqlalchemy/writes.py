"""Writing the host's own columns, status and owner: compare and set, by the description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, or_, update

from cancelkit.adapters.sqlalchemy.columns import name_of
from cancelkit.adapters.sqlalchemy.description import Status as StatusColumns
from cancelkit.adapters.sqlalchemy.repo import tenant_value
from cancelkit.adapters.sqlalchemy.sessions import flush, forget
from cancelkit.adapters.sqlalchemy.statements import Statements
from cancelkit.effects import AssignOwner
from cancelkit.errors import BadSetup
from cancelkit.people import Customer, Status

_NONE = object()
"""What no row holds."""


class SqlWrites:
    """The `StatusMirror`, and what performs `AssignOwner`."""

    def __init__(self, statements: Statements, db: Connection, tenant: str, bind: Any) -> None:
        self._described = statements.customers
        self._visible = statements.visible(tenant_value(statements, tenant).get("tenant"))
        self._db = db
        self._bind = bind

    def assign_owner(self, effect: AssignOwner, customer: Customer) -> bool:
        """See `Unit`, promises E1 and E2: one owner, or none."""
        described, key = self._described, self._described.owner_key
        if key is None or len(effect.to) > 1 or len(effect.was) > 1:
            return False
        to, was = (key.read(people[0].id) if people else None for people in (effect.to, effect.was))
        if effect.to and to is None:
            raise BadSetup(
                f"The owner {effect.to[0].id!r} cannot be written to {name_of(described.owner)}, "
                f"which is {described.owner.type!r}: the users must have the same ids."
            )
        if effect.was and was is None:
            return False
        expected = described.owner.is_(None) if was is None else described.owner == was
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
        value = columns.text.write(columns.cancelled[0])
        return self._move(customer_id, expected, value, pending=False)

    def _columns(self) -> StatusColumns:
        if self._described.status is None:
            raise BadSetup("The description has no status to mirror into.")
        return self._described.status

    def _move(self, customer_id: str, expected: Status, value: str, *, pending: bool) -> bool:
        columns = self._columns()
        was = _raw(columns, expected.value, pending=bool(expected.pending))
        to = _raw(columns, value, pending=pending)
        if to is _NONE:
            raise BadSetup(_undeclared(columns, value))
        if was is _NONE:
            return False
        if to is None and not columns.value.nullable:
            to = ""
        matches = columns.value == was if was is not None else _empty(columns)
        changed: dict[Any, Any] = {columns.value.key: to}
        if columns.flag is not None:
            unmarked = columns.flag.is_(false()) | columns.flag.is_(None)
            matches = matches & (~unmarked if expected.pending else unmarked)
            changed[columns.flag.key] = pending
        return self._update(customer_id, matches, changed)

    def _update(
        self, customer_id: str, expected: ColumnElement[bool], values: dict[Any, Any]
    ) -> bool:
        described = self._described
        if described.version is not None:
            values[described.version.key] = described.version + 1
        mine = [described.id == described.key.read(customer_id), expected, *self._visible]
        table: Any = described.table
        flush(self._bind)
        done = self._db.execute(update(table).where(*mine).values(values)).rowcount == 1
        forget(self._bind, table)
        return done


def _raw(columns: StatusColumns, value: str, *, pending: bool) -> Any:
    """Return what the column holds for a status, marked as pending or not; `_NONE` for nothing."""
    raw = columns.text.read(value) if value else None  # NULL is shown as ""
    if value and raw is None:
        return _NONE
    if not pending or not isinstance(columns.pending, Mapping):
        return raw
    return columns.pending.get(raw, _NONE)


def _empty(columns: StatusColumns) -> ColumnElement[bool]:
    """Return the condition of a status that is shown as ""."""
    text = columns.value == "" if columns.text.read("") == "" else false()
    return or_(columns.value.is_(None), text)


def _undeclared(columns: StatusColumns, value: str) -> str:
    name = name_of(columns.value)
    if not isinstance(columns.pending, Mapping):
        return f"{value!r} is no value of {name}, which is {columns.value.type!r}."
    known = ", ".join(map(str, columns.pending))
    return (
        f"Nobody declared what the status {value!r} of {name} becomes while pending: add it to "
        f"pending= of the Status, which knows: {known}."
    )
