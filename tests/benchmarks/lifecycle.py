"""Goal 14: one lifecycle in memory, begin -> nine guards -> process, beside the peers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve

from cancelkit.decide import Ask, Decision, Seen, decide
from cancelkit.evaluate import evaluate
from cancelkit.facts import Facts
from cancelkit.lifecycle import state_of
from cancelkit.plan import Token
from cancelkit.records import CancellationRecord, Stamp, State, Verb
from tests.benchmarks import floor
from tests.benchmarks.harness import Case, Goal, Group, ratio_of
from tests.benchmarks.material import ANN, BLOCKING, CUSTOMER, LIVE, NOW, TODAY, facts
from tests.benchmarks.peers import PEERS, Cycle

CANCELKIT = "cancelkit: nine states with reasons"
LIVE_CUSTOMER = evolve(CUSTOMER, status=LIVE)
GATES = {key: gate.value for key, gate in BLOCKING.gates.items()}


def cancelkit_cycle(known: Facts) -> Callable[[], Decision]:
    """Begin and process, without ports: the table, evaluate, decide, and every value made anew."""

    def cycle() -> Decision:
        state = state_of(LIVE_CUSTOMER, None)
        begin = decide(Seen(NOW, TODAY, state, LIVE_CUSTOMER, None, True, Ask(Verb.BEGIN, ANN)))
        if begin.to is not State.PENDING:
            raise floor.NotDone
        record = CancellationRecord(
            "c-1", "", "C-1", "Harbour Café", begin.to, 1, GATES, LIVE, Stamp(ANN, NOW)
        )
        token = Token("c-1", 1, "digest")
        seen = Seen(
            NOW,
            TODAY,
            state_of(CUSTOMER, record),
            CUSTOMER,
            record,
            True,
            Ask(Verb.PROCESS, ANN, token=token),
            judged=evaluate(BLOCKING, known),
            token=token,
        )
        return decide(seen)

    return cycle


def table_cycle() -> list[tuple[str, bool]]:
    """By hand, with a table and nine functions that say which sections are red."""
    customer = {"state": "live", **floor.GREEN}
    customer["state"] = _MOVES[customer["state"], "begin"]
    found = [(key, guard(customer)) for key, guard in _GUARDS]
    if not all(ok for _, ok in found):
        raise floor.NotDone
    customer["state"] = _MOVES[customer["state"], "process"]
    return found


def _by_hand(key: str) -> Callable[[Mapping[str, Any]], bool]:
    if key in floor.WANTED:
        return lambda customer: bool(customer[key])
    return lambda customer: not customer[key]


_MOVES = {("live", "begin"): "pending", ("pending", "process"): "cancelled"}
_GUARDS = [(key, _by_hand(key)) for key in floor.GREEN]


def refuses_each_red_section(cycle: Cycle) -> bool:
    """Whether a peer refuses with any one section red; else its time would mean nothing."""
    return all(_refuses(cycle, key) for key in floor.GREEN)


def _refuses(cycle: Cycle, key: str) -> bool:
    try:
        cycle(floor.red(key))
    except Exception:  # noqa: BLE001 - each peer has an exception of its own for it
        return True
    return False


def peer_case(cycle: Cycle) -> Case:
    """A peer, checked to refuse before it is timed."""
    return Case(lambda: cycle(floor.GREEN), lambda _: refuses_each_red_section(cycle))


def groups() -> list[Group]:
    """The floors, cancelkit, and the peers that are installed."""
    logging.getLogger("transitions").setLevel(logging.ERROR)
    cases = {
        "dict + ifs, not explained": Case(floor.cycle, lambda found: found["state"] == "cancelled"),
        "table + nine functions": Case(table_cycle, lambda found: len(found) == len(floor.GREEN)),
        CANCELKIT: Case(cancelkit_cycle(facts()), lambda found: found.to is State.CANCELLED),
    }
    skipped = {}
    for name, load in PEERS.items():
        try:
            cases[name] = peer_case(load())
        except ImportError as error:
            skipped[name] = f"not installed ({error}); pip install '.[bench]'"
    factors = {
        "transitions": 5.0,
        "SpiffWorkflow": 30.0,
        "python-statemachine": 70.0,
        "django-fsm-2": 1.5,
        "viewflow.fsm": 1.0,
    }
    goals = [
        Goal(
            14,
            f"with reasons, times faster than {name}",
            (name,),
            ratio_of(name, CANCELKIT),
            factor,
            at_least=True,
        )
        for name, factor in factors.items()
    ]
    return [Group("lifecycle: begin, nine guards, process", cases, goals, skipped)]
