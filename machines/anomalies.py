"""Anomalies: what operators are told because Stripe says something that relink does not expect.

Rules kept here: S2, K2, K12.
"""

from .commands import ReportAnomaly
from .events import DomainEvent
from .messages import SessionUnclear
from .reasons import Anomaly
from .reported import ReportedUnclear
from .vocabulary import NO_ACTION


def unknown_action(about: str, action: str | None, trigger: DomainEvent) -> ReportAnomaly | None:
    """The action of an inactive account or authorization is unknown, or missing (S2).

    Args:
        about: its id.
        action: what a complete object named.
        trigger: the event that showed it.
    """
    if action == NO_ACTION:
        return None
    if action is None:
        return report(about, Anomaly.REPAIR_LEFT_OPEN, None, trigger)
    return report(about, Anomaly.UNKNOWN_ACTION, action, trigger)


def unclear(about: str, trigger: ReportedUnclear | SessionUnclear) -> ReportAnomaly | None:
    """A report says nothing that counts: its time lies ahead, or its status is unknown (K2, K12).

    Args:
        about: the id of what it reports on.
        trigger: the report.
    """
    if trigger.in_future:
        return report(about, Anomaly.FUTURE_TIME, None, trigger)
    if trigger.status is None:
        return None
    return report(about, Anomaly.UNKNOWN_STATUS, trigger.status, trigger)


def report(about: str, anomaly: Anomaly, value: str | None, trigger: DomainEvent) -> ReportAnomaly:
    """An anomaly. Each time that lies ahead is reported; anything else is reported once (K12).

    Args:
        about: the id of what it is about.
        anomaly: which one.
        value: the value that is not known, where there is one.
        trigger: the event that showed it.
    """
    once = value or anomaly.value
    dedup_key = trigger.causation_id if anomaly is Anomaly.FUTURE_TIME else once
    return ReportAnomaly(about=about, anomaly=anomaly, value=value, dedup_key=dedup_key)
