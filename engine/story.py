"""Stories: what only people know about a chart, for its pictures.

A table knows every move, but not what a state means to whoever reads about it, nor which ten of
fifty moves matter. A chart says so in ``story``. All of it is optional: what is not declared
follows from the table.

    class Door(Chart):
        ...
        story = Story(
            title="A door",
            states={
                open: Plain("Open", "walk in", Tone.GOOD),
                shut: Plain("Shut", "look for the key", Tone.ALERT),
            },
            usual=(open, shut, open),
            words=(Words(open, shut, "the wind pushes it"),),
        )

A story is checked against the table when a picture is drawn: the usual way has to be a path of the
table, and words have to be about a move that it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from statemachine import State

StateName = State | str
"""A leaf state, or its id."""


class Tone(StrEnum):
    """What a state means to whoever depends on the machine. Each has a colour and a sign."""

    GOOD = "good"
    """All is well."""
    WAITING = "waiting"
    """Something is under way, and nothing is to be done."""
    ALERT = "alert"
    """Somebody has to act."""
    MOVED_ON = "moved_on"
    """Something else took its place."""
    STOPPED = "stopped"
    """Nothing more is to be expected of it."""
    NEUTRAL = "neutral"
    """None of these."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A state in plain words."""

    name: str
    """What people call it: ``Needs the customer``."""
    todo: str = ""
    """What to do while it lasts: ``don't charge; ask to relink``."""
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Words:
    """What happens when a machine moves between two states, in plain words."""

    source: StateName | None
    """Where it comes from; None for every other state that can be left."""
    target: StateName
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """A chart as its author would tell it."""

    title: str = ""
    """What one machine stands for: ``A linked bank account``."""
    states: Mapping[StateName, Plain] = field(default_factory=dict)
    usual: tuple[StateName, ...] = ()
    """The usual way round: states, each of which leads to the next. It may return to its start."""
    words: tuple[Words, ...] = ()
    """The moves that matter; about ten."""
    note: str = ""
    """What a reader should know besides, in a sentence or two below the picture."""


def id_of(state: StateName) -> str:
    """The id of a state that was given as such, or by its id."""
    return state if isinstance(state, str) else state.id
