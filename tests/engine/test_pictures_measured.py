"""Pictures as geometry: everything lies within the paper, words within their boxes, and apart.

The lines of a picture are read, and its words measured as DejaVu Sans draws them. What a browser
draws is looked at too, in ``test_pictures_drawn.py``; here are more charts, and exact distances.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings

from docs.example_charts import EXAMPLES
from relink.engine import System, Table
from relink.engine.diagram import Overlay, svg, system_svg
from relink.engine.diagram.lanes import SYSTEM_LEVELS
from relink.engine.diagram.measure import width
from relink.machines import CHARTS, relink_system

from ..profile import examples
from .drawn_charts import tables
from .large_charts import LARGE
from .systems import systems

SVG = "{http://www.w3.org/2000/svg}"
WIDE, MARGIN = 830.0, 12.0
NEAR = 0.11
"""A tenth of a pixel is lost as numbers are written."""


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float
    what: str = ""

    def meets(self, other: "Box") -> bool:
        return (
            max(self.left, other.left) < min(self.right, other.right) - NEAR
            and max(self.top, other.top) < min(self.bottom, other.bottom) - NEAR
        )

    def holds(self, other: "Box", by: float = 0.0) -> bool:
        return (
            self.left + by <= other.left + NEAR
            and other.right <= self.right - by + NEAR
            and self.top + by <= other.top + NEAR
            and other.bottom <= self.bottom - by + NEAR
        )


@dataclass(frozen=True)
class Seen:
    """What a picture shows."""

    high: float
    words: tuple[Box, ...]
    """Lines of text, from the height of a capital letter down to the baseline."""
    frames: tuple[Box, ...]
    """The borders of cards; of a final state the outer one."""
    numbers: tuple[Box, ...]
    """Numbers of arrows in circles."""


def seen(picture: str) -> Seen:
    root = ElementTree.fromstring(picture)
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    rects = [(each.get("class", "").split(), _rect(each)) for each in root.iter(f"{SVG}rect")]
    frames = [box for names, box in rects if "box" in names]
    outer = [box for box in frames if not any(x != box and x.holds(box, 3) for x in frames)]
    return Seen(
        float(root.get("height", 0)),
        tuple(_words(each) for each in root.iter(f"{SVG}text")),
        tuple(outer),
        tuple(box for names, box in rects if "number" in names),
    )


def _rect(each: ElementTree.Element) -> Box:
    x, y, wide, high = (float(each.get(name, 0)) for name in ("x", "y", "width", "height"))
    return Box(x, y, x + wide, y + high)


def _words(each: ElementTree.Element) -> Box:
    names, said = each.get("class", "").split(), each.text or ""
    x, y, size = (float(each.get(name, 0)) for name in ("x", "y", "font-size"))
    assert size >= 11
    wide = width(said, size, bold="bold" in names, mono="mono" in names)
    x -= wide / 2 * ("middle" in names)
    return Box(x, y - 0.73 * size, x + wide, y, said)


def assert_in_order(picture: str) -> None:
    """Words and cards lie within the paper and apart, and words within their cards."""
    shown = seen(picture)
    paper = Box(0, 0, WIDE, shown.high)
    for each in (*shown.words, *shown.frames, *shown.numbers):
        assert paper.holds(each, 2), each
    for words in shown.words:
        assert words.left + NEAR >= MARGIN - 1, words
        assert words.right <= WIDE - MARGIN + 1 + NEAR, words
    for one, other in combinations(shown.frames, 2):
        assert not one.meets(other), (one, other)
    lines = [each for each in shown.words if each.what.strip()]
    for one, other in combinations(lines, 2):
        assert not one.meets(other), (one, other)
    for words in lines:
        for frame in shown.frames:
            assert not frame.meets(words) or frame.holds(words, 2), (frame, words)
    for one, other in combinations(shown.numbers, 2):
        assert not one.meets(other), (one, other)


def assert_filled(picture: str) -> None:
    """Words stand 12 px from the borders of their cards, and cards are no higher than that needs.

    Only ends of arrows make some cards higher, and never all.
    """
    shown = seen(picture)
    below = []
    for frame in shown.frames:
        inside = [words for words in shown.words if frame.holds(words)]
        assert min(each.left for each in inside) == pytest.approx(frame.left + 12, abs=NEAR)
        assert max(each.right for each in inside) <= frame.right - 12 + NEAR
        assert 11.5 < min(each.top for each in inside) - frame.top < 13
        below.append(frame.bottom - max(each.bottom for each in inside))
    assert 12 < min(below) < 18


def boards(table: Table) -> Iterator[str]:
    """The pictures that have cards."""
    everything = Overlay(
        here=table.initial,
        path=table.states,
        counts=dict.fromkeys(table.states, 1_234_567),
        shows_missing=True,
    )
    yield from (svg(table, level) for level in ("story", "moves"))
    yield from (svg(table, focus=state) for state in table.states)
    yield from (svg(table, level, overlay=everything) for level in ("story", "moves"))


SHIPPED = {name: chart.table() for name, chart in {**CHARTS, **EXAMPLES}.items()}


@pytest.mark.parametrize("name", SHIPPED)
def test_words_and_cards_of_shipped_charts_lie_apart(name: str):
    assert_in_order(svg(SHIPPED[name], "everything"))
    for picture in boards(SHIPPED[name]):
        assert_in_order(picture)
        assert_filled(picture)


@pytest.mark.parametrize("name", LARGE)
def test_words_and_cards_of_large_and_odd_charts_lie_apart(name: str):
    table = LARGE[name]()
    assert_in_order(svg(table, "everything"))
    for picture in (svg(table), svg(table, "moves"), svg(table, focus=table.initial)):
        assert_in_order(picture)
        assert_filled(picture)


@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_words_and_cards_of_generated_charts_lie_apart(table: Table):
    assert_in_order(svg(table, "everything"))
    for picture in boards(table):
        assert_in_order(picture)
        assert_filled(picture)


@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.too_slow])
@given(systems())
def test_words_of_generated_systems_lie_apart(system: System):
    for level in SYSTEM_LEVELS:
        assert_in_order(system_svg(system, level))


def test_words_of_our_system_lie_apart():
    for level in SYSTEM_LEVELS:
        assert_in_order(system_svg(relink_system(), level))
