"""What a search has reached: states by number, and how each was reached first.

Only what is still to be explored is kept as a state; of all others there is the key, and the way to
them. A way is found again by taking the same moves from the start, which a model promises to
repeat.
"""

from array import array
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, NamedTuple

from ..errors import EngineError
from .model import Model, Move, S


class ModelError(EngineError):
    """A model that is not deterministic: the same state has other moves the second time."""


@dataclass(frozen=True, slots=True)
class Way(Generic[S]):
    """A run of a model from a start: the moves that lead to a state."""

    start: S
    moves: tuple[Move[S], ...] = ()
    loop: int | None = None
    """Where the run repeats itself for ever: the number of moves before the loop. If that is all of
    them, it stays where it is. None: it ends."""

    @property
    def states(self) -> tuple[S, ...]:
        """The start, and the state after each move."""
        return (self.start, *(move.after for move in self.moves))

    @property
    def end(self) -> S:
        """The last state."""
        return self.moves[-1].after if self.moves else self.start


class Edge(NamedTuple):
    """A move from one state to another."""

    position: int
    """Of the move among those of the state."""
    target: int
    fair: str | None


class Reached(Generic[S]):
    """The states that a search reached, numbered in the order in which it did."""

    def __init__(self, model: Model[S]) -> None:
        self._model = model
        self._starts = tuple(model.starts())
        self._numbers: dict[Hashable, int] = {}
        self._parents = array("q")
        self._positions = array("q")

    def __len__(self) -> int:
        return len(self._numbers)

    def starts(self) -> Iterator[tuple[int, S]]:
        """The number and state of each start that is not like an earlier one."""
        for position, state in enumerate(self._starts):
            number, is_new = self.add(state, -1, position)
            if is_new:
                yield number, state

    def add(self, state: S, parent: int, position: int) -> tuple[int, bool]:
        """The number of a state, and whether it is new.

        Args:
            state: A state.
            parent: The number of the one before it; -1 for none.
            position: Which of its moves leads here.
        """
        number = len(self._numbers)
        found = self._numbers.setdefault(self._model.key(state), number)
        if found != number:
            return found, False
        self._parents.append(parent)
        self._positions.append(position)
        return number, True

    def number(self, state: S) -> int | None:
        """The number of a state; None if none like it was reached."""
        return self._numbers.get(self._model.key(state))

    def way(self, number: int, then: Iterable[int] = (), loop: int | None = None) -> Way[S]:
        """The first way on which a state was reached, which is a shortest one.

        Args:
            number: Of the state.
            then: Positions of further moves.
            loop: How many of those come before the run repeats itself.
        """
        positions: list[int] = []
        while number >= 0:
            positions.append(self._positions[number])
            number = self._parents[number]
        first, *others = reversed(positions)
        further = list(then)
        start = self._starts[first]
        moves: list[Move[S]] = []
        state = start
        for position in (*others, *further):
            move = next(islice(self._model.moves(state), position, None), None)
            if move is None:
                raise ModelError(
                    f"{type(self._model).__name__} is not deterministic: a state has fewer moves "
                    "than before; let moves() depend on the state alone, and list sets in order"
                )
            moves.append(move)
            state = move.after
        return Way(start, tuple(moves), None if loop is None else len(others) + loop)
