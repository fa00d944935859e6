"""How the tests of the example charts search: for a fault, and for leaves that nothing reaches."""

from collections.abc import Callable

from relink.engine import Chart
from relink.engine.fuzz import Counterexample, LeafCoverage, MachineTest, find_counterexample

MakeTest = Callable[..., type[MachineTest]]
"""Makes a test of a chart, given ``coverage`` or not."""


def counterexample(test: type[MachineTest]) -> Counterexample:
    """The smallest history that shows the fault; there has to be one."""
    found = find_counterexample(test, max_examples=1_000, max_events=12)
    assert found is not None
    return found


def assert_every_leaf_is_reached(chart: type[Chart], make_test: MakeTest) -> None:
    """Send random events until each leaf was decided once, within bounds."""
    coverage = LeafCoverage(chart)
    test = make_test(chart, coverage=coverage)
    for seed in range(20):
        assert find_counterexample(test, max_examples=50, max_events=40, seed=seed) is None
        if coverage.report().percent == 100:
            return
    raise AssertionError(str(coverage.report()))
