"""The language of the panel where the host says little of it, and what a host may say."""

from __future__ import annotations

from typing import Any

import pytest

from cancelkit import STANDARD
from cancelkit.adapters.languages import catalogue
from cancelkit.adapters.web import Panel, PanelRequest
from cancelkit.errors import BadSetup
from cancelkit.messages import Catalogue, Message
from cancelkit.ports import Translator
from tests.world import TODAY, world

SECRET = "a secret of the host's own"


def page_of(translator: Translator | None, path: str = "/customers/C-1", **settings: Any) -> str:
    """Return the text of a page of a customer whose cancellation is pending."""
    here = world(STANDARD, **({} if translator is None else {"translator": translator}))
    here.ready()
    here.get().process(here.get().plan(on=TODAY.replace(month=4)).token, on=TODAY.replace(month=4))
    asked = PanelRequest("GET", path, headers={"accept-language": "de"})
    answer = Panel(SECRET, **settings).handle(asked, here.desk())
    assert 200 == answer.status
    return answer.body.decode()


class Shouting:
    """A translator of the host's own kind, that knows nothing of the panel."""

    def text(self, message: Message) -> str:
        """Return the key where it is not one of the banner."""
        return "LEAVING" if message.key.startswith("banner.") else message.key


@pytest.mark.parametrize("path", ["/customers/C-1", "/"])
def test_without_languages_days_are_written_one_way(path: str) -> None:
    """Those within messages, as those beside them."""
    page = page_of(None, path)
    assert ('lang="en-GB"' in page, "2 April 2026" in page) == (True, True)
    shown = page.partition("<main")[2]
    assert shown.count("2026-0") == shown.count('"2026-0'), "only in attributes"


def test_without_languages_the_api_writes_days_the_same_way() -> None:
    assert "2 April 2026" in page_of(None, "/api/customers/C-1")


@pytest.mark.parametrize("tag", ["de", "de-AT"])
def test_a_kit_in_german_has_pages_in_german(tag: str) -> None:
    page = page_of(catalogue(tag))
    assert (f'lang="{tag}"' in page, "2. März 2026" in page, "March" in page) == (True, True, False)


def test_a_kit_with_a_translator_of_its_own_kind_has_the_panel_in_english() -> None:
    page = page_of(Shouting())
    assert 'lang="en-GB"' in page
    assert ("Open cancellations" in page, "2 March 2026" in page) == (True, True)


def test_plain_texts_by_tag_are_in_the_formats_of_their_tag() -> None:
    page = page_of(None, languages={"en-US": Catalogue({})})
    assert ('lang="en-US"' in page, "March 2, 2026" in page) == (True, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("en", "tlh"), "There is no locale 'tlh'"),
        ({"tlh": catalogue("de")}, "There is no locale 'tlh'"),
        ({"de": catalogue("de"), "": catalogue("de")}, "There is no locale ''"),
        ([3], "There is no locale 3"),
        (("fr",), "There are no texts in the language 'fr'"),
    ],
)
def test_a_language_that_cannot_be_is_refused_when_the_panel_is_made(given: Any, said: str) -> None:
    with pytest.raises(BadSetup, match=said):
        Panel(SECRET, languages=given)
