"""The contracts of the small ports: promises D1, Y1, L1, F1 and T1.

The fixture `world` of each returns the port itself.
"""

# ruff: noqa: SIM300 - tests read expected == actual

from __future__ import annotations

from datetime import datetime

import pytest

from cancelkit.checklist import STANDARD
from cancelkit.english import ENGLISH, TEXTS
from cancelkit.messages import Message
from cancelkit.people import Customer, Person
from cancelkit.ports import Clock, Fixers, Ids, Links, Translator
from cancelkit.testing.contract import Contract
from cancelkit.testing.promises import check_port

CUSTOMER = Customer("7", "Harbour Café")


class ClockContract(Contract):
    """The contract of `Clock`."""

    @pytest.fixture(autouse=True)
    def _complete(self, world: Clock) -> None:
        check_port(world, Clock)

    def test_d1_the_time_is_an_aware_datetime(self, world: Clock) -> None:
        """`now` returns a datetime that says its offset from UTC.

        Most likely it is `datetime.now()` or `utcnow()`, which are naive: the zone would be a
        guess. Use `datetime.now(UTC)`.
        """
        now: object = world.now()
        assert isinstance(now, datetime)
        assert now.utcoffset() is not None


class IdsContract(Contract):
    """The contract of `Ids`."""

    @pytest.fixture(autouse=True)
    def _complete(self, world: Ids) -> None:
        check_port(world, Ids)

    def test_y1_identifiers_are_new_and_short(self, world: Ids) -> None:
        """`new` returns 1 to 64 printable characters, and never the same twice.

        Most likely it is the clock, which stands still between two calls, or something that is no
        text. Use a UUID as text.
        """
        made: list[object] = [world.new() for _ in range(1_000)]
        assert 1_000 == len(set(made))
        for one in made:
            assert isinstance(one, str)
            assert one.isprintable()
            assert 1 <= len(one.strip()) == len(one) <= 64


class LinksContract(Contract):
    """The contract of `Links`."""

    @pytest.fixture(autouse=True)
    def _complete(self, world: Links) -> None:
        check_port(world, Links)

    def test_l1_a_link_is_text_or_none(self, world: Links) -> None:
        """`customer` and `manage` return an address as text, or None, for any section.

        Most likely it raises for a section that it does not know, or returns an object of the web
        framework. Return None where there is no tab; make text of the rest.
        """
        found: list[object] = [world.customer(CUSTOMER)]
        keys = [*(section.key for section in STANDARD.sections), "a_plug_in"]
        found += [world.manage(CUSTOMER, key) for key in keys]
        assert [] == [link for link in found if link is not None and type(link) is not str]


class FixersContract(Contract):
    """The contract of `Fixers`."""

    @pytest.fixture(autouse=True)
    def _complete(self, world: Fixers) -> None:
        check_port(world, Fixers)

    def test_f1_the_answer_is_true_false_or_none(self, world: Fixers) -> None:
        """`may_fix` returns True, False, or None where it cannot tell, for any section.

        Most likely it raises for a section that it does not know. Return None there.
        """
        keys = [*(section.key for section in STANDARD.sections), "a_plug_in"]
        found: list[object] = [world.may_fix(Person("ann"), key, CUSTOMER) for key in keys]
        assert [] == [one for one in found if one is not None and type(one) is not bool]


class TranslatorContract(Contract):
    """The contract of `Translator`."""

    @pytest.fixture(autouse=True)
    def _complete(self, world: Translator) -> None:
        check_port(world, Translator)

    def test_t1_every_message_has_a_text(self, world: Translator) -> None:
        """`text` returns a text that is not empty for every message, and never raises.

        Most likely it raises for a key that it does not know (a plug-in's), or for one whose
        plural form is missing. Fall back to `cancelkit.english.ENGLISH`.
        """
        plain = {key.removesuffix(".one").removesuffix(".other") for key in TEXTS}
        for key in [*sorted(plain), "a_plug_in.says"]:
            for values in ({}, {"count": 1}, {"count": 2}, {"count": 100, "more": 1}):
                text: object = world.text(Message.of(key, **values))
                assert isinstance(text, str), key
                assert text.strip() or not ENGLISH.text(Message.of(key, **values)).strip(), key
