"""The page on which a command is confirmed; for Process it shows the plan."""

from __future__ import annotations

from datetime import date
from typing import Any

from cancelkit.adapters.web.call import Call
from cancelkit.adapters.web.document import profiles_of
from cancelkit.adapters.web.pages import Again, page, problem_values
from cancelkit.adapters.web.problems import NotFound
from cancelkit.adapters.web.values import PanelResponse, read_day
from cancelkit.looking import Look
from cancelkit.views import Plan

CONFIRMED = ("begin", "process", "remove", "reinstate", "adopt", "end")
"""The commands that are confirmed on a page of their own."""


def confirm(call: Call, again: Again | None = None, *, on: date | None = None) -> PanelResponse:
    """Show what a command would do, to confirm it.

    Args:
        call: the address names the verb; the query may say `on`, the effective date of Process.
        again: what did not work, where the command was just refused.
        on: then, the effective date that was sent.
    """
    verb = call.params["verb"]
    if verb not in CONFIRMED:
        raise NotFound("There is nothing at this address.")
    if call.request.method in ("GET", "HEAD"):
        query = call.query()
        on = read_day(query.take("on"))
        query.done()
    look = call.cancellation.look(on=on if verb == "process" else None)
    values: dict[str, Any] = {
        "verb": verb,
        "view": call.shown(look),
        "problem": problem_values(call, again.problem, again.error) if again else None,
        "on": on.isoformat() if on else "",
        "answers": again.answers if again else {},
        "kept": again.kept if again else {},
    }
    status, more = (again.problem.status, again.problem.headers) if again else (200, ())
    if verb not in {move.value for move in look.view.actions}:
        return page(call, "moved.html", status if again else 409, more, **values)
    values |= {"profiles": profiles_of(call.desk.kit.profiles), "based_on": _token(look, verb)}
    if verb == "process" and look.plan is not None:
        values |= _plan(look.plan)
    return page(call, "confirm.html", status, more, **values)


def _token(look: Look, verb: str) -> str:
    """Return the token of what is confirmed; Begin, Adopt and End are based on none."""
    if verb == "process":
        return look.plan.token if look.plan else ""
    return look.view.token if verb in ("remove", "reinstate") else ""


def _plan(plan: Plan) -> dict[str, Any]:
    """Return the plan with the sections that it names, and what else stands in the way."""
    lines = {*plan.blocked_by, *plan.until_then}
    by_section = {f"{line.title}: {line.message}" for line in lines}
    return {
        "plan": plan,
        "elsewhere": [why for why in plan.obstacles if why not in by_section],
        "refused": bool(plan.obstacles),
    }
