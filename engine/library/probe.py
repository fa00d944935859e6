"""The probe: a real machine whose callbacks are replaced.

One machine of a chart is built without entering its initial state, and the callbacks that the
library resolved for it are replaced in its registry. The library still decides which transition
is taken, which callbacks run, and in what order; only what they call is ours. Guard expressions
are rebuilt with the library's own parser.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from statemachine import StateChart
from statemachine.callbacks import CallbackGroup, CallbackSpec
from statemachine.engines.sync import SyncEngine
from statemachine.event_data import TriggerData
from statemachine.exceptions import InvalidDefinition
from statemachine.orderedset import OrderedSet
from statemachine.spec_parser import operator_mapping, parse_boolean_expr
from statemachine.transition import Transition

from ..errors import ConfigurationError, LibraryRefusedError, UnknownStateError
from .structure import DeclaredTransition, leaf_ids, read_transition

Oracle = Callable[..., bool]
"""Answers a guard, by its name; it also gets what was sent along with the event, by name."""
Effect = Callable[..., object]
WrapEffect = Callable[[str, Effect], Effect]
"""Gives what to call instead of an effect, from its name and the effect."""


class _Engine(SyncEngine):
    """The library's engine, which also notes the transition it takes."""

    taken: Transition | None = None

    def microstep(self, transitions: list[Transition], trigger_data: TriggerData) -> Any:
        self.taken = transitions[0]
        return super().microstep(transitions, trigger_data)


class Probe:
    """One machine of a chart with its effects, and on request its guards, replaced."""

    def __init__(
        self, chart: type[StateChart[Any]], effect: WrapEffect, oracle: Oracle | None = None
    ) -> None:
        """Build the machine. No method of the chart runs.

        Args:
            chart: The class.
            effect: Gives what to call instead of each effect.
            oracle: Answers the guards; without one the chart's own guards do.

        Raises:
            LibraryRefusedError: python-statemachine does not accept the chart.
        """
        initial = chart.initial_state
        assert initial is not None
        # A model that already has a state keeps the machine from entering its initial one.
        model = SimpleNamespace(state=initial.value)
        try:
            self._machine = chart(model)
        except InvalidDefinition as error:
            raise LibraryRefusedError(chart, f"python-statemachine rejects it: {error}") from error
        self._chart = chart
        self._states = {state.id: state for state in chart.states_map.values()}
        self._read: dict[Transition, DeclaredTransition] = {}
        self._replace_callbacks(effect, oracle)
        self._engine = _Engine(self._machine)
        self._machine._engine = self._engine

    def _replace_callbacks(self, effect: WrapEffect, oracle: Oracle | None) -> None:
        for executor in self._machine._callbacks._registry.values():
            for callback in executor:
                if callback.meta.group is not CallbackGroup.COND:
                    callback._callback = effect(callback.meta.attr_name, callback._callback)
                elif oracle is not None:
                    callback._callback = _guard(callback.meta, oracle)

    def place(self, state: str) -> None:
        """Put the machine into a leaf state and the compound states around it.

        Raises:
            UnknownStateError: the chart has no such leaf state.
        """
        leaf = self._states.get(state)
        if leaf is None or not leaf.is_atomic:
            known = [x for top in self._chart.states for x in leaf_ids(top)]
            raise UnknownStateError.of(self._chart.__name__, state, known)
        self._machine.configuration = OrderedSet([*reversed([*leaf.ancestors()]), leaf])
        # An engine stops at a final state; the next question starts it again.
        self._engine.running = True

    def send(self, event: str, **arguments: Any) -> DeclaredTransition | None:
        """Send an event; the transition taken, or None."""
        self._engine.taken = None
        self._machine.send(event, **arguments)
        if (taken := self._engine.taken) is None:
            return None
        if taken not in self._read:
            self._read[taken] = read_transition(taken)
        return self._read[taken]

    def method(self, name: str) -> Callable[..., Any]:
        """A method of the machine, bound to it."""
        found: Callable[..., Any] = getattr(self._machine, name)
        return found

    def enter(self, **arguments: Any) -> None:
        """Enter the chart's initial state, as a new machine does."""
        self._machine.current_state_value = None
        self._engine.running = True
        self._engine.activate_initial_state(**arguments)  # type: ignore[no-untyped-call]

    @property
    def state(self) -> str:
        """Id of the active leaf state.

        Raises:
            ConfigurationError: the active states are not one leaf and the states around it.
        """
        values = self._machine.configuration_values
        active = [self._machine.states_map[value] for value in values]
        if not active or [*reversed([*active[-1].ancestors()])] != active[:-1]:
            raise ConfigurationError(self._chart, [state.id for state in active])
        return active[-1].id


def _guard(spec: CallbackSpec, oracle: Oracle) -> Effect:
    def answer(name: str) -> Effect:
        def ask(*_: object, **sent: object) -> bool:
            return oracle(name, **sent)

        ask.__name__ = name
        return ask

    rebuilt: Effect = parse_boolean_expr(  # type: ignore[no-untyped-call]
        spec.func, answer, operator_mapping
    )
    return rebuilt
