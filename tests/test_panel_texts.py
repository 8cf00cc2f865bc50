"""Texts of the panel: each that a page asks for is there, each is asked for, places are filled."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from string import Formatter

import pytest
from attrs import frozen

from cancelkit import english
from cancelkit.adapters import web
from cancelkit.adapters.web.confirming import CONFIRMED
from cancelkit.adapters.web.problems import _STATUS
from cancelkit.adapters.web.texts import TEXTS
from cancelkit.errors import REFUSED_BY_CODE
from cancelkit.queue import Stage
from cancelkit.records import State, Verb
from cancelkit.section import Gate
from cancelkit.states import Light

FOLDER = Path(web.__file__).parent
ALL = {**TEXTS, **english.TEXTS}
STAGES = [stage.name.lower() for stage in Stage]
FIELDS = [
    *("ownership.user", "ownership.keep", "mood.option", "future_expiry.on", "future_expiry.note"),
    *("reasons.codes", "reasons.text", "reasons.extra"),
]
PROBLEMS = {code for _, _, code in _STATUS} | set(REFUSED_BY_CODE) | {"unfit"}
DETAILED = {key.split(".")[1] for key in TEXTS if re.fullmatch(r"problem\..+\.detail", key)}
TITLED = {key.split(".")[1] for key in TEXTS if re.fullmatch(r"problem\.[a-z_]+", key)}

FAMILIES: Mapping[str, Collection[str]] = {
    "light.{line.today.value}": [light.value for light in Light],
    "verb.{verb.value}": [verb.value for verb in Verb],
    "gate.{line.gate.value}": [gate.value for gate in Gate],
    "field.wrong.{key}": [
        *("day", "instant", "whole", "number", "separator", "json", "unticked", "comment", "choice")
    ],
    "done.{word}": [*(verb.value for verb in Verb), "take_back"],
    "stage_word.{stage.name.lower()}": STAGES,
    "field.{one.kind}.help": ["lines", "json"],
    "verb.{verb}": CONFIRMED,
    "confirm.{verb}": CONFIRMED,
    "confirm.{verb}.what": [verb for verb in CONFIRMED if verb != "process"],
    "confirm.yes.{verb}": CONFIRMED,
    "panel.checklist.{view.state}": [state.value for state in State if state is not State.PENDING],
}
"""A key that is put together, to the letter: what there is to put in its place."""

OPTIONAL = {
    "problem.{self.code}",
    "problem.{self.code}.detail",
    "problem.{'unfit' if isinstance(error, Unfit) else what.code}",
    "{key}.detail",
}
"""Keys that need not have a text: then there is another one, or none is shown."""

LABELS = "{label}"
"""The label of a field: that of a plug-in is the name of its attribute."""


@frozen
class Use:
    """One place that asks for a text."""

    where: str
    key: str  # with {places} where it is put together
    names: frozenset[str]


_INSIDE = r"(?:[^()\"']|\"[^\"]*\"|'[^']*'|\([^()]*\)|\((?:[^()]|\([^()]*\))*\))*"
CALL = re.compile(rf"\bt\((?=({_INSIDE})\))")  # also one within another


def in_templates() -> Iterator[Use]:
    """Read the calls of `t` in the templates."""
    for path in sorted(FOLDER.rglob("*.html")):
        for found in CALL.finditer(path.read_text(encoding="utf-8")):
            call = ast.parse(f"t({found[1].replace('~', '+')})".strip())
            node = call.body[0]
            assert isinstance(node, ast.Expr)
            assert isinstance(node.value, ast.Call)
            yield _use(path.name, node.value)


def in_sources() -> Iterator[Use]:
    """Read the messages in the sources of the panel."""
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = ast.unparse(node.func)
                if name in ("Message", "Message.of", "call.text", "_wrong"):
                    yield _use(path.name, node)


def _use(where: str, call: ast.Call) -> Use:
    key = _key(call.args[0])
    if ast.unparse(call.func) == "_wrong":
        key = f"field.wrong.{key}"
    return Use(where, key, frozenset(word.arg or "**" for word in call.keywords))


def _key(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_key(part) for part in parts)
        case ast.FormattedValue(value=value):
            return f"{{{ast.unparse(value)}}}"
        case ast.BinOp(left=left, right=right):
            return f"{_key(left)}{_key(right)}"
        case _:
            return f"{{{ast.unparse(node)}}}"


USES = [*in_templates(), *in_sources()]


def keys_of(use: Use) -> list[str]:
    """Return the keys that a place may ask for."""
    if use.key == LABELS:
        return [f"field.{name}" for name in FIELDS]
    if use.key in FAMILIES:
        return [re.sub(r"\{.*\}", name, use.key) for name in FAMILIES[use.key]]
    return [use.key]


def forms_of(key: str) -> list[str]:
    return [form for form in (key, f"{key}.one", f"{key}.other") if form in ALL]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


PUT_TOGETHER = {use.key for use in USES if "{" in use.key}
VARIABLE = {"{key}"}  # which the line before puts together


def test_every_template_is_read() -> None:
    """As many calls as there are; a call that the pattern does not fit would be overlooked."""
    written = sum(
        len(re.findall(r"\bt\(", path.read_text(encoding="utf-8")))
        for path in FOLDER.rglob("*.html")
    )
    assert written == len(list(in_templates()))
    assert 120 < written


def test_every_key_that_is_put_together_is_known() -> None:
    assert set() == PUT_TOGETHER - set(FAMILIES) - OPTIONAL - VARIABLE - {LABELS}


def test_every_known_family_is_used() -> None:
    assert set() == set(FAMILIES) - PUT_TOGETHER


@pytest.mark.parametrize(
    "use", [use for use in USES if use.key not in OPTIONAL | VARIABLE], ids=lambda use: use.key
)
def test_every_text_that_is_asked_for_is_there_with_its_places_filled(use: Use) -> None:
    for key in keys_of(use):
        assert forms_of(key), f"{use.where}: no text for {key!r}"
        if "**" not in use.names and use.key != "field.wrong.{key}":
            for form in forms_of(key):
                assert set() == places(ALL[form]) - use.names, f"{use.where}: {form}"


def used() -> set[str]:
    asked = {form for use in USES for key in keys_of(use) for form in forms_of(key)}
    details = {f"problem.{code}.detail" for code in DETAILED & PROBLEMS}
    return asked | {f"problem.{code}" for code in TITLED & PROBLEMS} | details


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_of_the_panel_is_asked_for(key: str) -> None:
    assert key in used()


def test_an_unused_text_would_be_found() -> None:
    """Also of a family: the check above can fail."""
    assert set() == {"problem.nonsense", "done.nonsense", "panel.nonsense", "panel"} & used()


def test_every_problem_has_a_title_or_is_a_refusal() -> None:
    """A refusal without a title of its own is called "Refused", and says why."""
    assert set() == {code for _, _, code in _STATUS} - TITLED


def test_no_key_is_also_one_of_the_core() -> None:
    assert set() == set(TEXTS) & set(english.TEXTS)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_texts_are_plain(key: str) -> None:
    for _, name, spec, conversion in Formatter().parse(TEXTS[key]):
        if name is not None:
            assert (True, "", None) == (name.isidentifier(), spec, conversion)
    assert TEXTS[key] == TEXTS[key].strip()
