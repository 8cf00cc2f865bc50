"""One canonical address for each identifier; every other spelling is an address of nothing."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cancelkit import Customer, Invalid, Status
from cancelkit.adapters.web.addresses import LONGEST, SEGMENT, identifier, segment
from cancelkit.adapters.web.problems import NotFound
from cancelkit.adapters.web.routes import find
from cancelkit.adapters.web.table import ROUTES
from cancelkit.text import ID_LIMIT, checked_id
from tests.panel_crm import data_of, panel_world

CONFUSING = [
    *("", " ", ".", "..", "...", "../", "../../etc/passwd", "a/b", "/", "//", "a\\b", "%2F", "%2f"),
    *(
        "%",
        "%00",
        "\0",
        "a\0b",
        "1",
        "01",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e0",
        "0x1",
        "\uff11",
        "²",
        "-0",
    ),
    *(str(2**63), str(-(2**63) - 1), "9" * 400, "true", "null", "None", "C-1", "c-1", "C-1\n"),
    *("C-1?x=1", "C-1#x", "C-1;x", "C\u00ad-1", "C\u200b-1", "é", "e\u0301", "\ud800", "~", "~2F"),
    *("~7E", "~", "a~", "~0", "~zz", "a" * ID_LIMIT, "a" * (ID_LIMIT + 1), "\u2028", "\x85x"),
]


def is_identifier(text: str) -> bool:
    try:
        return checked_id(text, "the identifier") == text
    except Invalid:
        return False


@given(st.text())
def test_identifier_has_exactly_one_address(text: str) -> None:
    assert (text if is_identifier(text) else None) == identifier(segment(text))


@given(st.text())
@example("~2f").via("a lower case escape")
@example("~41").via("an escape of what needs none")
def test_every_text_is_the_address_of_at_most_one_identifier(text: str) -> None:
    found = identifier(text)
    assert found is None or (segment(found) == text and is_identifier(found))


@given(st.text(), st.text())
def test_two_identifiers_never_share_an_address(one: str, two: str) -> None:
    assert (one == two) is (segment(one) == segment(two))


@given(st.text(min_size=1))
def test_address_survives_whatever_frameworks_do_to_a_path(text: str) -> None:
    """Encoding and decoding it changes nothing; it is one segment, and no dot segment."""
    made = segment(text)
    assert made == quote(made, safe="~") == unquote(made)
    assert made not in (".", "..")
    assert re.match(SEGMENT, made)
    assert not is_identifier(text) or len(made) <= LONGEST


@pytest.mark.parametrize("text", CONFUSING)
def test_confusing_text_in_a_path_is_its_own_identifier_or_nothing(text: str) -> None:
    """Sent as it is, it never leads to the customer who is nearly called so."""
    w = panel_world()
    for name in ("1", "C-1"):
        w.crm.put_customer(Customer(name, f"The real {name}", Status("live")))
    for prefix in ("/api/customers/", "/customers/"):
        response = w.get(prefix + text)
        assert (200 if text in ("1", "C-1") else 404) == response.status
    if text in ("1", "C-1"):
        assert text == data_of(w.get(f"/api/customers/{text}"))["customer"]
    assert [] == w.reports


@pytest.mark.parametrize("text", CONFUSING)
def test_confusing_identifier_has_its_own_customer_or_none(text: str) -> None:
    w = panel_world()
    w.crm.put_customer(Customer("1", "The real 1", Status("live")))
    if is_identifier(text):
        w.crm.put_customer(Customer(text, "Strangely called", Status("live")))
        document = data_of(w.get(f"/api/customers/{segment(text)}"))
        assert text == document["customer"]
    else:
        assert 404 == w.get(f"/api/customers/{segment(text)}").status


@pytest.mark.parametrize("text", CONFUSING)
def test_confusing_section_is_nothing(text: str) -> None:
    w = panel_world()
    w.desk().begin("C-1")
    before = w.stored()
    for path in (f"sections/{text}", f"sections/{segment(text)}/perform_now"):
        assert 404 == w.post(f"/api/customers/C-1/{path}", {}).status
        assert 404 == w.post(f"/customers/C-1/{path}", {}).status
    assert before == w.stored()


@given(st.text(alphabet=st.sampled_from("/.~%C-12F\\ "), max_size=12))
def test_path_with_other_slashes_leads_nowhere(text: str) -> None:
    """Empty segments, slashes at the end and dots are not cleaned up: they are no address."""
    path = f"/customers/{text}"
    try:
        route, found = find(ROUTES, "GET", path)
    except NotFound:
        return
    assert "//" not in path
    assert not path.endswith("/")
    assert path == "/" + route.path.format(**{name: segment(v) for name, v in found.items()})
