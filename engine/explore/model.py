"""Models: what a search can walk through, step by step.

A model says where it can start, what can happen in a state, and which states count as one. A
machine is a model (:class:`~.machine.MachineModel`), a system together with its environment is one
(:class:`~.system.SystemModel`), and so is the environment alone. So there is one search for all.

States are never changed: a move has the state after it.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..decision import Decision
from ..effect import Command
from ..event import Event
from ..system import Step
from .abstraction import Abstraction

S = TypeVar("S")
"""The states of a model."""
E = TypeVar("E")
"""The states of an environment."""


@dataclass(frozen=True, slots=True)
class Move(Generic[S]):
    """One thing that can happen, and the state after it."""

    label: str
    """What happens, for people."""
    after: S
    event: Event | None = None
    """What reaches the system. None: something happens in the environment alone."""
    fair: str | None = None
    """A name for what cannot be put off for ever, such as the delivery of a message that is retried
    until it arrives; see :func:`~.properties.leads_to`. None: it may never happen."""
    alone: bool = False
    """Whether the search may take this move now, and every other one later (partial order
    reduction). That is sound if, as long as it has not happened, nothing that can happen disables
    it, has another result before it than after it, or is judged differently by any property. A
    model gives such a move first."""
    outcome: Decision | Step | None = None
    """What was decided."""
    error: Exception | None = None
    """Why it could not be decided."""


class Model(ABC, Generic[S]):
    """Something that has states, and moves between them. Subclass it for a model of your own.

    It is deterministic: the same state has the same moves in the same order.
    """

    is_symmetric: bool = False
    """Whether :meth:`key` takes states for one in which parts have changed places."""

    @abstractmethod
    def starts(self) -> Iterable[S]:
        """The states in which it can begin."""

    @abstractmethod
    def moves(self, state: S) -> Iterable[Move[S]]:
        """What can happen in a state."""

    @abstractmethod
    def key(self, state: S) -> Hashable:
        """What identifies a state: states with the same key count as one."""


class Environment(Model[E]):
    """What stands around a system: it sends outside events, and carries out commands.

    The moves of an environment say which event reaches the system. What the environment does with
    the answer is :meth:`receive`. Its states are frozen dataclasses, named tuples, records, or
    plain values, so that an :class:`~.abstraction.Abstraction` can read them.
    """

    @abstractmethod
    def receive(self, state: E, commands: tuple[Command, ...]) -> E:
        """The state after the commands of a step have arrived.

        Args:
            state: The one after the move that caused the step.
            commands: In the order of the step.
        """

    def key(self, state: E) -> Hashable:
        """All of the state. In a system, its abstraction counts instead."""
        return Abstraction().key(state)
