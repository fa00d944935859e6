"""Coverage: which leaves of the tables have been decided, and which never.

A leaf is one way that an event can go in one state: the guards asked and their
answers. Lines of code say little about a chart, leaves say all; a leaf that no
test ever decided is a rule that nothing has tried.
"""

from collections import Counter
from dataclasses import dataclass

from ..decision import Decision
from ..table import Table
from ..tree import Leaf


@dataclass(frozen=True, slots=True)
class TableCoverage:
    """How much of one table was decided."""

    name: str
    """The table's."""
    decided: int
    """Leaves that came up at least once."""
    missed: tuple[Leaf, ...]
    """Leaves that never came up, though they may."""
    impossible: tuple[Leaf, ...]
    """Leaves that are declared impossible; they count neither way."""

    @property
    def possible(self) -> int:
        """Leaves that may come up."""
        return self.decided + len(self.missed)

    def __str__(self) -> str:
        """``turnstile: 5 of 6 leaves decided (83 %), 1 impossible`` and the missed, one a line."""
        lines = [
            f"{self.name}: {self.decided} of {self.possible} leaves decided"
            f" ({_percent(self.decided, self.possible)} %), {len(self.impossible)} impossible"
        ]
        return "\n".join([*lines, *(f"  missed {_readable(leaf)}" for leaf in self.missed)])


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """How much of each table was decided."""

    tables: tuple[TableCoverage, ...]

    @property
    def percent(self) -> int:
        """Leaves decided of those possible, in all tables together, rounded down."""
        decided = sum(table.decided for table in self.tables)
        return _percent(decided, sum(table.possible for table in self.tables))

    def __str__(self) -> str:
        """Each table's, one below the other."""
        return "\n".join(map(str, self.tables))


class LeafCoverage:
    """Counts how often each leaf of some tables was decided.

    Args:
        tables: What to report on.
    """

    def __init__(self, *tables: Table) -> None:
        self._tables = tables
        self._counts: dict[Table, Counter[int]] = {table: Counter() for table in tables}

    def record(self, table: Table, decision: Decision) -> None:
        """Count a decision of the table; a table that is not reported on is passed over."""
        if table in self._counts:
            self._counts[table][decision.leaf.index] += 1

    def count(self, table: Table, leaf: Leaf) -> int:
        """How often a leaf of the table was decided."""
        return self._counts[table][leaf.index]

    def report(self) -> CoverageReport:
        """What has been decided so far, and what not."""
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
