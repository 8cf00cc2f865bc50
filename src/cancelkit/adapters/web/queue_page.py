"""The queue of all open cancellations, as a page and as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from attrs import evolve

from cancelkit.adapters.web.call import Call
from cancelkit.adapters.web.pages import page
from cancelkit.adapters.web.values import Fields, PanelResponse, yes
from cancelkit.errors import Invalid
from cancelkit.queue import Filters, Queue, Stage, csv, queue

ROWS = 50
"""How many rows a page has."""

NONE = "none"
"""What a filter by owner, reason or profile says for those that have none."""

IS = "is:"
"""What it says before the id of one, so that no id is taken for `NONE`."""


def show(call: Call) -> PanelResponse:
    """Show a page of the queue; the query has the filters, and `page`, from 1."""
    query = call.query()
    number, sent = _whole(query, "page", 1), _sent(query)
    query.done()
    wanted = _filters(call, sent)
    found = queue(call.desk, wanted, page=number, limit=ROWS)
    if number > found.pages:  # rows have gone since the link was made
        number = found.pages
        found = queue(call.desk, wanted, page=number, limit=ROWS)
    kept = {name: text for name, text in sent.items() if text}
    return page(
        call,
        "queue.html",
        queue=found,
        sent=sent,
        filtered=bool(kept),
        choices=_with_chosen(_choices(call, found), sent),
        export=urlencode(kept),
        before=_at(kept, number - 1, found),
        after=_at(kept, number + 1, found),
    )


def _at(kept: dict[str, str], number: int, found: Queue) -> str:
    """Return the query of another page, or "" where there is none."""
    return urlencode({**kept, "page": number}) if 1 <= number <= found.pages else ""


def _choices(call: Call, found: Queue) -> dict[str, list[tuple[str, str]]]:
    """Return what each filter offers, as what it sends and what it shows."""
    words = [(stage.name.lower(), call.text(f"stage_word.{stage.name.lower()}")) for stage in Stage]
    return {
        "stage": words,
        "owner": [(f"{IS}{owner.id}", owner.name) for owner in found.owners],
        "reason": [(f"{IS}{one.code}", one.label) for one in found.reasons],
        "profile": [(f"{IS}{name}", name) for name in found.profiles if name],
    }


def _with_chosen(
    choices: dict[str, list[tuple[str, str]]], sent: Mapping[str, str]
) -> dict[str, list[tuple[str, str]]]:
    """Return the choices with what was chosen, also where no row has it any more."""
    return {
        name: [*offered, (chosen, chosen.removeprefix(IS))]
        if (chosen := sent[name]) not in ("", NONE, *(value for value, _ in offered))
        else offered
        for name, offered in choices.items()
    }


def export(call: Call) -> PanelResponse:
    """Return the rows that the filters take as CSV, on one page."""
    query = call.query()
    sent = _sent(query)
    query.done()
    found = queue(call.desk, _filters(call, sent), limit=None)
    body = "".join(("\ufeff", *csv(found, call.desk.kit))).encode()
    name = f"cancellations-{found.today.isoformat()}.csv"
    return PanelResponse(
        200,
        body,
        (
            ("Content-Type", "text/csv; charset=utf-8"),
            ("Content-Disposition", f'attachment; filename="{name}"'),
        ),
    )


_FILTERS = ("search", "stage", "min_age", "owner", "reason", "profile", "overdue", "stuck")


def _sent(query: Fields) -> dict[str, str]:
    return {name: query.take(name) for name in _FILTERS}


def _filters(call: Call, sent: dict[str, str]) -> Filters:
    """Read the filters; raises `Invalid` for what is none."""
    chosen: dict[str, Any] = {
        name: _which(name, sent[name]) for name in ("owner", "reason", "profile") if sent[name]
    }
    if sent["stage"]:
        chosen["stage"] = _stage(sent["stage"])
    made = Filters(
        search=sent["search"],
        min_age=_number("min_age", sent["min_age"] or "0"),
        overdue=yes(sent["overdue"]),
        stuck=yes(sent["stuck"]),
        stuck_after=call.panel.stuck_after,
    )
    return evolve(made, **chosen)


def _which(name: str, text: str) -> str:
    if text == NONE:
        return ""
    if not text.startswith(IS):
        raise Invalid(f"The filter {name!r} is 'none' or begins with 'is:', not {text!r:.40}.")
    return text.removeprefix(IS)


def _stage(text: str) -> Stage:
    known = {stage.name.lower(): stage for stage in Stage}
    if text not in known:
        raise Invalid(f"There is no stage {text!r:.40}; the stages are: {', '.join(known)}.")
    return known[text]


def _whole(query: Fields, name: str, default: int) -> int:
    return _number(name, query.take(name) or str(default))


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid(f"{name} must be a whole number, not {text!r:.40}.")
    return int(text)
