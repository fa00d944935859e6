"""What is old goes, and what is still needed stays."""

import pytest

from relink.adapters.store import SqlStore, retention
from relink.adapters.store.replay import replay
from relink.adapters.store.retention import DAY, SHORTEST, prune

from .crowd import Outcome, at_once
from .database import Database
from .messages import ACCOUNT, NOW, WORKS, hear

KEPT = 100 * DAY
ALL = {"inbox": 0, "journal": 0, "outbox": 0}


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SLICE", 7)


@pytest.fixture(autouse=True)
def lived(store: SqlStore) -> list[int]:
    """Two accounts break and work again every ten days, up to now; when."""
    times = [NOW - days * DAY for days in range(200, 0, -10)]
    for number, at in enumerate(times):
        said = {} if number % 2 else WORKS
        for account in ("fca_1", "fca_2"):
            hear(store, f"evt_{account}_{number}", at, account, **said)
        done, failed, *_ = store.due_commands(at, 99)
        store.answer(done, [], at)
        store.answer(failed, [], at, failed=True)
    return times


def prune_all(store: SqlStore, now: float = NOW) -> dict[str, int]:
    """Slice by slice; how many rows went."""
    gone = dict(ALL)
    while (slice_ := prune(store, now, KEPT)) != ALL:
        assert max(slice_.values()) <= 7
        gone = {table: gone[table] + count for table, count in slice_.items()}
    return gone


def test_what_is_old_goes(store: SqlStore, database: Database):
    before = database.contents()
    gone = prune_all(store)
    after = database.contents()
    old = NOW - KEPT
    assert after["inbox"] == [row for row in before["inbox"] if row["received_at"] >= old]
    assert after["journal"] == [row for row in before["journal"] if row["at"] >= old]
    assert after["outbox"] == [
        row for row in before["outbox"] if row["status"] != "done" or row["finished_at"] >= old
    ]
    assert after["snapshots"] == before["snapshots"]
    assert gone == {name: len(before[name]) - len(after[name]) for name in ALL}
    assert min(gone.values()) > 0


def test_the_journal_leads_to_the_snapshots_all_the_same(store: SqlStore, lived: list[int]):
    entries = len(store.journal(ACCOUNT))
    for now in (NOW, NOW + 30 * DAY, NOW + 60 * DAY, NOW + KEPT + DAY):
        prune_all(store, now)
        assert list(replay(store, lambda *_: None)) == []
        hear(store, f"evt_{now}", int(now))
        assert list(replay(store, lambda *_: None)) == []
    kept = store.journal(ACCOUNT)
    assert 0 < len(kept) < entries
    assert kept[-1].version == store.snapshot(ACCOUNT).version


def test_after_each_slice_the_journal_leads_there(store: SqlStore):
    while prune(store, NOW, KEPT) != ALL:
        assert list(replay(store, lambda *_: None)) == []


def test_what_is_due_or_a_dead_letter_stays_however_old(store: SqlStore):
    due, letters = store.due_commands(9e9, 999), store.dead_letters(999)
    prune_all(store, NOW + 10_000 * DAY)
    assert store.due_commands(9e9, 999) == due
    assert store.dead_letters(999) == letters
    assert store.journal(ACCOUNT) == []


def test_several_may_do_it_at_once(store: SqlStore):
    def work() -> Outcome:
        prune_all(store)
        return "", ""

    at_once([[work]] * 4)
    assert list(replay(store, lambda *_: None)) == []
    assert store.journal(ACCOUNT)[0].at >= NOW - KEPT


def test_what_stripe_can_send_again_must_be_known(store: SqlStore):
    with pytest.raises(ValueError, match="for 35 days, got 86400 s"):
        prune(store, NOW, DAY)
    prune(store, NOW, SHORTEST)
    assert hear(store, "evt_fca_1_19", NOW).outcome == "duplicate"
