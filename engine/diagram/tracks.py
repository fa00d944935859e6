"""Tracks: in which order arrows run beside each other along a gap.

An arrow that runs along a gap comes from one side of it, and leaves to one. On its way to its track
and from it, it crosses the tracks in between. So the order of tracks says how often arrows cross.
Up to :data:`FEW` arrows, all orders are tried; of more, each in turn moves to where it crosses the
others least.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, permutations

FEW = 6


@dataclass(frozen=True, slots=True)
class Span:
    """The part of an arrow that runs along a gap."""

    number: int
    ends: tuple[tuple[float, bool], ...]
    """Where it turns into its track and out of it, and whether it does so on the near side of the
    gap: above it, or left of it. Where only order is known, an end may be a range: two turns."""

    @property
    def low(self) -> float:
        """Where it begins."""
        return min(at for at, _ in self.ends)

    @property
    def high(self) -> float:
        """Where it ends."""
        return max(at for at, _ in self.ends)


def tracks(spans: Sequence[Span], apart: float) -> dict[int, int]:
    """The track of each arrow, by its number; 0 is on the near side.

    Args:
        spans: The arrows that run along the gap.
        apart: More than this is between two that share a track.
    """
    order = _ordered(sorted(spans, key=lambda span: (span.high - span.low, span.number)))
    found: dict[int, int] = {}
    for index, span in enumerate(order):
        before = [
            found[other.number]
            for other in order[:index]
            if span.low - apart <= other.high and other.low - apart <= span.high
        ]
        found[span.number] = max(before, default=-1) + 1
    return found


def _ordered(spans: list[Span]) -> list[Span]:
    costs = {(one, other): _crossings(one, other) for one in spans for other in spans}

    def cost(order: Iterable[Span]) -> int:
        return sum(costs[pair] for pair in combinations(order, 2))

    if len(spans) <= FEW:
        return list(min(permutations(spans), key=cost))
    order = list(spans)
    # Twice, since those that move later may make a better place for earlier ones.
    for span in (*spans, *spans):
        order.remove(span)
        # How much more often it crosses others, with each one more that is nearer than it.
        more = [costs[other, span] - costs[span, other] for other in order]
        totals = list(accumulate(more, initial=0))
        order.insert(totals.index(min(totals)), span)
    return order


def _crossings(near: Span, far: Span) -> int:
    """How often two arrows cross, if the first has the track on the near side."""
    leaves = sum(not is_near and far.low < at < far.high for at, is_near in near.ends)
    enters = sum(is_near and near.low < at < near.high for at, is_near in far.ends)
    return leaves + enters
