"""Goal 16: the JSON of a stored cancellation beside stdlib code written by hand for this document.

The goal's floor (design, section 8) builds without validation. Loading is also shown beside code
that checks by hand all that `cancelkit.serial` checks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from attrs import evolve

from cancelkit.messages import Message
from cancelkit.people import Person, Status
from cancelkit.records import CancellationRecord, Entry, Override, Performed, Schedule, Stamp, State
from cancelkit.serial import FORMAT, dump, load
from tests.benchmarks.harness import Case, Goal, Group, ratio_of
from tests.benchmarks.material import ANN, BLOCKING, KEYS, NOW, record

T = TypeVar("T")


def document() -> CancellationRecord:
    """A cancellation with an entry for each section, and effects that were performed: 3 kB."""
    entries = tuple(
        Entry(key, 1, {"text": f"Entered for {key}", "on": "2027-01-15", "n": at}, at, _stamp(at))
        for at, key in enumerate(KEYS, 1)
    )
    performed = tuple(
        Performed(
            "ownership",
            "assign_owner",
            {"to": [{"id": f"t-{at}", "name": "Tom"}], "was": []},
            Message.of("effect.assign_owner", to="Tom", was="-", on=date(2027, 1, at)),
            at,
            _stamp(at),
        )
        for at in range(1, 3)
    )
    return evolve(record(BLOCKING), entries=entries, performed=performed, ended=_stamp(20))


def _stamp(at: int) -> Stamp:
    return Stamp(ANN, NOW + timedelta(minutes=at))


# ---------------------------------------------------------------- dump by hand


def dump_by_hand(one: CancellationRecord) -> str:
    """Write the same document, without a converter."""
    former = one.former
    body = {
        "format": FORMAT,
        "id": one.id,
        "tenant": one.tenant,
        "customer": one.customer,
        "name": one.name,
        "state": one.state.value,
        "version": one.version,
        "gates": dict(one.gates),
        "former": former
        and {
            "value": former.value,
            "pending": former.pending,
            "cancelled": former.cancelled,
            "label": former.label,
        },
        "begun": _stamp_data(one.begun),
        "ended": one.ended and _stamp_data(one.ended),
        "profile": one.profile,
        "required": list(one.required),
        "entries": [
            {
                "section": entry.section,
                "version": entry.version,
                "data": dict(entry.data),
                "revision": entry.revision,
                "stamp": _stamp_data(entry.stamp),
                "names": dict(entry.names),
            }
            for entry in one.entries
        ],
        "overrides": [
            {
                "section": over.section,
                "message": _message_data(over.message),
                "records": list(over.records),
                "reason": over.reason,
                "stamp": _stamp_data(over.stamp),
            }
            for over in one.overrides
        ],
        "performed": [
            {
                "section": done.section,
                "kind": done.kind,
                "data": dict(done.data),
                "message": _message_data(done.message),
                "revision": done.revision,
                "stamp": _stamp_data(done.stamp),
            }
            for done in one.performed
        ],
        "schedule": one.schedule
        and {
            "on": one.schedule.on.isoformat(),
            "due": one.schedule.due.isoformat(),
            "stamp": _stamp_data(one.schedule.stamp),
        },
        "effective": one.effective and one.effective.isoformat(),
        "reinstated": one.reinstated and _stamp_data(one.reinstated),
    }
    return json.dumps(body, ensure_ascii=False, allow_nan=False)


def _stamp_data(stamp: Stamp) -> dict[str, Any]:
    by = {"id": stamp.by.id, "name": stamp.by.name, "language": stamp.by.language}
    return {"by": by, "at": stamp.at.astimezone(UTC).isoformat()}


def _message_data(message: Message) -> dict[str, Any]:
    values = {
        name: {"date": value.isoformat()} if isinstance(value, date) else value
        for name, value in message.values
    }
    return {"key": message.key, "values": values}


# ---------------------------------------------------------------- load by hand, trusting


def load_trusting(text: str) -> CancellationRecord:
    """Read the same document, without looking whether it is sound."""
    body = json.loads(text)
    former, ended, schedule = body["former"], body["ended"], body["schedule"]
    effective, reinstated = body["effective"], body["reinstated"]
    return CancellationRecord(
        body["id"],
        body["tenant"],
        body["customer"],
        body["name"],
        State(body["state"]),
        body["version"],
        body["gates"],
        former and Status(former["value"], former["pending"], former["cancelled"], former["label"]),
        _stamp_of(body["begun"]),
        ended and _stamp_of(ended),
        body["profile"],
        tuple(body["required"]),
        tuple(
            Entry(
                e["section"],
                e["version"],
                e["data"],
                e["revision"],
                _stamp_of(e["stamp"]),
                e["names"],
            )
            for e in body["entries"]
        ),
        tuple(
            Override(
                o["section"],
                _message_of(o["message"]),
                tuple(o["records"]),
                o["reason"],
                _stamp_of(o["stamp"]),
            )
            for o in body["overrides"]
        ),
        tuple(
            Performed(
                p["section"],
                p["kind"],
                p["data"],
                _message_of(p["message"]),
                p["revision"],
                _stamp_of(p["stamp"]),
            )
            for p in body["performed"]
        ),
        schedule
        and Schedule(
            date.fromisoformat(schedule["on"]),
            date.fromisoformat(schedule["due"]),
            _stamp_of(schedule["stamp"]),
        ),
        effective and date.fromisoformat(effective),
        reinstated and _stamp_of(reinstated),
    )


def _stamp_of(data: Mapping[str, Any]) -> Stamp:
    by = data["by"]
    return Stamp(Person(by["id"], by["name"], by["language"]), datetime.fromisoformat(data["at"]))


def _message_of(data: Mapping[str, Any]) -> Message:
    values = {
        name: date.fromisoformat(value["date"]) if isinstance(value, dict) else value
        for name, value in data["values"].items()
    }
    return Message.of(data["key"], **values)


# ---------------------------------------------------------------- load by hand, checking


def load_checking(text: str) -> CancellationRecord:
    """Read the same document and check every key, type and value of it."""
    body = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    if _exact(body.pop("format"), int) != FORMAT:
        raise ValueError("format")
    _keys(body, _RECORD)
    former, ended, gates = body["former"], body["ended"], _exact(body["gates"], dict)
    for gate in gates.values():
        _exact(gate, str)
    return CancellationRecord(
        _exact(body["id"], str),
        _exact(body["tenant"], str),
        _exact(body["customer"], str),
        _exact(body["name"], str),
        State(_exact(body["state"], str)),
        _exact(body["version"], int),
        dict(gates),
        None if former is None else _checked_status(former),
        _checked_stamp(body["begun"]),
        None if ended is None else _checked_stamp(ended),
        _exact(body["profile"], str),
        _texts(body["required"]),
        tuple([_checked_entry(entry) for entry in _exact(body["entries"], list)]),
        tuple([_checked_override(over) for over in _exact(body["overrides"], list)]),
        tuple([_checked_performed(done) for done in _exact(body["performed"], list)]),
        None if body["schedule"] is None else _checked_schedule(body["schedule"]),
        None if body["effective"] is None else _day(body["effective"]),
        None if body["reinstated"] is None else _checked_stamp(body["reinstated"]),
    )


def _day(value: Any) -> date:
    return date.fromisoformat(_exact(value, str))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple([_exact(one, str) for one in _exact(value, list)])


def _checked_status(data: Any) -> Status:
    _keys(data, _STATUS)
    pending = data["pending"]
    return Status(
        _exact(data["value"], str),
        None if pending is None else _exact(pending, bool),
        _exact(data["cancelled"], bool),
        _exact(data["label"], str),
    )


def _checked_stamp(data: Any) -> Stamp:
    _keys(data, _STAMP)
    by = data["by"]
    _keys(by, _PERSON)
    at = datetime.fromisoformat(_exact(data["at"], str))
    if at.tzinfo is None:
        raise ValueError("no offset")
    person = Person(_exact(by["id"], str), _exact(by["name"], str), _exact(by["language"], str))
    return Stamp(person, at.astimezone(UTC))


def _checked_entry(data: Any) -> Entry:
    _keys(data, _ENTRY)
    return Entry(
        _exact(data["section"], str),
        _exact(data["version"], int),
        _checked_json(_exact(data["data"], dict)),
        _exact(data["revision"], int),
        _checked_stamp(data["stamp"]),
        {user: _exact(name, str) for user, name in _exact(data["names"], dict).items()},
    )


def _checked_override(data: Any) -> Override:
    _keys(data, _OVERRIDE)
    return Override(
        _exact(data["section"], str),
        _checked_message(data["message"]),
        _texts(data["records"]),
        _exact(data["reason"], str),
        _checked_stamp(data["stamp"]),
    )


def _checked_schedule(data: Any) -> Schedule:
    _keys(data, _SCHEDULE)
    return Schedule(_day(data["on"]), _day(data["due"]), _checked_stamp(data["stamp"]))


def _checked_performed(data: Any) -> Performed:
    _keys(data, _PERFORMED)
    return Performed(
        _exact(data["section"], str),
        _exact(data["kind"], str),
        _checked_json(_exact(data["data"], dict)),
        _checked_message(data["message"]),
        _exact(data["revision"], int),
        _checked_stamp(data["stamp"]),
    )


def _checked_message(data: Any) -> Message:
    _keys(data, _MESSAGE)
    values: dict[str, Any] = {}
    for name, value in _exact(data["values"], dict).items():
        if type(value) is dict:
            _keys(value, _DATE)
            values[name] = _day(value["date"])
        elif type(value) is str or type(value) is int:
            values[name] = value
        else:
            raise ValueError("value of a message")
    return Message.of(_exact(data["key"], str), **values)


def _checked_json(value: Any) -> Any:
    if type(value) is dict:
        return {_exact(key, str): _checked_json(item) for key, item in value.items()}
    if type(value) is list:
        return [_checked_json(item) for item in value]
    if value is None or type(value) in (bool, int, str, float):
        return value
    raise ValueError("no JSON")


def _exact(value: Any, cls: type[T]) -> T:
    if type(value) is not cls:
        raise ValueError(f"expected {cls.__name__}")
    return value


def _keys(value: Any, expected: frozenset[str]) -> None:
    if type(value) is not dict or value.keys() != expected:
        raise ValueError("unknown or missing keys")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("twice the same key")
    return made


def _no_constant(name: str) -> None:
    raise ValueError(name)


_RECORD = frozenset(
    ("id", "tenant", "customer", "name", "state", "version", "gates", "former", "begun", "ended")
) | {
    *("profile", "required", "entries", "overrides", "performed"),
    *("schedule", "effective", "reinstated"),
}
_STATUS = frozenset(("value", "pending", "cancelled", "label"))
_STAMP = frozenset(("by", "at"))
_PERSON = frozenset(("id", "name", "language"))
_ENTRY = frozenset(("section", "version", "data", "revision", "stamp", "names"))
_OVERRIDE = frozenset(("section", "message", "records", "reason", "stamp"))
_SCHEDULE = frozenset(("on", "due", "stamp"))
_PERFORMED = frozenset(("section", "kind", "data", "message", "revision", "stamp"))
_MESSAGE = frozenset(("key", "values"))
_DATE = frozenset(("date",))


def groups() -> list[Group]:
    """Dump and load."""
    one = document()
    text = dump_by_hand(one)
    size = len(text.encode())

    def equal(given: Any) -> bool:
        return bool(given == one)

    dumps = {
        "dict by hand + json.dumps": Case(
            lambda: dump_by_hand(one), lambda given: json.loads(given) == json.loads(text)
        ),
        "cancelkit.serial.dump": Case(
            lambda: dump(one), lambda given: json.loads(given) == json.loads(text)
        ),
    }
    loads = {
        "json.loads + by hand, trusting": Case(lambda: load_trusting(text), equal),
        "json.loads + by hand, checking as much": Case(lambda: load_checking(text), equal),
        "cancelkit.serial.load": Case(lambda: load(CancellationRecord, text, "it"), equal),
    }
    dumped = ratio_of("cancelkit.serial.dump", "dict by hand + json.dumps")
    trusting = ratio_of("cancelkit.serial.load", "json.loads + by hand, trusting")
    checking = ratio_of("cancelkit.serial.load", "json.loads + by hand, checking as much")
    text_of = "load with validation over code by hand, which"
    return [
        Group(
            f"dump a cancellation of {size} bytes",
            dumps,
            [Goal(16, "dump over code by hand", ("cancelkit.serial.dump",), dumped, 1.2)],
        ),
        Group(
            f"load a cancellation of {size} bytes",
            loads,
            [
                Goal(16, f"{text_of} trusts", ("cancelkit.serial.load",), trusting, 1.6),
                Goal(
                    16,
                    f"{text_of} checks as much",
                    ("cancelkit.serial.load",),
                    checking,
                    1.6,
                    judged=False,
                ),
            ],
        ),
    ]
