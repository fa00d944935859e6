"""Fuzzing: Hypothesis sends random events to a chart, and checks properties.

:func:`payloads`, :func:`events` and :func:`histories` are strategies for events, made from their
fields. :func:`machine_test` makes a rule-based state machine from a chart, :func:`system_test`
from a system of charts. :class:`MachineServiceTest` and :class:`SystemServiceTest` compare a
service of yours with them, over :func:`streams` of events that come twice, late or never. pytest
runs all of these, and so does :func:`find_counterexample` without pytest; :func:`replay` plays
again what it found. :class:`LeafCoverage` says what they reached. All of it is public: see
docs/fuzzing.md.
"""

from .chart_service import MachineServiceTest, SystemServiceTest
from .coverage import CoverageReport, LeafCoverage, TableCoverage
from .finding import HistoryTest, PropertyViolatedError
from .machine import Invariant, MachineTest, machine_test
from .no_payload import NoPayloadError
from .payloads import events, histories, instances, payloads
from .search import Counterexample, Progress, find_counterexample, replay
from .service import Said, StreamTest
from .stream import AT_ONCE, STALE, Delivery, DeliveryFaults, Plan, Stream, Transit, plans, streams
from .system import SystemInvariant, SystemTest, World, system_test
from .values import Values

__all__ = [
    "AT_ONCE",
    "STALE",
    "Counterexample",
    "CoverageReport",
    "Delivery",
    "DeliveryFaults",
    "HistoryTest",
    "Invariant",
    "LeafCoverage",
    "MachineServiceTest",
    "MachineTest",
    "NoPayloadError",
    "Plan",
    "Progress",
    "PropertyViolatedError",
    "Said",
    "Stream",
    "StreamTest",
    "SystemInvariant",
    "SystemServiceTest",
    "SystemTest",
    "TableCoverage",
    "Transit",
    "Values",
    "World",
    "events",
    "find_counterexample",
    "histories",
    "instances",
    "machine_test",
    "payloads",
    "plans",
    "replay",
    "streams",
    "system_test",
]
