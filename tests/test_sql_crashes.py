"""Every statement of every command failing, on SQLite and PostgreSQL: all of it, or nothing.

By default one kind of fault at each statement, in turn, of the commands that write most; in the
profile "nightly" every kind at every statement of every command.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cancelkit.commands import ATTEMPTS
from cancelkit.errors import Conflict
from tests.conftest import PROFILE
from tests.harness.commands import COMMANDS, Command
from tests.harness.report import Report
from tests.harness.world import CUSTOMER
from tests.servers import Databases
from tests.sql_crashes import Bench
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
BY_NAME = {command.name: command for command in COMMANDS}
CELLS = [
    (kind, BY_NAME[name])
    for kind, names in (("sqlite", ON_SQLITE), ("postgres", ON_POSTGRES))
    for name in (BY_NAME if EVERY else names)
]


@pytest.fixture(scope="module")
def benches(databases: Databases) -> Iterator[dict[str, Bench]]:
    made = {kind: Bench(databases.engine(kind, "crashes")) for kind in ("sqlite", "postgres")}
    yield made
    for bench in made.values():
        bench.close()


@pytest.mark.parametrize(
    ("kind", "command"), CELLS, ids=[f"{kind}-{command.name}" for kind, command in CELLS]
)
def test_nothing_is_half_done_whichever_statement_fails(
    kind: str, command: Command, benches: dict[str, Bench], report: Report
) -> None:
    bench, tried = benches[kind], 0
    clean = bench.clean(command)
    for at, fault, after in bench.cells(clean, every=EVERY):
        when = "after" if after else "before"
        where = f"{fault.name} {when} statement {at}: {clean.texts[at - 1]}"
        assert [] == list(bench.wrong(clean, at, fault, after=after)), where
        tried += 1
    heading = "fault cells of the SQL adapter"
    report(heading, f"{kind:<9}{command.name:<26}{len(clean.texts):>3} statements{tried:>5} cells")


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_command_runs_five_times_and_no_more(code: str, benches: dict[str, Bench]) -> None:
    bench = benches["postgres"]
    clean = bench.clean(BY_NAME["process"])
    kind = next(kind for kind in bench.kinds if kind.name == code)
    clean.put_back()
    bench.saboteur.plan(len(clean.texts), kind, after=False, always=True)
    assert isinstance(clean.give(), Conflict)
    assert ATTEMPTS == bench.saboteur.hits
    assert clean.world.back.stored().same_as(clean.before)


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03", "lost"])
def test_in_the_hosts_transaction_nothing_is_tried_again(
    code: str, benches: dict[str, Bench]
) -> None:
    bench = benches["postgres"]
    world = sql_world(bench.engine)
    before = world.back.stored()
    described = world.host._host  # type: ignore[attr-defined]
    kind = next(kind for kind in bench.kinds if kind.name == code)
    with bench.actor.connect() as db:
        bench.saboteur.plan(4, kind, after=True)
        desk = world.kit.at(described.joining(db), actor=world.desk().actor)
        error = _error_of(lambda: desk.get(CUSTOMER).begin())
        assert 1 == bench.saboteur.hits
        bench.saboteur.plan(0, None, after=False)
        assert isinstance(error, Exception)
        if code == "lost":
            assert db.invalidated
            db.rollback()
        else:
            db.commit()  # the host's transaction is still whole
    assert world.back.stored().same_as(before)


def _error_of(act: object) -> BaseException | None:
    assert callable(act)
    try:
        act()
    except Exception as error:  # noqa: BLE001 - the error is what is looked at
        return error
    return None
