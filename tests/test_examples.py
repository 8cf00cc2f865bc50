"""The examples run as they are, and end with a cancelled customer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example_runs_and_ends_with_a_cancelled_customer(example: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert "cancelled" in done.stdout.lower()


def test_the_tiny_crm_runs_and_ends_with_a_cancelled_customer(tmp_path: Path) -> None:
    source = Path(__file__).parent.parent / "examples" / "host_adapter" / "src"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tiny_crm"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(source)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert "Harbour Café: cancelled" in done.stdout


def test_there_is_an_example() -> None:
    assert "cancel_a_customer.py" in [path.name for path in EXAMPLES]
