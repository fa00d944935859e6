"""One search: every history within bounds, and every property."""

from collections.abc import Callable

from relink.engine import System
from relink.engine.explore import Exploration, Progress, SystemState, explore

from .around import Around
from .bounds import Bounds
from .model import CheckedModel
from .properties import properties

State = SystemState[Around]


def check(
    system: System,
    bounds: Bounds,
    *,
    max_depth: int | None = None,
    max_states: int | None = None,
    on_progress: Callable[[Progress], object] | None = None,
) -> Exploration[State]:
    """Explore every history of some machines within bounds, until something is wrong.

    Args:
        system: The machines: :func:`relink.machines.relink_system`, or others to be judged.
        bounds: How much may happen.
        max_depth: The most steps from the start; None for all.
        max_states: The most states; None for all. What is reported holds within.
        on_progress: Called now and then.
    """
    model = CheckedModel(system, bounds)
    return explore(
        model,
        properties(is_symmetric=model.is_symmetric),
        max_depth=max_depth,
        max_states=max_states,
        stop_at_first=True,
        on_progress=on_progress,
    )
