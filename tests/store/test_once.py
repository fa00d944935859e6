"""All that comes of an arrival is stored, together and once."""

from itertools import groupby

import pytest

from relink.adapters.store import InboxMessage, SqlStore, UnreadableRecordError
from relink.adapters.store.replay import replay
from relink.engine import Address
from relink.machines import relink_system

from .database import Database
from .kinds import on_postgres
from .messages import ACCOUNT, NOW, WORKS, hear, message, reported


def test_a_word_changes_snapshot_journal_and_outbox(store: SqlStore):
    assert store.snapshot(ACCOUNT) is None
    applied = store.apply(message("evt_1", connected_account="acct_1"), [reported("evt_1")])
    assert applied.outcome == "applied"
    (step,) = applied.steps
    for address, snapshot in step.snapshots.items():
        assert store.snapshot(address) == snapshot
    assert store.snapshot(ACCOUNT).state == "inactive_relinkable"
    assert store.connected_account(ACCOUNT) == "acct_1"

    told = [d.decision for d in step.deliveries if d.address == ACCOUNT]
    entry, *more = store.journal(ACCOUNT)
    assert len(more) == len(told) - 1
    decision = told[0]
    assert (entry.address, entry.causation_id, entry.at) == (ACCOUNT, "evt_1", NOW)
    assert entry.event == decision.trigger
    assert (entry.version, entry.outcome) == (decision.snapshot.version, "moved")
    assert (entry.from_state, entry.to_state) == (decision.before.state, "inactive_relinkable")
    assert (entry.transition, entry.guards) == (decision.transition, decision.guards)
    assert (entry.reason, entry.anomaly) == (None, False)
    assert entry.changes["reported_status"] == (None, "relinkable")
    assert entry.changes["holder"] == (None, {"field": "customer", "id": "cus_1"})

    due = {c.command: c for c in store.due_commands(NOW + 10**9, limit=99)}
    assert set(due) == set(step.commands)
    assert {(c.causation_id, c.connected_account, c.attempts) for c in due.values()} == {
        ("evt_1", "acct_1", 0)
    }
    asked = [c.id for d in step.deliveries for c in d.decision.commands if c in due]
    written = [name for a in step.snapshots for e in store.journal(a) for name in e.commands]
    assert sorted(asked) == sorted(written)


def test_the_same_arrival_is_applied_once(store: SqlStore, database: Database):
    hear(store, "evt_1")
    before = database.contents()
    again = store.apply(message("evt_1", at=9e9), [reported("evt_1", **WORKS)])
    assert (again.outcome, again.steps) == ("duplicate", ())
    assert database.contents() == before


def test_an_arrival_without_events_is_remembered_too(store: SqlStore):
    assert store.apply(message("evt_1"), []).outcome == "applied"
    assert store.apply(message("evt_1"), []).outcome == "duplicate"


def test_events_of_one_arrival_follow_each_other(store: SqlStore):
    both = [reported("evt_1"), reported("evt_1", as_of=NOW + 60, **WORKS)]
    first, second = store.apply(message("evt_1"), both).steps
    told = next(d.decision for d in second.deliveries if d.address == ACCOUNT)
    assert told.before == first.snapshots[ACCOUNT]
    assert store.snapshot(ACCOUNT).state == "active"
    states = [entry.to_state for entry in store.journal(ACCOUNT)]
    assert [state for state, _ in groupby(states)] == ["inactive_relinkable", "active"]


def test_a_step_that_cannot_be_decided_leaves_nothing(store: SqlStore, database: Database):
    before = database.contents()
    not_from_outside = relink_system().step(reported("e"), lambda _: None).deliveries[0]
    with pytest.raises(TypeError, match="not an outside event"):
        store.apply(message("evt_1"), [reported("evt_1"), not_from_outside.decision.trigger])
    assert database.contents() == before
    assert hear(store, "evt_1").outcome == "applied"


def test_one_arrival_may_change_very_many_machines(store: SqlStore):
    accounts = [f"fca_{number:03}" for number in range(300)]
    began = [reported("evt_1", NOW, name, authorization=f"fcauth_{name}") for name in accounts]
    store.apply(message("evt_1"), began)
    works = [
        reported("evt_2", NOW + 60, name, authorization=f"fcauth_{name}", **WORKS)
        for name in accounts
    ]
    steps = store.apply(message("evt_2", at=NOW + 60), works).steps
    changed = {address: s for step in steps for address, s in step.snapshots.items()}
    assert len(changed) > 1000
    assert list(replay(store, lambda *_: None)) == []
    assert store.count_by_state() == {"active": len(accounts)}


def test_what_a_machine_was_last_heard_of_for_is_kept(store: SqlStore):
    assert store.connected_account(ACCOUNT) is None
    for number, name in enumerate([None, "acct_1", None, "acct_2", None]):
        trigger = [reported(f"evt_{number}", as_of=NOW + number)]
        store.apply(message(f"evt_{number}", connected_account=name), trigger)
    assert store.connected_account(ACCOUNT) == "acct_2"
    assert store.connected_account(Address("account", "fca_unknown")) is None


def test_what_follows_is_done_in_the_name_that_a_machine_was_heard_of_for(store: SqlStore):
    hear(store, "evt_1", **WORKS)
    store.apply(message("evt_2", connected_account="acct_1"), [reported("evt_2", NOW + 60)])
    hear(store, "evt_3", NOW + 120, **WORKS)
    hear(store, "evt_4", NOW + 180)
    asked = {due.causation_id: due.connected_account for due in store.due_commands(9e9, 99)}
    assert asked == {"evt_1": None, "evt_2": "acct_1", "evt_3": "acct_1", "evt_4": "acct_1"}


def test_an_arrival_is_kept_as_it_came(store: SqlStore, database: Database):
    store.apply(InboxMessage("evt_1", "any.type", 2**40, 1760000000.123456, "acct_é"), [])
    assert database.contents()["inbox"] == [
        {
            "id": "evt_1",
            "type": "any.type",
            "created": 2**40,
            "received_at": 1760000000.123456,
            "connected_account": "acct_é",
        }
    ]


@pytest.mark.parametrize("text", ['O\'Hare & "Sons" \\ %s', "日本 — Zürich 🏦", "null", "{}\n"])
def test_any_text_comes_back(store: SqlStore, text: str):
    hear(store, "evt_1", institution_name=text)
    snapshot = store.snapshot(ACCOUNT)
    assert snapshot.facts.institution_name == text
    assert store.accounts(institution=text) == [snapshot]
    assert store.journal(ACCOUNT)[0].event.report.institution_name == text


def test_facts_of_another_release_are_named(store: SqlStore, database: Database):
    hear(store, "evt_1")
    facts = """'{"id": "fca_1", "attempt": "many"}'"""
    database.change(f"UPDATE snapshots SET facts = {facts} WHERE machine = 'account'")
    before = database.contents()
    fault = r"account fca_1 .*AccountFacts: attempt: "
    with pytest.raises(UnreadableRecordError, match=fault):
        store.snapshot(ACCOUNT)
    with pytest.raises(UnreadableRecordError, match=fault):
        hear(store, "evt_2")
    assert database.contents() == before


@on_postgres
def test_what_the_writer_prepared_outlasts_what_else_is_done_over_its_connection(store: SqlStore):
    """psycopg prepares by itself after a few uses, and then has a rollback forget all of it."""
    hear(store, "evt_1")
    for number in range(10):
        store.set_cursor("walk", {"step": number})
    store.count_by_state()
    assert hear(store, "evt_2", NOW + 60, **WORKS).outcome == "applied"
