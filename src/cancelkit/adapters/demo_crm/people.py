"""The users of the demo CRM: who may do what, who may own customers, and who is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen
from sqlalchemy import Engine, Executable, func, select

from cancelkit.adapters.demo_crm.tables import ROLE, USER
from cancelkit.people import Customer, Person, User
from cancelkit.records import CancellationRecord

_USERS = select(USER.c.id, USER.c.name, USER.c.active)


@frozen
class Staff:
    """Implements the ports `Users` and `Recipients`, and answers for `EitherRole`."""

    engine: Engine

    def find(self, user_ids: Sequence[str]) -> Mapping[str, User]:
        """See `cancelkit.ports.Users`."""
        return {user.id: user for user in self._users(_USERS.where(USER.c.id.in_(user_ids)))}

    def candidates(self, customer: Customer, search: str, limit: int) -> Sequence[User]:
        """See `cancelkit.ports.Users`: telesales first."""
        named = func.lower(USER.c.name).contains(search.strip().lower(), autoescape=True)
        best_first = (USER.c.telesales.desc(), USER.c.name)
        return self._users(_USERS.where(USER.c.active, named).order_by(*best_first).limit(limit))

    def of(self, event: str, customer: Customer, record: CancellationRecord) -> Sequence[Person]:
        """See `cancelkit.ports.Recipients`: Billing hears of everybody who leaves or returns."""
        if event not in ("processed", "reinstated", "scheduled"):
            return ()
        billing = select(ROLE.c.user).where(ROLE.c.role == "Billing")
        found = self._users(_USERS.where(USER.c.active, USER.c.id.in_(billing)))
        return [user.person for user in found]

    def roles_of(self, user_id: str) -> Sequence[str]:
        """Return the roles of a user, as they are now."""
        with self.engine.connect() as db:
            return list(db.scalars(select(ROLE.c.role).where(ROLE.c.user == user_id)))

    def everybody(self) -> list[tuple[User, str]]:
        """Return the active users with their roles, for the user switcher."""
        active = self._users(_USERS.where(USER.c.active).order_by(USER.c.name))
        return [(user, ", ".join(self.roles_of(user.id))) for user in active]

    def _users(self, statement: Executable) -> list[User]:
        with self.engine.connect() as db:
            return [User(row.id, row.name, row.active) for row in db.execute(statement)]
