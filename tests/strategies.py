"""Hypothesis strategies: hostile text, and everything that cancelkit stores."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from cancelkit import Mood, NewOwner, Person, Reason, Reasons, Status
from cancelkit.errors import REFUSED_BY_CODE
from cancelkit.messages import Message, Refusal
from cancelkit.people import Customer
from cancelkit.records import (
    CancellationRecord,
    Delivery,
    Entry,
    HistoryEntry,
    Notification,
    Operation,
    OutboxRow,
    Outcome,
    Override,
    Performed,
    Schedule,
    Stamp,
    State,
    Verb,
)
from cancelkit.sections.creating_expiry import NewExpiry

HOSTILE = (
    "",
    " ",
    "\u202eevil\u202c",  # bidirectional override
    "\u2066isolate\u2069\u200f\u200e",
    "zero\u200bwidth\u200d\u2060\ufeff",
    "\"quoted\" 'single' \\ back",
    "<script>alert('&amp;')</script>",
    "'; DROP TABLE customer; --",
    "{name} {0} {} {{}} %s %(x)s ${y}",
    "=cmd|' /C calc'!A0",
    "😀👩‍👩‍👧‍👦𝒳𠜎",
    "e\u0301\u0301\u0301\u0301",
    "\u00e9",  # the same letter in another form
    "line\nbreak\ttab",
    "\u2028\u2029",
    "\ufb00 \u0130 \u0131 \u00df",
    "null",
    "false",
    "NaN",
    "\uff11\uff12\uff13",
    "../../etc/passwd",
    "\ufffe\uffff",
)
"""Texts that break careless code. All of them are allowed as free text."""

BAD_CHARACTERS = (
    *(chr(c) for c in range(0x20) if chr(c) not in "\t\n"),
    *(chr(c) for c in range(0x7F, 0xA0)),
    "\ud800",
    "\udbff",
    "\udc00",
    "\udfff",
)
"""NUL, control characters and lone surrogates: refused wherever text is entered."""

_ALLOWED = st.characters(exclude_categories=["Cs"], exclude_characters="".join(BAD_CHARACTERS[:-4]))

MAY_BE_STORED = st.one_of(st.sampled_from(HOSTILE), st.text(_ALLOWED, max_size=30))
"""Free text that is allowed, hostile as it may be."""


LINE_BREAKS = {"\n", "\t", "\u2028", "\u2029"}


def _is_id(text: str) -> bool:
    return bool(text) and text == text.strip() and not set(text) & LINE_BREAKS


IDS = st.one_of(
    st.text(string.ascii_lowercase + string.digits + "-_", min_size=1, max_size=12),
    st.text(_ALLOWED, min_size=1, max_size=20).filter(_is_id),
    st.sampled_from([text for text in HOSTILE if _is_id(text)]),
)
"""Identifiers that are allowed."""

LINES = MAY_BE_STORED.filter(lambda text: not set(text) & LINE_BREAKS)
"""One line of text that is allowed."""

KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
DAYS = st.dates()

_OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.one_of(
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
        max_value=datetime(9998, 12, 31),  # noqa: DTZ001 - likewise
        timezones=_OFFSETS,
    ).map(lambda at: at.astimezone(UTC)),
)

PEOPLE = st.builds(Person, IDS, MAY_BE_STORED, LINES)
STATUSES = st.builds(
    Status,
    MAY_BE_STORED,
    pending=st.sampled_from([True, False, None]),
    cancelled=st.booleans(),
    label=MAY_BE_STORED,
)
STAMPS = st.builds(Stamp, PEOPLE, INSTANTS)

_WHOLE = st.integers(-(2**63), 2**63)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        _WHOLE,
        st.floats(allow_nan=False, allow_infinity=False),
        MAY_BE_STORED,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(MAY_BE_STORED, inner, max_size=3)
    ),
    max_leaves=8,
)
JSON_OBJECTS = st.dictionaries(MAY_BE_STORED, JSON_VALUES, max_size=4)

MESSAGES = st.builds(
    lambda key, values: Message(key, tuple(sorted(values.items()))),
    MAY_BE_STORED,
    st.dictionaries(MAY_BE_STORED, st.one_of(MAY_BE_STORED, _WHOLE, DAYS), max_size=4),
)
REFUSALS = st.builds(
    Refusal, st.sampled_from(sorted(REFUSED_BY_CODE)), MESSAGES, st.one_of(st.just(""), KEYS)
)
_GATES = st.dictionaries(KEYS, st.sampled_from(["blocks", "advises"]), max_size=4)
_LIGHTS = st.dictionaries(KEYS, st.sampled_from(["green", "red", "unknown"]), max_size=4)


def tuples(elements: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[Any]:
    """Return a strategy for short tuples."""
    return st.lists(elements, max_size=most).map(tuple)


_NAMES = st.dictionaries(IDS, MAY_BE_STORED, max_size=2)
ENTRIES = st.builds(
    Entry, KEYS, st.integers(0, 9), JSON_OBJECTS, st.integers(0, 99), STAMPS, _NAMES
)
OVERRIDES = st.builds(Override, KEYS, MESSAGES, tuples(KEYS), MAY_BE_STORED, STAMPS)
SCHEDULES = st.builds(Schedule, DAYS, DAYS, STAMPS)
PERFORMED = st.builds(Performed, KEYS, KEYS, JSON_OBJECTS, MESSAGES, st.integers(0, 99), STAMPS)

CANCELLATIONS = st.builds(
    CancellationRecord,
    id=IDS,
    tenant=LINES,
    customer=IDS,
    name=MAY_BE_STORED,
    state=st.sampled_from(State),
    version=st.integers(1, 2**40),
    gates=_GATES,
    former=st.none() | STATUSES,
    begun=STAMPS,
    ended=st.none() | STAMPS,
    profile=LINES,
    required=tuples(KEYS),
    entries=tuples(ENTRIES),
    overrides=tuples(OVERRIDES),
    performed=tuples(PERFORMED),
    schedule=st.none() | SCHEDULES,
    effective=st.none() | DAYS,
    reinstated=st.none() | STAMPS,
)

HISTORY = st.builds(
    HistoryEntry,
    id=IDS,
    tenant=LINES,
    customer=IDS,
    name=MAY_BE_STORED,
    cancellation=LINES,
    verb=st.sampled_from(Verb),
    accepted=st.booleans(),
    actor=PEOPLE,
    at=INSTANTS,
    today=DAYS,
    op=IDS,
    token=LINES,
    section=LINES,
    behalf=st.none() | PEOPLE,
    on=st.none() | DAYS,
    note=MAY_BE_STORED,
    refusals=tuples(REFUSALS),
    lights=_LIGHTS,
    done=tuples(MESSAGES),
)

OUTCOMES = st.builds(
    Outcome,
    op=IDS,
    verb=st.sampled_from(Verb),
    customer=IDS,
    cancellation=IDS,
    now=st.sampled_from(State),
    at=INSTANTS,
    on=st.none() | DAYS,
    done=tuples(PERFORMED),
    stays=tuples(PERFORMED),
    notified=tuples(PEOPLE),
    state=st.sampled_from(["done", "staged"]),
    replayed=st.booleans(),
)

OPERATIONS = st.builds(
    Operation,
    tenant=LINES,
    customer=IDS,
    verb=st.sampled_from(Verb),
    op=IDS,
    digest=LINES,
    outcome=OUTCOMES,
)

NOTIFICATIONS = st.builds(
    Notification,
    key=IDS,
    event=KEYS,
    tenant=LINES,
    customer=IDS,
    name=MAY_BE_STORED,
    cancellation=IDS,
    recipient=PEOPLE,
    actor=PEOPLE,
    at=INSTANTS,
    message=MESSAGES,
    lines=tuples(MESSAGES),
    blocked=tuples(REFUSALS),
    on=st.none() | DAYS,
    profile=LINES,
    reasons=JSON_OBJECTS,
    link=st.none() | MAY_BE_STORED,
)

OUTBOX = st.builds(
    OutboxRow,
    id=IDS,
    notification=NOTIFICATIONS,
    delivery=st.sampled_from(Delivery),
    due=INSTANTS,
    attempts=st.integers(0, 99),
    spared=st.integers(0, 99),
    leased_until=st.none() | INSTANTS,
    error=MAY_BE_STORED,
)

DOCUMENTS = {
    CancellationRecord: CANCELLATIONS,
    HistoryEntry: HISTORY,
    Operation: OPERATIONS,
    OutboxRow: OUTBOX,
}
"""Stored type -> its strategy."""

# ---------------------------------------------------------------- what people enter

REASONS = st.builds(
    Reasons,
    codes=st.lists(
        st.builds(Reason, IDS, MAY_BE_STORED), max_size=3, unique_by=lambda reason: reason.code
    ).map(tuple),
    text=MAY_BE_STORED,
    extra=MAY_BE_STORED,
)
OWNERS = st.one_of(
    st.just(NewOwner()), st.just(NewOwner(keep=True)), st.builds(NewOwner, st.just("") | IDS)
)
MOODS = st.builds(Mood, st.just("") | IDS)
EXPIRIES = st.builds(NewExpiry, on=st.none() | DAYS, note=LINES)

FORMS = {Reasons: REASONS, NewOwner: OWNERS, Mood: MOODS, NewExpiry: EXPIRIES}
"""Form -> its strategy."""

CUSTOMERS = st.builds(
    Customer,
    id=IDS,
    name=MAY_BE_STORED,
    status=st.none() | STATUSES,
    owners=tuples(PEOPLE),
    since=st.none() | DAYS,
)


def days_around(day: date, most: int = 3) -> st.SearchStrategy[date]:
    """Return a strategy for days near a day, itself included."""
    return st.integers(-most, most).map(lambda n: day + timedelta(days=n))
