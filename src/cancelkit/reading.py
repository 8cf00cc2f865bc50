"""read: from the ports to values. What the commands and the views have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from attrs import evolve

from cancelkit.asking import allowed, mentioned, moment, recipients, sound_customer, unless_blind
from cancelkit.checklist import Checklist
from cancelkit.decide import Ask, Seen, refusal
from cancelkit.effects import Effect, Expecting, Invertible
from cancelkit.errors import AdapterContractError, Invalid, PluginError, UnknownCustomer
from cancelkit.evaluate import Judged, evaluate, read_answers, with_overrides
from cancelkit.facts import Facts
from cancelkit.lifecycle import state_of, while_pending
from cancelkit.messages import Message, Refusal
from cancelkit.needs import Need, Unknown
from cancelkit.people import Customer, NamedRecord, Person, User
from cancelkit.plan import Planned, digest_of, due_effects, make_token, revision_of
from cancelkit.ports import Unit
from cancelkit.records import CancellationRecord, JsonObject, Performed, State
from cancelkit.registration import form_of, version_of
from cancelkit.section import Section, WithCheck
from cancelkit.serial import from_data, to_data

if TYPE_CHECKING:
    from cancelkit.desk import Desk

T = TypeVar("T")


class Entered(NamedTuple):
    """A checklist and what was entered for it: all that is known before the host is asked."""

    checklist: Checklist
    forms: Mapping[type, object]
    performed: Mapping[type, Effect]
    names: Mapping[str, str]  # of the users it mentions, by id, as they were then


def see(desk: Desk, unit: Unit, found: object, ask: Ask, action: str, **known: Any) -> Seen:
    """Return what every command and look begins with: customer, cancellation, state, role, time.

    `found` is what the `CustomerRepo` returned. One who was deleted, merged or moved while pending
    is known from the cancellation; any other one who is not there is an `UnknownCustomer`. The
    role checker is asked about the `action`, but not on a scheduled day: then nobody is there.
    """
    customer, key = sound_customer(desk, found, ask.customer_id), ask.customer_id
    record, gone = unit.cancellations.current((key,)).get(key), customer is None
    if customer is None and record is not None and record.state is State.PENDING:
        customer = ghost(record)
    if customer is None:
        raise UnknownCustomer(f"There is no customer {key!r} here.")
    may = ask.due or allowed(desk, action, customer)
    known |= {"gone": gone, "unmarkable": unit.status is not None and customer.status is None}
    return Seen(*moment(desk), state_of(customer, record), customer, record, may, ask, **known)


def ghost(record: CancellationRecord) -> Customer:
    """Return a customer who is not here any more, as the cancellation knows it."""
    gone = Customer(record.customer, record.name, while_pending(record.former))
    return evolve(gone, tenant=record.tenant)


def checklist_of(desk: Desk, record: CancellationRecord | None, profile: str = "") -> Checklist:
    """Return the checklist to judge: as copied at Begin, or that of the profile before it."""
    if record is None:
        return desk.kit.profile(profile)
    now = desk.kit.profiles.get(record.profile, desk.kit.checklist)
    return now.as_copied(record.gates, record.required, desk.kit.known.by_key)


def judge(desk: Desk, unit: Unit, seen: Seen, *, only: str | None = None) -> Judged:
    """Judge the checklist, or the one section `only`, for what was seen.

    In a view, which is `blind`, every fact is unknown when the host cannot answer at all. A
    command lets the exception out, and is rolled back.
    """
    customer, as_of, blind = seen.customer, seen.as_of, seen.blind
    checklist = checklist_of(desk, seen.record, seen.ask.profile)
    checklist = checklist if only is None else checklist.only(only)
    checklist = checklist.standing_in(checklist.by_key if seen.gone else (), "section.gone")
    checklist, forms, *_ = entered = entered_in(checklist, seen.record)
    found, why = unless_blind(
        desk, "CustomerRepo.facts", blind, facts_of, unit, (customer.id,), checklist.needs, as_of
    )
    answers = found[customer.id] if found else dict.fromkeys(checklist.needs, Unknown(why))
    users, _ = unless_blind(
        desk, "Users.find", blind, mentioned, desk, forms.values(), customer.owners
    )
    judged = judged_on(desk, seen, entered, answers, users)
    if seen.record is None or not seen.record.overrides:
        return judged
    overridden = [one.section for one in seen.record.overrides if one.section in checklist.by_key]
    ids = {key: open_ids(desk, unit, seen, judged, key) for key in overridden}
    return with_overrides(judged, seen.record, ids)


def judged_on(
    desk: Desk,
    seen: Seen,
    entered: Entered,
    found: Mapping[Need[Any], object],
    users: Mapping[str, User] | None,
) -> Judged:
    """Judge a checklist on what the host has answered; nothing is asked, nothing is overridden."""
    checklist, forms, performed, names = entered
    answers = {**found, **read_answers(checklist.sampled, seen.ask.samples)}
    facts = Facts(seen.customer, seen.today, seen.as_of, answers, forms, performed, users, names)
    return evaluated(desk, checklist, facts)


def open_ids(desk: Desk, unit: Unit, seen: Seen, judged: Judged, key: str) -> tuple[str, ...]:
    """Return the ids of (the first 100 of) the records that keep a section red, in order."""
    red = [one for one, state in judged.pairs if one.key == key and state.count is not None]
    found, _ = unless_blind(
        desk,
        "CustomerRepo.open_records",
        seen.blind,
        lambda: [record for one in red for record in records_of(unit, seen, one, 100)],
    )
    return tuple(sorted(str(record.id) for record in found or ()))


def records_of(unit: Unit, seen: Seen, section: Section, limit: int) -> tuple[NamedRecord, ...]:
    """Ask for the records that keep a section red, at most `limit` for each of its needs."""
    ask, key = unit.customers.open_records, seen.customer.id
    each = [ask(key, need, seen.as_of, limit) for need in section.needs]
    return tuple(NamedRecord(*record) for records in each for record in records)


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


def check_form(desk: Desk, seen: Seen) -> Mapping[str, User]:
    """Let the section check what is entered, and return the users whom it mentions.

    What the section raises ends the command, unrecorded.
    """
    ask, checklist = seen.ask, checklist_of(desk, seen.record).only(seen.ask.section)
    users, section = mentioned(desk, (ask.form,)), checklist.sections[0]
    if isinstance(section, WithCheck):
        before = entered_in(checklist, seen.record).forms
        facts = Facts(seen.customer, seen.today, seen.today, {}, before, {}, users)
        section.check(ask.form, facts)
    return users


def see_plan(
    desk: Desk, unit: Unit, seen: Seen, record: CancellationRecord, judged: Judged
) -> Seen:
    """Add what Process would do to what was seen: the effects, who is told, the plan's token."""
    effects = due_effects(judged, record)
    told = recipients(desk, "scheduled" if seen.later else "processed", seen.customer, record)
    then = recipients(desk, "processed", seen.customer, record) if seen.later else ()
    unable = why_not(unit, seen.customer, effects)
    token = make_token(record, judged, effects, told, seen.on, seen.later)
    seen = evolve(seen, judged=judged, effects=effects, unable=unable)
    return evolve(seen, told=told, told_then=then, token=token)


def see_removal(desk: Desk, seen: Seen, record: CancellationRecord, *, put_back: bool) -> Seen:
    """Add what Remove or Reinstate puts back, the last first, and what stays as performed."""
    back: list[Planned] = []
    stays: list[Performed] = []
    unable: list[Refusal] = []
    after = seen.customer
    for done in reversed(record.performed):
        cls = desk.kit.known.kinds.get(done.kind)
        effect = effect_of(cls, done.data) if cls is not None and put_back else None
        if not isinstance(effect, Invertible):
            stays.insert(0, done)
            continue
        inverse = effect.inverse()
        if isinstance(inverse, Expecting):
            if not inverse.holds(after):
                unable.append(refusal("effect_changed", done.section))
            after = inverse.applied(after)
        back.append(Planned(done.section, inverse))
    last = {type(planned.effect): planned for planned in back}.values()
    unable += [why for planned in last for why in _left(desk, planned)]
    return evolve(seen, effects=tuple(back), stays=tuple(stays), unable=tuple(unable))


def _left(desk: Desk, planned: Planned) -> list[Refusal]:
    """Return a refusal for each user who would own the customer again, but has left."""
    if desk.kit.users is None:
        return []
    found, to = mentioned(desk, (planned.effect,)), getattr(planned.effect, "to", ())
    names = {person.id: person.name for person in to if isinstance(person, Person)}
    ids: tuple[str, ...] = getattr(planned.effect, "mentions", ())
    left = [one for one in ids if one not in found or not found[one].active]
    return [refusal("owner_left", planned.section, owner=names.get(one, one)) for one in left]


def why_not(unit: Unit, customer: Customer, effects: tuple[Planned, ...]) -> tuple[Refusal, ...]:
    """Ask the performers which effects cannot be carried out, and why; each after those before."""
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
        customer = effect.applied(customer) if isinstance(effect, Expecting) else customer
    return tuple(found)


def effect_of(cls: type[Effect], data: JsonObject) -> Effect:
    """Make an effect again from its stored form, or raise `PluginError`."""
    try:
        return from_data(cls, data)
    except Invalid as error:
        raise PluginError(f"A stored {cls.__name__} cannot be read any more: {error}") from error


def facts_of(
    unit: Unit, customer_ids: Sequence[str], needs: Sequence[Need[Any]], as_of: date
) -> dict[str, dict[Need[Any], object]]:
    """Ask the host for all facts of all customers at once, and check the answers."""
    if not needs or not customer_ids:
        return {key: {} for key in customer_ids}
    rows: object = unit.customers.facts(customer_ids, needs, as_of)
    return {key: read_answers(needs, _row(rows, key)) for key in customer_ids}


def _row(rows: object, customer_id: str) -> Mapping[Need[Any], object]:
    row = rows.get(customer_id) if isinstance(rows, Mapping) else None
    if not isinstance(row, Mapping):
        raise AdapterContractError(
            f"CustomerRepo.facts returned {type(rows).__name__} without customer {customer_id!r}; "
            "expected a mapping from each id asked for to its answers (promise C5)."
        )
    return row


def entered_in(checklist: Checklist, record: CancellationRecord | None) -> Entered:
    """Structure what is stored; a section whose part cannot be read is unknown, never empty."""
    forms: dict[type, object] = {}
    performed: dict[type, Effect] = {}
    unreadable: list[str] = []
    entries = record.entries if record else ()
    for entry in entries:
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
    names = dict(pair for entry in entries for pair in entry.names.items())
    sound = checklist.standing_in(unreadable, "section.unreadable")
    return Entered(sound, forms, performed, names)
