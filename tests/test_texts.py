"""Texts: every message has one, every one is used, and its places are filled."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

import cancelkit
from cancelkit import STANDARD, Customer, Invalid, Person, Status, decide, lifecycle
from cancelkit.english import ENGLISH, TEXTS
from cancelkit.errors import REFUSED_BY_CODE
from cancelkit.messages import Catalogue, Message, plural_of_english
from cancelkit.queue import Stage
from cancelkit.queue.export import COLUMNS
from cancelkit.records import EVENTS, CancellationRecord, Stamp, State, Verb
from cancelkit.states import Light
from cancelkit.text import ID_LIMIT, TEXT_LIMIT, checked_id, checked_line, checked_text
from cancelkit.times import checked_instant, checked_zone, day_of
from tests import strategies as sts

SAMPLES = "samples.py"
"""Stored documents for the stores' contract: with any keys, which nobody ever shows."""
TRANSLATIONS = "languages"
"""The folder of the other languages; tests/test_languages.py has them."""
PANEL = "web"
"""The folder of the panel, which has texts of its own; tests/test_panel_texts.py has them."""
SOURCES = [
    path
    for path in sorted(Path(cancelkit.__file__).parent.rglob("*.py"))
    if path.name != SAMPLES and path.parent.name not in (TRANSLATIONS, PANEL)
]
STATUSES = {f"state.{state.value}" for state in State}
"""What `shown_status` returns where the CRM has no status."""
STATES = {"green", "red", "unknown", "_plain_green", "_plain_red"}
REFUSALS = {"refusal"}
GROUPS = sorted({key.split(".")[0] for key in TEXTS})
KEY = re.compile(rf"(?:{'|'.join(GROUPS)})(?:\.[a-z_]+)+")
VERBS = [verb.value for verb in Verb]
FAMILIES: Mapping[str, Collection[str]] = {
    "event.{key or event}": [*EVENTS, "ended"],
    "verb.{decision.verb.value}": VERBS,
    "verb.{entry.verb.value}": VERBS,
    "verb.{verb.value}": VERBS,
    "refused.{code}": REFUSED_BY_CODE,
    "label.{one}": [],  # of the host and of the sections: in English as they are
    "label.{text}": [],
    "light.{state.light.value}": [light.value for light in Light],
    "verb.{one}": [*VERBS, "none"],
    "title.{section}": [section.key for section in STANDARD.sections],
    "banner.{why.code}": ["drift", "customer_gone"],
    "queue.{name}": COLUMNS,
    "stage_word.{row.stage.name.lower()}": [stage.name.lower() for stage in Stage],
}
"""A key that is put together, to the letter: what there is to put behind the dot."""


def returned(function: Callable[..., str]) -> list[str]:
    """Return the texts that a function may return, but "": by reading it."""
    tree = ast.parse(inspect.getsource(function))
    answers = (node.value for node in ast.walk(tree) if isinstance(node, ast.Return))
    found = (part for answer in answers if answer for part in _ends(answer))
    return sorted({_text(part) or "" for part in found} - {""})


def _ends(node: ast.expr) -> Iterator[ast.expr]:
    """Return what a chain of `a if b else c` may come to."""
    if isinstance(node, ast.IfExp):
        yield from _ends(node.body)
        yield from _ends(node.orelse)
    else:
        yield node


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


BARS = returned(decide._bar)
ELSEWHERE = "cancelled_elsewhere"
"""The one bar whose message is not that of its code."""
VARIABLES: Mapping[tuple[str, str], Collection[str]] = {
    ("decide.py", "refusal(bar, **values)"): [bar for bar in BARS if bar != ELSEWHERE]
}
"""A call that makes messages of more than one key: where, to the letter, and the keys."""


@frozen
class Use:
    """One place in the sources that makes a message."""

    where: str
    key: str
    names: frozenset[str]
    counted: bool = False
    complete: bool = True
    """Whether all the names are written there (no `**values`)."""


def uses() -> Iterator[Use]:
    """Find the messages by reading the sources, without running them."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _uses(f"{path.name}:{node.lineno}", node)


def _uses(where: str, call: ast.Call) -> Iterator[Use]:
    words = {word.arg: word.value for word in call.keywords if word.arg}
    if (hint := _text(words.get("hint"))) is not None:
        yield Use(where, hint, frozenset())
    name = ast.unparse(call.func)
    first = _text(call.args[0]) if call.args else None
    complete = len(words) == len(call.keywords)
    if first is None:
        for one in VARIABLES.get((where.partition(":")[0], ast.unparse(call)), ()):
            yield Use(where, f"refused.{one}", frozenset(words), complete=complete)
        return
    names = frozenset(words) - {"hint"}
    if name in STATES:
        yield Use(where, first, names, "count" in words, complete)
    elif name in REFUSALS:
        yield Use(where, f"refused.{first}", names, complete=complete)
    elif name in ("Message", "Message.of"):
        yield Use(where, first, names, complete=complete and name == "Message.of")


def made() -> Iterator[tuple[str, str]]:
    """Find the messages whose keys are put together: where, and how, to the letter."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (before := _made(node)) is not None:
                yield f"{path.name}:{node.lineno}", before


def _made(call: ast.Call) -> str | None:
    """Return how a key is put together, such as "event.{event}"."""
    if ast.unparse(call.func) not in ("Message", "Message.of") or not call.args:
        return None
    if not isinstance(call.args[0], ast.JoinedStr):
        return None
    return "".join(_text(part) or _place(part) for part in call.args[0].values)


def _place(part: ast.expr) -> str:
    return "{" + ast.unparse(part.value) + "}" if isinstance(part, ast.FormattedValue) else ""


def variable() -> Iterator[tuple[str, str]]:
    """Find the refusals whose code is no constant: the file, and the call to the letter."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and ast.unparse(node.func) in REFUSALS
            if named and isinstance(node, ast.Call) and _text(node.args[0]) is None:
                yield path.name, ast.unparse(node)


USES = sorted(uses(), key=lambda use: (use.where, use.key))
MADE = sorted(made())
OWN = [use for use in USES if use.key.split(".")[0] in GROUPS or use.key.startswith("refused.")]


def forms_of(key: str) -> list[str]:
    """Return the texts of a key: itself, or its plural forms."""
    return [form for form in (key, f"{key}.one", f"{key}.other") if form in TEXTS]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_messages_are_found_in_the_sources() -> None:
    """The checks below look at something, of each kind."""
    found = {use.key for use in USES}
    wanted = {"reasons.none", "reasons.none.hint", "section.failed", "refused.drift", "plan.status"}
    assert wanted == wanted & found
    assert 35 < len(found)


def test_refusals_whose_code_is_no_constant_are_known() -> None:
    assert sorted(VARIABLES) == sorted(variable())
    assert ["already_cancelled", "already_pending", "cancelled_elsewhere", "customer_gone"] == BARS[
        :4
    ]
    assert ["drift", "no_drift", "no_status", "not_cancelled", "not_pending"] == BARS[4:]


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.where}-{use.key}")
def test_every_message_has_a_text(use: Use) -> None:
    """A counted one has all its plural forms, or is never about one thing alone."""
    assert forms_of(use.key), f"{use.where}: no text for {use.key!r}"
    if use.counted and use.key != "assets.left":  # which counts two kinds at least
        assert [f"{use.key}.one", f"{use.key}.other"] == forms_of(use.key)


def used(put_together: Iterable[str]) -> set[str]:
    """Return the keys that the sources can show, if these are put together there.

    A refusal is named by its code, `refusal("drift")`: no code is used because it is on the list.
    """
    named = {key for family in put_together for key in keys_of(family)}
    return {use.key for use in USES} | constants() | named | STATUSES


def keys_of(family: str) -> list[str]:
    """Return the keys that can be put together like this; none for refusals."""
    before = family.partition("{")[0]
    return [f"{before}{name}" for name in FAMILIES[family] if before != "refused."]


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_is_used(key: str) -> None:
    """Who translates does not translate what nobody ever sees."""
    base = key.removesuffix(".one").removesuffix(".other")
    assert base in used(family for _, family in MADE)


@pytest.mark.parametrize("before", ["event.", "verb.", "banner."])
def test_text_of_a_family_that_nobody_makes_is_unused(before: str) -> None:
    """The check above can fail: of the names, and of the place where they are put together."""
    made_here = {family for _, family in MADE}
    those = {family for family in made_here if family.startswith(before)}
    assert f"{before}other" not in used(made_here)
    assert set() == used(made_here - those) & {key for one in those for key in keys_of(one)}


@pytest.mark.parametrize(("where", "family"), MADE)
def test_key_that_is_put_together_is_of_a_known_family(where: str, family: str) -> None:
    """Otherwise nobody would know whether its texts are there."""
    assert family in FAMILIES, where


TITLES = {f"title.{section.key}" for section in STANDARD.sections}
"""The sections bring these themselves."""


def test_every_known_family_is_made() -> None:
    assert set(FAMILIES) == {family for _, family in MADE}


@pytest.mark.parametrize(
    "key", sorted({key for family in FAMILIES for key in keys_of(family)} - TITLES)
)
def test_every_name_of_a_family_has_a_text(key: str) -> None:
    assert [key] == forms_of(key)


# ---------------------------------------------------------------- what bars a move


def barred() -> Iterator[tuple[str, Verb, decide.Seen]]:
    """Return what bars each verb wherever a customer may stand, with what was seen."""
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    live, gone = Status("live"), Status("gone", cancelled=True)
    stamp = Stamp(Person("a", "Ann"), now)
    record = CancellationRecord("c", "", "C", "Cafe", State.PENDING, 1, {}, live, stamp)
    cancelled = evolve(record, state=State.CANCELLED, ended=stamp)
    for one, status, absent, verb in product(
        (None, record, cancelled),
        (live, evolve(live, pending=True), gone, None),
        (False, True),
        Verb,
    ):
        customer = Customer("C", "Cafe", status)
        state = lifecycle.state_of(customer, one)
        seen = decide.Seen(
            now, now.date(), state, customer, one, True, gone=absent, unmarkable=status is None
        )
        if bar := decide._bar(verb, seen):
            yield bar, verb, seen


def test_every_bar_has_a_text_with_every_place_filled() -> None:
    """Whatever the way to it; each bar that `_bar` names is seen here."""
    bars = set()
    for bar, verb, seen in barred():
        bars.add(bar)
        message = decide._barred(bar, verb, seen).message
        places_filled = {name for name, _ in message.values}
        assert places(TEXTS[message.key]) <= places_filled, (bar, verb)
    assert BARS == sorted(bars)


def test_every_drift_has_a_banner_with_every_place_filled() -> None:
    """The banner takes the values of the refusal."""
    codes = set()
    for _, _, seen in barred():
        if why := decide.drift_of(seen):
            codes.add(why.code)
            filled = {name for name, _ in why.message.values}
            assert places(TEXTS[f"banner.{why.code}"]) <= filled
    assert sorted(FAMILIES["banner.{why.code}"]) == sorted(codes)


@cache
def constants() -> frozenset[str]:
    """Return every string constant of the sources that looks like a key, english.py left out."""
    return frozenset(
        node.value
        for path in SOURCES
        if path.name != "english.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if KEY.fullmatch(node.value)
    )


def test_constants_that_look_like_keys_have_texts() -> None:
    """Also a key that reaches its message by way of a variable."""
    assert set() == {key for key in constants() if not forms_of(key)}


@pytest.mark.parametrize("use", OWN, ids=lambda use: f"{use.where}-{use.key}")
def test_every_place_of_a_text_is_filled(use: Use) -> None:
    if not use.complete:
        return
    for form in forms_of(use.key):
        missing = places(TEXTS[form]) - use.names
        assert set() == missing, f"{use.where}: {form} mentions {sorted(missing)}"


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_texts_are_plain(key: str) -> None:
    """`{name}` places only: no formats, attributes or indexes, which a translation gets wrong."""
    for _, name, spec, conversion in Formatter().parse(TEXTS[key]):
        if name is not None:
            assert (True, "", None) == (name.isidentifier(), spec, conversion)
    assert TEXTS[key] == TEXTS[key].strip()


def test_every_refusal_code_has_a_text_but_the_performers_own() -> None:
    """`effect_refused` carries the message of the performer, `blocked` that of the section."""
    codes = set(REFUSED_BY_CODE) - {"effect_refused", "blocked"}
    assert codes == {code for code in codes if f"refused.{code}" in TEXTS}


def test_every_section_has_a_title() -> None:
    texts = ENGLISH.with_texts(STANDARD.texts)
    assert [s.title for s in STANDARD.sections] == [
        texts.text(Message(f"title.{s.key}")) for s in STANDARD.sections
    ]


# ---------------------------------------------------------------- the catalogue


@pytest.mark.parametrize(("count", "form"), [(0, "other"), (1, "one"), (2, "other"), (-1, "other")])
def test_english_has_two_plural_forms(count: int, form: str) -> None:
    assert form == plural_of_english(count)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"count": 1}, "one 1"),
        ({"count": 2}, "many 2"),
        ({"count": 1, "more": 1}, "many 1+"),
        ({"count": 100, "more": 1}, "many 100+"),
        ({"count": 100, "more": 0}, "many 100"),
        ({}, "plain {count}"),
    ],
)
def test_count_chooses_the_form(values: dict[str, Any], shown: str) -> None:
    texts = {"k": "plain {count}", "k.one": "one {count}", "k.other": "many {count}"}
    assert shown == Catalogue(texts).text(Message.of("k", **values))


def test_text_without_plural_forms_serves_every_count() -> None:
    assert ["1 open", "7 open"] == [
        Catalogue({"k": "{count} open"}).text(Message.of("k", count=n)) for n in (1, 7)
    ]


def test_unknown_key_is_shown_with_its_values() -> None:
    """A missing translation is seen, never lost."""
    assert "k (by Ann, n 2)" == ENGLISH.text(Message.of("k", n=2, by="Ann"))
    assert "k" == ENGLISH.text(Message("k"))


def test_place_that_nothing_fills_is_left_as_it_is() -> None:
    assert "by {who}" == Catalogue({"k": "by {who}"}).text(Message("k"))


@given(text=sts.MAY_BE_STORED)
def test_value_is_shown_as_it_is(text: str) -> None:
    """Braces and percent signs in what people write are no places."""
    assert f"[{text}]" == Catalogue({"k": "[{v}]"}).text(Message.of("k", v=text))


@given(message=sts.MESSAGES)
def test_any_message_can_be_shown(message: Message) -> None:
    assert isinstance(ENGLISH.text(message), str)


@pytest.mark.parametrize(
    "template", ["{", "}", "{0}", "{}", "{v.real}", "{v[0]}", "{v:d}", "{v!z}"]
)
def test_broken_text_of_a_plug_in_is_shown_not_raised(template: str) -> None:
    """Once in Catalogue.text: "never raises" says the port; str.format raises for some of these."""
    assert isinstance(Catalogue({"k": template}).text(Message.of("k", v="x")), str)


def test_more_without_a_count_is_shown_not_raised() -> None:
    """Once too: a KeyError for `more` without `count`."""
    assert "left" == Catalogue({"k": "left"}).text(Message.of("k", more=1))


def test_texts_of_the_host_win_over_those_of_a_plug_in() -> None:
    catalogue = Catalogue({"k": "host"}).with_texts({"k": "plug-in", "l": "plug-in"})
    assert ["host", "plug-in"] == [catalogue.text(Message(key)) for key in "kl"]


def test_message_gives_its_values_by_name() -> None:
    message = Message.of("k", b=2, a=1)
    assert ((("a", 1), ("b", 2)), 2) == (message.values, message["b"])
    with pytest.raises(KeyError):
        message["c"]


def test_messages_do_not_depend_on_the_order_of_their_values() -> None:
    assert Message.of("k", a=1, b=2) == Message.of("k", b=2, a=1)


# ---------------------------------------------------------------- text.py


@given(text=sts.MAY_BE_STORED)
def test_free_text_is_kept(text: str) -> None:
    assert text == checked_text(text, "it")


@given(text=st.text(max_size=40))
def test_any_text_is_kept_or_refused(text: str) -> None:
    """The verdict is that of a list of characters, whatever else is in the text."""
    bad = set(text.replace("\r\n", "\n")) & set(sts.BAD_CHARACTERS)
    bad |= {one for one in text if 0xD800 <= ord(one) <= 0xDFFF}
    if bad:
        with pytest.raises(Invalid, match=r"U\+"):
            checked_text(text, "it")
    else:
        assert text.replace("\r\n", "\n") == checked_text(text, "it")


def test_line_ends_of_browsers_count_once() -> None:
    assert "\n" * TEXT_LIMIT == checked_text("\r\n" * TEXT_LIMIT, "it")
    with pytest.raises(Invalid, match="at most 10000"):
        checked_text("\r\n" * (TEXT_LIMIT + 1), "it")


def test_lone_carriage_return_is_a_control_character() -> None:
    with pytest.raises(Invalid, match=r"U\+000D at position 1"):
        checked_text("a\rb", "it")


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "\n", "a\r\nb"])
def test_one_line_has_no_breaks_and_tabs(text: str) -> None:
    with pytest.raises(Invalid, match="must be one line"):
        checked_line(text, "it")


@pytest.mark.parametrize("text", ["a\u2028b", "a\u2029b"])
def test_one_line_has_no_line_separators(text: str) -> None:
    """Once in text._LINE: U+2028 and U+2029 break a line in JavaScript, logs and splitlines()."""
    with pytest.raises(Invalid, match="must be one line"):
        checked_line(text, "it")


@given(text=sts.IDS)
def test_identifier_is_kept(text: str) -> None:
    assert text == checked_id(text, "it")


@pytest.mark.parametrize("text", ["", " ", "a ", " a", "\u00a0a", "a\u3000", "a\u2003"])
def test_identifier_is_not_empty_or_padded(text: str) -> None:
    """Also with spaces that are not ASCII: what is trimmed elsewhere is refused here."""
    with pytest.raises(Invalid, match=r"is empty|begins or ends with white space"):
        checked_id(text, "it")


def test_identifier_has_a_limit() -> None:
    assert "x" * ID_LIMIT == checked_id("x" * ID_LIMIT, "it")
    with pytest.raises(Invalid, match=f"{ID_LIMIT + 1} characters long; at most {ID_LIMIT}"):
        checked_id("x" * (ID_LIMIT + 1), "it")


# ---------------------------------------------------------------- times.py

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    "zone", [UTC, LONDON, timezone(timedelta(hours=14)), timezone(timedelta(minutes=-1))]
)
def test_instant_becomes_utc(zone: Any) -> None:
    instant = datetime(2026, 7, 1, 12, tzinfo=zone)
    checked = checked_instant(instant, "it")
    assert (instant, UTC) == (checked, checked.tzinfo)


def test_second_hour_of_a_fold_is_later() -> None:
    """01:30 comes twice when the clock goes back; the two are told apart."""
    first = datetime(2026, 10, 25, 1, 30, tzinfo=LONDON)
    second = first.replace(fold=1)
    later = checked_instant(second, "it") - checked_instant(first, "it")
    assert timedelta(hours=1) == later


@pytest.mark.parametrize("value", [datetime(2026, 3, 2), datetime.max])  # noqa: DTZ001, DTZ901 - the mistake
def test_naive_instant_is_refused(value: datetime) -> None:
    with pytest.raises(Invalid, match="has no time zone; an aware datetime is needed"):
        checked_instant(value, "it")


@pytest.mark.parametrize(
    "value",
    [
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_instant_beyond_the_calendar_is_refused(value: datetime) -> None:
    """Once in times.checked_instant: a raw OverflowError where the time is not one in UTC."""
    with pytest.raises(Invalid):
        checked_instant(value, "it")


@pytest.mark.parametrize("zone", ["Europe/London", "UTC", "Etc/GMT+12", LONDON, UTC])
def test_zone_is_looked_up_by_its_name(zone: Any) -> None:
    assert str(zone) == str(checked_zone(zone))


@pytest.mark.parametrize("zone", [None, 5, b"UTC", ["UTC"]])
def test_zone_of_another_type_is_refused(zone: Any) -> None:
    """Once in times.checked_zone: a raw TypeError, which does not say what is wanted."""
    with pytest.raises(Invalid, match="time zone"):
        checked_zone(zone)


@given(
    at=st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC)),  # noqa: DTZ001 - given
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_day_of_an_instant_is_the_day_on_the_wall(at: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    assert (at.replace(tzinfo=None) + timedelta(minutes=minutes)).date() == day_of(at, zone)
