"""Languages: every text is translated, whole stories read as one language, formats by locale."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from cancelkit import STANDARD, CancelKit, Mood, NewOwner, Person, Reasons, Refused, Status
from cancelkit import english as core_english
from cancelkit.adapters.languages import (
    LANGUAGES,
    catalogue,
    catalogue_of,
    formats,
    isolated,
    isolating,
    languages,
    preferred,
)
from cancelkit.adapters.languages.catalogues import tags
from cancelkit.adapters.languages.german import TEXTS as GERMAN_CORE
from cancelkit.adapters.languages.german_panel import TEXTS as GERMAN_PANEL
from cancelkit.adapters.memory import MemoryNotifier, MemoryRecipients
from cancelkit.adapters.web import Panel, PanelRequest
from cancelkit.adapters.web.problems import problem_of
from cancelkit.adapters.web.texts import TEXTS as PANEL_ENGLISH
from cancelkit.effects import Performer
from cancelkit.english import ENGLISH
from cancelkit.errors import BadSetup, Invalid
from cancelkit.guard import may_create
from cancelkit.letters import write_letter
from cancelkit.messages import Catalogue, Message
from cancelkit.ports import Translator
from cancelkit.records import EVENTS
from cancelkit.relay import Relay
from cancelkit.schedule import process_due
from cancelkit.sections import AssetsSection, MoodSection, ReasonCode, ReasonsSection
from cancelkit.sections.creating_expiry import FUTURE_EXPIRY_CREATING, CreateExpiry, NewExpiry
from cancelkit.serial import from_data, to_data
from cancelkit.states import GREEN, SectionState, green
from cancelkit.testing import TranslatorContract
from cancelkit.timeline import timeline
from tests import strategies as sts
from tests.world import BOSS, NINE_O_CLOCK, World, world

ENGLISH_TEXTS: Mapping[str, str] = core_english.TEXTS | PANEL_ENGLISH
TABLES: Mapping[str, Mapping[str, str]] = {"de": GERMAN_CORE | GERMAN_PANEL}
"""Language -> the table that translates all of `ENGLISH_TEXTS`."""
FORMS = ("zero", "one", "two", "few", "many", "other")
SAME = {"plan.status", "panel.status", "queue.status", "label.Neutral"}
"""The texts that are the same in English and in German."""
DAY = date(2026, 3, 2)


# ---------------------------------------------------------------- the tables


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def letters_of(text: str) -> str:
    """Return a text without its places."""
    return "".join(part for part, *_ in Formatter().parse(text))


def shipped_labels() -> set[str]:
    """Return the English titles and labels that cancelkit brings."""
    reasons = next(s for s in STANDARD.sections if isinstance(s, ReasonsSection))
    moods = next(s for s in STANDARD.sections if isinstance(s, MoodSection))
    titles = {section.title for section in STANDARD.sections}
    return titles | {code.label for code in reasons.codes} | set(moods.options.values())


FIELDS = {"codes", "text", "extra", "user", "keep", "option", "on", "note"}
"""The fields of the forms that ship, which "Still to fill in" names."""


def keys_in(tag: str) -> set[str]:
    """Return the keys that a table of a language has: English ones, in its own plural forms."""
    categories = {formats(tag).plural(n) for n in range(1000)} | {"other"}
    found = {f"label.{one}" for one in shipped_labels() | FIELDS}
    for key in ENGLISH_TEXTS:
        base, _, form = key.rpartition(".")
        if form not in FORMS or base in ENGLISH_TEXTS:
            found.add(key)
            continue
        never_one = f"{base}.one" not in ENGLISH_TEXTS
        found |= {f"{base}.{one}" for one in categories - ({"one"} if never_one else set())}
    return found


def english_of(key: str) -> str:
    base = key.rpartition(".")[0]
    return ENGLISH_TEXTS.get(key) or ENGLISH_TEXTS.get(f"{base}.other") or key[len("label.") :]


def test_every_language_but_english_has_a_table_here() -> None:
    assert {"en", *TABLES} == set(LANGUAGES)


@pytest.mark.parametrize("tag", TABLES)
def test_table_has_exactly_the_texts_that_there_are(tag: str) -> None:
    """None is missing, and nobody translates what is not there any more."""
    assert keys_in(tag) == set(TABLES[tag])


@pytest.mark.parametrize("key", sorted(GERMAN_CORE | GERMAN_PANEL))
def test_translation_mentions_what_the_english_text_mentions(key: str) -> None:
    """`{name}` places only, and the same ones."""
    text = TABLES["de"][key]
    assert places(english_of(key)) == places(text)
    assert text == text.strip()
    for _, name, spec, conversion in Formatter().parse(text):
        assert name is None or (spec, conversion) == ("", None)


@pytest.mark.parametrize("key", sorted(GERMAN_CORE | GERMAN_PANEL))
def test_translation_is_not_left_in_english(key: str) -> None:
    text = TABLES["de"][key]
    if any(map(str.isalpha, letters_of(text))):
        assert (key in SAME) == (text == english_of(key))


class TestGerman(TranslatorContract):
    @pytest.fixture
    def world(self) -> Translator:
        return catalogue("de")


class TestIsolating(TranslatorContract):
    @pytest.fixture
    def world(self) -> Translator:
        return isolating(catalogue("en-US"))


@given(message=sts.MESSAGES, tag=st.sampled_from(["de", "en", "de-CH"]))
def test_any_message_can_be_shown_in_any_language(message: Message, tag: str) -> None:
    """Also one with a number beyond what Babel can round, or a day long ago."""
    assert isinstance(isolating(catalogue(tag)).text(message), str)


# ---------------------------------------------------------------- a whole story in one language

DATA = (
    "Harbour Café",
    "Alice",
    "The Boss",
    "Boss",
    "Tom",
    "Ann",
    "Gone",
    "Bestandskunde",
    "C-1",
    "geht so",
)
"""What people and the CRM have written: in no language of ours."""
KEY = re.compile(r"\b[a-z_]+\.[a-z_]+\b")
WORD = re.compile(r"[A-Za-zÄÖÜäöüß]{2,}")


def words(texts: Mapping[str, str]) -> set[str]:
    return {word for text in texts.values() for word in WORD.findall(letters_of(text))}


ENGLISH_WORDS = (
    words(ENGLISH_TEXTS) | {w for label in shipped_labels() for w in WORD.findall(label)}
) - words(TABLES["de"])


def english_in(text: str, *more_data: str) -> set[str]:
    """Return the English words of a text, and keys that nobody has put into words."""
    for data in (*DATA, *more_data):
        text = text.replace(data, " ")
    return set(WORD.findall(text)) & ENGLISH_WORDS | set(KEY.findall(text))


def story_world(tag: str, status: Status | None) -> World:
    here = world(status=status, zone="Europe/Vienna")
    told = MemoryRecipients(dict.fromkeys(EVENTS, (BOSS,)))
    here.kit = evolve(here.kit, translator=catalogue(tag), recipients=told)
    return here


def seen(here: World, on: date | None = None) -> Iterator[str]:
    """Return what the view and the plan say now."""
    view = here.get("boss").view(name=3, on=on)
    yield from (view.status, view.banner, view.drift, *view.performed, *view.may_put_back)
    for line in view.sections:
        yield from (line.title, line.word, line.message, line.hint)
    try:
        plan = here.get("boss").plan(on=on)
    except Refused as error:
        yield str(error)
        return
    yield from (*plan.steps, *plan.obstacles)


def story(here: World) -> Iterator[str]:
    """Do everything that can be done, also what is refused, and return all that is said."""
    cancellation = here.get("boss")
    yield from seen(here)
    yield from refused(cancellation.remove)
    cancellation.begin()
    yield from seen(here)
    here.add_order()
    here.add_asset(None, live=True)
    here.add_asset(DAY + timedelta(days=9), live=True, asset="A-2")
    yield may_create(here.desk(), "C-1", "sales_orders").message
    cancellation.enter(Reasons(("price", "moved"), text="geht so"))
    cancellation.enter(Mood("angry"))
    cancellation.enter(NewOwner("t-7"))
    yield from refused(lambda: cancellation.process(cancellation.plan().token))
    yield from refused(cancellation.process)
    cancellation.perform_now("ownership")
    yield from refused(lambda: cancellation.perform_now("ownership"))
    yield from seen(here, on=DAY + timedelta(days=20))
    cancellation.override("sales_orders", "geht so")
    cancellation.override("sales_orders", take_back=True)
    yield from refused(lambda: cancellation.override("cases", "geht so"))
    cancellation.process(cancellation.plan(on=DAY + timedelta(days=1)).token, on=DAY + timedelta(1))
    yield from seen(here)
    here.clock.set(NINE_O_CLOCK + timedelta(days=2))
    process_due(here.desk("boss"))
    yield from seen(here)
    if here.status is not None:
        here.crm.put_customer(evolve(here.customer, status=evolve(here.status, pending=False)))
        yield from seen(here)
        yield from refused(cancellation.remove)
        cancellation.adopt()
    cancellation.remove(put_back=True)
    yield from refused(cancellation.adopt)
    cancellation.begin()
    cancellation.enter(Reasons(text="geht so"))
    yield from seen(here)
    for section in ("assets", "sales_orders"):
        cancellation.override(section, "geht so")
    cancellation.process(cancellation.plan().token)
    yield from seen(here)
    yield from refused(cancellation.begin)
    yield may_create(here.desk(), "C-1", "sales_orders").message
    cancellation.reinstate()
    for one in timeline(here.kit, cancellation.history()):
        yield from (one.who, one.what)
    notifier = MemoryNotifier()
    Relay(here.host, notifier).run()
    for sent in notifier.sent:
        letter = write_letter(sent, here.kit.translator)
        yield from (letter.subject, letter.body)


def refused(command: object) -> Iterator[str]:
    assert callable(command)
    with pytest.raises(Refused) as error:
        command()
    yield str(error.value)


@pytest.mark.parametrize("status", [Status("live", label="Bestandskunde"), None])
def test_story_in_german_has_no_english_word_and_no_bare_key(status: Status | None) -> None:
    said = list(story(story_world("de-AT", status)))
    assert 150 < len(said)
    labels = ("Cancelled",) if status else ()  # which the CRM has in English
    assert {} == {text: found for text in said if (found := english_in(text, *labels))}


def test_story_in_english_is_found_to_be_english() -> None:
    """The check above can fail: it finds something in most of the texts."""
    said = list(filter(None, story(story_world("en-GB", None))))
    assert len(said) * 0.8 < sum(bool(english_in(text)) for text in said)


def test_story_has_days_and_instants_as_the_locale_writes_them() -> None:
    said = "\n".join(story(story_world("de-AT", None)))
    assert "Kündigung läuft seit 2. März 2026, begonnen von Boss" in said
    assert "Bereits gekündigt durch Boss am 4. März 2026, 10:00 CET; jetzt möglich:" in said
    assert "2026-03" not in said
    british = "\n".join(story(story_world("en-GB", None)))
    assert "already cancelled by Boss at 4 March 2026, 10:00 CET; moves" in british


@pytest.mark.parametrize("path", ["/customers/C-1", "/customers/C-1/process", "/"])
def test_page_of_the_panel_in_german_has_no_english_word(path: str) -> None:
    here = story_world("en-GB", Status("live", label="Bestandskunde"))
    here.begun()
    panel = Panel("a secret of the host's own", languages=("en-GB", "de"))
    asked = PanelRequest("GET", path, headers={"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"})
    answer = panel.handle(asked, here.desk())
    page = answer.body.decode()
    text = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    attributes = " ".join(re.findall(r'(?:aria-label|placeholder|title)="([^"]*)"', page))
    assert (200, set()) == (answer.status, english_in(f"{text} {attributes}"))
    assert 'lang="de"' in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (Reasons("other"), "Der Grund Sonstiges verlangt eine Erläuterung"),
        (Reasons("cheap"), "cheap steht nicht als Grund zur Auswahl"),
        (Mood("sad"), "sad steht nicht mehr zur Auswahl"),
        (NewOwner("x"), "Gone ist nicht mehr als Benutzer aktiv"),
        (NewOwner("y"), "y ist nicht mehr als Benutzer vorhanden"),
        (NewExpiry(DAY), "Eine Wiedervorlage muss nach dem heutigen Tag liegen, nicht am 2. März"),
    ],
)
def test_what_a_person_entered_wrongly_is_said_in_their_language(form: object, said: str) -> None:
    """The sentence of the error is for the developer; its message is for the person."""
    here = world(
        STANDARD.replacing(FUTURE_EXPIRY_CREATING),
        performers=[Performer(CreateExpiry, lambda *_: True)],
    )
    here.begun()
    kit = here.kit.speaking(catalogue("de"))
    with pytest.raises(Invalid) as error:
        here.get().enter(form)
    assert error.value.message is not None
    assert kit.text(error.value.message).startswith(said)
    assert kit.text(error.value.message) == problem_of(error.value, kit).detail


def test_error_that_is_not_for_people_stays_a_sentence_for_the_developer() -> None:
    kit = world().kit.speaking(catalogue("de"))
    assert "The token is no text." == problem_of(Invalid("The token is no text."), kit).sentence


# ---------------------------------------------------------------- texts of plug-ins and hosts


@frozen
class Router:
    """A section of a plug-in, in English alone."""

    key: str = "router"
    title: str = "Router returned"
    needs: tuple[()] = ()
    texts: Mapping[str, str] = {"router.back": "The router is back"}

    def evaluate(self, facts: object) -> SectionState:
        return green("router.back")


def test_plug_in_without_a_translation_is_shown_in_english_not_as_a_key() -> None:
    here = world(STANDARD.with_section(Router()))
    line = here.desk().speaking(catalogue("de")).check("C-1").section("router")
    assert ("Router returned", "The router is back", "erledigt") == (
        line.title,
        line.message,
        line.word,
    )


def test_host_translates_what_a_plug_in_says_and_its_title() -> None:
    own = {"router.back": "Der Router ist da", "label.Router returned": "Rückgabe"}
    here = world(STANDARD.with_section(Router()))
    german = evolve(catalogue("de"), texts={**catalogue("de").texts, **own})
    line = here.desk().speaking(german).check("C-1").section("router")
    assert ("Rückgabe", "Der Router ist da") == (line.title, line.message)


def test_host_s_own_titles_and_labels_are_never_replaced() -> None:
    """The German of "Assets" is for "Assets" alone, and that of "Price" for "Price"."""
    reasons = ReasonsSection(codes=(ReasonCode("price", "Too dear"), ReasonCode("other", "Other")))
    here = world(STANDARD.replacing(AssetsSection(title="Lines"), reasons))
    here.begun().enter(Reasons(("price", "other"), text="Other"))
    view = here.desk().speaking(catalogue("de")).get("C-1").view()
    assert "Lines" == view.section("assets").title
    assert "Too dear; Sonstiges; Other" == view.section("reasons").message


@pytest.mark.parametrize(
    ("codes", "text", "code", "said"),
    [
        (("price", "moved"), "", "reasons.given", "Preis; Umzug"),
        ("price", "Angry", "reasons.explained", "Preis; Angry"),
        ((), "Price", "reasons.written", "Price"),
    ],
)
def test_reasons_are_labels_in_the_language_and_what_was_written_as_it_is(
    codes: tuple[str, ...], text: str, code: str, said: str
) -> None:
    here = world()
    here.begun().enter(Reasons(codes, text=text))
    line = here.desk().speaking(catalogue("de")).get("C-1").view().section("reasons")
    assert (GREEN, code, said) == (line.light, line.code, line.message)


def test_status_label_of_the_crm_stays_as_it_is() -> None:
    """Also where it is the English word that the German catalogue would translate."""
    here = world(status=Status("live", label="Live"))
    desk = here.desk().speaking(catalogue("de"))
    assert "Live" == desk.check("C-1").status
    here.begun()
    assert "Live (in Kündigung)" == desk.check("C-1").status


def test_desk_speaks_another_language_and_the_first_one_stays() -> None:
    here = world()
    desk = here.desk()
    german = desk.speaking(catalogue("de"))
    assert (desk.host, desk.actor) == (german.host, german.actor)
    titles = [one.check("C-1").section("cases").title for one in (desk, german)]
    assert ["Cases", "Vorgänge"] == titles


def test_kit_that_is_given_no_translator_says_so() -> None:
    kit = world().kit
    for speak in (kit.speaking, lambda it: evolve(kit, translator=it)):
        with pytest.raises(BadSetup, match="translator= needs an object with a method 'text'"):
            speak(None)  # type: ignore[arg-type]  # what a host may hand in all the same


def test_translator_of_a_host_s_own_kind_is_taken_as_it_is() -> None:
    class Loud:
        def text(self, message: Message) -> str:
            return message.key.upper()

    loud = Loud()
    assert (
        loud
        is CancelKit(
            STANDARD.without("ownership"), roles=world().kit.roles, translator=loud
        ).translator
    )


def test_letters_are_in_the_language_of_the_recipient_with_the_titles_of_sections() -> None:
    all_of_them = languages()
    title = Message("title.sales_orders")
    assert ["Aufträge", "Sales Orders", "Sales Orders"] == [
        all_of_them.of(tag).text(title) for tag in ("de-CH", "en-US", "fr")
    ]
    own = languages(STANDARD.with_section(Router()).texts)
    assert "Router returned" == own.of("de").text(Message("title.router"))


# ---------------------------------------------------------------- another language of the host


def test_own_language_has_its_plural_forms_and_falls_back_to_english() -> None:
    texts = {
        "records.open.one": "{count} otwarte",
        "records.open.few": "{count} otwarte (kilka)",
        "records.open.many": "{count} otwartych",
    }
    polish = catalogue_of("pl", texts)
    said = [polish.text(Message.of("records.open", count=n)) for n in (1, 3, 12, 1200)]
    assert ["1 otwarte", "3 otwarte (kilka)", "12 otwartych", "1\u00a0200 otwartych"] == said
    assert "100+ otwartych" == polish.text(Message.of("records.open", count=100, more=1))
    assert "None open" == polish.text(Message("records.closed"))


def test_own_text_without_plural_forms_is_not_mixed_with_english_ones() -> None:
    hungarian = catalogue_of("hu", {"records.open": "{count} nyitott"})
    assert ["1 nyitott", "2 nyitott"] == [
        hungarian.text(Message.of("records.open", count=n)) for n in (1, 2)
    ]


@pytest.mark.parametrize("tag", ["fr", "pl", "xx", "", "de_XX!", "en-", "../de"])
def test_language_that_is_not_there_is_named(tag: str) -> None:
    with pytest.raises(Invalid, match=r"the languages are: en, de|There is no locale"):
        catalogue(tag)


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(
    ("tag", "day", "instant", "number"),
    [
        ("en", "5 January 2026", "5 January 2026, 14:05", "12,345"),
        ("en-GB", "5 January 2026", "5 January 2026, 14:05", "12,345"),
        ("en-US", "January 5, 2026", "January 5, 2026, 2:05\u202fPM", "12,345"),
        ("de", "5. Januar 2026", "5. Januar 2026, 14:05", "12.345"),
        ("de-DE", "5. Januar 2026", "5. Januar 2026, 14:05", "12.345"),
    ],
)
def test_days_instants_and_numbers_by_locale(tag: str, day: str, instant: str, number: str) -> None:
    of = formats(tag)
    at = datetime(2026, 1, 5, 13, 5, tzinfo=UTC)
    assert (day, instant) == (of.day(date(2026, 1, 5)), of.instant(at, ZoneInfo("Europe/Vienna")))
    assert number == of.number(12345)


def test_instant_is_on_the_day_of_the_zone() -> None:
    at = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert "1 April 2026, 00:30" == formats("en").instant(at, ZoneInfo("Europe/London"))
    assert "31 March 2026, 23:30" == formats("en").instant(at)


def test_page_learns_tag_and_direction() -> None:
    assert [("en-GB", "ltr"), ("de-AT", "ltr"), ("ar", "rtl")] == [
        (of.tag, of.direction) for of in map(formats, ("en", "de_AT", "ar"))
    ]


def test_instant_in_a_message_is_stored_and_read() -> None:
    message = Message.of("k", at=datetime(2026, 3, 2, 9, 14, tzinfo=UTC), on=DAY)
    assert message == from_data(Message, json.loads(json.dumps(to_data(message))))
    assert "k (at 2026-03-02 09:14 UTC, on 2026-03-02)" == ENGLISH.text(message)


# ---------------------------------------------------------------- which language a reader gets


@pytest.mark.parametrize(
    ("accepted", "all_of_them", "of_two"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de-AT", "de"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "en", "en-GB"),
        ("en;q=0.1, de;q=0.2", "de", "de"),
        ("de;q=0, en;q=0.1", "en", "en-GB"),
        ("en-US", "en-US", "en-GB"),
        ("DE_ch", "de-CH", "de"),
        ("de", "de", "de"),
        ("fr", "en", "en-GB"),
        ("*", "en", "en-GB"),
        ("fr, *;q=0.1, de;q=0.01", "en", "en-GB"),
        ("", "en", "en-GB"),
        ("de;q=9, ;;;, \x00", "en", "en-GB"),
        ("den", "en", "en-GB"),
    ],
)
def test_language_is_the_best_of_those_accepted(
    accepted: str, all_of_them: str, of_two: str
) -> None:
    assert (all_of_them, of_two) == (preferred(accepted), preferred(accepted, ("en-GB", "de")))


@given(header=st.text() | st.from_regex(r"([a-z]{2}(-[A-Z]{2})?(;q=[01](\.[0-9]{1,3})?)?,?)*"))
def test_any_header_chooses_a_language_that_there_is(header: str) -> None:
    assert preferred(header) in tags()
    assert catalogue(preferred(header)).text(Message("verb.begin"))


# ---------------------------------------------------------------- text of unknown direction

HEBREW = "\u05e7\u05e4\u05d4 (Ltd.)"


def test_every_name_in_a_message_is_isolated() -> None:
    """Of every text with places, in every language; days and numbers stay bare."""
    for tag in LANGUAGES:
        plain, isolates = catalogue(tag), isolating(catalogue(tag))
        for key, text in plain.texts.items():
            names = sorted(places(text) - {"count"})
            message = Message.of(key, **dict.fromkeys(names, HEBREW))
            assert isolates.text(message).count(f"\u2068{HEBREW}\u2069") == len(
                [n for _, n, _, _ in Formatter().parse(text) if n in names]
            )
            assert plain.text(message) == re.sub("[\u2068\u2069]", "", isolates.text(message))
    on = isolating(catalogue("de")).text(Message.of("expiry.future", on=DAY))
    assert "Nächste Wiedervorlage am 2. März 2026" == on


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("plain", "plain"),
        ("out\u2069 of it", "out of it"),
        ("\u2067open", "\u2067open\u2069"),
        ("\u2068both\u2069", "\u2068both\u2069"),
        ("\u2069\u2066a\u2069\u2069b", "\u2066a\u2069b"),
        ("\u202eover", "\u202eover"),  # the end of the isolate ends an override as well
    ],
)
def test_isolates_within_a_text_are_balanced(text: str, inside: str) -> None:
    assert f"\u2068{inside}\u2069" == isolated(text)


@given(text=st.text(st.sampled_from("\u2066\u2067\u2068\u2069\u202eab")))
def test_no_text_gets_out_of_its_isolates(text: str) -> None:
    depth = 0
    shown = isolated(text)
    for at, character in enumerate(shown):
        depth += (character in "\u2066\u2067\u2068") - (character == "\u2069")
        assert depth > 0 or at == len(shown) - 1
    assert depth == 0


def test_isolates_are_for_pages_alone() -> None:
    """The JSON of the same desk has none, and neither have letters and the timeline."""
    here = world()
    here.crm.put_customer(evolve(here.customer, name=HEBREW, owners=(Person("u", HEBREW),)))
    cancellation = here.desk().speaking(catalogue("de")).begin("C-1")
    cancellation.enter(Reasons(text=HEBREW))
    data = json.dumps([cancellation.view().data(), cancellation.plan().data()], ensure_ascii=False)
    assert HEBREW in data
    assert not re.search("[\u2066-\u2069]", data)
    isolates = here.desk().speaking(isolating(catalogue("de"))).get("C-1").view()
    assert f"\u2068{HEBREW}\u2069" == isolates.section("reasons").message


def test_catalogue_formats_the_values_and_keeps_at_least() -> None:
    own = Catalogue({"k": "{a} {count}"}, show=lambda value: f"<{value}>")
    assert "<x> <100>+" == own.text(Message.of("k", a="x", count=100, more=1))
    assert own.show is own.with_texts({"l": "m"}).show
