"""The view as data: one JSON document of everything that a person sees of one customer.

Pure: it is made from what `Cancellation.look` has read. The keys are the words of `View`, `Plan`
and the timeline; the HTML pages are made from this very document. `schemas.DOCUMENT` describes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cancelkit.adapters.web.forms import form_data
from cancelkit.checklist import Checklist
from cancelkit.kit import CancelKit
from cancelkit.looking import Look
from cancelkit.messages import Message
from cancelkit.people import Person
from cancelkit.queue import Queue, Row
from cancelkit.records import HistoryEntry, Override, Stamp, State, Verb
from cancelkit.section import Gate
from cancelkit.states import Light
from cancelkit.timeline import timeline
from cancelkit.times import day_of
from cancelkit.views import Line, Plan, View

FORMAT = 1
"""The version of the document; a new key is no new version."""

STUCK = 60
"""After how many days without a change one is stuck, where the host says nothing else."""


def document(
    kit: CancelKit, look: Look, link: str | None = None, stuck_after: int = STUCK
) -> dict[str, Any]:
    """Return everything that a person sees of one customer, as a JSON-ready object.

    Args:
        kit: the kit that has read it, in the language of the reader.
        look: what was read.
        link: the host's address of the customer's own page.
        stuck_after: after how many days without a change a pending cancellation is stuck.
    """
    view = look.view
    overdue = view.schedule is not None and view.schedule.on < view.today
    waits = view.schedule is not None and not overdue
    quiet = _since(kit, view, max((e.at for e in look.history if e.accepted), default=None))
    lights = Counter(line.light.value for line in view.sections)
    return {
        "format": FORMAT,
        **view.data(),
        "owners": [person_data(one) for one in view.owners],
        "begun": _stamp(view.begun),
        "ended": _stamp(view.ended),
        "schedule": _schedule(view),
        "link": link,
        "age": _since(kit, view, None),
        "overdue": overdue,
        "stuck": quiet is not None and quiet >= stuck_after and not waits,
        "counts": {
            **{light.value: lights[light.value] for light in Light},
            "total": lights.total(),
        },
        "sections": [_section(kit, view, line) for line in view.sections],
        "words": {verb.value: kit.text(Message(f"verb.{verb.value}")) for verb in view.actions},
        "zone": str(kit.zone),
        "plan": plan_data(look.plan) if look.plan else None,
        "timeline": timeline_data(kit, look.history),
    }


def plan_data(plan: Plan) -> dict[str, Any]:
    """Return a plan as a JSON-ready object."""
    told = {"notify": plan.notify, "notify_then": plan.notify_then}
    people = {name: [person_data(one) for one in those] for name, those in told.items()}
    return {**plan.data(), **people}


def timeline_data(kit: CancelKit, history: Sequence[HistoryEntry]) -> list[dict[str, Any]]:
    """Return the timeline as JSON-ready objects, oldest first."""
    return [{**one._asdict(), "at": one.at.isoformat()} for one in timeline(kit, history)]


def person_data(person: Person) -> dict[str, str]:
    """Return what is shown of a person: the language of a colleague is nobody's business."""
    return {"id": person.id, "name": person.name}


def queue_data(found: Queue) -> dict[str, Any]:
    """Return a page of the queue as a JSON-ready object."""
    owners = [person_data(one) for one in found.owners]
    return {**found.data(), "owners": owners, "rows": [_row(row) for row in found.rows]}


def _row(row: Row) -> dict[str, Any]:
    owners = [person_data(one) for one in row.owners]
    stamps = {"begun": _stamp(row.begun), "touched": _stamp(row.touched)}
    return {**row.data(), "owners": owners, **stamps}


def _stamp(stamp: Stamp | None) -> dict[str, Any] | None:
    return {"by": person_data(stamp.by), "at": stamp.at.isoformat()} if stamp else None


def _schedule(view: View) -> dict[str, Any] | None:
    if (found := view.schedule) is None:
        return None
    days = {"on": found.on.isoformat(), "due": found.due.isoformat()}
    return {**days, "stamp": _stamp(found.stamp)}


def _since(kit: CancelKit, view: View, at: datetime | None) -> int | None:
    """Return the days since an instant, or since Begin; None where nothing is pending."""
    if view.state is not State.PENDING or view.begun is None:
        return None
    return max(0, (view.today - day_of(at or view.begun.at, kit.zone)).days)


def _section(kit: CancelKit, view: View, line: Line) -> dict[str, Any]:
    section = kit.known.by_key.get(line.key)
    entering = Verb.ENTER in view.actions
    form = form_data(kit, section, line.entered) if section and entering else None
    return {
        **line.data(),
        "today_word": kit.text(Message(f"light.{line.today.value}")) if line.today else None,
        "gate_word": kit.text(Message(f"gate.{line.gate.value}")),
        "override": _override(line.override),
        "form": form,
        "may_perform": Verb.PERFORM_NOW in view.actions and bool(line.planned),
        "may_override": Verb.OVERRIDE in view.actions and _overridable(line),
    }


def _override(override: Override | None) -> dict[str, Any] | None:
    """Return what a person sees of an override: not the ids that tell whether it is in force."""
    return {"reason": override.reason, "stamp": _stamp(override.stamp)} if override else None


def _overridable(line: Line) -> bool:
    return line.gate is Gate.BLOCKS and line.light is Light.RED


def profiles_of(profiles: Mapping[str, Checklist]) -> list[str]:
    """Return the names of the profiles that can be begun by, "" for the kit's own first."""
    return ["", *profiles] if profiles else []
