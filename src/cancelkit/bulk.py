"""Bulk: the readiness of many customers, with a handful of questions.

Import it by its own name; `import cancelkit` does not load it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from attrs import frozen

from cancelkit import reading
from cancelkit.decide import blocking
from cancelkit.evaluate import Judged, read_answers
from cancelkit.facts import Facts
from cancelkit.people import Customer
from cancelkit.ports import Unit
from cancelkit.text import checked_id

if TYPE_CHECKING:
    from cancelkit.desk import Desk

CHUNK = 5_000
"""How many customers are asked about at once."""


@frozen(eq=False)
class Readiness:
    """How ready one customer is to be cancelled, before anything was begun.

    What the CRM's own records say counts. Sections that only wait for what a person enters
    (reasons, mood) cannot be ready yet, and do not.
    """

    customer: Customer
    judged: Judged

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """The keys of the blocking sections about the CRM's records that are not green."""
        keys = (refusal.section for refusal in blocking(self.judged))
        return tuple(key for key in keys if self.judged.checklist.by_key[key].needs)

    @property
    def ready(self) -> bool:
        """Whether nothing about the CRM's records blocks."""
        return not self.blocked_by


def check_many(
    desk: Desk, customer_ids: Iterable[str], *, chunk: int = CHUNK
) -> Iterator[Readiness]:
    """Judge any number of customers, in the order given, without beginning anything.

    Customers that are not visible are left out, and so are those whom the actor may not view.
    The ids are taken as they are needed; `chunk` customers share one question.
    """
    ids = (checked_id(one, "a customer id") for one in customer_ids)
    while batch := tuple(dict.fromkeys(islice(ids, chunk))):
        with reading.faults("checking customers"), desk.host.reading() as unit:
            judged = _check(desk, unit, batch)
        yield from judged


def _check(desk: Desk, unit: Unit, ids: Sequence[str]) -> list[Readiness]:
    _, today = reading.moment(desk)
    found = unit.customers.load(ids)
    each = (reading.sound_customer(desk, found.get(key), key, deep=False) for key in ids)
    seen = [c for c in each if c is not None and reading.allowed(desk, "view", c)]
    needs = desk.kit.checklist.needs
    answers = unit.customers.facts([c.id for c in seen], needs, today) if seen else {}
    late = read_answers(desk.kit.checklist.sampled, {})  # other systems are not asked in bulk
    facts = (
        Facts(c, today, today, {**read_answers(needs, answers.get(c.id, {})), **late}) for c in seen
    )
    return [Readiness(f.customer, reading.evaluated(desk, desk.kit.checklist, f)) for f in facts]
