"""Faults that were found by reading: each stays mended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from attrs import evolve, frozen

from cancelkit import STANDARD, Customer, Gate, NewOwner, Person, Reasons
from cancelkit.adapters.memory import Expiry, MemoryCustomers, MemoryHost, Record
from cancelkit.bulk import check_many
from cancelkit.decide import Ask
from cancelkit.effects import Effect, Performer
from cancelkit.errors import AdapterContractError, Blocked, Invalid, PluginError
from cancelkit.facts import Facts
from cancelkit.messages import Message
from cancelkit.needs import Need
from cancelkit.people import User
from cancelkit.records import Delivery, Notification, State, Verb
from cancelkit.relay import Relay
from cancelkit.sections.creating_expiry import FUTURE_EXPIRY_CREATING, CreateExpiry, NewExpiry
from cancelkit.serial import from_data
from cancelkit.states import Light, SectionState, green, red
from tests.broken.memory import with_parts
from tests.world import World, world


class Slow:
    """A notifier that takes longer over each notification than the lease allows for all."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.sent: list[str] = []

    def send(self, notification: Notification) -> None:
        self.sent.append(notification.recipient.id)
        self.here.clock.forward(timedelta(seconds=10))


def test_notifications_that_were_never_tried_do_not_die() -> None:
    here = world()
    here.recipients.told["processed"] = tuple(Person(f"p-{n}") for n in range(40))
    here.ready().process(here.get().plan().token)
    notifier = Slow(here)
    for _ in range(20):
        Relay(here.host, notifier, tries=2).run()
        here.clock.forward(timedelta(minutes=2))
    assert {f"p-{n}" for n in range(40)} == set(notifier.sent)
    with here.host.reading() as unit:
        assert [] == [row for row in unit.outbox.unsent() if row.delivery is Delivery.DEAD]


@pytest.mark.parametrize("person", [Person(5), Person("a\r\nBcc: x@y"), "boss", None])  # type: ignore[arg-type]  # the mistake
def test_recipients_are_checked_before_anything_is_written(person: Any) -> None:
    here = world()
    token = here.ready().plan().token
    here.recipients.told["processed"] = (person,)
    tables = here.tables()
    with pytest.raises(AdapterContractError, match=r"Recipients\.of"):
        here.get().process(token)
    assert tables == here.tables()


def creating(here: World) -> MemoryHost:
    def performers(unit: MemoryCustomers) -> list[Performer[CreateExpiry]]:
        def create(effect: CreateExpiry, customer: Customer) -> bool:
            expiry = Expiry(f"e-{effect.on}", customer.id, effect.on)
            unit.later(lambda: here.crm.put("expiries", expiry))
            return True

        return [Performer(CreateExpiry, create)]

    return MemoryHost(here.crm, clock=here.clock, ids=here.host.ids, performers=performers)


def performed_and_rolled_back(here: World) -> None:
    with suppress(RuntimeError), here.host.writing() as unit:
        unit.performers[CreateExpiry].perform(CreateExpiry(date(2027, 1, 1)), here.customer)
        raise RuntimeError


def test_what_a_performer_does_later_is_done_once_with_the_unit_of_work() -> None:
    here = world()
    here.kit = evolve(here.kit, checklist=STANDARD.replacing(FUTURE_EXPIRY_CREATING))
    here.host = creating(here)
    here.begun().enter(NewExpiry(date(2027, 1, 1)))
    performed_and_rolled_back(here)
    assert [] == here.crm.records("expiries", "C-1")
    here.get().perform_now("future_expiry")
    assert 1 == len(here.crm.records("expiries", "C-1"))


def test_a_created_expiry_that_was_deleted_is_not_shown_as_planned() -> None:
    here = world()
    here.kit = evolve(here.kit, checklist=STANDARD.replacing(FUTURE_EXPIRY_CREATING))
    here.host = creating(here)
    here.begun().enter(NewExpiry(date(2027, 1, 1)))
    here.get().perform_now("future_expiry")
    here.crm.remove("expiries", "e-2027-01-01")
    assert Light.RED is here.get().view().section("future_expiry").light


def test_a_loop_over_the_bulk_check_can_begin_what_it_finds() -> None:
    """No unit of work is open while the caller has a result in its hands."""
    here = world()
    for readiness in check_many(here.desk(), ["C-1"]):
        assert "C-1" == readiness.customer.id
        here.desk().begin("C-1")
    with pytest.raises(Invalid):
        list(check_many(here.desk(), ["\ud800"]))


class Row(Mapping[Any, Any]):
    """The answers about one customer; of a size like nothing else, so that its id is used again."""

    __slots__ = ("answers", *(f"unused_{at}" for at in range(25)))

    def __init__(self, answers: Mapping[Any, Any]) -> None:
        self.answers = dict(answers)

    def __getitem__(self, need: Any) -> Any:
        return self.answers[need]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.answers)

    def __len__(self) -> int:
        return len(self.answers)


class Rows(Row):
    """Answers of which each row is made when it is asked for, and kept nowhere."""

    __slots__ = ()

    def __getitem__(self, customer_id: Any) -> Any:
        return Row(self.answers[customer_id])


class Lazy(MemoryCustomers):
    """A repository that makes each row when it is asked for."""

    def facts(
        self, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
    ) -> Mapping[str, Any]:
        return Rows(super().facts(customer_ids, needs, as_of))


def test_the_bulk_check_gives_nobody_the_answers_of_another() -> None:
    here = world()
    host = with_parts(customers=Lazy)(here.crm, clock=here.clock)
    for at in range(1, 20):
        here.crm.put_customer(evolve(here.customer, id=f"C-{at}"))
        if at % 2:
            here.crm.put("sales_orders", Record(f"SO-{at}", f"C-{at}", "open", f"SO-{at}"))
    checked = check_many(here.kit.at(host, actor=Person("ann")), here.crm.ids())
    red = {one.customer.id: one.blocked_by for one in checked}
    assert {f"C-{at}": ("sales_orders",) if at % 2 else () for at in range(1, 20)} == red


def test_users_are_checked() -> None:
    here = world()

    def find(ids: Sequence[str]) -> dict[str, User]:
        return {key: User("other-9", "Somebody Else") for key in ids}

    here.users.find = find  # type: ignore[method-assign, assignment]  # the mistake
    with pytest.raises(AdapterContractError, match=r"Users\.find"):
        here.begun().enter(NewOwner("t-7"))


def test_a_customer_is_not_put_back_to_somebody_who_has_left() -> None:
    here = world()
    owner = here.customer.owners[0]
    here.begun().enter(NewOwner("t-7"))
    here.get().perform_now("ownership")
    here.users.put(User(owner.id, owner.name, active=False))
    with pytest.raises(Blocked, match="no longer an active user") as refused:
        here.get().remove(put_back=True)
    assert ("owner_left",) == refused.value.codes
    assert State.LIVE is here.get().remove().now


class Broken:
    """Links and fixers that cannot be asked."""

    def customer(self, customer: Customer) -> str | None:
        return None

    def manage(self, customer: Customer, section: str) -> str | None:
        raise OSError("down")

    def may_fix(self, actor: Person, section: str, customer: Customer) -> bool | None:
        raise OSError("down")


def test_a_view_does_without_links_and_hints_that_fail_and_a_refusal_is_recorded() -> None:
    here = world()
    here.kit = evolve(here.kit, links=Broken(), fixers=Broken())
    here.crm.put("sales_orders", Record("SO-9", "C-1", "open"))
    line = here.ready().view().section("sales_orders")
    assert (None, None) == (line.manage, line.may_fix)
    with pytest.raises(Blocked):
        here.get().process(here.get().plan().token)
    assert (Verb.PROCESS, False) == (here.history()[-1].verb, here.history()[-1].accepted)


@frozen
class Pay:
    """An effect that cannot be stored."""

    kind: ClassVar[str] = "pay"
    amount: Decimal = Decimal("9.99")

    def message(self) -> Message:
        return Message("pay")


@frozen
class Paying:
    """A section that plans it."""

    key: str = "paying"
    title: str = "Paying"
    gate: Gate = Gate.ADVISES
    needs: tuple[()] = ()
    effect_types: tuple[type[Effect], ...] = (Pay,)

    def evaluate(self, facts: Facts) -> SectionState:
        return green("fine")

    def effects(self, facts: Facts) -> Sequence[Pay]:
        return (Pay(),)


def test_an_effect_that_cannot_be_stored_hurts_no_other_section() -> None:
    here = world(
        STANDARD.with_section(Paying()), performers=[Performer(Pay, lambda effect, customer: True)]
    )
    view = here.ready().view()
    assert Light.UNKNOWN is view.section("paying").light
    assert Light.GREEN is view.section("reasons").light


@frozen
class Form:
    """Forms with fields of other types than ours."""

    names: list[str]
    many: int = 0
    price: Decimal | None = None


@frozen
class Simple:
    """A form with a list and a number."""

    names: list[str]
    many: int = 0


def test_plug_in_forms_are_read_strictly() -> None:
    with pytest.raises((PluginError, Invalid), match=r"Decimal"):
        from_data(Form, {"names": ["a"], "price": "1"})

    for data in ({"names": "abc"}, {"names": [1]}, {"names": [], "many": 10**30}):
        with pytest.raises(Invalid):
            from_data(Simple, data)


def test_an_unmirrored_customer_that_was_cancelled_elsewhere_is_not_begun_again() -> None:
    from cancelkit.errors import AlreadyCancelled

    here = world(mirrored=False)
    here.begun().remove()
    status = here.customer.status
    assert status is not None
    here.crm.put_customer(evolve(here.customer, status=evolve(status, cancelled=True)))
    with pytest.raises(AlreadyCancelled):
        here.get().begin()


def test_what_was_entered_is_in_no_repr() -> None:
    ask = Ask(Verb.ENTER, Person("a"), form=Reasons("price", text="CANARY"), data={"t": "CANARY"})
    assert "CANARY" not in repr(ask)
    assert "CANARY" not in repr(CreateExpiry(date(2027, 1, 1), "CANARY"))


@frozen
class Blind:
    """A section whose evaluate takes no facts."""

    key: str = "blind"
    title: str = "Blind"
    needs: tuple[()] = ()

    def evaluate(self) -> SectionState:
        return red("blind")


def test_a_section_whose_evaluate_takes_no_facts_is_named_when_it_is_registered() -> None:
    from cancelkit.errors import NotASection

    with pytest.raises(NotASection, match=r"'blind' has no method evaluate\(facts\)"):
        STANDARD.with_section(Blind())  # type: ignore[arg-type]  # the mistake
