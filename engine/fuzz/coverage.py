"""Coverage: which leaves of the tables were decided, and which were not.

A leaf is one outcome of an event in a state: the guards asked, with their answers. Line coverage
says little about a chart, whose rules are data. A leaf that no test decided is an untested rule.
"""

from collections import Counter
from dataclasses import dataclass

from ..decision import Decision
from ..given import ChartOrTable, as_table
from ..table import Table
from ..tree import Leaf


@dataclass(frozen=True, slots=True)
class TableCoverage:
    """The leaves of one table that were decided."""

    name: str
    """The table's name."""
    decided: int
    """How many leaves were decided at least once."""
    missed: tuple[Leaf, ...]
    """Leaves that were never decided, and can be."""
    impossible: tuple[Leaf, ...]
    """Leaves that are declared impossible; they do not count."""

    @property
    def possible(self) -> int:
        """How many leaves can be decided."""
        return self.decided + len(self.missed)

    def __str__(self) -> str:
        """``turnstile: 5 of 6 leaves decided (83 %), 1 impossible``, and a line for each missed."""
        lines = [
            f"{self.name}: {self.decided} of {self.possible} leaves decided"
            f" ({_percent(self.decided, self.possible)} %), {len(self.impossible)} impossible"
        ]
        return "\n".join([*lines, *(f"  missed {_readable(leaf)}" for leaf in self.missed)])


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """The leaves of several tables that were decided."""

    tables: tuple[TableCoverage, ...]

    @property
    def percent(self) -> int:
        """The share of possible leaves that were decided, over all tables, rounded down."""
        decided = sum(table.decided for table in self.tables)
        return _percent(decided, sum(table.possible for table in self.tables))

    def __str__(self) -> str:
        """The text of each table, one below the other."""
        return "\n".join(map(str, self.tables))


class LeafCoverage:
    """Counts how often each leaf of some tables was decided.

    Args:
        charts: The charts or tables to report on.

    Raises:
        ArgumentError: something is neither.
    """

    def __init__(self, *charts: ChartOrTable) -> None:
        tables = tuple(as_table(each, "LeafCoverage") for each in charts)
        self._tables = tables
        self._counts: dict[Table, Counter[int]] = {table: Counter() for table in tables}

    def record(self, table: Table, decision: Decision) -> None:
        """Count a decision of the table; other tables are not counted."""
        if table in self._counts:
            self._counts[table][decision.leaf.index] += 1

    def count(self, table: Table, leaf: Leaf) -> int:
        """How often a leaf of the table was decided."""
        return self._counts[table][leaf.index]

    def report(self) -> CoverageReport:
        """The coverage so far."""
        return CoverageReport(tuple(map(self._report, self._tables)))

    def _report(self, table: Table) -> TableCoverage:
        leaves = list(table.leaves())
        possible = [leaf for leaf in leaves if leaf.outcome != "impossible"]
        missed = tuple(leaf for leaf in possible if not self.count(table, leaf))
        return TableCoverage(
            name=table.name,
            decided=len(possible) - len(missed),
            missed=missed,
            impossible=tuple(leaf for leaf in leaves if leaf.outcome == "impossible"),
        )


def _percent(part: int, whole: int) -> int:
    return 100 * part // whole if whole else 100


def _readable(leaf: Leaf) -> str:
    answers = ", ".join(name if answer else f"not {name}" for name, answer in leaf.guards)
    end = "ignored" if leaf.outcome == "ignored" else leaf.target
    return f"{leaf.source} --{leaf.event}{f'[{answers}]' if answers else ''}--> {end}"
