"""Histories in which the service itself takes part: it opens sessions, and reads what is lost."""

from collections.abc import Iterator

import pytest

from relink.adapters.runner.reconcile import reconcile

from ..rig import Rig

DAY = 24 * 60 * 60


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Rig() as running:
        yield running


@pytest.mark.parametrize("status", ["expired", "pending"])
def test_R2_asking_again_after_an_unknown_end_opens_another_session(rig: Rig, status: str) -> None:
    account = rig.broken()
    first = rig.service.request_relink(account).id
    rig.sim.world.sessions[first].status = status
    rig.advance(1.5 * DAY)
    assert rig.state(first, "session") == "abandoned"
    assert rig.state(account) == "inactive_relinkable"
    second = rig.service.request_relink(account)
    assert second.is_new
    assert second.id != first


def test_R1_asking_again_before_the_deadline_gives_the_same_session(rig: Rig) -> None:
    account = rig.broken()
    first = rig.service.request_relink(account)
    again = rig.service.request_relink(account)
    assert (again.id, again.is_new) == (first.id, False)


def test_R1_a_session_that_the_read_shows_to_be_over_is_not_handed_out(rig: Rig) -> None:
    account = rig.broken()
    first = rig.service.request_relink(account).id
    rig.sim.customer(first).cancel()  # its webhook is on the way
    assert rig.service.request_relink(account).id != first


def sweep(rig: Rig) -> None:
    """Two whole sweeps, with what they read."""
    end = rig.now + 2.5 * DAY
    while rig.now < end:
        reconcile(rig.store, rig.now)
        rig.advance(3600)


def lose_webhooks(rig: Rig) -> None:
    """What is on the way to relink never arrives."""
    while (at := rig.sim.next_webhook_at) is not None:
        list(rig.sim.due_webhooks(max(at, rig.now)))


def test_K11_a_lost_announcement_of_an_authorization_costs_one_sweep(rig: Rig) -> None:
    account = rig.linked()
    authorization = rig.stripe.authorization_of(account)
    rig.sim.bank.announce_deactivation(authorization, int(rig.now + 9 * DAY))
    lose_webhooks(rig)
    before = len(rig.notifications)
    sweep(rig)
    assert [n.name for n in rig.notifications[before:]] == ["notify_customer"]


def test_K11_a_lost_block_of_a_payment_method_costs_one_sweep(rig: Rig) -> None:
    broken = rig.broken()
    session = rig.service.request_relink(broken, mode="any_eligible").id
    new = rig.sim.customer(session).choose_new()
    assert new
    rig.settle()
    (payment_method,) = rig.sim.world.payment_methods
    assert rig.service.account(new.id).assessment.chargeable
    rig.sim.bank.block_payment_method(payment_method, "bank_account_closed")
    lose_webhooks(rig)
    sweep(rig)
    assert not rig.service.account(new.id).assessment.chargeable
