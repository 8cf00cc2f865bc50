"""Which language a reader gets, of those that there are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from babel import negotiate_locale

from cancelkit.adapters.languages.catalogues import tags

_RANGE = re.compile(r"([A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*|\*)(?:;q=([01](?:\.[0-9]{0,3})?))?")
MOST = 32
"""How many languages of a header are looked at."""


def preferred(accepted: str, offered: Iterable[str] = ()) -> str:
    """Choose a language by the header Accept-Language, or by a single tag such as a user's own.

    Args:
        accepted: such as "de-AT,de;q=0.9,en;q=0.5"; what cannot be read in it is passed over.
        offered: the tags to choose among, the default one first; every locale of a language that
            there is where none is given.

    Returns:
        A tag for `catalogue`: of "de-AT" the region too, where it is offered. Without a match, the
        first of `offered`, or "en".
    """
    available = tuple(offered) or tags()
    named = _named(available)
    for tag in _in_order(accepted):
        if tag == "*":
            break
        if found := negotiate_locale([tag], named, sep="-"):
            return named[found.casefold()]
    return available[0]


@lru_cache(maxsize=16)
def _named(available: tuple[str, ...]) -> dict[str, str]:
    """Return the tags by name; a language alone is the first tag of that language."""
    first = {tag.partition("-")[0].casefold(): tag for tag in reversed(available)}
    return first | {tag.casefold(): tag for tag in available}


def _in_order(accepted: str) -> list[str]:
    """Return the tags of a header, the best first; one of quality 0 is not wanted at all."""
    found: list[tuple[float, str]] = []
    for part in accepted.split(",")[:MOST]:
        if (read := _RANGE.fullmatch("".join(part.split()))) is not None:
            quality = float(read[2] or 1)
            found += [(quality, read[1].replace("_", "-"))] if 0 < quality <= 1 else []
    return [tag for _, tag in sorted(found, key=lambda one: -one[0])]
