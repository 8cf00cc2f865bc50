"""Profiles: named checklists, whose rules a cancellation copies when it is begun."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from cancelkit import (
    STANDARD,
    CancelKit,
    Cancellation,
    Checklist,
    Customer,
    Mood,
    NewOwner,
    Outcome,
    Person,
    Reasons,
    Status,
    records_section,
)
from cancelkit.adapters.memory import MemoryHost, MemoryNotifier, Record
from cancelkit.bulk import check_many
from cancelkit.errors import (
    AlreadyPending,
    BadSetup,
    Blocked,
    Invalid,
    NotAllowed,
    OtherProfile,
    UnknownSection,
)
from cancelkit.facts import Facts
from cancelkit.recipients import Rule, WorkflowSetup
from cancelkit.records import State
from cancelkit.relay import Relay
from cancelkit.sections.creating_expiry import FUTURE_EXPIRY_CREATING
from cancelkit.sections.mood import MoodSection
from cancelkit.serial import dump, load
from cancelkit.states import Light, SectionState, green
from tests.world import BOSS, TODAY, World, admins, world

INVOICES = records_section("invoices", title="Invoices")
INSOLVENCY = (
    STANDARD.without("mood", "future_expiry")
    .with_section(INVOICES, after="reasons")
    .with_gates(ownership="blocks", cases="advises")
    .requiring("reasons.extra")
)
MOVED = STANDARD.with_gates(opportunities="off")
KINDS = ("assets", "cases", "opportunities", "quotations", "sales_orders", "expiries", "invoices")


def kit(here: World, checklist: Checklist = STANDARD, **profiles: Checklist) -> CancelKit:
    """Return a kit as it is after a restart with these settings."""
    return CancelKit(
        checklist,
        profiles=profiles,
        roles=here.kit.roles,
        users=here.users,
        recipients=here.recipients,
        report=here.kit.report,
    )


def with_profiles() -> World:
    here = world(kinds=KINDS)
    here.kit = kit(here, insolvency=INSOLVENCY, moved=MOVED)
    return here


def begun(profile: str = "insolvency") -> World:
    here = with_profiles()
    here.desk().begin("C-1", profile=profile)
    return here


def keys(cancellation: Cancellation) -> list[str]:
    return [line.key for line in cancellation.view().sections]


def gates(cancellation: Cancellation) -> dict[str, str]:
    return {line.key: line.gate.value for line in cancellation.view().sections}


def process(here: World) -> Outcome:
    return here.get().process(here.get().plan().token)


# ---------------------------------------------------------------- named checklists


def test_cancellation_is_judged_by_the_profile_it_was_begun_with() -> None:
    """Its sections, in its order, with its gates and its required fields."""
    here = begun()
    assert [section.key for section in INSOLVENCY.sections] == keys(here.get())
    assert {key: gate.value for key, gate in INSOLVENCY.gates.items()} == gates(here.get())
    assert "insolvency" == here.get().view().profile == here.record().profile
    assert ("reasons.extra",) == here.record().required


def test_cancellation_without_a_profile_is_judged_by_the_kits_own_checklist() -> None:
    here = begun("")
    assert [section.key for section in STANDARD.sections] == keys(here.get())
    assert ("", ()) == (here.record().profile, here.record().required)


def test_section_that_only_a_profile_has_is_judged_and_shown_like_any_other() -> None:
    """With its title; with a gate that blocks; and only there."""
    here = with_profiles()
    here.crm.put("invoices", Record("I-1", "C-1", "open", "Invoice 1"))
    view = here.desk().begin("C-1", profile="insolvency").view(name=5)
    line = view.section("invoices")
    assert ("Invoices", True, "1 still open") == (line.title, line.blocks, line.message)
    assert ["Invoice 1"] == [record.label for record in line.records]
    with pytest.raises(Blocked) as blocked:
        process(here)
    assert "invoices" in blocked.value.sections
    assert "Invoices: 1 still open" in str(blocked.value)


def test_section_that_only_a_profile_has_is_not_evidence_elsewhere() -> None:
    here = with_profiles()
    here.crm.put("invoices", Record("I-1", "C-1", "open"))
    here.ready()
    assert State.CANCELLED is process(here).now
    assert "invoices" not in here.history()[-1].lights


def test_section_of_another_profile_is_unknown_to_this_cancellation() -> None:
    """Nothing can be entered, performed or overridden there; nothing is recorded."""
    here = begun()
    entries = len(here.history())
    commands: list[Callable[[], object]] = [
        lambda: here.get().enter(Mood("angry")),
        lambda: here.get().enter_data("mood", {"option": "angry"}),
        lambda: here.get().perform_now("mood"),
        lambda: here.get().override("mood", "why"),
    ]
    for command in commands:
        with pytest.raises(UnknownSection, match="There is no section 'mood'"):
            command()
    assert (entries, ()) == (len(here.history()), here.record().entries)


def test_gate_of_a_profile_decides_what_blocks() -> None:
    here = begun()
    here.crm.put("cases", Record("K-1", "C-1", "open"))
    here.get().enter(Reasons("closed_down", extra="file 12/26"))
    with pytest.raises(Blocked) as blocked:
        process(here)
    assert ("ownership",) == blocked.value.sections
    here.get().enter(NewOwner(keep=True))
    assert State.CANCELLED is process(here).now


def test_begin_again_opens_the_one_that_is_there_without_naming_a_profile_or_naming_its_own() -> (
    None
):
    here = begun()
    before = here.record()
    here.desk("bob").begin("C-1", profile="insolvency")
    here.desk("bob").begin("C-1")
    assert before == here.record()


@pytest.mark.parametrize(("first", "said"), [("insolvency", "insolvency"), ("", "-")])
def test_begin_again_by_another_profile_is_refused_and_says_which_one_it_has(
    first: str, said: str
) -> None:
    """Its checklist would not be used, and whoever named it would work through another one."""
    here = begun(first)
    before = here.record()
    with pytest.raises(
        OtherProfile, match=f"with the profile {said}, not moved; open it"
    ) as caught:
        here.desk("bob").begin("C-1", profile="moved")
    assert (("other_profile",), before) == (caught.value.codes, here.record())
    assert [] == done(here)
    assert [True, False] == [entry.accepted for entry in here.history()]


def test_next_cancellation_may_have_another_profile() -> None:
    here = begun()
    here.get().remove()
    assert "moved" == here.desk().begin("C-1", profile="moved").view().profile


def test_people_are_told_by_profile() -> None:
    here = with_profiles()
    rule = Rule((BOSS,), frozenset(("begun",)), frozenset(("insolvency",)))
    here.kit = evolve(here.kit, recipients=WorkflowSetup((rule,)))
    assert () == here.get().begin(profile="moved").notified
    here.get().remove()
    assert (BOSS,) == here.get().begin(profile="insolvency").notified
    notifier = MemoryNotifier()
    Relay(here.host, notifier).run()
    assert ["insolvency"] == [one.profile for one in notifier.sent]


def test_check_without_begin_takes_a_profile() -> None:
    """One customer or many at once; nothing is begun."""
    here = with_profiles()
    here.crm.put("invoices", Record("I-1", "C-1", "open"))
    tables = here.tables()
    view = here.desk().check("C-1", profile="insolvency")
    assert (State.LIVE, "insolvency") == (view.state, view.profile)
    assert [section.key for section in INSOLVENCY.sections] == [line.key for line in view.sections]
    found = {
        name: [one.blocked_by for one in check_many(here.desk(), ["C-1"], profile=name)]
        for name in ("", "insolvency", "moved")
    }
    assert {"": [()], "insolvency": [("invoices",)], "moved": [()]} == found
    assert (tables, []) == (here.tables(), here.history())


def test_check_of_a_pending_customer_is_by_its_own_profile() -> None:
    here = begun()
    assert "insolvency" == here.desk().check("C-1").profile
    assert "insolvency" == here.desk().check("C-1", profile="moved").profile


@pytest.mark.parametrize("name", ["nonsense", "Insolvency", "insolvency "])
def test_unknown_profile_is_invalid_and_the_profiles_are_listed(name: str) -> None:
    """Malformed: nothing is begun, nothing is recorded."""
    here = with_profiles()
    tables = here.tables()
    for ask in (
        lambda: here.get().begin(profile=name),
        lambda: here.desk().begin("C-1", profile=name),
        lambda: here.desk().check("C-1", profile=name),
        lambda: list(check_many(here.desk(), ["C-1"], profile=name)),
    ):
        with pytest.raises(Invalid, match=f"no profile '{name}'; .*: insolvency, moved"):
            ask()
    assert (tables, []) == (here.tables(), here.history())


def test_unknown_profile_says_so_where_there_are_none() -> None:
    with pytest.raises(Invalid, match="the profiles are: none"):
        world().get().begin(profile="insolvency")


# ---------------------------------------------------------------- copied at Begin


def edited(here: World) -> CancelKit:
    """Other gates, another field required, one section off and another one added."""
    changed = STANDARD.with_gates(cases="blocks", ownership="advises", assets="off")
    return kit(here, insolvency=changed.with_section(INVOICES).requiring("mood.option"))


def no_longer_required(here: World) -> CancelKit:
    kept = INSOLVENCY.without("reasons")
    (reasons,) = (s for s in STANDARD.sections if s.key == "reasons")
    return kit(here, insolvency=kept.with_section(reasons, before="invoices"))


def renamed(here: World) -> CancelKit:
    return kit(here, bankruptcy=INSOLVENCY)


def own_checklist_edited(here: World) -> CancelKit:
    return kit(here, STANDARD.without("cases", "sales_orders"), insolvency=INSOLVENCY)


SETTINGS = [edited, no_longer_required, renamed, own_checklist_edited]


@pytest.mark.parametrize("change", SETTINGS)
def test_change_of_the_settings_changes_no_open_cancellation(
    change: Callable[[World], CancelKit],
) -> None:
    """Sections, order, gates, required fields, and even the token of the plan stay."""
    here = begun()
    here.crm.put("cases", Record("K-1", "C-1", "open"))
    here.get().enter(Reasons("closed_down"))
    before, token = here.get().view(), here.get().plan().token
    here.kit = change(here)
    after = here.get().view()
    assert [evolve(line, title="") for line in before.sections] == [
        evolve(line, title="") for line in after.sections
    ]
    assert ("insolvency", token) == (after.profile, here.get().plan().token)
    assert "Still to fill in: extra" == after.section("reasons").message


@pytest.mark.parametrize("change", SETTINGS)
def test_change_of_the_settings_stops_no_open_cancellation(
    change: Callable[[World], CancelKit],
) -> None:
    here = begun()
    here.kit = change(here)
    here.get().enter(Reasons("closed_down", extra="file 12/26"))
    here.get().enter(NewOwner("t-7"))
    assert State.CANCELLED is process(here).now
    assert (Person("t-7"),) == here.customer.owners


def test_next_cancellation_is_begun_by_the_settings_of_then() -> None:
    here = begun()
    here.get().remove()
    here.kit = edited(here)
    here.desk().begin("C-1", profile="insolvency")
    assert "assets" not in keys(here.get())
    assert ("blocks", "advises") == (gates(here.get())["cases"], gates(here.get())["ownership"])
    assert ("mood.option",) == here.record().required


def test_gate_that_is_changed_in_the_settings_holds_for_the_next_one_alone() -> None:
    """Blocks becomes advises: what is open still blocks; and the other way round."""
    here = world()
    here.add_order()
    here.ready()
    here.kit = kit(here, STANDARD.with_gates(sales_orders="advises", mood="blocks"))
    with pytest.raises(Blocked) as blocked:
        process(here)
    assert ("sales_orders",) == blocked.value.sections


def test_section_whose_plug_in_is_gone_altogether_is_unknown_and_blocks() -> None:
    """It was copied, so that it is part of what was promised; nobody can say that it is green."""
    here = begun()
    here.get().enter(Reasons("closed_down", extra="file 12/26"))
    here.get().enter(NewOwner(keep=True))
    here.kit = kit(here, moved=MOVED)
    line = here.get().view().section("invoices")
    assert (Light.UNKNOWN, "section.missing", True) == (line.light, line.code, line.blocks)
    assert "Could not be checked: the plug-in for invoices is not installed" == line.message
    with pytest.raises(Blocked) as blocked:
        process(here)
    assert ("invoices",) == blocked.value.sections


def test_section_that_is_left_out_of_the_profile_is_judged_while_another_checklist_has_it() -> None:
    here = begun("moved")
    here.kit = kit(here, moved=MOVED.without("mood"))
    here.get().enter(Mood("angry"))
    assert "Angry" == here.get().view().section("mood").message


def test_rules_of_a_cancellation_come_back_from_a_store_as_they_were() -> None:
    here = begun()
    record = here.record()
    copied = load(type(record), dump(record), "the cancellation")
    assert record == copied
    assert [*record.gates] == [*copied.gates] == [section.key for section in INSOLVENCY.sections]


def test_cancelled_customer_is_shown_by_the_profile_it_was_cancelled_with() -> None:
    here = begun()
    here.get().enter(Reasons("closed_down", extra="file 12/26"))
    here.get().enter(NewOwner(keep=True))
    process(here)
    here.kit = renamed(here)
    assert [section.key for section in INSOLVENCY.sections] == keys(here.get())
    assert "insolvency" == here.get().view().profile


# ---------------------------------------------------------------- required fields


def test_empty_required_field_makes_a_green_section_red() -> None:
    """It names the field, and blocks like any red section with this gate."""
    here = world(STANDARD.requiring("reasons.extra"))
    here.ready()
    line = here.get().view().section("reasons")
    assert (Light.RED, "section.required", True) == (line.light, line.code, line.blocks)
    assert "Still to fill in: extra" == line.message
    with pytest.raises(Blocked, match="Cancellation reasons: Still to fill in: extra"):
        process(here)
    here.get().enter(Reasons("price", extra="file 12/26"))
    assert Light.GREEN is here.get().view().section("reasons").light


def test_every_empty_field_is_named() -> None:
    here = world(STANDARD.requiring("reasons.text").requiring("reasons.extra"))
    here.ready()
    assert "Still to fill in: text; extra" == here.get().view().section("reasons").message
    here.get().enter(Reasons("price", text="too dear"))
    assert "Still to fill in: extra" == here.get().view().section("reasons").message


@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "\u00a0"])
def test_blanks_fill_no_field(blank: str) -> None:
    here = world(STANDARD.requiring("reasons.extra"))
    here.begun().enter(Reasons("price", extra=blank))
    assert "section.required" == here.get().view().section("reasons").code


def test_list_without_anything_fills_no_field() -> None:
    """Free text alone is a reason; where the codes are required, it is not enough."""
    here = world(STANDARD.requiring("reasons.codes"))
    here.begun().enter(Reasons(text="too dear"))
    assert "Still to fill in: codes" == here.get().view().section("reasons").message
    here.get().enter(Reasons("price", text="too dear"))
    assert Light.GREEN is here.get().view().section("reasons").light


def test_section_that_is_red_for_a_reason_of_its_own_says_that_first() -> None:
    here = world(STANDARD.requiring("reasons.extra"))
    assert "No reason has been given" == here.begun().view().section("reasons").message


def test_required_field_of_a_section_that_only_advises_blocks_nobody() -> None:
    here = world(STANDARD.requiring("ownership.user"))
    here.ready().enter(NewOwner(keep=True))
    line = here.get().view().section("ownership")
    assert ("Still to fill in: user", False) == (line.message, line.blocks)
    assert State.CANCELLED is process(here).now


def test_field_that_is_required_twice_is_named_once() -> None:
    assert ("reasons.extra",) == STANDARD.requiring("reasons.extra", "reasons.extra").required


def test_section_that_is_left_out_takes_its_required_fields_along() -> None:
    assert () == STANDARD.requiring("reasons.extra").without("reasons").required


# ---------------------------------------------------------------- mistakes in the setting up


@frozen
class Note:
    text: str = ""


@frozen
class NoteSection:
    key: str = "reasons"
    title: str = "Note"
    needs: tuple[()] = ()
    form: type[Note] = Note

    def evaluate(self, facts: Facts) -> SectionState:
        return green("note.written")


def bad(**profiles: Any) -> CancelKit:
    here = world()
    return CancelKit(STANDARD, profiles=profiles, roles=admins(), users=here.users)


def test_section_with_another_form_than_elsewhere_is_a_bad_setup() -> None:
    """What was entered by one profile could not be read by another."""
    profile = STANDARD.without("reasons").with_section(NoteSection())
    with pytest.raises(BadSetup, match=r"'reasons' of one .* a key has one form everywhere"):
        bad(moved=profile)


def test_form_under_two_keys_is_a_bad_setup() -> None:
    profile = STANDARD.without("mood").with_section(MoodSection(key="feeling"))
    with pytest.raises(
        BadSetup, match=r"'mood' of one checklist and 'feeling' of another.* one key"
    ):
        bad(moved=profile)


def test_section_that_takes_something_in_one_profile_only_needs_a_key_of_its_own() -> None:
    with pytest.raises(BadSetup, match=r"'future_expiry' of one .* a key has one form everywhere"):
        bad(moved=STANDARD.replacing(FUTURE_EXPIRY_CREATING))


def test_section_with_the_same_form_may_differ_from_profile_to_profile() -> None:
    """Other options, for example: each cancellation has those of its own profile."""
    here = world()
    moods: Mapping[str, str] = {"sad": "Sad"}
    here.kit = kit(here, sad=STANDARD.replacing(MoodSection(options=moods)))
    here.desk().begin("C-1", profile="sad").enter(Mood("sad"))
    assert "Sad" == here.get().view().section("mood").message
    with pytest.raises(Invalid, match="the moods are: sad"):
        here.get().enter(Mood("angry"))
    here.crm.put_customer(Customer("C-2", "Other", Status("live")))
    with pytest.raises(Invalid, match="the moods are: happy"):
        here.desk().begin("C-2").enter(Mood("sad"))


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 192])
def test_name_of_a_profile_that_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(BadSetup, match=f"The profile {re.escape(repr(name))}: its name"):
        bad(**{name: STANDARD})


def test_profiles_are_checklists() -> None:
    with pytest.raises(BadSetup, match=r"The profile 'moved': .* a Checklist .*a str"):
        bad(moved="moved")


@pytest.mark.parametrize("profiles", [["moved"], (("moved", STANDARD),), "moved", None, 7])
def test_profiles_are_given_by_name(profiles: Any) -> None:
    here = world()
    with pytest.raises(BadSetup, match="must be checklists by name"):
        CancelKit(STANDARD, profiles=profiles, roles=admins(), users=here.users)


def test_profiles_are_copied_when_the_kit_is_made() -> None:
    """A later change of the host's dict would be half of a change: it was not checked."""
    here, profiles = with_profiles(), {"moved": MOVED}
    here.kit = CancelKit(STANDARD, profiles=profiles, roles=admins(), users=here.users)
    profiles["insolvency"] = INSOLVENCY
    assert {"moved": MOVED} == here.kit.profiles
    with pytest.raises(Invalid, match="no profile 'insolvency'"):
        here.get().begin(profile="insolvency")


# ---------------------------------------------------------------- what the kit knows


def test_kit_knows_the_sections_of_all_checklists_also_those_that_are_off() -> None:
    """What is entered for them is taken, where a cancellation still has them; by key and form."""
    here = world(kinds=KINDS)
    known = kit(here, STANDARD.with_gates(mood="off"), insolvency=INSOLVENCY, moved=MOVED).known
    assert {*STANDARD.by_key, "invoices"} == {*known.by_key}
    assert (known.by_key["mood"], "mood") == (STANDARD.section("mood"), known.by_form[Mood])
    assert {"assign_owner"} == {*known.kinds}
    active = [section.key for section in known.active]
    assert {"cases": 3, "invoices": 1, "opportunities": 2, "mood": 1} == {
        key: active.count(key) for key in ("cases", "invoices", "opportunities", "mood")
    }


def test_need_of_a_section_with_the_same_key_in_a_profile_is_verified_too() -> None:
    """The kit's own section of this key asks another question."""
    here = world()
    disputes = records_section("cases", title="Disputes", kind="disputes")
    made = kit(here, disputed=STANDARD.replacing(disputes))
    with pytest.raises(BadSetup, match=r"'disputes'.* of section 'cases'"):
        made.verify(here.host)


def test_section_that_is_off_everywhere_needs_nothing_of_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither its users, nor a performer, nor an answer to its need."""
    here = world(kinds=("assets", "cases", "opportunities", "quotations", "expiries"))
    off = STANDARD.with_gates(ownership="off", sales_orders="off")
    made = CancelKit(off, profiles={"moved": off}, roles=admins())
    made.verify(here.host)
    monkeypatch.setattr(MemoryHost, "performs", frozenset[type]())
    assert made.at(here.host, actor=Person("alice")).begin("C-1").view().token


# ---------------------------------------------------------------- what the history says of it


def test_history_says_by_which_profile_it_was_begun() -> None:
    here = begun()
    assert ["Profile: insolvency"] == done(here)


@pytest.mark.parametrize("profile", ["insolvency", ""])
def test_begin_that_opens_what_is_there_does_not_say_that_a_profile_was_taken(profile: str) -> None:
    here = begun()
    here.get("bob").begin(profile=profile)
    assert [] == done(here)


def test_begin_that_is_refused_does_not_say_that_a_profile_was_taken() -> None:
    here = with_profiles()
    here.crm.put_customer(evolve(here.customer, status=Status("live", pending=True)))
    with pytest.raises(AlreadyPending):
        here.get().begin(profile="insolvency")
    here.kit = evolve(here.kit, roles=admins("somebody"))
    with pytest.raises(NotAllowed):
        here.desk("eve").get("C-1").begin(profile="insolvency")
    assert [[], []] == [[*entry.done] for entry in here.history()]


def done(here: World) -> list[str]:
    return [here.kit.text(message) for message in here.history()[-1].done]


# ---------------------------------------------------------------- more mistakes


@pytest.mark.parametrize(
    ("field", "listed"),
    [
        ("reasons.bogus", "reasons.codes, reasons.text, reasons.extra"),
        ("reasons", "reasons.codes, reasons.text, reasons.extra"),
        ("reasons.", "reasons.codes, reasons.text, reasons.extra"),
        ("mood.option.x", "mood.option"),
        ("cases.anything", "none"),
    ],
)
def test_required_field_that_no_form_has_is_a_bad_setup(field: str, listed: str) -> None:
    with pytest.raises(BadSetup, match=f"no field '{field}'; the fields of .* are: {listed}\\."):
        STANDARD.requiring(field)


def test_required_field_of_a_section_that_there_is_not_is_refused() -> None:
    with pytest.raises(Invalid, match="no section 'nonsense'; the sections are: reasons"):
        STANDARD.requiring("nonsense.text")


def test_need_that_only_a_profile_has_is_verified_at_start_up() -> None:
    """Not on the day on which the first cancellation with it is begun."""
    here = world()
    with pytest.raises(BadSetup, match="of section 'invoices'"):
        kit(here, insolvency=INSOLVENCY).verify(here.host)


def test_effect_that_only_a_profile_has_needs_a_performer() -> None:
    here = world()
    own = STANDARD.without("future_expiry")
    made = kit(here, own, renewing=STANDARD.replacing(FUTURE_EXPIRY_CREATING))
    with pytest.raises(BadSetup, match="no performer for CreateExpiry"):
        made.at(here.host, actor=Person("alice"))


def test_users_that_only_a_profile_asks_for_are_needed() -> None:
    with pytest.raises(BadSetup, match="'ownership' looks users up"):
        CancelKit(STANDARD.without("ownership"), profiles={"moved": STANDARD}, roles=admins())


def test_profile_of_a_day_to_come_is_judged_as_of_that_day() -> None:
    here = with_profiles()
    view = here.desk().check("C-1", on=TODAY + timedelta(days=3), profile="insolvency")
    assert (TODAY + timedelta(days=3), "insolvency") == (view.as_of, view.profile)
