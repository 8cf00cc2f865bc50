"""Every statement of every command failing, on each database: all of it is stored, or nothing.

By default one kind of fault at each statement, in turn, of the commands that write most; in the
profile "nightly" every kind at every statement of every command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from cancelkit.adapters.sqlalchemy import SqlHost
from cancelkit.commands import ATTEMPTS
from cancelkit.errors import Conflict, Failed
from tests.conftest import PROFILE
from tests.harness.commands import COMMANDS, Command
from tests.harness.report import Report
from tests.harness.world import CUSTOMER, World
from tests.servers import Databases
from tests.sql_crashes import Bench
from tests.sql_faults import KINDS, Kind
from tests.sql_harness import sql_world

EVERY = PROFILE == "nightly"
ON_SQLITE = (
    "begin",
    "begin, not allowed",
    "perform now",
    "remove, put back",
    "process",
    "process, blocked",
    "schedule",
    "due",
    "reinstate, put back",
)
ON_POSTGRES = ("begin", "remove, put back", "process", "due")
ON_MARIADB = ("begin", "process")
BY_NAME = {command.name: command for command in COMMANDS}
CELLS = [
    (kind, BY_NAME[name])
    for kind, names in (("sqlite", ON_SQLITE), ("postgres", ON_POSTGRES), ("mariadb", ON_MARIADB))
    for name in (BY_NAME if EVERY else names)
]


@pytest.fixture(scope="module")
def bench_of(databases: Databases) -> Iterator[Callable[[str], Bench]]:
    made: dict[str, Bench] = {}

    def bench(kind: str) -> Bench:
        if kind not in made:
            made[kind] = Bench(databases.engine(kind, "crashes"))
        return made[kind]

    yield bench
    for one in made.values():
        one.close()


@pytest.mark.parametrize(
    ("kind", "command"), CELLS, ids=[f"{kind}-{command.name}" for kind, command in CELLS]
)
def test_nothing_is_half_done_whichever_statement_fails(
    kind: str, command: Command, bench_of: Callable[[str], Bench], report: Report
) -> None:
    bench, tried = bench_of(kind), 0
    clean = bench.clean(command)
    for at, fault, after in bench.cells(clean, every=EVERY):
        when = "after" if after else "before"
        where = f"{fault.name} {when} statement {at}: {clean.texts[at - 1]}"
        assert [] == list(bench.wrong(clean, at, fault, after=after)), where
        tried += 1
    heading = "fault cells of the SQL adapter"
    report(heading, f"{kind:<9}{command.name:<26}{len(clean.texts):>3} statements{tried:>5} cells")


PLANTED = [
    (database, one)
    for database, dialect in (("postgres", "postgresql"), ("mariadb", "mysql"))
    for one in KINDS[dialect]
    if not one.passes
]
AGAIN = [(database, kind) for database, kind in PLANTED if kind.again]


@pytest.mark.parametrize(("database", "kind"), AGAIN, ids=lambda one: getattr(one, "name", one))
def test_a_command_runs_five_times_and_no_more(
    database: str, kind: Kind, bench_of: Callable[[str], Bench]
) -> None:
    bench = bench_of(database)
    clean = bench.clean(BY_NAME["process"])
    clean.put_back()
    bench.saboteur.plan(len(clean.texts), kind, after=False, always=True)
    assert isinstance(clean.give(), Conflict)
    assert ATTEMPTS == bench.saboteur.hits
    assert clean.world.back.stored().same_as(clean.before)


@pytest.mark.parametrize(("database", "kind"), PLANTED, ids=lambda one: getattr(one, "name", one))
def test_in_the_hosts_transaction_nothing_is_tried_again(
    database: str, kind: Kind, bench_of: Callable[[str], Bench]
) -> None:
    """Whichever statement fails: an error says so, and the transaction is still the host's."""
    bench = bench_of(database)
    world = sql_world(bench.engine)
    before = world.back.stored()
    last = joined_begin(bench, world, None)  # it releases the savepoint, and fails only with all
    for at in range(1, last + kind.gone):
        bench.saboteur.plan(at, kind, after=at < last)
        joined_begin(bench, world, kind)
        assert 1 == bench.saboteur.hits, at
        bench.saboteur.plan(0, None, after=False)
        assert world.back.stored().same_as(before), at


def joined_begin(bench: Bench, world: World, kind: Kind | None) -> int:
    """Begin in a transaction of the host's; it commits after an error that has left it whole.

    Return how many statements it took.
    """
    described: SqlHost = world.host._host  # type: ignore[attr-defined]  # an Owned of ours
    with bench.actor.connect() as db:
        desk = world.kit.at(described.joining(db), actor=world.desk().actor)
        bench.saboteur.count = 0
        error = _error_of(lambda: desk.get(CUSTOMER).begin())
        count = bench.saboteur.count
        if kind is None:
            assert error is None
            db.rollback()
        else:
            assert isinstance(error, Failed), error
            assert kind.again is isinstance(error, Conflict)
            db.rollback() if db.invalidated else db.commit()
            assert kind.gone is (bench.saboteur.struck is not _driver(db))
    return count


def _driver(db: sa.Connection) -> object:
    """Return the driver's connection; SQLAlchemy makes a new one after one that is gone."""
    return db.connection.driver_connection


def _error_of(act: Callable[[], object]) -> BaseException | None:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - the error is what is looked at
        return error
    return None
