"""Testing an abstraction: real runs must not leave the graph that was explored.

Of the states that count as one, a search explores one. If the abstraction is sound, every move of
every other one leads to where a move of the explored one leads. So a real run stays within the
graph.
"""

from collections.abc import Callable

from ..arguments import explained
from .model import Move, S
from .reached import Way
from .search import Exploration


@explained
def stray_move(
    exploration: Exploration[S], choose: Callable[[int], int], *, runs: int = 100, length: int = 30
) -> Way[S] | None:
    """Take real runs, and look for a move that leads out of the graph that was explored.

    Args:
        exploration: What a search found. Where it was bounded, or took one move alone, runs are not
            looked at.
        choose: Gets a number n, and chooses one of 0 to n - 1, such as
            ``random.Random(0).randrange``.
        runs: How many runs.
        length: The most moves in a run.

    Returns:
        The way to the move, and that move last; None if there is none.
    """
    model, reached = exploration.model, exploration.reached
    starts = tuple(model.starts())
    for _ in range(runs):
        start = starts[choose(len(starts))]
        state = start
        taken: tuple[Move[S], ...] = ()
        for _ in range(length):
            number = reached.number(state)
            known = None if number is None else exploration.edges[number]
            moves = [move for move in model.moves(state) if move.error is None]
            if known is None or not moves:
                break
            targets = {edge.target for edge in known}
            if not (len(known) == 1 and moves[0].alone):
                for move in moves:
                    if reached.number(move.after) not in targets:
                        return Way(start, (*taken, move))
            move = moves[choose(len(moves))]
            state, taken = move.after, (*taken, move)
    return None
