"""Malformed input and commands that may not be: a typed error that explains, and no change."""

from __future__ import annotations

import asyncio
import fractions
import re
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from functools import partial
from typing import Any

import pytest
from attrs import define, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from cancelkit import (
    CancelkitError,
    Cancellation,
    Customer,
    Invalid,
    Mood,
    NewOwner,
    Person,
    Reason,
    Reasons,
    Refused,
    Status,
)
from cancelkit.errors import (
    REFUSED_BY_CODE,
    AdapterContractError,
    AlreadyCancelled,
    Blocked,
    CommandFailed,
    ConfirmationMissing,
    NewerAnswer,
    NotAllowed,
    NotPending,
    OperationReused,
    StaleToken,
    UnknownCustomer,
    UnknownReason,
    UnknownSection,
    UnknownUser,
)
from cancelkit.plan import parse_token
from cancelkit.records import State, Verb
from cancelkit.sections.creating_expiry import FUTURE_EXPIRY_CREATING, CreateExpiry, NewExpiry
from cancelkit.text import ID_LIMIT, TEXT_LIMIT
from cancelkit.times import checked_instant
from tests import strategies as sts
from tests.world import World, world


def expect(
    here: World, error: type[CancelkitError], sentence: str, command: Callable[[], object]
) -> CancelkitError:
    """Expect an error whose sentence says so much, and that nothing has changed.

    A refusal is one more entry of the history; what is invalid is none.
    """
    tables, entries = here.tables(), len(here.history())
    with pytest.raises(error, match=sentence) as raised:
        command()
    assert error is type(raised.value)
    assert str(raised.value).endswith(".")
    assert tables == here.tables()
    recorded = len(here.history()) - entries
    assert (1 if isinstance(raised.value, Refused) else 0) == recorded
    return raised.value


# ---------------------------------------------------------------- customers


@pytest.mark.parametrize("customer", ["C-2", "c-1", "C-1\u200b", "\uff23-1", "../C-1", "C-1.0"])
def test_customer_that_is_not_there_is_unknown(customer: str) -> None:
    """Ids are compared character by character; nothing is guessed."""
    here = world()
    cancellation = here.desk().get(customer)
    commands: list[Callable[[], object]] = [
        cancellation.begin,
        cancellation.view,
        cancellation.plan,
        cancellation.remove,
        cancellation.process,
        lambda: cancellation.enter(Mood("angry")),
        lambda: cancellation.perform_now("ownership"),
    ]
    for command in commands:
        error = expect(here, UnknownCustomer, "There is no customer", command)
        assert repr(customer) in str(error)
        assert isinstance(error, LookupError)


def test_customer_of_another_tenant_is_unknown() -> None:
    """Another tenant's customer looks exactly like one that is absent."""
    here = world()
    here.host.tenant = "other"
    expect(here, UnknownCustomer, "no customer 'C-1' here", here.begun)


def test_deleted_customer_is_unknown_and_the_history_stays() -> None:
    here = world()
    here.begun().remove()
    here.crm.delete_customer("C-1")
    expect(here, UnknownCustomer, "no customer 'C-1' here", here.get().begin)
    assert [Verb.BEGIN, Verb.REMOVE] == [entry.verb for entry in here.get().history()]


BAD_IDS = [
    "",
    " ",
    " C-1",
    "C-1 ",
    "C\n1",
    "C\t1",
    "C\x001",
    "\ud800",
    "x" * (ID_LIMIT + 1),
    None,
    1,
]


@pytest.mark.parametrize("customer", BAD_IDS)
def test_malformed_customer_id_is_invalid(customer: Any) -> None:
    here = world()
    expect(here, Invalid, "^[Tt]he customer id ", lambda: here.desk().get(customer))
    expect(here, Invalid, "^[Tt]he customer id ", lambda: here.desk().begin(customer))
    expect(here, Invalid, "^[Aa] customer id ", lambda: here.desk().banners([customer]))


@pytest.mark.parametrize("actor", BAD_IDS)
def test_malformed_actor_is_invalid(actor: Any) -> None:
    here = world()
    with pytest.raises(Invalid, match="the actor's id"):
        here.kit.at(here.host, actor=Person(actor, "Name"))


# ---------------------------------------------------------------- sections, reasons, moods, users


def test_unknown_section_lists_those_that_there_are() -> None:
    """Also for no section at all: Perform Now of "" is not Perform Now of everything."""
    here = world()
    cancellation = here.begun()
    listed = "the sections are: reasons, ownership, future_expiry, assets, cases, opportunities"
    for section in ("invoices", "", "Ownership", "ownership "):
        perform = partial(cancellation.perform_now, section)
        expect(here, UnknownSection, f"no section {section!r}; {listed}", perform)
        enter = partial(cancellation.enter_data, section, {})
        expect(here, UnknownSection, listed, enter)


def test_section_into_which_nothing_can_be_entered_says_so() -> None:
    here = world()
    enter = partial(here.get().enter_data, "assets", {})
    here.begun()
    expect(here, UnknownSection, "Nothing can be entered for the section 'assets'", enter)


@frozen
class StrangeForm:
    text: str = ""


@pytest.mark.parametrize("form", [StrangeForm(), "price", 1, {"option": "angry"}, Mood, object()])
def test_what_is_no_form_lists_the_forms(form: object) -> None:
    here = world()
    cancellation = here.begun()
    listed = "the forms are: Mood, NewOwner, Reasons"
    expect(here, UnknownSection, listed, lambda: cancellation.enter(form))


def test_nothing_is_no_form() -> None:
    """Once in orders.order: `enter(None)` is accepted, and stores an entry for the section ""."""
    here = world()
    cancellation = here.begun()
    expect(here, UnknownSection, "the forms are", lambda: cancellation.enter(None))


@pytest.mark.parametrize(
    ("form", "error", "sentence"),
    [
        (Reasons("nope"), UnknownReason, "no reason code 'nope'; the codes are: price, service"),
        (Reasons(["price", "Price"]), UnknownReason, "no reason code 'Price'"),
        (Reasons("other"), Invalid, r"'Other' \(other\) requires a comment"),
        (Reasons(Reason("other", " \n")), Invalid, "requires a comment"),
        (Mood("nope"), UnknownReason, "no mood 'nope'; the moods are: happy, neutral"),
        (NewOwner("nobody"), UnknownUser, "no user 'nobody'"),
        (NewOwner("x"), Invalid, r"Gone \(x\) is not an active user; choose an active one"),
    ],
)
def test_answer_that_the_host_does_not_know_is_refused_with_what_there_is(
    form: object, error: type[CancelkitError], sentence: str
) -> None:
    here = world()
    cancellation = here.begun()
    expect(here, error, sentence, lambda: cancellation.enter(form))
    assert cancellation.view().section("reasons").entered is None


@pytest.mark.parametrize(
    ("section", "data", "path"),
    [
        ("mood", {"option": 5}, r"expected str, not int @ Mood\.option"),
        ("mood", {"option": None}, r"Mood\.option"),
        ("mood", {"opinion": "angry"}, "unknown: opinion"),
        ("mood", [], "expected an object, not list"),
        ("ownership", {"user": "t-7", "keep": "false"}, r"expected bool, not str @ NewOwner\.keep"),
        ("ownership", {"user": "t-7", "keep": True}, "not both"),
        ("reasons", {"codes": "price"}, r"expected a list, not str @ Reasons\.codes"),
        ("reasons", {"codes": ["price"]}, r"Reasons\.codes\[0\]"),
        ("reasons", {"codes": [{"code": "price", "comment": 1}]}, r"codes\[0\]\.comment"),
        ("reasons", {"codes": [{"comment": "x"}]}, r"missing: code|Reasons\.codes\[0\]"),
        ("reasons", {"text": "a\x00b"}, r"U\+0000 at position 1"),
        ("reasons", {"codes": [{"code": "price"}, {"code": "price"}]}, "given twice"),
    ],
)
def test_malformed_json_of_a_form_is_invalid_with_its_path(
    section: str, data: Any, path: str
) -> None:
    here = world()
    cancellation = here.begun()
    with pytest.raises(Invalid, match=path):
        cancellation.enter_data(section, data)
    assert () == here.record().entries


@pytest.mark.parametrize(
    "make",
    [
        lambda: Reasons(5),  # type: ignore[arg-type]  # what a careless caller gives
        lambda: Reasons(None),  # type: ignore[arg-type]  # likewise
        lambda: Reasons([5]),  # type: ignore[list-item]  # likewise
        lambda: Reasons([None]),  # type: ignore[list-item]  # likewise
        lambda: Reasons([["price"]]),  # type: ignore[list-item]  # likewise
    ],
)
def test_reasons_of_another_type_are_invalid(make: Callable[[], object]) -> None:
    """Once in sections/reasons.py: a raw TypeError or AttributeError instead of Invalid."""
    with pytest.raises(Invalid):
        make()


@pytest.mark.parametrize(
    "form",
    [
        NewOwner("t-7", keep=0),  # type: ignore[arg-type]  # what a careless caller gives
        NewOwner(keep="false"),  # type: ignore[arg-type]  # likewise
        NewOwner(keep=1),  # type: ignore[arg-type]  # likewise
    ],
)
def test_form_with_a_value_of_another_type_is_invalid(form: NewOwner) -> None:
    """Once in orders.order: stored as it is, so that the section cannot be read afterwards.

    `NewOwner(keep="false")` even means "keep" until it is read back. The JSON form of what is
    entered must be read back strictly before it is stored.
    """
    here = world()
    cancellation = here.begun()
    expect(here, Invalid, r"NewOwner\.keep", lambda: cancellation.enter(form))


@pytest.mark.parametrize("on", [datetime(2026, 4, 1, 12), "1 April", 20260401])  # noqa: DTZ001 - the mistake
def test_expiry_on_something_else_than_a_day_is_invalid(on: Any) -> None:
    """Once too: a datetime is stored and unreadable, a text fails with a TypeError."""
    here = creating_expiries()
    cancellation = here.begun()
    expect(here, Invalid, r"NewExpiry\.on", lambda: cancellation.enter(NewExpiry(on)))


def creating_expiries() -> World:
    from cancelkit import STANDARD
    from cancelkit.effects import Performer

    performer = Performer(CreateExpiry, lambda effect, customer: True)
    return world(STANDARD.replacing(FUTURE_EXPIRY_CREATING), performers=[performer])


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize("bad", sts.BAD_CHARACTERS, ids=lambda bad: f"U+{ord(bad):04X}")
def test_forbidden_character_is_refused_in_every_text(bad: str) -> None:
    """NUL, control characters and lone surrogates: each store treats them differently."""
    named = f"U\\+{ord(bad):04X} at position 1"
    for make in (
        lambda: Reasons(text=f"a{bad}b"),
        lambda: Reasons(extra=f"a{bad}b"),
        lambda: Reason("other", f"a{bad}b"),
        lambda: Reason(f"a{bad}b"),
        lambda: Mood(f"a{bad}b"),
        lambda: NewOwner(f"a{bad}b"),
        lambda: NewExpiry(note=f"a{bad}b"),
    ):
        with pytest.raises(Invalid, match=named):
            make()


@pytest.mark.parametrize(
    ("make", "limit"),
    [
        (lambda text: Reasons(text=text), TEXT_LIMIT),
        (lambda text: Reasons(extra=text), TEXT_LIMIT),
        (lambda text: Reason("other", text), TEXT_LIMIT),
        (Reason, ID_LIMIT),
        (Mood, ID_LIMIT),
        (NewOwner, ID_LIMIT),
        (lambda text: NewExpiry(note=text), ID_LIMIT),
    ],
)
@pytest.mark.parametrize("letter", ["x", "😀", "\u0301"])
def test_text_over_the_limit_is_refused(
    make: Callable[[str], object], limit: int, letter: str
) -> None:
    """Counted in code points; the sentence has the length and the limit."""
    make(letter * limit)
    with pytest.raises(Invalid, match=f"is {limit + 1} characters long; at most {limit}"):
        make(letter * (limit + 1))
    with pytest.raises(Invalid, match=f"at most {limit}"):
        make(letter * 1_000_000)


@pytest.mark.parametrize("value", [None, 1, 1.5, b"x", ["x"], object()])
def test_text_of_another_type_is_refused(value: Any) -> None:
    for make in (
        lambda: Reasons(text=value),
        lambda: Reason("other", value),
        lambda: Mood(value),
        lambda: NewOwner(value),
    ):
        with pytest.raises(Invalid, match=f"must be text, not {type(value).__name__}"):
            make()


@pytest.mark.parametrize("text", sts.HOSTILE)
def test_hostile_text_that_is_allowed_is_kept_letter_by_letter(text: str) -> None:
    """Bidirectional and invisible characters are kept; they are isolated where text is shown."""
    here = world()
    cancellation = here.begun()
    cancellation.enter(Reasons("price", text=text, extra=text))
    entered = cancellation.view().section("reasons").entered
    assert entered is not None
    assert (text, text) == (entered["text"], entered["extra"])
    assert Reasons("price", text=text, extra=text) == Reasons("price", text=text, extra=text)


def test_line_ends_of_browsers_become_newlines() -> None:
    r"""Once in sections/reasons.py: what `checked_text` returns is thrown away, `\r\n` is stored.

    So a text of a browser takes up to twice the limit, and differs from the same one of a script.
    """
    assert ("a\nb", "c\nd") == (Reasons(text="a\r\nb").text, Reason("other", "c\r\nd").comment)


def test_what_a_person_wrote_is_in_no_repr() -> None:
    """Reprs end in logs (promise F54)."""
    here = world()
    secret = "canary-4711"
    cancellation = here.begun()
    cancellation.enter(Reasons(Reason("other", secret), text=secret, extra=secret))
    view = cancellation.view()
    shown = [
        repr(here.record()),
        repr(here.history()),
        repr(Reasons(Reason("other", secret), text=secret, extra=secret)),
        repr(view.section("cases")),
        repr(list(here.tables().values())),
    ]
    assert [False] * len(shown) == [secret in text for text in shown]


def test_text_of_the_reasons_is_in_no_repr_of_a_view() -> None:
    """Once: `Line.message` and `SectionState.message` hold the free text, and show it in reprs."""
    here = world()
    cancellation = here.begun()
    cancellation.enter(Reasons(text="canary-4711"))
    assert "canary-4711" not in repr(cancellation.view())


# ---------------------------------------------------------------- time


class NaiveClock:
    def now(self) -> datetime:
        return datetime(2026, 3, 2, 9)  # noqa: DTZ001 - the very mistake


@pytest.mark.parametrize("verb", ["begin", "view", "remove"])
def test_naive_clock_is_refused(verb: str) -> None:
    """The zone of a naive time would be a guess."""
    here = world()
    here.host.clock = NaiveClock()
    command = getattr(here.get(), verb)
    expect(here, AdapterContractError, "Clock.now .* 2026-03-02T09:00:00 has no time zone", command)


@pytest.mark.parametrize("now", [None, "2026-03-02T09:00:00+00:00", 1772442000, date(2026, 3, 2)])
def test_clock_that_gives_no_datetime_is_refused(now: Any) -> None:
    with pytest.raises(Invalid, match=f"must be a datetime, not {type(now).__name__}"):
        checked_instant(now, "the clock's time")


# ---------------------------------------------------------------- operation ids


@pytest.mark.parametrize("op", [bad for bad in BAD_IDS if bad])
def test_malformed_operation_id_is_invalid(op: Any) -> None:
    here = world()
    expect(here, Invalid, "^the operation id ", lambda: here.get().begin(op=op))


def test_empty_operation_id_is_invalid() -> None:
    """Once: `op=""` silently makes a new id, so that a form that lost its id is not idempotent.

    "An empty operation id" is bad input (promise F9): the default should be None.
    """
    here = world()
    expect(here, Invalid, "the operation id is empty", lambda: here.get().begin(op=""))


def test_longest_operation_id_is_taken() -> None:
    op = "ö" * ID_LIMIT
    assert op == world().get().begin(op=op).op


def test_repeat_of_an_accepted_command_gives_the_first_answer() -> None:
    here = world()
    first = here.get().begin(op="op-1")
    here.clock.forward(timedelta(days=3))
    tables, history = here.tables(), here.history()
    again = here.get().begin(op="op-1")
    assert (first.at, first.cancellation, True) == (again.at, again.cancellation, again.replayed)
    assert (tables, history) == (here.tables(), here.history())


def test_operation_id_with_other_arguments_is_refused() -> None:
    here = world()
    cancellation = here.begun()
    cancellation.enter(Reasons("price"), op="op-1")
    for other in (Reasons("moved"), Reasons("price", text="x"), Mood("angry"), NewOwner("t-7")):
        again = partial(cancellation.enter, other, op="op-1")
        expect(here, OperationReused, "operation id op-1 was used before, with other arg", again)
    token = cancellation.view().token
    again = partial(cancellation.enter, Reasons("price"), token=token, op="op-1")
    expect(here, OperationReused, "op-1", again)


def test_operation_id_of_another_actor_is_refused() -> None:
    """The first answer goes to nobody but the one who got it."""
    here = world()
    here.get("alice").begin(op="op-1")
    error = expect(here, OperationReused, "op-1", lambda: here.get("bob").begin(op="op-1"))
    assert "Alice" not in str(error)


def test_operation_id_of_another_verb_or_customer_is_another_operation() -> None:
    """The scope of an operation id is (tenant, customer, verb)."""
    here = world()
    here.crm.put_customer(Customer("C-2", "Other", Status("live")))
    here.get().begin(op="op-1")
    assert not here.get().enter(Mood("angry"), op="op-1").replayed
    assert not here.get().remove(op="op-1").replayed
    assert not here.desk().get("C-2").begin(op="op-1").replayed


def test_refused_command_uses_its_operation_id_not_up() -> None:
    here = world()
    here.add_order()
    cancellation = here.ready()
    token = cancellation.plan().token
    expect(here, Blocked, "Sales Orders", lambda: cancellation.process(token, op="op-1"))
    here.add_order("completed")
    fresh = cancellation.plan().token
    assert State.CANCELLED is cancellation.process(fresh, op="op-1").now


def test_invalid_command_uses_its_operation_id_not_up() -> None:
    here = world()
    cancellation = here.begun()
    expect(here, UnknownReason, "nope", lambda: cancellation.enter(Reasons("nope"), op="op-1"))
    assert not cancellation.enter(Reasons("price"), op="op-1").replayed


@pytest.mark.parametrize(("one", "other"), [("a", "A"), ("é", "e\u0301"), ("op", "op\u200b")])
def test_operation_ids_are_compared_character_by_character(one: str, other: str) -> None:
    here = world()
    assert not here.get().begin(op=one).replayed
    assert not here.get().begin(op=other).replayed


# ---------------------------------------------------------------- tokens and confirmation


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b",
        "a.b.c",
        "id-1.-1.00",
        "id-1.1.5",  # the digest is not one
        "id-1.1.",
        ".1.00",
        "..",
        ".1.",
        "id-1.\uff11.00",
        "id-1.1.0\n",
        "id-1.1.0\x00",
        " ",
        "x" * 500,
        "id-1." + "9" * 5000 + ".00",
    ],
)
def test_malformed_token_is_invalid(token: str) -> None:
    """Once for ".1.00", "id-1.1.", ".1." and a digest that is none: they count as merely stale."""
    with pytest.raises(Invalid):
        parse_token(token)


@pytest.mark.parametrize("token", ["x", "a.b.c", 5, b"a.1.b", "a.\ud800.c"])
def test_command_with_a_malformed_token_changes_nothing(token: Any) -> None:
    here = world()
    cancellation = here.begun()
    expect(here, Invalid, "token", lambda: cancellation.process(token))
    expect(here, Invalid, "token", lambda: cancellation.enter(Mood("angry"), token=token))


def test_process_without_a_token_is_told_what_to_confirm() -> None:
    here = world()
    cancellation = here.ready()
    error = expect(here, ConfirmationMissing, "take it from the fresh plan", cancellation.process)
    assert isinstance(error, Refused)
    fresh = error.fresh
    assert cancellation.plan() == fresh


def test_process_on_a_stale_token_gives_the_fresh_plan() -> None:
    here = world()
    cancellation = here.ready()
    token = cancellation.plan().token
    here.add_order()
    error = expect(here, StaleToken, "look at the fresh plan", lambda: cancellation.process(token))
    assert isinstance(error, Refused)
    assert cancellation.plan() == error.fresh
    assert ("stale_token", "blocked") == error.codes
    assert ("sales_orders",) == error.sections


def test_token_of_another_cancellation_is_stale() -> None:
    """Of an earlier one of the same customer, or of another customer's."""
    here = world()
    here.crm.put_customer(Customer("C-2", "Other", Status("live")))
    other = here.desk().begin("C-2").view().token
    old = here.ready().plan().token
    here.get().remove()
    cancellation = here.ready()
    for token in (other, old):
        process = partial(cancellation.process, token)
        expect(here, StaleToken, "something has changed", process)
        enter = partial(cancellation.enter, Mood(), token=token)
        expect(here, StaleToken, "something has changed", enter)


def test_newer_answer_of_somebody_else_is_not_overwritten() -> None:
    here = world()
    here.begun()
    token = here.get("alice").view().token
    here.get("bob").enter(Mood("angry"))
    enter = partial(here.get("alice").enter, Mood("happy"), token=token)
    error = expect(here, NewerAnswer, "Customer Mood: Bob has entered something newer", enter)
    assert isinstance(error, Refused)
    assert ("mood",) == error.sections


# ---------------------------------------------------------------- the wrong state


def test_command_in_the_wrong_state_names_state_and_moves() -> None:
    here = world()
    expect(here, NotPending, "the customer is Live; moves allowed now: Begin", here.get().remove)
    cancellation = here.ready()
    cancellation.process(cancellation.plan().token)
    expect(here, AlreadyCancelled, "by Alice at .* UTC; moves allowed now: Reinstate", here.begun)
    with pytest.raises(NotPending, match="the customer is Cancelled; moves allowed now: Reinstate"):
        cancellation.plan()


def test_every_refusal_has_a_code_that_names_its_class() -> None:
    assert all(issubclass(kind, Refused) for kind in REFUSED_BY_CODE.values())


# ---------------------------------------------------------------- who may


class Weird(Enum):
    TRUE = True


class Number(IntEnum):
    ONE = 1


class Truthy:
    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]  # as hostile as it gets


class Text(str):
    __slots__ = ()


async def granted() -> bool:
    return True


def grants() -> Iterator[bool]:
    yield True


class Answering:
    """A role checker that answers the same to everything, or raises it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def allows(self, actor: Person, action: str, customer: Customer) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


NOT_TRUE: list[Any] = [
    None,
    False,
    0,
    1,
    -1,
    2,
    1.0,
    0.0,
    float("nan"),
    float("inf"),
    1j,
    Decimal(1),
    fractions.Fraction(1),
    "",
    "true",
    "True",
    "TRUE",
    "false",
    "yes",
    "1",
    "CRM Admin",
    Text("True"),
    b"true",
    b"",
    bytearray(b"1"),
    memoryview(b"1"),
    [],
    [True],
    (),
    (True,),
    {},
    {"allowed": True},
    {True},
    frozenset((True,)),
    range(1),
    slice(1),
    object(),
    object,
    bool,
    Truthy(),
    Weird.TRUE,
    Number.ONE,
    Ellipsis,
    NotImplemented,
    type,
    len,
    grants,
    granted,
    lambda: True,
    Person("alice"),
    Status("live"),
    date(2026, 3, 2),
    timedelta(1),
    re.compile("x"),
    warnings,
    asyncio,
    *(chr(c) for c in range(0x30, 0x3A)),
    *range(3, 33),
    *(kind("no") for kind in (ValueError, RuntimeError, KeyError, PermissionError, OSError)),
    RecursionError(),
    MemoryError(),
    StopIteration(),
    AttributeError("None has no roles"),
    ZeroDivisionError(),
    Invalid("no"),
    CommandFailed("no"),
    NotAllowed("no", ()),
    AssertionError(),
    TimeoutError(),
]


def test_there_are_more_than_100_answers_that_are_not_true() -> None:
    assert 100 < len(NOT_TRUE)
    assert [] == [answer for answer in NOT_TRUE if answer is True]


@pytest.mark.parametrize("at", range(len(NOT_TRUE)))
def test_only_the_literal_true_grants(at: int) -> None:
    """Anything else denies, and so does an exception; it is recorded (promise F18)."""
    here = world(roles=Answering(NOT_TRUE[at]))
    error = expect(here, NotAllowed, "Alice has no role that allows this", here.begun)
    assert isinstance(error, PermissionError)
    entry = here.history()[-1]
    assert (False, "alice", ("not_allowed",)) == (
        entry.accepted,
        entry.actor.id,
        tuple(refusal.code for refusal in entry.refusals),
    )
    assert isinstance(NOT_TRUE[at], BaseException) == bool(here.reports)
    with pytest.raises(NotAllowed, match="Alice has no role that allows this"):
        here.get().view()


def test_coroutine_does_not_grant() -> None:
    """The commonest mistake of all: an async role checker, called and never awaited."""
    coroutine = granted()
    try:
        here = world(roles=Answering(coroutine))
        expect(here, NotAllowed, "no role", here.begun)
    finally:
        coroutine.close()


@given(answer=st.one_of(st.integers(), st.text(), st.floats(), st.binary(), sts.JSON_VALUES))
def test_no_value_but_true_grants(answer: Any) -> None:
    here = world(roles=Answering(answer))
    if answer is True:
        assert State.PENDING is here.get().begin().now
    else:
        with pytest.raises(NotAllowed):
            here.get().begin()


@define
class Changing:
    """A role checker whose answer a test turns, and that remembers what it was asked."""

    granting: bool = True
    asked: list[tuple[str, str]] = field(factory=list)

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        self.asked.append((actor.id, action))
        return self.granting


COMMANDS: dict[Verb, tuple[str, Callable[[Cancellation], object]]] = {
    Verb.BEGIN: ("begin", lambda c: c.begin()),
    Verb.ENTER: ("edit", lambda c: c.enter(Mood("angry"))),
    Verb.PERFORM_NOW: ("edit", lambda c: c.perform_now("ownership")),
    Verb.REMOVE: ("remove", lambda c: c.remove()),
    Verb.PROCESS: ("process", lambda c: c.process(f"a.1.{'0' * 64}")),
    Verb.SCHEDULE: ("process", lambda c: c.process(f"a.1.{'0' * 64}", on=date(2030, 1, 1))),
    Verb.OVERRIDE: ("override", lambda c: c.override("assets", "the owner knows")),
    Verb.ADOPT: ("override", lambda c: c.adopt()),
    Verb.END: ("override", lambda c: c.end()),
    Verb.REINSTATE: ("reinstate", lambda c: c.reinstate()),
}


@pytest.mark.parametrize("verb", Verb, ids=lambda verb: verb.value)
def test_every_command_asks_for_the_role_again(verb: Verb) -> None:
    """A role that was taken away between two clicks is gone; the refusal is recorded."""
    roles = Changing()
    here = world(roles=roles)
    cancellation = here.ready()
    cancellation.enter(NewOwner("t-7"))
    roles.granting = False
    roles.asked = []
    action, command = COMMANDS[verb]
    expect(here, NotAllowed, "Alice has no role", lambda: command(cancellation))
    assert [("alice", action)] == roles.asked
    assert verb is here.history()[-1].verb


def test_who_may_not_is_told_nothing_about_the_state() -> None:
    """Authority comes first: a refusal does not tell whether something is pending, or blocked."""
    roles = Changing()
    here = world(roles=roles)
    here.ready()
    roles.granting = False
    sentences = set()
    for verb in (Verb.REMOVE, Verb.PROCESS):
        with pytest.raises(NotAllowed) as refused:
            COMMANDS[verb][1](here.get())
        assert refused.value.fresh is None
        sentences.add(str(refused.value).split("was refused")[1])
    assert 1 == len(sentences)


def test_host_that_raises_fails_the_command_and_nothing_has_changed() -> None:
    """A fault of the host is no decision: it is not recorded, and the cause is kept."""
    here = world()
    here.begun()

    class Broken:
        def now(self) -> datetime:
            raise OSError("no clock")

    here.host.clock = Broken()
    error = expect(here, CommandFailed, "OSError; the unit of work was rolled", here.get().remove)
    assert OSError is type(error.__cause__)
