"""Diagrams show every move of the table under its exact condition, and nothing else."""

import re
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statemachine import State
from statemachine.state import NestedStateFactory

from relink.engine import Chart, Event, Facts, Leaf, Table, ignored, impossible, stays
from relink.engine.diagram import dot, mermaid
from relink.engine.diagram.picture import Picture, picture
from relink.engine.errors import UnknownStateError
from relink.machines import relink_system

from .loose import loosely_compiled


class Loaded(Event):
    pass


class Rung(Event):
    pass


class Recalled(Event):
    pass


class Crushed(Event):
    pass


class Nothing(Facts):
    pass


class ParcelChart(Chart):
    facts_type = Nothing
    alphabet = (Loaded, Rung, Recalled, Crushed)

    depot = State(initial=True)

    class under_way(State.Compound):  # noqa: N801
        road = State(initial=True)
        door = State()

    note = State()
    delivered = State(final=True)

    depot.to(under_way.road, event="loaded", cond="is_paid and fits")
    under_way.road.to(under_way.door, event="rung")
    under_way.door.to(delivered, event="rung", cond="is_home")
    under_way.door.to(note, event="rung", cond="leaves_a_note")
    note.to(depot, event="loaded rung", cond="is_paid")
    under_way.to(depot, event="recalled", cond="is_paid")
    depot.to(delivered, event="crushed", cond="is_paid")
    under_way.to(delivered, event="crushed", cond="is_paid")
    note.to(delivered, event="crushed", cond="is_paid")
    stays(under_way, event="loaded")

    decided = (
        impossible(
            under_way.door, Rung, when="not (is_home or leaves_a_note)", because="it would rot"
        ),
        ignored((depot, under_way, note, delivered), alphabet, because="nothing to do"),
    )

    def is_paid(self, facts, trigger):
        return True

    def fits(self, facts, trigger):
        return True

    def is_home(self, facts, trigger):
        return True

    def leaves_a_note(self, facts, trigger):
        return True


PARCEL = ParcelChart.table()


# -- Every move under its exact condition ---------------------------------------------------------


class E0(Event):
    pass


class E1(Event):
    pass


class Tour(Event):
    pass


class Spare(Event):
    pass


GUARDS = ["g0", "g1", "g2"]
CONDITIONS = [None, *GUARDS, "g0 and not g1", "g1 or g2", "not g0 and not g2"]


def make_guard(name: str) -> Any:
    def guard(self, facts, trigger):
        return True

    guard.__name__ = name
    return guard


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Charts of a few states, some in compound states; all other events are ignored."""
    top: dict[str, Any] = {}
    states: list[Any] = []
    for number, size in enumerate(draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))):
        inner = {f"s{number}_{n}": State() for n in range(size)}
        states += inner.values()
        if size > 1 or draw(st.booleans()):
            top[f"c{number}"] = NestedStateFactory(f"c{number}", (State.Compound,), inner)
        else:
            top |= inner
    everywhere = [*states, *(state for state in top.values() if state.states)]
    # Many moves to one target under one condition, so that all states share some.
    target = draw(st.sampled_from(states))
    for state in everywhere:
        if state is not target and draw(st.integers(0, 3)):
            state.to(target, event="e0", cond="g0")
    for _ in range(draw(st.integers(0, 6))):
        source, other = draw(st.sampled_from(everywhere)), draw(st.sampled_from(states))
        event = draw(st.sampled_from(["e0", "e1", "e0 e1"]))
        source.to(other, event=event, cond=draw(st.sampled_from(CONDITIONS)))
    for state, following in zip(states, [*states[1:], states[0]], strict=True):
        state.to(following, event="tour", cond=draw(st.sampled_from([None, "g0", "g1 and g2"])))
    alphabet = (E0, E1, Tour, Spare)
    body = {
        **top,
        **{name: make_guard(name) for name in GUARDS},
        "facts_type": Nothing,
        "alphabet": alphabet,
        "decided": (ignored(list(top.values()), alphabet, because="generated"),),
    }
    return loosely_compiled(type(Chart)("Generated", (Chart,), body))


def leaf_of(table: Table, state: str, event: str, answers: dict[str, bool]) -> Leaf:
    """The leaf that these answers lead to."""
    [leaf] = [
        leaf
        for leaf in table.leaves(state, event)
        if all(answers[guard] == answer for guard, answer in leaf.guards)
    ]
    return leaf


def shown(drawn: Picture, state: str, event: str, answers: dict[str, bool]) -> list[str]:
    """The targets that the picture shows for the event in the state."""

    def holds(condition: str) -> bool:
        return eval(condition or "True", {}, answers)

    preconditions = [x.condition for x in drawn.preconditions if event in x.events]
    return [
        arrow.target
        for arrow in drawn.arrows
        for label in arrow.labels
        if starts_in(arrow.source, state, arrow.target, drawn.final)
        and event in label.events
        and all(map(holds, [label.condition, *preconditions]))
    ]


def starts_in(source: State | None, state: str, target: str, final: tuple[str, ...]) -> bool:
    if source is None:
        return state != target and state not in final
    return source.id == state or any(starts_in(x, state, target, final) for x in source.states)


def assert_exact(table: Table) -> None:
    drawn = picture(table)
    for state, event in table.trees:
        guards = sorted({guard for leaf in table.leaves(state, event) for guard, _ in leaf.guards})
        for values in product([True, False], repeat=len(guards)):
            answers = dict(zip(guards, values, strict=True))
            leaf = leaf_of(table, state, event, answers)
            if leaf.outcome != "impossible":
                expected = [leaf.target] if leaf.outcome == "moved" else []
                assert shown(drawn, state, event, answers) == expected, (state, event, answers)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_a_picture_of_a_generated_chart_shows_every_move_under_its_exact_condition(table: Table):
    assert_exact(table)


@pytest.mark.parametrize("table", [PARCEL, *relink_system().tables.values()], ids=repr)
def test_a_picture_of_a_real_chart_shows_every_move_under_its_exact_condition(table: Table):
    assert_exact(table)


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


def test_a_condition_of_all_moves_of_an_event_is_stated_once():
    drawn = picture(PARCEL)
    assert drawn.notes() == ["* loaded, recalled, crushed: only if is_paid"]
    [label] = drawn.arrows[0].labels
    assert list(drawn.lines(label, 20)) == [("loaded*", True), ("[fits]", False)]
    assert any("only if is_paid" in line for line in mermaid(PARCEL).splitlines())
    assert any("only if is_paid" in line for line in dot(PARCEL).splitlines())


# -- Mermaid --------------------------------------------------------------------------------------

PARCEL_IN_MERMAID = """\
---
title: parcel, in door
---
stateDiagram-v2
    state "depot" as depot
    state "under_way" as under_way
    state under_way {
        state "road" as road
        state "door" as door
    }
    state "note" as note_
    state "delivered" as delivered
    state "any other state" as any_other_state
    [*] --> depot
    depot --> road: loaded#42;<br>[fits]
    under_way --> depot: ▶ recalled#42;
    road --> door: rung
    door --> delivered: ▶ rung<br>[is_home]
    door --> note_: ▶ rung<br>[not is_home]
    note_ --> depot: rung<br>[is_paid]<br>loaded#42;
    any_other_state --> delivered: ▶ crushed#42;
    delivered --> [*]
    note left of depot
        #42; loaded, recalled, crushed:
        only if is_paid
    end note
    classDef current fill:#fff3c4,stroke:#7c2d12,stroke-width:4px,color:#1f2937
    class door current
"""


def test_mermaid_text_of_a_chart_with_a_highlighted_state():
    """Mermaid 11 draws this text as intended; the output was checked by eye."""
    assert mermaid(PARCEL, "door") == PARCEL_IN_MERMAID


def test_mermaid_text_without_a_highlighted_state():
    text = mermaid(PARCEL)
    assert "title: parcel\n" in text
    assert "▶" not in text
    assert "current" not in text


def test_mermaid_escapes_underscores_around_a_name():
    class Under(Chart):
        facts_type = Nothing
        alphabet = (Rung, Recalled)
        a = State(initial=True)
        b = State()
        a.to(b, event="rung", cond="_is_it and is_what_")
        b.to(a, event="recalled")
        decided = (ignored((a, b), alphabet, because="nothing to do"),)

        def _is_it(self, facts, trigger):
            return True

        def is_what_(self, facts, trigger):
            return True

    assert "rung<br>[#95;is_it and is_what#95;]" in mermaid(Under.table())


def test_mermaid_gives_states_with_the_name_of_a_keyword_ids_of_their_own():
    class Words(Chart):
        facts_type = Nothing
        alphabet = (Rung, Recalled)
        note = State(initial=True)
        note_ = State()
        any_other_state = State()
        é = State()
        note.to(note_, event="rung")
        note_.to(any_other_state, event="rung")
        any_other_state.to(é, event="rung")
        é.to(note, event="rung")
        decided = (ignored((note, note_, any_other_state, é), Recalled, because="nothing to do"),)

    names = re.findall(r'state "(.+)" as (\w+)', mermaid(Words.table()))
    assert dict(names) == {
        "note": "note_",
        "note_": "note__",
        "any_other_state": "any_other_state_",
        "é": "_233_",
    }


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


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_text_and_line_has_a_contrast_of_7_to_1_on_every_background():
    """The strictest level of WCAG (AAA)."""
    text = dot(PARCEL, "door") + mermaid(PARCEL, "door")
    backgrounds = set(re.findall(r'(?:fillcolor=|bgcolor=|fill:)"?(#\w{6})', text)) - {"#1f2937"}
    inks = set(re.findall(r'(?:\bcolor=|fontcolor=|stroke:|\bcolor:)"?(#\w{6})', text))
    assert len(backgrounds) == 4
    assert len(inks) == 3
    for background, ink in product(backgrounds, inks):
        assert (luminance(background) + 0.05) / (luminance(ink) + 0.05) >= 7, (background, ink)


# -- Both -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", [mermaid, dot])
def test_highlighting_a_state_that_is_no_leaf_of_the_chart_is_an_error(draw: Any):
    for state in ("under_way", "nowhere", ""):
        with pytest.raises(UnknownStateError, match=f"parcel has no leaf state '{state}'; .* road"):
            draw(PARCEL, state)


@pytest.mark.parametrize("draw", [mermaid, dot])
def test_equal_charts_give_the_same_text(draw: Any):
    class Again(ParcelChart):
        pass

    assert draw(Again.table()).replace("again", "parcel") == draw(PARCEL)
