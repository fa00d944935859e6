"""What the store keeps, on the relink system itself and a real database file."""

import logging
import sqlite3
import threading
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from statemachine import State

from relink.adapters.store import (
    Codec,
    ConcurrentChangeError,
    Store,
    UnknownCommandError,
    UnreadableRecordError,
)
from relink.adapters.store.database import open_database
from relink.engine import Address, Chart, Command, Event, Facts, Send, System
from relink.machines import relink_system
from relink.machines.commands import CreateRelinkSession, NotifyCustomer, RetrieveAccount, Wake
from relink.machines.events import RelinkRequested, RelinkSessionCreated, SessionReported

ACCOUNT = Address("account", "fca_1")


class Rung(Event):
    """Of a chart that always asks for the same."""


class Chime(Command):
    bell: str


class BellFacts(Facts):
    id: str


class Bell(Chart):
    facts_type = BellFacts
    alphabet = (Rung,)

    left = State(initial=True)
    right = State()

    left.to(right, event="rung", on="ask")
    right.to(left, event="rung", on="ask")

    def ask(self, facts: BellFacts, happened: Rung) -> Chime:
        return Chime(bell=facts.id)


WORKS = {"status": "active", "status_details": {}}


def test_a_word_changes_snapshot_journal_and_outbox(store, arrival, reported, now):
    assert store.snapshot(ACCOUNT) is None
    applied = store.apply(arrival("evt_1", connected_account="acct_1"), [reported("evt_1")])
    assert applied.outcome == "applied"
    (step,) = applied.steps
    for address, snapshot in step.snapshots.items():
        assert store.snapshot(address) == snapshot
    assert store.snapshot(ACCOUNT).state == "inactive_relinkable"

    told = [d.decision for d in step.deliveries if d.address == ACCOUNT]
    entry, *more = store.journal(ACCOUNT)
    assert len(more) == len(told) - 1
    decision = told[0]
    assert (entry.address, entry.cause, entry.at) == (ACCOUNT, "evt_1", now)
    assert entry.event == decision.happened
    assert (entry.version, entry.outcome) == (decision.snapshot.version, "moved")
    assert (entry.from_state, entry.to_state) == (decision.before.state, "inactive_relinkable")
    assert (entry.transition, entry.guards) == (decision.transition, decision.guards)
    assert (entry.reason, entry.anomaly) == (None, False)
    assert entry.changes["says"] == (None, "relinkable")
    assert entry.changes["holder"] == (None, {"field": "customer", "id": "cus_1"})

    due = {c.command: c for c in store.due_commands(now + 10**9, limit=99)}
    assert set(due) == set(step.commands)
    assert {(c.cause, c.connected_account, c.attempts) for c in due.values()} == {
        ("evt_1", "acct_1", 0)
    }
    asked = [c.id for d in step.deliveries for c in d.decision.commands if c in due]
    written = [name for a in step.snapshots for e in store.journal(a) for name in e.commands]
    assert sorted(asked) == sorted(written)


def test_the_same_arrival_is_applied_once(store, arrival, reported, contents):
    store.apply(arrival("evt_1"), [reported("evt_1")])
    before = contents()
    again = store.apply(arrival("evt_1", at=9e9), [reported("evt_1", **WORKS)])
    assert (again.outcome, again.steps) == ("duplicate", ())
    assert contents() == before


def test_an_arrival_without_events_is_remembered_too(store, arrival):
    assert store.apply(arrival("evt_1"), []).outcome == "applied"
    assert store.apply(arrival("evt_1"), []).outcome == "duplicate"


def test_events_of_one_arrival_follow_each_other(store, arrival, reported, now):
    both = [reported("evt_1"), reported("evt_1", as_of=now + 60, **WORKS)]
    first, second = store.apply(arrival("evt_1"), both).steps
    told = next(d.decision for d in second.deliveries if d.address == ACCOUNT)
    assert told.before == first.snapshots[ACCOUNT]
    assert store.snapshot(ACCOUNT).state == "active"
    states = [entry.to_state for entry in store.journal(ACCOUNT)]
    assert [state for state, _ in groupby(states)] == ["inactive_relinkable", "active"]


def test_a_step_that_cannot_be_decided_leaves_nothing(store, arrival, reported, contents):
    before = contents()
    not_from_outside = relink_system().step(reported("e"), lambda _: None).deliveries[0]
    with pytest.raises(TypeError, match="not an outside event"):
        store.apply(arrival("evt_1"), [reported("evt_1"), not_from_outside.decision.happened])
    assert contents() == before


# ── commands ─────────────────────────────────────────────────────────────────


def relink(store, arrival, at):
    """Ask for a session and open it; what the caller was to do."""
    asked = RelinkRequested(cause="req_1", at=at, account="fca_1")
    commands = store.apply(arrival("req_1"), [asked]).steps[0].commands
    (create,) = [c for c in commands if isinstance(c, CreateRelinkSession)]
    made = RelinkSessionCreated(cause="req_2", at=at, session="fcsess_1", request=create)
    store.apply(arrival("req_2"), [made])
    return create


def test_what_the_caller_does_is_not_in_the_outbox(store, arrival, reported, now, contents):
    store.apply(arrival("evt_1"), [reported("evt_1")])
    relink(store, arrival, float(now))
    assert store.snapshot(ACCOUNT).state == "relinking"
    again = RelinkRequested(cause="req_3", at=float(now), account="fca_1")
    commands = store.apply(arrival("req_3"), [again]).steps[0].commands
    assert [c.for_caller for c in commands if c.name == "retrieve_session"] == [True]
    names = {row["command"] for row in contents()["outbox"]}
    assert names
    assert not names & {"create_relink_session", "retrieve_session"}


def test_commands_are_due_at_their_time_and_longest_due_first(store, arrival, reported, now):
    store.apply(arrival("evt_1"), [reported("evt_1")])
    doubtful = reported("evt_2", **WORKS)  # within the same second: Stripe is asked, later
    store.apply(arrival("evt_2"), [doubtful])

    at_once = {c.command.name for c in store.due_commands(now, 99)}
    assert "notify_customer" in at_once
    later = {c.command: c.due_at for c in store.due_commands(now + 10**9, 99)}
    assert list(later.values()) == sorted(later.values())
    (read,) = [c for c in later if isinstance(c, RetrieveAccount)]
    assert later[read] == read.after > now
    wakes = [c for c in later if isinstance(c, Wake)]
    assert wakes
    assert all(later[wake] == wake.due > now for wake in wakes)
    assert len(store.due_commands(now + 10**9, limit=2)) == 2
    earliest = min(later.values())
    assert store.due_commands(earliest - 0.5, 99) == []


def test_a_command_asked_for_twice_is_one(url, arrival, now, contents):
    table = Bell.table()
    system = System({"bell": table}, lambda rung, _: [Send(machine="bell", key="b", event=rung)])
    store = Store(url, system, Codec([Rung], [Chime]))
    store.create_tables()
    for name in ("evt_1", "evt_2", "evt_3"):
        (step,) = store.apply(arrival(name), [Rung()]).steps
        assert len(step.commands) == 1
        if name == "evt_2":
            store.finish(step.commands[0].id, "done", at=now)
    (row,) = contents()["outbox"]
    assert (row["cause"], row["status"]) == ("evt_1", "done")
    assert [entry.event for entry in store.journal(Address("bell", "b"))] == [Rung()] * 3
    store.close()


def test_a_finished_command_is_not_due(store, arrival, reported, now, contents):
    store.apply(arrival("evt_1"), [reported("evt_1")])
    (prompt,) = [c for c in store.due_commands(now, 99) if isinstance(c.command, NotifyCustomer)]
    store.finish(prompt.command.id, "done", at=now + 1.5, result={"status": 200})
    assert prompt.command not in [c.command for c in store.due_commands(now + 9, 99)]
    (row,) = [row for row in contents()["outbox"] if row["id"] == prompt.command.id]
    assert (row["status"], row["attempts"], row["finished_at"]) == ("done", 1, now + 1.5)
    assert row["result"] == '{"status": 200}'
    with pytest.raises(UnknownCommandError, match="'nothing'"):
        store.finish("nothing", "failed", at=now)


# ── replay ───────────────────────────────────────────────────────────────────

STATUSES = [
    WORKS,
    {"status": "inactive", "status_details": {"inactive": {"action": "relink_required"}}},
    {"status": "inactive", "status_details": {"inactive": {"action": "none"}}},
    {"status": "inactive", "status_details": None},
    {"status": "disconnected"},
    {"status": "invented"},
    {"authorization": "fcauth_2"},
    {"account_numbers": [{"status": "expired"}]},
]


@settings(max_examples=60, deadline=None)
@given(
    history=st.lists(
        st.tuples(
            st.sampled_from(["word", "word", "relink", "result"]),
            st.sampled_from(["fca_1", "fca_2"]),
            st.sampled_from(STATUSES),
            st.integers(0, 9),
            st.sampled_from([None, "no_account", "other"]),
        ),
        max_size=12,
    )
)
def test_replaying_the_journal_gives_the_stored_snapshot(arrival, reported, now, history):
    store, system = Store("sqlite://", relink_system()), relink_system()
    store.create_tables()
    remembered = {}
    for number, (what, account, changed, later, failure) in enumerate(history):
        cause, at = f"evt_{number}", now + later
        word = reported(cause, as_of=at, name=account, **changed)
        events = [word]
        if what == "relink":
            asked = RelinkRequested(cause=cause, at=float(at), account=account)
            (step,) = store.apply(arrival(f"req_{number}", at=at), [asked]).steps
            remembered |= system.step(asked, remembered.get).snapshots
            events = [
                RelinkSessionCreated(cause=cause, at=float(at), session="fcsess_1", request=command)
                for command in step.commands
                if isinstance(command, CreateRelinkSession)
            ]
        elif what == "result":
            result = SessionReported(
                cause=cause,
                at=float(at),
                session="fcsess_1",
                as_of=at,
                read=True,
                status="failed" if failure else "succeeded",
                failure_reason=failure,
                relinked_account=None if failure else account,
            )
            events = [result]
        store.apply(arrival(cause, at=at), events)
        for happened in events:
            remembered |= system.step(happened, remembered.get).snapshots
    for address, snapshot in remembered.items():
        # What went through the database is what it would have been without one …
        assert store.snapshot(address) == snapshot
        # … and what its journal leads to.
        entries = store.journal(address)
        assert system.replay(address, [entry.event for entry in entries]) == snapshot
        assert entries[-1].version == snapshot.version
    store.close()


# ── others at the same time ──────────────────────────────────────────────────


@pytest.fixture
def overtake():
    """Has another writer change a machine just before the store replaces it."""
    remaining = [0]

    def bump(connection, cursor, statement, *_):
        if statement.startswith("UPDATE snapshots") and remaining[0]:
            remaining[0] -= 1
            cursor.execute("UPDATE snapshots SET version = version + 1")

    event.listen(Engine, "before_cursor_execute", bump)
    yield remaining
    event.remove(Engine, "before_cursor_execute", bump)


def test_an_overtaken_decision_is_made_again(store, arrival, reported, overtake, now):
    store.apply(arrival("evt_1"), [reported("evt_1")])
    overtake[0] = 3
    applied = store.apply(arrival("evt_2"), [reported("evt_2", as_of=now + 60, **WORKS)])
    assert (applied.outcome, overtake[0]) == ("applied", 0)
    assert store.snapshot(ACCOUNT).state == "active"


def test_a_decision_that_is_always_overtaken_is_given_up(
    store, arrival, reported, overtake, now, contents
):
    store.apply(arrival("evt_1"), [reported("evt_1")])
    before = contents()
    overtake[0] = 999
    with pytest.raises(ConcurrentChangeError, match="evt_2"):
        store.apply(arrival("evt_2"), [reported("evt_2", as_of=now + 60, **WORKS)])
    assert contents() == before


def test_many_deliveries_at_once_are_applied_once_each(open_store, arrival, reported, now):
    names = [f"evt_{number}" for number in range(6)]
    outcomes = []

    def deliver_all(store):
        for number, name in enumerate(names):
            word = reported(name, as_of=now + 10 * number, **(WORKS if number % 2 else {}))
            outcomes.append((name, store.apply(arrival(name), [word]).outcome))

    threads = [threading.Thread(target=deliver_all, args=(open_store(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(n for n, outcome in outcomes if outcome == "applied") == names
    assert len(outcomes) == 4 * len(names)
    store = open_store()
    entries = store.journal(ACCOUNT)
    assert [entry.version for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry.cause for entry in entries} == set(names)
    replayed = relink_system().replay(ACCOUNT, [entry.event for entry in entries])
    assert store.snapshot(ACCOUNT) == replayed


# ── the database ─────────────────────────────────────────────────────────────


def test_an_answered_commit_is_on_the_disk_and_references_are_checked(url, open_store):
    open_store()
    engine = open_database(url)
    with engine.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    engine.dispose()
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_reader_does_not_wait_for_a_writer(url, store, arrival, reported, tmp_path, monkeypatch):
    store.apply(arrival("evt_1"), [reported("evt_1")])
    monkeypatch.setattr("relink.adapters.store.database.LOCK_WAIT", 0.05)
    other = sqlite3.connect(tmp_path / "relink.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    hurried = Store(url, relink_system())
    assert hurried.snapshot(ACCOUNT) == store.snapshot(ACCOUNT)
    with pytest.raises(OperationalError, match="locked"):
        hurried.apply(arrival("evt_2"), [])
    other.close()
    hurried.close()


def test_another_database_is_refused_without_showing_its_password():
    with pytest.raises(ValueError, match="got mysql") as refused:
        Store("mysql://me:hunter2@db/relink", relink_system())
    assert "hunter2" not in str(refused.value)


def test_facts_of_another_release_are_named(store, arrival, reported, tmp_path):
    store.apply(arrival("evt_1"), [reported("evt_1")])
    database = sqlite3.connect(tmp_path / "relink.db")
    database.execute("""UPDATE snapshots SET facts = '{"id": "fca_1", "attempt": "many"}'""")
    database.commit()
    database.close()
    with pytest.raises(UnreadableRecordError, match=r"account fca_1 .*AccountFacts: attempt: "):
        store.snapshot(ACCOUNT)


def test_no_secret_reaches_the_disk_or_the_log(
    store, arrival, deliver, event, session, reported, client_secret, now, tmp_path, caplog
):
    caplog.set_level(logging.DEBUG)
    for logger in ("stripe", "sqlalchemy.engine"):
        caplog.set_level(logging.DEBUG, logger=logger)
    store.apply(arrival("evt_0"), [reported("evt_0")])
    relink(store, arrival, float(now))
    received = deliver(event("financial_connections.session.updated", session))
    assert store.apply(arrival(received.id), received.events).steps[0].deliveries
    assert "fcsess_1" in caplog.text
    store.close()
    written = b"".join(path.read_bytes() for path in Path(tmp_path).iterdir())
    assert b"fcsess_1" in written
    for private in (client_secret, "NobodyMayKeepThis", "hosted.example", "Jenny", "4321098"):
        assert private.encode() not in written
        assert private not in caplog.text
