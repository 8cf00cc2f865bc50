"""Processes that are killed at random points lose nothing and do nothing twice.

`python -m tests.sql_kill --cycles 1000` does so for longer.
"""

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
CYCLES = {"sqlite": 25, "postgres": 12}
TIMES = 40 if PROFILE == "nightly" else 1
PATIENCE = 300.0 * TIMES


@pytest.mark.skipif(sys.platform != "linux", reason="it forks, and waits by file descriptors")
@pytest.mark.parametrize("kind", CYCLES)
def test_killed_processes_lose_nothing_and_do_nothing_twice(
    kind: str, databases: Databases, report: Report
) -> None:
    seed = random.getrandbits(32)
    command = [sys.executable, "-m", "tests.sql_kill", "--seed", str(seed)]
    command += ["--cycles", str(CYCLES[kind] * TIMES)]
    if kind != "sqlite":
        url = databases.engine(kind, "kill").url
        command += ["--database", url.render_as_string(hide_password=False)]
    done = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert 0 == done.returncode, f"seed {seed}\n{done.stdout}{done.stderr}"
    report("processes killed with SIGKILL", done.stdout.strip())
