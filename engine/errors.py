"""Errors: what the engine refuses, each by its own name.

A :class:`ChartError` says that a chart cannot be compiled soundly; it comes up
when the chart is compiled, before anything is decided. A :class:`DecisionError`
says that one question could not be answered, and names what was asked.
"""

from collections.abc import Sequence


class EngineError(Exception):
    """Base of every error of the engine."""


class ChartError(EngineError):
    """A chart that cannot be compiled soundly. The message names the chart, construct and place."""

    def __init__(self, chart: type, problem: str) -> None:
        super().__init__(f"{chart.__name__}: {problem}")
        self.chart = chart
        self.problem = problem


# -- States ---------------------------------------------------------------------------------------


class NoStatesError(ChartError):
    """A chart without states."""


class ParallelStateError(ChartError):
    """A parallel state. A configuration must be determined by its one active leaf."""


class HistoryStateError(ChartError):
    """A history state. What comes next would depend on more than state, facts and event."""


class NestedFinalStateError(ChartError):
    """A final state inside a compound state. It raises `done.state` events by itself."""


class FinalStateWithWayOutError(ChartError):
    """A final state with a transition. python-statemachine refuses most when the class is made."""


class NoWayOutError(ChartError):
    """A state, not final, that no event can leave."""


class UnreachableStateError(ChartError):
    """A leaf state that no sequence of events reaches."""


class LostStateError(ChartError):
    """A transition to a state whose name in the class body was overwritten, by an event usually."""


class DuplicateStateError(ChartError):
    """Two states with one id or one value; the library would keep the later one only."""


# -- Transitions and events -----------------------------------------------------------------------


class InternalTransitionError(ChartError):
    """An `internal` transition that python-statemachine 3.2 executes unsoundly.

    From a compound state it loses a state of the configuration; to itself in a nested state it
    enters the parents again. ``stays(...)`` says the same and is sound.
    """


class ValidatorError(ChartError):
    """A validator. It raises where a guard would answer."""


class InvokeError(ChartError):
    """An invoked activity. A chart decides, it does not run things."""


class ListenerError(ChartError):
    """A class listener. Its callbacks would take part without being in the chart."""


class PrepareEventError(ChartError):
    """A `prepare_event` callback. It would change what guards and effects are given."""


class EventlessTransitionError(ChartError):
    """A transition without an event."""


class DelayedEventError(ChartError):
    """An event with a delay. Time arrives in events."""


class InternalEventError(ChartError):
    """An event declared `internal`. Machines tell each other things with `Send`."""


class WildcardEventError(ChartError):
    """An event name with `*` or a dot, which match other events' names."""


class ReservedEventError(ChartError):
    """An event named `error_*` or `done_*`, which the library raises by itself."""


class EventNamedLikeStateError(ChartError):
    """An event and a state with one name."""


class ReservedNameError(ChartError):
    """A state, event or method named like a part of python-statemachine or of :class:`Chart`."""


class AlphabetError(ChartError):
    """An alphabet that is not a tuple of :class:`Event` classes with different names."""


class EventNotInAlphabetError(ChartError):
    """A transition or declaration for an event that is not in the chart's alphabet."""


class EventNeverDecidedError(ChartError):
    """An event of the alphabet that no state says anything about."""


# -- Guards and effects ---------------------------------------------------------------------------


class UnknownGuardError(ChartError):
    """A guard that the chart does not define."""


class UnknownEffectError(ChartError):
    """An effect that the chart does not define."""


class AsyncCallbackError(ChartError):
    """An async or generator method as guard or effect."""


class PropertyCallbackError(ChartError):
    """A property as guard or effect."""


class LambdaCallbackError(ChartError):
    """A lambda as guard or effect."""


class DecoratedCallbackError(ChartError):
    """A guard or effect that is decorated, or given as an object instead of by its name."""


class NotAMethodError(ChartError):
    """A guard or effect that is not a method."""


class CallbackParametersError(ChartError):
    """A guard or effect with other parameters than ``(self, facts, trigger)``."""


class CallbackNamedLikeStateOrEventError(ChartError):
    """A guard or effect with the name of a state or an event."""


class CallbackWithoutPlaceError(ChartError):
    """A method named like an effect by convention, of a state or event that does not exist."""


class GuardExpressionError(ChartError):
    """A guard string with anything but names, `and`, `or`, `not` and parentheses."""


class MachineApiError(ChartError):
    """A guard or effect that uses more of ``self`` than the chart's own methods and constants."""


class FactsTypeError(ChartError):
    """A facts model that cannot be copied field by field."""


# -- Completeness ---------------------------------------------------------------------------------


class UndecidedError(ChartError):
    """A (state, event) pair, or guard answers under it, that the chart says nothing about."""


class DeclarationError(ChartError):
    """Something else than :func:`ignored` and :func:`impossible` in ``decided``."""


class DeadDeclarationError(ChartError):
    """An `ignored` or `impossible` that applies nowhere."""


class TooManyAnswersError(ChartError):
    """A (state, event) pair under which too many combinations of guard answers are asked for."""


class ConfigurationError(ChartError):
    """A step of python-statemachine that did not end in one leaf state and its ancestors."""

    def __init__(self, chart: type, active: Sequence[str]) -> None:
        super().__init__(chart, f"a step ends in {', '.join(active)}: not a leaf and its ancestors")


class LibraryRefusedError(ChartError):
    """What python-statemachine itself refused when the machine was built."""


# -- Decisions ------------------------------------------------------------------------------------


class DecisionError(EngineError):
    """A question that has no answer."""


class UnknownStateError(DecisionError):
    """A snapshot in a state that the chart does not have."""


class UnknownEventError(DecisionError):
    """An event that is not in the chart's alphabet."""


class ImpossibleReachedError(DecisionError):
    """Guard answers that the chart declares impossible came up all the same."""


class ConflictingAssignsError(DecisionError):
    """Two effects of one step that set one field of the facts differently."""


class UnknownFieldError(DecisionError):
    """An assign to a field that the facts do not have."""


class EffectResultError(DecisionError):
    """An effect that returned something else than nothing, Assign, Command, or a list of these."""


# -- Systems --------------------------------------------------------------------------------------


class UnknownMachineError(EngineError):
    """Something was sent to a machine that the system does not have."""

    def __init__(self, machine: str, known: Sequence[str]) -> None:
        super().__init__(f"no machine {machine!r} in the system; it has {', '.join(known)}")
        self.machine = machine


class EndlessSystemError(EngineError):
    """Machines that keep sending each other events."""

    def __init__(self, trail: Sequence[str], limit: int) -> None:
        super().__init__(f"more than {limit} deliveries in one step: {' → '.join(trail)}")
        self.trail = tuple(trail)
        self.limit = limit
