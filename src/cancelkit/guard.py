"""The guard: for the CRM's own code, before it creates something for a customer.

Import it by its own name; `import cancelkit` does not load it.

    with creating(desk, customer_id, "sales_orders"):
        ...  # refused after Cancelled; while pending, warned of, or refused

It reads, and locks nothing: who must be sure creates the record under the customer's lock, or
installs the triggers of the adapter.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from inspect import currentframe
from typing import TYPE_CHECKING, NamedTuple
from warnings import warn

from cancelkit.asking import faults, sound_customer
from cancelkit.decide import refusal
from cancelkit.errors import CreationRefused, UnknownCustomer
from cancelkit.lifecycle import state_of
from cancelkit.messages import Message, Refusal
from cancelkit.records import State
from cancelkit.text import checked_id

if TYPE_CHECKING:
    from cancelkit.desk import Desk


class Unwanted(UserWarning):
    """Something is created for a customer who is about to be cancelled."""


class Verdict(NamedTuple):
    """Whether something may be created, and what to say about it."""

    allowed: bool
    state: State
    message: str = ""  # why not; or a warning to show, where it is allowed but perhaps not wanted
    refusal: Refusal | None = None


def may_create(desk: Desk, customer_id: str, kind: str) -> Verdict:
    """Say whether a record of a kind, such as "sales_orders", may be created for a customer.

    After Cancelled nothing may. While pending, the kinds of `CancelKit.guarded` may not, and the
    others get a warning. Neither is recorded: it is no command.

    Raises:
        UnknownCustomer: there is none with this id.
    """
    kit, kind = desk.kit, checked_id(kind, "the kind of record")
    key = checked_id(customer_id, "the customer id")
    with faults(f"the guard of customer {key!r}"), desk.host.reading() as unit:
        customer = sound_customer(desk, unit.customers.load((key,)).get(key), key)
        record = unit.cancellations.current((key,)).get(key)
    if customer is None:
        raise UnknownCustomer(f"There is no customer {key!r} here.")
    state = state_of(customer, record)
    if state is State.LIVE:
        return Verdict(True, state)
    status, title = kit.status(customer, state), kit.title(kind)
    cancelled = customer.status is not None and customer.status.cancelled
    if cancelled or state is State.CANCELLED or kind in kit.guarded:
        why = refusal("not_wanted", status=status, kind=title)
        return Verdict(False, state, kit.sentence(why), why)
    asked = Message.of("guard.pending", name=customer.name, status=status, kind=title)
    return Verdict(True, state, kit.text(asked))


@contextmanager
def creating(desk: Desk, customer_id: str, kind: str) -> Generator[Verdict]:
    """Guard a block, or as a decorator a function, that creates a record for a customer.

    Raises `CreationRefused` before the block is entered; warns with `Unwanted` while pending.
    """
    verdict = may_create(desk, customer_id, kind)
    if verdict.refusal is not None:
        refused = desk.kit.text(Message.of("guard.refused", why=verdict.message))
        raise CreationRefused(refused, (verdict.refusal,))
    if verdict.message:
        warn(verdict.message, Unwanted, stacklevel=_caller())
    yield verdict


def _caller() -> int:
    """Return the stack level of the host's own code, from `creating` (with it, or decorated)."""
    level, frame = 1, currentframe()
    while frame is not None and frame.f_globals.get("__name__") in (__name__, "contextlib"):
        level, frame = level + 1, frame.f_back
    return level - 1
