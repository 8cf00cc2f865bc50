"""The `Cancellation` workflow object: the article's verbs on one customer.

It holds no state of its own: every method reads afresh, and nothing that looks like an attribute
does I/O. All commands go through `cancelkit.commands.run`; whoever has read one has read them all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import frozen

from cancelkit import commands, looking
from cancelkit.looking import Look
from cancelkit.orders import form_from_data, order
from cancelkit.people import User
from cancelkit.records import HistoryEntry, JsonObject, Outcome, Verb
from cancelkit.times import checked_day
from cancelkit.views import Plan, View

if TYPE_CHECKING:
    from cancelkit.desk import Desk


@frozen
class Cancellation:
    """The cancellation of one customer, at a desk.

    Every command takes `op`, an operation id: a repeat of an accepted command with the same id
    returns the first answer again (`replayed`); other arguments under the same id are refused; a
    refusal uses nothing up. Without one, a new id is made; it stands in the outcome. With the
    `token` of a view, a command is refused where that cancellation is over and another has begun.

    Every command may raise:
        Refused: a decision, with every reason; it is in the history.
        Invalid: malformed input; nothing is recorded.
        Failed: a fault; everything was rolled back.
    """

    desk: Desk
    customer_id: str

    def view(self, *, name: int = 0, on: date | None = None) -> View:
        """Read everything and return the checklist as values; also what Refresh does.

        Of the records that keep each section red, `name` are named (0 asks nobody). With `on`, a
        day to come, the sections are judged as of that day: what will be green by then, and what
        turns red before.
        """
        return looking.view(self.desk, self.customer_id, name=name, on=checked_day(on))

    def plan(self, *, on: date | None = None) -> Plan:
        """Return what Process would do, and the token to confirm it; or raise `NotPending`.

        With `on`, for this effective date: see `process`.
        """
        return looking.plan(self.desk, self.customer_id, on=checked_day(on))

    def look(
        self, *, name: int = 0, of: Collection[str] | None = None, on: date | None = None
    ) -> Look:
        """Read everything once: view, plan and history of one instant; see `view` and `plan`.

        Records are named for the sections `of`, or for all of them.
        """
        return looking.look(self.desk, self.customer_id, name=name, of=of, on=checked_day(on))

    def candidates(self, search: str = "", limit: int = 20) -> Sequence[User]:
        """Return active users who may take the customer over, the best first, at most `limit`."""
        return looking.candidates(self.desk, self.customer_id, search, limit)

    def history(self) -> Sequence[HistoryEntry]:
        """Return every accepted and refused command on this customer, oldest first."""
        return looking.history(self.desk, self.customer_id)

    def begin(self, *, profile: str = "", op: str | None = None) -> Outcome:
        """Open a cancellation and mark the customer as pending; again opens the one there is.

        The checklist of the profile ("" for the kit's own) is copied: later changes of the profile
        do not change the cancellation. One that is open keeps its profile: to name another one is
        refused (`OtherProfile`), and to name none opens it.
        """
        return self._run(Verb.BEGIN, op, profile=profile)

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

    def perform_now(self, section: str, *, token: str = "", op: str | None = None) -> Outcome:
        """Carry out at once what a section plans, such as the new owner; Process then need not."""
        return self._run(Verb.PERFORM_NOW, op, section=section, token=token)

    def override(
        self,
        section: str,
        reason: str = "",
        *,
        take_back: bool = False,
        token: str = "",
        op: str | None = None,
    ) -> Outcome:
        """Let a blocking section be red, for a reason that is recorded; or take that back.

        Needs the action "override". It is void as soon as the section says another thing, or other
        records keep it red. A section that could not be read is not overridden.
        """
        what = {"section": section, "note": reason, "take_back": take_back}
        return self._run(Verb.OVERRIDE, op, token=token, **what)

    def remove(self, *, put_back: bool = False, token: str = "", op: str | None = None) -> Outcome:
        """End the cancellation and put back the exact status of before Begin.

        With `put_back`, what was performed is undone, if it has an inverse; the rest is in `stays`.
        Refused where somebody else has changed it since.
        """
        return self._run(Verb.REMOVE, op, put_back=put_back, token=token)

    def process(self, token: str = "", *, on: date | None = None, op: str | None = None) -> Outcome:
        """Re-check everything and, all or nothing, do what the plan with this token says.

        The effective date `on` is today where none is given. One before today is recorded as such;
        it may not be before the customer's first day. With one to come, Process is *scheduled*:
        the sections that are red are no reason against it yet, and
        `cancelkit.schedule.process_due` carries it out on the day, after a fresh check.

        Raises:
            Blocked: a blocking section is not green.
            StaleToken: the plan would be another one now; `fresh` is the new plan.
            ConfirmationMissing: no token was given; `fresh` is the plan to confirm.
        """
        return self._run(Verb.PROCESS, op, token=token, on=on)

    def reinstate(
        self, *, put_back: bool = False, token: str = "", op: str | None = None
    ) -> Outcome:
        """Give a cancelled customer the exact status of before Begin again.

        History and reasons stay. `put_back` is as in `remove`. A new cancellation may follow.
        """
        return self._run(Verb.REINSTATE, op, put_back=put_back, token=token)

    def adopt(self, *, op: str | None = None) -> Outcome:
        """After drift: go on from the status that the CRM has now. Needs the action "override".

        The customer is marked as pending again, and Remove will put that status back.
        """
        return self._run(Verb.ADOPT, op)

    def end(self, *, op: str | None = None) -> Outcome:
        """After drift: end the cancellation as it is; nothing is written into the CRM.

        Needs the action "override". For a customer who was cancelled by other means, or is gone.
        """
        return self._run(Verb.END, op)

    def _run(self, verb: Verb, op: str | None, **what: Any) -> Outcome:
        return commands.run(self.desk, order(self.desk, self.customer_id, verb, op, **what))
