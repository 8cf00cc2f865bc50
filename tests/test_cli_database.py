"""`cancelkit doctor` and `cancelkit db`: what they print, how they end, what they say is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from cancelkit.adapters.cli import main
from cancelkit.adapters.sqlalchemy import own_tables

SHOP = """
import sqlalchemy as sa
from cancelkit import STANDARD, CancelKit, EitherRole
from cancelkit.adapters.sqlalchemy import Customers, Records, SqlHost, Status

meta = sa.MetaData()
customer = sa.Table(
    "customer", meta, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(50)), sa.Column("status", sa.String(20)),
)
order = sa.Table(
    "order", meta, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.ForeignKey("customer.id")), sa.Column("status", sa.String(20)),
)
host = SqlHost(
    Customers(customer.c.id, name=customer.c.name,
              status=Status(customer.c.status, cancelled="cancelled", pending={"live": "live_pc"})),
    {"sales_orders": Records(order.c.customer_id, closed=order.c.status == "shipped")},
)
checklist = STANDARD.without(
    "assets", "cases", "opportunities", "quotations", "future_expiry", "ownership", "mood")
kit = CancelKit(checklist, roles=EitherRole(lambda user: []))
engine = sa.create_engine("sqlite:///crm.db")
"""

EXPECTED = """\
doctor_shop:host on SQLite (crm.db)

  ● strict      Sales Orders
    SQLite has one writer at a time, and the command is it before it reads.
    ~ Advice: counting what is open reads all of order. An index helps.

  ! Must fix: cancelkit's own tables are not there: cancelkit_cancellations,
    cancelkit_history, cancelkit_operations, cancelkit_outbox. Create them:
    cancelkit db create
  ~ Advice: the journal is delete: with WAL, nobody who reads waits for a
    command.
  ~ Advice: foreign keys are not checked: SQLite wants PRAGMA foreign_keys = ON
    for each connection, in a hook of the engine.
  ~ Advice: commands in a session of this engine (joining()) may find the
    database locked: Python's sqlite3 begins a transaction only when something
    is written. A hook that says BEGIN IMMEDIATE helps; docs/sqlalchemy.md has
    it. Own transactions (owning()) do it themselves.

What helps (nothing was executed):

CREATE INDEX order_customer_id_open ON "order" (customer_id, status) \
WHERE (status = 'shipped') IS NOT 1;
PRAGMA journal_mode = WAL;

1 thing must be fixed, 4 are advice.
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a module and a database, which is the current one."""
    (tmp_path / "doctor_shop.py").write_text(SHOP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "doctor_shop", raising=False)
    engine = sa.create_engine("sqlite:///crm.db")
    with engine.begin() as db:
        db.exec_driver_sql("CREATE TABLE customer (id INTEGER PRIMARY KEY, name, status)")
        order = "(id INTEGER PRIMARY KEY, customer_id REFERENCES customer, status)"
        db.exec_driver_sql(f'CREATE TABLE "order" {order}')
    engine.dispose()
    yield tmp_path
    if imported := sys.modules.get("doctor_shop"):
        imported.engine.dispose()


DOCTOR = ("doctor", "doctor_shop:host", "--database", "sqlite:///crm.db")


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(args)
    written = capsys.readouterr()
    return code, written.out, written.err


def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a terminal of 80 columns."""
    monkeypatch.setattr("cancelkit.adapters.cli.screen.WIDEST", 80)


def test_the_doctors_page_in_80_columns(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch)
    code, out, err = run(capsys, *DOCTOR, "--checklist", "doctor_shop:kit")
    assert (1, EXPECTED, "") == (code, out, err)


def test_once_the_tables_are_there_nothing_must_be_fixed(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create = ("db", "create", "--database", "sqlite:///crm.db")
    assert "Created: cancelkit_cancellations, " in run(capsys, *create)[1]
    assert "There already: cancelkit_cancellations, " in run(capsys, *create)[1]
    code, out, _ = run(capsys, *DOCTOR)
    assert 0 == code
    assert "● strict      sales_orders\n" in out
    assert out.endswith("\nNothing must be fixed, 4 are advice.\n")


def test_json_has_every_finding(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *DOCTOR, "--checklist", "doctor_shop:checklist", "--json")
    data = json.loads(out)
    assert (1, "SQLite (crm.db)") == (code, data["database"])
    assert {"level", "section", "sentence", "ddl"} == set(data["findings"][0])
    assert "strict" == data["findings"][0]["level"]


def test_the_hosts_own_engine_may_be_given(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "doctor_shop:host", "--database", "doctor_shop:engine")
    assert 1 == code
    assert "on SQLite (crm.db)" in out


def test_a_real_process_finds_the_module_in_the_current_folder(shop: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "cancelkit", *DOCTOR],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (1, b"") == (done.returncode, done.stderr)
    assert "● strict      sales_orders" in done.stdout.decode()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((*DOCTOR[:1], "doctor_shop", *DOCTOR[2:]), "'doctor_shop' is not of the form MODULE:NAME"),
        ((*DOCTOR[:1], "no_shop:host", *DOCTOR[2:]), "No module named 'no_shop'"),
        ((*DOCTOR[:1], "doctor_shop:no", *DOCTOR[2:]), "has no attribute 'no'"),
        ((*DOCTOR[:1], "doctor_shop:kit", *DOCTOR[2:]), "is no SqlHost, but CancelKit"),
        ((*DOCTOR, "--checklist", "doctor_shop:host"), "is no Checklist and no CancelKit"),
        ((*DOCTOR[:3], "sqlite:///no.db"), "There is no file no.db"),
        ((*DOCTOR[:3], "crm.db"), "'crm.db' is no address of a database; expected one such as"),
        ((*DOCTOR[:3], "cobol://x"), "'cobol://x' is no address of a database"),
        ((*DOCTOR[:3], "doctor_shop:meta"), "is no Engine of SQLAlchemy, but MetaData"),
        ((*DOCTOR[:3], "sqlite:///doctor_shop.py"), "file is not a database"),
        (("db", "guard", *DOCTOR[1:]), "Guard triggers are for PostgreSQL, and this is sqlite"),
        (("db", "create", "--database", "sqlite:///no/crm.db"), "unable to open database file"),
        (DOCTOR[:2], "the following arguments are required: --database"),
    ],
)
def test_wrong_use_is_one_message(
    shop: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, *args)
    assert (2, "") == (code, out)
    assert said in err
    assert "Traceback" not in err


def test_a_password_is_never_written(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = "postgresql+psycopg://me:hunter2@127.0.0.1:1/crm?connect_timeout=2"
    code, out, err = run(capsys, *DOCTOR[:3], address)
    assert (2, "") == (code, out)
    assert "cannot be reached" in err
    assert "hunter2" not in err


def test_without_sqlalchemy_the_extra_is_named() -> None:
    code = "import sys; sys.modules['sqlalchemy'] = None; from cancelkit.adapters.cli import main"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{code}; sys.exit(main({list(DOCTOR)}))"],
        capture_output=True,
        timeout=60,
        check=False,
        text=True,
    )
    assert "cancelkit: This needs SQLAlchemy: pip install 'cancelkit[sql]'.\n" == done.stderr
    assert 2 == done.returncode


# ---------------------------------------------------------------- DDL to read


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("sqlite://", "AUTOINCREMENT"),
        ("postgresql://nobody@nowhere.example/crm", "BIGSERIAL"),
        ("mariadb+pymysql://nobody@nowhere.example/crm", "LONGTEXT"),
    ],
)
def test_ddl_is_printed_without_a_connection(
    capsys: pytest.CaptureFixture[str], address: str, word: str
) -> None:
    args = ("db", "create", "--print", "--prefix", "ck_", "--schema", "crm", "--database", address)
    code, out, err = run(capsys, *args)
    assert (0, "") == (code, err)
    assert word in out
    assert 4 == out.count("CREATE TABLE crm.ck_")


def test_the_printed_ddl_is_what_create_makes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ddl = run(capsys, "db", "create", "--print", "--database", "sqlite://")[1]
    engine = sa.create_engine(f"sqlite:///{tmp_path}/crm.db")
    with engine.begin() as db:
        for one in filter(str.strip, ddl.split(";")):
            db.exec_driver_sql(one)
    code, out, _ = run(capsys, "db", "create", "--database", f"sqlite:///{tmp_path}/crm.db")
    assert (0, True) == (code, out.startswith("There already:"))
    engine.dispose()


def test_tables_of_another_shape_are_named_when_they_are_created(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/crm.db")
    with engine.begin() as db:
        db.exec_driver_sql(f"CREATE TABLE {own_tables().outbox.name} (seq INTEGER PRIMARY KEY)")
    engine.dispose()
    code, out, _ = run(capsys, "db", "create", "--database", f"sqlite:///{tmp_path}/crm.db")
    assert 1 == code
    said = " ".join(out.split())
    assert "cancelkit_outbox has no column tenant. Its value cannot be guessed" in said
    assert "An older version of cancelkit made the tables" in said


def test_guards_are_printed_and_so_is_what_drops_them(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ("db", "guard", "doctor_shop:host", "--database", "postgresql://nowhere.example/crm")
    made, dropped = run(capsys, *args)[1], run(capsys, *args, "--drop")[1]
    assert made.startswith("BEGIN;\nCREATE OR REPLACE FUNCTION cancelkit_guard_sales_orders()")
    assert "IF ((NEW.status = 'shipped') IS NOT true) IS NOT TRUE THEN RETURN NULL" in made
    assert 'DROP TRIGGER IF EXISTS cancelkit_guard_sales_orders ON "order";' in dropped
    assert made.endswith("COMMIT;\n")
    assert dropped.endswith("COMMIT;\n")
