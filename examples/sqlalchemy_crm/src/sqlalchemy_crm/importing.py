"""Fills the empty CRM from a folder of CSV files, read by cancelkit's own reader."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from cancelkit import Invalid, User
from cancelkit.adapters.csv_folder import KINDS, Loaded, LoadReport, load_folder
from cancelkit.adapters.memory import Asset, Expiry, Record
from sqlalchemy_crm import schema

DEMO = Path(str(files("cancelkit.adapters"))) / "demo_data" / "telecoms"
"""The data set that ships with cancelkit."""

TABLES: Mapping[str, tuple[type[schema.OfAccount], str]] = {
    "assets": (schema.Device, ""),
    "cases": (schema.Ticket, "state"),
    "opportunities": (schema.Deal, "stage"),
    "quotations": (schema.Quote, "result"),
    "sales_orders": (schema.Order, "progress"),
    "expiries": (schema.FollowUp, ""),
}
"""The kinds of records, each with its table, and the column of its status."""


def import_folder(session: Session, folder: Path) -> LoadReport:
    """Add everything to the session; nothing is committed.

    Raises:
        BadFile: files are wrong; it names file, line and column.
        Invalid: a file is missing. A CRM with an empty table would say "none open", although
            nobody has looked.
    """
    loaded = load_folder(folder)
    if absent := [kind.file for kind in KINDS.values() if kind.section in loaded.report.absent]:
        listed = ", ".join(absent)
        raise Invalid(f"{folder} has no {listed}. Where there are none, give the header alone.")
    users = _users(session, loaded)
    accounts = _accounts(session, loaded, users)
    for key, account in accounts.items():
        for kind, (table, column) in TABLES.items():
            records = loaded.crm.records(kind, key)
            session.add_all(_made(table, column, one, account.id) for one in records)
    session.flush()
    return loaded.report


def _users(session: Session, loaded: Loaded) -> dict[str, schema.User]:
    """Add the users, whose ids in the files are the logins of the CRM."""
    if loaded.users is None:
        return {}
    known = loaded.users.find(list(loaded.roles))
    anybody = loaded.crm.customer(loaded.crm.ids()[0])
    rota = [user.id for user in loaded.users.candidates(anybody, "", len(known))]
    users = {key: _user(user, rota) for key, user in known.items()}
    session.add_all(users.values())
    session.flush()
    for key, roles in loaded.roles.items():
        session.add_all(schema.UserRole(user_id=users[key].id, role=role) for role in sorted(roles))
    return users


def _user(user: User, rota: list[str]) -> schema.User:
    place = rota.index(user.id) if user.id in rota else None
    return schema.User(login=user.id, full_name=user.name, active=user.active, rota=place)


def _accounts(
    session: Session, loaded: Loaded, users: Mapping[str, schema.User]
) -> dict[str, schema.Account]:
    """Add the accounts, whose ids in the files are the numbers of the CRM."""
    accounts: dict[str, schema.Account] = {}
    for customer in map(loaded.crm.customer, loaded.crm.ids()):
        status = customer.status
        accounts[customer.id] = schema.Account(
            number=customer.id,
            name=customer.name,
            status="cancelled"
            if status and status.cancelled
            else status.value
            if status
            else "live",
            owner_id=users[customer.owners[0].id].id if customer.owners else None,
            customer_since=customer.since,
        )
    session.add_all(accounts.values())
    session.flush()
    return accounts


def _made(
    table: type[schema.OfAccount], column: str, one: Record | Asset | Expiry, account_id: int
) -> schema.OfAccount:
    own: dict[str, Any]
    if isinstance(one, Asset):
        own = {"ceased_on": one.ceased_on, "in_use": one.live}
    elif isinstance(one, Expiry):
        own = {"due_on": one.on}
    else:
        own = {column: one.status.strip().casefold()}
    return table(account_id=account_id, number=one.id, title=one.label or one.id, **own)
