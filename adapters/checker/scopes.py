"""Scopes: the bounds within which ``relink check`` explores everything.

No single bound holds everything that matters: all kinds of changes together multiply, so of them a
history can have few; and what takes many changes, such as attempts that are used up, needs few
kinds. So there are several scopes for each number of accounts. One has every kind of change, and
the others go deeper into what belongs together. Within a scope nothing is left out.
"""

from .bounds import ONCE, Bounds, Deviation, Kind

EVERY_KIND: tuple[Kind, ...] = (
    "stops",
    "announcements",
    "numbers",
    "methods",
    "requests",
    "results",
    "service",
    "moves",
)
EVERY_DEVIATION: tuple[Deviation, ...] = (
    "lost",
    "late",
    "twice",
    "thin",
    "ahead",
    "slow",
    "refused",
    "at once",
    "unheard",
)

USUAL: tuple[Deviation, ...] = ("lost", "late", "twice", "thin", "slow", "refused")
"""Those that need no second change in the same second."""

ONE_ACCOUNT: tuple[Bounds, ...] = (
    Bounds(
        name="every kind, out of order",
        kinds=EVERY_KIND,
        changes=2,
        faults=1,
        has_method=True,
        has_other=True,
        deviations=EVERY_DEVIATION,
    ),
    Bounds(
        name="all but sessions",
        kinds=("expires", "announcements", "numbers", "methods", "service", "moves"),
        changes=3,
        faults=0,
        has_method=True,
        has_other=True,
    ),
    Bounds(
        name="sessions",
        kinds=("expires", "requests", "results"),
        changes=3,
        sessions=2,
        faults=1,
        asks=("a relink", "any account", "by email"),
        deviations=EVERY_DEVIATION,
    ),
    Bounds(
        name="new accounts",
        kinds=("expires", "requests", "results", "methods", "service"),
        changes=4,
        outages=1,
        sessions=1,
        faults=1,
        asks=("any account",),
        deviations=("lost", "late", "twice", "refused"),
    ),
    Bounds(
        name="results, told late",
        kinds=("requests", "results"),
        changes=4,
        sessions=2,
        faults=1,
        asks=("new permissions", "new permissions, any account"),
        deviations=("late",),
    ),
    Bounds(
        name="links, very much out of order",
        kinds=("stops",),
        changes=2,
        faults=2,
        deviations=EVERY_DEVIATION,
    ),
    Bounds(
        name="links",
        kinds=("stops",),
        changes=3,
        faults=1,
        deviations=EVERY_DEVIATION,
    ),
    Bounds(
        name="attempts, out of order",
        kinds=("expires", "requests", "results"),
        changes=4,
        outages=1,
        policy=ONCE,
        faults=1,
        asks=("a relink",),
        deviations=USUAL,
    ),
    Bounds(
        name="service",
        kinds=("service", "expires"),
        changes=3,
        faults=1,
        has_other=True,
        deviations=USUAL,
    ),
    Bounds(
        name="unknown at first",
        kinds=("stops",),
        changes=1,
        faults=2,
        is_known=False,
        deviations=EVERY_DEVIATION,
    ),
    Bounds(
        name="authorizations",
        kinds=("moves", "announcements", "expires"),
        changes=2,
        faults=1,
        deviations=USUAL,
    ),
    Bounds(
        name="numbers and methods",
        kinds=("numbers", "methods", "expires"),
        changes=2,
        faults=1,
        has_method=True,
        deviations=USUAL,
    ),
    Bounds(
        name="days",
        kinds=("announcements", "expires"),
        changes=2,
        faults=1,
        waits=2,
        deviations=USUAL,
    ),
    Bounds(
        name="attempts",
        kinds=("expires", "requests", "results"),
        changes=6,
        outages=2,
        faults=0,
        asks=("a relink",),
    ),
    Bounds(
        name="connected accounts",
        kinds=("expires", "requests", "results", "methods"),
        changes=4,
        outages=1,
        sessions=1,
        faults=0,
        asks=("any account",),
        is_connect=True,
    ),
)
"""One account under one authorization. The first has every kind of change and of deviation."""

TWO_ACCOUNTS: tuple[Bounds, ...] = (
    Bounds(
        name="two: sessions, out of order",
        accounts=2,
        kinds=("expires", "requests", "results"),
        changes=3,
        outages=2,
        sessions=2,
        faults=1,
        asks=("a relink",),
        deviations=USUAL,
    ),
    Bounds(
        name="two: links",
        accounts=2,
        kinds=("stops",),
        changes=2,
        faults=1,
        deviations=EVERY_DEVIATION,
    ),
    Bounds(
        name="two: every kind",
        accounts=2,
        kinds=EVERY_KIND,
        changes=2,
        faults=0,
        has_method=True,
    ),
    Bounds(
        name="two: days and numbers",
        accounts=2,
        kinds=("announcements", "numbers", "expires"),
        changes=2,
        faults=0,
        waits=1,
    ),
    Bounds(
        name="two: sessions",
        accounts=2,
        kinds=("expires", "requests", "results"),
        changes=4,
        outages=2,
        sessions=2,
        faults=0,
        asks=("a relink",),
    ),
    Bounds(
        name="two: one change, out of order",
        accounts=2,
        kinds=EVERY_KIND,
        changes=1,
        faults=1,
        has_method=True,
        deviations=USUAL,
    ),
    Bounds(
        name="two: one attempt",
        accounts=2,
        kinds=("expires", "requests", "results"),
        changes=4,
        outages=2,
        sessions=1,
        policy=ONCE,
        faults=0,
        asks=("a relink",),
    ),
)
"""Two accounts under one authorization, which are interchangeable."""

THREE_ACCOUNTS: tuple[Bounds, ...] = (
    Bounds(
        name="three: links",
        accounts=3,
        kinds=("stops",),
        changes=2,
        faults=1,
        deviations=USUAL,
    ),
    Bounds(
        name="three: sessions",
        accounts=3,
        kinds=("expires", "requests", "results"),
        changes=3,
        outages=2,
        sessions=2,
        faults=0,
        asks=("a relink",),
    ),
)
"""Three accounts under one authorization. All orders of three are tried for each state, so these
are explored to a depth (:data:`DEPTH_OF_THREE`)."""

DEPTH_OF_THREE = 13
"""Steps from the start to which three accounts are explored by default."""

QUICK: tuple[Bounds, ...] = (
    Bounds(
        name="quick: one change",
        kinds=EVERY_KIND,
        changes=1,
        faults=1,
        has_method=True,
        has_other=True,
        deviations=EVERY_DEVIATION,
    ),
    Bounds(
        name="quick: two outages",
        kinds=("expires",),
        changes=2,
        faults=1,
        deviations=EVERY_DEVIATION,
    ),
    Bounds(
        name="quick: unknown at first",
        kinds=("expires",),
        changes=1,
        faults=1,
        is_known=False,
        deviations=USUAL,
    ),
    Bounds(
        name="quick: service",
        kinds=("service", "expires"),
        changes=3,
        outages=1,
        faults=0,
        has_other=True,
    ),
    Bounds(
        name="quick: blocks",
        kinds=("methods", "expires"),
        changes=2,
        faults=1,
        has_method=True,
        deviations=USUAL,
    ),
    Bounds(
        name="quick: two accounts",
        accounts=2,
        kinds=("expires", "requests", "results"),
        changes=3,
        outages=1,
        faults=0,
        asks=("a relink",),
    ),
    Bounds(
        name="quick: two accounts stop",
        accounts=2,
        kinds=("stops",),
        changes=2,
        faults=0,
    ),
    Bounds(
        name="quick: new permissions",
        kinds=("expires", "requests", "results"),
        changes=3,
        faults=0,
        asks=("new permissions",),
    ),
    Bounds(
        name="quick: attempts",
        kinds=("expires", "requests", "results"),
        changes=5,
        outages=2,
        sessions=1,
        faults=0,
        asks=("a relink",),
        policy=ONCE,
    ),
    Bounds(
        name="quick: connected accounts",
        kinds=("requests", "results", "methods"),
        changes=3,
        sessions=1,
        faults=0,
        asks=("new permissions, any account",),
        is_connect=True,
    ),
    Bounds(
        name="quick: results, told in part",
        kinds=("expires", "requests", "results"),
        changes=3,
        outages=1,
        sessions=1,
        faults=1,
        asks=("any account",),
        deviations=("thin",),
    ),
    Bounds(
        name="quick: new accounts",
        kinds=("expires", "requests", "results", "methods", "service"),
        changes=4,
        outages=1,
        sessions=1,
        faults=0,
        asks=("any account",),
    ),
    Bounds(
        name="quick: two changes",
        kinds=EVERY_KIND,
        changes=2,
        faults=0,
        has_method=True,
        has_other=True,
    ),
)
"""Small scopes for tests: a few seconds together. Each finds some faults by short histories."""
