"""The panel in a browser: the whole story, two tabs, two users, no script, small, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest
from attrs import field, frozen

from cancelkit import STANDARD, Mood, NewOwner, Reasons, Status
from cancelkit.adapters.memory import Record
from cancelkit.facts import Facts
from cancelkit.section import Gate
from cancelkit.states import SectionState, green, red
from tests.browser import screenshot
from tests.panel_server import Site, served
from tests.panel_visitor import Visitor
from tests.panel_world import new_panel, panel_world
from tests.world import TODAY

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page

    from tests.browser import Accessible, OpenPage


@frozen
class PickUp:
    """What can be entered, with names that a form in a browser has for itself."""

    action: str = ""
    method: str = ""
    elements: str = ""


@frozen
class PickUpSection:
    """Green when anything was entered."""

    key: str = "pick_up"
    title: str = "Pick up"
    gate: Gate = Gate.ADVISES
    needs: tuple[()] = ()
    form: type[PickUp] = PickUp
    texts: Mapping[str, str] = field(
        hash=False, factory=lambda: {"pick_up.known": "Agreed", "pick_up.open": "Not agreed"}
    )

    def evaluate(self, facts: Facts) -> SectionState:
        """Look at what was entered."""
        return green("pick_up.known") if facts.entered(PickUp) else red("pick_up.open")


PANEL = new_panel()
REFUSED = "the server responded with a status of"


@pytest.fixture
def site() -> Iterator[Site]:
    with served(panel_world(), PANEL) as running:
        yield running


def tidy(site: Site) -> None:
    """Do in the CRM what keeps assets and sales orders red."""
    site.world.crm.put("sales_orders", Record("SO-1", "C-1", "completed", "SO-1"))
    for number in range(2):
        site.world.add_asset(TODAY, live=False, asset=f"A-{number}")


def ready(site: Site) -> None:
    """Begin, and leave nothing that blocks."""
    site.world.ready()
    tidy(site)


def words(text: str) -> re.Pattern[str]:
    """Return a pattern for a text in which the names are isolated."""
    return re.compile("[\u2068\u2069]*".join(re.escape(one) for one in text))


def wait_for(page: Page, text: str) -> None:
    page.get_by_text(words(text)).first.wait_for()


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def dialogs(page: Page) -> list[tuple[str, str]]:
    """Accept every dialog from now on; return the list of them, which grows."""
    seen: list[tuple[str, str]] = []

    def accept(dialog: Dialog) -> None:
        seen.append((dialog.type, dialog.message))
        dialog.accept()

    page.on("dialog", accept)
    return seen


def story(page: Page, site: Site) -> None:
    """Go from the customer's page to Cancelled, as the article does."""
    page.goto(site.url())
    page.get_by_role("link", name="Begin Cancellation").click()
    button(page, "Begin Cancellation")
    wait_for(page, "The cancellation has begun.")
    page.get_by_label("Price", exact=True).check()
    page.get_by_label("In the customer's own words").fill("Too dear")
    button(page, "Save: Cancellation reasons")
    wait_for(page, "Price; Too dear")
    page.get_by_label("Sue", exact=True).check()
    button(page, "Save: Ownership")
    wait_for(page, "Owner: Ann → Sue")
    button(page, "Perform Now: Ownership")
    wait_for(page, "Sue was made the owner")
    page.get_by_label("Angry").check()
    button(page, "Save: Customer Mood")
    page.locator("#section-mood .word.green").wait_for()
    page.get_by_role("link", name="Show which: Assets").click()
    wait_for(page, "A-1")
    tidy(site)
    page.get_by_role("link", name="Refresh").click()
    wait_for(page, "All assets are ceased")
    page.get_by_role("link", name="Process", exact=True).click()
    wait_for(page, "Status: Live (PC) → Cancelled")
    button(page, "Process")
    wait_for(page, "Harbour Café is cancelled.")


def test_the_story_of_the_article(page: Page, site: Site) -> None:
    story(page, site)
    assert Status("live") != site.world.status
    assert "Sue" == site.world.customer.owners[0].name


def test_the_story_of_the_article_without_a_script(open_page: OpenPage, site: Site) -> None:
    page = open_page(java_script_enabled=False)
    story(page, site)
    assert "Sue" == site.world.customer.owners[0].name


def test_two_tabs_a_stale_plan_is_refused_and_the_fresh_one_shown(
    page: Page, site: Site, complaints: list[str]
) -> None:
    ready(site)
    page.goto(site.url("customers/C-1/process"))
    other = page.context.new_page()
    other.goto(site.url())
    other.get_by_label("Sue", exact=True).check()
    button(other, "Save: Ownership")
    wait_for(other, "Owner: Ann → Sue")
    button(page, "Process")
    wait_for(page, "Something has changed meanwhile")
    wait_for(page, "Owner: Ann → Sue")
    assert True is site.world.status.pending  # type: ignore[union-attr]  # it has one
    assert REFUSED in complaints.pop()
    button(page, "Process")
    wait_for(page, "Harbour Café is cancelled.")


@pytest.mark.parametrize("script", [True, False])
def test_a_double_click_on_process_has_one_effect(
    open_page: OpenPage, site: Site, script: bool
) -> None:
    ready(site)
    page = open_page(java_script_enabled=script)
    page.goto(site.url("customers/C-1/process"))
    page.get_by_role("button", name="Process", exact=True).dblclick()
    wait_for(page, "Harbour Café is cancelled.")
    done = [one for one in site.world.history() if one.verb.value == "process"]
    assert [True] == [one.accepted for one in done]


def test_two_users_at_once_see_what_the_other_entered(
    open_page: OpenPage, site: Site, complaints: list[str]
) -> None:
    site.world.begun()
    alice, bob = open_page(), open_page()
    bob.context.add_cookies([{"name": "user", "value": "bob", "url": site.address}])
    alice.goto(site.url())
    bob.goto(site.url())
    bob.get_by_label("In the customer's own words").fill("They move to Oslo")
    button(bob, "Save: Cancellation reasons")
    bob.locator("#section-reasons .word.green").wait_for()
    alice.get_by_label("In the customer's own words").fill("Too dear")
    button(alice, "Save: Cancellation reasons")
    wait_for(alice, "Somebody else was here meanwhile")
    wait_for(alice, "Entered by Bob")
    assert alice.locator("dd", has_text="They move to Oslo").is_visible()
    assert "Too dear" == alice.get_by_label("In the customer's own words").input_value()
    assert REFUSED in complaints.pop()
    button(alice, "Save: Cancellation reasons")
    alice.locator("#section-reasons .message", has_text="Too dear").wait_for()


def test_what_is_typed_into_one_form_survives_what_is_done_elsewhere(
    page: Page, site: Site
) -> None:
    """Saving another section, Refresh, Show which, and the search for an owner."""
    site.world.begun()
    page.goto(site.url())
    typed = page.get_by_label("In the customer's own words")
    typed.fill("Not yet saved")
    page.get_by_label("Happy").check()
    button(page, "Save: Customer Mood")
    page.locator("#section-mood .word.green").wait_for()
    page.get_by_role("link", name="Show which: Assets").click()
    wait_for(page, "A-1")
    page.get_by_role("searchbox").fill("Sue")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_label("Ann", exact=True).wait_for(state="detached")
    page.get_by_role("link", name="Refresh").click()
    page.get_by_text("A-1").wait_for(state="detached")
    assert "Not yet saved" == typed.input_value()
    asked = dialogs(page)
    page.get_by_role("link", name="Process", exact=True).click()
    wait_for(page, "What stands in the way")
    assert [("beforeunload", "")] == asked


def test_what_was_refused_and_is_shown_again_is_not_left_without_a_warning(
    page: Page, site: Site, complaints: list[str]
) -> None:
    site.world.begun()
    page.goto(site.url())
    page.locator("[name=boxes]").fill("three")
    button(page, "Save: Equipment returned")
    wait_for(page, "Enter a whole number")
    complaints.clear()
    page.get_by_role("link", name="Refresh").click()
    page.get_by_role("alert").wait_for(state="detached")
    assert "three" == page.locator("[name=boxes]").input_value()
    asked = dialogs(page)
    page.get_by_role("link", name="Process", exact=True).click()
    wait_for(page, "What stands in the way")
    assert [("beforeunload", "")] == asked


def test_what_was_done_is_said_to_who_listens(page: Page, site: Site) -> None:
    site.world.begun()
    page.goto(site.url())
    page.get_by_label("Happy").check()
    button(page, "Save: Customer Mood")
    page.locator("#said", has_text=words("Saved: Customer Mood")).wait_for(state="attached")
    assert "Customer Mood" == page.locator(":focus").inner_text()


def test_a_server_that_is_gone_loses_nothing(page: Page, site: Site, complaints: list[str]) -> None:
    site.world.begun()
    page.goto(site.url())
    page.get_by_label("In the customer's own words").fill("Typed")
    page.context.set_offline(True)
    said = dialogs(page)
    button(page, "Save: Cancellation reasons")
    page.locator("#said", has_text="could not be reached").wait_for(state="attached")
    page.context.set_offline(False)
    assert [("alert", "The server could not be reached. What you entered is still here.")] == said
    assert "Typed" == page.get_by_label("In the customer's own words").input_value()
    complaints.clear()
    button(page, "Save: Cancellation reasons")
    page.locator("#section-reasons .word.green").wait_for()


def test_an_answer_without_the_form_loses_nothing(
    page: Page, site: Site, complaints: list[str]
) -> None:
    """Such as that of a database that is locked: it is said, and the page stays."""
    site.world.begun()
    page.goto(site.url())
    typed = page.get_by_label("In the customer's own words")
    typed.fill("Typed")
    page.get_by_label("Happy").check()
    problem = Visitor(site.world, PANEL).open("customers/nobody").html
    address = "**/sections/mood"
    page.route(
        address, lambda route: route.fulfill(status=503, content_type="text/html", body=problem)
    )
    button(page, "Save: Customer Mood")
    page.get_by_role("alert").filter(has_text="Not found").wait_for()
    button(page, "Save: Customer Mood")
    page.get_by_role("alert").filter(has_text="Not found").wait_for()
    assert (1, "Typed", True) == (
        page.get_by_role("alert").count(),
        typed.input_value(),
        page.get_by_label("Happy").is_checked(),
    )
    page.unroute(address)
    button(page, "Save: Customer Mood")
    page.locator("#section-mood .word.green").wait_for()
    assert "Typed" == typed.input_value()
    complaints.clear()


def test_what_is_typed_stays_where_the_cancellation_was_removed_meanwhile(
    page: Page, site: Site, complaints: list[str]
) -> None:
    site.world.begun()
    page.goto(site.url())
    typed = page.get_by_label("In the customer's own words")
    typed.fill("Typed")
    site.world.get().remove()
    page.get_by_role("link", name="Refresh").click()
    wait_for(page, "What a cancellation would need")
    assert "Typed" == typed.input_value()
    button(page, "Save: Cancellation reasons")
    page.locator("#section-reasons").get_by_role("alert").wait_for()
    assert "Typed" == typed.input_value()
    complaints.clear()


def test_fields_that_are_called_like_what_a_form_has_are_saved(open_page: OpenPage) -> None:
    w = panel_world(STANDARD.with_section(PickUpSection()))
    with served(w, PANEL) as site:
        w.begun()
        page = open_page()
        page.goto(site.url())
        for name in ("action", "method", "elements"):
            page.locator(f"[name={name}]").fill(name)
        button(page, "Save: Pick up")
        page.locator("#section-pick_up .word.green").wait_for()
        entry = w.get().view().section("pick_up").entered
        assert {"action": "action", "method": "method", "elements": "elements"} == entry


def test_the_keyboard_alone_is_enough_and_the_focus_is_seen(page: Page, site: Site) -> None:
    ready(site)
    page.goto(site.url())
    page.keyboard.press("Tab")
    assert "Skip to the content" == page.locator(":focus").inner_text()
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        stops.append(stop["name"])
        assert stop["outline"], stop
        assert stop["seen"], stop
        if stop["name"] == "Process":
            break
    assert {"Refresh", "Remove Cancellation", "Process"} <= set(stops)
    page.keyboard.press("Enter")
    wait_for(page, "What will be done")
    page.get_by_role("button", name="Process", exact=True).focus()
    page.keyboard.press("Enter")
    wait_for(page, "Harbour Café is cancelled.")


FOCUSED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const at = document.elementFromPoint(box.x + Math.min(box.width, 40) / 2, box.y + box.height / 2);
  return {
    name: one.innerText || one.name || one.id,
    outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: Boolean(at) && (one.contains(at) || at.contains(one)),
  };
}"""


def states(page: Page, site: Site) -> Iterator[str]:
    """Show one page after the other, in the order of a cancellation."""
    customer = "customers/C-1"
    page.goto(site.url(customer))
    yield "live"
    page.goto(site.url(f"{customer}/begin"))
    yield "begin"
    cancellation = site.world.begun()
    page.goto(site.url(f"{customer}?done=begin&records=assets&on=2026-04-01"))
    yield "begun"
    page.locator("[name=boxes]").fill("three")
    page.locator("#section-equipment form.entry button").click()
    page.locator("[name=boxes][aria-invalid=true]").wait_for()
    yield "wrong"
    page.goto(site.url(f"{customer}/process"))
    yield "blocked"
    cancellation.enter(Reasons("price", text="Too dear"))
    cancellation.enter(NewOwner("t-7"))
    cancellation.enter(Mood("angry"))
    cancellation.override("sales_orders", "It is a present")
    page.goto(site.url(customer))
    for details in page.locator("details").all():
        details.evaluate("one => one.open = true")
    yield "overridden"
    for number in range(2):
        site.world.add_asset(TODAY, live=False, asset=f"A-{number}")
    page.goto(site.url(f"{customer}/process"))
    yield "process"
    cancellation.perform_now("ownership")
    page.goto(site.url(f"{customer}/remove"))
    yield "remove"
    page.goto(site.url(""))
    yield "queue"
    page.goto(site.url("?search=nobody"))
    yield "queue-none"
    cancellation.process(cancellation.plan().token)
    page.goto(site.url(f"{customer}?done=process"))
    yield "cancelled"
    page.goto(site.url(f"{customer}/process"))
    yield "moved"
    page.goto(site.url("customers/nobody"))
    yield "missing"


def test_no_page_violates_wcag(
    open_page: OpenPage, site: Site, accessible: Accessible, complaints: list[str]
) -> None:
    """In light and in dark; all of a page is seen, so that nothing lies under the controls."""
    page = open_page(viewport={"width": 1280, "height": 4000})
    found = {}
    for name in states(page, site):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            found[f"{name}, {theme}"] = accessible(page)
            screenshot(page, f"{name}-{theme}")
    assert {name: [] for name in found} == found
    assert 26 == len(found)
    assert [True] * 3 == [REFUSED in complaint for complaint in complaints]
    complaints.clear()


SMALL = ((320, 640), (320, 256))
"""A telephone; and 1280 by 1024 pixels at 400 %."""


def test_small_pages_scroll_in_one_direction(
    open_page: OpenPage, site: Site, complaints: list[str]
) -> None:
    """And the controls at the bottom leave room for the rest."""
    page = open_page(viewport={"width": 320, "height": 640}, locale="de-DE")
    for name in states(page, site):
        for width, height in SMALL:
            page.set_viewport_size({"width": width, "height": height})
            screenshot(page, f"{name}-{width}-{height}")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert (width, True) == (wide, page.evaluate(COVERED) < height / 5), name
    complaints.clear()


COVERED = """() => {
  const bar = document.querySelector(".controls");
  return bar && getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
}"""


def test_a_theme_of_the_host_wins_over_the_system(open_page: OpenPage, site: Site) -> None:
    page = open_page(color_scheme="dark")
    page.goto(site.url())
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    light = page.evaluate(colour)
    page.evaluate("document.documentElement.style.setProperty('--ck-page', 'rgb(1, 2, 3)')")
    assert ("rgb(18, 22, 28)", "rgb(243, 245, 248)") == (dark, light)
    assert "rgb(1, 2, 3)" == page.evaluate(colour)
