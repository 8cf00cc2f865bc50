"""The timeline says what happened in words: who, for whom, what, when, and why not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from cancelkit import STANDARD, CancelKit, Customer, Desk, EitherRole, Person, Reasons, Status
from cancelkit.adapters.memory import CountingIds, MemoryCrm, MemoryHost, Record, SetClock
from cancelkit.cancellation import Cancellation
from cancelkit.errors import Refused
from cancelkit.messages import Catalogue
from cancelkit.schedule import process_due
from cancelkit.timeline import timeline

ANN, BEN = Person("ann", "Ann"), Person("ben", "Ben")
DAY = date(2026, 3, 31)


class Bench:
    """A customer with one open case, and a clock; Ann is an admin, Ben may nothing."""

    def __init__(self) -> None:
        self.crm = MemoryCrm([Customer("C-1", "Harbour Café", Status("live"))])
        self.crm.put("cases", Record("1", "C-1", "open"))
        self.clock = SetClock(datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
        self.host = MemoryHost(self.crm, clock=self.clock, ids=CountingIds())
        self.kit = CancelKit(
            STANDARD.without("ownership"),
            roles=EitherRole(lambda user: ["CRM Admin"] if user == "ann" else []),
            zone="Europe/London",
        )

    def desk(self, person: Person) -> Desk:
        return self.kit.at(self.host, actor=person)

    def told(self) -> list[str]:
        return [str(one) for one in timeline(self.kit, self.cancellation.history())]

    @property
    def cancellation(self) -> Cancellation:
        return self.desk(ANN).get("C-1")


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.cancellation.begin()
    return bench


def test_a_command_has_its_section_and_the_time_in_the_hosts_zone(bench: Bench) -> None:
    bench.clock.set(datetime(2026, 6, 30, 23, 30, tzinfo=UTC))  # summer time there
    bench.cancellation.enter(Reasons("price"))
    assert [
        "2026-03-02 23:30  Ann: Begin Cancellation",
        "2026-07-01 00:30  Ann: Enter: Cancellation reasons",
    ] == bench.told()


def test_a_refusal_has_all_its_reasons_with_the_titles_of_their_sections(bench: Bench) -> None:
    with pytest.raises(Refused):
        bench.cancellation.process(bench.cancellation.plan().token)
    with pytest.raises(Refused):
        bench.desk(BEN).get("C-1").remove()
    happened = timeline(bench.kit, bench.cancellation.history())[1:]
    assert [
        ("Process - refused: Cancellation reasons: No reason has been given; Cases: 1 still open"),
        "Remove Cancellation - refused: Ben has no role that allows this",
    ] == [one.what for one in happened]
    assert [False, False] == [one.accepted for one in happened]


def test_an_override_has_its_reason_and_is_seen_to_be_taken_back(bench: Bench) -> None:
    bench.cancellation.override("cases", "Theirs to\nclose.")
    bench.cancellation.override("cases", take_back=True)
    assert [
        "2026-03-02 23:30  Ann: Override: Cases - reason: Theirs to close.",
        "2026-03-02 23:30  Ann: Override: Cases - taken back",
    ] == bench.told()[1:]


def test_the_job_acts_on_behalf_of_who_has_scheduled(bench: Bench) -> None:
    bench.cancellation.enter(Reasons("price"))
    plan = bench.cancellation.plan(on=DAY)
    bench.cancellation.process(plan.token, on=DAY)
    for day in range(2):
        bench.clock.set(datetime(2026, 3, 31, 3, tzinfo=UTC) + timedelta(days=day))
        assert 1 == len(list(process_due(bench.desk(Person("job", "Nightly job")))))
        bench.crm.set_status("cases", "1", "completed")
    assert [
        "2026-03-02 23:30  Ann: Schedule, effective 2026-03-31",
        "2026-03-31 04:00  Nightly job for Ann: Process - refused: Cases: 1 still open",
        "2026-04-01 04:00  Nightly job for Ann: Process, effective 2026-03-31",
    ] == bench.told()[2:]


def test_every_word_comes_from_the_translator(bench: Bench) -> None:
    bench.cancellation.override("cases", "Theirs.")
    texts = {"verb.override": "Übergehen", "title.cases": "Fälle", "timeline.reason": "«{reason}»"}
    german = CancelKit(bench.kit.checklist, roles=bench.kit.roles, translator=Catalogue(texts))
    assert "Übergehen: Fälle - «Theirs.»" == timeline(german, bench.cancellation.history())[1].what
