"""Commands in async code: a whole command runs in a thread, and is never abandoned half way.

    outcome = await in_thread(cancellation.process, token, op=op)

cancelkit itself is synchronous, and this is all that an async host needs: any command, view,
`desk.begin` or `relay.run` is handed over whole. A port is never called on its own from here.

Theory of operation. A command is begun by its thread or withdrawn by its task, whichever is first;
a `Future` keeps score. Once it has begun, a cancelled task waits until the thread has ended,
however often it is cancelled, and only then raises `CancelledError`. So no `async with` closes a
session, and no `finally` gives back a connection, under a thread that still uses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import Context, copy_context
from functools import partial
from inspect import iscoroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(command: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a whole command in a thread of the event loop's own executor; see `in_executor`."""
    return await in_executor(None, command, *args, **kwargs)


async def in_executor(
    executor: Executor | None, command: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run a whole command in a thread of an executor, and wait until it has ended.

    It sees the context variables as they are now; what it sets there stays there.

    Args:
        executor: one with threads, such as a `ThreadPoolExecutor`; None for the event loop's own.
        command: a plain function or method, such as `cancellation.process`, not yet called.
        *args: what it is called with.
        **kwargs: likewise.

    Returns:
        What the command returns.

    Raises:
        CancelledError: the task was cancelled. Either the command had not begun, and never will; or
            it has ended, and what it raised, if anything, is the `__cause__`. Repeat it with the
            same operation id to learn its outcome.
        TypeError: the command is a coroutine function, or is not callable.
        RuntimeError: the executor was shut down before the command had begun.
        Exception: whatever the command raises, unchanged.
    """
    if not callable(command):
        raise TypeError(f"Hand over the command itself, not what it returned: {command!r:.80}")
    call: Future[T] = Future()
    work = partial(_run, copy_context(), [call], partial(command, *args, **kwargs))
    await asyncio.sleep(0)  # whoever is cancelled already begins nothing
    thread = asyncio.get_running_loop().run_in_executor(executor, work)
    cancelled = await _until_ended(thread, call)
    try:
        if cancelled is not None:
            raise cancelled from call.exception()
        return call.result()
    finally:
        del call, cancelled  # an error leads to this frame; if this led back, it would be a cycle


def _run(context: Context, calls: list[Future[T]], command: Callable[[], T]) -> None:
    """Run the command, in the thread, unless it was withdrawn."""
    call = calls.pop()  # an error leads to these frames: they must not lead to the call, and back
    if not call.set_running_or_notify_cancel():
        return
    try:
        call.set_result(_no_coroutine(context.run(command)))
    except BaseException as error:  # noqa: BLE001 - raised again by the task
        call.set_exception(error)
        del call


def _no_coroutine(result: T) -> T:
    if not iscoroutine(result):
        return result
    result.close()
    raise TypeError(f"{result.__qualname__} is a coroutine function: await it, without a thread.")


async def _until_ended(
    thread: asyncio.Future[None], call: Future[Any]
) -> asyncio.CancelledError | None:
    """Wait until the thread has ended; return the last attempt to cancel the task meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while not thread.done():
        try:
            await asyncio.wait((thread,))
        except asyncio.CancelledError as error:
            if call.cancel():
                thread.cancel()
                raise
            cancelled = asyncio.CancelledError(*error.args)
    if thread.cancelled():
        raise RuntimeError("The executor was shut down before the command had begun.")
    thread.result()  # raises what kept the executor from running it
    return cancelled
