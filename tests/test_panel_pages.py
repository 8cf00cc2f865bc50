"""The pages of the panel: in each state, with what was typed kept, and what was done said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from attrs import evolve

from cancelkit import STANDARD, Customer, Mood, NewOwner, Reasons, Status, User
from cancelkit.adapters.memory import Expiry, MemoryUsers, Record
from cancelkit.cancellation import Cancellation
from cancelkit.errors import Busy, CancelkitError, Conflict, OutcomeUnknown
from tests.panel_visitor import BASE, Page, Visitor
from tests.panel_world import CHECKLIST, Everything, new_panel, panel_world
from tests.world import TODAY, World

C = "customers/C-1"
PANEL = new_panel()


def visitor(world: World | None = None, actor: str = "alice") -> Visitor:
    return Visitor(world or panel_world(), PANEL, actor)


def begun() -> Visitor:
    found = visitor()
    found.world.begun()
    return found


def ready() -> Visitor:
    """Return a visitor of a customer whom nothing keeps from being cancelled."""
    found = begun()
    cancellation = found.world.get()
    cancellation.enter(Reasons("price"))
    cancellation.override("assets", "They stay")
    cancellation.override("sales_orders", "It is a present")
    return found


# ---------------------------------------------------------------- the story of the article


def test_the_article_from_begin_to_process_by_forms_alone() -> None:
    alice = visitor()
    page = alice.open(C)
    assert "What a cancellation would need" in page.text
    page = alice.send(alice.open(f"{C}/begin").form("/begin"))
    assert "The cancellation has begun." in page.text
    assert "Live (PC)" in page.text
    assert "Cancellation pending since 2 March 2026, begun by Alice" in page.text
    page = alice.send(page.form("/reasons").filled(codes=["price"], text="Too dear"))
    assert "Saved: Cancellation reasons" in page.text
    assert "Price; Too dear" in page.text
    page = alice.send(page.form("/ownership").filled(user="user:t-7"))
    assert "Planned: Owner: Ann → Tom" in page.text
    page = alice.send(page.form("/perform_now"))
    assert "Performed: Ownership" in page.text
    assert "Tom was made the owner" in page.text
    page = alice.send(page.form("/mood").filled(option="angry"))
    alice.world.crm.put("sales_orders", Record("SO-1", "C-1", "completed", "SO-1"))
    for number in range(2):
        alice.world.add_asset(TODAY, live=False, asset=f"A-{number}")
    plan = alice.open(f"{C}/process")
    assert "Status: Live (PC) → Cancelled" in plan.text
    assert "Mara Lindqvist" in plan.text
    page = alice.send(plan.form("/process"))
    assert "Harbour Café is cancelled." in page.text
    status = alice.world.status
    assert status is not None
    assert (True, "Tom") == (status.cancelled, alice.world.customer.owners[0].name)


def test_remove_says_what_stays_and_puts_it_back_on_request() -> None:
    alice = begun()
    cancellation = alice.world.get()
    cancellation.enter(NewOwner("t-7"))
    cancellation.perform_now("ownership")
    asked = alice.open(f"{C}/remove")
    assert "What was done meanwhile stays Owner: Ann → Tom Put back: Owner: Ann → Tom" in asked.text
    page = alice.send(asked.form("/remove").filled(put_back="on"))
    assert "The cancellation was removed." in page.text
    assert ["Ann"] == [owner.name for owner in alice.world.customer.owners]


def test_a_cancelled_customer_can_be_reinstated() -> None:
    alice = ready()
    cancellation = alice.world.get()
    cancellation.process(cancellation.plan().token)
    page = alice.open(C)
    assert "Cancelled by Alice, 2 March 2026, 09:00. Effective 2 March 2026." in page.text
    page = alice.send(alice.open(f"{C}/reinstate").form("/reinstate"))
    assert "Harbour Café is reinstated." in page.text
    assert Status("live") == alice.world.status


@pytest.mark.parametrize(("verb", "said"), [("adopt", "goes on from"), ("end", "was ended")])
def test_drift_is_shown_and_dealt_with(verb: str, said: str) -> None:
    alice = begun()
    alice.world.crm.put_customer(evolve(alice.world.customer, status=Status("frozen")))
    page = alice.open(C)
    assert "The status was changed to Frozen by somebody else" in page.text
    page = alice.send(alice.open(f"{C}/{verb}").form(f"/{verb}"))
    assert said in page.text


def test_a_profile_is_chosen_at_begin() -> None:
    w = panel_world(profiles={"insolvency": STANDARD.only("reasons")})
    alice = visitor(w)
    asked = alice.open(f"{C}/begin")
    page = alice.send(asked.form("/begin").filled(profile="insolvency"))
    assert "Profile: insolvency" in page.text
    assert "0 of 1 complete" in page.text


# ---------------------------------------------------------------- the checklist


def test_lights_differ_in_shape_and_word_and_count_beside_colour() -> None:
    w = panel_world(kinds=("assets", "sales_orders", "expiries"))
    alice = visitor(w)
    w.begun()
    w.get().enter(Mood("happy"))
    html = alice.open(C).html
    shapes = {
        html.split(f'class="circle {light}" aria-hidden="true">')[1].split("</span>")[0]
        for light in ("green", "red", "unknown")
    }
    assert 3 == len(shapes)
    for word in ("complete", "to do", "unknown"):
        assert f">{word}</span>" in html
    assert "2 assets are still live" in html


def test_records_that_block_are_named_when_asked_for() -> None:
    alice = begun()
    page = alice.open(C)
    assert "A-0" not in page.text
    (link,) = [one for one in page.reading.links if "records=assets" in one]
    assert "A-0 A-1" in alice.open(link.replace("../", "")).text


def test_manage_leads_to_the_hosts_own_tab() -> None:
    links = begun().open(C).reading.links
    assert "http://crm.example/c/C-1/assets" in links
    assert "http://crm.example/c/C-1/reasons" not in links


def test_a_day_to_come_says_what_turns_red() -> None:
    alice = begun()
    alice.world.crm.put("expiries", Expiry("E-1", "C-1", TODAY + timedelta(days=10)))
    page = alice.open(f"{C}?on=2026-04-01")
    assert "This is the checklist as of 1 April 2026" in page.text
    assert "Some sections that are complete today will not be." in page.text
    assert "Complete today, but not on 1 April 2026" in page.text


def test_an_override_has_a_reason_and_can_be_taken_back() -> None:
    alice = begun()
    page = alice.open(C)
    page = alice.send(page.form("sales_orders/override").filled(reason="It is a present"))
    assert "Override recorded: Sales Orders" in page.text
    assert "Overridden by Alice, 2 March 2026, 09:00: It is a present" in page.text
    page = alice.send(page.form("sales_orders/override"))
    assert "It is a present" not in page.text.split("Timeline")[0]


def test_who_may_not_override_is_offered_none() -> None:
    w = panel_world()
    w.begun()
    page = visitor(w, "bob").open(C)
    assert [] == [one for one in page.reading.forms if one.action.endswith("override")]
    assert "/sections/reasons" in page.html


def test_the_current_choice_of_an_owner_is_shown_by_name() -> None:
    """Also where the user is not among those offered first, or has left."""
    alice = begun()
    alice.world.get().enter(NewOwner("s-8"))
    page = alice.open(f"{C}?search=Tom")
    assert ["user:s-8"] == page.form("/ownership").values("user")
    assert "Sue" in page.text
    alice.world.users.put(evolve(alice.world.users.find(["s-8"])["s-8"], active=False))
    assert "Sue is no longer an active user" in alice.open(C).text
    assert "Sue" in alice.open(C).text


def test_users_of_one_name_are_told_apart_by_their_ids() -> None:
    text = begun().open(C).text
    assert "Tom t-7" in text
    assert "Tom t-9" in text
    assert "Ann u-1" not in text


def test_the_owner_can_be_kept() -> None:
    alice = begun()
    page = alice.send(alice.open(C).form("/ownership").filled(user="keep"))
    assert "The owner is kept" in page.text
    assert ["keep"] == page.form("/ownership").values("user")


# ---------------------------------------------------------------- nothing typed is lost


def test_what_does_not_fit_is_shown_again_with_the_reason_beside_the_field() -> None:
    alice = begun()
    form = alice.open(C).form("/equipment")
    page = alice.send(form.filled(boxes="three", line="A line", weight="heavy", stars="2"))
    assert 422 == page.status
    assert "Enter a whole number, such as 12" in page.text
    assert "Enter a number, such as 12.5" in page.text
    again = page.form("/equipment")
    kept = {name: again.values(name) for name in ("boxes", "line", "weight", "stars")}
    assert {"boxes": ["three"], "line": ["A line"], "weight": ["heavy"], "stars": ["2"]} == kept
    assert "Saved" in alice.send(again.filled(boxes="3", weight="1.5")).text


def test_a_required_comment_is_asked_for_beside_its_reason() -> None:
    alice = begun()
    form = alice.open(C).form("/reasons")
    page = alice.send(form.filled(codes=["other"], extra="Typed before"))
    assert 422 == page.status
    assert "The reason Other requires a comment" in page.text
    assert ["Typed before"] == page.form("/reasons").values("extra")
    page = alice.send(page.form("/reasons").filled(comment__other="Because"))
    assert "Saved" in page.text


def test_a_comment_on_a_reason_that_is_not_ticked_is_not_lost() -> None:
    alice = begun()
    form = alice.open(C).form("/reasons")
    page = alice.send(form.filled(codes=["price"], comment__moved="To Oslo"))
    assert "Tick the reason as well, or clear the comment" in page.text
    assert ["To Oslo"] == page.form("/reasons").values("comment.moved")


def test_what_the_core_refuses_is_kept_too() -> None:
    """A user who leaves between the page and the answer."""
    alice = begun()
    form = alice.open(C).form("/ownership").filled(user="user:s-8")
    alice.world.users.put(evolve(alice.world.users.find(["s-8"])["s-8"], active=False))
    page = alice.send(form)
    assert 422 == page.status
    assert "Sue is no longer an active user" in page.text
    assert ["user:s-8"] == page.form("/ownership").values("user")


def test_a_newer_answer_is_shown_beside_what_was_typed() -> None:
    alice = begun()
    bob = Visitor(alice.world, alice.panel, "bob")
    form = alice.open(C).form("/reasons")
    bob.send(bob.open(C).form("/reasons").filled(codes=["moved"], text="To Oslo"))
    page = alice.send(form.filled(codes=["price"], text="Too dear"))
    assert 409 == page.status
    assert "Somebody else was here meanwhile" in page.text
    assert "Entered by Bob, 2 March 2026, 09:00" in page.text
    assert "Moved away" in page.text
    assert "To Oslo" in page.text
    again = page.form("/reasons")
    assert (["price"], ["Too dear"]) == (again.values("codes"), again.values("text"))
    assert "Price; Too dear" in alice.send(again).text


def test_a_newer_owner_is_shown_by_name() -> None:
    alice = begun()
    form = alice.open(C).form("/ownership")
    alice.world.get("bob").enter(NewOwner("s-8"))
    page = alice.send(form.filled(user="user:t-7"))
    assert "<dt>New owner</dt><dd><bdi>Sue</bdi></dd>" in page.html


def test_an_override_without_a_reason_keeps_the_page_open_there() -> None:
    alice = begun()
    page = alice.send(alice.open(C).form("assets/override").filled(reason=" "))
    assert 422 == page.status
    assert "<details open>" in page.html


def test_a_used_page_says_so_in_plain_words() -> None:
    """Back, another text, and Save: the operation id of the page was used before."""
    alice = begun()
    form = alice.open(C).form("/reasons")
    alice.send(form.filled(text="First"))
    page = alice.send(form.filled(text="Second"))
    assert 409 == page.status
    assert "This page was used before" in page.text
    assert ["Second"] == page.form("/reasons").values("text")


# ---------------------------------------------------------------- the plan


def test_a_stale_plan_is_refused_and_the_fresh_one_is_shown() -> None:
    alice = ready()
    form = alice.open(f"{C}/process").form("/process")
    alice.world.get("bob").enter(NewOwner("t-7"))
    page = alice.send(form)
    assert 409 == page.status
    assert "Something has changed meanwhile" in page.text
    assert "Owner: Ann → Tom" in page.text
    assert Status("live", pending=True) == alice.world.status
    assert "Harbour Café is cancelled." in alice.send(page.form("/process")).text


def test_obstacles_are_named_by_section_with_links_to_them() -> None:
    alice = begun()
    page = alice.open(f"{C}/process")
    assert "What stands in the way" in page.text
    assert "Sales Orders: 1 still open" in page.text
    assert "../../customers/C-1#section-sales_orders" in page.reading.links
    assert "Not complete, but no obstacle" in page.text
    assert '<button class="primary">' not in page.html


def test_a_date_to_come_schedules() -> None:
    alice = begun()
    page = alice.open(f"{C}/process?on=2026-04-01")
    assert "Schedule the cancellation of Harbour Café for 1 April 2026?" in page.text
    assert "Still to do until 1 April 2026" in page.text
    page = alice.send(page.form("/process"))
    assert "Scheduled." in page.text
    assert "Cancellation scheduled for 1 April 2026" in page.text


def test_overridden_sections_and_their_reasons_are_in_the_plan() -> None:
    page = ready().open(f"{C}/process")
    assert "Overridden Assets: 2 assets are still live" in page.text
    assert "It is a present" in page.text


def test_a_plan_sent_twice_has_one_effect() -> None:
    """A double click sends the same operation id twice."""
    alice = ready()
    form = alice.open(f"{C}/process").form("/process")
    pages = [alice.send(form), alice.send(form)]
    assert ["Harbour Café is cancelled."] * 2 == [
        "Harbour Café is cancelled." if "Harbour Café is cancelled." in page.text else page.text
        for page in pages
    ]
    done = [one for one in alice.world.history() if one.verb.value == "process"]
    assert 1 == len(done)


@pytest.mark.parametrize("verb", ["process", "remove", "reinstate", "adopt", "end"])
def test_what_is_not_possible_now_says_how_things_are(verb: str) -> None:
    page = visitor().open(f"{C}/{verb}")
    assert 409 == page.status
    assert "is not possible as things are now" in page.text


# ---------------------------------------------------------------- the banner, problems, languages


def test_the_banner_is_a_fragment_with_a_link_from_the_hosts_page() -> None:
    alice = visitor()
    assert "" == alice.open(f"{C}/banner").html.strip()
    alice.world.begun()
    page = alice.open(f"{C}/banner")
    assert ["../../customers/C-1"] == page.reading.links
    assert "Live (PC) Cancellation pending since" in page.text
    assert [] == [one for one in page.reading.attributes if one[1] in ("style", "onclick")]
    assert "script" not in page.reading.tags


def test_the_banner_in_a_page_of_the_host_leads_to_where_the_panel_is_mounted() -> None:
    panel, w = new_panel(mount="/crm/cancelling"), panel_world()
    assert "" == panel.banner(w.desk(), "C-1")
    w.begun()
    assert 'href="/crm/cancelling/customers/C-1"' in panel.banner(w.desk(), "C-1")
    assert "/crm/cancelling/customers/a~2Fb" == panel.address("a/b")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("customers/zzz", 404),
        (f"{C}/nonsense", 404),
        (f"{C}/begin/nonsense", 404),
        (f"{C}?nonsense=1", 422),
        (f"{C}?on=yesterday", 422),
        (f"{C}?done=nonsense", 422),
        ("?page=0", 422),
        ("?page=x", 422),
        ("?stage=nonsense", 422),
        ("?owner=u-1", 422),
    ],
)
def test_problems_are_pages_with_a_way_back(address: str, status: int) -> None:
    page = begun().open(address)
    assert status == page.status
    assert "alert" in [value for _, name, value in page.reading.attributes if name == "role"]
    assert any(link.endswith("./") for link in page.reading.links)


def test_unknown_fields_are_refused() -> None:
    alice = begun()
    for form in alice.open(C).reading.forms:
        if form.method == "post":
            assert 422 == alice.send(form.filled(owner_id="u-2")).status
    for verb in ("process", "remove"):
        form = ready().open(f"{C}/{verb}").form(f"/{verb}")
        assert 422 == alice.send(form.filled(tenant="other")).status


def test_a_reader_of_german_gets_the_formats_of_germany() -> None:
    alice = begun()
    alice.headers["accept-language"] = "de-DE,de;q=0.9"
    page = alice.open(C)
    assert ("html", "lang", "de") in page.reading.attributes
    assert "2. März 2026" in page.text


def test_names_that_are_mentioned_are_isolated() -> None:
    alice = begun()
    alice.world.crm.put_customer(
        evolve(alice.world.customer, name="\u05e2\u05d1\u05e8\u05d9\u05ea")
    )
    assert "\u2068\u05e2\u05d1\u05e8\u05d9\u05ea\u2069" in alice.open(f"{C}/remove").html


def test_all_notes_of_a_page_say_what_was_just_done_once() -> None:
    page = begun().open(f"{C}?done=begin")
    assert 1 == page.text.count("The cancellation has begun.")
    assert ("div", "role", "status") in page.reading.attributes


def test_a_host_overrides_a_template_of_one_section(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "sections").mkdir()
    (folder / "sections" / "mood.html").write_text(
        "<p>Our own mood</p>{% include 'section.html' %}"
    )
    w = panel_world()
    page: Page = Visitor(w, new_panel(templates=[folder])).open(C)
    assert 1 == page.text.count("Our own mood")
    assert len(CHECKLIST.sections) == page.html.count('<li class="section"')


def test_a_template_of_the_host_extends_the_one_that_ships(tmp_path: Path) -> None:
    own = '{% extends "cancelkit/base.html" %}{% block head %}<meta name="ours">{% endblock %}'
    (tmp_path / "base.html").write_text(own, encoding="utf-8")
    panel = new_panel(templates=[tmp_path])
    page = Visitor(panel_world(), panel, "alice").open(C)
    assert ("meta", "name", "ours") in page.reading.attributes
    assert "Harbour Café" in page.text


# ---------------------------------------------------------------- nothing typed is lost, either

OURS = {"sec-fetch-site": "same-origin"}


class Locked:
    """What makes the next command fail, as a database that is locked does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: CancelkitError, verb: str) -> None:
        self.ops: list[tuple[str, str]] = []
        self.fails = True
        real = getattr(Cancellation, verb)

        def command(cancellation: Cancellation, *given: Any, **named: Any) -> Any:
            self.ops.append((named["op"], named.get("token", "")))
            if self.fails:
                raise error
            return real(cancellation, *given, **named)

        monkeypatch.setattr(Cancellation, verb, command)


@pytest.mark.parametrize("error", [Busy("locked"), Conflict("late"), OutcomeUnknown("lost")])
def test_a_section_that_cannot_be_stored_now_is_shown_again(
    error: CancelkitError, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And sent again with the same operation id: what may have been done is not done twice."""
    alice = begun()
    form = alice.open(C).form("/reasons").filled(codes=["price"], text="Too dear")
    locked = Locked(monkeypatch, error, "enter_data")
    page = alice.send(form)
    assert (503, "5") == (page.status, page.answer.header("Retry-After"))
    again = page.form("/reasons")
    assert (["price"], ["Too dear"]) == (again.values("codes"), again.values("text"))
    locked.fails = False
    assert "Saved" in alice.send(again).text
    assert locked.ops[0] == locked.ops[1]


def test_an_override_that_cannot_be_stored_now_is_shown_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alice = begun()
    form = alice.open(C).form("sales_orders/override").filled(reason="It is a present")
    locked = Locked(monkeypatch, Busy("locked"), "override")
    page = alice.send(form)
    assert 503 == page.status
    assert ["It is a present"] == page.form("sales_orders/override").values("reason")
    locked.fails = False
    assert "Override recorded" in alice.send(page.form("sales_orders/override")).text


def test_a_command_whose_answer_was_lost_is_asked_again_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alice = begun()
    cancellation = alice.world.get()
    cancellation.enter(NewOwner("t-7"))
    cancellation.perform_now("ownership")
    form = alice.open(f"{C}/remove").form("/remove").filled(put_back="on")
    locked = Locked(monkeypatch, OutcomeUnknown("lost"), "remove")
    page = alice.send(form)
    assert 503 == page.status
    assert ["on"] == page.form("/remove").values("put_back")
    locked.fails = False
    assert "The cancellation was removed." in alice.send(page.form("/remove")).text
    assert locked.ops[0] == locked.ops[1]


def test_a_page_that_was_too_old_is_shown_again_and_nothing_is_carried_out() -> None:
    alice = begun()
    alice.headers = OURS
    page = alice.open(C)
    forms = [
        page.form("/reasons").filled(text="Too dear"),
        page.form("sales_orders/override").filled(reason="It is a present"),
        alice.open(f"{C}/remove").form("/remove"),
    ]
    alice.world.clock.forward(timedelta(days=2))
    before = alice.world.history()
    kept = []
    for form in forms:
        old = (form, form.filled(_token=None), form.filled(_token="nonsense"))
        answers = [alice.send(one) for one in old]
        assert [403] * 3 == [one.status for one in answers]
        assert all("Please send it again" in one.text for one in answers)
        again = answers[-1]
        kept.append(again.form(urlsplit(form.action).path.removeprefix("/some/prefix/")))
    assert before == alice.world.history()
    assert ["Too dear"] == kept[0].values("text")
    assert ["It is a present"] == kept[1].values("reason")
    assert forms[0].values("_view") == kept[0].values("_view")
    for form, said in zip(kept, ("Saved", "Override recorded", "was removed"), strict=True):
        assert said in alice.send(form).text


@pytest.mark.parametrize("headers", [{}, {"origin": "null"}, {"sec-fetch-site": "none"}])
def test_what_no_page_of_ours_has_sent_for_certain_is_not_shown_again(
    headers: dict[str, str],
) -> None:
    alice = begun()
    form = alice.open(C).form("/reasons").filled(text="Too dear", _token="old")
    alice.headers = headers
    page = alice.send(form)
    assert (403, False) == (page.status, "Too dear" in page.text)


def test_what_does_not_fit_is_still_based_on_what_was_seen() -> None:
    """So that what somebody else entered meanwhile is not overwritten unseen."""
    alice = begun()
    form = alice.open(C).form("/equipment").filled(boxes="three")
    alice.world.get("bob").enter(Everything(line="Bob's"))
    page = alice.send(form)
    assert 422 == page.status
    page = alice.send(page.form("/equipment").filled(boxes="3"))
    assert (409, True) == (page.status, "Entered by Bob" in page.text)


def test_what_was_typed_is_there_to_read_where_the_cancellation_was_removed() -> None:
    """Also where the section is not on the checklist any more."""
    full = panel_world(STANDARD.without("mood"), profiles={"full": CHECKLIST})
    alice = visitor(full)
    full.desk().begin("C-1", profile="full")
    page = alice.open(C)
    forms = [
        page.form("/reasons").filled(codes=["price"], comment__price="10 %", text="Too dear"),
        page.form("/mood").filled(option="angry"),
        page.form("/ownership").filled(user="user:t-7"),
        page.form("sales_orders/override").filled(reason="It is a present"),
    ]
    full.get().remove()
    found = [alice.send(form) for form in forms]
    typed = ("Price: 10 %", "Angry", "Tom", "It is a present")
    for page, text in zip(found, typed, strict=True):
        assert 409 == page.status
        assert 1 == page.html.count('role="alert"')
        lost = page.text.split("What you entered was not stored:")
        assert (2, True) == (len(lost), text in lost[1])
    assert "Too dear" in found[0].text


# ---------------------------------------------------------------- an address is not believed


def test_what_was_done_is_said_only_where_it_was_done_by_this_user_just_now() -> None:
    alice = begun()
    evil = alice.open(f"{C}?done=enter&of=Call+0900-EVIL")
    assert (200, False) == (evil.status, "EVIL" in evil.text)
    assert "is cancelled" not in alice.open(f"{C}?done=process").text
    said = "The cancellation has begun."
    assert said in alice.open(f"{C}?done=begin").text
    assert said not in Visitor(alice.world, alice.panel, "bob").open(f"{C}?done=begin").text
    alice.world.get("bob").enter(Reasons("price"))
    assert said not in alice.open(f"{C}?done=begin").text
    alice.world.get().enter(Mood("happy"))
    assert "Saved: Customer Mood" in alice.open(f"{C}?done=enter&of=mood").text
    assert "Saved:" not in alice.open(f"{C}?done=enter&of=reasons").text
    alice.world.clock.forward(timedelta(minutes=11))
    assert "Saved:" not in alice.open(f"{C}?done=enter&of=mood").text


def test_an_override_that_is_taken_back_is_said_to_be() -> None:
    alice = begun()
    page = alice.send(alice.open(C).form("sales_orders/override").filled(reason="A present"))
    page = alice.send(page.form("sales_orders/override"))
    assert "Override taken back: Sales Orders" in page.text
    assert "Override recorded" not in page.text


@pytest.mark.parametrize(
    ("verb", "other"),
    [
        ("begin", "on"),
        ("begin", "_view"),
        ("process", "put_back"),
        ("process", "profile"),
        ("remove", "on"),
        ("reinstate", "profile"),
        ("adopt", "put_back"),
        ("end", "_view"),
    ],
)
def test_a_field_of_another_command_is_refused(verb: str, other: str) -> None:
    alice = begun()
    before = alice.world.history()
    form = evolve(alice.open(f"{C}/remove").form("/remove"), action=f"{BASE}{C}/{verb}")
    based = {"_view": None} if verb in ("begin", "adopt", "end") else {}
    page = alice.send(form.filled(put_back=None, **based).filled(**{other: ""}))
    assert (422, before) == (page.status, alice.world.history())


def test_the_address_of_a_form_leads_back_to_the_customer() -> None:
    """As when a page that was shown again is loaded anew."""
    alice = begun()
    for path in ("reasons", "sales_orders/override", "ownership/perform_now"):
        assert "1 of" not in alice.open(f"{C}/sections/{path}").address
        assert "Checklist" in alice.open(f"{C}/sections/{path}").text
    assert 404 == alice.open(f"{C}/sections/nonsense").status


class NoUsers(MemoryUsers):
    """Users of a directory that is down."""

    def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[User]:
        """Fail."""
        raise OSError("The directory is down")


def test_a_search_for_owners_that_fails_leaves_the_rest_of_the_page() -> None:
    w = panel_world()
    reports: list[tuple[str, BaseException]] = []
    w.kit = evolve(w.kit, users=NoUsers(), report=lambda *report: reports.append(report))
    w.begun()
    page = visitor(w).open(C)
    assert (200, True) == (page.status, "No active user is called that." in page.text)
    assert ["Users.candidates"] == [what for what, _ in reports]


def test_what_another_person_entered_is_in_words_and_as_it_was_entered() -> None:
    alice = begun()
    form = alice.open(C).form("/equipment")
    alice.world.get("bob").enter(Everything(line="user:t-7", text="keep: it", box=True))
    page = alice.send(form.filled(line="x"))
    for said in (
        "Line</dt><dd><bdi>user:t-7",
        "Text</dt><dd><bdi>keep: it",
        "Box</dt><dd><bdi>yes",
    ):
        assert said in page.html


def test_a_day_that_has_passed_is_not_shown_beside_the_checklist_of_today() -> None:
    page = begun().open(f"{C}?on=2020-01-01")
    assert "2020" not in page.html
    assert "This is the checklist as of" not in page.text
