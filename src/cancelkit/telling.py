"""Telling people: which event a move is, who is told, and the notifications for the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cancelkit.asking import link, new_id, recipients
from cancelkit.decide import Seen
from cancelkit.messages import Message, Refusal, Value
from cancelkit.people import Person
from cancelkit.ports import Unit
from cancelkit.records import CancellationRecord, Delivery, Notification, OutboxRow, Verb

if TYPE_CHECKING:
    from cancelkit.desk import Desk

EVENT: Mapping[Verb, str] = {
    Verb.BEGIN: "begun",
    Verb.SCHEDULE: "scheduled",
    Verb.PROCESS: "processed",
    Verb.REMOVE: "removed",
    Verb.END: "removed",
    Verb.REINSTATE: "reinstated",
}
"""move -> the event of which people are told; a scheduled Process may also be "blocked"."""


def tell(
    desk: Desk,
    unit: Unit,
    seen: Seen,
    record: CancellationRecord,
    event: str,
    *,
    key: str = "",
    lines: Sequence[Message] = (),
    blocked: Sequence[Refusal] = (),
) -> tuple[Person, ...]:
    """Put one notification for each recipient into the outbox, and return who is told.

    The key of a notification is the same however often it is sent. Who is told of a Process is
    who stood in the plan.
    """
    planned = seen.token is not None and event != "blocked"
    told = seen.told if planned else recipients(desk, event, seen.customer, record)
    entry = record.entry("reasons")
    on = record.schedule.on if record.schedule else None
    on = record.effective if event == "processed" else on
    values: dict[str, Value] = {"name": seen.customer.name, "by": seen.actor.name}
    values |= {"on": on} if on else {}
    links = desk.kit.links
    address = link(links.customer(seen.customer)) if links and told else None
    rows = [
        Notification(
            key=f"{record.id}:{record.version}:{event}:{person.id}",
            event=event,
            tenant=record.tenant,
            customer=record.customer,
            name=seen.customer.name,
            cancellation=record.id,
            recipient=person,
            actor=seen.actor,
            at=seen.at,
            message=Message.of(f"event.{key or event}", **values),
            lines=tuple(lines),
            blocked=tuple(blocked),
            on=on,
            profile=record.profile,
            reasons=entry.data if entry else {},
            link=address,
        )
        for person in told
    ]
    if rows:
        unit.outbox.add([OutboxRow(new_id(desk), row, Delivery.WAITING, seen.at) for row in rows])
    return told
