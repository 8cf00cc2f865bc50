"""The host's catalogue of reasons: it changes, and what was entered before stays what it was."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cancelkit import Cancellation, Checklist, Gate, Reason, Reasons
from cancelkit.adapters.memory import MemoryNotifier
from cancelkit.errors import Invalid, UnknownReason
from cancelkit.messages import Message
from cancelkit.records import State
from cancelkit.relay import Relay
from cancelkit.sections import MoodSection, ReasonCode, ReasonsSection
from cancelkit.states import Light
from cancelkit.testing import SectionContract
from tests.test_sections import facts, text
from tests.world import BOSS, World, world

PRICE, MOVED = ReasonCode("price", "Price"), ReasonCode("moved", "Moved away")
OLD_FAX = ReasonCode("fax", "Fax is no more", retired=True)
CATALOGUE = ReasonsSection((PRICE, OLD_FAX, MOVED))
NOT_REQUIRED = ReasonsSection(required=False)


class TestReasonsWithRetiredCodes(SectionContract):
    section = CATALOGUE
    examples = 20


class TestReasonsThatAreNotRequired(SectionContract):
    section = NOT_REQUIRED
    examples = 20


# ---------------------------------------------------------------- retired codes


@pytest.mark.parametrize("before", [(), (Reasons(),), (Reasons("price", text="fax"),)])
def test_retired_code_cannot_be_newly_chosen(before: tuple[Reasons, ...]) -> None:
    expected = r"'Fax is no more' \(fax\) is not in use any more; the codes are: price, moved\."
    with pytest.raises(UnknownReason, match=expected):
        CATALOGUE.check(Reasons(["price", "fax"]), facts(*before))


@pytest.mark.parametrize("code", ["fax", "telex"])
def test_code_that_was_entered_before_may_be_kept(code: str) -> None:
    """Retired, or gone from the list: an edit of the text must not cost the reason."""
    before = facts(Reasons(code))
    CATALOGUE.check(Reasons([code, "moved"], text="reworded"), before)
    with pytest.raises(UnknownReason, match="'letter'; the codes are: price, moved"):
        CATALOGUE.check(Reasons([code, "letter"]), before)


@pytest.mark.parametrize(("code", "shown"), [("fax", "Fax is no more"), ("telex", "telex")])
def test_code_that_is_not_offered_any_more_still_counts(code: str, shown: str) -> None:
    """It keeps its label; one that has gone from the list is shown by its code."""
    state = CATALOGUE.evaluate(facts(Reasons(code)))
    assert (Light.GREEN, shown) == (state.light, text(state))


def test_retired_code_still_requires_its_comment() -> None:
    own = ReasonsSection((ReasonCode("fax", "Fax", comment_required=True, retired=True),))
    before = facts(Reasons(Reason("fax", "a comment")))
    own.check(Reasons(Reason("fax", "another comment")), before)
    with pytest.raises(Invalid, match=r"'Fax' \(fax\) requires a comment"):
        own.check(Reasons("fax"), before)


def test_list_that_offers_nothing_says_so() -> None:
    with pytest.raises(UnknownReason, match="no reason code 'price'; the codes are: none"):
        ReasonsSection(()).check(Reasons("price"), facts())


def with_catalogue(here: World, *codes: ReasonCode) -> Cancellation:
    """The same cancellation after the host has edited its list of reasons."""
    here.kit = evolve(here.kit, checklist=Checklist((ReasonsSection(codes),)))
    return here.get()


@pytest.mark.parametrize(
    ("codes", "shown"),
    [((PRICE._replace(retired=True), MOVED), "Price"), ((MOVED,), "price")],
    ids=["retired", "vanished"],
)
def test_open_cancellation_survives_an_edit_of_the_list(
    codes: tuple[ReasonCode, ...], shown: str
) -> None:
    """A settings edit drops nothing: the reason counts, and an edit of the text may keep it."""
    here = world(Checklist((ReasonsSection((PRICE, MOVED)),)))
    here.begun().enter(Reasons("price"))
    after = with_catalogue(here, *codes)
    assert shown == after.view().section("reasons").message
    after.enter(Reasons("price", text="as before"))
    assert f"{shown}; as before" == after.view().section("reasons").message
    assert State.CANCELLED is after.process(after.plan().token).now
    assert f"{shown}; as before" == after.view().section("reasons").message


def test_code_that_was_given_up_cannot_be_chosen_again() -> None:
    """Only what stands there now is kept: a retired code that was replaced is gone."""
    here = world(Checklist((ReasonsSection((PRICE, MOVED)),)))
    here.begun().enter(Reasons("price"))
    after = with_catalogue(here, PRICE._replace(retired=True), MOVED)
    after.enter(Reasons("moved"))
    with pytest.raises(UnknownReason, match=r"'Price' \(price\) is not in use any more"):
        after.enter(Reasons("price"))
    assert "Moved away" == after.view().section("reasons").message


# ---------------------------------------------------------------- what is offered


def test_choices_are_without_the_retired_ones() -> None:
    assert (PRICE, MOVED) == CATALOGUE.choices()


def test_choices_have_what_was_chosen_too() -> None:
    """A form that is shown again must not lose a tick: also of a code that has gone."""
    chosen = (Reason("fax", "a comment"), Reason("telex"), Reason("moved"))
    telex = ReasonCode("telex", "telex", retired=True)
    assert (PRICE, OLD_FAX, MOVED, telex) == CATALOGUE.choices(chosen)
    assert (PRICE, OLD_FAX, MOVED) == CATALOGUE.choices("fax")


def test_choices_are_grouped_in_the_order_of_the_list() -> None:
    """Groups by their first code, and codes as they are listed."""
    rows = [("a", "Us"), ("b", ""), ("c", "Them"), ("d", "Us"), ("e", "Them"), ("f", "")]
    own = ReasonsSection(tuple(ReasonCode(code, code.upper(), group=group) for code, group in rows))
    assert "adbfce" == "".join(one.code for one in own.choices())


CODES = st.lists(
    st.builds(
        ReasonCode,
        st.sampled_from("abcdefgh"),
        st.sampled_from(["One", "Two"]),
        st.booleans(),
        st.sampled_from(["", "Us", "Them"]),
        st.booleans(),
    ),
    unique_by=lambda one: one.code,
)


@given(codes=CODES, chosen=st.lists(st.sampled_from("abcdefghij"), unique=True))
def test_what_is_offered_is_what_may_be_entered(codes: list[ReasonCode], chosen: list[str]) -> None:
    """Each choice once, each group in one piece, and `check` takes exactly the choices."""
    own, before = ReasonsSection(tuple(codes)), facts(Reasons(chosen))
    offered = own.choices(chosen)
    takes = []
    for code in "abcdefghijk":
        try:
            own.check(Reasons(Reason(code, "a comment")), before)
        except UnknownReason:
            continue
        takes.append(code)
    pieces = [group for group, _ in groupby(offered, key=lambda one: one.group)]
    assert sorted(one.code for one in offered) == takes
    assert len(set(pieces)) == len(pieces)


# ---------------------------------------------------------------- a list that cannot be


A = ReasonCode("a", "A")
A_NUMBER: Any = 1  # what a careless caller gives, or an untyped settings file
A_TEXT: Any = "Us"
NOTHING: Any = None


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ((A, PRICE, ReasonCode("a", "Again")), "reason code 'a' is in the list twice"),
        ((A, ReasonCode("a", "Again", retired=True)), "reason code 'a' is in the list twice"),
        ((ReasonCode("", "A"),), "the code of a reason is empty"),
        ((ReasonCode(" a", "A"),), "the code of a reason ' a' begins or ends with white space"),
        ((ReasonCode("a\x00", "A"),), r"the code of a reason has the character U\+0000"),
        ((ReasonCode("a" * 192, "A"),), "the code of a reason is 192 characters long"),
        ((ReasonCode("a", ""),), "The label of the reason code 'a' is empty"),
        ((ReasonCode("a", " "),), "The label of the reason code 'a' is empty"),
        ((ReasonCode("a", "A\nB"),), "The label of the reason code 'a' must be one line"),
        ((ReasonCode("a", "A", group="\x07"),), "The group of the reason code 'a' has the char"),
        ((ReasonCode(A_NUMBER, "A"),), "the code of a reason must be text, not int"),
        ((ReasonCode("a", NOTHING),), "label of the reason code 'a' must be text, not NoneType"),
        ((ReasonCode("a", "A", A_TEXT),), "comment_required of the reason code 'a' must be True"),
        ((ReasonCode("a", "A", retired=A_NUMBER),), "retired of the reason code 'a' must be True"),
        ((A, ("b", "B")), r"The list of reasons has \('b', 'B'\), which is no ReasonCode"),
        ("price", "The list of reasons has 'p', which is no ReasonCode"),
        (A, "The list of reasons has 'a', which is no ReasonCode"),
    ],
)
def test_list_with_a_fault_is_refused_by_name(codes: Any, said: str) -> None:
    """When the section is made, at start-up, and not when somebody cancels."""
    with pytest.raises(Invalid, match=said):
        ReasonsSection(codes)


def test_list_may_come_as_any_iterable() -> None:
    assert (A, PRICE) == ReasonsSection([A, PRICE]).codes == ReasonsSection(iter((A, PRICE))).codes


# ---------------------------------------------------------------- reasons that nobody has to give


@pytest.mark.parametrize("form", [None, Reasons(), Reasons(text=" "), Reasons(extra="only extra")])
def test_nothing_entered_is_green_where_nothing_is_required(form: Reasons | None) -> None:
    """It says that there is none: no reason is invented."""
    state = NOT_REQUIRED.evaluate(facts(*([] if form is None else [form])))
    assert (Light.GREEN, "reasons.not_required") == (state.light, state.code)


def test_what_is_entered_all_the_same_is_judged_as_ever() -> None:
    given_one = NOT_REQUIRED.evaluate(facts(Reasons("price")))
    without_comment = NOT_REQUIRED.evaluate(facts(Reasons("other")))
    assert ("reasons.given", "reasons.comment") == (given_one.code, without_comment.code)


@pytest.mark.parametrize(
    "checklist",
    [
        Checklist((NOT_REQUIRED,)),
        Checklist((ReasonsSection((), required=False),)),
        Checklist((ReasonsSection(), MoodSection())).with_gates(reasons=Gate.OFF),
        Checklist((ReasonsSection(), MoodSection())).without("reasons"),
        Checklist((ReasonsSection(gate=Gate.ADVISES),)),
    ],
    ids=["not required", "empty list", "off", "absent", "advises"],
)
def test_cancellation_without_a_reason_has_none_anywhere(checklist: Checklist) -> None:
    """A reason prompt switched off and then missing: view, plan, process and message work."""
    here, notifier = world(checklist, told=[BOSS]), MemoryNotifier()
    cancellation = here.begun()
    cancellation.view()
    cancellation.process(cancellation.plan().token)
    Relay(here.host, notifier).run()
    assert [{}] == [notification.reasons for notification in notifier.sent]
    assert () == here.record().entries
    assert "Cancelled" == cancellation.view().status


@pytest.mark.parametrize("reasons", [Reasons("price", text="Too dear"), None])
def test_prompt_that_is_not_required_any_more_loses_nothing(reasons: Reasons | None) -> None:
    """What was entered until then is shown and told; what was not is not made up."""
    here, notifier = world(Checklist((ReasonsSection(),)), told=[BOSS]), MemoryNotifier()
    cancellation = here.begun()
    if reasons:
        cancellation.enter(reasons)
    here.kit = evolve(here.kit, checklist=Checklist((NOT_REQUIRED,)))
    after = here.get()
    after.process(after.plan().token)
    Relay(here.host, notifier).run()
    expected = "Price; Too dear" if reasons else here.kit.text(Message("reasons.not_required"))
    assert expected == after.view().section("reasons").message
    assert ["Too dear" if reasons else None] == [one.reasons.get("text") for one in notifier.sent]
