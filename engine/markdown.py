"""Markdown: every state and every event of a table, with what follows and why.

Where a diagram shows the moves, this shows everything, one section a state: what
keeps the state and what that does, what is ignored and for which reason, what
was declared impossible. Leaves that end alike are one row with one condition.
The text depends on the chart alone, so that a generated file can be kept fresh.
"""

import inspect
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from .condition import conditions, text
from .table import Table
from .tree import Leaf, leaves_of


def markdown(table: Table) -> str:
    """The table as a Markdown document that ends in a newline."""
    paragraphs = [f"# {table.name}", _start(table)]
    for state in table.states:
        paragraphs += [f"## `{state}`", *_state(table, state)]
    paragraphs += ["## Guards and effects", *_glossary(table), "## Totals", _totals(table)]
    return "\n\n".join(paragraphs) + "\n"


def _start(table: Table) -> str:
    does = f" and does {_names(table.entry.effects)}" if table.entry.effects else ""
    return f"A new machine starts in `{table.initial}`{does}."


def _state(table: Table, state: str) -> Iterator[str]:
    if state in table.final:
        yield "A final state."
    rows = [row for event in table.events for row in _rows(table, state, event)]
    yield _grid(("Event", "When", "Goes to", "Does, or why nothing"), rows)


def _rows(table: Table, state: str, event: str) -> Iterator[tuple[str, str, str, str]]:
    """A row for each way in which the pair can end, in the order of the first leaves."""
    leaves = leaves_of(table.trees[state, event])
    for end, condition in conditions((_end(leaf), leaf.guards) for leaf in leaves).items():
        words = text(condition)
        yield f"`{event}`", f"`{words}`" if words else "always", *end


def _end(leaf: Leaf) -> tuple[str, str]:
    """The last two cells of a row, which are the same for leaves that end alike."""
    goes = f"**`{leaf.target}`**" if leaf.outcome == "moved" else _kind(leaf)
    return goes, _names(leaf.effects) if leaf.reason is None else _plain(leaf.reason.sentence)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _glossary(table: Table) -> Iterator[str]:
    """What the chart's docstrings say in their first paragraphs."""
    leaves = [table.entry, *table.leaves()]
    guards = {guard for leaf in leaves for guard, _ in leaf.guards}
    effects = {effect for leaf in leaves for effect in leaf.effects}
    for kind, names in (("Guard", guards), ("Effect", effects)):
        if names:
            yield _grid((kind, "Means"), [(f"`{x}`", _meaning(table, x)) for x in sorted(names)])


def _meaning(table: Table, name: str) -> str:
    told = inspect.getdoc(getattr(table.chart, name)) or ""
    return _plain(told.partition("\n\n")[0])


def _totals(table: Table) -> str:
    leaves = Counter(_kind(leaf) for leaf in table.leaves())
    pairs = Counter(
        kind for tree in table.trees.values() for kind in {_kind(leaf) for leaf in leaves_of(tree)}
    )
    rows = [(kind, str(pairs[kind]), str(leaves[kind])) for kind in _KINDS]
    rows.append(("all", str(len(table.trees)), str(leaves.total())))
    told = (
        f"{len(table.states)} states and {len(table.events)} events. A leaf is a set of guard "
        "answers under a pair of these, and has one outcome; a pair can have several."
    )
    return f"{told}\n\n{_grid(('Outcome', 'Pairs', 'Leaves'), rows)}"


_KINDS = ("moves", "stays", "ignored", "ignored, as an anomaly", "impossible")


def _kind(leaf: Leaf) -> str:
    match leaf.outcome:
        case "moved":
            return "moves"
        case "stayed":
            return "stays"
        case "ignored":
            return "ignored, as an anomaly" if leaf.anomaly else "ignored"
        case "impossible":
            return "impossible"


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _plain(told: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_<>\[\]|&#])", r"\\\1", " ".join(told.split()))
