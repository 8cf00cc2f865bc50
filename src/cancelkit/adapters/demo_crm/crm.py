"""What people do in the demo CRM itself: look at customers, and finish their records."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from attrs import frozen
from sqlalchemy import Engine, Row, Select, insert, select, update

from cancelkit.adapters.demo_crm.filling import KINDS
from cancelkit.adapters.demo_crm.tables import ASSET, CUSTOMER, EXPIRY, RECORD, USER
from cancelkit.adapters.demo_crm.wiring import CLOSED

FINISHED = {
    "cases": "completed",
    "opportunities": "lost",
    "quotations": "lost",
    "sales_orders": "completed",
}
"""What a record becomes when somebody finishes it."""


@frozen
class Crm:
    """The demo CRM over its database."""

    engine: Engine

    def customers(self) -> list[Row[Any]]:
        """Return all customers with the names of their owners."""
        named = select(CUSTOMER, USER.c.name.label("owner_name"))
        return self._rows(named.outerjoin_from(CUSTOMER, USER).order_by(CUSTOMER.c.id))

    def customer(self, key: str) -> Row[Any] | None:
        """Return one customer, or None."""
        return next((row for row in self.customers() if row.id == key), None)

    def records(self, key: str) -> dict[str, list[tuple[Row[Any], bool]]]:
        """Return the records of a customer by kind, and whether each of them is still open."""
        found = self._rows(select(RECORD).where(RECORD.c.customer == key).order_by(RECORD.c.id))
        return {
            kind: [(row, row.status not in CLOSED[kind]) for row in found if row.kind == kind]
            for kind in KINDS
        }

    def assets(self, key: str) -> list[Row[Any]]:
        """Return the assets of a customer."""
        return self._rows(select(ASSET).where(ASSET.c.customer == key).order_by(ASSET.c.id))

    def expiries(self, key: str) -> list[Row[Any]]:
        """Return the expiries of a customer."""
        return self._rows(select(EXPIRY).where(EXPIRY.c.customer == key).order_by(EXPIRY.c.on))

    def finish(self, kind: str, record: str) -> None:
        """Finish a record of a kind."""
        which = (RECORD.c.kind == kind, RECORD.c.id == record)
        self._write(update(RECORD).where(*which).values(status=FINISHED[kind]))

    def cease(self, asset: str, on: date) -> None:
        """Enter a cease date and untick Live."""
        self._write(update(ASSET).where(ASSET.c.id == asset).values(ceased_on=on, live=False))

    def add_expiry(self, key: str, on: date, label: str) -> None:
        """Add a dated reminder."""
        row = {"id": f"E-{uuid4().hex[:8]}", "customer": key, "on": on, "label": label}
        self._write(insert(EXPIRY).values(row))

    def _rows(self, statement: Select[Any]) -> list[Row[Any]]:
        with self.engine.connect() as db:
            return list(db.execute(statement))

    def _write(self, statement: Any) -> None:
        with self.engine.begin() as db:
            db.execute(statement)
