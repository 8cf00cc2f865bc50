"""Addresses: an identifier as one segment of a path, in one form only.

Frameworks decode a path before or after they split it, and treat `%2F`, `.` and `..` in ways of
their own. So an identifier has a spelling of its own that none of them touches: everything but
letters, digits, `-` and `_` of ASCII becomes `~` and two hexadecimal digits for each byte of UTF-8;
a dot may stay inside. Any other spelling of it is no address of ours, and neither is that of a text
that cannot be an identifier: with a NUL, with white space at an end, or too long.
"""

from __future__ import annotations

import re

from cancelkit.errors import Invalid
from cancelkit.text import ID_LIMIT, checked_id

SEGMENT = "^(?:[A-Za-z0-9_.-]|~[0-9A-F]{2})+$"
"""What every segment fits; of those that do, some are still no address."""

LONGEST = 12 * ID_LIMIT
"""The longest segment: a character has up to four bytes, of three characters each."""

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
_DOTS = re.compile(r"\.+")
_ESCAPED = re.compile(rb"~([0-9A-F]{2})")


def segment(identifier: str) -> str:
    """Return an identifier as one segment of a path."""
    dots = _DOTS.fullmatch(identifier) is not None
    return "".join(
        chr(byte) if byte in _PLAIN and not (dots and byte == ord(".")) else f"~{byte:02X}"
        for byte in identifier.encode("utf-8", "surrogatepass")
    )


def identifier(segment_: str) -> str | None:
    """Return the identifier of a segment; None where `segment` would have spelled it otherwise."""
    if len(segment_) > LONGEST:
        return None
    try:
        raw = segment_.encode("ascii")
        found = _ESCAPED.sub(lambda match: bytes((int(match[1], 16),)), raw).decode("utf-8")
        return checked_id(found, "the identifier") if segment(found) == segment_ else None
    except (UnicodeError, Invalid):
        return None
