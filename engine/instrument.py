"""The real machine, instrumented: the one place that reaches into python-statemachine.

One machine of a chart is built without activating it, and the callbacks that
the library resolved for it are replaced in its registry. The library still
decides which transition is taken, which callbacks run, and in what order; only
what they call is ours. Guard strings are rebuilt with the library's own parser.

This reads private attributes (``_callbacks``, ``_registry``, ``_engine``), so
the supported range of python-statemachine is pinned and both ends are tested.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from statemachine import State, StateChart
from statemachine.callbacks import CallbackGroup, CallbackSpec
from statemachine.engines.sync import SyncEngine
from statemachine.event_data import TriggerData
from statemachine.exceptions import InvalidDefinition
from statemachine.orderedset import OrderedSet
from statemachine.spec_parser import operator_mapping, parse_boolean_expr
from statemachine.transition import Transition

from .errors import LibraryRefusedError, UnknownStateError

Oracle = Callable[[str], bool]
"""Answers a guard, by its name."""
Effect = Callable[..., object]
WrapEffect = Callable[[str, Effect], Effect]
"""Gives what to call instead of an effect, from its name and the effect."""


class _Engine(SyncEngine):
    """The library's engine; it only notes which transition it takes."""

    taken: Transition | None = None

    def microstep(self, transitions: list[Transition], trigger_data: TriggerData) -> Any:
        self.taken = transitions[0]
        return super().microstep(transitions, trigger_data)


class Instrument:
    """One machine of a chart with its effects, and if asked for its guards, replaced."""

    def __init__(
        self, chart: type[StateChart[Any]], effect: WrapEffect, oracle: Oracle | None = None
    ) -> None:
        """Build the machine. Nothing of the chart is executed.

        Raises:
            LibraryRefusedError: python-statemachine does not accept the chart.
        """
        initial = chart.initial_state
        assert initial is not None
        # A model that already has a state keeps the machine from entering its initial one.
        model = SimpleNamespace(state=initial.value)
        try:
            self.machine = chart(model)
        except InvalidDefinition as error:
            raise LibraryRefusedError(chart, str(error)) from error
        self._states = {state.id: state for state in chart.states_map.values()}
        self._replace_callbacks(effect, oracle)
        self._engine = _Engine(self.machine)
        self.machine._engine = self._engine

    def _replace_callbacks(self, effect: WrapEffect, oracle: Oracle | None) -> None:
        for executor in self.machine._callbacks._registry.values():
            for callback in executor:
                if callback.meta.group is not CallbackGroup.COND:
                    callback._callback = effect(callback.meta.attr_name, callback._callback)
                elif oracle is not None:
                    callback._callback = _guard(callback.meta, oracle)

    def place(self, state: str) -> None:
        """Set the machine into a leaf state, its ancestors included.

        Raises:
            UnknownStateError: the chart has no such leaf state.
        """
        leaf = self._states.get(state)
        if leaf is None or not leaf.is_atomic:
            raise UnknownStateError(f"{type(self.machine).__name__} has no leaf state {state!r}")
        self.machine.configuration = OrderedSet([*reversed([*leaf.ancestors()]), leaf])
        # An engine that reached a final state stops; the next question is a new one.
        self._engine.running = True

    def send(self, event: str, **arguments: Any) -> Transition | None:
        """Send an event; the transition taken, or None."""
        self._engine.taken = None
        self.machine.send(event, **arguments)
        return self._engine.taken

    def enter(self, **arguments: Any) -> None:
        """Enter the chart as a new machine does."""
        self.machine.current_state_value = None
        self._engine.running = True
        self._engine.activate_initial_state(**arguments)  # type: ignore[no-untyped-call]

    @property
    def active(self) -> list[State]:
        """The active states, outermost first when the configuration is sound."""
        values = self.machine.configuration_values
        return [self.machine.states_map[value] for value in values]


def _guard(spec: CallbackSpec, oracle: Oracle) -> Effect:
    def answer(name: str) -> Effect:
        def ask(*_: object, **__: object) -> bool:
            return oracle(name)

        ask.__name__ = name
        return ask

    rebuilt: Effect = parse_boolean_expr(  # type: ignore[no-untyped-call]
        spec.func, answer, operator_mapping
    )
    return rebuilt
