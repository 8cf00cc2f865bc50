"""From an empty file to a cancelled customer, in own transactions and in the CRM's."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, func, inspect, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy_crm import requests, wiring
from sqlalchemy_crm.__main__ import Story, main, prepare
from sqlalchemy_crm.crm import account_of
from sqlalchemy_crm.importing import DEMO
from sqlalchemy_crm.requests import close_orders_and_process, close_orders_and_process_async
from sqlalchemy_crm.schema import OWN, Base, Device, Order, User
from sqlalchemy_crm.staff import Staff
from sqlalchemy_crm.wiring import HOST, desk

from cancelkit import EitherRole, NewOwner, Reasons, Refused
from cancelkit.testing import (
    RecipientsContract,
    RecipientsWorld,
    RoleCheckerContract,
    RoleWorld,
    UsersContract,
    UsersWorld,
)

Run = Callable[..., str]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CRM with the demo data, to be copied."""
    file = tmp_path_factory.mktemp("crm") / "crm.db"
    engine = create_engine(f"sqlite:///{file}")
    prepare(engine, None)
    engine.dispose()
    return file


@pytest.fixture
def file(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(filled, tmp_path / "filled.db"))


@pytest.fixture
def engine(file: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a terminal of 80 columns, and return what it prints."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: object, code: int = 0) -> str:
        assert code == main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        assert bool(code) == bool(printed.err)
        return printed.err or printed.out

    return run


def everything(db: Connection) -> dict[str, object]:
    """Return every row of every table."""
    return {name: db.execute(table.select()).all() for name, table in Base.metadata.tables.items()}


def snapshot(engine: Engine) -> dict[str, object]:
    with engine.connect() as db:
        return everything(db)


def started(engine: Engine) -> str:
    """Begin C-1001, fill in the checklist, and leave one order open; return its id."""
    story = Story.of(engine, "C-1001", "raj")
    story.begin()
    story.enter()
    story.wind_up()
    return story.cancellation.customer_id


# ---------------------------------------------------------------- the wiring


def test_the_wiring_has_less_than_40_lines_of_at_most_100_characters() -> None:
    lines = Path(wiring.__file__).read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) < 40
    assert max(map(len, lines)) <= 100


def test_the_description_answers_all_nine_sections(engine: Engine) -> None:
    at = desk(engine, "raj")
    at.kit.verify(at.host)
    assert 9 == len(at.kit.checklist.sections)


def test_whatever_creates_the_tables_of_the_crm_creates_those_of_cancelkit(engine: Engine) -> None:
    assert {table.name for table in OWN} <= set(inspect(engine).get_table_names())


def test_what_the_readme_quotes_is_what_runs() -> None:
    page = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    source = Path(requests.__file__).read_text(encoding="utf-8")
    quoted = [block.partition("```")[0] for block in page.split("```python\n")[1:]]
    assert [True, True] == [block in source for block in quoted if "Panel(" not in block]


# ---------------------------------------------------------------- the command


def test_one_command_from_an_empty_file_to_a_cancelled_customer(run: Run, tmp_path: Path) -> None:
    printed = run("--database", f"sqlite:///{tmp_path / 'new.db'}")
    assert "Created 9 tables of the CRM and 4 of cancelkit." in printed
    assert "○ to do     Sales Orders          1 still open" in printed
    assert "Outcome: staged." in printed
    assert "C-1001 Harbour Café: Cancelled. Owner: Bea O'Connor." in printed
    assert "Raj Mehta: Process - Owner: Raj Mehta → Bea O'Connor" in printed
    assert "To Priya Nair: Harbour Café was cancelled by Raj Mehta" in printed


def test_nothing_is_wider_than_the_terminal(run: Run, file: Path) -> None:
    told = run("--database", f"sqlite:///{file}", "--customer", "C-1008").splitlines()[1:]
    assert max(map(len, told)) <= 80


def test_a_second_run_says_what_it_found_and_changes_nothing(
    run: Run, file: Path, engine: Engine
) -> None:
    run("--database", engine.url)
    before = snapshot(engine)
    printed = run("--database", engine.url)
    assert "Found 10 accounts, so nothing is imported." in printed
    assert "Found C-1001 cancelled already: there is nothing to do." in printed
    assert "C-1001 Harbour Café: Cancelled. Owner: Bea O'Connor." in printed
    assert before == snapshot(engine)


def test_a_run_that_was_interrupted_is_taken_up(run: Run, engine: Engine) -> None:
    started(engine)
    printed = run("--database", engine.url)
    assert "Found: Cancellation pending since" in printed
    assert "C-1001 Harbour Café: Cancelled." in printed


@pytest.mark.parametrize("number", ["C-1005", "C-1008", "C-1010"])
def test_customers_with_much_or_nobody_or_another_status_too(
    run: Run, engine: Engine, number: str
) -> None:
    printed = run("--database", engine.url, "--customer", number)
    assert "Cancelled. Owner: Bea O'Connor." in printed
    with Session(engine) as session:
        assert "cancelled" == account_of(session, number).status
        mine = Device.account_id == account_of(session, number).id
        assert not session.scalar(select(func.count()).where(mine, Device.in_use))


def test_a_customer_cancelled_before_cancelkit_came_is_left_alone(run: Run, engine: Engine) -> None:
    before = snapshot(engine)
    printed = run("--database", engine.url, "--customer", "C-1006")
    assert "None: this was done before cancelkit came." in printed
    assert before == snapshot(engine)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--database", "sqlite:////no/such/folder/crm.db"), "unable to open database file"),
        (("--database", "nonsense"), "Could not parse SQLAlchemy URL"),
        (("--customer", "C-9"), "There is no account with the number 'C-9'."),
        (("--login", "tom"), "There is no active user with the login 'tom'."),
        (("--login", "priya"), "Priya Nair has no role that allows"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    run: Run, engine: Engine, arguments: tuple[str, ...], said: str
) -> None:
    printed = run("--database", engine.url, *arguments, code=2)
    assert said in printed
    assert 1 == len(printed.splitlines())


# ---------------------------------------------------------------- the folder


def test_another_folder_is_imported_by_the_reader_of_cancelkit(run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEMO, tmp_path / "ours"))
    header, *rows = (DEMO / "customers.csv").read_text(encoding="utf-8").splitlines()
    (folder / "customers.csv").write_text("\n".join([header, *reversed(rows)]), encoding="utf-8")
    printed = run("--database", f"sqlite:///{tmp_path / 'new.db'}", "--import", folder)
    assert "C-1010 九龍茶行 Kowloon Tea House: Cancelled." in printed


def test_a_missing_file_is_no_evidence_so_nothing_is_imported(run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEMO, tmp_path / "ours"))
    (folder / "cases.csv").unlink()
    (folder / "expiries.csv").unlink()
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert "has no cases.csv, expiries.csv." in run("--database", url, "--import", folder, code=2)
    engine = create_engine(url)
    assert not any(snapshot(engine).values())
    engine.dispose()


def test_a_wrong_file_is_an_error_with_its_line(run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEMO, tmp_path / "ours"))
    (folder / "expiries.csv").write_text("id,customer,on\nE-1,C-1001,soon\n", encoding="utf-8")
    new = tmp_path / "new.db"
    assert "line 2" in run("--database", f"sqlite:///{new}", "--import", folder, code=2)


# ---------------------------------------------------------------- the CRM's own transaction


def test_the_order_and_the_cancellation_are_one_commit_of_the_crm(engine: Engine) -> None:
    key = started(engine)
    before = snapshot(engine)
    with Session(engine) as session:
        account = account_of(session, "C-1001")
        version = account.version
        outcome = close_orders_and_process(session, "C-1001", "raj")
        assert "staged" == outcome.state
        assert "cancelled" == account.status, "read again, although it was loaded before"
        assert account.version > version
        assert before == snapshot(engine), "nobody else sees it yet"
        session.commit()
    with Session(engine) as session:
        assert "cancelled" == account_of(session, "C-1001").status
        order = session.scalars(select(Order).where(Order.number == "SO-6001")).one()
        assert "completed" == order.progress
    assert "Cancelled" == desk(engine, "raj").get(key).view().status


def test_after_a_rollback_of_the_crm_everything_is_as_before(engine: Engine) -> None:
    started(engine)
    before = snapshot(engine)
    with Session(engine) as session:
        close_orders_and_process(session, "C-1001", "raj")
        session.rollback()
    assert before == snapshot(engine)


def test_an_open_case_blocks_and_the_order_stays_open(engine: Engine) -> None:
    at = desk(engine, "raj")
    with Session(engine) as session:
        key = str(account_of(session, "C-1008").id)
    at.begin(key).enter(Reasons("price"))
    before = snapshot(engine)
    with pytest.raises(Refused, match="Cases"), Session(engine) as session, session.begin():
        close_orders_and_process(session, "C-1008", "raj")
    assert before == snapshot(engine)


def test_a_deleted_record_is_not_there(engine: Engine) -> None:
    key = started(engine)
    with Session(engine) as session, session.begin():
        session.scalars(select(Order).where(Order.number == "SO-6001")).one().deleted = True
    cancellation = desk(engine, "raj").get(key)
    cancellation.process(cancellation.plan().token)
    assert "Cancelled" == cancellation.view().status


def test_the_same_function_serves_an_async_host(file: Path, engine: Engine) -> None:
    started(engine)

    async def request() -> str:
        bound = create_async_engine(f"sqlite+aiosqlite:///{file}")
        sessions = async_sessionmaker(bound)
        try:
            return (await close_orders_and_process_async(sessions, "C-1001", "raj")).state
        finally:
            await bound.dispose()

    assert "staged" == asyncio.run(request())
    with Session(engine) as session:
        assert "cancelled" == account_of(session, "C-1001").status


# ---------------------------------------------------------------- the users of the CRM


def id_of(engine: Engine, login: str) -> str:
    with Session(engine) as session:
        return str(session.scalars(select(User.id).where(User.login == login)).one())


def test_an_owner_who_has_left_cannot_be_chosen(engine: Engine) -> None:
    cancellation = desk(engine, "raj").get(started(engine))
    with Session(engine) as session, session.begin():
        session.scalars(select(User).where(User.login == "bea")).one().active = False
    assert "to do" == cancellation.view().section("ownership").word
    cancellation.enter(NewOwner(id_of(engine, "jurgen")))
    assert "complete" == cancellation.view().section("ownership").word


class TestUsers(UsersContract):
    @pytest.fixture
    def world(self, engine: Engine) -> UsersWorld:
        active = [id_of(engine, login) for login in ("raj", "sofia", "priya", "bea", "jurgen")]
        return UsersWorld(Staff(engine), active, [id_of(engine, "tom")])


class TestRoles(RoleCheckerContract):
    @pytest.fixture
    def world(self, engine: Engine) -> RoleWorld:
        staff = Staff(engine)
        may, may_not = staff.person("sofia"), staff.person("priya")
        return RoleWorld(EitherRole(staff.roles_of), may, may_not)


class TestRecipients(RecipientsContract):
    @pytest.fixture
    def world(self, engine: Engine) -> RecipientsWorld:
        told = [id_of(engine, "priya")]
        return RecipientsWorld(Staff(engine), told, lambda: snapshot(engine))


def test_the_host_assigns_owners_since_the_description_has_one() -> None:
    assert ["AssignOwner"] == [effect.__name__ for effect in HOST.performs]
