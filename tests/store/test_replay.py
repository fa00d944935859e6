"""Whatever happened: what is stored is what was decided, and the journal leads to it."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relink.adapters.store import DueCommand, MemoryStore, SqlStore
from relink.adapters.store.replay import replay
from relink.engine import Address, Event, Facts, Snapshot
from relink.machines import relink_system
from relink.machines.commands import CreateRelinkSession
from relink.machines.events import RelinkRequested, RelinkSessionCreated, SessionReported

from .database import Database
from .messages import BROKEN, NOW, WORKS, hear, message, reported

SAID = [
    WORKS,
    BROKEN,
    {"status": "inactive", "action": "none"},
    {"status": "inactive", "action": None},
    {"status": "disconnected"},
    {"status": "invented"},
    {"authorization": "fcauth_2"},
    {"numbers": ()},
]
HISTORY = st.lists(
    st.tuples(
        st.sampled_from(["report", "report", "relink", "result", "answer", "postpone"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from(SAID),
        st.integers(0, 9),
        st.sampled_from([None, "no_account", "other"]),
    ),
    max_size=12,
)

Machines = dict[Address, Snapshot[Facts]]


class Life:
    """A history, told to a store and, beside it, to a system that keeps everything in mind.

    Args:
        store: which.
        mark: in all ids, so that many can be told to one store.
    """

    def __init__(self, store: Store, mark: str) -> None:
        self.store = store
        self.mark = mark
        self.system = relink_system()
        self.machines: Machines = {}

    def apply(self, name: str, at: int, *events: Event) -> list[CreateRelinkSession]:
        """Apply an arrival; what is for the caller to do."""
        self.remember(events)
        steps = self.store.apply(message(f"{self.mark}_{name}", at=at), events).steps
        return [c for s in steps for c in s.commands if isinstance(c, CreateRelinkSession)]

    def remember(self, events: tuple[Event, ...]) -> None:
        for trigger in events:
            self.machines |= self.system.step(trigger, self.machines.get).snapshots

    def waiting(self) -> list[DueCommand]:
        """What is to be done, in this life."""
        due = [d for d in self.store.due_commands(9e9, 10**9) if self.mark in str(d.command)]
        return sorted(due, key=lambda each: (each.due_at, each.id))

    def take(self, number: int) -> DueCommand | None:
        """One of them, if there are so many."""
        due = self.waiting()
        if isinstance(self.store, MemoryStore):
            # It has given them all away; those that are neither answered nor postponed go back.
            for each in due[:number] + due[number + 1 :]:
                self.store._wait(each)
        return due[number] if number < len(due) else None

    def live(self, history: list[tuple[str, str, dict[str, object], int, str | None]]) -> None:
        """Let it all happen."""
        for number, (what, which, changed, later, failure) in enumerate(history):
            self.happen(f"evt_{number}", what, f"fca_{self.mark}_{which}", changed, later, failure)

    def happen(
        self,
        name: str,
        what: str,
        account: str,
        changed: dict[str, object],
        later: int,
        failure: str | None,
    ) -> None:
        at = NOW + later
        login = str(changed.get("authorization", "fcauth_1"))
        report = reported(
            name,
            at,
            account,
            **{**changed, "authorization": login + self.mark, "causation_id": "c"},
        )
        session = f"fcsess_{self.mark}"
        match what:
            case "report":
                self.apply(name, at, report)
            case "relink":
                asked = RelinkRequested(causation_id=name, at=float(at), account=account)
                for create in self.apply(f"asked_{name}", at, asked):
                    made = RelinkSessionCreated(
                        causation_id=name, at=float(at), session=session, request=create
                    )
                    self.apply(name, at, made)
            case "result":
                result = SessionReported(
                    causation_id=name,
                    at=float(at),
                    session=session,
                    as_of=at,
                    read=True,
                    status="failed" if failure else "succeeded",
                    failure_reason=failure,
                    relinked_account=None if failure else account,
                )
                self.apply(name, at, result)
            case "answer" | "postpone":
                due = self.take(later)
                if due and what == "postpone":
                    self.store.postpone(due, NOW + 100.0 + later)
                elif due:
                    self.remember((report,))
                    self.store.answer(due, [report], float(at), failed=bool(failure))


MARKS: Iterator[str] = iter(f"x{number:04}x" for number in range(10_000))

on_one_store = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@on_one_store
@given(history=HISTORY)
def test_replaying_the_journal_gives_the_stored_snapshot(store: SqlStore, history):
    life = Life(store, next(MARKS))
    life.live(history)
    for address, snapshot in life.machines.items():
        # What went through the database is what it would have been without one …
        assert store.snapshot(address) == snapshot
        # … and what its journal leads to.
        entries = store.journal(address)
        assert life.system.replay(address, [entry.event for entry in entries]) == snapshot
        assert [entry.version for entry in entries] == list(range(1, snapshot.version + 1))


def test_the_whole_database_agrees_with_its_journal(store: SqlStore, database: Database):
    for number, said in enumerate([*SAID, *SAID]):
        hear(store, f"evt_{number}", NOW + number, f"fca_{number % 3}", **said)
    seen: list[tuple[int, int]] = []
    assert list(replay(store, lambda done, total: seen.append((done, total)))) == []
    machines = len(database.contents()["snapshots"])
    assert seen[-1] == (machines, machines)

    account = Address("account", "fca_1")
    stored = store.snapshot(account)
    database.change("UPDATE snapshots SET state = 'relinked' WHERE machine = 'account'")
    database.change("DELETE FROM journal WHERE key = 'fca_2' AND version = 2")
    found = {each.address: each.what for each in replay(store, lambda *_: None)}
    assert found[account] == f"it is relinked, and its journal leads to {stored.state}"
    assert "which should follow 0" in found[Address("account", "fca_2")]


@on_one_store
@given(history=HISTORY)
def test_the_store_in_memory_does_the_same(store: SqlStore, history):
    mark = next(MARKS)
    kept, minded = Life(store, mark), Life(MemoryStore(relink_system()), mark)
    kept.live(history)
    minded.live(history)
    assert kept.waiting() == minded.waiting()
    for address in minded.machines:
        assert store.snapshot(address) == minded.store.snapshot(address)
        assert store.connected_account(address) == minded.store.connected_account(address)


def test_what_is_answered_in_memory_is_answered_once():
    store = MemoryStore(relink_system())
    store.apply(message("evt_1"), [reported("evt_1")])
    assert store.apply(message("evt_1"), [reported("evt_1", **WORKS)]).outcome == "duplicate"
    (due, *_) = store.due_commands(NOW, 99)
    answer = [reported(due.answer_id, NOW + 60, **WORKS)]
    assert store.answer(due, answer, NOW + 60.0).outcome == "applied"
    assert store.snapshot(Address("account", "fca_1")).state == "active"
    before = dict(store.machines)
    assert store.answer(due, [reported("late", NOW + 90)], NOW + 90.0).outcome == "duplicate"
    assert store.machines == before
    with pytest.raises(TypeError, match="not an outside event"):
        store.apply(message("evt_2"), [reported("evt_2", NOW + 99), Event()])
    assert store.machines == before
    assert store.apply(message("evt_2"), [reported("evt_2", NOW + 99)]).outcome == "applied"
