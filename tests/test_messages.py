"""Messages: who is told of which event, what it says, in which language, and exactly once."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import date, timedelta
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Protocol

import pytest
from attrs import define, evolve, field

from cancelkit import STANDARD, Mood, NewOwner, Person, Reasons
from cancelkit.adapters.memory import MemoryLinks, MemoryNotifier, SetClock
from cancelkit.adapters.system import SystemClock
from cancelkit.english import TEXTS
from cancelkit.errors import AdapterContractError, BadSetup, CommandFailed, Failed, Refused
from cancelkit.letters import Languages, Letter, write_letter
from cancelkit.messages import Catalogue, Message, Refusal
from cancelkit.recipients import Rule, WorkflowSetup
from cancelkit.records import EVENTS, Notification, OutboxRow
from cancelkit.relay import Relay
from cancelkit.schedule import process_due
from cancelkit.serial import dump, load
from tests.broken.sqlite import JoinedHost, connect
from tests.harness.watch import COMMIT, Call, WatchedHost
from tests.sqlite_world import desk_at, host_at, new_crm
from tests.world import BOSS, NINE_O_CLOCK, TODAY, World, admins, world

SUE = Person("s-8", "Sue")
ZOE = Person("z-9", "Zoe")
ON = date(2026, 3, 12)
DAY = timedelta(days=1)


def telling(*rules: Rule) -> World:
    """A world with a workflow set-up, and a profile beside the kit's own checklist."""
    here = world()
    profiles = {"insolvency": STANDARD.with_gates(mood="off")}
    setup = WorkflowSetup(rules)
    here.kit = evolve(here.kit, recipients=setup, profiles=profiles)
    return here


def always(*people: Person) -> World:
    return telling(Rule(people or (BOSS,)))


def outbox(here: World) -> list[Notification]:
    """Return the notifications as committed, in the order in which they were made."""
    return [row.notification for _, row in here.crm.memory.rows("outbox")]


def events(here: World) -> list[tuple[str, str]]:
    return [(one.event, one.recipient.id) for one in outbox(here)]


def schedule(here: World, on: date = ON) -> None:
    here.get().process(here.get().plan(on=on).token, on=on)


def due(here: World) -> None:
    """Let the job run on the day that has come."""
    list(process_due(here.desk("job")))


def process(here: World) -> None:
    here.get().process(here.get().plan().token)


def story(here: World, profile: str = "") -> None:
    """Let everything happen of which somebody can be told: each event once."""
    here.desk().begin("C-1", profile=profile).enter(Reasons("price", text="too dear"))
    here.add_order()
    here.get("bob").enter(NewOwner("t-7"))
    schedule(here)
    here.clock.set(NINE_O_CLOCK + 10 * DAY)
    due(here)
    here.add_order("completed")
    here.clock.forward(DAY)
    due(here)
    here.get("carol").reinstate(put_back=True)
    here.desk().begin("C-1", profile=profile, op="again")
    here.get("dora").remove()


TOLD = ("begun", "scheduled", "blocked", "processed", "reinstated", "begun", "removed")
"""What the story tells, in order."""


def by_event(here: World) -> dict[str, Notification]:
    """Return the first notification of each event."""
    return {one.event: one for one in reversed(outbox(here))}


# ---------------------------------------------------------------- who is told of what


def test_bare_rule_tells_of_everything() -> None:
    here = always()
    story(here)
    assert [(event, "boss") for event in TOLD] == events(here)
    assert set(EVENTS) == set(TOLD)


@pytest.mark.parametrize("setup", [None, WorkflowSetup(), WorkflowSetup((Rule(()),))])
def test_without_rules_or_people_nobody_is_told_of_anything(setup: WorkflowSetup | None) -> None:
    here = world()
    here.kit = evolve(here.kit, recipients=setup)
    story(evolve(here, kit=evolve(here.kit, profiles={})))
    assert [] == events(here)


@pytest.mark.parametrize("event", EVENTS)
def test_rule_for_an_event_tells_of_that_event_alone(event: str) -> None:
    here = telling(Rule((BOSS,), frozenset({event})))
    story(here)
    assert [(one, "boss") for one in TOLD if one == event] == events(here)


def test_rule_for_a_profile_tells_of_cancellations_by_that_profile_alone() -> None:
    """The empty name is the kit's own checklist; a rule without profiles is for all of them."""
    insolvency, own = frozenset({"insolvency"}), frozenset({""})
    rules = (Rule((BOSS,), profiles=insolvency), Rule((SUE,), profiles=own), Rule((ZOE,)))
    for profile, person in (("insolvency", "boss"), ("", "s-8")):
        here = telling(*rules)
        story(here, profile)
        assert [(e, p) for e in TOLD for p in (person, "z-9")] == events(here)


def test_rule_for_an_event_and_a_profile_needs_both() -> None:
    rule = Rule((BOSS,), frozenset({"removed"}), frozenset({"insolvency"}))
    for profile, told in (("insolvency", [("removed", "boss")]), ("", [])):
        here = telling(rule)
        story(here, profile)
        assert told == events(here)


def test_person_whom_several_rules_name_is_told_once() -> None:
    """Nobody gets the same message twice because they are in two groups."""
    begun = frozenset({"begun"})
    here = telling(Rule((BOSS, SUE, BOSS)), Rule((SUE, ZOE), begun), Rule((BOSS,), begun))
    outcome = here.get().begin()
    assert [("begun", "boss"), ("begun", "s-8"), ("begun", "z-9")] == events(here)
    assert (BOSS, SUE, ZOE) == outcome.notified


def test_unknown_event_is_refused_when_the_setup_is_made() -> None:
    """Not on the day on which nobody was told."""
    with pytest.raises(BadSetup, match=r"no event 'canceled'; the events are: begun, .*reinstated"):
        WorkflowSetup((Rule((BOSS,)), Rule((BOSS,), frozenset({"canceled"}))))


ONE: Any = BOSS
"""A person where several are wanted."""


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rule(ONE),
        lambda: Rule(("boss",)),  # type: ignore[arg-type]  # the mistake
        lambda: Rule((BOSS,), "begin"),
        lambda: WorkflowSetup(Rule((BOSS,))),  # type: ignore[arg-type]  # the mistake
        lambda: WorkflowSetup((ONE,)),
    ],
)
def test_mistaken_setup_is_refused_when_it_is_made(make: Callable[[], object]) -> None:
    """Not in the unit of work of the first cancellation."""
    with pytest.raises(BadSetup):
        make()


def test_one_event_or_profile_may_be_given_as_a_text() -> None:
    """It is that one, not its letters."""
    rule = Rule((BOSS,), "begun", "insolvency")
    assert Rule((BOSS,), frozenset({"begun"}), frozenset({"insolvency"})) == rule
    assert [True, False, False] == [
        rule.holds("begun", "insolvency"),
        rule.holds("begun", "solve"),
        rule.holds("removed", "insolvency"),
    ]


@pytest.mark.parametrize("language", [None, 5, "de\nBcc: x"])
def test_recipient_whose_language_cannot_be_stored_is_a_broken_contract(language: Any) -> None:
    """Otherwise the row could never be read again, and the message would be lost."""
    here = always(evolve(BOSS, language=language))
    tables = here.tables()
    with pytest.raises(AdapterContractError, match=r"Recipients\.of"):
        here.begun()
    assert (tables, []) == (here.tables(), here.history())


def test_plan_says_who_would_be_told_and_the_outcome_who_will_be() -> None:
    """For a day to come: who is told of the schedule now, and who of the Process on the day."""
    here = telling(Rule((BOSS,), frozenset({"processed"})), Rule((SUE,), frozenset({"scheduled"})))
    here.ready()
    assert ((BOSS,), (SUE,)) == (here.get().plan().notify, here.get().plan(on=ON).notify)
    assert ((), (BOSS,)) == (here.get().plan().notify_then, here.get().plan(on=ON).notify_then)
    data = here.get().plan(on=ON).data()
    assert (["s-8"], ["boss"]) == tuple(
        [p["id"] for p in data[k]] for k in ("notify", "notify_then")
    )
    token = here.get().plan(on=ON).token
    assert (SUE,) == here.get().process(token, on=ON).notified


def test_entering_and_performing_now_tell_nobody() -> None:
    here = always()
    here.begun()
    here.get().enter(Mood("angry"))
    here.get().enter(NewOwner("t-7"))
    here.get().perform_now("ownership")
    assert [("begun", "boss")] == events(here)


def test_beginning_again_tells_nobody_again() -> None:
    """It opens the cancellation that is there."""
    here = always()
    here.begun("alice")
    here.begun("bob")
    assert [("begun", "boss")] == events(here)


def test_repeat_of_an_operation_tells_nobody_again() -> None:
    here = always()
    here.ready()
    token = here.get().plan().token
    first = here.get().process(token, op="op-1")
    again = here.get().process(token, op="op-1")
    assert (first.notified, True) == (again.notified, again.replayed)
    assert [("begun", "boss"), ("processed", "boss")] == events(here)


# ---------------------------------------------------------------- what they are told


def told_story() -> World:
    here = always()
    here.kit = evolve(here.kit, links=MemoryLinks("/c/{customer}", "/c/{customer}/{section}"))
    story(here)
    return here


SENTENCES = {
    "begun": "The cancellation of Harbour Café was begun by Alice",
    "scheduled": "The cancellation of Harbour Café was scheduled for 2026-03-12 by Alice",
    "blocked": "The cancellation of Harbour Café, scheduled for 2026-03-12, is blocked",
    "processed": "Harbour Café was cancelled by Alice, effective 2026-03-12",
    "reinstated": "Harbour Café was reinstated by Carol",
    "removed": "The cancellation of Harbour Café was removed by Dora",
}


def test_each_event_is_a_sentence_with_every_place_filled() -> None:
    here = told_story()
    said = {event: here.kit.text(one.message) for event, one in by_event(here).items()}
    assert SENTENCES == said
    assert {f"event.{event}" for event in EVENTS} == {one.message.key for one in outbox(here)}


def test_each_event_has_what_a_program_needs() -> None:
    """Whose, which cancellation, by whom, when, and where to look."""
    here = told_story()
    first, second = sorted({one.cancellation for one in outbox(here)})
    for one in outbox(here):
        assert ("", "C-1", "Harbour Café", BOSS, "/c/C-1", "") == (
            one.tenant,
            one.customer,
            one.name,
            one.recipient,
            one.link,
            one.profile,
        )
    assert [first] * 5 + [second] * 2 == [one.cancellation for one in outbox(here)]
    ten, eleven = NINE_O_CLOCK + 10 * DAY, NINE_O_CLOCK + 11 * DAY
    at = [NINE_O_CLOCK] * 2 + [ten] + [eleven] * 4
    assert at == [one.at for one in outbox(here)]


def test_effective_date_is_told_from_the_schedule_on() -> None:
    """The date that was asked for, not the day on which it was carried out at last.

    What is over says none: a Reinstate is not of the day of the old cancellation.
    """
    days = {event: one.on for event, one in by_event(told_story()).items()}
    dated = dict.fromkeys(("scheduled", "blocked", "processed"), ON)
    assert {**dated, "begun": None, "removed": None, "reinstated": None} == days


def test_cancellation_of_today_is_effective_today() -> None:
    here = always()
    here.ready()
    process(here)
    assert (TODAY, TODAY) == (outbox(here)[-1].on, outbox(here)[-1].message["on"])


def test_what_was_done_stands_in_the_lines() -> None:
    """The owner who was assigned by Process, and given back by Reinstate."""
    here = told_story()
    lines = {
        event: [here.kit.text(line) for line in one.lines] for event, one in by_event(here).items()
    }
    none: dict[str, list[str]] = {event: [] for event in EVENTS}
    done = {"processed": ["Owner: Ann → Tom"], "reinstated": ["Owner: Tom → Ann"]}
    assert {**none, **done} == lines


def test_only_blocked_says_by_what() -> None:
    here = told_story()
    blocked = {event: one.blocked for event, one in by_event(here).items() if one.blocked}
    (why,) = blocked.pop("blocked")
    assert ("blocked", "sales_orders", {}) == (why.code, why.section, blocked)
    assert "Sales Orders: 1 still open" == here.kit.sentence(why)


def test_reasons_are_told_as_they_were_entered() -> None:
    texts = {event: one.reasons.get("text") for event, one in by_event(told_story()).items()}
    given = dict.fromkeys(("scheduled", "blocked", "processed", "reinstated"), "too dear")
    assert {**given, "begun": None, "removed": None} == texts


def test_profile_is_told() -> None:
    here = always()
    story(here, "insolvency")
    assert {"insolvency"} == {one.profile for one in outbox(here)}


def test_on_a_scheduled_day_the_actor_is_who_scheduled() -> None:
    """Not the nightly job: that has no name for whoever reads the message."""
    here = always()
    here.ready("alice")
    token = here.get("bob").plan(on=ON).token
    here.get("bob").process(token, on=ON)
    here.clock.set(NINE_O_CLOCK + 10 * DAY)
    due(here)
    done = outbox(here)[-1]
    assert ("processed", Person("bob"), "Bob") == (done.event, done.actor, done.message["by"])
    last = here.history()[-1]
    assert (Person("job"), Person("bob")) == (last.actor, last.behalf)


def test_every_notification_can_be_stored_and_read_again() -> None:
    here = always(evolve(BOSS, language="de-AT"))
    story(here)
    rows = [row for _, row in here.crm.memory.rows("outbox")]
    again = [load(OutboxRow, dump(row), "row") for row in rows]
    assert rows == again
    assert {"de-AT"} == {row.notification.recipient.language for row in again}


# ---------------------------------------------------------------- keys


def test_keys_of_two_events_and_of_two_people_are_distinct() -> None:
    here = always(BOSS, SUE)
    story(here)
    keys = [one.key for one in outbox(here)]
    assert (2 * len(TOLD), 2 * len(TOLD)) == (len(keys), len(set(keys)))


def test_same_event_twice_has_two_keys() -> None:
    """Scheduled for another day, or blocked for another day: a receiver must not drop it."""
    here = always()
    here.ready()
    here.add_order()
    schedule(here)
    schedule(here, ON + DAY)
    here.clock.set(NINE_O_CLOCK + 12 * DAY)
    due(here)
    here.clock.forward(DAY)
    due(here)
    told = [(one.event, one.key) for one in outbox(here)[1:]]
    assert ["scheduled", "scheduled", "blocked", "blocked"] == [event for event, _ in told]
    assert 4 == len({key for _, key in told})


def test_key_is_the_same_however_often_it_is_sent() -> None:
    here = always(BOSS, SUE)
    here.begun()
    tried: list[str] = []

    class Failing:
        def send(self, notification: Notification) -> None:
            tried.append(notification.key)
            raise ConnectionError("mailbox unavailable")

    for _ in range(3):
        Relay(here.host, Failing(), report=lambda what, error: None).run()
        here.clock.forward(DAY)
    notifier = MemoryNotifier()
    Relay(here.host, notifier).run()
    once = sorted(one.key for one in outbox(here))
    assert sorted(once * 3) == sorted(tried)
    assert once == sorted(one.key for one in notifier.sent)


# ---------------------------------------------------------------- refused, rolled back


def refuse_begin(here: World) -> None:
    here.get("eve").begin()


def refuse_process(here: World) -> None:
    here.add_order()
    process(here)


def refuse_stale(here: World) -> None:
    token = here.get().plan().token
    here.add_asset(None, live=True)
    here.get().process(token)


def refuse_schedule(here: World) -> None:
    here.get("eve").process(here.get().plan(on=ON).token, on=ON)


def refuse_remove(here: World) -> None:
    here.get("eve").remove()


def refuse_reinstate(here: World) -> None:
    here.get().reinstate()


@pytest.mark.parametrize(
    "refused",
    [refuse_begin, refuse_process, refuse_stale, refuse_schedule, refuse_remove, refuse_reinstate],
)
def test_of_a_refused_command_nobody_is_told(refused: Callable[[World], None]) -> None:
    here = always()
    here.kit = evolve(here.kit, roles=admins("alice", "bob", "job"))
    here.ready()
    before = events(here)
    with pytest.raises(Refused):
        refused(here)
    assert before == events(here)


def test_of_a_refusal_on_the_scheduled_day_people_are_told() -> None:
    """Nobody is there to see it; so it is told once for each day on which it is tried."""
    here = always()
    here.ready()
    here.add_order()
    schedule(here)
    here.clock.set(NINE_O_CLOCK + 10 * DAY)
    due(here)
    due(here)
    assert [("blocked", "boss")] == events(here)[2:]


class Moves(Protocol):
    """Brings a world up to a command, and returns the command."""

    def __call__(self, here: World, /) -> Callable[[World], object]: ...


def to_begin(here: World) -> Callable[[World], object]:
    return lambda at: at.get().begin()


def to_schedule(here: World) -> Callable[[World], object]:
    here.ready()
    return schedule


def to_block(here: World) -> Callable[[World], object]:
    here.ready()
    here.add_order()
    schedule(here)
    here.clock.set(NINE_O_CLOCK + 10 * DAY)
    return due


def to_process(here: World) -> Callable[[World], object]:
    here.ready()
    return process


def to_remove(here: World) -> Callable[[World], object]:
    here.ready()
    return lambda at: at.get().remove()


def to_reinstate(here: World) -> Callable[[World], object]:
    here.ready()
    process(here)
    return lambda at: at.get().reinstate()


EVERY_EVENT: tuple[Moves, ...] = (
    to_begin,
    to_schedule,
    to_block,
    to_process,
    to_remove,
    to_reinstate,
)


def failing(here: World, port: str) -> World:
    """The same world, whose host fails at one port."""

    def fail(call: Call, do: Callable[[], Any], /) -> Any:
        answer = None if call.port == COMMIT else do()
        if call.port == port:
            raise ConnectionError("the server has gone away")
        return do() if call.port == COMMIT else answer

    watched: Any = WatchedHost(here.host, fail)
    return evolve(here, host=watched)


@pytest.mark.parametrize("port", ["outbox.add", "history.append", COMMIT])
@pytest.mark.parametrize("make", EVERY_EVENT)
def test_of_what_was_rolled_back_nobody_is_told(make: Moves, port: str) -> None:
    """Wherever the unit of work ends: no mail leaves for what has not happened."""
    here = always()
    command = make(here)
    tables, history = here.tables(), here.history()
    with suppress(Failed):  # the job goes on to the next customer instead
        command(failing(here, port))
    assert (tables, history) == (here.tables(), here.history())
    told = len(outbox(here))
    command(here)
    assert told + 1 == len(outbox(here))


def test_of_what_the_host_rolled_back_in_its_own_transaction_nobody_is_told(tmp_path: Path) -> None:
    """The command was accepted ("staged"); what it would tell goes with the rest of it."""
    (customer,) = new_crm(tmp_path, "active")
    desk = desk_at(tmp_path, recipients=WorkflowSetup((Rule((BOSS,)),)))
    with closing(connect(str(tmp_path / "crm.db"))) as db:
        db.isolation_level = None
        db.execute("BEGIN IMMEDIATE")
        joined = evolve(desk, host=JoinedHost(host_at(tmp_path), db))
        outcome = joined.get(customer).begin(op="b")
        assert ("staged", (BOSS,)) == (outcome.state, outcome.notified)
        db.execute("ROLLBACK")
    notifier = MemoryNotifier()
    assert 0 == Relay(desk.host, notifier).run().sent
    assert "done" == desk.get(customer).begin(op="b").state
    assert 1 == Relay(desk.host, notifier).run().sent


def test_setup_that_fails_ends_the_command_and_nothing_is_written() -> None:
    """Who would be told is not known: better not begun than not told."""

    class Broken:
        def of(self, *_: object) -> list[Person]:
            raise LookupError("no such group")

    here = world()
    here.kit = evolve(here.kit, recipients=Broken())
    tables = here.tables()
    with pytest.raises(CommandFailed):
        here.begun()
    assert (tables, []) == (here.tables(), here.history())


# ---------------------------------------------------------------- letters

GERMAN_TEXTS = {
    "event.begun": "Die Kündigung von {name} wurde von {by} begonnen",
    "event.scheduled": "Die Kündigung von {name} wurde von {by} für den {on} vorgemerkt",
    "event.blocked": "Die für den {on} vorgemerkte Kündigung von {name} ist blockiert",
    "event.processed": "{name} wurde von {by} zum {on} gekündigt",
    "event.removed": "Die Kündigung von {name} wurde von {by} zurückgenommen",
    "event.reinstated": "{name} wurde von {by} wieder aufgenommen",
    "effect.assign_owner": "Betreuer: {was} → {to}",
    "records.open.one": "{count} noch offen",
    "records.open.other": "{count} noch offene",
    "assets.live.one": "{count} Gerät läuft noch",
    "assets.live.other": "{count} Geräte laufen noch",
    "title.sales_orders": "Aufträge",
    "title.assets": "Geräte",
}
GERMAN = Catalogue(GERMAN_TEXTS)
ENGLISH = world().kit.translator
LANGUAGES = Languages({"de": GERMAN}, default=ENGLISH)


def letters(here: World) -> list[Letter]:
    """Write each notification in the language of its recipient."""
    return [write_letter(one, LANGUAGES.of(one.recipient.language)) for one in outbox(here)]


def test_the_german_catalogue_of_this_test_is_complete() -> None:
    """It has all the places of the English texts, so that what is missing is not its fault."""
    for key in (key for key in GERMAN_TEXTS if key in TEXTS):
        german, english = (
            {part.split("}")[0] for part in text.split("{")[1:]}
            for text in (GERMAN_TEXTS[key], TEXTS[key])
        )
        assert english == german, key
    assert {f"event.{event}" for event in EVENTS} <= set(GERMAN_TEXTS)


def test_each_is_told_in_their_own_language() -> None:
    here = always(evolve(BOSS, language="de"), SUE)
    story(here)
    subjects = [letter.subject for letter in letters(here)]
    assert [SENTENCES[event] for event in TOLD] == subjects[1::2]
    assert [
        "Die Kündigung von Harbour Café wurde von Alice begonnen",
        "Die Kündigung von Harbour Café wurde von Alice für den 2026-03-12 vorgemerkt",
        "Die für den 2026-03-12 vorgemerkte Kündigung von Harbour Café ist blockiert",
        "Harbour Café wurde von Alice zum 2026-03-12 gekündigt",
        "Harbour Café wurde von Carol wieder aufgenommen",
        "Die Kündigung von Harbour Café wurde von Alice begonnen",
        "Die Kündigung von Harbour Café wurde von Dora zurückgenommen",
    ] == subjects[0::2]


def test_letter_says_what_happened_the_particulars_and_where_to_look() -> None:
    here = told_story()
    written = {one.event: write_letter(one, GERMAN) for one in outbox(here)}
    subject = "Harbour Café wurde von Alice zum 2026-03-12 gekündigt"
    processed = f"{subject}\nBetreuer: Ann → Tom\n/c/C-1"
    assert Letter(subject, processed) == written["processed"]
    assert ["Aufträge: 1 noch offen", "/c/C-1"] == written["blocked"].body.splitlines()[1:]


def test_letter_without_an_address_ends_with_its_last_line() -> None:
    here = always()
    here.begun()
    (letter,) = letters(here)
    assert letter.subject == letter.body


@pytest.mark.parametrize(
    ("language", "translator"),
    [
        ("de", GERMAN),
        ("de-AT", GERMAN),
        ("de-Latn-AT", GERMAN),
        ("de_AT", GERMAN),
        ("DE", GERMAN),
        ("", ENGLISH),
        ("en-GB", ENGLISH),
        ("fr", ENGLISH),
        ("den", ENGLISH),
    ],
)
def test_language_falls_back_to_the_main_one_and_then_to_the_default(
    language: str, translator: Catalogue
) -> None:
    assert translator is LANGUAGES.of(language)


def test_own_catalogue_of_a_region_comes_first() -> None:
    austrian = Catalogue({"event.begun": "Die Kündigung von {name} hat {by} begonnen"})
    languages = Languages({"de": GERMAN, "de-AT": austrian}, default=ENGLISH)
    assert (austrian, GERMAN) == (languages.of("de-AT"), languages.of("de-CH"))


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("zh-Hant-TW", "zh-Hant"),
        ("zh_Hant_HK", "zh-Hant"),
        ("ZH-HANT", "zh-Hant"),
        ("zh-Hans-CN", "zh"),
        ("zh-TW", "zh"),
        ("zh", "zh"),
        ("zhx-Hant", ""),
    ],
)
def test_language_is_looked_for_from_the_whole_tag_to_its_first_part(
    language: str, found: str
) -> None:
    own = {tag: Catalogue({"k": tag}) for tag in ("zh-Hant", "zh")}
    assert own.get(found, ENGLISH) is Languages(own, default=ENGLISH).of(language)


def blocked_by(**counts: int) -> Notification:
    """A notification of a scheduled cancellation that is blocked by so many orders and assets."""
    here = always(evolve(BOSS, language="de"))
    here.ready()
    schedule(here)
    for number in range(counts.get("orders", 0)):
        here.add_order(order=f"SO-{number}")
    for number in range(counts.get("assets", 0)):
        here.add_asset(None, live=True, asset=f"A-{number}")
    here.clock.set(NINE_O_CLOCK + 10 * DAY)
    due(here)
    return outbox(here)[-1]


@pytest.mark.parametrize(
    ("orders", "assets", "lines"),
    [
        (1, 0, ["Aufträge: 1 noch offen"]),
        (2, 0, ["Aufträge: 2 noch offene"]),
        (0, 1, ["Geräte: 1 Gerät läuft noch"]),
        (5, 2, ["Geräte: 2 Geräte laufen noch", "Aufträge: 5 noch offene"]),
        (101, 0, ["Aufträge: 100+ noch offene"]),
    ],
)
def test_counts_choose_the_plural_form_of_the_recipients_language(
    orders: int, assets: int, lines: list[str]
) -> None:
    letter = write_letter(blocked_by(orders=orders, assets=assets), GERMAN)
    assert lines == letter.body.splitlines()[1:]


def test_translator_of_the_kit_knows_the_titles_of_the_sections() -> None:
    letter = write_letter(blocked_by(orders=2, assets=1), ENGLISH)
    lines = ["Assets: 1 asset is still live", "Sales Orders: 2 still open"]
    assert lines == letter.body.splitlines()[1:]


def plural_of_polish(count: int) -> str:
    """One; two to four, but not twelve to fourteen; the rest."""
    if count == 1:
        return "one"
    return "few" if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else "many"


def test_language_with_more_plural_forms_brings_its_own_rule() -> None:
    forms = {
        "one": "{count} otwarte",
        "few": "{count} otwarte (kilka)",
        "many": "{count} otwartych",
    }
    texts = {f"records.open.{form}": text for form, text in forms.items()}
    polish = Catalogue({**texts, "title.sales_orders": "Zamówienia"}, plural_of_polish)
    said = [write_letter(blocked_by(orders=n), polish).body.splitlines()[1] for n in (1, 3, 12)]
    numbers = ["1 otwarte", "3 otwarte (kilka)", "12 otwartych"]
    assert [f"Zamówienia: {number}" for number in numbers] == said


LINE_ENDS = ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029")


@pytest.mark.parametrize("end", LINE_ENDS, ids=lambda end: f"U+{ord(end[-1]):04X}")
def test_name_with_a_line_end_stays_one_line_in_the_subject(end: str) -> None:
    """Whoever may name customers must not write headers of e-mails."""
    here = always()
    here.crm.put_customer(evolve(here.customer, name=f"Harbour{end}Bcc: all@example.org{end}"))
    here.begun()
    (letter,) = letters(here)
    told = "The cancellation of Harbour Bcc: all@example.org was begun by Alice"
    assert (told, [told]) == (letter.subject, letter.body.splitlines())


@pytest.mark.parametrize("end", LINE_ENDS, ids=lambda end: f"U+{ord(end[-1]):04X}")
def test_lines_of_a_letter_are_one_line_each(end: str) -> None:
    """Nobody's name makes a line of its own, such as a link beside the real one."""
    here = told_story()
    (processed,) = (one for one in outbox(here) if one.event == "processed")
    line = Message.of("effect.assign_owner", was=f"Ann{end}https://evil.example/{end}", to="Tom")
    why = Refusal("blocked", Message.of("reasons.written", text=f"a{end} b"), "reasons")
    body = write_letter(evolve(processed, lines=(line,), blocked=(why,)), ENGLISH).body
    assert [
        "Harbour Café was cancelled by Alice, effective 2026-03-12",
        "Owner: Ann https://evil.example/ → Tom",
        "Cancellation reasons: a b",
        "/c/C-1",
    ] == body.splitlines()


@pytest.mark.parametrize("name", ["{by}", "{0}", "%(by)s", "{name.real}", "}{", "\u202eecila"])
def test_name_is_never_read_as_a_template(name: str) -> None:
    here = always()
    here.crm.put_customer(evolve(here.customer, name=name))
    here.begun()
    assert f"The cancellation of {name} was begun by Alice" == letters(here)[0].subject


def test_key_without_a_text_is_shown_with_its_values_never_lost() -> None:
    """Of the event, of what was done, and of what blocks: a plug-in's text is missing, say."""
    bare = Catalogue({})
    here = always()
    story(here)
    written = {one.event: write_letter(one, bare) for one in outbox(here)}
    assert "event.begun (by Alice, name Harbour Café)" == written["begun"].subject
    assert "effect.assign_owner (to Tom, was Ann)" in written["processed"].body.splitlines()
    assert "sales_orders: records.open (count 1)" in written["blocked"].body.splitlines()


def test_refusal_that_is_about_no_section_has_no_title() -> None:
    """Such as drift on the scheduled day."""
    why = Refusal("drift", Message.of("refused.customer_gone", customer="Harbour Café"))
    letter = write_letter(evolve(blocked_by(orders=1), blocked=(why,)), ENGLISH)
    assert letter.body.splitlines()[1].startswith("Harbour Café is not here any more")


# ---------------------------------------------------------------- several processes

PEOPLE = tuple(Person(f"p-{number}", f"Person {number}") for number in range(1, 4))
CUSTOMERS = 12
TIMEOUT = 60
"""Seconds until a process that is never coming is given up: only a failing test waits for it."""


def begun_customers(folder: Path) -> set[str]:
    """Begin some cancellations, and return the keys of what is to be told."""
    desk = desk_at(folder, recipients=WorkflowSetup((Rule(PEOPLE),)))
    for customer in new_crm(folder, *["active"] * CUSTOMERS):
        desk.begin(customer)
    return unsent(folder)


def unsent(folder: Path) -> set[str]:
    with host_at(folder).reading() as unit:
        return {row.notification.key for row in unit.outbox.unsent()}


@define
class Diary:
    """A notifier that writes each key into a file, and does something at the first sending."""

    file: Path
    first: Callable[[], object]
    sent: int = field(default=0)

    def send(self, notification: Notification) -> None:
        self.sent += 1
        if self.sent == 1:
            self.first()
        with self.file.open("a", encoding="utf-8") as diary:
            diary.write(f"{notification.key}\n")


def relay_all(folder: Path, diary: Path, together: Barrier) -> None:
    """Deliver until nothing is left: what one of two processes does.

    Neither goes on before the other has rows in its hands too.
    """
    relay = Relay(host_at(folder), Diary(diary, lambda: together.wait(TIMEOUT)))
    while unsent(folder):
        relay.run(limit=5)


def die_while_sending(folder: Path, diary: Path) -> None:
    """Claim some, deliver the first, and die before it is marked."""
    notifier = Diary(diary, lambda: None)

    class Dying:
        def send(self, notification: Notification) -> None:
            notifier.send(notification)
            os._exit(3)

    Relay(host_at(folder), Dying()).run(limit=10)


def start(target: Callable[..., None], *args: object) -> BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=target, args=args)
    process.start()
    return process


def ended(processes: Iterable[BaseProcess]) -> list[int | None]:
    """Wait for processes to end, and return their exit codes."""
    codes = []
    for process in processes:
        process.join(TIMEOUT)
        if process.exitcode is None:
            process.kill()
        codes.append(process.exitcode)
    return codes


def keys_in(*diaries: Path) -> Counter[str]:
    return Counter(key for diary in diaries for key in diary.read_text().split())


def test_two_relay_processes_deliver_every_notification_exactly_once(tmp_path: Path) -> None:
    """On one database, at the same time: none is lost, and none is delivered by both."""
    wanted = begun_customers(tmp_path)
    assert CUSTOMERS * len(PEOPLE) == len(wanted)
    together = multiprocessing.get_context("spawn").Barrier(2)
    diaries = [tmp_path / "one", tmp_path / "two"]
    both = [start(relay_all, tmp_path, diary, together) for diary in diaries]
    assert [0, 0] == ended(both)
    assert dict.fromkeys(wanted, 1) == keys_in(*diaries)
    assert all(keys_in(diary) for diary in diaries)


def test_relay_process_that_dies_loses_nothing(tmp_path: Path) -> None:
    """What it had claimed is delivered by another after the lease; its last one twice, by key."""
    wanted = begun_customers(tmp_path)
    first, second = tmp_path / "one", tmp_path / "two"
    assert [3] == ended([start(die_while_sending, tmp_path, first)])
    later = SetClock(SystemClock().now() + timedelta(minutes=2))
    report = Relay(host_at(tmp_path, later), Diary(second, lambda: None)).run()
    assert len(wanted) == report.sent
    assert dict.fromkeys(wanted, 1) == keys_in(second)
    assert wanted > set(keys_in(first))
