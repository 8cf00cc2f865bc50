"""The article's workflow set-up: rules that say whom to tell of what."""

from __future__ import annotations

from typing import NamedTuple

from attrs import field, frozen

from cancelkit.errors import BadSetup
from cancelkit.people import Customer, Person
from cancelkit.records import EVENTS, CancellationRecord


class Rule(NamedTuple):
    """Whom to tell. Of what, where it is not everything; of which profiles, where not all."""

    people: tuple[Person, ...]
    events: frozenset[str] = frozenset()  # of `cancelkit.records.EVENTS`; none means all
    profiles: frozenset[str] | None = None  # "" is the kit's own checklist; None means all

    def holds(self, event: str, profile: str) -> bool:
        """Say whether the rule is about this event and this profile."""
        return (not self.events or event in self.events) and (
            self.profiles is None or profile in self.profiles
        )


@frozen
class WorkflowSetup:
    """The article's workflow set-up, as `Recipients`: no rule is never, a bare one is always."""

    rules: tuple[Rule, ...] = field(default=(), converter=tuple)

    def __attrs_post_init__(self) -> None:
        for event in frozenset().union(*(rule.events for rule in self.rules)) - set(EVENTS):
            raise BadSetup(f"There is no event {event!r}; the events are: {', '.join(EVENTS)}.")

    def of(self, event: str, customer: Customer, record: CancellationRecord) -> list[Person]:
        """Return who is told of an event."""
        found = [rule.people for rule in self.rules if rule.holds(event, record.profile)]
        return [person for people in found for person in people]
