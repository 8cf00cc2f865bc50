"""The pages of the panel: in each state, with what was typed kept, and what was done said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from cancelkit import STANDARD, Mood, NewOwner, Reasons, Status
from cancelkit.adapters.memory import Expiry, Record
from tests.panel_visitor import Page, Visitor
from tests.panel_world import CHECKLIST, new_panel, panel_world
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
