"""What the parts of a world see of it: time, chance, and the points at which a task waits.

:class:`~.world.World` is made of these parts, so they do not import it.
"""

from collections.abc import Callable
from typing import Protocol

from relink.adapters.service import Service
from relink.adapters.simulator import Simulator
from relink.machines import RelinkPolicy

from .chance import Chance
from .databases import Database
from .faults import Fault
from .record import Record
from .story import Story


class Receiver(Protocol):
    """Takes notifications."""

    def receive(self, body: bytes, signature: str) -> None:
        """Take a notification."""
        ...


class Process(Protocol):
    """A process of relink, as its callers see it."""

    @property
    def service(self) -> Service:
        """The use cases."""
        ...


class Surroundings(Protocol):
    """A world, as its parts see it. Its members are documented at :class:`~.world.World`."""

    chance: Chance
    sim: Simulator
    story: Story
    record: Record
    database: Database
    policy: RelinkPolicy
    sweep_period: float
    is_dirty: bool

    @property
    def embedding(self) -> Receiver:
        """The service that embeds relink."""
        ...

    @property
    def product(self) -> Process | None:
        """The process that runs; None while none does."""
        ...

    def clock(self) -> float:
        """The time of day on relink's machine (Unix seconds)."""
        ...

    def timer(self) -> float:
        """A clock that is never set back (seconds)."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let others go on for so long."""
        ...

    def new_id(self) -> str:
        """The next id."""
        ...

    def may_be_killed(self, fault: Fault) -> None:
        """Kill the process here, if the seed says so."""
        ...

    def kill(self) -> None:
        """Kill the process; within a task."""
        ...

    def let_others_go_on(self) -> None:
        """Let another task go on here, if the seed says so."""
        ...

    def start(
        self,
        name: str,
        work: Callable[[], object],
        on_end: Callable[[BaseException | None], None] = ...,
    ) -> None:
        """Start a task of the process."""
        ...
