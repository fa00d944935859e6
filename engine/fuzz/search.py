"""Searching for a counterexample outside of a test run, such as from a command line.

The same test class with the same seed searches in the same order. The first counterexample is
shrunk to fewer events and simpler fields, as far as possible.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import seed as seeded
from hypothesis.errors import Flaky, HypothesisException
from hypothesis.stateful import run_state_machine_as_test

from ..arguments import explained, wrong_argument
from ..brief import failure
from ..errors import ArgumentError, AssignedValueError, EngineError, UnwritableError
from ..event import Event
from ..given import ChartOrTable, as_table
from .finding import HistoryTest, PropertyViolatedError, derived
from .machine import machine_test
from .no_payload import NoPayloadError
from .recording import check_recording

# Hypothesis soon varies what it has tried already, so a restart finds more: on a chart of 255
# leaves, 400 histories decided 73 % of them in one run, and 85 % in batches of 20.
_BATCH = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a search."""

    runs: int
    """Histories tried so far."""
    events: int
    """Events in all of them."""
    found: bool
    """Whether a counterexample was found, which is then being shrunk."""


@dataclass(frozen=True, slots=True)
class Counterexample:
    """The smallest history found that refutes a property."""

    violated: str
    """The property, and what is wrong."""
    history: tuple[str, ...]
    """The events and their decisions, in readable lines."""
    events: tuple[Event, ...]
    """The events, in order; the last one refutes the property."""
    repeatable: bool
    """False: it did not fail when repeated, so something in the chart is not pure, or a service
    keeps something from one history to the next."""
    recording: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    """The history as JSON-ready data, for :func:`replay`. None: an event, or the facts at
    the start, cannot be written as JSON."""

    def __str__(self) -> str:
        """The property, with the history below it."""
        return "\n".join([self.violated, *self.history])


@explained
def find_counterexample(
    test: type[HistoryTest] | ChartOrTable,
    *,
    max_examples: int = 1_000,
    max_events: int = 50,
    seed: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> Counterexample | None:
    """Run a test made by ``machine_test`` or ``system_test``; return its smallest failure, or None.

    Args:
        test: The class, or a subclass of it with rules and invariants of your own. A chart stands
            for ``machine_test(chart)``.
        max_examples: How many histories to try.
        max_events: How many events a history has at most.
        seed: The same seed searches in the same order.
        on_progress: Called after each history.

    Raises:
        ArgumentError: it is no test and no chart.
        HypothesisException: the search itself failed, for instance by a rule that cannot run.
        NoPayloadError: a field rejected a generated value.
    """
    test = _as_test(test, "find_counterexample")
    watch = _Watch(on_progress)
    # The seed is set on a subclass, so that the test itself does not change.
    watched = derived(test, test.__name__, {"teardown": watch.teardown_of(test)})
    quiet = settings(
        stateful_step_count=max_events,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    try:
        for start in range(0, max_examples, _BATCH):
            seeded(f"{seed}/{start}")(watched)
            batch = settings(quiet, max_examples=min(_BATCH, max_examples - start))
            run_state_machine_as_test(watched, settings=batch)
    except Flaky:
        if watch.refuted is None:
            raise
        return _counterexample(watch.refuted, watch.refuted.violated or "", repeatable=False)
    except (HypothesisException, NoPayloadError, ArgumentError):
        raise
    except Exception as error:
        if watch.last is None:  # no history at all: the test itself failed
            raise
        # The last history is the shrunk one, run once more.
        return _counterexample(watch.last, watch.last.violated or failure(error), repeatable=True)
    return None


@dataclass(slots=True)
class _Watch:
    """Observes each history when it ends."""

    on_progress: Callable[[Progress], None] | None
    runs: int = 0
    events: int = 0
    last: HistoryTest | None = None
    refuted: HistoryTest | None = None

    def teardown_of(self, test: type[HistoryTest]) -> Callable[[HistoryTest], None]:
        def teardown(ended: HistoryTest) -> None:
            test.teardown(ended)
            self.runs += 1
            self.events += len(ended.events)
            self.last = ended
            if ended.violated:
                self.refuted = ended
            if self.on_progress:
                self.on_progress(Progress(self.runs, self.events, self.refuted is not None))

        return teardown


@explained
def replay(
    test: type[HistoryTest] | ChartOrTable, recording: Mapping[str, Any]
) -> Counterexample | None:
    """Play the recorded history of a counterexample once more, without a search.

    Args:
        test: The class of the test that found it, or the chart.
        recording: ``Counterexample.recording``, as it was or read from JSON.

    Returns:
        The counterexample, or None if all properties hold now. Hypothesis ``@invariant`` methods of
        your own are not checked.

    Raises:
        ArgumentError: it is no test and no chart, or no recording of it.
        UnreadableError: the recorded events are not those of today.
    """
    test = _as_test(test, "replay")
    if not isinstance(recording, Mapping):
        cure = "a counterexample whose recording is None has values that JSON cannot hold"
        raise wrong_argument("replay", "a recording", recording, cure)
    if test.recorded is not None:
        check_recording(test.__name__, test.recorded, recording)
    played = test()
    try:
        played.play(recording)
    except PropertyViolatedError as error:
        return _counterexample(played, error.violated, repeatable=True)
    except EngineError:
        raise
    except Exception as error:  # as in a search
        return _counterexample(played, failure(error), repeatable=True)
    finally:
        played.teardown()
    return None


def _as_test(test: type[HistoryTest] | ChartOrTable, function: str) -> type[HistoryTest]:
    if isinstance(test, type) and issubclass(test, HistoryTest):
        return test
    return machine_test(as_table(test, function))


def _counterexample(test: HistoryTest, violated: str, *, repeatable: bool) -> Counterexample:
    try:
        recording = test.recording()
    except (UnwritableError, AssignedValueError, ArgumentError):
        recording = None
    history, events = tuple(test.history), tuple(test.events)
    return Counterexample(violated, history, events, repeatable, recording)
