"""A seat of a cinema: nobody loses it while his hold runs.

Run it to see what the search finds: ``python docs/examples/proven_seat.py``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from statemachine import State

from relink.engine import Assign, Chart, Command, Event, Facts, Load, Send, System, ignored, stays
from relink.engine.explore import (
    Environment,
    Exploration,
    Move,
    SystemModel,
    SystemState,
    Unordered,
    always,
    explore,
    story,
)


class Asked(Event):
    """A customer wants the seat."""

    customer: str


class Released(Event):
    """The one who holds it does not want it any more."""


class HoldEnded(Event):
    """The timer of a hold fires."""

    hold: int


class Paid(Event):
    """The one who holds it has paid."""


class StartTimer(Command):
    """End the hold in a while."""

    hold: int


class SeatFacts(Facts):
    """What a seat remembers."""

    id: str
    holds: int = 0
    """Holds so far, the current one included."""


class Seat(Chart):
    """One seat. A hold that has ended has a timer all the same, so timers are told apart."""

    facts_type = SeatFacts
    alphabet = (Asked, Released, HoldEnded, Paid)

    free = State(initial=True)
    held = State()
    sold = State(final=True)

    held.from_(free, event="asked", on="hold")
    free.from_(held, event="released")
    free.from_(held, event="hold_ended", cond="is_current")
    stays(held, event="hold_ended")
    sold.from_(held, event="paid")

    decided = (
        ignored(held, Asked, because="somebody holds it"),
        ignored(free, (Released, HoldEnded, Paid), because="nobody holds it"),
        ignored(sold, alphabet, because="it is sold"),
    )

    def is_current(self, facts: SeatFacts, trigger: HoldEnded) -> bool:
        """The timer is the one of this hold."""
        return trigger.hold == facts.holds

    def hold(self, facts: SeatFacts, trigger: Asked) -> list[Command | Assign]:
        """Hold it, until a timer fires."""
        number = facts.holds + 1
        return [Assign(holds=number), StartTimer(hold=number)]


class HastySeat(Seat):
    """The fault: any timer ends the hold."""

    def is_current(self, facts: SeatFacts, trigger: HoldEnded) -> bool:
        """Take every timer for the one of this hold."""
        return True


@dataclass(frozen=True)
class Cinema:
    """What is true outside."""

    asks: int = 3
    """How often customers may still ask."""
    running: int | None = None
    """The hold that somebody has, by what he was told."""
    timers: Unordered = Unordered()  # noqa: RUF009
    """The holds whose timers are set."""
    is_sold: bool = False


class Customers(Environment[Cinema]):
    """Customers ask, pay and change their minds; timers fire at any time, in any order."""

    def starts(self) -> Iterable[Cinema]:
        """Nobody has asked."""
        return [Cinema()]

    def moves(self, state: Cinema) -> Iterator[Move[Cinema]]:
        """Everything that can happen next."""
        if state.asks:
            yield Move("a customer asks", replace(state, asks=state.asks - 1), Asked(customer="a"))
        if state.running is not None and not state.is_sold:
            over = replace(state, running=None)
            yield Move("the customer changes his mind", over, Released())
            yield Move("the customer pays", replace(state, is_sold=True), Paid())
        for number, hold in enumerate(state.timers):
            rest = Unordered((*state.timers[:number], *state.timers[number + 1 :]))
            running = None if hold == state.running and not state.is_sold else state.running
            after = replace(state, timers=rest, running=running)
            yield Move(f"the timer of hold {hold} fires", after, HoldEnded(hold=hold))

    def receive(self, state: Cinema, commands: tuple[Command, ...]) -> Cinema:
        """Set timers; the customer hears that the seat is his for now."""
        for command in commands:
            if isinstance(command, StartTimer):
                timers = Unordered((*state.timers, command.hold))
                state = replace(state, running=command.hold, timers=timers)
        return state


def nobody_loses_a_seat_while_his_hold_runs(state: SystemState[Cinema]) -> str | None:
    """What is wrong with a state, or None."""
    hold = state.environment.running
    for seat in state.machines.values():
        if hold is not None and seat.state == "free":
            return f"hold {hold} runs, and the seat is free"
    return None


def explored(chart: type[Chart]) -> Exploration[SystemState[Cinema]]:
    """Every history of one seat."""

    def route(trigger: Event, load: Load) -> list[Send]:
        return [Send(machine="seat", key="A1", event=trigger)]

    model = SystemModel(System({"seat": chart}, route), Customers())
    return explore(model, always(nobody_loses_a_seat_while_his_hold_runs))


if __name__ == "__main__":
    for chart in (Seat, HastySeat):
        found = explored(chart)
        print(f"{chart.__name__}: {found}")
        for verdict in found.violations:
            print("\n".join(story(verdict)))
