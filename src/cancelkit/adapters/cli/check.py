"""`cancelkit check FOLDER`: what would have to be done, for every customer or for one."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from typing import Any, TextIO

from attrs import frozen

from cancelkit.adapters.cli.layout import show_checklist, show_customer
from cancelkit.adapters.cli.readiness import WORDS, Row, row_of, show_rows, totals
from cancelkit.adapters.cli.screen import Screen
from cancelkit.adapters.csv_folder import Loaded, load_folder
from cancelkit.adapters.memory import MemoryHost, SetClock
from cancelkit.adapters.system import SystemClock
from cancelkit.bulk import check_many
from cancelkit.checklist import STANDARD
from cancelkit.desk import Desk
from cancelkit.kit import CancelKit
from cancelkit.people import Customer, Person
from cancelkit.times import checked_zone, day_of

NAMED = 5
"""How many of the records that keep a section red are named."""


class OnlyLooking:
    """A `RoleChecker`: whoever it is may look, and do nothing."""

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        """See `RoleChecker.allows`."""
        return action == "view"


@frozen(eq=False)
class _Checked:
    """What was checked: the desk, what was loaded, today, and the day that is judged."""

    desk: Desk
    loaded: Loaded
    today: date
    as_of: date
    zone: str

    @property
    def when(self) -> str:
        """As of when the customers are judged."""
        later = f", today being {self.today}" if self.as_of > self.today else ""
        return f"as of {self.as_of}{later} ({self.zone})"

    def rows(self, customer_ids: Sequence[str]) -> list[Row]:
        """Check customers, in this order; as of a day to come, also as of today."""
        then = check_many(self.desk, customer_ids, on=self.as_of)
        if self.as_of == self.today:
            return [row_of(self.desk.kit, one) for one in then]
        now = check_many(self.desk, customer_ids)
        return [row_of(self.desk.kit, *pair) for pair in zip(then, now, strict=True)]

    def data(self) -> dict[str, Any]:
        """Return what the JSON of one and of all customers have in common."""
        days = {"today": self.today.isoformat(), "as_of": self.as_of.isoformat()}
        return {**days, "zone": self.zone, **self.loaded.report.data()}


def check(given: Namespace, out: TextIO) -> int:
    """Run the command.

    Args:
        given: folder, mapping, customer, json, on, gates, today and zone.
        out: where to write.

    Returns:
        0 when everything is ready, 1 when something is left to do.

    Raises:
        Invalid: a wrong folder, file, zone or customer; the message says what was expected.
    """
    zone = checked_zone(given.zone)
    loaded = load_folder(given.folder, given.mapping)
    checked = _at(loaded, zone, given)
    if given.customer is not None:
        return _one(checked, given.customer, out, as_json=given.json)
    return _all(checked, out, as_json=given.json)


def _at(loaded: Loaded, zone: tzinfo, given: Namespace) -> _Checked:
    """Make the desk of a system actor who may only look."""
    noon = None if given.today is None else datetime.combine(given.today, time(12), zone)
    clock = SystemClock() if noon is None else SetClock(noon)
    checklist = loaded.checklist.with_gates(**dict(given.gates or ()))
    kit = CancelKit(checklist, roles=OnlyLooking(), users=loaded.users, zone=zone)
    host = MemoryHost(loaded.crm, clock=clock)
    desk = kit.at(host, actor=Person("cancelkit", "cancelkit check"))
    today = day_of(clock.now(), zone)
    return _Checked(desk, loaded, today, max(given.on or today, today), given.zone)


def _all(checked: _Checked, out: TextIO, *, as_json: bool) -> int:
    rows = checked.rows(checked.loaded.crm.ids())
    if as_json:
        words = [row.word for row in rows]
        numbers = {w.replace(" ", "_"): words.count(w) for w in WORDS}
        customers = [row.data() for row in rows]
        _json({**checked.data(), "totals": numbers, "customers": customers}, out)
    else:
        screen = Screen(out)
        show_rows(screen, rows)
        screen.line("")
        screen.wrapped(f"{totals(rows)}; {checked.when}.")
        _report(screen, checked)
    return 0 if all(row.ready for row in rows) else 1


def _one(checked: _Checked, customer_id: str, out: TextIO, *, as_json: bool) -> int:
    view = checked.desk.check(customer_id, name=NAMED, on=checked.as_of)
    row = checked.rows([customer_id])[0]
    if as_json:
        _json({**checked.data(), **row.data(), **view.data()}, out)
    else:
        screen = Screen(out)
        show_customer(screen, view)
        show_checklist(screen, view)
        screen.line("")
        left = f"left to do in the CRM: {row.left}" if row.left else "nothing in the CRM is left"
        screen.wrapped(f"{row.word.capitalize()}: {left}; {checked.when}.")
        _report(screen, checked)
    return 0 if row.ready else 1


def _report(screen: Screen, checked: _Checked) -> None:
    """Write what was not judged: absent sections, rows that belong to nobody, unread files."""
    report = checked.loaded.report
    if report.absent:
        listed = ", ".join(STANDARD.section(key).title for key in report.absent)
        screen.wrapped(f"Absent, as there is no file, and not judged: {listed}.")
    for left_out in report.left_out:
        screen.wrapped(f"Not judged: {left_out}.")
    if report.unread:
        screen.wrapped(f"Not read: {', '.join(report.unread)}.")


def _json(data: dict[str, Any], out: TextIO) -> None:
    readable = (out.encoding or "").replace("-", "").lower() == "utf8"
    print(json.dumps(data, indent=2, ensure_ascii=not readable), file=out)
