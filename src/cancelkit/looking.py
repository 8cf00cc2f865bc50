"""Looking: views, plans and the history. They take no lock and write nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import evolve

from cancelkit import reading
from cancelkit.decide import Samples, Seen, blocking, blocks, drift_of, refusal, where
from cancelkit.errors import NotAllowed, NotPending, UnknownCustomer
from cancelkit.evaluate import Judged
from cancelkit.lifecycle import ACTIONS, actual_status, drifted, moves, shown_status
from cancelkit.messages import Message
from cancelkit.people import Customer, NamedRecord
from cancelkit.ports import Unit
from cancelkit.records import CancellationRecord, HistoryEntry, State, Verb
from cancelkit.states import Light, SectionState
from cancelkit.times import day_of
from cancelkit.views import Line, Plan, View

if TYPE_CHECKING:
    from cancelkit.desk import Desk
    from cancelkit.kit import CancelKit


Named = Mapping[str, tuple[NamedRecord, ...]]


def view(desk: Desk, customer_id: str, name: int) -> View:
    """Read everything once and return it as values."""
    samples = reading.sampled(desk, customer_id)
    with reading.faults(f"looking at customer {customer_id!r}"), desk.host.reading() as unit:
        seen, judged = _see(desk, unit, customer_id, samples)
        token = banner = drift = ""
        if seen.record is not None and seen.state is State.PENDING:
            token = str(reading.see_plan(desk, unit, seen, seen.record, judged).token)
            banner = desk.kit.text(banner_of(desk, seen.record))
            if drifted(seen.customer, seen.record):
                label = actual_status(seen.customer.status)
                drift = desk.kit.text(Message.of("banner.drift", status=label))
        return View(
            customer=seen.customer.id,
            name=seen.customer.name,
            owners=seen.customer.owners,
            state=seen.state,
            status=shown_status(seen.customer, seen.state),
            banner=banner,
            drift=drift,
            sections=_lines(desk, seen, judged, _named(desk, unit, seen, judged, name)),
            actions=_actions(desk, seen),
            token=token,
            read_at=seen.at,
            today=seen.today,
        )


def plan(desk: Desk, customer_id: str) -> Plan:
    """Read everything once and return what Process would do."""
    samples = reading.sampled(desk, customer_id)
    with reading.faults(f"looking at customer {customer_id!r}"), desk.host.reading() as unit:
        seen, judged = _see(desk, unit, customer_id, samples)
        if seen.record is not None and seen.state is State.PENDING:
            return plan_of(desk, reading.see_plan(desk, unit, seen, seen.record, judged), judged)
        why = refusal("not_pending", **where(seen))
        sentence = f"There is no plan for {seen.customer.name}: {desk.kit.sentence(why)}."
        raise NotPending(sentence, (why,))


def history(desk: Desk, customer_id: str) -> Sequence[HistoryEntry]:
    """Read the history of a customer, oldest first; it survives the customer itself."""
    with reading.faults(f"looking at customer {customer_id!r}"), desk.host.reading() as unit:
        found = unit.customers.load((customer_id,)).get(customer_id)
        gone = Customer(customer_id, customer_id, tenant=desk.host.tenant)
        _may_view(desk, reading.sound_customer(desk, found, customer_id) or gone)
        return tuple(unit.history.of(customer_id))


def plan_of(desk: Desk, seen: Seen, judged: Judged) -> Plan:
    """Make the plan from what was seen; nothing is read."""
    lines = _lines(desk, seen, judged, {})
    texts = [desk.kit.text(planned.effect.message()) for planned in seen.effects]
    if seen.record is not None and seen.record.former is not None:
        was = shown_status(seen.customer, seen.state)
        texts.append(desk.kit.text(Message.of("plan.status", was=was, to="Cancelled")))
    drift = drift_of(seen.customer, seen.record)
    refusals = (*drift, *blocking(judged), *seen.unable)
    return Plan(
        customer=seen.customer.id,
        name=seen.customer.name,
        steps=tuple(texts),
        notify=seen.told,
        blocked_by=tuple(line for line in lines if line.blocks),
        advice=tuple(line for line in lines if line.light is not Light.GREEN and not line.blocks),
        obstacles=tuple(desk.kit.sentence(refusal) for refusal in refusals),
        token=str(seen.token or ""),
        read_at=seen.at,
    )


def banner_of(desk: Desk, record: CancellationRecord) -> Message:
    """Return what stands on the record of a customer whose cancellation is pending."""
    on = day_of(record.begun.at, desk.kit.zone)
    return Message.of("banner.pending", on=on, by=record.begun.by.name)


def _may_view(desk: Desk, customer: Customer) -> None:
    if not reading.allowed(desk, "view", customer):
        sentence = f"{desk.actor.name} has no role that allows to see this cancellation."
        why = refusal("not_allowed", actor=desk.actor.name, verb="view")
        raise NotAllowed(sentence, (why,))


def _see(desk: Desk, unit: Unit, customer_id: str, samples: Samples) -> tuple[Seen, Judged]:
    found = unit.customers.load((customer_id,)).get(customer_id)
    customer = reading.sound_customer(desk, found, customer_id)
    if customer is None:
        raise UnknownCustomer(f"There is no customer {customer_id!r} here.")
    _may_view(desk, customer)
    seen = evolve(reading.see(desk, unit, customer, allowed=True), samples=samples)
    if seen.state is State.LIVE or (seen.record and seen.record.state is not seen.state):
        seen = evolve(seen, record=None)  # the last cancellation has no more to do with it
    judged = reading.judge(desk, unit, seen, blind=True)
    return evolve(seen, judged=judged), judged


def _actions(desk: Desk, seen: Seen) -> tuple[Verb, ...]:
    """Return the moves that the role checker allows; each action is asked about once."""
    possible = moves(seen.state)
    asked = dict.fromkeys(ACTIONS[verb] for verb in possible)
    granted = {action for action in asked if reading.allowed(desk, action, seen.customer)}
    return tuple(verb for verb in possible if ACTIONS[verb] in granted)


def _named(desk: Desk, unit: Unit, seen: Seen, judged: Judged, limit: int) -> Named:
    """Ask for some of the records that keep each section red; only when somebody looks."""
    if limit < 1:
        return {}
    found: dict[str, tuple[NamedRecord, ...]] = {}
    for section, state in judged.pairs:
        if state.light is Light.RED and state.count is not None:
            ask = unit.customers.open_records
            try:
                each = [ask(seen.customer.id, need, seen.today, limit) for need in section.needs]
                found[section.key] = tuple(NamedRecord(*one) for some in each for one in some)[
                    :limit
                ]
            except Exception as error:  # noqa: BLE001 - names are for people: the count stands
                desk.kit.report(f"CustomerRepo.open_records for section {section.key!r}", error)
    return found


def line_of(kit: CancelKit, judged: Judged, key: str, state: SectionState) -> Line:
    """Return the line of a section: what can be said of it without asking the host."""
    gate = judged.checklist.gates[key]
    return Line(
        key=key,
        title=kit.title(key),
        light=state.light,
        code=state.code,
        message=kit.text(state.message),
        gate=gate,
        blocks=blocks(judged.checklist, key, state),
        count=state.count,
        hint=kit.text(state.hint) if state.hint else "",
    )


def _lines(desk: Desk, seen: Seen, judged: Judged, named: Named) -> tuple[Line, ...]:
    kit, customer, lines = desk.kit, seen.customer, []
    for section, state in judged.pairs:
        key, left = section.key, state.light is not Light.GREEN
        entry = seen.record.entry(key) if seen.record else None
        line = evolve(
            line_of(kit, judged, key, state),
            manage=_manage(desk, customer, key),
            may_fix=_may_fix(desk, customer, key) if left else None,
            records=named.get(key, ()),
            entered=entry.data if entry else None,
        )
        lines.append(line)
    return tuple(lines)


def _manage(desk: Desk, customer: Customer, key: str) -> str | None:
    links = desk.kit.links
    if links is None:
        return None
    return reading.unless_blind(
        desk, "Links.manage", lambda: reading.link(links.manage(customer, key)), blind=True
    )[0]


def _may_fix(desk: Desk, customer: Customer, key: str) -> bool | None:
    fixers = desk.kit.fixers
    if fixers is None:
        return None
    return reading.unless_blind(
        desk, "Fixers.may_fix", lambda: fixers.may_fix(desk.actor, key, customer), blind=True
    )[0]
