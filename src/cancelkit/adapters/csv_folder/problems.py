"""What is wrong with files: all of it at once, each with its file, line and column."""

from __future__ import annotations

from attrs import frozen

from cancelkit.errors import Invalid

SHOWN = 20
"""How many problems an error names; the others are counted."""


@frozen
class Problem:
    """One thing that is wrong with a file.

    Attributes:
        file: its name.
        line: 1 is the header; 0 where it is about the file as a whole.
        column: the column's name in the file, a mapping's key, or "".
        wrong: what is wrong.
        expected: what was expected instead.
    """

    file: str
    line: int
    column: str
    wrong: str
    expected: str

    def __str__(self) -> str:
        """Return it as one sentence without its full stop."""
        line = f", line {self.line}" if self.line else ""
        column = f", {self.column}" if self.column else ""
        return f"{self.file}{line}{column}: {self.wrong}; expected {self.expected}"


class BadFile(Invalid):
    """Files that cannot be read as they are.

    Attributes:
        problems: the first ones, in the order of the files and their lines.
        more: how many others there are.
    """

    def __init__(self, problems: tuple[Problem, ...], more: int = 0) -> None:
        """Put the problems into the message, one in a line."""
        self.problems = problems
        self.more = more
        listed = [f"{problem}." for problem in problems]
        if more:
            listed.append(f"... and {more} more.")
        if len(listed) > 1:
            listed.insert(0, f"{len(problems) + more} problems:")
        super().__init__("\n  ".join(listed))


class Problems:
    """Collects problems, to raise them together."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._more = 0

    def add(self, file: str, line: int, column: str, wrong: str, expected: str) -> None:
        """Keep one problem; after many, only count it."""
        if len(self._found) < SHOWN:
            self._found.append(Problem(file, line, column, wrong, expected))
        else:
            self._more += 1

    def check(self) -> None:
        """Raise `BadFile` if there are any."""
        if self._found:
            raise BadFile(tuple(self._found), self._more)


def shown(value: object) -> str:
    """Return what stood in a file as it is quoted in a problem: short, and without surprises."""
    text = repr(value)
    short = text if len(text) <= 40 else f"{text[:37]}...{text[-1]}"
    return short if short.isprintable() else ascii(short)
