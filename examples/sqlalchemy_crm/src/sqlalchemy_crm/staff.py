"""The users of the CRM, as cancelkit asks for them: who may, who may own accounts, who is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Engine, Executable, Row, func, select
from sqlalchemy.orm import Session

from cancelkit import Customer, EitherRole, Invalid, Person
from cancelkit.people import User as Owner
from cancelkit.records import CancellationRecord
from sqlalchemy_crm.schema import User, UserRole

USERS = select(User.id, User.full_name, User.active).where(~User.deleted)
ROLES = select(UserRole.user_id, UserRole.role).where(~UserRole.deleted).subquery()
NUMBER = re.compile("[1-9][0-9]{0,8}")


@frozen
class Staff:
    """Reads through the session of a request, or on short connections of its own."""

    bind: Engine | Session

    def find(self, user_ids: Sequence[str]) -> Mapping[str, Owner]:
        """See `cancelkit.ports.Users`."""
        found = self._owners(USERS.where(User.id.in_(_keys(user_ids))))
        return {owner.id: owner for owner in found}

    def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[Owner]:
        """See `cancelkit.ports.Users`: those on the rota first."""
        named = func.lower(User.full_name).contains(search.strip().lower(), autoescape=True)
        best_first = (User.rota.is_(None), User.rota, User.full_name)
        return self._owners(USERS.where(User.active, named).order_by(*best_first).limit(limit))

    def of(self, event: str, customer: Customer, record: CancellationRecord) -> Sequence[Person]:
        """See `cancelkit.ports.Recipients`: Billing hears of everybody who is gone."""
        if event != "processed":
            return ()
        billing = select(ROLES.c.user_id).where(ROLES.c.role == "Billing")
        told = USERS.where(User.active, User.id.in_(billing)).order_by(User.id)
        return [owner.person for owner in self._owners(told)]

    @property
    def may(self) -> EitherRole:
        """The article's rule, over the roles of this CRM."""
        return EitherRole(self.roles_of)

    def roles_of(self, user_id: str) -> list[str]:
        """Return the roles of an active user, as they are now: for `cancelkit.EitherRole`."""
        active = select(User.id).where(User.active, ~User.deleted, User.id.in_(_keys([user_id])))
        return [row.role for row in self._rows(select(ROLES).where(ROLES.c.user_id.in_(active)))]

    def person(self, login: str) -> Person:
        """Return who has logged in."""
        for owner in self._owners(USERS.where(User.login == login, User.active)):
            return owner.person
        raise Invalid(f"There is no active user with the login {login!r}.")

    def knows(self, login: str) -> bool:
        """Say whether this is the login of an active user."""
        return bool(self._owners(USERS.where(User.login == login, User.active)))

    def _owners(self, users: Executable) -> list[Owner]:
        return [Owner(str(row.id), row.full_name, row.active) for row in self._rows(users)]

    def _rows(self, statement: Executable) -> Sequence[Row[Any]]:
        if isinstance(self.bind, Session):
            return self.bind.execute(statement).all()
        with self.bind.connect() as db:
            return db.execute(statement).all()


def _keys(user_ids: Sequence[str]) -> list[int]:
    """Return the ids as the table has them; "007" is not 7, and nobody's id."""
    return [int(key) for key in user_ids if NUMBER.fullmatch(key)]
