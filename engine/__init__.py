"""The engine: state machines declared with python-statemachine, decided by tables.

Declare a :class:`Chart` and call :meth:`Chart.table`. :meth:`Table.decide` takes a snapshot and
an event, and returns the next state, the new facts and the commands. :class:`System` does the
same for several machines. The engine knows nothing of banks.
"""

from typing import TYPE_CHECKING

from .chart import Chart
from .decision import Decision, Snapshot, Started
from .declaration import Ignored, Impossible, ignored, impossible, stays
from .effect import Assign, Command, Facts, Send
from .errors import ChartError, DecisionError, EngineError, RecordError
from .event import Event
from .reason import Reason
from .table import Table
from .tombstone import RemovedCommand, RemovedEvent
from .tree import Answers, Branch, Leaf, Outcome, Tree
from .upgrade import removed, renamed, upcast

if TYPE_CHECKING:
    from .codec import Codec
    from .live import LiveMachine, LiveStep
    from .system import Address, Delivery, Load, Route, Step, System

__all__ = [
    "Address",
    "Answers",
    "Assign",
    "Branch",
    "Chart",
    "ChartError",
    "Codec",
    "Command",
    "Decision",
    "DecisionError",
    "Delivery",
    "EngineError",
    "Event",
    "Facts",
    "Ignored",
    "Impossible",
    "Leaf",
    "LiveMachine",
    "LiveStep",
    "Load",
    "Outcome",
    "Reason",
    "RecordError",
    "RemovedCommand",
    "RemovedEvent",
    "Route",
    "Send",
    "Snapshot",
    "Started",
    "Step",
    "System",
    "Table",
    "Tree",
    "ignored",
    "impossible",
    "removed",
    "renamed",
    "stays",
    "upcast",
]


def __getattr__(name: str) -> object:
    """Import what a first decision does not need: 5 of the 25 ms that the engine took."""
    found: object
    match name:
        case "Codec":
            from . import codec

            found = codec.Codec
        case "LiveMachine" | "LiveStep":
            from . import live

            found = getattr(live, name)
        case "Address" | "Delivery" | "Load" | "Route" | "Step" | "System":
            from . import system

            found = getattr(system, name)
        case _:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
