"""What the command line asks for: engines from addresses, own tables, guards. Texts and values."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from cancelkit.adapters.sqlalchemy.ddl import create_tables, dialect_of, family_of, script
from cancelkit.adapters.sqlalchemy.doctor import Catalog, Finding, looking
from cancelkit.adapters.sqlalchemy.doctor.own import own_tables_of
from cancelkit.adapters.sqlalchemy.guard_triggers import guards
from cancelkit.adapters.sqlalchemy.host import SqlHost
from cancelkit.adapters.sqlalchemy.tables import OwnTables, own_tables
from cancelkit.errors import BadSetup, Failed, Invalid

_DRIVERS = {"psycopg": "psycopg[binary]", "pymysql": "PyMySQL", "MySQLdb": "mysqlclient"}


@contextmanager
def _reached(address: str) -> Generator[None]:
    """Say in a sentence what is wrong with an address, its driver or its database."""
    try:
        yield
    except (ArgumentError, NoSuchModuleError) as error:
        raise Invalid(
            f"{address!r} is no address of a database; expected one such as sqlite:///crm.db, "
            "postgresql+psycopg://user@host/crm or mysql+pymysql://user@host/crm."
        ) from error
    except ModuleNotFoundError as error:
        package = _DRIVERS.get(str(error.name), str(error.name))
        raise BadSetup(f"The driver is not installed: pip install '{package}'.") from error
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        raise Failed(f"The database refuses, or cannot be reached: {said}") from error
    except SQLAlchemyError as error:
        raise Failed(f"The database cannot be used: {error}") from error


def opened(address: str, *, new: bool = False) -> Engine:
    """Return an engine for an address.

    Args:
        address: as SQLAlchemy has it; a host's own spelling "postgresql://" means psycopg 3.
        new: SQLite may create the file.

    Raises:
        Invalid: it is no address, or there is no such file.
        BadSetup: the driver is not installed.
    """
    with _reached(address):
        url = make_url(address)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        file = url.database if url.get_backend_name() == "sqlite" else None
        in_file = file and file != ":memory:" and not file.startswith("file:")
        if file and in_file and not new and not Path(file).exists():
            raise Invalid(f"There is no file {file}.")
        if in_file or url.get_backend_name() != "sqlite":  # in memory, it is gone when it is closed
            return create_engine(url, poolclass=NullPool)  # nobody is left to close a pool
        return create_engine(url)


def as_engine(found: object, spec: str) -> Engine:
    """Return the engine that a host's module has; of an async one, the one inside it."""
    inner = getattr(found, "sync_engine", found)
    if not isinstance(inner, Engine):
        raise Invalid(f"{spec} is no Engine of SQLAlchemy, but {type(found).__name__}.")
    return inner


def named(engine: Engine) -> str:
    """Return what a database is called, without a password."""
    backends = {"postgresql": "PostgreSQL", "sqlite": "SQLite", "mariadb": "MariaDB or MySQL"}
    family = family_of(engine.dialect)
    where = engine.url.set(drivername="x", query={}).render_as_string(hide_password=True)
    where = where.removeprefix("x://").lstrip("/") or "in memory"
    return f"{backends.get(family, family)} ({where})"


def tables_ddl(address: str, prefix: str, schema: str | None) -> str:
    """Return the statements that create cancelkit's own tables; no connection is made."""
    with _reached(address):
        dialect = dialect_of(address)
        return script(create_tables(own_tables(prefix=prefix, schema=schema), dialect))


def create_own(
    engine: Engine, prefix: str, schema: str | None
) -> tuple[list[str], list[str], tuple[Finding, ...]]:
    """Create those of cancelkit's own tables that are not there.

    Returns:
        The names of those created, of those that were there, and what is wrong with these.
    """
    own: OwnTables = own_tables(prefix=prefix, schema=schema)
    with _reached(str(engine.url)):
        with engine.connect() as db:
            here = set(inspect(db).get_table_names(schema=schema))
        own.create(engine)
        with looking(engine) as db:
            wrong = own_tables_of(own, Catalog(db))
    there = [table.fullname for table in own if table.name in here]
    made = [table.fullname for table in own if table.name not in here]
    return made, there, wrong


def guard_ddl(host: SqlHost, address: str, *, drop: bool) -> str:
    """Return the statements that install the guard triggers, or remove them: one transaction."""
    with _reached(address):
        dialect = dialect_of(address)
    if family_of(dialect) != "postgresql":
        raise Invalid(
            f"Guard triggers are for PostgreSQL, and this is {dialect.name}: SQLite has one writer "
            "at a time, and MariaDB locks the places of new rows; neither needs them."
        )
    parts = [one for guard in guards(host) for one in (guard.drop if drop else guard.create)]
    return script(["BEGIN", *parts, "COMMIT"])
