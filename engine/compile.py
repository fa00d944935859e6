"""Compiling: a chart is asked, question by question, until its table is complete.

For every leaf state and every event the real python-statemachine machine is
run, its guards replaced by an oracle, its effects by a recorder. The oracle
says yes to each guard that is asked for the first time; afterwards the same
question is put again with the last yes turned into a no, and so on, until all
paths are known. What comes out is the exact decision tree, so a table cannot
disagree with the library about what a chart means.
"""

from statemachine import State
from statemachine.transition import Transition

from . import expression
from .chart import Chart, Ignored, Impossible
from .decision import Started
from .errors import (
    ConfigurationError,
    DeadDeclarationError,
    NoWayOutError,
    TooManyAnswersError,
    UndecidedError,
    UnreachableStateError,
)
from .instrument import Effect, Instrument
from .refusals import refuse_unsound
from .table import Table
from .tree import Answers, Branch, Leaf, Outcome, Tree, leaves_of

MAX_LEAVES = 4096
"""How many combinations of guard answers one event in one state may depend on."""


def compile_chart(chart: type[Chart]) -> Table:
    """Compile a chart. Nothing of the chart's own methods is executed.

    Raises:
        ChartError: the chart cannot be compiled soundly; the subclass says which rule it breaks.
    """
    refuse_unsound(chart)
    return _Compiler(chart).compile()


class _Compiler:
    """The questions put to one chart, and what is made of the answers."""

    def __init__(self, chart: type[Chart]) -> None:
        self._chart = chart
        self._states = [state for state in chart.states_map.values() if state.is_atomic]
        self._declarations = _Declarations(chart)
        self._machine = Instrument(chart, self._recorder, self._oracle)
        self._leaves = 0
        self._first = 0
        self._undecided: list[Leaf] = []
        # Of the question under way:
        self._known: dict[str, bool] = {}
        self._effects: list[str] = []

    def compile(self) -> Table:
        entry = self._entry()
        trees: dict[tuple[str, str], Tree] = {}
        for state in self._states:
            for event in self._chart.alphabet:
                self._first = self._leaves
                trees[state.id, event.name] = self._ask(state.id, event.name, ())
        self._refuse_undecided()
        self._declarations.refuse_dead()
        self._refuse_dead_ends(trees)
        self._refuse_unreachable(entry.target, trees)
        return Table(
            self._chart,
            states=[state.id for state in self._states],
            final=[state.id for state in self._states if state.final],
            entry=entry,
            trees=trees,
        )

    # -- Questions --

    def _oracle(self, guard: str) -> bool:
        return self._known.setdefault(guard, True)

    def _recorder(self, name: str, effect: Effect) -> Effect:
        def record(*_: object, **__: object) -> None:
            self._effects.append(name)

        return record

    def _entry(self) -> Leaf:
        self._machine.enter()
        return Leaf(-1, "", Started.name, (), "moved", self._arrived(), tuple(self._effects))

    def _ask(self, state: str, event: str, known: Answers) -> Tree:
        """The tree under these known answers, of which there is one more for each recursion."""
        self._known = dict(known)
        self._effects = []
        self._machine.place(state)
        taken = self._machine.send(event)
        guards = tuple(self._known.items())
        tree: Tree = self._leaf(state, event, guards, taken)
        for place in reversed(range(len(known), len(guards))):
            guard, _ = guards[place]
            tree = Branch(guard, tree, self._ask(state, event, (*guards[:place], (guard, False))))
        return tree

    def _leaf(self, state: str, event: str, guards: Answers, taken: Transition | None) -> Leaf:
        index = self._leaves
        self._leaves += 1
        if self._leaves - self._first > MAX_LEAVES:
            raise TooManyAnswersError(
                self._chart,
                f"{event} in {state} has more than {MAX_LEAVES} combinations of guard answers",
            )
        arrived = self._arrived()
        said = self._declarations.find(state, event, dict(guards), taken is not None)
        if said is not None:
            outcome: Outcome = "impossible" if isinstance(said, Impossible) else "ignored"
            anomaly = isinstance(said, Ignored) and said.anomaly
            return Leaf(
                index, state, event, guards, outcome, state, reason=said.reason, anomaly=anomaly
            )
        if taken is None:
            leaf = Leaf(index, state, event, guards, "ignored", state)
            self._undecided.append(leaf)
            return leaf
        return Leaf(
            index,
            state,
            event,
            guards,
            "stayed" if arrived == state else "moved",
            arrived,
            tuple(self._effects),
            transition=f"{taken.source.id} --{_label(event, taken)}--> {_target(taken)}",
            label=_label(event, taken),
        )

    def _arrived(self) -> str:
        """The leaf state that the machine is in."""
        active = self._machine.active
        # What the static walk let through leaves the machine in one leaf and its ancestors.
        if not active or [*reversed([*active[-1].ancestors()])] != active[:-1]:
            raise ConfigurationError(self._chart, [state.id for state in active])
        return active[-1].id

    # -- Is it complete? --

    def _refuse_undecided(self) -> None:
        if not self._undecided:
            return
        lines = [f"{leaf.event} in {leaf.source}{_when(leaf.guards)}" for leaf in self._undecided]
        raise UndecidedError(
            self._chart,
            f"{len(lines)} undecided; say what happens by a transition, ignored or impossible:"
            + "".join(f"\n  {line}" for line in lines),
        )

    def _refuse_dead_ends(self, trees: dict[tuple[str, str], Tree]) -> None:
        leaving = {
            leaf.source
            for tree in trees.values()
            for leaf in leaves_of(tree)
            if leaf.target != leaf.source
        }
        for state in self._states:
            if not state.final and state.id not in leaving:
                raise NoWayOutError(
                    self._chart, f"no event leaves state {state.id!r}, which is not final"
                )

    def _refuse_unreachable(self, initial: str, trees: dict[tuple[str, str], Tree]) -> None:
        targets: dict[str, set[str]] = {}
        for (source, _), tree in trees.items():
            targets.setdefault(source, set()).update(leaf.target for leaf in leaves_of(tree))
        reached, waiting = {initial}, [initial]
        while waiting:
            new = targets[waiting.pop()] - reached
            reached |= new
            waiting += new
        if lost := [state.id for state in self._states if state.id not in reached]:
            raise UnreachableStateError(
                self._chart, f"no events lead from {initial!r} to {', '.join(map(repr, lost))}"
            )


class _Declarations:
    """What the chart declares ignored or impossible, by state and event."""

    def __init__(self, chart: type[Chart]) -> None:
        self._chart = chart
        self._used: set[int] = set()
        self._by_pair: dict[tuple[str, str], list[tuple[int, Ignored | Impossible]]] = {}
        self._when: dict[int, expression.Expression] = {}
        # A contradiction counts before anything that would be done on its strength.
        numbered = sorted(enumerate(chart.decided), key=lambda n: isinstance(n[1], Ignored))
        for number, said in numbered:
            if said.when is not None:
                self._when[number] = expression.parse(said.when)
            for state in said.states:
                for event in said.events:
                    for leaf in _leaf_states(state):
                        pair = self._by_pair.setdefault((leaf.id, event.name), [])
                        pair.append((number, said))

    def find(
        self, state: str, event: str, answers: dict[str, bool], taken: bool
    ) -> Ignored | Impossible | None:
        """The declaration that holds, if any."""
        for number, said in self._by_pair.get((state, event), ()):
            if taken and isinstance(said, Ignored):
                continue
            when = self._when.get(number)
            if when is None or expression.truth(when, answers):
                self._used.add(number)
                return said
        return None

    def refuse_dead(self) -> None:
        for number, said in enumerate(self._chart.decided):
            if number not in self._used:
                kind = "ignored" if isinstance(said, Ignored) else "impossible"
                states = ", ".join(state.id for state in said.states)
                events = ", ".join(event.name for event in said.events)
                when = f" when {said.when!r}" if said.when else ""
                raise DeadDeclarationError(
                    self._chart, f"{kind}({states}; {events}){when} applies nowhere"
                )


def _leaf_states(state: State) -> list[State]:
    if state.is_atomic:
        return [state]
    return [leaf for child in state.states for leaf in _leaf_states(child)]


def _label(event: str, transition: Transition) -> str:
    """The event with the transition's condition: ``coin_inserted[is_enough and not (a or b)]``."""
    specs = list(transition.cond)
    if not specs:
        return event
    alone = len(specs) == 1 and specs[0].expected_value
    parts = []
    for spec in specs:
        text = spec.func if alone or spec.func.isidentifier() else f"({spec.func})"
        parts.append(text if spec.expected_value else f"not {text}")
    return f"{event}[{' and '.join(parts)}]"


def _target(transition: Transition) -> str:
    return transition.target.id if transition.target else transition.source.id


def _when(guards: Answers) -> str:
    if not guards:
        return ""
    return " when " + " and ".join(name if yes else f"not {name}" for name, yes in guards)
