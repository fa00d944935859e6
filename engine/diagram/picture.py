"""Pictures: what a diagram of a compiled table shows, in any format.

Only moves are drawn; transitions that keep a state, and ignored events, are in the Markdown table.
Moves between the same two states share an arrow, with a label for each condition. A guard answer
that an event needs for all of its moves (that a report is not stale, say) is a precondition: a
note next to the title states it once, and the event gets a star.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from statemachine import State

from ..condition import text
from ..errors import UnknownStateError
from ..library.structure import leaf_ids
from ..table import Table
from ..tree import Answers
from .moves import Moves, drawn_moves


@dataclass(frozen=True, slots=True)
class Label:
    """Events with the same moves, and their condition: ``paid, refunded [is_open]``."""

    events: tuple[str, ...]
    condition: str
    """A guard expression, without the :attr:`Picture.preconditions`; may be empty."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """All moves from one state to another."""

    source: State | None
    """A state, maybe a compound one; None for every state but the target and final ones."""
    target: str
    """A leaf state."""
    labels: tuple[Label, ...]
    leaves_current: bool
    """Whether it leaves the highlighted state."""


@dataclass(frozen=True, slots=True)
class Picture:
    """States and arrows, in document order."""

    title: str
    states: tuple[State, ...]
    """The outermost states; a compound one has its own in ``states``."""
    initial: str
    final: tuple[str, ...]
    current: str | None
    """The highlighted state."""
    arrows: tuple[Arrow, ...]
    preconditions: tuple[Label, ...]
    """What events need for all of their moves."""

    def lines(self, label: Label, width: int) -> Iterator[tuple[str, bool]]:
        """The lines of a label, and for each whether it names an event; events come first."""
        starred = {event for precondition in self.preconditions for event in precondition.events}
        for event in label.events:
            yield (f"{event}*" if event in starred else event), True
        for line in wrapped(label.condition and f"[{label.condition}]", width):
            yield line, False

    def notes(self) -> list[str]:
        """The preconditions as sentences, for readers of a starred event."""
        return [f"* {', '.join(x.events)}: only if {x.condition}" for x in self.preconditions]


def picture(table: Table, current: str | None = None) -> Picture:
    """What to draw of a table.

    Args:
        table: A compiled chart.
        current: The leaf state to highlight, such as the current one of a machine.

    Raises:
        UnknownStateError: the table has no such leaf state.
    """
    if current is not None and current not in table.states:
        raise UnknownStateError.of(table.name, current, table.states)
    drawn = drawn_moves(table)
    preconditions = take_preconditions(table.events, [moves for _, moves in drawn])

    def leaves_current(source: State | None, target: str) -> bool:
        if source is None:
            return current not in (None, target, *table.final)
        return current in leaf_ids(source)

    return Picture(
        title=table.name if current is None else f"{table.name}, in {current}",
        states=tuple(table.chart.states),
        initial=table.initial,
        final=table.final,
        current=current,
        arrows=tuple(
            Arrow(source, target, tuple(_labels(moves, target)), leaves_current(source, target))
            for source, moves in drawn
            for target in dict.fromkeys(target for _, target in moves)
        ),
        preconditions=preconditions,
    )


def wrapped(words: str, width: int) -> list[str]:
    """The text in lines of about ``width`` characters; no line ends in a short word."""
    glued = re.sub(r"\b(and|or|not|only|if) ", "\\1\0", words)
    return [line.replace("\0", " ") for line in wrap(glued, width, break_long_words=False)]


def take_preconditions(events: Sequence[str], drawn: Sequence[Moves]) -> tuple[Label, ...]:
    """Remove from the conditions, and return, the answers that all moves of an event need."""
    needed: dict[str, Answers] = {}
    for event in events:
        conditions = [moves[move] for moves in drawn for move in moves if move[0] == event]
        terms = [term for condition in conditions for term in condition]
        if terms:
            needed[event] = tuple(x for x in terms[0] if all(x in term for term in terms))
    uses = Counter(needed[event] for moves in drawn for event, _ in moves)
    preconditions: dict[Answers, list[str]] = {}
    for event, answers in needed.items():
        if answers and uses[answers] > 1:
            preconditions.setdefault(answers, []).append(event)
    for moves in drawn:
        for move, condition in moves.items():
            if (taken := needed[move[0]]) in preconditions:
                moves[move] = tuple(
                    tuple(answer for answer in term if answer not in taken) for term in condition
                )
    return tuple(Label(tuple(names), text((x,))) for x, names in preconditions.items())


def _labels(moves: Moves, target: str) -> Iterator[Label]:
    """The labels of the moves to a target; events with the same condition share one.

    The unconditional label comes last, so that no condition below it looks like its own.
    """
    events: dict[str, list[str]] = {}
    for (event, to), condition in moves.items():
        if to == target:
            events.setdefault(text(condition), []).append(event)
    for words, names in sorted(events.items(), key=lambda item: not item[0]):
        yield Label(tuple(names), words)
