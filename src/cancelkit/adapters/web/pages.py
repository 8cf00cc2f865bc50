"""The pages: HTML made from the view as data. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from cancelkit.adapters.web.call import BASED_ON, Call
from cancelkit.adapters.web.document import document, profiles_of
from cancelkit.adapters.web.problems import NotFound, Problem
from cancelkit.adapters.web.render import STATIC, static_file, static_name
from cancelkit.adapters.web.values import PanelResponse
from cancelkit.errors import Invalid
from cancelkit.looking import Look
from cancelkit.people import Customer
from cancelkit.records import JsonObject
from cancelkit.times import checked_day

HTML = ("Content-Type", "text/html; charset=utf-8")

CONFIRMED = ("begin", "process", "remove", "reinstate", "adopt", "end")
"""The commands that have a page on which they are confirmed."""


def page(call: Call, template: str, status: int = 200, **values: Any) -> PanelResponse:
    """Return a page; every template has `call`, `t` for texts, `root`, `hidden` and `nonce`."""
    text = call.panel.jinja.get_template(template).render(
        t=call.text,
        root=call.request.root,
        hidden=call.hidden,
        nonce=call.nonce,
        actor=call.desk.actor,
        formats=call.formats,
        zone=call.desk.kit.zone,
        **values,
    )
    return PanelResponse(status, text.encode(), (HTML,))


def customer(
    call: Call,
    *,
    status: int = 200,
    problem: Problem | None = None,
    kept: tuple[str, JsonObject] | None = None,
) -> PanelResponse:
    """Show the panel of a customer: the checklist with its forms.

    Args:
        call: the query may say `records` (a section whose open records are named), `on` (a day to
            come), `search` (for a new owner), and `done` (what was just done).
        status: of the response.
        problem: what went wrong with what was just sent.
        kept: what was sent, by the key of its section: shown again, so that nothing is lost.
    """
    query = call.query() if call.request.method in ("GET", "HEAD") else None
    named = query.take_all("records") if query else []
    on = day(query.take("on")) if query else None
    search = query.take("search") if query else ""
    done = query.take("done") if query else ""
    if query:
        query.done()
    look = call.cancellation.look(name=call.panel.named if named else 0, of=named, on=on)
    shown = document(call.desk.kit, look, _link(call, look))
    if kept is not None:
        _keep(shown, *kept)
    return page(
        call,
        "customer.html",
        status,
        view=shown,
        problem=problem and problem_values(call, problem),
        done=done,
        named=named,
        search=search,
        candidates=_candidates(call, shown, search),
        on=on,
    )


def _keep(shown: dict[str, Any], key: str, sent: JsonObject) -> None:
    """Put what was sent into the form again."""
    for section in shown["sections"]:
        if section["key"] == key and section["form"]:
            for one in section["form"]["fields"]:
                one["value"] = sent.get(one["name"], one["value"])


def _candidates(call: Call, shown: JsonObject, search: str) -> list[dict[str, str]]:
    """Return the users to choose an owner from, where a form of the page has such a field."""
    fields = [f for s in shown["sections"] if s["form"] for f in s["form"]["fields"]]
    if not any(one["kind"] == "owner" for one in fields):
        return []
    return [{"id": u.id, "name": u.name} for u in call.cancellation.candidates(search)]


def _link(call: Call, look: Look) -> str | None:
    links = call.desk.kit.links
    if links is None:
        return None
    view = look.view
    return links.customer(Customer(view.customer, view.name, tenant=call.desk.host.tenant))


def banner(call: Call) -> PanelResponse:
    """Return the banner for the customer's own page, as a fragment; empty where none is pending."""
    look = call.cancellation.look()
    return page(call, "banner.html", view=document(call.desk.kit, look))


def confirm(
    call: Call, *, status: int = 200, problem: Problem | None = None, on: date | None = None
) -> PanelResponse:
    """Show what a command would do, to confirm it; for Process that is the plan."""
    verb = call.params["verb"]
    if verb not in CONFIRMED:
        raise NotFound("There is nothing at this address.")
    if call.request.method in ("GET", "HEAD"):
        query = call.query()
        on = day(query.take("on"))
        query.done()
    look = call.cancellation.look(on=on if verb == "process" else None)
    if verb not in {move.value for move in look.view.actions}:
        return page(call, "moved.html", 409, view=document(call.desk.kit, look, _link(call, look)))
    return page(
        call,
        "confirm.html",
        status,
        verb=verb,
        view=document(call.desk.kit, look, _link(call, look)),
        profiles=profiles_of(call.desk.kit.profiles),
        problem=problem and problem_values(call, problem),
        based_on=BASED_ON,
        on=on,
    )


def static(call: Call) -> PanelResponse:
    """Return a static file; its name has its hash in it, so that it may be kept for ever."""
    for name, kind in STATIC.items():
        if call.params["file"] == static_name(name):
            kept = ("Cache-Control", "public, max-age=31536000, immutable")
            return PanelResponse(200, static_file(name), (("Content-Type", kind), kept))
    raise NotFound("There is no such file.")


def problem(call: Call, what: Problem) -> PanelResponse:
    """Return the page of a problem."""
    answer = page(call, "problem.html", what.status, problem=problem_values(call, what))
    return PanelResponse(answer.status, answer.body, (*answer.headers, *what.headers))


def problem_values(call: Call, what: Problem) -> Mapping[str, Any]:
    """Return what a template shows of a problem."""
    key = f"problem.{what.code}"
    title = call.text(key)
    return {
        "status": what.status,
        "code": what.code,
        "title": title if title != key else call.text("problem.refused"),
        "detail": what.detail or call.text(f"{key}.detail"),
    }


def day(text: str) -> date | None:
    """Read a day from a field, or None where it is empty; raises `Invalid`."""
    if not text:
        return None
    try:
        return checked_day(date.fromisoformat(text))
    except ValueError:
        raise Invalid(f"{text!r:.40} is not a day; expected one such as 2026-03-02.") from None
