"""The engine: state machines declared with python-statemachine, decided by tables.

Declare a :class:`Chart` and call :meth:`Chart.table`. :meth:`Table.decide` takes a snapshot and
an event, and returns the next state, the new facts and the commands. :class:`System` does the
same for several machines. The engine knows nothing of banks.
"""

from .chart import Chart
from .codec import Codec
from .decision import Decision, Snapshot, Started
from .declaration import Ignored, Impossible, ignored, impossible, stays
from .effect import Assign, Command, Facts, Send
from .errors import ChartError, DecisionError, EngineError, RecordError
from .event import Event
from .live import LiveMachine, LiveStep
from .reason import Reason
from .system import Address, Delivery, Load, Route, Step, System
from .table import Table
from .tombstone import RemovedCommand, RemovedEvent
from .tree import Answers, Branch, Leaf, Outcome, Tree
from .upgrade import removed, renamed, upcast

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
