"""What to type or to open next: commands and paths that can be copied as they stand."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.text import Text

from .screen import MUTED, Screen, pad

INDENT = 2


def next_steps(screen: Screen, steps: Sequence[tuple[str, Sequence[str]]]) -> Iterator[Text]:
    """Commands, each with what it is for.

    A command that is wider than the screen goes on in the next line, as a shell reads it. Only an
    argument that is wider by itself is left to the terminal: it can still be copied.

    Args:
        screen: where they go.
        steps: what each is for, and its words; the first is relink's own command, quoted already.
    """
    labels = max((len(label) for label, _ in steps), default=0) + 3
    for label, words in steps:
        quoted = [words[0], *map(shlex.quote, words[1:])]
        beside = INDENT + labels + len(" ".join(quoted)) <= screen.width
        start = Text(" " * INDENT).append(f"{label}:", style=MUTED)
        if beside:
            start.append(" " * (INDENT + labels - start.cell_len)).append(" ".join(quoted))
            yield start
            continue
        yield start
        yield from map(Text, _continued(quoted, screen.width, INDENT + 2))


def to_open(screen: Screen, label: str, path: Path) -> Iterator[Text]:
    """A file to open. Its path is always whole: on a line of its own, where the first has no room.

    Args:
        screen: where it goes.
        label: what the file is.
        path: of the file.
    """
    shown = Text(screen.sign(str(path)), style=MUTED)
    *above, last = screen.wrapped(f"{label}:", INDENT, MUTED)
    yield from above
    if last.cell_len + 1 + shown.cell_len <= screen.width:
        yield last.append(" ").append_text(shown)
    else:
        yield last
        yield pad(shown, INDENT + 2)


def _continued(words: list[str], width: int, indent: int) -> Iterator[str]:
    """A command over several lines; an option stays with its value."""
    line = " " * indent + words[0]
    for part in _parts(words[1:]):
        if len(line) + 1 + len(part) + 2 <= width:
            line += f" {part}"
        else:
            yield f"{line} \\"
            line = " " * (indent + 2) + part
    yield line


def _parts(words: list[str]) -> Iterator[str]:
    for number, word in enumerate(words):
        after = words[number + 1 : number + 2]
        if number and words[number - 1].startswith("--") and not word.startswith("--"):
            continue
        has_value = word.startswith("--") and after and not after[0].startswith("--")
        yield f"{word} {after[0]}" if has_value else word
