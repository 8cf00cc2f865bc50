"""All that cancelkit is told of the demo CRM: its tables, who may, and where things are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from sqlalchemy import Connection, Engine, insert, select

from cancelkit.adapters.demo_crm.people import Staff
from cancelkit.adapters.demo_crm.tables import ASSET, CUSTOMER, EXPIRY, OWN, RECORD, USER
from cancelkit.adapters.sqlalchemy import Assets, Customers, Dates, Records, SqlHost, Status
from cancelkit.checklist import STANDARD
from cancelkit.kit import CancelKit
from cancelkit.people import Customer
from cancelkit.roles import EitherRole
from cancelkit.sections.creating_expiry import FUTURE_EXPIRY_CREATING, CreateExpiry

CLOSED: Mapping[str, tuple[str, ...]] = {
    "cases": ("completed", "duplicate", "incomplete", "won't fix", "closed"),
    "opportunities": ("won", "lost", "cancelled"),
    "quotations": ("won", "lost", "expired", "cancelled"),
    "sales_orders": ("completed", "cancelled"),
}
"""The statuses that mean closed, by kind of record."""


def _records(kind: str) -> Records:
    return Records(
        RECORD.c.customer,
        closed=RECORD.c.status.in_(CLOSED[kind]),
        where=RECORD.c.kind == kind,
        id=RECORD.c.id,
        label=RECORD.c.label,
    )


def _create_expiry(db: Connection) -> Any:
    def create(effect: CreateExpiry, customer: Customer) -> bool:
        row = {"id": f"E-{uuid4().hex[:8]}", "customer": customer.id, "on": effect.on}
        db.execute(insert(EXPIRY), {**row, "label": effect.note or "Call again"})
        return True

    return create


HOST = SqlHost(
    Customers(
        CUSTOMER.c.id,
        name=CUSTOMER.c.name,
        status=Status(CUSTOMER.c.status, cancelled="cancelled", pending=CUSTOMER.c.leaving),
        owner=CUSTOMER.c.owner,
        owner_name=select(USER.c.name).where(USER.c.id == CUSTOMER.c.owner).scalar_subquery(),
        since=CUSTOMER.c.since,
    ),
    {
        "assets": Assets(
            ASSET.c.customer,
            ceased_on=ASSET.c.ceased_on,
            live=ASSET.c.live,
            id=ASSET.c.id,
            label=ASSET.c.label,
        ),
        "expiries": Dates(EXPIRY.c.customer, EXPIRY.c.on),
        **{kind: _records(kind) for kind in CLOSED},
    },
    performers={CreateExpiry: _create_expiry},
    own=OWN,
)
CHECKLIST = STANDARD.replacing(FUTURE_EXPIRY_CREATING)
INSOLVENCY = CHECKLIST.with_gates(opportunities="advises", quotations="advises", mood="off")


class CrmLinks:
    """Where the demo CRM shows things."""

    def customer(self, customer: Customer) -> str | None:
        """See `cancelkit.ports.Links`."""
        return f"/customers/{quote(customer.id, safe='')}"

    def manage(self, customer: Customer, section: str) -> str | None:
        """See `cancelkit.ports.Links`: the tabs of a customer stand on one page."""
        shown = (*CLOSED, "assets", "future_expiry")
        return f"{self.customer(customer)}#{section}" if section in shown else None


def make_kit(engine: Engine) -> CancelKit:
    """Return the kit of the demo CRM."""
    staff = Staff(engine)
    return CancelKit(
        CHECKLIST,
        profiles={"insolvency": INSOLVENCY},
        roles=EitherRole(staff.roles_of),
        users=staff,
        recipients=staff,
        links=CrmLinks(),
        zone="Europe/London",
    )
