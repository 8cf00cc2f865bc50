"""The same lifecycle in state machine libraries: begin, then nine guards, then process.

None of them is asked for reasons; cancelkit gives them. Each is loaded only when it is asked for,
and left out with its reason where it is not installed.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any

from tests.benchmarks.floor import GREEN, WANTED, NotDone

Cycle = Callable[[Mapping[str, Any]], object]
"""Begins and processes one customer; raises where that is refused."""


class Data:
    """A customer with one guard for each section, as these libraries like it."""

    def __init__(self, values: Mapping[str, Any] = GREEN) -> None:
        self.__dict__.update(values)


def _guard(key: str) -> Callable[[Any], bool]:
    if key in WANTED:
        return lambda customer: bool(getattr(customer, key))
    return lambda customer: not getattr(customer, key)


GUARDS = tuple(f"{key}_ok" for key in GREEN)
for _key in GREEN:
    setattr(Data, f"{_key}_ok", _guard(_key))
CONDITIONS = tuple(_guard(key) for key in GREEN)


def transitions() -> Cycle:
    """One machine, shared by all customers."""
    from transitions import Machine

    machine = Machine(
        model=None,
        states=["live", "pending", "cancelled"],
        initial="live",
        auto_transitions=False,
        transitions=[
            {"trigger": "begin", "source": "live", "dest": "pending"},
            {"trigger": "remove", "source": "pending", "dest": "live"},
            {
                "trigger": "process",
                "source": "pending",
                "dest": "cancelled",
                "conditions": list(GUARDS),
            },
        ],
    )

    def cycle(values: Mapping[str, Any]) -> object:
        customer: Any = Data(values)
        machine.add_model(customer)
        try:
            customer.begin()
            if not customer.process() or customer.state != "cancelled":
                raise NotDone
        finally:
            machine.remove_model(customer)
        return customer

    return cycle


def python_statemachine() -> Cycle:
    """A machine for each customer: it has no other form."""
    from statemachine import State, StateMachine

    class Machine(StateMachine):
        live = State(initial=True)
        pending = State()
        cancelled = State(final=True)
        begin = live.to(pending)
        remove = pending.to(live)
        process = pending.to(cancelled, cond=list(GUARDS))

    def cycle(values: Mapping[str, Any]) -> object:
        machine = Machine(Data(values))
        machine.begin()
        machine.process()
        if not machine.cancelled.is_active:
            raise NotDone
        return machine

    return cycle


def spiff() -> Cycle:
    """A specification, shared by all customers: begin, an exclusive choice of nine, process."""
    from SpiffWorkflow.operators import Attrib, Equal
    from SpiffWorkflow.specs.ExclusiveChoice import ExclusiveChoice
    from SpiffWorkflow.specs.Simple import Simple
    from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec
    from SpiffWorkflow.workflow import Workflow

    spec = WorkflowSpec(name="cancel", addstart=True)
    begin = Simple(spec, "begin")
    choice = ExclusiveChoice(spec, "choice")
    blocked, process = Simple(spec, "blocked"), Simple(spec, "process")
    spec.start.connect(begin)
    begin.connect(choice)
    for key, good in GREEN.items():
        bad: object = ("" if isinstance(good, str) else 0) if key in WANTED else 1
        choice.connect_if(Equal(Attrib(key), bad), blocked)
    choice.connect(process)

    def cycle(values: Mapping[str, Any]) -> object:
        workflow = Workflow(spec)
        workflow.task_tree.data.update(values)
        workflow.run_all()
        if workflow.last_task.task_spec is not process:
            raise NotDone
        return workflow

    return cycle


def _django() -> None:
    from django import setup
    from django.conf import settings

    if not settings.configured:
        settings.configure(INSTALLED_APPS=[], DATABASES={}, USE_TZ=True)
        setup()


def django_fsm_2() -> Cycle:
    """A model in memory; there is no database."""
    _django()
    from django.db import models
    from django_fsm import FSMField, transition

    class DjangoCustomer(models.Model):
        state = FSMField(default="live")

        class Meta:
            app_label = "cancelkit_benchmarks"

        @transition(field=state, source="live", target="pending")
        def begin(self) -> None: ...

        @transition(field=state, source="pending", target="live")
        def remove(self) -> None: ...

        @transition(field=state, source="pending", target="cancelled", conditions=CONDITIONS)
        def process(self) -> None: ...

    def cycle(values: Mapping[str, Any]) -> object:
        customer = DjangoCustomer()
        customer.__dict__.update(values)
        customer.begin()
        customer.process()
        if customer.state != "cancelled":
            raise NotDone
        return customer

    return cycle


def viewflow() -> Cycle:
    """The state machine of viewflow."""
    _django()
    from viewflow import fsm

    class Stage(enum.Enum):
        LIVE = 1
        PENDING = 2
        CANCELLED = 3

    class Flow(Data):
        stage = fsm.State(Stage, default=Stage.LIVE)

        def __init__(self, values: Mapping[str, Any]) -> None:
            super().__init__(values)
            self.current = Stage.LIVE

        @stage.setter()
        def _set(self, value: Stage) -> None:
            self.current = value

        @stage.getter()
        def _get(self) -> Stage:
            return self.current

        @stage.transition(source=Stage.LIVE, target=Stage.PENDING)
        def begin(self) -> None: ...

        @stage.transition(source=Stage.PENDING, target=Stage.LIVE)
        def remove(self) -> None: ...

        @stage.transition(source=Stage.PENDING, target=Stage.CANCELLED, conditions=CONDITIONS)
        def process(self) -> None: ...

    def cycle(values: Mapping[str, Any]) -> object:
        customer = Flow(values)
        customer.begin()
        customer.process()
        if customer.current is not Stage.CANCELLED:
            raise NotDone
        return customer

    return cycle


PEERS: Mapping[str, Callable[[], Cycle]] = {
    "transitions": transitions,
    "SpiffWorkflow": spiff,
    "python-statemachine": python_statemachine,
    "django-fsm-2": django_fsm_2,
    "viewflow.fsm": viewflow,
}
