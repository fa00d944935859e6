"""Bounds: how much may happen in a history that is checked.

Everything that happens is either a *change* (at the bank, by the customer, by the service), a
*deviation* (of the network, of Stripe's API, or of time), or follows from what has happened by
itself. Changes and deviations are bounded, and what follows is not: it ends by itself.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from relink.machines.policy import DAY, RelinkPolicy

Kind = Literal[
    "expires",
    "stops",
    "announcements",
    "numbers",
    "methods",
    "requests",
    "results",
    "service",
    "moves",
]
"""Kinds of changes:

- ``expires``: access to the authorization expires, an account works again;
- ``stops``: an account stops for any cause, works again, is closed, is disconnected;
- ``announcements``: Stripe announces that an account or an authorization will stop, or takes it
  back, and the day comes;
- ``numbers``: the tokenized numbers of an account expire, lapse, and pay again;
- ``methods``: a payment method is blocked or well again, goes away, loses its mandate;
- ``requests``: the service asks for a relink session, in every way that makes another one;
- ``results``: the customer finishes a session, in every way;
- ``service``: what only the service knows (P4): retired, resumed, replaced, a mandate collected, a
  billing name, and that something is to be read now;
- ``moves``: an account comes under another authorization, or has none any more.
"""

ALL_KINDS = 8
"""How many kinds there are besides ``expires``, which is a part of ``stops``."""

Deviation = Literal[
    "lost", "late", "twice", "thin", "ahead", "slow", "refused", "at once", "unheard"
]
"""Deviations: a webhook is *lost*, comes *late* (at any later time), comes *twice*, leaves out
fields (*thin*), or is dated a year *ahead*; the answer to a read is *slow*, or Stripe *refused* it,
or a build, for good; a change comes in the same second as what was before it (*at once*); relink
learns late that a session was created (*unheard*)."""

Ask = Literal[
    "a relink", "any account", "by email", "new permissions", "new permissions, any account"
]
"""How the service asks for a relink session."""

SHORT = RelinkPolicy(attempts=2, reminders=(2 * DAY,), prompt_gap=DAY, session_open_for=3600 * 30)
"""A policy with few attempts and reminders, so that short histories use them up."""
LEAD = SHORT.announcement_lead
"""How long before an announced day the customer is prompted, in each policy here (seconds)."""
ONCE = SHORT.model_copy(update={"attempts": 1})


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much may happen, and of what kind.

    Args:
        name: For people.
        accounts: Accounts under one authorization.
        changes: Most changes in a history.
        outages: Most changes among them by which an account stops in a way that a relink mends.
        sessions: Most relink sessions.
        faults: Most deviations.
        waits: How often time may pass until a timer is due before another change. At the end of a
            history, time passes until no timer is left.
        kinds: Which kinds of changes.
        deviations: Which deviations.
        is_known: Whether relink knows the accounts from the start; else it learns of them first.
        asks: How the service asks for a session; see :data:`.service.REQUESTS`.
        has_method: Whether each account has a payment method.
        has_other: Whether the customer has one more account that relink knows, at another bank.
        is_connect: Whether the accounts belong to a connected account.
        policy: The service's choices.
    """

    name: str
    accounts: int = 1
    changes: int = 2
    outages: int = 9
    sessions: int = 9
    faults: int = 1
    waits: int = 0
    kinds: tuple[Kind, ...]
    deviations: tuple[Deviation, ...] = ("lost", "late", "twice", "thin", "slow", "refused")
    is_known: bool = True
    asks: tuple[Ask, ...] = ("a relink", "any account", "by email", "new permissions")
    has_method: bool = False
    has_other: bool = False
    is_connect: bool = False
    policy: RelinkPolicy = SHORT

    def __str__(self) -> str:
        """``stops; 3 changes, 1 deviation``."""
        kinds = ", ".join(self.kinds) if len(self.kinds) < ALL_KINDS else "all kinds"
        limits = [_counted(self.changes, "change")]
        for number, what in ((self.outages, "outage"), (self.sessions, "session")):
            if number < self.changes:
                limits.append(_counted(number, what))
        limits.append(_counted(self.faults, "deviation"))
        if self.waits:
            limits.append(_counted(self.waits, "wait"))
        return f"{kinds}; {', '.join(limits)}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number or 'no'} {what}s"


class Left(NamedTuple):
    """What may still happen."""

    changes: int
    outages: int
    sessions: int
    faults: int
    waits: int
