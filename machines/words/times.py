"""Days and durations in a sentence. Everything is in UTC."""

from datetime import UTC, datetime

DAY = 24 * 60 * 60
HOUR = 60 * 60
MINUTE = 60
"""Seconds."""


def day(time: float) -> str:
    """A day: ``2026-10-22``.

    Args:
        time: Unix seconds.
    """
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")


def clock(time: float) -> str:
    """A time of day, to the second: ``15:17:04``."""
    return datetime.fromtimestamp(time, UTC).strftime("%H:%M:%S")


def moment(time: float) -> str:
    """A day and the time of day, to the minute: ``2026-10-22 15:17``."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """A duration in the largest unit that says enough: ``2 days``, ``36 hours``, ``40 seconds``."""
    for size, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= 2 * size or seconds == size:
            return counted(round(seconds / size), name)
    return counted(round(seconds), "second")


def counted(number: int, what: str) -> str:
    """A number of something: ``1 account``, ``1,200 accounts``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def listed(words: list[str]) -> str:
    """Several things in a sentence: ``a, b and c``."""
    *most, last = words or [""]
    return f"{', '.join(most)} and {last}" if most else last
