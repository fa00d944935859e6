"""Compiling: a chart is asked question by question until its table is complete.

For every leaf state and every event the compiler runs the real python-statemachine machine, with
guards replaced by an oracle and effects by a recorder. The oracle answers yes to each guard that
is asked for the first time. The compiler then repeats the question with the last yes turned into
a no, and so on, until all paths are known. The result is the exact decision tree, so a table
cannot disagree with the library about what a chart means.
"""

from . import expression
from .chart_base import ChartBase
from .decision import Started
from .declaration import Declaration, Ignored, Impossible
from .errors import (
    DeadDeclarationError,
    FinalStateWithWayOutError,
    NoWayOutError,
    TooManyAnswersError,
    UndecidedError,
    UnreachableStateError,
)
from .faults import Faults
from .library.probe import Effect, Probe
from .library.structure import DeclaredTransition, Structure, leaf_ids, structure_of
from .table import Table
from .tree import Answers, Branch, Leaf, Outcome, Tree, leaves_of
from .use import validate_use
from .validation import validate

MAX_LEAVES = 4096
"""How many combinations of guard answers one event in one state may depend on."""


def compile_chart(chart: type[ChartBase]) -> Table:
    """Compile a chart. No method of the chart runs.

    Raises:
        ChartError: the chart cannot be compiled soundly; the subclass says which rule it breaks.
    """
    structure = structure_of(chart)
    validate(chart, structure)
    return _Compiler(chart, structure).compile()


class _Compiler:
    """The questions put to one chart, and the answers."""

    def __init__(self, chart: type[ChartBase], structure: Structure) -> None:
        self._chart = chart
        self._states = structure.leaves
        self._structure = structure
        self._declarations = _Declarations(chart)
        self._probe = Probe(chart, self._recorder, self._oracle)
        self._ends = [state.id for state in self._states if state.is_final] + [
            state.id for state in chart.absorbing
        ]
        self._leaves = 0
        self._first = 0
        self._undecided: list[Leaf] = []
        self._taken: set[tuple[int, str]] = set()
        # Of the current question:
        self._known: dict[str, bool] = {}
        self._effects: list[str] = []

    def compile(self) -> Table:
        entry = self._entry()
        trees: dict[tuple[str, str], Tree] = {}
        for state in self._states:
            for event in self._chart.alphabet:
                self._first = self._leaves
                trees[state.id, event.name] = self._ask(state.id, event.name, ())
        # First: of a state that nothing leads to, the undecided events matter little.
        self._check_reachable(entry.target, trees)
        self._check_decided()
        self._declarations.check_used()
        self._check_ways_out(trees)
        leaves = [entry, *(leaf for tree in trees.values() for leaf in leaves_of(tree))]
        validate_use(self._chart, self._structure, self._taken, leaves)
        return Table(
            self._chart,
            states=[state.id for state in self._states],
            final=self._ends,
            entry=entry,
            trees=trees,
        )

    # -- Questions --

    def _oracle(self, guard: str, **_: object) -> bool:
        return self._known.setdefault(guard, True)

    def _recorder(self, name: str, effect: Effect) -> Effect:
        def record(*_: object, **__: object) -> None:
            self._effects.append(name)

        return record

    def _entry(self) -> Leaf:
        self._probe.enter()
        return Leaf(-1, "", Started.name, (), "moved", self._probe.state, tuple(self._effects))

    def _ask(self, state: str, event: str, known: Answers) -> Tree:
        """The tree under these known answers; each recursion adds one."""
        self._known = dict(known)
        self._effects = []
        self._probe.place(state)
        taken = self._probe.send(event)
        guards = tuple(self._known.items())
        tree: Tree = self._leaf(state, event, guards, taken)
        for place in reversed(range(len(known), len(guards))):
            guard, _ = guards[place]
            tree = Branch(guard, tree, self._ask(state, event, (*guards[:place], (guard, False))))
        return tree

    def _leaf(
        self, state: str, event: str, guards: Answers, taken: DeclaredTransition | None
    ) -> Leaf:
        index = self._leaves
        self._leaves += 1
        if self._leaves - self._first > MAX_LEAVES:
            raise TooManyAnswersError(
                self._chart,
                f"{event} in {state} depends on more than {MAX_LEAVES} combinations of guard "
                "answers; ask fewer guards there, or put several into one",
            )
        target = self._probe.state
        declaration = self._declarations.find(state, event, dict(guards), taken is not None)
        if declaration is not None:
            outcome: Outcome = "impossible" if isinstance(declaration, Impossible) else "ignored"
            return Leaf(
                index,
                state,
                event,
                guards,
                outcome,
                state,
                reason=declaration.reason,
                anomaly=isinstance(declaration, Ignored) and declaration.anomaly,
            )
        if taken is None:
            leaf = Leaf(index, state, event, guards, "ignored", state)
            self._undecided.append(leaf)
            return leaf
        self._taken.add((taken.identity, event))
        label = _label(event, taken)
        return Leaf(
            index,
            state,
            event,
            guards,
            "stayed" if target == state else "moved",
            target,
            tuple(self._effects),
            transition=f"{taken.source.id} --{label}--> {taken.target.id}",
            label=label,
        )

    # -- Is it complete? --

    def _check_decided(self) -> None:
        if not self._undecided:
            return
        lines = [f"{leaf.event} in {leaf.source}{_when(leaf.guards)}" for leaf in self._undecided]
        raise UndecidedError(
            self._chart,
            f"{len(lines)} undecided; every event needs a transition, ignored(...) or "
            "impossible(...) in every state. Undecided:" + "".join(f"\n  {x}" for x in lines),
        )

    def _check_ways_out(self, trees: dict[tuple[str, str], Tree]) -> None:
        leaving = {
            leaf.source
            for tree in trees.values()
            for leaf in leaves_of(tree)
            if leaf.target != leaf.source
        }
        faults = Faults(self._chart)
        for state in self._states:
            if state.id not in self._ends and state.id not in leaving:
                cure = "add a transition that is taken, or declare the state final or absorbing"
                faults.add(NoWayOutError, str(state), "no event leaves it", cure)
        for name in sorted(leaving.intersection(self._ends)):
            rule = "it is absorbing, and an event leaves it"
            faults.add(FinalStateWithWayOutError, f"state {name!r}", rule, "drop one of the two")
        faults.check()

    def _check_reachable(self, initial: str, trees: dict[tuple[str, str], Tree]) -> None:
        targets: dict[str, set[str]] = {}
        for (source, _), tree in trees.items():
            targets.setdefault(source, set()).update(leaf.target for leaf in leaves_of(tree))
        reached, waiting = {initial}, [initial]
        while waiting:
            new = targets[waiting.pop()] - reached
            reached |= new
            waiting += new
        faults = Faults(self._chart)
        for state in self._states:
            if state.id not in reached:
                rule = f"no events lead to it from {initial!r}"
                cure = "add a transition that is taken, or remove the state"
                faults.add(UnreachableStateError, str(state), rule, cure)
        faults.check()


class _Declarations:
    """What the chart declares ignored or impossible, by state and event."""

    def __init__(self, chart: type[ChartBase]) -> None:
        self._chart = chart
        self._used: set[int] = set()
        self._by_pair: dict[tuple[str, str], list[tuple[int, Declaration]]] = {}
        self._when: dict[int, expression.Expression] = {}
        # Impossible first: it takes precedence over what else would be decided.
        numbered = sorted(enumerate(chart.decided), key=lambda n: isinstance(n[1], Ignored))
        for number, declaration in numbered:
            if declaration.when is not None:
                self._when[number] = expression.parse(declaration.when)
            for state in declaration.states:
                for event in declaration.events:
                    for leaf in leaf_ids(state):
                        pair = self._by_pair.setdefault((leaf, event.name), [])
                        pair.append((number, declaration))

    def find(
        self, state: str, event: str, answers: dict[str, bool], taken: bool
    ) -> Declaration | None:
        """The declaration that holds, if any."""
        for number, declaration in self._by_pair.get((state, event), ()):
            if taken and isinstance(declaration, Ignored):
                continue
            when = self._when.get(number)
            if when is None or expression.truth(when, answers):
                self._used.add(number)
                return declaration
        return None

    def _winner(self, number: int, declaration: Declaration) -> Declaration | None:
        """A declaration that applies where this one would."""
        for pairs in self._by_pair.values():
            if any(each == number for each, _ in pairs):
                for other, found in pairs:
                    if other in self._used and found is not declaration:
                        return found
        return None

    def check_used(self) -> None:
        faults = Faults(self._chart)
        for number, declaration in enumerate(self._chart.decided):
            if number not in self._used:
                kind = "ignored" if isinstance(declaration, Ignored) else "impossible"
                states = ", ".join(state.id for state in declaration.states)
                events = ", ".join(event.name for event in declaration.events)
                when = f" when {declaration.when!r}" if declaration.when else ""
                cure = "remove it, or correct its states, events or guards"
                place = f"{kind}({states}; {events}){when}"
                rule = f"it never applies (because {declaration.reason.sentence!r})"
                if winner := self._winner(number, declaration):
                    rule += f", since another one does (because {winner.reason.sentence!r})"
                faults.add(DeadDeclarationError, place, rule, cure)
        faults.check()


def _label(event: str, transition: DeclaredTransition) -> str:
    """The event with the transition's condition: ``coin_inserted[is_enough and not (a or b)]``."""
    guards = transition.guards
    if not guards:
        return event
    alone = len(guards) == 1 and not guards[0].is_negated
    parts = []
    for guard in guards:
        text = guard.name if alone or guard.name.isidentifier() else f"({guard.name})"
        parts.append(f"not {text}" if guard.is_negated else text)
    return f"{event}[{' and '.join(parts)}]"


def _when(guards: Answers) -> str:
    if not guards:
        return ""
    return " when " + " and ".join(name if yes else f"not {name}" for name, yes in guards)
