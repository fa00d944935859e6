"""What a service looks for: accounts by what they have, counts, timers, and how far a walk is."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relink.adapters.store import SqlStore
from relink.engine import Address, Snapshot
from relink.machines.account.facts import AccountFacts
from relink.machines.commands import Wake
from relink.machines.report import Holder

from .database import Database
from .messages import BROKEN, NOW, WORKS, hear, message, reported

HOLDERS = [
    Holder(field="customer", id="cus_1"),
    Holder(field="customer_account", id="cus_2"),
    Holder(field="account", id="acct_1"),
    None,
]
AUTHORIZATIONS = ["fcauth_1", "fcauth_2", "fcauth_3", None]
INSTITUTIONS = ["StripeBank", "O'Hare & Söhne", None]
SAID: list[dict[str, Any]] = [WORKS, BROKEN, {"action": "none"}, {"status": "disconnected"}]
COUNT = 60

Accounts = list[Snapshot[AccountFacts]]


@pytest.fixture
def accounts(store: SqlStore) -> Accounts:
    """Many, of all kinds, in the order of their ids; what they have changed once."""
    ids = [f"fca_{number * 7919 % 1000:03}" for number in range(COUNT)]
    for later in (0, 60):
        words = [
            reported(
                f"evt_{later}",
                NOW + later,
                account,
                holder=HOLDERS[(number + later) % 4],
                authorization=AUTHORIZATIONS[(number // 4 + later) % 4],
                institution_name=INSTITUTIONS[(number + later) % 3],
                **SAID[(number // 3 + later) % 4],
            )
            for number, account in enumerate(ids)
        ]
        store.apply(message(f"evt_{later}"), words)
    return [store.snapshot(Address("account", account)) for account in sorted(ids)]


def fits(account: Snapshot[AccountFacts], **wanted: str | None) -> bool:
    """What the store is asked to find, said plainly."""
    facts = account.facts
    has = {
        "state": account.state,
        "holder": facts.holder and facts.holder.id,
        "authorization": facts.authorization,
        "institution": facts.institution_name,
    }
    return all(value is None or has[name] == value for name, value in wanted.items())


STATES = ["active", "inactive_relinkable", "inactive_unrepairable", "disconnected", "relinking"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    state=st.sampled_from([*STATES, None]),
    holder=st.sampled_from(["cus_1", "cus_2", "acct_1", "cus_none", None]),
    authorization=st.sampled_from(AUTHORIZATIONS),
    institution=st.sampled_from(INSTITUTIONS),
    after=st.sampled_from(["", "fca_3", "fca_500", "fca_999", None]),
    limit=st.sampled_from([1, 7, 1000]),
)
def test_accounts_by_anything(store: SqlStore, accounts: Accounts, after, limit, **wanted):
    expected = [a for a in accounts if fits(a, **wanted) and a.facts.id > (after or "")]
    assert store.accounts(**wanted, after=after, limit=limit) == expected[:limit]


@pytest.mark.parametrize("size", [1, 7, COUNT, 100])
def test_page_by_page_each_comes_once(store: SqlStore, accounts: Accounts, size: int):
    found: Accounts = []
    while page := store.accounts(after=found[-1].facts.id if found else None, limit=size):
        assert len(page) <= size
        found += page
    assert found == accounts


def test_accounts_by_state_are_counted(store: SqlStore, accounts: Accounts):
    assert store.count_by_state() == Counter(account.state for account in accounts)
    assert len(store.count_by_state()) >= 4


def test_an_account_is_found_by_what_it_has_now(store: SqlStore):
    hear(store, "evt_1", NOW, institution_name="Old Bank")
    hear(store, "evt_2", NOW + 60, authorization="fcauth_2", institution_name="New Bank", **WORKS)
    assert store.accounts(authorization="fcauth_1") == []
    assert store.accounts(institution="Old Bank") == []
    assert store.accounts(state="inactive_relinkable") == []
    (found,) = store.accounts(authorization="fcauth_2", institution="New Bank", state="active")
    assert found == store.snapshot(Address("account", "fca_1"))


def test_timers_come_next_one_first(store: SqlStore):
    for number in range(3):
        login = f"fcauth_{number}"
        hear(store, f"evt_{number}", NOW + 10 - number, f"fca_{number}", authorization=login)
    timers = store.timers()
    assert len(timers) >= 3
    assert all(isinstance(timer.command, Wake) for timer in timers)
    assert [timer.due_at for timer in timers] == sorted(timer.due_at for timer in timers)
    assert store.timers(limit=2) == timers[:2]
    store.answer(timers[0], [], timers[0].due_at)
    assert store.timers() == timers[1:]


def test_the_next_due_time_is_that_of_what_waits_longest(store: SqlStore):
    assert store.next_due_at() is None
    hear(store, "evt_1")
    assert store.next_due_at() == NOW
    for due in store.due_commands(NOW, 99):
        store.postpone(due, NOW + 500.25)
    assert store.next_due_at() == NOW + 500.25
    for due in store.due_commands(9e9, 99):
        store.answer(due, [], NOW)
    assert store.next_due_at() is None


def test_dead_letters_come_latest_first(store: SqlStore):
    hear(store, "evt_1")
    due = store.due_commands(9e9, 99)
    for number, each in enumerate(due):
        store.answer(each, [], NOW + number, failed=True, error=f"reason {number}")
    letters = store.dead_letters()
    assert [letter.id for letter in letters] == [each.id for each in reversed(due)]
    assert letters[0].error == f"reason {len(due) - 1}"
    assert store.dead_letters(limit=2) == letters[:2]
    assert store.count_dead_letters() == len(due)


def test_a_journal_is_read_in_parts(store: SqlStore):
    for number in range(6):
        hear(store, f"evt_{number}", NOW + number, **(WORKS if number % 2 else {}))
    address = Address("account", "fca_1")
    entries = store.journal(address)
    assert store.journal(address, after=2, limit=3) == entries[2:5]
    assert store.journal(address, after=len(entries)) == []
    assert store.journal(Address("account", "fca_unknown")) == []


def test_how_far_a_walk_is(store: SqlStore, open_store: Callable[[], SqlStore]):
    assert store.cursor("reading") is None
    for value in ({"after": "fca_1"}, {"after": None, "begun_at": 1.5}):
        store.set_cursor("reading", value)
        assert open_store().cursor("reading") == value
    assert store.cursor("another") is None


PLANS = {
    "accounts by state": "SELECT id FROM accounts WHERE state = 's' AND id > 'a' ORDER BY id",
    "accounts by holder": "SELECT id FROM accounts WHERE holder = 'h' AND id > 'a' ORDER BY id",
    "accounts by bank": "SELECT id FROM accounts WHERE institution = 'i' ORDER BY id",
    "what is due": "SELECT id FROM outbox WHERE status = 'due' AND due_at <= 1 ORDER BY due_at",
    "the next": "SELECT min(due_at) FROM outbox WHERE status = 'due'",
    "dead letters": "SELECT id FROM outbox WHERE status = 'failed' ORDER BY finished_at DESC",
    "old answers": "SELECT id FROM outbox WHERE status = 'done' AND finished_at < 1",
    "old arrivals": "SELECT id FROM inbox WHERE received_at < 1",
    "a journal": "SELECT * FROM journal WHERE machine = 'm' AND key = 'k' ORDER BY version",
}


def test_an_index_serves(database: Database):
    explain = "EXPLAIN" if database.is_postgres else "EXPLAIN QUERY PLAN"
    with database.engine.connect() as connection:
        if database.is_postgres:
            # The tables are empty, where nothing is as fast as to read them whole.
            connection.exec_driver_sql("SET enable_seqscan = off")
            connection.exec_driver_sql("SET enable_sort = off")
        for what, query in PLANS.items():
            rows = connection.exec_driver_sql(f"{explain} {query}").fetchall()
            plan = "\n".join(str(row) for row in rows).lower()
            assert "index" in plan, what
            for slow in ("seq scan", "sort", "temp b-tree"):
                assert slow not in plan, what


def test_an_account_that_can_not_be_read_is_left_out_and_cuts_no_page_short(
    store: SqlStore, database: Database, accounts: Accounts
):
    broken = [account.facts.id for account in accounts[3:5]]
    for account in broken:
        database.change(
            """UPDATE snapshots SET facts = '{"attempt": "many"}'
            WHERE machine = 'account' AND key = :key""",
            key=account,
        )
    readable = [account for account in accounts if account.facts.id not in broken]
    assert store.accounts(limit=10) == readable[:10]
    assert store.accounts(after=accounts[3].facts.id, limit=COUNT) == readable[3:]
