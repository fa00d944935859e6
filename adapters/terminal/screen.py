"""The screen: how wide it is, whether it has colours, and which signs it can show.

rich finds out width and colours: colours only on a terminal, and not with ``NO_COLOR``. Where the
encoding lacks a sign of ours, it is replaced before anything is laid out, so that lines still fit.
"""

import sys
from collections.abc import Iterable
from typing import IO

from rich.cells import set_cell_size
from rich.console import Console
from rich.text import Text

from relink.adapters.signs import ALL_SIGNS, plain, visible
from relink.machines.words.tone import Tone

NARROWEST = 20
"""The least width that is laid out for (columns)."""

STYLES = {
    Tone.GOOD: "green",
    Tone.ALERT: "red",
    Tone.WAITING: "blue",
    Tone.MOVED_ON: "magenta",
    Tone.STOPPED: "bright_black",
    Tone.MESSAGE: "yellow",
    Tone.NEUTRAL: "bright_black",
}
"""Colours of the terminal's own palette, which its user chose to be readable."""

MUTED = "bright_black"
STRONG = "bold"


class Screen:
    """Where lines go.

    Args:
        file: by default the standard output of now.
        width: in columns; by default the terminal's, and 80 where there is none.
        colour: by default only on a terminal, and without ``NO_COLOR``.
    """

    def __init__(
        self, file: IO[str] | None = None, width: int | None = None, colour: bool | None = None
    ) -> None:
        self._file = sys.stdout if file is None else file
        self.console = Console(
            file=self._file,
            width=width,
            force_terminal=colour,
            no_color=None if colour is None else not colour,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=True,
            legacy_windows=False,
        )
        self.is_plain = not _can_show(getattr(self._file, "encoding", None) or "utf-8")
        """Whether signs beyond ASCII are replaced."""

    @property
    def width(self) -> int:
        """How wide lines may be (columns)."""
        return max(NARROWEST, self.console.width)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks at it."""
        return self.console.is_terminal

    def sign(self, text: str) -> str:
        """The text with signs that the screen can show, and none that it would obey."""
        shown = visible(text)
        return plain(shown) if self.is_plain else shown

    def show(self, *lines: Text | str) -> None:
        """Print lines as they are. They were laid out for :attr:`width`."""
        for line in lines:
            self.console.print(line, soft_wrap=True)

    def wrapped(self, text: str, indent: int = 0, style: str = "") -> list[Text]:
        """A text in lines that fit, broken between words.

        Args:
            text: without line breaks.
            indent: how far the lines are indented (columns).
            style: a style of rich.
        """
        body = self.wrap(Text(self.sign(text), style=style), self.width - indent)
        return [pad(line, indent) for line in body]

    def wrap(self, text: Text, width: int) -> list[Text]:
        """A text in lines of at most this width, broken between words.

        No word is cut in two. One that is wider than a line ends in a sign that it goes on.
        """
        text.plain = visible(text.plain)
        words = text.split(" ", allow_blank=True)
        if any(word.cell_len > width for word in words):
            text = Text(" ").join([self._shortened(word, width) for word in words])
        lines = text.wrap(self.console, width, overflow="crop")
        for line in lines:
            line.rstrip()
        return list(lines)

    def _shortened(self, word: Text, width: int) -> Text:
        if word.cell_len <= width:
            return word
        end = self.sign("…")
        style = word.spans[0].style if word.spans else word.style
        return Text(set_cell_size(word.plain, width - len(end)) + end, style=style)


def pad(line: Text, indent: int) -> Text:
    """An indented line."""
    return Text(" " * indent).append_text(line)


def join(lines: Iterable[Text]) -> str:
    """Lines as plain text."""
    return "\n".join(line.plain for line in lines)


def _can_show(encoding: str) -> bool:
    try:
        ALL_SIGNS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
