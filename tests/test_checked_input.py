"""What a newcomer got wrong is said, and what was entered nowhere is not taken for entered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, field, frozen

from cancelkit import STANDARD, CancelKit, Person, Reasons
from cancelkit.bulk import check_many
from cancelkit.errors import BadSetup, Invalid, WrongDate
from cancelkit.facts import Facts
from cancelkit.letters import Languages
from cancelkit.records import HistoryEntry
from cancelkit.schedule import process_due
from cancelkit.states import Light, SectionState, green
from tests.world import TODAY, World, admins, world


@pytest.mark.parametrize("profile", [None, 7, ["insolvency"], b"x"], ids=repr)
def test_profile_that_is_no_text_is_invalid(profile: Any) -> None:
    here = world()
    with pytest.raises(Invalid):
        here.get().begin(profile=profile)
    with pytest.raises(Invalid):
        here.desk().check("C-1", profile=profile)
    assert [] == here.history()


@pytest.mark.parametrize("section", [None, 7, ["cases"]], ids=repr)
def test_section_that_is_no_text_is_invalid(section: Any) -> None:
    here = world()
    with pytest.raises(Invalid):
        here.get().override(section, "why")
    with pytest.raises(Invalid):
        here.get().perform_now(section)
    assert [] == here.history()


def test_profile_of_a_day_to_come_is_compared_with_the_same_profile_today() -> None:
    here = world()
    kit = CancelKit(
        STANDARD.without("assets"), profiles={"p": STANDARD}, roles=admins(), users=here.users
    )
    desk = kit.at(here.host, actor=Person("alice"))
    view = desk.check("C-1", on=TODAY + timedelta(days=3), profile="p")
    assert Light.GREEN is view.section("assets").today


def test_no_date_is_judged_like_the_date_of_today() -> None:
    here = world()
    here.crm.put_customer(evolve(here.customer, since=TODAY + timedelta(days=30)))
    here.ready()
    with pytest.raises(WrongDate):
        here.get().process(here.get().plan().token)


def test_profile_that_is_no_checklist_is_a_bad_setup() -> None:
    profiles: Any = {"moved": 3}
    with pytest.raises(BadSetup, match="moved"):
        CancelKit(STANDARD, profiles=profiles, roles=admins(), users=world().users)


@pytest.mark.parametrize("name", ["", " x"])
def test_name_of_a_profile_is_checked_as_part_of_the_setup(name: str) -> None:
    with pytest.raises(BadSetup):
        CancelKit(STANDARD, profiles={name: STANDARD}, roles=admins(), users=world().users)


@frozen
class Extra:
    told: bool = False
    notes: Mapping[str, str] = field(factory=dict, hash=False)
    number: int = 0


@frozen
class ExtraSection:
    key: str = "extra"
    title: str = "Extra"
    needs: tuple[()] = ()
    form: type[Extra] = Extra

    def evaluate(self, facts: Facts) -> SectionState:
        return green("extra.fine")


def test_unticked_box_and_empty_mapping_fill_no_field() -> None:
    checklist = STANDARD.with_section(ExtraSection())
    here = world(checklist.requiring("extra.told", "extra.notes", "extra.number"))
    here.begun().enter(Extra())
    assert "Still to fill in: told; notes" == here.get().view().section("extra").message


@pytest.mark.parametrize(
    ("entered", "empty"),
    [
        ({"told": True}, "items; notes"),
        ({"items": ("a",)}, "told; notes"),
        ({"items": ("",)}, "told; notes"),
        ({"notes": {"a": ""}}, "told; items"),
        ({"told": True, "items": ("a",), "notes": {"a": "b"}}, ""),
    ],
    ids=str,
)
def test_what_is_empty_fills_no_field(entered: Mapping[str, Any], empty: str) -> None:
    """A box that is not ticked, a list and a mapping without anything; a number always does."""
    required = [f"listed.{name}" for name in ("told", "items", "notes", "number")]
    here = world(STANDARD.with_section(ListedSection()).requiring(*required))
    here.begun().enter(Listed(**entered))
    line = here.get().view().section("listed")
    assert (f"Still to fill in: {empty}" if empty else "listed.fine") == line.message


@frozen
class Listed:
    told: bool = False
    items: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(factory=dict, hash=False)
    number: int = 0


@frozen
class ListedSection:
    key: str = "listed"
    title: str = "Listed"
    needs: tuple[()] = ()
    form: type[Listed] = Listed

    def evaluate(self, facts: Facts) -> SectionState:
        return green("listed.fine")


@pytest.mark.parametrize("chunk", [0, -1])
def test_chunk_of_nobody_is_invalid(chunk: int) -> None:
    """It would look at nobody, and say so of nobody."""
    with pytest.raises(Invalid, match=f"chunk must be a whole number, 1 or more, not {chunk}"):
        list(check_many(world().desk(), ["C-1"], chunk=chunk))


@frozen
class Short:
    text: str = ""


@frozen
class ShortReasons:
    key: str = "reasons"
    title: str = "Reasons"
    needs: tuple[()] = ()
    form: type[Short] = Short

    def evaluate(self, facts: Facts) -> SectionState:
        return green("reasons.given", text="")


def test_required_field_that_a_replacement_does_not_have_is_a_bad_setup() -> None:
    with pytest.raises(BadSetup, match=r"reasons\.extra"):
        STANDARD.requiring("reasons.extra").replacing(ShortReasons())


def test_unknown_profile_is_invalid_for_a_pending_customer_too() -> None:
    here = world()
    here.begun()
    with pytest.raises(Invalid):
        here.desk().check("C-1", profile="nonsense")


@pytest.mark.parametrize("blank", [" ", "\n\t"])
def test_blank_reason_takes_nothing_back(blank: str) -> None:
    here = world()
    here.add_order()
    here.ready().override("sales_orders", "why")
    with pytest.raises(Invalid):
        here.get().override("sales_orders", blank)
    assert here.get().view().section("sales_orders").override


def _last(here: World) -> HistoryEntry:
    return here.history()[-1]


def test_history_says_which_status_was_adopted_and_which_was_left() -> None:
    here = world()
    here.begun().enter(Reasons("price"))
    status = here.status
    assert status is not None
    here.crm.put_customer(evolve(here.customer, status=evolve(status, value="frozen")))
    here.get().adopt()
    assert _last(here).done


@pytest.mark.parametrize("number", ["7", None, 1.5, True, -1], ids=repr)
def test_what_is_no_number_of_something_is_invalid(number: Any) -> None:
    desk = world().desk()
    for ask, what in (
        (lambda: list(check_many(desk, ["C-1"], chunk=number)), "chunk must be a whole number, 1"),
        (lambda: process_due(desk, page=number), "page must be a whole number, 1"),
        (lambda: desk.get("C-1").view(name=number), "name must be a whole number, 0"),
        (lambda: desk.get("C-1").look(name=number), "name must be a whole number, 0"),
        (lambda: desk.get("C-1").candidates(limit=number), "limit must be a whole number, 1"),
    ):
        with pytest.raises(Invalid, match=f"{what} or more, not {number!r}"):
            ask()


@pytest.mark.parametrize("ids", ["C-1", b"C-1", None, 7, [None], [7]], ids=repr)
def test_what_is_no_list_of_ids_is_invalid(ids: Any) -> None:
    """One text is none: it would be taken for as many customers as it has characters."""
    desk = world().desk()
    for ask in (desk.banners, lambda many: list(check_many(desk, many))):
        with pytest.raises(Invalid, match="a customer id"):
            ask(ids)


@pytest.mark.parametrize("keys", ["sales_orders", b"assets", 7, [None], [7]], ids=repr)
def test_what_is_no_list_of_sections_is_invalid(keys: Any) -> None:
    """One text is none: "orders" is no section, and would be found in "sales_orders"."""
    with pytest.raises(Invalid, match="a section key"):
        world().begun().look(name=1, of=keys)


@pytest.mark.parametrize("kinds", [None, 7, [7], [None], ("cases", ""), b"cases"], ids=repr)
def test_guarded_kinds_that_are_none_are_a_bad_setup(kinds: Any) -> None:
    with pytest.raises(BadSetup, match=r"guarded=: .*a kind of records"):
        CancelKit(STANDARD, roles=admins(), users=world().users, guarded=kinds)


@pytest.mark.parametrize("language", [None, 7, b"de", "d\ne"], ids=repr)
def test_language_that_is_no_tag_is_invalid(language: Any) -> None:
    texts = world().kit.translator
    with pytest.raises(Invalid, match="the language tag must be"):
        Languages({}, texts).of(language)
    with pytest.raises(Invalid, match="the language tag must be"):
        Languages({language: texts}, texts)
    with pytest.raises(BadSetup, match="by language tag"):
        Languages(language, texts)
