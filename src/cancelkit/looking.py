"""Looking: views, plans and the history. They take no lock and write nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import evolve

from cancelkit import reading
from cancelkit.asking import allowed, faults, link, sampled, sound_customer, unless_blind
from cancelkit.decide import Ask, Seen, blocks, decide, drift_of, possible, refusal, where
from cancelkit.errors import NotAllowed, NotPending, UnknownCustomer
from cancelkit.evaluate import Judged
from cancelkit.lifecycle import ACTIONS
from cancelkit.messages import Message
from cancelkit.people import Customer, NamedRecord, User
from cancelkit.ports import Unit
from cancelkit.records import CancellationRecord, HistoryEntry, State, Verb
from cancelkit.states import Light, SectionState
from cancelkit.text import checked_line
from cancelkit.times import day_of
from cancelkit.views import Line, Plan, View

if TYPE_CHECKING:
    from cancelkit.desk import Desk
    from cancelkit.kit import CancelKit


Named = Mapping[str, tuple[NamedRecord, ...]]


class Look(NamedTuple):
    """Everything that a person sees of one customer, from one reading."""

    view: View
    plan: Plan | None  # None where no cancellation is open
    history: tuple[HistoryEntry, ...]  # oldest first


def look(
    desk: Desk,
    customer_id: str,
    *,
    name: int = 0,
    of: Collection[str] | None = None,
    on: date | None = None,
) -> Look:
    """Read everything once: the view, the plan and the history are of one instant.

    Of the records that keep a section red, `name` are named, for the sections `of` (all where it
    is None).
    """
    samples = sampled(desk, customer_id)
    with faults(f"looking at customer {customer_id!r}"), desk.host.reading() as unit:
        seen, judged = _see(desk, unit, customer_id, on=on, samples=samples)
        shown = _view(desk, unit, seen, judged, _named(desk, unit, seen, judged, name, of))
        plan = plan_of(desk, seen, judged) if seen.record and seen.state is State.PENDING else None
        return Look(shown, plan, tuple(unit.history.of(customer_id)))


def view(
    desk: Desk, customer_id: str, *, name: int = 0, on: date | None = None, profile: str = ""
) -> View:
    """Read everything once and return it as values; as of a day to come, also as of today."""
    samples = sampled(desk, customer_id)
    with faults(f"looking at customer {customer_id!r}"), desk.host.reading() as unit:
        seen, judged = _see(desk, unit, customer_id, on=on, samples=samples, profile=profile)
        return _view(desk, unit, seen, judged, _named(desk, unit, seen, judged, name))


def _view(desk: Desk, unit: Unit, seen: Seen, judged: Judged, named: Named) -> View:
    today, banner, drift, record = {}, "", drift_text(desk, seen), seen.record
    if seen.later:
        before = reading.judge(desk, unit, evolve(seen, on=None), blind=True, profile=seen.profile)
        today = {section.key: state.light for section, state in before.pairs}
    if record is not None and seen.state is State.PENDING:
        banner = desk.kit.text(banner_of(desk, record))
    lines = _lines(desk, seen, judged, named)
    return View(
        customer=seen.customer.id,
        name=seen.customer.name,
        owners=seen.customer.owners,
        state=seen.state,
        status=desk.kit.status(seen.customer, seen.state),
        banner=banner,
        drift=drift,
        profile=record.profile if record else seen.profile,
        begun=record.begun if record else None,
        schedule=record.schedule if record else None,
        performed=_performed(desk, record, invertible=False),
        may_put_back=_performed(desk, record, invertible=True),
        ended=record.ended if record else None,
        effective=record.effective if record else None,
        sections=tuple(evolve(line, today=today.get(line.key)) for line in lines),
        actions=_actions(desk, seen),
        token=str(seen.token or ""),
        read_at=seen.at,
        today=seen.today,
        as_of=seen.as_of,
    )


def plan(desk: Desk, customer_id: str, *, on: date | None = None) -> Plan:
    """Read everything once and return what Process would do, or what it would schedule."""
    samples = sampled(desk, customer_id)
    with faults(f"looking at customer {customer_id!r}"), desk.host.reading() as unit:
        seen, judged = _see(desk, unit, customer_id, on=on, samples=samples)
        if seen.record is not None and seen.state is State.PENDING:
            return plan_of(desk, seen, judged)
        why = refusal("not_pending", **where(seen))
        none = Message.of("plan.none", name=seen.customer.name, why=desk.kit.sentence(why))
        raise NotPending(desk.kit.text(none), (why,))


def candidates(desk: Desk, customer_id: str, search: str = "", limit: int = 20) -> Sequence[User]:
    """Return active users who may take a customer over, the best first: for whoever may edit."""
    wanted = checked_line(search, "what is searched for")
    with faults(f"looking for owners of customer {customer_id!r}"), desk.host.reading() as unit:
        found = unit.customers.load((customer_id,)).get(customer_id)
        customer, *_ = reading.look_up(desk, unit, found, customer_id)
    if customer is None:
        raise UnknownCustomer(f"There is no customer {customer_id!r} here.")
    _may(desk, "edit", customer)
    with faults("looking for users"):
        return desk.kit.users.candidates(customer, wanted, limit) if desk.kit.users else ()


def history(desk: Desk, customer_id: str) -> Sequence[HistoryEntry]:
    """Read the history of a customer, oldest first; it survives the customer itself."""
    with faults(f"looking at customer {customer_id!r}"), desk.host.reading() as unit:
        found = unit.customers.load((customer_id,)).get(customer_id)
        gone = Customer(customer_id, customer_id, tenant=desk.host.tenant)
        _may(desk, "view", sound_customer(desk, found, customer_id) or gone)
        return tuple(unit.history.of(customer_id))


def plan_of(desk: Desk, seen: Seen, judged: Judged) -> Plan:
    """Make the plan from what was seen; nothing is read."""
    lines = _lines(desk, seen, judged, {})
    blocking = tuple(line for line in lines if line.blocks)
    until_then = tuple(x for x in blocking if seen.later and x.light is Light.RED)
    texts = [desk.kit.text(planned.effect.message()) for planned in seen.effects]
    if seen.record is not None and seen.record.former is not None:
        was = desk.kit.status(seen.customer, seen.state)
        to = desk.kit.text(Message("state.cancelled"))
        texts.append(desk.kit.text(Message.of("plan.status", was=was, to=to)))
    confirmed = Ask(Verb.PROCESS, desk.actor, token=seen.token)
    refusals = decide(confirmed, evolve(seen, allowed=True, judged=judged)).refusals
    return Plan(
        customer=seen.customer.id,
        name=seen.customer.name,
        steps=tuple(texts),
        notify=seen.told,
        blocked_by=tuple(line for line in blocking if line not in until_then),
        until_then=until_then,
        advice=tuple(x for x in lines if not (x.light is Light.GREEN or x.blocks or x.override)),
        overridden=tuple(line for line in lines if line.override),
        obstacles=tuple(desk.kit.sentence(refusal) for refusal in refusals),
        on=seen.on or seen.today,
        later=seen.later,
        token=str(seen.token or ""),
        read_at=seen.at,
    )


def _performed(
    desk: Desk, record: CancellationRecord | None, *, invertible: bool
) -> tuple[str, ...]:
    kinds = desk.kit.known.kinds
    done = record.performed if record else ()
    shown = (d for d in done if not invertible or hasattr(kinds.get(d.kind), "inverse"))
    return tuple(desk.kit.text(one.message) for one in shown)


def banner_of(desk: Desk, record: CancellationRecord) -> Message:
    """Return what stands on the record of a customer whose cancellation is pending."""
    on, by = day_of(record.begun.at, desk.kit.zone), record.begun.by.name
    if (schedule := record.schedule) is not None:
        kind, values = "banner.scheduled", {"day": schedule.on}
        if schedule.due > schedule.on:
            kind, values = "banner.blocked", {"day": schedule.on, "due": schedule.due}
        return Message.of(kind, on=on, by=by, **values)
    return Message.of("banner.pending", on=on, by=by)


def drift_text(desk: Desk, seen: Seen) -> str:
    """Return what somebody else has changed while the cancellation was open, or ""."""
    why = drift_of(seen)
    return desk.kit.text(Message(f"banner.{why.code}", why.message.values)) if why else ""


def _may(desk: Desk, action: str, customer: Customer) -> None:
    if not allowed(desk, action, customer):
        why = refusal("not_allowed", actor=desk.actor.name, verb=action)
        raise NotAllowed(f"{desk.kit.sentence(why)}.", (why,))


def _see(
    desk: Desk, unit: Unit, customer_id: str, *, profile: str = "", **known: Any
) -> tuple[Seen, Judged]:
    found = unit.customers.load((customer_id,)).get(customer_id)
    customer, record, gone = reading.look_up(desk, unit, found, customer_id)
    if customer is None:
        raise UnknownCustomer(f"There is no customer {customer_id!r} here.")
    _may(desk, "view", customer)
    seen = reading.see(desk, customer, record, allowed=True, gone=gone, profile=profile, **known)
    if seen.state is State.LIVE or (record and record.state is not seen.state):
        seen = evolve(seen, record=None)  # the last cancellation has no more to do with it
    judged = reading.judge(desk, unit, seen, blind=True, profile=profile)
    if seen.record is not None:
        return reading.see_plan(desk, unit, seen, seen.record, judged), judged
    return evolve(seen, judged=judged), judged


def _actions(desk: Desk, seen: Seen) -> tuple[Verb, ...]:
    """Return the moves that the role checker allows; each action is asked about once."""
    verbs = possible(seen)
    asked = dict.fromkeys(ACTIONS[verb] for verb in verbs)
    granted = {action for action in asked if allowed(desk, action, seen.customer)}
    return tuple(verb for verb in verbs if ACTIONS[verb] in granted)


def _named(
    desk: Desk,
    unit: Unit,
    seen: Seen,
    judged: Judged,
    limit: int,
    of: Collection[str] | None = None,
) -> Named:
    """Ask for some of the records that keep sections red; only when somebody looks."""
    if limit < 1:
        return {}
    found: dict[str, tuple[NamedRecord, ...]] = {}
    for section, state in judged.pairs:
        wanted = of is None or section.key in of
        if wanted and state.light is Light.RED and state.count is not None:
            ask = unit.customers.open_records
            try:
                each = [ask(seen.customer.id, need, seen.as_of, limit) for need in section.needs]
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
        word=kit.text(Message(f"light.{state.light.value}")),
        code=state.code,
        message=kit.text(state.message),
        gate=gate,
        blocks=blocks(judged, key, state),
        override=judged.overridden.get(key),
        count=state.count,
        hint=kit.text(state.hint) if state.hint else "",
    )


def _lines(desk: Desk, seen: Seen, judged: Judged, named: Named) -> tuple[Line, ...]:
    kit, customer, lines = desk.kit, seen.customer, []
    due = seen.effects if seen.state is State.PENDING else ()
    for section, state in judged.pairs:
        key, left = section.key, state.light is not Light.GREEN
        entry = seen.record.entry(key) if seen.record else None
        line = evolve(
            line_of(kit, judged, key, state),
            manage=_manage(desk, customer, key),
            may_fix=_may_fix(desk, customer, key) if left else None,
            records=named.get(key, ()),
            entered=entry.data if entry else None,
            planned=tuple(kit.text(p.effect.message()) for p in due if p.section == key),
        )
        lines.append(line)
    return tuple(lines)


def _manage(desk: Desk, customer: Customer, key: str) -> str | None:
    links = desk.kit.links
    if links is None:
        return None
    return unless_blind(
        desk, "Links.manage", lambda: link(links.manage(customer, key)), blind=True
    )[0]


def _may_fix(desk: Desk, customer: Customer, key: str) -> bool | None:
    fixers = desk.kit.fixers
    if fixers is None:
        return None
    return unless_blind(
        desk, "Fixers.may_fix", lambda: fixers.may_fix(desk.actor, key, customer), blind=True
    )[0]
