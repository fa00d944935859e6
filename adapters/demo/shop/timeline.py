"""An account's story, as the shop's page shows it: the words of ``relink explain``, as JSON."""

from typing import Any

from relink.adapters.story import Line, Story, lines_of
from relink.machines.words.thoughts import Depth

LONGEST = 1000
"""How many lines a timeline has."""


def timeline(story: Story, depth: str) -> list[dict[str, Any]]:
    """The latest lines of a story, newest first.

    Args:
        story: an account's.
        depth: ``story``, ``decisions`` or ``everything``; anything else is the first.
    """
    known = {each.name.lower(): each for each in Depth}
    lines = lines_of(story, known.get(depth, Depth.STORY))
    numbered = list(enumerate(lines))[-LONGEST:]
    return [_shown(number, line) for number, line in reversed(numbered)]


def _shown(number: int, line: Line) -> dict[str, Any]:
    return {
        "key": f"{number}",
        "at": line.at,
        "tone": line.tone.value,
        "name": line.name,
        "text": line.text,
        "note": line.note,
        "origin": line.origin,
        "details": [each.text for each in line.details],
    }
