"""Names: what was recorded stays readable when users and customers are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from attrs import define, evolve

from cancelkit import Customer, NewOwner, Person, Reasons, User
from cancelkit.adapters.memory import MemoryNotifier
from cancelkit.errors import AlreadyCancelled, Blocked, NewerAnswer
from cancelkit.letters import write_letter
from cancelkit.recipients import Rule, WorkflowSetup
from cancelkit.records import CancellationRecord, HistoryEntry, Verb
from cancelkit.relay import Relay
from cancelkit.serial import dump, load
from cancelkit.states import Light
from cancelkit.timeline import timeline
from tests.world import BOSS, World, world


@define
class Users:
    """The users of a host; a test deletes some."""

    known: dict[str, User]

    def find(self, user_ids: Sequence[str]) -> Mapping[str, User]:
        return {key: self.known[key] for key in user_ids if key in self.known}

    def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[User]:
        return list(self.known.values())[:limit]


def staffed() -> tuple[World, Users]:
    """A world that tells the boss of everything, and its users."""
    here = world()
    users = Users({key: User(key, name) for key, name in (("u-1", "Ann"), ("t-7", "Tom"))})
    here.kit = evolve(here.kit, users=users, recipients=WorkflowSetup((Rule((BOSS,)),)))
    return here, users


def process(here: World) -> None:
    here.get().process(here.get().plan().token)


def story() -> World:
    """A cancellation with everything in it, after which everybody is gone."""
    here, users = staffed()
    here.add_order()
    here.ready("alice").enter(NewOwner("t-7"))
    with pytest.raises(Blocked):
        here.get("bob").process(here.get("bob").plan().token)
    here.get("bob").perform_now("ownership")
    here.get("carol").override("sales_orders", "lost in the move")
    here.get("bob").process(here.get("bob").plan().token)
    users.known.clear()
    here.crm.delete_customer("C-1")
    return here


# ---------------------------------------------------------------- users


def test_chosen_owner_who_is_no_user_any_more_is_shown_by_the_former_name() -> None:
    """Not as "t-7": whoever opens the cancellation weeks later must know whom to ask about."""
    here, users = staffed()
    here.ready().enter(NewOwner("t-7"))
    users.known.pop("t-7")
    line = here.get().view().section("ownership")
    assert (Light.RED, "Tom is not a user any more") == (line.light, line.message)


def test_name_is_that_of_the_day_on_which_it_was_entered_and_only_then_the_id() -> None:
    """A user who is there has the name of today."""
    here, users = staffed()
    here.ready().enter(NewOwner("t-7"))
    users.known["t-7"] = User("t-7", "Dr Tom")
    assert "Dr Tom will be the owner" == here.get().view().section("ownership").message
    users.known.clear()
    assert "Tom is not a user any more" == here.get().view().section("ownership").message
    nameless = [evolve(entry, names={}) for entry in here.record().entries]
    here.put_record(evolve(here.record(), entries=tuple(nameless)))
    assert "t-7 is not a user any more" == here.get().view().section("ownership").message


def test_names_are_kept_with_the_entry_that_mentions_them() -> None:
    """And with no other; they survive the store."""
    here, _ = staffed()
    here.ready().enter(NewOwner("t-7"))
    record = load(CancellationRecord, dump(here.record()), "record")
    assert {"reasons": {}, "ownership": {"t-7": "Tom"}} == {
        entry.section: entry.names for entry in record.entries
    }


def test_new_answer_has_the_names_of_its_own() -> None:
    here, _ = staffed()
    here.ready().enter(NewOwner("t-7"))
    here.get().enter(NewOwner("u-1"))
    (entry,) = (one for one in here.record().entries if one.section == "ownership")
    assert {"u-1": "Ann"} == entry.names


def test_names_are_no_part_of_the_plan() -> None:
    here, users = staffed()
    here.ready().enter(NewOwner("t-7"))
    token = here.get().plan().token
    users.known["t-7"] = User("t-7", "Dr Tom")
    here.get().process(token)
    assert ["Owner: Ann → Dr Tom"] == [here.kit.text(d.message) for d in here.record().performed]


def test_owner_who_was_assigned_and_deleted_is_still_named() -> None:
    here, users = staffed()
    here.ready().enter(NewOwner("t-7"))
    here.get().perform_now("ownership")
    users.known.pop("t-7")
    view = here.get().view()
    assert ("Owner: Ann → Tom",) == view.performed
    assert "Tom" in view.section("ownership").message


def test_actor_who_is_gone_is_named_in_banner_and_refusals() -> None:
    """They come from what was recorded: no user is looked up for them."""
    here, users = staffed()
    here.begun("bob")
    token = here.get("alice").view().token
    here.get("bob").enter(Reasons("price"))
    users.known.clear()
    assert here.get().view().banner.endswith("begun by Bob")
    with pytest.raises(NewerAnswer, match="Bob has entered something newer"):
        here.get("alice").enter(Reasons("moved"), token=token)
    here.get("bob").process(here.get("bob").plan().token)
    with pytest.raises(AlreadyCancelled, match="already cancelled by Bob"):
        here.get("alice").remove()


# ---------------------------------------------------------------- customers


def test_history_survives_the_customer_with_all_names() -> None:
    here = story()
    told = [(entry.verb, entry.actor.name, entry.name) for entry in here.get().history()]
    cafe = "Harbour Café"
    assert [
        (Verb.BEGIN, "Alice", cafe),
        (Verb.ENTER, "Alice", cafe),
        (Verb.ENTER, "Alice", cafe),
        (Verb.PROCESS, "Bob", cafe),
        (Verb.PERFORM_NOW, "Bob", cafe),
        (Verb.OVERRIDE, "Carol", cafe),
        (Verb.PROCESS, "Bob", cafe),
    ] == told


def test_performed_effects_in_the_history_name_the_owners() -> None:
    """Before and after, and who had overridden what."""
    here = story()
    done = {e.verb: [here.kit.text(one) for one in e.done] for e in here.history() if e.accepted}
    assert ["Owner: Ann → Tom"] == done[Verb.PERFORM_NOW]
    assert ["Sales Orders was overridden by Carol"] == done[Verb.PROCESS]


def test_refused_attempt_in_the_history_says_what_was_in_the_way() -> None:
    here = story()
    (refused,) = (entry for entry in here.history() if not entry.accepted)
    assert ["Sales Orders: 1 still open"] == [here.kit.sentence(why) for why in refused.refusals]


def test_timeline_of_who_is_gone_has_names_and_no_ids() -> None:
    here = story()
    text = "\n".join(map(str, timeline(here.kit, here.get().history())))
    assert [] == [key for key in ("t-7", "u-1", "C-1", "alice", "bob", "carol") if key in text]
    assert all(name in text for name in ("Alice", "Bob", "Carol", "Ann", "Tom"))


def test_history_reads_the_same_after_it_was_stored() -> None:
    here = story()
    stored = [load(HistoryEntry, dump(entry), "entry") for entry in here.history()]
    lines = [[*map(str, timeline(here.kit, entries))] for entries in (here.history(), stored)]
    assert lines[0] == lines[1]
    assert [e.actor.name for e in here.history()] == [e.actor.name for e in stored]


def test_customer_who_was_renamed_has_in_each_entry_the_name_of_that_day() -> None:
    here, _ = staffed()
    here.ready()
    here.crm.put_customer(evolve(here.customer, name="Harbour Bistro"))
    process(here)
    names = [entry.name for entry in here.history()]
    assert ["Harbour Café", "Harbour Café", "Harbour Bistro"] == names
    assert "Harbour Café" == here.record().name


def test_pending_customer_who_is_gone_is_shown_by_the_name_of_begin() -> None:
    here, _ = staffed()
    here.ready()
    here.crm.delete_customer("C-1")
    view = here.get().view()
    assert ("Harbour Café", True) == (view.name, view.banner.endswith("begun by Alice"))


# ---------------------------------------------------------------- messages


def test_messages_that_are_delivered_late_name_everybody() -> None:
    """The mail server was down; meanwhile users and customer were deleted."""
    here = story()
    here.clock.forward(timedelta(days=30))
    notifier = MemoryNotifier()
    Relay(here.host, notifier).run()
    letters = [write_letter(one, here.kit.translator).body for one in notifier.sent]
    assert [
        "The cancellation of Harbour Café was begun by Alice",
        "Harbour Café was cancelled by Bob, effective 2026-03-02",
    ] == letters
    assert {"The Boss"} == {one.recipient.name for one in notifier.sent}


def test_actor_without_a_name_is_called_by_the_id_and_never_by_nothing() -> None:
    here, _ = staffed()
    here.kit.at(here.host, actor=Person("svc-17")).begin("C-1")
    assert ["svc-17"] == [entry.actor.name for entry in here.history()]
    assert here.get().view().banner.endswith("begun by svc-17")
