"""Fuzzing, bounds: all that lies within the bounds of a field is made up, and nothing beyond.

Where few values lie within, they are found by trying each value near them.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Annotated, Any

import pytest
from pydantic import AwareDatetime, Field

from relink.engine.fuzz import NoPayloadError

from .fuzz_ends import ends, mostly, once
from .test_fuzz_usual import values

BOUNDS = {
    "ge": lambda value, bound: value >= bound,
    "gt": lambda value, bound: value > bound,
    "le": lambda value, bound: value <= bound,
    "lt": lambda value, bound: value < bound,
}


def fits(value: Any, given: Mapping[str, Any]) -> bool:
    return all(BOUNDS[name](value, bound) for name, bound in given.items())


# ── every value of a few ─────────────────────────────────────────────────────


def narrow(number: int) -> dict[str, int]:
    """Bounds with at most 20 whole numbers between them; sometimes none."""
    draw = Random(number)
    low, width = draw.randint(-30, 30), draw.randint(-1, 19)
    lower, upper = draw.choice(["ge", "gt", "both"]), draw.choice(["le", "lt", "both"])
    given: dict[str, int] = {}
    if lower != "gt":
        given["ge"] = low - draw.choice([0, 2]) * (lower == "both")
    if lower != "ge":
        given["gt"] = low - 1
    if upper != "lt":
        given["le"] = low + width + draw.choice([0, 2]) * (upper == "both")
    if upper != "le":
        given["lt"] = low + width + 1
    return given


@pytest.mark.parametrize("step", [None, 1, 2, 3, 7])
def test_every_whole_number_within_its_bounds_is_drawn(step: int | None) -> None:
    empty = 0
    for number in range(30):
        given = narrow(number)
        within = [n for n in range(-80, 81) if fits(n, given) and n % (step or 1) == 0]
        annotation = Annotated[int, Field(**given, multiple_of=step)]
        if within:
            share = Fraction(1, len(within))
            assert ends(annotation) == {(n, n): share for n in within}
        else:
            empty += 1
            with pytest.raises(NoPayloadError):
                values(annotation, 1)
    assert empty < 24


@pytest.mark.parametrize("places", [0, 1, 2])
def test_decimals_of_few_places_reach_their_bounds_and_no_further(places: int) -> None:
    unit = Decimal(1).scaleb(-places)
    for number in range(20):
        bounds = {name: bound * unit for name, bound in narrow(number).items()}
        within = {n * unit for n in range(-80, 81) if fits(n * unit, bounds)}
        if within:
            found = ends(Annotated[Decimal, Field(**bounds, decimal_places=places)])
            assert {value for each in found for value in each} <= within
            assert min(first for first, _ in found) == min(within)
            assert max(last for _, last in found) == max(within)


KINDS: dict[str, tuple[Any, Any, timedelta]] = {
    "timedelta": (timedelta, timedelta(), timedelta(microseconds=1)),
    "timedelta of days": (timedelta, timedelta(days=3), timedelta(microseconds=1)),
    "datetime": (datetime, datetime(2020, 5, 17, 12), timedelta(microseconds=1)),
    "aware datetime": (
        AwareDatetime,
        datetime(1980, 5, 17, 12, tzinfo=UTC),
        timedelta(microseconds=1),
    ),
    "date": (date, date(2020, 2, 27), timedelta(days=1)),
    "date long ago": (date, date(1066, 10, 14), timedelta(days=1)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", [("ge", "le"), ("gt", "le"), ("ge", "lt"), ("gt", "lt")])
def test_every_moment_within_its_bounds_is_drawn(kind: str, given: tuple[str, str]) -> None:
    annotation, start, step = KINDS[kind]
    bounds = {given[0]: start, given[1]: start + 4 * step}
    within = {start + n * step for n in range(-3, 8) if fits(start + n * step, bounds)}
    assert set(values(Annotated[annotation, Field(**bounds)], 200)) == within


@pytest.mark.parametrize("kind", KINDS)
def test_one_moment_or_none_within_its_bounds(kind: str) -> None:
    annotation, start, step = KINDS[kind]
    assert set(values(Annotated[annotation, Field(ge=start, le=start)], 20)) == {start}
    assert set(values(Annotated[annotation, Field(gt=start, lt=start + 2 * step)], 20)) == {
        start + step
    }
    with pytest.raises(NoPayloadError):
        values(Annotated[annotation, Field(gt=start, lt=start + step)], 1)


@pytest.mark.parametrize("given", [("ge", "le"), ("gt", "le"), ("ge", "lt"), ("gt", "lt")])
def test_every_time_of_the_day_within_its_bounds_is_drawn(given: tuple[str, str]) -> None:
    every = [time(23, 59, 59, 999_990 + n) for n in range(10)]
    bounds = {given[0]: every[2], given[1]: every[6]}
    drawn = set(values(Annotated[time, Field(**bounds)], 200))
    assert drawn == {each for each in every if fits(each, bounds)}


# ── the windows of the nearest values ────────────────────────────────────────


@pytest.mark.parametrize("kind", ["timedelta", "timedelta of days", "datetime", "date"])
@pytest.mark.parametrize("steps", [1, 2, 3, 8, 9])
def test_near_moments_are_drawn_as_far_as_the_last_one_allows(kind: str, steps: int) -> None:
    """Of moments a second apart, or a day; the first is drawn if there is no room for others."""
    annotation, start, step = KINDS[kind]
    unit = timedelta(days=1) if kind == "date" else timedelta(seconds=1)
    nearest, end = [start + n * unit for n in range(10)], start + steps * unit
    closed = ends(Annotated[annotation, Field(ge=start, le=end)])
    assert closed == mostly(nearest, once(start, end), room=steps)
    short = ends(Annotated[annotation, Field(ge=start, lt=end)])
    assert short == mostly(nearest, once(start, end - step), room=steps - 1)


@pytest.mark.parametrize(
    ("annotation", "first", "last"),
    [
        (timedelta, timedelta(hours=-2), timedelta(hours=-1)),
        (datetime, datetime(1066, 10, 14), datetime(1970, 1, 1)),
        (date, date(1066, 10, 14), date(1970, 1, 1)),
    ],
)
def test_of_moments_before_the_usual_ones_the_last_is_mostly_drawn(
    annotation: Any, first: Any, last: Any
) -> None:
    found = ends(Annotated[annotation, Field(ge=first, le=last)], choices=1)
    assert found == mostly([last], once(first, last), room=0)


@pytest.mark.parametrize("low", [0.5, -2.5, 3.0])
@pytest.mark.parametrize("is_open", [True, False])
def test_floats_keep_to_open_and_closed_bounds(low: float, is_open: bool) -> None:
    high = low + 1
    names = ("gt", "lt") if is_open else ("ge", "le")
    found = set(values(Annotated[float, Field(**dict(zip(names, (low, high), strict=True)))], 500))
    assert all(low < each < high if is_open else low <= each <= high for each in found)
    assert ({low, high} <= found) == (not is_open)
    assert len(found) > 10


# ── lengths ──────────────────────────────────────────────────────────────────

SIZED: dict[str, Any] = {
    "str": str,
    "bytes": bytes,
    "list": list[int],
    "set": set[int],
    "frozenset": frozenset[int],
    "dict": dict[int, bool],
    "tuple": tuple[bool, ...],
}


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, 2), (1, 1), (2, 4), (3, 3)])
def test_every_length_within_its_bounds_is_drawn(name: str, least: int, most: int) -> None:
    drawn = values(Annotated[SIZED[name], Field(min_length=least, max_length=most)], 200)
    assert {len(each) for each in drawn} == set(range(least, most + 1))


@pytest.mark.parametrize(("least", "most"), [(1, 2), (2, 3)])
def test_texts_of_a_pattern_have_a_length_within_their_bounds(least: int, most: int) -> None:
    field = Field(pattern="^[ab]{1,4}$", min_length=least, max_length=most)
    assert {len(each) for each in values(Annotated[str, field], 80)} == {least, most}
    lengths = {len(each) for each in values(Annotated[str, Field(pattern="^[ab]{1,4}$")], 100)}
    assert lengths == {1, 2, 3, 4}
