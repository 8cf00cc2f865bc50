"""Cancel a customer properly: begin, work through a checklist of live facts, process or remove."""

from __future__ import annotations

from cancelkit.cancellation import Cancellation
from cancelkit.checklist import STANDARD, Checklist
from cancelkit.desk import Desk
from cancelkit.errors import CancelkitError, Failed, Invalid, Refused
from cancelkit.kit import CancelKit
from cancelkit.people import Customer, Person, Status, User
from cancelkit.records import Outcome
from cancelkit.roles import EitherRole
from cancelkit.section import Gate
from cancelkit.sections import Mood, NewOwner, Reason, Reasons, records_section
from cancelkit.views import Plan, View

__version__ = "0.1.0.dev0"

__all__ = [
    "STANDARD",
    "CancelKit",
    "CancelkitError",
    "Cancellation",
    "Checklist",
    "Customer",
    "Desk",
    "EitherRole",
    "Failed",
    "Gate",
    "Invalid",
    "Mood",
    "NewOwner",
    "Outcome",
    "Person",
    "Plan",
    "Reason",
    "Reasons",
    "Refused",
    "Status",
    "User",
    "View",
    "records_section",
]
