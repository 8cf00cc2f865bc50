"""Crash points: every port call of every command failing in turn, before and after its effect.

A command is run once to count its port calls; then for each call and each kind of fault it is run
again from where it began with that one fault, and everything that is stored is judged; then it is
repeated without a fault, and judged again. It works on any host that a world can be made of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from attrs import define, field, frozen

from cancelkit import Invalid, Outcome, Refused
from cancelkit.errors import Busy, Conflict, Failed, NotAllowed, OutcomeUnknown, UnknownCustomer
from cancelkit.records import HistoryEntry, State, Verb
from tests.harness.commands import Command, NothingDue
from tests.harness.stored import Broken, Stored, broken_by
from tests.harness.watch import COMMIT, ENTER, READING, Call
from tests.harness.world import CUSTOMER, World


class Kind(Enum):
    """What goes wrong at one call."""

    RAISE_BEFORE = "raise before"
    RAISE_AFTER = "raise after"
    NONE = "returns None"
    OBJECT = "returns object()"
    CONFLICT_BEFORE = "Conflict before"
    CONFLICT_AFTER = "Conflict after"
    INTERRUPT_BEFORE = "interrupt before"
    INTERRUPT_AFTER = "interrupt after"


AFTER = frozenset((Kind.RAISE_AFTER, Kind.CONFLICT_AFTER, Kind.INTERRUPT_AFTER))
WRONG = frozenset((Kind.NONE, Kind.OBJECT))
CONFLICTS = frozenset((Kind.CONFLICT_BEFORE, Kind.CONFLICT_AFTER))
INTERRUPTS = frozenset((Kind.INTERRUPT_BEFORE, Kind.INTERRUPT_AFTER))

VOID = frozenset((COMMIT, "cancellations.add", "history.append", "operations.add", "outbox.add"))
"""Methods without an answer: a wrong one cannot be noticed."""
MAY_BE_NONE = frozenset(("operations.find", "performer.refuses", "links.customer", "links.manage"))
"""Methods for which None is an answer like another; there it is no fault."""


class Fault(Exception):
    """What a broken database raises: nothing that cancelkit knows."""


@define
class Saboteur:
    """A watch that lets one call fail, and remembers what was called and answered.

    Attributes:
        at: the number of the call that fails, from 1; 0 for none.
        kind: how.
        calls: the ports called, in order.
        hit: the port whose call failed, or "".
        error: what was raised there.
        granted: units of work in which the role checker answered True.
        answered: units in which the host answered the question for facts.
        accepted: the entry of the command that a unit has accepted.
        committed: the units that were committed, of those that may write.
    """

    at: int = 0
    kind: Kind | None = None
    calls: list[str] = field(factory=list)
    hit: str = ""
    hit_unit: int = 0
    error: BaseException | None = None
    unit: int = 0
    granted: set[int] = field(factory=set)
    answered: set[int] = field(factory=set)
    accepted: dict[int, HistoryEntry] = field(factory=dict)
    committed: list[int] = field(factory=list)

    def __call__(self, call: Call, do: Callable[[], Any], /) -> Any:
        self.calls.append(call.port)
        if call.port == ENTER:
            self.unit += 1
        unit = self.unit
        if self.kind is None or len(self.calls) != self.at:
            return self._note(call, self._do(call, do))
        self.hit, self.hit_unit = call.port, unit
        if self.kind in WRONG:
            self._do(call, do)
            return None if self.kind is Kind.NONE else object()
        if self.kind in AFTER and not (call.port == COMMIT and self.kind in CONFLICTS):
            self._do(call, do)  # a Conflict of COMMIT says that nothing was kept: promise U3
        self.error = self._error(call, self.kind)
        raise self.error

    def _do(self, call: Call, do: Callable[[], Any]) -> Any:
        answer = do()
        if call.port == COMMIT and READING not in call.args:
            self.committed.append(self.unit)
        elif call.port == "history.append" and call.args[0].accepted:
            self.accepted[self.unit] = call.args[0]
        return answer

    def _note(self, call: Call, answer: Any) -> Any:
        if call.port == "roles.allows" and answer is True:
            self.granted.add(self.unit)
        elif call.port == "customers.facts":
            self.answered.add(self.unit)
        return answer

    @staticmethod
    def _error(call: Call, kind: Kind) -> BaseException:
        if kind in INTERRUPTS:
            return KeyboardInterrupt(call.port)
        if kind in CONFLICTS:
            return Conflict(f"planted at {call.port}")
        if call == Call(COMMIT) and kind is Kind.RAISE_AFTER:
            return OutcomeUnknown("the reply to COMMIT was lost")  # promise U3 of a host
        return Fault(call.port)


@frozen
class Cell:
    """One command with one fault at one of its calls (or none), and what was broken by it."""

    command: str
    at: int
    port: str
    kind: Kind | None
    broken: tuple[Broken, ...] = ()

    def __str__(self) -> str:
        how = f"{self.port} {self.kind.value}" if self.kind else "without a fault"
        return f"{how}: {'; '.join(map(str, self.broken))}"


@frozen(eq=False)
class _Clean:
    """A command where it can be given, and how it goes without a fault."""

    command: Command
    world: World
    token: str
    put_back: Callable[[], None]
    calls: tuple[str, ...]
    before: Stored
    after: Stored
    answer: Outcome | BaseException


def every_cell(
    make: Callable[[], World], command: Command, kinds: Iterable[Kind] = tuple(Kind)
) -> Iterator[Cell]:
    """Try a command without a fault, and with every kind of fault at every one of its port calls.

    Args:
        make: makes a fresh world.
        command: what to try.
        kinds: the kinds of fault.

    Where the command does not even end as expected without a fault, that is all there is.
    """
    clean = _clean(make, command)
    wrong = tuple(_wanted(clean))
    yield Cell(command.name, 0, "", None, wrong)
    if any(one.promise == "branch" for one in wrong):
        return
    pending = any(one.state is State.PENDING for one in clean.before.cancellations)
    may_be_none = MAY_BE_NONE | ({"customers.lock"} if pending else set())  # the customer is gone
    for at, port in enumerate(clean.calls, 1):
        for kind in kinds:
            if kind is not Kind.NONE or port not in may_be_none:
                yield _cell(clean, at, kind)


def table(rows: Iterable[tuple[Command, list[Cell]]]) -> list[str]:
    """Return the number of cells of each command and kind, as lines to print."""
    lines = [f"{'command':<34}{'calls':>7}{'cells':>7}{'broken':>8}"]
    for command, cells in rows:
        calls, broken = max(cell.at for cell in cells), sum(bool(c.broken) for c in cells)
        lines.append(f"{command.name:<34}{calls:>7}{len(cells):>7}{broken:>8}")
    return lines


def _clean(make: Callable[[], World], command: Command) -> _Clean:
    world = make()
    token = command.prepare(world)
    before, nobody = world.back.stored(), Saboteur()
    saved = world.saved()
    answer = _give(world, command, token, nobody)
    calls, after = tuple(nobody.calls), world.back.stored()
    return _Clean(command, world, token, saved, calls, before, after, answer)


def _wanted(clean: _Clean) -> Iterator[Broken]:
    """What must be true of the command without any fault."""
    if type(clean.answer) is not (clean.command.refused or Outcome):
        yield Broken("branch", f"it ended with {clean.answer!r}")
    yield from broken_by(clean.after, foreign=clean.command.foreign)
    yield from clean.command.wanted(clean.before, clean.after)


def _give(
    world: World, command: Command, token: str, watch: Saboteur | None
) -> Outcome | BaseException:
    desk = world.desk(command.actor, watch=watch)
    try:
        return command.give(desk.get(CUSTOMER), token)
    except BaseException as error:  # noqa: BLE001 - an interrupt is one of the answers
        return error


def _cell(clean: _Clean, at: int, kind: Kind) -> Cell:
    clean.put_back()
    world, command, token, before = clean.world, clean.command, clean.token, clean.before
    saboteur = Saboteur(at, kind)
    answer = _give(world, command, token, saboteur)
    after = world.back.stored()
    world.outside = lambda kit, host: (kit, host)
    again = _give(world, command, token, None)
    broken = [
        *_all_or_nothing(clean, before, after, saboteur),
        *_right_answer(command, clean, after, answer, saboteur),
        *_authority(saboteur),
        *([] if after.same_as(before) else broken_by(after, foreign=command.foreign)),
        *_repeated(command, clean, after, again, world.back.stored()),
    ]
    return Cell(command.name, at, saboteur.hit, kind, tuple(dict.fromkeys(broken)))


def _all_or_nothing(
    clean: _Clean, before: Stored, after: Stored, saboteur: Saboteur
) -> Iterator[Broken]:
    """Nothing of the command is there, or all of it, and that as the commit says."""
    if after.same_as(before) and not saboteur.committed:
        return
    had, kept = len(before.history), before.plain()
    new = after.history[had:]
    if after.history[:had] != before.history:
        yield Broken("I8", "earlier history has changed")
    if len(new) > 1:
        yield Broken("I8", f"one command left {len(new)} entries in the history")
    if saboteur.committed and not new:
        yield Broken("I8", "it was committed without a history entry")
    if not saboteur.committed and new:
        yield Broken("I4", "history was kept although nothing was committed")
    if any(entry.accepted or entry.behalf for entry in new):  # a blocked day is a change, too
        if _differ(after.plain(), clean.after.plain()):
            yield Broken("I4", f"half done: {_differ(after.plain(), clean.after.plain())}")
    elif _differ(after.before(had).plain(), kept):
        yield Broken("I4", f"not done, yet changed: {_differ(after.before(had).plain(), kept)}")


def _differ(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    return ", ".join(name for name in one if one[name] != other[name])


def _right_answer(
    command: Command,
    clean: _Clean,
    after: Stored,
    answer: Outcome | BaseException,
    saboteur: Saboteur,
) -> Iterator[Broken]:
    """The answer is of the right kind, and says what has happened."""
    new = after.history[len(clean.before.history) :]
    accepted = any(entry.accepted for entry in new)
    if saboteur.kind in INTERRUPTS:
        if answer is not saboteur.error:
            yield Broken("branch", f"an interrupt was swallowed: {answer!r}")
    elif isinstance(answer, Outcome):
        yield from _done(saboteur, accepted=accepted)
    elif isinstance(answer, Refused):
        yield from _refused(command, answer, saboteur, recorded=bool(new) and not accepted)
    elif isinstance(answer, Failed | Invalid):
        yield from _failed(command, answer, saboteur, changed=bool(new))
    else:
        yield Broken("branch", f"{type(answer).__name__} is neither Refused, Invalid nor Failed")


def _done(saboteur: Saboteur, *, accepted: bool) -> Iterator[Broken]:
    if not accepted:
        yield Broken("I4", "it was answered as done, and is not")
    if saboteur.kind in (Kind.RAISE_BEFORE, Kind.RAISE_AFTER):
        yield Broken("I9", f"the fault of {saboteur.hit} was swallowed")
    yield from _took_nonsense(saboteur)


def _refused(
    command: Command, answer: Refused, saboteur: Saboteur, *, recorded: bool
) -> Iterator[Broken]:
    wanted = NotAllowed if saboteur.hit == "roles.allows" else command.refused
    if type(answer) is not wanted:
        yield Broken("branch", f"{type(answer).__name__} for a fault of {saboteur.hit}")
    if not recorded:
        yield Broken("I8", "it was refused, and the history does not say so")
    if saboteur.hit != "roles.allows" and not saboteur.hit.startswith("links."):
        yield from _took_nonsense(saboteur)


def _failed(
    command: Command, answer: Failed | Invalid, saboteur: Saboteur, *, changed: bool
) -> Iterator[Broken]:
    """A fault of the host is Failed; only a customer who is not there is Invalid."""
    name = type(answer).__name__
    if isinstance(answer, OutcomeUnknown):
        if answer.op != command.op and (command.op or not answer.op):
            said = f"OutcomeUnknown names the operation {answer.op!r}, not {command.op!r}"
            yield Broken("branch", said)
        return
    if changed:
        yield Broken("branch", f"{name} says that nothing has changed, but it has")
    gone = isinstance(answer, UnknownCustomer) and saboteur.hit == "customers.lock"
    if isinstance(answer, Invalid) and not gone:
        yield Broken("branch", f"{name} for a fault of {saboteur.hit}")


def _took_nonsense(saboteur: Saboteur) -> Iterator[Broken]:
    """A wrong answer must not be taken for a right one in the unit that is committed."""
    port, kind = saboteur.hit, saboteur.kind
    if kind in WRONG and port not in VOID and saboteur.hit_unit in saboteur.committed:
        yield Broken("I9", f"a wrong answer of {port} was taken")


def _authority(saboteur: Saboteur) -> Iterator[Broken]:
    """Nothing was committed without a positive answer, nor Process without facts.

    Of a scheduled Process the replay of the history asks whose authority it is.
    """
    for unit in saboteur.committed:
        entry = saboteur.accepted.get(unit)
        if entry is None:
            continue
        if entry.behalf is None and unit not in saboteur.granted:
            how = f"{entry.verb.value} without a positive answer of the role checker"
            yield Broken("I7", how)
        if entry.verb is Verb.PROCESS and unit not in saboteur.answered:
            yield Broken("I9", "Process without the host's answer to what is open")


def _repeated(
    command: Command, clean: _Clean, after: Stored, again: Outcome | BaseException, final: Stored
) -> Iterator[Broken]:
    """The same command with the same id has its effect exactly once, and no lock is left.

    What is due has no id to be repeated with: when it was done, nothing is due any more.
    """
    new = after.history[len(clean.before.history) :]
    done = any(entry.accepted or entry.behalf for entry in new)
    if isinstance(again, Busy):
        yield Broken("locks", "the customer is still locked")
        return
    if not command.op and done:
        if not isinstance(again, NothingDue):
            yield Broken("retry", f"tried once more on the same day: {again!r}")
    elif command.refused is not None:
        if type(again) is not command.refused:
            yield Broken("retry", f"refused first, and then {again!r}")
    elif not isinstance(again, Outcome):
        yield Broken("retry", f"the repeat ended with {again!r}")
    elif again.replayed != done:
        yield Broken("retry", f"done: {done}, but the repeat was replayed: {again.replayed}")
    one, other = (final, clean.after) if not command.op else _without_refusals(final, clean.after)
    if changed := _differ(one.plain(), other.plain()):
        yield Broken("retry", f"after the repeat it is not done exactly once: {changed}")
    yield from broken_by(final, foreign=command.foreign)


def _without_refusals(*those: Stored) -> tuple[Stored, ...]:
    return tuple(one.without_refusals() for one in those)


def promises_of(cells: Iterable[Cell]) -> Counter[str]:
    """Return how often each promise was broken."""
    return Counter(broken.promise for cell in cells for broken in cell.broken)
