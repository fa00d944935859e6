"""The K rules: which reports count, and what relink does not know yet."""

from collections.abc import Iterator

from relink.engine import Decision, Send

from ..account import AccountFacts
from ..account_number import AccountNumberFacts
from ..commands import ReportAnomaly, RetrieveAccountForCaller, RetrieveSessionForCaller
from ..events import DomainEvent
from ..freshness import ReportFacts
from ..payment_method import PaymentMethodFacts
from ..report import StatusReport
from ..reported import (
    NumbersReported,
    Reported,
    ReportedInactive,
    ReportedUnclear,
)
from ..session import SessionFacts
from .ambiguity import ambiguous, fills_in, shows_new_number
from .property import always
from .step_view import StepView

MOST_AHEAD = 300
"""How far ahead of our clock a report may be dated (seconds)."""

IDS = ("account", "authorization", "session", "about", "key", "outage")
"""The fields of commands that hold the id of something."""

DETAILS = set(AccountFacts.model_fields) & set(StatusReport.model_fields)
"""What an account keeps from a report, under the same name."""


@always
def report_dated_ahead_is_not_the_latest(view: StepView) -> Iterator[str]:
    """K2: No report counts as of a time far ahead of our clock: all until then would be stale."""
    trigger = view.step.trigger
    for address, decision in view.decisions():
        now = decision.facts
        if not isinstance(now, ReportFacts | PaymentMethodFacts) or now == decision.before.facts:
            continue
        if isinstance(trigger, DomainEvent) and now.as_of > trigger.at + MOST_AHEAD:
            ahead = now.as_of - trigger.at
            yield f"{address.machine} {address.key}: its latest report lies {ahead:.0f} s ahead"


@always
def stale_report_changes_no_state(view: StepView) -> Iterator[str]:
    """K3: A stale report changes no state."""
    for address, decision, trigger in view.reports():
        known: ReportFacts = decision.before.facts
        is_stale = trigger.as_of < known.as_of and not trigger.decides
        is_stale = is_stale and not _counts_although_late(known, trigger)
        if is_stale and decision.state != decision.before.state:
            yield f"{address.machine} {address.key} changed state on a stale {trigger.name}"


@always
def stale_report_is_not_the_latest(view: StepView) -> Iterator[str]:
    """K3: A stale report does not become the latest one."""
    for address, decision, trigger in view.reports():
        known: ReportFacts = decision.before.facts
        now: ReportFacts = decision.facts
        is_same = now.reported_status == known.reported_status and now.as_of == known.as_of
        counts = trigger.decides or _counts_although_late(known, trigger)
        if trigger.as_of < known.as_of and not counts and not is_same:
            yield f"{address.machine} {address.key} takes a stale {trigger.name} for the latest"


@always
def ambiguous_report_changes_nothing(view: StepView) -> Iterator[str]:
    """K4: A report that contradicts what is known too closely in time leaves the state."""
    for address, decision, trigger in view.reports():
        known: ReportFacts = decision.before.facts
        now: ReportFacts = decision.facts
        if decision.before.state == "disconnected" or not ambiguous(known, trigger):
            continue
        if decision.state != decision.before.state or now.reported_status != known.reported_status:
            yield f"{address.machine} {address.key} believes an ambiguous {trigger.name}"


@always
def ambiguous_report_is_settled_by_a_read(view: StepView) -> Iterator[str]:
    """K4: A report that contradicts what is known too closely in time asks for a read."""
    for address, decision, trigger in view.reports():
        known: ReportFacts = decision.before.facts
        if decision.before.state == "disconnected" or not ambiguous(known, trigger):
            continue
        if not any(isinstance(c, Send) and c.machine == "read" for c in decision.commands):
            yield f"{address.machine} {address.key} does not ask about an ambiguous {trigger.name}"


@always
def absent_field_overwrites_nothing(view: StepView) -> Iterator[str]:
    """K5: A field that a report leaves out stays as it was."""
    for address, decision, trigger in view.reports():
        if address.machine != "account":
            continue
        for field in sorted(DETAILS - trigger.report.model_fields_set):
            if getattr(decision.facts, field) != getattr(decision.before.facts, field):
                yield f"account {address.key}: {trigger.name} without {field} changed it"


@always
def open_question_is_asked(view: StepView) -> Iterator[str]:
    """K5: An inactive report without an action asks for a read, or tells operators."""
    for address, decision in view.decisions():
        trigger = decision.trigger
        if decision.before.state == "disconnected" or not isinstance(trigger, ReportedInactive):
            continue
        known: ReportFacts = decision.before.facts
        if trigger.as_of >= known.as_of and not trigger.read and not _asks(decision):
            yield f"{address.machine} {address.key} does not ask whether it can be repaired"


@always
def unclear_report_changes_no_state(view: StepView) -> Iterator[str]:
    """K5, K6: A report without a status that relink knows changes no state."""
    for address, decision in view.decisions():
        is_unclear = isinstance(decision.trigger, ReportedUnclear)
        if is_unclear and decision.state != decision.before.state:
            yield f"{address.machine} {address.key} changed state on an unclear report"


@always
def unclear_report_is_asked_about(view: StepView) -> Iterator[str]:
    """K5, K6: A report without a status that relink knows asks for a read, or tells operators."""
    for address, decision in view.decisions():
        is_unclear = isinstance(decision.trigger, ReportedUnclear)
        if is_unclear and decision.before.state != "disconnected" and not _asks(decision):
            yield f"{address.machine} {address.key} does not ask what changed"


@always
def unknown_id_is_not_used(view: StepView) -> Iterator[str]:
    """K5: Nothing is sent to, or asked about, something whose id is not known."""
    for address in view.step.snapshots:
        if not address.key:
            yield f"there is a {address.machine} without an id"
    for command in view.step.commands:
        for field in IDS:
            if getattr(command, field, None) == "":
                yield f"{command.name} has an empty {field}"


@always
def linked_account_is_known_or_new_by_when_it_was_first_seen(view: StepView) -> Iterator[str]:
    """K7: A linked account is known if relink held it before the session was created, else new."""
    for key, session in view.touched(SessionFacts):
        facts = session.facts
        if session.state != "succeeded" or facts.outcome == "relinked" or not facts.linked:
            continue
        linked = view.after(AccountFacts, facts.linked)
        if linked is None or linked.facts.first_seen_at is None:
            yield f"{key} linked {facts.linked}, which relink has never seen"
        elif (linked.facts.first_seen_at < facts.opened_at) != (
            facts.outcome == "known_account_linked"
        ):
            yield f"{key} takes {facts.linked} for {facts.outcome}"


def _counts_although_late(known: ReportFacts, report: Reported) -> bool:
    """Whether it says, at about the same time, what the latest report left open; or lists numbers,
    where only blocks, which list none, are newer (K3, C3)."""
    return fills_in(known, report) or shows_new_number(known, report) or _lists(known, report)


def _lists(known: ReportFacts, report: Reported) -> bool:
    if not (isinstance(known, AccountNumberFacts) and isinstance(report, NumbersReported)):
        return False
    return report.as_of > known.listed_as_of and bool(report.report.numbers)


def _asks(decision: Decision) -> bool:
    """Whether Stripe is asked; or operators, where Stripe's own answer leaves the question open."""
    kinds = (RetrieveAccountForCaller, RetrieveSessionForCaller, ReportAnomaly)
    return any(
        isinstance(command, kinds) or (isinstance(command, Send) and command.machine == "read")
        for command in decision.commands
    )
