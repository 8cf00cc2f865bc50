"""Every error that cancelkit raises: three kinds, never mixed.

* `Invalid`: malformed before anything was decided. Nothing is recorded, nothing has changed.
* `Refused`: a decision, with every reason. It is recorded, then raised.
* `Failed`: a fault of a database, an adapter or a plug-in. Everything is rolled back.

The message is a full sentence for the developer; the same facts are attributes for a program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cancelkit.messages import Message, Refusal


class CancelkitError(Exception):
    """The root of every error that cancelkit raises."""


class Invalid(CancelkitError, ValueError):
    """Malformed input: raised before anything is decided or written.

    `message` says it to the person who has entered it, in any language; None where a program did.
    """

    def __init__(self, sentence: str = "", message: Message | None = None) -> None:
        super().__init__(sentence)
        self.message = message


class UnknownCustomer(Invalid, LookupError):
    """No customer with this id is visible here (absent, deleted, or another tenant's)."""


class UnknownSection(Invalid, LookupError):
    """The checklist has no such section; the message lists those that it has."""


class UnknownReason(Invalid, LookupError):
    """A reason code (or a mood) that the host's list does not have."""


class UnknownUser(Invalid, LookupError):
    """No user with this id is known to the host."""


class NotASection(Invalid, TypeError):
    """A plug-in that does not have what a section must have; the message names what is missing."""


class BadSetup(Invalid):
    """The kit, its checklist and its host do not fit together; the message says what is missing."""


class TransactionRequired(BadSetup):
    """The host's connection commits each statement: nothing would be all or nothing."""


class IsolationError(BadSetup):
    """The host's transaction reads an old snapshot: what it checks would be the past."""


class Refused(CancelkitError):
    """A command was decided against; the refusal is in the history.

    Attributes:
        refusals: every reason, in checklist order; never empty.
        fresh: the newly read `Plan`, where a plan was judged (Process); else None.
        entry: the `HistoryEntry` of the refusal. In the host's own transaction it is gone when
            the host rolls back, so the host may store it later.
    """

    def __init__(
        self, sentence: str, refusals: tuple[Refusal, ...], *, fresh: Any = None, entry: Any = None
    ) -> None:
        super().__init__(sentence)
        self.refusals: tuple[Refusal, ...] = refusals
        self.fresh: Any = fresh
        self.entry: Any = entry

    @property
    def codes(self) -> tuple[str, ...]:
        """The stable codes of the reasons, for a program to branch on."""
        return tuple(refusal.code for refusal in self.refusals)

    @property
    def sections(self) -> tuple[str, ...]:
        """The keys of the sections that stand in the way, in checklist order."""
        return tuple(refusal.section for refusal in self.refusals if refusal.section)


class NotAllowed(Refused, PermissionError):
    """The actor has no role that allows this."""


class WrongState(Refused):
    """The lifecycle has no such move from the state that the customer is in."""


class NotPending(WrongState):
    """No cancellation of this customer is open."""


class AlreadyPending(WrongState):
    """The CRM marks the customer as pending, although no cancellation is open here."""


class OtherProfile(Refused):
    """Begin by a profile, while a cancellation by another one is open: it would not be used."""


class NoStatus(WrongState):
    """Begin, where the CRM gives the customer no status that could be marked as pending."""


class AlreadyCancelled(WrongState):
    """The customer is cancelled already; the message says by whom and when, where that is known."""


class Blocked(Refused):
    """At least one blocking section is not green, or an effect cannot be performed."""


class StaleToken(Refused):
    """What the token was given for would be something else now; `fresh` is the new plan, if any."""


class NewerAnswer(StaleToken):
    """Somebody else has entered something newer in the same section."""


class ConfirmationMissing(Refused):
    """Process was called without the token of the plan that was confirmed; `fresh` has one."""


class OperationReused(Refused):
    """The operation id was used before, with other arguments or by somebody else."""


class Drift(Refused):
    """Somebody else changed the customer's status while it was pending; it is not overwritten."""


class CustomerGone(Drift):
    """The customer was deleted, merged or moved while it was pending; only End is left."""


class NoDrift(WrongState):
    """Adopt or End without drift: use Remove to end a cancellation."""


class NotCancelled(WrongState):
    """Reinstate, although the customer is not cancelled, or not by a cancellation of ours."""


class WrongDate(Refused):
    """The effective date is before the customer's first day."""


class NothingToOverride(Refused):
    """The section is not red, does not block, or cannot be judged: there is nothing to override."""


class CreationRefused(Refused):
    """The guard: nothing new is wanted for this customer. Not a command, so not in the history."""


class NothingPlanned(Refused):
    """Perform Now was called for a section that has nothing (more) to perform."""


REFUSED_BY_CODE: dict[str, type[Refused]] = {
    "not_allowed": NotAllowed,
    "not_pending": NotPending,
    "already_pending": AlreadyPending,
    "no_status": NoStatus,
    "other_profile": OtherProfile,
    "already_cancelled": AlreadyCancelled,
    "blocked": Blocked,
    "effect_refused": Blocked,
    "effect_changed": Blocked,
    "owner_left": Blocked,
    "stale_token": StaleToken,
    "newer_answer": NewerAnswer,
    "confirmation_missing": ConfirmationMissing,
    "operation_reused": OperationReused,
    "drift": Drift,
    "customer_gone": CustomerGone,
    "no_drift": NoDrift,
    "not_cancelled": NotCancelled,
    "too_early": WrongDate,
    "nothing_to_override": NothingToOverride,
    "not_wanted": CreationRefused,
    "nothing_planned": NothingPlanned,
}


class Failed(CancelkitError):
    """A fault. The unit of work was rolled back: nothing has changed, unless the class says so."""


class Conflict(Failed):
    """Somebody else wrote at the same time and was first; the whole command may be tried again."""


class NotDue(Failed):
    """A scheduled cancellation is not due any more: somebody was first, or it was ended."""


class Busy(Failed):
    """The customer is locked by another command, for longer than this one may wait."""


class CommandFailed(Failed):
    """An exception of the host or its database ended the command; it is the `__cause__`."""


class AdapterContractError(Failed):
    """An adapter broke the contract of its port; the message names port, method and promise."""


class PluginError(Failed):
    """A section plug-in broke its contract, or its package is not installed."""


class CorruptState(Failed):
    """A stored document is not what cancelkit wrote; the message has the path inside it."""


class NewerFormat(CorruptState):
    """A stored document has a newer format than this version of cancelkit knows."""


class OutcomeUnknown(Failed):
    """The reply to COMMIT was lost; repeat with the operation id `op` to learn the outcome."""

    def __init__(self, sentence: str, op: str = "") -> None:
        super().__init__(sentence)
        self.op = op
