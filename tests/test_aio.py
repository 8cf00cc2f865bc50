"""Commands from async code: whole, in a thread, and never abandoned half way."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from typing import Any, assert_type

import pytest
from attrs import define, field

from cancelkit import Mood, NewOwner, Outcome, Plan, Refused, View
from cancelkit.adapters.aio import in_executor, in_thread
from cancelkit.adapters.memory import MemoryNotifier
from cancelkit.adapters.memory.store import Lock
from cancelkit.errors import AlreadyCancelled, Blocked, CommandFailed, UnknownCustomer
from cancelkit.ports import Clock
from cancelkit.records import HistoryEntry, State
from cancelkit.relay import Relay, Report
from tests.world import BOSS, World, world

PATIENCE = 20.0  # seconds; nobody waits that long unless a test fails


# ---------------------------------------------------------------- what the tests stand on


@define
class Door:
    """Something at which a thread stops, until the test lets it go on."""

    reached: threading.Event = field(factory=threading.Event)
    open: threading.Event = field(factory=threading.Event)

    def pass_through(self) -> None:
        self.reached.set()
        if not self.open.wait(PATIENCE):
            raise TimeoutError("nobody opened the door")

    async def is_reached(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, PATIENCE)


@define
class DoorInClock:
    """A port of the host inside which a command stops: it holds the customer's lock by then."""

    clock: Clock
    door: Door = field(factory=Door)
    fault: Exception | None = None

    def now(self) -> datetime:
        self.door.pass_through()
        if self.fault is not None:
            raise self.fault
        return self.clock.now()


def stopped(here: World, fault: Exception | None = None) -> Door:
    """Let the next command stop inside a port; `fault` is raised there when it goes on."""
    clock = DoorInClock(here.clock, fault=fault)
    here.host.clock = clock
    return clock.door


def go_on(here: World, door: Door) -> None:
    """Let it go on, and the commands after it pass."""
    here.host.clock = here.clock
    door.open.set()


async def some_turns() -> None:
    """Let everything happen that is about to happen in the event loop."""
    for _ in range(20):
        await asyncio.sleep(0)


@contextmanager
def busy(pool: Executor) -> Generator[Door]:
    """Keep the only thread of a pool busy meanwhile."""
    door = Door()
    done = pool.submit(door.pass_through)
    assert door.reached.wait(PATIENCE)
    try:
        yield door
    finally:
        door.open.set()
        done.result(PATIENCE)


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), PATIENCE * 2))


# ---------------------------------------------------------------- the story


def test_customer_is_cancelled_by_async_code() -> None:
    """Every command and every view is handed over as it is: there is no twin of the API."""
    here = world(told=[BOSS])
    desk, notifier = here.desk("alice"), MemoryNotifier()

    async def story() -> None:
        assert "Live" == (await in_thread(desk.check, "C-1")).status
        cancellation = await in_thread(desk.begin, "C-1", op="op-1")
        await in_thread(cancellation.enter_data, "reasons", {"text": "Moved"})
        await in_thread(cancellation.enter, NewOwner("t-7"), op="op-2")
        await in_thread(cancellation.enter, Mood("happy"))
        await in_thread(cancellation.perform_now, "ownership")
        assert ["C-1"] == list(await in_thread(desk.banners, ["C-1"]))
        plan = await in_thread(cancellation.plan)
        outcome = await in_thread(cancellation.process, plan.token, op="op-3")
        assert State.CANCELLED is outcome.now
        assert 1 == (await in_thread(Relay(here.host, notifier).run)).sent
        assert 6 == len(await in_thread(cancellation.history))

    run(story)
    assert "cancelled" == (here.status.value if here.status else None)
    assert [BOSS] == [notification.recipient for notification in notifier.sent]


def test_types_are_those_of_the_command() -> None:
    """Arguments and result are checked by mypy as if the command were called directly."""
    here = world()

    async def story() -> None:
        cancellation = here.begun()
        assert_type(await in_thread(cancellation.view, name=3), View)
        assert_type(await in_thread(cancellation.enter, Mood("angry"), op="op"), Outcome)
        assert_type(await in_executor(None, cancellation.plan), Plan)
        assert_type(await in_thread(Relay(here.host, MemoryNotifier()).run), Report)
        with pytest.raises(TypeError, match="nonsense"):
            await in_thread(cancellation.plan, nonsense=1)  # type: ignore[call-arg]  # that's it

    run(story)


# ---------------------------------------------------------------- two at once


@define
class AnnouncedLock:
    """A lock that says when somebody asks for it."""

    asked: threading.Semaphore
    lock: Lock = field(factory=threading.Lock)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        self.asked.release()
        return self.lock.acquire(blocking, timeout)

    def release(self) -> None:
        self.lock.release()


def two_at_once(ops: tuple[str, str]) -> tuple[World, list[Outcome | BaseException]]:
    """Two tasks process one customer: the second asks for the lock while the first holds it."""
    here = world()
    token, asked = here.ready().plan().token, threading.Semaphore(0)
    here.crm.memory._locks.clear()
    here.crm.memory._make_lock = lambda: AnnouncedLock(asked)
    answers: list[Outcome | BaseException] = []

    async def story() -> None:
        door = stopped(here)
        first = asyncio.create_task(in_thread(here.get("alice").process, token, op=ops[0]))
        await door.is_reached()
        second = asyncio.create_task(in_thread(here.get("alice").process, token, op=ops[1]))
        for _ in range(2):
            assert await asyncio.to_thread(asked.acquire, timeout=PATIENCE)
        await some_turns()
        assert [False, False] == [first.done(), second.done()]
        go_on(here, door)
        answers.extend(await asyncio.gather(first, second, return_exceptions=True))

    run(story)
    return here, answers


def test_of_two_commands_at_once_one_is_done_and_the_other_is_told() -> None:
    here, (first, second) = two_at_once(("op-1", "op-2"))
    assert isinstance(first, Outcome)
    assert State.CANCELLED is first.now
    assert isinstance(second, AlreadyCancelled)
    assert "cancelled" == (here.status.value if here.status else None)


def test_double_click_is_one_command() -> None:
    _, answers = two_at_once(("click", "click"))
    assert [False, True] == [isinstance(one, Outcome) and one.replayed for one in answers]


def test_event_loop_goes_on_while_a_command_waits() -> None:
    """Requests of others are served meanwhile: also whole commands on other customers."""
    here, other = world(), world()
    served: list[str] = []

    async def story() -> None:
        door = stopped(here)
        waiting = asyncio.create_task(in_thread(here.desk().begin, "C-1"))
        await door.is_reached()
        served.append((await in_thread(other.desk().begin, "C-1")).view().status)
        assert not waiting.done()
        go_on(here, door)
        served.append((await waiting).view().status)

    run(story)
    assert ["Live (PC)", "Live (PC)"] == served


# ---------------------------------------------------------------- cancelled after it has begun


@pytest.mark.parametrize("times", [1, 3])
def test_command_that_has_begun_is_ended_however_often_its_task_is_cancelled(times: int) -> None:
    """The task waits for the thread, and then it is cancelled; the operation id has the answer."""
    here = world(told=[BOSS])
    cancellation = here.ready()
    token = cancellation.plan().token

    async def story() -> None:
        door = stopped(here)
        task = asyncio.create_task(in_thread(cancellation.process, token, op="op-1"))
        await door.is_reached()
        for _ in range(times):
            task.cancel()
            await some_turns()
            assert not task.done()
        go_on(here, door)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
        again = await in_thread(cancellation.process, token, op="op-1")
        assert (True, State.CANCELLED, (BOSS,)) == (again.replayed, again.now, again.notified)

    run(story)
    assert "cancelled" == (here.status.value if here.status else None)
    assert 1 == len(here.tables()["outbox"])


def test_session_stays_open_until_the_command_has_ended() -> None:
    """An `async with` around the command is left after the thread, not under it."""
    here = world()
    happened: list[str] = []

    @asynccontextmanager
    async def session() -> AsyncGenerator[None]:
        try:
            yield
        finally:
            happened.append("session closed")

    def command() -> None:
        here.begun()
        happened.append("command ended")

    async def handler() -> None:
        async with session():
            await in_thread(command)

    async def story() -> None:
        door = stopped(here)
        task = asyncio.create_task(handler())
        await door.is_reached()
        task.cancel()
        await some_turns()
        assert [] == happened
        go_on(here, door)
        with pytest.raises(asyncio.CancelledError):
            await task

    run(story)
    assert ["command ended", "session closed"] == happened


def test_timeout_waits_for_the_command_too() -> None:
    here = world()

    async def handler(limits: list[asyncio.Timeout]) -> None:
        async with asyncio.timeout(None) as limit:
            limits.append(limit)
            await in_thread(here.desk().begin, "C-1", op="op-1")

    async def story() -> None:
        door, limits = stopped(here), list[asyncio.Timeout]()
        task = asyncio.create_task(handler(limits))
        await door.is_reached()
        limits[0].reschedule(asyncio.get_running_loop().time() - 1)
        while not limits[0].expired():
            await asyncio.sleep(0)
        await some_turns()
        assert not task.done()
        go_on(here, door)
        with pytest.raises(TimeoutError):
            await task
        assert (await in_thread(here.get().begin, op="op-1")).replayed

    run(story)


@pytest.fixture
def interruptible() -> Generator[None]:
    """Ctrl-C is heard, also where the tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupted_program_ends_the_command_first() -> None:
    """Ctrl-C in the middle of a command: it is whole, and then the program ends."""
    here = world()

    async def story() -> None:
        door, task = stopped(here), asyncio.current_task()
        assert task is not None

        async def interrupt() -> None:
            await door.is_reached()
            signal.raise_signal(signal.SIGINT)
            while not task.cancelling():
                await asyncio.sleep(0)
            await some_turns()
            go_on(here, door)

        other = asyncio.create_task(interrupt())
        try:
            await in_thread(here.desk().begin, "C-1")
        finally:
            await other

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(story())
    assert "Live (PC)" == here.get().view().status


@pytest.mark.parametrize("fault", [None, ConnectionError("database gone")])
def test_what_a_cancelled_command_raised_is_the_cause(fault: Exception | None) -> None:
    """Nothing is lost, and asyncio has nothing to complain of that nobody retrieved."""
    here = world()

    async def story() -> None:
        door = stopped(here, fault)
        task = asyncio.create_task(in_thread(here.desk().begin, "C-1"))
        await door.is_reached()
        task.cancel()
        await some_turns()
        go_on(here, door)
        with pytest.raises(asyncio.CancelledError) as raised:
            await task
        expected = type(None) if fault is None else CommandFailed
        assert expected is type(raised.value.__cause__)

    run(story)


# ---------------------------------------------------------------- cancelled before it has begun


def test_command_that_has_not_begun_never_does_when_its_task_is_cancelled() -> None:
    """All threads were busy: the task is cancelled at once, and nothing is left behind."""
    here = world()
    before = here.tables()

    async def story() -> None:
        with ThreadPoolExecutor(1) as pool:
            with busy(pool):
                task = asyncio.create_task(in_executor(pool, here.desk().begin, "C-1"))
                await some_turns()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert "next" == await in_executor(pool, lambda: "next")  # the thread has passed it

    run(story)
    assert (before, []) == (here.tables(), here.history())


@define
class Stubborn(Executor):
    """An executor that runs what it was given when the test says so, cancelled or not."""

    given: list[Callable[[], object]] = field(factory=list)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.given.append(lambda: fn(*args, **kwargs))
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        return future


def test_thread_that_comes_too_late_leaves_the_command_alone() -> None:
    """Between the thread and the task only one wins: also where an executor cannot cancel."""
    pool, called = Stubborn(), list[str]()

    async def story() -> None:
        task = asyncio.create_task(in_executor(pool, called.append, "command"))
        await some_turns()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        pool.given[0]()

    run(story)
    assert [] == called


def test_task_that_is_cancelled_already_begins_nothing() -> None:
    called: list[str] = []

    async def cancelled() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await in_thread(called.append, "command")

    async def story() -> None:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(cancelled())

    run(story)
    assert [] == called


def test_command_may_be_run_while_cleaning_up_after_a_cancellation() -> None:
    """What is awaited in `except CancelledError` runs like anything else."""
    here = world()

    async def handler() -> None:
        await in_thread(here.desk().begin, "C-1")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await in_thread(here.get().remove)
            raise

    async def story() -> None:
        task = asyncio.create_task(handler())
        while "Live" == here.get().view().status:
            await asyncio.sleep(0)
        await some_turns()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(story)
    assert "Live" == here.get().view().status


# ---------------------------------------------------------------- what goes wrong


def test_errors_come_through_as_they_are() -> None:
    """A refusal with its reasons and the fresh plan; malformed input; a fault with its cause."""
    here = world()
    here.add_order()
    cancellation = here.ready()

    async def story() -> None:
        with pytest.raises(Blocked) as refused:
            await in_thread(cancellation.process, (await in_thread(cancellation.plan)).token)
        assert (("sales_orders",), True) == (
            refused.value.sections,
            isinstance(refused.value.fresh, Plan),
        )
        with pytest.raises(UnknownCustomer):
            await in_thread(here.desk().begin, "C-404")
        fault = ConnectionError("gone")
        stopped(here, fault).open.set()
        with pytest.raises(CommandFailed) as failed:
            await in_thread(cancellation.remove)
        assert fault is failed.value.__cause__

    run(story)
    refused = [entry for entry in here.history() if not entry.accepted]
    assert [HistoryEntry] == [type(entry) for entry in refused]


class Died(BaseException):
    """Not an `Exception`, like `KeyboardInterrupt` and `SystemExit`."""


@pytest.mark.parametrize("error", [Died(), CancelledError(), TimeoutError(), LookupError("x")])
def test_very_error_of_the_command_is_raised(error: BaseException) -> None:
    """asyncio turns some errors into others on their way out of a thread; here they stay."""

    def command() -> None:
        raise error

    async def story() -> None:
        with pytest.raises(type(error)) as raised:
            await in_thread(command)
        assert error is raised.value

    run(story)


def test_command_that_raises_stop_iteration_does_not_hang() -> None:
    """No coroutine can raise `StopIteration`; Python makes a `RuntimeError` of it."""

    async def story() -> None:
        with pytest.raises(RuntimeError, match="StopIteration"):
            await in_thread(next, iter(()))

    run(story)


def test_coroutine_function_is_refused_by_name() -> None:
    """A thread would only make the coroutine, and nobody would ever run it."""

    async def process_later() -> None:
        raise AssertionError

    async def story() -> None:
        for command in (process_later, partial(process_later)):
            with pytest.raises(TypeError, match="process_later is a coroutine function: await it"):
                _ = await in_thread(command)

    run(story)


def test_command_that_was_called_already_is_refused() -> None:
    here = world()

    async def story() -> None:
        with pytest.raises(TypeError, match="Hand over the command itself, not what it returned"):
            await in_thread(here.desk().check("C-1"))  # type: ignore[arg-type]  # what is slipped in

    run(story)


def test_error_is_freed_with_its_last_user() -> None:
    """An error leads to the frames it came through: to the desk, and the session behind it.

    They must not wait for the garbage collector.
    """

    class Session:
        """Stands for whatever the command holds."""

    async def use(door: Door | None, freed: list[weakref.ref[Session]]) -> None:
        session = Session()
        freed.append(weakref.ref(session))
        await in_thread(fail, session, door)

    def fail(session: Session, door: Door | None) -> None:
        if door is not None:
            door.pass_through()
        raise LookupError(session)

    async def story() -> None:
        with suppress(LookupError):
            await use(None, freed)
        door = Door()
        task = asyncio.create_task(use(door, freed))
        await door.is_reached()
        task.cancel()
        await some_turns()
        door.open.set()
        with suppress(asyncio.CancelledError):
            await task

    freed: list[weakref.ref[Session]] = []
    gc.disable()
    try:
        run(story)
        assert [None, None] == [session() for session in freed]
    finally:
        gc.enable()


# ---------------------------------------------------------------- threads and their surroundings


TENANT: ContextVar[str] = ContextVar("TENANT", default="nobody")


def test_context_variables_are_seen_by_the_command() -> None:
    """A host's current tenant or request id; what a command sets does not leak out."""

    def command() -> str:
        seen = TENANT.get()
        TENANT.set("changed in the thread")
        return seen

    async def request(tenant: str) -> tuple[str, str]:
        TENANT.set(tenant)
        return await in_thread(command), TENANT.get()

    async def story() -> None:
        both: Awaitable[Any] = asyncio.gather(request("a"), request("b"))
        assert [("a", "a"), ("b", "b")] == await both

    run(story)
    assert "nobody" == TENANT.get()


def test_executor_of_the_host_is_used() -> None:
    async def story() -> None:
        with ThreadPoolExecutor(1, thread_name_prefix="crm") as pool:
            assert "crm_0" == await in_executor(pool, lambda: threading.current_thread().name)
        assert threading.main_thread() is not await in_thread(threading.current_thread)

    run(story)


def test_executor_that_is_shut_down_is_an_error_and_not_a_cancellation() -> None:
    """A `CancelledError` would end the task without a word, and the command was never run."""

    async def story() -> None:
        pool = ThreadPoolExecutor(1)
        with busy(pool):
            task = asyncio.create_task(in_executor(pool, lambda: None))
            await some_turns()
            pool.shutdown(wait=False, cancel_futures=True)
            with pytest.raises(RuntimeError, match="shut down before the command had begun"):
                await task
        with pytest.raises(RuntimeError, match="after shutdown"):
            await in_executor(pool, lambda: None)

    run(story)


def test_executor_that_cannot_start_a_thread_says_so() -> None:
    def fail() -> None:
        raise OSError("no thread today")

    async def story() -> None:
        pool = ThreadPoolExecutor(1, initializer=fail)
        with pool, pytest.raises(RuntimeError, match="initializer failed"):
            await in_executor(pool, lambda: None)

    run(story)


def test_every_refusal_can_be_caught_as_one() -> None:
    """`except Refused` in a handler needs to know nothing of threads."""
    here = world()

    async def story() -> None:
        with pytest.raises(Refused):
            await in_thread(here.get().remove)

    run(story)
