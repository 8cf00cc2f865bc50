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

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from cancelkit import commands
from cancelkit.asking import faults, moment
from cancelkit.errors import CancelkitError, NotDue
from cancelkit.orders import order
from cancelkit.records import Outcome, Verb
from cancelkit.text import checked_number

if TYPE_CHECKING:
    from cancelkit.desk import Desk


class Tried(NamedTuple):
    """What became of one customer whose day has come: an outcome, or why there is none."""

    customer: str  # "" where the next page of what is due could not be read
    outcome: Outcome | None
    error: CancelkitError | None = None  # `Refused`: blocked, and tried again on the next day


def process_due(desk: Desk, *, page: int = 500) -> list[Tried]:
    """Carry out the scheduled Processes that are due, the longest due first, a page at a time.

    Each is a command of its own: what fails hurts no other, and is due again in the next run. The
    day is that of the host's clock, in the host's zone. What was entered since the scheduling, such
    as a new owner, is done as well.
    """
    checked_number(page, "page")
    done: list[Tried] = []
    tried: set[str] = set()
    while True:
        try:
            new = _due(desk, tried, page)
        except CancelkitError as error:
            if not done:
                raise
            return [*done, Tried("", None, error)]  # what was carried out is not forgotten
        done += [one for one in map(partial(_try, desk), new) if one is not None]
        tried.update(new)
        if len(new) < page:
            return done


def _try(desk: Desk, customer_id: str) -> Tried | None:
    try:
        ask = order(desk, customer_id, Verb.PROCESS, None, due=True)
        return Tried(customer_id, commands.run(desk, ask))
    except NotDue:
        return None
    except CancelkitError as error:
        return Tried(customer_id, None, error)


def _due(desk: Desk, tried: set[str], page: int) -> list[str]:
    """Return a page of what is due and was not tried in this run, so that no failure starves it."""
    with faults("looking for what is due"), desk.host.reading() as unit:
        _, today = moment(desk)
        found = unit.cancellations.due(today, page + len(tried))
        return [customer_id for customer_id in found if customer_id not in tried]
