"""Fuzzing: Hypothesis sends random events to a chart, and checks properties.

:func:`payloads`, :func:`events` and :func:`histories` are strategies for events, made from their
fields. :func:`machine_test` makes a rule-based state machine from a chart, :func:`system_test`
from a system of charts. pytest runs them, and so does :func:`find_counterexample` without pytest.
:class:`LeafCoverage` says what they reached. All of it is public: see docs/fuzzing.md.
"""

from .coverage import CoverageReport, LeafCoverage, TableCoverage
from .finding import PropertyViolatedError
from .machine import Invariant, MachineTest, machine_test
from .no_payload import NoPayloadError
from .payloads import events, histories, instances, payloads
from .search import Counterexample, Progress, find_counterexample
from .system import SystemInvariant, SystemTest, World, system_test
from .values import Values

__all__ = [
    "Counterexample",
    "CoverageReport",
    "Invariant",
    "LeafCoverage",
    "MachineTest",
    "NoPayloadError",
    "Progress",
    "PropertyViolatedError",
    "SystemInvariant",
    "SystemTest",
    "TableCoverage",
    "Values",
    "World",
    "events",
    "find_counterexample",
    "histories",
    "instances",
    "machine_test",
    "payloads",
    "system_test",
]
