"""What all contract classes have in common: flags, a guard against overriding, a summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import get_annotations, getattr_static
from types import FunctionType
from typing import Any, ClassVar, NoReturn

import pytest

_KIT = "cancelkit.testing"


class Contract:
    """A contract class: inherit it in a class whose name starts with `Test`, and give a `world`.

    A test of the contract cannot be overridden, deleted or shadowed. One that is known to fail
    is marked where it stands in the subclass, and calls the contract's:

        @pytest.mark.xfail(strict=True, reason="issue 12: ids are compared without case")
        def test_o1_ids_are_compared_character_by_character(self, world):
            super().test_o1_ids_are_compared_character_by_character(world)
    """

    flags: ClassVar[Mapping[str, str]] = {}
    """Flag -> what its absence means; each flag is a class attribute, True or False."""
    hooks: ClassVar[frozenset[str]] = frozenset()
    """The methods that a subclass may override."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a subclass that takes something of the contract away."""
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith(_KIT):
            return
        for name, original in contract_tests(cls).items():
            found = getattr_static(cls, name, None)
            if found is not original and not _excused(found):
                raise TypeError(
                    f"{cls.__name__} replaces {original.__qualname__}: a test of the contract "
                    "cannot be overridden or deleted. If it is known to fail, override it with "
                    "@pytest.mark.xfail(strict=True, reason=...) and call super()."
                )
        for name in cls.__dict__.keys() & _own_names(cls):
            raise TypeError(
                f"{cls.__name__} takes the name {name!r}, which the contract itself uses; choose "
                "another name."
            )
        if cls.__dict__.get("__test__") is False or _silenced(cls.__dict__.get("pytestmark")):
            raise TypeError(f"{cls.__name__} switches the whole contract off.")
        if cls.flags and not any(getattr(cls, flag) for flag in cls.flags):
            raise TypeError(
                f"{cls.__name__} has every flag off ({', '.join(cls.flags)}): nothing to prove."
            )

    @pytest.fixture(autouse=True)
    def _in_summary(self, request: pytest.FixtureRequest) -> Iterator[None]:
        """Put what is declared absent into the summary at the end of the run."""
        plugins = request.config.pluginmanager
        if not plugins.has_plugin("cancelkit-contracts"):
            plugins.register(_Summary(), "cancelkit-contracts")
        yield
        off = [flag for flag in self.flags if not getattr(self, flag)]
        absent = dict.fromkeys((*off, *self.__dict__.get("found_absent", ())))
        summary = plugins.get_plugin("cancelkit-contracts")
        assert isinstance(summary, _Summary)
        summary.absent.setdefault(type(self).__name__, {}).update(absent)

    def require(self, flag: str, *, there: object = None) -> None:
        """Skip the test where a flag is off; fail where the flag is not true of the host.

        Args:
            flag: the name of the flag.
            there: whether the capability is seen to be there; None where that cannot be seen.
        """
        cls = type(self).__name__
        if there is not None and bool(there) is not getattr(self, flag):
            known = "is there" if there else "is not there (or World(...) is not given it)"
            pytest.fail(f"{cls}.{flag} is {getattr(self, flag)}, but the capability {known}.")
        if not getattr(self, flag):
            pytest.skip(f"{cls}.{flag} is off: {self.flags[flag]}")

    def absent(self, what: str) -> NoReturn:
        """Skip the test for want of something that no flag declares, and say so in the summary."""
        self.__dict__["found_absent"] = [what]
        pytest.skip(f"{type(self).__name__}: {what}")


def contract_tests(cls: type) -> dict[str, FunctionType]:
    """Return the contract's own tests that a class inherits, by name."""
    return {
        name: value
        for base in reversed(cls.__mro__)
        if base.__module__.startswith(_KIT) and issubclass(base, Contract)
        for name, value in vars(base).items()
        if name.startswith("test_") and isinstance(value, FunctionType)
    }


def _own_names(cls: type) -> set[str]:
    """Return the names of the contract's helpers: everything but tests and what may be set."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith(_KIT)]
    names = {name for base in ours for name in vars(base)}
    settable = {name for base in ours for name in get_annotations(base)}
    settable |= getattr(cls, "hooks", frozenset())
    return {one for one in names - settable if not one.startswith(("test_", "__"))}


def _marks(marked: Any) -> list[pytest.Mark]:
    marks: list[Any] = list(marked) if isinstance(marked, list | tuple) else [marked]
    return [getattr(mark, "mark", mark) for mark in marks if mark is not None]


def _excused(found: object) -> bool:
    return any(
        mark.name == "xfail" and mark.kwargs.get("strict") is True and mark.kwargs.get("reason")
        for mark in _marks(getattr(found, "pytestmark", None))
    )


def _silenced(marked: object) -> bool:
    return any(mark.name in ("skip", "skipif", "xfail") for mark in _marks(marked))


class _Summary:
    """A plugin object: one line for each contract class, at the end of the run."""

    def __init__(self) -> None:
        self.absent: dict[str, dict[str, None]] = {}

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what each contract class declares absent."""
        for name, what in sorted(self.absent.items()):
            listed = ", ".join(what) or "nothing"
            terminalreporter.write_line(f"cancelkit contract {name}: absent: {listed}")
