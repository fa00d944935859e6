"""The database is down, full or busy: a clear error, nothing half done, and then recovery."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import TimeoutError

from relink.adapters.store import (
    Applied,
    InboxMessage,
    SqlStore,
    StoreUnavailableError,
    locate,
)
from relink.adapters.store.postgres import writer as postgres
from relink.adapters.store.replay import replay
from relink.engine import Event
from relink.machines import relink_system

from .database import Database
from .dying import watch_round_trips
from .kinds import on_postgres, on_sqlite
from .messages import ACCOUNT, ACTIVE, NOW, due_for, message, receive, reported

# ── PostgreSQL stops ─────────────────────────────────────────────────────────


class Writer(threading.Thread):
    """Delivers one message after the other, each again until it is answered.

    Args:
        store: the store.
        mark: part of the ids of its messages.
        on_loop: whether it runs on an event loop.
    """

    def __init__(self, store: SqlStore, mark: str, on_loop: bool) -> None:
        super().__init__(daemon=True)
        self._store = store
        self._mark = mark
        self._on_loop = on_loop
        self.outcomes: dict[str, str] = {}
        self.failures: list[str] = []
        self.enough = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            number = 0
            while not self.enough.is_set():
                name = f"evt_{self._mark}_{number}"
                said = ACTIVE if number % 2 else {}
                try:
                    report = reported(name, NOW + number, f"fca_{self._mark}", **said)
                    applied = self._apply(message(name, at=report.at), [report])
                except StoreUnavailableError as error:
                    self.failures.append(str(error))
                    time.sleep(0.01)
                else:
                    self.outcomes[name] = applied.outcome
                    number += 1
        except Exception as error:
            self.error = error

    def _apply(self, received: InboxMessage, events: list[Event]) -> Applied:
        if self._on_loop:
            return asyncio.run(self._store.apply_async(received, events))
        return self._store.apply(received, events)


def eventually(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until, f"still not true after 30 s: {what}"
        time.sleep(0.005)


def test_writers_recover_when_postgres_stops_and_starts(stoppable_postgres: Any):
    server = stoppable_postgres
    store, database = SqlStore(server.url, relink_system()), Database(server.url)
    writers = [Writer(store, str(number), on_loop=number % 2 == 0) for number in range(6)]
    for writer in writers:
        writer.start()

    def stand() -> list[int]:
        return [len(writer.outcomes) + 1000 * bool(writer.error) for writer in writers]

    for _ in range(2):
        before = stand()
        eventually(lambda b=before: all(n > m + 4 for n, m in zip(stand(), b, strict=True)), "work")
        failures = [len(writer.failures) for writer in writers]
        server.stop()
        eventually(
            lambda f=failures: all(len(w.failures) > n for w, n in zip(writers, f, strict=True)),
            "everybody has noticed",
        )
        for look in (
            lambda: store.snapshot(ACCOUNT),
            lambda: store.due_commands(9e9, 9),
            lambda: store.retry("any", NOW),
            store.check,
        ):
            with pytest.raises(StoreUnavailableError, match=r"\w"):
                look()
        server.start()
    before = stand()
    eventually(lambda: all(n > m + 4 for n, m in zip(stand(), before, strict=True)), "more work")
    for writer in writers:
        writer.enough.set()
    for writer in writers:
        writer.join()
    assert [writer.error for writer in writers] == [None] * len(writers)

    # A writer whose answer was lost delivered again, and the message was a duplicate then.
    outcomes = {name: said for writer in writers for name, said in writer.outcomes.items()}
    assert Counter(outcomes.values())["duplicate"] <= 2 * len(writers)
    contents = database.contents()
    assert {row["id"] for row in contents["inbox"]} == set(outcomes)
    told = {
        (row["causation_id"], row["key"])
        for row in contents["journal"]
        if row["machine"] == "account"
    }
    assert {cause for cause, _ in told} == set(outcomes)
    assert list(replay(store, lambda *_: None)) == []
    store.check()
    store.close()


# ── its connections end ──────────────────────────────────────────────────────


def idle(database: Database) -> bool:
    """Whether no transaction is open in it."""
    query = """SELECT pid FROM pg_stat_activity WHERE datname = current_database()
        AND pid != pg_backend_pid() AND state != 'idle'"""
    return not database.rows(query)


def terminate_others(database: Database) -> None:
    """End all connections to it."""
    database.rows(
        """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid != pg_backend_pid()"""
    )


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], object]], None]:
    """Calls something before, during and after each of the writer's round trips."""
    # To be put back when the test is over.
    monkeypatch.setattr(postgres, "send", postgres.send)
    return watch_round_trips


@on_postgres
@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_a_thread_recovers_when_its_connection_ends_within_a_transaction(
    store: SqlStore, database: Database, round_trips: Callable[..., None], moment: int
):
    receive(store, "evt_1")
    moments = count(1)

    def come(what: str) -> None:
        if what != "waits" and next(moments) == moment:
            terminate_others(database)

    round_trips(come)
    applied = receive(store, "evt_2", NOW + 60, **ACTIVE)
    # What was committed already is found to be there.
    assert applied.outcome == "applied"
    assert receive(store, "evt_2", NOW + 60, **ACTIVE).outcome == "duplicate"
    assert store.snapshot(ACCOUNT).state == "active"
    causes = [entry.causation_id for entry in store.journal(ACCOUNT)]
    assert causes.count("evt_2") >= 1
    assert list(replay(store, lambda *_: None)) == []


@on_postgres
def test_a_commit_whose_answer_was_lost_is_found_in_the_inbox(
    store: SqlStore, database: Database, round_trips: Callable[..., None]
):
    ends = count(1)

    def come(what: str) -> None:
        if what == "after" and next(ends) == 2:
            raise psycopg.OperationalError("the answer to the commit was lost")

    round_trips(come)
    assert receive(store, "evt_1").outcome == "duplicate"
    assert len(store.journal(ACCOUNT)) == store.snapshot(ACCOUNT).version
    assert [row["id"] for row in database.contents()["inbox"]] == ["evt_1"]


@on_postgres
def test_a_thread_gives_up_when_connections_keep_ending(
    store: SqlStore, database: Database, round_trips: Callable[..., None]
):
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    before = database.contents()
    round_trips(lambda what: terminate_others(database) if what == "before" else None)
    with pytest.raises(StoreUnavailableError, match="PostgreSQL: "):
        receive(store, "evt_2", NOW + 60, **ACTIVE)
    with pytest.raises(StoreUnavailableError, match="PostgreSQL: "):
        store.answer(prompt, [], NOW + 60)
    assert database.contents() == before


def test_an_unreachable_server_is_named_without_the_password():
    store = SqlStore("postgresql://me:hunter2@127.0.0.1:1/relink", relink_system())
    for call in (lambda: receive(store, "evt_1"), store.check, store.next_due_at):
        with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1") as refused:
            call()
        assert "hunter2" not in str(refused.value)
    store.close()


@on_postgres
@pytest.mark.parametrize("moment", [1, 2])
def test_an_interrupted_thread_leaves_all_or_nothing(
    store: SqlStore, database: Database, round_trips: Callable[..., None], moment: int
):
    receive(store, "evt_1")
    before = database.contents()
    begun: list[str] = []

    def come(what: str) -> None:
        begun.append(what)
        if what == "waits" and begun.count("before") == moment:
            begun.append("before")
            raise KeyboardInterrupt

    round_trips(come)
    with pytest.raises(KeyboardInterrupt):
        receive(store, "evt_2", NOW + 60, **ACTIVE)
    eventually(lambda: idle(database), "the server has noticed")
    contents = database.contents()
    # The commit may have been on its way.
    assert contents == before or (moment == 2 and "evt_2" in str(contents["inbox"]))
    assert receive(store, "evt_3", NOW + 60, **ACTIVE).outcome == "applied"
    assert list(replay(store, lambda *_: None)) == []


# ── all connections are in use ───────────────────────────────────────────────


def test_the_error_says_when_all_connections_are_in_use(store: SqlStore, database: Database):
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    before = database.contents()
    store.engine.pool._timeout = 0.02
    with ExitStack() as held:
        with suppress(TimeoutError):
            while True:
                held.enter_context(store.engine.connect())
        for call in (
            lambda: receive(store, "evt_2", NOW + 60, **ACTIVE),
            lambda: store.answer(prompt, [], NOW + 60),
            lambda: store.postpone(prompt, NOW + 60),
            store.check,
        ):
            with pytest.raises(StoreUnavailableError, match="connection"):
                call()
    assert database.contents() == before
    assert receive(store, "evt_2", NOW + 60, **ACTIVE).outcome == "applied"


def test_reads_failures_and_writes_can_share_a_connection(store: SqlStore):
    # Nothing that one of them leaves on a connection disturbs the others.
    not_from_outside = relink_system().step(reported("e"), lambda _: None).deliveries[0]
    for number in range(8):
        for _ in range(8):
            store.snapshot(ACCOUNT)
        with pytest.raises(TypeError, match="not an outside event"):
            store.apply(message("evt_bad"), [not_from_outside.decision.trigger])
        for due in store.due_commands(9e9, 2):
            store.postpone(due, NOW + 60)
        assert receive(store, f"evt_{number}", NOW + number).outcome == "applied"


# ── SQLite is full, or busy ──────────────────────────────────────────────────


@contextmanager
def room(store: SqlStore, pages: int) -> Iterator[None]:
    """Let the database grow by so many pages, and no more."""
    with store.engine.connect() as connection:
        (used,) = connection.exec_driver_sql("PRAGMA page_count").one()
        (most,) = connection.exec_driver_sql("PRAGMA max_page_count").one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {used + pages}")
    yield
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")


@on_sqlite
@pytest.mark.parametrize("pages", [0, 1, 2, 3, 5, 8])
def test_a_full_disk_refuses_writes_until_there_is_room(
    store: SqlStore, database: Database, pages: int
):
    receive(store, "evt_0")
    prompt = due_for(store, "notify_customer")
    with room(store, pages):
        for number in range(1, 200):
            before = database.contents()
            try:
                receive(store, f"evt_{number}", NOW + number, f"fca_{number}")
            except StoreUnavailableError:
                break
        assert database.contents() == before
        # What needs room is refused, again and again, and reading goes on.
        with pytest.raises(StoreUnavailableError, match="full"):
            receive(store, f"evt_{number}", NOW + number, f"fca_{number}")
        assert store.snapshot(ACCOUNT) is not None
        assert database.contents() == before
    assert receive(store, f"evt_{number}", NOW + number, f"fca_{number}").outcome == "applied"
    assert store.answer(prompt, [], NOW + 300).outcome == "applied"
    assert list(replay(store, lambda *_: None)) == []


HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@on_sqlite
def test_a_lock_held_by_another_process_makes_the_store_unavailable(url: str, database: Database):
    store = SqlStore(locate(url, timeout=0.1), relink_system())
    receive(store, "evt_1")
    prompt = due_for(store, "notify_customer")
    before = database.contents()
    path = database.url.removeprefix("sqlite:///")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    for change in (
        lambda: receive(store, "evt_2", NOW + 60, **ACTIVE),
        lambda: store.answer(prompt, [], NOW + 60),
        lambda: store.postpone(prompt, NOW + 60),
    ):
        with pytest.raises(StoreUnavailableError, match="locked"):
            change()
    # Who reads does not wait.
    assert store.snapshot(ACCOUNT).state == "inactive_relinkable"
    assert store.due_command(prompt.id) == prompt
    assert database.contents() == before
    holder.communicate("\n", timeout=30)
    assert receive(store, "evt_2", NOW + 60, **ACTIVE).outcome == "applied"
    store.close()


@on_sqlite
def test_a_writer_waits_for_a_lock_that_is_soon_released(store: SqlStore, database: Database):
    other = sqlite3.connect(
        database.url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.2, other.rollback)
    release.start()
    assert receive(store, "evt_1").outcome == "applied"
    release.join()
    other.close()


def test_a_missing_folder_makes_the_store_unavailable(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path}/nowhere/relink.db", relink_system())
    for call in (lambda: receive(store, "evt_1"), store.check, store.next_due_at):
        with pytest.raises(StoreUnavailableError, match="unable to open"):
            call()


@on_sqlite
def test_sqlite_syncs_every_commit(store: SqlStore):
    with store.engine.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_another_database_is_refused_without_showing_its_password():
    with pytest.raises(ValueError, match="must be SQLite or PostgreSQL") as refused:
        SqlStore("mysql://me:hunter2@db/relink", relink_system())
    assert "hunter2" not in str(refused.value)
