"""Stored documents: what the stores on SQL have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from cancelkit.errors import CorruptState
from cancelkit.kit import log_fault
from cancelkit.records import CancellationRecord, OutboxRow, State
from cancelkit.serial import dump, load

D = TypeVar("D", CancellationRecord, OutboxRow)


def readable(
    cls: type[D], rows: Iterable[tuple[str, str | bytes]], kind: str
) -> Iterator[tuple[str, D]]:
    """Read documents by their keys; one that cannot be read is logged and passed over.

    From SQLite they come as bytes: there, text that is no text would be an error of the whole
    question.
    """
    for key, document in rows:
        what = f"{kind} {key!r}"
        try:
            text = document.decode() if isinstance(document, bytes) else document
            found = load(cls, text, what)
        except (CorruptState, UnicodeDecodeError) as error:
            log_fault(f"reading {what}", error)
        else:
            yield key, found


def columns_of(record: CancellationRecord) -> dict[str, object]:
    """Return what is written of a cancellation: the document, and by what it is found."""
    opened = record.state is State.PENDING
    due = record.schedule.due.isoformat() if opened and record.schedule else None
    slot = 1 if opened else None
    return {"slot": slot, "due": due, "version": record.version, "document": dump(record)}
