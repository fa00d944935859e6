"""Pictures: what a diagram of a compiled table shows, in whatever format.

Only moves are drawn: what keeps a state, or is ignored, is in the Markdown table.
Moves between the same two states share an arrow, with a label for each condition.
An answer that an event needs wherever it moves anything (that a word is not an
old one, say) is a proviso, told once beside the title; the event gets a star.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from statemachine import State

from ..condition import text
from ..errors import UnknownStateError
from ..table import Table
from ..tree import Answers
from .moves import Moves, drawn_moves, leaf_ids


@dataclass(frozen=True, slots=True)
class Label:
    """Events that move a machine alike, and the condition: ``paid, refunded [is_open]``."""

    events: tuple[str, ...]
    condition: str
    """In the words of a chart, without what :attr:`Picture.provisos` say; may be empty."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """All moves from one state to another."""

    source: State | None
    """A state, maybe a compound one; None for every state that is not final, but the target."""
    target: str
    """A leaf state."""
    labels: tuple[Label, ...]
    leaves_current: bool
    """Whether it leads out of the highlighted state."""


@dataclass(frozen=True, slots=True)
class Picture:
    """States and arrows, in the order of the chart."""

    title: str
    states: tuple[State, ...]
    """The outermost states; a compound one has its own in ``states``."""
    initial: str
    final: tuple[str, ...]
    current: str | None
    """The highlighted state."""
    arrows: tuple[Arrow, ...]
    provisos: tuple[Label, ...]
    """What events need for any move at all."""

    def lines(self, label: Label, width: int) -> Iterator[tuple[str, bool]]:
        """A label in lines: its events, then its condition; and whether a line is an event."""
        starred = {event for proviso in self.provisos for event in proviso.events}
        for event in label.events:
            yield (f"{event}*" if event in starred else event), True
        for line in wrapped(label.condition and f"[{label.condition}]", width):
            yield line, False

    def notes(self) -> list[str]:
        """The provisos as sentences, for the reader of a starred event."""
        return [f"* {', '.join(x.events)}: only if {x.condition}" for x in self.provisos]


def picture(table: Table, current: str | None = None) -> Picture:
    """What to draw of a table.

    Args:
        table: A compiled chart.
        current: The leaf state to highlight, such as the one that a machine is in.

    Raises:
        UnknownStateError: the table has no such leaf state.
    """
    if current is not None and current not in table.states:
        raise UnknownStateError(
            f"{table.name} has no leaf state {current!r}; it has {', '.join(table.states)}"
        )
    drawn = drawn_moves(table)
    provisos = _take_provisos(table.events, [moves for _, moves in drawn])

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
        provisos=provisos,
    )


def wrapped(told: str, width: int) -> list[str]:
    """The text in lines of about ``width`` characters, none of which ends in a small word."""
    glued = re.sub(r"\b(and|or|not|only|if) ", "\\1\0", told)
    return [line.replace("\0", " ") for line in wrap(glued, width, break_long_words=False)]


def _take_provisos(events: Sequence[str], drawn: Sequence[Moves]) -> tuple[Label, ...]:
    """Take the answers that all moves of an event need out of their conditions."""
    needed: dict[str, Answers] = {}
    for event in events:
        conditions = [moves[move] for moves in drawn for move in moves if move[0] == event]
        terms = [term for condition in conditions for term in condition]
        if terms:
            needed[event] = tuple(x for x in terms[0] if all(x in term for term in terms))
    uses = Counter(needed[event] for moves in drawn for event, _ in moves)
    provisos: dict[Answers, list[str]] = {}
    for event, answers in needed.items():
        if answers and uses[answers] > 1:
            provisos.setdefault(answers, []).append(event)
    for moves in drawn:
        for move, condition in moves.items():
            if (taken := needed[move[0]]) in provisos:
                moves[move] = tuple(
                    tuple(answer for answer in term if answer not in taken) for term in condition
                )
    return tuple(Label(tuple(names), text((x,))) for x, names in provisos.items())


def _labels(moves: Moves, target: str) -> Iterator[Label]:
    """The labels of the moves to a target; events with the same condition share one.

    The unconditional one comes last, where no condition follows that might be taken for its own.
    """
    events: dict[str, list[str]] = {}
    for (event, to), condition in moves.items():
        if to == target:
            events.setdefault(text(condition), []).append(event)
    for words, names in sorted(events.items(), key=lambda item: not item[0]):
        yield Label(tuple(names), words)
