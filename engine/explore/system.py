"""A system with its environment as one model.

The environment says what can happen. An outside event goes to the system, and the commands that
the system answers with go back to the environment, in one move: what happens in between is for the
environment to model, such as a command that waits, fails, or is carried out twice.

An environment that keeps its events, and gives the same object for the same event, is explored
faster: a step is then taken once for all states with the same machines (:mod:`.worlds`).
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Generic

from ..arguments import explained, wrong_argument
from ..decision import Snapshot
from ..effect import Facts
from ..system import Address, System
from .abstraction import Abstraction, Unordered
from .model import E, Environment, Model, Move
from .worlds import Worlds


@dataclass(frozen=True, slots=True)
class SystemState(Generic[E]):
    """All machines of a system, and the state of its environment."""

    machines: Mapping[Address, Snapshot[Facts]]
    environment: E


class SystemModel(Model[SystemState[E]]):
    """A system, and the environment that it is in.

    Args:
        system: The system.
        environment: What happens around it.
        abstraction: Which states count as one; or a function that gives a key for each. If such a
            function lets parts change places, no :func:`~.properties.leads_to` may be asked.
        checked: Whether guards and effects are checked while they run; see :attr:`System.checked`.

    Raises:
        ArgumentError: one of them is something else.
    """

    @explained
    def __init__(
        self,
        system: System,
        environment: Environment[E],
        *,
        abstraction: Abstraction | Callable[[SystemState[E]], Hashable] | None = None,
        checked: bool = False,
    ) -> None:
        if not isinstance(system, System):
            cure = "for one chart, use MachineModel(...)"
            raise wrong_argument("SystemModel", "a System", system, cure)
        if not isinstance(environment, Environment):
            cure = "derive its class from Environment"
            raise wrong_argument("SystemModel", "an Environment", environment, cure)
        self.system = system.checked if checked else system
        self.environment = environment
        self.worlds = Worlds(self.system)
        self._abstraction = Abstraction() if abstraction is None else abstraction
        self.is_symmetric = isinstance(self._abstraction, Abstraction) and bool(
            self._abstraction.interchangeable
        )

    def starts(self) -> Iterator[SystemState[E]]:
        """The beginnings of the environment, without any machine."""
        nothing = self.worlds.world({})
        return (SystemState(nothing, each) for each in self.environment.starts())

    def moves(self, state: SystemState[E]) -> Iterator[Move[SystemState[E]]]:
        """What can happen in the environment, and all that follows from it."""
        for move in self.environment.moves(state.environment):
            yield self._taken(state, move)

    def key(self, state: SystemState[E]) -> Hashable:
        """The machines and the environment, as far as the abstraction tells them apart."""
        if not isinstance(self._abstraction, Abstraction):
            return self._abstraction(state)
        # It does not matter which machine was first.
        return self._abstraction.key((Unordered(state.machines.items()), state.environment))

    def _taken(self, state: SystemState[E], move: Move[E]) -> Move[SystemState[E]]:
        about = (move.event, move.fair, move.alone)
        if move.event is None:
            return Move(move.label, replace(state, environment=move.after), *about)
        try:
            step, machines = self.worlds.step(move.event, self.worlds.world(state.machines))
        except Exception as error:
            return Move(move.label, state, *about, error=error)
        environment = self.environment.receive(move.after, step.commands)
        return Move(move.label, SystemState(machines, environment), *about, outcome=step)
