"""A worker that is stuck says so: commands that should have been done long ago are a warning.

Whatever keeps commands from being done, whether attempts fail, hang or are never made, the oldest
one gets older. A periodic task looks at its age. While nothing is overdue it logs nothing.
"""

import logging

from relink.adapters.store import Store

OVERDUE = 5 * 60.0
"""Seconds after which a command should have been done in any ordinary case."""

log = logging.getLogger(__name__)


def warn_if_overdue(store: Store, now: float) -> None:
    """Log a warning if the oldest command should have been done :data:`OVERDUE` seconds ago.

    Args:
        store: holds the commands.
        now: Unix seconds.
    """
    overdue = store.overdue(now)
    if overdue.since is None or now - overdue.since < OVERDUE:
        return
    stuck = store.count_stuck()
    log.warning(
        "the oldest command should have been done %.0f s ago: %d are due, %d fail and are retried, "
        "%d are stuck and wait for an operator. `relink status` says more",
        *(now - overdue.since, overdue.waiting),
        *(sum(overdue.failing.values()), sum(stuck.values())),
    )
