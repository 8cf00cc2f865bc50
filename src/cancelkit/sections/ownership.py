"""Ownership: who contacts the cancelled customer at the appropriate time (seed article)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen

from cancelkit.effects import AssignOwner
from cancelkit.errors import Invalid, UnknownUser
from cancelkit.facts import Facts
from cancelkit.messages import Message
from cancelkit.people import User
from cancelkit.section import Gate
from cancelkit.states import SectionState, green, red
from cancelkit.text import checked_line


@frozen
class NewOwner:
    """What is entered: `NewOwner("tele-7")` plans it, `NewOwner(keep=True)` keeps the owner."""

    user: str = ""  # the id of an active user; "" takes an earlier choice back
    keep: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        checked_line(self.user, "the new owner")
        if self.user and self.keep:
            raise Invalid("Choose a new owner or keep the owner, not both.")

    @property
    def mentions(self) -> tuple[str, ...]:
        """The user to look up."""
        return (self.user,) if self.user else ()


@frozen
class OwnershipSection:
    """Green when an active user is planned or assigned as the owner, or the owner is kept."""

    key: str = "ownership"
    title: str = "Ownership"
    gate: Gate = Gate.ADVISES
    needs: tuple[()] = ()
    form: type[NewOwner] = NewOwner
    effect_types: tuple[type[AssignOwner], ...] = (AssignOwner,)

    def evaluate(self, facts: Facts) -> SectionState:
        """Look at what was chosen, and whether the user is still there."""
        entered = facts.entered(NewOwner)
        if entered is None or not (entered.user or entered.keep):
            return red("ownership.none", hint="ownership.none.hint")
        if entered.keep:
            owners = [facts.user(owner.id) for owner in facts.customer.owners]
            left = ", ".join(owner.name for owner in owners if owner and not owner.active)
            return red("ownership.inactive", owner=left) if left else green("ownership.kept")
        user = facts.user(entered.user)
        if user is None:
            name = facts.name_of(entered.user)
            return red("ownership.gone", hint="ownership.none.hint", owner=name)
        if not user.active:
            return red("ownership.inactive", hint="ownership.none.hint", owner=user.name)
        if done := facts.performed(AssignOwner):
            return green("ownership.performed", owner=done.to[0].name)
        if _owns(user, facts):
            return green("ownership.assigned", owner=user.name)
        return green("ownership.planned", owner=user.name)

    def check(self, form: NewOwner, facts: Facts, /) -> None:
        """Refuse a user who is unknown or has left."""
        if not form.user:
            return
        user = facts.user(form.user)
        if user is None:
            gone = Message.of("ownership.gone", owner=form.user)
            raise UnknownUser(f"There is no user {form.user!r} who could own the customer.", gone)
        if not user.active:
            sentence = f"{user.name} ({user.id}) is not an active user; choose an active one."
            raise Invalid(sentence, Message.of("ownership.inactive", owner=user.name))

    def effects(self, facts: Facts) -> Sequence[AssignOwner]:
        """Assign the owner who was chosen, unless that is the owner already."""
        entered = facts.entered(NewOwner)
        user = facts.user(entered.user) if entered and entered.user else None
        if user is None or not user.active or _owns(user, facts):
            return ()
        return (AssignOwner((user.person,), facts.customer.owners),)


def _owns(user: User, facts: Facts) -> bool:
    return [owner.id for owner in facts.customer.owners] == [user.id]
