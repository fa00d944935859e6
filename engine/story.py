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

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from statemachine import State

from .arguments import shown

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


def faults_of(story: Any) -> Iterator[str]:
    """What is no part of a story where one is expected: rule and cure, in a sentence each."""
    if story is None:
        return
    if not isinstance(story, Story):
        yield f"story is {shown(story)}; give a Story(...)"
        return
    if not isinstance(story.states, Mapping):
        yield f"story.states is {shown(story.states)}; give a dict of Plain(...) by state"
        return
    for state, plain in story.states.items():
        if not _is_state(state):
            yield f"story.states has {shown(state)}; name a leaf state"
        elif not isinstance(plain, Plain):
            yield f"story.states, {id_of(state)}: it is {shown(plain)}; give a Plain(...)"
        elif not (_are_texts(plain.name, plain.todo) and isinstance(plain.tone, Tone)):
            yield f"story.states, {id_of(state)}: it is {plain}; give two texts and a Tone"
    for name, given, what in (
        ("usual", story.usual, "leaf states"),
        ("words", story.words, "Words(...)"),
    ):
        if not isinstance(given, tuple | list):
            yield f"story.{name} is {shown(given)}; give a tuple of {what}"
            return
    for state in story.usual:
        if not _is_state(state):
            yield f"story.usual has {shown(state)}; name leaf states"
    for words in story.words:
        if not isinstance(words, Words):
            yield f"story.words has {shown(words)}; give Words(...)"
        elif not _is_state(words.target) or not (words.source is None or _is_state(words.source)):
            yield f"story.words has {words}; name two leaf states, or None as the source"
        elif not _are_texts(words.text):
            yield f"story.words has {words}; give a text"
    if not _are_texts(story.title, story.note):
        yield "story.title and story.note are texts; give texts"


def _is_state(given: object) -> bool:
    return isinstance(given, State | str)


def _are_texts(*given: object) -> bool:
    return all(isinstance(each, str) for each in given)
