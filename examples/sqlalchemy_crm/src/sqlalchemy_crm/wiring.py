"""All that cancelkit is told of this CRM: its tables, who acts, and who commits (a session's)."""

from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cancelkit import STANDARD, CancelKit, Desk
from cancelkit.adapters.sqlalchemy import Assets, Customers, Dates, Records, SqlHost, Status
from sqlalchemy_crm.links import Links
from sqlalchemy_crm.schema import OWN, Account, Deal, Device, FollowUp, Order, Quote, Ticket, User
from sqlalchemy_crm.staff import Staff


def rows(kind: type[Any], of: Any, **columns: Any) -> Any:  # what the CRM's records have in common
    return kind(of.account_id, where=~of.deleted, id=of.number, label=of.title, **columns)


CLOSED = ["completed", "duplicate", "incomplete", "won't fix", "closed"]
ENDED = ["won", "lost", "cancelled"]
CUSTOMERS = Customers(
    Account.id,
    name=Account.name,
    status=Status(Account.status, cancelled="cancelled", pending=Account.leaving),
    owner=Account.owner_id,
    owner_name=select(User.full_name).where(User.id == Account.owner_id).scalar_subquery(),
    since=Account.customer_since,
    where=~Account.deleted,
    version=Account.version,
)
RECORDS = {
    "assets": rows(Assets, Device, ceased_on=Device.ceased_on, live=Device.in_use),
    "cases": rows(Records, Ticket, closed=Ticket.state.in_(CLOSED)),
    "opportunities": rows(Records, Deal, closed=Deal.stage.in_(ENDED)),
    "quotations": rows(Records, Quote, closed=Quote.result.in_([*ENDED, "expired"])),
    "sales_orders": rows(Records, Order, closed=Order.progress.in_(["completed", "cancelled"])),
    "expiries": Dates(FollowUp.account_id, FollowUp.due_on, where=~FollowUp.deleted),
}
HOST = SqlHost(CUSTOMERS, RECORDS, own=OWN)


def desk(bind: Engine | Session, login: str) -> Desk:
    staff, zone = Staff(bind), "Europe/London"
    kit = CancelKit(
        STANDARD, zone=zone, roles=staff.may, users=staff, recipients=staff, links=Links()
    )
    host = HOST.owning(bind) if isinstance(bind, Engine) else HOST.joining(bind)
    return kit.at(host, actor=staff.person(login))
