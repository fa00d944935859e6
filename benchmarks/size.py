"""How much is measured: all numbers that cost time."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The numbers of one profile.

    Args:
        name: of the profile.
        rounds: in which the sides take turns.
        seconds: for which a side runs in one round.
        cold: cold starts of each side.
        charts: states and events of the charts that are compiled.
        explored: transitions to explore in a round.
        simulated: webhooks to simulate in a round.
        snapshots: to keep in memory.
        runs: rounds of webhooks that are sent to servers.
        webhooks: in each of them.
        accounts: that are stored before.
        growth: numbers of stored accounts to compare.
        storm: accounts that break at once.
        workers: numbers of workers to compare.
        longest_storm: seconds after which a storm is not watched any longer.
    """

    name: str
    rounds: int
    seconds: float
    cold: int
    charts: tuple[tuple[int, int], ...]
    explored: int
    simulated: int
    snapshots: int
    runs: int
    webhooks: int
    accounts: int
    growth: tuple[int, ...]
    storm: int
    workers: tuple[int, ...]
    longest_storm: float


FULL = Size(
    name="full",
    rounds=11,
    seconds=0.1,
    cold=9,
    charts=((5, 5), (10, 10), (20, 20), (40, 30), (60, 40)),
    explored=4_000,
    simulated=1_500,
    snapshots=200_000,
    runs=5,
    webhooks=1_000,
    accounts=1_000,
    growth=(1_000, 10_000, 100_000),
    storm=5_000,
    workers=(1, 2, 4),
    longest_storm=25,
)
LARGE = replace(
    FULL, name="large", growth=(*FULL.growth, 1_000_000), snapshots=1_000_000, webhooks=6_000
)
"""Half an hour."""
TINY = Size(
    name="tiny",
    rounds=2,
    seconds=0.001,
    cold=1,
    charts=((3, 3), (5, 5)),
    explored=100,
    simulated=40,
    snapshots=500,
    runs=1,
    webhooks=48,
    accounts=20,
    growth=(10, 30),
    storm=20,
    workers=(1,),
    longest_storm=60,
)
"""For tests, and to see that all sides run."""

PROFILES = {size.name: size for size in (FULL, LARGE, TINY)}
