"""The JSON Schema of what may be entered for a section, from the annotations of its form class.

It says what `cancelkit.serial` takes, and a little less where a field of the form checks more: what
fits the schema may still be refused, what does not fit it always is.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from attrs import NOTHING, has
from attrs import fields as attributes

from cancelkit.adapters.web.forms import form_data
from cancelkit.kit import CancelKit
from cancelkit.records import JsonObject
from cancelkit.registration import form_of
from cancelkit.section import Section
from cancelkit.text import TEXT_LIMIT

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_PLAIN: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string", "maxLength": TEXT_LIMIT},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    float: {"type": "number"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
}


def form_schema(kit: CancelKit, section: Section) -> dict[str, Any] | None:
    """Return the schema of a section's form, with the labels and choices; None without one."""
    form, shown = form_of(section), form_data(kit, section, None)
    if form is None or shown is None:
        return None
    made = schema_of(form)
    for one in shown["fields"]:
        found = made["properties"][one["name"]]
        made["properties"][one["name"]] = {"title": one["label"], **_chosen(one, found)}
    return {"title": kit.title(section.key), **made}


def _chosen(one: JsonObject, schema: dict[str, Any]) -> dict[str, Any]:
    """Add the choices that the section offers to the schema of a field."""
    match one["kind"]:
        case "reasons":
            codes = {"enum": [option["value"] for option in one["options"]]}
            item = schema["items"]
            return {
                **schema,
                "items": {**item, "properties": {**item["properties"], "code": codes}},
            }
        case "choice" if "enum" not in schema:
            blank = [None] if "blank" in one and one["blank"] is None else []
            return {"enum": [option["value"] for option in one["options"]] + blank}
        case _:
            return schema


def schema_of(hint: Any) -> dict[str, Any]:
    """Return the JSON Schema of what the strict converter makes a value of this type from."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Literal:
        return {"enum": list(parts)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema_of(part) for part in parts]}
    if origin in (tuple, list, Sequence):
        return {"type": "array", "items": schema_of(parts[0])}
    if origin is Mapping and parts[1] is not Any:
        return {"type": "object", "additionalProperties": schema_of(parts[1])}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if isinstance(hint, type) and has(hint):
        return _object_of(hint)
    return {}  # a type of the plug-in's own: its converter knows


def _object_of(cls: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    taken = [one for one in attributes(cls) if one.init]
    return {
        "type": "object",
        "properties": {one.name: schema_of(hints[one.name]) for one in taken},
        "required": [one.name for one in taken if one.default is NOTHING],
        "additionalProperties": False,
    }
