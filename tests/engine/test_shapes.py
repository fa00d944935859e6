"""Shapes: what charts hardly ever need. How the others look, pictures show."""

import re

import pytest

from relink.engine.diagram.shapes import arrow, number, sign
from relink.engine.story import Tone


@pytest.mark.parametrize(("value", "left", "wide"), [(1, 41.5, 17), (99, 41.5, 17), (100, 39, 22)])
def test_a_number_of_three_digits_has_more_room(value: int, left: float, wide: float):
    shape = number(50, 20, value, Tone.GOOD)
    assert f'x="{left:g}" y="11.5" width="{wide}" height="17"' in shape
    assert f">{value}</text>" in shape


def test_the_neutral_tone_has_no_sign():
    assert sign(1, 2, Tone.NEUTRAL) == ""
    assert 'transform="translate(1 2)"' in sign(1, 2, Tone.GOOD)
    assert 'transform="translate(1 2) scale(2)"' in sign(1, 2, Tone.GOOD, 2)


def way(points: list[tuple[float, float]]) -> str:
    found = re.search(r'<path class="line" d="([^"]+)"', arrow(points, "good", value=1))
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("points", "drawn"),
    [
        ([(0, 0), (0, 50)], "M0 0L0 42"),
        ([(0, 0), (0, 50), (40, 50)], "M0 0L0 43Q0 50 7 50L32 50"),
        # A corner is round as far as both sides of it have room.
        ([(0, 0), (0, 6), (40, 6)], "M0 0L0 3Q0 6 7 6L32 6"),
        # The same point twice is a corner without room.
        ([(0, 0), (0, 50), (0, 50), (40, 50)], "M0 0L0 43Q0 50 0 50L0 50Q0 50 7 50L32 50"),
        ([(5, 5), (5, 5)], "M5 5L5 5"),
    ],
)
def test_an_arrow_turns_round_its_corners(points: list[tuple[float, float]], drawn: str):
    assert way(points) == drawn
