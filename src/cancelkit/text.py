"""Checked text: what a person typed, and identifiers.

Every store treats NUL, control characters and lone surrogates differently, so they are refused
here, once, for all of them. Bidirectional controls are kept: they are isolated where text is shown.
"""

from __future__ import annotations

import re

from cancelkit.errors import Invalid

ID_LIMIT = 191
"""The longest identifier, in code points: what an indexed utf8mb4 column holds everywhere."""

TEXT_LIMIT = 10_000
"""The longest free text, in code points."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE = re.compile("[\t\n]")


def checked_text(value: object, what: str, *, limit: int = TEXT_LIMIT) -> str:
    r"""Return free text, with the line ends of browsers (`\r\n`) made into `\n`.

    Args:
        value: what was entered; newlines and tabs are allowed.
        what: how the error names it, such as "extra information".
        limit: the greatest number of code points.

    Raises:
        Invalid: not a str, longer than `limit`, or with a NUL, a control character or a lone
            surrogate; the message says which and where.
    """
    if not isinstance(value, str):
        raise Invalid(f"{what} must be text, not {type(value).__name__}.")
    if len(value) > 2 * limit:
        raise Invalid(f"{what} is {len(value)} characters long; at most {limit} are allowed.")
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
    """Return an identifier: one line, 1 to `ID_LIMIT` code points, no space at either end.

    Raises:
        Invalid: it is none; the message says why.
    """
    text = checked_line(value, what)
    if not text:
        raise Invalid(f"{what} is empty.")
    if text != text.strip():
        raise Invalid(f"{what} {text!r} begins or ends with white space.")
    return text
