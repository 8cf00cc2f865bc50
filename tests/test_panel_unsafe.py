"""Every request that changes something, sent as somebody else would make a browser send it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import evolve, field, frozen

from cancelkit.adapters.memory import MemoryHost
from cancelkit.adapters.web import HostToken, Panel, PanelRequest
from cancelkit.adapters.web.security import good_token, make_token, own_origin
from tests.panel_crm import FORM, JSON, SOUTH, PanelWorld, panel_world
from tests.panel_routes import POSTED, Asked, protected

HERE = "crm.example"


@frozen
class Sending:
    """A request in the making."""

    w: PanelWorld
    asked: Asked
    token: str
    method: str = "POST"
    query: str = ""
    headers: dict[str, str] = field(factory=dict)
    body: bytes | None = None

    def request(self) -> PanelRequest:
        """Return the request, as a browser would send it."""
        data, plan = dict(self.asked.data), self.asked.token(self.w, "C-1")
        if self.asked.api:
            said = {"content-type": JSON, "x-csrf-token": self.token, "idempotency-key": "op"}
            said |= {"if-match": f'"{plan}"'} if plan else {}
            body = json.dumps(data).encode()
        else:
            said = {"content-type": FORM}
            data |= {"_token": self.token, "_op": "op"} | ({"_view": plan} if plan else {})
            body = urlencode(data, doseq=True).encode()
        headers = {**said, "host": HERE, "origin": f"https://{HERE}", **self.headers}
        kept = {name: value for name, value in headers.items() if value != "LEFT OUT"}
        body = body if self.body is None else self.body
        return PanelRequest(self.method, self.asked.at("C-1"), self.query, kept, body)


Attack = Callable[[Sending], Sending]


def saying(**headers: str) -> Attack:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda sending: evolve(sending, headers={**sending.headers, **named})


def token(make: Callable[[PanelWorld], str]) -> Attack:
    return lambda sending: evolve(sending, token=make(sending.w))


def method(name: str, **headers: str) -> Attack:
    return lambda sending: evolve(saying(**headers)(sending), method=name)


def aged(w: PanelWorld, by: timedelta) -> str:
    """Return a token of the user that was made so long ago."""
    return make_token(w.panel.secret, w.desk(), w.clock.now() - by)


def flipped(w: PanelWorld) -> str:
    good = w.token()
    return good[:-1] + ("0" if good[-1] != "0" else "1")


OTHER = "https://evil.example"
ATTACKS: dict[str, Attack] = {
    "no token": token(lambda w: ""),
    "another user's token": token(lambda w: w.token("cora")),
    "the token of a user of the same id in another tenant": token(lambda w: w.token("adam", SOUTH)),
    "an expired token": token(lambda w: aged(w, timedelta(days=1, seconds=1))),
    "a token of tomorrow": token(lambda w: aged(w, timedelta(hours=-2))),
    "a token under another secret": token(
        lambda w: make_token(b"another secret of 16", w.desk(), w.clock.now())
    ),
    "a token with another signature": token(flipped),
    "a token with a later date": token(lambda w: "9" + w.token()[1:]),
    "a token and more": token(lambda w: w.token() + "\u00a0"),
    "a token of a megabyte": token(lambda w: w.token() + "0" * 100_000),
    "another origin": saying(origin=OTHER),
    "another origin that begins like ours": saying(origin=f"https://{HERE}.evil.example"),
    "another port": saying(origin=f"https://{HERE}:8443"),
    "an origin with a user": saying(origin=f"https://evil@{HERE}"),
    "an origin that is no origin": saying(origin="http://[::1"),
    "an origin without a host": saying(origin="https://", host=""),
    "no origin at all": saying(origin="null"),
    "two origins": saying(origin=f"https://{HERE}, {OTHER}"),
    "another site, says the browser": saying(sec_fetch_site="cross-site"),
    "a neighbour, says the browser": saying(sec_fetch_site="same-site"),
    "several sites": saying(sec_fetch_site="same-origin, cross-site"),
    "a site of no kind": saying(sec_fetch_site="SAME-ORIGIN"),
    "nothing said of the site": saying(sec_fetch_site=""),
    "GET": method("GET"),
    "HEAD": method("HEAD"),
    "PUT": method("PUT"),
    "GET that says it is POST": method("GET", x_http_method_override="POST"),
    "post in lower case": method("post"),
    "text/plain": saying(content_type="text/plain"),
    "text/plain with JSON as its parameter": saying(content_type=f"text/plain; {JSON}"),
    "two types": saying(content_type=f"{JSON}, text/plain"),
    "no type": saying(content_type="LEFT OUT"),
    "multipart": saying(content_type="multipart/form-data; boundary=x"),
    "JSON that is no JSON": saying(content_type="application/json-seq"),
    "the other type": lambda s: saying(content_type=FORM if s.asked.api else JSON)(s),
    "another character set": lambda s: saying(
        content_type=f"{JSON if s.asked.api else FORM}; charset=utf-7"
    )(s),
    "a body that is too large": lambda s: evolve(s, body=b" " * (s.w.panel.body_limit + 1)),
    "the token in the address alone": lambda s: evolve(
        s, token="", query=urlencode({"_token": s.token, "X-CSRF-Token": s.token})
    ),
}


@pytest.mark.parametrize("asked", POSTED, ids=str)
def test_forged_request_is_refused_and_changes_nothing(asked: Asked) -> None:
    """Not even the history: what is forged is not an attempt of this user."""
    w = asked.world()
    before = w.stored()
    for name, attack in ATTACKS.items():
        sending = attack(Sending(w, asked, w.token()))
        response = w.panel.handle(sending.request(), w.desk())
        if sending.method not in ("GET", "HEAD"):  # which may be a page to look at
            assert response.status in (403, 405, 413, 415), (name, response.status)
        protected(response, asked.at("C-1"))
        assert before == w.stored(), name
    assert [] == w.reports


@pytest.mark.parametrize("asked", POSTED, ids=str)
def test_the_same_request_in_good_order_is_no_attack(asked: Asked) -> None:
    """The control: what was refused above was refused for what was wrong with it."""
    w = asked.world()
    response = w.panel.handle(Sending(w, asked, w.token()).request(), w.desk())
    assert response.status in (200, 303, 409), response.body[:300]


GOOD = {
    "a page of ours": {"origin": f"https://{HERE}"},
    "a page of ours, with the usual port": {"origin": f"https://{HERE}:443"},
    "a page of ours, and Host with the usual port": {
        "origin": f"https://{HERE}",
        "host": f"{HERE}:443",
    },
    "a page of ours on plain http": {"origin": f"http://{HERE}:80"},
    "in other letters": {"origin": f"HTTPS://{HERE.upper()}"},
    "a page of ours, says the browser, behind a proxy": {
        "origin": "https://seen.example",
        "host": "10.0.0.7:8000",
        "sec-fetch-site": "same-origin",
    },
    "the person, says the browser": {"sec-fetch-site": "none"},
    "a program": {},
    "a known origin, behind a proxy": {"origin": "https://seen.example", "host": "10.0.0.7:8000"},
}


@pytest.mark.parametrize("name", GOOD)
def test_request_of_our_own_pages_is_not_refused(name: str) -> None:
    headers = {"host": HERE, **GOOD[name]}
    request = PanelRequest("POST", "/", headers=headers)
    assert own_origin(request, frozenset({"https://seen.example"}))


def test_token_is_good_for_a_day() -> None:
    w = panel_world()
    for age, good in ((0, True), (86_400, True), (86_401, False), (-60, True), (-62, False)):
        made = make_token(w.panel.secret, w.desk(), w.clock.now() - timedelta(seconds=age))
        assert good is good_token(w.panel.secret, w.desk(), w.clock.now(), made), age


def test_token_tells_nothing_and_is_never_the_same() -> None:
    w = panel_world()
    assert w.token() != w.token()
    assert "adam" not in w.token()


def test_tenant_and_user_are_not_run_together() -> None:
    """The user "ab" of the tenant "c" is not the user "a" of the tenant "bc"."""
    w = panel_world()
    one, other = w.desk("ab"), w.desk("a")
    for desk, tenant in ((one, "c"), (other, "bc")):
        assert isinstance(desk.host, MemoryHost)
        desk.host.tenant = tenant
    made = make_token(b"x" * 16, one, w.clock.now())
    assert good_token(b"x" * 16, one, w.clock.now(), made)
    assert not good_token(b"x" * 16, other, w.clock.now(), made)


@pytest.mark.parametrize("said", [False, None, 1, "yes", "True", [True]])
def test_host_s_own_check_grants_with_the_literal_true_alone(said: Any) -> None:
    w = panel_world(host_token=HostToken(lambda _: "t", lambda _: said, "csrf_token"))
    before = w.stored()
    assert 403 == w.post("/api/customers/C-1/begin").status
    assert before == w.stored()


def test_host_s_own_check_that_fails_grants_nothing() -> None:
    def broken(_: PanelRequest) -> bool:
        raise OSError("no session")

    w = panel_world(host_token=HostToken(lambda _: "t", broken, "csrf_token"))
    before = w.stored()
    assert 500 == w.post("/api/customers/C-1/begin").status
    assert before == w.stored()
    assert 1 == len(w.reports)


def test_host_s_own_check_that_says_yes_is_enough_only_from_a_page_of_ours() -> None:
    w = panel_world(host_token=HostToken(lambda _: "t", lambda _: True, "csrf_token"))
    assert 403 == w.post("/api/customers/C-1/begin", origin=OTHER, host=HERE).status
    assert 200 == w.post("/api/customers/C-1/begin", origin=f"https://{HERE}", host=HERE).status


def test_secret_is_in_no_repr() -> None:
    assert "sixteen" not in repr(Panel(b"sixteen bytes, or more"))
