"""Entries: all moves of a table, as each state's list of what leads into it.

Moves into a state by one event, under one condition, from several states are one entry; so are
several events with the same sources and the same condition. A guard answer that an event needs for
all of its moves (that a report is not stale, say) is a *proviso*: it is stated once, below the
picture, and not in each entry. The entries are the table's moves, no more and no less.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..condition import Condition, text
from ..table import Table
from ..tree import Answers
from .moves import moves_of
from .picture import take_preconditions


@dataclass(frozen=True, slots=True)
class Entry:
    """What leads into a state: any of these events, in any of these states, on this condition."""

    target: str
    events: tuple[str, ...]
    sources: tuple[str, ...]
    condition: Condition
    """Without the events' provisos."""

    @property
    def when(self) -> str:
        """The condition as a guard expression; empty when there is none."""
        return text(self.condition)


@dataclass(frozen=True, slots=True)
class Proviso:
    """What events need for all of their moves."""

    events: tuple[str, ...]
    condition: str


@dataclass(frozen=True, slots=True)
class Entries:
    """All moves of a table."""

    entries: tuple[Entry, ...]
    provisos: tuple[Proviso, ...]
    moves: int
    """How many there are: one for each state, event and target."""

    def into(self, state: str) -> list[Entry]:
        """What leads into a state."""
        return [entry for entry in self.entries if entry.target == state]


def entries(table: Table) -> Entries:
    """All moves of a table, merged."""
    moves = {state: moves_of(table, state) for state in table.states}
    provisos = take_preconditions(table.events, list(moves.values()))
    sources: dict[tuple[str, str, frozenset[Answers]], list[str]] = {}
    conditions: dict[frozenset[Answers], Condition] = {}
    for state in table.states:
        for (event, target), condition in moves[state].items():
            key = frozenset(condition)
            conditions.setdefault(key, condition)
            sources.setdefault((target, event, key), []).append(state)
    events: dict[tuple[str, tuple[str, ...], frozenset[Answers]], list[str]] = {}
    for (target, event, key), found in sources.items():
        events.setdefault((target, tuple(found), key), []).append(event)
    order = {event: index for index, event in enumerate(table.events)}
    merged = [
        Entry(target, tuple(sorted(names, key=order.__getitem__)), states, conditions[key])
        for (target, states, key), names in events.items()
    ]
    merged.sort(key=lambda entry: (-len(entry.sources), order[entry.events[0]]))
    return Entries(
        tuple(merged),
        tuple(Proviso(label.events, label.condition) for label in provisos),
        sum(map(len, moves.values())),
    )


def starred(found: Entries) -> frozenset[str]:
    """The events that have a proviso."""
    return frozenset(event for proviso in found.provisos for event in proviso.events)


_HELPERS = ("is", "was", "are", "were", "can", "may", "has", "had")
"""Verbs with which the name of a guard may begin, and that a "not" follows."""


def phrase(condition: str) -> str:
    """A guard expression as words: ``not is_stale`` is "is not stale"."""
    return re.sub(r"\bnot (\w+)", lambda found: _negated(found[1]), condition).replace("_", " ")


def _negated(guard: str) -> str:
    """The opposite of a guard, in English, as far as its name is a sentence without a subject."""
    first, *rest = guard.split("_")
    if not rest:
        return f"not {guard}"
    match first, rest:
        case (_, ["not" | "never" | "no", *others]) if first in _HELPERS and others:
            words = [first, *others]
        case "has" | "had", ["a" | "an", *others]:
            words = [first, "no", *others]
        case "has" | "had", ["to" | "the", *_]:
            words = ["does" if first == "has" else "did", "not", "have", *rest]
        case "has" | "had", [second, *_]:
            is_perfect = second.endswith(("ed", "en", "come")) and not second.startswith("un")
            words = [first, "not" if is_perfect else "no", *rest]
        case _ if first in _HELPERS:
            words = [first, "not", *rest]
        case _, ["is", *others]:
            words = [first, "is", "not", *others]
        case _ if _is_verb(first) and "nothing" in rest:
            words = [first, *("something" if word == "nothing" else word for word in rest)]
        case _ if _is_verb(first):
            words = ["does", "not", _base(first), *rest]
        case _:
            words = ["not", first, *rest]
    return "_".join(words)


def _is_verb(word: str) -> bool:
    """Whether the first word of a guard's name is a verb, as in ``lacks_mandate``."""
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "this"))


def _base(verb: str) -> str:
    """``lack`` for ``lacks``."""
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    has_e = verb.endswith(("sses", "shes", "ches", "xes", "zzes", "oes"))
    return verb[: -2 if has_e else -1]


def provided(condition: str) -> str:
    """A guard expression as the end of a sentence: ``if it is not stale``."""
    words = phrase(condition)
    first, _, rest = words.partition(" ")
    has_subject = rest.startswith("is ")
    has_verb = first in (*_HELPERS, "does", "did") or (_is_verb(first) and not has_subject)
    return f"if it {words}" if has_verb else f"if {words}"


def any_other(states: Iterable[str], movers: Sequence[str], target: str) -> str:
    """What all states are called from which a state can be reached: final ones are never left."""
    stuck = any(state not in movers for state in states if state != target)
    return f"any other state{' that can be left' * stuck}"


def sources_text(
    sources: Sequence[str], target: str, movers: Sequence[str], names: dict[str, str]
) -> str:
    """Where an entry comes from: ``from Linked, Repaired``, or ``from any other state but …``.

    Args:
        sources: The states.
        target: The state that it leads to.
        movers: All states that can be left.
        names: What states are called.
    """
    others = [state for state in movers if state != target]
    missing = [state for state in others if state not in sources]
    if len(others) > 2 and not missing:
        return f"from {any_other(names, movers, target)}"
    if len(others) > 3 and len(missing) < 3 and len(missing) < len(sources):
        everyone = any_other(names, movers, target)
        return f"from {everyone} but {_listed([names[x] for x in missing])}"
    return f"from {_listed([names[x] for x in sources])}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
