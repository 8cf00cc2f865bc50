"""The digest of a plan: over what would be done, and over nothing else; the same everywhere.

tests/test_workflow.py has what it does and does not depend on, one change at a time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import combinations

import pytest
from attrs import evolve

from cancelkit import NewOwner, Person, Plan, Reasons
from cancelkit.english import TEXTS
from cancelkit.errors import StaleToken
from cancelkit.messages import Catalogue
from cancelkit.recipients import Rule, WorkflowSetup
from cancelkit.records import Schedule
from tests import test_workflow as one_change
from tests.world import BOSS, NINE_O_CLOCK, TODAY, World, world

ON = TODAY + timedelta(days=10)


def full() -> World:
    """A plan with everything in it: three orders, an owner, an override, and several recipients."""
    here = world()
    people = (BOSS, *(Person(f"p-{number}") for number in range(20)))
    here.kit = evolve(here.kit, recipients=WorkflowSetup((Rule(people),)))
    for at in range(3):
        here.add_order(order=f"SO-{at}")
    here.add_asset(None, live=True)
    here.ready().enter(NewOwner("t-7"))
    here.get().override("assets", "the router is lost")
    return here


def translated(here: World, *, foreign: bool) -> World:
    texts = {key: f"¿{text}?" for key, text in (TEXTS | here.kit.checklist.texts).items()}
    if foreign:
        here.kit = evolve(here.kit, translator=Catalogue(texts, plural=lambda count: "many"))
    return here


def digest(plan: Plan) -> str:
    return plan.token.rsplit(".", 1)[1]


def digest_of(here: World) -> str:
    return digest(here.get().plan())


# ---------------------------------------------------------------- the same everywhere


def tell(language: str) -> None:
    """Print the digests of some plans, and their words: what one of two processes does."""
    here = translated(full(), foreign=language == "foreign")
    for change in (lambda at: None, one_change.owner_performed, one_change.mood_chosen, fewer):
        change(here)
        for plan in (here.get().plan(), here.get().plan(on=ON), here.get().plan(on=TODAY)):
            print(digest(plan), *plan.obstacles, sep="|")  # noqa: T201 - what it is for


def test_digest_is_the_same_in_two_processes_with_two_seeds_and_two_languages() -> None:
    """It is told to one process and judged by another: no hash, no order, no word gets into it."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", f"from tests.test_digest import tell; tell({language!r})"],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": os.pathsep.join(sys.path),
                "PYTHONUTF8": "1",
            },
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        for seed, language in (("0", "english"), ("4711", "foreign"))
    ]
    one, other = (run.communicate()[0].splitlines() for run in runs)
    assert [0, 0] == [run.returncode for run in runs]
    assert (12, True) == (len(one), one != other)
    assert [line.split("|")[0] for line in one] == [line.split("|")[0] for line in other]
    # Three changes, a count alone being none; and today's date is the same as no date.
    assert 3 * 2 == len({line.split("|")[0] for line in one})


# ---------------------------------------------------------------- counts


def fewer(here: World) -> None:
    """Three open orders become two."""
    here.add_order("completed", order="SO-0")


def test_count_that_changes_from_three_to_two_changes_nothing() -> None:
    """What was confirmed is that it is red; somebody who closes one order disturbs nobody."""
    here = full()
    before = digest_of(here)
    fewer(here)
    assert "2 still open" == here.get().view().section("sales_orders").message
    assert before == digest_of(here)


def test_light_of_a_count_that_comes_down_to_nothing_is_another() -> None:
    here = full()
    before = digest_of(here)
    for at in range(3):
        here.add_order("completed", order=f"SO-{at}")
    assert before != digest_of(here)


def test_count_that_an_override_was_given_for_is_part_of_what_was_confirmed() -> None:
    """The override is void, and so the plan is another one."""
    here = full()
    here.get().override("sales_orders", "they will be cancelled by hand")
    token = here.get().plan().token
    fewer(here)
    with pytest.raises(StaleToken):
        here.get().process(token)


# ---------------------------------------------------------------- what makes it another


def nothing(here: World) -> None:
    """The plan as it is."""


def begun_again(here: World) -> None:
    here.get().remove()
    here.ready().enter(NewOwner("t-7"))
    here.get().override("assets", "the router is lost")


def overridden(here: World) -> None:
    here.get().override("sales_orders", "they will be cancelled by hand")


def override_taken_back(here: World) -> None:
    here.get().override("assets", take_back=True)


def section_advises(here: World) -> None:
    record = here.record()
    here.put_record(evolve(record, gates={**record.gates, "sales_orders": "advises"}))


def told_less(here: World) -> None:
    here.kit = evolve(here.kit, recipients=WorkflowSetup((Rule((BOSS,)),)))


def told_nobody(here: World) -> None:
    here.kit = evolve(here.kit, recipients=None)


def scheduled(here: World) -> None:
    """The same would be done: but who confirms it is to know that there is a schedule."""
    record = here.record()
    here.put_record(evolve(record, schedule=Schedule(ON, ON, record.begun)))


def scheduled_for_another_day(here: World) -> None:
    record, day = here.record(), ON + timedelta(days=2)
    here.put_record(evolve(record, schedule=Schedule(day, day, record.begun)))


def schedule_removed_and_begun_again(here: World) -> None:
    begun_again(here)
    scheduled(here)


CHANGES: tuple[Callable[[World], None], ...] = (
    nothing,
    begun_again,
    overridden,
    override_taken_back,
    section_advises,
    told_less,
    told_nobody,
    one_change.orders_closed,
    one_change.mood_chosen,
    one_change.other_owner_planned,
    one_change.owner_performed,
    one_change.owner_changed,
    scheduled,
    scheduled_for_another_day,
    schedule_removed_and_begun_again,
)


def test_plans_that_differ_in_anything_that_would_be_done_have_different_digests() -> None:
    """A light, a gate, an override, an effect, a recipient, the day, the cancellation itself."""
    digests: dict[str, str] = {}
    for change in CHANGES:
        here = full()
        change(here)
        for on in (None, TODAY - timedelta(days=1), ON, ON + timedelta(days=1)):
            digests[f"{change.__name__} {on}"] = digest(here.get().plan(on=on))
    same = [pair for pair in combinations(digests, 2) if digests[pair[0]] == digests[pair[1]]]
    assert [] == same
    assert len(CHANGES) * 4 == len(digests)


def test_plan_of_today_is_the_plan_without_a_date() -> None:
    here = full()
    assert digest(here.get().plan(on=TODAY)) == digest_of(here)


def test_plan_of_a_day_is_another_one_when_the_day_is_not_to_come_any_more() -> None:
    """It would be done at once, and not be scheduled: on the day, and after it."""
    here, digests = full(), []
    for days in (0, 10, 11):
        here.clock.set(NINE_O_CLOCK + timedelta(days=days))
        digests.append(digest(here.get().plan(on=ON)))
    assert 3 == len(set(digests))


def test_day_of_the_next_try_is_not_part_of_the_plan() -> None:
    """A schedule that is blocked is tried again: the date that was confirmed stays."""
    here = full()
    scheduled(here)
    before, record = digest_of(here), here.record()
    assert record.schedule is not None
    postponed = evolve(record.schedule, due=ON + timedelta(days=1))
    here.put_record(evolve(record, schedule=postponed))
    assert before == digest_of(here)


def test_override_for_another_reason_is_the_same_plan() -> None:
    """Free text never gets into it: who looks at the plan sees the reason."""
    here = full()
    before = digest_of(here)
    here.get().override("assets", "found again, and lost again")
    assert before == digest_of(here)


def test_reworded_reasons_are_the_same_plan() -> None:
    here = full()
    before = digest_of(here)
    here.get().enter(Reasons("moved", text="to Spain"))
    assert before == digest_of(here)


def test_order_of_the_recipients_is_not_part_of_the_plan() -> None:
    """Nor is who was named twice."""
    here = full()
    digests = set()
    for people in ((BOSS, Person("a")), (Person("a"), BOSS), (BOSS, Person("a"), BOSS)):
        here.kit = evolve(here.kit, recipients=WorkflowSetup((Rule(people),)))
        digests.add(digest_of(here))
    assert 1 == len(digests)
