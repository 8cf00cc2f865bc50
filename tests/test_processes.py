"""A run that is divided among processes: how many, and what they report."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import REPORTED, pytest_sessionfinish, pytest_testnodedown

conftest: Any = import_module("conftest")  # that of the checkout, which pytest has loaded


@pytest.mark.parametrize(
    ("cores", "args", "processes"),
    [
        (2, ["tests", "README.md"], 2),
        (2, ["tests/test_names.py", "tests/test_texts.py"], 2),
        (2, ["tests/test_names.py::test_one"], 0),
        (1, ["tests"], 0),
        (64, ["tests"], conftest.MOST),
    ],
)
def test_a_process_for_each_core_where_there_is_more_than_a_file_to_run(
    monkeypatch: pytest.MonkeyPatch, cores: int, args: list[str], processes: int
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS", raising=False)
    monkeypatch.setattr(conftest, "_cores", lambda: cores)
    config: Any = SimpleNamespace(args=args)
    assert processes == conftest.pytest_xdist_auto_num_workers(config)


def test_the_variable_of_pytest_xdist_decides_where_it_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "3")
    config: Any = SimpleNamespace(args=["tests"])
    assert conftest.pytest_xdist_auto_num_workers(config) is None


def _config(reported: dict[str, list[str]], **more: Any) -> Any:
    stash = pytest.Stash()
    stash[REPORTED] = reported
    return SimpleNamespace(stash=stash, **more)


def test_what_each_process_reports_is_reported_by_the_run() -> None:
    run = _config({})
    for process, lines in (("one", ["3 cells"]), ("other", ["4 cells"])):
        config = _config({"cells": lines, process: ["seed 1"]}, workeroutput={})
        session: Any = SimpleNamespace(config=config)
        pytest_sessionfinish(session)
        pytest_testnodedown(SimpleNamespace(config=run, workeroutput=config.workeroutput))
    pytest_testnodedown(SimpleNamespace(config=run))  # one that has crashed
    expected = {"cells": ["3 cells", "4 cells"], "one": ["seed 1"], "other": ["seed 1"]}
    assert expected == run.stash[REPORTED]
