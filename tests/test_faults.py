"""Every port call of every command fails in turn: nothing is half done, and a repeat is safe."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import frozen

from cancelkit import CancelkitError, Failed
from cancelkit.errors import OutcomeUnknown
from tests.harness import broken
from tests.harness.commands import COMMANDS, Command
from tests.harness.faults import Cell, Kind, every_cell, promises_of, table
from tests.harness.report import Report
from tests.harness.watch import COMMIT, Call
from tests.harness.world import CUSTOMER, World, memory_world


def shown(cells: list[Cell]) -> list[str]:
    return [str(cell) for cell in cells if cell.broken]


@pytest.fixture(scope="session")
def tried() -> dict[str, list[Cell]]:
    return {}


def cells_of(command: Command, tried: dict[str, list[Cell]]) -> list[Cell]:
    if command.name not in tried:
        tried[command.name] = list(every_cell(memory_world, command))
    return tried[command.name]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_nothing_is_half_done_whichever_port_call_fails(
    command: Command, tried: dict[str, list[Cell]], report: Report
) -> None:
    cells = cells_of(command, tried)
    report(
        "fault cells in memory: command, port calls, cells, broken", table([(command, cells)])[1]
    )
    assert len(cells) > 0
    assert [] == shown(cells)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_kind_of_fault_is_tried_on_every_port_of_the_command(
    command: Command, tried: dict[str, list[Cell]]
) -> None:
    cells = cells_of(command, tried)
    places = {cell.at for cell in cells}
    assert set(range(len(places))) == places
    assert {None, *Kind} == {cell.kind for cell in cells}
    assert {"unit.enter", "customers.lock", "operations.find", "unit.commit"} <= {
        cell.port for cell in cells
    }


@frozen
class Planted:
    """A planted bug: how a world has it, in which command it shows, and as what."""

    name: str
    make: Callable[[], World]
    command: str
    promise: str
    kinds: tuple[Kind, ...] = (Kind.RAISE_BEFORE, Kind.RAISE_AFTER)
    plant: broken.Plant = broken.sound


def hosted(wrap: Callable[..., object]) -> Callable[[], World]:
    return lambda: memory_world(wrap=wrap)  # type: ignore[arg-type]  # any class of broken hosts


def core(name: str, command: str, promise: str) -> Planted:
    """A bug of the core itself; most of these show without any fault."""
    return Planted(name, memory_world, command, promise, plant=broken.CORE[name])


PLANTED = (
    Planted("commits on an exception", hosted(broken.CommitsAnyway), "process", "I4"),
    Planted("never unlocks after an exception", hosted(broken.NeverUnlocks), "enter", "locks"),
    Planted(
        "mirror writes around the unit",
        hosted(lambda host: broken.OwnUnits(host, ["status"])),
        "begin",
        "I4",
    ),
    Planted(
        "history in a unit of its own",
        hosted(lambda host: broken.OwnUnits(host, ["history"])),
        "perform now",
        "I4",
    ),
    Planted(
        "refusals in a unit of their own",
        hosted(lambda host: broken.OwnUnits(host, ["history"])),
        "begin, not allowed",
        "I4",
    ),
    Planted(
        "operations in another transaction",
        hosted(lambda host: broken.OwnUnits(host, ["operations"])),
        "enter",
        "I4",
    ),
    Planted(
        "outbox keeps rows on rollback",
        hosted(lambda host: broken.OwnUnits(host, ["outbox"])),
        "process",
        "I4",
    ),
    Planted(
        "operations forgotten",
        hosted(lambda host: broken.Forgets(host, "operations", "add")),
        "remove",
        "retry",
    ),
    Planted(
        "outbox forgotten",
        hosted(lambda host: broken.Forgets(host, "outbox", "add")),
        "process",
        "I4",
    ),
    Planted(
        "restore forgotten",
        hosted(lambda host: broken.Forgets(host, "status", "restore")),
        "remove",
        "I6",
    ),
    Planted(
        "save forgotten",
        hosted(lambda host: broken.Forgets(host, "cancellations", "save")),
        "enter",
        "I4",
    ),
    Planted(
        "a failing role checker grants",
        lambda: memory_world(outside=broken.grants_when_in_doubt),
        "begin",
        "I7",
    ),
    Planted(
        "facts that cannot be read are green",
        lambda: memory_world(outside=broken.green_when_in_doubt),
        "process",
        "I9",
    ),
    Planted(
        "the mirror's answer is ignored",
        lambda: memory_world(outside=broken.ignores_the_mirror),
        "process",
        "I4",
    ),
    Planted(
        "an error of COMMIT is ignored",
        lambda: memory_world(outside=broken.ignores_commit),
        "process",
        "I4",
    ),
    Planted(
        "history is written again after an error",
        lambda: memory_world(outside=broken.retries_blindly),
        "enter",
        "I8",
    ),
    Planted(
        "an interrupt is taken for a fault",
        lambda: memory_world(outside=broken.swallows_interrupts),
        "begin",
        "branch",
        (Kind.INTERRUPT_BEFORE, Kind.INTERRUPT_AFTER),
    ),
    Planted(
        "told of a blocked day that was rolled back",
        hosted(lambda host: broken.OwnUnits(host, ["outbox"])),
        "due, blocked",
        "I4",
    ),
    Planted(
        "a blocked day is postponed in a unit of its own",
        hosted(lambda host: broken.OwnUnits(host, ["cancellations"])),
        "due, blocked",
        "I4",
    ),
    Planted(
        "the customer's first day is not looked at",
        hosted(lambda host: broken.Changes(host, broken.forgets_the_first_day)),
        "process, before the first day",
        "branch",
    ),
    core("Enter drops the schedule", "enter, while scheduled", "I4"),
    core("Override drops the schedule", "due, overridden", "branch"),
    core("Remove keeps the schedule", "remove, while scheduled", "I4"),
    core("Reinstate wipes the entries", "reinstate", "I4"),
    core("the effective date is not kept", "process, back-dated", "I4"),
    core("Reinstate makes everybody live", "reinstate", "I6"),
    core("End writes the CRM's status", "end, drifted", "I6"),
    core("Adopt overwrites the CRM's status", "adopt", "I6"),
    core("Adopt does not mark as pending", "adopt", "I6"),
    core("a blocked day is not postponed", "due, blocked", "I4"),
    core("nobody is told of a blocked day", "due, blocked", "I4"),
    core("everybody is told twice", "schedule", "I4"),
    core("what is due is not checked afresh", "due, blocked", "I1"),
    core("what is due needs no schedule", "due, overridden", "I7"),
    core("an override outlives what it was for", "process, override is void", "branch"),
    core("whoever may edit may override", "override, not allowed", "branch"),
    core("the token does not know the date", "schedule, confirmed for another day", "branch"),
    core("the profile is not copied", "begin, by a profile", "I4"),
)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_a_planted_bug_is_caught_and_named(
    planted: Planted, monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:
    planted.plant(monkeypatch)
    command = next(one for one in COMMANDS if one.name == planted.command)
    cells = list(every_cell(planted.make, command, planted.kinds))
    found = promises_of(cells)
    report("planted bugs caught by the faults", f"{planted.name}: {dict(sorted(found.items()))}")
    assert planted.promise in found


def test_an_error_on_leaving_that_does_not_say_so_is_no_proof_of_a_rollback() -> None:
    """A driver's own error of COMMIT says nothing about what was kept: the outcome is unknown."""

    def lose_the_reply(call: Call, do: Callable[[], object], /) -> object:
        answer = do()
        if call.port == COMMIT:
            raise ConnectionError("server closed the connection unexpectedly")
        return answer

    world = memory_world()
    with pytest.raises(Failed) as caught:
        world.desk(watch=lose_the_reply).get(CUSTOMER).begin(op="op-1")
    assert (OutcomeUnknown, "op-1") == (type(caught.value), getattr(caught.value, "op", ""))


def test_a_failing_source_of_identifiers_is_a_fault_also_before_the_unit_of_work() -> None:
    def fail(call: Call, do: Callable[[], object], /) -> object:
        if call.port == "ids.new":
            raise ConnectionError("no identifiers today")
        return do()

    world = memory_world()
    with pytest.raises(CancelkitError):
        world.desk(watch=fail).get(CUSTOMER).begin()
