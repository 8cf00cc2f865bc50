"""Whether every SELECT in a statement that names a table locks what it reads (MariaDB)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, ColumnClause, Dialect, Join, Select, Subquery, TextClause
from sqlalchemy.sql import visitors

CLAUSES = ("LOCK IN SHARE MODE", "FOR UPDATE", "FOR SHARE")


def all_locked(statement: Select[Any], dialect: Dialect) -> bool:
    """Say whether each SELECT locks: an inner one that does not reads an old snapshot."""
    return not any(_reads_unlocked(one, dialect) for one in visitors.iterate(statement))


def _reads_unlocked(element: Any, dialect: Dialect) -> bool:
    if isinstance(element, Select):
        named = any(map(_names_a_table, element.get_final_froms()))
        return named and not str(element.compile(dialect=dialect)).endswith(CLAUSES)
    return _is_text(element) and "select" in str(element).lower()


def _names_a_table(source: Any) -> bool:
    """Say whether a table stands there itself; the SELECT of a subquery is looked at by itself."""
    if isinstance(source, Join):
        return _names_a_table(source.left) or _names_a_table(source.right)
    return not isinstance(source, Subquery | CTE)


def _is_text(element: Any) -> bool:
    """Say whether it is SQL as text, which nobody can add a clause to."""
    return isinstance(element, TextClause) or (
        isinstance(element, ColumnClause) and element.is_literal
    )
