"""What people do in the CRM itself, on its own screens; nothing here is cancelkit's but a view."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cancelkit import Invalid
from cancelkit.views import Line
from sqlalchemy_crm.schema import Account, Deal, Device, FollowUp, OfAccount, Order, Quote, Ticket

FINISHED: Mapping[str, tuple[type[OfAccount], dict[str, Any]]] = {
    "assets": (Device, {"in_use": False}),
    "cases": (Ticket, {"state": "closed"}),
    "opportunities": (Deal, {"stage": "lost"}),
    "quotations": (Quote, {"result": "lost"}),
    "sales_orders": (Order, {"progress": "completed"}),
}
"""Which records a section names, and what finishes them."""


def account_of(session: Session, number: str, *, lock: bool = False) -> Account:
    """Return an account by its number; locked, where something of it is going to be written."""
    found = select(Account).where(Account.number == number, ~Account.deleted)
    account = session.scalars(found.with_for_update() if lock else found).one_or_none()
    if account is None:
        raise Invalid(f"There is no account with the number {number!r}.")
    return account


def finish(session: Session, line: Line, today: date) -> None:
    """Finish the records that a line of a checklist names."""
    table, values = FINISHED[line.key]
    numbers = [record.id for record in line.records]
    for row in session.scalars(select(table).where(table.number.in_(numbers))):
        for column, value in values.items():
            setattr(row, column, value)
        if isinstance(row, Device):
            row.ceased_on = today


def call_again(session: Session, account: Account, on: date) -> None:
    """Note a follow-up."""
    title = "Call again: how is the new supplier?"
    number = f"F-{account.number}-{on}"
    session.add(FollowUp(account_id=account.id, number=number, title=title, due_on=on))
