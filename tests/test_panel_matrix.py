"""Every user, of every role and of two tenants, at every address of every customer: each cell."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from tests.panel_crm import NORTH, ROLES, SOUTH, PanelWorld, data_of
from tests.panel_routes import ASKED, CUSTOMERS, Asked, protected

USERS = {"cora": NORTH, "adam": NORTH, "nora": NORTH, "sid": SOUTH}
EVERYBODY = ("C-1", "only-north", "only-south", "absent")

OVERRIDING = ("override", "adopt", "end")
"""What takes the role CRM Admin; the rest takes either role."""

REFUSED = {"reinstate": "not_cancelled", "adopt": "no_drift", "end": "no_drift"}
"""What a customer who is pending, without drift, is refused: it is not about who asks."""


def verb_of(asked: Asked) -> str:
    return asked.path.rpartition("/")[2]


def sees(user: str, customer: str) -> bool:
    return bool(ROLES[user]) and customer in CUSTOMERS[USERS[user]]


def expected(asked: Asked, user: str, customer: str) -> int:
    """Return the status that a cell must have; the product's rules, written down once more."""
    if asked.open:
        return 200
    if not sees(user, customer):
        return 404
    verb, admin = verb_of(asked), "CRM Admin" in ROLES[user]
    if asked.method == "GET":
        if not asked.api and "/sections/" in asked.path:
            return 303
        return 409 if not asked.api and verb in REFUSED else 200
    if verb in OVERRIDING and not admin:
        return 403
    if verb in REFUSED:
        return 409
    return 200 if asked.api else 303


CELLS = [
    (asked, user, customer)
    for asked in ASKED
    for user, customer in product(USERS, ("-",) if asked.open else EVERYBODY)
]


def without(tables: dict[str, dict[Any, Any]], *names: str) -> dict[str, dict[Any, Any]]:
    return {name: rows for name, rows in tables.items() if name not in names}


def of_tenant(w: PanelWorld, tenant: str) -> dict[str, dict[Any, Any]]:
    tables = {
        name: {key: row for key, row in rows.items() if key[0] == tenant}
        for name, rows in w.stored().items()
    }
    return {name: rows for name, rows in tables.items() if rows}


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_every_cell_of_the_matrix(asked: Asked) -> None:
    for _, user, customer in (cell for cell in CELLS if cell[0] is asked):
        w, tenant = asked.world(), USERS[user]
        before, other = w.stored(), NORTH if tenant == SOUTH else SOUTH
        theirs = of_tenant(w, other)
        response = asked.send(w, user, customer, tenant)
        cell = (user, customer, response.body[:300])
        assert expected(asked, user, customer) == response.status, cell
        protected(response, asked.at(customer))
        assert theirs == of_tenant(w, other), "nothing of another tenant is touched"
        if asked.method == "GET":
            assert before == w.stored(), "looking changes nothing"
        elif response.status not in (200, 303):
            kept = without(before, "history")
            assert kept == without(w.stored(), "history"), "a refusal is recorded, no more"
        assert [] == w.reports


def test_every_cell_was_asked() -> None:
    """As many as there are: a table that lost its rows would assert nothing."""
    about = sum(not asked.open for asked in ASKED)
    assert len(USERS) * (len(ASKED) - about + about * len(EVERYBODY)) == len(CELLS)
    assert {"GET", "POST"} == {asked.method for asked in ASKED}
    assert 400 < len(CELLS)


HIDDEN = [("nora", "C-1"), ("nora", "absent"), ("adam", "only-south"), ("adam", "absent")]


@pytest.mark.parametrize("asked", [one for one in ASKED if not one.open], ids=str)
def test_absent_and_forbidden_look_the_same(asked: Asked) -> None:
    """Byte for byte, headers included; a page has its nonce, and nothing else of its own."""
    seen = set()
    for user, customer in HIDDEN:
        w = asked.world()
        response = asked.send(w, user, customer)
        nonce = re.search(r"'nonce-([\w-]+)'", response.header("Content-Security-Policy") or "")
        shown = repr((response.status, response.body.decode(), response.headers))
        shown = shown.replace(nonce[1], "NONCE") if nonce else shown
        seen.add(shown.replace(user.capitalize(), "NAME"))
        assert customer not in shown
    assert 1 == len(seen), seen


def test_api_says_the_same_to_everybody_of_whom_there_is_nothing_to_see() -> None:
    w = ASKED[0].world()
    nothing = w.get("/api/customers/absent", "adam")
    assert nothing == w.get("/api/customers/C-1", "nora")
    assert nothing == w.ask("GET", "/api/customers/only-north", "sid", tenant=SOUTH)
    assert nothing == w.get("/api/nothing/at/all", "adam")


def test_banners_are_of_those_whom_the_user_may_see() -> None:
    w = ASKED[0].world()
    query = [("customer", key) for key in (*EVERYBODY, "C-2", "C-1")]

    def banners(user: str, tenant: str = NORTH) -> list[str]:
        response = w.ask("GET", "/api/banners", user, tenant=tenant, query=query)
        return [one["customer"] for one in data_of(response)["banners"]]

    assert ["C-1", "only-north"] == banners("cora") == banners("adam")
    assert ["C-1", "only-south"] == banners("sid", SOUTH)
    assert [] == banners("nora")


def test_method_that_an_address_does_not_take_is_told_those_that_it_takes() -> None:
    w = ASKED[0].world()
    by_path: dict[str, set[str]] = {}
    for asked in ASKED:
        by_path.setdefault(asked.at("C-1"), set()).add(asked.method)
    for path, methods in by_path.items():
        allowed = methods | ({"HEAD"} if "GET" in methods else set())
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - allowed:
            response = w.ask(method, path, headers={"x-http-method-override": "POST"})
            assert 405 == response.status, (method, path)
            assert ", ".join(sorted(allowed)) == response.header("Allow")
            protected(response, path)


@pytest.mark.parametrize("asked", [one for one in ASKED if one.method == "GET"], ids=str)
def test_head_is_get_without_the_body(asked: Asked) -> None:
    w = asked.world()
    full = asked.send(w, "adam")
    path = asked.at("C-1")
    head = w.ask("HEAD", path, query=asked.query)
    assert (full.status, b"") == (head.status, head.body)
    assert [name for name, _ in full.headers] == [name for name, _ in head.headers]
    protected(head, path)
