"""When to retry: exponential backoff with jitter, and never before Stripe allows it.

The jitter is derived from the command's id and the attempt's number. So the schedule of a command
is reproducible, and commands that fail together do not retry together.
"""

import hashlib

FIRST_DELAY = 1.0
"""The longest delay before the second attempt (seconds). It doubles with each further attempt."""

LONGEST_DELAY = 15 * 60.0
"""The upper bound of the delay (seconds)."""


def delay_before_next(command_id: str, number: int, wait: float | None = None) -> float:
    """The delay between a failed attempt and the next one, in seconds.

    Args:
        command_id: the command's id, which seeds the jitter.
        number: the number of the failed attempt, from 1.
        wait: the delay that Stripe asks for (seconds). The result is never shorter.
    """
    backoff = min(FIRST_DELAY * 2.0 ** min(number - 1, 30), LONGEST_DELAY)
    share = jitter(command_id, number)
    return backoff * (1 + share) / 2 if wait is None else wait + backoff * share


def jitter(command_id: str, number: int) -> float:
    """A number from 0 to 1 that is always the same for one attempt at one command."""
    digest = hashlib.sha256(f"{command_id}:{number}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32
