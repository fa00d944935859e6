"""Test paths, played against a service that knows nothing of relink.

The service rents out bicycles, and is written by hand. The chart says how it should behave. So a
search finds paths that take every two transitions which can follow each other, and each is played:
the same events happen to the service, and after each one it must be in the state that the chart
expects.

``python path_tests.py`` prints the paths, and what the service does differently.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field
from statemachine import State

from relink.engine import Assign, Chart, Command, Event, Facts, ignored, stays
from relink.engine.explore import MachineModel, MachinePath, all_pairs, explore, unreached

DEPOSIT = 50


class Paid(Event):
    """The customer pays a part of the deposit."""

    amount: int = Field(ge=1)


class Taken(Event):
    """The customer takes the bicycle."""


class Returned(Event):
    """The bicycle is back."""

    damaged: bool


class Refund(Command):
    """Gives money back."""

    amount: int


class RentalFacts(Facts):
    """What a rental remembers."""

    paid: int = 0


class Rental(Chart):
    """One bicycle for one customer."""

    facts_type = RentalFacts
    alphabet = (Paid, Taken, Returned)

    open = State(initial=True)
    ready = State()
    out = State()
    over = State(final=True)

    open.to(ready, event="paid", cond="is_enough", on="note")
    stays(open, event="paid", unless="is_enough", on="note")
    ready.to(out, event="taken")
    out.to(over, event="returned", cond="is_damaged")
    out.to(over, event="returned", on="refund")

    decided = (
        ignored(open, (Taken, Returned), because="the deposit is not paid"),
        ignored((ready, out), Paid, because="the deposit is paid"),
        ignored(ready, Returned, because="the bicycle is here"),
        ignored(out, Taken, because="the bicycle is out"),
        ignored(over, alphabet, because="the rental is over"),
    )

    def is_enough(self, facts: RentalFacts, trigger: Paid) -> bool:
        """All of the deposit is paid."""
        return facts.paid + trigger.amount >= DEPOSIT

    def is_damaged(self, facts: RentalFacts, trigger: Returned) -> bool:
        """The deposit is kept."""
        return trigger.damaged

    def note(self, facts: RentalFacts, trigger: Paid) -> Assign:
        """Add up what was paid."""
        return Assign(paid=facts.paid + trigger.amount)

    def refund(self, facts: RentalFacts, trigger: Returned) -> Command:
        """Give all of it back."""
        return Refund(amount=facts.paid)


@dataclass
class RentalService:
    """The service under test."""

    state: str = "open"
    paid: int = 0
    refunded: int = 0

    def pay(self, amount: int) -> None:
        """The payment provider reports a payment."""
        if self.state == "open":
            self.paid += amount
            if self.paid >= DEPOSIT:
                self.state = "ready"

    def take(self) -> None:
        """The lock of the bicycle is opened."""
        if self.state == "ready":
            self.state = "out"

    def give_back(self, damaged: bool) -> None:
        """Somebody in the shop looked at the bicycle."""
        if self.state == "out":
            self.state = "over"
            if not damaged:
                self.refunded += self.paid


def paths() -> tuple[MachinePath, ...]:
    """Paths that take every pair of transitions, ignored events included."""
    events = [Paid(amount=20), Paid(amount=30), Taken(), Returned(damaged=True)]
    explored = explore(MachineModel(Rental, [*events, Returned(damaged=False)]))
    assert explored.is_complete
    assert not unreached(explored), "the examples of events reach every transition"
    return all_pairs(explored, with_ignored=True)


def differences(service: RentalService, path: MachinePath) -> Iterator[str]:
    """Play a path, and say where the service differs from the chart."""
    refunded = 0
    for number, decision in enumerate(path.decisions, start=1):
        match decision.trigger:
            case Paid(amount=amount):
                service.pay(amount)
            case Taken():
                service.take()
            case Returned(damaged=damaged):
                service.give_back(damaged)
            case other:
                raise TypeError(f"the service has no {other.name}")
        refunded += sum(each.amount for each in decision.commands if isinstance(each, Refund))
        found, expected = (service.state, service.refunded), (decision.state, refunded)
        if found != expected:
            yield f"{number}. {decision.trigger!r}: {found} instead of {expected}"


if __name__ == "__main__":
    for each in paths():
        print(each)
        for line in differences(RentalService(), each):
            print("  ", line)
