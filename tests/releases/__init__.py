"""Three releases of a library's loans. Each declares what became of what the earlier ones stored.

They decide alike, so what the third one makes of the data of the others can be told from what it
decides itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from relink.adapters.store import Codec
from relink.engine import Address, Chart, Command, Event, Send, System

from . import one, three, two

LOAN = Address("loan", "b1")


@dataclass(frozen=True)
class Release:
    """What a release of a service has."""

    chart: type[Chart]
    events: tuple[type[Event], ...]
    """Events other than those of the chart."""
    commands: tuple[type[Command], ...]
    by_letter: Mapping[str, type[Event]]
    """The events that each letter stands for in a test's history."""

    @property
    def system(self) -> System:
        """The machines of this release."""
        return System(
            {"loan": self.chart.table()},
            lambda event, _: [Send(machine="loan", key=LOAN.key, event=event)],
        )

    @property
    def codec(self) -> Codec:
        """The codec of this release."""
        return Codec((*self.chart.alphabet, *self.events), self.commands)


ONE = Release(one.LoanChart, (), one.COMMANDS, one.BY_LETTER)
TWO = Release(two.LoanChart, (), two.COMMANDS, two.BY_LETTER)
THREE = Release(three.LoanChart, (three.BellRung,), three.COMMANDS, three.BY_LETTER)
RELEASES = (ONE, TWO, THREE)
