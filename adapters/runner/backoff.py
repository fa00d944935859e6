"""When to try again: exponential backoff with jitter, and never before Stripe says.

The jitter follows from the command and the number of the attempt: the same attempt always ends
in the same time for the next one, and two commands that fail together do not come back together.
"""

import hashlib

FIRST_DELAY = 1.0
"""Seconds before the second attempt, at most. Each further one waits twice as long, …"""

LONGEST_DELAY = 15 * 60.0
"""… up to this many."""


def delay_before_next(command_id: str, number: int, wait: float | None = None) -> float:
    """Seconds from a failed attempt to the next.

    Args:
        command_id: sets the jitter, with the number.
        number: the how-manieth attempt failed, from 1.
        wait: what Stripe asked for, in seconds. It is never gone below.
    """
    backoff = min(FIRST_DELAY * 2.0 ** min(number - 1, 30), LONGEST_DELAY)
    digest = hashlib.sha256(f"{command_id}:{number}".encode()).digest()
    jitter = int.from_bytes(digest[:4]) / 2**32
    return backoff * (1 + jitter) / 2 if wait is None else wait + backoff * jitter
