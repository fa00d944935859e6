"""The figure: which part of the mutants survives, and how sure that is."""

from collections import Counter
from math import sqrt

from .killers import is_approved
from .trial import Result

LIMIT = 0.05
"""The part that may survive."""

Z = 1.96
"""Of a normal distribution, 95 % lie within so many standard deviations."""


def interval(results: list[Result]) -> tuple[float, float, float]:
    """The part that survives, between the ends of its 95 % confidence interval (Wilson's)."""
    counts = Counter(result.outcome for result in results)
    survived = counts["survived"]
    tried = survived + counts["killed"] + counts["timed out"]
    if not tried:
        return 0, 0, 0
    rate = survived / tried
    middle = rate + Z**2 / (2 * tried)
    apart = Z * sqrt(rate * (1 - rate) / tried + Z**2 / (4 * tried**2))
    whole = 1 + Z**2 / tried
    return max(0.0, (middle - apart) / whole), rate, (middle + apart) / whole


def figures(results: list[Result], of: int) -> str:
    """What a run found.

    Args:
        results: of the mutants that were tried.
        of: how many there are.
    """
    counts = Counter(result.outcome for result in results)
    tried = counts["survived"] + counts["killed"] + counts["timed out"]
    low, rate, high = interval(results)
    looked_at = sum(result.outcome == "killed" and is_approved(result.by) for result in results)
    return (
        f"{tried} tried of {of}: {counts['killed']} killed, {counts['timed out']} timed out, "
        f"{counts['survived']} survived; {counts['equivalent']} equivalent and "
        f"{counts['invalid']} invalid are not counted, nor {counts['error']} errors\n"
        f"of those killed, {looked_at} only by pictures that somebody had looked at\n"
        f"survivors: {rate:.1%} (95 % confidence: {low:.1%} to {high:.1%})"
    )
