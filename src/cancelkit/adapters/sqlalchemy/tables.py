"""cancelkit's own four tables: on the host's MetaData, so that its alembic owns them, or alone.

The constraints are of the kind that holds on every database: the tenant is never NULL, and what
must be unique only while it is open, or only when it is processed, is NULL otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Update,
    text,
    update,
)
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeDecorator, TypeEngine

from cancelkit.text import ID_LIMIT


class Exact(TypeDecorator[str]):
    """Text that is compared character by character: "a", "A", "á" and "a " are four."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = String
    cache_ok: bool | None = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type, with the collation that neither folds nor pads."""
        if dialect.name not in ("mysql", "mariadb"):
            return dialect.type_descriptor(String(self.length))
        exact = "utf8mb4_nopad_bin" if getattr(dialect, "is_mariadb", False) else "utf8mb4_0900_bin"
        return dialect.type_descriptor(VARCHAR(self.length, collation=exact))


_KEY = Exact(ID_LIMIT)
_WORD = Exact(32)
_DOCUMENT = Text().with_variant(LONGTEXT(collation="utf8mb4_bin"), "mysql", "mariadb")
_INNODB: dict[str, Any] = {
    f"{dialect}_{name}": value
    for dialect in ("mysql", "mariadb")  # an address "mariadb+..." does not read MySQL's
    for name, value in (("engine", "InnoDB"), ("charset", "utf8mb4"))
}
_OF_OPEN: dict[str, Any] = {f"{d}_where": text("slot = 1") for d in ("postgresql", "sqlite")}
_SERIAL = BigInteger().with_variant(Integer, "sqlite")


class OwnTables(NamedTuple):
    """The four tables, on one MetaData."""

    cancellations: Table
    history: Table
    operations: Table
    outbox: Table

    def create(self, engine: Engine) -> None:
        """Create those tables that are not there yet."""
        self.cancellations.metadata.create_all(engine, tables=list(self))

    def ddl(self, engine: Engine) -> str:
        """Return the statements that create the tables and their indexes, for somebody to read."""
        with engine.connect():
            pass  # a dialect learns only then whether it is MariaDB's or MySQL's
        made: list[Any] = []
        for table in self:
            made += [CreateTable(table), *(CreateIndex(i) for i in sorted(table.indexes, key=str))]
        return ";\n".join(str(one.compile(engine)).strip() for one in made) + ";\n"

    def fence(self) -> Update:
        """Return a write that changes nothing: on SQLite, it takes the write lock."""
        return update(self.outbox).where(self.outbox.c.seq == -1).values(attempts=0)


def own_tables(
    metadata: MetaData | None = None, *, prefix: str = "cancelkit_", schema: str | None = None
) -> OwnTables:
    """Return the tables on a MetaData; the same ones where it has them already."""
    meta = MetaData() if metadata is None else metadata
    schema = schema or meta.schema

    def table(name: str, *columns: Any) -> Table:
        key = f"{schema}.{prefix}{name}" if schema else f"{prefix}{name}"
        if key in meta.tables:
            return meta.tables[key]
        return Table(
            prefix + name, meta, *columns, schema=schema, sqlite_autoincrement=True, **_INNODB
        )

    def unique(name: str, *columns: str) -> UniqueConstraint:
        return UniqueConstraint(*columns, name=f"{prefix}{name}")

    def key(name: str) -> Column[str]:
        return Column(name, _KEY, nullable=False)

    def document() -> Column[str]:
        return Column("document", _DOCUMENT, nullable=False)

    return OwnTables(
        table(
            "cancellations",
            Column("seq", _SERIAL, primary_key=True),
            key("tenant"),
            key("id"),
            key("customer"),
            Column("slot", Integer),  # 1 while open: at most one for each customer
            Column("due", _WORD),  # the day on which a scheduled one is tried
            Column("version", Integer, nullable=False),
            document(),
            unique("cancellation", "tenant", "id"),
            unique("open", "tenant", "customer", "slot"),
            Index(f"{prefix}due", "tenant", "due"),
            Index(f"{prefix}opened", "tenant", "slot", "seq", **_OF_OPEN),
        ),
        table(
            "history",
            Column("seq", _SERIAL, primary_key=True),
            key("tenant"),
            key("id"),
            key("customer"),
            Column("processed", _KEY),  # the cancellation that this entry processed: once each
            document(),
            unique("entry", "tenant", "id"),
            unique("processed", "tenant", "processed"),
            Index(f"{prefix}history_of", "tenant", "customer"),
        ),
        table(
            "operations",
            Column("seq", _SERIAL, primary_key=True),
            key("tenant"),
            key("customer"),
            Column("verb", _WORD, nullable=False),
            key("op"),
            Column("used_at", _WORD, nullable=False),
            document(),
            unique("operation", "tenant", "customer", "verb", "op"),
            Index(f"{prefix}used", "tenant", "used_at"),
        ),
        table(
            "outbox",
            Column("seq", _SERIAL, primary_key=True),
            key("tenant"),
            key("id"),
            Column("delivery", _WORD, nullable=False),
            Column("due", _WORD, nullable=False),
            Column("attempts", Integer, nullable=False),
            Column("leased_until", _WORD),
            document(),
            unique("notification", "tenant", "id"),
            Index(f"{prefix}outbox_due", "tenant", "delivery", "due"),
        ),
    )


def include_object(prefix: str = "cancelkit_") -> Callable[..., bool]:
    """Return a function for alembic's `include_object`, which leaves cancelkit's tables alone.

    For hosts whose MetaData does not have the tables: autogenerate would drop what it does not
    know.
    """
    ours = {prefix + name for name in OwnTables._fields}

    def included(thing: Any, name: str | None, kind: str, *rest: Any) -> bool:
        table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
        return table not in ours

    return included


def render_item(kind: str, thing: Any, context: Any) -> str | Literal[False]:
    """Write cancelkit's own type into a migration, with its import: alembic's `render_item`.

    For hosts whose MetaData has the tables. Any other thing is left to alembic (False).
    """
    if kind != "type" or not isinstance(thing, Exact):
        return False
    context.imports.add(f"from {Exact.__module__} import {Exact.__name__}")
    return f"{Exact.__name__}({thing.length})"
