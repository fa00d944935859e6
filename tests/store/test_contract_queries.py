"""What every store promises about searching accounts, replay and retention."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relink.adapters.store import MemoryStore, Store, retention
from relink.adapters.store.replay import replay
from relink.adapters.store.retention import DAY, SHORTEST, prune
from relink.engine import Address, Snapshot
from relink.machines import relink_system
from relink.machines.account.facts import AccountFacts
from relink.machines.report import Holder

from .contents import contents
from .crowd import Outcome, at_once
from .life import HISTORY, Life, new_mark
from .messages import ACCOUNT, ACTIVE, INACTIVE, NOW, message, receive, reported

on_one_store = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


# Histories of hundreds of messages take minutes in own tables on PostgreSQL, and the other contract
# tests run there.
pytestmark = pytest.mark.parametrize(
    "new_store", ["memory", "sqlite", "postgres", "django", "sqlalchemy"], indirect=True
)


@pytest.fixture
def store(any_store: Store) -> Store:
    return any_store


# ── accounts ─────────────────────────────────────────────────────────────────

HOLDERS = [
    Holder(field="customer", id="cus_1"),
    Holder(field="customer_account", id="cus_2"),
    Holder(field="account", id="acct_1"),
    None,
]
AUTHORIZATIONS = ["fcauth_1", "fcauth_2", "fcauth_3", None]
INSTITUTIONS = ["StripeBank", "O'Hare & Söhne", None]
REPORTS: list[dict[str, Any]] = [
    ACTIVE,
    INACTIVE,
    {"action": "none"},
    {"status": "disconnected"},
]
COUNT = 60

Accounts = list[Snapshot[AccountFacts]]


@pytest.fixture
def accounts(store: Store) -> Accounts:
    """Many accounts of all kinds, each changed once, in the order of their ids."""
    ids = [f"fca_{number * 7919 % 1000:03}" for number in range(COUNT)]
    for later in (0, 60):
        reports = [
            reported(
                f"evt_{later}",
                NOW + later,
                account,
                holder=HOLDERS[(number + later) % 4],
                authorization=AUTHORIZATIONS[(number // 4 + later) % 4],
                institution_name=INSTITUTIONS[(number + later) % 3],
                **REPORTS[(number // 3 + later) % 4],
            )
            for number, account in enumerate(ids)
        ]
        store.apply(message(f"evt_{later}"), reports)
    return [store.snapshot(Address("account", account)) for account in sorted(ids)]


def matches(account: Snapshot[AccountFacts], **wanted: str | None) -> bool:
    facts = account.facts
    found = {
        "state": account.state,
        "holder": facts.holder and facts.holder.id,
        "authorization": facts.authorization,
        "institution": facts.institution_name,
    }
    return all(value is None or found[name] == value for name, value in wanted.items())


STATES = ["active", "inactive_relinkable", "inactive_unrepairable", "disconnected", "relinking"]


@on_one_store
@given(
    state=st.sampled_from([*STATES, None]),
    holder=st.sampled_from(["cus_1", "cus_2", "acct_1", "cus_none", None]),
    authorization=st.sampled_from(AUTHORIZATIONS),
    institution=st.sampled_from(INSTITUTIONS),
    after=st.sampled_from(["", "fca_3", "fca_500", "fca_999", None]),
    limit=st.sampled_from([1, 7, 1000]),
)
def test_accounts_are_found_by_any_filters(
    store: Store, accounts: Accounts, after, limit, **wanted
):
    expected = [a for a in accounts if matches(a, **wanted) and a.facts.id > (after or "")]
    assert store.accounts(**wanted, after=after, limit=limit) == expected[:limit]


@pytest.mark.parametrize("size", [1, 7, COUNT, 100])
def test_each_account_is_on_one_page(store: Store, accounts: Accounts, size: int):
    found: Accounts = []
    while page := store.accounts(after=found[-1].facts.id if found else None, limit=size):
        assert len(page) <= size
        found += page
    assert found == accounts


def test_accounts_are_counted_by_state(store: Store, accounts: Accounts):
    assert store.count_by_state() == Counter(account.state for account in accounts)
    assert len(store.count_by_state()) >= 4


def test_an_account_is_found_by_its_present_values_only(store: Store):
    receive(store, "evt_1", NOW, institution_name="Old Bank")
    changed = {"authorization": "fcauth_2", "institution_name": "New Bank", **ACTIVE}
    receive(store, "evt_2", NOW + 60, **changed)
    assert store.accounts(authorization="fcauth_1") == []
    assert store.accounts(institution="Old Bank") == []
    assert store.accounts(state="inactive_relinkable") == []
    (found,) = store.accounts(authorization="fcauth_2", institution="New Bank", state="active")
    assert found == store.snapshot(ACCOUNT)


# ── replay ───────────────────────────────────────────────────────────────────


@on_one_store
@given(history=HISTORY)
def test_replaying_a_journal_gives_the_stored_snapshot(store: Store, history):
    life = Life(store, new_mark())
    life.live(history)
    for address, snapshot in life.machines.items():
        assert store.snapshot(address) == snapshot
        entries = store.journal(address)
        assert life.system.replay(address, [entry.event for entry in entries]) == snapshot
        assert [entry.version for entry in entries] == list(range(1, snapshot.version + 1))


@on_one_store
@given(history=HISTORY)
def test_every_store_holds_the_same_as_the_one_in_memory(store: Store, history):
    mark = new_mark()
    stored, remembered = Life(store, mark), Life(MemoryStore(relink_system()), mark)
    stored.live(history)
    remembered.live(history)
    assert stored.waiting() == remembered.waiting()
    for address in remembered.machines:
        for look in ("snapshot", "connected_account", "journal"):
            assert getattr(store, look)(address) == getattr(remembered.store, look)(address)


def test_replay_visits_every_machine(store: Store):
    for number, report in enumerate([*REPORTS, *REPORTS]):
        receive(store, f"evt_{number}", NOW + number, f"fca_{number % 3}", **report)
    progress: list[tuple[int, int]] = []
    assert list(replay(store, lambda done, total: progress.append((done, total)))) == []
    assert progress[-1] == (store.count_machines(), store.count_machines())


# ── retention ────────────────────────────────────────────────────────────────

KEPT = 100 * DAY
NOTHING = {"inbox": 0, "journal": 0, "outbox": 0}


@pytest.fixture
def lived(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two accounts fail and work again every ten days up to now; slices are small."""
    monkeypatch.setattr(retention, "SLICE", 7)
    for number, days in enumerate(range(200, 0, -10)):
        at = NOW - days * DAY
        for account in ("fca_1", "fca_2"):
            report = {} if number % 2 else ACTIVE
            receive(store, f"evt_{account}_{number}", at, account, **report)
        for which, due in enumerate(store.due_commands(at, 99)):
            store.answer(due, [], at, failed=which > 0)
    return store


def prune_all(store: Store, now: float = NOW) -> dict[str, int]:
    """Prune slice by slice; returns the number of deleted rows."""
    deleted = dict(NOTHING)
    while (slice_ := prune(store, now, KEPT)) != NOTHING:
        assert max(slice_.values()) <= 7
        deleted = {table: deleted[table] + count for table, count in slice_.items()}
    return deleted


def test_pruning_deletes_old_journal_entries_and_messages(lived: Store):
    before = contents(lived)
    entries = [entry for each in before["histories"] for entry in each.entries]
    deleted = prune_all(lived)
    kept = [entry for each in contents(lived)["histories"] for entry in each.entries]
    assert kept == [entry for entry in entries if entry.at >= NOW - KEPT]
    assert deleted["journal"] == len(entries) - len(kept)
    assert min(deleted.values()) > 0
    histories = contents(lived)["histories"]
    assert any(each.checkpoint for each in histories)
    assert [lived.history(each.address) for each in histories] == histories
    assert contents(lived)["accounts"] == before["accounts"]
    assert receive(lived, "evt_fca_1_0", NOW - 1).outcome == "applied"
    assert receive(lived, "evt_fca_1_19", NOW).outcome == "duplicate"


def test_after_each_slice_the_journal_leads_to_the_snapshots(lived: Store):
    while prune(lived, NOW, KEPT) != NOTHING:
        assert list(replay(lived, lambda *_: None)) == []


def test_the_journal_leads_to_the_snapshots_as_messages_and_pruning_alternate(lived: Store):
    entries = len(lived.journal(ACCOUNT))
    for now in (NOW, NOW + 30 * DAY, NOW + 60 * DAY, NOW + KEPT + DAY):
        prune_all(lived, now)
        assert list(replay(lived, lambda *_: None)) == []
        receive(lived, f"evt_{now}", int(now))
        assert list(replay(lived, lambda *_: None)) == []
    kept = lived.journal(ACCOUNT)
    assert 0 < len(kept) < entries
    assert kept[-1].version == lived.snapshot(ACCOUNT).version


def test_due_commands_and_dead_letters_are_kept_however_old(lived: Store):
    due, letters = lived.due_commands(9e9, 999), lived.dead_letters(999)
    prune_all(lived, NOW + 10_000 * DAY)
    assert lived.due_commands(9e9, 999) == due
    assert lived.dead_letters(999) == letters
    assert lived.journal(ACCOUNT) == []


def test_several_threads_may_prune_at_once(lived: Store):
    def work() -> Outcome:
        prune_all(lived)
        return "", ""

    at_once([[work]] * 4)
    assert list(replay(lived, lambda *_: None)) == []
    assert lived.journal(ACCOUNT)[0].at >= NOW - KEPT


def test_a_retention_shorter_than_stripes_redelivery_is_refused(lived: Store):
    with pytest.raises(ValueError, match=r"at least 35 days \(3024000 s\), got 86400 s"):
        prune(lived, NOW, DAY)
    prune(lived, NOW, SHORTEST)
    assert receive(lived, "evt_fca_1_19", NOW).outcome == "duplicate"
