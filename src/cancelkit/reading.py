"""read: from the ports to values. What the commands and the views have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from cancelkit.checklist import Checklist, Unjudged
from cancelkit.decide import Seen
from cancelkit.effects import Effect, Invertible
from cancelkit.errors import AdapterContractError, Invalid, PluginError
from cancelkit.evaluate import Judged, evaluate, read_answers
from cancelkit.facts import Facts
from cancelkit.messages import Message, Refusal
from cancelkit.needs import Need, Unknown
from cancelkit.people import Customer, Person, User
from cancelkit.plan import Planned, due_effects, make_token, revision_of
from cancelkit.ports import Unit
from cancelkit.records import CancellationRecord, Performed
from cancelkit.registration import form_of
from cancelkit.serial import from_data, to_data

if TYPE_CHECKING:
    from cancelkit.desk import Desk
    from cancelkit.kit import CancelKit


def sound_customer(desk: Desk, customer: object, customer_id: str) -> Customer | None:
    """Check what `CustomerRepo.lock` or `load` returned; None for a customer not to be seen.

    Raises:
        AdapterContractError: it is no `Customer`, or another one.
    """
    if customer is None:
        return None
    if not isinstance(customer, Customer) or customer.id != customer_id:
        raise AdapterContractError(
            f"CustomerRepo returned {type(customer).__name__} for customer {customer_id!r}; "
            "expected the Customer with this id, or None (promises C3 and C4)."
        )
    return customer if customer.tenant == desk.host.tenant else None


def allowed(desk: Desk, action: str, customer: Customer) -> bool:
    """Ask the role checker. Only the literal True grants; an exception denies and is reported."""
    try:
        return desk.kit.roles.allows(desk.actor, action, customer) is True
    except Exception as error:  # noqa: BLE001 - the host's code; promise F18: deny
        desk.kit.report(f"RoleChecker.allows({action!r})", error)
        return False


def current(unit: Unit, customer_id: str) -> CancellationRecord | None:
    """Return the open cancellation of a customer, or else the last one."""
    return unit.cancellations.current((customer_id,)).get(customer_id)


def checklist_of(kit: CancelKit, record: CancellationRecord | None) -> Checklist:
    """Return the checklist to judge: as copied at Begin, or the kit's own without one."""
    return kit.checklist if record is None else kit.checklist.as_copied(record.gates)


@frozen
class Entered:
    """What was entered, structured: the forms, and the checklist with stand-ins for unreadable."""

    checklist: Checklist
    forms: Mapping[type, object]


def entered(checklist: Checklist, record: CancellationRecord | None) -> Entered:
    """Structure the stored entries. What cannot be read makes its section unknown, never empty."""
    forms: dict[type, object] = {}
    unreadable: dict[str, Unjudged] = {}
    for entry in record.entries if record else ():
        section = checklist.by_key.get(entry.section)
        form = form_of(section) if section is not None else None
        if section is None or form is None:
            continue
        try:
            if entry.version != version_of(form):
                raise Invalid(f"the form has version {version_of(form)}")
            forms[form] = from_data(form, entry.data)
        except Invalid:
            unreadable[section.key] = Unjudged(section.key, section.title, "section.unreadable")
    if unreadable:
        standing = tuple(unreadable.get(s.key, s) for s in checklist.sections)
        checklist = Checklist(standing, checklist.gates)
    return Entered(checklist, forms)


def version_of(form: type) -> int:
    """Return the version of a form: its class attribute `version`, or 1."""
    version = getattr(form, "version", 1)
    return version if type(version) is int else 1


def facts_for(
    customer: Customer,
    record: CancellationRecord | None,
    have: Entered,
    today: date,
    answers: Mapping[Need[Any], object],
    users: Mapping[str, User] | None,
) -> Facts:
    """Put together what the sections may look at."""
    performed = _performed(have.checklist, record)
    return Facts(customer, today, today, answers, have.forms, performed, users)


def mentioned(desk: Desk, forms: Any) -> Mapping[str, User]:
    """Look up the users whom forms mention, with one question, or none when nobody is."""
    ids = tuple(dict.fromkeys(one for form in forms for one in getattr(form, "mentions", ())))
    if not ids or desk.kit.users is None:
        return {}
    return {key: user for key, user in desk.kit.users.find(ids).items() if key in ids}


def _performed(checklist: Checklist, record: CancellationRecord | None) -> dict[type, Effect]:
    found: dict[type, Effect] = {}
    if record is None:
        return found
    for done in record.performed:
        cls = checklist.kinds.get(done.kind)
        if cls is not None and done.revision == revision_of(record, done.section):
            found[cls] = effect_of(cls, done.data)
    return found


def effect_of(cls: type, data: Mapping[str, Any]) -> Effect:
    """Make an effect again from its stored form.

    Raises:
        PluginError: the class has changed and does not take it any more.
    """
    try:
        made: Effect = from_data(cls, data)
    except Invalid as error:
        raise PluginError(f"A stored {cls.__name__} cannot be read any more: {error}") from error
    return made


def ask_facts(
    unit: Unit, customer_id: str, needs: tuple[Need[Any], ...], as_of: date
) -> dict[Need[Any], object]:
    """Ask the host for all facts at once, and check the answers.

    Raises:
        AdapterContractError: the answer is not a mapping with this customer in it.
    """
    if not needs:
        return {}
    rows = unit.customers.facts((customer_id,), needs, as_of)
    row = rows.get(customer_id) if isinstance(rows, Mapping) else None
    if not isinstance(row, Mapping):
        raise AdapterContractError(
            f"CustomerRepo.facts returned {type(rows).__name__} without customer "
            f"{customer_id!r}; expected a mapping from each id asked for to its answers "
            "(promise C5)."
        )
    return read_answers(needs, row)


def judge(
    desk: Desk,
    unit: Unit,
    customer: Customer,
    record: CancellationRecord | None,
    today: date,
    *,
    only: str = "",
    blind: bool = False,
) -> Judged:
    """Judge the checklist for a customer, inside a unit of work.

    Args:
        desk: kit, host and actor.
        unit: the unit of work.
        customer: as loaded or locked.
        record: the current cancellation, or None.
        today: the day in the host's zone.
        only: the key of the one section to judge; all where it is "".
        blind: for a view: when the host cannot answer at all, show every fact as unknown. A
            command lets the exception out, and is rolled back.
    """
    checklist = checklist_of(desk.kit, record)
    have = entered(checklist.only(only) if only else checklist, record)
    needs = have.checklist.needs()
    try:
        answers = ask_facts(unit, customer.id, needs, today)
    except Exception as error:
        if not blind:
            raise
        desk.kit.report("CustomerRepo.facts", error)
        answers = dict.fromkeys(needs, Unknown(type(error).__name__))
    try:
        users: Mapping[str, User] | None = mentioned(desk, have.forms.values())
    except Exception as error:
        if not blind:
            raise
        desk.kit.report("Users.find", error)
        users = None
    facts = facts_for(customer, record, have, today, answers, users)
    judged = evaluate(have.checklist, facts)
    for key, fault in judged.faults.items():
        desk.kit.report(f"section {key!r}", fault)
    return judged


def unable(unit: Unit, customer: Customer, effects: tuple[Planned, ...]) -> tuple[Refusal, ...]:
    """Ask the performers which effects cannot be carried out, and why."""
    found: list[Refusal] = []
    for planned in effects:
        performer = unit.performers.get(type(planned.effect))
        if performer is None:
            raise PluginError(f"The host has no performer for {type(planned.effect).__name__}.")
        why: object = performer.refuses(planned.effect, customer)
        if isinstance(why, Message):
            found.append(Refusal("effect_refused", why, planned.section))
        elif why is not None:
            raise AdapterContractError(
                f"The performer of {type(planned.effect).__name__} refused with "
                f"{type(why).__name__}; expected a Message or None."
            )
    return tuple(found)


def told(
    desk: Desk, event: str, customer: Customer, record: CancellationRecord
) -> tuple[Person, ...]:
    """Return who is told of an event by the host's set-up: each person once."""
    if desk.kit.recipients is None:
        return ()
    people = desk.kit.recipients.of(event, customer, record)
    return tuple({person.id: person for person in people}.values())


def see_plan(
    desk: Desk, unit: Unit, seen: Seen, record: CancellationRecord, judged: Judged
) -> Seen:
    """Add what Process would do to what was seen: the effects, who is told, the plan's token."""
    effects = due_effects(judged, record)
    people = told(desk, "processed", seen.customer, record)
    data = [(p.section, p.effect.kind, to_data(p.effect, names=False)) for p in effects]
    return evolve(
        seen,
        judged=judged,
        effects=effects,
        unable=unable(unit, seen.customer, effects),
        told=people,
        token=make_token(record, judged, data, people),
    )


def see_removal(desk: Desk, seen: Seen, record: CancellationRecord, *, put_back: bool) -> Seen:
    """Add what Remove would put back, the last first, and what stays as it was performed."""
    back: list[Planned] = []
    stays: list[Performed] = []
    for done in reversed(record.performed):
        cls = desk.kit.checklist.kinds.get(done.kind)
        effect = effect_of(cls, done.data) if cls is not None and put_back else None
        if isinstance(effect, Invertible):
            back.append(Planned(done.section, effect.inverse()))
        else:
            stays.insert(0, done)
    return evolve(seen, effects=tuple(back), stays=tuple(stays))
