"""What the forms of the pages do: each is one command, and then a page to look at again."""

from __future__ import annotations

from collections.abc import Callable

from cancelkit.adapters.web import pages
from cancelkit.adapters.web.addresses import segment
from cancelkit.adapters.web.call import BASED_ON, OPERATION, Call
from cancelkit.adapters.web.entering import entered
from cancelkit.adapters.web.forms import form_data
from cancelkit.adapters.web.problems import NotFound, Problem, problem_of
from cancelkit.adapters.web.values import Fields, PanelResponse, yes
from cancelkit.cancellation import Cancellation
from cancelkit.errors import Invalid, NotAllowed, Refused, UnknownCustomer, UnknownSection
from cancelkit.records import JsonObject

SEE_OTHER = 303


def enter(call: Call) -> PanelResponse:
    """Store what was entered for a section; what does not fit is shown again, with the reason."""
    sent, key = call.form(), call.params["section"]
    op, based_on, form = sent.take(OPERATION), sent.take(BASED_ON), _form(call, key)
    kept: JsonObject = {}
    try:
        kept = entered(form, sent)
        call.cancellation.enter_data(key, kept, token=based_on, op=op)
    except (UnknownCustomer, UnknownSection):
        raise
    except (Invalid, Refused) as error:
        return pages.customer(
            call, status=_seen(call, error).status, problem=_seen(call, error), kept=(key, kept)
        )
    return _back(call, f"?done={key}#{key}")


def perform_now(call: Call) -> PanelResponse:
    """Do at once what a section plans."""
    return _on_section(call, lambda c, key, op, token: c.perform_now(key, token=token, op=op))


def override(call: Call) -> PanelResponse:
    """Override a section with a reason, or take that back."""
    sent = call.form()
    reason, back = sent.take("reason"), yes(sent.take("take_back"))
    return _on_section(
        call,
        lambda c, key, op, token: c.override(key, reason, take_back=back, token=token, op=op),
        sent,
    )


def command(call: Call) -> PanelResponse:
    """Carry out a command that was confirmed; a refusal shows the page again, as it is now."""
    verb = call.params["verb"]
    if verb not in pages.CONFIRMED:
        raise NotFound("There is nothing at this address.")
    sent = call.form()
    op, token, on = sent.take(OPERATION), sent.take(BASED_ON), pages.day(sent.take("on"))
    back, profile = yes(sent.take("put_back")), sent.take("profile")
    sent.done()
    cancellation = call.cancellation
    try:
        match verb:
            case "begin":
                cancellation.begin(profile=profile, op=op)
            case "process":
                cancellation.process(token, on=on, op=op)
            case "remove":
                cancellation.remove(put_back=back, token=token, op=op)
            case "reinstate":
                cancellation.reinstate(put_back=back, token=token, op=op)
            case "adopt":
                cancellation.adopt(op=op)
            case _:
                cancellation.end(op=op)
    except Refused as refused:
        problem = _seen(call, refused)
        return pages.confirm(call, status=problem.status, problem=problem, on=on)
    return _back(call, f"?done={verb}")


Act = Callable[[Cancellation, str, str, str], object]


def _on_section(call: Call, act: Act, sent: Fields | None = None) -> PanelResponse:
    sent, key = sent or call.form(), call.params["section"]
    op, token = sent.take(OPERATION), sent.take(BASED_ON)
    sent.done()
    try:
        act(call.cancellation, key, op, token)
    except (UnknownCustomer, UnknownSection):
        raise
    except (Invalid, Refused) as error:
        problem = _seen(call, error)
        return pages.customer(call, status=problem.status, problem=problem)
    return _back(call, f"?done={key}#{key}")


def _form(call: Call, key: str) -> JsonObject:
    kit = call.desk.kit
    section = kit.known.by_key.get(key)
    form = form_data(kit, section, None) if section is not None else None
    if form is None:
        raise NotFound("Nothing can be entered at this address.")
    return form


def _seen(call: Call, error: Invalid | Refused) -> Problem:
    """Return the problem of a refused command; raises `NotFound` where the user may not look."""
    if isinstance(error, NotAllowed):
        try:
            call.cancellation.view()
        except (NotAllowed, UnknownCustomer):
            raise NotFound("There is nothing at this address.") from error
    return problem_of(error)


def _back(call: Call, rest: str) -> PanelResponse:
    """Send the browser to the panel of the customer, by a relative address."""
    where = f"{call.request.root}customers/{segment(call.customer)}{rest}"
    return PanelResponse(SEE_OTHER, headers=(("Location", where),))
