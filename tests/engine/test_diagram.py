"""DOT shows every move of the table under its exact condition, and nothing else."""

import re
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from statemachine import State

from relink.engine import Table
from relink.engine.diagram import dot
from relink.engine.diagram.picture import Picture, picture
from relink.engine.errors import UnknownStateError
from relink.machines import relink_system

from .drawn_charts import PARCEL, ParcelChart, tables
from .exact_moves import Answers, assert_exact, holds
from .odd_charts import charted

# -- Every move under its exact condition ---------------------------------------------------------


def shown(drawn: Picture, state: str, event: str, answers: Answers) -> list[str]:
    """The targets that the picture shows for the event in the state."""
    preconditions = [x.condition for x in drawn.preconditions if event in x.events]
    return [
        arrow.target
        for arrow in drawn.arrows
        for label in arrow.labels
        if starts_in(arrow.source, state, arrow.target, drawn.final)
        and event in label.events
        and all(holds(each, answers) for each in [label.condition, *preconditions])
    ]


def starts_in(source: State | None, state: str, target: str, final: tuple[str, ...]) -> bool:
    if source is None:
        return state != target and state not in final
    return source.id == state or any(starts_in(x, state, target, final) for x in source.states)


def assert_all_shown(table: Table) -> None:
    assert_exact(table, partial(shown, picture(table)))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_a_picture_of_a_generated_chart_shows_every_move_under_its_exact_condition(table: Table):
    assert_all_shown(table)


@pytest.mark.parametrize("table", [PARCEL, *relink_system().tables.values()], ids=repr)
def test_a_picture_of_a_real_chart_shows_every_move_under_its_exact_condition(table: Table):
    assert_all_shown(table)


def test_a_picture_marks_exactly_the_arrows_that_leave_the_highlighted_state():
    for state in PARCEL.states:
        drawn = picture(PARCEL, state)
        assert drawn.current == state
        for arrow in drawn.arrows:
            leaves = starts_in(arrow.source, state, arrow.target, PARCEL.final)
            assert arrow.leaves_current == leaves


# -- Few arrows -----------------------------------------------------------------------------------


def summary(drawn: Picture) -> list[tuple[str, str, list[tuple[str, str]]]]:
    return [
        (
            arrow.source.id if arrow.source else "any",
            arrow.target,
            [(" ".join(label.events), label.condition) for label in arrow.labels],
        )
        for arrow in drawn.arrows
    ]


def test_moves_that_states_share_are_drawn_once():
    assert summary(picture(PARCEL)) == [
        ("depot", "road", [("loaded", "fits")]),
        ("under_way", "depot", [("recalled", "")]),
        ("road", "door", [("rung", "")]),
        ("door", "delivered", [("rung", "is_home")]),
        ("door", "note", [("rung", "not is_home")]),
        ("note", "depot", [("rung", "is_paid"), ("loaded", "")]),
        ("any", "delivered", [("crushed", "")]),
    ]


def test_a_condition_that_states_share_reads_as_in_the_first_of_them():
    table = charted(
        """
            idle -> first: started
            first -> second: stepped
            second -> idle: stepped
            first -> over: left if is_high
            first -> over: left if is_low
            second -> over: left if is_low
            second -> over: left if is_high
            idle -> over: gone if is_high
            idle -> over: gone if is_low
            first -> over: gone if is_low
            first -> over: gone if is_high
            second -> over: gone if is_low
            second -> over: gone if is_high
        """,
        inside={"busy": ("first", "second")},
    )
    assert [each for each in summary(picture(table)) if each[1] == "over"] == [
        ("busy", "over", [("left", "is_high or is_low")]),
        ("any", "over", [("gone", "is_high or is_low")]),
    ]


def test_a_condition_of_all_moves_of_an_event_is_stated_once():
    drawn = picture(PARCEL)
    assert drawn.notes() == ["* loaded, recalled, crushed: only if is_paid"]
    [label] = drawn.arrows[0].labels
    assert list(drawn.lines(label, 20)) == [("loaded*", True), ("[fits]", False)]
    assert any("only if is_paid" in line for line in dot(PARCEL).splitlines())


# -- DOT ------------------------------------------------------------------------------------------


def test_dot_draws_a_cluster_around_the_states_of_a_compound_state():
    [inside] = re.findall(r'subgraph "cluster_under_way" \{(.*?)\n    \}', dot(PARCEL), re.S)
    assert re.findall(r'^ +"(\w+)" \[', inside, re.M) == ["road", "door"]
    [edge] = [line for line in dot(PARCEL).splitlines() if '-> "depot" [label=<<b> rec' in line]
    assert 'ltail="cluster_under_way"' in edge


def test_dot_draws_a_final_state_with_a_double_border():
    twice = [line.strip() for line in dot(PARCEL).splitlines() if "peripheries=2" in line]
    assert twice == ['"delivered" [peripheries=2]']


def test_dot_draws_the_highlighted_state_and_its_arrows_thicker():
    def thick(text: str) -> set[str]:
        return {line.partition(" [")[0].strip() for line in text.splitlines() if "penwidth" in line}

    assert thick(dot(PARCEL)) == set()
    assert thick(dot(PARCEL, "road")) == {
        '"road"',
        '"road" -> "door"',
        '"door" -> "depot"',  # from the cluster
        '"any other state" -> "delivered"',
    }


@pytest.mark.parametrize("state", ["under_way", "nowhere", ""])
def test_highlighting_a_state_that_is_no_leaf_of_the_chart_is_an_error(state: str):
    with pytest.raises(UnknownStateError, match=f"parcel has no leaf state '{state}'; .* road"):
        dot(PARCEL, state)


def test_equal_charts_give_the_same_text():
    class Again(ParcelChart):
        pass

    assert dot(Again.table()).replace("again", "parcel") == dot(PARCEL)
