"""Errors: what the engine rejects, one class for each rule.

A :class:`ChartError` says that a chart cannot be compiled soundly. It is raised when the chart is
compiled, before anything is decided. A :class:`DecisionError` says that one event could not be
decided, and names state and event.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from .suggest import did_you_mean


class EngineError(Exception):
    """Base of every error of the engine."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle without the arguments of the class, such as for another process."""
        return _made_again, (type(self), self.args), self.__dict__


def _made_again(kind: type[EngineError], args: tuple[object, ...]) -> EngineError:
    return kind.__new__(kind, *args)


class ChartError(EngineError):
    """A chart that cannot be compiled soundly. The message names chart, place, rule and cure."""

    def __init__(self, chart: type, problem: str) -> None:
        """``problem`` is place, rule and cure; several faults of the kind, a line for each."""
        super().__init__(f"{chart.__name__}: {problem}")
        self.chart = chart
        self.problem = problem


class RecordError(EngineError, TypeError):
    """A class of events, commands or facts that is more than frozen data."""


class FieldValueError(EngineError, ValueError):
    """A value that a field does not take, a field that does not exist, or one that is missing."""


class ArgumentError(EngineError, TypeError):
    """An argument that is missing, unknown, or not what the function takes."""


def with_known(rule: str, has: str, given: object, known: Sequence[str]) -> str:
    """The rule, what is known instead, and which of it was probably meant."""
    text = f"{rule}; {has} {', '.join(known) or 'none'}"
    meant = did_you_mean(given, known)
    return f"{text}; {meant}" if meant else text


# -- States ---------------------------------------------------------------------------------------


class NoStatesError(ChartError):
    """A chart without states."""


class InitialStateError(ChartError):
    """Several initial states."""


class ParallelStateError(ChartError):
    """A parallel state, or a transition to several states. One leaf state must be active."""


class HistoryStateError(ChartError):
    """A history state. The next state would depend on more than state, facts and event."""


class NestedFinalStateError(ChartError):
    """A final state inside a compound state. It would raise `done.state` events."""


class FinalStateWithWayOutError(ChartError):
    """A final state with a transition, or an absorbing state that an event leaves."""


class NoWayOutError(ChartError):
    """A state that no event leaves, and that is declared neither final nor absorbing."""


class StoryError(ChartError):
    """A story that tells of states or moves that the chart does not have."""


class SendsError(ChartError):
    """Sends that the system cannot deliver: it has no such machine, or that one no such event."""


class UnreachableStateError(ChartError):
    """A leaf state that no sequence of events reaches."""


class LostStateError(ChartError):
    """A transition or declaration for a state whose name in the class body was overwritten."""


class DuplicateStateError(ChartError):
    """Two states with one id or one value. The library would keep only the later one."""


class FormerStateError(ChartError):
    """A former state that is a state today, or that leads to none."""


# -- Transitions and events -----------------------------------------------------------------------


class InternalTransitionError(ChartError):
    """An `internal` transition that python-statemachine 3.2 executes wrongly.

    From a compound state it loses a state of the configuration. To itself in a nested state it
    enters the parents again. ``stays(...)`` means the same and works.
    """


class ValidatorError(ChartError):
    """A validator. It would raise where a guard answers."""


class InvokeError(ChartError):
    """An invoked activity. A chart decides; commands say what to run."""


class ListenerError(ChartError):
    """A class listener. It adds callbacks that the chart does not show."""


class PrepareEventError(ChartError):
    """A `prepare_event` callback. It would change what guards and effects get."""


class StateArgumentError(ChartError, TypeError):
    """An argument of ``State(...)``, ``to(...)`` or ``from_(...)`` that it does not take."""


class EventlessTransitionError(ChartError):
    """A transition without an event."""


class DeadTransitionError(ChartError):
    """A transition that is never taken, since something else always wins."""


class DelayedEventError(ChartError):
    """An event with a delay. Time arrives in events."""


class InternalEventError(ChartError):
    """An event declared `internal`. Machines send events with `Send`."""


class WildcardEventError(ChartError):
    """An event name with `*` or a dot, which matches the names of other events."""


class ReservedEventError(ChartError):
    """An event named `error_*` or `done_*`, which the library raises itself."""


class EventNamedLikeStateError(ChartError):
    """An event and a state with one name."""


class ReservedNameError(ChartError):
    """A state, event or method with the name of a part of the machine or of :class:`Chart`."""


class MisspelledAttributeError(ChartError):
    """An attribute that nothing reads, with almost the name of one that declares something."""


class AlphabetError(ChartError):
    """An alphabet that is not a tuple of :class:`Event` classes with different names."""


class EventNotInAlphabetError(ChartError):
    """A transition or declaration for an event that is not in the chart's alphabet."""


class EventNeverDecidedError(ChartError):
    """An event of the alphabet that no state decides."""


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
    """A guard or effect that is decorated, or given as an object instead of a name."""


class NotAMethodError(ChartError):
    """A guard or effect that is not a method."""


class CallbackParametersError(ChartError):
    """A guard or effect that does not take ``(self, facts, trigger)``."""


class CallbackNamedLikeStateOrEventError(ChartError):
    """A guard or effect with the name of a state or an event."""


class CallbackWithoutPlaceError(ChartError):
    """A method with the name of an effect of a state or event that does not exist."""


class DeadCallbackError(ChartError):
    """A guard that is never asked, or an effect that never runs, wherever it is named."""


class UnusedMethodError(ChartError):
    """A method ``(self, facts, trigger)`` of the chart that nothing names or calls."""


class CallbackAnnotationError(ChartError):
    """A guard or effect annotated for another event or other facts than it gets, or a guard that
    is annotated to return something other than a bool."""


class GuardExpressionError(ChartError):
    """A guard expression with anything but names, `and`, `or`, `not` and parentheses."""


class UnknownAttributeError(ChartError):
    """A guard or effect that reads a field that its facts lack, or that none of its events has."""


class MachineApiError(ChartError):
    """A guard or effect that uses more of ``self`` than the chart's own methods and constants.

    ``super()`` is found when the chart is compiled, everything else when the method runs.
    """


class FactsTypeError(ChartError):
    """A ``facts_type`` that cannot be copied field by field."""


class MutableFieldError(ChartError):
    """A field of facts or an event that holds something that can be changed in place."""


# -- Completeness ---------------------------------------------------------------------------------


class UndecidedError(ChartError):
    """A (state, event) pair, or guard answers in it, that nothing decides."""


class DeclarationError(ChartError):
    """Something other than :func:`ignored` and :func:`impossible` in ``decided``."""


class DeadDeclarationError(ChartError):
    """An `ignored` or `impossible` that never applies."""


class TooManyAnswersError(ChartError):
    """A (state, event) pair that depends on too many combinations of guard answers."""


class ConfigurationError(ChartError):
    """A step of python-statemachine that did not end in one leaf state and its ancestors."""

    def __init__(self, chart: type, active: Sequence[str]) -> None:
        super().__init__(
            chart,
            f"python-statemachine ends a step in the states {', '.join(active) or '(none)'}, which "
            "are not one leaf state and the states around it; this is a bug in one of the two "
            "libraries, so please report the chart",
        )


class LibraryRefusedError(ChartError):
    """A chart that python-statemachine itself rejects when the machine is built."""


# -- Decisions ------------------------------------------------------------------------------------


class DecisionError(EngineError):
    """An event that could not be decided."""


class SnapshotError(DecisionError, TypeError):
    """Something other than a snapshot of the chart, or facts of another class."""


class UnknownStateError(DecisionError):
    """A state that the chart does not have, or that is not a leaf state."""

    @classmethod
    def of(cls, table: str, state: object, known: Iterable[str]) -> "UnknownStateError":
        """The error for a state of a table that has others.

        Args:
            table: The table's name.
            state: What was given.
            known: The leaf states that it has.
        """
        rule = f"{table} has no leaf state {state!r}"
        return cls(with_known(rule, "it has", state, tuple(known)))


class UnknownEventError(DecisionError):
    """Something that is no event, or an event that is not in the chart's alphabet."""

    @classmethod
    def of(cls, table: str, event: object, known: Iterable[str]) -> "UnknownEventError":
        """The error for an event that a table does not know.

        Args:
            table: The table's name.
            event: The name of the event.
            known: The names of the events that it knows.
        """
        rule = f"{table} does not know the event {event!r}"
        return cls(with_known(rule, "it knows", event, tuple(known)))


class ImpossibleReachedError(DecisionError):
    """The guards gave answers that the chart declares impossible."""


class ConflictingAssignsError(DecisionError):
    """Two effects of one step that set one field of the facts differently."""


class UnknownFieldError(DecisionError):
    """An assign to a field that the facts do not have."""


class EffectResultError(DecisionError):
    """An effect that returned something other than None, Assign, Command, or a list of these."""


class MutationError(DecisionError, TypeError):
    """A change in place of a list, dict or set in facts, an event or a command."""


class FrozenRecordError(MutationError, FieldValueError):
    """A change of a field of facts, an event or a command."""


class ImpureCallbackError(DecisionError):
    """A guard or effect that changes what it gets, or reaches outside. Found where checks run."""


class GuardAnswerError(DecisionError):
    """A guard that answers with something other than a bool. Found where checks run."""


class UndeclaredSendError(DecisionError):
    """An effect that sends what its chart does not declare. Only debug mode finds it."""


class AssignedValueError(DecisionError):
    """An assigned value that the type of the field forbids. Found where checks run, and where
    facts are written."""


# -- JSON -----------------------------------------------------------------------------------------


class UnreadableError(EngineError):
    """Data that is no record of this release: its name is unknown, or its fields don't fit."""


class UpgradeError(UnreadableError):
    """Stored fields that an upgrade of this release cannot bring into today's form."""


class UnwritableError(EngineError, ValueError):
    """A value that JSON cannot hold: it could not be read back unchanged."""


# -- Systems --------------------------------------------------------------------------------------


class UnknownMachineError(EngineError):
    """An event was sent to a machine that the system does not have."""

    def __init__(self, machine: str, known: Sequence[str]) -> None:
        rule = f"the system has no machine {machine!r}"
        super().__init__(with_known(rule, "it has", machine, known))
        self.machine = machine


class RouteError(EngineError, TypeError):
    """A route that returned something other than the Sends for the machines of its system."""


class EndlessSystemError(EngineError):
    """Machines that keep sending each other events."""

    def __init__(self, trail: Sequence[str], limit: int) -> None:
        super().__init__(
            f"one step has more than {limit} deliveries; these machines send each other events "
            f"without end: {' → '.join(trail)}"
        )
        self.trail = tuple(trail)
        self.limit = limit
