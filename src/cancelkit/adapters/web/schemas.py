"""JSON Schemas (2020-12) of everything that the panel's API answers.

They are strict: every key is there, and no other. So a schema of this version is for this version:
a later one may have more keys. `document_schema()` is the one of the view as data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cancelkit.adapters.web.document import FORMAT
from cancelkit.adapters.web.form_schema import DIALECT
from cancelkit.adapters.web.forms import KINDS
from cancelkit.adapters.web.problems import CODES, PREFIX
from cancelkit.adapters.web.values import DAY
from cancelkit.queue import Stage
from cancelkit.records import State, Verb
from cancelkit.section import Gate
from cancelkit.states import Light

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
SOME_TEXT: Schema = {"type": "string", "minLength": 1}
YES_NO: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
THE_DAY: Schema = {"type": "string", "format": "date", "pattern": DAY}
INSTANT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})$",
}
ADDRESS: Schema = {"type": ["string", "null"], "description": "Made by the host; of any origin."}
NOTHING_ELSE: Schema = {"const": ""}


def record(*, maybe: Iterable[str] = (), about: str = "", **properties: Schema) -> Schema:
    """Return the schema of an object with exactly these keys; those that are `maybe` may lack."""
    left_out = set(maybe)
    said = {"description": about} if about else {}
    return {
        "type": "object",
        **said,
        "properties": properties,
        "required": [name for name in properties if name not in left_out],
        "additionalProperties": False,
    }


def listed(one: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": one}


def ref(name: str) -> Schema:
    """Return a reference to one of `DEFS`."""
    return {"$ref": f"#/$defs/{name}"}


def or_null(one: Schema) -> Schema:
    """Return the schema of a value, or null."""
    return {"anyOf": [one, {"type": "null"}]}


def one_of(values: Iterable[str]) -> Schema:
    """Return the schema of one of some texts."""
    return {"type": "string", "enum": list(values)}


def with_about(one: Schema, about: str) -> Schema:
    """Return a schema that says what it is about."""
    return {**one, "description": about}


VERB = one_of(verb.value for verb in Verb)
LIGHT = one_of(light.value for light in Light)
KEYS = listed(SOME_TEXT)

_FIELD = record(
    maybe=("blank", "options"),
    about="One thing that can be entered.",
    name=SOME_TEXT,
    label=SOME_TEXT,
    kind=one_of(KINDS),
    required=YES_NO,
    value=with_about({}, "What was entered, or what counts where nothing is."),
    blank=with_about({"enum": [None, ""]}, "What an empty field means."),
    options=listed(
        record(
            maybe=("group", "comment", "spelled"),
            value=with_about({}, "To send."),
            spelled=with_about(TEXT, "The same as the fields of a browser's form have it."),
            label=SOME_TEXT,
            group=TEXT,
            comment=with_about(YES_NO, "Whether a comment is required with it."),
        )
    ),
)

_SECTION = record(
    about="One section of the checklist.",
    key=SOME_TEXT,
    title=SOME_TEXT,
    light=LIGHT,
    word=with_about(SOME_TEXT, "The word beside the circle."),
    code=with_about(SOME_TEXT, "Stable: a program may branch on it."),
    message=SOME_TEXT,
    gate=one_of(gate.value for gate in Gate if gate is not Gate.OFF),
    gate_word=SOME_TEXT,
    blocks=with_about(YES_NO, "Process is refused because of this section."),
    count={"type": ["integer", "null"], "minimum": 0},
    more=with_about(YES_NO, "There are at least `count`."),
    hint=TEXT,
    manage=ADDRESS,
    may_fix=with_about({"type": ["boolean", "null"]}, "Null: the host cannot tell."),
    records=listed(ref("Record")),
    entered={"type": ["object", "null"]},
    planned=listed(SOME_TEXT),
    override=or_null(record(reason=SOME_TEXT, stamp=ref("Stamp"))),
    today={"enum": [*LIGHT["enum"], None]},
    today_word={"type": ["string", "null"]},
    form=or_null(record(fields=listed(ref("Field")))),
    may_perform=YES_NO,
    may_override=YES_NO,
)
_SECTION["allOf"] = [
    {
        "if": {"properties": {"light": {"const": "green"}}},
        "then": {"properties": {"blocks": {"const": False}, "may_override": {"const": False}}},
    },
    {
        "if": {"properties": {"count": {"type": "null"}}},
        "then": {"properties": {"more": {"const": False}}},
    },
]

_PLAN = record(
    about="What Process would do now; or what it would schedule now for a day to come.",
    customer=SOME_TEXT,
    name=SOME_TEXT,
    steps=with_about(listed(SOME_TEXT), "What would be changed, in order; the status last."),
    notify=listed(ref("Person")),
    notify_then=listed(ref("Person")),
    blocked_by=KEYS,
    until_then=KEYS,
    advice=KEYS,
    overridden=KEYS,
    obstacles=with_about(listed(SOME_TEXT), "Every reason why it would be refused now."),
    on=with_about(THE_DAY, "The effective date."),
    later=YES_NO,
    token=with_about(SOME_TEXT, "To confirm this plan with, in If-Match."),
    read_at=INSTANT,
)

_DOCUMENT = record(
    about="Everything that a person sees of one customer.",
    format={"const": FORMAT},
    customer=SOME_TEXT,
    name=TEXT,
    owners=listed(ref("Person")),
    state=one_of(state.value for state in State),
    status=with_about(SOME_TEXT, "To show, such as Live (PC)."),
    banner=with_about(TEXT, "What stands on the customer's record while pending."),
    drift=with_about(TEXT, "What somebody else changed meanwhile."),
    profile=TEXT,
    begun=or_null(ref("Stamp")),
    touched=with_about(or_null(ref("Stamp")), "Who did something to it last."),
    age=with_about({"type": ["integer", "null"], "minimum": 0}, "Pending for so many days."),
    overdue=with_about(YES_NO, "The day for which it is scheduled has passed."),
    stuck=with_about(YES_NO, "Nobody has touched it for long, and it waits for no day."),
    schedule=or_null(record(on=THE_DAY, due=THE_DAY, stamp=ref("Stamp"))),
    performed=listed(SOME_TEXT),
    may_put_back=listed(SOME_TEXT),
    ended=or_null(ref("Stamp")),
    effective=or_null(THE_DAY),
    link=ADDRESS,
    counts=record(green=NUMBER, red=NUMBER, unknown=NUMBER, total=NUMBER),
    sections=listed(ref("Section")),
    blocked_by=KEYS,
    turning_red=KEYS,
    actions=with_about({**listed(VERB), "uniqueItems": True}, "What this user may do now."),
    words={"type": "object", "propertyNames": VERB, "additionalProperties": SOME_TEXT},
    token=TEXT,
    read_at=INSTANT,
    today=THE_DAY,
    as_of=THE_DAY,
    zone=SOME_TEXT,
    plan=or_null(ref("Plan")),
    timeline=with_about(or_null(ref("Timeline")), "Null where it was not asked for."),
)
_DOCUMENT["if"] = {"properties": {"state": {"const": "pending"}}}
_DOCUMENT["then"] = {
    "properties": {
        "banner": SOME_TEXT,
        "token": SOME_TEXT,
        "begun": {"type": "object"},
        "age": {"type": "integer"},
        "ended": {"type": "null"},
    }
}
_DOCUMENT["else"] = {
    "properties": {
        "banner": NOTHING_ELSE,
        "drift": NOTHING_ELSE,
        "schedule": {"type": "null"},
        "age": {"type": "null"},
        "overdue": {"const": False},
        "stuck": {"const": False},
        "plan": {"type": "null"},
    }
}

_OUTCOME = record(
    about="The answer to an accepted command.",
    op=SOME_TEXT,
    verb=with_about(VERB, "`schedule` where a Process was scheduled."),
    customer=SOME_TEXT,
    cancellation=TEXT,
    now=one_of(state.value for state in State),
    at=INSTANT,
    on=or_null(THE_DAY),
    done=with_about(listed(SOME_TEXT), "What it changed beyond the status."),
    stays=with_about(listed(SOME_TEXT), "What was done before, and stays done."),
    notified=listed(ref("Person")),
    state=with_about(one_of(("done", "staged")), "Staged until the host commits."),
    replayed=with_about(YES_NO, "This is the first answer again; nothing was done now."),
)

_PROBLEM = record(
    maybe=("refusals", "plan"),
    about="Problem details (RFC 9457).",
    type=one_of(f"{PREFIX}{code}" for code in CODES),
    title=SOME_TEXT,
    status={"type": "integer", "minimum": 400, "maximum": 599},
    detail=TEXT,
    refusals=listed(
        record(code=SOME_TEXT, section={"type": ["string", "null"]}, key=TEXT, message=SOME_TEXT)
    ),
    plan=with_about(ref("Plan"), "The plan as it is now, where one was judged."),
)

_SESSION = record(
    about="Who asks, and what the panel offers.",
    actor=ref("Person"),
    language=SOME_TEXT,
    zone=SOME_TEXT,
    today=THE_DAY,
    token=with_about(SOME_TEXT, "Protects what is sent; good for a day."),
    header=with_about({"type": ["string", "null"]}, "The header to send it in; null: the host's."),
    profiles=with_about(listed(TEXT), "To begin by; empty where there is but one checklist."),
    sections=listed(record(key=SOME_TEXT, title=SOME_TEXT, form=YES_NO)),
    verbs={"type": "object", "propertyNames": VERB, "additionalProperties": SOME_TEXT},
    limits=record(body=NUMBER, text=NUMBER, records=NUMBER, customers=NUMBER),
)

_ROW = record(
    about="One open cancellation.",
    customer=SOME_TEXT,
    name=TEXT,
    cancellation=TEXT,
    owners=listed(ref("Person")),
    status=TEXT,
    profile=TEXT,
    begun=or_null(ref("Stamp")),
    age={"type": ["integer", "null"]},
    touched=or_null(ref("Stamp")),
    stage=one_of(stage.value for stage in Stage),
    says=TEXT,
    blocked_by=KEYS,
    on=or_null(THE_DAY),
    due=or_null(THE_DAY),
    reasons=listed(ref("Given")),
    overdue=YES_NO,
    stuck=YES_NO,
)

DEFS: dict[str, Schema] = {
    "Person": record(id=SOME_TEXT, name=TEXT),
    "Stamp": record(by=ref("Person"), at=INSTANT),
    "Record": record(id=TEXT, label=TEXT, link=ADDRESS),
    "Field": _FIELD,
    "Section": _SECTION,
    "Plan": _PLAN,
    "Timeline": listed(record(at=INSTANT, who=TEXT, what=SOME_TEXT, accepted=YES_NO)),
    "Document": _DOCUMENT,
    "Outcome": _OUTCOME,
    "Problem": _PROBLEM,
    "Session": _SESSION,
    "Records": record(
        customer=SOME_TEXT,
        section=SOME_TEXT,
        count={"type": ["integer", "null"], "minimum": 0},
        more=YES_NO,
        records=listed(ref("Record")),
    ),
    "Owners": record(owners=listed(ref("Person"))),
    "History": record(customer=SOME_TEXT, timeline=ref("Timeline")),
    "Banners": record(
        banners=listed(record(customer=SOME_TEXT, banner=SOME_TEXT, panel=SOME_TEXT))
    ),
    "Row": _ROW,
    "Queue": record(
        about="A page of the open cancellations, the longest open first.",
        rows=listed(ref("Row")),
        total=with_about(NUMBER, "On all pages."),
        page=NUMBER,
        pages=NUMBER,
        opened=with_about(NUMBER, "Without the filters."),
        owners=listed(ref("Person")),
        reasons=listed(ref("Given")),
        profiles=listed(TEXT),
        more=with_about(YES_NO, "There are more than were read."),
        read_at=INSTANT,
        today=THE_DAY,
    ),
    "Given": record(code=SOME_TEXT, label=TEXT),
    "JsonSchema": {"type": "object", "description": "A JSON Schema (2020-12)."},
    "OpenApi": {"type": "object", "description": "This document."},
}


def schema_named(name: str) -> Schema:
    """Return one of the schemas on its own, with what it refers to."""
    return {"$schema": DIALECT, "$defs": DEFS, **ref(name)}


def document_schema() -> Schema:
    """Return the JSON Schema of the view as data."""
    return {"title": "The cancellation of a customer", **schema_named("Document")}
