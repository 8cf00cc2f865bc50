"""Bulk: the readiness of many customers, with a handful of questions.

Import it by its own name; `import cancelkit` does not load it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import frozen

from cancelkit import reading
from cancelkit.evaluate import Judged, evaluate, read_answers
from cancelkit.facts import Facts
from cancelkit.needs import Need
from cancelkit.people import Customer
from cancelkit.ports import Unit
from cancelkit.section import Gate
from cancelkit.states import Light

if TYPE_CHECKING:
    from cancelkit.desk import Desk

CHUNK = 5_000
"""How many customers are asked about at once."""


@frozen(eq=False)
class Readiness:
    """How ready one customer is to be cancelled, before anything was begun.

    Sections that only wait for what a person enters (reasons, mood) cannot be ready yet, and do
    not count: what the CRM's own records say does.

    Attributes:
        customer: the customer.
        judged: the whole checklist.
    """

    customer: Customer
    judged: Judged

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """The keys of the blocking sections about the CRM's records that are not green."""
        gates = self.judged.checklist.gates
        pairs = zip(self.judged.checklist.sections, self.judged.states, strict=True)
        return tuple(
            section.key
            for section, state in pairs
            if section.needs
            and state.light is not Light.GREEN
            and gates[section.key] is Gate.BLOCKS
        )

    @property
    def ready(self) -> bool:
        """Whether nothing about the CRM's records blocks."""
        return not self.blocked_by


def check_many(
    desk: Desk, customer_ids: Iterable[str], *, chunk: int = CHUNK
) -> Iterator[Readiness]:
    """Judge many customers, in the order given, without beginning anything.

    Customers that are not visible are left out, and so are those whom the actor may not view.

    Args:
        desk: kit, host and actor.
        customer_ids: any number of ids; they are read as they are needed.
        chunk: how many customers share one question.
    """
    ids = iter(customer_ids)
    while batch := tuple(dict.fromkeys(islice(ids, chunk))):
        with desk.host.reading() as unit:
            yield from _check(desk, unit, batch)


def _check(desk: Desk, unit: Unit, ids: Sequence[str]) -> list[Readiness]:
    _, today = reading.moment(desk)
    found = unit.customers.load(ids)
    customers = [c for i in ids if (c := reading.sound_customer(desk, found.get(i), i)) is not None]
    seen = [c for c in customers if reading.allowed(desk, "view", c)]
    needs = desk.kit.checklist.needs
    answers = unit.customers.facts([c.id for c in seen], needs, today) if seen else {}
    return [_judge(desk, c, read_answers(needs, answers.get(c.id, {})), today) for c in seen]


def _judge(
    desk: Desk, customer: Customer, answers: dict[Need[Any], object], today: date
) -> Readiness:
    judged = evaluate(desk.kit.checklist, Facts(customer, today, today, answers))
    for key, fault in judged.faults.items():
        desk.kit.report(f"section {key!r}", fault)
    return Readiness(customer, judged)
