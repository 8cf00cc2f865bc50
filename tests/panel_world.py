"""A CRM with a plug-in whose form has a field of every kind, and a panel at it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal

from attrs import field, frozen

from cancelkit import STANDARD, Checklist, EitherRole, Person, User
from cancelkit.adapters.memory import MemoryLinks, Record
from cancelkit.adapters.web import Panel
from cancelkit.facts import Facts
from cancelkit.section import Gate
from cancelkit.sections import ReasonCode, ReasonsSection
from cancelkit.states import SectionState, green, red
from tests.world import World, world

SECRET = "a secret of the host's own"
SITE = "http://crm.example"

REASONS = ReasonsSection(
    codes=(
        ReasonCode("price", "Price", group="About us"),
        ReasonCode("service", "Service or support", group="About us"),
        ReasonCode("competitor", "Moved to a competitor", group="About us"),
        ReasonCode("moved", "Moved away", group="About the customer"),
        ReasonCode("closed_down", "Ceased trading", group="About the customer"),
        ReasonCode("other", "Other", comment_required=True, group="About the customer"),
    )
)


class Condition(Enum):
    """How a router comes back."""

    GOOD = "good"
    WORN = "worn_out"


@frozen
class Everything:
    """What can be entered for the plug-in: a field of every kind."""

    line: str = ""
    text: str = field(default="", metadata={"multiline": True})
    box: bool = False
    day: date | None = None
    instant: datetime | None = None
    condition: Condition | None = None
    stars: Literal[1, 2, 3] | None = None
    boxes: int | None = None
    weight: float | None = None
    serials: tuple[str, ...] = ()
    more: dict[str, str] | None = None


@frozen
class EquipmentSection:
    """Green when the router is back."""

    key: str = "equipment"
    title: str = "Equipment returned"
    gate: Gate = Gate.ADVISES
    needs: tuple[()] = ()
    form: type[Everything] = Everything
    texts: Mapping[str, str] = field(
        hash=False,
        factory=lambda: {
            "equipment.back": "The router is back",
            "equipment.out": "The router is still with the customer",
        },
    )

    def evaluate(self, facts: Facts) -> SectionState:
        """Look at what was entered."""
        entered = facts.entered(Everything)
        return green("equipment.back") if entered and entered.box else red("equipment.out")


LINKS = MemoryLinks(
    f"{SITE}/c/{{customer}}",
    f"{SITE}/c/{{customer}}/{{section}}",
    tabs=[section.key for section in STANDARD.sections if section.needs],
)

ROLES = {"alice": ("CRM Admin",), "bob": ("Customer Cancellation",)}
"""The roles by user; whoever is not here has none."""

CHECKLIST = STANDARD.replacing(REASONS).with_section(EquipmentSection(), after="assets")


def panel_world(checklist: Checklist = CHECKLIST, **settings: Any) -> World:
    """Return a CRM with one customer and open records of some kinds; Bob may not override."""
    chosen: dict[str, Any] = {"links": LINKS, **settings}
    w = world(
        checklist,
        told=[Person("m-1", "Mara Lindqvist"), Person("m-2", "Billing team")],
        roles=EitherRole(lambda actor: ROLES.get(actor, ())),
        **chosen,
    )
    w.add_order()
    w.crm.put("sales_orders", Record("SO-2", "C-1", "completed", "SO-2"))
    for number in range(2):
        w.add_asset(None, live=True, asset=f"A-{number}")
    w.users.put(User("t-9", "Tom"))
    return w


def new_panel(**settings: Any) -> Panel:
    """Return a panel that speaks English and German."""
    return Panel(SECRET, languages=("en-GB", "de"), **settings)
