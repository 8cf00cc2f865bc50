"""Every command is the same four verbs: read, evaluate, decide, write. All of them run here.

    read      LOCK THE CUSTOMER FIRST, then operation, role, cancellation, and all facts at once
    evaluate  the sections over the facts
    decide    accepted or refused, with reasons and effects
    write     effects, status, cancellation, history, operation, outbox, in one unit of work

A refusal is written to the history in the same unit of work, and raised after leaving it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from cancelkit import asking, errors, looking, reading, writing
from cancelkit.decide import Ask, Decision, Seen, decide
from cancelkit.errors import Conflict, Refused
from cancelkit.lifecycle import ACTIONS, TABLE
from cancelkit.messages import Message
from cancelkit.plan import due_effects
from cancelkit.ports import Unit
from cancelkit.records import HistoryEntry, Outcome, Verb

if TYPE_CHECKING:
    from cancelkit.desk import Desk

ATTEMPTS = 5
"""How often a command runs before a `Conflict` is given up on; once in the host's transaction."""


def run(desk: Desk, ask: Ask) -> Outcome:
    """Run a command; return its outcome, or that of the first one with the same operation id."""
    if ask.verb in (Verb.PROCESS, Verb.PERFORM_NOW):
        ask = evolve(ask, samples=asking.sampled(desk, ask.customer_id))
    left = 1 if desk.host.joined else ATTEMPTS
    while True:
        left -= 1
        try:
            answer = _once(desk, ask)
        except Conflict:
            if not left:
                raise
        else:
            if isinstance(answer, Refused):
                raise answer
            return answer


def _once(desk: Desk, ask: Ask) -> Outcome | Refused:
    """Run the command in one unit of work; leaving it commits."""
    what, leaving = f"{ask.verb.value} of customer {ask.customer_id!r}", False
    try:
        with asking.faults(what), desk.host.writing() as unit:
            answer = _in_unit(desk, unit, ask)
            leaving = True
    except errors.OutcomeUnknown as unknown:
        raise errors.OutcomeUnknown(str(unknown), ask.op) from unknown
    except errors.CommandFailed as failed:
        if not leaving or desk.host.joined:  # in the host's own transaction nothing was committed
            raise
        sentence = f"{what}: the end of the unit of work failed; repeat it with the operation id"
        raise errors.OutcomeUnknown(f"{sentence} {ask.op!r}.", ask.op) from failed.__cause__
    return answer


def _in_unit(desk: Desk, unit: Unit, ask: Ask) -> Outcome | Refused:
    found = unit.customers.lock(ask.customer_id)
    before = unit.operations.find(ask.customer_id, ask.verb, ask.op)
    if before is not None and before.digest == ask.digest:
        return evolve(before.outcome, replayed=True)
    seen = _look(desk, unit, ask, found, reused=before is not None)
    decision = decide(seen)
    if decision.to is None:
        entry = writing.refusal(desk, unit, seen, decision)
        return _refused(desk, seen, decision, entry)
    if ask.form is not None:
        seen = evolve(seen, users=reading.check_form(desk, seen))
    return writing.write(desk, unit, seen, decision)


def _look(desk: Desk, unit: Unit, ask: Ask, found: object, *, reused: bool) -> Seen:
    """Read what this verb needs to be decided, and no more."""
    seen = reading.see(desk, unit, found, ask, ACTIONS[ask.verb], reused=reused)
    if ask.due:
        _on_the_day(seen)
    record = seen.record
    if record is None or not seen.allowed or reused or (seen.state, ask.verb) not in TABLE:
        return seen
    match ask.verb:
        case Verb.PROCESS:
            return reading.see_plan(desk, unit, seen, record, reading.judge(desk, unit, seen))
        case Verb.OVERRIDE:
            judged = reading.judge(desk, unit, seen, only=ask.section)
            ids = reading.open_ids(desk, unit, seen, judged, ask.section)
            return evolve(seen, judged=judged, open_ids=ids)
        case Verb.PERFORM_NOW:
            judged = reading.judge(desk, unit, seen, only=ask.section)
            seen = evolve(seen, judged=judged, effects=due_effects(judged, record))
        case Verb.REMOVE | Verb.REINSTATE:
            seen = reading.see_removal(desk, seen, record, put_back=ask.put_back)
        case _:
            return seen
    return evolve(seen, unable=seen.unable or reading.why_not(unit, seen.customer, seen.effects))


def _on_the_day(seen: Seen) -> None:
    """Raise `NotDue` where there is no schedule any more, or its day has not come."""
    if seen.scheduled is None or seen.scheduled.due > seen.today:
        raise errors.NotDue(f"Nothing is due for customer {seen.customer.id!r} any more.")


def _refused(desk: Desk, seen: Seen, decision: Decision, entry: HistoryEntry) -> Refused:
    """Make the error: a sentence, every reason, and the fresh plan where a plan was judged."""
    message = Message.of(
        "command.refused",
        verb=desk.kit.text(Message(f"verb.{decision.verb.value}")),
        name=entry.name,
        customer=entry.customer,
        why="; ".join(desk.kit.sentence(refusal) for refusal in decision.refusals),
    )
    fresh = looking.plan_of(desk, seen) if seen.token else None
    cls = errors.REFUSED_BY_CODE.get(decision.refusals[0].code, Refused)
    return cls(desk.kit.text(message), decision.refusals, fresh=fresh, entry=entry)
