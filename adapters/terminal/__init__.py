"""What people read in a terminal: lines that fit it, in colour where there is any.

:class:`Screen` knows the terminal, :mod:`.rows` lays the lines of a story out, :mod:`.heads` says
what holds of an account, :mod:`.bars` draws shares, and :mod:`.next_steps` says what to type
or to open next.
"""

from relink.adapters.extras import needed_for

with needed_for("relink.adapters.terminal", "cli"):
    from .bars import bar, shares
    from .heads import chapter_head, outcome_rows
    from .next_steps import next_steps, to_open
    from .overview import accounts_by_state
    from .rows import Clock, day_clock, rows, utc_clock
    from .screen import MUTED, STRONG, STYLES, Screen, pad

__all__ = [
    "MUTED",
    "STRONG",
    "STYLES",
    "Clock",
    "Screen",
    "accounts_by_state",
    "bar",
    "chapter_head",
    "day_clock",
    "next_steps",
    "outcome_rows",
    "pad",
    "rows",
    "shares",
    "to_open",
    "utc_clock",
]
