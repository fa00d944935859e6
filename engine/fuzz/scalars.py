"""Scalars: numbers and strings for fields, from few values, within their bounds.

Numbers are mostly small and strings mostly ``a``, ``b`` or ``c``, because the bugs of a state
machine show when two things have the same id, the same second, the same amount. Other values are
rare: after one timestamp in the year 5000, every later event is stale.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import MAX_PREC, Context, Decimal
from fractions import Fraction
from math import ceil, floor, isinf
from typing import Any, TypeVar

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

T = TypeVar("T")

_SIZES = (1, 3, 9)
_MANY = 20
_PLACES, _MOST_PLACES, _DIGITS = 2, 20, 20
"""Of decimal numbers whose type says nothing else."""
_EXACT = 1 << 53
"""Below it, every whole number is a float."""
_OF_SIXTEEN = st.integers(0, 15)


@dataclass(slots=True)
class Bounds:
    """The bounds of a field, as far as strategies can respect them."""

    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    multiple_of: Any = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: Any = None
    max_digits: int | None = None
    decimal_places: int | None = None

    @classmethod
    def of(cls, metadata: Iterable[object]) -> "Bounds":
        """The bounds in pydantic and annotated-types metadata, nested groups included."""
        bounds = cls()
        for item in _flat(metadata):
            for name in cls.__slots__:
                if _bounds(name, value := getattr(item, name, None)):
                    setattr(bounds, name, value)
        return bounds

    @classmethod
    def within(cls, schema: Mapping[str, Any]) -> "Bounds":
        """The bounds in a schema of pydantic's core."""
        given = {name: schema[name] for name in cls.__slots__ if name in schema}
        return cls(**{name: value for name, value in given.items() if _bounds(name, value)})

    def all_given(self) -> list[Any]:
        """The bounds of the size of a number."""
        every = (self.ge, self.gt, self.le, self.lt)
        return [bound for bound in every if bound is not None]

    def nearest_to_zero(self) -> list[Any]:
        """The bound that keeps a number away from zero, if there is one."""
        low = [bound for bound in (self.ge, self.gt) if bound is not None and bound > 0]
        return low or [bound for bound in (self.le, self.lt) if bound is not None and bound < 0]

    def whole(self) -> tuple[int | None, int | None]:
        """The smallest and the largest whole number within the bounds."""
        low = [ceil(self.ge)] if self.ge is not None else []
        high = [floor(self.le)] if self.le is not None else []
        low += [floor(self.gt) + 1] if self.gt is not None else []
        high += [ceil(self.lt) - 1] if self.lt is not None else []
        return max(low, default=None), min(high, default=None)


def _bounds(name: str, value: Any) -> bool:
    """Whether a bound excludes a finite number. An infinite one does so on the wrong side only."""
    if value is None or not (isinstance(value, float | Decimal) and isinf(value)):
        return value is not None
    return (value > 0) == (name in ("ge", "gt"))


def _flat(metadata: Iterable[object]) -> Iterator[object]:
    for item in metadata:
        yield item
        if isinstance(item, FieldInfo):  # Field(...) inside Annotated, below the top
            yield from _flat(item.metadata)


@st.composite
def mostly(
    draw: st.DrawFn, few: Sequence[st.SearchStrategy[T]], anything: st.SearchStrategy[T]
) -> T:
    """One of a few, all with the same probability; rarely anything."""
    chosen = draw(_OF_SIXTEEN)
    return draw(anything if chosen == 15 else few[chosen % len(few)])


def whole_numbers(bounds: Bounds) -> st.SearchStrategy[int]:
    """Whole numbers, mostly those nearest to zero."""
    step = bounds.multiple_of or 1
    low, high = bounds.whole()
    # Not by way of floats, which round whole numbers beyond 2**53.
    low = None if low is None else -int(-low // step)
    high = None if high is None else int(high // step)
    numbers = st.integers(low, high)
    if low is None or high is None or high - low > _MANY:
        numbers = mostly(_near_zero(low, high), numbers)
    return numbers if step == 1 else numbers.map(lambda number: number * step)


def floats(bounds: Bounds) -> st.SearchStrategy[float]:
    """Finite numbers, mostly the whole ones nearest to zero."""
    if bounds.multiple_of:
        step = Decimal(str(bounds.multiple_of))
        return _multiples(bounds, step).map(float)
    anything = st.floats(
        bounds.ge if bounds.gt is None else bounds.gt,
        bounds.le if bounds.lt is None else bounds.lt,
        exclude_min=bounds.gt is not None,
        exclude_max=bounds.lt is not None,
        allow_nan=False,
        allow_infinity=False,
    )
    low, high = bounds.whole()
    is_exact = all(abs(bound) < _EXACT for bound in bounds.all_given())
    if not is_exact or (low is not None and high is not None and low > high):
        return anything
    return mostly([near.map(float) for near in _near_zero(low, high)], anything)


def decimals(bounds: Bounds) -> st.SearchStrategy[Decimal]:
    """Finite decimal numbers, mostly the whole ones nearest to zero."""
    places = _PLACES if bounds.decimal_places is None else bounds.decimal_places
    if bounds.max_digits is not None:
        # The lower bound of the size needs its digits before the point.
        nearest = max([0, *map(_magnitude, bounds.nearest_to_zero())])
        places = max(0, min(places, bounds.max_digits - nearest))
    if bounds.multiple_of is not None:
        return _multiples(bounds, Decimal(str(bounds.multiple_of)))
    while True:
        low, high = _steps(bounds, step := Decimal(1).scaleb(-places))
        if low is None or high is None or low <= high or places >= _MOST_PLACES:
            break
        places += 1  # nothing that coarse lies within the bounds
    anything = _multiples(bounds, step)
    low, high = _steps(bounds, Decimal(1))
    is_below_one = bounds.max_digits is not None and bounds.max_digits <= (
        bounds.decimal_places or 0
    )
    if places == 0 or is_below_one or (low is not None and high is not None and low > high):
        return anything
    return mostly([near.map(Decimal) for near in _near_zero(low, high)], anything)


def _multiples(bounds: Bounds, step: Decimal) -> st.SearchStrategy[Decimal]:
    low, high = _steps(bounds, step)
    exact = Context(prec=MAX_PREC)
    return whole_numbers(Bounds(ge=low, le=high)).map(lambda n: exact.multiply(Decimal(n), step))


def fractions(bounds: Bounds) -> st.SearchStrategy[Fraction]:
    """Fractions, between -9 and 9 where the bounds leave it open."""
    low = bounds.gt if bounds.ge is None else bounds.ge
    high = bounds.lt if bounds.le is None else bounds.le
    exact = [None if bound is None else Fraction(str(bound)) for bound in (low, high)]
    least, most = exact
    if least is None:
        least = Fraction(-9) if most is None else min(Fraction(-9), most - 9)
    if most is None:
        most = max(Fraction(9), least + 9)
    found = st.fractions(least, most, max_denominator=None if most - least < 1 else _MANY)
    return found.filter(lambda number: number not in (bounds.gt, bounds.lt))


def _magnitude(bound: Any) -> int:
    """How many digits it has before the point."""
    return Decimal(str(bound)).adjusted() + 1


def _steps(bounds: Bounds, step: Decimal) -> tuple[int | None, int | None]:
    """The bounds, as numbers of steps."""

    def scaled(bound: Any) -> Any:
        return None if bound is None else Fraction(str(bound)) / Fraction(step)

    low, high = Bounds(
        ge=scaled(bounds.ge), gt=scaled(bounds.gt), le=scaled(bounds.le), lt=scaled(bounds.lt)
    ).whole()
    digits = bounds.max_digits
    if digits is None:  # beyond what the bounds themselves need
        digits = _DIGITS + max([0, *(_magnitude(each) for each in bounds.all_given())])
    # Zeros at the end count too.
    places = -min(0, int(step.as_tuple().exponent))
    whole = digits - (places if bounds.decimal_places is None else bounds.decimal_places)
    nines = 10 ** max(0, whole) - Fraction(1, 10**places)
    most = floor(nines / Fraction(step))
    return max(-most, -most if low is None else low), min(most, most if high is None else high)


def _near_zero(low: int | None, high: int | None) -> list[st.SearchStrategy[int]]:
    """Ranges of the whole numbers nearest to zero, from small to large."""
    if high is not None and high < 0:
        windows = [(high - size if low is None else max(high - size, low), high) for size in _SIZES]
    else:
        start = max(0, low or 0)
        ends = [start + size if high is None else min(start + size, high) for size in _SIZES]
        windows = [(start, end) for end in ends]
    return [st.integers(first, last) for first, last in windows]


def strings(bounds: Bounds, letters: str = "abc") -> st.SearchStrategy[str]:
    """Strings, mostly of one of three letters, of the shortest length allowed.

    Those of a pattern can have any length.
    """
    if bounds.pattern is not None:
        # In Python `$` also matches before a final newline, in pydantic it does not.
        return st.from_regex(bounds.pattern).map(lambda text: text.removesuffix("\n"))
    least = bounds.min_length or 0
    most = least + 8 if bounds.max_length is None else bounds.max_length
    length = max(1, least)
    anything = st.text(min_size=least, max_size=most)
    if length > most:
        return anything
    return mostly([st.just(letter * length) for letter in letters], anything)
