"""Lines: a story as one thought a line, at one of three depths."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, get_origin

from relink.adapters.store import JournalEntry
from relink.engine import Chart, Decision, Send
from relink.machines import CHARTS
from relink.machines.commands import NotifyCustomer
from relink.machines.words.asked import named
from relink.machines.words.codes import clause
from relink.machines.words.events import event_words
from relink.machines.words.meaning import meaning_of
from relink.machines.words.names import Names
from relink.machines.words.states import MACHINES, state_words
from relink.machines.words.thoughts import Depth, Thought, grounds, thoughts
from relink.machines.words.times import counted, moment
from relink.machines.words.tone import Tone

from .merge import Cause
from .origin import origin
from .story import Story

ROOT = Path(inspect.getfile(Depth)).parents[2]
"""The folder that the paths of sources are relative to."""

TIMES = (10**9, 4 * 10**9)
"""A number in this range is a time (Unix seconds, 2001 to 2096)."""

LONGEST_VALUE = 60
"""How many signs of a fact's value are shown."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that a decision weighed or changed."""

    text: str
    source: str
    """Where it is declared, or its name."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thought, with when it was, and where it comes from."""

    at: float
    """When the message arrived that led to it (Unix seconds)."""
    depth: Depth
    tone: Tone
    name: str
    """The state in words; empty for what relink asks of others."""
    template: str
    """The text; ``{it}`` stands for what it is about."""
    about: tuple[str, ...]
    """The ids of that."""
    called: tuple[str, ...]
    """And what they are called."""
    note: str
    """What follows, or what made the difference; empty where there is nothing to add."""
    origin: str
    """``webhook``, ``read``, ``service``, ``timer``."""
    cause: str
    """The id of the message."""
    machine: str
    details: tuple[Detail, ...] = ()
    """What the decision weighed and changed; only where everything is told."""

    @property
    def text(self) -> str:
        """What happened to whom, and why."""
        match self.called:
            case [one]:
                it = one
            case [one, two]:
                it = f"{one} and {two}"
            case _:
                it = counted(len(self.called), "account")
        is_one = len(self.called) == 1
        text = self.template.replace("{s}", "s" if is_one else "").replace("{it}", it)
        return text.replace("{is}", "is" if is_one else "are")


def lines_of(story: Story, depth: Depth = Depth.STORY) -> list[Line]:
    """The lines of a story.

    Args:
        story: what :func:`~relink.adapters.story.tell` found.
        depth: how much to tell.
    """
    told: list[Line] = []
    for cause in story.causes:
        lines = [line for line in _of_cause(cause, story, depth) if line.depth <= depth]
        if depth is Depth.STORY:
            # What happened comes before whom relink wrote to because of it.
            lines.sort(key=lambda line: line.tone is Tone.MESSAGE)
        for line in lines:
            _add(told, line, depth)
    return told


def change_line(entry: JournalEntry, names: Names | None = None) -> Line:
    """A change of state as one line, by what the journal says alone.

    Args:
        entry: a decision that moved a machine.
        names: who is who.
    """
    names = names or Names()
    words = state_words(entry.address.machine, entry.to_state)
    said = event_words(entry.event, names) or clause(meaning_of(type(entry.event)))
    return Line(
        at=entry.at,
        depth=Depth.DECISIONS,
        tone=words.tone,
        name=words.name,
        template=said,
        about=(entry.address.key,),
        called=(names.thing(entry.address.key),),
        note="",
        origin=origin(entry.causation_id),
        cause=entry.causation_id,
        machine=entry.address.machine,
    )


def _add(told: list[Line], line: Line, depth: Depth) -> None:
    """Add a line; in a story, one that says the same of another account joins the last one."""
    last = told[-1] if told else None
    if depth is Depth.STORY and last and _is_same(last, line):
        if line.about[0] not in last.about:
            told[-1] = replace(
                last, about=last.about + line.about, called=last.called + line.called
            )
        return
    told.append(line)


def _is_same(one: Line, other: Line) -> bool:
    """Whether two lines are one thought about several accounts, or the same one again."""
    of_accounts = all(each.startswith("fca_") for each in (*one.about, *other.about))
    is_near = other.at - one.at < 60
    same = (one.tone, one.name, one.template, one.note) == (
        (other.tone, other.name, other.template, other.note)
    )
    return of_accounts and is_near and same and "{it}" in one.template


def _of_cause(cause: Cause, story: Story, depth: Depth) -> Iterator[Line]:
    for entry, decision, _ in cause.decisions:
        told = thoughts(entry.address, decision, story.names)
        for number, thought in enumerate(told):
            details: tuple[Detail, ...] = ()
            if depth is Depth.EVERYTHING and number == 0:
                details = tuple(_details(entry, decision))
            yield _line(cause, entry, decision, thought, story.names, details)
        if not decision.commands:
            yield from _unknown_commands(cause, entry, story.names)


def _line(
    cause: Cause,
    entry: JournalEntry,
    decision: Decision,
    thought: Thought,
    names: Names,
    details: tuple[Detail, ...],
) -> Line:
    note = thought.note
    is_detailed = bool(details)
    if not note and not is_detailed and thought.depth is not Depth.STORY and thought.name:
        note = ", and ".join(grounds(decision, CHARTS[entry.address.machine]))
    return Line(
        at=cause.at,
        depth=thought.depth,
        tone=thought.tone,
        name=thought.name,
        template=thought.text,
        about=(thought.about,),
        called=(names.thing(entry.address.key),),
        note=note,
        origin=origin(cause.id),
        cause=cause.id,
        machine=entry.address.machine,
        details=details,
    )


def _unknown_commands(cause: Cause, entry: JournalEntry, names: Names) -> Iterator[Line]:
    """What an older chart asked for: only the ids of its commands are known."""
    for command in entry.commands:
        yield Line(
            at=cause.at,
            depth=Depth.EVERYTHING,
            tone=Tone.NEUTRAL,
            name="",
            template=named(command),
            about=(entry.address.key,),
            called=(names.thing(entry.address.key),),
            note="",
            origin=origin(cause.id),
            cause=cause.id,
            machine=entry.address.machine,
        )


# ── everything that a decision weighed ───────────────────────────────────────


def _details(entry: JournalEntry, decision: Decision) -> Iterator[Detail]:
    chart = CHARTS[entry.address.machine]
    for guard, answer in entry.guards:
        words = clause(meaning_of(getattr(chart, guard, guard)))
        yield Detail(f"{'yes' if answer else 'no'}: {words}", _source(chart, guard))
    for effect in decision.leaf.effects:
        words = clause(meaning_of(getattr(chart, effect, effect)))
        yield Detail(f"so: {words}", _source(chart, effect))
    for fact, (old, new) in sorted(entry.changes.items()):
        yield Detail(f"{fact}: {_change(chart, fact, old, new)}", "")
    for command in decision.commands:
        if isinstance(command, Send):
            to = MACHINES.get(command.machine, command.machine)
            yield Detail(f"tells the {to}: {command.event.name}", "")
        elif isinstance(command, NotifyCustomer):
            yield Detail(f"{command.id}", "")


@cache
def _source(chart: type, name: str) -> str:
    """File and line of a guard or an effect; its name where nothing declares it any more."""
    found = getattr(chart, name, None)
    try:
        file, (_, line) = inspect.getfile(found), inspect.getsourcelines(found)  # type: ignore[arg-type]
    except (TypeError, OSError):
        return name
    path = Path(file)
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return f"{shown.as_posix()}:{line}"


def _change(chart: type[Chart], fact: str, old: Any, new: Any) -> str:
    """What became of a fact. A set, which has no order, is told by what it gains and loses."""
    field = chart.facts_type.model_fields.get(fact)
    if field is None or get_origin(field.annotation) is not frozenset:
        return f"{_value(old)} → {_value(new)}"
    before, after = set(old or ()), set(new or ())
    said = [
        f"{word} {_short(', '.join(map(str, sorted(items))))}"
        for word, items in (("gains", after - before), ("loses", before - after))
        if items
    ]
    return "; ".join(said)


def _value(value: object) -> str:
    """A fact for people: times are written out, and what is long is shortened."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    is_time = isinstance(value, int | float) and TIMES[0] <= value < TIMES[1]
    return _short("none" if value is None else moment(value) if is_time else str(value))  # type: ignore[arg-type]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
