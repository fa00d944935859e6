"""Systems that the tests draw: one by hand, and generated ones."""

from typing import Any

from hypothesis import strategies as st
from statemachine import State

from relink.engine import Chart, Event, Facts, Load, Send, System, stays

LONG = "AnEventWithANameThatGoesOnAndOn" + "On" * 9
EVENTS = tuple(
    type(name, (Event,), {"__module__": __name__})
    for name in ("Asked", "Answered", "Told", "Closed", LONG)
)


class Kept(Facts):
    id: str = ""


def charted(name: str, alphabet: tuple[type[Event], ...], sends: Any) -> type[Chart]:
    """A chart that knows some events, and says what it sends."""
    there = State(initial=True)
    for event in alphabet:
        stays(there, event=event.name)
    body = {
        "there": there,
        "absorbing": (there,),
        "facts_type": Kept,
        "alphabet": alphabet,
        "sends": sends,
        "__module__": __name__,
    }
    return type(Chart)(name, (Chart,), body)


def nowhere(trigger: Event, load: Load) -> list[Send]:
    return []


@st.composite
def systems(draw: st.DrawFn) -> System:
    """Up to fourteen machines, with names of any length, that send each other anything."""
    words = st.text("abc_", min_size=1, max_size=24).map(lambda word: f"m{word}")
    names = draw(st.lists(words, min_size=1, max_size=14, unique=True))
    some = st.lists(st.sampled_from(EVENTS), min_size=1, unique=True).map(tuple)
    alphabets = {name: draw(some) for name in names}

    def sent(draw: st.DrawFn) -> dict[str, tuple[type[Event], ...]]:
        targets = draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
        return {x: draw(st.lists(st.sampled_from(alphabets[x]), unique=True)) for x in targets}

    charts = {
        name: charted(
            f"Chart{number}", alphabet, None if draw(st.integers(0, 9)) == 0 else sent(draw)
        )
        for number, (name, alphabet) in enumerate(alphabets.items())
    }
    return System(charts, nowhere, routed=sent(draw) if draw(st.booleans()) else None)
