"""The language of the reader: that of the actor, or else the browser's."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from attrs import evolve, frozen

from cancelkit.adapters.languages import Formats, formats, isolating, preferred
from cancelkit.adapters.web.texts import TEXTS
from cancelkit.adapters.web.values import PanelRequest
from cancelkit.desk import Desk
from cancelkit.messages import Catalogue, Message
from cancelkit.ports import Translator

if TYPE_CHECKING:
    from cancelkit.adapters.web.panel import Panel


class Reader(NamedTuple):
    """The desk in the language of the reader, and how that language writes days and numbers."""

    desk: Desk
    formats: Formats


@frozen
class _Own:
    """A translator of the host's own kind; what it does not know of the panel is in English."""

    translator: Translator
    english: Catalogue

    def text(self, message: Message) -> str:
        """Return the text of a message: a key that comes back has no text there."""
        said = self.translator.text(message)
        return self.english.text(message) if said.startswith(message.key) else said


def reader_of(panel: Panel, request: PanelRequest, desk: Desk) -> Reader:
    """Return the desk with the translator of the reader; the pages isolate what they mention.

    Without `Panel.languages` it is the kit's own translator, with the formats of Britain.
    """
    offered, translator, tag = panel.languages, desk.kit.translator, "en"
    if offered is not None:
        wanted = desk.actor.language or request.headers.get("accept-language", "")
        tag = preferred(wanted, tuple(offered.translators) or ("en",))
        translator = offered.of(tag)
    page = not request.path.startswith(("/api/", "/queue.csv"))
    return Reader(desk.speaking(_complete(translator, tag, page)), formats(tag))


def _complete(translator: Translator, tag: str, page: bool) -> Translator:
    """Return a translator that has the panel's texts as well, and writes days and numbers."""
    if not isinstance(translator, Catalogue):
        return _Own(translator, _english(page))
    return _shown(translator.with_texts(TEXTS), tag, page)


def _shown(catalogue: Catalogue, tag: str, page: bool) -> Catalogue:
    if catalogue.show is str:
        catalogue = evolve(catalogue, show=formats(tag).value)
    return isolating(catalogue) if page else catalogue


@lru_cache(maxsize=2)
def _english(page: bool) -> Catalogue:
    return _shown(Catalogue(TEXTS), "en", page)
