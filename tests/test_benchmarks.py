"""The benchmarks run and measure right answers; what they measure is not asserted here."""

from __future__ import annotations

import builtins
import subprocess
import sys
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cancelkit.records import CancellationRecord
from cancelkit.serial import dump, load
from tests.benchmarks import crm, documents, engine, floor, importing
from tests.benchmarks.harness import Case, Goal, Group, Timing, check, measure, ratio_of
from tests.benchmarks.lifecycle import CANCELKIT, refuses_each_red_section
from tests.benchmarks.peers import PEERS

GROUPS = [group for topic in (engine, crm, documents, importing) for group in topic.groups()]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.title)
def test_every_case_gives_the_right_answer(group: Group) -> None:
    for case in group.cases.values():
        check(case)


@pytest.fixture(scope="module")
def lifecycle_cases() -> dict[str, list[str]]:
    """The cases of the lifecycle, run once elsewhere: Django's settings are one for a process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "lifecycle", "--check"],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        env={"PYTHONPATH": importing.PATH},
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return {name: [word, *reason] for word, name, *reason in lines}


def test_the_lifecycle_ends_cancelled(lifecycle_cases: dict[str, list[str]]) -> None:
    assert ["ok"] == lifecycle_cases[CANCELKIT]


@pytest.mark.parametrize("peer", PEERS)
def test_peer_refuses_each_red_section(peer: str, lifecycle_cases: dict[str, list[str]]) -> None:
    word, *reason = lifecycle_cases[peer]
    if word == "skipped":
        pytest.skip(" ".join(reason))
    assert word == "ok"


def test_a_peer_that_accepts_a_red_section_is_found() -> None:
    assert refuses_each_red_section(lambda values: floor.cycle(dict(values)))
    assert not refuses_each_red_section(lambda values: values)


def test_in_memory_facts_make_no_object_for_each_record() -> None:
    ask = crm.adapter(crm.rows_of(10_000))
    ask()
    tracemalloc.start()
    try:
        ask()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000, "less than a byte for each record"


def test_later_documents_generate_no_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    def generates(*_: Any, **__: Any) -> None:
        raise AssertionError("cattrs generates a hook")

    one = documents.document()
    load(CancellationRecord, dump(one), "it")
    monkeypatch.setattr(builtins, "compile", generates)
    assert one == load(CancellationRecord, dump(one), "it")


def test_document_by_hand_is_read_by_cancelkit_and_the_other_way_round() -> None:
    one = documents.document()
    assert one == load(CancellationRecord, documents.dump_by_hand(one), "it")
    assert one == documents.load_checking(dump(one)) == documents.load_trusting(dump(one))


def test_rounds_are_interleaved_and_compared_with_the_first_case() -> None:
    ran: list[str] = []
    cases = {
        name: Case(lambda name=name: ran.append(name), lambda _: True, prepare=None)
        for name in ("base", "other")
    }
    measured = measure(Group("planted", cases, (), rounds=3), Random(1))
    assert {"base", "other"} == set(measured) == set(ran)
    assert 1.0 == measured["base"].ratio


@pytest.mark.parametrize(("at_least", "verdict"), [(False, "not met"), (True, "met")])
def test_goal_says_whether_it_is_met(at_least: bool, verdict: str) -> None:
    timings = {"a": Timing(3.0, 3.0, 3.0), "b": Timing(1.0, 1.0, 1.0)}
    goal = Goal(0, "planted", ("a", "b"), ratio_of("a", "b"), 2.0, at_least=at_least)
    assert goal.shown(goal.value(timings)).endswith(f" {verdict}")
