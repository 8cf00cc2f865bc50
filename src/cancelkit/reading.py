"""read: from the ports to values. What the commands and the views have in common."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve

from cancelkit.checklist import Checklist
from cancelkit.decide import Samples, Seen, refusal
from cancelkit.effects import Effect, Expecting, Invertible
from cancelkit.errors import (
    AdapterContractError,
    CancelkitError,
    CommandFailed,
    Invalid,
    PluginError,
)
from cancelkit.evaluate import Judged, evaluate, read_answers
from cancelkit.facts import Facts
from cancelkit.lifecycle import state_of
from cancelkit.messages import Message, Refusal
from cancelkit.needs import Need, Unknown
from cancelkit.people import Customer, Person, User
from cancelkit.plan import Planned, digest_of, due_effects, make_token, revision_of
from cancelkit.ports import Unit
from cancelkit.records import CancellationRecord, JsonObject, Performed
from cancelkit.registration import form_of
from cancelkit.serial import from_data, to_data
from cancelkit.text import checked_id, checked_line
from cancelkit.times import checked_instant, day_of

if TYPE_CHECKING:
    from cancelkit.desk import Desk

T = TypeVar("T")


def sound_customer(
    desk: Desk, found: object, customer_id: str, *, deep: bool = True
) -> Customer | None:
    """Check what `CustomerRepo.lock` or `load` returned; None for a customer not to be seen."""
    if found is None:
        return None
    if not isinstance(found, Customer) or found.id != customer_id:
        raise AdapterContractError(
            f"CustomerRepo returned {type(found).__name__} for customer {customer_id!r}; "
            "expected the Customer with this id, or None (promises C3 and C4)."
        )
    try:
        if deep:
            from_data(Customer, to_data(found), complete=True)
    except Exception as error:
        what = f"CustomerRepo returned customer {customer_id!r} with what cannot be stored"
        raise AdapterContractError(f"{what}: {error} (promises C3 and C4).") from error
    return found if found.tenant == desk.host.tenant else None


def allowed(desk: Desk, action: str, customer: Customer) -> bool:
    """Ask the role checker. Only the literal True grants; an exception denies and is reported."""
    try:
        return desk.kit.roles.allows(desk.actor, action, customer) is True
    except Exception as error:  # noqa: BLE001 - the host's code; promise F18: deny
        desk.kit.report(f"RoleChecker.allows({action!r})", error)
        return False


@contextmanager
def faults(what: str) -> Generator[None]:
    """Turn whatever the host raises into `CommandFailed`; our own errors pass."""
    try:
        yield
    except CancelkitError:
        raise
    except Exception as error:
        raise CommandFailed(
            f"{what} failed with {type(error).__name__}; the unit of work was rolled back and "
            "nothing has changed."
        ) from error


def moment(desk: Desk) -> tuple[datetime, date]:
    """Return the instant, in UTC, and the day in the host's zone: asked once per command."""
    now = checked(desk.host.clock.now(), checked_instant, "Clock.now")
    return now, day_of(now, desk.kit.zone)


def new_id(desk: Desk) -> str:
    """Return an identifier that the host has made."""
    return checked(desk.host.ids.new(), checked_id, "Ids.new")


def link(address: object) -> str | None:
    """Check an address that the host has made."""
    if address is None or type(address) is str:
        return address
    raise AdapterContractError(f"Links returned {type(address).__name__}; expected text or None.")


def checked(value: object, check: Callable[[object, str], T], port: str) -> T:
    """Check what a port returned: what would be `Invalid` input is a broken contract there."""
    try:
        return check(value, f"what {port} returned")
    except Invalid as error:
        raise AdapterContractError(f"{port} broke its contract: {error}") from error


def see(desk: Desk, unit: Unit, customer: Customer, *, allowed: bool, reused: str = "") -> Seen:
    """Read what every command and view begins with: the time, the state, the cancellation."""
    now, today = moment(desk)
    record = unit.cancellations.current((customer.id,)).get(customer.id)
    return Seen(now, today, state_of(customer, record), customer, record, allowed, reused)


def checklist_of(desk: Desk, record: CancellationRecord | None) -> Checklist:
    """Return the checklist to judge: as copied at Begin, or the kit's own without one."""
    return desk.kit.checklist.as_copied(record.gates) if record else desk.kit.checklist


def judge(
    desk: Desk, unit: Unit, seen: Seen, *, only: str | None = None, blind: bool = False
) -> Judged:
    """Judge the checklist, or the one section `only`, for what was seen.

    In a view, which is `blind`, every fact is unknown when the host cannot answer at all. A
    command lets the exception out, and is rolled back.
    """
    customer, today, checklist = seen.customer, seen.today, checklist_of(desk, seen.record)
    checklist = checklist if only is None else checklist.only(only)
    checklist, forms, performed = _entered(checklist, seen.record)
    found, why = unless_blind(
        desk, "CustomerRepo.facts", lambda: _ask(unit, customer.id, checklist.needs, today), blind
    )
    unknown: dict[Need[Any], object] = dict.fromkeys(checklist.needs, Unknown(why))
    answers = {**(found or unknown), **read_answers(checklist.sampled, seen.samples)}
    users, _ = unless_blind(desk, "Users.find", lambda: mentioned(desk, forms.values()), blind)
    facts = Facts(customer, today, today, answers, forms, performed, users)
    return evaluated(desk, checklist, facts)


def unless_blind(desk: Desk, port: str, ask: Callable[[], T], blind: bool) -> tuple[T | None, str]:
    """Ask a port; in a view, an exception is reported, and becomes None and a reason to show."""
    try:
        return ask(), ""
    except Exception as error:
        if not blind:
            raise
        desk.kit.report(port, error)
        said = str(error) if isinstance(error, AdapterContractError) else type(error).__name__
        return None, said


def evaluated(desk: Desk, checklist: Checklist, facts: Facts) -> Judged:
    """Evaluate, and report the sections that broke their contract to the host.

    A section whose effects cannot be stored is unknown: it hurts no other.
    """
    judged = evaluate(checklist, facts)
    faults = dict(judged.faults)
    for key, effects in judged.effects.items():
        try:
            digest_of([to_data(effect) for effect in effects])
        except Exception as error:  # noqa: BLE001 - a plug-in's class: fail closed
            faults[key] = error
    for key, fault in faults.items():
        desk.kit.report(f"section {key!r}", fault)
    if faults.keys() == judged.faults.keys():
        return judged
    return evaluate(checklist.standing_in(faults, "section.unplannable"), facts)


def sampled(desk: Desk, customer_id: str) -> Samples:
    """Ask the other systems, before the unit of work; one that fails is reported, and unknown."""
    needs, sampler = desk.kit.checklist.sampled, desk.kit.sampler
    if not needs or sampler is None:
        return {}
    answers, _ = unless_blind(
        desk, "Sampler.sample", lambda: sampler.sample(customer_id, needs), blind=True
    )
    return answers if isinstance(answers, Mapping) else {}


def mentioned(desk: Desk, forms: Iterable[object]) -> Mapping[str, User]:
    """Look up the users whom forms mention, with one question, or none when nobody is."""
    ids = tuple(dict.fromkeys(one for form in forms for one in getattr(form, "mentions", ())))
    if not ids or desk.kit.users is None:
        return {}
    found = {key: user for key, user in desk.kit.users.find(ids).items() if key in ids}
    for key, user in found.items():
        if type(user) is not User or user.id != key or type(user.active) is not bool:
            raise AdapterContractError(f"Users.find returned no User with the id {key!r} (P1).")
    return found


def version_of(form: type) -> int:
    """Return the version of a form: its class attribute `version`, or 1."""
    return int(getattr(form, "version", 1))


def see_plan(
    desk: Desk, unit: Unit, seen: Seen, record: CancellationRecord, judged: Judged
) -> Seen:
    """Add what Process would do to what was seen: the effects, who is told, the plan's token."""
    effects, recipients = due_effects(judged, record), desk.kit.recipients
    people = recipients.of("processed", seen.customer, record) if recipients is not None else ()
    told = tuple({person.id: person for person in map(_somebody, people)}.values())  # each once
    unable = why_not(unit, seen.customer, effects)
    token = make_token(record, judged, effects, told)
    return evolve(seen, judged=judged, effects=effects, unable=unable, told=told, token=token)


def _somebody(person: object) -> Person:
    if not isinstance(person, Person):
        found = type(person).__name__
        raise AdapterContractError(f"Recipients.of named a {found}; expected a Person.")
    checked(person.id, checked_id, "Recipients.of")
    checked(person.name, checked_line, "Recipients.of")
    return person


def see_removal(desk: Desk, seen: Seen, record: CancellationRecord, *, put_back: bool) -> Seen:
    """Add what Remove would put back, the last first, and what stays as it was performed."""
    back: list[Planned] = []
    stays: list[Performed] = []
    unable: list[Refusal] = []
    after = seen.customer
    for done in reversed(record.performed):
        cls = desk.kit.checklist.kinds.get(done.kind)
        effect = effect_of(cls, done.data) if cls is not None and put_back else None
        if not isinstance(effect, Invertible):
            stays.insert(0, done)
            continue
        inverse = effect.inverse()
        if isinstance(inverse, Expecting):
            if not inverse.holds(after):
                unable.append(refusal("effect_changed", done.section))
            left = [user for user in mentioned(desk, (inverse,)).values() if not user.active]
            unable += [refusal("owner_left", done.section, owner=user.name) for user in left]
            after = inverse.applied(after)
        back.append(Planned(done.section, inverse))
    return evolve(seen, effects=tuple(back), stays=tuple(stays), unable=tuple(unable))


def why_not(unit: Unit, customer: Customer, effects: tuple[Planned, ...]) -> tuple[Refusal, ...]:
    """Ask the performers which effects cannot be carried out, and why."""
    found: list[Refusal] = []
    for section, effect in effects:
        performer = unit.performers.get(type(effect))
        if performer is None:
            raise PluginError(f"The host has no performer for {type(effect).__name__}.")
        why: object = performer.refuses(effect, customer)
        if isinstance(why, Message):
            found.append(Refusal("effect_refused", why, section))
        elif why is not None:
            raise AdapterContractError(
                f"The performer of {type(effect).__name__} refused with {type(why).__name__}; "
                "expected a Message or None."
            )
    return tuple(found)


def effect_of(cls: type[Effect], data: JsonObject) -> Effect:
    """Make an effect again from its stored form, or raise `PluginError`."""
    try:
        return from_data(cls, data)
    except Invalid as error:
        raise PluginError(f"A stored {cls.__name__} cannot be read any more: {error}") from error


def _ask(
    unit: Unit, customer_id: str, needs: tuple[Need[Any], ...], as_of: date
) -> dict[Need[Any], object]:
    """Ask the host for all facts at once, and check the answers."""
    if not needs:
        return {}
    rows: object = unit.customers.facts((customer_id,), needs, as_of)
    row = rows.get(customer_id) if isinstance(rows, Mapping) else None
    if not isinstance(row, Mapping):
        raise AdapterContractError(
            f"CustomerRepo.facts returned {type(rows).__name__} without customer {customer_id!r}; "
            "expected a mapping from each id asked for to its answers (promise C5)."
        )
    return read_answers(needs, row)


def _entered(checklist: Checklist, record: CancellationRecord | None) -> _Entered:
    """Structure what is stored; a section whose part cannot be read is unknown, never empty."""
    forms: dict[type, object] = {}
    performed: dict[type, Effect] = {}
    unreadable: list[str] = []
    for entry in record.entries if record else ():
        section = checklist.by_key.get(entry.section)
        form = form_of(section) if section is not None else None
        if form is None:
            continue
        try:
            if entry.version != version_of(form):
                raise Invalid("entered with another version of the form")
            forms[form] = from_data(form, entry.data)
        except Invalid:
            unreadable.append(entry.section)
    for done in record.performed if record else ():
        cls = checklist.kinds.get(done.kind)
        if cls is None or not record or done.revision != revision_of(record, done.section):
            continue
        try:
            effect = effect_of(cls, done.data)
        except PluginError:
            unreadable.append(done.section)
        else:
            if sum(cls in planner.effect_types for _, planner in checklist.planning) == 1:
                performed[cls] = effect  # of a class that two sections share, nobody knows whose
    return checklist.standing_in(unreadable, "section.unreadable"), forms, performed


_Entered = tuple[Checklist, dict[type, object], dict[type, Effect]]
