"""Section plug-ins by entry point: only when asked; one that fails hurts no other."""

from __future__ import annotations

import subprocess
import sys
import types
from importlib.metadata import EntryPoint

import pytest

from cancelkit import STANDARD, records_section
from cancelkit.discovery import GROUP, discover

INVOICES = records_section("invoices", title="Invoices")
LOANS = records_section("loans", title="Loans")


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("ck_plugins")
    vars(module).update(
        INVOICES=INVOICES, LOANS=LOANS, AGAIN=records_section("loans", title="B"), NONE=object()
    )
    monkeypatch.setitem(sys.modules, "ck_plugins", module)


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


@pytest.mark.usefixtures("plugins")
def test_sections_are_found_by_the_names_of_their_entry_points() -> None:
    found = discover([point("loans", "ck_plugins:LOANS"), point("bills", "ck_plugins:INVOICES")])
    assert {"bills": INVOICES, "loans": LOANS} == found.sections
    assert () == found.problems
    checklist = STANDARD.with_section(found.sections["bills"])
    assert "invoices" == checklist.sections[-1].key


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("ck_no_such_package:X", "does not import: ModuleNotFoundError"),
        ("ck_plugins:NO_SUCH_NAME", "does not import: AttributeError"),
        ("ck_plugins:NONE", "is not a section: .*has no 'key'"),
        ("ck_plugins:AGAIN", "has the key 'loans' of entry point 'loans'"),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_named_and_hurts_no_other(value: str, said: str) -> None:
    found = discover([point("loans", "ck_plugins:LOANS"), point("other", value)])
    assert {"loans": LOANS} == found.sections
    (problem,) = found.problems
    assert problem.args[0].startswith(f"The entry point 'other' ({value})")
    with pytest.raises(type(problem), match=said):
        raise problem


def test_nothing_is_discovered_unless_asked() -> None:
    code = "import sys, cancelkit; sys.exit('cancelkit.discovery' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
