"""Charts that are large, or oddly named, for the tests of pictures."""

from collections.abc import Callable, Sequence
from string import ascii_lowercase
from typing import Any

from statemachine import State

from relink.engine import Chart, Event, Facts, Table, ignored

from .loose import loosely_compiled


class Nothing(Facts):
    pass


Move = tuple[str, str, str, str | None]
"""Source, event, target and condition."""


def charted(states: Sequence[str], moves: Sequence[Move]) -> Table:
    """The table of a chart with these moves; all else is ignored."""
    made = {state: State(initial=state == states[0]) for state in states}
    for source, event, target, condition in moves:
        made[source].to(made[target], event=event, cond=condition)
    names = list(dict.fromkeys(event for _, event, _, _ in moves))
    names.append("nothing_happened")
    alphabet = tuple(
        type("".join(map(str.capitalize, name.split("_"))), (Event,), {"__module__": __name__})
        for name in names
    )
    guards = {
        word
        for _, _, _, condition in moves
        for word in (condition or "").split()
        if word not in ("and", "or", "not")
    }
    body = {
        **made,
        **{guard: _guard(guard) for guard in guards},
        "facts_type": Nothing,
        "alphabet": alphabet,
        "decided": (ignored(list(made.values()), alphabet, because="generated"),),
    }
    return loosely_compiled(type(Chart)("Generated", (Chart,), body))


def _guard(name: str) -> Any:
    def guard(self: Any, facts: Any, trigger: Any) -> bool:
        return True

    guard.__name__ = guard.__qualname__ = name
    return guard


def _hub() -> Table:
    """Every state leads to one, and that one to every other."""
    others = [f"spoke_{letter}" for letter in ascii_lowercase[:24]]
    moves = [("hub", f"sent_{x}", x, None) for x in others] + [
        (x, "returned", "hub", None) for x in others
    ]
    return charted(["hub", *others], moves)


def _complete() -> Table:
    """Every state leads to every other one."""
    states = [f"place_{letter}" for letter in ascii_lowercase[:9]]
    return charted(
        states, [(x, f"went_to_{y}", y, "is_open") for x in states for y in states if x != y]
    )


def _chain() -> Table:
    """Forty states in a row, and back to the first."""
    states = [f"step_{number}" for number in range(40)]
    return charted(
        states,
        [(x, "went_on", y, None) for x, y in zip(states, [*states[1:], states[0]], strict=True)],
    )


def _guards() -> Table:
    """One event whose sixteen guards lead to two states."""
    states = ["start", "left", "right"]
    moves: list[Move] = [
        ("start", "asked", states[1 + n % 2], f"guard_{2 * n} and guard_{2 * n + 1}")
        for n in range(8)
    ]
    moves += [("left", "asked", "start", None), ("right", "asked", "start", None)]
    return charted(states, moves)


def _names() -> Table:
    """Reserved, long and foreign names."""
    states = [
        "root",
        "constructor",
        "end",
        "toString",
        "état_général",
        "состояние_ожидания_подтверждения",
        "状態",
        "a_state_whose_name_goes_on_and_on_until_nobody_remembers_how_it_began_or_why",
        "Donaudampfschiffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        "W" * 60,
    ]
    moves: list[Move] = []
    for number, state in enumerate(states):
        event = "an_event_with_one_name_that_is_longer_than_any_card_is_wide_" + "m" * 30
        moves.append((state, event, states[(number + 1) % len(states)], "guard_" + "w" * 50))
        moves.append((state, "reset", states[0], None)) if number else None
    return charted(states, moves)


def _one() -> Table:
    """Two states and one event: the least that a chart can have."""
    return charted(["off", "on"], [("off", "toggled", "on", None), ("on", "toggled", "off", None)])


LARGE: dict[str, Callable[[], Table]] = {
    "hub": _hub,
    "complete": _complete,
    "chain": _chain,
    "guards": _guards,
    "names": _names,
    "one": _one,
}
