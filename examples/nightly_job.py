"""A nightly job: Processes that were scheduled are carried out, and people are told."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, date, datetime

from cancelkit import STANDARD, CancelKit, Customer, Desk, EitherRole, Person, Reasons, Status
from cancelkit.adapters.memory import MemoryCrm, MemoryHost, Record, SetClock
from cancelkit.adapters.system import LogNotifier
from cancelkit.letters import Languages
from cancelkit.ports import Notifier
from cancelkit.recipients import Rule, WorkflowSetup
from cancelkit.relay import Relay
from cancelkit.schedule import process_due
from cancelkit.timeline import timeline


def nightly(desk: Desk, notifier: Notifier) -> int:
    """Do what is due, then deliver the notifications; return how many were blocked or failed."""
    troubles = 0
    for tried in process_due(desk):  # each is a command of its own: what fails hurts no other
        if tried.error is None:
            print(f"{tried.customer}: cancelled")
        else:
            troubles += 1
            print(f"{tried.customer}: {tried.error}")
    report = Relay(desk.host, notifier).run()
    print(f"{report.sent} told, {report.again + report.dead} not told")
    return troubles


# 1. Your CRM, and two customers whose cancellations are scheduled. In real life a person did this.
ann = Person("ann", "Ann Archer")
crm = MemoryCrm(Customer(key, f"Customer {key}", Status("live")) for key in ("C-1", "C-2"))
clock = SetClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
host = MemoryHost(crm, clock=clock)
kit = CancelKit(
    STANDARD.without("ownership"),
    roles=EitherRole(lambda user: ["CRM Admin"] if user == "ann" else []),
    recipients=WorkflowSetup([Rule([ann], ["processed", "blocked"])]),
    zone="UTC",  # yours, such as "Europe/London"
)
LEAVES = date(2026, 3, 31)
for key in ("C-1", "C-2"):
    cancellation = kit.at(host, actor=ann).begin(key)
    cancellation.enter(Reasons("moved"))
    cancellation.process(cancellation.plan(on=LEAVES).token, on=LEAVES)

# 2. Meanwhile somebody opens a case. It will block, and be tried again on the next day.
crm.put("cases", Record("CS-1", "C-2", "open"))

# 3. The job. It acts on behalf of who has scheduled, and needs no role of its own.
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
notifier = LogNotifier(Languages({}, default=kit.translator))  # until you have your own
desk = kit.at(host, actor=Person("nightly", "Nightly job"))
clock.set(datetime(2026, 3, 31, 1, tzinfo=UTC))
troubles = nightly(desk, notifier)

# 4. The case is closed; the next night there are none.
crm.set_status("cases", "CS-1", "closed")
clock.set(datetime(2026, 4, 1, 1, tzinfo=UTC))
troubles = nightly(desk, notifier)
for happened in timeline(kit, kit.at(host, actor=ann).get("C-2").history()):
    print(happened)
sys.exit(1 if troubles else 0)
