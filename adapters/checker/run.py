"""Checking several scopes at once, each in a process of its own.

Scopes have nothing in common, so they need no common memory, and each gives the same result however
many run at the same time. The longest come first.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.queues import Queue
from queue import Empty

from relink.engine import System
from relink.engine.explore import Exploration, Progress, sequence_diagram, story
from relink.machines import relink_system

from ..processes import SPAWN, Processes, answer
from .bounds import Bounds
from .check import State, check

PAUSE = 0.2
"""Seconds between two looks at how far the processes are."""

Moment = tuple[str, Progress]
"""How far a scope is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a search stops although there is more.

    Args:
        depth: Steps from the start; None for all.
        states: States of a scope.
    """

    depth: int | None = None
    states: int = 1_000_000


NO_LIMITS = Limits()
"""Those by default."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scope."""

    bounds: Bounds
    states: int
    transitions: int
    depth: int
    properties: int
    is_complete: bool
    is_too_large: bool
    """Whether the search stopped at its limit of states."""
    seconds: float
    violated: str | None = None
    """The property that does not hold."""
    steps: int = 0
    """How many steps the counterexample has."""
    story: tuple[str, ...] = ()
    """The counterexample, step by step."""
    diagram: str = ""
    """The same as a Mermaid sequence diagram."""


def result(bounds: Bounds, found: Exploration[State], limits: Limits, seconds: float) -> Result:
    """What an exploration says, as plain data."""
    wrong = next(iter(found.violations), None)
    way = wrong.way if wrong else None
    return Result(
        bounds=bounds,
        states=found.states,
        transitions=found.moves,
        depth=found.depth,
        properties=len(found.verdicts),
        is_complete=found.is_complete,
        is_too_large=not found.is_complete and wrong is None and found.states >= limits.states,
        seconds=seconds,
        violated=wrong.name if wrong else None,
        steps=len(way.moves) if way else 0,
        story=story(wrong) if wrong else (),
        diagram=sequence_diagram(way) if way else "",
    )


def check_scope(
    bounds: Bounds,
    limits: Limits = NO_LIMITS,
    *,
    system: System | None = None,
    on_progress: Callable[[Progress], object] | None = None,
) -> Result:
    """Check one scope.

    Args:
        bounds: The scope.
        limits: Where to stop.
        system: The machines; by default relink's.
        on_progress: Called now and then.
    """
    began = time.monotonic()
    found = check(
        system or relink_system(),
        bounds,
        max_depth=limits.depth,
        max_states=limits.states,
        on_progress=on_progress,
    )
    return result(bounds, found, limits, time.monotonic() - began)


def check_scopes(
    scopes: Sequence[Bounds],
    limits: Limits = NO_LIMITS,
    *,
    jobs: int = 2,
    on_progress: Callable[[Moment], object] | None = None,
) -> Iterator[Result]:
    """Check several scopes of relink's machines, and give the results in their order.

    Args:
        scopes: The longest first.
        limits: Where to stop in each.
        jobs: How many processes; 1 checks them in this one.
        on_progress: Called now and then, with the name of a scope and how far it is.
    """
    if jobs == 1:
        for bounds in scopes:
            yield check_scope(bounds, limits, on_progress=_named(bounds.name, on_progress))
        return
    moments: Queue[Moment] = SPAWN.Queue()
    with Processes(jobs, _begin, (moments,)) as processes:
        for each in [processes.submit(_in_process, bounds, limits) for bounds in scopes]:
            while not each.done():
                with suppress(Empty):
                    moment = moments.get(timeout=PAUSE)
                    if on_progress is not None:
                        on_progress(moment)
            yield answer(each)


def _named(
    name: str, on_progress: Callable[[Moment], object] | None
) -> Callable[[Progress], object] | None:
    return None if on_progress is None else lambda progress: on_progress((name, progress))


_moments: "Queue[Moment] | None" = None
"""Where a process reports how far it is."""


def _begin(moments: "Queue[Moment]") -> None:
    global _moments
    _moments = moments


def _in_process(bounds: Bounds, limits: Limits) -> Result:
    moments = _moments
    tell = None if moments is None else _named(bounds.name, moments.put)
    return check_scope(bounds, limits, on_progress=tell)
