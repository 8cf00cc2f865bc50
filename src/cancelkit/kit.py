"""CancelKit: what a CRM sets up once, at start-up. It holds no connection and does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from datetime import UTC, tzinfo
from typing import Any

from attrs import Factory, field, frozen

from cancelkit.asking import faults
from cancelkit.checklist import Checklist, Gathered, advises, gathered
from cancelkit.desk import Desk
from cancelkit.english import ENGLISH
from cancelkit.errors import BadSetup, Invalid
from cancelkit.lifecycle import shown_status
from cancelkit.messages import Message, Refusal, in_words, status, title, word
from cancelkit.people import Customer, Person
from cancelkit.ports import Fixers, Host, Links, Recipients, RoleChecker, Sampler, Translator, Users
from cancelkit.records import State
from cancelkit.registration import effect_kinds, form_of
from cancelkit.text import checked_id, checked_ids, checked_line
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


def _profiles(profiles: Mapping[str, Checklist]) -> dict[str, Checklist]:
    if not isinstance(profiles, Mapping):
        raise BadSetup('profiles= must be checklists by name, such as {"insolvency": ...}.')
    for name, profile in profiles.items():
        try:
            _checked(profile)
            checked_id(name, "its name")
        except Invalid as error:
            raise BadSetup(f"The profile {name!r}: {error}") from error
    return dict(profiles)


def _kinds(kinds: str | Iterable[str]) -> frozenset[str]:
    try:
        given = (kinds,) if isinstance(kinds, str) else kinds
        return frozenset(checked_ids(given, "a kind of records"))
    except Invalid as error:
        raise BadSetup(f"guarded=: {error}") from error


def _speak(kit: CancelKit, translator: Any) -> None:
    """Set the translator of a kit; one that takes more texts is given those of the sections."""
    _check_port("translator", translator, "text")
    adding = getattr(translator, "with_texts", None)
    spoken = adding(kit.known.texts) if callable(adding) else translator
    object.__setattr__(kit, "translator", spoken)


def _check_port(name: str, port: object, method: str) -> None:
    if not callable(getattr(port, method, None)):
        raise BadSetup(f"{name}= needs an object with a method {method!r}, not {port!r}.")


@frozen
class CancelKit:
    """The checklist, the people and the texts of one CRM.

    Attributes:
        checklist: the sections with their gates; `STANDARD` has the article's nine.
        profiles: further checklists, by a name for the situation: {"insolvency": ...}.
        known: the sections of the checklist and of all profiles.
        roles: who may do what; asked again by every command.
        users: who may own customers. Needed where the checklist has the section Ownership.
        recipients: the host's workflow set-up; nobody is told where there is none.
        sampler: asks other systems. Needed where a section has sampled needs.
        links: where the host shows things; no Manage links where there is none.
        fixers: whether somebody may fix a red section, for a host that can tell.
        guarded: the kinds of records of which nothing new may be created while pending; of the
            others, the guard only warns. Nothing new may be created after Cancelled.
        zone: the host's time zone, as a name or a tzinfo: it decides what "today" is.
        translator: texts for message keys; English where there is none. One that has `with_texts`
            (a `Catalogue`) is also given the texts that the sections bring; its own win.
        report: called with a description and the exception when a plug-in or a port fails and the
            failure is shown as "unknown" rather than raised.
    """

    checklist: Checklist = field(converter=_checked)
    profiles: Mapping[str, Checklist] = field(factory=dict, converter=_profiles, kw_only=True)
    known: Gathered = field(
        init=False,
        eq=False,
        repr=False,
        default=Factory(lambda k: gathered((k.checklist, *k.profiles.values())), takes_self=True),
    )
    roles: RoleChecker = field(kw_only=True)
    users: Users | None = field(default=None, kw_only=True)
    recipients: Recipients | None = field(default=None, kw_only=True)
    links: Links | None = field(default=None, kw_only=True)
    sampler: Sampler | None = field(default=None, kw_only=True)
    fixers: Fixers | None = field(default=None, kw_only=True)
    guarded: frozenset[str] = field(default=frozenset(), converter=_kinds, kw_only=True)
    zone: tzinfo = field(default=UTC, converter=checked_zone, kw_only=True)
    translator: Translator = field(default=ENGLISH, kw_only=True)
    report: Callable[[str, BaseException], None] = field(default=log_fault, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _speak(self, self.translator)
        for name, method in {"roles": "allows", "users": "find", "recipients": "of"}.items():
            if (port := getattr(self, name)) is not None:
                _check_port(name, port, method)
        if self.known.sampled and self.sampler is None:
            asking = ", ".join(dict.fromkeys(s.key for s in self.known.active if advises(s)))
            raise BadSetup(f"The sections {asking} ask other systems: give CancelKit sampler=.")
        for section in self.known.active:
            if hasattr(form_of(section), "mentions") and self.users is None:
                raise BadSetup(
                    f"The section {section.key!r} looks users up: give CancelKit users=, or leave "
                    f"the section out with checklist.without({section.key!r})."
                )

    def profile(self, name: str) -> Checklist:
        """Return the checklist of a profile, "" for the kit's own; `Invalid` lists the profiles."""
        if isinstance(name, str) and (not name or name in self.profiles):
            return self.profiles[name] if name else self.checklist
        listed = ", ".join(self.profiles) or "none"
        raise Invalid(f"There is no profile {name!r}; the profiles are: {listed}.")

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
        for effect in effect_kinds(self.known.active).values():
            if effect not in host.performs:
                known = ", ".join(sorted(cls.__name__ for cls in host.performs)) or "nothing"
                missing = f"The host has no performer for {effect.__name__}"
                raise BadSetup(
                    f"{missing}; it has performers for: {known}. Give it one (an adapter's "
                    "assign_owner, for AssignOwner), or leave out the section that plans it."
                )
        checked_id(actor.id, "the actor's id")
        checked_line(actor.name, "the actor's name")
        checked_line(actor.language, "the actor's language")
        return Desk(self, host, actor)

    def verify(self, host: Host) -> None:
        """Check at start-up that the host answers every need; `BadSetup` names what is missing."""
        needed = dict.fromkeys((need, s.key) for s in self.known.active for need in s.needs)
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

    def speaking(self, translator: Translator) -> CancelKit:
        """Return the same kit in another language; cheap enough for each request."""
        other = copy(self)  # evolve would check every section again
        _speak(other, translator)
        return other

    def text(self, message: Message) -> str:
        """Return the text of a message, with the titles and labels that it mentions, in words."""
        return self.translator.text(in_words(message, self.translator.text, self.zone))

    def title(self, key: str) -> str:
        """Return the title of a section to show; the key for one that is not here."""
        return title(key, self.translator.text)

    def label(self, text: str) -> str:
        """Return a label of the host or of a section, in the reader's language where it has one."""
        return word(Message(f"label.{text}"), self.translator.text, text)

    def status(self, customer: Customer, state: State) -> str:
        """Return the status to show, with "(PC)" or what the language has for it."""
        return status(shown_status(customer, state), self.translator.text)

    def sentence(self, refusal: Refusal) -> str:
        """Return a refusal as text, with the title of its section."""
        text = self.text(refusal.message)
        return f"{self.title(refusal.section)}: {text}" if refusal.section else text
