"""The search: all states of a model, the nearest first.

States are explored breadth first, so the first way to a state, and the first that refutes a
property, is a shortest one. Nothing is drawn at random: the same model gives the same result in
every run.

A search may be bounded, in depth or in states. What it reports then holds within that bound:
:attr:`Exploration.is_complete` says whether nothing was left out.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, assert_never

from ..arguments import explained, several, wrong_argument
from ..errors import ArgumentError
from .liveness import backwards, fair_lasso
from .model import Model, Move, S
from .properties import Always, EachMove, LeadsTo, NeverStuck, Property, Sometimes
from .reached import Edge, Reached, Way

NO_ERRORS = "every event is decided without an error"
"""The name of a property that every search checks."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is."""

    states: int
    moves: int
    depth: int
    """Moves from a start to the states that are being explored."""
    waiting: int
    """States that are reached and not explored yet."""

    def line(self, seconds: float) -> str:
        """``12,000 states, depth 7, 340 waiting, 4,000 states/s``, for a progress bar.

        Args:
            seconds: How long the search has taken: the engine has no clock.
        """
        rate = round(self.states / seconds) if seconds > 0 else 0
        depth = f"depth {self.depth}, {self.waiting:,} waiting"
        return f"{self.states:,} states, {depth}, {rate:,} states/s"


@dataclass(frozen=True, slots=True)
class Verdict(Generic[S]):
    """What a search says about one property."""

    name: str
    outcome: Literal["holds", "violated", "open"]
    """Open: not found within the bounds of the search, but perhaps beyond."""
    wrong: str = ""
    """What is wrong, if it is violated."""
    way: Way[S] | None = None
    """A shortest counterexample; of :func:`sometimes`, a shortest example."""


@dataclass(frozen=True)
class Exploration(Generic[S]):
    """What a search found."""

    model: Model[S]
    states: int
    moves: int
    """Moves between states, those to states that were known included."""
    depth: int
    """Moves from a start to the farthest state."""
    is_complete: bool
    """Whether every state that can be reached was explored."""
    verdicts: tuple[Verdict[S], ...]
    reached: Reached[S]
    edges: Sequence[Sequence[Edge] | None]
    """The moves of each state, by its number; None where the search was bounded."""

    @property
    def violations(self) -> tuple[Verdict[S], ...]:
        """The verdicts on properties that do not hold."""
        return tuple(each for each in self.verdicts if each.outcome == "violated")

    def verdict(self, name: str) -> Verdict[S]:
        """The verdict on the property of this name.

        Raises:
            KeyError: there is none.
        """
        return {each.name: each for each in self.verdicts}[name]

    def __str__(self) -> str:
        """``42 states, 97 moves, depth 7, all explored``."""
        scope = "all explored" if self.is_complete else "explored within bounds"
        return f"{self.states:,} states, {self.moves:,} moves, depth {self.depth}, {scope}"


@explained
def explore(
    model: Model[S],
    properties: Property[S] | Iterable[Property[S]] = (),
    *,
    max_depth: int | None = None,
    max_states: int | None = None,
    stop_at_first: bool = False,
    on_progress: Callable[[Progress], object] | None = None,
    progress_every: int = 1000,
) -> Exploration[S]:
    """Explore all states of a model, and check properties.

    Args:
        model: The model.
        properties: One or several; each needs a name of its own.
        max_depth: How many moves from a start to explore.
        max_states: How many states to explore at most.
        stop_at_first: Whether to stop at the first state or move that is wrong.
        on_progress: Called now and then, and at the end.
        progress_every: After how many explored states.

    Raises:
        ArgumentError: something is not what it should be, or a model with interchangeable parts
            is asked what leads to what, which depends on which part is which.
        ModelError: the model is not deterministic.
    """
    if not isinstance(model, Model):
        cure = "for a chart, use MachineModel(chart, events)"
        raise wrong_argument("explore", "a Model", model, cure)
    search = _Search(model, _checked(model, several(properties)))
    search.run(max_depth, max_states, stop_at_first, on_progress, progress_every)
    return search.result()


def _checked(model: Model[S], properties: tuple[Any, ...]) -> tuple[Property[S], ...]:
    names = {NO_ERRORS}
    for each in properties:
        if not isinstance(each, (Always, EachMove, Sometimes, NeverStuck, LeadsTo)):
            raise wrong_argument("explore", "properties", each, "use always(...), sometimes(...)")
        if each.name in names:
            raise ArgumentError(
                f"explore(): two properties are named {each.name!r}; give one name=..."
            )
        if isinstance(each, LeadsTo) and model.is_symmetric:
            raise ArgumentError(
                f"explore(): {each.name!r} depends on which part is which, and the abstraction has "
                "interchangeable ones; explore it without"
            )
        names.add(each.name)
    return properties


class _Search(Generic[S]):
    def __init__(self, model: Model[S], properties: tuple[Property[S], ...]) -> None:
        self._model = model
        self._reached = Reached(model)
        self._properties = properties
        self._of_moves = [each for each in properties if isinstance(each, EachMove)]
        self._of_states = [each for each in properties if not isinstance(each, EachMove)]
        # Only safety is kept by partial order reduction: runs that it leaves out may be fair ones.
        safety = (Always, EachMove, NeverStuck)
        self._may_reduce = all(
            isinstance(each, safety) and not (isinstance(each, NeverStuck) and each.goal)
            for each in properties
        )
        self._edges: list[list[Edge] | None] = []
        self._found: dict[str, Verdict[S]] = {}
        self._marks: dict[str, list[int]] = {}
        """States by the property, and by what of it, that they have."""
        self._moves = 0
        self._depth = 0
        self._is_complete = True
        self._is_wrong = False

    def run(
        self,
        max_depth: int | None,
        max_states: int | None,
        stop_at_first: bool,
        on_progress: Callable[[Progress], object] | None,
        every: int,
    ) -> None:
        waiting: deque[tuple[int, int, S]] = deque()
        for number, state in self._reached.starts():
            self._arrive(number, state)
            waiting.append((number, 0, state))
        explored = 0
        while waiting and not (stop_at_first and self._is_wrong):
            if max_states is not None and explored >= max_states:
                break
            number, depth, state = waiting.popleft()
            is_beyond = max_depth is not None and depth >= max_depth
            if is_beyond and any(True for _ in self._model.moves(state)):
                self._is_complete = False
                continue
            for target, after in self._expand(number, state):
                waiting.append((target, depth + 1, after))
                self._depth = depth + 1
            explored += 1
            if on_progress is not None and explored % every == 0:
                on_progress(Progress(len(self._reached), self._moves, depth, len(waiting)))
        if waiting:
            self._is_complete = False
        if on_progress is not None:
            on_progress(Progress(len(self._reached), self._moves, self._depth, len(waiting)))

    def _expand(self, number: int, state: S) -> Iterable[tuple[int, S]]:
        """Take all moves of a state; the states that are new."""
        edges: list[Edge] = []
        new: list[tuple[int, S]] = []
        is_stuck = True
        for position, move in enumerate(self._model.moves(state)):
            is_stuck = False
            self._moves += 1
            if move.error is not None:
                error = move.error
                text = f"{type(error).__name__}: {error}"
                self._refute(NO_ERRORS, text, number, position)
                continue
            self._judge(number, state, position, move)
            target, is_new = self._reached.add(move.after, number, position)
            edges.append(Edge(position, target, move.fair))
            if is_new:
                self._arrive(target, move.after)
                new.append((target, move.after))
                if move.alone and self._may_reduce and position == 0:
                    # To a new state, so that no other move is put off round and round a loop.
                    break
        self._edges[number] = edges
        if is_stuck:
            self._get_stuck(number, state)
        return new

    def _arrive(self, number: int, state: S) -> None:
        """Look at a state that is new."""
        self._edges.append(None)
        for each in self._of_states:
            match each:
                case Always(name, wrong):
                    if name not in self._found and (text := _said(name, wrong(state))):
                        self._refute(name, text, number)
                case Sometimes(name, holds):
                    if name not in self._found and holds(state):
                        self._found[name] = Verdict(name, "holds", way=self._reached.way(number))
                case NeverStuck(name, goal, is_done):
                    if goal is not None and (goal(state) or is_done(state)):
                        self._mark(name, "goal", number)
                case LeadsTo(name, cause, effect, _):
                    if effect(state):
                        self._mark(name, "effect", number)
                    elif cause(state):
                        self._mark(name, "cause", number)
                case _:
                    assert_never(each)

    def _judge(self, number: int, state: S, position: int, move: Move[S]) -> None:
        for each in self._of_moves:
            if text := _said(each.name, each.wrong(state, move)):
                self._refute(each.name, text, number, position)

    def _get_stuck(self, number: int, state: S) -> None:
        for each in self._properties:
            if isinstance(each, NeverStuck) and each.goal is None and not each.is_done(state):
                self._refute(each.name, "nothing can happen any more", number)

    def _mark(self, name: str, what: str, number: int) -> None:
        self._marks.setdefault(f"{name} {what}", []).append(number)

    def _refute(self, name: str, wrong: str, number: int, *then: int) -> None:
        if name not in self._found:
            self._is_wrong = True
            self._found[name] = Verdict(name, "violated", wrong, self._reached.way(number, then))

    def result(self) -> Exploration[S]:
        verdicts = [self._found.get(NO_ERRORS, Verdict(NO_ERRORS, "holds"))]
        verdicts += map(self._verdict, self._properties)
        return Exploration(
            model=self._model,
            states=len(self._reached),
            moves=self._moves,
            depth=self._depth,
            is_complete=self._is_complete,
            verdicts=tuple(verdicts),
            reached=self._reached,
            edges=self._edges,
        )

    def _verdict(self, judged: Property[S]) -> Verdict[S]:
        name = judged.name
        if name in self._found:
            return self._found[name]
        match judged:
            case Always() | EachMove():
                return Verdict(name, "holds")
            case Sometimes():
                if not self._is_complete:
                    return Verdict(name, "open")
                return Verdict(name, "violated", "no state is like this")
            case NeverStuck():
                return self._no_way(judged) if judged.goal else Verdict(name, "holds")
            case LeadsTo():
                return self._no_effect(judged)
            case _:
                assert_never(judged)

    def _no_way(self, judged: NeverStuck[S]) -> Verdict[S]:
        # What was not explored may lead to a goal.
        beyond = [number for number, edges in enumerate(self._edges) if edges is None]
        goals = self._marks.get(f"{judged.name} goal", [])
        good = backwards(self._edges, [*goals, *beyond])
        stuck = next((number for number in range(len(self._edges)) if number not in good), None)
        if stuck is None:
            return Verdict(judged.name, "holds")
        wrong = "from here no way leads to the goal"
        return Verdict(judged.name, "violated", wrong, self._reached.way(stuck))

    def _no_effect(self, judged: LeadsTo[S]) -> Verdict[S]:
        effects = set(self._marks.get(f"{judged.name} effect", []))
        causes = self._marks.get(f"{judged.name} cause", [])
        lasso = fair_lasso(self._edges, causes, effects.__contains__, judged.fairness)
        if lasso is None:
            return Verdict(judged.name, "holds")
        steps = [*lasso.stem, *lasso.loop]
        way = self._reached.way(lasso.start, steps, loop=len(lasso.stem))
        wrong = "the effect may never come"
        return Verdict(judged.name, "violated", wrong, way)


def _said(name: str, wrong: object) -> str | None:
    if wrong is None or isinstance(wrong, str):
        return wrong
    raise TypeError(
        f"the property {name} returned {wrong!r}; return None, or a string that says what is wrong"
    )
