"""Goals 1 to 6: the checklist of one customer, beside SQL by hand, SQLAlchemy and its ORM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.benchmarks.by_hand import Answers, Sql, answers, by_orm, ids_of, read
from tests.benchmarks.harness import Case, Goal, Group, ratio_of
from tests.benchmarks.material import TODAY
from tests.benchmarks.shop import KIT, Shop
from tests.benchmarks.sql_counts import Counts

NEEDS = KIT.checklist.needs
HAND = "hand SQL on the driver, one statement"
COUNTED = "hand SQL on the driver, counts without an end"
PREBUILT = "prebuilt SQLAlchemy statement"
FACTS = "cancelkit"
DIRECT = "cancelkit, on_driver=True"
ORM = "ORM, all rows loaded"

Ask = Callable[[], Answers]


def groups(place: Shop) -> Iterator[Group]:
    """The checklist of a typical customer, and of the special ones; each when it is its turn.

    Every form has a transaction of its own that has begun, and gives the same answers.
    """
    next_id = ids_of(place)
    yield from _typical(place, next_id)
    for what, key in (
        ("nothing open", place.nothing_open),
        (f"{place.sizes.many:,} open records", place.all_open),
        (f"{place.sizes.many:,} closed records", place.history),
    ):
        yield from _special(place, what, key)


class Forms:
    """The forms, while their transactions are open."""

    def __init__(self, place: Shop, next_id: Callable[[], int], driver: Any, db: Any) -> None:
        self._next = next_id
        self._sql = Sql(place.kind)
        self._cursor = driver.cursor()
        if not in_transaction(driver):
            self._cursor.execute("BEGIN")
        self._db = db
        self._place = place

    def hand(self, *, capped: bool = True) -> Ask:
        """Return the statement on the driver's cursor, which is kept."""
        text, cursor, next_id = self._sql.checklist(capped=capped), self._cursor, self._next
        day = str(TODAY) if self._place.kind == "sqlite" else TODAY

        def ask() -> Answers:
            cursor.execute(text, {"c": next_id(), "d": day})
            row = cursor.fetchone()
            return answers(row if capped else (row[0], *(min(n, 101) for n in row[1:])))

        return ask

    def prebuilt(self) -> Ask:
        """Return the statement that cancelkit has built, executed by SQLAlchemy."""
        db, next_id = self._db, self._next
        statement = self._place.host.statements.single(NEEDS, locking=False)

        def ask() -> Answers:
            values = {"customer": next_id(), "as_of": TODAY}
            return answers(tuple(db.execute(statement, values).one()))

        return ask

    def facts(self, unit: Any) -> Ask:
        """Return the adapter's question."""
        next_id = self._next

        def ask() -> Answers:
            key = str(next_id())
            found: Answers = unit.customers.facts((key,), NEEDS, TODAY)[key]
            return found

        return ask

    def orm(self) -> Ask:
        """Return what loads all rows."""
        return lambda: by_orm(self._db, self._next())


def in_transaction(driver: Any) -> bool:
    """Say whether a transaction has begun on a connection of a driver."""
    info = getattr(driver, "info", None)
    return bool(info.transaction_status) if info is not None else bool(driver.in_transaction)


def _typical(place: Shop, next_id: Callable[[], int]) -> Iterator[Group]:
    here, n = place.named, place.sizes.customers
    with (
        place.by_hand() as driver,
        place.engine.begin() as db,
        place.host.owning(place.engine).reading() as plain,
        place.direct.owning(place.engine).reading() as direct,
    ):
        forms = Forms(place, next_id, driver, db)
        cases = {
            HAND: Case(forms.hand(), _complete),
            PREBUILT: Case(forms.prebuilt(), _complete),
            FACTS: Case(forms.facts(plain), _complete),
            DIRECT: Case(forms.facts(direct), _complete),
            ORM: Case(forms.orm(), _complete),
        }
        counts = Counts(place)
        goals = [
            Goal(1, f"{here}: statements of a checklist", (), counts.checklist, 1, ""),
            Goal(1, f"{here}: rows of a checklist", (), counts.rows, 1, ""),
            Goal(2, f"{here}: over a prebuilt statement", (FACTS,), ratio_of(FACTS, PREBUILT), 1.1),
            Goal(
                2, f"{here}: over hand SQL, on_driver=True", (DIRECT,), ratio_of(DIRECT, HAND), 1.3
            ),
            Goal(5, f"{here}: texts of 1,000 checklists", (), counts.texts, 1, ""),
            Goal(
                6,
                f"{here}: ORM over cancelkit, a typical customer",
                (ORM,),
                ratio_of(ORM, FACTS),
                12,
                at_least=True,
            ),
        ]
        yield Group(
            f"checklist of a typical one of {n:,} customers, {here}",
            cases,
            goals,
            clock=place.clock,
        )


def _complete(found: Answers) -> bool:
    return set(NEEDS) == set(found)


def _special(place: Shop, what: str, key: int) -> Iterator[Group]:
    with (
        place.by_hand() as driver,
        place.engine.begin() as db,
        place.host.owning(place.engine).reading() as plain,
        place.host.owning(place.engine).reading() as other,
    ):
        forms = Forms(place, lambda: key, driver, db)
        expected = read(forms.hand()())

        def right(found: Answers) -> bool:
            return expected == read(found)

        none = "cancelkit, nothing open"
        nobody = Forms(place, lambda: place.nothing_open, driver, db)
        cases = {
            COUNTED: Case(forms.hand(capped=False), right),
            HAND: Case(forms.hand(), right),
            FACTS: Case(forms.facts(plain), right),
        }
        if key != place.nothing_open:
            cases[none] = Case(nobody.facts(other), _complete)
        title, goals = (
            f"checklist of a customer with {what}, {place.named}",
            _goals_of(place, key, what),
        )
        yield Group(title, cases, goals, rounds=7, clock=place.clock)
        if key == place.all_open:  # so slow that each run has it once
            loaded = {FACTS: cases[FACTS], ORM: Case(forms.orm(), right)}
            goal = Goal(
                6,
                f"{place.named}, {what}: ORM over it",
                (),
                ratio_of(ORM, FACTS),
                100,
                at_least=True,
            )
            yield Group(f"{title}, ORM", loaded, [goal], rounds=1, clock=place.clock)


def _goals_of(place: Shop, key: int, what: str) -> list[Goal]:
    here = f"{place.named}, {what}"
    if key == place.all_open:
        return [Goal(3, f"{here}: over hand count(*)", (), ratio_of(FACTS, COUNTED), 0.25)]
    if key == place.history:
        none = ratio_of(FACTS, "cancelkit, nothing open")
        return [Goal(4, f"{here}: over none", (), none, 10)]
    return []
