"""The CRM's own transaction: an order is closed and the customer cancelled, in one commit."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

from cancelkit import Outcome
from sqlalchemy_crm.crm import account_of, finish
from sqlalchemy_crm.wiring import desk

MANY = 1_000


def close_orders_and_process(session: Session, number: str, login: str) -> Outcome:
    """Complete the open orders of an account and process its cancellation; the caller commits."""
    account = account_of(session, number, lock=True)  # the account first, as cancelkit does
    cancellation = desk(session, login).get(str(account.id))
    view = cancellation.view(name=MANY)
    finish(session, view.section("sales_orders"), view.today)
    plan = cancellation.plan()  # sees what the session has not committed yet
    return cancellation.process(plan.token)  # .state == "staged"


async def close_orders_and_process_async(
    sessions: async_sessionmaker[AsyncSession], number: str, login: str
) -> Outcome:
    """Do the same in an async host: SQLAlchemy runs it, and nothing is written twice."""
    async with sessions.begin() as session:
        return await session.run_sync(close_orders_and_process, number, login)
