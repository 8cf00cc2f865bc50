"""What cancelkit needs from a host: small structural Protocols; no base class to inherit.

A host must write `CustomerRepo`, a `RoleChecker` and a `Notifier`. The rest has defaults or comes
with each adapter. A port's docstring is a contract; its numbered promises are proved by the
contract tests.
"""

from cancelkit.ports.customers import CustomerRepo as CustomerRepo
from cancelkit.ports.people import Fixers as Fixers
from cancelkit.ports.people import Links as Links
from cancelkit.ports.people import Notifier as Notifier
from cancelkit.ports.people import Recipients as Recipients
from cancelkit.ports.people import RoleChecker as RoleChecker
from cancelkit.ports.people import Sampler as Sampler
from cancelkit.ports.people import Translator as Translator
from cancelkit.ports.people import Users as Users
from cancelkit.ports.status import StatusMirror as StatusMirror
from cancelkit.ports.stores import Cancellations as Cancellations
from cancelkit.ports.stores import History as History
from cancelkit.ports.stores import Opened as Opened
from cancelkit.ports.stores import Operations as Operations
from cancelkit.ports.stores import Outbox as Outbox
from cancelkit.ports.unit import Clock as Clock
from cancelkit.ports.unit import Host as Host
from cancelkit.ports.unit import Ids as Ids
from cancelkit.ports.unit import Unit as Unit
