"""Due reads: how long Stripe's answer is waited for before anybody is written to (K9).

While a read is due, its answer may show that a message is not needed, or names the wrong accounts.
So it holds up messages and requests, for ten minutes at most; then what is known decides.

Rules kept here: K9.
"""

from .messages import ReadDueChanged

LONGEST_HOLD = 600
"""Seconds for which a due read holds up what would be said."""


def holds_up(since: float | None, at: float) -> bool:
    """Whether a read holds up what would be said now.

    Args:
        since: since when it is due (Unix seconds); None while none is.
        at: now (Unix seconds).
    """
    return since is not None and at < since + LONGEST_HOLD


def held_until(since: float) -> int:
    """When to look again: the read holds up nothing by then (Unix seconds).

    Args:
        since: since when it is due (Unix seconds).
    """
    return int(since) + LONGEST_HOLD + 1


def due_since(known: float | None, trigger: ReadDueChanged) -> float | None:
    """Since when a read is due, once that changed (Unix seconds); None when none is.

    Args:
        known: since when one was due before.
        trigger: that a read became due, or is over.
    """
    return None if trigger.since is None else known or trigger.since
