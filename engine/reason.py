"""Reasons: why a chart ignores an event, or declares guard answers impossible.

Programs compare the code, people read the sentence. A chart may give a bare sentence; such a
reason has no code, and programs cannot tell it from others.
"""

from dataclasses import dataclass

from .errors import ArgumentError


@dataclass(frozen=True, slots=True)
class Reason:
    """A code, and one sentence for people."""

    code: str | None
    """Stable, such as ``no_authorization``; None where the chart gives only a sentence."""
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    @classmethod
    def of(cls, because: "str | Reason") -> "Reason":
        """A reason from what a chart declares: a bare sentence, or a reason already.

        Raises:
            ArgumentError: it is neither.
        """
        match because:
            case Reason():
                return because
            case str():
                return cls(None, because)
        raise ArgumentError(f"because={because!r} is no reason; give a sentence, or a Reason")
