"""What is stored comes back equal; what cancelkit would not have written is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from attrs import evolve, fields, frozen, has
from hypothesis import given
from hypothesis import strategies as st

from cancelkit import Mood, NewOwner, Person, Reason, Reasons, Status
from cancelkit.effects import AssignOwner
from cancelkit.errors import CorruptState, Invalid, NewerFormat
from cancelkit.messages import Message, Refusal
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
from cancelkit.sections.creating_expiry import CreateExpiry, NewExpiry
from cancelkit.serial import FORMAT, dump, from_data, load, parse_json, to_data
from tests import strategies as sts

GOLDENS = Path(__file__).parent / "goldens"

AT = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
ALICE = Person("alice", "Alice “Ä” \u202eevil\u202c 😀", "de")
STAMP = Stamp(ALICE, AT)
MESSAGE = Message.of("effect.assign_owner", to="Tom", was="Ann", n=2, on=date(2026, 3, 9))
ENTRY = Entry(
    "reasons",
    1,
    {"codes": [{"code": "price"}], "text": "<b>x</b>\n", "n": None},
    2,
    STAMP,
    {"bea": "Bea"},
)
PERFORMED = Performed(
    "ownership", "assign_owner", {"to": [{"id": "t", "name": "Tom"}], "was": []}, MESSAGE, 3, STAMP
)

# One of each stored type, with every optional part there. The files in goldens/ were written from
# these in format 1 and stay as they are for ever.
EXAMPLES: dict[str, Any] = {
    "cancellation": CancellationRecord(
        id="c-1",
        tenant="acme",
        customer="C-1",
        name="Harbour Café",
        state=State.CANCELLED,
        version=4,
        gates={"reasons": "blocks", "mood": "advises"},
        former=Status("live", pending=False, cancelled=False, label="Live"),
        begun=STAMP,
        ended=STAMP,
        profile="reseller",
        required=("reasons.text",),
        entries=(ENTRY,),
        overrides=(Override("assets", MESSAGE, ("A-1",), "They keep the router.", STAMP),),
        performed=(PERFORMED,),
        schedule=Schedule(date(2026, 3, 31), date(2026, 4, 1), STAMP),
        effective=date(2026, 3, 31),
        reinstated=STAMP,
    ),
    "history": HistoryEntry(
        id="h-1",
        tenant="acme",
        customer="C-1",
        name="Harbour Café",
        cancellation="c-1",
        verb=Verb.PERFORM_NOW,
        accepted=False,
        actor=ALICE,
        at=AT,
        today=date(2026, 3, 2),
        op="op-1",
        token="c-1.4.00ff",
        section="ownership",
        behalf=Person("boss", "Boss"),
        on=date(2026, 3, 31),
        note="They keep the router.",
        refusals=(Refusal("blocked", MESSAGE, "assets"),),
        lights={"reasons": "green", "assets": "red", "mood": "unknown"},
        done=(MESSAGE,),
    ),
    "operation": Operation(
        tenant="acme",
        customer="C-1",
        verb=Verb.PROCESS,
        op="op-1",
        digest="00ff",
        outcome=Outcome(
            op="op-1",
            verb=Verb.PROCESS,
            customer="C-1",
            cancellation="c-1",
            now=State.CANCELLED,
            at=AT,
            on=date(2026, 3, 31),
            done=(PERFORMED,),
            stays=(PERFORMED,),
            notified=(ALICE,),
            state="done",
            replayed=False,
        ),
    ),
    "outbox": OutboxRow(
        id="o-1",
        notification=Notification(
            key="c-1:processed:boss",
            event="processed",
            tenant="acme",
            customer="C-1",
            name="Harbour Café",
            cancellation="c-1",
            recipient=Person("boss", "Boss"),
            actor=ALICE,
            at=AT,
            message=MESSAGE,
            lines=(MESSAGE, Message.of("told.reasons")),
            blocked=(Refusal("blocked", MESSAGE, "assets"),),
            on=date(2026, 3, 31),
            profile="reseller",
            reasons={"text": "x", "codes": [], "n": 1.5, "ok": True},
            link="https://crm.example/c/1",
        ),
        delivery=Delivery.WAITING,
        due=AT,
        attempts=2,
        spared=1,
        leased_until=AT,
        error="TimeoutError",
    ),
}
NAMES = sorted(EXAMPLES)


# ---------------------------------------------------------------- walking a document

Path_ = tuple[str | int, ...]


@frozen
class Spot:
    """One value of a document: where it is, what it must be, and how far a path can name it."""

    path: Path_
    kind: Any
    optional: bool
    shown: str


def spots(cls: type, data: Mapping[str, Any], path: Path_ = ()) -> Iterator[Spot]:
    """Walk a document along the annotations of its class; the insides of free JSON are left out."""
    hints = get_type_hints(cls)
    for attribute in fields(cls):
        if not attribute.init:
            continue
        kind, optional = without_none(hints[attribute.name])
        yield from _spots(kind, optional, data[attribute.name], (*path, attribute.name))


def _spots(kind: Any, optional: bool, value: Any, path: Path_) -> Iterator[Spot]:
    yield Spot(path, kind, optional, shown(path))
    if value is None:
        return
    if get_origin(kind) is tuple:
        for at, item in enumerate(value):
            yield from _spots(get_args(kind)[0], False, item, (*path, at))
    elif kind is Message:
        yield Spot((*path, "key"), str, False, shown(path))
        yield Spot((*path, "values"), dict, False, shown(path))
        for name in value["values"]:
            yield Spot((*path, "values", name), "value", False, shown(path))
    elif has(kind):
        yield from spots(kind, value, path)
    elif kind == Mapping[str, str]:
        yield from (Spot((*path, name), str, False, shown(path)) for name in value)


def without_none(hint: Any) -> tuple[Any, bool]:
    """Split `X | None` into X and True."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        return kinds[0], len(kinds) < len(get_args(hint))
    return hint, False


def shown(path: Path_) -> str:
    """Return a path as errors show it: `.entries[0].stamp`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


WRONG: dict[Any, list[Any]] = {
    str: [1, 1.9, True, [], {}],
    int: ["1", "", True, False, 1.0, 1.9, [], {}],
    bool: ["false", "true", "", 0, 1, 1.0, [], {}],
    datetime: ["", "soon", "2026-03-02", "2026-03-02T09:00:00", 1772442000, 1.5, True, [], {}],
    date: ["", "soon", "2026-02-30", "2026-03-02T09:00:00+00:00", 20260302, True, [], {}],
    dict: ["{}", 1, True, []],
    "value": [None, 1.9, True, [], {}, {"date": 1}, {"date": "x"}, {"date": "2026-03-02", "b": 1}],
}


def wrong_values(spot: Spot) -> list[Any]:
    """Return what must be refused in a place."""
    kind: Any = spot.kind
    if isinstance(kind, type) and issubclass(kind, Enum):
        found: list[Any] = ["", "nonsense", next(iter(kind)).value.upper(), 0, True, [], {}]
    elif get_origin(kind) is tuple:
        found = ["", "abc", {}, {"0": {}}, 1, True, [None], [[]], [1]]
        found += [] if get_args(kind)[0] is str else [["x"]]
    elif kind in WRONG:
        found = list(WRONG[kind])
    elif get_origin(kind) is not None and get_args(kind) == (str, str):
        found = ["", [], 1, True, {"x": 1}, {"x": None}]
    elif kind is Message or has(kind):
        found = ["", [], {}, 1, True, [["key", "x"]]]
    else:  # free JSON
        found = ["", "{}", [], 1, True]
    return found if spot.optional or kind == "value" else [*found, None]


def changed(document: Mapping[str, Any], path: Path_, change: Callable[[Any, Any], None]) -> str:
    """Return the JSON of a copy, after a change to what holds the end of the path."""
    copy = json.loads(json.dumps(document))
    holder = copy
    for part in path[:-1]:
        holder = holder[part]
    change(holder, path[-1])
    return json.dumps(copy)


def put(value: Any) -> Callable[[Any, Any], None]:
    return lambda holder, name: holder.__setitem__(name, value)


def objects(document: Mapping[str, Any], cls: type) -> list[Path_]:
    """Return the paths of all objects of a document that have a fixed set of keys."""
    found = [s.path for s in spots(cls, document) if s.kind is Message or _is_attrs(s.kind)]
    return [(), *(path for path in found if at(document, path) is not None)]


def _is_attrs(kind: Any) -> bool:
    return isinstance(kind, type) and has(kind)


def at(document: Any, path: Path_) -> Any:
    for part in path:
        document = document[part]
    return document


# ---------------------------------------------------------------- round trips


@pytest.mark.parametrize("cls", sts.DOCUMENTS, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_what_is_stored_comes_back_equal(cls: Any, data: st.DataObject) -> None:
    document: Any = data.draw(sts.DOCUMENTS[cls])
    text = dump(document)
    loaded = load(cls, text, "document")
    assert document == loaded
    assert text == dump(loaded)  # names and labels too, which equality leaves out
    assert cls is type(loaded)


@pytest.mark.parametrize("name", NAMES)
def test_example_comes_back_equal(name: str) -> None:
    document: Any = EXAMPLES[name]
    assert document == load(type(document), dump(document), name)


@pytest.mark.parametrize("name", NAMES)
def test_golden_document_of_format_1_loads_for_ever(name: str) -> None:
    """A released format is read by every later version, to the same value."""
    golden = (GOLDENS / f"format1-{name}.json").read_text(encoding="utf-8").rstrip("\n")
    expected: Any = EXAMPLES[name]
    loaded = load(type(expected), golden, name)
    assert expected == loaded
    assert dump(expected) == dump(loaded)


@pytest.mark.parametrize("name", NAMES)
def test_format_1_is_written_as_it_was_released(name: str) -> None:
    """Whoever changes what is written must raise FORMAT, and keep reading format 1."""
    golden = (GOLDENS / f"format1-{name}.json").read_text(encoding="utf-8").rstrip("\n")
    assert FORMAT != 1 or json.loads(golden) == json.loads(dump(EXAMPLES[name]))


def test_instants_are_stored_in_utc() -> None:
    east = timezone(timedelta(hours=5, minutes=45))
    row = evolve(EXAMPLES["outbox"], due=datetime(2026, 3, 2, 14, 45, tzinfo=east))
    assert "2026-03-02T09:00:00+00:00" == json.loads(dump(row))["due"]


# ---------------------------------------------------------------- what is refused


def test_the_walk_sees_every_kind_of_place() -> None:
    """A check that walks must be known to arrive: at least so many places, of every kind."""
    found = {n: list(spots(type(EXAMPLES[n]), json.loads(dump(EXAMPLES[n])))) for n in NAMES}
    assert {name: len(each) >= 20 for name, each in found.items()} == dict.fromkeys(NAMES, True)
    kinds = {str(spot.kind) for each in found.values() for spot in each}
    for kind in (str, int, bool, datetime, date, State, Verb, Delivery, Person, Message, "value"):
        assert str(kind) in kinds


@pytest.mark.parametrize("name", NAMES)
def test_wrong_value_is_refused_with_its_path(name: str) -> None:
    """`"false"` for a bool, 1.9 for an int, None, a naive instant: in every place of a document."""
    cls = type(EXAMPLES[name])
    document = json.loads(dump(EXAMPLES[name]))
    for spot in spots(cls, document):
        for wrong in wrong_values(spot):
            text = changed(document, spot.path, put(wrong))
            with pytest.raises(CorruptState) as refused:
                load(cls, text, f"{name} 'x'")
            message = str(refused.value)
            assert f"The stored {name} 'x' is damaged" in message
            assert f"{cls.__name__}{spot.shown}" in message, (spot, wrong)


@pytest.mark.parametrize("name", NAMES)
def test_none_is_taken_exactly_where_it_is_allowed(name: str) -> None:
    cls = type(EXAMPLES[name])
    document = json.loads(dump(EXAMPLES[name]))
    optional = [spot for spot in spots(cls, document) if spot.optional]
    assert optional or name in ("history", "operation")
    for spot in optional:
        loaded = load(cls, changed(document, spot.path, put(None)), name)
        assert at(json.loads(dump(loaded)), spot.path) is None


@pytest.mark.parametrize("name", NAMES)
def test_unknown_key_is_refused_with_its_path(name: str) -> None:
    cls = type(EXAMPLES[name])
    document = json.loads(dump(EXAMPLES[name]))
    for path in objects(document, cls):
        text = changed(document, (*path, "novelty"), put(1))
        with pytest.raises(CorruptState) as refused:
            load(cls, text, name)
        assert f"{cls.__name__}{shown(path)}" in str(refused.value)


@pytest.mark.parametrize("name", NAMES)
def test_missing_key_is_refused_with_its_path(name: str) -> None:
    """Also one with a default: cancelkit writes all of them, so its absence is damage."""
    cls = type(EXAMPLES[name])
    document = json.loads(dump(EXAMPLES[name]))
    for path in objects(document, cls):
        for key in at(document, path):
            text = changed(document, (*path, key), lambda holder, name: holder.pop(name))
            with pytest.raises(CorruptState) as refused:
                load(cls, text, name)
            assert (f"{cls.__name__}{shown(path)}" in str(refused.value)) != (key == "format")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("name", NAMES)
def test_number_that_json_does_not_have_is_refused_everywhere(name: str, number: str) -> None:
    cls = type(EXAMPLES[name])
    document = json.loads(dump(EXAMPLES[name]))
    inside: list[Path_] = [("entries", 0, "data", "n")] if name == "cancellation" else []
    inside += [("notification", "reasons", "n")] if name == "outbox" else []
    for path in [*(spot.path for spot in spots(cls, document)), *inside]:
        text = changed(document, path, put("@number@")).replace('"@number@"', number)
        with pytest.raises(CorruptState):
            load(cls, text, name)


@pytest.mark.parametrize("name", NAMES)
def test_duplicate_key_is_refused_in_every_object(name: str) -> None:
    """Parsers differ in which of two they take: neither may be trusted."""
    cls = type(EXAMPLES[name])
    document = json.loads(dump(EXAMPLES[name]))
    for path in objects(document, cls):
        key = next(iter(at(document, path)))
        value = json.dumps(at(document, path)[key])
        text = changed(document, (*path, "@again@"), put(0))
        text = text.replace('"@again@": 0', f"{json.dumps(key)}: {value}")
        with pytest.raises(CorruptState, match="there twice"):
            load(cls, text, name)


@pytest.mark.parametrize("name", NAMES)
def test_newer_format_is_named_as_such(name: str) -> None:
    document = json.loads(dump(EXAMPLES[name]))
    with pytest.raises(NewerFormat, match=f"has format {FORMAT + 1}; this version reads"):
        load(type(EXAMPLES[name]), json.dumps({**document, "format": FORMAT + 1}), name)


@pytest.mark.parametrize("version", [0, -1, "1", 1.0, True, None, [], {}, "missing"])
@pytest.mark.parametrize("name", NAMES)
def test_format_that_never_was_is_refused(name: str, version: object) -> None:
    document = json.loads(dump(EXAMPLES[name]))
    document["format"] = version
    if version == "missing":
        del document["format"]
    with pytest.raises(CorruptState) as refused:
        load(type(EXAMPLES[name]), json.dumps(document), name)
    assert CorruptState is type(refused.value)


@pytest.mark.parametrize(
    "text", ["", " ", "null", "true", "0", '""', "[]", "{}", "x", '{"format": 1}', "[[", '"\\ud800']
)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_document_at_all_is_refused(name: str, text: str) -> None:
    with pytest.raises(CorruptState):
        load(type(EXAMPLES[name]), text, name)


@pytest.mark.parametrize("name", NAMES)
def test_truncated_text_is_refused_wherever_it_was_cut(name: str) -> None:
    text = dump(EXAMPLES[name])
    for end in range(len(text)):
        with pytest.raises(CorruptState):
            load(type(EXAMPLES[name]), text[:end], name)


@pytest.mark.parametrize("depth", [300, 400, 500, 900, 990, 1_000, 5_000, 100_000])
@pytest.mark.parametrize("opening", ['{"a":', "["])
def test_deep_nesting_is_refused_or_read_but_never_a_crash(depth: int, opening: str) -> None:
    """Python's own limit differs by version and by how deep the caller is: fail closed."""
    closing = "}" if opening == '{"a":' else "]"
    deep = opening * depth + "1" + closing * depth
    text = dump(EXAMPLES["cancellation"]).replace('"n": null', f'"n": {deep}')
    assert len(text) > depth
    try:
        load(CancellationRecord, text, "cancellation")
    except CorruptState:
        read = False
    else:
        read = True
    assert not read or depth < 1_000


@pytest.mark.parametrize("name", NAMES)
def test_integer_of_5000_digits_is_refused(name: str) -> None:
    cls = type(EXAMPLES[name])
    document = json.loads(dump(EXAMPLES[name]))
    for spot in spots(cls, document):
        text = changed(document, spot.path, put("@huge@")).replace('"@huge@"', "9" * 5_000)
        with pytest.raises(CorruptState):
            load(cls, text, name)


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_instant_beyond_the_calendar_is_refused(instant: str) -> None:
    document = json.loads(dump(EXAMPLES["outbox"]))
    with pytest.raises(CorruptState, match=r"OutboxRow\.due"):
        load(OutboxRow, json.dumps({**document, "due": instant}), "row")


@pytest.mark.parametrize("mask", [0x01, 0x10, 0x80])
@pytest.mark.parametrize("name", NAMES)
def test_flipped_byte_is_refused_or_gives_a_sound_document(name: str, mask: int) -> None:
    """Either CorruptState, or a value that is stored and read again like any other: no crash."""
    cls = type(EXAMPLES[name])
    raw = dump(EXAMPLES[name]).encode()
    refused = 0
    for place in range(len(raw)):
        broken = bytearray(raw)
        broken[place] ^= mask
        try:
            loaded = load(cls, broken.decode(errors="surrogateescape"), name)
        except CorruptState:
            refused += 1
        else:
            assert loaded == load(cls, dump(loaded), name)
    assert refused > len(raw) // 10


@given(text=st.text())
def test_any_text_is_refused_or_read(text: str) -> None:
    classes: list[Any] = list(sts.DOCUMENTS)
    for cls in classes:
        with pytest.raises(CorruptState):
            load(cls, text, "document")


@given(value=sts.JSON_VALUES)
def test_any_json_is_refused_or_read(value: object) -> None:
    classes: list[Any] = list(sts.DOCUMENTS)
    for cls in classes:
        with pytest.raises(CorruptState):
            load(cls, json.dumps(value), "document")


@given(value=sts.JSON_VALUES)
def test_json_is_parsed_to_what_was_written(value: object) -> None:
    assert value == parse_json(json.dumps(value))


# ---------------------------------------------------------------- forms and effects

FORM_EXAMPLES: dict[str, Any] = {
    "reasons": Reasons((Reason("price"), Reason("other", "x")), text="y", extra="z"),
    "owner": NewOwner("t-7"),
    "kept": NewOwner(keep=True),
    "mood": Mood("angry"),
    "expiry": NewExpiry(date(2026, 3, 9), "call"),
    "assign": AssignOwner((Person("a", "A"),), (Person("b", "B"),)),
    "create": CreateExpiry(date(2026, 3, 9), "call"),
}


@pytest.mark.parametrize("cls", sts.FORMS, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_form_comes_back_equal(cls: Any, data: st.DataObject) -> None:
    form = data.draw(sts.FORMS[cls])
    assert form == from_data(cls, json.loads(json.dumps(to_data(form))))


@pytest.mark.parametrize("name", FORM_EXAMPLES)
def test_wrong_value_in_a_form_is_invalid_with_its_path(name: str) -> None:
    cls: type = type(FORM_EXAMPLES[name])
    data = to_data(FORM_EXAMPLES[name])
    places = list(spots(cls, data))
    assert places
    for spot in places:
        for wrong in wrong_values(spot):
            with pytest.raises(Invalid) as refused:
                from_data(cls, json.loads(changed(data, spot.path, put(wrong))))
            assert f"{cls.__name__}{spot.shown}" in str(refused.value), (spot, wrong)


@pytest.mark.parametrize("name", FORM_EXAMPLES)
def test_unknown_key_in_a_form_is_invalid(name: str) -> None:
    """What a browser adds (`tenant`, `status`, `owner_id`) is refused, not ignored."""
    cls: type = type(FORM_EXAMPLES[name])
    data = to_data(FORM_EXAMPLES[name])
    for path in objects(data, cls):
        with pytest.raises(Invalid, match="status"):
            from_data(cls, json.loads(changed(data, (*path, "status"), put("live"))))


@pytest.mark.parametrize("cls", sts.FORMS, ids=lambda cls: cls.__name__)
def test_form_takes_its_defaults_for_what_is_left_out(cls: Any) -> None:
    assert cls() == from_data(cls, {})


@pytest.mark.parametrize("data", [None, [], "", "{}", 1, True, [("option", "angry")]])
@pytest.mark.parametrize("cls", sts.FORMS, ids=lambda cls: cls.__name__)
def test_what_is_no_object_is_no_form(cls: Any, data: object) -> None:
    with pytest.raises(Invalid, match=cls.__name__):
        from_data(cls, data)


@pytest.mark.parametrize("bad", sts.BAD_CHARACTERS, ids=lambda bad: f"U+{ord(bad):04X}")
def test_forbidden_character_is_refused_in_json_as_well(bad: str) -> None:
    """The JSON form is checked like the constructor: one rule, whatever the door."""
    character = f"U\\+{ord(bad):04X}"
    with pytest.raises(Invalid, match=character):
        from_data(Reasons, {"text": f"a{bad}"})
    with pytest.raises(Invalid, match=character):
        from_data(Mood, {"option": f"a{bad}"})
    with pytest.raises(Invalid, match=character):
        from_data(NewOwner, {"user": f"a{bad}"})


def test_names_of_people_can_be_left_out_for_digests() -> None:
    effect = AssignOwner((Person("a", "A"),), (Person("b", "B"),))
    assert {"to": ["a"], "was": ["b"]} == to_data(effect, names=False)


def test_error_keeps_the_value_to_itself() -> None:
    """An error is logged: it names the type of what was wrong, never what somebody wrote."""
    with pytest.raises(Invalid) as refused:
        from_data(Reasons, {"text": ["a secret"]})
    assert "secret" not in str(refused.value)
