"""Every command, accepted and refused, and how to get to where it can be given."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from cancelkit import Cancellation, NewOwner, Outcome, Person, Refused
from cancelkit.errors import AlreadyCancelled, Blocked, NotAllowed
from tests.harness.world import ALICE, CUSTOMER, MALLORY, World

OP = "op-1"
"""The operation id of the command that is tried."""


@frozen
class Command:
    """A command to try, and how to get to where it can be given.

    Attributes:
        name: in the table.
        prepare: brings a world there, and returns the token that the command needs, or "".
        give: gives it, with the token.
        refused: with what it is refused; None for an accepted one.
        actor: who gives it.
    """

    name: str
    prepare: Callable[[World], str]
    give: Callable[[Cancellation, str], Outcome]
    refused: type[Refused] | None = None
    actor: Person = ALICE


def _untouched(world: World) -> str:
    return ""


def _begun(world: World) -> str:
    return world.desk().begin(CUSTOMER, op="begin-0").plan().token


def _planned(world: World) -> str:
    return world.make_ready(owner="t-7")


def _performed(world: World) -> str:
    _planned(world)
    cancellation = world.desk().get(CUSTOMER)
    cancellation.perform_now("ownership", op="perform-0")
    return cancellation.plan().token


def _reopened(world: World) -> str:
    _planned(world)
    world.back.set_open("sales_orders", CUSTOMER, to=True)
    return world.desk().get(CUSTOMER).plan().token


def _processed(world: World) -> str:
    token = _planned(world)
    world.desk().get(CUSTOMER).process(token, op="process-0")
    return token


COMMANDS = (
    Command("begin", _untouched, lambda c, token: c.begin(op=OP)),
    Command("begin again", _begun, lambda c, token: c.begin(op=OP)),
    Command("begin, not allowed", _untouched, lambda c, t: c.begin(op=OP), NotAllowed, MALLORY),
    Command("enter", _begun, lambda c, token: c.enter(NewOwner("t-7"), token=token, op=OP)),
    Command("perform now", _planned, lambda c, token: c.perform_now("ownership", op=OP)),
    Command("remove", _performed, lambda c, token: c.remove(op=OP)),
    Command("remove, put back", _performed, lambda c, token: c.remove(put_back=True, op=OP)),
    Command("process", _planned, lambda c, token: c.process(token, op=OP)),
    Command("process, blocked", _reopened, lambda c, token: c.process(token, op=OP), Blocked),
    Command(
        "process again", _processed, lambda c, token: c.process(token, op=OP), AlreadyCancelled
    ),
)
"""Every command, accepted and refused."""
