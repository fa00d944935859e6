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

from .messages import Reported
from .report import READ_WINDOW, contradict

WORDS = "reported_active reported_relinkable reported_unrepairable reported_inactive reported_disconnected"
"""The words about an account or authorization, as the charts name them."""


class ReportFacts(Facts):
    """What a listening machine remembers of the latest word."""

    id: str
    reported_status: str | None = None
    """``active``, ``relinkable``, ``unrepairable``, ``inactive`` (either), ``disconnected``."""
    as_of: int = -1
    """Stripe's time of it (Unix seconds)."""
    by_read: bool = False


class ReportChart(Chart):
    """Base of the charts that listen to Stripe."""

    def is_stale(self, facts: ReportFacts, trigger: Reported) -> bool:
        """Older than what is known, and not in doubt."""
        return trigger.as_of < facts.as_of and not ambiguous(facts, trigger)

    def is_ambiguous(self, facts: ReportFacts, trigger: Reported) -> bool:
        """Too close in time to what it contradicts."""
        return ambiguous(facts, trigger)


def ambiguous(facts: ReportFacts, trigger: Reported) -> bool:
    """Whether a word contradicts what is known too close in time to tell which came last.

    So does an incomplete word that may be the later one of the two, and an answer that Stripe's
    clocks date before the incomplete word that it completes.
    """
    later = trigger.as_of - facts.as_of
    if abs(later) > window(facts.by_read or trigger.read):
        return False
    if contradict(facts.reported_status, trigger.reported_status):
        return True
    completes = facts.reported_status == "inactive" != trigger.reported_status
    leaves_open = trigger.reported_status == "inactive" and facts.reported_status not in (
        None,
        "inactive",
    )
    return (later < 0 and completes) or (later <= 0 and leaves_open)


def window(involves_read: bool) -> int:
    """How far apart two words may be for their order to be in doubt (seconds)."""
    return READ_WINDOW if involves_read else 0


def ambiguous_until(facts: ReportFacts, as_of: int) -> int:
    """The earliest time at which a read can't be in doubt again (Unix seconds)."""
    return max(facts.as_of, as_of) + READ_WINDOW + 1
