"""Group commit on PostgreSQL: messages that wait together on an event loop share a transaction."""

import asyncio
from collections.abc import Callable

import pytest

from relink.adapters.store import Applied, SqlStore
from relink.adapters.store.postgres import group
from relink.adapters.store.postgres.writer import PostgresWriter
from relink.adapters.store.replay import replay
from relink.engine import Event

from .database import Database
from .desk import CODEC, Asked, desk_system
from .kinds import on_postgres
from .messages import NOW, message, receive, reported
from .test_async import receive_async
from .test_concurrency import assert_whole

pytestmark = on_postgres


@pytest.fixture(autouse=True)
def one_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first message is written, all others wait."""
    monkeypatch.setattr(group, "LANES", 1)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each transaction has."""
    found: list[int] = []
    write = PostgresWriter._write_together

    async def counted(self: PostgresWriter, units: list[object]) -> object:
        found.append(len(units))
        return await write(self, units)  # type: ignore[arg-type]

    monkeypatch.setattr(PostgresWriter, "_write_together", counted)
    return found


def with_connection(store: SqlStore) -> SqlStore:
    """The store, with a connection at hand for event loops."""
    asyncio.run(store.apply_async(message("evt_first"), []))
    asyncio.run(store.apply_async(message("evt_first"), []))
    return store


def test_messages_that_wait_together_share_a_transaction(
    store: SqlStore, database: Database, shared: list[int]
):
    with_connection(store)
    shared.clear()

    async def run() -> list[Applied]:
        return await asyncio.gather(
            *(receive_async(store, f"evt_{n}", n, f"fca_{n % 3}") for n in range(16))
        )

    assert {applied.outcome for applied in asyncio.run(run())} == {"applied"}
    assert shared == [16]
    assert_whole(store, database)


def test_the_same_message_within_a_transaction_is_applied_once(store: SqlStore, database: Database):
    with_connection(store)

    async def run() -> list[Applied]:
        return await asyncio.gather(*(receive_async(store, f"evt_{n % 3}", n) for n in range(12)))

    outcomes = [applied.outcome for applied in asyncio.run(run())]
    assert outcomes == ["applied"] * 3 + ["duplicate"] * 9
    assert_whole(store, database)


def test_an_undecidable_message_within_a_transaction_fails_alone(
    store: SqlStore, database: Database
):
    with_connection(store)

    async def run() -> list[Applied | BaseException]:
        bad = store.apply_async(message("evt_bad"), [reported("evt_bad"), Event()])
        good = [receive_async(store, f"evt_{n}", n) for n in range(6)]
        return await asyncio.gather(*good[:3], bad, *good[3:], return_exceptions=True)

    found = asyncio.run(run())
    assert [type(each) for each in found if isinstance(each, BaseException)] == [TypeError]
    arrived = {row["id"] for row in database.contents()["inbox"]}
    assert arrived == {"evt_first", *(f"evt_{n}" for n in range(6))}
    assert_whole(store, database)


def test_a_message_that_has_to_wait_for_others_does_so_alone(store: SqlStore, database: Database):
    with_connection(store)
    receive(store, "evt_locked", account="fca_locked", authorization="fcauth_locked")
    lock = "SELECT 1 FROM snapshots WHERE machine = 'account' AND key = 'fca_locked' FOR UPDATE"

    async def run(release: Callable[[], None]) -> list[str]:
        held = asyncio.ensure_future(
            receive_async(store, "evt_held", 1, "fca_locked", "fcauth_locked")
        )
        good = [receive_async(store, f"evt_{n}", n, f"fca_{n}", f"fcauth_{n}") for n in range(6)]
        outcomes = [applied.outcome for applied in await asyncio.gather(*good)]
        assert not held.done()
        release()
        return [*outcomes, (await held).outcome]

    with database.engine.connect() as connection:
        connection.exec_driver_sql(lock)
        assert asyncio.run(run(connection.rollback)) == ["applied"] * 7
    assert_whole(store, database)


def test_K10_of_the_versions_of_a_read_within_a_transaction_the_latest_counts(
    new_url: Callable[[], str],
):
    store = with_connection(SqlStore(new_url(), desk_system(), CODEC))

    async def run() -> None:
        asked = [Asked(afters=(NOW + 10 + number * 7 % 16,)) for number in range(16)]
        await asyncio.gather(
            *(store.apply_async(message(f"evt_{n}"), [each]) for n, each in enumerate(asked))
        )

    asyncio.run(run())
    (read,) = store.due_commands(9e9, 9)
    assert read.due_at == NOW + 25
    assert store.answer(read, [], NOW + 30).outcome == "applied"
    assert list(replay(store, lambda *_: None)) == []
    store.close()
