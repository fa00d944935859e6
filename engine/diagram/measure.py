"""Measures: how wide a text may become, in whatever font it is drawn.

A picture does not know the fonts of the machine that shows it. So each text gets the room that it
needs in DejaVu Sans, the widest of the fonts in common use, and wraps by that. In Helvetica, Segoe
or Roboto a line then ends earlier, and never later.
"""

import unicodedata
from collections.abc import Iterator

MONO = 0.61
"""The width of a character in a monospaced font (em)."""

RESERVE = 1.03
"""Serif fonts are a little wider still."""

_REGULAR = {
    28: "'ijl", 30: "IJ", 32: " ,.", 34: "/:;\\|", 36: "f", 37: "-", 40: "()[]t", 41: "!",
    42: "r", 46: '"', 50: "*_`", 53: "sz", 54: "?", 55: "c", 56: "L", 58: "Fk", 60: "vxy",
    61: "P", 62: "TYaeo", 64: "$0123456789ESbdghnpqu{}", 66: "K", 69: "ABVXZ", 70: "CR",
    74: "U", 75: "N", 76: "H", 78: "&DG", 79: "OQ", 82: "w", 84: "#+<=>^~", 87: "M", 96: "%",
    98: "m", 99: "W", 100: "@",
}  # fmt: skip
_BOLD = {
    31: "'", 35: " ijl", 37: "/\\|", 38: ",.IJ", 40: ":;", 42: "-", 44: "f", 46: "!()[]",
    48: "t", 50: "_`r", 53: '"*', 59: "?z", 60: "cs", 64: "L", 65: "x", 66: "vy", 67: "k",
    68: "ae", 69: "EFTo", 70: "$0123456789", 72: "bdghnpqu{}", 73: "SYZ", 74: "CP", 77: "B",
    78: "AKRVX", 82: "U", 83: "G", 84: "#+<=>DHN^~", 86: "OQ", 88: "&", 93: "w", 100: "@M",
    101: "%", 105: "m", 111: "W",
}  # fmt: skip
"""Characters by their width (hundredths of an em)."""

_WIDTHS = [
    {char: width / 100 for width, chars in table.items() for char in chars}
    for table in (_REGULAR, _BOLD)
]


def width(text: str, size: float, *, bold: bool = False, mono: bool = False) -> float:
    """The most room that a text takes (px).

    Args:
        text: One line.
        size: The size of the font (px).
        bold: Whether it is bold.
        mono: Whether it is monospaced.
    """
    return RESERVE * size * sum(map(_EMS[bold, mono].__getitem__, text))


def wrapped(
    text: str, room: float, size: float, *, bold: bool = False, mono: bool = False
) -> list[str]:
    """The text in lines that fit into the room. A word that is too long is broken.

    Args:
        text: Words; also words joined by underscores, which may part after them.
        room: The width of a line (px).
        size: The size of the font (px).
        bold: Whether it is bold.
        mono: Whether it is monospaced.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and width((line + piece).rstrip(), size, bold=bold, mono=mono) > room:
            lines.append(line.rstrip())
            line = ""
            piece = piece.lstrip()
        while width(piece.rstrip(), size, bold=bold, mono=mono) > room and len(piece) > 1:
            cut = next(
                (
                    end
                    for end in range(len(piece) - 1, 1, -1)
                    if width(piece[:end], size, bold=bold, mono=mono) <= room
                ),
                1,
            )
            lines.append(piece[:cut])
            piece = piece[cut:]
        line += piece
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> Iterator[str]:
    """Parts that stay on one line: words with the space after them, names up to an underscore."""
    for word in " ".join(text.split()).split(" "):
        *heads, last = word.split("_")
        # A name parts only where a reader still sees both halves of it.
        if len(word) > 24:
            yield from (f"{head}_" for head in heads)
            yield f"{last} "
        else:
            yield f"{word} "


class _Ems(dict[str, float]):
    """The widths of characters in one font (em), each found out once."""

    def __init__(self, *, bold: bool, mono: bool) -> None:
        self._bold, self._mono = bold, mono

    def __missing__(self, char: str) -> float:
        self[char] = found = _em(char, self._bold, self._mono)
        return found


_EMS = {
    (bold, mono): _Ems(bold=bold, mono=mono) for bold in (False, True) for mono in (False, True)
}


def _em(char: str, bold: bool, mono: bool) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.25
    if mono and char.isascii():
        return MONO
    base = unicodedata.normalize("NFD", char)[0]
    return _WIDTHS[bold].get(base, 1.1)
