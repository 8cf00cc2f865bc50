"""The connection is cut around COMMIT, on the wire: the outcome is unknown, and can be learned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from attrs import frozen

from cancelkit import Outcome
from cancelkit.errors import OutcomeUnknown
from tests.conftest import PROFILE
from tests.harness.commands import COMMANDS, Command
from tests.harness.stored import broken_by
from tests.harness.world import CUSTOMER, World
from tests.servers import Databases
from tests.sql_harness import on_engine, sql_world
from tests.sql_sides import Monitor, Side, engine_like
from tests.wire_proxy import Proxy, is_commit, wire

ACCEPTED = [one for one in COMMANDS if one.refused is None and one.op]
TRIED = (
    "begin",
    "enter",
    "perform now",
    "remove, put back",
    "process",
    "override",
    "schedule",
    "reinstate, put back",
    "adopt",
    "end, drifted",
)
CHOSEN = [one for one in ACCEPTED if PROFILE == "nightly" or one.name in TRIED]


@frozen(eq=False)
class Line:
    """A database, and an engine for it whose connections go through a proxy."""

    engine: sa.Engine
    through: sa.Engine
    proxy: Proxy


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def line(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Line]:
    engine = databases.engine(request.param, "wire")
    with wire(engine) as (through, proxy):
        yield Line(engine, through, proxy)


def give(world: World, command: Command, token: str) -> object:
    try:
        return command.give(world.desk(command.actor).get(CUSTOMER), token)
    except Exception as error:  # noqa: BLE001 - the error is the answer
        return error


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("command", CHOSEN, ids=lambda command: command.name)
def test_the_repeat_tells_what_became_of_it(command: Command, when: str, line: Line) -> None:
    world, proxy = sql_world(line.engine), line.proxy
    token = command.prepare(world)
    before, put_back = world.back.stored(), world.saved()
    assert isinstance(give(world, command, token), Outcome)
    wanted = world.back.stored()
    put_back()

    cuts = proxy.cuts
    proxy.cut(when)
    lost = give(on_engine(world, line.through), command, token)
    assert isinstance(lost, OutcomeUnknown), lost
    assert command.op == lost.op
    assert cuts + 1 == proxy.cuts

    again = give(world, command, token)  # waits for the old backend, if it is still there
    assert isinstance(again, Outcome), again
    assert again.replayed is (when == "after")
    stored = world.back.stored()
    assert wanted.plain() == stored.plain()
    assert [] == broken_by(stored, foreign=command.foreign)
    assert len(before.history) + 1 == len(stored.history)


def test_the_repeat_waits_for_a_commit_that_is_still_under_way(line: Line) -> None:
    """The server has not seen COMMIT when the repeat comes: it does not conclude from that."""
    command = next(one for one in ACCEPTED if one.name == "process")
    world, proxy = sql_world(line.engine), line.proxy
    token = command.prepare(world)
    first, second = Side(line.through), Side(engine_like(line.engine))
    look = Monitor(line.engine)
    proxy.cut("held")
    try:
        first.start(lambda: give(on_engine(world, line.through), command, token))
        assert isinstance(first.result(), OutcomeUnknown)
        second.start(lambda: give(on_engine(world, second.engine), command, token))
        assert "waiting" == second.settle(first, look)
    finally:
        proxy.release()
    again = second.result()
    look.close()
    second.engine.dispose()
    assert isinstance(again, Outcome)
    assert again.replayed
    assert 1 == sum(entry.verb is again.verb for entry in world.back.stored().history)


def test_commit_is_known_on_the_wire() -> None:
    assert is_commit(b"\x07\x00\x00\x00\x03COMMIT")
    assert not is_commit(b"\x09\x00\x00\x00\x03ROLLBACK")
    assert is_commit(b"Q\x00\x00\x00\x0bCOMMIT\x00")
    assert not is_commit(b"Q\x00\x00\x00\x0dROLLBACK\x00")
