"""Plug-ins and hosts that break their contract: unknown, never green, and the rest still shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from attrs import evolve, frozen

from cancelkit import STANDARD, Checklist, Gate, Mood, NewOwner, Reasons, Refused
from cancelkit.adapters.memory import MemoryCrm
from cancelkit.effects import AssignOwner, Performer
from cancelkit.errors import (
    AdapterContractError,
    Blocked,
    CommandFailed,
    Failed,
    PluginError,
    UnknownSection,
)
from cancelkit.facts import Facts, NotAnswered
from cancelkit.messages import Message
from cancelkit.needs import Count, Need, NextDate, NotAnAnswer, OpenRecords, UnceasedAssets, Unknown
from cancelkit.sections import records_section
from cancelkit.states import Light, SectionState, green, red
from tests.world import World, world

ODD = "odd"


@frozen
class OddForm:
    """What can be entered into the odd section; its version is turned by a test."""

    version: ClassVar[int] = 1
    text: str = ""


@frozen
class Paint:
    """An effect that nobody declared."""

    kind: ClassVar[str] = "paint"

    def message(self) -> Message:
        return Message("paint")


@frozen(eq=False)
class Odd:
    """A section that does what it is told to."""

    act: Callable[[Facts], Any]
    plan: Callable[[Facts], Any] = lambda facts: ()
    needs: tuple[Any, ...] = ()
    gate: Gate = Gate.BLOCKS
    key: str = ODD
    title: str = "Odd"
    form: type = OddForm
    effect_types: tuple[type[AssignOwner], ...] = (AssignOwner,)

    def evaluate(self, facts: Facts) -> SectionState:
        state: SectionState = self.act(facts)
        return state

    def effects(self, facts: Facts) -> Sequence[Any]:
        planned: Sequence[Any] = self.plan(facts)
        return planned


def fine(facts: Facts) -> SectionState:
    return green("odd.fine")


def raising(error: BaseException) -> Callable[[Facts], Any]:
    def act(facts: Facts) -> Any:
        raise error

    return act


def endless(facts: Facts) -> SectionState:
    return endless(facts)


def with_odd(odd: Odd, **settings: Any) -> World:
    """Return a world whose checklist has an odd section in the middle."""
    return world(STANDARD.with_section(odd, after="ownership"), **settings)


def assert_isolated(here: World, code: str = "section.failed") -> None:
    """The odd section is unknown and blocks; the nine others are judged as ever."""
    others = {line.key: line.light for line in world().begun().view().sections}
    view = here.begun().view()
    assert (Light.UNKNOWN, code) == (view.section(ODD).light, view.section(ODD).code)
    assert others == {line.key: line.light for line in view.sections if line.key != ODD}
    here.get().enter(Reasons("price"))
    token = here.get().plan().token
    tables = here.tables()
    with pytest.raises(Blocked) as refused:
        here.get().process(token)
    assert (ODD,) == refused.value.sections
    assert "Odd: Could not be checked" in str(refused.value)
    assert tables == here.tables()
    assert "unknown" == here.history()[-1].lights[ODD]


# ---------------------------------------------------------------- a section


@pytest.mark.parametrize(
    "error",
    [ValueError("a secret"), KeyError("x"), RecursionError(), MemoryError(), StopIteration()],
    ids=lambda error: type(error).__name__,
)
def test_section_that_raises_is_unknown_and_reported(error: Exception) -> None:
    """The user sees the kind of error, the log has the error; Process is refused (promise F33)."""
    here = with_odd(Odd(raising(error)))
    assert_isolated(here)
    assert {(f"section {ODD!r}", error)} == set(here.reports)
    assert "secret" not in here.get().view().section(ODD).message
    assert type(error).__name__ in here.get().view().section(ODD).message


def test_section_that_recurses_for_ever_is_unknown() -> None:
    assert_isolated(with_odd(Odd(endless)))


NONSENSE: dict[str, Callable[[], object]] = {
    "None": lambda: None,
    "text": lambda: "green",
    "bool": lambda: True,
    "light": lambda: Light.GREEN,
    "class": lambda: SectionState,
    "Decimal in the message": lambda: green("odd.fine", due=Decimal("9.99")),  # type: ignore[arg-type]  # the mistake
    "float in the message": lambda: green("odd.fine", due=9.99),  # type: ignore[arg-type]  # the mistake
    "bool in the message": lambda: green("odd.fine", paid=True),
    "instant without a zone": lambda: green("odd.fine", at=datetime(2026, 3, 2)),  # noqa: DTZ001 - the mistake
    "None in the message": lambda: green("odd.fine", by=None),  # type: ignore[arg-type]  # the mistake
    "light as text": lambda: SectionState("green", Message("odd.fine")),  # type: ignore[arg-type]  # the mistake
    "no light": lambda: SectionState(None, Message("odd.fine")),  # type: ignore[arg-type]  # the mistake
    "no message": lambda: SectionState(Light.GREEN, None),  # type: ignore[arg-type]  # the mistake
    "text as message": lambda: SectionState(Light.GREEN, "fine"),  # type: ignore[arg-type]  # the mistake
}

SLIPPING_THROUGH: dict[str, Callable[[], object]] = {
    "text as count": lambda: SectionState(Light.RED, Message("odd.left"), "3"),  # type: ignore[arg-type]  # the mistake
    "int as count": lambda: SectionState(Light.RED, Message("odd.left"), 3),  # type: ignore[arg-type]  # the mistake
    "text as hint": lambda: SectionState(Light.RED, Message("odd.left"), None, "Do it"),  # type: ignore[arg-type]  # the mistake
    "Decimal in the hint": lambda: SectionState(
        Light.RED,
        Message("odd.left"),
        None,
        Message("odd.hint", (("n", Decimal(1)),)),  # type: ignore[arg-type]  # the mistake
    ),
    "number as key": lambda: SectionState(Light.RED, Message(5)),  # type: ignore[arg-type]  # the mistake
    "names that are no text": lambda: SectionState(Light.RED, Message("odd.left", ((1, "x"),))),  # type: ignore[arg-type]  # the mistake
}


@pytest.mark.parametrize("name", NONSENSE)
def test_section_that_returns_nonsense_is_unknown_and_reported(name: str) -> None:
    here = with_odd(Odd(lambda facts: NONSENSE[name]()))
    assert_isolated(here)
    assert {f"section {ODD!r}"} == {what for what, _ in here.reports}


@pytest.mark.parametrize("name", SLIPPING_THROUGH)
def test_section_whose_state_cannot_be_shown_is_unknown(name: str) -> None:
    here = with_odd(Odd(lambda facts: SLIPPING_THROUGH[name]()))
    view = here.begun().view()
    view.data()
    assert Light.UNKNOWN is view.section(ODD).light
    assert 10 == len(view.sections)


def test_section_that_asks_an_undeclared_need_is_unknown_and_the_need_is_named() -> None:
    here = with_odd(Odd(lambda facts: red("odd", count=facts[OpenRecords("loans")])))
    assert_isolated(here)
    assert "OpenRecords(kind='loans')" in str(here.reports[0][1])


def test_flickering_section_is_judged_once_in_a_command() -> None:
    """What was judged in the transaction is what is decided on, and recorded (promise F36)."""
    answers = iter([Light.GREEN, Light.GREEN, Light.RED, Light.GREEN, Light.GREEN])
    here = with_odd(Odd(lambda facts: SectionState(next(answers), Message("odd"))))
    here.begun().enter(Reasons("price"))
    token = here.get().plan().token
    assert Light.GREEN is next(answers)
    with pytest.raises(Refused):
        here.get().process(token)
    assert "red" == here.history()[-1].lights[ODD]


def test_unknown_section_that_only_advises_blocks_all_the_same() -> None:
    """Facts that could not be read are never green, and Process is refused."""
    here = with_odd(Odd(raising(ValueError("x")), gate=Gate.ADVISES))
    here.ready()
    view, plan = here.get().view(), here.get().plan()
    assert Light.UNKNOWN is view.section(ODD).light
    assert ODD in [line.key for line in plan.blocked_by]


def test_reason_of_the_host_for_not_answering_is_shown() -> None:
    here = with_odd(Odd(raising(NotAnswered("the billing system is closed"))))
    assert_isolated(here, "section.unanswered")
    assert "the billing system is closed" in here.get().view().section(ODD).message
    assert [] == here.reports


# ---------------------------------------------------------------- what a section plans


@pytest.mark.parametrize(
    "plan",
    [
        raising(ValueError("x")),
        raising(RecursionError()),
        lambda facts: None,
        lambda facts: 5,
        lambda facts: "assign",
        lambda facts: [None],
        lambda facts: [Paint()],
        lambda facts: [AssignOwner],
        lambda facts: AssignOwner(()),
    ],
)
def test_section_whose_effects_are_nonsense_is_unknown(plan: Callable[[Facts], Any]) -> None:
    """What it would do is not known: never green, whatever evaluate says."""
    here = with_odd(Odd(fine, plan))
    assert_isolated(here)
    assert here.reports


def test_effects_that_could_not_be_planned_for_want_of_an_answer_are_unanswered() -> None:
    """Once in evaluate.evaluate: `NotAnswered` out of effects() is shown as a fault of the section.

    Ownership is hit when the users cannot be looked up: "the section failed (NotAnswered)", and
    a report, instead of "could not be checked: the users could not be looked up".
    """
    here = with_odd(Odd(fine, raising(NotAnswered("the users could not be looked up"))))
    assert_isolated(here, "section.unanswered")
    assert [] == here.reports


def test_section_without_effects_is_not_hurt_by_another_ones() -> None:
    """Effects of a sound section are still planned beside an odd one."""
    here = with_odd(Odd(fine, raising(ValueError("x")), gate=Gate.ADVISES))
    here.ready().enter(NewOwner("t-7"))
    assert "Owner: Ann → Tom" == here.get().plan().steps[0]


@frozen
class Mumbling:
    """An effect whose message is none."""

    kind: ClassVar[str] = "mumble"
    text: Any = None

    def message(self) -> Any:
        if isinstance(self.text, Exception):
            raise self.text
        return self.text


@pytest.mark.parametrize("text", [None, "x", ValueError("x")])
def test_effect_that_cannot_say_what_it_does_makes_its_section_unknown(text: Any) -> None:
    odd = Odd(fine, lambda facts: [Mumbling(text)], effect_types=(Mumbling,))  # type: ignore[arg-type]  # another class
    here = with_odd(odd, performers=[Performer(Mumbling, lambda effect, customer: True)])
    assert_isolated(here)


# ---------------------------------------------------------------- what a host answers


class Answering:
    """Answers of a host to all three needs that ship."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __call__(self, customer: Any, need: Any, as_of: date) -> Any:
        if isinstance(self.answer, type) and issubclass(self.answer, Iterator):
            return iter((1,))
        return self.answer


NO_COUNT: list[Any] = [
    None,
    -1,
    Count(-1),
    True,
    False,
    0.0,
    0,
    1.0,
    float("nan"),
    Decimal(0),
    "0",
    "",
    "none",
    b"0",
    [],
    [0],
    (),
    {},
    (0, 0),
    (0, 0, -1),
    (0, 0, None),
    (0, 0, 0.0),
    (0, False, 0),
    (0, 0, 0, 0),
    [0, 0, 0],
    Count(0, more=1),  # type: ignore[arg-type]  # the mistake
    Count("0"),  # type: ignore[arg-type]  # the mistake
    Count(0.0),  # type: ignore[arg-type]  # the mistake
    datetime(2099, 1, 1),  # noqa: DTZ001 - the mistake
    datetime(2099, 1, 1, tzinfo=UTC),
    "2099-01-01",
    Iterator,
    Unknown("no tenant is set"),
    object(),
    Count,
]
COUNTS = ("cases", "opportunities", "quotations", "sales_orders")


def takes(need: Need[Any], answer: Any) -> bool:
    """Whether an answer of the list above is a right one for a need."""
    if isinstance(need, OpenRecords):
        return type(answer) is int and answer == 0
    return isinstance(need, NextDate) and answer is None


@pytest.mark.parametrize("at", range(len(NO_COUNT)))
def test_answer_of_the_wrong_type_is_unknown_never_green(at: int) -> None:
    """Negative, bool, float, Decimal, text, generator, naive datetime, `Unknown` (promise F37)."""
    answering = Answering(NO_COUNT[at])
    here = world(answers=dict.fromkeys((OpenRecords, UnceasedAssets, NextDate), answering))
    view = here.begun().view()
    for key in (*COUNTS, "assets", "future_expiry"):
        need: Need[Any] = STANDARD.section(key).needs[0]
        if takes(need, NO_COUNT[at]):
            continue
        line = view.section(key)
        assert (key, Light.UNKNOWN) == (key, line.light)
        assert line.message.startswith("Could not be checked: ")
    here.get().enter(Reasons("price"))
    with pytest.raises(Blocked):
        here.get().process(here.get().plan().token)


def test_error_of_an_answer_names_its_type_and_not_its_value() -> None:
    here = world(answers={OpenRecords: Answering("a secret")})
    message = here.begun().view().section("cases").message
    assert (
        "Could not be checked: the host answered OpenRecords(kind='cases') with str; "
        "expected: a Count, or an int of 0 or more"
    ) == message


class Host(MemoryCrm):
    """A CRM whose repository answers as a test says."""


def with_facts(here: World, facts: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> World:
    from cancelkit.adapters.memory.crm import MemoryCustomers

    monkeypatch.setattr(MemoryCustomers, "facts", lambda self, *asked: facts(*asked))
    return here


def test_need_that_the_host_leaves_out_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing is not none."""
    left_out = OpenRecords("cases")

    def facts(ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date) -> Any:
        zeros: dict[Any, Any] = dict.fromkeys(needs, 0)
        return {one: {n: a for n, a in zeros.items() if n != left_out} for one in ids}

    view = with_facts(world(), facts, monkeypatch).begun().view()
    assert Light.UNKNOWN is view.section("cases").light
    assert "the host did not answer OpenRecords(kind='cases')" in view.section("cases").message
    assert Light.GREEN is view.section("quotations").light


def test_host_that_cannot_be_read_is_unknown_in_a_view_and_fails_a_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A view shows what it can; a command is rolled back, and keeps the cause."""
    here = world()
    here.ready()
    token = here.get().plan().token

    def facts(*asked: object) -> Any:
        raise OSError("the database is gone")

    with_facts(here, facts, monkeypatch)
    view = here.get().view()
    keys = (*COUNTS, "assets", "future_expiry")
    assert [Light.UNKNOWN] * 6 == [view.section(key).light for key in keys]
    assert Light.GREEN is view.section("reasons").light
    assert "database" not in view.section("cases").message
    assert "CustomerRepo.facts" in here.reports[0][0]
    tables, history = here.tables(), here.history()
    with pytest.raises(CommandFailed, match="OSError; the unit of work was rolled back") as failed:
        here.get().process(token)
    assert OSError is type(failed.value.__cause__)
    assert (tables, history) == (here.tables(), here.history())


@pytest.mark.parametrize(
    "answer", [None, [], (), "C-1", {}, {"C-2": {}}, {"C-1": None}, {"C-1": [0]}, 5, object()]
)
def test_host_that_answers_without_the_customer_breaks_its_contract(
    answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names port, method, the type and the promise; a view shows unknown (F37)."""
    here = world()
    here.ready()
    token = here.get().plan().token
    with_facts(here, lambda *asked: answer, monkeypatch)
    tables, history = here.tables(), here.history()
    with pytest.raises(
        AdapterContractError,
        match=rf"CustomerRepo\.facts returned {type(answer).__name__} .*\(promise C5\)",
    ):
        here.get().process(token)
    assert (tables, history) == (here.tables(), here.history())
    assert Light.UNKNOWN is here.get().view().section("cases").light


@pytest.mark.parametrize("answer", ["C-1", 5, {"id": "C-1"}, True])
def test_host_that_locks_something_else_breaks_its_contract(
    answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cancelkit.adapters.memory.crm import MemoryCustomers

    here = world()
    monkeypatch.setattr(MemoryCustomers, "lock", lambda self, one: answer)
    with pytest.raises(AdapterContractError, match=rf"{type(answer).__name__} for customer 'C-1'"):
        here.get().begin()
    assert {} == here.tables().get("cancellations", {})


def test_host_that_locks_another_customer_breaks_its_contract(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from cancelkit.adapters.memory.crm import MemoryCustomers

    here = world()
    other = evolve(here.customer, id="C-2")
    monkeypatch.setattr(MemoryCustomers, "lock", lambda self, one: other)
    with pytest.raises(AdapterContractError, match="expected the Customer with this id"):
        here.get().begin()


@frozen
class Fussy:
    """A need whose own `read` is broken, or refuses in its own words."""

    error: Any = None

    def read(self, answer: object, /) -> int:
        if self.error:
            raise self.error
        assert type(answer) is int
        return answer


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (NotAnAnswer("an int, in pence"), "expected: an int, in pence"),
        (ValueError("a secret"), "could not read its answer: ValueError"),
        (RecursionError(), "could not read its answer: RecursionError"),
    ],
)
def test_need_that_cannot_read_its_answer_makes_its_section_unknown(
    error: Exception, why: str
) -> None:
    need = Fussy(error)
    odd = Odd(lambda facts: red("odd") if facts[need] else green("odd"), needs=(need,))
    here = with_odd(odd, answers={Fussy: Answering(1)})
    assert_isolated(here, "section.unanswered")
    message = here.get().view().section(ODD).message
    assert why in message
    assert message.count("secret") == repr(need).count("secret")


# ---------------------------------------------------------------- users, performers, recipients


def test_users_that_cannot_be_looked_up_are_unknown_in_a_view(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """*Not visible* is not *gone*: the section is unknown, not red; the others still show."""
    here = world()
    here.add_order()
    here.ready().enter(NewOwner("t-7"))

    def find(ids: Sequence[str]) -> Mapping[str, Any]:
        raise OSError("the directory is away")

    monkeypatch.setattr(here.users, "find", find)
    view = here.get().view()
    assert Light.UNKNOWN is view.section("ownership").light
    assert Light.GREEN is view.section("reasons").light
    # Once in reading.judge: users that cannot be looked up hide what the CRM has answered.
    assert "1 still open" == view.section("sales_orders").message
    tables = here.tables()
    with pytest.raises(CommandFailed):
        here.get().process(view.token)
    assert tables == here.tables()


@pytest.mark.parametrize("answer", [None, False, 1, "done", "true"])
def test_performer_that_does_not_answer_true_has_done_nothing(answer: Any) -> None:
    """Only the literal True says that it was done; else nothing of the command stays."""
    performer = Performer(AssignOwner, lambda effect, customer: answer)
    here = world(performers=[performer])
    here.ready().enter(NewOwner("t-7"))
    tables, history = here.tables(), here.history()
    said = "did not find what it expects" if answer is False else "expected True or False"
    with pytest.raises(Failed, match=f"AssignOwner.*{said}"):
        here.get().perform_now("ownership")
    assert (tables, history) == (here.tables(), here.history())


def test_performer_that_refuses_is_an_obstacle_with_its_reason() -> None:
    why = Message("Tom has too many customers")
    refusing = Performer(AssignOwner, lambda effect, customer: True, lambda effect, customer: why)
    here = world(performers=[refusing])
    here.ready().enter(NewOwner("t-7"))
    plan = here.get().plan()
    assert ("Ownership: Tom has too many customers",) == plan.obstacles
    tables = here.tables()
    with pytest.raises(Blocked, match="Ownership: Tom has too many customers"):
        here.get().process(plan.token)
    with pytest.raises(Blocked, match="Ownership: Tom has too many customers"):
        here.get().perform_now("ownership")
    assert tables == here.tables()


@pytest.mark.parametrize("why", [False, True, "too many", 5])
def test_performer_that_refuses_with_nonsense_breaks_its_contract(why: Any) -> None:
    refusing = Performer(AssignOwner, lambda effect, customer: True, lambda effect, customer: why)
    here = world(performers=[refusing])
    here.ready().enter(NewOwner("t-7"))
    with pytest.raises(AdapterContractError, match=f"refused with {type(why).__name__}"):
        here.get().perform_now("ownership")


@pytest.mark.parametrize("people", [None, 5, ["boss"], [None]])
def test_recipients_that_are_no_people_fail_the_process(people: Any) -> None:
    here = world()
    here.ready()
    token = here.get().plan().token
    here.recipients.told["processed"] = people
    tables = here.tables()
    with pytest.raises((CommandFailed, AdapterContractError)):
        here.get().process(token)
    assert tables == here.tables()


# ---------------------------------------------------------------- plug-ins and forms that change

INVOICES = records_section("invoices", title="Invoices")
WITH_INVOICES = STANDARD.with_section(INVOICES, after="sales_orders")
KINDS = ("assets", *COUNTS, "expiries", "invoices")


def later(here: World, checklist: Checklist) -> World:
    """Return the same world after a new release of the host, with another checklist."""
    return evolve(
        here, kit=evolve(here.kit, checklist=checklist, translator=world().kit.translator)
    )


def test_section_whose_plug_in_is_gone_is_unknown_and_blocks() -> None:
    """It is named, it blocks, and the others are fine."""
    here = world(WITH_INVOICES, kinds=KINDS)
    here.ready()
    here = later(here, STANDARD)
    view = here.get().view()
    assert [*(line.key for line in view.sections)] == [s.key for s in WITH_INVOICES.sections]
    line = view.section("invoices")
    assert (Light.UNKNOWN, "section.missing") == (line.light, line.code)
    assert "Could not be checked: the plug-in for invoices is not installed" == line.message
    assert ("invoices",) == tuple(line.key for line in view.blocked_by)
    with pytest.raises(Blocked, match="the plug-in for invoices is not installed"):
        here.get().process(here.get().plan().token)


def test_cancellation_whose_plug_in_is_gone_can_be_removed() -> None:
    here = world(WITH_INVOICES, kinds=KINDS)
    here.ready()
    here = later(here, STANDARD)
    assert here.get().remove().now.value == "live"


def test_what_was_entered_for_a_plug_in_that_is_gone_is_still_shown() -> None:
    here = with_odd(Odd(fine))
    here.ready().enter(OddForm("precious"))
    here = later(here, STANDARD)
    assert {"text": "precious"} == here.get().view().section(ODD).entered
    with pytest.raises(UnknownSection, match="the forms are"):
        here.get().enter(OddForm("again"))


def test_section_that_came_later_is_not_in_an_open_cancellation() -> None:
    """The checklist is copied at Begin: later edits do not change it midway."""
    here = world(kinds=KINDS)
    here.ready()
    here = later(here, WITH_INVOICES)
    assert 9 == len(here.get().view().sections)
    with pytest.raises(UnknownSection, match="invoices"):
        here.get().perform_now("invoices")


def test_entry_whose_form_has_another_version_is_unreadable_not_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = with_odd(Odd(fine))
    here.ready().enter(OddForm("precious"))
    assert Light.GREEN is here.get().view().section(ODD).light
    monkeypatch.setattr(OddForm, "version", 2)
    line = here.get().view().section(ODD)
    assert (Light.UNKNOWN, "section.unreadable") == (line.light, line.code)
    assert {"text": "precious"} == line.entered
    assert Light.GREEN is here.get().view().section("reasons").light
    with pytest.raises(Blocked, match="Odd: What was entered cannot be read"):
        here.get().process(here.get().plan().token)
    here.get().enter(OddForm("anew"))
    assert Light.GREEN is here.get().view().section(ODD).light


@pytest.mark.parametrize("data", [{}, {"option": 5}, {"option": "angry", "x": 1}, {"mood": "x"}])
def test_damaged_entry_is_unreadable_not_empty(data: Mapping[str, Any]) -> None:
    """An empty object is what a Mood may be; anything else that does not fit is damage."""
    here = world()
    here.ready().enter(Mood("angry"))
    record = here.record()
    entries = tuple(evolve(e, data=data) if e.section == "mood" else e for e in record.entries)
    here.put_record(evolve(record, entries=entries))
    line = here.get().view().section("mood")
    assert ("mood.none" if data == {} else "section.unreadable") == line.code


def test_damaged_record_of_what_was_performed_is_shown_not_raised() -> None:
    """Once in reading._performed: a view raises PluginError, instead of an unknown section."""
    here = world()
    here.ready().enter(NewOwner("t-7"))
    here.get().perform_now("ownership")
    record = here.record()
    done = tuple(evolve(one, data={"who": "t-7"}) for one in record.performed)
    here.put_record(evolve(record, performed=done))
    view = here.get().view()
    assert Light.UNKNOWN is view.section("ownership").light
    assert Light.GREEN is view.section("reasons").light


def test_damaged_record_of_what_was_performed_is_not_put_back() -> None:
    here = world()
    here.ready().enter(NewOwner("t-7"))
    here.get().perform_now("ownership")
    record = here.record()
    done = tuple(evolve(one, data={"who": "t-7"}) for one in record.performed)
    here.put_record(evolve(record, performed=done))
    tables = here.tables()
    with pytest.raises(PluginError, match="AssignOwner cannot be read any more"):
        here.get().remove(put_back=True)
    assert tables == here.tables()
    assert ["assign_owner"] == [one.kind for one in here.get().remove().stays]
