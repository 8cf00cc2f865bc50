"""For which descriptions a guard trigger can be made: rows of a table, with a customer column."""

from __future__ import annotations

from sqlalchemy import Column, Table

from cancelkit.adapters.sqlalchemy.ddl import real_table
from cancelkit.adapters.sqlalchemy.description import Customers, Status
from cancelkit.adapters.sqlalchemy.statements import RowSource, Statements
from cancelkit.errors import BadSetup


def guarded_rows(source: RowSource) -> tuple[Table, Column[object]]:
    """Return the table that has the trigger of a source, and its column of the customer.

    Raises:
        BadSetup: the rows are reached in another way.
    """
    table, customer = real_table(source.table), source.source.customer
    if table is None or not isinstance(customer, Column):
        raise BadSetup(
            f"The records of {source.need!r} have no trigger: they are reached through a subquery "
            "or an expression, not by a column of a table."
        )
    return table, customer


def guarded_customers(customers: Customers) -> tuple[Table, Column[object], Status]:
    """Return the table that a trigger locks, its key, and the status that says who is Cancelled.

    Raises:
        BadSetup: the customers are no table with a column as its key, or have no status.
    """
    table, key, status = real_table(customers.table), customers.id, customers.status
    if table is None or status is None or not isinstance(key, Column):
        raise BadSetup(
            "Guard triggers need a table of customers that have a status: it says who is Cancelled."
        )
    return table, key, status


def check_guarded(statements: Statements) -> None:
    """Raise `BadSetup` where guards cannot watch all that is asked: records must be locked then."""
    lead = "guarded=True spares the locks of records, but not all of these can have guards."
    try:
        guarded_customers(statements.customers)
        for source in statements.sources.values():
            guarded_rows(source)
    except BadSetup as error:
        raise BadSetup(f"{lead} {error} Leave guarded= out.") from None
    if statements.answers:
        names = ", ".join(sorted(need.__name__ for need in statements.answers))
        raise BadSetup(
            f"{lead} Guard triggers do not know what the functions in answers= read ({names}). "
            "Describe it under records=, or leave guarded= out."
        )
