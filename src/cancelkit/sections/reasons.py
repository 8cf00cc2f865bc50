"""Cancellation reasons: codes, free text, and a field for extra information (seed article)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from attrs import field, frozen

from cancelkit.errors import BadSetup, Invalid, UnknownReason
from cancelkit.facts import Facts
from cancelkit.messages import Message
from cancelkit.section import Gate
from cancelkit.states import SectionState, green, red
from cancelkit.text import checked_id, checked_line, checked_text

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
        if twice := _twice(self.codes):
            raise Invalid(f"The reason code {twice!r} is given twice.")


class ReasonCode(NamedTuple):
    """One code of the host's list, with the text to show.

    To take a code out of use, retire it: it cannot be newly chosen; where it was chosen it stays,
    with its label.
    """

    code: str
    label: str
    comment_required: bool = False
    group: str = ""  # the heading under which it is offered
    retired: bool = False


_CODES = (
    ReasonCode("price", "Price"),
    ReasonCode("service", "Service or support"),
    ReasonCode("competitor", "Moved to a competitor"),
    ReasonCode("moved", "Moved away"),
    ReasonCode("closed_down", "Ceased trading"),
    ReasonCode("other", "Other", comment_required=True),
)


def _as_catalogue(given: Iterable[ReasonCode]) -> tuple[ReasonCode, ...]:
    """Check the host's list; each error names the culprit."""
    codes = tuple(given)
    for one in codes:
        if not isinstance(one, ReasonCode):
            raise BadSetup(f"The list of reasons has {one!r}, which is no ReasonCode.")
        _check_code(one)
    if twice := _twice(codes):
        raise BadSetup(f"The reason code {twice!r} is in the list twice.")
    return codes


def _check_code(one: ReasonCode) -> None:
    what = f"the reason code {checked_id(one.code, 'the code of a reason')!r}"
    if not checked_line(one.label, f"The label of {what}").strip():
        raise BadSetup(f"The label of {what} is empty.")
    checked_line(one.group, f"The group of {what}")
    for name in ("comment_required", "retired"):
        if not isinstance(flag := getattr(one, name), bool):
            raise BadSetup(f"{name} of {what} must be True or False, not {flag!r}.")


def _twice(codes: Iterable[Reason | ReasonCode]) -> str:
    """Return a code that is there twice, or an empty text."""
    seen: set[str] = set()
    for one in codes:
        if one.code in seen:
            return one.code
        seen.add(one.code)
    return ""


@frozen
class ReasonsSection:
    """Green when at least one reason code or some free text is given.

    A code that was chosen counts and can be kept, also when it is retired meanwhile or has vanished
    from the list; then it is shown by its code.
    """

    codes: tuple[ReasonCode, ...] = field(default=_CODES, converter=_as_catalogue)  # in this order
    key: str = "reasons"
    title: str = "Cancellation reasons"
    gate: Gate = Gate.BLOCKS
    needs: tuple[()] = ()
    form: type[Reasons] = Reasons
    required: bool = True  # False: green also when nothing is entered

    def evaluate(self, facts: Facts) -> SectionState:
        """Look at what was entered."""
        entered = facts.entered(Reasons)
        if entered is None or not (entered.codes or entered.text.strip()):
            if not self.required:
                return green("reasons.not_required")
            return red("reasons.none", hint="reasons.none.hint")
        listed = self._listed()
        for reason in entered.codes:
            known = listed.get(reason.code)
            if known and known.comment_required and not reason.comment.strip():
                return red("reasons.comment", labels=known.label)
        chosen = (listed[r.code].label if r.code in listed else r.code for r in entered.codes)
        labels, text = "; ".join(chosen), entered.text.strip()
        if labels and text:
            return green("reasons.explained", labels=labels, text=text)
        return (
            green("reasons.given", labels=labels) if labels else green("reasons.written", text=text)
        )

    def check(self, form: Reasons, facts: Facts, /) -> None:
        """Refuse a code that is not on the list or is retired, unless it was entered before.

        And a code without the comment that it requires.
        """
        listed, before = self._listed(), facts.entered(Reasons)
        kept = {reason.code for reason in before.codes} if before else set[str]()
        for reason in form.codes:
            known = listed.get(reason.code)
            if (known is None or known.retired) and reason.code not in kept:
                said = Message.of("reasons.gone", labels=known.label if known else reason.code)
                raise UnknownReason(self._not_offered(reason.code, known), said)
            if known and known.comment_required and not reason.comment.strip():
                said = Message.of("reasons.comment", labels=known.label)
                raise Invalid(
                    f"The reason {known.label!r} ({known.code}) requires a comment.", said
                )

    def choices(self, chosen: str | Reason | Iterable[str | Reason] = ()) -> tuple[ReasonCode, ...]:
        """Return the codes to offer: by group, groups and codes in the order of the list.

        A code that was chosen is among them also when it is retired, or not on the list any more.
        """
        wanted = {reason.code: None for reason in _as_reasons(chosen)}
        listed = self._listed()
        gone = (ReasonCode(code, code, retired=True) for code in wanted if code not in listed)
        known = (*self.codes, *gone)
        groups = [one.group for one in known]
        offered = (one for one in known if not one.retired or one.code in wanted)
        return tuple(sorted(offered, key=lambda one: groups.index(one.group)))

    def _listed(self) -> dict[str, ReasonCode]:
        return {one.code: one for one in self.codes}

    def _not_offered(self, code: str, known: ReasonCode | None) -> str:
        offered = ", ".join(one.code for one in self.codes if not one.retired) or "none"
        if known is None:
            return f"There is no reason code {code!r}; the codes are: {offered}."
        return (
            f"The reason {known.label!r} ({code}) is not in use any more; the codes are: {offered}."
        )
