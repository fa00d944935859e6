"""The decisions of a story: those of the journals, each as it was, by what caused it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from relink.adapters.store import History, MemoryStore
from relink.adapters.story.machines import journals_of
from relink.adapters.story.merge import merged
from relink.adapters.story.recalled import recalled
from relink.engine import Address, Delivery, Step
from relink.machines import relink_system

from ..profile import examples
from ..rig import Rig
from ..store.life import HISTORY, Life, new_mark

DAY = 24 * 60 * 60


@pytest.fixture
def rig():
    with Rig() as made:
        yield made


def of_steps(steps: list[Step]) -> list[Delivery]:
    return [delivery for step in steps for delivery in step.deliveries]


def everything(rig: Rig) -> None:
    """A long history of one customer: broken, failed, replaced, announced, charged."""
    account = rig.broken()
    session = rig.service.request_relink(account)
    rig.sim.customer(session.id).choose_new()
    rig.settle()
    session = rig.service.request_relink(account)
    rig.sim.customer(session.id).choose_new()
    rig.settle()
    rig.advance(3 * DAY)


def test_each_message_is_told_whole_and_once(rig: Rig) -> None:
    everything(rig)
    decided: dict[str, list[Delivery]] = {}
    for each in of_steps(rig.steps):
        decided.setdefault(each.decision.trigger.causation_id, []).append(each)
    history = rig.store.histories(None, 10_000)
    told = list(merged([list(recalled(rig.store.system, each)) for each in history]))
    assert [cause.at for cause in told] == sorted(cause.at for cause in told)
    found = {
        cause.id: [Delivery(entry.address, decision) for entry, decision, _ in cause.decisions]
        for cause in told
    }
    assert sum(map(len, found.values())) > 100
    assert found.keys() == decided.keys()
    for id, deliveries in decided.items():
        assert in_order(found[id]) == in_order(deliveries)


def in_order(deliveries: list[Delivery]) -> list[Delivery]:
    return sorted(deliveries, key=lambda each: (each.address, each.decision.before.version))


def test_a_decision_follows_the_one_that_sent_its_event(rig: Rig) -> None:
    everything(rig)
    history = rig.store.histories(None, 10_000)
    for cause in merged([list(recalled(rig.store.system, each)) for each in history]):
        seen: set[Address] = set()
        assert cause.decisions[0].sender is None
        for entry, _, sender in cause.decisions:
            assert sender is None or sender in seen
            seen.add(entry.address)


@given(HISTORY)
@settings(max_examples=examples(60))
def test_recalled_decisions_are_those_of_the_journal(history) -> None:
    store = MemoryStore(relink_system())
    life = Life(store, new_mark())
    life.live(history)
    for each in store.histories(None, 10_000):
        for entry, decision in recalled(store.system, each):
            assert (decision.before.state, decision.state) == (entry.from_state, entry.to_state)
            assert decision.guards == entry.guards
            assert decision.outcome == entry.outcome
            assert set(decision.changes) == set(entry.changes)


@given(HISTORY)
@settings(max_examples=examples(60))
def test_each_machine_is_told_in_the_order_of_its_versions(history) -> None:
    store = MemoryStore(relink_system())
    life = Life(store, new_mark())
    life.live(history)
    accounts = [snapshot.facts.id for snapshot in store.accounts()]
    versions: dict[Address, list[int]] = {}
    ids = set()
    for cause in merged(journals_of(store, accounts)):
        assert cause.id not in ids
        ids.add(cause.id)
        for entry, _, _ in cause.decisions:
            assert entry.causation_id == cause.id
            versions.setdefault(entry.address, []).append(entry.version)
    assert all(each == sorted(each) for each in versions.values())
    for account in accounts:
        whole = store.journal(Address("account", account))
        assert versions[Address("account", account)] == [entry.version for entry in whole]


def test_what_an_older_chart_decided_is_told_as_the_journal_says(rig: Rig) -> None:
    account = rig.broken()
    found = rig.store.history(Address("account", account))
    assert found is not None
    entries = [replace(entry, chart="of another release") for entry in found.entries]
    # The older chart knew a state in which the present one does not end here.
    entries[1] = replace(entries[1], to_state="inactive_unrepairable", outcome="moved")
    older = History(found.address, found.snapshot, found.checkpoint, entries)
    told = [decision for _, decision in recalled(rig.store.system, older)]
    assert told[1].state == "inactive_unrepairable"
    assert told[1].commands == ()
    assert [decision.state for decision in told[2:]] == [entry.to_state for entry in entries[2:]]


def test_what_is_left_of_a_journal_is_told_from_its_checkpoint(rig: Rig) -> None:
    account = rig.broken()
    rig.advance(400 * DAY)
    rig.service.refresh(account)
    rig.settle()
    whole = rig.store.history(Address("account", account))
    while rig.store.delete_before(rig.now - DAY, 100)["journal"]:
        pass
    left = rig.store.history(Address("account", account))
    assert whole is not None
    assert left is not None
    assert left.checkpoint is not None
    assert 0 < len(left.entries) < len(whole.entries)
    expected = list(recalled(rig.store.system, whole))[-len(left.entries) :]
    assert list(recalled(rig.store.system, left)) == expected


def test_what_is_shared_is_told_only_where_it_concerns_the_account(rig: Rig) -> None:
    first = rig.linked()
    login = rig.sim.world.accounts[first].authorization
    assert login is not None
    holder = rig.service.account(first).snapshot.facts.holder
    assert holder is not None
    second = rig.sim.link_account(holder.id, authorization=login.id).id
    rig.settle()
    rig.sim.advance(60)
    rig.sim.bank.expire_consent(login.id)
    rig.settle()
    told = [
        decision.trigger for journal in journals_of(rig.store, [first]) for _, decision in journal
    ]
    named = {getattr(event, "account", None) or getattr(event, "subject", None) for event in told}
    assert first in named
    assert second not in named
