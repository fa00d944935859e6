"""Stored tables: a compiled chart as text, so that a process need not compile it again.

A chart names the text in ``table_text``. Its first line is a key: a digest of all that the compiler
asks of the chart. If the chart has another key today, or python-statemachine is of a release on
which nobody compared the tables, the text is not used, and the chart is compiled. Only the code of
guards and effects is not in the key, and no table depends on it. The key and the table of the
account take 3 ms, compiling it 60.

The compiler also refuses charts with mistakes, such as a guard that takes other parameters. That is
left to the test which compiles each chart and compares the result with its text.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from sys import intern
from typing import Any

from .chart_base import ChartBase
from .decision import Started
from .declaration import Declaration, Ignored, Impossible
from .library.names import SET_BY_METACLASS
from .library.outline import is_tested, outline_of
from .sealed import own_attributes
from .table import Table
from .tree import Answers, Branch, Leaf, Outcome, Tree

FORMAT = 1
"""Raised when the text, or the outline, says something in another way."""


def stored_table(chart: type[ChartBase]) -> Table | None:
    """The table that a chart's text holds; None if it has no text, or not one of this chart."""
    # Looked up on the class itself: a chart does not inherit the table of its base.
    key, _, text = vars(chart).get("table_text", "").partition("\n")
    if not key or not is_tested() or key != key_of(chart):
        return None
    return _Reader(chart).table(json.loads(text))


def text_of(table: Table) -> str:
    """The text of a table, for ``table_text``: one line for each state and event."""
    declared = table.chart.decided
    head = [[table.initial, table.entry.effects], table.states, table.final]
    rows = [*head, *(_written(tree, declared) for tree in table.trees.values())]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"{key_of(table.chart)}\n[{lines}]"


def key_of(chart: type[ChartBase]) -> str:
    """A digest of all that the compiler asks of a chart: its table follows from that."""
    lines = [*outline_of(chart), *_declared(chart), str(FORMAT)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def _declared(chart: type[ChartBase]) -> Iterator[str]:
    """What a chart declares beside what python-statemachine reads."""
    # What is no event or state the compiler refuses, in its own words.
    yield " ".join(str(getattr(event, "name", event)) for event in chart.alphabet)
    yield " ".join(str(getattr(state, "id", state)) for state in chart.absorbing)
    for each in chart.decided:
        if not isinstance(each, Ignored | Impossible):
            yield repr(each)
            continue
        states = [getattr(state, "id", state) for state in each.states]
        events = [getattr(event, "name", event) for event in each.events]
        yield f"{_outcome(each)} {states} {events} {each.when!r} {each.reason!r}"
    # The library looks for some methods by their names.
    own = own_attributes(chart).keys() - SET_BY_METACLASS - {"table_text", "sends", "story"}
    yield " ".join(sorted(name for name in own if not name.startswith("_")))


def _written(tree: Tree, declared: Sequence[Declaration]) -> object:
    """A branch as a guard and two trees, a taken transition as four values, others as a number."""
    if isinstance(tree, Branch):
        return [tree.guard, _written(tree.yes, declared), _written(tree.no, declared)]
    if tree.reason is None:
        return [tree.target, tree.effects, tree.label, tree.transition]
    return next(number for number, each in enumerate(declared) if _decides(each, tree))


def _decides(declaration: Declaration, leaf: Leaf) -> bool:
    """Whether a leaf says what a declaration says; of several that do, any will do."""
    outcome, anomaly = _outcome(declaration)
    return (declaration.reason, outcome, anomaly) == (leaf.reason, leaf.outcome, leaf.anomaly)


def _outcome(declaration: Declaration) -> tuple[Outcome, bool]:
    if isinstance(declaration, Impossible):
        return "impossible", False
    return "ignored", declaration.anomaly


class _Reader:
    """Reads the text of one chart."""

    def __init__(self, chart: type[ChartBase]) -> None:
        self._chart = chart
        self._leaves = 0

    def table(self, rows: list[Any]) -> Table:
        (initial, entered), named, final, *written = rows
        states = _names(named)
        pairs = [(state, event.name) for state in states for event in self._chart.alphabet]
        entry = Leaf(-1, "", Started.name, (), "moved", intern(initial), _names(entered))
        trees = {
            pair: self._tree(tree, *pair, ()) for pair, tree in zip(pairs, written, strict=True)
        }
        return Table(self._chart, states=states, final=final, entry=entry, trees=trees)

    def _tree(self, written: Any, state: str, event: str, known: Answers) -> Tree:
        if isinstance(written, list) and len(written) == 3:
            guard = intern(written[0])
            return Branch(
                guard,
                self._tree(written[1], state, event, (*known, (guard, True))),
                self._tree(written[2], state, event, (*known, (guard, False))),
            )
        index = self._leaves
        self._leaves += 1
        if isinstance(written, int):
            return self._not_taken(index, state, event, known, self._chart.decided[written])
        target, effects, label, transition = written
        outcome: Outcome = "stayed" if target == state else "moved"
        names = _names(effects)
        return Leaf(index, state, event, known, outcome, intern(target), names, transition, label)

    def _not_taken(
        self, index: int, state: str, event: str, known: Answers, by: Declaration
    ) -> Leaf:
        outcome, anomaly = _outcome(by)
        reason = by.reason
        return Leaf(index, state, event, known, outcome, state, reason=reason, anomaly=anomaly)


def _names(written: list[str]) -> tuple[str, ...]:
    return tuple(map(intern, written))
