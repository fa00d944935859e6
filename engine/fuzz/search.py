"""Searching for a counterexample outside of a test run, such as from a command line.

The same test class with the same seed searches in the same order. What is found
first is shrunk: fewer events, simpler fields, until nothing more can go.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import seed as seeded
from hypothesis.errors import Flaky, HypothesisException
from hypothesis.stateful import run_state_machine_as_test

from ..event import Event
from .finding import HistoryTest, derived, failure
from .payloads import NoPayloadError

# Hypothesis soon goes on to vary what it has tried. Beginning anew finds more: on a chart of
# 255 leaves, 400 histories decided 73 % of them in one go, and 85 % in batches of 20.
_BATCH = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search has come."""

    runs: int
    """Histories tried."""
    events: int
    """Events in all of them."""
    found: bool
    """Whether a counterexample was found, and is now being shrunk."""


@dataclass(frozen=True, slots=True)
class Counterexample:
    """The smallest history found that refutes a property."""

    violated: str
    """The property, and what is wrong."""
    history: tuple[str, ...]
    """All that happened and was decided, in readable lines."""
    events: tuple[Event, ...]
    """All that happened, in order; the last is what refutes the property."""
    repeatable: bool
    """False: it did not fail again when repeated, so something in the chart is not pure."""

    def __str__(self) -> str:
        """The property, and the history below it."""
        return "\n".join([self.violated, *self.history])


def find_counterexample(
    test: type[HistoryTest],
    *,
    max_examples: int = 1_000,
    max_events: int = 50,
    seed: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> Counterexample | None:
    """Run a test made by ``machine_test`` or ``system_test``; its smallest failure, or None.

    Args:
        test: The class, or a subclass of it with rules and invariants of your own.
        max_examples: Histories to try before giving up.
        max_events: Events in a history, at most.
        seed: Where to begin; the same seed searches in the same order.
        on_progress: Called after each history.

    Raises:
        HypothesisException: the search itself went wrong, as by a rule that cannot run.
        NoPayloadError: a field refused what it was to hold.
    """
    watch = _Watch(on_progress)
    # A subclass carries the seed, so that the test itself stays as it is.
    watched = derived(test, test.__name__, {"teardown": watch.teardown_of(test)})
    quiet = settings(
        stateful_step_count=max_events,
        database=None,
        deadline=None,
        derandomize=False,
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
        return _told(watch.refuted, watch.refuted.violated or "", repeatable=False)
    except (HypothesisException, NoPayloadError):
        raise
    except Exception as error:
        if watch.last is None:  # no history at all: the test itself cannot be made
            raise
        # The last history is the shrunk one, played once more.
        return _told(watch.last, watch.last.violated or failure(error), repeatable=True)
    return None


@dataclass(slots=True)
class _Watch:
    """Looks at each history when it is over."""

    on_progress: Callable[[Progress], None] | None
    runs: int = 0
    events: int = 0
    last: HistoryTest | None = None
    refuted: HistoryTest | None = None

    def teardown_of(self, test: type[HistoryTest]) -> Callable[[HistoryTest], None]:
        def teardown(over: HistoryTest) -> None:
            test.teardown(over)
            self.runs += 1
            self.events += len(over.events)
            self.last = over
            if over.violated:
                self.refuted = over
            if self.on_progress:
                self.on_progress(Progress(self.runs, self.events, self.refuted is not None))

        return teardown


def _told(test: HistoryTest, violated: str, *, repeatable: bool) -> Counterexample:
    return Counterexample(violated, tuple(test.history), tuple(test.events), repeatable)
