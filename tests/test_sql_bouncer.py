"""Through pgbouncer in transaction mode: no state of a session is used, and none is left behind.

Skipped where pgbouncer (Debian's package has this name) is not installed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from cancelkit.testing.contract import contract_tests
from tests.broken.sql_proofs import NUMBERS, OnServer
from tests.server_process import PATH, ROOT_IS_REFUSED
from tests.servers import Databases
from tests.sql_world import world_of

PATIENCE = 20.0
"""Seconds within which it must answer."""
SETTINGS = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 8
"""
LEFT = """
SELECT 'setting ' || name || ' = ' || setting FROM pg_settings WHERE source = 'session'
UNION ALL SELECT 'prepared ' || statement FROM pg_prepared_statements
UNION ALL SELECT 'advisory lock' FROM pg_locks WHERE locktype = 'advisory'
"""
"""What a session has that outlives its transaction."""


@contextmanager
def bouncing(program: str, url: sa.URL) -> Generator[sa.URL]:
    """Start a pgbouncer before a server, and give its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        listen = int(found.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pgbouncer.ini"
        server = {"host": url.host, "port": url.port or 5432, "user": url.username}
        file.write_text(SETTINGS.format(listen=listen, **server))
        Path(folder).chmod(0o755)  # as root it must be somebody else
        user = "nobody" if ROOT_IS_REFUSED else None
        process = subprocess.Popen([program, "-q", str(file)], user=user)
        try:
            through = url.set(host="127.0.0.1", port=listen)
            _wait_for(process, through)
            yield through
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait_for(process: subprocess.Popen[bytes], url: sa.URL) -> None:
    end = time.monotonic() + PATIENCE
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        assert process.poll() is None, "pgbouncer has ended"
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            assert time.monotonic() < end, "pgbouncer does not answer"
            time.sleep(0.03)
        else:
            return


@pytest.fixture(scope="module")
def bounced(databases: Databases) -> Iterator[sa.Engine]:
    """An engine as pgbouncer wants it: it keeps no connection, and the driver prepares nothing."""
    program = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + os.pathsep + PATH)
    if program is None:
        pytest.skip("There is no pgbouncer: apt-get install pgbouncer.")
    url = databases.engine("postgres", "bounced").url
    with bouncing(program, url) as through:
        options = {"prepare_threshold": None}
        engine = sa.create_engine(through, poolclass=NullPool, connect_args=options)
        yield engine
        engine.dispose()


def left_behind(engine: sa.Engine) -> set[str]:
    """Return what somebody has left in the sessions of the server: each is looked at."""
    found: set[str] = set()
    held = [engine.connect() for _ in range(8)]  # so many sessions there are
    for db in held:
        found |= set(db.scalars(sa.text(LEFT)))
    for db in held:
        db.close()
    return found


@pytest.mark.parametrize("name", contract_tests(OnServer))
def test_the_contract_holds_through_pgbouncer(name: str, bounced: sa.Engine) -> None:
    getattr(OnServer(), name)(world_of(bounced, NUMBERS))


def test_nothing_is_left_in_a_session(bounced: sa.Engine) -> None:
    world_of(bounced, NUMBERS)
    for name in sorted(contract_tests(OnServer))[::6]:
        getattr(OnServer(), name)(world_of(bounced, NUMBERS))
    assert set() == left_behind(bounced)
    with bounced.begin() as db:
        db.exec_driver_sql("SET statement_timeout = '1h'")
    assert {"setting statement_timeout = 3600000"} == left_behind(bounced)
