"""What is visible of a cancellation, without ids, times and tokens: to compare two hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cancelkit.adapters.memory import MemoryNotifier
from cancelkit.cancellation import Cancellation
from cancelkit.errors import CancelkitError, Refused
from cancelkit.people import Customer
from cancelkit.ports import Host
from cancelkit.records import CancellationRecord, HistoryEntry, OutboxRow, Outcome, Performed, State
from cancelkit.testing.faulty import Fault
from cancelkit.views import Plan, View

Shape: TypeAlias = Any
"""Plain tuples, lists and dicts that compare equal where two hosts look alike."""


def shape_of_result(call: Callable[[], object]) -> Shape:
    """Return what a command answers or raises."""
    try:
        answer = call()
    except Refused as error:
        return type(error).__name__, error.codes, error.sections
    except (CancelkitError, Fault) as error:
        return type(error).__name__
    if not isinstance(answer, Outcome):
        return answer
    return {
        "verb": answer.verb,
        "now": answer.now,
        "done": [_performed(one) for one in answer.done],
        "stays": [_performed(one) for one in answer.stays],
        "notified": sorted(person.id for person in answer.notified),
        "replayed": answer.replayed,
    }


def shape_of_side(host: Host, at: Cancellation, notifier: MemoryNotifier) -> Shape:
    """Return everything that is visible of one customer at one host."""
    key = at.customer_id
    with host.reading() as unit:
        rows = [row for row in unit.outbox.unsent() if row.notification.customer == key]
        customer = unit.customers.load((key,)).get(key)
        record = unit.cancellations.current((key,)).get(key)
        history = [_entry(entry) for entry in unit.history.of(key)]
    return {
        "customer": _customer(customer),
        "record": _record(record) if record else None,
        "performed": [_performed(one) for one in record.performed] if record else [],
        "view": shape_of_result(lambda: _view(at.view(name=3))),
        "plan": shape_of_result(lambda: _plan(at.plan())),
        "history": history,
        "outbox": sorted(map(_row, rows)),
        "sent": sorted(one.recipient.id for one in notifier.sent if one.customer == key),
    }


def _record(record: CancellationRecord) -> Shape:
    schedule = record.schedule
    return {
        "state": (record.state, record.version, bool(record.ended), bool(record.reinstated)),
        "copied": (record.profile, dict(record.gates), record.required),
        "schedule": schedule and (schedule.on, schedule.due, schedule.stamp.by.id),
        "effective": record.effective,
        "overrides": [(x.section, x.message, len(x.records), x.reason) for x in record.overrides],
    }


def _customer(customer: Customer | None) -> Shape:
    if customer is None:
        return None
    status = customer.status
    shown = status and (bool(status.pending), status.cancelled or status.value)
    return customer.name, [person.id for person in customer.owners], shown


def _view(view: View) -> Shape:
    lines = [
        (line.key, line.light, line.code, line.message, line.hint, line.gate, line.count)
        for line in view.sections
    ]
    return {
        "state": view.state,
        "status": view.state is State.CANCELLED or view.status,
        "shown": (bool(view.banner), bool(view.drift), bool(view.token)),
        "sections": lines,
        "named": [len(line.records) for line in view.sections],
        "entered": [line.entered for line in view.sections],
        "actions": view.actions,
    }


def _plan(plan: Plan) -> Shape:
    blocked = [line.key for line in plan.blocked_by]
    return plan.steps, [person.id for person in plan.notify], blocked, plan.obstacles


def _performed(done: Performed) -> Shape:
    return done.section, done.kind, dict(done.data), done.revision


def _entry(entry: HistoryEntry) -> Shape:
    return {
        "verb": entry.verb,
        "accepted": entry.accepted,
        "who": entry.actor.id,
        "name": entry.name,
        "today": entry.today,
        "op": entry.op if entry.op.startswith("op-") else "",
        "section": entry.section,
        "refusals": [(refusal.code, refusal.section) for refusal in entry.refusals],
        "lights": dict(entry.lights),
        "done": entry.done,
        "based": bool(entry.token),
        "behalf": entry.behalf and entry.behalf.id,
        "on": entry.on,
        "note": entry.note,
    }


def _row(row: OutboxRow) -> tuple[str, str, str, int]:
    told = row.notification
    return told.recipient.id, told.event, row.delivery.value, row.attempts
