"""Putting a checklist and a kit together: what fits, and errors that name the culprit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from attrs import evolve, frozen

from cancelkit import (
    STANDARD,
    CancelKit,
    Checklist,
    EitherRole,
    Gate,
    Invalid,
    Mood,
    Person,
    Reasons,
    records_section,
)
from cancelkit.adapters.memory import MemoryCrm, MemoryHost, MemoryUsers
from cancelkit.effects import AssignOwner, Effect
from cancelkit.errors import BadSetup, NotASection, UnknownSection
from cancelkit.facts import Facts
from cancelkit.messages import Message
from cancelkit.needs import OpenRecords
from cancelkit.sections import MoodSection, OwnershipSection, ReasonsSection
from cancelkit.sections.creating_expiry import FUTURE_EXPIRY_CREATING
from cancelkit.states import Light, SectionState, green
from tests.world import admins, world

CASES = records_section("cases", title="Cases")
INVOICES = records_section("invoices", title="Invoices")
NINE = [section.key for section in STANDARD.sections]
LISTED = f"the sections are: {', '.join(NINE)}."


def keys(checklist: Checklist) -> list[str]:
    return [section.key for section in checklist.sections]


def nine_with(key: str, at: int) -> list[str]:
    return [*NINE[:at], key, *NINE[at:]]


# ---------------------------------------------------------------- order and gates


def test_section_comes_last_where_nothing_is_said() -> None:
    assert nine_with("invoices", 9) == keys(STANDARD.with_section(INVOICES))


@pytest.mark.parametrize("beside", NINE)
def test_section_comes_before_or_after_another_one(beside: str) -> None:
    at = NINE.index(beside)
    assert nine_with("invoices", at) == keys(STANDARD.with_section(INVOICES, before=beside))
    assert nine_with("invoices", at + 1) == keys(STANDARD.with_section(INVOICES, after=beside))


def test_section_cannot_be_put_in_two_places() -> None:
    with pytest.raises(BadSetup, match="before= or after=, not both"):
        STANDARD.with_section(INVOICES, before="mood", after="mood")


def test_checklist_is_a_value() -> None:
    """Every method returns a new one; the standard one never changes."""
    STANDARD.with_section(INVOICES)
    STANDARD.without("mood")
    STANDARD.with_gates(cases="advises")
    STANDARD.replacing(MoodSection({"x": "X"}))
    assert NINE == keys(STANDARD)
    assert Gate.BLOCKS is STANDARD.gates["cases"]


def test_section_that_is_left_out_is_absent() -> None:
    """Not shown, and never counted as evidence."""
    checklist = STANDARD.without("cases", "mood")
    assert [key for key in NINE if key not in ("cases", "mood")] == keys(checklist)
    assert {"cases", "mood"}.isdisjoint(checklist.gates)
    view = world(checklist).get().view()
    assert keys(checklist) == [line.key for line in view.sections]


@pytest.mark.parametrize("gate", ["off", Gate.OFF])
def test_gate_off_leaves_the_section_out(gate: Gate | str) -> None:
    assert keys(STANDARD.without("quotations")) == keys(STANDARD.with_gates(quotations=gate))


def test_gate_off_of_the_section_itself_leaves_it_out() -> None:
    """Once in Checklist: only with_gates() leaves out what is off; else it is asked and shown."""
    off = records_section("invoices", title="Invoices", gate=Gate.OFF)
    assert NINE == keys(STANDARD.with_section(off))


def test_gate_off_given_to_the_checklist_leaves_the_section_out() -> None:
    """Once too: a section that is off is asked, shown, and copied into the cancellation."""
    off = Checklist(STANDARD.sections, {"cases": Gate.OFF})
    assert [key for key in NINE if key != "cases"] == keys(off)


def test_gate_given_by_its_name_blocks() -> None:
    """Once in Checklist: a gate given as text is kept as text, and then it does not block.

    `gates[key] is Gate.BLOCKS` is false for "blocks": the checklist fails open, and Begin fails.
    """
    by_name: Any = {"cases": "blocks"}
    assert Gate.BLOCKS is Checklist(STANDARD.sections, by_name).gates["cases"]


@pytest.mark.parametrize("gate", ["Blocks", "block", "", 1, None, True])
def test_gate_that_is_none_lists_the_gates(gate: Any) -> None:
    with pytest.raises(BadSetup, match=r"the gates are: blocks, advises, off\."):
        STANDARD.with_gates(cases=gate)


def test_gates_are_kept_when_sections_come_and_go() -> None:
    gated = STANDARD.with_gates(cases="advises", mood="blocks")
    for checklist in (gated.with_section(INVOICES), gated.without("assets")):
        assert (Gate.ADVISES, Gate.BLOCKS) == (checklist.gates["cases"], checklist.gates["mood"])


def test_gates_of_the_others_are_kept_when_a_section_is_replaced() -> None:
    """Once in Checklist.replacing: it drops all gates that the host has set."""
    gated = STANDARD.with_gates(cases="advises", mood="blocks")
    replaced = gated.replacing(ReasonsSection(title="Why"))
    assert (Gate.ADVISES, Gate.BLOCKS) == (replaced.gates["cases"], replaced.gates["mood"])


def test_section_is_replaced_in_its_place() -> None:
    moods = MoodSection({"grumpy": "Grumpy"})
    checklist = STANDARD.replacing(moods)
    assert NINE == keys(checklist)
    assert moods is checklist.section("mood")


@frozen
class Ungated:
    """A section that asks for no gate."""

    key: str = "ungated"
    title: str = "Ungated"
    needs: tuple[()] = ()

    def evaluate(self, facts: Facts) -> SectionState:
        return green("ungated")


def test_section_without_a_gate_blocks() -> None:
    """Fail closed: who says nothing gets the stronger one."""
    assert Gate.BLOCKS is STANDARD.with_section(Ungated()).gates["ungated"]


def test_unknown_key_lists_the_sections_that_there_are() -> None:
    for wrong in (
        lambda: STANDARD.section("invoices"),
        lambda: STANDARD.without("invoices"),
        lambda: STANDARD.with_gates(invoices="off"),
        lambda: STANDARD.with_section(Ungated(), after="invoices"),
        lambda: STANDARD.with_section(Ungated(), before="invoices"),
        lambda: STANDARD.replacing(INVOICES),
        lambda: Checklist(STANDARD.sections, {"invoices": Gate.BLOCKS}),
    ):
        with pytest.raises(UnknownSection, match=f"no section 'invoices'; {LISTED}"):
            wrong()


def test_empty_checklist_lists_nothing() -> None:
    with pytest.raises(UnknownSection, match="the sections are: none"):
        Checklist(()).section("cases")


# ---------------------------------------------------------------- what is no section


@frozen(eq=False)
class Loose:
    """Whatever a test makes of it."""

    key: Any = "loose"
    title: Any = "Loose"
    needs: Any = ()
    evaluate: Any = lambda facts: green("loose")


@frozen(eq=False)
class LooseForm(Loose):
    form: Any = None


@frozen(eq=False)
class LooseTypes(Loose):
    effect_types: Any = ()


@frozen(eq=False)
class LooseEffects(LooseTypes):
    effects: Any = lambda facts: ()


class Plain:
    """Not an attrs class."""


class Deaf:
    """A need without read()."""


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        (None, "NoneType is not a section: it has no 'key'"),
        ("cases", "str is not a section: it has no 'key'"),
        (object(), "object is not a section"),
        (Ungated, "Ungated is a class; an instance of it is needed"),
        (Loose(key=""), "Loose has the key ''"),
        (Loose(key="Upper"), "has the key 'Upper'; a key is lower case"),
        (Loose(key="1st"), "has the key '1st'"),
        (Loose(key="two words"), "has the key 'two words'"),
        (Loose(key="é"), "has the key 'é'"),
        (Loose(key="x\n"), "has the key"),
        (Loose(key="x" * 65), "at most 64 characters"),
        (Loose(key=5), "has the key 5"),
        (Loose(title=""), "section 'loose' has no title"),
        (Loose(title="  "), "section 'loose' has no title"),
        (Loose(title=None), "section 'loose' has no title"),
        (Loose(evaluate=None), r"section 'loose' has no method evaluate\(facts\)"),
        (Loose(needs=None), "section 'loose' must have a tuple of needs"),
        (Loose(needs="cases"), "section 'loose' must have a tuple of needs"),
        (Loose(needs={OpenRecords("x")}), "section 'loose' must have a tuple of needs"),
        (Loose(needs=([],)), "section 'loose' has a need that is not hashable"),
        (Loose(needs=(Deaf(),)), r"section 'loose' has the need .*Deaf.*, which has no read"),
        (Loose(needs=("cases",)), r"section 'loose' has the need 'cases', which has no read"),
        (LooseForm(form=5), "section 'loose' must have a frozen attrs class as its form"),
        (LooseForm(form=Plain), "section 'loose' must have a frozen attrs class as its form"),
        (
            LooseForm(form=Mood("angry")),
            "section 'loose' must have a frozen attrs class as its form",
        ),
        (LooseTypes(), "section 'loose' must have both effects and effect_types"),
        (LooseEffects(effect_types=(5,)), "The effect 5 of section 'loose' must be"),
        (LooseEffects(effect_types=(Plain,)), "The effect .*Plain.* of section 'loose' must be"),
        (LooseEffects(effect_types=(Mood,)), "The effect .*Mood.* of section 'loose' must be"),
    ],
)
def test_what_is_no_section_is_named_with_what_is_missing(section: Any, sentence: str) -> None:
    with pytest.raises(NotASection, match=sentence):
        STANDARD.with_section(section)
    with pytest.raises(TypeError):  # what a caller would guess
        Checklist((section,))


@pytest.mark.parametrize("effect_types", [None, 5, AssignOwner])
def test_effect_types_that_are_no_list_are_named(effect_types: Any) -> None:
    """Once in registration.effect_kinds: a raw TypeError that names nobody."""
    with pytest.raises(NotASection, match="loose"):
        STANDARD.with_section(LooseEffects(effect_types=effect_types))


def test_form_that_can_be_changed_is_no_form() -> None:
    """Once in registration.check_section: a frozen class is asked for, but not checked for."""
    from attrs import define

    @define
    class Changing:
        text: str = ""

    with pytest.raises(NotASection, match="frozen"):
        STANDARD.with_section(LooseForm(form=Changing))


def test_two_sections_with_one_key_are_named() -> None:
    for twice in (CASES, Loose(key="cases")):
        with pytest.raises(BadSetup, match=f"Two sections have the key 'cases'; {LISTED[:-1]}"):
            STANDARD.with_section(twice)


def test_two_sections_with_one_form_are_named() -> None:
    """The class of what is entered says for which section it is."""
    with pytest.raises(
        BadSetup, match="sections 'mood' and 'loose' have the same form Mood; each needs a class"
    ):
        STANDARD.with_section(LooseForm(form=Mood))


@frozen
class OtherAssign:
    """Another class under the tag of AssignOwner."""

    kind: ClassVar[str] = "assign_owner"

    def message(self) -> Message:
        return Message("other")


def test_two_effects_with_one_tag_are_refused() -> None:
    """The tag is stored: it must say which class."""
    with pytest.raises(BadSetup, match="Two classes of effects have the tag 'assign_owner'"):
        STANDARD.with_section(LooseEffects(effect_types=(OtherAssign,)))


def test_two_sections_may_plan_the_same_effect() -> None:
    checklist = STANDARD.with_section(LooseEffects(effect_types=(AssignOwner,)))
    assert {"assign_owner": AssignOwner} == dict(checklist.kinds)


def test_mistakes_of_setting_up_are_invalid() -> None:
    assert all(issubclass(kind, Invalid) for kind in (BadSetup, NotASection, UnknownSection))


# ---------------------------------------------------------------- the kit and its host


@pytest.mark.parametrize("checklist", [None, (), [CASES], STANDARD.sections, "STANDARD", CancelKit])
def test_kit_without_a_checklist_says_what_is_needed(checklist: Any) -> None:
    """Once in kit.py: the default of `translator` raises AttributeError before this is checked."""
    with pytest.raises(BadSetup, match=f"a Checklist first, .*not a {type(checklist).__name__}"):
        CancelKit(checklist, roles=admins())


def test_ownership_needs_the_users_of_the_host() -> None:
    with pytest.raises(BadSetup, match=r"'ownership' looks users up: .*\.without\('ownership'\)"):
        CancelKit(STANDARD, roles=admins())
    CancelKit(STANDARD.without("ownership"), roles=admins())


@pytest.mark.parametrize("zone", ["Europe/Londinium", "", "../etc/passwd", "GMT+25:99", "a\x00b"])
def test_zone_that_is_not_there_is_named(zone: str) -> None:
    with pytest.raises(Invalid, match="no time zone"):
        CancelKit(STANDARD, roles=admins(), users=MemoryUsers(), zone=zone)


def test_effect_without_a_performer_is_named_at_the_desk() -> None:
    here = world()
    kit = evolve(here.kit, checklist=STANDARD.replacing(FUTURE_EXPIRY_CREATING))
    with pytest.raises(
        BadSetup, match="no performer for CreateExpiry; it has performers for: AssignOwner"
    ):
        kit.at(here.host, actor=Person("alice"))


def test_host_is_verified_to_answer_every_need() -> None:
    here = world(STANDARD.with_section(INVOICES))
    with pytest.raises(
        BadSetup,
        match=r"not answer OpenRecords\(kind='invoices'\) of section 'invoices'\. .*without",
    ):
        here.kit.verify(here.host)
    world().kit.verify(here.host)


def test_verifying_a_host_that_has_no_such_records_names_the_need() -> None:
    host = MemoryHost(MemoryCrm(kinds=["cases"]))
    with pytest.raises(BadSetup, match=r"NextDate\(kind='expiries'\) of section 'future_expiry'"):
        world().kit.verify(host)


def test_either_role_is_enough_and_no_other() -> None:
    """The role Customer Cancellation or the role CRM Admin (the article)."""
    roles = {"a": ["Customer Cancellation"], "b": ["CRM Admin"], "c": ["Sales"], "d": []}
    may = EitherRole(lambda actor: roles[actor])
    customer = world().customer
    assert [True, True, False, False] == [
        may.allows(Person(actor), "begin", customer) for actor in roles
    ]


# ---------------------------------------------------------------- copied at Begin


def test_gates_are_copied_at_begin() -> None:
    """A later edit of the settings does not change an open cancellation midway."""
    here = world(STANDARD.with_gates(cases="advises"))
    here.ready()
    stricter = evolve(here.kit, checklist=STANDARD.with_gates(mood="blocks", assets="off"))
    later = evolve(here, kit=stricter)
    view = later.get().view()
    assert NINE == [line.key for line in view.sections]
    assert (Gate.ADVISES, Gate.ADVISES) == (view.section("cases").gate, view.section("mood").gate)


def test_new_gates_hold_for_the_next_cancellation() -> None:
    here = world()
    here.ready()
    later = evolve(here, kit=evolve(here.kit, checklist=STANDARD.with_gates(mood="blocks")))
    later.get().remove()
    assert Gate.BLOCKS is later.begun().view().section("mood").gate


def test_section_that_was_left_out_at_begin_stays_out() -> None:
    here = world(STANDARD.without("mood"))
    here.ready()
    later = evolve(here, kit=evolve(here.kit, checklist=STANDARD))
    assert "mood" not in [line.key for line in later.get().view().sections]
    with pytest.raises(UnknownSection, match="mood"):
        later.get().enter(Mood("angry"))


@pytest.mark.parametrize("gate", [Gate.BLOCKS, Gate.ADVISES])
def test_gate_decides_whether_red_stands_in_the_way(gate: Gate) -> None:
    here = world(STANDARD.with_gates(sales_orders=gate))
    here.add_order()
    here.ready()
    plan = here.get().plan()
    blocked = ["sales_orders"] if gate is Gate.BLOCKS else []
    assert blocked == [line.key for line in plan.blocked_by]
    assert (not blocked) == ("sales_orders" in [line.key for line in plan.advice])


# ---------------------------------------------------------------- texts of a plug-in


@frozen
class Spoken:
    """A section that brings its texts."""

    key: str = "spoken"
    title: str = "Spoken"
    needs: tuple[()] = ()
    texts: ClassVar[dict[str, str]] = {"spoken.fine": "All {what} is fine"}

    def evaluate(self, facts: Facts) -> SectionState:
        return green("spoken.fine", what="of it")


def test_plug_in_brings_its_texts_and_its_title() -> None:
    line = world(STANDARD.with_section(Spoken())).get().view().section("spoken")
    assert ("Spoken", "All of it is fine", Light.GREEN) == (line.title, line.message, line.light)


def test_plug_in_cannot_change_the_texts_of_the_others() -> None:
    @frozen
    class Rude(Spoken):
        texts: ClassVar[dict[str, str]] = {"reasons.none": "Nobody cares"}

    line = world(STANDARD.with_section(Rude())).get().view().section("reasons")
    assert "No reason has been given" == line.message


@frozen
class HiddenEffects(OwnershipSection):
    """A section class of the host, derived from one that ships."""

    title: str = "Account manager"

    def effects(self, facts: Facts) -> Sequence[AssignOwner]:
        return ()


def test_own_section_takes_the_place_of_one_that_ships() -> None:
    here = world(STANDARD.replacing(HiddenEffects()))
    assert "Account manager" == here.get().view().section("ownership").title


def test_kinds_of_effects_are_known_by_their_tags() -> None:
    kinds: dict[str, type[Effect]] = dict(STANDARD.replacing(FUTURE_EXPIRY_CREATING).kinds)
    assert ["assign_owner", "create_expiry"] == sorted(kinds)


def test_section_finds_its_form() -> None:
    assert {"reasons": Reasons, "mood": Mood} == {
        section.key: form
        for form, section in Checklist((ReasonsSection(), MoodSection())).by_form.items()
    }


def test_some_sections_alone_keep_their_order_and_must_be_there() -> None:
    kept = [one.key for one in STANDARD.sections if one.key in ("mood", "assets", "reasons")]
    assert kept == [one.key for one in STANDARD.only("mood", "assets", "reasons").sections]
    with pytest.raises(UnknownSection, match="sailing"):
        STANDARD.only("mood", "sailing")
