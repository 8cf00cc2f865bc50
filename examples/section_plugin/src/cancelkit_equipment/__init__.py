"""Two sections: unpaid invoices in one line, and equipment to be returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from attrs import field, frozen

from cancelkit import Gate, records_section
from cancelkit.effects import Effect
from cancelkit.facts import Facts
from cancelkit.messages import Message
from cancelkit.needs import NotAnAnswer, OpenRecords
from cancelkit.states import SectionState, green, red
from cancelkit.text import checked_line

INVOICES = records_section("invoices", title="Unpaid invoices")


@frozen(cache_hash=True)
class RentDue:
    """How much rent is due for loaned equipment: an int of 0 or more, in the smallest coin."""

    currency: str

    def read(self, answer: object, /) -> int:
        if type(answer) is not int or answer < 0:
            raise NotAnAnswer("an int of 0 or more, in the smallest coin")
        return answer


def _day(text: str) -> str:
    return checked_line(text, "the day")


@frozen
class Collection:
    """What is entered: when a courier is to come; "" where nobody is."""

    day: str = field(default="", converter=_day)


@frozen
class CollectEquipment:
    """Order a courier who collects the equipment."""

    kind: ClassVar[str] = "collect_equipment"
    day: str

    def message(self) -> Message:
        return Message.of("equipment.collect", day=self.day)


@frozen
class EquipmentSection:
    """Green when nothing is on loan and no rent is due, or a courier is ordered."""

    key: str = "equipment"
    title: str = "Equipment returned"
    gate: Gate = Gate.BLOCKS
    loans: OpenRecords = field(factory=lambda: OpenRecords("loans"))
    rent: RentDue = field(factory=lambda: RentDue("GBP"))
    form: type[Collection] = Collection
    effect_types: tuple[type[Effect], ...] = (CollectEquipment,)

    @property
    def needs(self) -> tuple[OpenRecords, RentDue]:
        return (self.loans, self.rent)

    @property
    def texts(self) -> Mapping[str, str]:
        return {
            "equipment.returned": "Everything has been returned",
            "equipment.ordered": "A courier comes on {day}",
            "equipment.out.one": "{count} device is still on loan",
            "equipment.out.other": "{count} devices are still on loan",
            "equipment.out.hint": "Ask for them back, or order a courier",
            "equipment.rent": "Rent of {due} {currency} is due",
            "equipment.collect": "Order a courier for {day}",
        }

    def evaluate(self, facts: Facts) -> SectionState:
        out, due = facts[self.loans], facts[self.rent]
        if due:
            return red("equipment.rent", due=f"{due / 100:.2f}", currency=self.rent.currency)
        if not out.n:
            return green("equipment.returned")
        entered = facts.entered(Collection)
        if entered and entered.day:
            return green("equipment.ordered", day=entered.day)
        return red("equipment.out", count=out, hint="equipment.out.hint")

    def effects(self, facts: Facts) -> Sequence[CollectEquipment]:
        entered = facts.entered(Collection)
        if entered is None or not entered.day or not facts[self.loans].n:
            return ()
        return (CollectEquipment(entered.day),)


EQUIPMENT = EquipmentSection()
