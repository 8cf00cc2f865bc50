"""Hypothesis strategies for what a section is judged by: answers, forms, customers, users."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from attrs import evolve, field, frozen
from hypothesis import strategies as st

from cancelkit.effects import Effect
from cancelkit.facts import Facts
from cancelkit.needs import AssetsLeft, Count, Need, NextDate, OpenRecords, UnceasedAssets, Unknown
from cancelkit.people import Customer, Person, User
from cancelkit.sections import Mood, NewOwner, Reason, Reasons
from cancelkit.sections.creating_expiry import NewExpiry
from cancelkit.testing.samples import DAY

TEXTS = st.one_of(
    st.sampled_from(
        ("", " ", "😀", "{name} {0}", "<b>&</b>", "\u202eevil\u202c", "a\nb\tc", "=1+1")
    ),
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20),
)
"""Free text that is allowed, hostile as it may be."""

IDS = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=8)
COUNTS = st.one_of(
    st.integers(0, 3).map(Count), st.builds(Count, st.integers(0, 10**6)), st.just(Count(100, True))
)
DAYS = st.integers(-400, 400).map(lambda days: DAY + timedelta(days=days))
PEOPLE = st.builds(Person, IDS, TEXTS)
CUSTOMERS = st.builds(
    Customer, IDS, TEXTS, owners=st.lists(PEOPLE, max_size=2).map(tuple), since=st.none() | DAYS
)

_REASONS = st.builds(
    Reason, st.sampled_from(("price", "service", "other", "not-on-the-list")), TEXTS
)
FORMS: Mapping[type, st.SearchStrategy[Any]] = {
    Reasons: st.builds(
        Reasons,
        st.lists(_REASONS, max_size=3, unique_by=lambda reason: reason.code).map(tuple),
        TEXTS,
        TEXTS,
    ),
    NewOwner: st.one_of(st.just(NewOwner(keep=True)), st.builds(NewOwner, st.just("") | IDS)),
    Mood: st.builds(Mood, st.sampled_from(("", "happy", "angry", "not-on-the-list"))),
    NewExpiry: st.builds(NewExpiry, st.none() | DAYS, IDS),
}
"""Form -> what may be entered."""


def answers_to(need: Need[Any]) -> st.SearchStrategy[Any] | None:
    """Return a strategy for the answers to a need of cancelkit's own; None for another one."""
    if isinstance(need, OpenRecords):
        return COUNTS
    if isinstance(need, UnceasedAssets):
        return st.builds(AssetsLeft, COUNTS, COUNTS, COUNTS)
    return st.none() | DAYS if isinstance(need, NextDate) else None


@frozen(eq=False)
class Given:
    """Everything that a section is judged by, so that a test can change a part of it."""

    customer: Customer
    today: date
    as_of: date
    answers: Mapping[Need[Any], Any]
    forms: Mapping[type, Any] = field(factory=dict)
    performed: Mapping[type, Effect] = field(factory=dict)
    users: Mapping[str, User] = field(factory=dict)

    def facts(self) -> Facts:
        """Return the facts."""
        return Facts(
            self.customer,
            self.today,
            self.as_of,
            self.answers,
            self.forms,
            self.performed,
            self.users,
        )

    def parts(self) -> tuple[Any, ...]:
        """Return copies of everything that a section might change."""
        found: tuple[Mapping[Any, Any], ...]
        found = (self.answers, self.forms, self.performed, self.users)
        return (self.customer, *(dict(one) for one in found), repr(found))

    def answered(self, need: Need[Any], answer: object) -> Given:
        """Return the same with another answer to a need."""
        return evolve(self, answers={**self.answers, need: answer})

    def blind(self) -> Given:
        """Return the same without any answer that could be seen."""
        return evolve(self, answers={need: Unknown("no tenant is set") for need in self.answers})


STEPS = (Count(1), Count(9), Count(99), Count(100), Count(10**6), Count(100, more=True))
"""How many more open records there may be."""


def more(answer: Count | AssetsLeft, by: Count) -> Count | AssetsLeft:
    """Return an answer with more open records: of assets, so many of each kind."""
    if isinstance(answer, Count):
        return Count(answer.n + by.n, answer.more or by.more)
    return AssetsLeft(*(Count(count.n + by.n, count.more or by.more) for count in answer))
