"""The catalogues: the texts of a language, with the formats of a locale."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from babel.localedata import locale_identifiers

from cancelkit import english
from cancelkit.adapters.languages import german, german_panel
from cancelkit.adapters.languages.formats import formats
from cancelkit.checklist import STANDARD
from cancelkit.errors import Invalid
from cancelkit.letters import Languages
from cancelkit.messages import Catalogue

_TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": english.TEXTS,
    "de": german.TEXTS | german_panel.TEXTS,
}
LANGUAGES = tuple(_TEXTS)
"""The languages that there are, the default one first."""


def catalogue_of(tag: str, texts: Mapping[str, str]) -> Catalogue:
    """Return own texts as a catalogue, with the plural forms and formats of a language tag.

    What has no text here is in English.
    """
    of, own = formats(tag), {key for name in texts for key in (name, name.rpartition(".")[0])}
    lacking = {  # without the English plural forms of what has others here
        key: text
        for key, text in english.TEXTS.items()
        if key not in own and (key.rpartition(".")[0] not in own or not _is_form(key))
    }
    return Catalogue({**lacking, **texts}, of.plural, of.value, of.tag)


def _is_form(key: str) -> bool:
    return key.rpartition(".")[2] in ("one", "other")


@lru_cache(maxsize=256)
def catalogue(tag: str) -> Catalogue:
    """Return the catalogue of a language tag: "de-AT" has German texts, and Austria's formats.

    Raises:
        Invalid: there are no texts in this language, or there is no such locale.
    """
    language = formats(tag).locale.language
    if language not in _TEXTS:
        listed = ", ".join(LANGUAGES)
        raise Invalid(f"There are no texts in the language {tag!r}; the languages are: {listed}.")
    return catalogue_of(tag, _TEXTS[language])


@lru_cache(maxsize=1)
def tags() -> tuple[str, ...]:
    """Return every language tag for which there is a catalogue, the languages themselves first."""
    found = (one.replace("_", "-") for one in sorted(locale_identifiers()))
    regions = [tag for tag in found if tag.partition("-")[0] in _TEXTS and tag not in _TEXTS]
    return (*LANGUAGES, *regions)


def languages(texts: Mapping[str, str] | None = None) -> Languages:
    """Return all catalogues, for letters in the language of whom they are for.

    Args:
        texts: what the sections bring, their titles included: `checklist.texts`; those of
            `STANDARD` where none are given.
    """
    brought = STANDARD.texts if texts is None else texts
    each = {tag: catalogue(tag).with_texts(brought) for tag in tags()}
    return Languages(each, default=each[LANGUAGES[0]])
