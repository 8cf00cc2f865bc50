"""The contract of a section: total, pure, deterministic, fail closed, monotone, with texts."""

# ruff: noqa: SIM300 - tests read expected == actual

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from cancelkit.checklist import Checklist
from cancelkit.effects import Effect
from cancelkit.english import ENGLISH
from cancelkit.errors import Invalid
from cancelkit.evaluate import evaluate
from cancelkit.facts import NotDeclared
from cancelkit.messages import Catalogue, Message
from cancelkit.needs import Need, OpenRecords, UnceasedAssets, Unknown
from cancelkit.people import User
from cancelkit.registration import check_section, form_of
from cancelkit.section import Section, WithCheck, WithEffects
from cancelkit.serial import from_data, to_data
from cancelkit.states import Light, SectionState
from cancelkit.testing.contract import Contract
from cancelkit.testing.given import (
    CUSTOMERS,
    DAYS,
    FORMS,
    IDS,
    STEPS,
    TEXTS,
    Given,
    answers_to,
    more,
)

Check = Callable[[Given], None]


class SectionContract(Contract):
    """The contract of a section; it makes up facts from what the section declares.

    class TestEquipment(SectionContract):
        section = EQUIPMENT

        def answers(self, need):
            return st.integers(0, 500) if isinstance(need, RentDue) else None
    """

    hooks: ClassVar[frozenset[str]] = frozenset(("answers", "forms"))
    section: ClassVar[Section]
    """The section."""
    examples: ClassVar[int] = 50
    """How many facts each test makes up."""
    phases: ClassVar[tuple[Phase, ...]] = tuple(Phase)
    """Which phases of Hypothesis run."""

    def answers(self, need: Need[Any]) -> st.SearchStrategy[Any] | None:
        """Return a strategy for the answers to an own need, as its `read` returns them."""
        return None

    def forms(self) -> st.SearchStrategy[Any] | None:
        """Return a strategy for what may be entered, where it cannot be found out."""
        return None

    # ------------------------------------------------------------ the promises

    def test_it_is_a_section(self) -> None:
        """It has a key, a title, needs and `evaluate`.

        Most likely a part is missing or misspelt; the error names it.
        """
        check_section(self.section)

    def test_it_never_raises(self) -> None:
        """`evaluate` and `effects` return for all facts; `check` raises nothing but `Invalid`.

        Most likely nothing was entered (`entered` is None), nothing was counted, or a date is
        missing. A section that raises is shown as unknown, and blocks.
        """

        def check(one: Given) -> None:
            _allowing(NotDeclared, self.judged, one)
            _allowing(NotDeclared, self.planned, one)
            for form in one.forms.values():
                if isinstance(self.section, WithCheck):
                    _allowing((Invalid, NotDeclared), self.section.check, form, one.facts())

        self.for_all(check)

    def test_it_uses_only_declared_needs(self) -> None:
        """It asks only for needs that it declares.

        Most likely a need is made anew in `evaluate` with another kind. Take it from `needs`.
        """

        def check(one: Given) -> None:
            for ask in (self.judged, self.planned):
                try:
                    ask(one)
                except NotDeclared as error:
                    pytest.fail(f"{self.section.key} asks for {error}, which it does not declare")
                except Exception:  # noqa: BLE001, S112 - test_it_never_raises says so
                    continue

        self.for_all(check)

    def test_it_is_pure_and_deterministic(self) -> None:
        """The same facts give the same state and the same effects, and are unchanged.

        Most likely it reads the clock (take `facts.today`), counts its calls, iterates over a
        set, or changes the form that was entered.
        """

        def check(one: Given) -> None:
            before = one.parts()
            first = (self.tried(one), self.tried_plan(one))
            assert first == (self.tried(one), self.tried_plan(one)), "another answer the next time"
            assert before == one.parts(), "it has changed its facts"

        self.for_all(check)

    def test_it_says_why(self) -> None:
        """Each state has a code with a text, and so has the hint: in ENGLISH or in its `texts`.

        Most likely a code has no text, a counted one no plural forms (".one" and ".other"), or a
        text mentions a value that the message does not have.
        """

        def check(one: Given) -> None:
            state = self.tried(one)
            messages = [state.message, state.hint] if state else []
            messages += [effect.message() for effect in self.tried_plan(one)]
            for message in messages:
                if message is not None:
                    self._has_text(message)

        self.for_all(check)

    def _has_text(self, message: Message) -> None:
        plain = {name: "x" if isinstance(v, str) else v for name, v in message.values}
        shown = ENGLISH.with_texts(Checklist((self.section,)).texts).text(
            Message.of(message.key, **plain)
        )
        bare = Catalogue({}).text(Message.of(message.key, **plain))
        assert bare != shown, f"there is no text for {message.key!r}"
        assert "{" not in shown, f"the text of {message.key!r} has a place without a value: {shown}"

    def test_more_open_records_never_turn_red_to_green(self) -> None:
        """With more open records, a state that was not green is not green.

        Most likely a count is compared with a number that is exact, or the cap ("100+") reads as
        something else. Compare with `>`, and let `more` mean more.
        """
        own = OpenRecords | UnceasedAssets
        counting = [need for need in self.section.needs if isinstance(need, own)]
        if not counting:
            pytest.skip(f"{self.section.key} counts no records")

        def check(one: Given) -> None:
            if self.light(one) is Light.GREEN:
                return
            for need in counting:
                for by in STEPS:
                    worse = one.answered(need, more(one.answers[need], by))
                    assert self.light(worse) is not Light.GREEN, f"green with {by} more of {need!r}"

        self.for_all(check)

    def test_the_unknown_is_never_green(self) -> None:
        """What cannot be seen makes it unknown: never green where an answer made it red.

        Most likely it catches `NotAnswered`, or all exceptions, and goes on. Let it through.
        """
        if not self.section.needs:
            pytest.skip(f"{self.section.key} needs no answers")

        def check(one: Given) -> None:
            nothing = evolve(one.blind(), forms={}, performed={})
            assert self.light(nothing) is not Light.GREEN, "green, though nothing was seen"
            if self.light(one) is Light.RED:
                for need in self.section.needs:
                    hidden = one.answered(need, Unknown("no tenant is set"))
                    assert self.light(hidden) is not Light.GREEN, f"green without {need!r}"

        self.for_all(check)

    def test_its_form_and_effects_survive_json(self) -> None:
        """What was entered, and what is planned, comes back equal from JSON.

        Most likely an attribute has a type that JSON does not have (a set, a Decimal), or a
        converter that does not take what it makes. Use text, whole numbers, dates and tuples.
        """

        def check(one: Given) -> None:
            for value in (*one.forms.values(), *self.tried_plan(one)):
                data = json.loads(json.dumps(to_data(value), allow_nan=False))
                assert value == from_data(type(value), data), f"{value!r} came back otherwise"

        self.for_all(check)

    # ------------------------------------------------------------ helpers

    def for_all(self, check: Check) -> None:
        """Run a check for made-up facts; Hypothesis shows the smallest for which it fails."""
        health = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
        chosen = settings(
            max_examples=self.examples,
            phases=self.phases,
            deadline=None,
            suppress_health_check=health,
            database=None,
        )
        chosen(given(self.given())(check))()

    def judged(self, one: Given) -> SectionState:
        """Return the state of the section."""
        return self.section.evaluate(one.facts())

    def tried(self, one: Given) -> SectionState | None:
        """Return the state of the section; None where it raises, which has a test of its own."""
        with suppress(Exception):
            return self.judged(one)
        return None

    def tried_plan(self, one: Given) -> tuple[Effect, ...]:
        """Return the effects that the section plans; none where it raises, likewise."""
        with suppress(Exception):
            return self.planned(one)
        return ()

    def light(self, one: Given) -> Light:
        """Return the light as a checklist shows it: a section that raises is unknown."""
        return evaluate(Checklist((self.section,)), one.facts()).states[0].light

    def planned(self, one: Given) -> tuple[Effect, ...]:
        """Return the effects that the section plans."""
        if not isinstance(self.section, WithEffects):
            return ()
        found = tuple(self.section.effects(one.facts()))
        strange = [one for one in found if type(one) not in self.section.effect_types]
        assert [] == strange, f"effects that are not in effect_types: {strange}"
        return found

    def given(self) -> st.SearchStrategy[Given]:
        """Return a strategy for everything that the section is judged by."""
        return _everything(self)

    def answers_of(self, need: Need[Any]) -> st.SearchStrategy[Any]:
        """Return a strategy for the answers to a need."""
        found = answers_to(need)
        if found is None:
            found = self.answers(need)
        if found is None:
            pytest.fail(f"{type(self).__name__}.answers({need!r}) must return a strategy")
        return found

    def entered(self) -> st.SearchStrategy[Mapping[type, Any]]:
        """Return a strategy for what was entered: nothing, or something in the form."""
        form = form_of(self.section)
        if form is None:
            return st.just({})
        entered = self.forms()
        if entered is None:
            entered = FORMS[form] if form in FORMS else _valid(form)
        return st.one_of(st.just({}), entered.map(lambda one: {form: one}))


@st.composite
def _everything(draw: st.DrawFn, contract: SectionContract) -> Given:
    forms = draw(contract.entered())
    known = draw(st.lists(st.builds(User, IDS, TEXTS, st.booleans()), max_size=2))
    mentioned = [key for form in forms.values() for key in getattr(form, "mentions", ())]
    known += [User(key, "Tom", draw(st.booleans())) for key in mentioned if draw(st.booleans())]
    one = Given(
        draw(CUSTOMERS),
        draw(DAYS),
        draw(DAYS),
        {need: draw(contract.answers_of(need)) for need in contract.section.needs},
        forms,
        users={user.id: user for user in known},
    )
    if draw(st.booleans()):
        return one
    done = contract.tried_plan(one)
    return evolve(one, performed={type(effect): effect for effect in done})


@st.composite
def _valid(draw: st.DrawFn, form: type) -> Any:
    """Return what may be entered in a form, by its annotations; what it refuses is left out."""
    try:
        made: object = draw(st.from_type(form))
    except (Invalid, ValueError):
        assume(False)
    return made


def _allowing(errors: Any, call: Callable[..., object], *values: object) -> None:
    with suppress(errors):
        call(*values)
