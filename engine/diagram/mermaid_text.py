"""Mermaid: a table as a ``stateDiagram-v2``, which Git forges and wikis draw inline."""

import re
from collections.abc import Iterator, Sequence

from statemachine import State

from ..arguments import explained
from ..given import ChartOrTable, as_table
from .picture import Arrow, Picture, picture, wrapped

LABEL_WIDTH = 24
NOTE_WIDTH = 40
"""Characters after which a label or note wraps."""

_ANY = "any_other_state"

# Keywords of Mermaid, which cannot be the id of a state.
_RESERVED = {
    *("accdescr", "acctitle", "class", "classdef", "click", "default", "direction"),
    *("end", "hide", "href", "note", "scale", "state", "style", _ANY),
}

# Dark on light at more than 7:1, and a border for readers who cannot see the colours.
_CURRENT = "fill:#fff3c4,stroke:#7c2d12,stroke-width:4px,color:#1f2937"


@explained
def mermaid(table: ChartOrTable, state: str | None = None) -> str:
    """The table as Mermaid text: moves as arrows, compound states around theirs.

    Args:
        table: A chart, or its table.
        state: The leaf state to highlight, such as the current one of a machine.

    Raises:
        ArgumentError: it is neither.
        UnknownStateError: the table has no such leaf state.
    """
    drawn = picture(as_table(table, "mermaid"), state)
    lines = ["---", f"title: {drawn.title}", "---", "stateDiagram-v2"]
    lines += (f"    {line}" for line in _body(drawn))
    return "\n".join(lines) + "\n"


def _body(drawn: Picture) -> Iterator[str]:
    yield from _declarations(drawn.states)
    if any(arrow.source is None for arrow in drawn.arrows):
        yield f'state "any other state" as {_ANY}'
    yield f"[*] --> {_id(drawn.initial)}"
    yield from (_arrow(arrow, drawn) for arrow in drawn.arrows)
    yield from (f"{_id(final)} --> [*]" for final in drawn.final)
    if drawn.preconditions:
        yield f"note left of {_id(drawn.initial)}"
        for note in drawn.notes():
            yield from (f"    {_escaped(line)}" for line in wrapped(note, NOTE_WIDTH))
        yield "end note"
    if drawn.current is not None:
        yield f"classDef current {_CURRENT}"
        yield f"class {_id(drawn.current)} current"


def _declarations(states: Sequence[State]) -> Iterator[str]:
    for state in states:
        yield f'state "{state.id}" as {_id(state.id)}'
        if state.states:
            yield f"state {_id(state.id)} {{"
            yield from (f"    {line}" for line in _declarations(state.states))
            yield "}"


def _arrow(arrow: Arrow, drawn: Picture) -> str:
    lines = [line for label in arrow.labels for line, _ in drawn.lines(label, LABEL_WIDTH)]
    # Mermaid cannot style one arrow of a state diagram, so its label gets a mark.
    mark = "▶ " if arrow.leaves_current else ""
    source = _ANY if arrow.source is None else _id(arrow.source.id)
    return f"{source} --> {_id(arrow.target)}: {mark}{'<br>'.join(map(_escaped, lines))}"


def _id(state: str) -> str:
    """The state's id in a form that Mermaid accepts, unique for each state."""
    ascii_only = "".join(c if c.isascii() else f"_{ord(c)}_" for c in state)
    return f"{ascii_only}_" if state.rstrip("_").lower() in _RESERVED else ascii_only


def _escaped(line: str) -> str:
    """Escape what Mermaid takes for emphasis: stars, and underscores at the ends of a name."""
    return re.sub(r"\*|\b_|_\b", lambda found: f"#{ord(found[0])};", line)
