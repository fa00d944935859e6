"""Everything that can happen around one account, within bounds: every property holds in all of it.

Random histories are in :mod:`.test_histories`; here none is left out.
"""

import random

import pytest

from relink.engine import Address, Step, System
from relink.engine.explore import (
    Move,
    SystemModel,
    SystemState,
    always,
    each_move,
    explore,
    sometimes,
    story,
    stray_move,
)
from relink.machines import relink_system
from relink.machines.account import AccountChart
from relink.machines.account.facts import AccountFacts
from relink.machines.properties import violations
from relink.machines.reported import LinkReported
from relink.machines.routing import route

from ..profile import FULL, PROFILE
from .around_account import ACCOUNT, AroundAccount, Truth

Around = SystemState[Truth]

FAULTS = Truth(changes=1, losses=1, copies=1, failures=1)
ORDERS = Truth(changes=2, losses=0, copies=0, failures=0)
BOUNDS = [FAULTS, ORDERS] if PROFILE is FULL else [FAULTS]
"""One change with every fault, or two changes in every order: two with faults take minutes."""

AT_REST = {
    "works": "active",
    "stops": "inactive_relinkable",
    "closes": "inactive_unrepairable",
    "is disconnected": "disconnected",
}
"""The state of an account by what is true at Stripe."""


def keeps_the_rules(before: Around, move: Move[Around]) -> str | None:
    """Every property of :mod:`relink.machines.properties`."""
    if not isinstance(move.outcome, Step):
        return None
    return "; ".join(violations(before.machines, move.outcome, move.after.machines)) or None


def ends_in_what_is_true(state: Around) -> str | None:
    truth = state.environment
    if truth.webhooks or truth.reads or truth.has_lost:
        return None
    machine = state.machines.get(Address("account", ACCOUNT))
    known = machine.state if machine else "unknown"
    return None if known == AT_REST[truth.kind] else f"the account {truth.kind}, and is {known}"


PROPERTIES = [each_move(keeps_the_rules), always(ends_in_what_is_true)]


@pytest.mark.parametrize("bounds", BOUNDS)
def test_every_history_of_one_account_keeps_every_rule_and_ends_in_what_is_true(
    bounds: Truth,
) -> None:
    ends = [
        sometimes(lambda state, kind=kind: state.environment.kind == kind, name=kind)
        for kind in AT_REST
    ]
    found = explore(SystemModel(relink_system(), AroundAccount(bounds)), [*PROPERTIES, *ends])
    assert found.is_complete
    assert not found.violations, "\n".join(story(found.violations[0]))
    assert found.states > 1_000
    assert stray_move(found, random.Random(0).randrange, runs=5) is None


class BelievesTheLast(AccountChart):
    """Planted fault: the report that arrives last counts."""

    def is_stale(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        return False

    def is_ambiguous(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        return False


def test_a_planted_fault_has_a_short_counterexample() -> None:
    tables = {**relink_system().tables, "account": BelievesTheLast.table()}
    model = SystemModel(System(tables, route), AroundAccount(FAULTS))
    found = explore(model, PROPERTIES, stop_at_first=True)
    (violated,) = found.violations
    assert violated.way is not None
    assert len(violated.way.moves) <= 12, story(violated)
