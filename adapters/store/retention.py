"""Retention: old records are deleted, and nothing that is still needed.

- **Inbox**: the id of a message is needed for as long as Stripe can deliver it again.
- **Journal**: it must lead to the snapshot. Before a machine's oldest entries are deleted, the
  machine is rebuilt from them and kept as a *checkpoint*, from which its replay begins.
- **Outbox**: only commands that are done are deleted. Due commands and dead letters stay, however
  old they are.

Each call deletes one slice, so that writers hardly wait.
"""

from .protocol import Store

DAY = 24 * 60 * 60
"""Seconds."""

SHORTEST = 35 * DAY
"""The shortest retention, in seconds: Stripe's dashboard can resend an event for 30 days."""

KEPT = 400 * DAY
"""The default retention, in seconds: a year, and time to look back on it."""

SLICE = 1_000
"""Rows of a table that one call deletes."""


def prune(store: Store, now: float, kept: float = KEPT) -> dict[str, int]:
    """Delete one slice of what is older.

    Args:
        store: what to prune.
        now: Unix seconds.
        kept: how long everything is kept (seconds); at least :data:`SHORTEST`.

    Returns:
        The number of deleted rows, by table. While any of them is :data:`SLICE`, more may be
        left.

    Raises:
        ValueError: ``kept`` is too short.
        UnreadableRecordError: this release does not know a journal entry. The journal then stays
            as it is.
    """
    if kept < SHORTEST:
        days = SHORTEST // DAY
        raise ValueError(f"kept must be at least {days} days ({SHORTEST} s), got {kept} s")
    return store.delete_before(now - kept, SLICE)
