"""What the doctor found out about one thing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. No text of it quotes a setting's value."""

    subject: str
    """What was tried, such as ``STRIPE_API_KEY`` or ``database``."""
    detail: str
    """What was found, in a sentence."""
    cure: str | None = None
    """How to mend it; None where nothing is wrong."""

    @property
    def is_problem(self) -> bool:
        """Whether something has to be mended."""
        return self.cure is not None
