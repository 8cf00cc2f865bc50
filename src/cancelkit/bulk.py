"""Bulk: the readiness of many customers, with a handful of questions.

Import it by its own name; `import cancelkit` does not load it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import frozen

from cancelkit import asking, reading
from cancelkit.checklist import Checklist
from cancelkit.decide import blocking
from cancelkit.evaluate import Judged, read_answers
from cancelkit.facts import Facts
from cancelkit.needs import Need
from cancelkit.people import Customer
from cancelkit.ports import Unit
from cancelkit.text import checked_ids, checked_number
from cancelkit.times import checked_day

if TYPE_CHECKING:
    from cancelkit.desk import Desk

CHUNK = 10_000
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
    desk: Desk,
    customer_ids: Iterable[str],
    *,
    on: date | None = None,
    profile: str = "",
    chunk: int = CHUNK,
) -> Iterator[Readiness]:
    """Judge any number of customers, in the order given, without beginning anything.

    With `on`, as of a day to come; with a profile, by its checklist.

    Customers that are not visible are left out, and so are those whom the actor may not view.
    The ids are taken as they are needed; `chunk` customers share one question.
    """
    checked_number(chunk, "chunk")
    ids = checked_ids(customer_ids, "a customer id")
    while batch := tuple(dict.fromkeys(islice(ids, chunk))):
        with asking.faults("checking customers"), desk.host.reading() as unit:
            judged = _check(desk, unit, batch, checked_day(on), desk.kit.profile(profile))
        yield from judged


def _check(
    desk: Desk, unit: Unit, ids: Sequence[str], on: date | None, checklist: Checklist
) -> list[Readiness]:
    _, today = asking.moment(desk)
    as_of = max(on or today, today)
    found = unit.customers.load(ids)
    each = (asking.sound_customer(desk, found.get(key), key, deep=False) for key in ids)
    seen = [c for c in each if c is not None and asking.allowed(desk, "view", c)]
    needs = checklist.needs
    answers = unit.customers.facts([c.id for c in seen], needs, as_of) if seen else {}
    late = read_answers(checklist.sampled, {})  # other systems are not asked in bulk
    nothing: Mapping[Need[Any], object] = {}
    # Adapters may give all who are alike one object. It is kept: else its id would be used again.
    read: dict[int, tuple[object, Mapping[Need[Any], Any]]] = {}

    def facts_of(customer: Customer) -> Facts:
        given = answers.get(customer.id, nothing)
        if id(given) not in read:
            read[id(given)] = given, {**read_answers(needs, given), **late}
        return Facts(customer, today, as_of, read[id(given)][1])

    return [Readiness(c, reading.evaluated(desk, checklist, facts_of(c))) for c in seen]
