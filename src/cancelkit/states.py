"""The state of a section: green, red or unknown, with a message that says why."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from attrs import field, frozen

from cancelkit.messages import Message, Value
from cancelkit.needs import Count, read_count


class Light(Enum):
    """The circle of a section. Never by colour alone: `Line.word` stands beside it.

    A fourth case, *absent*, has no light: a section that is left out is not in the checklist.
    """

    GREEN = "green"
    RED = "red"
    UNKNOWN = "unknown"


GREEN, RED, UNKNOWN = Light.GREEN, Light.RED, Light.UNKNOWN  # a name costs a tenth of a member


@frozen
class SectionState:
    """What a section says of a customer; made by `green`, `red` and `unknown`."""

    light: Light
    message: Message = field(repr=False)  # why; its key is the section's stable code
    count: Count | None = None  # how many things are left to do, where that can be counted
    hint: Message | None = None  # what to do next

    def __attrs_post_init__(self) -> None:
        count, hint = self.count, self.hint
        sound = type(self.light) is Light and type(self.message) is Message
        sound = sound and (hint is None or type(hint) is Message)
        if not sound or (count is not None and type(count) is not Count):
            raise TypeError("A section's state has a light, a message, perhaps a count and a hint.")
        if count is not None:
            read_count(count)

    @property
    def code(self) -> str:
        """The stable code: the key of the message."""
        return self.message.key


def green(code: str, /, **values: Value) -> SectionState:
    """Return a green state: nothing left to do."""
    return SectionState(GREEN, Message.of(code, **values)) if values else _plain_green(code)


def red(
    code: str, /, *, count: int | Count | None = None, hint: str = "", **values: Value
) -> SectionState:
    """Return a red state: something is left to do.

    Args:
        code: the stable code and message key.
        count: how many things are left to do; it fills `{count}` in the message.
        hint: the message key of what to do next.
        **values: whatever else the message mentions.
    """
    count = Count(count) if isinstance(count, int) else count
    return _red(code, count, hint, values) if values else _plain_red(code, count, hint)


def unknown(code: str, /, **values: Value) -> SectionState:
    """Return the state of a section whose facts could not be read. It is never green."""
    return SectionState(Light.UNKNOWN, Message.of(code, **values))


def _red(code: str, count: Count | None, hint: str, values: dict[str, Value]) -> SectionState:
    counted: dict[str, Value] = {} if count is None else {"count": count.n}
    if count is not None and count.more:
        counted["more"] = 1
    message = Message.of(code, **values, **counted)
    return SectionState(Light.RED, message, count, Message(hint) if hint else None)


@lru_cache(maxsize=512)
def _plain_green(code: str) -> SectionState:
    """Equal states are shared: making one costs ten times as much as finding it."""
    return SectionState(Light.GREEN, Message(code))


@lru_cache(maxsize=2048)
def _plain_red(code: str, count: Count | None, hint: str) -> SectionState:
    return _red(code, count, hint, {})
