"""`import cancelkit` is cheap: a host pays for what it uses, when it uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

MAX_ATTRS_CLASSES = 45

# Each costs more than all of cancelkit's own modules, or is a technology of somebody's choice.
HEAVY = {
    "asyncio",
    "cattrs",
    "django",
    "importlib.metadata",
    "jinja2",
    "logging",
    "rich",
    "sqlalchemy",
    "sqlite3",
    "uuid",
}
# Imported by their own names, by those who want them.
BY_NAME = {
    "cancelkit.adapters",
    "cancelkit.bulk",
    "cancelkit.discovery",
    "cancelkit.guard",
    "cancelkit.letters",
    "cancelkit.recipients",
    "cancelkit.relay",
    "cancelkit.schedule",
    "cancelkit.sections.creating_expiry",
    "cancelkit.testing",
}

# What attrs loads for itself, and what start-up loaded, is not counted.
MEASURE = """
import attrs, gc, json, sys
before = set(sys.modules)
exec(sys.argv[1])
loaded = sorted(set(sys.modules) - before)
gc.collect()
classes = {
    f"{each.__module__}.{each.__qualname__}"
    for each in gc.get_objects()
    if isinstance(each, type)
    and each.__module__.split(".")[0] == "cancelkit"
    and "__attrs_attrs__" in vars(each)
}
print(json.dumps({"loaded": loaded, "classes": sorted(classes)}))
"""


def measure(statement: str) -> dict[str, Any]:
    """What a statement loads and builds in a fresh interpreter that has imported attrs."""
    # -I: neither the environment nor the current folder has a say.
    done = subprocess.run(
        [sys.executable, "-I", "-c", MEASURE, statement], check=True, capture_output=True, text=True
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


@pytest.fixture(scope="module")
def cost() -> dict[str, Any]:
    return measure("import cancelkit")


def test_import_loads_nothing_heavy(cost: dict[str, Any]) -> None:
    assert set() == HEAVY & set(cost["loaded"])


def test_import_leaves_alone_what_has_a_name_of_its_own(cost: dict[str, Any]) -> None:
    assert set() == BY_NAME & set(cost["loaded"])


def test_import_builds_few_attrs_classes(cost: dict[str, Any]) -> None:
    assert 1 <= len(cost["classes"]) <= MAX_ATTRS_CLASSES, cost["classes"]


def test_planted_costs_are_seen() -> None:
    planted = "import sqlite3; C = attrs.make_class('C', []); C.__module__ = 'cancelkit.planted'"
    measured = measure(planted)
    assert "sqlite3" in measured["loaded"]
    assert ["cancelkit.planted.C"] == measured["classes"]
