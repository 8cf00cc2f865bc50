"""The CRM of `tests.sql_desk` with two plug-ins, whose needs are answered by functions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from attrs import frozen

from cancelkit import CancelKit
from cancelkit.adapters.sqlalchemy import SqlHost
from cancelkit.facts import Facts
from cancelkit.needs import NotAnAnswer
from cancelkit.states import SectionState, green, red
from tests.sql_crm import Crm
from tests.sql_desk import KIT


@frozen(cache_hash=True)
class Complained:
    """Whether a customer has complained: 0 or 1."""

    def read(self, answer: object, /) -> bool:
        if answer not in (0, 1):
            raise NotAnAnswer("0 or 1")
        return bool(answer)


@frozen(cache_hash=True)
class Tags:
    """The first and the last tag of a customer's assets."""

    def read(self, answer: object, /) -> tuple[str | None, str | None]:
        if not isinstance(answer, tuple):
            raise NotAnAnswer("two texts")
        first, last = answer
        return first, last


@frozen
class Plugin:
    """A section that asks for one thing, and is green where there is nothing."""

    key: str
    title: str
    needs: tuple[Any, ...]

    def evaluate(self, facts: Facts) -> SectionState:
        answer = facts[self.needs[0]]
        there = any(answer) if isinstance(answer, tuple) else answer
        return red(f"{self.key}.there") if there else green(f"{self.key}.none")


SECTIONS = (Plugin("complaints", "Complaints", (Complained(),)), Plugin("tags", "Tags", (Tags(),)))


def plugged(crm: Crm, **options: Any) -> SqlHost:
    """Return the host, which answers what the plug-ins want to know."""
    cases, assets = crm.records["cases"].c, crm.assets.c

    def complained(need: Complained, customer: Any, as_of: Any) -> Any:
        mine = (cases.customer_id == customer) & (cases.subject == "complaint")
        return sa.select(sa.cast(sa.exists().where(mine), sa.Integer))

    def tags(need: Tags, customer: Any, as_of: Any) -> Any:
        mine = (assets.customer_id == customer) & (assets.tag != "0044 20")
        return tuple(sa.select(each(assets.tag)).where(mine) for each in (sa.func.min, sa.func.max))

    return crm.host(answers={Complained: complained, Tags: tags}, **options)


def with_plugins(kit: CancelKit = KIT) -> CancelKit:
    """Return a kit whose checklist has the two sections as well."""
    checklist = kit.checklist
    for one in SECTIONS:
        checklist = checklist.with_section(one)
    return CancelKit(
        checklist, zone=kit.zone, roles=kit.roles, users=kit.users, recipients=kit.recipients
    )
