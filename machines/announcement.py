"""Announcements: what ``status_details.active`` announces, and for how long it stands (P3).

Rules kept here: P3.
"""

from .vocabulary import NO_ACTION, RELINK_REQUIRED


def is_announced(day: int | None, action: str | None) -> bool:
    """Whether it is known to stop working, and a relink prevents that.

    Args:
        day: ``expected_deactivation_date`` (Unix seconds); None where there is none.
        action: ``action``; None where there is none.
    """
    return action == RELINK_REQUIRED or (day is not None and action != NO_ACTION)


def has_passed(day: int | None, as_of: int) -> bool:
    """Whether a report that it works lapses the announcement: the day lies behind it.

    Args:
        day: the announced day (Unix seconds); one without a day never passes.
        as_of: the time of the report (Unix seconds).
    """
    return day is not None and as_of >= day
