"""All chance of a world: one stream of random numbers for each part of its history.

A history is a list of moves. Whatever is drawn from one move to the next comes from a stream that
belongs to that move alone. So a move can be left out, and what the others draw stays the same:
that is what makes a failing history easy to shrink. A fault that is switched off still draws, and
does not strike.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import TypeVar

from .faults import OF_REQUESTS, RATES, Fault

T = TypeVar("T")


class Chance:
    """The source of everything that is left to chance in one world.

    Args:
        seed: of the world.
        enabled: the kinds of fault that may strike.
    """

    def __init__(self, seed: int, enabled: frozenset[Fault]) -> None:
        self._seed = seed
        self._enabled = enabled
        self._random = Random(f"{seed}")
        self.calm = False
        """Whether faults have stopped."""
        self.struck: Counter[Fault] = Counter()
        """How often each kind struck."""

    def begin(self, part: str) -> None:
        """Draw from the stream of a part of the history from now on."""
        self._random = Random(f"{self._seed} {part}")

    def below(self, count: int) -> int:
        """A whole number from 0 to below ``count``."""
        return int(self._random.random() * count)

    def pick(self, things: Sequence[T]) -> T:
        """One of several things."""
        return things[self.below(len(things))]

    def weighted(self, weights: Sequence[float]) -> int:
        """The index of one of several things with these weights."""
        drawn = self._random.random() * sum(weights)
        for index, weight in enumerate(weights):
            drawn -= weight
            if drawn < 0:
                return index
        return len(weights) - 1

    def uniform(self, least: float, most: float) -> float:
        """A number between two others."""
        return least + (most - least) * self._random.random()

    def happens(self, share: float) -> bool:
        """Whether something happens that does in this share of all cases."""
        return self._random.random() < share

    def strikes(self, fault: Fault) -> bool:
        """Whether a fault strikes here. It is counted."""
        does = self._random.random() < RATES[fault] and not self.calm and fault in self._enabled
        if does:
            self.struck[fault] += 1
        return does

    def missed(self, fault: Fault) -> None:
        """A fault had no effect after all."""
        self.struck[fault] -= 1
        self.struck = +self.struck

    def of_request(self) -> Fault | None:
        """The fault of a request to Stripe; None for most."""
        drawn = self._random.random()
        for fault in OF_REQUESTS:
            drawn -= RATES[fault]
            if drawn < 0:
                if self.calm or fault not in self._enabled:
                    return None
                self.struck[fault] += 1
                return fault
        return None
