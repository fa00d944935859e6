"""The matrix: how many columns and signs have room beside each other, and where names wrap.

A picture is 830 px wide. What its events leave, at least 64 % of it, the columns share, of at most
nine and at least 62 px each. The legend has a sign of each kind, and stands above all cells.
"""

import re
from collections import Counter
from string import ascii_lowercase

import pytest

from relink.engine import Table
from relink.engine.diagram import svg
from relink.engine.story import Plain, Story

from .odd_charts import charted

STATES = ["start", *(f"s{number}" for number in range(8))]


def scattered(event: str, story: Story | None = None) -> Table:
    """Nine states in a round, and one event that leads from the first to five others."""
    moves = [f"{a} -> {b}: on" for a, b in zip(STATES, [*STATES[1:], STATES[0]], strict=True)]
    guards = ("is_one", "is_two", "is_three", "is_four")
    moves += [f"start -> s{n}: {event} if {guard}" for n, guard in enumerate(guards, 2)]
    return charted("\n".join(moves), story=story)


def named(letters: int) -> str:
    """An event whose name has so many letters."""
    return (ascii_lowercase * 2)[:letters]


def columns(picture: str) -> int:
    """How many columns the first block has."""
    tops = Counter(re.findall(r'<rect class="box [^"]*" x="[\d.]+" y="([\d.]+)"', picture))
    return max(tops.values())


def signs(picture: str, event: str) -> list[int]:
    """How many states each line of the first cell of an event names."""
    cell = picture[picture.index(f"<title>{event} in start;") :]
    cell = cell[: cell.index("</g>")]
    return list(Counter(re.findall(r'<text [^>]*y="([\d.]+)"', cell)).values())


@pytest.mark.parametrize(
    ("letters", "wide", "first"),
    [
        (5, 9, [4]),
        # Four signs of 19 px, and 4 px beside them, fit into 80.19 px, and not into 79.39 px.
        (10, 9, [4]),
        (11, 9, [3, 1]),
        (32, 9, [3, 1]),
        # Nine columns would have 61.7 px each.
        (33, 8, [3, 1]),
        (60, 8, [3, 1]),
    ],
)
def test_columns_and_signs_stand_beside_each_other_where_they_have_room(
    letters: int, wide: int, first: list[int]
):
    event = named(letters)
    picture = svg(scattered(event), "everything")
    assert columns(picture) == wide
    assert signs(picture, event) == first


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        # At most 36 % of the picture is for events; without 8 px, these are 39.05 letters.
        ("a" * 38, 1),
        ("a" * 39, 1),
        ("a" * 40, 2),
        # In other fonts than those for code, an o with dots is a little wider.
        ("a" * 36 + "ö" * 3, 1),
        ("a" * 35 + "ö" * 4, 2),
    ],
)
def test_a_long_name_of_an_event_wraps(event: str, lines: int):
    picture = svg(scattered(event), "everything")
    written = re.findall(r'<text class="mono t-ink"[^>]*>([aö]+)</text>', picture)
    # Nine columns need two blocks.
    assert "".join(written) == event + event
    assert len(written) == lines + lines


@pytest.mark.parametrize(("name", "lines"), [("aaaaa aaaar", 1), ("aaaaa aaaas", 2)])
def test_a_name_of_a_state_wraps_where_its_column_ends(name: str, lines: int):
    """The column has 72.2 px for it; it has 71.6 px or 72.9 px."""
    table = scattered(named(10), Story(states={"start": Plain(name)}))
    written = re.findall(
        r'<text class="middle t-ink"[^>]*>(a+[^<]*)</text>', svg(table, "everything")
    )
    assert " ".join(written) == name
    assert len(written) == lines
