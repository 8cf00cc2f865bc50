"""Each of these broken SQL adapters is caught, by the contract kit or by a test of this folder.

The sound one passes every proof that is named here.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cancelkit.adapters.sqlalchemy.joined import Joined
from cancelkit.adapters.sqlalchemy.repo import Locks, SqlCustomers
from cancelkit.adapters.sqlalchemy.statements import Statements
from cancelkit.adapters.sqlalchemy.stores import SqlCancellations
from tests.broken import sql, sql_outbox, sql_proofs
from tests.broken.sql import Plant, forgets_codes, instead, level, locks, replaced
from tests.broken.sql_proofs import Proof, cells, kit, race
from tests.harness.report import Report
from tests.servers import Databases
from tests.sql_race_track import Setting

RC, RR = "READ COMMITTED", "REPEATABLE READ"
PROOFS: dict[str, Proof] = {
    "races on PostgreSQL": race(Setting("postgres", "fk", RC)),
    "races on PostgreSQL, joined at a snapshot": race(Setting("postgres", "fk", "", RR)),
    "no deadlock with guards": sql_proofs.no_deadlock,
    "races on PostgreSQL with guards": race(Setting("postgres", "guarded", RC)),
    "races on MariaDB": race(Setting("mariadb", "plain", RR)),
    "races on MariaDB, joined after a read": race(Setting("mariadb", "fk", "", RR, early=True)),
    "swapped records on MariaDB": sql_proofs.swapped_records,
    "races on SQLite": race(Setting("sqlite", "plain")),
    "races on SQLite, joined": race(Setting("sqlite", "plain", "", "")),
    "C3": kit("sqlite", "C3"),
    "C6": kit("sqlite", "C6"),
    "C7": kit("sqlite", "C7"),
    "S1": kit("sqlite", "S1"),
    "S5": kit("sqlite", "S5"),
    "E2": kit("sqlite", "E2"),
    "K1": kit("sqlite", "K1"),
    "K3": kit("sqlite", "K3"),
    "K4": kit("sqlite", "K4"),
    "K5": kit("sqlite", "K5"),
    "O2": kit("sqlite", "O2"),
    "U1": kit("sqlite", "U1"),
    "U1 on PostgreSQL": kit("postgres", "U1"),
    "U3 on PostgreSQL": kit("postgres", "U3"),
    "U4": kit("sqlite", "U4"),
    "X1 on PostgreSQL": kit("postgres", "X1"),
    "X3 on PostgreSQL": kit("postgres", "X3"),
    "X4": kit("sqlite", "X4"),
    "X5": kit("sqlite", "X5"),
    "fault cells": cells("postgres", "begin"),
    "fault cells on MariaDB": cells("mariadb", "begin"),
    "COMMIT cut on PostgreSQL": sql_proofs.the_reply_is_cut("postgres"),
    "COMMIT cut on MariaDB": sql_proofs.the_reply_is_cut("mariadb"),
    "not tried again": sql_proofs.not_tried_again,
    "unflushed": sql_proofs.unflushed_is_seen,
    "read again": sql_proofs.read_again,
    "half done": sql_proofs.half_done_is_undone,
    "rolled back": sql_proofs.rolled_back,
    "autocommit": sql_proofs.autocommit_is_refused,
    "version": sql_proofs.the_version_counts,
    "late commits": sql_proofs.late_commits_are_told,
    "marked after sending": sql_proofs.marked_after_sending,
    "sent outside": sql_proofs.sent_outside,
}
ON_POSTGRES, ON_MARIADB, ON_SQLITE = (f"races on {n}" for n in ("PostgreSQL", "MariaDB", "SQLite"))
BROKEN: Sequence[tuple[str, Plant, str]] = (
    ("the customer is not locked", replaced(Statements, "_lock", sql.no_lock), ON_POSTGRES),
    ("FOR NO KEY UPDATE", replaced(Statements, "_lock", sql.no_key_update), ON_POSTGRES),
    ("FOR SHARE", replaced(Statements, "_lock", sql.share_lock), ON_POSTGRES),
    ("children not locked", locks("postgresql", Locks()), ON_POSTGRES),
    ("open children locked", replaced(Statements, "_children", sql.open_children), ON_POSTGRES),
    ("judged before the lock", sql.judged_before_the_lock, ON_POSTGRES),
    ("REPEATABLE READ", level("postgresql", RR), ON_POSTGRES),
    ("SERIALIZABLE", level("postgresql", "SERIALIZABLE"), ON_POSTGRES),
    (
        "locks in spite of guards",
        instead(SqlCustomers, "__init__", sql.locks_in_spite_of_guards),
        "no deadlock with guards",
    ),
    ("guards not there", sql.without_guards, "races on PostgreSQL with guards"),
    ("takes a snapshot", sql.takes_any_transaction, "races on PostgreSQL, joined at a snapshot"),
    ("takes autocommit", sql.takes_any_transaction, "autocommit"),
    ("counts without locks", locks("mysql", Locks()), ON_MARIADB),
    (
        "names without locks",
        instead(Statements, "named", sql.names_without_locks),
        "swapped records on MariaDB",
    ),
    ("READ COMMITTED on MariaDB", level("mysql", RC), ON_MARIADB),
    (
        "locks beside the count",
        locks("mysql", Locks(children=True)),
        "races on MariaDB, joined after a read",
    ),
    ("legacy sqlite transactions", sql.legacy_sqlite, ON_SQLITE),
    ("no fence on SQLite", sql.takes_any_transaction, "races on SQLite, joined"),
    ("no fence, rolled back", sql.takes_any_transaction, "rolled back"),
    ("sees every tenant", sql.sees_every_tenant, "C3"),
    ("counts the deleted", sql.counts_the_deleted, "C6"),
    ("NULL is closed", sql.null_is_closed, "C7"),
    ("no compare of the status", sql.any_status, "S1"),
    ("no compare of the owner", sql.any_status, "E2"),
    ("set, and not looked", sql.status_unlooked, "S5"),
    ("tenant is no part of the key", sql.no_tenant_in_the_key, "K1"),
    ("a second open cancellation", sql.slots(None), "K3"),
    ("once ever", sql.slots(1), "K5"),
    ("any version", replaced(SqlCancellations, "save", sql.any_version), "K4"),
    ("saved, and not looked", sql.saved_unlooked, "K4"),
    ("raw violations", sql.raw_violations, "O2"),
    ("commits whatever happens", sql.commits_whatever_happens, "U1"),
    ("history in another transaction", sql.history_apart, "U1 on PostgreSQL"),
    ("ledger in another transaction", sql.ledger_apart, "U1 on PostgreSQL"),
    ("outbox in another transaction", sql.outbox_apart, "X1 on PostgreSQL"),
    ("blind retry after a lost COMMIT", sql.blind_retries, "U3 on PostgreSQL"),
    ("errors of COMMIT swallowed", sql.swallows_commit, "U3 on PostgreSQL"),
    ("joined, and commits", sql.commits_for_the_host, "U4"),
    ("joined without flush", sql.no_flush, "unflushed"),
    ("joined without expire", sql.no_forget, "read again"),
    ("joined without savepoint", sql.no_savepoint, "half done"),
    ("version not bumped", sql.version_stays, "version"),
    ("claims without locks", sql_outbox.claims_unlocked, "X3 on PostgreSQL"),
    ("lease without a fence", sql_outbox.unfenced, "X4"),
    ("lease not written", sql_outbox.nothing_leased, "X5"),
    ("high-water mark", sql_outbox.high_water_mark, "late commits"),
    ("marks before sending", sql_outbox.marks_before_sending, "marked after sending"),
    ("deadlocks are not known", forgets_codes("40001", "40P01"), "fault cells"),
    ("deadlocks of MariaDB are not known", forgets_codes("1213", "1020"), "fault cells on MariaDB"),
    ("broken connections are kept", sql.keeps_what_is_broken, "fault cells"),
    ("tries a cut COMMIT again", sql.blind_retries, "COMMIT cut on PostgreSQL"),
    ("a cut COMMIT is a failure", sql.lost_is_refused, "COMMIT cut on MariaDB"),
    ("tries again for the host", replaced(Joined, "joined", False), "not tried again"),
    ("tries whatever fails", sql.tries_whatever_fails, "fault cells"),
    ("a lost COMMIT is a failure", sql.lost_is_refused, "fault cells"),
    ("no ledger", sql.no_ledger, "fault cells"),
    ("the ledger is not asked", sql.no_reply, "fault cells"),
    ("sends in a transaction", sql_outbox.sends_in_a_transaction, "sent outside"),
)


@pytest.mark.parametrize(
    ("plant", "proof"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_a_broken_adapter_is_caught(
    plant: Plant,
    proof: str,
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
    report: Report,
    request: pytest.FixtureRequest,
) -> None:
    plant(monkeypatch)
    found = next(PROOFS[proof](databases), "")
    name = request.node.callspec.id
    report("broken SQL adapters caught", f"{name}: {proof}: {found.partition(chr(10))[0][:60]}")
    assert found


@pytest.mark.parametrize("proof", PROOFS)
def test_the_sound_adapter_passes(proof: str, databases: Databases) -> None:
    assert [] == list(PROOFS[proof](databases))


def test_every_proof_catches_something() -> None:
    assert {row[2] for row in BROKEN} == set(PROOFS)
