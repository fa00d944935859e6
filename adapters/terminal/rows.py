"""Rows: a story in columns. When, what it is, what happened and why, and where it comes from.

On a narrow screen the columns stand below each other. No word is cut, and no line is wider than the
screen.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from rich.text import Text

from relink.adapters.story import Line
from relink.machines.words.names import short_id
from relink.machines.words.thoughts import Depth
from relink.machines.words.tone import Tone

from .screen import MUTED, STYLES, Screen, pad

GAP = 2
"""Between columns."""

LEAST_TEXT = 30
"""The least width of the text before other columns make room (columns)."""

LEAST_DETAIL = 24
"""The least width of what a decision weighed, beside its place (columns)."""

Clock = Callable[[float], tuple[str, str]]
"""A time (Unix seconds) as a day and a time of day."""


def utc_clock(at: float) -> tuple[str, str]:
    """The day and the time of day, in UTC."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M")


def day_clock(first: float) -> Clock:
    """A clock that counts days from the day of this time."""
    begin = datetime.fromtimestamp(first, UTC).date()

    def clock(at: float) -> tuple[str, str]:
        moment = datetime.fromtimestamp(at, UTC)
        return f"day {(moment.date() - begin).days + 1}", moment.strftime("%H:%M")

    return clock


class _Columns(NamedTuple):
    time: int
    name: int
    text: int
    source: int
    """0: left out."""

    @property
    def is_stacked(self) -> bool:
        """Whether what happened stands below the name."""
        return self.text == 0


def rows(lines: Iterable[Line], screen: Screen, clock: Clock, depth: Depth) -> Iterator[Text]:
    """Lay out the lines of a story.

    Args:
        lines: of one story, in order.
        screen: where they go.
        clock: writes times.
        depth: how much is told; it says what stands at the right.
    """
    told = list(lines)
    columns = _columns(told, screen, clock, depth)
    shown: tuple[str, str] | None = None
    for line in told:
        now = clock(line.at)
        time = _time(now, shown)
        shown = now
        yield from _row(line, time, columns, screen, depth)


def _time(now: tuple[str, str], shown: tuple[str, str] | None) -> str:
    """Only what differs from the line before."""
    if now == shown:
        return ""
    return now[1] if shown and now[0] == shown[0] else " ".join(now)


def _columns(lines: list[Line], screen: Screen, clock: Clock, depth: Depth) -> _Columns:
    time = max((len(" ".join(clock(line.at))) for line in lines), default=0)
    name = max((2 + len(line.name) for line in lines if line.name), default=2)
    source = max((len(_source(line, depth)) for line in lines), default=0)
    left = screen.width - time - name - 2 * GAP
    if left - source - GAP >= LEAST_TEXT:
        return _Columns(time, name, left - source - GAP, source)
    return _Columns(time, name, left if left >= LEAST_TEXT else 0, 0)


def _source(line: Line, depth: Depth) -> str:
    """Where a line comes from: in a story in a word, else by the id of the webhook."""
    is_webhook = line.cause.startswith("evt_")
    return short_id(line.cause) if is_webhook and depth > Depth.STORY else line.origin


def _row(line: Line, time: str, columns: _Columns, screen: Screen, depth: Depth) -> Iterator[Text]:
    start = columns.time + GAP
    style = STYLES[line.tone]
    is_quiet = line.tone is Tone.NEUTRAL
    head = Text().append(screen.sign(line.tone.glyph), style=style)
    if columns.is_stacked:
        yield from _stacked(line, time, head, screen)
        return
    if line.name:
        head.append(f" {screen.sign(line.name)}", style=style)
        indent, width = start + columns.name + GAP, columns.text
    else:
        indent, width = start + 2, columns.name + GAP + columns.text - 2
    text = Text(screen.sign(line.text), style=MUTED if is_quiet else "")
    body = screen.wrap(text, width)
    source = screen.sign(_source(line, depth)) if columns.source else ""
    for number, part in enumerate(body):
        row = Text().append(time.rjust(columns.time) if number == 0 else "", style=MUTED)
        row = _to(row, start).append_text(head) if number == 0 else row
        row = _to(row, indent).append_text(part)
        if number == 0 and source:
            row = _to(row, screen.width - len(source)).append(source, style=MUTED)
        yield row
    for part in _note(line, screen, indent, width):
        yield part
    for detail in line.details:
        yield from _detail(detail.text, detail.source, start + 2, screen)


def _stacked(line: Line, time: str, head: Text, screen: Screen) -> Iterator[Text]:
    """The name beside the time, and what happened below."""
    style = STYLES[line.tone]
    first = Text().append(f"{time}  " if time else "  ", style=MUTED).append_text(head)
    said = line.name or line.text
    first.append(f" {screen.sign(said)}", style=style if line.name else "")
    beside, *below = screen.wrap(first, screen.width)
    yield beside
    yield from (pad(each, 4) for part in below for each in screen.wrap(part, screen.width - 4))
    if line.name:
        yield from screen.wrapped(line.text, 2, MUTED if line.tone is Tone.NEUTRAL else "")
    yield from _note(line, screen, 2, screen.width - 2)
    for detail in line.details:
        yield from _detail(detail.text, detail.source, 4, screen)


def _note(line: Line, screen: Screen, indent: int, width: int) -> Iterator[Text]:
    if line.note:
        text = Text(screen.sign(line.note), style=MUTED)
        yield from (pad(part, indent) for part in screen.wrap(text, width))


def _detail(text: str, source: str, indent: int, screen: Screen) -> Iterator[Text]:
    """What a decision weighed, with its place at the right; below, where there is no room."""
    right = screen.sign(source)
    room = screen.width - indent - (len(right) + GAP if right else 0)
    beside = room >= LEAST_DETAIL
    width = room if beside else screen.width - indent
    body = screen.wrap(Text(screen.sign(text), style=MUTED), width)
    for number, part in enumerate(body):
        row = pad(part, indent)
        if number == 0 and right and beside:
            row = _to(row, screen.width - len(right)).append(right, style=MUTED)
        yield row
    if right and not beside and len(right) <= screen.width:
        yield Text(right.rjust(screen.width), style=MUTED)


def _to(row: Text, column: int) -> Text:
    """The row, filled with blanks up to a column."""
    row.append(" " * max(0, column - row.cell_len))
    return row
