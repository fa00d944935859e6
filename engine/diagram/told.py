"""What is told: a chart's story, checked against its table and completed from it.

Without a declaration the usual way is the longest cycle through the state that most others return
to, or the longest path from the start. Arrows without words of their own get the names of their
events. Arrows are few, so that a picture can be read: the usual way, one way into each other
state, and one out of it, up to :data:`FEW` in all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

from ..errors import StoryError
from ..story import Plain, Story, faults_of, id_of
from ..table import Table
from ..tree import leaves_of

FEW = 10
"""Arrows that a picture without declared words shows, if that is enough to reach every state."""

PATIENCE = 4000
"""Steps for which a longest way is searched. The longest one found until then is taken."""

MOST_EVENTS = 2
"""Events that the words of an arrow name, where nobody declared any."""

Between = Mapping[tuple[str, str], tuple[str, ...]]
"""The events that lead from one state to another."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A move that a picture shows as an arrow."""

    number: int
    source: str
    target: str
    text: str
    is_usual: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What a picture tells of a chart."""

    title: str
    states: Mapping[str, Plain]
    """Every leaf state, in document order."""
    usual: tuple[str, ...]
    arrows: tuple[Arrow, ...]
    from_anywhere: Mapping[str, str]
    """States that every other state leads to, with words. They need no arrows."""
    left: tuple[str, ...]
    """The states that an event leaves, in the order of the table."""
    note: str


def told(table: Table) -> Told:
    """The story of a chart.

    Raises:
        StoryError: it is no story, or names a state or a move that the table does not have.
    """
    for fault in faults_of(table.chart.story):
        raise StoryError(table.chart, fault)
    story = table.chart.story or Story()
    between = moves_between(table)
    states = _states(table, story)
    usual = tuple(map(id_of, story.usual))
    _check(table, story, between)
    from_anywhere = {id_of(x.target): x.text for x in story.words if x.source is None}
    if not story.words:
        from_anywhere = _ends_of_all(table, between, usual)
    inner = [state for state in table.states if state not in from_anywhere]
    if not usual:
        usual = _usual(table, inner, between)
    return Told(
        title=story.title or table.name.replace("_", " "),
        states=states,
        usual=usual,
        arrows=tuple(_arrows(table, story, usual, inner, between)),
        from_anywhere=from_anywhere,
        left=tuple(dict.fromkeys(source for source, _ in between)),
        note=story.note,
    )


def moves_between(table: Table) -> Between:
    """The events that lead from one state to another, in the order of the table."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for (source, event), tree in table.trees.items():
        for leaf in leaves_of(tree):
            if leaf.outcome == "moved":
                found.setdefault((source, leaf.target), {})[event] = None
    return {pair: tuple(events) for pair, events in found.items()}


def _states(table: Table, story: Story) -> dict[str, Plain]:
    declared = {id_of(state): plain for state, plain in story.states.items()}
    return {state: declared.get(state) or Plain(state.replace("_", " ")) for state in table.states}


def _check(table: Table, story: Story, between: Between) -> None:
    usual = tuple(map(id_of, story.usual))
    named = [
        *(id_of(state) for state in story.states),
        *usual,
        *(id_of(x) for each in story.words for x in (each.source, each.target) if x is not None),
    ]
    for state in named:
        if state not in table.states:
            near = get_close_matches(state, table.states, n=1)
            cure = (
                f"did you mean {near[0]!r}?" if near else f"name one of {', '.join(table.states)}"
            )
            raise StoryError(table.chart, f"story names {state!r}, which is no leaf state; {cure}")
    for source, target in pairwise(usual):
        if (source, target) not in between:
            raise StoryError(
                table.chart,
                f"story.usual goes from {source} to {target}, and no event does; "
                f"from there events lead to {_listed(t for s, t in between if s == source)}",
            )
    for words in story.words:
        target = id_of(words.target)
        sources = [id_of(words.source)] if words.source is not None else movers(between, target)
        for source in sources:
            if (source, target) not in between:
                raise StoryError(
                    table.chart,
                    f"story.words has words for {source} to {target}, and no event leads there; "
                    f"drop them, or name one of {_listed(t for s, t in between if s == source)}",
                )


def movers(between: Between, target: str) -> list[str]:
    """The states other than the target that an event can leave."""
    return list(dict.fromkeys(source for source, _ in between if source != target))


def _listed(states: Iterable[str]) -> str:
    return ", ".join(states) or "no other state"


def _ends_of_all(table: Table, between: Between, usual: tuple[str, ...]) -> dict[str, str]:
    """States to which one event leads from everywhere, and that nothing leaves."""
    found = {}
    for target in table.states:
        sources = movers(between, target)
        if target in usual or len(sources) < 3 or any(source == target for source, _ in between):
            continue
        shared = set.intersection(*(set(between.get((x, target), ())) for x in sources))
        if shared:
            found[target] = _names([event for event in table.events if event in shared])
    return found


def _usual(table: Table, states: list[str], between: Between) -> tuple[str, ...]:
    """The longest cycle through the state that most others lead to, else the longest path."""
    after: dict[str, list[str]] = {state: [] for state in states}
    sources: dict[str, int] = dict.fromkeys(states, 0)
    for source, target in between:
        if source in after and target in after:
            after[source].append(target)
            sources[target] += 1
    if not states:
        return ()
    hub = max(states, key=lambda state: (bool(after[state]) * sources[state], -states.index(state)))
    cycle = _longest(hub, after, is_cycle=True)
    if len(cycle) > 2:
        return cycle
    return _longest(table.initial if table.initial in after else states[0], after, is_cycle=False)


def _longest(start: str, after: Mapping[str, list[str]], *, is_cycle: bool) -> tuple[str, ...]:
    best: tuple[str, ...] = (start,)
    waiting: list[tuple[str, ...]] = [(start,)]
    for _ in range(PATIENCE):
        if not waiting:
            break
        way = waiting.pop()
        for state in reversed(after[way[-1]]):
            if state == start and is_cycle and len(way) + 1 > len(best):
                best = (*way, start)
            if state not in way:
                waiting.append((*way, state))
        if not is_cycle and len(way) > len(best):
            best = way
    return best


def _arrows(
    table: Table, story: Story, usual: tuple[str, ...], inner: list[str], between: Between
) -> list[Arrow]:
    steps = list(dict.fromkeys(pairwise(usual)))
    words = {
        (id_of(x.source), id_of(x.target)): x.text for x in story.words if x.source is not None
    }
    pairs = [*steps, *(pair for pair in words if pair not in steps)]
    if not story.words:
        pairs += _chosen(table, steps, inner, between)
    return [
        Arrow(number, *pair, words.get(pair) or _names(between[pair]), pair in steps)
        for number, pair in enumerate(pairs, 1)
    ]


def _chosen(
    table: Table, steps: list[tuple[str, str]], inner: list[str], between: Between
) -> list[tuple[str, str]]:
    """Moves that show how each state is reached, how it is left, and then others, while few."""
    inside = [pair for pair in between if pair[0] in inner and pair[1] in inner]
    chosen: dict[tuple[str, str], None] = {}
    reached = {table.initial, *(state for step in steps for state in step)}
    found = True
    while found:
        found = False
        for pair in inside:
            if pair[0] in reached and pair[1] not in reached:
                reached.add(pair[1])
                chosen[pair] = None
                found = True
    left = {source for source, _ in (*steps, *chosen)}
    on_way = {state for step in steps for state in step}
    for pair in sorted(inside, key=lambda pair: pair[1] not in on_way):
        if len(steps) + len(chosen) < FEW and pair[0] not in left:
            left.add(pair[0])
            chosen[pair] = None
    for pair in inside:
        if len(steps) + len(chosen) < FEW and pair not in steps:
            chosen[pair] = None
    return list(chosen)


def _names(events: Iterable[str]) -> str:
    """Events as the words of an arrow: the first ones, and how many there are besides."""
    names = [event.replace("_", " ") for event in events]
    more = len(names) - MOST_EVENTS
    return ", ".join(names[:MOST_EVENTS]) + (f" and {more} more" if more > 0 else "")
