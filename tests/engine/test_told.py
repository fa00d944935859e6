"""What pictures tell without a story: judged by trying all ways through the chart.

The usual way is the longest cycle through the state that most others lead to, or the longest path
from the start. Arrows are few, and every state is reached by them.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statemachine import State

from relink.engine import Chart, Event, Table, ignored
from relink.engine.diagram.told import FEW, Told, moves_between, told
from relink.engine.errors import StoryError
from relink.engine.story import Plain, Story, Tone, Words

from ..profile import examples
from .drawn_charts import Nothing
from .loose import loosely_compiled

Moves = dict[tuple[str, str], list[str]]
"""The events that lead from one state to another."""

EVENTS = tuple(type(f"E{n}", (Event,), {"__module__": __name__}) for n in range(4))
NAMES = [event.name for event in EVENTS]


def charted(states: int, moves: Moves, story: Story | None = None) -> Table:
    """A chart of states s0, s1 and so on, with these moves, each on a guard of its own event."""
    made = {f"s{n}": State(initial=n == 0) for n in range(states)}
    guards = {}
    for (source, target), events in moves.items():
        for event in events:
            guard = f"to_{target}"
            guards[guard] = named(guard)
            made[source].to(made[target], event=event, cond=guard)
    body: dict[str, Any] = {
        **made,
        **guards,
        "facts_type": Nothing,
        "alphabet": EVENTS,
        "absorbing": [made[name] for name in made if all(name != a for a, _ in moves)],
        "story": story,
        "decided": (ignored(list(made.values()), EVENTS, because="generated"),),
        "__module__": __name__,
    }
    return loosely_compiled(type(Chart)("Drawn", (Chart,), body))


def named(name: str) -> Any:
    def guard(self: Any, facts: Any, trigger: Any) -> bool:
        return True

    guard.__name__ = name
    return guard


@st.composite
def moves(draw: st.DrawFn, most: int = 5) -> tuple[int, Moves]:
    """How many states there are, and moves between them; all can be reached."""
    count = draw(st.integers(1, most))
    states = [f"s{n}" for n in range(count)]
    before = [(states[draw(st.integers(0, n - 1))], states[n]) for n in range(1, count)]
    pairs = [(a, b) for a in states for b in states if a != b]
    more = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=9)) if pairs else []
    events = st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=4)
    return count, {pair: draw(events) for pair in dict.fromkeys([*before, *more])}


def everywhere(table: Table) -> Moves:
    """The moves of a table, with their events in its order."""
    found: Moves = {}
    for leaf in table.leaves():
        if leaf.outcome == "moved":
            events = found.setdefault((leaf.source, str(leaf.target)), [])
            if leaf.event not in events:
                events.append(leaf.event)
    return found


def ways(start: str, found: Moves) -> Iterator[tuple[str, ...]]:
    """Every way from a state that comes nowhere twice."""
    waiting = [(start,)]
    while waiting:
        way = waiting.pop()
        yield way
        waiting += [(*way, b) for a, b in found if a == way[-1] and b not in way]


def shared_by_all(table: Table, found: Moves) -> set[str]:
    """States that nothing leaves, and to which one event leads from all that can be left."""
    left = {a for a, _ in found}
    return {
        state
        for state in table.states
        if state not in left
        and len(left) > 2
        and any(all(event in found.get((a, state), ()) for a in left) for event in NAMES)
    }


@settings(max_examples=examples(250), deadline=None)
@given(moves())
def test_the_usual_way_is_the_longest_that_there_is(drawn: tuple[int, Moves]):
    count, given_moves = drawn
    table = charted(count, given_moves)
    story = told(table)
    found = everywhere(table)
    assert set(story.from_anywhere) == shared_by_all(table, found)
    inner = {pair: e for pair, e in found.items() if not set(pair) & set(story.from_anywhere)}
    sources = {s: len({a for a, b in inner if b == s}) for s in table.states}
    leads_on = [s for s in table.states if any(a == s for a, _ in inner)]
    hub = max(leads_on, key=lambda s: sources[s], default="s0")
    cycles = [way for way in ways(hub, inner) if (way[-1], hub) in inner]
    if longest := max(map(len, cycles), default=0):
        assert story.usual[0] == story.usual[-1] == hub
        assert len(story.usual) == longest + 1
    else:
        assert story.usual[0] == table.initial
        assert len(story.usual) == max(len(way) for way in ways(table.initial, inner))
    assert inner.keys() >= set(pairwise(story.usual))


@settings(max_examples=examples(250), deadline=None)
@given(moves())
def test_arrows_are_few_and_show_how_each_state_is_reached_and_left(drawn: tuple[int, Moves]):
    count, given_moves = drawn
    table = charted(count, given_moves)
    story = told(table)
    found = everywhere(table)
    inner = [pair for pair in found if not set(pair) & set(story.from_anywhere)]
    pairs = [(arrow.source, arrow.target) for arrow in story.arrows]
    assert len(set(pairs)) == len(pairs)
    assert set(pairs) <= set(inner)
    # All that there are, or as many as are few, unless the usual way and reach need more.
    assert len(pairs) == min(len(inner), FEW)
    assert [arrow.number for arrow in story.arrows] == list(range(1, len(pairs) + 1))
    steps = list(pairwise(story.usual))
    assert pairs[: len(steps)] == steps
    assert [arrow.is_usual for arrow in story.arrows] == [pair in steps for pair in pairs]
    reached = {table.initial, *story.usual}
    for _ in table.states:
        reached |= {b for a, b in pairs if a in reached}
    assert reached == set(table.states) - set(story.from_anywhere)
    if len(pairs) < FEW:
        assert {a for a, _ in pairs} == {a for a, _ in inner}
    for arrow in story.arrows:
        assert arrow.text == said(found[arrow.source, arrow.target])


def said(events: list[str]) -> str:
    more = f" and {len(events) - 2} more" if len(events) > 2 else ""
    return ", ".join(event.replace("_", " ") for event in events[:2]) + more


@settings(max_examples=examples(100), deadline=None)
@given(moves())
def test_moves_are_told_in_the_order_of_the_table(drawn: tuple[int, Moves]):
    table = charted(*drawn)
    assert moves_between(table) == {pair: tuple(e) for pair, e in everywhere(table).items()}
    assert list(moves_between(table)) == list(everywhere(table))
    assert told(table).left == tuple(dict.fromkeys(a for a, _ in everywhere(table)))


LINE: Moves = {("s0", "s1"): ["e0"], ("s1", "s2"): ["e1", "e2"], ("s0", "s2"): ["e3"]}


def test_a_chart_of_one_state_is_told_without_a_way():
    story = told(charted(1, {}))
    assert story == Told("drawn", {"s0": Plain("s0")}, ("s0",), (), {}, (), "")


def test_a_story_is_told_as_declared():
    story = Story(
        title="A line",
        states={"s1": Plain("Middle", "wait", Tone.WAITING)},
        usual=("s0", "s2"),
        words=(Words("s1", "s2", "goes on"), Words("s0", "s2", "at once")),
        note="No more.",
    )
    found = told(charted(3, LINE, story))
    assert (found.title, found.note, found.usual) == ("A line", "No more.", ("s0", "s2"))
    assert found.states == {
        "s0": Plain("s0"),
        "s1": Plain("Middle", "wait", Tone.WAITING),
        "s2": Plain("s2"),
    }
    assert [(a.number, a.source, a.target, a.text, a.is_usual) for a in found.arrows] == [
        (1, "s0", "s2", "at once", True),
        (2, "s1", "s2", "goes on", False),
    ]
    assert found.from_anywhere == {}


def test_words_from_anywhere_take_the_place_of_arrows():
    story = Story(words=(Words(None, "s2", "whatever happens"), Words("s0", "s1", "first")))
    found = told(charted(3, LINE, story))
    assert found.from_anywhere == {"s2": "whatever happens"}
    assert found.usual == ("s0", "s1")
    assert [(a.source, a.target, a.text) for a in found.arrows] == [("s0", "s1", "first")]


def between(moves: str) -> Moves:
    """Moves by one event: ``01`` leads from s0 to s1."""
    return {(f"s{a}", f"s{b}"): ["e0"] for a, b in moves.split()}


@pytest.mark.parametrize(
    ("moves", "usual", "arrows"),
    [
        ("01 10", "010", "01 10"),
        ("01 12", "012", "01 12"),
        # Of two ways that are as long, the first in the order of the table.
        ("01 02", "01", "01 02"),
        ("01 02 13 23", "013", "01 13 02 23"),
        ("01 02 14 23 34", "0234", "02 23 34 01 14"),
        ("01 10 02 20", "010", "01 10 02 20"),
        # A round goes through the state that most others lead to, and the first of several.
        ("01 12 21 13 31", "121", "12 21 13 01 31"),
        ("01 02 12 21", "121", "12 21 01 02"),
        ("01 12 20 23 32 42 24 34", "2012", "20 01 12 23 24 32 42 34"),
        # No more than ten arrows, if that is enough: first a way out of each state, back to the
        # usual way if there is one, then others.
        ("01 02 03 10 12 13 20 21 23 30 31 32", "01230", "01 12 23 30 02 03 10 13 20 21"),
        ("02 03 01 12 23 34 45 56 67 70 08 83", "345670123", "34 45 56 67 70 01 12 23 08 83"),
        ("02 03 01 12 23 34 45 56 60 07 08 78 70 83", "34560123", "34 45 56 60 01 12 23 07 08 70"),
        ("02 03 01 12 23 34 45 56 60 07 72 70", "23456012", "23 34 45 56 60 01 12 07 72 02"),
        # A way into each state, even if that takes more.
        (
            "02 03 01 12 23 34 45 56 60 07 08 09 78 70 83 92",
            "23456012",
            "23 34 45 56 60 01 12 07 08 09",
        ),
        (
            "02 01 12 23 34 45 56 67 78 89 90 05",
            "23456789012",
            "23 34 45 56 67 78 89 90 01 12",
        ),
    ],
)
def test_these_ways_and_arrows_are_chosen(moves: str, usual: str, arrows: str):
    story = told(charted(len(set(moves) - {" "}), between(moves)))
    assert "".join(state[1:] for state in story.usual) == usual
    shown = [arrow.source[1:] + arrow.target[1:] for arrow in story.arrows]
    assert " ".join(shown) == arrows


def test_what_is_no_story_is_refused_when_it_is_told():
    table = charted(2, between("01 10"))
    table.chart.story = Story(title=5)  # type: ignore[arg-type]
    with pytest.raises(StoryError, match=r"Drawn: story\.title and story\.note are texts"):
        told(table)


@pytest.mark.parametrize(
    ("story", "problem"),
    [
        (Story(usual=("s0", "s22")), "names 's22', which is no leaf state; did you mean 's2'"),
        (Story(states={"no": Plain("x")}), "names 'no', .* name one of s0, s1, s2, s3"),
        (Story(words=(Words("s1", "zzz", "x"),)), "names 'zzz'"),
        (Story(words=(Words("zzz", "s1", "x"),)), "names 'zzz'"),
        (Story(usual=("s2", "s0")), "from s2 to s0, .* events lead to no other state"),
        (Story(usual=("s0", "s1", "s0")), "from s1 to s0, and no event does; .* lead to s2"),
        (Story(words=(Words("s1", "s0", "x"),)), "words for s1 to s0, .* name one of s2"),
        (Story(words=(Words(None, "s1", "x"),)), "words for s3 to s1, and no event leads there"),
    ],
)
def test_a_story_of_what_the_table_does_not_have_is_refused(story: Story, problem: str):
    table = charted(4, {**LINE, ("s3", "s0"): ["e0"], ("s0", "s3"): ["e1"]}, story)
    with pytest.raises(StoryError, match=problem):
        told(table)
