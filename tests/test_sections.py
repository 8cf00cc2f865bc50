"""The nine sections, edge by edge; and "today", around midnight and changes of the clock."""

from __future__ import annotations

import os
import zoneinfo
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cancelkit import (
    STANDARD,
    Checklist,
    Customer,
    Gate,
    Mood,
    NewOwner,
    Person,
    Reason,
    Reasons,
    User,
)
from cancelkit.adapters.memory import CLOSED, Asset, Expiry, MemoryCrm, Record
from cancelkit.effects import AssignOwner, Effect
from cancelkit.english import ENGLISH, TEXTS
from cancelkit.errors import Invalid, UnknownReason, UnknownUser
from cancelkit.evaluate import evaluate, read_answers
from cancelkit.facts import Facts, NotAnswered
from cancelkit.needs import AssetsLeft, Count, Need, NextDate, UnceasedAssets, Unknown
from cancelkit.section import Section
from cancelkit.sections import (
    AssetsSection,
    FutureExpirySection,
    MoodSection,
    OwnershipSection,
    ReasonCode,
    ReasonsSection,
    records_section,
)
from cancelkit.sections.creating_expiry import FUTURE_EXPIRY_CREATING, CreateExpiry, NewExpiry
from cancelkit.states import Light, SectionState
from cancelkit.times import day_of
from tests import strategies as sts
from tests.world import TODAY, world

REASONS = ReasonsSection()
OWNERSHIP = OwnershipSection()
FUTURE_EXPIRY = FutureExpirySection()
ASSETS = AssetsSection()
CASES = records_section("cases", title="Cases")
MOOD = MoodSection()
CUSTOMER = Customer("C-1", "Harbour Café", owners=(Person("u-1", "Ann"),))
TOM = User("t-7", "Tom")
RECORD_SECTIONS = ("cases", "opportunities", "quotations", "sales_orders")


def facts(
    *forms: object,
    today: date = TODAY,
    customer: Customer = CUSTOMER,
    answers: Mapping[Need[Any], object] | None = None,
    performed: Mapping[type, Effect] | None = None,
    users: Mapping[str, User] | None = None,
) -> Facts:
    entered = {type(form): form for form in forms}
    return Facts(customer, today, today, answers or {}, entered, performed or {}, users or {})


def asked(crm: MemoryCrm, section: Section, as_of: date = TODAY) -> SectionState:
    """Judge one section over the records of a CRM, through the adapter's own answers."""
    needs = tuple(section.needs)
    row = {need: crm.answer(CUSTOMER, need, as_of) for need in needs}
    return section.evaluate(facts(today=as_of, answers=read_answers(needs, row)))


def text(state: SectionState) -> str:
    return ENGLISH.text(state.message)


# ---------------------------------------------------------------- the nine of the article


def test_standard_has_the_nine_sections_in_the_order_of_the_article() -> None:
    assert [
        ("reasons", "Cancellation reasons", Gate.BLOCKS),
        ("ownership", "Ownership", Gate.ADVISES),
        ("future_expiry", "Future Expiry", Gate.ADVISES),
        ("assets", "Assets", Gate.BLOCKS),
        ("cases", "Cases", Gate.BLOCKS),
        ("opportunities", "Opportunities", Gate.BLOCKS),
        ("quotations", "Quotations", Gate.BLOCKS),
        ("sales_orders", "Sales Orders", Gate.BLOCKS),
        ("mood", "Customer Mood", Gate.ADVISES),
    ] == [(s.key, s.title, STANDARD.gates[s.key]) for s in STANDARD.sections]


def test_customer_without_any_records_is_green_where_records_are_counted() -> None:
    """No related records at all = green; what a person enters is still to do."""
    view = world().get().view()
    green = ("assets", *RECORD_SECTIONS)
    assert {line.key: line.key in green for line in view.sections} == {
        line.key: line.light is Light.GREEN for line in view.sections
    }


def test_circle_has_a_word_beside_it() -> None:
    """Never by colour alone."""
    assert ["complete", "to do", "unknown"] == [TEXTS[f"light.{light.value}"] for light in Light]


# ---------------------------------------------------------------- all X closed


@pytest.mark.parametrize(
    ("kind", "closed"),
    [
        ("cases", {"completed", "duplicate", "incomplete", "won't fix", "closed"}),
        ("opportunities", {"won", "lost", "cancelled"}),
        ("quotations", {"won", "lost", "expired", "cancelled"}),
        ("sales_orders", {"completed", "cancelled"}),
    ],
)
def test_closed_states_are_those_of_the_article(kind: str, closed: set[str]) -> None:
    assert closed == CLOSED[kind]
    section = STANDARD.section(kind)
    for status in sorted({"open", "won", "lost", "expired", "completed", *closed}):
        crm = MemoryCrm([CUSTOMER])
        crm.put(kind, Record("R", "C-1", status))
        expected = Light.GREEN if status in closed else Light.RED
        assert (status, expected) == (status, asked(crm, section).light)


@pytest.mark.parametrize("kind", RECORD_SECTIONS)
@given(status=sts.MAY_BE_STORED)
@example(status="")
@example(status="complete")
@example(status="cancelled!")
@example(status="canceled")
@example(status="not completed")
def test_status_that_nobody_declared_closed_is_open(kind: str, status: str) -> None:
    crm = MemoryCrm([CUSTOMER])
    crm.put(kind, Record("R", "C-1", status))
    closed = status.strip().casefold() in CLOSED[kind]
    expected = "records.closed" if closed else "records.open"
    assert expected == asked(crm, STANDARD.section(kind)).code


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("cases", "Completed"),
        ("cases", "  won't fix "),
        ("cases", "DUPLICATE"),
        ("quotations", "cAnCeLlEd\t"),
    ],
)
def test_case_and_outer_spaces_of_a_status_do_not_matter(kind: str, written: str) -> None:
    crm = MemoryCrm([CUSTOMER])
    crm.put(kind, Record("R", "C-1", written))
    assert Light.GREEN is asked(crm, STANDARD.section(kind)).light


@pytest.mark.parametrize("kind", RECORD_SECTIONS)
@given(statuses=st.lists(st.sampled_from(["open", "new", "", *sorted(CLOSED["cases"]), "won"])))
def test_open_records_are_counted(kind: str, statuses: list[str]) -> None:
    crm = MemoryCrm([CUSTOMER, Customer("C-2", "Other")])
    crm.put(kind, Record("other", "C-2", "open"))
    for at, status in enumerate(statuses):
        crm.put(kind, Record(f"R-{at}", "C-1", status))
    left = sum(status not in CLOSED[kind] for status in statuses)
    state = asked(crm, STANDARD.section(kind))
    expected = (Light.RED, Count(left)) if left else (Light.GREEN, None)
    assert expected == (state.light, state.count)


def test_count_stops_at_a_hundred() -> None:
    """Nobody loads a thousand rows to decide a section."""
    crm = MemoryCrm([CUSTOMER])
    for at in range(101):
        crm.put("cases", Record(f"R-{at}", "C-1", "open"))
    state = asked(crm, CASES)
    assert (Count(100, more=True), "100+ still open") == (state.count, text(state))
    crm.remove("cases", "R-0")
    assert (Count(100), "100 still open") == ((state := asked(crm, CASES)).count, text(state))


def test_own_records_section_is_one_line() -> None:
    invoices = records_section("invoices", title="Unpaid invoices", gate=Gate.ADVISES)
    crm = MemoryCrm([CUSTOMER], kinds=["invoices"], closed={"invoices": ["Paid"]})
    crm.put("invoices", Record("I-1", "C-1", "paid"))
    assert Light.GREEN is asked(crm, invoices).light
    crm.put("invoices", Record("I-2", "C-1", "overdue"))
    assert "1 still open" == text(asked(crm, invoices))


@pytest.mark.parametrize("kind", RECORD_SECTIONS)
def test_kind_that_the_crm_does_not_have_is_unknown_not_green(kind: str) -> None:
    """*Not visible* is never *none*."""
    crm = MemoryCrm([CUSTOMER], kinds=())
    with pytest.raises(NotAnswered, match="no answer"):
        asked(crm, STANDARD.section(kind))


def test_capped_count_of_nothing_is_no_answer() -> None:
    """Once in needs.read_count: `Count(0, more=True)`, "at least none", is taken and is green."""
    answers = read_answers(CASES.needs, {CASES.needs[0]: Count(0, more=True)})
    assert Unknown is type(answers[CASES.needs[0]])


# ---------------------------------------------------------------- assets


@pytest.mark.parametrize(
    ("ceased_on", "live", "code"),
    [
        (None, True, "assets.live"),
        (None, False, "assets.live"),
        (TODAY - timedelta(days=1), False, "assets.ceased"),
        (TODAY, False, "assets.ceased"),
        (TODAY + timedelta(days=1), False, "assets.scheduled"),
        (TODAY + timedelta(days=1), True, "assets.scheduled"),
        (TODAY, True, "assets.ticked"),
        (TODAY - timedelta(days=1), True, "assets.ticked"),
        (date.min, False, "assets.ceased"),
        (date.max, False, "assets.scheduled"),
    ],
)
def test_one_asset_has_the_message_of_what_is_left_to_do(
    ceased_on: date | None, live: bool, code: str
) -> None:
    """Still live; date in the future; date come but still ticked; the as-of day has come."""
    crm = MemoryCrm([CUSTOMER])
    crm.put("assets", Asset("A", "C-1", ceased_on, live))
    state = asked(crm, ASSETS)
    expected = None if code == "assets.ceased" else Count(1)
    assert (code, expected) == (state.code, state.count)


@given(
    assets=st.lists(
        st.tuples(st.none() | sts.days_around(TODAY), st.booleans()), min_size=0, max_size=6
    )
)
def test_assets_are_green_exactly_when_every_one_is_ceased(
    assets: list[tuple[date | None, bool]],
) -> None:
    crm = MemoryCrm([CUSTOMER])
    for at, (ceased_on, live) in enumerate(assets):
        crm.put("assets", Asset(f"A-{at}", "C-1", ceased_on, live))
    ceased = [day is not None and day <= TODAY and not live for day, live in assets]
    left = len(assets) - sum(ceased)
    state = asked(crm, ASSETS)
    assert (left == 0) == (state.light is Light.GREEN)
    assert (left or None) == (state.count.n if state.count else None)


def test_mixed_assets_have_one_message_that_counts_each_kind() -> None:
    crm = MemoryCrm([CUSTOMER])
    crm.put("assets", Asset("A-1", "C-1"))
    crm.put("assets", Asset("A-2", "C-1"))
    crm.put("assets", Asset("A-3", "C-1", TODAY + timedelta(days=9)))
    crm.put("assets", Asset("A-4", "C-1", TODAY, live=True))
    state = asked(crm, ASSETS)
    assert ("assets.left", Count(4)) == (state.code, state.count)
    assert (
        "4 assets are not ceased: 2 still live, 1 with a cease date in the future, "
        "1 ceased but still ticked live"
    ) == text(state)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((1, 0, 0), "1 asset is still live"),
        ((2, 0, 0), "2 assets are still live"),
        ((0, 1, 0), "1 asset has a cease date in the future"),
        ((0, 2, 0), "2 assets have a cease date in the future"),
        ((0, 0, 1), "1 asset has ceased but is still ticked live"),
        ((0, 0, 2), "2 assets have ceased but are still ticked live"),
        ((Count(100, more=True), 0, 0), "100+ assets are still live"),
        (
            (Count(100, more=True), 1, 0),
            (
                "101+ assets are not ceased: 100+ still live, 1 with a cease date in the future, "
                "0 ceased but still ticked live"
            ),
        ),
        ((0, 0, 0), "All assets are ceased"),
    ],
)
def test_assets_say_what_is_left(counts: tuple[Any, ...], shown: str) -> None:
    need = UnceasedAssets()
    assert shown == text(ASSETS.evaluate(facts(answers={need: need.read(counts)})))


def test_assets_can_be_answered_as_a_value_or_as_three_counts() -> None:
    need = UnceasedAssets()
    expected = AssetsLeft(Count(1), Count(2), Count(3, more=True))
    assert expected == need.read((1, 2, Count(3, more=True))) == need.read(expected)


@given(as_of=st.dates(date(2000, 1, 2), date(2100, 1, 1)))
def test_cease_date_has_come_on_its_very_day(as_of: date) -> None:
    """Also across months, leap days and years: the day before is scheduled, that day is ceased."""
    crm = MemoryCrm([CUSTOMER])
    crm.put("assets", Asset("A", "C-1", as_of, live=False))
    day = timedelta(days=1)
    assert ["assets.scheduled", "assets.ceased", "assets.ceased"] == [
        asked(crm, ASSETS, on).code for on in (as_of - day, as_of, as_of + day)
    ]


# ---------------------------------------------------------------- future expiry


@given(days=st.lists(sts.days_around(TODAY), max_size=5))
def test_expiry_is_future_only_after_today(days: list[date]) -> None:
    """Today itself is not future; of several the next one counts."""
    crm = MemoryCrm([CUSTOMER])
    for at, day in enumerate(days):
        crm.put("expiries", Expiry(f"E-{at}", "C-1", day))
    future = [day for day in days if day > TODAY]
    state = asked(crm, FUTURE_EXPIRY)
    assert ("expiry.future" if future else "expiry.none") == state.code
    if future:
        assert min(future) == state.message["on"]


@pytest.mark.parametrize("days", [-1, 0])
def test_adapter_that_answers_a_day_that_has_come_does_not_make_it_green(days: int) -> None:
    """The section looks at the day itself: a careless `>=` in SQL is no way to green."""
    answers: dict[Need[Any], object] = {NextDate("expiries"): TODAY + timedelta(days=days)}
    assert Light.RED is FUTURE_EXPIRY.evaluate(facts(answers=answers)).light


@pytest.mark.parametrize(
    ("days", "code", "effects"),
    [(-1, "expiry.none", 0), (0, "expiry.none", 0), (1, "expiry.planned", 1)],
)
def test_planned_expiry_counts_while_it_is_future(days: int, code: str, effects: int) -> None:
    """An expiry that passed between the entering and the Process is not created any more."""
    on = TODAY + timedelta(days=days)
    seen = facts(NewExpiry(on, "call"), answers={NextDate("expiries"): None})
    assert code == FUTURE_EXPIRY_CREATING.evaluate(seen).code
    assert [CreateExpiry(on, "call")][:effects] == list(FUTURE_EXPIRY_CREATING.effects(seen))


@pytest.mark.parametrize("days", [-1, 0])
def test_expiry_that_is_not_future_cannot_be_entered(days: int) -> None:
    form = NewExpiry(TODAY + timedelta(days=days))
    with pytest.raises(Invalid, match="must be after today"):
        FUTURE_EXPIRY_CREATING.check(form, facts(form))


def test_expiry_that_is_there_is_shown_before_the_planned_one() -> None:
    there = TODAY + timedelta(days=9)
    seen = facts(NewExpiry(TODAY + timedelta(days=1)), answers={NextDate("expiries"): there})
    assert f"Next expiry on {there}" == text(FUTURE_EXPIRY_CREATING.evaluate(seen))


# ---------------------------------------------------------------- reasons


@pytest.mark.parametrize(
    ("form", "light"),
    [
        (None, Light.RED),
        (Reasons(), Light.RED),
        (Reasons(text="   \n\t "), Light.RED),
        (Reasons(extra="only extra information"), Light.RED),
        (Reasons(text="They moved"), Light.GREEN),
        (Reasons("price"), Light.GREEN),
        (Reasons(["price", "moved"]), Light.GREEN),
        (Reasons(Reason("other", "a comment")), Light.GREEN),
    ],
)
def test_reasons_are_green_with_a_code_or_some_text(form: Reasons | None, light: Light) -> None:
    state = REASONS.evaluate(facts(*([] if form is None else [form])))
    assert light is state.light


@pytest.mark.parametrize("comment", ["", "  ", "\n"])
def test_code_that_requires_a_comment_is_refused_without_one(comment: str) -> None:
    form = Reasons(Reason("other", comment))
    with pytest.raises(Invalid, match=r"'Other' \(other\) requires a comment"):
        REASONS.check(form, facts(form))
    state = REASONS.evaluate(facts(form))
    assert ("reasons.comment", "The reason Other requires a comment") == (state.code, text(state))


def test_reason_code_that_is_not_listed_is_refused_and_the_list_is_shown() -> None:
    own = ReasonsSection((ReasonCode("a", "A"), ReasonCode("b", "B")))
    with pytest.raises(UnknownReason, match=r"no reason code 'price'; the codes are: a, b\."):
        own.check(Reasons("price"), facts())


def test_code_that_left_the_list_meanwhile_is_still_a_reason() -> None:
    """A settings edit must not lose what was entered: it is shown by its code."""
    own = ReasonsSection((ReasonCode("a", "A"),))
    state = own.evaluate(facts(Reasons(["a", "price"])))
    assert (Light.GREEN, "A; price") == (state.light, text(state))


def test_reasons_are_shown_by_their_labels_and_text() -> None:
    assert "Price; Moved away; so they said" == text(
        REASONS.evaluate(facts(Reasons(["price", "moved"], text=" so they said ")))
    )


@given(form=sts.REASONS)
def test_any_reasons_are_judged_without_a_fault(form: Reasons) -> None:
    judged = evaluate(Checklist((REASONS,)), facts(form))
    given_something = bool(form.codes or form.text.strip())
    assert {} == judged.faults
    assert given_something or judged.states[0].light is Light.RED


# ---------------------------------------------------------------- ownership


@pytest.mark.parametrize(
    ("form", "users", "code", "planned"),
    [
        (None, {}, "ownership.none", ()),
        (NewOwner(), {}, "ownership.none", ()),
        (NewOwner(keep=True), {}, "ownership.kept", ()),
        (NewOwner("t-7"), {"t-7": TOM}, "ownership.planned", ("t-7",)),
        (NewOwner("t-7"), {}, "ownership.gone", ()),
        (NewOwner("t-7"), {"t-7": User("t-7", "Tom", active=False)}, "ownership.inactive", ()),
        (NewOwner("u-1"), {"u-1": User("u-1", "Ann")}, "ownership.assigned", ()),
    ],
)
def test_ownership_is_planned_kept_assigned_inactive_or_gone(
    form: NewOwner | None, users: dict[str, User], code: str, planned: tuple[str, ...]
) -> None:
    seen = facts(*([] if form is None else [form]), users=users)
    assert code == OWNERSHIP.evaluate(seen).code
    expected = [AssignOwner((Person(to, "Tom"),), CUSTOMER.owners) for to in planned]
    assert expected == list(OWNERSHIP.effects(seen))


def test_ownership_that_was_performed_is_red_when_the_user_leaves_later() -> None:
    """Whoever has left should not go on owning the customer."""
    done = AssignOwner((TOM.person,), CUSTOMER.owners)
    code = {
        user: OWNERSHIP.evaluate(
            facts(NewOwner("t-7"), performed={AssignOwner: done}, users=users)
        ).code
        for user, users in (
            ("there", {"t-7": TOM}),
            ("left", {"t-7": User("t-7", "Tom", active=False)}),
            ("gone", {}),
        )
    }
    expected = {
        "there": "ownership.performed",
        "left": "ownership.inactive",
        "gone": "ownership.gone",
    }
    assert expected == code


def test_customer_with_several_owners_or_none_is_given_to_the_one_chosen() -> None:
    several = Customer("C-1", "H", owners=(Person("u-1"), Person("t-7")))
    for customer in (several, Customer("C-1", "H")):
        seen = facts(NewOwner("t-7"), customer=customer, users={"t-7": TOM})
        assert [AssignOwner((TOM.person,), customer.owners)] == list(OWNERSHIP.effects(seen))


def test_owner_must_be_an_active_user_when_planned() -> None:
    with pytest.raises(UnknownUser, match="no user 'zz'"):
        OWNERSHIP.check(NewOwner("zz"), facts())
    gone = {"x": User("x", "Gone", active=False)}
    with pytest.raises(Invalid, match=r"Gone \(x\) is not an active user"):
        OWNERSHIP.check(NewOwner("x"), facts(users=gone))


def test_new_owner_and_keep_contradict_each_other() -> None:
    with pytest.raises(Invalid, match="not both"):
        NewOwner("t-7", keep=True)


def test_effect_and_its_inverse_cancel_out() -> None:
    effect = AssignOwner((TOM.person,), CUSTOMER.owners)
    assert effect == effect.inverse().inverse()
    assert "Owner: Ann → Tom" == ENGLISH.text(effect.message())


# ---------------------------------------------------------------- mood


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (None, "mood.none"),
        (Mood(), "mood.none"),
        (Mood("angry"), "mood.chosen"),
        (Mood("sad"), "mood.unlisted"),
    ],
)
def test_mood_is_green_when_one_listed_option_is_chosen(form: Mood | None, code: str) -> None:
    state = MOOD.evaluate(facts(*([] if form is None else [form])))
    assert (code, code == "mood.chosen") == (state.code, state.light is Light.GREEN)


def test_moods_are_configurable() -> None:
    own = MoodSection({"grumpy": "Grumpy"})
    assert "Grumpy" == text(own.evaluate(facts(Mood("grumpy"))))
    with pytest.raises(UnknownReason, match=r"no mood 'angry'; the moods are: grumpy\."):
        own.check(Mood("angry"), facts())


# ---------------------------------------------------------------- today

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"

SAMPLE = (
    "Africa/Casablanca",  # goes back for Ramadan
    "America/Havana",  # changes at midnight
    "America/Nuuk",  # changes in the evening before
    "America/Santiago",  # has no midnight on the day it goes forward
    "America/St_Johns",  # a half hour; changed at one minute past midnight
    "Antarctica/Troll",  # two hours
    "Asia/Kathmandu",  # a quarter of an hour
    "Asia/Tehran",  # changed at midnight, and stopped
    "Australia/Lord_Howe",  # changes by half an hour
    "Europe/London",
    "Pacific/Apia",  # left out 2011-12-30
    "Pacific/Chatham",  # three quarters of an hour
    "Pacific/Kiritimati",  # the first to begin a day
    "UTC",
)
ZONES = sorted(zoneinfo.available_timezones()) if NIGHTLY else SAMPLE
YEARS = range(1970, 2038) if NIGHTLY else range(2008, 2028)
SECOND = timedelta(seconds=1)


def transitions(zone: tzinfo, years: range) -> Iterator[datetime]:
    """Return the instants at which the offset of a zone changes, to the second."""
    step = timedelta(days=5)
    at, end = datetime(years[0], 1, 1, tzinfo=UTC), datetime(years[-1] + 1, 1, 1, tzinfo=UTC)
    while at < end:
        if offset(at, zone) != offset(at + step, zone):
            low, high = at, at + step
            while high - low > SECOND:
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if offset(middle, zone) == offset(low, zone):
                    low = middle
                else:
                    high = middle
            yield high
        at += step


def offset(at: datetime, zone: tzinfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def midnights(zone: tzinfo, days: list[date]) -> Iterator[datetime]:
    """Return an instant at or next to the beginning of each day in a zone, in UTC."""
    for day in days:
        yield datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def local_day(at: datetime, zone: tzinfo) -> date:
    """Reckon the day with the offset alone: an oracle for `day_of`."""
    shift = offset(at, zone)
    assert shift is not None
    return (at.replace(tzinfo=None) + shift).date()


@pytest.mark.parametrize("name", ZONES)
def test_today_is_the_day_in_the_zone_at_every_change_of_the_clock(name: str) -> None:
    """A second before, at, and a second after; also at each midnight around it (promise F30)."""
    zone = zoneinfo.ZoneInfo(name)
    for change in transitions(zone, YEARS):
        day = local_day(change, zone)
        nights = midnights(zone, [day + timedelta(days=n) for n in (-1, 0, 1)])
        for instant in (change, *nights):
            for at in (instant - SECOND, instant, instant + SECOND):
                assert (at, local_day(at, zone)) == (at, day_of(at, zone))


def test_transitions_are_found() -> None:
    """The check above looks at something: known changes of known zones."""
    london = list(transitions(zoneinfo.ZoneInfo("Europe/London"), range(2026, 2027)))
    assert [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)] == london
    apia = zoneinfo.ZoneInfo("Pacific/Apia")
    assert datetime(2011, 12, 30, 10, tzinfo=UTC) in list(transitions(apia, range(2011, 2012)))


@pytest.mark.parametrize("name", ZONES)
def test_expiry_of_today_is_never_future_and_tomorrows_always_is(name: str) -> None:
    """In the whole view: the clock before, at and after midnight and each change of 2026 and 2011.

    With it, an asset that ceases today is ceased, and one that ceases tomorrow is scheduled.
    """
    zone = zoneinfo.ZoneInfo(name)
    here = world(zone=name)
    instants = [
        *midnights(zone, [date(2026, 2, 28), date(2024, 2, 29), date(2027, 1, 1)]),
        *transitions(zone, range(2026, 2027)),
        *transitions(zone, range(2011, 2012)),
    ]
    for instant in instants:
        for at in (instant - SECOND, instant, instant + SECOND):
            here.clock.set(at)
            today = local_day(at, zone)
            for days, expiry, asset in (
                (0, "expiry.none", "assets.ceased"),
                (1, "expiry.future", "assets.scheduled"),
            ):
                day = today + timedelta(days=days)
                here.crm.put("expiries", Expiry("E", "C-1", day))
                here.crm.put("assets", Asset("A", "C-1", day, live=False))
                view = here.get().view()
                assert (at, today, expiry, asset) == (
                    at,
                    view.today,
                    view.section("future_expiry").code,
                    view.section("assets").code,
                )


@given(
    name=st.sampled_from(ZONES),
    at=st.datetimes(
        datetime(1971, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
        datetime(2037, 12, 31),  # noqa: DTZ001 - likewise
        timezones=st.just(UTC),
    ),
    hours=st.integers(-23, 23),
)
def test_today_does_not_depend_on_the_zone_of_the_clock(
    name: str, at: datetime, hours: int
) -> None:
    """The same instant, told in another zone, is the same day to the host."""
    zone = zoneinfo.ZoneInfo(name)
    elsewhere = at.astimezone(timezone(timedelta(hours=hours)))
    assert local_day(at, zone) == day_of(at, zone) == day_of(elsewhere, zone)


def test_today_of_a_command_is_in_its_history() -> None:
    """What "today" was is decided once per command, and recorded."""
    here = world(zone="Pacific/Kiritimati", now=datetime(2026, 3, 2, 10, tzinfo=UTC))
    here.begun()
    assert date(2026, 3, 3) == here.history()[0].today
