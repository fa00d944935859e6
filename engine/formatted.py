"""Formatted: a chart in an f-string, as python-statemachine has it: ``f"{Door:mermaid}"``."""

from collections.abc import Callable

from .arguments import wrong_argument
from .chart_base import ChartBase
from .diagram import dot, mermaid, svg
from .given import ChartOrTable
from .markdown import markdown

FORMATS: dict[str, Callable[[ChartOrTable], str]] = {
    "mermaid": mermaid,
    "dot": dot,
    "svg": svg,
    "md": markdown,
    "markdown": markdown,
}


def formatted(chart: type[ChartBase], spec: str) -> str:
    """The chart's table as text.

    Args:
        chart: The chart.
        spec: One of :data:`FORMATS`.

    Raises:
        ArgumentError: there is no such format.
    """
    if spec not in FORMATS:
        name = f'f"{{{chart.__name__}:…}}"'
        raise wrong_argument(name, f"one of {', '.join(FORMATS)}", spec, "name one of them")
    return FORMATS[spec](chart)
