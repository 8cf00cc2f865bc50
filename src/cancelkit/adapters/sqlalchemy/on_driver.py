"""The checklist's SELECT on the host's driver connection, below its Connection or Session.

What SQLAlchemy does for each `execute` costs more than a small SELECT itself. Here the text and the
conversions of a statement are made once for a dialect. It stays in the transaction that SQLAlchemy
has begun; where somebody would miss the statement, or would have changed it, `execute` is used.
For a SELECT only: SQLAlchemy would not commit a write that it does not know of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.sql.compiler import SQLCompiler

AskOne = Callable[[Connection, Select[Any], Mapping[str, Any]], Sequence[Any]]
"""Given a SELECT of one row and its parameters: the row."""


def through_sqlalchemy(
    db: Connection, statement: Select[Any], values: Mapping[str, Any]
) -> Sequence[Any]:
    """Return the one row of a SELECT."""
    return tuple(db.execute(statement, values).one())


class OnDriver:
    """Rows of SELECTs whose texts are made once; see the module."""

    def __init__(self) -> None:
        self._texts: WeakKeyDictionary[Dialect, dict[Select[Any], FixedText | None]] = (
            WeakKeyDictionary()
        )

    def one(
        self, db: Connection, statement: Select[Any], values: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Return the one row of a SELECT, which is the same object each time.

        Args:
            db: the host's; only one that has begun its transaction is gone below.
            statement: built once.
            values: its parameters, under the same names each time.
        """
        text = None if watched(db) else self._text(db.dialect, statement, values)
        if text is None:
            return through_sqlalchemy(db, statement, values)
        arguments = text.arguments(values)
        cursor = db.connection.cursor()
        try:
            db.dialect.do_execute(cursor, text.text, arguments)
            rows: Sequence[Any] = cursor.fetchmany(2)
            description = cursor.description
        except BaseException as error:
            as_sqlalchemy: Any = db  # nothing public does what `execute` does with an error
            as_sqlalchemy._handle_dbapi_exception(error, text.text, arguments, cursor, None)  # noqa: SLF001 - see above
            raise
        cursor.close()  # an open one keeps sqlite3 from using its prepared text again
        return text.read(_the_only(rows), description, db.dialect)

    def _text(
        self, dialect: Dialect, statement: Select[Any], values: Mapping[str, Any]
    ) -> FixedText | None:
        try:
            return self._texts[dialect][statement]
        except KeyError:
            made = fixed(statement, dialect, values)
            self._texts.setdefault(dialect, {})[statement] = made
            return made


def _the_only(rows: Sequence[Any]) -> Any:
    """Return the one row that there is; else raise what `Result.one` raises."""
    if not rows:
        raise NoResultFound("No row was found when one was required")
    if len(rows) > 1:
        raise MultipleResultsFound("Multiple rows were found when exactly one was required")
    return rows[0]


def watched(db: Connection) -> bool:
    """Say whether the host would miss a statement, would have changed it, or has not begun."""
    here: Any = db  # what `execute` looks at itself, before it looks closer
    if here._has_events or here.engine._has_events or here.dialect._has_events:  # noqa: SLF001 - see above
        on, special = db.dispatch, db.dialect.dispatch
        if (
            on.before_cursor_execute
            or on.after_cursor_execute
            or on.before_execute
            or on.after_execute
            or special.do_execute
            or special.handle_error
        ):
            return True
    nested = db.get_nested_transaction()
    return (
        not db.in_transaction()
        or (nested is not None and not nested.is_active)
        or "schema_translate_map" in db.get_execution_options()
        or here._echo  # noqa: SLF001 - see above
    )


class Slot(NamedTuple):
    """Where a parameter that varies goes, and how it is converted."""

    name: str
    convert: Callable[[Any], Any] | None


class FixedText:
    """A SELECT as the constant text of one dialect, with its conversions both ways."""

    def __init__(self, compiled: SQLCompiler, values: Mapping[str, Any]) -> None:
        statement: Any = compiled.statement
        dialect = compiled.dialect
        state = compiled.construct_expanded_state(dict.fromkeys(values))
        own = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
        }
        convert = {**own, **state.processors}  # those of lists that were unrolled
        varying = [name for name in values if name in state.parameters]
        self.text: str = state.statement
        self._placed = _picking(state.positiontup or ()) if compiled.positional else None
        self._slots = [Slot(name, convert.get(name)) for name in varying]
        self._ready = {
            name: value if name in varying else _converted(convert.get(name), value)
            for name, value in state.parameters.items()
        }
        self._types = [c.type.dialect_impl(dialect) for c in statement.selected_columns]
        self._readers: list[tuple[int, Callable[[Any], Any]]] | None = None

    def arguments(self, values: Mapping[str, Any]) -> Any:
        """Return the parameters as the driver takes them."""
        given = self._ready.copy()
        for name, convert in self._slots:
            given[name] = convert(values[name]) if convert else values[name]
        return given if self._placed is None else self._placed(given)

    def read(
        self, row: Sequence[Any], description: Sequence[Any], dialect: Dialect
    ) -> Sequence[Any]:
        """Return a row of the driver's as SQLAlchemy would."""
        if self._readers is None:  # some conversions depend on what the driver says of a column
            each = enumerate(
                one.result_processor(dialect, described[1])
                for one, described in zip(self._types, description, strict=True)
            )
            self._readers = [(at, reader) for at, reader in each if reader]
        if not self._readers:
            return row
        found = list(row)
        for at, reader in self._readers:
            found[at] = reader(found[at])
        return found


def fixed(statement: Select[Any], dialect: Dialect, values: Mapping[str, Any]) -> FixedText | None:
    """Return a statement's text; None where it is made, or sent, anew for each execution."""
    compiled = statement.compile(dialect=dialect)
    if not isinstance(compiled, SQLCompiler) or dialect.bind_typing is BindTyping.SETINPUTSIZES:
        return None
    called = any(bind.callable is not None for bind in compiled.binds.values())
    return None if called or compiled.escaped_bind_names else FixedText(compiled, values)


def _picking(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """Return what gives the values of names, each as often as it is named."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda given: tuple(given[name] for name in names)


def _converted(convert: Callable[[Any], Any] | None, value: Any) -> Any:
    return convert(value) if convert else value
