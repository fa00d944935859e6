"""Tones: how a state or a message feels, as a closed type. Terminals and pages choose colours."""

from enum import StrEnum
from typing import assert_never


class Tone(StrEnum):
    """How something feels to the service."""

    GOOD = "good"
    """Payments go through."""
    ALERT = "alert"
    """Somebody has to act."""
    WAITING = "waiting"
    """Something is under way."""
    MOVED_ON = "moved_on"
    """Something else is used instead."""
    STOPPED = "stopped"
    """It is gone, or nobody can act."""
    MESSAGE = "message"
    """Somebody is written to."""
    NEUTRAL = "neutral"
    """Good to know."""

    @property
    def glyph(self) -> str:
        """One sign that says the same without colour."""
        match self:
            case Tone.GOOD:
                return "✓"
            case Tone.ALERT:
                return "!"
            case Tone.WAITING:
                return "…"
            case Tone.MOVED_ON:
                return "⇄"
            case Tone.STOPPED:
                return "✕"
            case Tone.MESSAGE:
                return "✉"
            case Tone.NEUTRAL:
                return "·"
        assert_never(self)
