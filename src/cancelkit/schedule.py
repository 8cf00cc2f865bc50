"""The schedule: Processes that were confirmed for a day to come are carried out when it has come.

Import it by its own name; `import cancelkit` does not load it. Run it from a job of the host, as
often as you like; two at once do no harm:

    for tried in process_due(kit.at(host, actor=Person("nightly", "Nightly job"))):
        ...

The authority is the person who scheduled; the job's actor acts on that person's behalf, and needs
no role. Everything is checked afresh. What blocks now is told to the recipients of "blocked", and
is tried again on the next day; only Remove, or a Process, ends a schedule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from cancelkit import commands
from cancelkit.asking import faults, moment
from cancelkit.errors import CancelkitError, NotDue
from cancelkit.orders import order
from cancelkit.records import Outcome, Verb

if TYPE_CHECKING:
    from cancelkit.desk import Desk


class Tried(NamedTuple):
    """What became of one customer whose day has come: an outcome, or why there is none."""

    customer: str
    outcome: Outcome | None
    error: CancelkitError | None = None  # `Refused`: blocked, and tried again on the next day


def process_due(desk: Desk, limit: int = 500) -> Iterator[Tried]:
    """Carry out up to `limit` scheduled Processes that are due, the longest due first.

    Each is a command of its own: what fails hurts no other, and is due again. The day is that of
    the host's clock, in the host's zone.
    """
    with faults("looking for what is due"), desk.host.reading() as unit:
        _, today = moment(desk)
        due = tuple(unit.cancellations.due(today, limit))
    for customer_id in due:
        try:
            ask = order(desk, customer_id, Verb.PROCESS, None, due=True)
            yield Tried(customer_id, commands.run(desk, ask))
        except NotDue:
            continue
        except CancelkitError as error:
            yield Tried(customer_id, None, error)
