"""Which sections are strict: what they say is still so at the instant at which Process commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Table

from cancelkit.adapters.sqlalchemy.ddl import (
    columns_in,
    customer_index,
    foreign_key,
    real_name,
    real_table,
    script,
)
from cancelkit.adapters.sqlalchemy.doctor.catalog import Catalog
from cancelkit.adapters.sqlalchemy.doctor.findings import Finding, Level
from cancelkit.adapters.sqlalchemy.doctor.locked import all_locked
from cancelkit.adapters.sqlalchemy.guard_triggers import guard_name, guard_of
from cancelkit.adapters.sqlalchemy.host import SqlHost
from cancelkit.adapters.sqlalchemy.statements import RowSource
from cancelkit.checklist import Checklist
from cancelkit.kit import CancelKit
from cancelkit.needs import Need
from cancelkit.section import Gate


class Asked(NamedTuple):
    """A section, or without a checklist a source, and what it wants to know.

    Attributes:
        blocks: whether it blocks in some checklist.
        profiles: in which profiles only, if not in the kit's own checklist.
        custom: without a checklist: the class of needs that a function answers.
    """

    key: str
    needs: tuple[Need[Any], ...]
    blocks: bool = True
    profiles: tuple[str, ...] = ()
    custom: type | None = None

    @property
    def lead(self) -> str:
        """What comes before a reason."""
        if not self.blocks:
            return "it only advises, so that it need not be strict: "
        return f"in {', '.join(map(repr, self.profiles))} it blocks, and " if self.profiles else ""


class Loose(NamedTuple):
    """Why a section is not strict, and what helps."""

    why: str
    ddl: tuple[str, ...] = ()


def sections_of(host: SqlHost, given: Checklist | CancelKit | None) -> list[Asked]:
    """Return the sections that have needs; without a checklist, each source as one."""
    if given is not None:
        lists = {"": given} if isinstance(given, Checklist) else _lists_of(given)
        every = {(s.key, tuple(s.needs)): s for one in lists.values() for s in one.sections}
        return [_asked(key, needs, lists) for key, needs in every if needs]
    made = host.statements
    sources = [Asked(kind_of(need), (need,)) for need in made.sources]
    return sources + [Asked(cls.__name__, (), custom=cls) for cls in made.answers]


def _lists_of(kit: CancelKit) -> dict[str, Checklist]:
    return {"": kit.checklist, **kit.profiles}


def _asked(key: str, needs: tuple[Need[Any], ...], lists: Mapping[str, Checklist]) -> Asked:
    """Return a section as the strictest of the checklists has it."""
    blocks = [
        name
        for name, one in lists.items()
        if one.gates.get(key) is Gate.BLOCKS and tuple(one.section(key).needs) == needs
    ]
    return Asked(key, needs, bool(blocks), () if "" in blocks else tuple(blocks))


def strictness(host: SqlHost, asked: Asked, catalog: Catalog) -> Iterator[Finding]:
    """Say whether a section is strict, or each reason why it is not."""
    reasons = [one for need in asked.needs for one in _of_need(host, need, catalog)]
    if asked.custom:
        reasons += _custom(host, asked.custom, catalog, locking=False)
    level = Level.NOT_STRICT if asked.blocks else Level.ADVICE
    for loose in reasons:
        yield Finding(level, asked.key, asked.lead + loose.why, script(loose.ddl))
    if not reasons:
        yield Finding(Level.STRICT, asked.key, _because(host, asked, catalog))


def _of_need(host: SqlHost, need: Need[Any], catalog: Catalog) -> list[Loose]:
    source = host.statements.sources.get(need)
    if source is not None:
        return list(_FAMILIES.get(catalog.family, _unknown)(host, source, catalog))
    if type(need) not in host.statements.answers:
        return [Loose(f"nothing answers {need!r}: it stays unknown, and Process is refused.")]
    asked = host.statements.single((need,), locking=True)
    return _custom(host, type(need), catalog, locking=all_locked(asked, catalog.dialect))


def _custom(host: SqlHost, cls: type, catalog: Catalog, *, locking: bool) -> list[Loose]:
    """A function answers: on SQLite nobody else writes; elsewhere what it reads must be locked."""
    if catalog.family == "sqlite" or (catalog.family == "mariadb" and locking):
        return []
    name = f"{cls.__name__} is answered by a function of yours (answers=), and"
    if catalog.family != "postgresql" or cls not in host.reads:
        help_ = "Describe them under records= with a source" + (
            ", and name its kind in reads=" if catalog.family == "postgresql" else ""
        )
        told = f"{name} nothing locks the rows that it reads. {help_}, or let the section advise."
        return [Loose(told)]
    read = [s for n, s in host.statements.sources.items() if kind_of(n) in host.reads[cls]]
    return [one for source in read for one in _rows(host, source, catalog)]


def _sqlite(host: SqlHost, source: RowSource, catalog: Catalog) -> Iterator[Loose]:
    """One writer at a time: nothing can change between the check and the commit."""
    yield from ()


def _unknown(host: SqlHost, source: RowSource, catalog: Catalog) -> Iterator[Loose]:
    yield Loose(f"cancelkit is not tested on {catalog.dialect.name}, and promises nothing for it.")


def _mariadb(host: SqlHost, source: RowSource, catalog: Catalog) -> Iterator[Loose]:
    table = _lockable(source, catalog)
    if isinstance(table, Loose):
        yield table
        return
    engine = catalog.engine_of(table)
    if engine.lower() != "innodb":
        made = f"ALTER TABLE {catalog.dialect.identifier_preparer.format_table(table)}"
        yield Loose(
            f"the table {table.name} is of the engine {engine}, which has no transactions.",
            (f"{made} ENGINE = InnoDB",),
        )
    if not _of_customer(host, source):
        yield from _no_index(source, catalog, "so that each check locks the whole table.")


def _postgresql(host: SqlHost, source: RowSource, catalog: Catalog) -> Iterator[Loose]:
    yield from _rows(host, source, catalog, guarded=_guarded(host, source, catalog))


def _rows(
    host: SqlHost, source: RowSource, catalog: Catalog, *, guarded: bool = False
) -> Iterator[Loose]:
    """Say why locking the customer, and the rows that there are, is not enough."""
    table = _lockable(source, catalog)
    if isinstance(table, Loose):
        yield table
        return
    if _of_customer(host, source):
        return
    if not guarded:
        yield from (_no_guard if host.guarded else _no_reference)(host, source, catalog)
    yield from _no_index(source, catalog, "by which its rows could be found quickly.")


def _no_guard(host: SqlHost, source: RowSource, catalog: Catalog) -> Iterator[Loose]:
    yield Loose(
        f"guarded=True says that guard triggers are there, so that no rows are locked, but "
        f"{real_name(source.table)} has none of this description. Install them (cancelkit db "
        "guard), or leave guarded= out."
    )


def _no_reference(host: SqlHost, source: RowSource, catalog: Catalog) -> Iterator[Loose]:
    child, to = source.source.customer, host.statements.customers.id
    names = f"{_name(child)} has no foreign key to {_name(to)}"
    if not isinstance(child, Column) or not isinstance(to, Column):
        yield Loose(f"{names}, as one of them is an expression.")
        return
    found = catalog.reference(child, to)
    if found is None:
        yield Loose(
            f"{names}: a record that somebody adds at the same moment is not seen. Add it, or "
            "install guard triggers (cancelkit db guard).",
            foreign_key(child, to, catalog.dialect),
        )
    elif not found.enforced:
        yield Loose(f"the foreign key of {_name(child)} is switched off. Switch it on.")


def _no_index(source: RowSource, catalog: Catalog, effect: str) -> Iterator[Loose]:
    child = source.source.customer
    firsts = [one for one in (child, source.source.tenant) if isinstance(one, Column)]
    if isinstance(child, Column) and catalog.finds(child, firsts):
        return
    made = (customer_index(source, catalog.dialect),) if isinstance(child, Column) else ()
    yield Loose(f"there is no index that begins with {_name(child)}, {effect}", made)


def _lockable(source: RowSource, catalog: Catalog) -> Table | Loose:
    """Return the table whose rows are locked, or why there is none."""
    table = real_table(source.table)
    if table is None:
        read = ", ".join(sorted({real_name(c.table) for c in columns_in(source.table)}))
        return Loose(
            f"its rows are reached through a subquery over {read}, and rows that are added there "
            "do not wait. Give the table a column of the customer, or let the section advise."
        )
    if catalog.is_view(table):
        return Loose(f"{table.name} is a view: describe the table under it.")
    return table


def _of_customer(host: SqlHost, source: RowSource) -> bool:
    """Say whether the rows are the customers themselves, which are locked in any case."""
    customers = host.statements.customers
    same = _name(source.source.customer) == _name(customers.id)
    return same and real_name(source.table) == real_name(customers.table)


def _guarded(host: SqlHost, source: RowSource, catalog: Catalog) -> bool:
    """Say whether the guard trigger of this very description is there, and fires."""
    table = real_table(source.table)
    found = None if table is None else catalog.trigger(table, guard_name(source))
    return found is not None and found.strip() == guard_of(host, source).body.strip()


def _because(host: SqlHost, asked: Asked, catalog: Catalog) -> str:
    if catalog.family == "sqlite":
        return "SQLite has one writer at a time, and the command is it before it reads."
    if catalog.family == "mariadb":
        return "the rows, and the places of new ones, are locked while they are counted."
    sources = [host.statements.sources.get(need) for need in asked.needs]
    if sources and all(one is not None and _guarded(host, one, catalog) for one in sources):
        told = "guard triggers: who adds or reopens a record waits, and is refused afterwards."
        spare = " With guarded=True in the SqlHost a command need not lock the records as well."
        return told if host.guarded else told + spare
    return "the customer and its records are locked first; a new one waits for the customer."


def _name(column: Any) -> str:
    table = getattr(column, "table", None)
    return f"{real_name(table)}.{column.name}" if table is not None else str(column)


def kind_of(need: Need[Any]) -> str:
    """Return the kind of records that a need is about."""
    return str(getattr(need, "kind", need))


def needs_of(sections: Sequence[Asked]) -> tuple[Need[Any], ...]:
    """Return the needs of all sections, each once."""
    return tuple(dict.fromkeys(need for one in sections for need in one.needs))


_FAMILIES = {"sqlite": _sqlite, "mariadb": _mariadb, "postgresql": _postgresql}
