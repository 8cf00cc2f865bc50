"""A CRM of SQLAlchemy tables, in variants that do the same things differently.

numbers   int ids; the status itself says "pending"; datetimes; soft-deleted by a timestamp
uuids     UUID ids; a flag beside the status says "pending"; dates; soft-deleted by a flag
texts     as `uuids`, with ids of text, which MariaDB compares without case and trailing space
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime, time
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from cancelkit.adapters.sqlalchemy import (
    Assets,
    Customers,
    Dates,
    OwnTables,
    Records,
    SqlHost,
    Status,
    own_tables,
)

CLOSED = {
    "cases": ("done", "duplicate"),
    "opportunities": ("won", "lost"),
    "quotations": ("accepted", "rejected"),
    "sales_orders": ("shipped", "void"),
}


class Standing(enum.Enum):
    """The status of a customer, in the variants with a flag."""

    ACTIVE = "active"
    PROSPECT = "prospect"
    LEFT = "left"


KEYS: dict[str, Any] = {"numbers": sa.Integer(), "uuids": sa.Uuid(), "texts": sa.String(40)}


class Crm:
    """The tables of a CRM, and what they mean to cancelkit."""

    def __init__(self, variant: str) -> None:
        self.variant = variant
        self.flagged = variant != "numbers"
        self.meta = sa.MetaData()
        self.people = sa.Table(
            "people",
            self.meta,
            sa.Column("login", sa.String(20), primary_key=True),
            sa.Column("full_name", sa.String(100)),
        )
        self.customers = self._customers()
        self.records = {kind: self._records(kind) for kind in CLOSED}
        self.assets = self._table(
            "assets",
            sa.Column("tag", sa.String(20)),
            sa.Column("cease_date", sa.Date if self.flagged else sa.DateTime),
            sa.Column("live", sa.Boolean),
        )
        self.expiries = self._table(
            "expiries", sa.Column("due", sa.Date if self.flagged else sa.DateTime(timezone=True))
        )
        self.own: OwnTables = own_tables(self.meta)

    def new_key(self) -> Any:
        """Return the id of a new row; None where the database gives it."""
        made = uuid4()
        return {"numbers": None, "uuids": made, "texts": f"Ab-{made.hex[:9]}"}[self.variant]

    def _key(self) -> sa.Column[Any]:
        return sa.Column("id", KEYS[self.variant], primary_key=True)

    def _gone(self) -> sa.Column[Any]:
        if self.flagged:
            return sa.Column("gone", sa.Boolean, nullable=False, default=False)
        return sa.Column("deleted_at", sa.DateTime)

    def there(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """Return the condition of what is not soft-deleted."""
        return table.c.gone.is_(False) if self.flagged else table.c.deleted_at.is_(None)

    def deletion(self, deleted: bool = True) -> dict[str, Any]:
        """Return the values of a soft-deleted row."""
        if self.flagged:
            return {"gone": deleted}
        return {"deleted_at": datetime(2026, 1, 1) if deleted else None}  # noqa: DTZ001

    def _customers(self) -> sa.Table:
        status = sa.Enum(Standing) if self.flagged else sa.String(20)
        return sa.Table(
            "customers",
            self.meta,
            self._key(),
            sa.Column("name", sa.String(100)),
            sa.Column("status", status),
            sa.Column("leaving", sa.Boolean, nullable=False, default=False),
            sa.Column("owner", sa.ForeignKey("people.login")),
            sa.Column("since", sa.Date),
            sa.Column("division", sa.String(20)),
            sa.Column("row_version", sa.Integer, nullable=False, default=1),
            self._gone(),
        )

    def _table(self, name: str, *columns: sa.Column[Any]) -> sa.Table:
        customer: sa.Column[Any] = sa.Column(
            "customer_id", sa.ForeignKey("customers.id"), index=True
        )
        return sa.Table(name, self.meta, self._key(), customer, *columns, self._gone())

    def _records(self, kind: str) -> sa.Table:
        status, subject = (sa.Column(name, sa.String(60)) for name in ("status", "subject"))
        return self._table(kind, status, subject)

    def moment(self, day: Any) -> Any:
        """Return a day as the value of a column of datetimes, where there are datetimes."""
        return day if self.flagged or day is None else datetime.combine(day, time(12))

    def instant(self, day: Any) -> Any:
        """Return a day as the value of a column of instants, where there are datetimes."""
        return day if self.flagged else datetime.combine(day, time(12), UTC)

    def described(self, **changes: Any) -> Customers:
        """Return the customers, as cancelkit is told of them."""
        c, people = self.customers.c, self.people.c
        name = sa.select(people.full_name).where(people.login == c.owner).scalar_subquery()
        in_column = {"live": "live_pc", "prospect": "prospect_pc"}
        status = (
            Status(c.status, cancelled=Standing.LEFT, pending=c.leaving)
            if self.flagged
            else Status(c.status, cancelled="cancelled", pending=in_column, labels={"live": "Live"})
        )
        known: dict[str, Any] = {
            "name": c.name,
            "status": status,
            "owner": c.owner,
            "owner_name": name,
            "since": c.since,
            "tenant": c.division,
            "where": self.there(self.customers),
            "version": c.row_version,
        }
        return Customers(c.id, **{**known, **changes})

    def sources(self) -> dict[str, Any]:
        """Return the records, as cancelkit is told of them."""
        zone = None if self.flagged else "Europe/London"
        a, e = self.assets, self.expiries
        found: dict[str, Any] = {
            kind: Records(
                table.c.customer_id,
                closed=table.c.status.in_(CLOSED[kind]),
                label=table.c.subject,
                where=self.there(table),
            )
            for kind, table in self.records.items()
        }
        found["assets"] = Assets(
            a.c.customer_id, a.c.cease_date, a.c.live, label=a.c.tag, where=self.there(a), zone=zone
        )
        found["expiries"] = Dates(e.c.customer_id, e.c.due, where=self.there(e), zone=zone)
        return found

    def host(self, **options: Any) -> SqlHost:
        """Return what the tables mean."""
        return SqlHost(self.described(), self.sources(), own=self.own, **options)
