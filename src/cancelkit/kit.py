"""CancelKit: what a CRM sets up once, at start-up. It holds no connection and does no I/O."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Any

from attrs import Factory, field, frozen

from cancelkit.checklist import Checklist
from cancelkit.desk import Desk
from cancelkit.english import ENGLISH
from cancelkit.errors import BadSetup, Invalid
from cancelkit.messages import Message, Refusal
from cancelkit.people import Person
from cancelkit.ports import Fixers, Host, Links, Recipients, RoleChecker, Sampler, Translator, Users
from cancelkit.reading import faults
from cancelkit.text import checked_id, checked_line
from cancelkit.times import checked_zone


def log_fault(what: str, error: BaseException) -> None:
    """Report a fault of a plug-in or a port to the log "cancelkit": what a user is never shown."""
    import logging

    logging.getLogger("cancelkit").error("%s failed", what, exc_info=error)


def _checked(checklist: Any) -> Checklist:
    if isinstance(checklist, Checklist):
        return checklist
    found = type(checklist).__name__
    raise BadSetup(f"CancelKit needs a Checklist first, such as STANDARD; not a {found}.")


@frozen
class CancelKit:
    """The checklist, the people and the texts of one CRM.

    Attributes:
        checklist: the sections with their gates; `STANDARD` has the article's nine.
        roles: who may do what; asked again by every command.
        users: who may own customers. Needed where the checklist has the section Ownership.
        recipients: the host's workflow set-up; nobody is told where there is none.
        sampler: asks other systems. Needed where a section has sampled needs.
        links: where the host shows things; no Manage links where there is none.
        fixers: whether somebody may fix a red section, for a host that can tell.
        zone: the host's time zone, as a name or a tzinfo: it decides what "today" is.
        translator: texts for message keys; English where there is none.
        report: called with a description and the exception when a plug-in or a port fails and the
            failure is shown as "unknown" rather than raised.
    """

    checklist: Checklist = field(converter=_checked)
    roles: RoleChecker = field(kw_only=True)
    users: Users | None = field(default=None, kw_only=True)
    recipients: Recipients | None = field(default=None, kw_only=True)
    links: Links | None = field(default=None, kw_only=True)
    sampler: Sampler | None = field(default=None, kw_only=True)
    fixers: Fixers | None = field(default=None, kw_only=True)
    zone: tzinfo = field(default=UTC, converter=checked_zone, kw_only=True)
    translator: Translator = field(
        kw_only=True,
        default=Factory(lambda self: ENGLISH.with_texts(self.checklist.texts), takes_self=True),
    )
    report: Callable[[str, BaseException], None] = field(default=log_fault, kw_only=True)

    def __attrs_post_init__(self) -> None:
        ports = {"roles": "allows", "users": "find", "recipients": "of", "translator": "text"}
        for name, method in ports.items():
            port = getattr(self, name)
            if port is not None and not callable(getattr(port, method, None)):
                raise BadSetup(f"{name}= needs an object with a method {method!r}, not {port!r}.")
        if self.checklist.sampled and self.sampler is None:
            asking = ", ".join(sorted(self.checklist.advising))
            raise BadSetup(f"The sections {asking} ask other systems: give CancelKit sampler=.")
        for form, section in self.checklist.by_form.items():
            if hasattr(form, "mentions") and self.users is None:
                raise BadSetup(
                    f"The section {section.key!r} looks users up: give CancelKit users=, or leave "
                    f"the section out with checklist.without({section.key!r})."
                )

    def at(self, host: Host, *, actor: Person) -> Desk:
        """Bind the kit to a host's data and to who acts.

        Args:
            host: a host of an adapter, bound to connection and tenant: it makes units of work.
            actor: who asks; raises `Invalid` where the id or the name is malformed.

        Raises:
            BadSetup: an effect of the checklist has no performer at this host.
        """
        if not isinstance(actor, Person):
            raise Invalid(f"The actor must be a Person, not {type(actor).__name__}.")
        if not hasattr(host, "performs") or not hasattr(host, "writing"):
            raise BadSetup(f"{host!r} is no host; give one of an adapter, such as MemoryHost(crm).")
        for effect in self.checklist.kinds.values():
            if effect not in host.performs:
                known = ", ".join(sorted(cls.__name__ for cls in host.performs)) or "nothing"
                missing = f"The host has no performer for {effect.__name__}"
                raise BadSetup(
                    f"{missing}; it has performers for: {known}. Give it one (an adapter's "
                    "assign_owner, for AssignOwner), or leave out the section that plans it."
                )
        checked_id(actor.id, "the actor's id")
        checked_line(actor.name, "the actor's name")
        return Desk(self, host, actor)

    def verify(self, host: Host) -> None:
        """Check at start-up that the host answers every need; `BadSetup` names what is missing."""
        needed = [
            (need, section.key) for section in self.checklist.sections for need in section.needs
        ]
        with faults("verifying the host"), host.reading() as unit:
            for method in ("lock", "load", "answers", "facts", "open_records"):
                if not callable(getattr(unit.customers, method, None)):
                    raise BadSetup(f"{type(unit.customers).__name__} has no method {method!r}.")
            missing = [pair for pair in needed if not unit.customers.answers(pair[0])]
        if missing:
            listed = "; ".join(f"{need!r} of section {key!r}" for need, key in missing)
            raise BadSetup(
                f"The host does not answer {listed}. Teach the adapter, or leave sections out: "
                f"checklist.without({', '.join(repr(key) for _, key in missing)})."
            )

    def text(self, message: Message) -> str:
        """Return the text of a message."""
        return self.translator.text(message)

    def title(self, key: str) -> str:
        """Return the title of a section to show; the key for one that is not here."""
        section = self.checklist.by_key.get(key)
        return self.text(Message(f"title.{key}")) if section is not None else key

    def sentence(self, refusal: Refusal) -> str:
        """Return a refusal as text, with the title of its section."""
        text = self.text(refusal.message)
        return f"{self.title(refusal.section)}: {text}" if refusal.section else text
