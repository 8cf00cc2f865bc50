"""What each page and each address of the API costs, in statements at the driver.

Opening the panel is one statement for the checklist, whatever the number of sections and records,
and three for the customer, its cancellation and its history. BEGIN and COMMIT are not counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import cache

import pytest
import sqlalchemy as sa
from attrs import evolve

from cancelkit.adapters.sqlalchemy import SqlHost
from cancelkit.adapters.web import Panel, PanelRequest, PanelResponse
from cancelkit.adapters.web.addresses import segment
from cancelkit.adapters.web.security import make_token
from cancelkit.desk import Desk
from cancelkit.kit import CancelKit
from cancelkit.roles import EitherRole
from tests.servers import Databases
from tests.sql_desk import ANN, CRM
from tests.sql_driver import Counted, counting
from tests.sql_plugins import plugged, with_plugins
from tests.sql_world import BackDoor, clear, create

KIT = with_plugins()
PANEL = Panel(b"sixteen bytes, or more")


class Here:
    """A panel at a database whose driver counts."""

    def __init__(self, engine: sa.Engine, counted: Counted, back: BackDoor, host: SqlHost) -> None:
        self.engine, self.counted, self.back, self.host = engine, counted, back, host

    def desk(self, kit: CancelKit = KIT) -> Desk:
        return kit.at(self.host.owning(self.engine, tenant="north"), actor=ANN)

    def customer(self, records: int) -> str:
        """Return a pending customer with so many open cases, and as many assets."""
        key = self.back.customer()
        self.back.date(key, "expiries", date(2099, 1, 1))
        if records:
            cases = CRM.records["cases"]
            self.back.record(key, "cases", "open")
            columns = [cases.c.customer_id, cases.c.status, cases.c.subject]
            one = sa.select(*columns).where(cases.c.customer_id == self.back.key(key))
            with self.back.engine.begin() as db:
                for _ in range(records.bit_length()):
                    db.execute(cases.insert().from_select(columns, one))
        self.desk().begin(key)
        return key

    def roles_of(self, user: str) -> list[str]:
        """Return the roles of a user, for which the database is asked."""
        with self.engine.connect() as db:
            return [str(db.scalar(sa.select(sa.literal("CRM Admin"))))]

    def cost(self, request: PanelRequest, kit: CancelKit = KIT) -> tuple[int, PanelResponse]:
        """Return how many statements a request takes, and the answer."""
        desk = self.desk(kit)
        self.counted.clear()
        answer = PANEL.handle(request, desk)
        return self.counted.statements, answer


@pytest.fixture
def here(databases: Databases) -> Iterator[Here]:
    """A SQLite database without customers."""
    engine = databases.engine("sqlite", "numbers")
    create(engine, CRM)
    clear(engine, CRM)
    with counting(engine) as (counted_engine, counted):
        yield Here(counted_engine, counted, BackDoor(engine, CRM, "north"), plugged(CRM))


COSTS = {
    "/customers/{}": 6,  # two of them for the users to choose an owner from
    "/": 3,
    "/queue.csv": 3,
    "/customers/{}/banner": 3,
    "/customers/{}/process": 4,
    "/customers/{}/remove": 4,
    "/api/customers/{}": 4,
    "/api/customers/{}?records=cases": 5,
    "/api/customers/{}?on=2099-06-01": 5,
    "/api/customers/{}/check": 3,
    "/api/customers/{}/plan": 3,
    "/api/customers/{}/timeline": 2,
    "/api/customers/{}/owners?search=b": 2,
    "/api/customers/{}/sections/cases/records": 5,
    "/api/session": 0,
    "/api/queue": 3,
    "/api/openapi.json": 0,
    "/api/sections/reasons/form": 0,
}


@pytest.mark.parametrize("records", [0, 500])
def test_cost_of_every_page_is_constant(here: Here, records: int) -> None:
    key = here.customer(records)
    found = {}
    for address in COSTS:
        path, _, query = address.format(key).partition("?")
        found[address], answer = here.cost(PanelRequest("GET", path, query))
        assert 200 == answer.status, (address, answer.body[:200])
    named = {"/api/customers/{}?records=cases", "/api/customers/{}/sections/cases/records"}
    fewer = {} if records else dict.fromkeys(named, 4)  # nothing is red: nobody is named
    assert {**COSTS, **fewer} == found


@pytest.mark.parametrize("customers", [1, 40])
def test_banners_are_two_statements_for_any_number_of_customers(here: Here, customers: int) -> None:
    """One finds which of them this user may see; one finds all banners."""
    keys = [here.customer(0) for _ in range(customers)]
    query = "&".join(f"customer={key}" for key in keys)
    cost, answer = here.cost(PanelRequest("GET", "/api/banners", query))
    assert (2, customers) == (cost, len(json.loads(answer.body)["banners"]))


@pytest.mark.parametrize("customers", [1, 40])
@pytest.mark.parametrize("path", ["/", "/queue.csv", "/api/queue"])
def test_the_queue_asks_for_roles_once_for_a_row(here: Here, path: str, customers: int) -> None:
    """A checker that remembers for one request asks once, as that of the demo CRM."""
    keys = [here.customer(0) for _ in range(customers)]
    asking = evolve(KIT, roles=EitherRole(here.roles_of))
    remembering = evolve(KIT, roles=EitherRole(cache(here.roles_of)))
    cost, answer = here.cost(PanelRequest("GET", path), asking)
    assert (3 + customers, 200) == (cost, answer.status)
    assert all(key in answer.body.decode() for key in keys)
    assert 4 == here.cost(PanelRequest("GET", path), remembering)[0]


def test_what_is_forged_costs_nothing(here: Here) -> None:
    """It is refused before anything is asked of the database."""
    key = here.customer(0)
    said = {"content-type": "application/json", "idempotency-key": "op"}
    cost, answer = here.cost(PanelRequest("POST", f"/api/customers/{key}/remove", "", said, b"{}"))
    assert (0, 403) == (cost, answer.status)


COMMANDS = {"sections/reasons": (b'{"codes": [{"code": "price"}]}', 5), "remove": (b"{}", 6)}


@pytest.mark.parametrize("records", [0, 500])
@pytest.mark.parametrize("command", COMMANDS)
def test_cost_of_a_command_is_constant(here: Here, command: str, records: int) -> None:
    body, expected = COMMANDS[command]
    key, desk = here.customer(records), here.desk()
    now = desk.host.clock.now()
    said = {
        "content-type": "application/json",
        "idempotency-key": "op",
        "x-csrf-token": make_token(PANEL.secret, desk, now),
    }
    path = f"/api/customers/{key}/{command}"
    cost, answer = here.cost(PanelRequest("POST", path, "", said, body))
    assert 200 == answer.status, answer.body
    assert expected == cost


CONFUSING = ["01", "+1", "1.0", " 1", "\uff11", "1e0", "0x1", str(2**63), "-1", "1_0", "", "²"]


@pytest.mark.parametrize("text", CONFUSING)
def test_id_that_is_nearly_that_of_a_customer_is_nobody_s(here: Here, text: str) -> None:
    """In a database whose customers have numbers, too."""
    key = here.customer(0)
    path = f"/api/customers/{segment(text.replace('1', key) if '6' not in text else text)}"
    _, answer = here.cost(PanelRequest("GET", path))
    assert 404 == answer.status
