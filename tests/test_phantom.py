"""Process is refused because of an order that was not yet committed when it began (goal 9)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from cancelkit.sections import NewOwner, Reasons
from tests.phantom import MODES, Phantom, refused
from tests.servers import Databases
from tests.sql_desk import ANN, CRM, KIT, Place, place


def phantom(here: Place, *, on_driver: bool) -> Phantom:
    """Return a customer who is ready for Process."""
    cancellation = here.owning().begin(here.key)
    cancellation.enter(Reasons("price"))
    cancellation.enter(NewOwner("bob"))
    token, orders = cancellation.plan().token, CRM.records["sales_orders"]

    def insert(db: sa.Connection) -> Any:
        return db.execute(orders.insert().values(customer_id=here.number(), status="new"))

    host = CRM.host(on_driver=on_driver)
    return Phantom(here.engine, host, KIT, ANN, here.key, token, insert, "north")


@pytest.mark.parametrize("on_driver", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_on_postgres_the_phantom_is_refused(
    databases: Databases, mode: str, on_driver: bool
) -> None:
    here = place(databases, "postgres")
    assert refused(phantom(here, on_driver=on_driver), mode)
    assert not here.back.status(here.key).cancelled


@pytest.mark.parametrize("on_driver", [False, True])
@pytest.mark.parametrize("mode", [one for one in MODES if one != "async session"])
def test_on_mariadb_the_phantom_is_refused(
    databases: Databases, mode: str, on_driver: bool
) -> None:
    """Also where the host has read before, so that plain reads would be of a snapshot."""
    here = place(databases, "mariadb")
    assert refused(phantom(here, on_driver=on_driver), mode)
    assert not here.back.status(here.key).cancelled


def test_a_check_that_does_not_wait_is_found(databases: Databases) -> None:
    """The planted one: a guarded UPDATE alone, at READ COMMITTED."""
    here = place(databases, "postgres")
    it = phantom(here, on_driver=False)

    class Careless(Phantom):
        def process(self, host: Any) -> None:
            with self.engine.begin() as db:
                db.exec_driver_sql(
                    "UPDATE customers SET row_version = 2 WHERE NOT EXISTS "
                    "(SELECT FROM sales_orders WHERE status = 'new')"
                )

    careless = Careless(
        it.engine, it.host, it.kit, it.actor, it.key, it.token, it.insert, it.tenant
    )
    assert not refused(careless, "own transaction")
