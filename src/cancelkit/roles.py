"""The article's rule of who may: either of two roles is enough."""

from __future__ import annotations

from collections.abc import Callable, Collection

from attrs import frozen

from cancelkit.people import Customer, Person

CUSTOMER_CANCELLATION = "Customer Cancellation"
CRM_ADMIN = "CRM Admin"


@frozen
class EitherRole:
    """A `RoleChecker`: one of these roles is enough; to override takes one of `overriding`.

    Overriding is: to let a red section pass, or to deal with drift. Nobody else may do anything.
    """

    roles_of: Callable[[str], Collection[str]]  # actor id -> names of roles, as they are now
    names: frozenset[str] = frozenset((CUSTOMER_CANCELLATION, CRM_ADMIN))
    overriding: frozenset[str] = frozenset((CRM_ADMIN,))

    def allows(self, actor: Person, action: str, customer: Customer) -> bool:
        """Say whether the actor has one of the roles."""
        wanted = self.overriding if action == "override" else self.names
        return not wanted.isdisjoint(self.roles_of(actor.id))
