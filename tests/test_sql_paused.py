"""A relay that stands still past its lease is told so: `python -m tests.sql_paused` for longer."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROFILE
from tests.harness.report import Report
from tests.servers import Databases

ROOT = Path(__file__).parent.parent
CYCLES = 1000 if PROFILE == "nightly" else 3
PATIENCE = 120.0 + CYCLES


@pytest.mark.skipif(sys.platform != "linux", reason="it forks, and stops processes")
def test_a_mark_that_comes_too_late_fails_and_the_duplicate_is_counted(
    databases: Databases, report: Report
) -> None:
    done = _run(databases, CYCLES)
    assert 0 == done.returncode, done.stdout + done.stderr
    report("relays stopped with SIGSTOP", done.stdout.strip())


@pytest.mark.skipif(sys.platform != "linux", reason="it forks, and stops processes")
def test_without_the_fence_it_is_seen(databases: Databases) -> None:
    done = _run(databases, 1, "--unfenced")
    assert 1 == done.returncode
    assert "of 3 it marked " in done.stderr


def _run(databases: Databases, cycles: int, *more: str) -> subprocess.CompletedProcess[str]:
    url = databases.engine("postgres", "paused").url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.sql_paused", "--database", url, *more]
    command += ["--cycles", str(cycles), "--seed", str(random.getrandbits(32))]
    return subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=PATIENCE
    )
