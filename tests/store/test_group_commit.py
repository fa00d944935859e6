"""On SQLite, one commit stores all messages that wait together, each with its own result."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from relink.adapters.store import SqlStore, StoreDefectError, StoreUnavailableError
from relink.adapters.store.replay import replay
from relink.engine import Event

from .crowd import Outcome, Work, at_once
from .database import Database
from .desk import CODEC, Asked, desk_system
from .kinds import on_sqlite
from .messages import ACTIVE, NOW, message, receive, reported

pytestmark = on_sqlite


class Unheard(Event):
    """An event that the system can't decide."""


@pytest.fixture
def connect(database: Database) -> Callable[[], sqlite3.Connection]:
    """Opens the database past the store."""
    path = database.url.removeprefix("sqlite:///")
    return lambda: sqlite3.connect(path, isolation_level=None, check_same_thread=False)


@contextmanager
def held_up(
    connect: Callable[[], sqlite3.Connection], store: SqlStore, queued: int
) -> Iterator[None]:
    """Block writers until so many are queued behind the first one."""
    other = connect()
    other.execute("BEGIN IMMEDIATE")

    def let_go() -> None:
        until = time.monotonic() + 5
        while len(store._writer._queue) < queued and time.monotonic() < until:
            time.sleep(0.001)
        other.rollback()

    letting = threading.Thread(target=let_go)
    letting.start()
    yield
    letting.join()
    other.close()


def count_commits(store: SqlStore) -> list[str]:
    """Record each commit of the store from now on."""
    commits: list[str] = []

    def watch(connection: Any, _: object) -> None:
        connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)

    event.listen(store.engine, "connect", watch)
    store.engine.dispose()
    return commits


def deliver(store: SqlStore, number: int) -> Work:
    """Delivers a webhook about one of three accounts."""
    name = f"evt_{number}"
    return lambda: (name, receive(store, name, NOW + number, f"fca_{number % 3}").outcome)


def test_messages_that_wait_together_share_a_commit(
    store: SqlStore, connect: Callable[[], sqlite3.Connection]
):
    commits = count_commits(store)
    with held_up(connect, store, queued=15):
        outcomes = at_once([[deliver(store, number)] for number in range(16)])
    assert sorted(outcomes) == sorted((f"evt_{number}", "applied") for number in range(16))
    assert len(commits) == 2
    assert list(replay(store, lambda *_: None)) == []


def test_the_same_message_within_one_commit_is_applied_once(
    store: SqlStore, connect: Callable[[], sqlite3.Connection]
):
    with held_up(connect, store, queued=11):
        outcomes = at_once([[deliver(store, number % 3)] for number in range(12)])
    for number in range(3):
        told = [outcome for name, outcome in outcomes if name == f"evt_{number}"]
        assert sorted(told) == ["applied", "duplicate", "duplicate", "duplicate"]
    assert list(replay(store, lambda *_: None)) == []


def test_K10_of_the_versions_of_a_read_within_a_commit_the_latest_counts(
    new_url: Callable[[], str],
):
    url = new_url()
    store = SqlStore(url, desk_system(), CODEC)

    def ask(number: int) -> Outcome:
        asked = Asked(afters=(NOW + 10 + number * 7 % 16,))
        return f"evt_{number}", store.apply(message(f"evt_{number}"), [asked]).outcome

    def connect() -> sqlite3.Connection:
        path = url.removeprefix("sqlite:///")
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    with held_up(connect, store, queued=15):
        at_once([[lambda number=number: ask(number)] for number in range(16)])
    (read,) = store.due_commands(9e9, 9)
    assert read.due_at == NOW + 25
    assert store.answer(read, [], NOW + 30).outcome == "applied"
    assert store.due_commands(9e9, 9) == []
    store.close()


def test_an_undecidable_message_within_a_commit_fails_alone(
    store: SqlStore, database: Database, connect: Callable[[], sqlite3.Connection]
):
    receive(store, "evt_99")

    def spoiled() -> Outcome:
        # Its first event can be decided, and is undone with it.
        worked = reported("evt_bad", NOW + 500, **ACTIVE)
        with pytest.raises(TypeError, match="not an outside event"):
            store.apply(message("evt_bad"), [worked, Unheard()])
        return "evt_bad", "refused"

    works = [[deliver(store, number)] for number in range(10)]
    works.insert(5, [spoiled])
    with held_up(connect, store, queued=10):
        outcomes = at_once(works)
    assert [outcome for name, outcome in outcomes if name != "evt_bad"] == ["applied"] * 10
    contents = database.contents()
    assert "evt_bad" not in {row["id"] for row in contents["inbox"]}
    assert "evt_bad" not in {row["causation_id"] for row in contents["journal"]}
    assert list(replay(store, lambda *_: None)) == []


def test_an_unwritable_message_within_a_commit_fails_alone(
    store: SqlStore, database: Database, connect: Callable[[], sqlite3.Connection]
):
    # The snapshot of an account was deleted; its journal still has entries.
    receive(store, "evt_99", NOW, "fca_lost", authorization="fcauth_lost")
    database.change("DELETE FROM snapshots WHERE key = 'fca_lost'")

    def lost() -> Outcome:
        with pytest.raises(StoreDefectError, match="SQLITE_CONSTRAINT_UNIQUE"):
            receive(store, "evt_bad", NOW, "fca_lost", authorization="fcauth_lost")
        return "evt_bad", "refused"

    works = [[deliver(store, number)] for number in range(10)]
    works.insert(5, [lost])
    with held_up(connect, store, queued=10):
        outcomes = at_once(works)
    assert [outcome for name, outcome in outcomes if name != "evt_bad"] == ["applied"] * 10
    arrived = {row["id"] for row in database.contents()["inbox"]}
    assert arrived == {f"evt_{number}" for number in (*range(10), 99)}


def test_a_message_is_visible_to_others_when_its_caller_returns(
    store: SqlStore, connect: Callable[[], sqlite3.Connection]
):
    local = threading.local()

    def seen(number: int) -> Outcome:
        name = f"evt_{number}"
        receive(store, name, NOW + number, f"fca_{number % 7}")
        if not hasattr(local, "connection"):
            local.connection = connect()
        found = local.connection.execute("SELECT count(*) FROM inbox WHERE id = ?", (name,))
        return name, "seen" if found.fetchone() == (1,) else "not seen"

    outcomes = at_once(
        [[lambda n=10 * thread + number: seen(n) for number in range(10)] for thread in range(32)]
    )
    assert {outcome for _, outcome in outcomes} == {"seen"}
    assert len(outcomes) == 320


def test_a_failed_commit_is_an_error_for_every_caller(
    store: SqlStore, database: Database, connect: Callable[[], sqlite3.Connection]
):
    receive(store, "evt_99")

    def limit(connection: Any, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(store.engine, "connect", limit)
    store.engine.dispose()
    errors: list[StoreUnavailableError] = []
    applied = {"evt_99"}

    def refused(number: int) -> Outcome:
        try:
            for more in range(100):
                # The first ones may still find room on pages that are there.
                applied.add(deliver(store, number + 100 * more)()[0])
        except StoreUnavailableError as error:
            errors.append(error)
        return "", ""

    with held_up(connect, store, queued=7):
        at_once([[lambda number=number: refused(number)] for number in range(8)])
    assert {str(error) for error in errors} == {"SQLite: database or disk is full"}
    # Each caller has an error of its own, so that tracebacks do not mix.
    assert len(set(map(id, errors))) == 8
    event.remove(store.engine, "connect", limit)
    store.engine.dispose()
    assert {row["id"] for row in database.contents()["inbox"]} == applied
    assert receive(store, "evt_20000", NOW + 20_000).outcome == "applied"
    assert list(replay(store, lambda *_: None)) == []


def test_an_interrupted_writer_leaves_every_caller_a_result(
    store: SqlStore,
    database: Database,
    connect: Callable[[], sqlite3.Connection],
    monkeypatch: pytest.MonkeyPatch,
):
    step = store.system.step

    def interrupted(trigger: Any, load: Any) -> Any:
        if trigger.causation_id == "evt_stop":
            raise KeyboardInterrupt
        return step(trigger, load)

    monkeypatch.setattr(store.system, "step", interrupted)

    def wait(name: str, number: int) -> Outcome:
        try:
            return name, receive(store, name, NOW + number, f"fca_{number % 3}").outcome
        except StoreUnavailableError as error:
            return name, str(error)
        except KeyboardInterrupt:
            # The writing thread is interrupted while it carries out all units.
            return name, "interrupted"

    names = ["evt_0", "evt_1", "evt_stop", "evt_3", "evt_4"]
    with held_up(connect, store, queued=4):
        outcomes = dict(
            at_once([[lambda n=n, name=name: wait(name, n)] for n, name in enumerate(names)])
        )
    stopped = "SQLite: the thread that wrote was interrupted"
    assert set(outcomes.values()) <= {"applied", "interrupted", stopped}
    assert list(outcomes.values()).count("interrupted") == 1
    applied = {name for name, outcome in outcomes.items() if outcome == "applied"}
    assert "evt_stop" not in applied
    assert {row["id"] for row in database.contents()["inbox"]} == applied
    monkeypatch.undo()
    for number, name in enumerate(names):
        receive(store, name, NOW + number, f"fca_{number % 3}")
    assert {row["id"] for row in database.contents()["inbox"]} == set(names)
    assert list(replay(store, lambda *_: None)) == []
