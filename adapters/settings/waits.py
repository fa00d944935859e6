"""The bounds of waits: nothing that relink waits for can hold it up for longer.

Each bound is one field here. Add a field, and it is read from the environment, listed on the page
of settings, and part of :class:`Waits`, which everything that waits is made from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from relink.adapters.store.location import TIMEOUT

from .forms import seconds
from .setting import Setting, WrongSetting

_DECLARED = "setting"


def _bound(name: str, default: float, least: float, most: float, sentence: str) -> Any:
    declared = Setting(name, seconds(least, most), default, sentence)
    return field(default=default, metadata={_DECLARED: declared})


@dataclass(frozen=True, slots=True)
class Waits:
    """The longest waits, in seconds."""

    stripe: float = _bound(
        "RELINK_STRIPE_TIMEOUT",
        *(25.0, 1, 40),
        "One request to Stripe, in the background.",
    )
    stripe_for_caller: float = _bound(
        "RELINK_CALLER_STRIPE_TIMEOUT",
        *(8.0, 1, 10),
        "One request to Stripe, while a caller of the API waits.",
    )
    notification: float = _bound(
        "RELINK_NOTIFY_TIMEOUT",
        *(10.0, 0.1, 60),
        "One notification, until it is answered.",
    )
    drain: float = _bound(
        "RELINK_DRAIN_TIMEOUT",
        *(30.0, 0.1, 600),
        "Requests in progress when `relink serve` stops. Attempts at commands end after them, "
        "within [`ATTEMPT_TIMEOUT`](bounds.md#stripe).",
    )
    predecessor: float = _bound(
        "RELINK_PREDECESSOR_WAIT",
        *(90.0, 0, 3_600),
        "On SQLite, the process that serves the database, until it has stopped. Then this one ends "
        "with status 2.",
    )
    database: float = _bound(
        "RELINK_DATABASE_TIMEOUT",
        *(TIMEOUT, 1, 60),
        "[Anything that waits for the database](databases.md#how-long-anything-waits).",
    )

    @classmethod
    def read(cls, environment: Mapping[str, str], wrong: dict[str, WrongSetting]) -> Self:
        """Read all bounds; see :meth:`Setting.read`."""
        declared = ((each.name, each.metadata[_DECLARED]) for each in fields(cls))
        return cls(**{name: setting.read(environment, wrong) for name, setting in declared})


DEFAULT_WAITS = Waits()

WAITS: tuple[Setting[float], ...] = tuple(each.metadata[_DECLARED] for each in fields(Waits))
"""Their declarations."""
