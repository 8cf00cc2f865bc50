"""The pages: HTML made from the view as data. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from attrs import field, frozen

from cancelkit.adapters.web.call import Call
from cancelkit.adapters.web.entering import Sent, Unfit
from cancelkit.adapters.web.problems import NotFound, Problem
from cancelkit.adapters.web.render import STATIC, static_file, static_name
from cancelkit.adapters.web.shown import lost, sections_of
from cancelkit.adapters.web.values import PanelResponse, read_day
from cancelkit.errors import CancelkitError, Invalid, Refused
from cancelkit.looking import Look
from cancelkit.records import JsonObject, Verb

HTML = ("Content-Type", "text/html; charset=utf-8")

JUST_NOW = timedelta(minutes=10)
"""How long after it was done a page still says so."""


@frozen
class Again:
    """What did not work, for the page that is shown again.

    Attributes:
        problem: what went wrong.
        error: the error itself: every reason of a refusal.
        section: what it was about; "" for the customer as a whole.
        sent: what was sent for the section's form.
        reason: what was sent as the reason of an override.
        kept: the hidden fields that a form keeps, by the form: "enter reasons", "begin".
        answers: what was sent to confirm a command.
    """

    problem: Problem
    error: CancelkitError
    section: str = ""
    sent: Sent | None = None
    reason: str | None = field(default=None, repr=False)
    kept: Mapping[str, Mapping[str, str]] = field(factory=dict)
    answers: Mapping[str, str] = field(factory=dict)


def page(
    call: Call,
    template: str,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    *,
    kept: Mapping[str, Mapping[str, str]] | None = None,
    **values: Any,
) -> PanelResponse:
    """Return a page.

    Every template has `t` for texts; `day`, `day_of`, `instant` and `number`, which write in the
    language of the reader; `root`, the relative address of the panel; `hidden`, the hidden fields
    of a form; `kept`, those that a form keeps which was sent and is shown again; `nonce`, `actor`,
    `language` and `direction`.
    """
    kit, formats, again = call.desk.kit, call.formats, kept or {}
    text = call.panel.jinja.get_template(template).render(
        **{"root": call.request.root, **values},
        t=call.text,
        day=lambda text: formats.day(date.fromisoformat(text)),
        instant=lambda text: formats.instant(datetime.fromisoformat(text), kit.zone),
        day_of=lambda at: formats.day(at.astimezone(kit.zone).date()),
        number=formats.number,
        as_day=date.fromisoformat,
        hidden=lambda based_on="", form="": {**call.hidden(based_on), **again.get(form, {})},
        kept=again,
        nonce=call.nonce,
        actor=call.desk.actor,
        language=formats.tag,
        direction=formats.direction,
    )
    return PanelResponse(status, text.encode("utf-8", "replace"), (HTML, *headers))


def customer(call: Call, again: Again | None = None) -> PanelResponse:
    """Show the panel of a customer: the checklist with its forms.

    Args:
        call: the query may say `records` (a section whose open records are named), `on` (a day to
            come), `search` (for a new owner), and `done` and `of` (what was just done, and for
            which section).
        again: what did not work with what was just sent.
    """
    asked = call.query() if call.request.method in ("GET", "HEAD") else None
    named = asked.take_all("records") if asked else []
    on = read_day(asked.take("on")) if asked else None
    search = asked.take("search") if asked else ""
    done, of = (asked.take("done"), asked.take("of")) if asked else ("", "")
    if asked:
        asked.done()
    look = call.cancellation.look(name=call.panel.named if named else 0, of=named, on=on)
    on = on if on is not None and on > look.view.today else None  # the past is shown as of today
    shown = call.shown(look)
    shown["sections"] = sections_of(call, look, shown["sections"], search, again)
    there = [one["key"] for one in shown["sections"]]
    return page(
        call,
        "customer.html",
        again.problem.status if again else 200,
        again.problem.headers if again else (),
        kept=again.kept if again else {},
        view=shown,
        problem=problem_values(call, again.problem, again.error) if again else None,
        problem_section=again.section if again and again.section in there else "",
        lost=lost(call, shown["sections"], again) if again else [],
        overriding=again.section if again and again.reason is not None else "",
        override_reason=again.reason if again else "",
        done=_done(call, look, done, of),
        search=search,
        on=on.isoformat() if on else "",
    )


def _done(call: Call, look: Look, verb: str, section: str) -> list[str]:
    """Return what this user has just done, in words: the verb, and what came of it.

    An address can be made by anybody: it is believed only where the history says the same.
    """
    if not verb:
        return []
    if verb not in [each.value for each in Verb]:
        raise Invalid(f"There is no command {verb!r:.40} that could have been done.")
    newest = next((entry for entry in reversed(look.history) if entry.accepted), None)
    if (
        newest is None
        or (newest.verb.value, newest.section) != (verb, section)
        or newest.actor.id != call.desk.actor.id
        or call.now - newest.at > JUST_NOW
    ):
        return []
    word = "take_back" if newest.verb is Verb.OVERRIDE and not newest.note else verb
    values = {"section": section} if section else {}
    said = call.text(f"done.{word}", name=look.view.name, **values)
    return [said, *(call.desk.kit.text(message) for message in newest.done)]


def banner(call: Call) -> PanelResponse:
    """Return the banner for the customer's own page, as a fragment; empty where none is pending.

    A page of the host is somewhere else, so that its link begins at `Panel.mount`, if that is set.
    """
    root = f"{call.panel.mount}/" if call.panel.mount else call.request.root
    return page(call, "banner.html", view=call.cancellation.view().data(), root=root)


def static(call: Call) -> PanelResponse:
    """Return a static file; its name has its hash in it, so that it may be kept for ever."""
    for name, kind in STATIC.items():
        if call.params["file"] == static_name(name):
            kept = ("Cache-Control", "public, max-age=31536000, immutable")
            return PanelResponse(200, static_file(name), (("Content-Type", kind), kept))
    raise NotFound("There is no such file.")


def problem(call: Call, what: Problem) -> PanelResponse:
    """Return the page of a problem."""
    shown = problem_values(call, what)
    return page(call, "problem.html", what.status, what.headers, problem=shown)


def problem_values(call: Call, what: Problem, error: CancelkitError | None = None) -> JsonObject:
    """Return what a template shows of a problem: a title, and every reason of a refusal."""
    key = f"problem.{'unfit' if isinstance(error, Unfit) else what.code}"
    title, detail = call.text(key), call.text(f"{key}.detail")
    said = what.detail or (what.sentence if error else "")  # the form of a plug-in says why itself
    if key == "problem.invalid" and said:
        detail = said
    return {
        "status": what.status,
        "code": what.code,
        "title": title if title != key else call.text("problem.refused"),
        "detail": detail if detail != f"{key}.detail" else said,
        "reasons": [call.desk.kit.sentence(why) for why in error.refusals]
        if isinstance(error, Refused) and detail == f"{key}.detail"
        else [],
    }
