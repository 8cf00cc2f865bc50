"""Constants of a description's conditions: they stand in the text of every statement.

A partial index is used only where the database can prove that it has what is asked for, and nothing
can be proved from a parameter.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, ColumnClause, ColumnElement
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors


class Constant(ColumnClause[Any]):
    """One value, or the list behind IN, which is written when a statement is compiled.

    What it is tells SQLAlchemy's cache which texts are the same: its name says all of it.
    """

    inherit_cache: bool | None = True

    def __init__(self, value: BindParameter[Any]) -> None:
        super().__init__(f"{value.type!r} {value.value!r}", value.type, is_literal=True)
        self.value = value


@compiles(Constant)
def _write(element: Constant, compiler: Any, **kwargs: Any) -> Any:
    return compiler.process(element.value, **{**kwargs, "literal_binds": True})


def with_constants(condition: ColumnElement[Any]) -> ColumnElement[Any]:
    """Write the constants of a condition into the text.

    What has no value yet stays a parameter, and so does a value whose type has no text.
    """

    def constant(element: Any, **_: Any) -> Any:
        known = isinstance(element, BindParameter) and element.value is not None
        return Constant(element) if known and _has_text(element) else None

    found: ColumnElement[Any] = visitors.replacement_traverse(condition, {}, constant)
    return found


def _has_text(constant: BindParameter[Any]) -> bool:
    """Say whether a constant can stand in the text of a statement."""
    given: Any = constant.value
    values = given if constant.expanding else [given]
    write = constant.type.literal_processor(DefaultDialect())
    if write is None:
        return False
    try:
        [write(value) for value in values]
    except Exception:  # noqa: BLE001 - a type of the host's own may raise anything
        return False
    return True
