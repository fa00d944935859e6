"""The sealed self: what guards and effects get as ``self`` when a table decides.

Guards and effects may depend on ``facts`` and ``trigger`` only. The sealed self has the chart's
own plain methods and constants and nothing of the machine, and any other attribute raises
:class:`~relink.engine.errors.MachineApiError`, whether it is read, set or deleted.

The check is made when a method runs, not when the chart is compiled. A static check of the
method's code cannot be complete (``me = self; me.send()`` escapes it) and would depend on the
bytecode of each Python release, so it could not replace this one. What it would add is an error
before the first decision; a fuzz test (:mod:`relink.engine.fuzz`) finds the same mistake.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any, NoReturn

from .chart_base import ChartBase
from .errors import MachineApiError
from .library.names import MACHINE_NAMES, is_declaration

Bound = Callable[[Any, Any], Any]
"""A guard or an effect, bound: called with facts and trigger."""

_OF_CHART = ("table", "live")
"""What :class:`Chart` adds."""

RESERVED_NAMES = MACHINE_NAMES.union(
    (name for name in dir(ChartBase) if not name.startswith("__")),
    ChartBase.__annotations__,
    _OF_CHART,
)
"""Names of the machine itself: python-statemachine's, and those of :class:`Chart`."""


DECLARING_NAMES = frozenset(
    {"facts_type", "alphabet", "decided", "absorbing", "former_states", "sends", "story"}
)
"""What a chart is meant to set of :class:`Chart`."""


def own_attributes(chart: type[ChartBase]) -> dict[str, Any]:
    """What the chart and its bases define, by name, without the engine and the library."""
    found: dict[str, Any] = {}
    for base in reversed(chart.__mro__):
        of_engine = base.__module__.rpartition(".")[0] == __package__
        if not of_engine and base not in ChartBase.__mro__:
            found.update(vars(base))
    return found


def plain_attributes(chart: type[ChartBase]) -> dict[str, Any]:
    """The chart's own plain methods and constants."""
    return {
        name: value
        for name, value in own_attributes(chart).items()
        if not name.startswith("__")
        and name not in RESERVED_NAMES
        and not is_declaration(value)
        and not isinstance(value, (property, classmethod))
    }


def plain_methods(chart: type[ChartBase]) -> dict[str, FunctionType]:
    """The chart's own plain methods."""
    return {
        name: value
        for name, value in plain_attributes(chart).items()
        if isinstance(value, FunctionType)
    }


def constants(chart: type[ChartBase]) -> dict[str, Any]:
    """The chart's own constants."""
    return {
        name: value
        for name, value in plain_attributes(chart).items()
        if not isinstance(value, (FunctionType, staticmethod))
        and not (isinstance(value, tuple) and any(map(is_declaration, value)))
    }


def sealed_self(chart: type[ChartBase]) -> Any:
    """An object to bind the chart's guards and effects to."""

    def refuse(self: object, name: str, value: object = None) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MachineApiError(
            chart,
            f"a guard or effect uses self.{name}, which is not one of the chart's own plain "
            "methods and constants; pass what it needs in facts or trigger, and return changes",
        )

    namespace = {
        **plain_attributes(chart),
        "__slots__": (),
        "__module__": chart.__module__,
        "__qualname__": chart.__qualname__,
        "__getattr__": refuse,
        "__setattr__": refuse,
        "__delattr__": refuse,
    }
    return type(chart.__name__, (), namespace)()
