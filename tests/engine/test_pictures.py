"""Pictures hold the table's moves, no more and no less, in the same places at every level."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from statemachine import State

from docs.example_charts import EXAMPLES
from relink.engine import Chart, Table
from relink.engine.diagram import Overlay, mermaid, svg, walked
from relink.engine.diagram.arranging import arranged, links_of
from relink.engine.diagram.entries import Entries, entries, provided
from relink.engine.diagram.measure import width
from relink.engine.diagram.pictures import LEVELS
from relink.engine.diagram.placing import Cell, columns, places
from relink.engine.diagram.routing import board
from relink.engine.diagram.shapes import PALETTES
from relink.engine.diagram.told import Told, told
from relink.engine.errors import ArgumentError, StoryError, UnknownEventError, UnknownStateError
from relink.engine.story import Plain, Story, Tone, Words
from relink.machines import CHARTS

from .drawn_charts import PARCEL, ParcelChart, tables
from .exact_moves import Answers, assert_exact, holds
from .large_charts import LARGE

SHIPPED = {name: chart.table() for name, chart in {**CHARTS, **EXAMPLES}.items()}
SVG = "{http://www.w3.org/2000/svg}"


# -- Every move, and nothing else -----------------------------------------------------------------


def listed(found: Entries, state: str, event: str, answers: Answers) -> list[str]:
    """The states that the entries say the event leads to."""
    provisos = [x.condition for x in found.provisos if event in x.events]
    return [
        entry.target
        for entry in found.entries
        if state in entry.sources
        and event in entry.events
        and all(holds(each, answers) for each in [entry.when, *provisos])
    ]


def assert_all_listed(table: Table) -> None:
    assert_exact(table, partial(listed, entries(table)))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_the_moves_of_a_generated_chart_are_those_of_its_table(table: Table):
    assert_all_listed(table)


@pytest.mark.parametrize("table", [PARCEL, *SHIPPED.values()], ids=repr)
def test_the_moves_of_a_shipped_chart_are_those_of_its_table(table: Table):
    assert_all_listed(table)


@pytest.mark.parametrize("name", LARGE)
def test_the_moves_of_a_large_chart_lead_where_its_leaves_do(name: str):
    table = LARGE[name]()
    moves = {(x.source, x.event, x.target) for x in table.leaves() if x.outcome == "moved"}
    found = entries(table)
    shown = {(s, e, x.target) for x in found.entries for e in x.events for s in x.sources}
    assert shown == moves
    assert found.moves == len(moves)


def words(picture: str) -> str:
    """All that is written in a picture, in order."""
    root = ElementTree.fromstring(picture)
    return " ".join(text.text or "" for text in root.iter(f"{SVG}text"))


@pytest.mark.parametrize("table", [PARCEL, *SHIPPED.values()], ids=repr)
def test_the_picture_of_all_moves_writes_each_entry(table: Table):
    written = words(svg(table, "moves")).replace("*", "").replace("_ ", "_")
    for entry in entries(table).entries:
        for event in entry.events:
            assert event in written
        for guard, _ in {answer for term in entry.condition for answer in term}:
            # What is denied has another verb, or none: "lacks mandate", "does not lack mandate".
            heart = max(guard.split("_")[1:] or [guard], key=len).replace("nothing", "thing")
            assert heart in written


def arrows(picture: str) -> dict[str, str]:
    """The way of each arrow, by its number."""
    found = re.findall(r'data-arrow="(\d+)"><path class="line[^"]*" d="([^"]+)"', picture)
    return dict(found)


def corners(picture: str) -> list[tuple[str, str]]:
    """Column and order of the cards: the left edges of all boxes, and their colours."""
    return re.findall(r'<rect class="box hollow" x="([\d.]+)"', picture)


@pytest.mark.parametrize("table", [PARCEL, *SHIPPED.values()], ids=repr)
def test_states_and_arrows_are_in_the_same_places_at_both_levels(table: Table):
    story, moves = svg(table, "story"), svg(table, "moves")
    assert arrows(story).keys() == arrows(moves).keys()
    assert corners(story) == corners(moves)


@pytest.mark.parametrize("table", [PARCEL, *SHIPPED.values()], ids=repr)
def test_the_matrix_has_a_cell_for_each_event_and_state(table: Table):
    cells = re.findall(r"<title>(\w+) in (\w+);", svg(table, "everything"))
    assert sorted(cells) == sorted((event, state) for state, event in table.trees)


@pytest.mark.parametrize("table", [PARCEL, *SHIPPED.values()], ids=repr)
def test_a_focus_shows_each_move_to_and_from_its_state(table: Table):
    for state in table.states:
        picture = svg(table, focus=state)
        neighbours = {
            (other, is_before)
            for x in table.leaves()
            if x.outcome == "moved"
            for other, is_before in ((x.source, True), (x.target, False))
            if state == (x.target if is_before else x.source)
        }
        assert picture.count('class="head"') == len(neighbours)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("is_stale and not is_new", "if it is stale and is not new"),
        ("not has_message", "if it has no message"),
        ("not has_a_day", "if it has no day"),
        ("not has_no_message_due", "if it has message due"),
        ("not has_never_come_back", "if it has come back"),
        ("not has_not_ended_yet", "if it has ended yet"),
        ("not has_learned_authorization", "if it has not learned authorization"),
        ("not has_unchecked_members", "if it has no unchecked members"),
        ("not has_to_wait_longer", "if it does not have to wait longer"),
        ("not has_the_same_day", "if it does not have the same day"),
        ("not may_try_again", "if it may not try again"),
        ("names_account", "if it names account"),
        ("not names_account", "if it does not name account"),
        ("not carries_it and not watches_it", "if it does not carry it and does not watch it"),
        ("not needs_nothing", "if it needs something"),
        ("session_is_open", "if session is open"),
        ("not session_is_open", "if session is not open"),
        ("not block_is_ambiguous", "if block is not ambiguous"),
        ("asked_in_vain", "if asked in vain"),
        ("not asked_in_vain", "if not asked in vain"),
        ("not access_granted", "if not access granted"),
        ("not g0", "if not g0"),
    ],
)
def test_conditions_are_said_in_english(condition: str, words: str):
    assert provided(condition) == words


# -- Arrows that cross ----------------------------------------------------------------------------

Way = list[tuple[float, float]]


def way(path: str) -> Way:
    """The corners of an arrow; round ones end in the middle of their curve."""
    numbers = re.findall(r"([MLQ])([\d.-]+) ([\d.-]+)", path)
    return [(float(x), float(y)) for _, x, y in numbers]


def crossings(picture: str) -> int:
    """How often two arrows of a picture cross, by its own lines."""
    ways = [list(pairwise(way(path))) for path in arrows(picture).values()]
    return sum(
        cross(here, there)
        for one, other in combinations(ways, 2)
        for here in one
        for there in other
    )


def cross(one: Way, other: Way) -> bool:
    def turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    (a, b), (c, d) = one, other
    return turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0


def test_hardly_any_arrows_of_a_shipped_chart_cross():
    found = {name: crossings(svg(table)) for name, table in SHIPPED.items()}
    assert {name: count for name, count in found.items() if count} == {
        "document_approval": 1,
        "session": 1,
    }


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_states_change_places_only_where_fewer_arrows_cross(table: Table):
    story = told(table)
    first = places(story)
    arrangement = arranged(story)
    assert arrangement.keys() == first.keys()
    assert len(set(arrangement.values())) == len(arrangement)
    if arrangement != first:
        assert routed(story, arrangement) < routed(story, first)


def routed(story: Told, at: Mapping[str, Cell]) -> tuple[int, int]:
    """Arrows that have no room, and crossings of the others, in that arrangement."""
    rows = max(row for row, _ in at.values()) + 1
    heights = dict.fromkeys(at.values(), 100.0)
    made = board(links_of(story, at), rows, columns(len(at)), lambda _: heights, 0)
    ways = [list(pairwise(each.points)) for each in made.drawn]
    crossed = sum(cross(x, y) for one, other in combinations(ways, 2) for x in one for y in other)
    return len(made.left_out), crossed


# -- What nobody declared -------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_without_a_story_every_state_is_told_and_can_be_reached_by_arrows(table: Table):
    story = told(table)
    assert list(story.states) == list(table.states)
    assert_a_path(table, story.usual)
    reached = {table.initial, *story.usual, *story.from_anywhere}
    for _ in table.states:
        reached |= {arrow.target for arrow in story.arrows if arrow.source in reached}
    assert reached == set(table.states)


def assert_a_path(table: Table, usual: tuple[str, ...]) -> None:
    moves = {(leaf.source, leaf.target) for leaf in table.leaves() if leaf.outcome == "moved"}
    assert moves.issuperset(pairwise(usual))


@pytest.mark.parametrize("table", SHIPPED.values(), ids=repr)
def test_the_usual_way_of_a_shipped_chart_is_a_path_of_its_table(table: Table):
    assert_a_path(table, told(table).usual)


@pytest.mark.parametrize("chart", CHARTS.values(), ids=lambda chart: chart.__name__)
def test_every_state_of_our_charts_has_plain_words(chart: type[Chart]):
    assert chart.story is not None
    assert set(chart.story.states) == set(chart.table().states)
    assert len(told(chart.table()).arrows) <= 12


def test_the_usual_way_is_the_longest_cycle_through_the_state_that_most_return_to():
    assert told(PARCEL).usual == ("depot", "road", "door", "note", "depot")


def test_a_state_that_one_event_reaches_from_everywhere_needs_no_arrows():
    assert told(PARCEL).from_anywhere == {"delivered": "crushed"}
    assert "From any other state: crushed" in words(svg(PARCEL))


def test_states_that_cannot_be_left_are_not_among_those_that_lead_anywhere():
    written = words(svg(EXAMPLES["ci_job"]))
    assert "From any other state that can be left: A newer commit" in written
    assert "From any other state: Stripe reports it disconnected" in words(svg(CHARTS["account"]))


def test_compound_states_stand_before_the_names_of_states_in_them():
    assert "under_way / road" in words(svg(PARCEL))


# -- What a chart declares ------------------------------------------------------------------------

STORY = Story(
    title="A parcel",
    states={"depot": Plain("At the depot", "wait", Tone.WAITING)},
    usual=("depot", "road", "door"),
    words=(Words("depot", "road", "somebody loads it"), Words(None, "delivered", "it is crushed")),
    note="Rain is not shown.",
)


def parcel(story: Story) -> Table:
    body = {"story": story, "__module__": __name__}
    return type(Chart)("ParcelChart", (ParcelChart,), body).table()


def test_a_story_is_told_in_its_words():
    for level in ("story", "moves"):
        written = words(svg(parcel(STORY), level))
        assert "A parcel" in written
        assert "At the depot wait depot · start" in written
    written = words(svg(parcel(STORY)))
    assert "somebody loads it" in written
    assert "From any other state: it is crushed" in written
    assert "Rain is not shown." in written


def test_states_of_a_story_may_be_named_by_the_states_themselves():
    class Lamp(Chart):
        facts_type = ParcelChart.facts_type
        alphabet = ParcelChart.alphabet[:1]
        off = State(initial=True)
        on = State()
        off.to(on, event="loaded")
        on.to(off, event="loaded")
        story = Story(states={off: Plain("Dark"), on: Plain("Bright")}, usual=(off, on, off))

    assert told(Lamp.table()).usual == ("off", "on", "off")
    assert "Bright" in words(svg(Lamp))


@pytest.mark.parametrize(
    ("story", "problem"),
    [
        (Story(states={"rode": Plain("x")}), "'rode', which is no leaf state; did you mean 'road'"),
        (Story(usual=("depot", "door")), "from depot to door, and no event does; .* lead to road"),
        (Story(words=(Words("note", "road", "x"),)), "words for note to road, and no event leads"),
        (Story(words=(Words(None, "road", "x"),)), "words for door to road"),
        (Story(states={"under_way": Plain("x")}), "'under_way', which is no leaf state"),
    ],
)
def test_a_story_that_the_table_does_not_have_is_refused(story: Story, problem: str):
    for draw in (svg, mermaid):
        with pytest.raises(StoryError, match=f"ParcelChart: story.*{problem}"):
            draw(parcel(story))


@pytest.mark.parametrize(
    ("story", "problem"),
    [
        ("hello", " is 'hello'; give a Story"),
        (Story(states=("depot",)), "states is a tuple; give a dict"),
        (Story(states={"depot": "x"}), "states, depot: it is 'x'; give a Plain"),
        (Story(states={5: Plain("x")}), "states has 5; name a leaf state"),
        (Story(states={"depot": Plain(5)}), "states, depot: it is .*give two texts"),
        (Story(states={"depot": Plain("x", tone="good")}), "give two texts and a Tone"),
        (Story(usual="depot"), "usual is 'depot'; give a tuple"),
        (Story(usual=(5,)), "usual has 5"),
        (Story(words=Words("depot", "road", "x")), "words is a Words; give a tuple"),
        (Story(words=("x",)), "words has 'x'; give Words"),
        (Story(words=(Words("depot", None, "x"),)), "name two leaf states"),
        (Story(words=(Words("depot", "road", 5),)), "give a text"),
        (Story(title=5), "title and story.note are texts"),
    ],
)
def test_what_is_no_story_is_refused_when_the_chart_is_compiled(story: Story, problem: str):
    with pytest.raises(StoryError, match=f"ParcelChart: story.*{problem}"):
        parcel(story)


# -- Overlays -------------------------------------------------------------------------------------


def test_an_overlay_marks_where_a_machine_is_and_how_it_came_there():
    overlay = Overlay(here="door", path=("depot", "road", "door"), counts={"door": 1200})
    picture = svg(PARCEL, overlay=overlay)
    written = words(picture)
    assert written.count("now here") == 1
    assert "1,200 in this state" in written
    assert "The way it went: depot → road → door." in written
    assert picture.count("line walked") == 2
    assert "now here" not in words(svg(PARCEL))


def test_an_overlay_of_decisions_counts_the_moves_and_shows_what_was_never_taken():
    table = PARCEL
    machine = table.start()
    decisions = [machine]
    for event in (ParcelChart.alphabet[0](), ParcelChart.alphabet[1](), ParcelChart.alphabet[2]()):
        decisions.append(table.decide(decisions[-1].snapshot, event))
    overlay = walked(decisions)
    assert overlay.here == "depot"
    assert overlay.path == ("depot", "road", "door", "depot")
    assert overlay.moves == {
        ("depot", "loaded", "road"): 1,
        ("road", "rung", "door"): 1,
        ("door", "recalled", "depot"): 1,
    }
    missing = Overlay(moves=overlay.moves, shows_missing=True)
    written = words(svg(table, "moves", overlay=missing))
    assert written.count("taken 1 time") == 3
    assert written.count("never taken") == len(entries(table).entries) - 3


@pytest.mark.parametrize(
    "overlay",
    [
        Overlay(here="nowhere"),
        Overlay(path=("nowhere",)),
        Overlay(counts={"nowhere": 1}),
        Overlay(moves={("depot", "loaded", "nowhere"): 1}),
    ],
)
def test_an_overlay_of_a_state_that_does_not_exist_is_refused(overlay: Overlay):
    with pytest.raises(UnknownStateError, match="parcel has no leaf state 'nowhere'"):
        svg(PARCEL, overlay=overlay)


@pytest.mark.parametrize(
    ("overlay", "problem"),
    [
        (Overlay(here=5), "the id of a state as here, and got 5"),
        (Overlay(path="depot"), "a tuple of states as path, and got 'depot'"),
        (Overlay(path=(5,)), "ids of states in path, and got 5"),
        (Overlay(counts=5), "a dict of numbers by a state as counts, and got 5"),
        (Overlay(counts={"depot": "many"}), "whole numbers of 0 or more in counts, and got 'many'"),
        (Overlay(counts={"depot": -1}), "whole numbers of 0 or more in counts, and got -1"),
        (Overlay(counts={5: 1}), "ids of states in counts, and got 5"),
        (Overlay(moves={"depot": 1}), r"moves as \(state before, event, state after\)"),
        (Overlay(moves={("depot", "loaded"): 1}), "moves as"),
        (Overlay(moves={("depot", "loaded", "road"): None}), "whole numbers .* in moves, and got"),
        (("depot",), "an Overlay, and got a tuple"),
    ],
)
def test_an_overlay_of_other_values_is_refused(overlay: Overlay, problem: str):
    with pytest.raises(ArgumentError, match=problem):
        svg(PARCEL, overlay=overlay)


def test_an_overlay_with_an_event_that_does_not_exist_is_refused():
    with pytest.raises(UnknownEventError, match=r"loded.*did you mean 'loaded'"):
        svg(PARCEL, overlay=Overlay(moves={("depot", "loded", "road"): 1}))


def test_an_overlay_is_refused_where_it_would_not_show():
    here = Overlay(here="depot")
    for arguments in ({"level": "everything"}, {"focus": "road"}):
        with pytest.raises(ArgumentError, match="over the story and the moves only"):
            svg(PARCEL, overlay=here, **arguments)
        assert svg(PARCEL, overlay=Overlay(), **arguments)


def test_what_is_no_decision_has_not_walked():
    with pytest.raises(ArgumentError, match=r"walked.*decisions, and got 5"):
        walked([5])


# -- Colours, text and errors ---------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", PALETTES)
def test_every_text_has_a_contrast_of_4_5_to_1_on_all_that_it_stands_on(theme: str):
    palette = PALETTES[theme]
    grounds = [name for name in palette if name.endswith("-fill")] + ["paper", "card", "stripe"]
    for ground in grounds:
        for ink in ("ink", "pale", "here", "missed"):
            assert contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
    for tone in Tone:
        for ground in (f"{tone.value}-fill", "paper", "card"):
            assert contrast(palette[tone.value], palette[ground]) >= 4.5, (tone, ground)


@pytest.mark.parametrize("level", LEVELS)
def test_a_picture_is_the_same_each_time_and_well_formed(level: str):
    for table in SHIPPED.values():
        picture = svg(table, level)
        assert picture == svg(table, level)
        ElementTree.fromstring(picture)


def test_names_are_written_and_never_markup():
    table = parcel(Story(title="<script>&\x07", states={"depot": Plain('a"<b>&')}))
    for level in LEVELS:
        assert "<script>" not in svg(table, level)
        assert 'a"<b>&' in words(svg(table, level)) or level == "everything"


def test_colours_follow_the_reader_or_are_fixed():
    assert "prefers-color-scheme" in svg(PARCEL)
    for theme in ("light", "dark"):
        picture = svg(PARCEL, theme=theme)
        assert "prefers-color-scheme" not in picture
        assert PALETTES[theme]["paper"] in picture


def test_a_notebook_shows_the_picture():
    for picture in (svg(PARCEL), svg(PARCEL, "everything"), svg(PARCEL, focus="door")):
        assert picture._repr_svg_() == picture == str(picture)


def test_what_is_not_understood_is_refused():
    with pytest.raises(ArgumentError, match=r"svg\(\): it takes a level of story, moves, every"):
        svg(PARCEL, "all")
    with pytest.raises(ArgumentError, match="theme"):
        svg(PARCEL, theme="sepia")
    with pytest.raises(UnknownStateError, match="no leaf state 'under_way'"):
        svg(PARCEL, focus="under_way")


def test_a_page_can_allow_exactly_the_style_of_a_picture():
    picture = svg(PARCEL)
    style = picture[picture.index("<style>") + 7 : picture.index("</style>")]
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert picture.style_source == f"'sha256-{digest}'"


def test_letters_with_marks_are_as_wide_as_without_and_chinese_ones_wider_than_any():
    assert width("caf\u00e9", 10) == width("cafe\u0301", 10) == width("cafe", 10)
    assert width("\u6f22", 10) == pytest.approx(1.03 * 12.5)
    assert width("\u0416", 10) == pytest.approx(1.03 * 11)
    assert width("", 10) == 0
