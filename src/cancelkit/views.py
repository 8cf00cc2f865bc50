"""What a person sees, as values: the view of a customer, and the plan of a Process.

`data()` gives the JSON-ready form of each; the words in it are the words on screen.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from attrs import field, frozen

from cancelkit.needs import Count
from cancelkit.people import NamedRecord, Person
from cancelkit.records import JsonObject, Override, Schedule, Stamp, State, Verb
from cancelkit.section import Gate
from cancelkit.serial import to_data
from cancelkit.states import Light

_GREEN = Light.GREEN


@frozen
class Line:
    """One section of the checklist, as a person sees it."""

    key: str
    title: str
    light: Light
    word: str  # beside the circle, in the reader's language: "complete", "to do" or "unknown"
    code: str  # the stable code of the message
    message: str = field(repr=False)  # why; it may quote what a person entered
    gate: Gate
    blocks: bool  # Process is refused because of this section
    count: Count | None  # how many things are left to do; None where that cannot be counted
    hint: str  # what to do next, or ""
    manage: str | None = None  # the host's address of its own tab
    may_fix: bool | None = None  # this actor, in the CRM; None: the host cannot tell
    records: tuple[NamedRecord, ...] = ()  # that keep it red, where asked for
    entered: JsonObject | None = field(default=None, repr=False)  # None where nothing was
    planned: tuple[str, ...] = ()  # what Process, or Perform Now, would do for it
    override: Override | None = None  # in force: why it may be red all the same, and who says so
    today: Light | None = None  # in a view of a day to come: the light as of today

    def data(self) -> dict[str, Any]:
        """Return the line as a JSON-ready object; `more` is true for "at least `count`"."""
        return {
            **to_data(self),
            "count": self.count.n if self.count else None,
            "more": self.count.more if self.count else False,
            "records": [record._asdict() for record in self.records],
        }


@frozen
class View:
    """The checklist of a customer at one instant."""

    customer: str
    name: str
    owners: tuple[Person, ...]
    state: State
    status: str  # to show, such as "Live (PC)"
    banner: str  # what stands on the customer's record while pending, or ""
    drift: str  # what somebody else changed meanwhile, or ""
    profile: str  # by which checklist; "" for the kit's own
    begun: Stamp | None  # of the cancellation that is open, or was the last: by whom, and when
    touched: Stamp | None  # who did something to it last, and when
    schedule: Schedule | None  # while a Process is scheduled
    performed: tuple[str, ...]  # what was done to the CRM, and stays unless it is put back
    may_put_back: tuple[str, ...]  # of these, what Remove and Reinstate can put back
    ended: Stamp | None  # of a customer who was cancelled here: by whom, and when
    effective: date | None  # and the effective date
    sections: tuple[Line, ...]  # in order
    actions: tuple[Verb, ...]  # what this actor may do now
    token: str  # for Enter and Process; "" where no cancellation is open
    read_at: datetime  # in UTC
    today: date  # the day in the host's zone
    as_of: date  # the day as of which the sections were judged

    def section(self, key: str) -> Line:
        """Return one section; KeyError where the checklist has none with this key."""
        return {line.key: line for line in self.sections}[key]

    @property
    def blocked_by(self) -> tuple[Line, ...]:
        """The sections because of which Process would be refused."""
        return tuple(line for line in self.sections if line.blocks)

    @property
    def turning_red(self) -> tuple[Line, ...]:
        """The sections that are green today, and will not be on the day of the view."""
        return tuple(x for x in self.sections if x.today is _GREEN and x.light is not _GREEN)

    def data(self) -> dict[str, Any]:
        """Return the view as a JSON-ready object."""
        lines = [line.data() for line in self.sections]
        kinds = ("blocked_by", "turning_red")
        return {**to_data(self), "sections": lines, **{k: _keys(getattr(self, k)) for k in kinds}}


@frozen
class Plan:
    """What Process would do now; or on a day to come, for which it is scheduled now."""

    customer: str
    name: str
    steps: tuple[str, ...]  # what would be changed, in order; the status last
    notify: tuple[Person, ...]  # who is told as soon as this plan is confirmed
    notify_then: tuple[Person, ...]  # later only: who is told on the day, as the set-up is now
    blocked_by: tuple[Line, ...]  # the sections because of which it would be refused
    until_then: tuple[Line, ...]  # those that would block on a day to come, if they stay red
    advice: tuple[Line, ...]  # the sections that are not green but do not block
    overridden: tuple[Line, ...]  # the sections that would block, had nobody overridden them
    obstacles: tuple[str, ...]  # every reason why it would be refused now
    on: date  # the effective date
    later: bool  # it is still to come: Process schedules, and is blocked only by what is unknown
    token: str  # to confirm this plan with
    read_at: datetime  # in UTC

    def data(self) -> dict[str, Any]:
        """Return the plan as a JSON-ready object."""
        kinds = ("blocked_by", "until_then", "advice", "overridden")
        return {**to_data(self), **{kind: _keys(getattr(self, kind)) for kind in kinds}}


def _keys(lines: tuple[Line, ...]) -> list[str]:
    return [line.key for line in lines]
