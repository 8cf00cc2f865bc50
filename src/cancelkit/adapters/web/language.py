"""The language of the reader: that of the actor, or else the browser's, of those offered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from cancelkit.adapters.languages import Formats, catalogue, formats, isolating, preferred
from cancelkit.adapters.web.texts import TEXTS
from cancelkit.desk import Desk
from cancelkit.messages import Catalogue

DEFAULT = "en-GB"


class Reader(NamedTuple):
    """The desk in the language of the reader, and how days and numbers are written in it."""

    desk: Desk
    formats: Formats


def offered(given: Mapping[str, Catalogue] | Iterable[str]) -> dict[str, Catalogue]:
    """Return catalogues by language tag, from tags or from the host's own catalogues."""
    if isinstance(given, Mapping):
        return dict(given)
    tags = (given,) if isinstance(given, str) else given
    return {tag: catalogue(tag) for tag in tags}


def reader(
    languages: Mapping[str, Catalogue], desk: Desk, accepted: str, *, isolate: bool
) -> Reader:
    """Return the desk in the language of the reader.

    Args:
        languages: those that are offered, the default one first; without any, the desk keeps the
            kit's own translator.
        desk: the host's; its actor's language counts before what the browser accepts.
        accepted: the header Accept-Language.
        isolate: for a page: names and other texts of unknown direction are isolated.
    """
    own = desk.kit.translator
    tag = preferred(desk.actor.language or accepted, languages) if languages else DEFAULT
    chosen = languages.get(tag, own)
    if isinstance(chosen, Catalogue):
        chosen = _spoken(_Same(chosen), isolate)
    return Reader(desk.speaking(chosen), formats(tag))


class _Same:
    """A catalogue, compared by identity: its texts are not compared each time."""

    def __init__(self, catalogue_: Catalogue) -> None:
        self.catalogue = catalogue_

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.catalogue is other.catalogue

    def __hash__(self) -> int:
        return id(self.catalogue)


@lru_cache(maxsize=64)
def _spoken(own: _Same, isolate: bool) -> Catalogue:
    """Return a catalogue with the texts of the panel, made once for each."""
    spoken = own.catalogue.with_texts(TEXTS)
    return isolating(spoken) if isolate else spoken
