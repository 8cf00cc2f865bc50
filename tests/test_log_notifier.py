"""The notifier that logs keeps the contract, and logs nothing that anybody wrote at INFO."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
from attrs import evolve

from cancelkit.adapters.system import LogNotifier
from cancelkit.english import ENGLISH
from cancelkit.letters import Languages
from cancelkit.messages import Catalogue, Message
from cancelkit.people import Person
from cancelkit.testing import NotifierContract, NotifierWorld, samples


class Shelf(logging.Handler):
    """Keeps the log records that it is given, and can be broken."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.broken = False

    def emit(self, record: logging.LogRecord) -> None:
        if self.broken:
            raise OSError("the disk is full")
        self.records.append(record)

    def lines(self, level: int) -> list[str]:
        return [one.getMessage() for one in self.records if one.levelno == level]


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("cancelkit.tests.notifications")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.handlers.clear()


@pytest.fixture
def shelf(logger: logging.Logger) -> Shelf:
    shelf = Shelf()
    logger.addHandler(shelf)
    return shelf


class TestLogNotifier(NotifierContract):
    @pytest.fixture
    def world(self, logger: logging.Logger, shelf: Shelf) -> NotifierWorld:
        logger.setLevel(logging.INFO)

        @contextmanager
        def broken() -> Generator[None]:
            shelf.broken = True
            yield
            shelf.broken = False

        def delivered() -> list[str]:
            return [line.rpartition("(")[2].rstrip(")") for line in shelf.lines(logging.INFO)]

        return NotifierWorld(LogNotifier(logger=logger), delivered, broken)


def test_one_line_for_each_recipient_without_what_anybody_wrote(
    logger: logging.Logger, shelf: Shelf
) -> None:
    about = samples.row("", "C-1").notification
    secret = Message.of("told", text="owes us money")
    about = evolve(about, recipient=Person("bea", "Bea"), lines=(secret,), key="7:processed:bea")
    LogNotifier(logger=logger).send(about)
    assert ["processed: told 'bea', customer 'C-1' (7:processed:bea)"] == shelf.lines(logging.INFO)
    assert "owes us money" in shelf.lines(logging.DEBUG)[0]


def test_the_letter_at_debug_is_in_the_language_of_its_reader(
    logger: logging.Logger, shelf: Shelf
) -> None:
    german = Catalogue({"event.processed": "{name} ist gekündigt"})
    about = samples.row("", "C-1").notification
    message = Message.of("event.processed", name="Café")
    about = evolve(about, recipient=Person("jo", "Jo", "de-AT"), message=message, name="Café")
    LogNotifier(Languages({"de": german}, ENGLISH), logger).send(about)
    assert "Café ist gekündigt" == shelf.lines(logging.DEBUG)[0].splitlines()[1]
