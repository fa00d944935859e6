"""What every store promises about messages, machines and journals."""

import asyncio
from collections.abc import Callable
from itertools import groupby

import pytest

from relink.adapters.store import Applied, InboxMessage, Store, TableStore, UnstorableError
from relink.adapters.store.replay import replay
from relink.engine import Address
from relink.machines import relink_system
from relink.machines.events import BillingNameGiven
from relink.machines.reasons import ACTIVE_AFTER_DISCONNECTED

from .contents import contents
from .crowd import Outcome, at_once
from .messages import ACCOUNT, ACTIVE, NOW, message, receive, reported


@pytest.fixture
def store(any_store: Store) -> Store:
    return any_store


def undecidable() -> object:
    """An event between machines, which no message may bring."""
    step = relink_system().step(reported("e"), lambda _: None)
    return step.deliveries[0].decision.trigger


def test_a_message_changes_snapshots_journal_and_outbox_together(store: Store):
    assert store.snapshot(ACCOUNT) is None
    applied = store.apply(message("evt_1", connected_account="acct_1"), [reported("evt_1")])
    assert applied.outcome == "applied"
    (step,) = applied.steps
    for address, snapshot in step.snapshots.items():
        assert store.snapshot(address) == snapshot
    assert store.snapshot(ACCOUNT).state == "inactive_relinkable"
    assert store.connected_account(ACCOUNT) == "acct_1"
    assert store.count_machines() == len(step.snapshots)

    due = {each.command: each for each in store.due_commands(NOW + 10**9, limit=99)}
    assert set(due) == set(step.commands)
    assert {(c.causation_id, c.connected_account, c.attempts) for c in due.values()} == {
        ("evt_1", "acct_1", 0)
    }
    asked = [c.id for d in step.deliveries for c in d.decision.commands if c in due]
    written = [id for a in step.snapshots for entry in store.journal(a) for id in entry.commands]
    assert sorted(asked) == sorted(written)


def test_a_journal_entry_holds_the_decision(store: Store):
    (step,) = receive(store, "evt_1").steps
    told = [d.decision for d in step.deliveries if d.address == ACCOUNT]
    entry, *more = store.journal(ACCOUNT)
    assert len(more) == len(told) - 1
    decision = told[0]
    assert (entry.address, entry.causation_id, entry.at) == (ACCOUNT, "evt_1", NOW)
    assert entry.event == decision.trigger
    assert type(entry.event) is type(decision.trigger)
    assert (entry.version, entry.outcome) == (decision.snapshot.version, "moved")
    assert (entry.from_state, entry.to_state) == (decision.before.state, "inactive_relinkable")
    assert (entry.transition, entry.guards) == (decision.transition, decision.guards)
    assert (entry.reason, entry.anomaly) == (None, False)
    assert entry.changes["reported_status"] == (None, "relinkable")
    assert entry.changes["holder"] == (None, {"field": "customer", "id": "cus_1"})


def test_a_journal_entry_of_an_ignored_event_holds_the_code_of_the_reason(store: Store):
    receive(store, "evt_1", status="disconnected")
    receive(store, "evt_2", NOW + 60, **ACTIVE)
    first, *_, last = store.journal(ACCOUNT)
    assert (first.reason, last.reason) == (None, ACTIVE_AFTER_DISCONNECTED.code)


def test_a_duplicate_message_changes_nothing(store: Store):
    receive(store, "evt_1")
    before = contents(store)
    again = store.apply(message("evt_1", at=9e9), [reported("evt_1", **ACTIVE)])
    assert again == Applied("duplicate")
    assert contents(store) == before


def test_a_message_without_events_is_remembered(store: Store):
    assert store.apply(message("evt_1"), []).outcome == "applied"
    assert store.apply(message("evt_1"), []).outcome == "duplicate"


def test_events_of_one_message_are_decided_in_order(store: Store):
    both = [reported("evt_1"), reported("evt_1", as_of=NOW + 60, **ACTIVE)]
    first, second = store.apply(message("evt_1"), both).steps
    told = next(d.decision for d in second.deliveries if d.address == ACCOUNT)
    assert told.before == first.snapshots[ACCOUNT]
    assert store.snapshot(ACCOUNT).state == "active"
    states = [entry.to_state for entry in store.journal(ACCOUNT)]
    assert [state for state, _ in groupby(states)] == ["inactive_relinkable", "active"]


def test_a_message_that_cannot_be_decided_changes_nothing(store: Store):
    receive(store, "evt_0")
    before = contents(store)
    with pytest.raises(TypeError, match="not an outside event"):
        store.apply(message("evt_1"), [reported("evt_1", **ACTIVE), undecidable()])
    assert contents(store) == before
    assert receive(store, "evt_1").outcome == "applied"


def test_one_message_may_change_many_machines(store: Store):
    # In tables of one's own each machine takes a statement, so a tenth of them do.
    number = 30 if isinstance(store, TableStore) else 300
    accounts = [f"fca_{each:03}" for each in range(number)]
    began = [reported("evt_1", NOW, name, authorization=f"fcauth_{name}") for name in accounts]
    store.apply(message("evt_1"), began)
    active = [
        reported("evt_2", NOW + 60, name, authorization=f"fcauth_{name}", **ACTIVE)
        for name in accounts
    ]
    steps = store.apply(message("evt_2", at=NOW + 60), active).steps
    changed = {address: s for step in steps for address, s in step.snapshots.items()}
    assert len(changed) > 3 * number
    assert list(replay(store, lambda *_: None)) == []
    assert store.count_by_state() == {"active": len(accounts)}


def test_the_event_loop_applies_messages_as_threads_do(store: Store):
    async def run() -> list[Applied]:
        return [
            await store.apply_async(message("evt_1"), [reported("evt_1")]),
            await store.apply_async(message("evt_1"), [reported("evt_1")]),
        ]

    applied, again = asyncio.run(run())
    assert (applied.outcome, again.outcome) == ("applied", "duplicate")
    assert store.snapshot(ACCOUNT) == applied.steps[0].snapshots[ACCOUNT]


def test_threads_that_deliver_the_same_messages_apply_each_once(store: Store):
    def deliver(number: int) -> Outcome:
        id = f"evt_{number}"
        return id, receive(store, id, NOW + number, f"fca_{number % 3}").outcome

    works = [[lambda n=n: deliver(n) for n in range(10)] for _ in range(6)]
    outcomes = at_once(works)
    applied = [id for id, outcome in outcomes if outcome == "applied"]
    assert sorted(applied) == sorted(f"evt_{number}" for number in range(10))
    assert list(replay(store, lambda *_: None)) == []


def test_the_last_named_connected_account_of_a_machine_is_kept(store: Store):
    assert store.connected_account(ACCOUNT) is None
    for number, name in enumerate([None, "acct_1", None, "acct_2", None]):
        trigger = [reported(f"evt_{number}", as_of=NOW + number)]
        store.apply(message(f"evt_{number}", connected_account=name), trigger)
    assert store.connected_account(ACCOUNT) == "acct_2"
    assert store.connected_account(Address("account", "fca_unknown")) is None


def test_commands_are_on_behalf_of_the_connected_account_of_their_machines(store: Store):
    receive(store, "evt_1", **ACTIVE)
    store.apply(message("evt_2", connected_account="acct_1"), [reported("evt_2", NOW + 60)])
    receive(store, "evt_3", NOW + 120, **ACTIVE)
    receive(store, "evt_4", NOW + 180)
    asked = {due.causation_id: due.connected_account for due in store.due_commands(9e9, 99)}
    # The read that evt_3 asks for is due already.
    assert asked == {"evt_1": None, "evt_2": "acct_1", "evt_4": "acct_1"}


@pytest.mark.parametrize("text", ['O\'Hare & "Sons" \\ %s', "日本 — Zürich 🏦", "null", "{}\n"])
def test_any_text_is_read_back_unchanged(store: Store, text: str):
    receive(store, "evt_1", institution_name=text)
    snapshot = store.snapshot(ACCOUNT)
    assert snapshot.facts.institution_name == text
    assert store.accounts(institution=text) == [snapshot]
    assert store.journal(ACCOUNT)[0].event.report.institution_name == text


def test_the_journal_can_be_read_in_parts(store: Store):
    for number in range(6):
        receive(store, f"evt_{number}", NOW + number, **(ACTIVE if number % 2 else {}))
    entries = store.journal(ACCOUNT)
    assert [entry.version for entry in entries] == list(range(1, len(entries) + 1))
    assert store.journal(ACCOUNT, after=2, limit=3) == entries[2:5]
    assert store.journal(ACCOUNT, after=len(entries)) == []
    assert store.journal(Address("account", "fca_unknown")) == []


def test_the_journal_holds_no_billing_name(store: Store):
    named = BillingNameGiven(
        causation_id="req_1", at=float(NOW), account="fca_1", billing_name="Jenny Rosen"
    )
    store.apply(message("req_1"), [named])
    entries = store.journal(Address("build", "fca_1"))
    assert entries
    assert "Jenny" not in str(entries)


def test_histories_come_page_by_page_in_the_order_of_their_addresses(store: Store):
    for number in range(5):
        receive(store, f"evt_{number}", account=f"fca_{number}", authorization=f"fcauth_{number}")
    found = []
    while page := store.histories(found[-1].address if found else None, limit=3):
        assert len(page) <= 3
        found += page
    assert len(found) == store.count_machines()
    assert [each.address for each in found] == sorted(each.address for each in found)
    for each in found:
        assert each.snapshot == store.snapshot(each.address)
        assert each.entries == store.journal(each.address)
        assert each.checkpoint is None
        assert store.history(each.address) == each
    assert store.history(Address("account", "fca_unknown")) is None


def test_a_cursor_is_kept_by_its_name(store: Store):
    assert store.cursor("reading") is None
    for value in ({"after": "fca_1"}, {"after": None, "begun_at": 1.5}):
        store.set_cursor("reading", value)
        assert store.cursor("reading") == value
    assert store.cursor("another") is None


def test_a_new_store_is_ready_and_empty(new_store: Callable[..., Store]):
    store = new_store()
    store.check()
    assert store.system is relink_system()
    assert (store.count_machines(), store.count_by_state(), store.accounts()) == (0, {}, [])
    assert (store.due_commands(9e9, 9), store.timers(), store.dead_letters()) == ([], [], [])
    assert (store.next_due_at(), store.count_dead_letters(), store.defer_due(9e9)) == (None, 0, 0)


@pytest.mark.parametrize(
    ("id", "rule"),
    [("x" * 256, "1 to 255 characters, got 256"), ("", "1 to 255"), ("a\x00b", "NUL")],
)
def test_an_id_that_one_database_could_not_hold_is_refused_by_every_store(
    store: Store, id: str, rule: str
):
    with pytest.raises(UnstorableError, match=rule) as refused:
        store.apply(message(id), [reported("evt_1")])
    assert id not in str(refused.value) or not id
    with pytest.raises(UnstorableError, match=rule):
        receive(store, "evt_2", account=id)
    assert store.count_machines() == 0
    with pytest.raises(UnstorableError, match="64 bits"):
        store.apply(InboxMessage("evt_3", "test", 2**63, 1.0), [])


def test_the_longest_id_is_held_by_every_store(store: Store):
    account = "fca_" + "x" * 196
    assert receive(store, "e" * 255, account=account).outcome == "applied"
    assert store.snapshot(Address("account", account)) is not None
    assert store.due_commands(9e9, 99)
