"""The language of the reader: that of the actor, or else the browser's, of those offered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from attrs import evolve, frozen

from cancelkit.adapters.languages import Formats, catalogue, formats, isolating, preferred
from cancelkit.adapters.web.texts import TEXTS
from cancelkit.adapters.web.values import PanelRequest
from cancelkit.desk import Desk
from cancelkit.errors import BadSetup, Invalid
from cancelkit.messages import Catalogue, Message, show_plainly
from cancelkit.ports import Translator

if TYPE_CHECKING:
    from cancelkit.adapters.web.panel import Panel

DEFAULT = "en-GB"


class Reader(NamedTuple):
    """The desk in the language of the reader, and how days and numbers are written in it."""

    desk: Desk
    formats: Formats


def offered(given: Mapping[str, Translator] | Iterable[str]) -> dict[str, Translator]:
    """Return translators by language tag, from tags or from the host's own translators.

    Raises `BadSetup` for a tag without a locale, or without texts where no translator is given.
    """
    tags = (given,) if isinstance(given, str) else tuple(given)
    try:
        for tag in tags:
            formats(tag)
        return dict(given) if isinstance(given, Mapping) else {tag: catalogue(tag) for tag in tags}
    except Invalid as error:
        raise BadSetup(f"Panel(languages=...): {error}") from error


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

    The actor's language counts before what the browser accepts. Without `Panel.languages` it is
    the kit's own translator, in the formats of its catalogue, or of Britain where it has none.
    """
    translator = desk.kit.translator
    tag = (isinstance(translator, Catalogue) and translator.tag) or DEFAULT
    if panel.languages:
        wanted = desk.actor.language or request.headers.get("accept-language", "")
        tag = preferred(wanted, panel.languages)
        translator = panel.languages[tag]
    page = not request.path.startswith(("/api/", "/queue.csv"))
    return Reader(desk.speaking(_complete(translator, tag, page)), formats(tag))


def _complete(translator: Translator, tag: str, page: bool) -> Translator:
    """Return a translator that has the panel's texts as well, and writes days and numbers."""
    if not isinstance(translator, Catalogue):
        return _Own(translator, _english(page))
    return _shown(translator.with_texts(TEXTS), tag, page)


def _shown(catalogue_: Catalogue, tag: str, page: bool) -> Catalogue:
    if catalogue_.show is show_plainly:
        catalogue_ = evolve(catalogue_, show=formats(tag).value)
    return isolating(catalogue_) if page else catalogue_


@lru_cache(maxsize=2)
def _english(page: bool) -> Catalogue:
    return _shown(Catalogue(TEXTS), DEFAULT, page)
