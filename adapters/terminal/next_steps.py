"""What to type next: commands that work from where the reader stands, and that can be copied."""

import shlex
from collections.abc import Iterator, Sequence

from rich.text import Text

from .screen import MUTED, Screen

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
