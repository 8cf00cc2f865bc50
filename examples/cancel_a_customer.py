"""Cancel a customer, from Begin to the notification, with everything in memory."""

from __future__ import annotations

from datetime import date, timedelta

from cancelkit import (
    STANDARD,
    CancelKit,
    Cancellation,
    Customer,
    EitherRole,
    NewOwner,
    Person,
    Reasons,
    Refused,
    Status,
    User,
)
from cancelkit.adapters.memory import (
    Asset,
    Expiry,
    MemoryCrm,
    MemoryHost,
    MemoryNotifier,
    MemoryRecipients,
    MemoryUsers,
    Record,
)
from cancelkit.relay import Relay

TODAY = date.today()  # noqa: DTZ011 - an example may ask the machine


def show(cancellation: Cancellation) -> None:
    """Print the checklist as it is now."""
    view = cancellation.view(name=5)
    print(f"\n{view.name}: {view.status}")
    for line in view.sections:
        records = ", ".join(record.label for record in line.records)
        print(f"  {line.word:9} {line.title:21} {line.message}{records and f' ({records})'}")


# 1. Your CRM. Here it is in memory; in real life an adapter reads the tables that you have.
ann = Person("ann", "Ann Archer")
crm = MemoryCrm([Customer("C-1", "Harbour Café", Status("live"), owners=(ann,))])
crm.put("sales_orders", Record("SO-1", "C-1", "open", label="SO-1 Replacement router"))
crm.put("assets", Asset("A-1", "C-1", label="Broadband line"))
users = MemoryUsers([User("ann", "Ann Archer"), User("tele-7", "Tess Lee")], telesales=["tele-7"])

# 2. Set up once, at start-up: the checklist, who may, who may own, who is told.
kit = CancelKit(
    STANDARD,
    roles=EitherRole(lambda user: {"ann": ["Customer Cancellation"]}.get(user, [])),
    users=users,
    recipients=MemoryRecipients({"processed": [Person("billing", "Billing")]}),
)
host = MemoryHost(crm)
kit.verify(host)

# 3. Begin. The customer is now Live (PC); Manage, Refresh and Remove are possible at any time.
desk = kit.at(host, actor=ann)
cancellation = desk.begin("C-1")
show(cancellation)

# 4. Enter what is known. The new owner is only planned, until Perform Now (or Process) does it.
cancellation.enter(Reasons("price", text="Moved to another supplier"))
cancellation.enter(NewOwner("tele-7"))
cancellation.perform_now("ownership")

# 5. Process is refused while a blocking section is not complete. The refusal names all of them.
try:
    cancellation.process(cancellation.plan().token)
except Refused as refused:
    print(f"\n{refused}")

# 6. Work in the CRM: complete the order, cease the asset, set a reminder. cancelkit only looks.
crm.set_status("sales_orders", "SO-1", "completed")
crm.put("assets", Asset("A-1", "C-1", ceased_on=TODAY - timedelta(days=1), live=False))
crm.put("expiries", Expiry("E-1", "C-1", on=TODAY + timedelta(days=180)))

# 7. Confirm the plan. If anything has changed since it was shown, Process is refused again. The
#    customer's mood is not known; that section only advises.
plan = cancellation.plan()
print(
    "\nProcess will:", *plan.steps, *(f"Tell {person.name}" for person in plan.notify), sep="\n  "
)
cancellation.process(plan.token)
show(cancellation)

# 8. A job delivers what was queued together with the cancellation.
notifier = MemoryNotifier()
Relay(host, notifier).run()
print("\nTold:", ", ".join(sent.recipient.name for sent in notifier.sent))
