"""The signs that relink prints beyond ASCII, and what stands for them where an encoding lacks them.

Each is replaced by one of the same width, where that says the same: columns stay in line.
"""

SIGNS = {
    "━": "=",
    "─": "-",
    "←": "<-",
    "→": "->",
    "⇒": "=>",
    "▸": ">",
    "✓": "+",
    "✕": "x",
    "⇄": "~",
    "✉": ">",
    "…": "~",
    "·": "-",
    "•": "*",
    "█": "#",
    "▌": "#",
    "▏": "|",
    "≥": ">=",
    "≤": "<=",
    "×": "x",
    "\ufffd": "?",
}
"""What stands for a sign in an encoding without it."""

ALL_SIGNS = "".join(SIGNS)
_TABLE = str.maketrans(SIGNS)


def visible(text: str) -> str:
    """A line without what a terminal obeys: data can hold control and format characters.

    Each is replaced by one character, so a text keeps its length.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else " " if each.isspace() else "\ufffd" for each in text
    )


def plain(text: str) -> str:
    """A text in ASCII, as far as its signs are ours."""
    return text.translate(_TABLE)
