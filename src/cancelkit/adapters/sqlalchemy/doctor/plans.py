"""Whether counting what is open reads closed rows: by the plan of the very statement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable

from cancelkit.adapters.sqlalchemy.ddl import columns_in, open_indexes, real_table, script
from cancelkit.adapters.sqlalchemy.description import Assets
from cancelkit.adapters.sqlalchemy.doctor.catalog import Catalog
from cancelkit.adapters.sqlalchemy.doctor.findings import Finding, Level
from cancelkit.adapters.sqlalchemy.doctor.strict import Asked
from cancelkit.adapters.sqlalchemy.host import SqlHost
from cancelkit.adapters.sqlalchemy.statements import RowSource
from cancelkit.needs import Need

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN (FORMAT JSON)"}
Lines = list[Any]
"""The rows of a plan."""
SMALL = 1000
"""With fewer rows than this a plan says little about the one of a large table."""


class Explain(Executable, ClauseElement):
    """A statement with EXPLAIN before it."""

    inherit_cache: bool | None = False

    def __init__(self, statement: Select[Any], verb: str) -> None:
        self.statement = statement
        self.verb = verb


@compiles(Explain)
def _explain(element: Explain, compiler: Any, **kwargs: Any) -> str:
    return f"{element.verb} {compiler.process(element.statement, **kwargs)}"


def plans(
    host: SqlHost, asked: Asked, catalog: Catalog, values: Mapping[str, Any]
) -> Iterator[Finding]:
    """Say which sources of a section are read slowly, and what the database says of a statement.

    Args:
        host: the description.
        asked: a section all of whose tables are there.
        catalog: of the database.
        values: the parameters of the statements.
    """
    for need in filter(host.statements.known, asked.needs):
        try:
            lines = _plan(host, need, catalog, values)
        except DBAPIError as error:
            said = " ".join(str(error.orig).split())
            told = f"the database refuses the statement that asks for {need!r}: {said}"
            yield Finding(Level.FIX, asked.key, told)
            continue
        source = host.statements.sources.get(need)
        if source is not None and real_table(source.table) is not None:
            yield from _reads(asked, source, catalog, lines)


def _plan(host: SqlHost, need: Need[Any], catalog: Catalog, values: Mapping[str, Any]) -> Lines:
    statement = host.statements.single((need,), locking=False)
    explained = Explain(statement, EXPLAIN.get(catalog.family, "EXPLAIN"))
    asked = {**values, **host.statements.asked((need,)).values(values["as_of"])}
    if catalog.family != "postgresql":
        return list(catalog.db.execute(explained, asked))
    with catalog.db.begin_nested():  # what fails, fails alone
        catalog.one("SELECT set_config('enable_seqscan', 'off', true)")  # small tables as large
        return list(catalog.db.execute(explained, asked))


def _reads(asked: Asked, source: RowSource, catalog: Catalog, lines: Lines) -> Iterator[Finding]:
    read = _READERS.get(catalog.family, _covered)(source, catalog, lines)
    if read:
        missing = [
            one for one in open_indexes(source, catalog.dialect) if not _there(one, catalog, source)
        ]
        help_ = " An index helps." if missing else " The index for it is there, and not used."
        yield Finding(
            Level.ADVICE, asked.key, f"counting what is open reads {read}.{help_}", script(missing)
        )


def _there(statement: str, catalog: Catalog, source: RowSource) -> bool:
    """Say whether an index of the name that a statement gives is there."""
    table = real_table(source.table)
    found = catalog.indexes(table) if table is not None else ()
    names = (_quoted(one.name, catalog) for one in found if one.name)  # that of a key may have none
    return any(f"CREATE INDEX {name} ON" in statement for name in names)


def _quoted(name: str, catalog: Catalog) -> str:
    return catalog.dialect.identifier_preparer.quote(name)


# ---------------------------------------------------------------- SQLite

_USED = re.compile(r"^(SCAN|SEARCH) (\S+)(?: USING (.*INDEX) (\S+))?(?: \((.*)\))?$")
_NARROWED = re.compile(r" AND \S+(=|>)\?")


def _sqlite(source: RowSource, catalog: Catalog, lines: Lines) -> str:
    """Return what is read needlessly: a SEARCH tells its index, and by which columns."""
    table = real_table(source.table)
    partial = (
        {one.name for one in catalog.indexes(table) if one.partial} if table is not None else set()
    )
    worst = ""
    for *_, detail in lines:
        found = _USED.match(str(detail))
        if not found or table is None or found[2] != table.name:
            continue
        # A SEARCH without an index is that for a smallest value: from row to row.
        if found[1] == "SCAN" or not found[4] or "AUTOMATIC" in (found[3] or ""):
            return f"all of {table.name}"
        narrow = found[4] in partial or _NARROWED.search(found[5] or "")
        worst = worst if narrow else f"the customer's closed rows of {table.name}"
    return worst


# ---------------------------------------------------------------- PostgreSQL


def _postgresql(source: RowSource, catalog: Catalog, lines: Lines) -> str:
    """Return what is read needlessly: a filter is what no index has done."""
    table = real_table(source.table)
    plan = lines[0][0]
    nodes = list(_nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
    ours = [one for one in nodes if table is not None and one.get("Relation Name") == table.name]
    if table is None or not ours:
        return ""
    if any(one["Node Type"] == "Seq Scan" for one in ours):
        return f"all of {table.name}"
    filtered = any("Filter" in one for one in ours)
    if filtered and _too_small_to_tell(source, catalog):
        return ""
    return f"the customer's closed rows of {table.name}" if filtered else ""


def _too_small_to_tell(source: RowSource, catalog: Catalog) -> bool:
    """Say whether all indexes are there, and the table too small for the planner to care."""
    table = real_table(source.table)
    made = open_indexes(source, catalog.dialect)
    if table is None or not all(_there(one, catalog, source) for one in made):
        return False
    return catalog.rows_of(table) < SMALL


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from _nodes(one)


# ---------------------------------------------------------------- MariaDB, and others


def _mariadb(source: RowSource, catalog: Catalog, lines: Lines) -> str:
    """Return what is read needlessly; it has no partial indexes, but one could have all columns.

    Of a small table the plan says nothing about a large one; then it counts whether there is such
    an index.
    """
    table = real_table(source.table)
    if table is None or catalog.rows_of(table) < SMALL:
        return _covered(source, catalog, lines)
    names = {table.name, getattr(source.table, "name", "")}
    ours = [row for row in lines if row.table in names]
    if any(row.type in ("ALL", "index") for row in ours):
        return f"all of {table.name}"
    if any("Using index" not in str(row.Extra).split("; ") for row in ours):
        return f"the customer's closed rows of {table.name}, not only an index"
    return ""


def _covered(source: RowSource, catalog: Catalog, lines: Lines) -> str:
    """Return what an index could spare, by the columns that there are indexes for."""
    rows, table = source.source, real_table(source.table)
    first = rows.ceased_on if isinstance(rows, Assets) else None
    read = columns_in(rows.customer, first, getattr(rows, "on", None), *rows.open, rows.where)
    if table is None or not read or catalog.covers(read):
        return ""
    return f"the customer's closed rows of {table.name}, not only an index"


_READERS = {"sqlite": _sqlite, "postgresql": _postgresql, "mariadb": _mariadb}
