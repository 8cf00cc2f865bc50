"""Looking: views, plans and the history. They take no lock and write nothing."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import evolve

from cancelkit import asking, reading
from cancelkit.asking import allowed, faults, or_none
from cancelkit.decide import LOOK, Seen, blocks, decide, drift_of, possible, refusal, where
from cancelkit.errors import NotAllowed, NotPending
from cancelkit.evaluate import Judged
from cancelkit.lifecycle import ACTIONS
from cancelkit.messages import Message
from cancelkit.people import Customer, NamedRecord, User
from cancelkit.ports import Links, Unit
from cancelkit.records import CancellationRecord, HistoryEntry, State, Verb
from cancelkit.states import Light, SectionState
from cancelkit.text import checked_ids, checked_line, checked_number
from cancelkit.times import day_of
from cancelkit.views import Line, Plan, View

if TYPE_CHECKING:
    from cancelkit.desk import Desk
    from cancelkit.kit import CancelKit


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
    checked_number(name, "name", least=0)
    of = None if of is None else frozenset(checked_ids(of, "a section key"))
    with _looking(desk, customer_id, on) as (unit, seen):
        plan = plan_of(desk, seen) if seen.record and seen.state is State.PENDING else None
        return Look(_view(desk, unit, seen, name, of), plan, tuple(unit.history.of(customer_id)))


def view(
    desk: Desk, customer_id: str, *, name: int = 0, on: date | None = None, profile: str = ""
) -> View:
    """Read everything once and return it as values; as of a day to come, also as of today."""
    checked_number(name, "name", least=0)
    with _looking(desk, customer_id, on, profile) as (unit, seen):
        return _view(desk, unit, seen, name)


def _view(desk: Desk, unit: Unit, seen: Seen, name: int, of: Collection[str] | None = None) -> View:
    today, banner, drift, record = {}, "", drift_text(desk, seen), seen.record
    if seen.later:
        before = reading.judge(desk, unit, evolve(seen, ask=evolve(seen.ask, on=None)))
        today = {section.key: state.light for section, state in before.pairs}
    if record is not None and seen.state is State.PENDING:
        banner = desk.kit.text(banner_of(desk, record))
    lines = _lines(desk, seen, _named(desk, unit, seen, name, of))
    return View(
        customer=seen.customer.id,
        name=seen.customer.name,
        owners=seen.customer.owners,
        state=seen.state,
        status=desk.kit.status(seen.customer, seen.state),
        banner=banner,
        drift=drift,
        profile=record.profile if record else seen.ask.profile,
        begun=record.begun if record else None,
        touched=record.touched if record else None,
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
    with _looking(desk, customer_id, on) as (_, seen):
        if seen.record is not None and seen.state is State.PENDING:
            return plan_of(desk, seen)
        why = refusal("not_pending", **where(seen))
        none = Message.of("plan.none", name=seen.customer.name, why=desk.kit.sentence(why))
        raise NotPending(desk.kit.text(none), (why,))


def candidates(desk: Desk, customer_id: str, search: str = "", limit: int = 20) -> Sequence[User]:
    """Return active users who may take a customer over, the best first: for whoever may edit."""
    wanted = checked_line(search, "what is searched for")
    checked_number(limit, "limit")
    with faults(f"looking for owners of customer {customer_id!r}"), desk.host.reading() as unit:
        customer = _see(desk, unit, customer_id, "edit").customer
    if desk.kit.users is None:
        return ()
    with faults("looking for users"):
        return asking.sound_candidates(desk.kit.users.candidates(customer, wanted, limit), limit)


def history(desk: Desk, customer_id: str) -> Sequence[HistoryEntry]:
    """Read the history of a customer, oldest first; it survives the customer itself."""
    with faults(f"looking at customer {customer_id!r}"), desk.host.reading() as unit:
        found = unit.customers.load((customer_id,)).get(customer_id)
        gone = Customer(customer_id, customer_id, tenant=desk.host.tenant)
        if not allowed(desk, "view", asking.sound_customer(desk, found, customer_id) or gone):
            raise _not_allowed(desk, "view")
        return tuple(unit.history.of(customer_id))


def plan_of(desk: Desk, seen: Seen) -> Plan:
    """Make the plan from what was seen; nothing is read."""
    lines = _lines(desk, seen, {})
    blocking = tuple(line for line in lines if line.blocks)
    until_then = tuple(x for x in blocking if seen.later and x.light is Light.RED)
    texts = [desk.kit.text(planned.effect.message()) for planned in seen.effects]
    if seen.record is not None and seen.record.former is not None:
        was = desk.kit.status(seen.customer, seen.state)
        to = desk.kit.text(Message("state.cancelled"))
        texts.append(desk.kit.text(Message.of("plan.status", was=was, to=to)))
    confirmed = evolve(seen.ask, verb=Verb.PROCESS, token=seen.token)
    refusals = decide(evolve(seen, allowed=True, ask=confirmed)).refusals
    return Plan(
        customer=seen.customer.id,
        name=seen.customer.name,
        steps=tuple(texts),
        notify=seen.told,
        notify_then=seen.told_then,
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


def _see(desk: Desk, unit: Unit, customer_id: str, action: str, **said: Any) -> Seen:
    """Read where a customer stands, for an actor who may do the action."""
    found = unit.customers.load((customer_id,)).get(customer_id)
    ask = evolve(LOOK, actor=desk.actor, customer_id=customer_id, **said)
    seen = reading.see(desk, unit, found, ask, action, blind=True)
    if not seen.allowed:
        raise _not_allowed(desk, action)
    return seen


def _not_allowed(desk: Desk, action: str) -> NotAllowed:
    why = refusal("not_allowed", actor=desk.actor.name, verb=action)
    return NotAllowed(f"{desk.kit.sentence(why)}.", (why,))


@contextmanager
def _looking(
    desk: Desk, customer_id: str, on: date | None, profile: str = ""
) -> Generator[tuple[Unit, Seen]]:
    """Read and judge everything, for an actor who may view, in a unit that writes nothing."""
    samples = asking.sampled(desk, customer_id)
    known = {"on": on, "profile": profile, "samples": samples}
    with faults(f"looking at customer {customer_id!r}"), desk.host.reading() as unit:
        seen = _see(desk, unit, customer_id, "view", **known)
        record = seen.record
        if seen.state is State.LIVE or (record and record.state is not seen.state):
            seen = evolve(seen, record=None)  # the last cancellation has no more to do with it
        judged = reading.judge(desk, unit, seen)
        if seen.record is not None:
            yield unit, reading.see_plan(desk, unit, seen, seen.record, judged)
        else:
            yield unit, evolve(seen, judged=judged)


def _actions(desk: Desk, seen: Seen) -> tuple[Verb, ...]:
    """Return the moves that the role checker allows; each action is asked about once."""
    verbs = possible(seen)
    asked = dict.fromkeys(ACTIONS[verb] for verb in verbs)
    granted = {action: allowed(desk, action, seen.customer) for action in asked}
    return tuple(verb for verb in verbs if granted[ACTIONS[verb]])


def _named(
    desk: Desk, unit: Unit, seen: Seen, limit: int, of: Collection[str] | None
) -> Mapping[str, tuple[NamedRecord, ...]]:
    """Ask for some of the records that keep sections red; only when somebody looks."""
    found: dict[str, tuple[NamedRecord, ...]] = {}
    for section, state in seen.judged.pairs if limit else ():
        red = state.light is Light.RED and state.count is not None
        if red and (of is None or section.key in of):
            port = f"CustomerRepo.open_records for section {section.key!r}"
            records = or_none(desk, port, reading.records_of, unit, seen, section, limit)
            found[section.key] = (records or ())[:limit]
    return found


def line_of(kit: CancelKit, judged: Judged, key: str, state: SectionState) -> Line:
    """Return the line of a section: what can be said of it without asking the host."""
    return Line(
        key=key,
        title=kit.title(key),
        light=state.light,
        word=kit.text(Message(f"light.{state.light.value}")),
        code=state.code,
        message=kit.text(state.message),
        gate=judged.checklist.gates[key],
        blocks=blocks(judged, key, state),
        override=judged.overridden.get(key),
        count=state.count,
        hint=kit.text(state.hint) if state.hint else "",
    )


def _lines(
    desk: Desk, seen: Seen, named: Mapping[str, tuple[NamedRecord, ...]]
) -> tuple[Line, ...]:
    kit, customer, lines = desk.kit, seen.customer, []
    due = seen.effects if seen.state is State.PENDING else ()
    for section, state in seen.judged.pairs:
        key, manage, may_fix = section.key, None, None
        if kit.links is not None:
            manage = or_none(desk, "Links.manage", _address, kit.links, customer, key)
        if kit.fixers is not None and state.light is not Light.GREEN:
            ask = kit.fixers.may_fix
            may_fix = or_none(desk, "Fixers.may_fix", ask, desk.actor, key, customer)
        entry = seen.record.entry(key) if seen.record else None
        line = evolve(
            line_of(kit, seen.judged, key, state),
            manage=manage,
            may_fix=may_fix,
            records=named.get(key, ()),
            entered=entry.data if entry else None,
            planned=tuple(kit.text(p.effect.message()) for p in due if p.section == key),
        )
        lines.append(line)
    return tuple(lines)


def _address(links: Links, customer: Customer, key: str) -> str | None:
    return asking.link(links.manage(customer, key))
