"""Checked text: what a person typed, and identifiers; and how many.

Stores treat NUL, control characters and lone surrogates differently: they are refused here, for
all. Bidirectional controls are kept: they are isolated where text is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cancelkit.errors import Invalid

ID_LIMIT = 191
"""The longest identifier, in code points: what an indexed utf8mb4 column holds everywhere."""

TEXT_LIMIT = 10_000
"""The longest free text, in code points."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE = re.compile("[\t\n\u2028\u2029]")


def checked_text(value: object, what: str, *, limit: int = TEXT_LIMIT) -> str:
    r"""Return free text, with the line ends of browsers (`\r\n`) made into `\n`.

    Raises `Invalid` for what is no str, has more than `limit` code points, or has a NUL, a control
    character (other than newline and tab) or a lone surrogate; it calls the text `what`.
    """
    if not isinstance(value, str):
        raise Invalid(f"{what} must be text, not {type(value).__name__}.")
    text = value.replace("\r\n", "\n")
    if len(text) > limit:
        raise Invalid(f"{what} is {len(text)} characters long; at most {limit} are allowed.")
    if bad := _FORBIDDEN.search(text):
        raise Invalid(
            f"{what} has the character U+{ord(bad.group()):04X} at position {bad.start()}; "
            "control characters and lone surrogates are not allowed."
        )
    return text


def checked_line(value: object, what: str, *, limit: int = ID_LIMIT) -> str:
    """Return one line of text: as `checked_text`, but without newlines and tabs."""
    text = checked_text(value, what, limit=limit)
    if bad := _LINE.search(text):
        raise Invalid(f"{what} must be one line; position {bad.start()} has a line break or tab.")
    return text


def checked_id(value: object, what: str) -> str:
    """Return an identifier: one line, 1 to `ID_LIMIT` code points, no space at either end."""
    text = checked_line(value, what)
    if not text:
        raise Invalid(f"{what} is empty.")
    if text != text.strip():
        raise Invalid(f"{what} {text!r} begins or ends with white space.")
    return text


def checked_ids(values: object, what: str) -> Iterator[str]:
    """Return identifiers one by one, as they are needed; one text is not several of them."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise Invalid(f"Several of {what} are needed, such as a list; not {values!r}.")
    return (checked_id(value, what) for value in values)


def checked_number(value: object, what: str, *, least: int = 1) -> int:
    """Return a whole number of `least` or more."""
    if type(value) is not int or value < least:
        raise Invalid(f"{what} must be a whole number, {least} or more, not {value!r}.")
    return value
