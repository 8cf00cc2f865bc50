"""Making rows of the queue from what was read; nothing is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from cancelkit.decide import Seen, blocking, drift_of, too_early
from cancelkit.evaluate import Judged
from cancelkit.looking import drift_text
from cancelkit.messages import Message
from cancelkit.people import Customer
from cancelkit.queue.rows import Given, Row, Stage
from cancelkit.records import CancellationRecord, Stamp, State
from cancelkit.sections import ReasonsSection
from cancelkit.states import Light
from cancelkit.times import day_of

if TYPE_CHECKING:
    from cancelkit.desk import Desk
    from cancelkit.kit import CancelKit


def row_of(desk: Desk, seen: Seen, record: CancellationRecord, stuck_after: int) -> Row:
    """Return the row of an open cancellation, before it is judged; then the stage may be UNKNOWN.

    Args:
        desk: of the actor.
        seen: the customer and the day.
        record: the cancellation.
        stuck_after: how many days without a change make one stuck.
    """
    customer, schedule, zone = seen.customer, record.schedule, desk.kit.zone
    touched = _touched(record)
    quiet = (seen.today - day_of(touched.at, zone)).days
    overdue = schedule is not None and schedule.on < seen.today
    return Row(
        customer=customer.id,
        name=customer.name,
        cancellation=record.id,
        owners=customer.owners,
        status=desk.kit.status(customer, seen.state),
        profile=record.profile,
        begun=record.begun,
        age=max(0, (seen.today - day_of(record.begun.at, zone)).days),
        touched=touched,
        stage=_stage(seen, record),
        says=_says(desk, seen, record),
        on=schedule.on if schedule else None,
        due=schedule.due if schedule else None,
        reasons=_reasons(desk.kit, record),
        overdue=overdue,
        stuck=quiet >= stuck_after and (schedule is None or overdue),
    )


def damaged_row(desk: Desk, customer: Customer) -> Row:
    """Return the row of an open cancellation that cannot be read."""
    return Row(
        customer=customer.id,
        name=customer.name,
        cancellation="",
        owners=customer.owners,
        status=desk.kit.status(customer, State.PENDING),
        profile="",
        begun=None,
        age=None,
        touched=None,
        stage=Stage.DAMAGED,
        says=desk.kit.text(Message("stage.damaged")),
    )


def judged_row(kit: CancelKit, row: Row, seen: Seen, judged: Judged) -> Row:
    """Return a row with what blocks, and with the stage where only judging tells it."""
    blocked, lights = [why.section for why in blocking(judged)], judged.lights
    row = evolve(row, blocked_by=tuple(blocked))
    if row.stage is not Stage.UNKNOWN:
        return row
    red = [key for key in blocked if lights[key] == Light.RED.value]
    said = [kit.text(Message.of("stage.to_do", sections=_titles(kit, red)))] if red else []
    if early := too_early(seen):
        said.append(kit.text(Message("stage.early", early.message.values)))
    if said:
        return evolve(row, stage=Stage.TO_DO, says="; ".join(said))
    if blocked:
        unknown = Message.of("stage.unknown", sections=_titles(kit, blocked))
        return evolve(row, says=kit.text(unknown))
    return evolve(row, stage=Stage.READY, says=kit.text(Message("stage.ready")))


def _titles(kit: CancelKit, keys: list[str]) -> str:
    return ", ".join(kit.title(key) for key in keys)


def _stage(seen: Seen, record: CancellationRecord) -> Stage:
    if seen.gone:
        return Stage.GONE
    if drift_of(seen):
        return Stage.DRIFT
    if (schedule := record.schedule) is None:
        return Stage.UNKNOWN
    return Stage.BLOCKED if schedule.due > schedule.on else Stage.SCHEDULED


def _says(desk: Desk, seen: Seen, record: CancellationRecord) -> str:
    if drift := drift_text(desk, seen):
        return drift
    if (schedule := record.schedule) is None:
        return ""
    if schedule.due > schedule.on:
        return desk.kit.text(Message.of("stage.blocked", on=schedule.on, due=schedule.due))
    return desk.kit.text(Message.of("stage.scheduled", on=schedule.on))


def _touched(record: CancellationRecord) -> Stamp:
    """Return the latest stamp on a cancellation; Adopt, and taking an override back, leave none."""
    stamps = [record.begun, *(one.stamp for one in record.entries)]
    stamps += [one.stamp for one in record.overrides]
    stamps += [one.stamp for one in record.performed]
    stamps += [record.schedule.stamp] if record.schedule else []
    return max(stamps, key=lambda stamp: stamp.at)


def _reasons(kit: CancelKit, record: CancellationRecord) -> tuple[Given, ...]:
    """Return the reasons that were given; none where the host has made a form of its own."""
    entry = record.entry("reasons")
    given: Any = entry.data.get("codes") if entry else ()
    codes = [one.get("code") for one in given if isinstance(one, dict)] if given else []
    section = kit.profiles.get(record.profile, kit.checklist).by_key.get("reasons")
    listed = section.codes if isinstance(section, ReasonsSection) else ()
    labels = {one.code: one.label for one in listed}
    return tuple(Given(code, labels.get(code, code)) for code in codes if isinstance(code, str))
