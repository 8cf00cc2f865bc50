"""The tables of the demo CRM; cancelkit's own stand beside them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, MetaData, String, Table

from cancelkit.adapters.sqlalchemy import own_tables

METADATA = MetaData()


def _of_customer() -> Column[str]:
    return Column("customer", String, ForeignKey("customer.id"), nullable=False, index=True)


USER = Table(
    "user",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("telesales", Boolean, nullable=False),
)
ROLE = Table(
    "role",
    METADATA,
    Column("user", String, ForeignKey("user.id"), primary_key=True),
    Column("role", String, primary_key=True),
)
CUSTOMER = Table(
    "customer",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("leaving", Boolean, nullable=False, default=False),
    Column("owner", String, ForeignKey("user.id")),
    Column("since", Date),
)
RECORD = Table(  # cases, opportunities, quotations and sales orders
    "record",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    _of_customer(),
    Column("status", String, nullable=False),
    Column("label", String, nullable=False),
)
ASSET = Table(
    "asset",
    METADATA,
    Column("id", String, primary_key=True),
    _of_customer(),
    Column("ceased_on", Date),
    Column("live", Boolean, nullable=False),
    Column("label", String, nullable=False),
)
EXPIRY = Table(
    "expiry",
    METADATA,
    Column("id", String, primary_key=True),
    _of_customer(),
    Column("on", Date, nullable=False),
    Column("label", String, nullable=False),
)
OWN = own_tables(METADATA)
