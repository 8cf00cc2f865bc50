"""The doctor: what a description and a database promise together, in plain words.

Nothing is written: the doctor reads the catalog, asks for plans, and returns findings.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from cancelkit.adapters.sqlalchemy.doctor.catalog import Catalog
from cancelkit.adapters.sqlalchemy.doctor.described import (
    customers,
    missing_of,
    missing_of_customers,
    privileges,
)
from cancelkit.adapters.sqlalchemy.doctor.engine import transactions
from cancelkit.adapters.sqlalchemy.doctor.findings import Finding, Level
from cancelkit.adapters.sqlalchemy.doctor.own import outbox, own_tables_of
from cancelkit.adapters.sqlalchemy.doctor.plans import plans
from cancelkit.adapters.sqlalchemy.doctor.strict import sections_of, strictness
from cancelkit.adapters.sqlalchemy.host import SqlHost
from cancelkit.checklist import Checklist
from cancelkit.errors import Failed
from cancelkit.kit import CancelKit

__all__ = ["Catalog", "Finding", "Level", "diagnose", "looking"]


def diagnose(
    host: SqlHost,
    engine: Engine,
    checklist: Checklist | CancelKit | None = None,
    tenant: str = "",
    *,
    hours: float = 1,
) -> tuple[Finding, ...]:
    """Say what is strict, what is not and why, and what would help.

    Args:
        host: the description.
        engine: the database's, as the host makes it: its hooks and options are looked at.
        checklist: the sections to judge: of a checklist, or of a kit and all its profiles; without
            one each source and each function is one.
        tenant: whose customers, where the description has a tenant.
        hours: notifications that wait for longer than this are reported.

    Returns:
        At least one finding for each section that has needs, the sections first.

    Raises:
        Failed: the database cannot be reached, or does not answer.
    """
    try:
        with looking(engine) as db:
            catalog = Catalog(db)
            found = _sections(host, checklist, catalog, tenant)
            found += _own(host, catalog, tenant, hours)
        return (*found, *transactions(engine))  # one connection at a time: a hook may lock
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        raise Failed(f"The database cannot be reached, or does not answer: {said}") from error


@contextmanager
def looking(engine: Engine) -> Generator[Connection]:
    """Give a connection whose transaction only reads where the database can promise that."""
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "READ COMMITTED"}
    with engine.execution_options(**options).connect() as db:
        if db.dialect.name == "postgresql":
            db.exec_driver_sql("SET TRANSACTION READ ONLY")
        yield db
        db.rollback()


def _sections(
    host: SqlHost, checklist: Checklist | CancelKit | None, catalog: Catalog, tenant: str
) -> list[Finding]:
    gone = missing_of_customers(host, catalog)
    values = _values(host, catalog, tenant) if not gone else {}
    found: list[Finding] = []
    for asked in sections_of(host, checklist):
        missing = missing_of(host, asked, catalog)
        found += missing
        if not missing and not gone:
            found += strictness(host, asked, catalog)
            found += plans(host, asked, catalog, values)
    if gone:
        return [*found, *gone]
    return [*found, *customers(host, catalog, tenant), *privileges(host, catalog)]


def _own(host: SqlHost, catalog: Catalog, tenant: str, hours: float) -> list[Finding]:
    found = own_tables_of(host.own, catalog)
    if any(one.must_fix for one in found):
        return list(found)
    return [*found, *outbox(host.own, catalog, host.clock.now(), hours, tenant)]


def _values(host: SqlHost, catalog: Catalog, tenant: str) -> dict[str, Any]:
    """Return parameters for the statements: those of any customer that there is."""
    made = host.statements
    described = made.customers
    key = catalog.db.execute(select(described.id).limit(1)).scalar()
    mine = described.tenant_key.read(tenant) if described.tenant_key else None
    return {"customer": key, "tenant": mine, "as_of": host.clock.now().date()}
