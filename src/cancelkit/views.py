"""What a person sees, as values: the view of a customer, and the plan of a Process.

`data()` gives the JSON-ready form of each; the words in it are the words on screen.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from attrs import field, frozen

from cancelkit.needs import Count
from cancelkit.people import NamedRecord, Person
from cancelkit.records import JsonObject, State, Verb
from cancelkit.section import Gate
from cancelkit.states import Light


@frozen
class Line:
    """One section of the checklist, as a person sees it.

    Attributes:
        key: of the section.
        title: of the section.
        light: green, red or unknown.
        word: the word beside the circle: "complete", "to do" or "unknown".
        code: the stable code of the message.
        message: why, as text.
        gate: "blocks" or "advises".
        count: how many things are left to do; None where that cannot be counted.
        hint: what to do next, or "".
        manage: the host's address of its own tab, or None.
        may_fix: whether this actor may fix it in the CRM; None where the host cannot tell.
        records: some of the records that keep it red, where they were asked for.
        entered: what was entered, as JSON; None where nothing was, or nothing can be.
    """

    key: str
    title: str
    light: Light
    code: str
    message: str
    gate: Gate
    count: Count | None
    hint: str
    manage: str | None
    may_fix: bool | None
    records: tuple[NamedRecord, ...]
    entered: JsonObject | None = field(repr=False)

    @property
    def word(self) -> str:
        """The word beside the circle."""
        return self.light.word

    @property
    def blocks(self) -> bool:
        """Whether Process is refused because of this section."""
        return self.gate is Gate.BLOCKS and self.light is not Light.GREEN

    def data(self) -> dict[str, Any]:
        """Return the line as a JSON-ready object; `more` is true for "at least `count`"."""
        return {
            "key": self.key,
            "title": self.title,
            "light": self.light.value,
            "word": self.word,
            "code": self.code,
            "message": self.message,
            "gate": self.gate.value,
            "count": self.count.n if self.count else None,
            "more": self.count.more if self.count else False,
            "hint": self.hint,
            "manage": self.manage,
            "may_fix": self.may_fix,
            "records": [{"id": r.id, "label": r.label, "link": r.link} for r in self.records],
            "entered": None if self.entered is None else dict(self.entered),
        }


@frozen
class View:
    """The checklist of a customer at one instant.

    Attributes:
        customer: the customer's id.
        name: the customer's name.
        owners: who looks after the customer.
        state: where the customer stands in the lifecycle.
        status: the status to show, such as "Live (PC)".
        banner: what stands on the customer's record while pending, or "".
        drift: what somebody else changed meanwhile, or "".
        sections: the checklist, in order.
        actions: what this actor may do now.
        token: for Enter and Process; "" where no cancellation is open.
        read_at: when it was read, in UTC.
        today: the day in the host's zone by which it was judged.
    """

    customer: str
    name: str
    owners: tuple[Person, ...]
    state: State
    status: str
    banner: str
    drift: str
    sections: tuple[Line, ...]
    actions: tuple[Verb, ...]
    token: str
    read_at: datetime
    today: date

    def section(self, key: str) -> Line:
        """Return one section; KeyError where the checklist has none with this key."""
        return {line.key: line for line in self.sections}[key]

    @property
    def blocked_by(self) -> tuple[Line, ...]:
        """The sections because of which Process would be refused."""
        return tuple(line for line in self.sections if line.blocks)

    def data(self) -> dict[str, Any]:
        """Return the view as a JSON-ready object."""
        return {
            "customer": self.customer,
            "name": self.name,
            "owners": _people(self.owners),
            "state": self.state.value,
            "status": self.status,
            "banner": self.banner,
            "drift": self.drift,
            "sections": [line.data() for line in self.sections],
            "blocked_by": [line.key for line in self.blocked_by],
            "actions": [verb.value for verb in self.actions],
            "token": self.token,
            "read_at": self.read_at.isoformat(),
            "today": self.today.isoformat(),
        }


@frozen
class Plan:
    """What Process would do now.

    Attributes:
        customer: the customer's id.
        name: the customer's name.
        steps: what would be changed, as text, in order; the status last.
        notify: who would be told.
        blocked_by: the sections because of which it would be refused.
        advice: the sections that are not green but do not block.
        obstacles: every reason why it would be refused, as text.
        token: to confirm this plan with.
        read_at: when it was read, in UTC.
    """

    customer: str
    name: str
    steps: tuple[str, ...]
    notify: tuple[Person, ...]
    blocked_by: tuple[Line, ...]
    advice: tuple[Line, ...]
    obstacles: tuple[str, ...]
    token: str
    read_at: datetime

    def data(self) -> dict[str, Any]:
        """Return the plan as a JSON-ready object."""
        return {
            "customer": self.customer,
            "name": self.name,
            "steps": list(self.steps),
            "notify": _people(self.notify),
            "blocked_by": [line.key for line in self.blocked_by],
            "advice": [line.key for line in self.advice],
            "obstacles": list(self.obstacles),
            "token": self.token,
            "read_at": self.read_at.isoformat(),
        }


def _people(people: tuple[Person, ...]) -> list[dict[str, str]]:
    return [{"id": person.id, "name": person.name} for person in people]
