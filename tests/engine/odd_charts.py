"""Charts and systems from a few lines of text, for pictures of odd ones.

    asked -> shown: agreed if is_known
    shown -> asked: went_back timed_out
    asked stays: looked
    shown reports: agreed

A line with an arrow is a move, by any of some events. ``stays`` is a move to the same state,
``reports`` an anomaly, and ``never`` what is impossible; all else is ignored, such as ``looked``,
an event that each chart knows. The first state is the initial one, and a state that no event leaves
is final.
"""

import re
from collections.abc import Mapping
from typing import Any

from statemachine import State
from statemachine.state import NestedStateFactory

from relink.engine import Chart, Event, Facts, Load, Send, System, Table, ignored, impossible, stays
from relink.engine.story import Story

from .loose import loosely_compiled

LINE = re.compile(r" *(\w+) (?:-> (\w+)|(stays|reports|never)): ([\w ]+?)(?: if (.+))? *")
WORDS = ("and", "or", "not")


class Nothing(Facts):
    id: str = "x"


def charted(
    text: str,
    *,
    name: str = "odd",
    story: Story | None = None,
    inside: Mapping[str, tuple[str, ...]] | None = None,
    stuck: tuple[str, ...] = (),
) -> Table:
    """The table of a chart.

    Args:
        text: Its lines.
        name: What it is called.
        story: Its story.
        inside: The states in each compound state; compound states in others come first.
        stuck: States that no event leaves, and that are not final.
    """
    lines = [_parsed(line) for line in text.strip().splitlines()]
    inside = inside or {}
    made = _states([(line[0], line[1]) for line in lines], inside, stuck)
    events = {
        event: _event(event)
        for event in [event for *_, named, _ in lines for event in named.split()] + ["looked"]
    }
    decided = []
    for source, target, kind, named, condition in lines:
        for event in named.split():
            if target:
                made[source].to(made[target], event=event, cond=condition)
            elif kind == "stays":
                stays(made[source], event=event, cond=condition)
            elif kind == "reports":
                decided.append(
                    ignored(
                        made[source], events[event], because="odd", when=condition, anomaly=True
                    )
                )
            else:
                decided.append(
                    impossible(made[source], events[event], because="never", when=condition)
                )
    alphabet = tuple(events.values())
    nested = {state for states in inside.values() for state in states}
    top = {state: each for state, each in made.items() if state not in nested}
    guards = {x for *_, said in lines for x in re.findall(r"\w+", said or "") if x not in WORDS}
    body = {
        **top,
        **{guard: _guard(guard) for guard in sorted(guards)},
        "facts_type": Nothing,
        "alphabet": alphabet,
        "story": story,
        "absorbing": tuple(made[state] for state in stuck),
        "decided": (*decided, ignored(list(top.values()), alphabet, because="nothing to do")),
        "__module__": __name__,
    }
    named = "".join(map(str.capitalize, name.split("_")))
    return loosely_compiled(type(Chart)(named, (Chart,), body))


def _parsed(line: str) -> tuple[str, str, str, str, str | None]:
    """Source, target, kind, events and condition of a line."""
    found = LINE.fullmatch(line)
    assert found, line
    source, target, kind, events, condition = found.groups()
    return source, target or "", kind or "", events, condition


def _states(
    pairs: list[tuple[str, str]], inside: Mapping[str, tuple[str, ...]], stuck: tuple[str, ...]
) -> dict[str, Any]:
    named = [x for x in dict.fromkeys(x for pair in pairs for x in pair) if x]
    left = {source for source, target in pairs if target}
    outer = {state: compound for compound, states in inside.items() for state in states}
    first = {named[0], *(states[0] for states in inside.values())}

    def is_left(state: str) -> bool:
        return state in left or (state in outer and is_left(outer[state]))

    made: dict[str, Any] = {
        state: State(initial=state in first, final=not is_left(state) and state not in stuck)
        for state in named
        if state not in inside
    }
    for compound, states in inside.items():
        held = {state: made[state] for state in states}
        made[compound] = NestedStateFactory(compound, (State.Compound,), held)
    return made


def _event(name: str) -> type[Event]:
    return type("".join(map(str.capitalize, name.split("_"))), (Event,), {"__module__": __name__})


def _guard(name: str) -> Any:
    def guard(self: Any, facts: Any, trigger: Any) -> bool:
        return True

    guard.__name__ = guard.__qualname__ = name
    return guard


def _nowhere(trigger: Event, load: Load) -> list[Send]:
    return []


def told_each_other(
    machines: Mapping[str, Mapping[str, str] | None],
    routed: Mapping[str, str] | None = None,
    stories: Mapping[str, Story] | None = None,
) -> System:
    """A system whose machines only send each other events.

    Args:
        machines: For each machine the events that it sends, by target: ``{"b": "asked told"}``.
            None where nothing is declared.
        routed: What comes from outside, by target.
        stories: The stories of machines.
    """
    sent = [each for each in (*machines.values(), routed) if each]
    heard: dict[str, list[str]] = {name: ["looked"] for name in machines}
    for each in sent:
        for target, events in each.items():
            heard[target] += events.split()
    events = {
        event: _event(event)
        for event in dict.fromkeys(event for known in heard.values() for event in known)
    }

    def of(sends: Mapping[str, str] | None) -> Any:
        if sends is None:
            return None
        return {target: tuple(events[x] for x in said.split()) for target, said in sends.items()}

    charts = {
        name: _listener(
            f"Chart{number}",
            [events[event] for event in dict.fromkeys(heard[name])],
            of(machines[name]),
            (stories or {}).get(name),
        )
        for number, name in enumerate(machines)
    }
    return System(charts, _nowhere, routed=of(routed))


def _listener(
    name: str, alphabet: list[type[Event]], sends: Any, story: Story | None
) -> type[Chart]:
    there = State(initial=True)
    for event in alphabet:
        stays(there, event=event.name)
    body = {
        "there": there,
        "absorbing": (there,),
        "facts_type": Nothing,
        "alphabet": tuple(alphabet),
        "sends": sends,
        "story": story,
        "__module__": __name__,
    }
    return type(Chart)(name, (Chart,), body)
