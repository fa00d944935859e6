"""The rig itself: time, webhooks and commands, over every store and both ways to Stripe."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from relink.adapters.gateway import Answer, Attempt
from relink.adapters.gateway.protocol import FIRST
from relink.machines.commands import AnyStripeCommand

from . import Rig, SimulatedStripe, new_sqlite

DAY = 24 * 60 * 60


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return new_sqlite(tmp_path) if request.param == "sqlite" else None


@pytest.fixture(params=[False, True], ids=["in process", "over HTTP"])
def stripe(request: pytest.FixtureRequest) -> Iterator[SimulatedStripe]:
    with SimulatedStripe(seed=3, over_http=request.param) as running:
        yield running


def test_a_customer_relinks_a_broken_account(stripe: SimulatedStripe, database: str | None) -> None:
    with Rig(stripe, database) as rig:
        account = rig.broken()
        assert rig.state(account) == "inactive_relinkable"
        assert [command.name for command in rig.notifications] == ["notify_customer"]
        session = rig.service.request_relink(account)
        rig.sim.customer(session.id).choose_expected()
        rig.settle()
        assert rig.state(account) == "active"
        assert stripe.count("financial_connections.session.created") == 1
        assert len(stripe.requests("POST", "/v1/financial_connections/sessions")) == 1


def test_time_passes_exactly_and_everything_happens_in_its_time() -> None:
    with Rig() as rig:
        account = rig.linked()
        on = int(rig.now) + 40 * DAY
        rig.sim.bank.announce_deactivation(account, on)
        began = rig.now
        rig.advance(41 * DAY)
        assert rig.now == began + 41 * DAY
        assert rig.state(account) == "inactive_relinkable"
        times = [step.trigger.at for step in rig.steps]  # type: ignore[attr-defined]
        assert all(before <= after for before, after in pairwise(times))
        assert max(time for time in times if time <= on + 60) >= on


def test_settling_delivers_late_webhooks_and_leaves_later_timers_alone() -> None:
    with Rig() as rig:
        account = rig.linked()
        rig.sim.faults = type(rig.sim.faults)(delay=1.0)
        rig.stripe.expire_consent(account)
        rig.settle()
        assert rig.state(account) == "inactive_relinkable"
        assert rig.sim.next_webhook_at is None
        assert rig.next_due_at is None or rig.next_due_at > rig.now + 600


class Broken:
    """A gateway with a bug."""

    def __init__(self, _: object) -> None:
        pass

    def perform(self, command: AnyStripeCommand, at: float, attempt: Attempt = FIRST) -> Answer:
        raise ZeroDivisionError


def test_an_unexpected_error_of_an_attempt_ends_the_test() -> None:
    with Rig(gateway_of=Broken) as rig, pytest.raises(ZeroDivisionError):
        rig.broken()


def test_an_unexpected_error_is_survived_where_the_test_wants_that(tmp_path: Path) -> None:
    with Rig(database=new_sqlite(tmp_path), gateway_of=Broken, raises_unexpected=False) as rig:
        rig.broken()
        rig.settle(within=5)
        assert "retrieve_authorization" in rig.due()


def test_webhooks_can_be_delivered_in_another_way() -> None:
    taken: list[Any] = []
    with Rig() as rig:
        rig.deliver = taken.append
        rig.linked()
        assert [delivery.type for delivery in taken] == ["financial_connections.account.created"]
        assert rig.steps == []
