r"""The lifecycle of a cancellation, as a table.

Theory of operation. A customer is in one of three states. A command is a verb. The table says
where each verb leads; a pair that is not in it is refused. Nothing else decides which moves exist:
the workflow, the documentation's diagram and the tests all read this table.

    LIVE --begin--> PENDING --process--> CANCELLED
      ^                |  \__ begin, enter, perform_now (stays pending)
      +----remove------+

* `begin` while PENDING opens the cancellation that is there: two users who begin see one.
* PENDING is sticky: nothing but `remove` and `process` ends it. If somebody else changes the
  customer's status in the CRM, that is *drift*: it is shown and never overwritten.
* The state comes from cancelkit's own record, except that a CRM which says Cancelled is believed:
  such a customer was cancelled by other means.
* `process` is a move, and also a decision: `cancelkit.decide` refuses it while a section blocks.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from cancelkit.people import Customer, Status
from cancelkit.records import CancellationRecord, State, Verb

TABLE: Mapping[tuple[State, Verb], State] = {
    (State.LIVE, Verb.BEGIN): State.PENDING,
    (State.PENDING, Verb.BEGIN): State.PENDING,
    (State.PENDING, Verb.ENTER): State.PENDING,
    (State.PENDING, Verb.PERFORM_NOW): State.PENDING,
    (State.PENDING, Verb.REMOVE): State.LIVE,
    (State.PENDING, Verb.PROCESS): State.CANCELLED,
}
"""(state, verb) -> the state afterwards."""

ACTIONS: Mapping[Verb, str] = {
    Verb.BEGIN: "begin",
    Verb.ENTER: "edit",
    Verb.PERFORM_NOW: "edit",
    Verb.REMOVE: "remove",
    Verb.PROCESS: "process",
}
"""verb -> the action about which the `RoleChecker` is asked."""


def moves(state: State) -> tuple[Verb, ...]:
    """Return the verbs that lead somewhere from a state, in the order of the table."""
    return tuple(verb for at, verb in TABLE if at is state)


def state_of(customer: Customer, record: CancellationRecord | None) -> State:
    """Return where a customer stands, from the current record and the CRM's own status."""
    if record is not None and record.state is State.PENDING:
        return State.PENDING
    if customer.status is not None:
        return State.CANCELLED if customer.status.cancelled else State.LIVE
    return record.state if record is not None else State.LIVE


def while_pending(former: Status | None) -> Status | None:
    """Return the status that the CRM shows while a cancellation is open, from the former one."""
    if former is None or former.pending is None:
        return former
    return evolve(former, pending=True)


def drifted(customer: Customer, record: CancellationRecord) -> bool:
    """Say whether somebody else changed the status of a customer whose cancellation is open."""
    return customer.status != while_pending(record.former)


def shown_status(customer: Customer, state: State) -> str:
    """Return the status to show: the CRM's label, with (PC) while pending cancellation."""
    if customer.status is None:
        return _NO_STATUS[state]
    mark = " (PC)" if state is State.PENDING and not customer.status.cancelled else ""
    return customer.status.label + mark


_NO_STATUS = {State.LIVE: "Live", State.PENDING: "Live (PC)", State.CANCELLED: "Cancelled"}
