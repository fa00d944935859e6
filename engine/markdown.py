"""Markdown: every event in every state of a table, with what follows and why.

A diagram shows only moves. This document has one section for each state, with transitions that
keep the state and their effects, ignored events and their reasons, and impossible answers.
Leaves with the same outcome share a row and a condition. The rows of an event are read from the
top: the first whose condition holds counts, so none repeats what the rows above it rule out. The
text depends on the chart alone, so a test can check that a generated file is current.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from .arguments import explained
from .condition import ordered, text
from .given import ChartOrTable, as_table
from .meaning import meaning
from .table import Table
from .tree import Leaf, leaves_of


@explained
def markdown(table: ChartOrTable) -> str:
    """The table of a chart as a Markdown document that ends in a newline.

    Args:
        table: A chart, or its table.

    Raises:
        ArgumentError: it is neither.
    """
    table = as_table(table, "markdown")
    paragraphs = [f"# {table.name}", _start(table)]
    for state in table.states:
        paragraphs += [f"## `{state}`", *_state(table, state)]
    paragraphs += ["## Guards and effects", *_glossary(table), "## Totals", _totals(table)]
    return "\n\n".join(paragraphs) + "\n"


def _start(table: Table) -> str:
    runs = f" and runs {_names(table.entry.effects)}" if table.entry.effects else ""
    return (
        f"A new machine starts in `{table.initial}`{runs}.\n\n"
        "Of several rows for an event, the first one whose condition holds counts."
    )


def _state(table: Table, state: str) -> Iterator[str]:
    if state in table.final:
        yield "A final state."
    rows = [row for event in table.events for row in _rows(table, state, event)]
    yield _grid(("Event", "When", "Goes to", "Effects, or reason"), rows)


def _rows(table: Table, state: str, event: str) -> Iterator[tuple[str, str, str, str]]:
    """A row for each outcome of the pair, in the order of their first leaves."""
    leaves = leaves_of(table.trees[state, event])
    rows = ordered((_end(leaf), leaf.guards) for leaf in leaves)
    for number, (end, condition) in enumerate(rows.items()):
        words = text(condition)
        rest = "otherwise" if number else "always"
        yield "" if number else f"`{event}`", f"`{words}`" if words else rest, *end


def _end(leaf: Leaf) -> tuple[str, str]:
    """The last two cells of a row: the outcome of a leaf."""
    goes = f"**`{leaf.target}`**" if leaf.outcome == "moved" else _kind(leaf)
    return goes, _names(leaf.effects) if leaf.reason is None else _plain(leaf.reason.sentence)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _glossary(table: Table) -> Iterator[str]:
    """The first paragraphs of the docstrings of guards and effects."""
    leaves = [table.entry, *table.leaves()]
    guards = {guard for leaf in leaves for guard, _ in leaf.guards}
    effects = {effect for leaf in leaves for effect in leaf.effects}
    for kind, names in (("Guard", guards), ("Effect", effects)):
        if names:
            yield _grid(
                (kind, "Means"), [(f"`{x}`", _plain(meaning(table, x))) for x in sorted(names)]
            )


def _totals(table: Table) -> str:
    leaves = Counter(_kind(leaf) for leaf in table.leaves())
    pairs = Counter(
        kind for tree in table.trees.values() for kind in {_kind(leaf) for leaf in leaves_of(tree)}
    )
    rows = [(kind, str(pairs[kind]), str(leaves[kind])) for kind in _KINDS]
    rows.append(("all", str(len(table.trees)), str(leaves.total())))
    summary = (
        f"{len(table.states)} states and {len(table.events)} events. A leaf is one set of guard "
        "answers for a pair of these, and has one outcome. A pair can have several leaves."
    )
    return f"{summary}\n\n{_grid(('Outcome', 'Pairs', 'Leaves'), rows)}"


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


def _plain(words: str) -> str:
    """Text that Markdown shows literally, on one line."""
    return re.sub(r"([\\`*_<>\[\]|&#])", r"\\\1", " ".join(words.split()))
