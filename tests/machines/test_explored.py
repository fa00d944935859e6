"""Everything that can happen around one account, within bounds: every property holds in all of it.

Random histories are in :mod:`.test_histories`; here none is left out.
"""

import pytest

from relink.adapters.checker import AT_REST, AroundAccount, Truth, check, sentences
from relink.adapters.cli import main
from relink.engine import System
from relink.engine.explore import SystemModel, explore, sometimes, story
from relink.machines import relink_system
from relink.machines.account import AccountChart
from relink.machines.account.facts import AccountFacts
from relink.machines.reported import LinkReported
from relink.machines.routing import route

from ..profile import FULL, PROFILE

FAULTS = Truth(changes=1, losses=1, copies=1, failures=1)
ORDERS = Truth(changes=2, losses=0, copies=0, failures=0)
BOUNDS = [FAULTS, ORDERS] if PROFILE is FULL else [FAULTS]
"""One change with every fault, or two changes in every order: two with faults take minutes."""


@pytest.mark.parametrize("bounds", BOUNDS)
def test_every_history_of_one_account_keeps_every_rule_and_ends_in_what_is_true(
    bounds: Truth,
) -> None:
    found = check(relink_system(), bounds)
    assert found.is_complete
    assert not found.violations, "\n".join(story(found.violations[0]))
    assert found.states > 1_000


def test_the_model_reaches_whatever_can_be_true_at_stripe() -> None:
    model = SystemModel(relink_system(), AroundAccount(Truth(changes=1, losses=0, copies=0)))
    kinds = [
        sometimes(lambda state, kind=kind: state.environment.kind == kind, name=kind)
        for kind in AT_REST
    ]
    assert not explore(model, kinds).violations


class BelievesTheLast(AccountChart):
    """Planted fault: the report that arrives last counts."""

    def is_stale(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        return False

    def is_ambiguous(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        return False


def test_a_planted_fault_has_a_short_counterexample() -> None:
    tables = {**relink_system().tables, "account": BelievesTheLast.table()}
    violated, *_ = check(System(tables, route), FAULTS).violations
    assert violated.way is not None
    assert len(violated.way.moves) <= 12, story(violated)


def test_the_command_says_what_holds_within_which_bounds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (
        main(["check", "--changes", "1", "--losses", "0", "--copies", "0", "--failures", "0"]) == 0
    )
    states, holds = capsys.readouterr().out.splitlines()
    assert states.startswith("120 states, 137 moves, depth 6, all explored, ")
    assert holds.endswith(" properties hold in every history within these bounds.")
    assert main(["check", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed == sentences()
    assert len(listed) >= 20
