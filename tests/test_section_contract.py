"""The standard sections keep the contract of a section, and bad sections are caught by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

import pytest
from attrs import field, frozen
from hypothesis import Phase
from hypothesis import strategies as st

from cancelkit.facts import Facts, NotAnswered
from cancelkit.messages import Message
from cancelkit.needs import Need, NotAnAnswer, OpenRecords
from cancelkit.section import Section
from cancelkit.sections import STANDARD_SECTIONS
from cancelkit.sections.creating_expiry import FUTURE_EXPIRY_CREATING
from cancelkit.sections.records import RecordsSection
from cancelkit.states import SectionState, green, red
from cancelkit.testing import SectionContract
from cancelkit.testing.contract import contract_tests

REASONS, OWNERSHIP, EXPIRY, ASSETS, CASES, OPPORTUNITIES, QUOTATIONS, ORDERS, MOOD = (
    STANDARD_SECTIONS
)


class Standard(SectionContract):
    examples = 20


class TestReasons(Standard):
    section = REASONS


class TestOwnership(Standard):
    section = OWNERSHIP


class TestFutureExpiry(Standard):
    section = EXPIRY


class TestCreatingExpiry(Standard):
    section = FUTURE_EXPIRY_CREATING


class TestAssets(Standard):
    section = ASSETS


class TestCases(Standard):
    section = CASES


class TestOpportunities(Standard):
    section = OPPORTUNITIES


class TestQuotations(Standard):
    section = QUOTATIONS


class TestSalesOrders(Standard):
    section = ORDERS


class TestMood(Standard):
    section = MOOD


# ---------------------------------------------------------------- a plug-in with a need of its own


@frozen(cache_hash=True)
class RentDue:
    """A plug-in's own need."""

    currency: str

    def read(self, answer: object, /) -> int:
        if type(answer) is not int:
            raise NotAnAnswer("an int")
        return answer


@frozen
class Parcel:
    """A plug-in's own form, which Hypothesis can make by its annotations."""

    kept: bool = False
    note: str = ""


@frozen
class SendParcel:
    """A plug-in's own effect."""

    kind: ClassVar[str] = "send_parcel"
    note: str

    def message(self) -> Message:
        return Message.of("parcel.send", note=self.note)


@frozen
class ParcelSection:
    """A good section with everything that a section may have."""

    key: str = "parcel"
    title: str = "Parcel"
    loans: OpenRecords = OpenRecords("loans")  # noqa: RUF009 - frozen
    rent: RentDue = RentDue("GBP")
    form: type[Any] = Parcel
    effect_types: tuple[type[Any], ...] = (SendParcel,)

    @property
    def needs(self) -> tuple[Need[Any], ...]:
        return (self.loans, self.rent)

    @property
    def texts(self) -> Mapping[str, str]:
        return {
            "parcel.back": "Everything is back",
            "parcel.out.one": "{count} is out",
            "parcel.out.other": "{count} are out",
            "parcel.rent": "{due} is due",
            "parcel.send": "Send a parcel: {note}",
        }

    def evaluate(self, facts: Facts) -> SectionState:
        if due := facts[self.rent]:
            return red("parcel.rent", due=due)
        out = facts[self.loans]
        return red("parcel.out", count=out) if out.n else green("parcel.back")

    def effects(self, facts: Facts) -> Sequence[Any]:
        entered = facts.entered(Parcel)
        return (SendParcel(entered.note),) if entered and not entered.kept else ()


def contract_of(section: Section) -> type[SectionContract]:
    class Mine(SectionContract):
        def answers(self, need: Need[Any]) -> st.SearchStrategy[Any] | None:
            return st.integers(0, 2) if isinstance(need, RentDue) else None

    Mine.section = section
    Mine.phases = (Phase.generate,)
    return Mine


TestParcel = contract_of(ParcelSection())

# ---------------------------------------------------------------- bad sections


class RaisesForMany(ParcelSection):
    def evaluate(self, facts: Facts) -> SectionState:
        if facts[self.loans].n > 2:
            raise ZeroDivisionError
        return ParcelSection.evaluate(self, facts)


class AnotherKind(ParcelSection):
    def evaluate(self, facts: Facts) -> SectionState:
        return red("parcel.out", count=facts[OpenRecords("loan")])


class CountsItsCalls(ParcelSection):
    calls = count()

    def evaluate(self, facts: Facts) -> SectionState:
        return (
            red("parcel.rent", due=next(self.calls))
            if facts[self.loans].n
            else red("parcel.out", count=1)
        )


class NoText(ParcelSection):
    def evaluate(self, facts: Facts) -> SectionState:
        return red("parcel.lost", count=facts[self.loans])


class NoHint(ParcelSection):
    def evaluate(self, facts: Facts) -> SectionState:
        return red("parcel.out", count=facts[self.loans], hint="parcel.out.hint")


class EmptyPlace(ParcelSection):
    def evaluate(self, facts: Facts) -> SectionState:
        return red("parcel.rent", owed=facts[self.loans].n)


class HundredIsEnough(ParcelSection):
    """Takes the cap for the end."""

    def evaluate(self, facts: Facts) -> SectionState:
        n = facts[self.loans].n
        return red("parcel.out", count=n) if 0 < n < 100 else green("parcel.back")


class SwallowsUnknown(ParcelSection):
    def evaluate(self, facts: Facts) -> SectionState:
        try:
            return ParcelSection.evaluate(self, facts)
        except NotAnswered:
            return green("parcel.back")


class IgnoresItsNeed(ParcelSection):
    def evaluate(self, facts: Facts) -> SectionState:
        return green("parcel.back")


def _marked(text: str) -> str:
    return f"{text}!"


@frozen
class Rounded:
    """A form that does not come back as it went."""

    note: str = field(default="", converter=_marked)


class ChangingForm(ParcelSection):
    form: type[Any] = Rounded


BAD: Mapping[Callable[[], Any], str] = {
    RaisesForMany: "it_never_raises",
    AnotherKind: "it_uses_only_declared_needs",
    CountsItsCalls: "it_is_pure_and_deterministic",
    NoText: "it_says_why",
    NoHint: "it_says_why",
    EmptyPlace: "it_says_why",
    HundredIsEnough: "more_open_records_never_turn_red_to_green",
    SwallowsUnknown: "the_unknown_is_never_green",
    IgnoresItsNeed: "the_unknown_is_never_green",
    lambda: ParcelSection(form=Rounded): "its_form_and_effects_survive_json",
}


@pytest.mark.parametrize(("make", "name"), BAD.items(), ids=map(str, range(len(BAD))))
def test_bad_section_is_caught_by_name(make: Callable[[], Any], name: str) -> None:
    assert [name] == list(failing_tests(make()))


def test_what_is_no_section_is_caught_first() -> None:
    untitled = RecordsSection("cases", "", (OpenRecords("cases"),))
    assert "it_is_a_section" == next(iter(failing_tests(untitled)))


def failing_tests(section: Section) -> dict[str, str]:
    """The tests of the contract that fail, in order, with what they said."""
    contract = contract_of(section)
    failing: dict[str, str] = {}
    for test in contract_tests(contract):
        try:
            getattr(contract(), test)()
        except pytest.skip.Exception:
            continue
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - any failure counts
            failing[test.removeprefix("test_")] = repr(error)
    return failing
