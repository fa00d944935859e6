"""Cards: what a picture writes about a state, in paragraphs that are measured and then drawn."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from statemachine import State

from ..story import Plain, Tone
from ..table import Table
from . import shapes
from .measure import width, wrapped

PADDING = 12.0
"""Between the border of a card and its words (px)."""

NUMBERED = 23.0
"""How far words stand from the border of their card's text, when a number is before them."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a paragraph looks."""

    size: float
    leading: float
    """From one baseline to the next (px)."""
    classes: tuple[str, ...] = ()
    space: float = 0.0
    """Before it."""
    indent: float = 0.0

    @property
    def bold(self) -> bool:
        """Whether it is bold."""
        return "bold" in self.classes

    @property
    def mono(self) -> bool:
        """Whether it is monospaced."""
        return "mono" in self.classes


TODO = Style(13, 17, ("t-ink",), 2)
RAW = Style(11.5, 15, ("mono", "t-pale"), 2)
WORDS = Style(12.5, 16, ("t-ink",), 7, NUMBERED)
EVENT = Style(11.5, 15, ("mono", "bold", "t-ink"), 0)
FIRST_EVENT = Style(11.5, 18, ("mono", "bold", "t-ink"), 5)
FROM = Style(12, 15, ("t-pale",), 0)
SMALL = Style(12, 16, ("t-pale",), 0)


HERE = Style(12, 16, ("bold", "t-here"), 2)
COUNT = Style(12, 16, ("bold", "t-ink"), 2)
MISSED = Style(12, 15, ("bold", "t-missed"))


def name_style(tone: Tone) -> Style:
    """The style of a state's name."""
    return Style(15.5, 19, ("bold", f"t-{tone.value}"))


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words in one style, maybe with the numbers of arrows."""

    words: str
    style: Style
    number: int | None = None
    """Before the words."""
    tone: Tone = Tone.NEUTRAL
    """The colour of numbers."""
    numbers: tuple[int, ...] = ()
    """At the end of the first line."""
    mark: Tone | None = None
    """A sign before the words."""
    note: str = ""
    """Smaller words after the last line, or below it."""


def height(paragraphs: Sequence[Paragraph], room: float) -> float:
    """How high paragraphs are in so much room (px)."""
    return sum(
        each.style.space + each.style.leading * len(_lines(each, room)) for each in paragraphs
    )


def drawn(paragraphs: Sequence[Paragraph], x: float, y: float, room: float) -> Iterator[str]:
    """The shapes of paragraphs, below each other from ``y`` on."""
    for each in paragraphs:
        style = each.style
        y += style.space
        indent = style.indent
        if each.number is not None:
            yield shapes.number(
                x + shapes.NUMBER_RADIUS, y + style.leading / 2, each.number, each.tone
            )
        if each.mark is not None and each.mark is not Tone.NEUTRAL:
            yield shapes.sign(x + 7.5, y + style.leading / 2 + 0.5, each.mark)
            indent += 21
        for index, number in enumerate(reversed(each.numbers)):
            yield shapes.number(
                x + room - shapes.NUMBER_RADIUS - 19 * index,
                y + style.leading / 2,
                number,
                each.tone,
            )
        for line in _lines(each, room):
            baseline = y + style.leading / 2 + style.size * 0.35
            yield shapes.text(x + indent, baseline, line, style.size, *style.classes)
            y += style.leading


def _lines(paragraph: Paragraph, room: float) -> list[str]:
    style = paragraph.style
    room -= style.indent + 19 * len(paragraph.numbers)
    if paragraph.mark is not None and paragraph.mark is not Tone.NEUTRAL:
        room -= 21
    lines = wrapped(paragraph.words, room, style.size, bold=style.bold, mono=style.mono)
    if paragraph.note:
        last = f"{lines[-1]} · {paragraph.note}"
        fits = width(last, style.size, bold=style.bold, mono=style.mono) <= room
        lines[-1:] = [last] if fits else [lines[-1], paragraph.note]
    return lines


def heading(table: Table, state: str, plain: Plain, within: str = "") -> list[Paragraph]:
    """The head of a card: the plain name, what to do, and the raw name."""
    raw = f"{within} / {state}" if within else state
    kind = "start" if state == table.initial else "final" if state in table.final else ""
    paragraphs = [Paragraph(plain.name, name_style(plain.tone), mark=plain.tone)]
    if plain.todo:
        paragraphs.append(Paragraph(plain.todo, TODO))
    return [*paragraphs, Paragraph(raw, RAW, note=kind)]


def within(table: Table, state: str) -> str:
    """The compound states around a leaf, outermost first; empty where there are none."""

    def search(states: Iterable[State], path: tuple[str, ...]) -> str | None:
        for each in states:
            if each.states:
                found = search(each.states, (*path, each.id))
                if found is not None:
                    return found
            elif each.id == state:
                return " / ".join(path)
        return None

    return search(table.chart.states, ()) or ""
