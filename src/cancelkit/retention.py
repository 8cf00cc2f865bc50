"""How long operation ids are kept: those of Process for ever, all others for 90 days.

Import it by its own name; `import cancelkit` does not load it. Run it from a job of the host:

    forget_operations(host)

Within that time a repeat of a command gets the first answer again; afterwards it is a new command.
"""

from __future__ import annotations

from datetime import timedelta

from cancelkit.asking import faults
from cancelkit.errors import Invalid
from cancelkit.ports import Host
from cancelkit.times import checked_instant

KEPT = timedelta(days=90)


def forget_operations(host: Host, *, after: timedelta = KEPT) -> int:
    """Forget the operation ids that are older than so long; return how many.

    Args:
        host: whose operation ids, of its tenant.
        after: no shorter than anybody repeats a command by itself; at least a day.

    Raises:
        Invalid: `after` is shorter than a day.
    """
    if not isinstance(after, timedelta) or after < timedelta(days=1):
        raise Invalid(f"after must be a timedelta of at least a day, not {after!r}.")
    before = checked_instant(host.clock.now(), "the clock's time") - after
    with faults("forgetting operation ids"), host.writing() as unit:
        return unit.operations.purge(before)
