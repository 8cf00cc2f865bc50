"""The lifecycle by hand, at its barest: a dict and ifs. It explains nothing."""

from __future__ import annotations

from typing import Any

GREEN: dict[str, Any] = {
    "reasons": "moved",
    "ownership": "t-7",
    "future_expiry": 1,
    "assets": 0,
    "cases": 0,
    "opportunities": 0,
    "quotations": 0,
    "sales_orders": 0,
    "mood": "neutral",
}
WANTED = ("reasons", "ownership", "future_expiry", "mood")
"""What must be there; of everything else there must be nothing."""


class NotDone(Exception):
    """A lifecycle that did not come to its end."""


def red(key: str) -> dict[str, Any]:
    """The same with one section red."""
    return {**GREEN, key: ("" if isinstance(GREEN[key], str) else 0) if key in WANTED else 1}


def cycle(values: dict[str, Any] = GREEN) -> dict[str, Any]:  # noqa: C901 - ifs are the point
    """Begin and process one customer."""
    customer = {"state": "live", **values}
    if customer["state"] != "live":
        raise NotDone
    customer["state"] = "pending"
    if customer["state"] != "pending":
        raise NotDone
    if not customer["reasons"]:
        raise NotDone
    if not customer["ownership"]:
        raise NotDone
    if not customer["future_expiry"]:
        raise NotDone
    if customer["assets"]:
        raise NotDone
    if customer["cases"]:
        raise NotDone
    if customer["opportunities"]:
        raise NotDone
    if customer["quotations"]:
        raise NotDone
    if customer["sales_orders"]:
        raise NotDone
    if not customer["mood"]:
        raise NotDone
    customer["state"] = "cancelled"
    return customer
