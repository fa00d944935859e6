"""The end of a history: what relink may believe, and what it could not know."""

import pytest

from relink.adapters.simulator import Simulator
from relink.adapters.world import Plan, run_world
from relink.adapters.world.record import Told
from relink.adapters.world.rest import agrees

HOUR = 3600

JUDGED_WRONGLY = {
    1331: "the only webhook of a second outage was lost",
    1858: "a result was first seen when the account had long come back",
    2507: "an authorization without a working account was deactivated after the last read of it",
    3601: "the service had named another replacement before",
    7763: "a session was asked for again after Stripe had forgotten the key",
}
"""Seeds of worlds that the end once took for faults of relink."""


@pytest.mark.parametrize(
    ("reports", "may_stay_replaced"),
    [(None, False), ([1.5], False), ([], True), ([0.5, 3.0], True)],
    ids=["all", "one within the outage", "none", "others"],
)
def test_a_replaced_account_comes_back_from_outages_that_a_report_told_of(
    reports: list[float] | None, may_stay_replaced: bool
):
    sim = Simulator(seed=1)
    account = sim.link_account(sim.add_customer("Jo"))
    said_at = sim.now
    sim.advance(HOUR)
    sim.bank.suspend_account(account.id)
    sim.advance(HOUR)
    sim.bank.restore_account(account.id)
    told = None if reports is None else Told([int(said_at + hours * HOUR) for hours in reports], {})
    found = agrees(sim, account, "new_account_linked", "fca_other", said_at, told)
    assert found is may_stay_replaced
    assert agrees(sim, account, "active", "fca_other", said_at, told)
    assert not agrees(sim, account, "inactive_relinkable", "fca_other", said_at, told)


@pytest.mark.parametrize("seed", JUDGED_WRONGLY)
def test_what_relink_could_not_know_is_no_fault(seed: int):
    report = run_world(Plan.of(seed, 100))
    assert report.is_good, f"{JUDGED_WRONGLY[seed]}: {report.what}"
