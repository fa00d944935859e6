"""Meanings: what a chart, guard or effect is, in the words of its author."""

import inspect

from .table import Table


def meaning(table: Table, name: str = "") -> str:
    """The first paragraph of a docstring on one line; empty where there is none.

    Args:
        table: The table of the chart.
        name: A guard or effect; by default the chart itself.
    """
    # A chart without a docstring would inherit that of its base.
    doc = inspect.getdoc(getattr(table.chart, name)) if name else table.chart.__doc__
    return " ".join((doc or "").strip().partition("\n\n")[0].split())
