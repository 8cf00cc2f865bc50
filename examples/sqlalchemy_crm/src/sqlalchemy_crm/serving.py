"""What both applications do first: open the database, fill it, say who may log in."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from sqlalchemy_crm.__main__ import FILE, prepare
from sqlalchemy_crm.login import PASSWORD, logins
from sqlalchemy_crm.screen import say

ADDRESS = "127.0.0.1"


def start(program: str, arguments: Sequence[str] | None) -> tuple[Engine, int]:
    """Return the database that the command line names, and the port."""
    parser = ArgumentParser(prog=f"python -m {program}", description="Serve the CRM.")
    parser.add_argument("--database", default=FILE, metavar="URL", help=f"default: {FILE}")
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    given = parser.parse_args(arguments)
    engine = create_engine(given.database)
    prepare(engine, None)
    say(f"Serving at http://{ADDRESS}:{given.port}/")
    say(f"Log in as {', '.join(logins(engine))}, with the password {PASSWORD}")
    return engine, given.port


def begin_at_once(engine: Engine) -> Engine:
    """Let SQLite begin what SQLAlchemy says it begins: for sessions that cancelkit joins.

    One transaction of these at a time, reads too, so that nothing else may be open meanwhile.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _connected)
        event.listen(engine, "begin", _begun)
    return engine


def _connected(driver: Any, _: object) -> None:
    driver.isolation_level = None  # else Python begins a transaction at the first write only


def _begun(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
