"""Mermaid: the story of a chart as a ``stateDiagram-v2``, which Git forges and wikis draw inline.

Mermaid lays arrows out by itself, and cannot show fifty of them. So it gets the story: the moves
that matter, in words. Ids have a prefix, so that no state's name can be a keyword of Mermaid's, and
what Mermaid might take for syntax is escaped.
"""

import json
from collections.abc import Iterable, Iterator

from statemachine import State

from ..arguments import explained
from ..errors import UnknownStateError
from ..given import ChartOrTable, as_table
from ..story import Tone
from .measure import wrapped
from .shapes import PALETTES
from .told import Told, told

LABEL_WIDTH = 190
"""The room for a line of a label, in pixels of a font of 13."""

_ANYWHERE = "anywhere"
"""The node for what leads on from every other state. Ids of states begin with ``s_``."""

_PLAIN = frozenset(" .,!?'()/+-→")
"""What a label may hold beside letters and digits."""


@explained
def mermaid(table: ChartOrTable, state: str | None = None) -> str:
    """The story of a chart as Mermaid text.

    Args:
        table: A chart, or its table.
        state: The leaf state to highlight, such as the current one of a machine.

    Raises:
        ArgumentError: it is neither.
        StoryError: the chart's story names what the table does not have.
        UnknownStateError: the table has no such leaf state.
    """
    drawn = as_table(table, "mermaid")
    if state is not None and state not in drawn.states:
        raise UnknownStateError.of(drawn.name, state, drawn.states)
    story = told(drawn)
    title = story.title if state is None else f"{story.title}, in {state}"
    lines = ["---", f"title: {quoted(title)}", "---", "stateDiagram-v2"]
    lines += (f"    {line}" for line in _declared(drawn.chart.states, story))
    if story.from_anywhere:
        lines.append(f'    state "any other state" as {_ANYWHERE}')
    lines.append(f"    [*] --> {safe_id(drawn.initial)}")
    for arrow in story.arrows:
        # Mermaid cannot style one arrow of a state diagram, so its label gets a mark.
        mark = "▶ " if arrow.source == state else ""
        lines.append(
            f"    {safe_id(arrow.source)} --> {safe_id(arrow.target)}: {mark}{_label(arrow.text)}"
        )
    for target, words in story.from_anywhere.items():
        lines.append(f"    {_ANYWHERE} --> {safe_id(target)}: {_label(words)}")
    lines += (f"    {safe_id(final)} --> [*]" for final in drawn.final)
    lines += (f"    {line}" for line in _looks(story, state))
    return "\n".join(lines) + "\n"


def _declared(states: Iterable[State], story: Told) -> Iterator[str]:
    for state in states:
        plain = story.states.get(state.id)
        name = plain.name if plain else state.id.replace("_", " ")
        yield f'state "{escaped(name)}" as {safe_id(state.id)}'
        if state.states:
            yield f"state {safe_id(state.id)} {{"
            yield from (f"    {line}" for line in _declared(state.states, story))
            yield "}"


def _looks(story: Told, current: str | None) -> Iterator[str]:
    palette = PALETTES["light"]
    tones = {
        tone: [state for state, plain in story.states.items() if plain.tone is tone]
        for tone in Tone
        if tone is not Tone.NEUTRAL
    }
    for tone, states in tones.items():
        if states:
            fill, ink = palette[f"{tone.value}-fill"], palette[tone.value]
            yield f"classDef t_{tone.value} fill:{fill},stroke:{ink},color:{palette['ink']}"
            yield f"class {','.join(map(safe_id, states))} t_{tone.value}"
    if current is not None:
        yield f"classDef current stroke:{palette['here']},stroke-width:4px"
        yield f"class {safe_id(current)} current"


def safe_id(state: str) -> str:
    """An id that Mermaid accepts, another one for each state."""
    return "s_" + "".join(
        char if char.isascii() and char.isalnum() else "_" if char == "_" else f"__{ord(char)}__"
        for char in state
    )


def _label(words: str) -> str:
    return "<br>".join(escaped(line) for line in wrapped(words, LABEL_WIDTH, 13))


def escaped(line: str) -> str:
    """A line in which nothing is syntax."""
    return "".join(char if char.isalnum() or char in _PLAIN else f"#{ord(char)};" for char in line)


def quoted(title: str) -> str:
    """A title as YAML, on one line."""
    return json.dumps(title, ensure_ascii=False)
