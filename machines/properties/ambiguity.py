"""When two reports are ambiguous, restated from K4 for the properties that depend on it."""

from ..account_number import AccountNumberFacts
from ..freshness import ReportFacts
from ..reported import Reported
from ..vocabulary import ReportedStatus, Status

SECONDS_AROUND_A_READ = 2
"""Within this time of a read, nothing tells which of two contradicting reports came last (K4)."""

VAGUE = ReportedStatus.INACTIVE
"""Inactive, and the report does not say whether the customer can repair it (K5)."""

CLEAR = {ReportedStatus.RELINKABLE, ReportedStatus.UNREPAIRABLE}
"""Inactive, and the report says whether the customer can repair it."""


def ambiguous(known: ReportFacts, report: Reported) -> bool:
    """Whether nothing tells if the known report or this one came last.

    A vague and a clear report of an inactivity do not contradict each other. They are ambiguous
    when the vague one arrives last and is not newer, or when the clear one arrives last and is
    older: then the vague one may be about a later inactivity. The answer to the read that was to
    settle a contradiction is never ambiguous (K10).
    """
    earlier, later = sorted([known.as_of, report.as_of])
    if report.decides or shows_new_number(known, report):
        return False
    if known.reported_status is None or later - earlier > _tolerance(known, report):
        return False
    pair: tuple[Status, Status] = (known.reported_status, report.reported_status)
    if pair[0] == pair[1]:
        return False
    if pair[0] == VAGUE and pair[1] in CLEAR:
        return report.as_of < known.as_of and not report.read
    if pair[0] in CLEAR and pair[1] == VAGUE:
        return report.as_of <= known.as_of
    return True


def fills_in(known: ReportFacts, report: Reported) -> bool:
    """Whether a read, at about the same time, says what a vague report leaves open (K3)."""
    is_close = known.as_of - report.as_of <= SECONDS_AROUND_A_READ
    says_more = known.reported_status == VAGUE and report.reported_status in CLEAR | {VAGUE}
    return report.read and is_close and says_more


def shows_new_number(known: ReportFacts, report: Reported) -> bool:
    """Whether a read shows a number that pays, at about the time of a relink's result (K3)."""
    if not isinstance(known, AccountNumberFacts) or not known.by_result or not report.read:
        return False
    pays = report.reported_status in ("transactable", "expiring")
    return pays and known.as_of - report.as_of <= SECONDS_AROUND_A_READ


def _tolerance(known: ReportFacts, report: Reported) -> int:
    """How far apart two reports may be for their order to be unknown (seconds)."""
    return SECONDS_AROUND_A_READ if report.read or known.by_read else 0
