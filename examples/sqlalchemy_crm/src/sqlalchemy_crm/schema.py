"""The tables of the CRM, as they were before cancelkit came; one line was added, the last one.

Nothing is ever really deleted. People know accounts, tickets, orders and so on by their numbers.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from cancelkit.adapters.sqlalchemy import own_tables


class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)
    deleted: Mapped[bool] = mapped_column(default=False)


class User(Base):
    __tablename__ = "crm_user"
    login: Mapped[str] = mapped_column(String(191), unique=True)
    full_name: Mapped[str] = mapped_column(String(300))
    active: Mapped[bool] = mapped_column(default=True)
    rota: Mapped[int | None]  # in this order, telesales are offered as new owners


class UserRole(Base):
    __tablename__ = "crm_user_role"
    user_id: Mapped[int] = mapped_column(ForeignKey("crm_user.id"), index=True)
    role: Mapped[str] = mapped_column(String(60))


class Account(Base):
    """A customer. That one is about to leave is marked beside the status."""

    __tablename__ = "account"
    number: Mapped[str] = mapped_column(String(191), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(60), default="live")
    leaving: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("crm_user.id"), index=True)
    customer_since: Mapped[date | None]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as SQLAlchemy wants it


class OfAccount(Base):
    """What the records of an account have in common."""

    __abstract__ = True
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    number: Mapped[str] = mapped_column(String(191), unique=True)
    title: Mapped[str] = mapped_column(String(300))


class Device(OfAccount):
    __tablename__ = "device"
    ceased_on: Mapped[date | None]
    in_use: Mapped[bool] = mapped_column(default=True)


class Ticket(OfAccount):
    __tablename__ = "ticket"
    state: Mapped[str] = mapped_column(String(60))


class Deal(OfAccount):
    __tablename__ = "deal"
    stage: Mapped[str] = mapped_column(String(60))


class Quote(OfAccount):
    __tablename__ = "quote"
    result: Mapped[str] = mapped_column(String(60))


class Order(OfAccount):
    __tablename__ = "sales_order"
    progress: Mapped[str] = mapped_column(String(60))


class FollowUp(OfAccount):
    __tablename__ = "follow_up"
    due_on: Mapped[date]


OWN = own_tables(Base.metadata)  # cancelkit's four tables: whatever creates ours creates them
