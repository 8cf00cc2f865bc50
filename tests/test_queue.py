"""The queue: what a row says is what the view of its customer says; filters, pages, who may see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from cancelkit import STANDARD, Customer, Desk, Invalid, NewOwner, Person, Reasons, Status, User
from cancelkit.adapters.memory import MemoryHost, Record
from cancelkit.adapters.memory.crm import MemoryCustomers
from cancelkit.adapters.memory.stores import MemoryCancellations
from cancelkit.errors import CancelkitError
from cancelkit.needs import Need
from cancelkit.ports import Opened
from cancelkit.queue import Filters, Given, Row, Stage, queue, reading
from cancelkit.schedule import process_due
from cancelkit.sections import Mood
from tests.broken.memory import with_parts
from tests.world import TODAY, World, world

DAY = timedelta(days=1)
ANN, TOM = Person("u-1", "Ann"), Person("t-7", "Tom")


def office(number: int = 1, **options: Any) -> World:
    """Return a world with the customers C-1 to C-n, owned by Ann, none of them begun."""
    made = world(**options)
    for at in range(2, number + 1):
        one = Customer(f"C-{at}", f"Customer {at}", Status("live"), (ANN,))
        made.crm.put_customer(one)
    return made


def with_host(made: World, host: type[MemoryHost]) -> Desk:
    """Return a desk at another host of the same CRM."""
    return made.kit.at(host(made.crm, clock=made.clock, ids=made.host.ids), actor=ANN)


def rows(desk: Desk, **wanted: Any) -> list[str]:
    """Return the ids of the customers for whom some filters are true."""
    return [row.customer for row in queue(desk, Filters(**wanted)).rows]


def the_row(made: World) -> Row:
    (row,) = queue(made.desk()).rows
    return row


# ---------------------------------------------------------------- a row


def test_an_empty_queue_has_one_page_without_rows() -> None:
    found = queue(office(3).desk())
    assert ((), 0, 1, 1, 0, False) == (
        found.rows,
        found.total,
        found.page,
        found.pages,
        found.opened,
        found.more,
    )


def test_a_row_says_who_began_and_who_touched_it_last() -> None:
    made = office()
    made.begun()
    made.clock.forward(2 * DAY)
    made.get("tom").enter(Reasons("price", text="Too dear"))
    made.clock.forward(DAY)
    row = the_row(made)
    assert row.begun is not None
    assert row.touched is not None
    assert ("C-1", "Harbour Café", (ANN,), "Live (PC)", 3) == (
        row.customer,
        row.name,
        row.owners,
        row.status,
        row.age,
    )
    assert ("alice", "tom") == (row.begun.by.id, row.touched.by.id)
    assert DAY == made.clock.now() - row.touched.at
    assert (Given("price", "Price"),) == row.reasons


def test_the_longest_open_come_first_and_what_has_ended_does_not() -> None:
    made = office(3)
    for key in ("C-2", "C-3", "C-1"):
        made.desk().begin(key)
    made.desk().get("C-3").remove()
    assert ["C-2", "C-1"] == rows(made.desk())


def test_age_is_counted_in_days_of_the_hosts_zone() -> None:
    """Begun five minutes before midnight in Auckland: ten minutes later it is a day old."""
    made = office(zone="Pacific/Auckland", now=datetime(2026, 3, 2, 10, 55, tzinfo=UTC))
    made.begun()
    made.clock.forward(timedelta(minutes=10))
    assert 1 == the_row(made).age


def test_the_data_are_json() -> None:
    made = office()
    made.ready()
    found = queue(made.desk())
    (row,) = json.loads(json.dumps(found.data()))["rows"]
    assert ("ready", [{"code": "price", "label": "Price"}]) == (row["stage"], row["reasons"])
    assert row == found.rows[0].data()


# ---------------------------------------------------------------- stages


def test_what_blocks_is_named() -> None:
    made = office()
    made.add_order()
    made.begun()
    row = the_row(made)
    assert (Stage.TO_DO, ("reasons", "sales_orders")) == (row.stage, row.blocked_by)
    assert "To do: Cancellation reasons, Sales Orders" == row.says


def test_ready_when_nothing_blocks() -> None:
    made = office()
    made.ready()
    assert (Stage.READY, ()) == (the_row(made).stage, the_row(made).blocked_by)


def test_whose_first_day_is_still_to_come_is_not_ready() -> None:
    """Process would refuse it, whatever the sections say."""
    made = office()
    made.ready()
    made.crm.put_customer(evolve(made.customer, since=TODAY + DAY))
    row = the_row(made)
    assert (Stage.TO_DO, ()) == (row.stage, row.blocked_by)
    assert "The customer's first day, 2026-03-03, is still to come" == row.says
    assert [] == rows(made.desk(), stage=Stage.READY)
    made.add_order()
    assert (
        "To do: Sales Orders; The customer's first day, 2026-03-03, is still to come"
        == the_row(made).says
    )
    made.crm.put_customer(evolve(made.customer, since=TODAY))
    assert "To do: Sales Orders" == the_row(made).says


def test_what_could_not_be_read_is_unknown_never_ready() -> None:
    class Blind(MemoryCustomers):
        def facts(
            self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
        ) -> Mapping[Any, Any]:
            raise OSError("no database")

    made = office(2)
    made.ready()
    made.desk().begin("C-2")
    found = queue(with_host(made, with_parts(customers=Blind)))
    assert [Stage.UNKNOWN, Stage.TO_DO] == [row.stage for row in found.rows]
    assert "assets" in found.rows[0].blocked_by
    assert ["CustomerRepo.facts"] == [what for what, _ in made.reports]


def test_scheduled_with_the_day_then_overdue_when_no_job_has_come() -> None:
    made = office()
    on = TODAY + 2 * DAY
    one = made.ready()
    one.process(one.plan(on=on).token, on=on)
    row = the_row(made)
    assert (Stage.SCHEDULED, on, on, False) == (row.stage, row.on, row.due, row.overdue)
    assert "Scheduled for 2026-03-04" == row.says
    made.clock.forward(2 * DAY)
    assert not the_row(made).overdue
    made.clock.forward(DAY)
    assert the_row(made).overdue


def test_blocked_on_its_day() -> None:
    made = office()
    on = TODAY + DAY
    one = made.ready()
    one.process(one.plan(on=on).token, on=on)
    made.add_order()
    made.clock.forward(DAY)
    process_due(made.desk())
    row = the_row(made)
    assert (Stage.BLOCKED, ("sales_orders",), on, on + DAY, False) == (
        row.stage,
        row.blocked_by,
        row.on,
        row.due,
        row.overdue,
    )
    assert "Was blocked on 2026-03-03; is tried again on 2026-03-04" == row.says


def test_drift_and_who_is_gone_are_told_as_the_view_tells_them() -> None:
    made = office(2)
    made.ready()
    made.desk().begin("C-2")
    made.crm.put_customer(evolve(made.customer, status=Status("dormant")))
    made.crm.delete_customer("C-2")
    drifted, gone = queue(made.desk()).rows
    assert (Stage.DRIFT, Stage.GONE) == (drifted.stage, gone.stage)
    assert [made.desk().get(key).view().drift for key in ("C-1", "C-2")] == [
        drifted.says,
        gone.says,
    ]
    assert "Customer 2" == gone.name


def test_one_that_cannot_be_read_is_shown_and_hurts_no_other() -> None:
    class Damaged(MemoryCancellations):
        def opened(self, limit: int) -> Opened:
            found, _ = super().opened(limit)
            return Opened(found[1:], [one.customer for one in found[:1]])

    made = office(2)
    made.ready()
    made.desk().begin("C-2")
    found = queue(with_host(made, with_parts(cancellations=Damaged)))
    assert [(Stage.DAMAGED, "Harbour Café"), (Stage.TO_DO, "Customer 2")] == [
        (row.stage, row.name) for row in found.rows
    ]
    assert (None, None, None) == (found.rows[0].begun, found.rows[0].age, found.rows[0].touched)


def test_an_override_counts_while_the_section_says_the_same() -> None:
    """Also when another record keeps it red by now, which Process would refuse."""
    made = office()
    made.add_order()
    made.ready().override("sales_orders", "Written off")
    assert Stage.READY is the_row(made).stage
    made.crm.set_status("sales_orders", "SO-1", "completed")
    made.add_order(order="SO-2")
    assert (Stage.READY, ("sales_orders",)) == (the_row(made).stage, blocking_in_view(made, "C-1"))
    made.add_order(order="SO-3")
    assert Stage.TO_DO is the_row(made).stage


def test_stuck_when_nobody_has_touched_it_for_long_unless_it_waits_for_its_day() -> None:
    made = office(2)
    one = made.ready()
    one.process(one.plan(on=TODAY + 30 * DAY).token, on=TODAY + 30 * DAY)
    made.desk().begin("C-2")
    assert [] == rows(made.desk(), stuck=True)
    made.clock.forward(14 * DAY)
    assert ["C-2"] == rows(made.desk(), stuck=True)
    assert [] == rows(made.desk(), stuck=True, stuck_after=15)
    made.desk().get("C-2").enter(Reasons("price"))
    assert [] == rows(made.desk(), stuck=True)
    made.clock.forward(17 * DAY)
    assert ["C-1", "C-2"] == rows(made.desk(), stuck=True)
    assert ["C-1"] == rows(made.desk(), overdue=True)


def begun_then_drifted(made: World) -> None:
    made.crm.put_customer(evolve(made.customer, status=Status("dormant")))


def with_new_owner(made: World) -> None:
    made.get().enter(NewOwner("t-7"))


def with_override(made: World) -> None:
    made.add_order()
    made.get().override("sales_orders", "Written off")


def nothing(made: World) -> None:
    pass


def schedule(made: World) -> None:
    one, on = made.get("tom"), TODAY + 30 * DAY
    one.process(one.plan(on=on).token, on=on)


@pytest.mark.parametrize(
    ("before", "move", "touched"),
    [
        (nothing, lambda made: made.get("tom").enter(Reasons("service")), "tom"),
        (with_new_owner, lambda made: made.get("tom").perform_now("ownership"), "tom"),
        (nothing, schedule, "tom"),
        (with_override, lambda made: made.get("tom").override("sales_orders", "Known"), "tom"),
        (
            with_override,
            lambda made: made.get("tom").override("sales_orders", take_back=True),
            "alice",
        ),
        (begun_then_drifted, lambda made: made.get("tom").adopt(), "alice"),
        (nothing, lambda made: made.get("tom").look(), "alice"),
    ],
    ids=["enter", "perform now", "schedule", "override", "taking it back", "adopt", "look"],
)
def test_touching_is_what_leaves_a_stamp_in_the_cancellation(
    before: Any, move: Any, touched: str
) -> None:
    """As docs/queue.md lists it."""
    made = office()
    made.ready()
    before(made)
    made.clock.forward(DAY)
    move(made)
    stamp = the_row(made).touched
    assert stamp is not None
    assert (touched, DAY * (touched == "alice")) == (stamp.by.id, made.clock.now() - stamp.at)


# ---------------------------------------------------------------- as the view says


def blocking_in_view(made: World, key: str) -> tuple[str, ...]:
    """Return what the view of a customer says that blocks."""
    return tuple(line.key for line in made.desk().get(key).view().blocked_by)


FORMS = st.lists(
    st.sampled_from(
        [
            Reasons("price"),
            Reasons(text="Moved"),
            Reasons(),
            NewOwner("t-7"),
            NewOwner("s-8"),
            NewOwner(keep=True),
            Mood("happy"),
        ]
    ),
    max_size=3,
)
ONE = st.tuples(
    FORMS,
    st.sets(st.sampled_from(["cases", "sales_orders", "quotations"])),
    st.booleans(),  # overridden
    st.sampled_from(["", "strict", "old"]),  # by which profile
    st.sampled_from([0, 0, 3]),  # scheduled so many days ahead
    st.sampled_from([None, -1, 0, 1]),  # a customer since so many days from today
)
PROFILES = {
    "strict": STANDARD.with_gates(ownership="blocks", mood="blocks").requiring("reasons.extra"),
    "old": STANDARD.without("assets"),
}


@given(st.lists(ONE, min_size=1, max_size=6), st.booleans())
def test_every_row_says_what_the_view_of_its_customer_says(
    each: Sequence[Any], someone_left: bool
) -> None:
    made = office(len(each))
    made.kit = evolve(made.kit, profiles=PROFILES)
    for at, (forms, records, overridden, profile, ahead, since) in enumerate(each, 1):
        if since is not None:
            there = made.crm.customer(f"C-{at}")
            made.crm.put_customer(evolve(there, since=TODAY + since * DAY))
        one = made.desk().begin(f"C-{at}", profile=profile)
        for kind in records:
            made.crm.put(kind, Record(f"{kind}-{at}", f"C-{at}", "open", kind))
        for form in forms:
            one.enter(form)
        if overridden and "cases" in records:
            one.override("cases", "Known")
        if ahead:
            on = TODAY + ahead * DAY
            one.process(one.plan(on=on).token, on=on)
    if someone_left:
        made.users.put(User("t-7", "Tom", active=False))
    made.kit = evolve(made.kit, profiles={"strict": PROFILES["strict"]})  # "old" is no more
    found = queue(made.desk()).rows
    for row in found:
        assert blocking_in_view(made, row.customer) == row.blocked_by
        if row.stage is not Stage.SCHEDULED:
            obstacles = made.desk().get(row.customer).plan().obstacles
            assert (Stage.TO_DO if obstacles else Stage.READY) is row.stage


def test_what_is_asked_does_not_depend_on_how_many_are_open() -> None:
    """One question each, for what is open, for customers, facts, and users."""
    asked: list[str] = []

    class Asked(MemoryCustomers):
        def load(self, customer_ids: Sequence[str]) -> Any:
            asked.append("load")
            return super().load(customer_ids)

        def facts(
            self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
        ) -> Any:
            asked.append("facts")
            return super().facts(customer_ids, needs, as_of)

        def open_records(self, customer_id: str, need: Need[Any], as_of: date, limit: int) -> Any:
            raise AssertionError("this is a question for each customer")

    class Opening(MemoryCancellations):
        def opened(self, limit: int) -> Opened:
            asked.append("opened")
            return super().opened(limit)

    made = office(5)
    for at in range(1, 6):
        one = made.desk().begin(f"C-{at}")
        one.enter(NewOwner("t-7"))
        made.crm.put("cases", Record(f"K-{at}", f"C-{at}", "open", "x"))
        one.override("cases", "Known")
    find = made.users.find

    def found(user_ids: Sequence[str]) -> Any:
        asked.append("users")
        return find(user_ids)

    made.users.find = found  # type: ignore[method-assign]  # it is counted
    desk = with_host(made, with_parts(customers=Asked, cancellations=Opening))
    for wanted in (Filters(), Filters(stage="ready"), Filters(search="5")):
        asked.clear()
        queue(desk, wanted)
        in_facts = "load"  # the CRM in memory loads the customers before it answers
        assert ["opened", "load", "facts", in_facts, "users"] == asked


# ---------------------------------------------------------------- filters and pages


@pytest.fixture
def some() -> World:
    """Five open cancellations that differ, begun a day after one another."""
    made = office(5)
    made.kit = evolve(made.kit, profiles={"moved": STANDARD.without("mood")})
    desk = made.desk()
    made.crm.put_customer(Customer("C-2", "Zoë's Bakery", Status("live"), (TOM, ANN)))
    made.crm.put_customer(Customer("C-3", "Nobody's", Status("live"), ()))
    for at in range(1, 6):
        desk.begin(f"C-{at}", profile="moved" if at == 4 else "")
        made.clock.forward(DAY)
    desk.get("C-1").enter(Reasons(["price", "service"]))
    desk.get("C-2").enter(Reasons("price"))
    desk.get("C-5").enter(Reasons(text="=SUM(A1)"))
    one = desk.get("C-5")
    on = TODAY + 30 * DAY
    one.process(one.plan(on=on).token, on=on)
    return made


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, "12345"),
        ({"min_age": 3}, "123"),
        ({"min_age": 6}, ""),
        ({"stage": "ready"}, "12"),
        ({"stage": Stage.TO_DO}, "34"),
        ({"stage": "scheduled"}, "5"),
        ({"stage": "drift"}, ""),
        ({"owner": "t-7"}, "2"),
        ({"owner": "u-1"}, "1245"),
        ({"owner": ""}, "3"),
        ({"reason": "service"}, "1"),
        ({"reason": "price"}, "12"),
        ({"reason": ""}, "345"),
        ({"profile": "moved"}, "4"),
        ({"profile": ""}, "1235"),
        ({"search": "ZOE\u0308"}, "2"),
        ({"search": " c-4 "}, "4"),
        ({"search": "%"}, ""),
        ({"reason": "price", "owner": "t-7", "stage": "ready", "min_age": 1}, "2"),
    ],
)
def test_filters(some: World, wanted: Mapping[str, Any], expected: str) -> None:
    assert [f"C-{at}" for at in expected] == rows(some.desk(), **wanted)


def test_what_there_is_to_choose_from_does_not_depend_on_the_filters(some: World) -> None:
    found = queue(some.desk(), Filters(search="nobody's"))
    assert (1, 5) == (found.total, found.opened)
    assert (ANN, TOM) == found.owners
    assert ["Price", "Service or support"] == [one.label for one in found.reasons]
    assert ("", "moved") == found.profiles


@pytest.mark.parametrize("stage", [None, "to do"])
def test_pages_together_are_the_whole(stage: str | None) -> None:
    made = office(7)
    for at in range(1, 8):
        made.desk().begin(f"C-{at}")
    found = [queue(made.desk(), Filters(stage=stage), page=page, limit=3) for page in (1, 2, 3, 4)]
    assert [3, 3, 1, 0] == [len(one.rows) for one in found]
    assert [(7, 3)] * 4 == [(one.total, one.pages) for one in found]
    whole = queue(made.desk(), Filters(stage=stage), limit=None)
    assert whole.rows == tuple(row for one in found for row in one.rows)
    assert (1, 7) == (whole.pages, len(whole.rows))


def test_more_than_are_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CAP", 2)
    made = office(3)
    for at in range(1, 4):
        made.desk().begin(f"C-{at}")
    found = queue(made.desk())
    assert (["C-1", "C-2"], 2, True) == ([r.customer for r in found.rows], found.total, found.more)
    made.desk().get("C-1").remove()
    assert not queue(made.desk()).more


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"stage": "red"}, "There is no stage 'red'; the stages are: 'damaged', 'gone'"),
        ({"min_age": -1}, "min_age must be a number of days, 0 or more, not -1"),
        ({"min_age": True}, "min_age must be a number of days"),
        ({"stuck_after": 1.5}, "stuck_after must be a number of days"),
        ({"owner": 7}, "the filter owner must be text, not int"),
        ({"search": None}, "the filter search must be text, not NoneType"),
        ({"search": "a\x00"}, "the filter search has the character U\\+0000"),
        ({"overdue": "no"}, "overdue must be True or False, not 'no'"),
    ],
)
def test_a_malformed_filter_is_named(wanted: Mapping[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        Filters(**wanted)


@pytest.mark.parametrize("number", [0, -1, True, 1.0, "1"])
def test_a_malformed_page_is_named(number: Any) -> None:
    desk = office().desk()
    with pytest.raises(Invalid, match="page must be a whole number, 1 or more"):
        queue(desk, page=number)
    with pytest.raises(Invalid, match="limit must be a whole number, 1 or more"):
        queue(desk, limit=number)


def test_what_are_no_filters_is_named() -> None:
    nothing: Any = None
    with pytest.raises(Invalid, match="The queue takes Filters, not None"):
        queue(office().desk(), nothing)


# ---------------------------------------------------------------- who may see


class Own:
    """Everybody may see customers whom they own; and do everything else."""

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        return action != "view" or actor in customer.owners


def test_customers_whom_the_actor_may_not_view_are_not_there(some: World) -> None:
    """Not in the numbers either, nor in what there is to choose from."""
    some.kit = evolve(some.kit, roles=Own())
    found = queue(some.desk("t-7"))
    assert (["C-2"], 1, 1) == ([row.customer for row in found.rows], found.total, found.opened)
    assert [Given("price", "Price")] == list(found.reasons)
    assert [] == rows(some.desk("mallory"))


@pytest.mark.parametrize("answer", [1, "yes", None, OSError("down")])
def test_only_the_literal_true_grants(answer: Any) -> None:
    class Odd:
        def allows(self, actor: Person, action: str, customer: Customer) -> Any:
            if isinstance(answer, Exception) and action == "view":
                raise answer
            return answer if action == "view" else True

    made = office(roles=Odd())
    made.begun()
    assert () == queue(made.desk()).rows


def test_a_customer_of_another_tenant_is_not_shown_as_it_is_there() -> None:
    """A repository that mixes tenants up: what it says of a stranger is not believed."""

    class Mixed(MemoryCustomers):
        def load(self, customer_ids: Sequence[str]) -> Any:
            return {
                key: evolve(one, tenant="other", name="Secret", owners=(TOM,))
                for key, one in super().load(customer_ids).items()
            }

    made = office()
    made.begun()
    (row,) = queue(with_host(made, with_parts(customers=Mixed))).rows
    assert (Stage.GONE, "Harbour Café", ()) == (row.stage, row.name, row.owners)


def test_a_host_that_fails_is_no_empty_queue() -> None:
    class Down(MemoryCancellations):
        def opened(self, limit: int) -> Opened:
            raise OSError("no database")

    with pytest.raises(CancelkitError, match="reading the queue failed with OSError"):
        queue(with_host(office(), with_parts(cancellations=Down)))


def test_a_reasons_form_of_the_hosts_own_has_no_codes() -> None:
    made = office()
    made.ready()
    record = made.record()
    strange: Iterable[Any] = [evolve(one, data={"why": ["price"]}) for one in record.entries]
    made.put_record(evolve(record, entries=tuple(strange)))
    assert () == the_row(made).reasons


def test_days_are_dates() -> None:
    assert type(queue(office().desk()).today) is date
