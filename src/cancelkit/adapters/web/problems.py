"""Errors as problems for people and programs: one table of statuses, for pages and JSON alike."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from cancelkit import errors
from cancelkit.errors import CancelkitError, Refused


@frozen
class Problem:
    """What went wrong, in the words of RFC 9457 (problem details)."""

    status: int
    code: str  # stable: the last part of `type`
    detail: str = field(repr=False)  # a sentence for people
    refusals: tuple[dict[str, str], ...] = field(default=(), repr=False)
    fresh: Any = field(default=None, repr=False)  # the new `Plan`, where one was judged
    headers: tuple[tuple[str, str], ...] = ()

    def data(self, title: str) -> dict[str, Any]:
        """Return the problem as a JSON-ready object."""
        more: dict[str, Any] = {"refusals": list(self.refusals)} if self.refusals else {}
        if self.fresh is not None:
            more["plan"] = self.fresh.data()
        kind = f"urn:cancelkit:problem:{self.code}"
        return {"type": kind, "title": title, "status": self.status, "detail": self.detail, **more}


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
    (errors.Invalid, 422, "invalid"),
    (errors.NotAllowed, 403, "not_allowed"),
    (errors.ConfirmationMissing, 428, "confirmation_missing"),
    (errors.Refused, 409, "refused"),
    (errors.Busy, 503, "busy"),
    (errors.Conflict, 503, "busy"),
    (errors.OutcomeUnknown, 503, "outcome_unknown"),
    (errors.CancelkitError, 500, "failed"),
)

AGAIN = "5"
"""After how many seconds to try again what was busy."""


def problem_of(error: CancelkitError) -> Problem:
    """Return the problem of an error; a fault shows no more than that there was one."""
    status, code = next((s, c) for kind, s, c in _STATUS if isinstance(error, kind))
    if isinstance(error, Refused):
        listed = tuple(
            {"code": r.code, "section": r.section, "key": r.message.key} for r in error.refusals
        )
        code = error.codes[0] if status == 409 and error.codes else code
        return Problem(status, code, str(error), listed, error.fresh)
    more: tuple[tuple[str, str], ...] = ()
    if isinstance(error, NotHere):
        more = (("Allow", ", ".join(error.allowed)),)
    if status == 503:
        more = (("Retry-After", AGAIN),)
    return Problem(status, code, str(error) if status < 500 else "", headers=more)
