"""The counterexample to some machines, in the first scope that has one."""

from collections.abc import Sequence

from relink.engine import System

from .bounds import Bounds
from .run import NO_LIMITS, Limits, Result, check_scope
from .scopes import QUICK


def counterexample(
    system: System,
    scopes: Sequence[Bounds] = QUICK,
    limits: Limits = NO_LIMITS,
) -> Result | None:
    """What is wrong with machines, by one scope after the other; None if everything holds.

    Args:
        system: The machines, such as some with a planted fault.
        scopes: The smallest first. The history is a shortest one of the scope that has it.
        limits: Where to stop in each.
    """
    results = (check_scope(bounds, limits, system=system) for bounds in scopes)
    return next((each for each in results if each.violated is not None), None)
