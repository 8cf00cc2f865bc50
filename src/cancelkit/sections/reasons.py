"""Cancellation reasons: codes, free text, and a field for extra information (seed article)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from attrs import field, frozen

from cancelkit.errors import Invalid, UnknownReason
from cancelkit.facts import Facts
from cancelkit.section import Gate
from cancelkit.states import SectionState, green, red
from cancelkit.text import checked_id, checked_text

MOST = 100
"""How many reasons may be given at most."""


def _code(value: str) -> str:
    return checked_id(value, "a reason code")


def _comment(value: str) -> str:
    return checked_text(value, "the comment on a reason")


def _text(value: str) -> str:
    return checked_text(value, "the reasons")


def _extra(value: str) -> str:
    return checked_text(value, "the extra information")


@frozen
class Reason:
    """One reason that was given: a code of the host's list; some codes require a comment."""

    code: str = field(converter=_code)
    comment: str = field(default="", repr=False, converter=_comment)


def _as_reasons(given: str | Reason | Iterable[str | Reason]) -> tuple[Reason, ...]:
    several = (given,) if isinstance(given, str | Reason) else given
    if not isinstance(several, Iterable):
        raise Invalid(f"The reasons must be codes, not {type(given).__name__}.")
    return tuple(one if isinstance(one, Reason) else Reason(one) for one in several)


@frozen
class Reasons:
    """What is entered: `Reasons("price", text="Moved to another supplier")`.

    Reasons from the host's list are given as a code, a `Reason`, or several of them. The free
    text and the extra information have up to 10,000 characters each.
    """

    codes: tuple[Reason, ...] = field(default=(), converter=_as_reasons)
    text: str = field(default="", repr=False, converter=_text)
    extra: str = field(default="", repr=False, converter=_extra)

    def __attrs_post_init__(self) -> None:
        if len(self.codes) > MOST:
            raise Invalid(f"{len(self.codes)} reasons are given; at most {MOST} are allowed.")
        given = [reason.code for reason in self.codes]
        if twice := sorted({code for code in given if given.count(code) > 1}):
            raise Invalid(f"The reason code {twice[0]!r} is given twice.")


class ReasonCode(NamedTuple):
    """One code of the host's list, with the text to show."""

    code: str
    label: str
    comment_required: bool = False


_CODES = (
    ReasonCode("price", "Price"),
    ReasonCode("service", "Service or support"),
    ReasonCode("competitor", "Moved to a competitor"),
    ReasonCode("moved", "Moved away"),
    ReasonCode("closed_down", "Ceased trading"),
    ReasonCode("other", "Other", comment_required=True),
)


@frozen
class ReasonsSection:
    """Green when at least one reason code or some free text is given."""

    codes: tuple[ReasonCode, ...] = _CODES  # the host's list, in the order to show
    key: str = "reasons"
    title: str = "Cancellation reasons"
    gate: Gate = Gate.BLOCKS
    needs: tuple[()] = ()
    form: type[Reasons] = Reasons

    def evaluate(self, facts: Facts) -> SectionState:
        """Look at what was entered."""
        entered = facts.entered(Reasons)
        if entered is None or not (entered.codes or entered.text.strip()):
            return red("reasons.none", hint="reasons.none.hint")
        listed = {code.code: code for code in self.codes}
        for reason in entered.codes:
            known = listed.get(reason.code)
            if known and known.comment_required and not reason.comment.strip():
                return red("reasons.comment", reason=known.label)
        labels = [listed[r.code].label if r.code in listed else r.code for r in entered.codes]
        return green("reasons.given", text="; ".join([*labels, entered.text.strip()]).strip("; "))

    def check(self, form: Reasons, facts: Facts, /) -> None:
        """Refuse a code that is not on the list, and a code without the comment it requires."""
        listed = {code.code: code for code in self.codes}
        for reason in form.codes:
            known = listed.get(reason.code)
            if known is None:
                raise UnknownReason(
                    f"There is no reason code {reason.code!r}; the codes are: {', '.join(listed)}."
                )
            if known.comment_required and not reason.comment.strip():
                raise Invalid(f"The reason {known.label!r} ({known.code}) requires a comment.")
