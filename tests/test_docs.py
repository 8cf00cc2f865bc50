"""The documentation says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from cancelkit.lifecycle import TABLE

ROOT = Path(__file__).parent.parent


def test_the_diagram_is_drawn_from_the_table() -> None:
    text = (ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8")
    found = re.search(r"```mermaid\nstateDiagram-v2\n(.*?)```", text, re.DOTALL)

    drawn = [
        f"    {state.value} --> {to.value} : {verb.value}" for (state, verb), to in TABLE.items()
    ]
    assert found is not None
    assert drawn == found.group(1).splitlines()


def test_every_link_to_a_file_leads_to_one() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    ]

    assert links
    assert [] == [
        f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()
    ]
