"""Each generation of the sweep reads every account without a recent report, once."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relink.adapters.runner import reconcile
from relink.adapters.simulator import Faults
from relink.adapters.store import InboxMessage, SqlStore
from relink.engine import Address
from relink.machines import RelinkPolicy, relink_system
from relink.machines.commands import RetrieveAccount
from relink.machines.events import AccountReported
from relink.machines.report import StatusReport

from ..profile import examples
from .embedding import Embedding

NOW = 1_760_000_000.0
PERIOD = 1000.0
ACTIVE = StatusReport(status="active", permissions=("payment_method",), subcategory="checking")


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = SqlStore(url, relink_system())
    yield opened
    opened.close()


def receive(
    store: SqlStore,
    account: str,
    at: float,
    report: StatusReport = ACTIVE,
    on_behalf_of: str | None = None,
):
    causation_id = f"evt_{account}_{at}"
    told = AccountReported(
        causation_id=causation_id, at=at, account=account, as_of=int(at), read=False, report=report
    )
    store.apply(InboxMessage(causation_id, "test", int(at), at, on_behalf_of), [told])


def reads(store: SqlStore) -> Counter[str]:
    """How often the sweep asked for a read, by account."""
    found = store.due_commands(float("inf"), 10_000)
    return Counter(
        due.command.account
        for due in found
        if isinstance(due.command, RetrieveAccount) and due.causation_id.startswith("reconcile:")
    )


def test_a_sweep_is_spread_over_its_period(store: SqlStore):
    accounts = [f"fca_{n}" for n in range(5)]
    for account in accounts:
        receive(store, account, NOW - PERIOD)
    assert reconcile(store, NOW, PERIOD) == 0
    for n, account in enumerate(accounts):
        assert reconcile(store, NOW + PERIOD / 5 * n, PERIOD) == 0
        assert reconcile(store, NOW + PERIOD / 5 * n + 1, PERIOD) == 1
        assert set(reads(store)) == {*accounts[:n], account}
    assert reconcile(store, NOW + PERIOD - 1, PERIOD) == 0


@settings(max_examples=examples(20))
@given(
    accounts=st.integers(0, 8),
    late=st.integers(0, 3),
    ticks=st.lists(st.floats(1, PERIOD / 2), min_size=1, max_size=25),
)
def test_each_sweep_reads_every_account_once_whenever_it_is_called(
    copy_database: Callable[[Path], str], accounts: int, late: int, ticks: list[float]
):
    with TemporaryDirectory() as folder:
        store = SqlStore(copy_database(Path(folder) / "relink.db"), relink_system())
        for n in range(accounts):
            receive(store, f"fca_{n}", NOW - PERIOD)
        began, now, asked = NOW, NOW, 0
        reconcile(store, now, PERIOD)
        for n in range(late):  # added while the sweep is under way
            receive(store, f"fca_0late{n}", NOW - PERIOD)
        for tick in ticks:
            now += tick
            asked += reconcile(store, now, PERIOD)
            if now >= began + PERIOD:
                break
            assert asked <= ceil(accounts * (now - began) / PERIOD)
        else:
            store.close()
            return
        # The sweep is over and has read every account; the next one reads them again.
        everyone = {f"fca_{n}" for n in range(accounts)}
        assert everyone <= set(reads(store))
        assert set(reads(store).values()) <= {1}
        for _ in range(30):
            now += PERIOD / 10
            reconcile(store, now, PERIOD)
        found = reads(store)
        assert set(found) == everyone | {f"fca_0late{n}" for n in range(late)}
        assert max(found.values(), default=2) - min(found.values(), default=2) <= 1
        store.close()


def test_accounts_with_a_recent_report_and_disconnected_ones_are_not_read(store: SqlStore):
    receive(store, "fca_1", NOW - PERIOD - 1)
    receive(store, "fca_2", NOW + 10)
    receive(store, "fca_3", NOW - PERIOD - 1, StatusReport(status="disconnected"))
    reconcile(store, NOW, PERIOD)
    assert reconcile(store, NOW + PERIOD, PERIOD) == 1
    assert set(reads(store)) == {"fca_1"}


def test_repeating_an_interrupted_slice_asks_for_no_second_read(store: SqlStore):
    for n in range(4):
        receive(store, f"fca_{n}", NOW - PERIOD)
    reconcile(store, NOW, PERIOD)
    before = store.cursor("reconcile")
    assert before
    reconcile(store, NOW + PERIOD / 2, PERIOD)
    store.set_cursor("reconcile", before)  # as if it had not come so far
    reconcile(store, NOW + PERIOD, PERIOD)
    assert reads(store) == Counter(f"fca_{n}" for n in range(4))


def test_a_read_is_on_behalf_of_the_accounts_connected_account(store: SqlStore):
    receive(store, "fca_1", NOW - PERIOD, on_behalf_of="acct_1")
    policy = RelinkPolicy(attempts=7)
    reconcile(store, NOW, PERIOD, policy)
    reconcile(store, NOW + PERIOD, PERIOD, policy)
    (due,) = [
        due for due in store.due_commands(float("inf"), 10) if "reconcile" in due.causation_id
    ]
    assert due.connected_account == "acct_1"
    entry = store.journal(Address("account", "fca_1"))[-1]
    assert entry.event.policy == policy  # type: ignore[attr-defined]


def test_an_undecidable_account_does_not_hold_up_the_sweep(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    for n in range(3):
        receive(store, f"fca_{n}", NOW - PERIOD)
    apply = store.apply

    def broken(message: InboxMessage, events: tuple[AccountReported, ...]):
        if events[0].account == "fca_1":
            raise ZeroDivisionError
        return apply(message, events)

    monkeypatch.setattr(store, "apply", broken)
    reconcile(store, NOW, PERIOD)
    assert reconcile(store, NOW + PERIOD, PERIOD) == 2
    assert "fca_1 could not be reconciled" in caplog.text


def test_the_sweep_makes_up_for_a_lost_webhook(at: Embedding):
    account = at.linked()
    login = at.sim.world.accounts[account].authorization
    assert login
    at.settle()
    at.sim.faults = Faults(lose=1.0)
    at.sim.bank.expire_consent(login.id)
    at.settle()
    assert at.state(account) == "active"
    at.sim.faults = Faults()
    for _ in range(3):
        at.sim.advance(PERIOD)
        reconcile(at.store, at.sim.now, PERIOD)
        at.settle(60)
    assert at.state(account) == "inactive_relinkable"
