"""Freshness: whether a report counts. The guards of every machine that takes reports.

Webhooks come late, twice and in any order, and their times have a resolution of one second. So a
machine remembers the time of its latest report (``as_of``), and compares:

- a **stale** report, older than the latest one, changes no state; it may fill in details that no
  newer report included (K3);
- an **ambiguous** report contradicts the latest one within the same second, or within two seconds
  of a read. Nothing tells which came last: Stripe is asked, and the state waits (K4);
- any other report counts, also one that repeats what is known (K3), and the answer to a read that
  began two seconds or more after all that is known (K10).

Rules kept here: K1, K3 and K4.
"""

from relink.engine import Chart, Facts

from .reported import Reported
from .vocabulary import Status

READ_WINDOW = 2
"""Seconds around a read within which a contradiction is ambiguous (K4)."""

REPORTS = (
    "reported_active reported_relinkable reported_unrepairable reported_inactive "
    "reported_disconnected"
)
"""The reports about an account or an authorization, as the charts name them."""


class ReportFacts(Facts):
    """What a machine remembers of its latest report."""

    id: str
    reported_status: Status | None = None
    """What it said; None before the first one. Each machine narrows the type."""
    as_of: int = -1
    """Stripe's time of it (Unix seconds)."""
    by_read: bool = False
    """Whether it was the answer to a read."""

    @property
    def known_until(self) -> int:
        """The time of the newest thing that is known, by a report or otherwise (Unix seconds)."""
        return self.as_of


class ReportChart(Chart):
    """Base of the charts that take reports."""

    def is_stale(self, facts: ReportFacts, trigger: Reported) -> bool:
        """The report is older than the latest one."""
        return stale(facts, trigger)

    def is_ambiguous(self, facts: ReportFacts, trigger: Reported) -> bool:
        """The report contradicts the latest one too closely in time to tell which came last."""
        return ambiguous(facts, trigger)


def stale(facts: ReportFacts, report: Reported) -> bool:
    """Whether a report is older than the latest one, and adds nothing to it."""
    comes_late = report.as_of < facts.as_of and not report.decides
    return comes_late and not ambiguous(facts, report) and not fills_in(facts, report)


def ambiguous(facts: ReportFacts, report: Reported) -> bool:
    """Whether nothing tells which of two reports came last.

    They contradict each other within the window; or one of them leaves open what the other says,
    and the incomplete one may be the later one.
    """
    known, new = facts.reported_status, report.reported_status
    if known is None or known is new or report.decides:
        return False
    later = report.as_of - facts.as_of
    if abs(later) > window(facts.by_read or report.read):
        return False
    if not known.agrees_with(new):
        return True
    if known.leaves_open:
        return later < 0 and not report.read
    return later <= 0


def fills_in(facts: ReportFacts, report: Reported) -> bool:
    """Whether a read says what the latest report leaves open, at about the same time (K3)."""
    known = facts.reported_status
    if known is None or not report.read or not known.leaves_open:
        return False
    return known.agrees_with(report.reported_status) and report.as_of >= facts.as_of - READ_WINDOW


def by_read(facts: ReportFacts, as_of: int, read: bool) -> bool:
    """Whether the latest report is the answer to a read, once one more report has come.

    Args:
        facts: before that report.
        as_of: its time (Unix seconds).
        read: whether it is the answer to a read. A webhook of the same second confirms the answer.
    """
    if as_of == facts.as_of:
        return read or facts.by_read
    return read if as_of > facts.as_of else facts.by_read


def window(involves_read: bool) -> int:
    """How far apart the times of two reports may be for their order to be ambiguous (seconds)."""
    return READ_WINDOW if involves_read else 0


def ambiguous_until(facts: ReportFacts, as_of: int) -> int:
    """The earliest time at which the answer to a read is not ambiguous itself (Unix seconds)."""
    return max(facts.as_of, as_of) + READ_WINDOW + 1
