"""Whether to believe a word: the guards of every machine that listens to Stripe.

Webhooks come late, twice and in any order, and their times have a resolution of one
second. So a machine remembers the time of the latest word (``as_of``), and compares:

- an **older** word changes no state; it may fill in details that nothing newer told (K3);
- a word that **contradicts** what is known within the same second, or within two
  seconds of a read, is in doubt: Stripe is asked, and the state waits (K4);
- any other word is believed, also one that says again what is known (K3).

Rules kept here: K1, K3 and K4.
"""

from relink.engine import Chart, Facts

from .messages import Heard
from .word import READ_DOUBT, contradict

WORDS = "heard_active heard_relinkable heard_unrepairable heard_inactive heard_disconnected"
"""The words about an account or authorization, as the charts name them."""


class HearingFacts(Facts):
    """What a listening machine remembers of the latest word."""

    id: str
    says: str | None = None
    """``active``, ``relinkable``, ``unrepairable``, ``inactive`` (either), ``disconnected``."""
    as_of: int = -1
    """Stripe's time of it (Unix seconds)."""
    by_read: bool = False


class Hearing(Chart):
    """Base of the charts that listen to Stripe."""

    def is_older(self, facts: HearingFacts, happened: Heard) -> bool:
        """Older than what is known, and not in doubt."""
        return happened.as_of < facts.as_of and not is_in_doubt(facts, happened)

    def is_doubtful(self, facts: HearingFacts, happened: Heard) -> bool:
        """Too close in time to what it contradicts."""
        return is_in_doubt(facts, happened)


def is_in_doubt(facts: HearingFacts, happened: Heard) -> bool:
    """Whether a word contradicts what is known too close in time to tell which came last.

    So does an incomplete word that may be the later one of the two, and an answer that Stripe's
    clocks date before the incomplete word that it completes.
    """
    later = happened.as_of - facts.as_of
    if abs(later) > window(facts.by_read or happened.read):
        return False
    if contradict(facts.says, happened.says):
        return True
    completes = facts.says == "inactive" != happened.says
    leaves_open = happened.says == "inactive" and facts.says not in (None, "inactive")
    return (later < 0 and completes) or (later <= 0 and leaves_open)


def window(involves_read: bool) -> int:
    """How far apart two words may be for their order to be in doubt (seconds)."""
    return READ_DOUBT if involves_read else 0


def when_doubt_is_over(facts: HearingFacts, as_of: int) -> int:
    """The earliest time at which a read can't be in doubt again (Unix seconds)."""
    return max(facts.as_of, as_of) + READ_DOUBT + 1
