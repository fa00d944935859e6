"""Arranging: the places of states at which arrows cross least.

:mod:`.placing` puts states where their arrows are short. Where arrows cross there, other places are
tried, with all arrows routed: all places, if these are few, else exchanges of two states as long as
one helps. The usual way keeps its shape, but that its end may move, and that a short round may go
round a square. Of places with as few crossings, those with the shortest arrows are taken.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, pairwise, permutations
from math import perm

from .placing import Cell, columns, distance, places
from .plans import Link
from .routing import Board, Drawn, board
from .told import Told

FEW = 400
"""Boards that are tried for each shape of the usual way, at most."""

PATIENCE = 20_000
"""How much is tried: boards, times the square of their arrows."""

Places = Mapping[str, Cell]
Cost = tuple[int, int, float]
"""Arrows that have no room, crossings of the others, and how long all of them are."""


def arranged(story: Told) -> Places:
    """The cell of each state that is drawn with arrows."""
    first = places(story)
    least = _cost(story, first)
    if least[:2] == (0, 0):
        return first
    shapes = [first]
    if (square := places(story, squares_round=True)) != first:
        shapes.append(square)
    found = [_searched(story, at) for at in shapes]
    best, cost = min(found, key=lambda each: each[1])
    return best if cost[:2] < least[:2] else first


def _searched(story: Told, at: Places) -> tuple[Places, Cost]:
    """The best places near these, with their cost."""
    movable = [state for state in at if state not in story.usual]
    if story.usual[:1] != story.usual[-1:]:
        movable.append(story.usual[-1])
    rows = max(row for row, _ in at.values()) + 1
    fixed = {cell for state, cell in at.items() if state not in movable}
    cells = [(row, column) for row in range(rows) for column in range(columns(len(at)))]
    free = [cell for cell in cells if cell not in fixed]
    tries = min(FEW, PATIENCE // len(story.arrows) ** 2)
    if perm(len(free), len(movable)) <= tries:
        orders = permutations(free, len(movable))
        every = ({**at, **dict(zip(movable, order, strict=True))} for order in orders)
        return _best(story, [at, *every])
    best, least = at, _cost(story, at)
    improved = True
    while improved and tries > 0:
        near = list(_neighbours(best, movable, free))[:tries]
        tries -= len(near)
        candidate, cost = _best(story, near)
        improved = cost < least
        if improved:
            best, least = candidate, cost
    return best, least


def _neighbours(at: Places, movable: list[str], free: list[Cell]) -> Iterator[Places]:
    """The same places, but that two states changed theirs, or one took a free one."""
    for one, other in combinations(movable, 2):
        yield {**at, one: at[other], other: at[one]}
    taken = set(at.values())
    for state in movable:
        for cell in free:
            if cell not in taken:
                yield {**at, state: cell}


def _best(story: Told, candidates: Iterable[Places]) -> tuple[Places, Cost]:
    found = [(each, _cost(story, each)) for each in candidates]
    return min(found, key=lambda each: each[1])


def links_of(story: Told, at: Places) -> list[Link]:
    """The arrows of a story between its places."""
    return [
        Link(arrow.number, at[arrow.source], at[arrow.target], arrow.is_usual)
        for arrow in story.arrows
    ]


def _cost(story: Told, at: Places) -> Cost:
    rows = max((row for row, _ in at.values()), default=-1) + 1
    heights = dict.fromkeys(at.values(), 100.0)
    links = links_of(story, at)
    made = board(links, rows, columns(len(at)), lambda _: heights, 0.0)
    length = sum(distance(link.source, link.target) * (1 + link.is_usual) for link in links)
    return len(made.left_out), crossings(made), length


def crossings(made: Board) -> int:
    """How often arrows of a board cross each other."""
    return sum(_crossings(one, other) for one, other in combinations(made.drawn, 2))


def _crossings(one: Drawn, other: Drawn) -> int:
    return sum(
        _cross(here, there) for here in pairwise(one.points) for there in pairwise(other.points)
    )


def _cross(
    one: tuple[tuple[float, float], tuple[float, float]],
    other: tuple[tuple[float, float], tuple[float, float]],
) -> bool:
    """Whether two parts of arrows, each level or upright, cross."""
    (ax, ay), (bx, by) = one
    (cx, cy), (dx, dy) = other
    if (ay == by) == (cy == dy):
        return False
    if ay != by:
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = (cx, cy), (dx, dy), (ax, ay), (bx, by)
    return min(ax, bx) < cx < max(ax, bx) and min(cy, dy) < ay < max(cy, dy)
