"""Many worlds, in several processes, with their sums."""

import gc
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from ..processes import Processes, answer
from .faults import Fault
from .plan import Plan
from .running import Report, run_world

BATCH = 2
"""Worlds that a process runs before it reports."""

RARELY = (200_000, 20, 100)
"""When the collector looks for garbage while a world runs; see :func:`gc.set_threshold`."""


Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]


@dataclass
class Totals:
    """The sums of many worlds."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", allow_inf_nan=False)

    next_seed: Count
    """The first seed of which no world is in the sums yet."""
    runs: Count = 0
    steps: Count = 0
    webhooks: Count = 0
    requests: Count = 0
    days: Amount = 0.0
    seconds: Amount = 0.0
    """How long they took on this machine, by its clock."""
    faults: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str, str]] = field(default_factory=list)
    """The seeds that failed, each with the rule and what is wrong."""

    def add(self, report: Report) -> None:
        """Add one world."""
        self.runs += 1
        self.steps += report.steps
        self.webhooks += report.webhooks
        self.requests += report.requests
        self.days += report.days
        self.faults.update({fault.value: count for fault, count in report.faults.items()})
        if report.rule is not None:
            self.failures.append((report.plan.seed, report.rule, report.what or ""))


@dataclass(frozen=True, slots=True)
class Worlds:
    """Which worlds to run, by their seeds."""

    length: int
    """The moves of each, after its first accounts."""
    faults: frozenset[Fault]
    is_on_disk: bool | None = None
    """Whether all are on disk, or none is; None: as the seed says."""
    moves: tuple[int, ...] | None = None
    """The moves that are kept; None: all."""

    def plan(self, seed: int) -> Plan:
        """The plan of one of them."""
        whole = Plan.of(seed, self.length)
        return Plan(
            seed,
            whole.moves if self.moves is None else self.moves,
            self.faults,
            whole.is_on_disk if self.is_on_disk is None else self.is_on_disk,
        )


def run_many(
    worlds: Worlds,
    seeds: Iterator[int],
    totals: Totals,
    jobs: int,
    is_over: Callable[[Totals], bool],
) -> None:
    """Run worlds, in the order of their seeds, until they are used up or it is over.

    Args:
        worlds: which.
        seeds: in ascending order, from ``totals.next_seed`` on.
        totals: the sums, to which each batch is added in the order of the seeds.
        jobs: the number of processes.
        is_over: called after each batch.
    """
    if jobs == 1:
        while not is_over(totals) and (batch := list(islice(seeds, 1))):
            _add(totals, batch, _run_batch(worlds, batch))
        return
    waiting: deque[tuple[list[int], Future[list[Report]]]] = deque()
    # What the processes have not reported when they are ended is not in the sums.
    with Processes(jobs) as processes:
        while not is_over(totals):
            while len(waiting) < 2 * jobs and (batch := list(islice(seeds, BATCH))):
                waiting.append((batch, processes.submit(_run_batch, worlds, batch)))
            if not waiting:
                return
            batch, reports = waiting.popleft()
            _add(totals, batch, answer(reports))


def _add(totals: Totals, batch: list[int], reports: list[Report]) -> None:
    for report in reports:
        totals.add(report)
    totals.next_seed = batch[-1] + 1


def _run_batch(worlds: Worlds, seeds: list[int]) -> list[Report]:
    """Run worlds one after the other, and collect the garbage of each at its end.

    A world is one heap of objects that refer to each other, and it is garbage as a whole. To look
    for garbage often while it runs takes a fifth of the time, and finds little.
    """
    reports = []
    usual = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        for seed in seeds:
            reports.append(run_world(worlds.plan(seed)))
            gc.collect(1)  # what was made since the last time, and not what was imported
    finally:
        gc.set_threshold(*usual)
    return reports
