"""Asking the ports, and checking what they answer: nothing unchecked goes any further."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from cancelkit.decide import Samples
from cancelkit.errors import AdapterContractError, CancelkitError, CommandFailed, Invalid
from cancelkit.people import Customer, Person, User
from cancelkit.records import CancellationRecord
from cancelkit.serial import from_data, to_data
from cancelkit.text import checked_id, checked_line
from cancelkit.times import checked_instant, day_of

if TYPE_CHECKING:
    from cancelkit.desk import Desk

P = ParamSpec("P")
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
    """Ask the role checker: only the literal True grants, and an exception denies (promise F18)."""
    port = f"RoleChecker.allows({action!r})"
    return or_none(desk, port, desk.kit.roles.allows, desk.actor, action, customer) is True


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


def unless_blind(
    desk: Desk, port: str, blind: bool, ask: Callable[P, T], *args: P.args, **more: P.kwargs
) -> tuple[T | None, str]:
    """Ask a port; in a view, an exception is reported, and becomes None and a reason to show."""
    try:
        return ask(*args, **more), ""
    except Exception as error:
        if not blind:
            raise
        desk.kit.report(port, error)
        said = str(error) if isinstance(error, AdapterContractError) else type(error).__name__
        return None, said


def or_none(
    desk: Desk, port: str, ask: Callable[P, T], *args: P.args, **more: P.kwargs
) -> T | None:
    """Ask a port for a view: None where it fails, which is reported."""
    return unless_blind(desk, port, True, ask, *args, **more)[0]


def sampled(desk: Desk, customer_id: str) -> Samples:
    """Ask the other systems, before the unit of work; one that fails is reported, and unknown."""
    needs, sampler = desk.kit.known.sampled, desk.kit.sampler
    if not needs or sampler is None:
        return {}
    answers = or_none(desk, "Sampler.sample", sampler.sample, customer_id, needs)
    return answers if isinstance(answers, Mapping) else {}


def mentioned(
    desk: Desk, forms: Iterable[object], owners: Iterable[Person] = ()
) -> Mapping[str, User]:
    """Look up the users whom forms mention, with one question, or none where none has any.

    Beside them the owners: who has left should not be the owner any longer.
    """
    told: list[Any] = [form for form in forms if hasattr(form, "mentions")]
    kept = [owner.id for owner in owners] if told else []
    ids = tuple(dict.fromkeys([*(one for form in told for one in form.mentions), *kept]))
    if not ids or desk.kit.users is None:
        return {}
    found = {key: user for key, user in desk.kit.users.find(ids).items() if key in ids}
    for key, user in found.items():
        if not _is_user(user) or user.id != key:
            raise AdapterContractError(f"Users.find returned no User with the id {key!r} (P1).")
    return found


def sound_candidates(found: Any, limit: int) -> tuple[User, ...]:
    """Check what `Users.candidates` returned: active users, at most `limit`."""
    listed = isinstance(found, Sequence) and len(found) <= limit
    if listed and all(_is_user(one) and one.active for one in found):
        return tuple(found)
    wrong = f"a {type(found).__name__} that is no sequence of at most {limit} active Users"
    raise AdapterContractError(f"Users.candidates returned {wrong} (promise P2).")


def _is_user(user: object) -> bool:
    return type(user) is User and type(user.id) is str and type(user.active) is bool


def recipients(
    desk: Desk, event: str, customer: Customer, record: CancellationRecord
) -> tuple[Person, ...]:
    """Ask the host's set-up who is told of an event: each person once."""
    port = desk.kit.recipients
    people = port.of(event, customer, record) if port is not None else ()
    return tuple({person.id: person for person in map(_somebody, people)}.values())


def _somebody(person: object) -> Person:
    if not isinstance(person, Person):
        found = type(person).__name__
        raise AdapterContractError(f"Recipients.of named a {found}; expected a Person.")
    checked(person.id, checked_id, "Recipients.of")
    checked(person.name, checked_line, "Recipients.of")
    checked(person.language, checked_line, "Recipients.of")
    return person
