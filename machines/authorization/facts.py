"""What an authorization remembers, and what a report announces for it."""

from ..announcement import is_announced
from ..freshness import ReportFacts
from ..reported import LinkReported
from ..vocabulary import ReportedStatus


class AuthorizationFacts(ReportFacts):
    """An authorization's memory."""

    reported_status: ReportedStatus | None = None
    """What the latest report said; None before the first one."""
    members: frozenset[str] = frozenset()
    """The accounts that Stripe last named it for."""
    inactive_members: frozenset[str] = frozenset()
    """Those that were inactive when Stripe last reported them."""
    unchecked_members: frozenset[str] = frozenset()
    """Those of them that were not read since; while it works, they may have come back."""
    sessions: frozenset[str] = frozenset()
    """The relink sessions that are open for accounts of it."""
    opened_while_active: bool = False
    """Whether it worked when the last of them was opened."""
    institution_name: str | None = None
    announced: bool = False
    """Stripe announces that it stops working, and a relink prevents it."""
    deactivates_on: int | None = None
    """When, as announced (Unix seconds)."""
    announcement_as_of: int = -1
    """The time of the latest report that said something about it (K3)."""

    @property
    def works(self) -> bool:
        """Whether the latest report says that it works."""
        return self.reported_status is not None and self.reported_status.works

    @property
    def known_until(self) -> int:
        """The relink of an account takes back what was announced (P3)."""
        return max(self.as_of, self.announcement_as_of)


def announcement_of(trigger: LinkReported) -> tuple[bool, int | None]:
    """Whether a report announces that it stops working and a relink prevents it, and the day."""
    report = trigger.report
    announced = is_announced(report.deactivates_on, report.deactivation_action)
    return announced, report.deactivates_on if announced else None
