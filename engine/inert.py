"""The inert self: what guards and effects get as ``self`` when a table decides.

It has the chart's own plain methods and constants, and nothing of the machine:
what a guard or an effect may know is in its ``facts`` and ``trigger``.
Anything else that is asked of it raises an error naming it.
"""

from types import FunctionType
from typing import Any, NoReturn

from statemachine import Event, State, StateChart
from statemachine.transition_list import TransitionList

from .chart import Chart
from .errors import MachineApiError

MACHINE_API = frozenset(
    {
        *(name for name in dir(Chart) if not name.startswith("__")),
        *(name for base in (Chart, StateChart) for name in base.__annotations__),
        # What every instance and every class gets besides.
        *("model", "history_values", "state_field", "_callbacks", "_config", "_engine"),
        *("_listeners", "_abstract", "_events", "_events_to_update"),
    }
)
"""Names of the machine itself: python-statemachine's, and those of :class:`Chart`."""


def own_attributes(chart: type[Chart]) -> dict[str, Any]:
    """What the chart and the bases it brought along define, by name, as it stands there."""
    found: dict[str, Any] = {}
    for base in reversed(chart.__mro__):
        if base not in Chart.__mro__:
            found.update(vars(base))
    return found


def plain_attributes(chart: type[Chart]) -> dict[str, Any]:
    """The chart's own plain methods and constants."""
    return {
        name: value
        for name, value in own_attributes(chart).items()
        if not name.startswith("__")
        and name not in MACHINE_API
        and not isinstance(value, (State, Event, TransitionList, property, classmethod))
    }


def plain_methods(chart: type[Chart]) -> dict[str, FunctionType]:
    """The chart's own plain methods."""
    return {
        name: value
        for name, value in plain_attributes(chart).items()
        if isinstance(value, FunctionType)
    }


def inert_self(chart: type[Chart]) -> Any:
    """An object to bind the chart's guards and effects to."""

    def refuse(self: object, name: str, value: object = None) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MachineApiError(
            chart,
            f"a guard or effect uses self.{name}; of the machine it may use only "
            "its own plain methods and constants",
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
