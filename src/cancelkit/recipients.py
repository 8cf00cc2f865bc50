"""The article's workflow set-up: rules that say whom to tell of what."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen

from cancelkit.errors import BadSetup
from cancelkit.people import Customer, Person
from cancelkit.records import EVENTS, CancellationRecord


def _people(people: Iterable[Person]) -> tuple[Person, ...]:
    found = () if isinstance(people, Person) else tuple(people)
    if isinstance(people, Person) or not all(isinstance(one, Person) for one in found):
        raise BadSetup("people= of a Rule must be several of Person, such as (Person('ann'),).")
    return found


def _events(events: Iterable[str]) -> frozenset[str]:
    given = frozenset((events,) if isinstance(events, str) else events)
    for event in sorted(given.difference(EVENTS)):
        raise BadSetup(f"There is no event {event!r}; the events are: {', '.join(EVENTS)}.")
    return given


def _profiles(profiles: Iterable[str] | None) -> frozenset[str] | None:
    return (
        frozenset((profiles,) if isinstance(profiles, str) else profiles)
        if profiles is not None
        else None
    )


@frozen
class Rule:
    """Whom to tell. Of what, where it is not everything; of which profiles, where not all."""

    people: tuple[Person, ...] = field(converter=_people)
    events: frozenset[str] = field(default=frozenset(), converter=_events)  # none means all
    profiles: frozenset[str] | None = field(default=None, converter=_profiles)  # "": the kit's own

    def holds(self, event: str, profile: str) -> bool:
        """Say whether the rule is about this event and this profile."""
        about = not self.events or event in self.events
        return about and (self.profiles is None or profile in self.profiles)


def _rules(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    found = () if isinstance(rules, Rule) else tuple(rules)
    if isinstance(rules, Rule) or not all(isinstance(one, Rule) for one in found):
        raise BadSetup("A WorkflowSetup has several of Rule, such as [Rule([Person('ann')])].")
    return found


@frozen
class WorkflowSetup:
    """The article's workflow set-up, as `Recipients`: no rule is never, a bare one is always."""

    rules: tuple[Rule, ...] = field(default=(), converter=_rules)

    def of(self, event: str, customer: Customer, record: CancellationRecord) -> list[Person]:
        """Return who is told of an event."""
        found = [rule.people for rule in self.rules if rule.holds(event, record.profile)]
        return [person for people in found for person in people]
