"""Every SQL statement of every command failing in turn, before and after its effect.

Below the adapter: the driver's own exceptions come out of its cursor, and out of its COMMIT, as
SQLAlchemy sees them. What is stored is all of the command or nothing of it; the repeat with the
same operation id has its effect once; the connection that is given back is clean.
"""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from attrs import define, evolve, field, frozen
from sqlalchemy import event

from cancelkit import Outcome
from cancelkit.errors import Busy, Conflict, Failed, OutcomeUnknown
from tests.harness.commands import Command
from tests.harness.stored import Stored, broken_by
from tests.harness.world import CUSTOMER, World
from tests.sql_faults import KINDS, Kind
from tests.sql_harness import on_engine, sql_world
from tests.sql_sides import engine_like


@define(eq=False)
class Saboteur:
    """Lets statements of an engine fail; COMMIT is the one after the last.

    Attributes:
        at: the number of the statement that fails, from 1; 0 for none.
        after: it has its effect, and then fails.
        always: each time, and not only once.
        count: how many statements there were.
        hits: how often one failed.
        struck: the driver's connection on which the last one failed.
    """

    engine: sa.Engine
    at: int = 0
    kind: Kind | None = None
    after: bool = False
    always: bool = False
    count: int = 0
    hits: int = 0
    struck: Any = None
    texts: list[str] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        events: dict[str, Callable[..., bool]] = {
            "do_execute": lambda c, s, p, x: self._run(c.connection, s, lambda: c.execute(s, p)),
            "do_executemany": lambda c, s, p, x: self._run(
                c.connection, s, lambda: c.executemany(s, p)
            ),
            "do_execute_no_params": lambda c, s, x: self._run(
                c.connection, s, lambda: c.execute(s)
            ),
        }
        for name, listener in events.items():
            event.listen(self.engine, name, listener)
        dialect: Any = self.engine.dialect
        commit = dialect.do_commit
        dialect.do_commit = lambda db: self._run(db, "COMMIT", lambda: commit(db))

    def plan(self, at: int, kind: Kind | None, *, after: bool, always: bool = False) -> None:
        """Say which statement is to fail next."""
        self.at, self.kind, self.after, self.always = at, kind, after, always
        self.count = self.hits = 0
        self.texts.clear()

    def _run(self, db: Any, text: str, do: Callable[[], object]) -> bool:
        self.count += 1
        self.texts.append(text)
        fails = self.kind is not None and self.at == self.count
        if fails and not self.after:
            self._strike(db)
        do()
        if fails and self.after:
            self._strike(db)
        return True

    def _strike(self, db: Any) -> None:
        assert self.kind is not None
        self.hits += 1
        self.struck = getattr(db, "driver_connection", None) or db
        error = self.kind.strike(self.struck)
        if self.always:
            self.count = 0
        else:
            self.kind = None
        if error is not None:
            raise error


@frozen(eq=False)
class Clean:
    """A command where it can be given, and how it goes without a fault.

    Attributes:
        world: with the actor's engine in its host.
        put_back: puts everything back.
        texts: the statements of the command, COMMIT among them.
    """

    command: Command
    world: World
    token: str
    put_back: Callable[[], None]
    saboteur: Saboteur
    texts: tuple[str, ...]
    before: Stored
    after: Stored
    answer: object

    def give(self) -> object:
        """Give the command."""
        desk = self.world.desk(self.command.actor)
        try:
            return self.command.give(desk.get(CUSTOMER), self.token)
        except BaseException as error:  # noqa: BLE001 - an interrupt is one of the answers
            return forgotten(error)


def forgotten(error: BaseException) -> BaseException:
    """Return an error that holds no frame: their cursors keep SQLite's lock, even once closed."""
    one: BaseException | None = error
    while one is not None:
        traceback.clear_frames(one.__traceback__)
        one = one.with_traceback(None).__cause__ or one.__context__
    if not isinstance(error, Exception):
        gc.collect()
    return error


class Bench:
    """A database with the standard world, and an engine whose statements fail."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.actor = engine_like(engine)
        self.actor.connect().close()  # the first connection asks the server who it is
        self.saboteur = Saboteur(self.actor)
        self.kinds = KINDS[engine.dialect.name]

    def close(self) -> None:
        self.actor.dispose()

    def clean(self, command: Command) -> Clean:
        """Give a command without a fault."""
        world = sql_world(self.engine)
        token = command.prepare(world)
        put_back, before = world.saved(), world.back.stored()
        mine = on_engine(world, self.actor)
        self.saboteur.plan(0, None, after=False)
        made = Clean(command, mine, token, put_back, self.saboteur, (), before, before, None)
        answer = made.give()
        texts, after = tuple(self.saboteur.texts), world.back.stored()
        return Clean(command, mine, token, put_back, self.saboteur, texts, before, after, answer)

    def cells(self, clean: Clean, *, every: bool) -> Iterator[tuple[int, Kind, bool]]:
        """Yield the faults to try: every kind at every statement, or one of them in turn.

        At COMMIT always every kind.
        """
        turn, kinds = 0, len(self.kinds)
        for at, text in enumerate(clean.texts, 1):
            commit = text == "COMMIT"
            for after in (False, True):
                for kind in self.kinds:
                    turn += 1
                    if after and commit and not kind.may_follow_commit:
                        continue  # a database that says so has not committed
                    if every or commit or turn % kinds == (at + after) % kinds:
                        yield at, kind, after

    def wrong(self, clean: Clean, at: int, kind: Kind, *, after: bool) -> Iterator[str]:
        """Try one fault, and say what it broke."""
        clean.put_back()
        self.saboteur.plan(at, kind, after=after)
        answer = clean.give()
        assert self.saboteur.hits, "the fault was not reached"
        self.saboteur.plan(0, None, after=False)
        stored = clean.world.back.stored()
        done = stored.plain() == clean.after.plain()
        if clean.texts[at - 1] == "COMMIT":
            kind = evolve(kind, again=kind.again or kind.again_at_commit)
        if not done and not stored.same_as(clean.before):
            yield "half done"
        yield from _answered(clean, answer, kind, done=done)
        yield from self._left(kind)
        yield from _repeated(clean, done=done)

    def _left(self, kind: Kind) -> Iterator[str]:
        """What is given back is clean, and nobody uses a broken connection again."""
        pool: Any = self.actor.pool
        if pool.checkedout():
            yield "a connection was not given back"
        with self.actor.connect() as db:
            driver: Any = db.connection.driver_connection
            if driver is self.saboteur.struck and (kind.gone or kind.passes):
                yield "a connection that was broken off is used again"
            if db.dialect.name == "postgresql" and driver.info.transaction_status.name != "IDLE":
                yield f"the connection is given back {driver.info.transaction_status.name}"
            if db.dialect.name == "mysql" and _in_transaction(driver):
                yield "the connection is given back in a transaction"


def _in_transaction(driver: Any) -> bool:
    with driver.cursor() as cursor:
        cursor.execute("SELECT @@in_transaction")
        return bool(cursor.fetchone()[0])


def _answered(clean: Clean, answer: object, kind: Kind, *, done: bool) -> Iterator[str]:
    """The answer says what has happened."""
    op = clean.command.op
    changes = clean.after.plain() != clean.before.plain()
    if type(answer) is type(clean.answer):
        if not done:
            yield f"answered {answer!r}, and not done"
        if not kind.again:
            yield f"tried again, or passed over: {kind.name}"
    elif isinstance(answer, OutcomeUnknown):
        if op and answer.op != op:
            yield f"the operation is {answer.op!r}"
    elif kind.passes is not None:
        if not isinstance(answer, kind.passes):
            yield f"an interrupt was swallowed: {answer!r}"
    elif not isinstance(answer, Failed):
        yield f"answered {answer!r}"
    elif op:  # the job looks once more for what is due, after its last COMMIT
        yield from _failed(answer, kind, changed=done and changes)


def _failed(answer: Failed, kind: Kind, *, changed: bool) -> Iterator[str]:
    """What has failed has changed nothing, and was tried again if that helps."""
    if changed:
        yield f"done, and answered {answer!r}"
    if kind.again:
        yield f"not tried again: {answer!r}"
    elif isinstance(answer, Conflict):
        yield f"a conflict for {kind.name}"


def _repeated(clean: Clean, *, done: bool) -> Iterator[str]:
    """The same command with the same id has its effect exactly once."""
    again, command = clean.give(), clean.command
    stored = clean.world.back.stored()
    if isinstance(again, Busy):
        yield "the customer is still locked"
    elif command.refused is not None or not command.op:
        return
    elif not isinstance(again, Outcome):
        yield f"the repeat ended with {again!r}"
    elif again.replayed != done:
        yield f"done: {done}, and the repeat was replayed: {again.replayed}"
    elif stored.without_refusals().plain() != clean.after.without_refusals().plain():
        yield "after the repeat it is not done exactly once"
    yield from map(str, broken_by(stored, foreign=command.foreign))
