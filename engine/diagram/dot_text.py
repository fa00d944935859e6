"""DOT: a table in the language of Graphviz."""

from collections.abc import Iterator, Sequence
from html import escape

from statemachine import State

from ..arguments import explained
from ..given import ChartOrTable, as_table
from ..library.structure import leaf_ids
from .picture import Arrow, Picture, picture, wrapped

LABEL_WIDTH = 22
HEADING_WIDTH = 60
"""Characters after which a label or the heading wraps."""

ANY = "any other state"
"""The node for moves that all states have in common. Ids of states have no spaces."""

# All text has a contrast of 7:1 or more. Line thickness repeats what colours say.
_INK, _PALE_INK, _CURRENT_INK = "#1f2937", "#374151", "#7c2d12"
_PAPER, _STATE, _CURRENT_STATE, _CLUSTER = "#ffffff", "#eef2ff", "#fff3c4", "#f8fafc"

_HEAD = f"""\
    graph [rankdir=TB, nodesep=0.2, ranksep=0.4, newrank=true, compound=true, pad=0.2,
           labelloc=t, labeljust=l, bgcolor="{_PAPER}",
           fontname="Helvetica", fontsize=18, fontcolor="{_INK}"]
    node [shape=box, style="rounded,filled", margin="0.2,0.1", fillcolor="{_STATE}",
          color="{_INK}", fontname="Helvetica", fontsize=13, fontcolor="{_INK}"]
    edge [arrowsize=0.8, color="{_PALE_INK}",
          fontname="Helvetica", fontsize=10, fontcolor="{_INK}"]"""

_CLUSTER_HEAD = f"""\
    graph [style="rounded,filled", margin=14, fillcolor="{_CLUSTER}", color="{_INK}",
           fontsize=13]"""


@explained
def dot(table: ChartOrTable, state: str | None = None) -> str:
    """The table as DOT text: moves as arrows, compound states as clusters around theirs.

    Args:
        table: A chart, or its table.
        state: The leaf state to highlight, such as the current one of a machine.

    Raises:
        ArgumentError: it is neither.
        UnknownStateError: the table has no such leaf state.
    """
    drawn = picture(as_table(table, "dot"), state)
    lines = [f"digraph {_quoted(drawn.title)} {{", _HEAD, f"    label=<{_heading(drawn)}>"]
    lines += (f"    {line}" for line in _body(drawn))
    return "\n".join([*lines, "}"]) + "\n"


def _heading(drawn: Picture) -> str:
    """The title, and below it the conditions of the starred events."""
    notes = [line for note in drawn.notes() for line in wrapped(note, HEADING_WIDTH)]
    if notes:
        notes = ["", *notes, ""]  # Space to the title, and to the diagram.
    return f'<b>{escape(drawn.title)}</b><br align="left"/>' + "".join(
        f'<font point-size="10">{escape(line)} </font><br align="left"/>' for line in notes
    )


def _body(drawn: Picture) -> Iterator[str]:
    # Graphviz puts the first node on top.
    yield f'"[*]" [shape=point, width=0.2, color="{_INK}", fillcolor="{_INK}"]'
    yield f'"[*]" -> {_quoted(drawn.initial)}'
    yield from _states(drawn.states, drawn)
    if any(arrow.source is None for arrow in drawn.arrows):
        yield f"{_quoted(ANY)} [style=dashed]"
    yield from (_arrow(arrow, drawn) for arrow in drawn.arrows)


def _states(states: Sequence[State], drawn: Picture) -> Iterator[str]:
    for state in states:
        if state.states:
            yield f"subgraph {_quoted(f'cluster_{state.id}')} {{"
            yield _CLUSTER_HEAD
            yield f"    label={_quoted(state.id)}"
            yield from (f"    {line}" for line in _states(state.states, drawn))
            yield "}"
        else:
            yield f"{_quoted(state.id)} [{', '.join(_looks(state, drawn))}]"


def _looks(state: State, drawn: Picture) -> Iterator[str]:
    if state.id in drawn.final:
        yield "peripheries=2"
    if state.id == drawn.current:
        yield f'fillcolor="{_CURRENT_STATE}", color="{_CURRENT_INK}", penwidth=4'
        yield f"label=<<b>{escape(state.id)}</b>>"


def _arrow(arrow: Arrow, drawn: Picture) -> str:
    lines = [line for label in arrow.labels for line in drawn.lines(label, LABEL_WIDTH)]
    looks = [f"label=<{''.join(map(_label_line, lines))}>"]
    start = ANY if arrow.source is None else arrow.source.id
    if arrow.source and arrow.source.states:
        # An edge starts at a node; `ltail` clips it at the border of the cluster.
        inside = leaf_ids(arrow.source)
        start = inside[len(inside) // 2]
        looks.append(f"ltail={_quoted(f'cluster_{arrow.source.id}')}")
    if arrow.leaves_current:
        looks.append(f'color="{_CURRENT_INK}", fontcolor="{_CURRENT_INK}", penwidth=2.5')
    return f"{_quoted(start)} -> {_quoted(arrow.target)} [{', '.join(looks)}]"


def _label_line(line: tuple[str, bool]) -> str:
    """A line of an HTML-like label, events bold, with spaces between it and the arrow."""
    words, is_event = f" {escape(line[0])} ", line[1]
    return f'{f"<b>{words}</b>" if is_event else words}<br align="left"/>'


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
