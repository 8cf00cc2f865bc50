"""Errors as problems for people and programs: one table of statuses, for pages and JSON alike."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from cancelkit import errors
from cancelkit.adapters.web.document import plan_data
from cancelkit.errors import CancelkitError, Refused
from cancelkit.kit import CancelKit
from cancelkit.messages import Message, Refusal

PREFIX = "urn:cancelkit:problem:"


@frozen
class Problem:
    """What went wrong, in the words of RFC 9457 (problem details)."""

    status: int
    code: str  # stable: the last part of `type`
    detail: str = field(repr=False)  # a sentence for people; "" for the text of the code
    refusals: tuple[Refusal, ...] = field(default=(), repr=False)
    fresh: Any = field(default=None, repr=False)  # the new `Plan`, where one was judged
    headers: tuple[tuple[str, str], ...] = ()
    sentence: str = field(default="", repr=False)  # for the developer, where there is no detail

    def data(self, kit: CancelKit) -> dict[str, Any]:
        """Return the problem as a JSON-ready object, in the language of the reader."""
        more: dict[str, Any] = {}
        if self.refusals:
            more["refusals"] = [_refusal(kit, one) for one in self.refusals]
        if self.fresh is not None:
            more["plan"] = plan_data(self.fresh)
        said = "; ".join(kit.sentence(one) for one in self.refusals) or self.detail or self.sentence
        return {
            "type": f"{PREFIX}{self.code}",
            "title": title_of(kit, self.code),
            "status": self.status,
            "detail": said or kit.text(Message(f"problem.{self.code}.detail")),
            **more,
        }


def title_of(kit: CancelKit, code: str) -> str:
    """Return the title of a problem: that of every refusal where its code has none of its own."""
    key = f"problem.{code}"
    title = kit.text(Message(key))
    return title if title != key else kit.text(Message("problem.refused"))


def _refusal(kit: CancelKit, one: Refusal) -> dict[str, Any]:
    return {
        "code": one.code,
        "section": one.section or None,
        "key": one.message.key,
        "message": kit.sentence(one),
    }


class NotFound(errors.Invalid):
    """There is nothing at this address, or nothing that this user may know of."""


class NotHere(errors.Invalid):
    """The address is right, the method is not; `allowed` are those that are."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__("This address does not take the method.")
        self.allowed = allowed


class Forged(errors.Invalid):
    """A request that changes something, without the token or from another site."""


class TooLarge(errors.Invalid):
    """The body is larger than the panel reads."""


class NotTaken(errors.Invalid):
    """The body is of a media type that this address does not take."""


_STATUS: tuple[tuple[type[CancelkitError], int, str], ...] = (  # the first that fits
    (NotFound, 404, "not_found"),
    (NotHere, 405, "method_not_allowed"),
    (Forged, 403, "forged"),
    (TooLarge, 413, "too_large"),
    (NotTaken, 415, "media_type"),
    (errors.UnknownCustomer, 404, "not_found"),
    (errors.UnknownSection, 404, "not_found"),
    (errors.BadSetup, 500, "failed"),
    (errors.Invalid, 422, "invalid"),
    (errors.NotAllowed, 403, "not_allowed"),
    (errors.ConfirmationMissing, 428, "confirmation_missing"),
    (errors.Refused, 409, "refused"),
    (errors.Busy, 503, "busy"),
    (errors.Conflict, 503, "busy"),
    (errors.OutcomeUnknown, 503, "outcome_unknown"),
    (errors.CancelkitError, 500, "failed"),
)

CODES = tuple(dict.fromkeys([code for *_, code in _STATUS] + list(errors.REFUSED_BY_CODE)))
"""Every code that a problem may have."""

AGAIN = "5"
"""After how many seconds to try again what was busy."""


def problem_of(error: CancelkitError, kit: CancelKit) -> Problem:
    """Return the problem of an error, in the language of the kit where it is for people.

    A fault shows no more than that there was one.
    """
    status, code = next((s, c) for kind, s, c in _STATUS if isinstance(error, kind))
    if isinstance(error, Refused):
        code = error.codes[0] if status == 409 and error.codes else code
        return Problem(status, code, str(error), error.refusals, error.fresh)
    more: tuple[tuple[str, str], ...] = ()
    if isinstance(error, NotHere):
        more = (("Allow", ", ".join(error.allowed)),)
    if status == 503:
        more = (("Retry-After", AGAIN),)
    if status == 404 or status >= 500:  # the same for absent and forbidden; no trace of faults
        return Problem(status, code, "", headers=more)
    said = getattr(error, "message", None)
    return Problem(status, code, kit.text(said) if said else "", headers=more, sentence=str(error))
