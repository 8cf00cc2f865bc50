"""What was loaded, and what was not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from cancelkit.adapters.memory import MemoryCrm, MemoryUsers
from cancelkit.checklist import Checklist

NO_CUSTOMER = "no customer"
UNKNOWN_CUSTOMER = "unknown customer"


@frozen
class LeftOut:
    """Rows that belong to nobody, and were left out.

    Attributes:
        kind: of the records.
        file: its name.
        why: "no customer" or "unknown customer".
        count: how many rows.
        lines: the lines of the first ones.
    """

    kind: str
    file: str
    why: str
    count: int
    lines: tuple[int, ...]

    def __str__(self) -> str:
        """Return it as a sentence."""
        whose = "without a customer" if self.why == NO_CUSTOMER else "of unknown customers"
        rows = "1 row" if self.count == 1 else f"{self.count:,} rows"
        where = ", ".join(map(str, self.lines))
        more = ", ..." if self.count > len(self.lines) else ""
        label = "line" if self.count == 1 else "lines"
        return f"{rows} {whose} left out of {self.kind} ({self.file}, {label} {where}{more})"

    def data(self) -> dict[str, Any]:
        """Return it as a JSON-ready object."""
        return {
            "kind": self.kind,
            "file": self.file,
            "why": self.why,
            "count": self.count,
            "lines": list(self.lines),
        }


@frozen
class LoadReport:
    """What was loaded, and what was not.

    Attributes:
        rows: kind -> how many rows were taken.
        absent: the keys of the sections without a file: absent, never evidence.
        left_out: rows that belong to no customer.
        unread: other CSV files in the folder, which nobody asked for.
    """

    rows: Mapping[str, int]
    absent: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    unread: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """Return it as a JSON-ready object."""
        return {
            "rows": dict(self.rows),
            "absent": list(self.absent),
            "left_out": [one.data() for one in self.left_out],
            "unread": list(self.unread),
        }


@frozen(eq=False)
class Loaded:
    """What a folder had in it.

    Attributes:
        crm: the customers and their records.
        users: who may own customers; None without users.
        roles: user id -> the names of the user's roles.
        checklist: without the sections that are absent.
        report: what was loaded, and what was not.
    """

    crm: MemoryCrm
    users: MemoryUsers | None
    roles: Mapping[str, frozenset[str]]
    checklist: Checklist
    report: LoadReport
