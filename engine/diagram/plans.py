"""Plans: through which gaps of the grid an arrow runs.

Neighbours are joined by a straight line. Others leave their card into a gap, run along it, and
enter the other card from it; those that are far apart in both directions run along two gaps.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .placing import Cell, distance

Gap = tuple[Literal["row", "column"], int]
"""The gap above a row, or left of a column. There is one more than rows, or columns."""
PortPlace = tuple[Gap, int]
"""A gap, and the column, or row, of the card that faces it."""


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow to route."""

    number: int
    source: Cell
    target: Cell
    is_usual: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The gaps that an arrow runs through, in order; none of them has a track if it is straight."""

    link: Link
    gaps: tuple[Gap, ...]
    is_straight: bool

    @property
    def ports(self) -> tuple[PortPlace, PortPlace]:
        """Where it leaves its source, and where it enters its target."""
        first, last = self.gaps[0], self.gaps[-1]
        source, target = self.link.source, self.link.target
        return (first, source[first[0] == "row"]), (last, target[last[0] == "row"])


def plans_of(links: Sequence[Link], rows: int, columns: int) -> list[Plan]:
    """The gaps of each arrow; of two that serve, the one with fewer arrows so far."""
    load: dict[Gap, int] = {}
    plans = []
    for link in sorted(links, key=lambda link: distance(link.source, link.target)):
        plan = _plan(link, load, rows, columns)
        if not plan.is_straight:
            for gap in plan.gaps:
                load[gap] = load.get(gap, 0) + 1
        plans.append(plan)
    return sorted(plans, key=lambda plan: plan.link.number)


def _plan(link: Link, load: Mapping[Gap, int], rows: int, columns: int) -> Plan:
    (row, column), (to_row, to_column) = link.source, link.target
    down, across = abs(to_row - row), abs(to_column - column)
    lower, right = max(row, to_row), max(column, to_column)

    def emptiest(gaps: Iterator[Gap]) -> Gap:
        return min(gaps, key=lambda gap: load.get(gap, 0))

    if down == 0 and across == 1:
        return Plan(link, (("column", right),), True)
    if down == 1 and across == 0:
        return Plan(link, (("row", lower),), True)
    if down == 0:
        # Above the first row, and below the last one, nothing is in the way.
        first = row if row < rows - 1 or rows == 1 else row + 1
        return Plan(link, (emptiest(iter((("row", first), ("row", 2 * row + 1 - first)))),), False)
    if down == 1:
        return Plan(link, (("row", lower),), False)
    if across == 0:
        gaps: list[Gap] = [("column", column), ("column", column + 1)]
        # Outside the first column, and the last one, nothing is in the way.
        if 0 < column == columns - 1:
            gaps.reverse()
        return Plan(link, (emptiest(iter(gaps)),), False)
    if across == 1:
        return Plan(link, (("column", right),), False)
    beside: Gap = ("column", column + 1 if to_column > column else column)
    return Plan(link, (beside, ("row", to_row if to_row > row else to_row + 1)), False)
