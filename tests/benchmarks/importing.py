"""Goals 17 and 18: what importing costs, and the first use, in fresh interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cancelkit
from tests.benchmarks.harness import Case, Goal, Group, ratio_of, time_of

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join((str(Path(cancelkit.__file__).parents[1]), str(ROOT)))
ROUNDS = 11

_TIMED = """
from time import perf_counter
start = perf_counter()
{statement}
print(perf_counter() - start)
"""

# The benchmark's own document is loaded before the clock starts, and it loads no converter.
_FIRST_USE = """
import sys
from time import perf_counter
from cancelkit.records import CancellationRecord
from tests.benchmarks.documents import document, dump_by_hand
one = document()
text = dump_by_hand(one)
assert "cattrs" not in sys.modules
{before}
start = perf_counter()
from cancelkit.serial import dump, load
load(CancellationRecord, dump(one), "it")
{after}
print(perf_counter() - start)
"""
_AGAIN = 'start = perf_counter(); load(CancellationRecord, dump(one), "it")'


def fresh(program: str) -> Callable[[], float]:
    """Runs a program in a fresh interpreter; it prints its own seconds."""
    # Compiled modules are kept, whatever the environment says: the first run writes them.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}

    def run() -> float:
        done = subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={**env, "PYTHONPATH": PATH},
        )
        return float(done.stdout)

    return run


def _case(program: str) -> Case:
    return Case(fresh(program), lambda seconds: 0 < seconds < 60, own_clock=True)


def groups() -> list[Group]:
    """Importing, and the first use."""
    imports = {name: _case(_TIMED.format(statement=f"import {name}")) for name in _IMPORTED}
    first = {
        "first dump and load, cattrs loaded before": _case(
            _FIRST_USE.format(before="import cattrs", after="")
        ),
        "first dump and load, with the import of cattrs": _case(
            _FIRST_USE.format(before="", after="")
        ),
        "second dump and load": _case(_FIRST_USE.format(before="", after=_AGAIN)),
    }
    text = "first use: converter and first document"
    goals = [
        Goal(18, f"{text}, {what}", (name,), time_of(name), 15, "ms", judged=judged)
        for what, name, judged in (
            (
                "the import of cattrs included",
                "first dump and load, with the import of cattrs",
                True,
            ),
            ("cattrs loaded before", "first dump and load, cattrs loaded before", False),
        )
    ]
    import_goals = [
        Goal(
            17,
            f"import cancelkit over import attrs{what}",
            ("cancelkit",),
            ratio_of("cancelkit", "attrs"),
            limit,
            judged=judged,
        )
        for what, limit, judged in (("", 2.0, True), (" (stretch)", 1.5, False))
    ]
    return [
        Group("import in a fresh interpreter", imports, import_goals, rounds=ROUNDS),
        Group("first use in a fresh interpreter", first, goals, rounds=ROUNDS),
    ]


_IMPORTED = ("attrs", "cancelkit", "cattrs")
