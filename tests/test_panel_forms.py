"""Forms: what a page shows and sends back unchanged is the same data again; all is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode, urljoin
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cancelkit import Customer, NewOwner, Person, Reason, Reasons, Status, User
from cancelkit.adapters.memory import MemoryLinks, Record
from cancelkit.adapters.web.entering import Sent, entered
from cancelkit.adapters.web.filling import filled, said
from cancelkit.adapters.web.forms import form_data
from cancelkit.adapters.web.values import Fields
from cancelkit.errors import Invalid
from cancelkit.records import JsonObject
from cancelkit.serial import from_data, to_data
from tests import strategies as sts
from tests.panel_visitor import BASE, Form, Reading, Visitor
from tests.panel_world import REASONS, Condition, Everything, new_panel, panel_world
from tests.world import World

PANEL = new_panel()
ZONE = ZoneInfo("Europe/London")
C = "customers/C-1"

LINES = sts.LINES.filter(lambda text: bool(text.strip()))
FORMS = st.builds(
    Everything,
    line=sts.MAY_BE_STORED,
    text=sts.MAY_BE_STORED,
    box=st.booleans(),
    day=st.none() | st.dates(),
    instant=st.none() | sts.INSTANTS,
    condition=st.none() | st.sampled_from(Condition),
    stars=st.none() | st.sampled_from((1, 2, 3)),
    boxes=st.none() | st.integers(-(2**63), 2**63 - 1),
    weight=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    serials=st.lists(LINES, max_size=3).map(tuple),
    more=st.none() | st.dictionaries(sts.MAY_BE_STORED, sts.MAY_BE_STORED, max_size=3),
)
REASON = st.builds(
    Reason, st.sampled_from([one.code for one in REASONS.codes[:-1]]), comment=sts.LINES
)
TEMPLATE = PANEL.jinja.from_string(
    """{% import "fields.html" as fields with context %}<form method="post" action="x">
    {% for one in section.form.fields %}{{ fields.field(section, one) }}{% endfor %}</form>"""
)
KIT = panel_world().kit


def shown(key: str, data: JsonObject, candidates: Iterable[str] = ()) -> Form:
    """Return the form of a section as a browser finds it on a page."""
    form = form_data(KIT, KIT.known.by_key[key], data)
    assert form is not None
    section = {
        "key": key,
        "form": filled(form, None, ZONE, KIT.text),
        "candidates": [{"id": one, "name": one, "note": ""} for one in candidates],
    }
    reading = Reading(BASE)
    reading.feed(TEMPLATE.render(t=lambda key, **_: key, section=section, view={"owners": []}))
    reading.close()
    (found,) = reading.forms
    return found


def sent_back(key: str, found: Form) -> Sent:
    """Return what the form means when it is sent, to the very last field."""
    form = form_data(KIT, KIT.known.by_key[key], None)
    assert form is not None
    fields = Fields(found.body.decode(), "The form")
    sent = entered(form, fields, ZONE)
    fields.done()
    return sent


@given(made=FORMS)
@example(made=Everything(text="\nbegins with a line break"))
@example(made=Everything(line="two\nlines"))
@example(made=Everything(instant=datetime(2026, 10, 25, 0, 30, tzinfo=UTC)))  # 01:30, twice
@example(made=Everything(instant=datetime(2026, 10, 25, 1, 30, tzinfo=UTC)))
@example(made=Everything(instant=datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=UTC)))
@example(made=Everything(boxes=0, weight=-0.0, stars=1))
def test_a_form_that_is_sent_back_unchanged_is_the_same_data(made: Everything) -> None:
    """For a field of every kind."""
    sent = sent_back("equipment", shown("equipment", to_data(made)))
    assert {} == sent.wrong
    assert made == from_data(Everything, sent.data)


@given(
    codes=st.lists(REASON, max_size=4, unique_by=lambda one: one.code),
    text=sts.MAY_BE_STORED,
    extra=sts.MAY_BE_STORED,
)
def test_reasons_that_are_sent_back_unchanged_are_the_same(
    codes: list[Reason], text: str, extra: str
) -> None:
    made = Reasons(codes, text, extra)
    sent = sent_back("reasons", shown("reasons", to_data(made)))
    assert {} == sent.wrong
    assert (set(made.codes), text, extra) == (
        set((back := from_data(Reasons, sent.data)).codes),
        back.text,
        back.extra,
    )


@given(user=sts.IDS)
def test_an_owner_that_is_sent_back_unchanged_is_the_same(user: str) -> None:
    """Whatever the ids look like: "keep" is an id like any other."""
    sent = sent_back("ownership", shown("ownership", to_data(NewOwner(user)), [user, "keep", ""]))
    assert NewOwner(user) == from_data(NewOwner, sent.data)


@pytest.mark.parametrize("made", [NewOwner(), NewOwner(keep=True)])
def test_nobody_and_the_same_owner_are_choices_too(made: NewOwner) -> None:
    sent = sent_back("ownership", shown("ownership", to_data(made), ["t-7"]))
    assert made == from_data(NewOwner, sent.data)


WRONG = [
    ("day", "2026-02-30", "day"),
    ("day", "soon", "day"),
    ("instant", "2026-03-29T01:30", "instant"),  # in London, there was no such time
    ("instant", "soon", "instant"),
    ("instant", "0001-01-01T00:00+14:00", "instant"),
    ("stars", "9", None),
    ("boxes", "1.5", "whole"),
    ("boxes", "1_000", "whole"),
    ("boxes", "\uff11", "whole"),
    ("boxes", "9" * 5000, "whole"),
    ("weight", "nan", "number"),
    ("weight", "1e999", "number"),
    ("weight", "0x10", "number"),
    ("more", "{", "json"),
    ("more", '{"a": 1, "a": 2}', "json"),
    ("more", "[" * 5000, "json"),
]


@pytest.mark.parametrize(("name", "text", "why"), WRONG)
def test_what_does_not_fit_its_field_is_named_and_kept(
    name: str, text: str, why: str | None
) -> None:
    sent = sent_back("equipment", shown("equipment", {}).filled(**{name: text}))
    assert text == sent.texts[name]
    if why is None:  # an option that is not offered: the section's own form says no
        with pytest.raises(Invalid):
            from_data(Everything, sent.data)
    else:
        assert f"field.wrong.{why}" == sent.wrong[name].message.key


@pytest.mark.parametrize("text", ["1.5", "1,5", " 1.5 "])
def test_a_number_may_have_a_comma(text: str) -> None:
    sent = sent_back("equipment", shown("equipment", {}).filled(weight=text))
    assert 1.5 == sent.data["weight"]


@pytest.mark.parametrize("field", ["line", "box", "boxes"])
def test_a_field_that_is_there_twice_is_refused(field: str) -> None:
    with pytest.raises(Invalid, match="2 times"):
        sent_back("equipment", shown("equipment", {}).filled(**{field: ["on", "on"]}))


def test_a_box_is_ticked_or_not() -> None:
    with pytest.raises(Invalid, match="A box is 'on'"):
        sent_back("equipment", shown("equipment", {}).filled(box="yes"))


def test_more_than_eight_options_are_a_list() -> None:
    form = form_data(KIT, KIT.known.by_key["equipment"], {"stars": 2})
    assert form is not None
    (stars,) = [one for one in form["fields"] if one["name"] == "stars"]
    many = [{"value": n, "spelled": str(n), "label": str(n)} for n in range(12)]
    section = {
        "key": "e",
        "form": filled({"fields": [{**stars, "options": many}]}, None, ZONE, str),
    }
    reading = Reading(BASE)
    reading.feed(TEMPLATE.render(t=lambda key, **_: key, section=section, view={"owners": []}))
    assert ([("stars", "2")], 1) == (reading.forms[0].fields, reading.tags.count("select"))


def test_an_option_that_is_not_offered_any_more_is_kept() -> None:
    found = shown("mood", {"option": "furious"})
    assert ["furious"] == found.values("option")


def test_what_another_person_entered_can_be_read() -> None:
    made = Everything(box=True, condition=Condition.WORN, serials=("a", "b"), boxes=3)
    form = form_data(KIT, KIT.known.by_key["equipment"], to_data(made))
    assert form is not None
    assert {"Box": "on", "Condition": "Worn out", "Boxes": "3", "Serials": "a\nb"} == {
        line.label: line.said for line in said(form, ZONE)
    }


def test_an_instant_that_is_beyond_the_years_there_is_shown_as_it_is_stored() -> None:
    last, first = datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)
    for at, zone in ((last, ZoneInfo("Asia/Tokyo")), (first, ZoneInfo("America/Lima"))):
        form = form_data(KIT, KIT.known.by_key["equipment"], to_data(Everything(instant=at)))
        assert form is not None
        (field,) = [
            one for one in filled(form, None, zone, KIT.text)["fields"] if one["name"] == "instant"
        ]
        assert (at.isoformat(), False) == (field["text"], field["local"])
        assert at.isoformat() in [line.said for line in said(form, zone)]
        fields = Fields(urlencode({"instant": field["text"]}), "The form")
        assert at.isoformat() == entered(form, fields, zone).data["instant"]


# ---------------------------------------------------------------- hostile texts

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</textarea><script>alert(1)</script>",
    "\u202eedo\u2066",
    "javascript:alert(1)",
    "x" * 2000,
    "&lt;b&gt;&amp;#39;",
)


def hostile_world(text: str) -> World:
    """Return a CRM in which a text stands wherever a person's or the host's text may stand."""
    label = text[:190]
    w = panel_world(links=MemoryLinks("/c/{customer}", "/c/{customer}/{section}"))
    w.crm.put_customer(Customer("C-1", label, Status("live", label=label), (Person("u-1", label),)))
    w.crm.put("sales_orders", Record("SO-9", "C-1", "open", label))
    w.users.put(User("t-7", label))
    w.recipients.told["processed"] = (Person("m", label),)
    cancellation = w.get()
    cancellation.begin()
    cancellation.enter(Reasons([Reason("other", label)], text, text))
    cancellation.enter(NewOwner("t-7"))
    cancellation.enter(Everything(line=label, text=text, serials=(label,), more={label: text}))
    cancellation.override("assets", text)
    return w


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_only_text_wherever_they_stand(text: str) -> None:
    """No element and no attribute comes from a text, and every text is there to read."""
    w, plain = hostile_world(text), hostile_world("plain")
    for address in (
        *(C, f"{C}?records=sales_orders", f"{C}/process", f"{C}/remove", f"{C}/banner", ""),
        *("?search=%3Cb%3E", f"{C}?search=%22%3E%3Cb%3E", f"{C}?on=2026-04-01"),
    ):
        pages = [Visitor(one, PANEL).open(address).reading for one in (w, plain)]
        assert outline(pages[1]) == outline(pages[0]), address
    page = Visitor(w, PANEL).open(C)
    assert [text] == page.form("/equipment").values("text")
    assert [text] == page.form("/reasons").values("text")


def outline(reading: Reading) -> list[str]:
    """Return the elements of a page and the names of their attributes: all but its texts."""
    return [*reading.tags, *(f"{tag}.{name}" for tag, name, _ in reading.attributes)]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_only_text_when_they_are_shown_again(text: str) -> None:
    w = panel_world()
    w.begun()
    alice = Visitor(w, PANEL)
    form = alice.open(C).form("/equipment")
    page = alice.send(form.filled(boxes=text, day=text, text=text, more=text))
    plain = alice.send(form.filled(boxes="plain", day="plain", text="plain", more="plain"))
    assert (422, outline(plain.reading)) == (page.status, outline(page.reading))
    assert [text] == page.form("/equipment").values("boxes")


def test_a_banner_of_a_hostile_name_is_only_text() -> None:
    w = hostile_world("<b>")
    reading = Visitor(w, PANEL).open(f"{C}/banner").reading
    assert ["aside", "p", "strong", "bdi", "bdi", "a"] == reading.tags


# ---------------------------------------------------------------- addresses


def addresses(visitor: Visitor, start: str) -> Iterator[tuple[str, str]]:
    """Follow every link of the panel's own pages; return each as written, and as resolved."""
    seen, waiting = set[str](), [urljoin(BASE, start)]
    while waiting:
        address = waiting.pop().partition("#")[0]
        if address in seen or not address.startswith(BASE):
            continue
        seen.add(address)
        page = visitor.open(address)
        assert page.status in (200, 409), address
        for link in page.reading.links:
            yield link, urljoin(address, link)
        sent = {form.action for form in page.reading.forms if form.method == "post"}
        waiting += sorted({urljoin(address, link) for link in page.reading.links} - sent)


def test_every_link_is_relative_and_leads_to_a_page_of_the_panel() -> None:
    """Under a prefix; only the links that the host makes are anything else."""
    w = panel_world()
    w.begun()
    found = list(addresses(Visitor(w, PANEL), ""))
    assert 30 < len(set(found))
    for written, resolved in set(found):
        if not written.startswith(("http://crm.example/", "data:")):
            assert not written.startswith(("/", "http")), written
            assert resolved.startswith(BASE), written


@pytest.mark.parametrize("customer", ["a/b", "a b", "..", "a?b#c", "%2F", "\u00e9"])
def test_a_customer_of_any_id_has_an_address(customer: str) -> None:
    w = panel_world()
    w.crm.put_customer(Customer(customer, "Odd", Status("live")))
    w.desk().begin(customer)
    alice = Visitor(w, PANEL)
    (link,) = [one for one in alice.open("").reading.links if "customers/" in one]
    page = alice.open(link)
    assert (200, 1) == (page.status, page.text.count("Odd Status"))
    assert 200 == alice.send(page.form("/reasons").filled(text="Why")).status


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("text", ["1,500", "1.500", "-12,345", "999.000"])
def test_a_number_that_may_mean_two_things_is_refused(text: str) -> None:
    alice = visitor_of_numbers()
    page = alice.send(alice.open(C).form("/equipment").filled(weight=text))
    assert (422, True) == (page.status, "This may mean two things" in page.text)
    assert [text] == page.form("/equipment").values("weight")


@pytest.mark.parametrize(
    ("text", "number"),
    [("1500", 1500), ("12,5", 12.5), ("0,125", 0.125), ("1,2345", 1.2345), ("1.1250", 1.125)],
)
def test_a_number_has_a_point_or_a_comma(text: str, number: float) -> None:
    alice = visitor_of_numbers()
    alice.send(alice.open(C).form("/equipment").filled(weight=text))
    entered = alice.world.get().view().section("equipment").entered
    assert entered is not None
    assert number == entered["weight"]


def test_a_number_of_three_decimals_is_shown_as_one_that_means_one_thing() -> None:
    assert ["1.1250"] == shown("equipment", to_data(Everything(weight=1.125))).values("weight")


def visitor_of_numbers() -> Visitor:
    w = panel_world()
    w.begun()
    return Visitor(w, PANEL)
