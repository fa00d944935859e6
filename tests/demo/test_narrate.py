"""What the demo tells of a step."""

from collections.abc import Iterator

import pytest

from relink.adapters.demo.narrate import told
from relink.machines.events import TimerFired

from ..rig import Rig

DAY = 24 * 60 * 60


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Rig() as made:
        yield made


def lines(rig: Rig, before: int) -> list[str]:
    """What is shown for the webhooks and answers since then."""
    return [line for step in rig.steps[before:] for line in told(step, is_webhook=True)]


def test_decisions_that_only_prepare_others_are_left_out(rig: Rig) -> None:
    account = rig.broken()
    machines = {d.address.machine for step in rig.steps for d in step.deliveries}
    assert {"read", "outage", "holder"} <= machines
    subjects = {line.partition(":")[0] for line in lines(rig, 0) if not line.startswith(("▸", " "))}
    assert {subject.rpartition(" ")[0] for subject in subjects} == {
        *("account", "account number", "authorization"),
    }
    assert f"account {account}" in subjects
    assert "▸ ask the customer to relink the account (access_expired)" in lines(rig, 0)


def test_a_webhook_that_changes_nothing_has_a_line_about_its_object(rig: Rig) -> None:
    account, before = rig.linked(), len(rig.steps)
    rig.sim.advance(60)
    rig.sim.bank.refresh_data(account)
    rig.settle()
    assert lines(rig, before) == [f"account {account}: stays active. Stripe reports it active."]
    assert told(rig.steps[-1], is_webhook=False) == []


def test_a_day_that_is_announced_or_taken_back_is_told(rig: Rig) -> None:
    account, before = rig.linked(), len(rig.steps)
    rig.sim.advance(60)
    rig.sim.bank.announce_deactivation(account, int(rig.now) + 60 * DAY)
    rig.settle()
    assert "    It is expected to stop working on 2026-11-20." in lines(rig, before)
    rig.sim.advance(60)
    rig.sim.bank.withdraw_announcement(account)
    rig.settle()
    assert lines(rig, before)[-1] == "    It is not expected to stop working any more."


def test_a_timer_that_changes_nothing_is_not_told(rig: Rig) -> None:
    account = rig.broken()
    session = rig.service.request_relink(account)
    rig.sim.customer(session.id).choose_expected()
    rig.settle()
    before = len(rig.steps)
    rig.advance(3 * DAY)
    late = [step for step in rig.steps[before:] if isinstance(step.trigger, TimerFired)]
    assert late
    assert [line for step in late for line in told(step, is_webhook=False)] == []
