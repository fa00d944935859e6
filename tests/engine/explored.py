"""Models for the tests of the search: graphs by number, and links that work or not.

The reports about a link arrive in any order, and some twice or never. A machine that keeps the
latest one by its time ends up right. Charts with planted faults do not.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from statemachine import State

from relink.engine import Assign, Chart, Command, Event, Facts, Send, System, ignored, stays
from relink.engine.explore import (
    Abstraction,
    Environment,
    Model,
    Move,
    SystemModel,
    SystemState,
    Unordered,
)

S = TypeVar("S")


class Numbers(Model[int]):
    """A graph: each number leads to others, by moves that may have a fair name."""

    def __init__(
        self, graph: Mapping[int, Sequence[tuple[int, str | None]]], starts: Iterable[int] = (0,)
    ) -> None:
        self.graph = graph
        self._starts = tuple(starts)

    def starts(self) -> Iterable[int]:
        return self._starts

    def moves(self, state: int) -> Iterator[Move[int]]:
        for target, fair in self.graph[state]:
            yield Move(f"{state} to {target}", target, fair=fair)

    def key(self, state: int) -> Hashable:
        return state


def brute_force(model: Model[S], is_wrong: Callable[[S], bool], most: int) -> int | None:
    """The length of a shortest run to a wrong state: every run is tried, known states included."""
    states = list(model.starts())
    for length in range(most + 1):
        if any(map(is_wrong, states)):
            return length
        states = [move.after for state in states for move in model.moves(state)]
    return None


# ── links ────────────────────────────────────────────────────────────────────


class Reported(Event):
    link: str
    works: bool
    as_of: int


class Prompt(Command):
    """Tells somebody that a link is down."""

    link: str
    since: int


class LinkFacts(Facts):
    id: str
    as_of: int = -1


class Link(Chart):
    """Keeps the latest report, and prompts for each time that the link goes down."""

    facts_type = LinkFacts
    alphabet = (Reported,)

    up = State(initial=True)
    down = State()

    up.to(down, event="reported", cond="is_newer and not works", on=["note", "prompt"])
    down.to(up, event="reported", cond="is_newer and works", on="note")
    stays(up, down, event="reported", cond="is_newer", on="note")

    decided = (ignored((up, down), Reported, because="it is old"),)

    def is_newer(self, facts: LinkFacts, trigger: Reported) -> bool:
        return trigger.as_of > facts.as_of

    def works(self, facts: LinkFacts, trigger: Reported) -> bool:
        return trigger.works

    def note(self, facts: LinkFacts, trigger: Reported) -> Assign | list[Assign | Command]:
        return Assign(as_of=trigger.as_of)

    def prompt(self, facts: LinkFacts, trigger: Reported) -> Command:
        return Prompt(link=facts.id, since=trigger.as_of)


class BelievesTheLast(Link):
    """Fault: takes the report that arrives last for the latest one."""

    def is_newer(self, facts: LinkFacts, trigger: Reported) -> bool:
        return True


class PromptsForCopies(Link):
    """Fault: prompts for each bad report, and takes one that comes again for a newer one."""

    def is_newer(self, facts: LinkFacts, trigger: Reported) -> bool:
        return trigger.as_of >= facts.as_of

    def note(self, facts: LinkFacts, trigger: Reported) -> list[Assign | Command]:
        prompts = [] if trigger.works else [Prompt(link=facts.id, since=trigger.as_of)]
        return [Assign(as_of=trigger.as_of), *prompts]


def route(trigger: Event, load: object) -> Iterable[Send]:
    assert isinstance(trigger, Reported)
    return [Send(machine="link", key=trigger.link, event=trigger)]


def links(chart: type[Chart] = Link) -> System:
    return System({"link": chart.table()}, route)


@dataclass(frozen=True)
class Around:
    """The truth about links, and what is on the way."""

    works: Mapping[str, bool]
    now: int = 0
    flying: Unordered = Unordered()  # noqa: RUF009
    prompts: tuple[Prompt, ...] = ()


class Network(Environment[Around]):
    """Links go down and come back; each time a report is sent.

    Args:
        keys: of the links.
        changes: how often the truth changes; None for ever.
        flying: how many reports may be on the way.
        copies: whether a report may arrive and stay on the way.
        loses: whether a report may get lost.
    """

    def __init__(
        self,
        keys: Sequence[str] = ("a",),
        *,
        changes: int | None = None,
        flying: int = 2,
        copies: bool = False,
        loses: bool = False,
    ) -> None:
        self.keys = keys
        self.changes = changes
        self.most = flying
        self.copies = copies
        self.loses = loses

    def starts(self) -> Iterable[Around]:
        return (Around(dict.fromkeys(self.keys, True)),)

    def moves(self, state: Around) -> Iterator[Move[Around]]:
        for each in self.keys:
            is_over = self.changes is not None and state.now >= self.changes
            if len(state.flying) < self.most and not is_over:
                works = not state.works[each]
                report = Reported(link=each, works=works, as_of=state.now)
                yield Move(
                    f"{each} {'comes back' if works else 'goes down'}",
                    replace(
                        state,
                        works={**state.works, each: works},
                        now=state.now + 1,
                        flying=Unordered((*state.flying, report)),
                    ),
                )
        for position, report in enumerate(state.flying):
            rest = Unordered((*state.flying[:position], *state.flying[position + 1 :]))
            what = f"report {report.as_of} of {report.link}"
            yield Move(f"{what} arrives", replace(state, flying=rest), report, fair="arrival")
            if self.copies:
                yield Move(f"{what} arrives, and will again", state, report)
            if self.loses:
                yield Move(f"{what} gets lost", replace(state, flying=rest))

    def receive(self, state: Around, commands: tuple[Command, ...]) -> Around:
        prompts = [each for each in commands if isinstance(each, Prompt)]
        # A second one for the same cause shows in the state.
        return replace(state, prompts=(*state.prompts, *prompts)[-2:])


BY_ORDER = Abstraction(times={"as_of", "now", "since"})
"""Rules of links compare times only by their order."""


def linked(
    chart: type[Chart] = Link, abstraction: Abstraction | None = BY_ORDER, **network: Any
) -> SystemModel[Around]:
    return SystemModel(links(chart), Network(**network), abstraction=abstraction)


Linked = SystemState[Around]


def disagrees(state: Linked) -> str | None:
    """At rest, a machine says what is true."""
    if not state.environment.flying:
        for (_, key), snapshot in state.machines.items():
            if (snapshot.state == "up") != state.environment.works[key]:
                return f"{key} is {snapshot.state}, which is not true"
    return None


def prompts_twice(state: Linked) -> str | None:
    """Nobody is prompted twice for one time that a link is down."""
    prompts = state.environment.prompts
    return "prompted twice" if len(set(prompts)) < len(prompts) else None
