"""The page of the results: its ratios, goals and picture."""

from xml.etree import ElementTree

import pytest

from benchmarks import goals, measure, page, picture, table
from benchmarks.measure import Line
from benchmarks.results import Results

SLOWER = Line("decide", "transitions, live", "µs", (40.0, 44.0), (4.0, 4.2))


def test_the_page_is_fresh() -> None:
    cure = "is stale. Run python -m benchmarks --rewrite."
    assert (page.ROOT / page.PAGE_FILE).read_text() == page.page(), f"{page.PAGE_FILE} {cure}"
    for file, theme in page.PICTURES.items():
        assert (page.ROOT / file).read_text() == page.picture(theme), f"{file} {cure}"


def test_every_goal_that_is_missed_has_its_reason() -> None:
    assert "**missed** |  |" not in page.page()
    assert goals.REASONS.keys() <= {goal.name for goal in goals.GOALS}


@pytest.mark.parametrize(
    ("unit", "theirs", "ratio"), [("µs", 40.0, 4.0), ("webhooks/s", 5.0, 2.0), ("s", 5.0, 0.5)]
)
def test_a_ratio_says_how_many_times_as_fast_relink_is(
    unit: str, theirs: float, ratio: float
) -> None:
    ours, other = measure.lines("row", unit, {measure.OURS: [10.0], "other": [theirs]})
    assert ours.ratio is None
    assert other.ratio == ratio


def test_every_round_begins_with_another_side() -> None:
    order: list[str] = []

    def side(name: str) -> measure.Round:
        return lambda: order.append(name) or float(len(order))

    found = measure.take_turns({name: side(name) for name in "abc"}, 3, "row")
    assert "".join(order) == "abcbcacab"
    assert found == {"a": [1.0, 6.0, 8.0], "b": [2.0, 4.0, 9.0], "c": [3.0, 5.0, 7.0]}


def test_a_line_outlasts_the_file() -> None:
    assert Line.from_json(SLOWER.to_json()) == SLOWER


def test_the_table_names_a_row_once_and_ratios_first() -> None:
    fast = Line("decide", "relink", "µs", (10.0, 11.0))
    assert table.markdown([fast, SLOWER]).splitlines()[2:] == [
        "| decide | relink |  | 10.5 | 10 to 11 | µs |",
        "|  | transitions, live | 4.1 × | 42 | 40 to 44 | µs |",
    ]
    assert table.printed([fast, SLOWER]).splitlines()[2].startswith("decide  transitions, live")


def test_a_goal_is_met_missed_or_not_measured() -> None:
    found = {line.split(" | ")[0]: line for line in goals.judged([SLOWER]).splitlines()}
    assert "| at least 4 × | 4.1 × | met |" in found["| A decision, beside transitions"]
    assert "not measured" in found["| A decision, beside XState 5 on V8"]
    goal = next(goal for goal in goals.GOALS if goal.name == "transitions")
    assert not goal.is_met(3.9)


def test_the_picture_is_drawn_for_every_line_with_a_ratio() -> None:
    lines = Results.read().lines
    root = ElementTree.fromstring(picture.drawn(lines, "light"))
    bars = root.findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == len(picture.shown(lines)) > 5


@pytest.mark.parametrize(
    ("row", "section"),
    [("decide", "decide"), ("ingest on SQLite, CPU", "ingest"), ("against, a step", "against")],
)
def test_a_line_belongs_to_a_row_of_the_command_line(row: str, section: str) -> None:
    assert Line(row, "relink", "µs", (1.0,)).section == section
