r"""The lifecycle of a cancellation, as a table.

Theory of operation. A customer is in one of three states. A command is a verb. The table says
where each verb leads; a pair that is not in it is refused. Nothing else decides which moves exist:
the workflow, the documentation's diagram and the tests all read this table.

    LIVE --begin--> PENDING --process--> CANCELLED
      ^ ^              |  \__ begin, enter, perform_now, override, schedule, adopt: stays pending
      | +-remove, end--+                     |
      +-------------reinstate----------------+

* `begin` while PENDING opens the cancellation that is there: two users who begin see one.
* `schedule` is a `process` whose effective date is still to come. Scheduled is not a state of its
  own: the work goes on, and `process` or `remove` end it; a settings edit does not.
* PENDING is sticky: nothing but `remove`, `process` and `end` ends it. If somebody else changes
  the customer's status in the CRM, that is *drift*: it is shown and never overwritten. Then an
  admin may `adopt` the status that is there, or `end` the cancellation and leave the CRM as it is.
* `reinstate` is for customers that were cancelled here. The next cancellation is a new one.
* PENDING is cancelkit's own record. Otherwise a CRM into which the moves are mirrored is believed:
  it may say Cancelled by other means, or Live again.
* `process` is a move, and also a decision: `cancelkit.decide` refuses it while a section blocks.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from cancelkit.messages import PENDING_MARK
from cancelkit.people import Customer, Status
from cancelkit.records import CancellationRecord, State, Verb

TABLE: Mapping[tuple[State, Verb], State] = {  # the state afterwards
    (State.LIVE, Verb.BEGIN): State.PENDING,
    (State.PENDING, Verb.BEGIN): State.PENDING,
    (State.PENDING, Verb.ENTER): State.PENDING,
    (State.PENDING, Verb.PERFORM_NOW): State.PENDING,
    (State.PENDING, Verb.OVERRIDE): State.PENDING,
    (State.PENDING, Verb.SCHEDULE): State.PENDING,
    (State.PENDING, Verb.PROCESS): State.CANCELLED,
    (State.PENDING, Verb.REMOVE): State.LIVE,
    (State.PENDING, Verb.ADOPT): State.PENDING,
    (State.PENDING, Verb.END): State.LIVE,
    (State.CANCELLED, Verb.REINSTATE): State.LIVE,
}

ACTIONS: Mapping[Verb, str] = {
    Verb.BEGIN: "begin",
    Verb.ENTER: "edit",
    Verb.PERFORM_NOW: "edit",
    Verb.OVERRIDE: "override",
    Verb.SCHEDULE: "process",
    Verb.PROCESS: "process",
    Verb.REMOVE: "remove",
    Verb.ADOPT: "override",
    Verb.END: "override",
    Verb.REINSTATE: "reinstate",
}
"""verb -> the action about which the `RoleChecker` is asked."""


def moves(state: State) -> tuple[Verb, ...]:
    """Return the verbs that lead somewhere from a state, in the order of the table."""
    return tuple(verb for at, verb in TABLE if at is state)


def state_of(customer: Customer, record: CancellationRecord | None) -> State:
    """Return where a customer stands, from the current record and the CRM's own status."""
    ours = record is not None and record.state is not State.LIVE
    if record is not None and ours and (record.state is State.PENDING or record.former is None):
        return record.state
    cancelled = customer.status is not None and customer.status.cancelled
    return State.CANCELLED if cancelled else State.LIVE


def while_pending(former: Status | None) -> Status | None:
    """Return the status that the CRM shows while a cancellation is open, from the former one."""
    if former is None or former.pending is None:
        return former
    return evolve(former, pending=True)


def drifted(customer: Customer, record: CancellationRecord) -> bool:
    """Say whether somebody else changed the status of a customer whose cancellation is open."""
    now, former = customer.status, record.former
    if former is None:  # nothing is mirrored, but the CRM may say Cancelled all the same
        return now is not None and now.cancelled
    if now is None:
        return True
    unmarked = former.pending is not None and not now.pending
    return unmarked or now.cancelled or now.value != former.value


def actual_status(status: Status | None) -> str:
    """Return the CRM's own label of a status, or a dash where it has none."""
    return status.label if status else "-"


def shown_status(customer: Customer, state: State) -> str:
    """Return the status to show: the CRM's label, with (PC) while pending cancellation.

    Where the CRM has none it is a key, such as "state.live", for `CancelKit.status`.
    """
    status = customer.status
    if status is None or (state is State.CANCELLED and not status.cancelled):
        return f"state.{state.value}"
    marked = state is State.PENDING and not status.cancelled
    return status.label + PENDING_MARK if marked else status.label
