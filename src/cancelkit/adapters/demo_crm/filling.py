"""Fills the tables of the demo CRM from the data set that ships, as if it were today's."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, insert, select

from cancelkit.adapters.demo_crm import tables

DATA = Path(__file__).parent.parent / "demo_data" / "telecoms"
WRITTEN = date(2026, 3, 2)
"""The day for which the data set was written: its days are moved by as much as has passed since."""

KINDS: Mapping[str, str] = {
    "cases": "Cases",
    "opportunities": "Opportunities",
    "quotations": "Quotations",
    "sales_orders": "Sales Orders",
}
"""The kinds of records with a status, and what the CRM calls them."""


def fill(engine: Engine, today: date) -> None:
    """Create the tables that are not there, and fill them where they are empty."""
    tables.METADATA.create_all(engine)
    with engine.begin() as db:
        if not db.scalar(select(func.count()).select_from(tables.CUSTOMER)):
            _fill(db, today - WRITTEN)


def _fill(db: Connection, later: timedelta) -> None:
    users = list(_read("users"))
    _add(db, tables.USER, [_user(one) for one in users])
    _add(db, tables.ROLE, [pair for one in users for pair in _roles(one)])
    _add(db, tables.CUSTOMER, [_customer(one) for one in _read("customers")])
    for kind in KINDS:
        rows = [{**_of(one), "kind": kind, "status": one["status"].lower()} for one in _read(kind)]
        _add(db, tables.RECORD, [row for row in rows if row["customer"]])
    assets = [
        {**_of(one), "ceased_on": _day(one["ceased_on"], later), "live": one["live"] == "yes"}
        for one in _read("assets")
    ]
    _add(db, tables.ASSET, assets)
    _add(db, tables.EXPIRY, [{**_of(e), "on": _day(e["on"], later)} for e in _read("expiries")])


def _read(name: str) -> Iterator[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _add(db: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    db.execute(insert(table), rows)


def _day(text: str, later: timedelta) -> date | None:
    return date.fromisoformat(text) + later if text else None


def _of(row: Mapping[str, str]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "customer", "label")}


def _user(row: Mapping[str, str]) -> dict[str, Any]:
    boxes = {name: row[name] == "yes" for name in ("active", "telesales")}
    return {"id": row["id"], "name": row["name"], **boxes}


def _roles(row: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"user": row["id"], "role": role} for role in row["roles"].split(";") if role]


def _customer(row: Mapping[str, str]) -> dict[str, Any]:
    since = date.fromisoformat(row["since"]) if row["since"] else None
    named = {name: row[name] for name in ("id", "name", "status")}
    return {**named, "owner": row["owner"] or None, "since": since, "leaving": False}
