"""The `Cancellation` workflow object: the article's verbs on one customer.

It holds no state of its own: every method reads afresh, and nothing that looks like an attribute
does I/O. All commands go through `cancelkit.commands.run`; whoever has read one has read them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from cancelkit import commands, looking
from cancelkit.orders import form_from_data, order
from cancelkit.records import HistoryEntry, JsonObject, Outcome, Verb
from cancelkit.views import Plan, View

if TYPE_CHECKING:
    from cancelkit.desk import Desk


@frozen
class Cancellation:
    """The cancellation of one customer, at a desk.

    Every command takes `op`, an operation id: a repeat of an accepted command with the same id
    returns the first answer again (`replayed`); other arguments under the same id are refused; a
    refusal uses nothing up. Without one, a new id is made; it stands in the outcome.

    Every command may raise:
        Refused: a decision, with every reason; it is in the history.
        Invalid: malformed input; nothing is recorded.
        Failed: a fault; everything was rolled back.
    """

    desk: Desk
    customer_id: str

    def view(self, *, name: int = 0) -> View:
        """Read everything and return the checklist as values; also what Refresh does.

        Of the records that keep each section red, `name` are named (0 asks nobody).
        """
        return looking.view(self.desk, self.customer_id, name)

    def plan(self) -> Plan:
        """Return what Process would do now, and the token to confirm it; or raise `NotPending`."""
        return looking.plan(self.desk, self.customer_id)

    def history(self) -> Sequence[HistoryEntry]:
        """Return every accepted and refused command on this customer, oldest first."""
        return looking.history(self.desk, self.customer_id)

    def begin(self, *, op: str | None = None) -> Outcome:
        """Open a cancellation and mark the customer as pending; again opens the one there is."""
        return self._run(Verb.BEGIN, op)

    def enter(self, form: object, *, token: str = "", op: str | None = None) -> Outcome:
        """Store what a person entered: `Reasons("price")`, `NewOwner("u-7")`, `Mood("angry")`.

        With the token of the view it was entered on, somebody else's newer answer in the same
        section is not overwritten (`NewerAnswer`). Without a token, the last one wins.
        """
        return self._run(Verb.ENTER, op, token=token, form=form)

    def enter_data(
        self, section: str, data: JsonObject, *, token: str = "", op: str | None = None
    ) -> Outcome:
        """Store what was entered for a section, from its JSON form; see `enter`."""
        form = form_from_data(self.desk, section, data)
        return self._run(Verb.ENTER, op, token=token, form=form)

    def perform_now(self, section: str, *, op: str | None = None) -> Outcome:
        """Carry out at once what a section plans, such as the new owner; Process then need not."""
        return self._run(Verb.PERFORM_NOW, op, section=section)

    def remove(self, *, put_back: bool = False, op: str | None = None) -> Outcome:
        """End the cancellation and put back the exact status of before Begin.

        With `put_back`, what was performed is undone, where it can be; the rest is in `stays`.
        """
        return self._run(Verb.REMOVE, op, put_back=put_back)

    def process(self, token: str = "", *, op: str | None = None) -> Outcome:
        """Re-check everything and, all or nothing, do what the plan with this token says.

        Raises:
            Blocked: a blocking section is not green.
            StaleToken: the plan would be another one now; `fresh` is the new plan.
            ConfirmationMissing: no token was given; `fresh` is the plan to confirm.
        """
        return self._run(Verb.PROCESS, op, token=token)

    def _run(self, verb: Verb, op: str | None, **what: Any) -> Outcome:
        return commands.run(self.desk, order(self.desk, self.customer_id, verb, op, **what))
