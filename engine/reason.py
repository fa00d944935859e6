"""Reasons: why an event is ignored, or cannot happen.

Programs compare the code, people read the sentence. A chart may give a bare sentence; then
there is no code, and nothing should depend on which reason it was.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A code, with one sentence for people beside it."""

    code: str | None
    """Stable, such as ``no_authorization``; None where the chart gave only a sentence."""
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    @classmethod
    def of(cls, because: "str | Reason") -> "Reason":
        """A reason as a chart declares it: itself, or a bare sentence."""
        return because if isinstance(because, Reason) else cls(None, because)
