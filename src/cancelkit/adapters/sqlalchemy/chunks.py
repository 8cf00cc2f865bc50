"""Many customers at once: the ids are one parameter where the database can read it as a list.

Then the text is constant whatever their number, and no limit of parameters is met.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Dialect,
    Integer,
    String,
    Uuid,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy import Text as TextType
from sqlalchemy.types import TypeDecorator, TypeEngine


class JsonList(TypeDecorator[Sequence[Any]]):
    """A list as JSON: of what a type sends to the database."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = TextType
    cache_ok: bool | None = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Return the list as it is sent."""
        sent = self.of.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps([sent(one) for one in value] if sent else value)


def among(column: ColumnElement[Any], of: TypeEngine[Any], dialect: str) -> ColumnElement[bool]:
    """Return the condition that a column is one of the values of the parameter `customers`."""
    if dialect == "postgresql":
        return column == any_(bindparam("customers", type_=ARRAY(of)))
    if dialect == "sqlite" and isinstance(of, Integer | String | Uuid):
        values = func.json_each(bindparam("customers", type_=JsonList(of))).table_valued("value")
        return column.in_(select(values.c.value))
    return column.in_(bindparam("customers", type_=of, expanding=True))
