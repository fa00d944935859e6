"""When to try again: exponential backoff with jitter, and never earlier than Stripe asks.

The jitter is a function of the command and the number of the attempt: the same attempt always
leads to the same delay, and two commands that fail together are not retried together.
"""

import hashlib

FIRST_DELAY = 1.0
"""The longest delay before the second attempt, in seconds. It doubles with each further one."""

LONGEST_DELAY = 15 * 60.0
"""The longest delay of all, in seconds."""


def delay_before_next(command_id: str, number: int, wait: float | None = None) -> float:
    """Seconds from a failed attempt to the next.

    Args:
        command_id: with the number, sets the jitter.
        number: of the failed attempt, from 1.
        wait: the seconds that Stripe asked to wait, if it did. The delay is never shorter.
    """
    backoff = min(FIRST_DELAY * 2.0 ** min(number - 1, 30), LONGEST_DELAY)
    digest = hashlib.sha256(f"{command_id}:{number}".encode()).digest()
    jitter = int.from_bytes(digest[:4]) / 2**32
    return backoff * (1 + jitter) / 2 if wait is None else wait + backoff * jitter
