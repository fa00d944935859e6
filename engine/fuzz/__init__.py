"""Fuzzing: Hypothesis lets everything happen to a chart, and looks for what must not come of it.

From the fields of the events come their payloads (:func:`payloads`, :func:`events`,
:func:`histories`); from a chart a rule-based state machine (:func:`machine_test`),
from several charts one for the system (:func:`system_test`). Tests run them with
pytest; :func:`find_counterexample` runs them without. :class:`LeafCoverage` says
what they reached. Everything is for the tests of users too: see docs/fuzzing.md.
"""

from .coverage import CoverageReport, LeafCoverage, TableCoverage
from .finding import PropertyViolatedError
from .machine import Invariant, MachineTest, machine_test
from .payloads import NoPayloadError, Values, events, histories, instances, payloads
from .search import Counterexample, Progress, find_counterexample
from .system import SystemInvariant, SystemTest, World, system_test

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
