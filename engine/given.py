"""What is given: a caller's chart, table, event or functions, as what the engine needs.

This is the one door for what callers of the engine's functions hand over. A chart stands for its
table, a table for its chart, and one item for a sequence of one. What cannot be understood without
guessing is refused.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .arguments import several, wrong_argument
from .chart_base import ChartBase
from .errors import ArgumentError
from .event import Event
from .table import Table
from .tables import table_of

ChartOrTable = Table | type[ChartBase]
"""A table, or the chart that it is of."""


def as_table(given: object, function: str, name: str = "") -> Table:
    """The table of a chart, or of the table that was given.

    Args:
        given: A chart's class, or a table.
        function: The function that got it, for the message.
        name: The name that it is given for, if any.

    Raises:
        ArgumentError: it is neither.
        ChartError: the chart cannot be compiled soundly.
    """
    if isinstance(given, Table):
        return given
    if isinstance(given, type) and issubclass(given, ChartBase):
        return table_of(given)
    cure = "pass the chart's class, or what its table() returns"
    if isinstance(given, ChartBase):
        cure = f"pass the class {type(given).__name__}, without parentheses"
    elif inspect.ismethod(given) and given.__name__ == "table":
        cure = f"call it, with parentheses: {given.__qualname__}()"
    what = "a chart or its table" + (f" for {name!r}" if name else "")
    raise wrong_argument(function, what, given, cure)


def as_tables(given: Any, function: str) -> dict[str, Table]:
    """The tables of several charts, by the names of their machines.

    Args:
        given: Charts or tables by name, or a list of them, each with the name of its table.
        function: The function that got it, for the message.

    Raises:
        ArgumentError: something is neither, or two have one name.
        ChartError: a chart cannot be compiled soundly.
    """
    if isinstance(given, Mapping):
        return {name: as_table(each, function, name) for name, each in given.items()}
    tables: dict[str, Table] = {}
    for each in several(given):
        table = as_table(each, function)
        if table.name in tables:
            raise ArgumentError(
                f"{function}(): two machines have the name {table.name!r}; name them: "
                f"{{{table.name!r}: ..., ...}}"
            )
        tables[table.name] = table
    return tables


def as_event(given: object, function: str) -> type[Event]:
    """The class of an event, which was given.

    Raises:
        ArgumentError: something else was given.
    """
    if isinstance(given, type) and issubclass(given, Event):
        return given
    cure = "pass a class derived from Event"
    if isinstance(given, Event):
        cure = f"pass the class {type(given).__name__}, without parentheses"
    elif isinstance(given, Table) or (isinstance(given, type) and issubclass(given, ChartBase)):
        cure = "events(...) takes a chart; pass one class of its alphabet here"
    raise wrong_argument(function, "the class of an event", given, cure)


def as_alphabet(given: Any, function: str) -> tuple[type[Event], ...]:
    """The classes of events: those of a chart's alphabet, or those that were given.

    Raises:
        ArgumentError: something is no chart, table, or class of an event.
    """
    if isinstance(given, Table) or (isinstance(given, type) and issubclass(given, ChartBase)):
        return as_table(given, function).chart.alphabet
    return tuple(as_event(each, function) for each in several(given))


def as_functions(given: Any, function: str, name: str) -> tuple[Callable[..., Any], ...]:
    """Functions: one, or several.

    Raises:
        ArgumentError: something among them cannot be called.
    """
    if callable(given):
        return (given,)
    found = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    for each in found:
        if not callable(each):
            raise wrong_argument(
                function, f"functions as {name}", each, "pass the functions themselves"
            )
    return found
