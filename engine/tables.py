"""The table of a chart: the one that it already has, a stored one, or a compiled one."""

from .chart_base import ChartBase
from .stored import stored_table
from .table import Table


def table_of(chart: type[ChartBase]) -> Table:
    """The chart's table, made on the first call and kept on the class.

    Raises:
        ChartError: the chart cannot be compiled soundly.
    """
    # Looked up on the class itself: a chart does not inherit the table of its base.
    table = vars(chart).get("_table")
    if not isinstance(table, Table):
        table = stored_table(chart) or _compiled(chart)
        chart._table = table
    return table


def _compiled(chart: type[ChartBase]) -> Table:
    # A process whose tables are stored needs no compiler, whose modules take 10 ms to import.
    from .compile import compile_chart

    return compile_chart(chart)
