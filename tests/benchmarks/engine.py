"""Goal 13: the `evaluate` and `decide` that commands call, and the commands themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cancelkit import CancelKit, EitherRole, Outcome
from cancelkit.adapters.memory import (
    CountingIds,
    Expiry,
    MemoryCrm,
    MemoryHost,
    MemoryUsers,
    SetClock,
)
from cancelkit.cancellation import Cancellation
from cancelkit.checklist import STANDARD
from cancelkit.decide import Ask, Decision, Seen, decide
from cancelkit.evaluate import Judged, evaluate
from cancelkit.people import Customer
from cancelkit.plan import Token, due_effects, make_token
from cancelkit.records import State, Verb
from cancelkit.sections import Mood, NewOwner, Reasons
from tests.benchmarks import floor
from tests.benchmarks.harness import Case, Goal, Group, Results, time_of
from tests.benchmarks.material import (
    ANN,
    BLOCKING,
    CUSTOMER,
    EXPIRY,
    KEYS,
    LIVE,
    NOW,
    TODAY,
    TOM,
    facts,
    record,
)

RECORD = record()
TOKEN = Token("c-1", 4, "digest")
ASK = Ask(Verb.PROCESS, ANN, token=TOKEN)
FLOOR_US = 0.48
"""What the dict and the ifs took on the machine on which the goals were set."""


def seen_with(judged: Judged) -> Seen:
    return Seen(NOW, TODAY, State.PENDING, CUSTOMER, RECORD, True, ASK, judged=judged, token=TOKEN)


def engine(red: Iterable[str]) -> Callable[[], Decision]:
    """Nine sections and the decision; what was read before is at hand."""
    known = facts(red)
    seen = seen_with(evaluate(BLOCKING, known))

    def run() -> Decision:
        evaluate(BLOCKING, known)
        return decide(seen)

    return run


def engine_chained(red: Iterable[str]) -> Callable[[], Decision]:
    """The same, and what was seen is put together anew."""
    known = facts(red)
    return lambda: decide(seen_with(evaluate(BLOCKING, known)))


def engine_with_digest() -> Callable[[], Decision]:
    """The same, and the digest of the plan is made anew and compared."""
    known = facts()

    def planned() -> tuple[Judged, Token]:
        judged = evaluate(BLOCKING, known)
        return judged, make_token(RECORD, judged, due_effects(judged, RECORD), ())

    ask = Ask(Verb.PROCESS, ANN, token=planned()[1])

    def run() -> Decision:
        judged, token = planned()
        return decide(
            Seen(NOW, TODAY, State.PENDING, CUSTOMER, RECORD, True, ask, judged=judged, token=token)
        )

    return run


def cancellation() -> Cancellation:
    """A live customer in a new CRM in memory."""
    crm = MemoryCrm([Customer("C-1", "Harbour Café", LIVE, (ANN,))])
    crm.put("expiries", Expiry("E-1", "C-1", EXPIRY))
    host = MemoryHost(crm, clock=SetClock(NOW), ids=CountingIds())
    return KIT.at(host, actor=ANN).get("C-1")


KIT = CancelKit(
    STANDARD,
    roles=EitherRole(lambda actor: ["CRM Admin"]),
    users=MemoryUsers([TOM], telesales=[TOM.id]),
)


def planned() -> tuple[Cancellation, str]:
    """A customer who is ready for Process, and the token of the plan."""
    one = cancellation()
    one.begin()
    one.enter(Reasons("price", text="Moved to another supplier"))
    one.enter(NewOwner(TOM.id))
    one.enter(Mood("neutral"))
    return one, one.plan().token


def process(prepared: tuple[Cancellation, str]) -> Outcome:
    one, token = prepared
    return one.process(token)


def _refuses(*keys: str) -> Callable[[Any], bool]:
    def right(decision: Decision) -> bool:
        return decision.to is None and tuple(r.section for r in decision.refusals) == keys

    return right


def _accepts(decision: Decision) -> bool:
    return decision.to is State.CANCELLED and not decision.refusals


def _scaled(name: str) -> Callable[[Results], float]:
    return lambda results: results[name].ratio * FLOOR_US / 1e6


def groups() -> list[Group]:
    """The engine alone, and the whole commands."""
    cases: Mapping[str, Case] = {
        "dict + ifs, begin and process (the floor of goal 14)": Case(
            floor.cycle, lambda customer: customer["state"] == "cancelled"
        ),
        "nine green": Case(engine(()), _accepts),
        "nine red": Case(engine(KEYS), _refuses(*KEYS)),
        "one red": Case(engine(["sales_orders"]), _refuses("sales_orders")),
        "nine green, Seen made anew": Case(engine_chained(()), _accepts),
        "nine red, Seen made anew": Case(engine_chained(KEYS), _refuses(*KEYS)),
        "nine green, Seen and the digest made anew": Case(engine_with_digest(), _accepts),
    }
    commands: Mapping[str, Case] = {
        "begin, the whole command in memory": Case(
            lambda one: one.begin(), lambda outcome: outcome.now is State.PENDING, cancellation
        ),
        "process, the whole command in memory": Case(
            process, lambda outcome: outcome.now is State.CANCELLED, planned
        ),
    }
    texts = {
        "nine green": ("evaluate + decide, nine green", 3.5),
        "nine red": ("evaluate + decide, nine red, each with its refusal", 6.5),
        "one red": ("evaluate + decide, one red", 6.5),
    }
    goals = [
        Goal(13, text, (name,), time_of(name), limit, "us") for name, (text, limit) in texts.items()
    ]
    scaled = [
        Goal(
            13, f"{text}; floor = {FLOOR_US} us", (name,), _scaled(name), limit, "us", judged=False
        )
        for name, (text, limit) in texts.items()
    ]
    return [
        Group("engine", cases, [*goals, *scaled]),
        Group("commands in memory", commands, (), rounds=9),
    ]
