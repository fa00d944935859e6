"""Tones: how a state or a message feels, as a closed type. Terminals and pages choose colours."""

from enum import StrEnum
from typing import assert_never


class Tone(StrEnum):
    """How something feels to the service."""

    GOOD = "good"
    """Payments go through."""
    BAD = "bad"
    """Somebody has to act."""
    WAIT = "wait"
    """Something is under way."""
    CHANGED = "changed"
    """Something else is used instead."""
    OVER = "over"
    """It is gone, or nobody can act."""
    MESSAGE = "message"
    """Somebody is written to."""
    QUIET = "quiet"
    """Good to know."""

    @property
    def glyph(self) -> str:
        """One sign that says the same without colour."""
        match self:
            case Tone.GOOD:
                return "✓"
            case Tone.BAD:
                return "!"
            case Tone.WAIT:
                return "…"
            case Tone.CHANGED:
                return "⇄"
            case Tone.OVER:
                return "✕"
            case Tone.MESSAGE:
                return "✉"
            case Tone.QUIET:
                return "·"
        assert_never(self)
