"""Pictures as a reader sees them: drawn by a real browser, in several fonts, and measured there.

No line runs through text, no text lies on other text or over the border of a card, the smallest
text is 11 px high at 830 px, and no arrow runs through a card or another arrow's head.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from docs.example_charts import EXAMPLES
from relink.engine import System, Table
from relink.engine.diagram import Overlay, svg, system_svg
from relink.engine.diagram.lanes import SYSTEM_LEVELS, SystemLevel
from relink.engine.diagram.pictures import LEVELS
from relink.machines import CHARTS, relink_system
from tests.profile import PROFILE, examples
from tests.simulator.browser import MISSING, Browser, installed

from .drawn_charts import PARCEL, tables
from .large_charts import LARGE
from .systems import systems

FONTS = [
    ("DejaVu Sans", "DejaVu Sans Mono"),
    ("DejaVu Serif", "DejaVu Sans Mono"),
    ("Liberation Sans", "Liberation Mono"),
]
"""A wide family, one with serifs, and one with the widths of Helvetica and Arial."""

MEASURE = Path(__file__).with_name("drawn.js").read_text()

HAS_FONT = """((family) => {
    const pen = document.createElement("canvas").getContext("2d");
    const widths = ["monospace", "serif"].map((other) => {
        pen.font = `40px "${family}", ${other}`;
        return pen.measureText("Will it fit?").width;
    });
    return widths[0] === widths[1];
})"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = installed()
    if program is None:
        pytest.skip(MISSING)
    opened = Browser(program, tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture(params=FONTS, ids=lambda fonts: fonts[0])
def fonts(request: pytest.FixtureRequest, browser: Browser) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    for family in found:
        if not browser.run(f"{HAS_FONT}({json.dumps(family)})"):
            pytest.skip(
                f"The font {family} is not installed (Debian: fonts-dejavu-core, fonts-liberation)"
            )
    return found


def problems(browser: Browser, picture: str, fonts: tuple[str, str]) -> list[str]:
    arguments = ", ".join(map(json.dumps, (picture, *fonts)))
    found: list[str] = browser.run(f"({MEASURE})({arguments})")
    return found


@cache
def pictures(table: Table) -> tuple[tuple[str, str], ...]:
    """Every picture of a chart, with what it is."""
    return tuple(_pictures(table))


def _pictures(table: Table) -> Iterator[tuple[str, str]]:
    for level in LEVELS:
        yield level, svg(table, level)
    for state in table.states:
        yield f"focus on {state}", svg(table, focus=state)
    everything = Overlay(
        here=table.initial,
        path=table.states,
        counts=dict.fromkeys(table.states, 1_234_567),
        shows_missing=True,
    )
    yield "story with overlay", svg(table, overlay=everything)
    yield "moves with overlay", svg(table, "moves", overlay=everything)


SHIPPED = {
    **{name: chart.table() for name, chart in {**CHARTS, **EXAMPLES}.items()},
    "parcel": PARCEL,
}


def test_every_shipped_picture_can_be_read(browser: Browser, fonts: tuple[str, str]):
    wrong = {
        f"{name}, {what}": found
        for name, table in SHIPPED.items()
        for what, picture in pictures(table)[:: PROFILE.stride]
        if (found := problems(browser, picture, fonts))
    }
    assert wrong == {}


@pytest.mark.parametrize("name", LARGE)
def test_pictures_of_large_and_odd_charts_can_be_read(
    browser: Browser, fonts: tuple[str, str], name: str
):
    table = LARGE[name]()
    wrong = {}
    for what, picture in (
        *((level, svg(table, level)) for level in LEVELS),
        ("focus", svg(table, focus=table.initial)),
    ):
        if found := problems(browser, picture, fonts):
            wrong[what] = found
    assert wrong == {}


@settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(table=tables())
def test_pictures_of_generated_charts_can_be_read(browser: Browser, table: Table):
    for what, picture in pictures(table)[:6]:
        assert problems(browser, picture, FONTS[0]) == [], what


@pytest.mark.parametrize("level", SYSTEM_LEVELS)
def test_the_picture_of_the_system_can_be_read(
    browser: Browser, fonts: tuple[str, str], level: SystemLevel
):
    assert problems(browser, system_svg(relink_system(), level), fonts) == []


@settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(system=systems())
def test_pictures_of_generated_systems_can_be_read(browser: Browser, system: System):
    for level in SYSTEM_LEVELS:
        assert problems(browser, system_svg(system, level), FONTS[1]) == [], level
