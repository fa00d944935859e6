"""Tables: a compiled chart, and how it decides.

For each state and event a table holds the decision tree that python-statemachine itself gave
when the chart was compiled. A decision walks down one tree: it asks the guards on the way,
reaches a leaf, and runs the leaf's effects. It searches nothing and remembers nothing.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, final

from statemachine import State

from .apply import apply_effects
from .blame import raised_by
from .chart_base import ChartBase
from .decision import Decision, Snapshot, Started, made
from .effect import Facts
from .errors import ImpossibleReachedError, UnknownEventError, UnknownStateError
from .event import Event, snake_case
from .question import default_facts, refuse_event, refuse_facts, refuse_snapshot
from .sealed import Bound, constants, plain_methods, sealed_self
from .tombstone import EVENT_REMOVED, RemovedEvent
from .tree import Leaf, Tree, leaves_of

if TYPE_CHECKING:
    from .watch import Watch


@final
class _BoundLeaf(NamedTuple):
    """A leaf with its effects, bound and named."""

    guard: None
    """None: a leaf has the shape of a branch, so that a decision takes its way down in 3 % less
    time."""
    leaf: Leaf
    effects: tuple[tuple[str, Bound], ...]


@final
class _BoundBranch(NamedTuple):
    """A branch with its guard bound."""

    guard: Bound
    yes: "_BoundBranch | _BoundLeaf"
    no: "_BoundBranch | _BoundLeaf"


class Table:
    """A compiled chart. Immutable, and pure: the same question has the same answer."""

    def __init__(
        self,
        chart: type[ChartBase],
        *,
        states: Sequence[str],
        final: Sequence[str],
        entry: Leaf,
        trees: Mapping[tuple[str, str], Tree],
        is_checked: bool = False,
    ) -> None:
        """Called by :func:`~relink.engine.compile.compile_chart`."""
        self.chart = chart
        self.name = snake_case(chart.__name__.removesuffix("Chart") or chart.__name__)
        """The class name in snake case, without a trailing ``Chart``."""
        self.states = tuple(states)
        """Ids of the leaf states, in document order."""
        self.initial = entry.target
        """Id of the leaf state that a new machine is in."""
        self.final = tuple(final)
        """Ids of the final states."""
        self.events = tuple(event.name for event in chart.alphabet)
        """Names of all events, in the order of the alphabet."""
        self.entry = entry
        """How a new machine enters the chart; not among :meth:`leaves`."""
        self.trees = dict(trees)
        """The decision trees by (state, event)."""
        self.former_states: Mapping[str, str | Callable[[Any], State | str]] = {
            stored: now.id if isinstance(now, State) else now
            for stored, now in chart.former_states.items()
        }
        """What became of the states that earlier releases stored."""
        self.is_checked = is_checked
        """Whether guards and effects are checked while they run."""
        self._watch = _watch_over(self.name, chart) if is_checked else None
        self._self = sealed_self(chart)
        self._entry = self._bound_leaf(entry)
        self._facts = chart.facts_type
        # By the classes of events, not their names: a class itself has the name of its events.
        self._rows = {
            state: {event: self._bind(self.trees[state, event.name]) for event in chart.alphabet}
            for state in self.states
        }

    def __repr__(self) -> str:
        return f"<Table {self.name}: {len(self.states)} states, {len(self.events)} events>"

    @cached_property
    def digest(self) -> str:
        """What the table decides, as 16 hexadecimal digits; the same in every process.

        Two tables have the same digest if they have the same states and events, ask the same
        guards in the same order, and lead to the same targets, effects and reason codes. What the
        guards and effects do is not in it, and neither are sentences.
        """
        trees = {" ".join(which): _outline(tree) for which, tree in self.trees.items()}
        names = [sorted(each) for each in (self.states, self.final, self.events)]
        table = [*names, _outline(self.entry), trees]
        text = json.dumps(table, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def checked(self) -> "Table":
        """The same table in debug mode: it checks guards and effects while they run.

        It raises an error, naming the guard or effect, for one that changes facts or trigger in
        place, reads the clock or anything else outside, answers with no bool, or assigns a value
        that the field's type forbids. It is many times slower.
        """
        if self.is_checked:
            return self
        return Table(
            self.chart,
            states=self.states,
            final=self.final,
            entry=self.entry,
            trees=self.trees,
            is_checked=True,
        )

    def current_state(self, stored: str, facts: Facts) -> str:
        """The leaf state that a machine is in today.

        Args:
            stored: The one that it was stored in, by this release or an earlier one.
            facts: What it remembers, in today's form.

        Raises:
            UnknownStateError: The chart has no such state, and does not say what became of it.
            Exception: What a function in ``former_states`` raises.
        """
        if stored in self._rows:
            return stored
        now = self.former_states.get(stored)
        if now is None:
            rule = str(UnknownStateError.of(self.name, stored, self.states))
            raise UnknownStateError(
                f"{rule}{'' if rule.endswith('?') else '.'} If an earlier release stored it, say "
                f"in {self.chart.__name__}.former_states what became of it"
            )
        found = now if isinstance(now, str) else now(facts)
        state = found if isinstance(found, str) else found.id
        if state not in self._rows:
            raise UnknownStateError(
                f"{self.chart.__name__}.former_states: {stored!r} leads to {state!r}, which is no "
                f"leaf state; the chart has {', '.join(self.states)}"
            )
        return state

    def stored_as(self, state: str) -> tuple[str, ...]:
        """The names under which this state may be stored: its own, and former ones."""
        former = self.former_states.items()
        return (state, *(stored for stored, now in former if callable(now) or now == state))

    def leaves(self, state: str | None = None, event: str | None = None) -> Iterator[Leaf]:
        """All leaves, or those of one state, of one event, or of both, in order of their index.

        Raises:
            UnknownStateError: the chart has no such leaf state.
            UnknownEventError: the event is not in the chart's alphabet.
        """
        if state is not None and state not in self.states:
            raise UnknownStateError.of(self.name, state, self.states)
        if event is not None and event not in self.events:
            raise UnknownEventError.of(self.name, event, self.events)
        return self._leaves(state, event)

    def _leaves(self, state: str | None, event: str | None) -> Iterator[Leaf]:
        for (source, name), tree in self.trees.items():
            if state in (None, source) and event in (None, name):
                yield from leaves_of(tree)

    def decide(self, snapshot: Snapshot[Any], trigger: Event) -> Decision:
        """What follows when an event reaches a machine in this snapshot.

        Args:
            snapshot: Where the machine is.
            trigger: An event of the chart's alphabet.

        Raises:
            SnapshotError: the snapshot, or its facts, are not of this chart.
            UnknownStateError: the chart has no such leaf state.
            UnknownEventError: the event is not in the chart's alphabet.
            ImpossibleReachedError: the guards gave answers that the chart declares impossible.
            MachineApiError: a guard or effect uses more of ``self`` than is its own.
            ConflictingAssignsError, UnknownFieldError, EffectResultError: an effect returned
                something that cannot be applied.
            MutationError: a guard or effect changes a list, dict or set in place.
            ImpureCallbackError, GuardAnswerError, AssignedValueError, UndeclaredSendError: in
                debug mode; see :attr:`checked`.
        """
        try:
            state, facts, _ = snapshot
            node: tuple[Any, Any, Any] = self._rows[state][type(trigger)]
        except (KeyError, TypeError, ValueError):
            return self._missed(snapshot, trigger)
        if type(facts) is not self._facts:
            refuse_facts(self.name, self._facts, facts)
        try:
            guard, yes, no = node
            while guard is not None:
                guard, yes, no = yes if guard(facts, trigger) else no
            leaf, effects = yes, no
            if not effects:
                return made(Decision, (snapshot, trigger, leaf, facts, ()))
            returned = [(name, effect(facts, trigger)) for name, effect in effects]
        except Exception as error:
            who = self._blame(error)
            what = f"{self.name} was deciding {trigger.name} in {state}"
            error.add_note(f"{what}: {who}" if who else what)
            raise
        after, commands = apply_effects(facts, returned, self.name)
        return made(Decision, (snapshot, trigger, leaf, after, commands))

    def start(self, facts: Facts | None = None, trigger: Event | None = None) -> Decision:
        """The first decision of a new machine: its initial state, entry effects applied.

        Args:
            facts: What the machine remembers before the entry effects; by default the facts with
                the defaults of all fields.
            trigger: What the entry effects get as ``trigger``; by default :class:`Started`.

        Raises:
            SnapshotError: the facts are not of this chart, or a field has no default.
            UnknownEventError: the trigger is no event.
        """
        if facts is None:
            facts = default_facts(self.name, self._facts)
        elif type(facts) is not self._facts:
            refuse_facts(self.name, self._facts, facts)
        if trigger is None:
            trigger = Started()
        elif not isinstance(trigger, Event):
            refuse_event(self.name, trigger, self.chart.alphabet)
        try:
            returned = [(name, effect(facts, trigger)) for name, effect in self._entry.effects]
        except Exception as error:
            error.add_note(f"{self.name} was starting: {self._blame(error)}".removesuffix(": "))
            raise
        before = Snapshot("", facts, -1)
        return Decision(before, trigger, self.entry, *apply_effects(facts, returned, self.name))

    def _blame(self, error: Exception) -> str:
        guards = frozenset(guard for leaf in self.leaves() for guard, _ in leaf.guards)
        return raised_by(error, plain_methods(self.chart), guards)

    def _bind(self, tree: Tree) -> _BoundBranch | _BoundLeaf:
        if isinstance(tree, Leaf):
            return self._bound_leaf(tree)
        guard: Bound = getattr(self._self, tree.guard)
        if self._watch is not None:
            guard = self._watch.guard(tree.guard, guard)
        return _BoundBranch(guard, self._bind(tree.yes), self._bind(tree.no))

    def _bound_leaf(self, leaf: Leaf) -> _BoundLeaf:
        if leaf.outcome == "impossible":
            # An effect that raises, so that decide() does not check each leaf's outcome.
            return _BoundLeaf(None, leaf, (("impossible", self._impossible(leaf)),))
        return _BoundLeaf(None, leaf, tuple((name, self._effect(name)) for name in leaf.effects))

    def _effect(self, name: str) -> Bound:
        effect: Bound = getattr(self._self, name)
        return effect if self._watch is None else self._watch.effect(name, effect)

    def _impossible(self, leaf: Leaf) -> Bound:
        def reached(facts: Facts, trigger: Event) -> NoReturn:
            answers = ", ".join(f"{name}={answer}" for name, answer in leaf.guards)
            raise ImpossibleReachedError(
                f"{self.name}: {leaf.event} in {leaf.source} with {answers} is declared "
                f"impossible ({leaf.reason}), but the guards answered so; "
                "correct the guards, or decide these answers"
            )

        return reached

    def _missed(self, snapshot: Any, trigger: Any) -> Decision:
        """Ignore an event that a release removed; refuse everything else."""
        refuse_snapshot(self.name, snapshot, self._facts)
        state, facts, _ = snapshot
        if state not in self._rows:
            raise UnknownStateError.of(self.name, state, self.states) from None
        if not isinstance(trigger, RemovedEvent):
            refuse_event(self.name, trigger, self.chart.alphabet)
        refuse_facts(self.name, self._facts, facts)
        leaf = Leaf(-1, state, trigger.name, (), "ignored", state, reason=EVENT_REMOVED)
        return Decision(snapshot, trigger, leaf, facts, ())


def _watch_over(name: str, chart: type[ChartBase]) -> "Watch":
    from .watch import Watch  # 2 ms, which only debug mode needs

    return Watch(name, constants(chart), chart.sends)


def _outline(tree: Tree) -> list[Any]:
    """A decision tree without its sentences, as JSON."""
    if isinstance(tree, Leaf):
        code = tree.reason and tree.reason.code
        return [tree.outcome, tree.target, tree.effects, code, tree.anomaly]
    return [tree.guard, _outline(tree.yes), _outline(tree.no)]
