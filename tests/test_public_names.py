"""What `import cancelkit` promises: a name that leaves or joins does so on purpose."""

from __future__ import annotations

import inspect

import pytest

import cancelkit

# Sorted. Taking a name away breaks hosts: say so in CHANGELOG.md.
PUBLIC = [
    "CancelKit",
    "CancelkitError",
    "Cancellation",
    "Checklist",
    "Customer",
    "Desk",
    "EitherRole",
    "Failed",
    "Gate",
    "Invalid",
    "Mood",
    "NewOwner",
    "Outcome",
    "Person",
    "Plan",
    "Reason",
    "Reasons",
    "Refused",
    "STANDARD",
    "Status",
    "User",
    "View",
    "records_section",
]


def test_public_names_are_the_promised_ones() -> None:
    assert sorted(cancelkit.__all__) == PUBLIC


@pytest.mark.parametrize("name", cancelkit.__all__)
def test_public_name_explains_itself(name: str) -> None:
    assert documented(getattr(cancelkit, name)), f"cancelkit.{name} has no docstring"


def documented(thing: object) -> bool:
    """Whether a class or function has a docstring of its own; a value, whether its class has."""
    if inspect.isclass(thing) or inspect.isroutine(thing):
        return bool(vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__)
    return isinstance(thing, str) or documented(type(thing))


class _Bare:
    pass


class _Inheriting(str):
    __slots__ = ()


@pytest.mark.parametrize("thing", [_Bare, _Bare(), _Inheriting, lambda: None])
def test_missing_docstring_is_noticed(thing: object) -> None:
    assert not documented(thing)
