"""Which values a type is given, and how often, without chance.

Hypothesis asks a provider for each choice. This one tries every value of the first choices where
there are few, since they decide from which range a value comes. Of all other choices it takes the
first or the last value, so the ends of a range are found by one draw each.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.internal.conjecture.providers import PrimitiveProvider
from pydantic import create_model

from relink.engine import Event
from relink.engine.fuzz import payloads

Ends = dict[tuple[Any, Any], Fraction]
"""Which part of all draws comes from a range, by its first and last value. A value that comes of
itself is a range alone."""
FAR = 10**60
"""What is drawn where a whole number has no bound."""
_FEW = 32
_RARELY = Fraction(1, 16)


class _Ends(PrimitiveProvider):
    """Takes given values of the first choices, and the first or the last one of each other."""

    def __init__(self, taken: Sequence[int], *, is_last: bool) -> None:
        super().__init__(None)
        self._taken = taken
        self._is_last = is_last
        self.ways: list[int] = []
        """How many values each choice so far has; one where there are many."""

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: dict[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        low = -FAR if min_value is None else min_value
        high = max(FAR, low) if max_value is None else max_value
        place, is_few = len(self.ways), high - low < _FEW
        self.ways.append(high - low + 1 if is_few else 1)
        if place < len(self._taken) and is_few:
            return low + self._taken[place]
        return high if self._is_last else low

    def draw_boolean(self, p: float = 0.5) -> bool:
        self.ways.append(1)
        return p == 1 or (self._is_last and p >= 0.5)

    def draw_float(
        self,
        *,
        min_value: float = -math.inf,
        max_value: float = math.inf,
        allow_nan: bool = True,
        smallest_nonzero_magnitude: float,
    ) -> float:
        self.ways.append(1)
        if allow_nan and self._is_last:
            return math.nan
        return max_value if self._is_last else min_value

    def draw_string(self, intervals: Any, *, min_size: int = 0, max_size: int = 10**10) -> str:
        self.ways.append(1)
        return chr(intervals[-1]) * max_size if self._is_last else chr(intervals[0]) * min_size

    def draw_bytes(self, min_size: int = 0, max_size: int = 10**10) -> bytes:
        self.ways.append(1)
        return b"\xff" * max_size if self._is_last else b"\0" * min_size


def ends(annotation: Any, choices: int = 2) -> Ends:
    """The ranges that values of a type come from.

    Args:
        annotation: The type.
        choices: Of how many choices, from the first on, each value is tried.
    """
    sent: type[Event] = create_model("Sent", __base__=Event, field=(annotation, ...))
    found = ends_of(payloads(sent), choices)
    return _added((first.field, last.field, share) for (first, last), share in found.items())  # type: ignore[attr-defined]


def ends_of(strategy: st.SearchStrategy[Any], choices: int) -> Ends:
    """The ranges that what a strategy gives comes from.

    Args:
        strategy: The strategy.
        choices: Of how many choices, from the first on, each value is tried.
    """

    def end(taken: Sequence[int], *, is_last: bool) -> tuple[Any, list[int]]:
        provider = _Ends(taken, is_last=is_last)
        return ConjectureData(random=None, provider=provider).draw(strategy), provider.ways

    def ranges(taken: tuple[int, ...], share: Fraction) -> Iterator[tuple[Any, Any, Fraction]]:
        first, ways = end(taken, is_last=False)
        if len(taken) < min(choices, len(ways)):
            number = ways[len(taken)]
            for each in range(number):
                yield from ranges((*taken, each), share / number)
        else:
            yield first, end(taken, is_last=True)[0], share

    found: list[tuple[Any, Any, Fraction]] = []

    @settings(max_examples=1, database=None, deadline=None, phases=[Phase.generate])
    @given(st.none())
    def draw(_: None) -> None:
        found.extend(ranges((), Fraction(1)))

    draw()
    return _added(found)


def _added(found: Iterable[tuple[Any, Any, Fraction]]) -> Ends:
    added: Ends = {}
    for first, last, share in found:
        added[first, last] = added.get((first, last), Fraction()) + share
    return added


def number(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


def mostly(nearest: Sequence[Any], rarely: Ends, *, room: int = 9) -> Ends:
    """One of the nearest two, four or ten values, each as often, but in one of sixteen draws.

    Args:
        nearest: Ten values, from the nearest on.
        rarely: What the other draws give.
        room: How many values lie beyond the nearest; where there is too little, it comes alone.
    """
    found = {each: share * _RARELY for each, share in rarely.items()}
    for size in (2, 4, 10):
        among = nearest[:size] if size <= room + 1 else nearest[:1]
        for value in among:
            share = (1 - _RARELY) / 3 / len(among)
            found[value, value] = found.get((value, value), Fraction()) + share
    return found


def once(first: Any, last: Any) -> Ends:
    return {(first, last): Fraction(1)}


def evenly(values: Sequence[Any]) -> Ends:
    return {(value, value): Fraction(1, len(values)) for value in values}
