"""A story as JSON, for programs."""

from typing import Any

from .lines import Line
from .story import Story


def as_json(story: Story, lines: list[Line]) -> dict[str, Any]:
    """A story as JSON-ready data.

    Args:
        story: the accounts, and what they are called.
        lines: what is told about them.
    """
    return {
        "accounts": [
            {
                "id": chapter.account.facts.id,
                "title": chapter.title,
                "state": chapter.account.state,
                "verdict": chapter.outcome.verdict,
                "may_debit": chapter.outcome.may_charge,
                "next": list(chapter.outcome.todo),
            }
            for chapter in story.chapters
        ],
        "decisions": story.decisions,
        "lines": [_line(line) for line in lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "at": line.at,
        "machine": line.machine,
        "about": list(line.about),
        "tone": line.tone.value,
        "name": line.name,
        "text": line.text,
        "note": line.note,
        "origin": line.origin,
        "causation_id": line.cause,
        "details": [{"text": each.text, "source": each.source} for each in line.details],
    }
