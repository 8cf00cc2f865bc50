"""The contract kit catches each of these broken adapters, and names the promise that it breaks.

Left a broken adapter, right the promises whose tests fail: exactly these, and no others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase

from cancelkit.adapters.memory import MemoryHost
from cancelkit.testing import (
    ClockContract,
    FixersContract,
    HostContract,
    HostMachine,
    IdsContract,
    LinksContract,
    NotifierContract,
    RecipientsContract,
    RoleCheckerContract,
    SamplerContract,
    TranslatorContract,
    UsersContract,
    World,
    promises,
)
from cancelkit.testing.contract import Contract
from tests.broken import customers, memory, people, samplers, small, sqlite, units, writes
from tests.broken.memory import committing, with_parts
from tests.broken.run import broken_promises

COUNTING = "C5 C6 C7 C11 C12 C13"
"""A count that is none: whatever counts records stumbles over it."""


class InMemory(HostContract):
    tenants = True


class InMemoryInHaste(InMemory):
    """Where units of work that meet are not what is broken."""

    patience = 0.005


class InSqlite(HostContract):
    tenants = True
    joined = True
    commit_faults = True
    damaged_rows = True
    outside_writes = False
    patience = 0.02


class InTime(SamplerContract):
    deadline = 0.5


class OverAChannel(NotifierContract):
    hangs = True
    lease = 0.3


def parts(**made: Any) -> Callable[[], World]:
    """Return a maker of worlds in memory in which some ports are broken."""
    return partial(memory.world_of, with_parts(**made))


def host(cls: Any) -> Callable[[], World]:
    return partial(memory.world_of, cls)


def crm(cls: Any) -> Callable[[], World]:
    return partial(memory.world_of, crm=cls)


BROKEN: Sequence[tuple[str, Callable[[], World], str]] = (
    # locking and loading
    ("loads before it locks", parts(customers=customers.LoadsBeforeItLocks), "C1"),
    ("never locks", parts(customers=customers.NeverLocks), "C1 C2"),
    ("unlocks at once", parts(customers=customers.UnlocksAtOnce), "C1 C2"),
    ("raises for nobody", parts(customers=customers.FailsForWhatIsNotThere), "C3"),
    ("remembers customers", parts(customers=customers.Remembers), "C1"),
    ("sees every tenant", parts(customers=customers.SeesEveryTenant), "C3 C4"),
    ("takes other spellings", parts(customers=customers.TakesOtherSpellings), "C3 C4"),
    ("answers under its own key", parts(customers=customers.AnswersUnderItsOwnKey), "C4 C5 C13"),
    ("forgets soft deletion", crm(customers.KeepsTheDeleted), "C3 C4"),
    ("too many parameters", parts(customers=customers.TooManyParameters), "C13"),
    # answers
    (
        "counts deleted records",
        partial(memory.world_of, door=customers.DoorOfDeletedRecords),
        "C6 C11",
    ),
    ("datetime for date", host(customers.AS_DATETIME), "C5 C10 C13"),
    ("can be read once", host(customers.READ_ONCE), "C5 C6 C9 C10 C11 C12 C13"),
    ("0 where it cannot see", host(customers.ZERO_WHERE_BLIND), "C8"),
    ("None where it cannot see", host(customers.NONE_WHERE_BLIND), "C8"),
    ("nothing where it cannot see", parts(customers=customers.LeavesTheUnseenOut), "C8"),
    ("Decimal counts", host(customers.DECIMALS), COUNTING),
    ("float counts", host(customers.FLOATS), COUNTING),
    ("bool counts", host(customers.BOOLS), COUNTING),
    ("negative counts", host(customers.MINUS_ONE_FOR_NONE), "C5 C6 C7 C12 C13"),
    ("a join counts twice", host(customers.TWICE), "C6 C7 C11"),
    ("inner join", parts(customers=customers.InnerJoin), "C5 C13"),
    ("frozen snapshot", parts(customers=customers.Snapshot), "C9"),
    ("as_of ignored", parts(customers=customers.AsOfSomeDay), "C10"),
    ("today is future", crm(customers.TodayIsFuture), "C10"),
    ("ticked is ceased", crm(customers.TickedIsCeased), "C10"),
    ("counts what is known to be open", crm(customers.CountsKnownOpen), "C7 C11"),
    ("NOT IN loses NULL", crm(customers.NotInLosesNull), "C7"),
    ("compares labels", crm(customers.ComparesLabels), "C7 C11 C12"),
    ("counts ceased assets", crm(customers.CountsAllAssets), "C10 C11"),
    ("counts for everybody", crm(customers.CountsForEverybody), "C6 C11 C12"),
    ("somebody's next date", crm(customers.SomebodysNextDate), "C6 C10"),
    ("names closed records", parts(customers=customers.NamesClosed), "C11"),
    ("names too many", parts(customers=customers.NamesTooMany), "C11"),
    ("names none", parts(customers=customers.NamesNone), "C11"),
    ("names in a generator", parts(customers=customers.NamesOnce), "C11"),
    # status and owner
    ("ignores the expected status", parts(customers=writes.IgnoresTheExpected), "S1 S3 S5"),
    ("compares values only", parts(customers=writes.ComparesValuesOnly), "S1 S3 S5"),
    (
        "says so, writes nothing",
        parts(customers=writes.SaysSoAndWritesNothing),
        "C1 S1 S2 S3 S4 S5 S6 U1",
    ),
    ("row counts for bools", parts(customers=writes.AnswersWithRowCounts), "S3 S4 S5 S6"),
    ("guesses the former status", parts(customers=writes.RestoresLive), "S4"),
    ("restores the pending only", parts(customers=writes.RestoresThePending), "S3 S4"),
    ("reinstates whatever is there", parts(customers=writes.ReinstatesWhatever), "S3"),
    ("stays cancelled", parts(customers=writes.StaysCancelled), "S4"),
    ("pending is a value", parts(customers=writes.PendingIsAValue), "S2 S3 S4 S5 S6"),
    ("keeps the mark", parts(customers=writes.KeepsTheMark), "S6"),
    ("does not read Cancelled", parts(customers=writes.ForgetsWhatCancelledMeans), "S6"),
    ("says assigned", parts(customers=writes.SaysAssigned), "E1 U1"),
    ("adds an owner", parts(customers=writes.AddsAnOwner), "E1"),
    ("takes anybody's customer", parts(customers=writes.TakesAnybodysCustomer), "E2"),
    # stores
    ("no version check", parts(cancellations=writes.SavesAnyVersion), "K4"),
    ("says saved", parts(cancellations=writes.SaysSaved), "K4"),
    ("a second open one", parts(cancellations=writes.AllowsASecond), "K3"),
    ("once ever", parts(cancellations=writes.OnceEver), "K3 K5 K6 K7"),
    ("open ones only", parts(cancellations=writes.OpenOnesOnly), "K5"),
    ("None for none", parts(cancellations=writes.NoneForNone), "K1"),
    ("any tenant's cancellations", parts(cancellations=writes.AnyTenantsCancellations), "K1"),
    ("loses microseconds", parts(cancellations=writes.LOSES_MICROSECONDS), "K2 K7"),
    ("loses characters", parts(cancellations=writes.LOSES_NON_BMP), "K2 K7"),
    ("sorts keys", parts(cancellations=writes.SORTS_KEYS), "K2 K7"),
    ("reads its own writes late", parts(cancellations=writes.ReadsItsWritesLate), "K2"),
    ("due after its end", parts(cancellations=writes.DUE_AFTER_ITS_END), "K6"),
    ("due too early", parts(cancellations=writes.DUE_TOO_EARLY), "K6"),
    ("due a day late", parts(cancellations=writes.DUE_A_DAY_LATE), "K6"),
    ("the newest due first", parts(cancellations=writes.DUE_NEWEST), "K6"),
    ("due without a limit", parts(cancellations=writes.DUE_WITHOUT_LIMIT), "K6"),
    ("due as added", parts(cancellations=writes.DueAsAdded), "K6"),
    ("everybody's due", parts(cancellations=writes.EverybodysDue), "K6"),
    ("open after its end", parts(cancellations=writes.OPEN_AFTER_ITS_END), "K7"),
    ("the newest open first", parts(cancellations=writes.OPEN_NEWEST_FIRST), "K7"),
    ("open by the clock", parts(cancellations=writes.OPEN_BY_THE_CLOCK), "K7"),
    ("open without a limit", parts(cancellations=writes.OPEN_WITHOUT_LIMIT), "K7"),
    ("open as added", parts(cancellations=writes.OpenAsAdded), "K7"),
    ("everybody's open", parts(cancellations=writes.EverybodysOpen), "K7"),
    ("history overwrites", parts(history=writes.Overwrites), "H1"),
    ("history dies with the customer", parts(history=writes.DropsWithTheCustomer), "H1"),
    ("history by the clock", parts(history=writes.SortsByInstant), "H2"),
    ("history of everybody", parts(history=writes.EverybodysHistory), "H2"),
    ("operations without case", parts(operations=writes.IgnoresCase), "O1"),
    ("operations of any verb", parts(operations=writes.IgnoresTheVerb), "O1"),
    ("overwrites answers", parts(operations=writes.OverwritesAnswers), "O2"),
    ("forgets Process", parts(operations=writes.ForgetsProcess), "O3"),
    ("forgets everybody's", parts(operations=writes.ForgetsEverybodys), "O3"),
    ("forgets the last", parts(operations=writes.ForgetsTheLast), "O3"),
    ("forgets nothing", parts(operations=writes.ForgetsNothing), "O3"),
    ("outbox survives rollback", parts(outbox=writes.SendsAtOnce), "U1 U2 X1"),
    ("claims as they were", parts(outbox=writes.ReturnsRowsAsTheyWere), "X2 X4"),
    ("claim not stored", parts(outbox=writes.DoesNotStoreTheClaim), "X2 X3 X4 X5"),
    ("ignores the fence", parts(outbox=writes.IgnoresTheFence), "X4"),
    ("unsends the sent", parts(outbox=writes.UnsendsTheSent), "X4"),
    ("claims dead rows", parts(outbox=writes.CLAIMS_DEAD_ROWS), "X5"),
    ("claims early", parts(outbox=writes.CLAIMS_EARLY), "X5"),
    ("claims leased rows", parts(outbox=writes.CLAIMS_LEASED), "X3 X5"),
    ("claims the newest", parts(outbox=writes.CLAIMS_NEWEST), "X5"),
    ("claims everybody's", parts(outbox=writes.ClaimsEverybodys), "X5"),
    ("hides the dead", parts(outbox=writes.HidesTheDead), "X6"),
    ("unsorted outbox", parts(outbox=writes.Unsorted), "X5 X6"),
    # units of work
    ("commits unchecked", host(committing(units.unchecked)), "X3"),
    ("commits unjudged", host(committing(units.unjudged)), "C12"),
    ("commits by itself", host(units.CommitsByItself), "C12 U1 U2"),
    ("commits whatever happens", host(units.CommitsWhatever), "U1 X1"),
    ("commits when interrupted", host(units.CommitsInterrupted), "U1"),
)

IN_SQLITE: Sequence[tuple[str, Any, str]] = (
    ("lets errors of COMMIT out", units.LetsErrorsOut, "U3"),
    ("swallows errors of COMMIT", units.SwallowsErrors, "U3"),
    ("commits the host's transaction", units.CommitsTheHosts, "U4"),
    ("stops at a damaged row", units.with_outbox(units.StopsAtDamage), "X7"),
    ("the limit counts damaged rows", units.with_outbox(units.CountsDamage), "X7"),
    ("claims damaged rows", units.with_outbox(units.ClaimsDamage), "X7"),
    ("stops at a damaged one", units.with_cancellations(units.StopsAtTheDamaged), "K7"),
    ("hides the damaged", units.with_cancellations(units.HidesTheDamaged), "K7"),
    ("the limit spares the damaged", units.with_cancellations(units.SparesTheDamaged), "K7"),
    ("deletes damaged rows", units.with_outbox(units.DeletesDamage), "X7"),
)

PEOPLE: Sequence[tuple[str, type[Contract], Callable[[], Any], str]] = (
    *(
        (f"role: {name}", RoleCheckerContract, partial(people.role_world, answers), "R1")
        for name, answers in people.NOT_TRUE.items()
    ),
    *(
        (cls.__name__, UsersContract, partial(people.users_world, cls), promise)
        for cls, promise in (
            (people.HidesTheInactive, "P1"),
            (people.FindsOtherSpellings, "P1"),
            (people.OffersWhoHasLeft, "P2"),
            (people.IgnoresTheLimit, "P2"),
            (people.OffersNobodyUnsearched, "P2"),
        )
    ),
    *(
        (cls.__name__, RecipientsContract, partial(people.recipients_world, cls), "N1")
        for cls in (people.TellsAtOnce, people.AnswersOnce, people.ForgetsAfterwards)
    ),
    *(
        (cls.__name__, OverAChannel, partial(people.notifier_world, cls), promise)
        for cls, promise in (
            (people.RaisesAfterSending, "M1"),
            (people.SwallowsFailures, "M1 M2"),
            (people.SendsTwice, "M1"),
            (people.WaitsForEver, "M2"),
        )
    ),
    *(
        (cls.__name__, InTime, partial(samplers.sampler_world, cls), "Z1")
        for cls in (
            samplers.WaitsForTheSlowest,
            samplers.SaysZeroWhenLate,
            samplers.SaysNoneWhenLate,
        )
    ),
    *(
        (cls.__name__, contract, cls, promise)
        for cls, contract, promise in (
            (small.NaiveClock, ClockContract, "D1"),
            (small.TextClock, ClockContract, "D1"),
            (small.StandingIds, IdsContract, "Y1"),
            (small.NumberIds, IdsContract, "Y1"),
            (small.LongIds, IdsContract, "Y1"),
            (small.PathLinks, LinksContract, "L1"),
            (small.OwnTabs, LinksContract, "L1"),
            (small.CountingFixers, FixersContract, "F1"),
            (small.PickyFixers, FixersContract, "F1"),
            (small.StrictTexts, TranslatorContract, "T1"),
            (small.SilentTexts, TranslatorContract, "T1"),
        )
    ),
)


def check(promised: str, contract: type[Contract], make: Callable[[], Any]) -> None:
    """Run a contract: exactly these promises fail."""
    found = broken_promises(contract, make)
    numbers = sorted(found, key=lambda number: (number[0], int(number[1:])))
    assert promised == " ".join(numbers), found


@pytest.mark.parametrize(
    ("make", "promised"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_broken_host_is_caught_by_name(make: Callable[[], World], promised: str) -> None:
    meeting = {"C1", "C2", "C12", "X3"} & set(promised.split())
    check(promised, InMemory if meeting else InMemoryInHaste, make)


@pytest.mark.parametrize(
    ("cls", "promised"), [row[1:] for row in IN_SQLITE], ids=[row[0] for row in IN_SQLITE]
)
def test_broken_sqlite_host_is_caught_by_name(cls: Any, promised: str, tmp_path: Path) -> None:
    check(promised, InSqlite, _in_files(tmp_path, cls))


@pytest.mark.parametrize(
    ("contract", "make", "promised"), [row[1:] for row in PEOPLE], ids=[row[0] for row in PEOPLE]
)
def test_broken_port_about_people_is_caught_by_name(
    contract: type[Contract], make: Callable[[], Any], promised: str
) -> None:
    check(promised, contract, make)


@pytest.mark.parametrize(
    ("contract", "make"),
    [
        (InMemory, memory.world_of),
        (RoleCheckerContract, people.role_world),
        (UsersContract, people.users_world),
        (RecipientsContract, people.recipients_world),
        (OverAChannel, people.notifier_world),
        (InTime, samplers.sampler_world),
    ],
)
def test_good_ones_break_nothing(contract: type[Contract], make: Callable[[], Any]) -> None:
    check("", contract, make)


def test_good_sqlite_host_breaks_nothing(tmp_path: Path) -> None:
    check("", InSqlite, _in_files(tmp_path))


def test_every_promise_is_broken_by_some_adapter() -> None:
    """Else its test might pass whatever an adapter does."""
    rows = (*BROKEN, *IN_SQLITE, *PEOPLE)
    broken = {number for row in rows for number in str(row[-1]).split()}
    assert {promise.number for promise in promises()} == broken


def _in_files(folder: Path, *classes: Any) -> Callable[[], World]:
    """Return a maker of worlds, each in a folder of its own."""
    numbers = count()

    def make() -> World:
        new = folder / str(next(numbers))
        new.mkdir()
        return sqlite.world_of(new, sqlite.Crm, *classes)

    return make


class Driven(HostMachine):
    machine_examples = 200
    machine_phases = (Phase.generate,)


@pytest.mark.parametrize(
    "broken",
    [
        with_parts(customers=writes.KeepsTheMark),
        with_parts(customers=writes.SaysSoAndWritesNothing),
        with_parts(cancellations=writes.OnceEver),
        with_parts(cancellations=writes.OpenOnesOnly),
        units.CommitsByItself,
        units.CommitsWhatever,
    ],
    ids=["mark", "says so", "once ever", "open only", "by itself", "whatever"],
)
def test_machine_sees_the_difference(broken: type[MemoryHost]) -> None:
    with pytest.raises(AssertionError):
        Driven().test_whole_cancellations_go_as_in_memory(memory.world_of(broken))
