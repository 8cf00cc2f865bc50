"""Looking: views, plans and the history. They take no lock and write nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cancelkit import reading
from cancelkit.decide import Seen, blocking
from cancelkit.errors import NotAllowed, NotPending, UnknownCustomer
from cancelkit.evaluate import Judged
from cancelkit.lifecycle import ACTIONS, drifted, moves, shown_status, state_of
from cancelkit.messages import Message, Refusal
from cancelkit.people import Customer, NamedRecord
from cancelkit.ports import Unit
from cancelkit.records import CancellationRecord, HistoryEntry, State, Verb
from cancelkit.states import Light, SectionState
from cancelkit.times import day_of
from cancelkit.views import Line, Plan, View

if TYPE_CHECKING:
    from cancelkit.desk import Desk

Named = Mapping[str, tuple[NamedRecord, ...]]


def view(desk: Desk, customer_id: str, name: int) -> View:
    """Read everything once and return it as values."""
    with desk.host.reading() as unit:
        seen, judged = _see(desk, unit, customer_id)
        token = banner = drift = ""
        if seen.record is not None and seen.state is State.PENDING:
            token = str(reading.see_plan(desk, unit, seen, seen.record, judged).token)
            banner = desk.kit.text(banner_of(desk, seen.record))
            drift = _drift(desk, seen.customer, seen.record)
        return View(
            customer=seen.customer.id,
            name=seen.customer.name,
            owners=seen.customer.owners,
            state=seen.state,
            status=shown_status(seen.customer, seen.state),
            banner=banner,
            drift=drift,
            sections=_lines(desk, seen, judged, _named(unit, seen, judged, name)),
            actions=_actions(desk, seen),
            token=token,
            read_at=seen.at,
            today=seen.today,
        )


def plan(desk: Desk, customer_id: str) -> Plan:
    """Read everything once and return what Process would do."""
    with desk.host.reading() as unit:
        seen, judged = _see(desk, unit, customer_id)
        if seen.record is not None and seen.state is State.PENDING:
            return plan_of(desk, reading.see_plan(desk, unit, seen, seen.record, judged), judged)
        why = Message.of(
            "refused.not_pending",
            status=shown_status(seen.customer, seen.state),
            moves=", ".join(verb.value for verb in moves(seen.state)) or "none",
        )
        sentence = f"There is no plan for {seen.customer.name}: {desk.kit.text(why)}."
        raise NotPending(sentence, (Refusal("not_pending", why),))


def history(desk: Desk, customer_id: str) -> Sequence[HistoryEntry]:
    """Read the history of a customer, oldest first; it survives the customer itself."""
    with desk.host.reading() as unit:
        return tuple(unit.history.of(customer_id))


def plan_of(desk: Desk, seen: Seen, judged: Judged) -> Plan:
    """Make the plan from what was seen; nothing is read."""
    lines = _lines(desk, seen, judged, {})
    texts = [desk.kit.text(planned.effect.message()) for planned in seen.effects]
    if seen.customer.status is not None:
        was = shown_status(seen.customer, seen.state)
        texts.append(desk.kit.text(Message.of("plan.status", was=was, to="Cancelled")))
    refusals = (*blocking(judged), *seen.unable)
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


def _see(desk: Desk, unit: Unit, customer_id: str) -> tuple[Seen, Judged]:
    found = unit.customers.load((customer_id,)).get(customer_id)
    customer = reading.sound_customer(desk, found, customer_id)
    if customer is None:
        raise UnknownCustomer(f"There is no customer {customer_id!r} here.")
    if not reading.allowed(desk, "view", customer):
        why = Message.of("refused.not_allowed", actor=desk.actor.name, verb="view")
        sentence = f"{desk.actor.name} has no role that allows to see this cancellation."
        raise NotAllowed(sentence, (Refusal("not_allowed", why),))
    now, today = reading.moment(desk)
    record = reading.current(unit, customer_id)
    state = state_of(customer, record)
    shown = record if record is not None and record.state is state is not State.LIVE else None
    judged = reading.judge(desk, unit, customer, shown, today, blind=True)
    return Seen(now, today, state, customer, shown, allowed=True, judged=judged), judged


def _actions(desk: Desk, seen: Seen) -> tuple[Verb, ...]:
    """Return the moves of the lifecycle that the role checker allows; each action asked once."""
    possible = moves(seen.state)
    asked = dict.fromkeys(ACTIONS[verb] for verb in possible)
    granted = {action for action in asked if reading.allowed(desk, action, seen.customer)}
    return tuple(verb for verb in possible if ACTIONS[verb] in granted)


def _drift(desk: Desk, customer: Customer, record: CancellationRecord) -> str:
    if not drifted(customer, record):
        return ""
    label = customer.status.label if customer.status else "-"
    return desk.kit.text(Message.of("banner.drift", status=label))


def _named(unit: Unit, seen: Seen, judged: Judged, limit: int) -> Named:
    """Ask for some of the records that keep each section red; only when somebody looks."""
    if limit < 1:
        return {}
    found: dict[str, tuple[NamedRecord, ...]] = {}
    for section, state in zip(judged.checklist.sections, judged.states, strict=True):
        if state.light is Light.RED and state.count is not None:
            records = [
                record
                for need in section.needs
                for record in unit.customers.open_records(seen.customer.id, need, seen.today, limit)
            ]
            found[section.key] = tuple(records[:limit])
    return found


def _lines(desk: Desk, seen: Seen, judged: Judged, named: Named) -> tuple[Line, ...]:
    pairs = zip(judged.checklist.sections, judged.states, strict=True)
    return tuple(_line(desk, seen, judged, s.key, state, named) for s, state in pairs)


def _line(
    desk: Desk, seen: Seen, judged: Judged, key: str, state: SectionState, named: Named
) -> Line:
    kit, customer = desk.kit, seen.customer
    left = state.light is not Light.GREEN
    entry = seen.record.entry(key) if seen.record else None
    return Line(
        key=key,
        title=kit.title(key),
        light=state.light,
        code=state.code,
        message=kit.text(state.message),
        gate=judged.checklist.gates[key],
        count=state.count,
        hint=kit.text(state.hint) if state.hint else "",
        manage=kit.links.manage(customer, key) if kit.links else None,
        may_fix=kit.fixers.may_fix(desk.actor, key, customer) if kit.fixers and left else None,
        records=named.get(key, ()),
        entered=entry.data if entry else None,
    )
