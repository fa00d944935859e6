"""Places: which cell of a grid each state gets.

The usual way goes round clockwise from the top left, so that a reader follows it as text, and back.
The other states take the free cells where their arrows are shortest. The same story has the same
places in every picture of it, whatever the pictures show in the cells.
"""

from collections.abc import Iterator, Sequence

from .told import Told

Cell = tuple[int, int]
"""Row and column, from the top left."""

WIDEST = 3
"""Columns: as many as leave room for readable words at 830 px."""

LONGEST_RING = 10
"""States that go round a rectangle. More go to and fro, like lines of text."""

ROUNDS = 8
"""How often the places of two states are exchanged to shorten arrows."""


def columns(states: int) -> int:
    """How many columns a picture of so many states has."""
    return {1: 1, 2: 2, 4: 2}.get(states, WIDEST)


def places(story: Told, *, squares_round: bool = False) -> dict[str, Cell]:
    """The cell of each state that is drawn with arrows.

    Args:
        story: What is drawn.
        squares_round: Whether a usual way that returns goes round in a square where it would also
            fit into a row.
    """
    states = [state for state in story.states if state not in story.from_anywhere]
    wide = columns(len(states))
    way = list(dict.fromkeys(story.usual))
    is_round = story.usual[:1] == story.usual[-1:]
    is_square = is_round and squares_round and len(way) == WIDEST
    cells = (
        list(_border(2, 2))[: len(way)] if is_square else _way(len(way), wide, is_round=is_round)
    )
    at = dict(zip(way, cells, strict=True))
    others = [state for state in states if state not in at]
    high = max([row + 1 for row, _ in at.values()] + [-(-len(states) // wide)])
    free = [
        (row, column)
        for row in range(high)
        for column in range(wide)
        if (row, column) not in at.values()
    ]
    links: dict[str, list[str]] = {state: [] for state in states}
    for arrow in story.arrows:
        links[arrow.source].append(arrow.target)
        links[arrow.target].append(arrow.source)
    for state in sorted(others, key=lambda x: (-sum(y in at for y in links[x]), others.index(x))):
        at[state] = min(free, key=lambda cell: (_cost(state, cell, at, links), cell))
        free.remove(at[state])
    _improve(others, free, at, links)
    return at


def _way(length: int, wide: int, *, is_round: bool) -> list[Cell]:
    """Cells in a row, round the border of a rectangle, or to and fro."""
    if length <= wide:
        return [(0, column) for column in range(length)]
    if is_round and length <= LONGEST_RING:
        across = min(-(-length // 2), wide)
        high = 2
        while 2 * (across + high) - 4 < length:
            high += 1
        return list(_border(across, high))[:length]
    return list(_to_and_fro(length, wide))


def _border(across: int, high: int) -> Iterator[Cell]:
    yield from ((0, column) for column in range(across))
    yield from ((row, across - 1) for row in range(1, high))
    yield from ((high - 1, column) for column in range(across - 2, -1, -1))
    yield from ((row, 0) for row in range(high - 2, 0, -1))


def _to_and_fro(length: int, wide: int) -> Iterator[Cell]:
    for index in range(length):
        row, column = divmod(index, wide)
        yield row, (wide - 1 - column if row % 2 else column)


def _improve(
    others: Sequence[str], free: list[Cell], at: dict[str, Cell], links: dict[str, list[str]]
) -> None:
    """Exchange places, or take free ones, while that shortens arrows."""
    for _ in range(ROUNDS):
        changed = False
        for index, one in enumerate(others):
            for other in others[index + 1 :]:
                before = _cost(one, at[one], at, links) + _cost(other, at[other], at, links)
                at[one], at[other] = at[other], at[one]
                after = _cost(one, at[one], at, links) + _cost(other, at[other], at, links)
                if after < before:
                    changed = True
                else:
                    at[one], at[other] = at[other], at[one]
            for number, cell in enumerate(free):
                if _cost(one, cell, at, links) < _cost(one, at[one], at, links):
                    free[number], at[one] = at[one], cell
                    changed = True
        if not changed:
            return


def _cost(state: str, cell: Cell, at: dict[str, Cell], links: dict[str, list[str]]) -> float:
    return sum(distance(cell, at[x]) for x in links[state] if x in at and x != state)


def distance(one: Cell, other: Cell) -> float:
    """How much an arrow between two cells costs a reader: straight ones least."""
    rows, across = abs(one[0] - other[0]), abs(one[1] - other[1])
    match rows, across:
        case (0, 0):
            return 0.0
        case (0, 1) | (1, 0):
            return 1.0
        case (1, _):
            return 1.5 + across / 2
        case (0, _):
            return 1.8 + across / 2
        case _:
            return 2.0 + rows + across / 2
