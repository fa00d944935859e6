"""How long does a chart take to compile, by its size?

The charts are made up: every event is decided in every state, a third of the pairs by a guard.
"""

import time
from collections.abc import Callable, Iterator
from types import new_class
from typing import Any

from statemachine import State

from relink.engine import Chart, Event, Facts
from relink.engine.compile import compile_chart
from relink.machines.account import AccountChart

from .measure import Line, take_turns
from .size import Size

ACCOUNT = "the account chart"


class GrownFacts(Facts):
    """The facts of a made-up chart."""

    answer: bool = False


def grown(states: int, events: int) -> type[Chart]:
    """A new chart of so many states and events."""
    kinds: list[Any] = [type(f"Happens{number}", (Event,), {}) for number in range(events)]

    def fill(space: dict[str, Any]) -> None:
        space |= {"facts_type": GrownFacts, "alphabet": tuple(kinds), "is_so": _is_so}
        made = [State(initial=number == 0) for number in range(states)]
        space |= {f"state_{number}": state for number, state in enumerate(made)}
        for at, state in enumerate(made):
            for number, kind in enumerate(kinds):
                # Of all states one can get to the next one, and so to every other.
                target = made[(at + 1 + number * 7) % states]
                if (at + number) % 3 == 0:
                    state.to(made[(at + 1) % states], event=kind.name, cond="is_so")
                state.to(target, event=kind.name)

    return new_class(f"Grown{states}x{events}Chart", (Chart,), {}, fill)


def _is_so(self: Any, facts: GrownFacts, trigger: Event) -> bool:
    """The guard of a third of the transitions."""
    return facts.answer


def compiling(make: Callable[[], type[Chart]]) -> Callable[[], float]:
    """Rounds of compiling a chart: seconds."""

    def reading() -> float:
        chart = make()
        began = time.perf_counter()
        compile_chart(chart)
        return time.perf_counter() - began

    return reading


def run(size: Size) -> Iterator[Line]:
    """Compile charts of several sizes, and the account's."""
    sides = {ACCOUNT: compiling(lambda: AccountChart)}
    for states, events in size.charts:
        name = f"{states} states × {events} events"
        sides[name] = compiling(lambda s=states, e=events: grown(s, e))  # type: ignore[misc]
    for name, readings in take_turns(sides, min(3, size.rounds), "compile").items():
        yield Line("compile", name, "s", tuple(readings))
