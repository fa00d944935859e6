"""The S rules: what a state says about its machine."""

from collections.abc import Iterator, Mapping

from relink.engine import Event, Facts

from ..account import AccountFacts
from ..account_number import AccountNumberFacts
from ..authorization import AuthorizationFacts
from ..events import AccountResumed, AccountRetired
from ..freshness import ReportFacts
from ..messages import NewAccountLinkedInstead, SessionRelinked
from ..reported import (
    LinkReported,
    ReportedDisconnected,
)
from .ambiguity import ambiguous
from .property import always
from .step_view import MACHINES, StepView

REPORTED_IN: Mapping[type[ReportFacts], Mapping[str, set[str | None]]] = {
    AccountFacts: {
        "active": {"active"},
        "inactive_relinkable": {"relinkable", "inactive"},
        "inactive_unrepairable": {"unrepairable", "relinkable", "inactive", None},
        "relinking": {"active", "relinkable", "inactive"},
        "disconnected": {"disconnected"},
    },
    AuthorizationFacts: {
        "active": {"active", None},
        "inactive_relinkable": {"relinkable", "inactive"},
        "inactive_unrepairable": {"unrepairable", "inactive"},
        "disconnected": {"disconnected"},
    },
    AccountNumberFacts: {
        "transactable": {"transactable", None},
        "pending": {"pending"},
        "expiring": {"expiring"},
        "lapsed": {"lapsed"},
        "refreshing": {"pending", "expiring", "lapsed"},
    },
}
"""What the latest report can say in each state. A state that is not listed goes with any."""

SORTED: Mapping[tuple[str | None, str | None], str] = {
    ("active", None): "active",
    ("disconnected", None): "disconnected",
    ("inactive", None): "inactive",
    ("inactive", "relink_required"): "relinkable",
}
"""What Stripe's status and action mean. Any other action of an inactive account is none (S2)."""


@always
def state_agrees_with_report(view: StepView) -> Iterator[str]:
    """S1, S2: A state says no more and no less than the latest report."""
    for kind, states in REPORTED_IN.items():
        for key, now in view.touched(kind):
            status = now.facts.reported_status
            if now.state in states and status not in states[now.state]:
                yield f"{MACHINES[kind]} {key} is {now.state}, and the latest report is {status}"


@always
def repairable_account_is_relinkable(view: StepView) -> Iterator[str]:
    """S2, K5: A relinkable account counts as unrepairable only without an authorization."""
    for key, now in view.touched(AccountFacts):
        is_relinkable = now.facts.reported_status == "relinkable" and now.facts.authorization
        if now.state == "inactive_unrepairable" and is_relinkable:
            yield f"account {key} is {now.state}, and {now.facts.authorization} can be relinked"


@always
def report_is_sorted_by_what_it_says(view: StepView) -> Iterator[str]:
    """S2: The status and the action of a report decide what it is taken for."""
    for address, _, trigger in view.reports():
        if not isinstance(trigger, LinkReported):
            continue
        status, action = trigger.report.status, trigger.report.action
        key = (status, action if status == "inactive" else None)
        expected = SORTED.get(key, "unrepairable" if status == "inactive" else None)
        if expected == "inactive" and trigger.report.includes("action"):
            # Stripe says that there is none (K5).
            expected = "unrepairable"
        if trigger.reported_status != expected:
            yield (
                f"{address.machine} {address.key}: {status} with the action {action} is taken "
                f"for {trigger.reported_status}"
            )


@always
def account_is_relinking_while_its_session_is_open(view: StepView) -> Iterator[str]:
    """S3, S4: An account is relinking while a session for it is open, and names the session."""
    for key, now in view.touched(AccountFacts):
        session, request = now.facts.session, now.facts.request
        if now.state == "relinking" and not (session and request):
            yield f"account {key} is relinking without a session"
        if now.state == "inactive_relinkable" and session:
            yield f"account {key} is {now.state} while {session} is open"
        if now.state == "active" and session and now.facts.opened_while_active:
            yield f"account {key} is active while {session}, opened from active, is open"


@always
def authorization_is_relinking_while_a_session_is_open(view: StepView) -> Iterator[str]:
    """S3: An authorization is relinking only while a session for an account of it is open."""
    for key, now in view.touched(AuthorizationFacts):
        if now.state == "relinking" and not now.facts.sessions:
            yield f"authorization {key} is relinking without a session"


@always
def number_is_refreshing_while_a_session_is_open(view: StepView) -> Iterator[str]:
    """S3: A number that a relink may replace is refreshing while the account's session is open."""
    for key, number in view.touched(AccountNumberFacts):
        account = view.after(AccountFacts, key)
        if account is None or account.state == "disconnected":
            continue
        session = account.facts.session
        if number.state == "refreshing" and not session:
            yield f"the number of {key} is refreshing without a session"
        if number.state in ("pending", "expiring", "lapsed") and session:
            yield f"the number of {key} is {number.state} while {session} is open"


@always
def replaced_account_names_its_replacement(view: StepView) -> Iterator[str]:
    """S6: An account that was replaced names the new account, and keeps the name."""
    for key, now in view.touched(AccountFacts):
        if now.state == "new_account_linked" and not now.facts.replaced_by:
            yield f"account {key} was replaced, and does not name the new account"
        earlier = view.before(AccountFacts, key)
        if earlier and earlier.facts.replaced_by and not now.facts.replaced_by:
            yield f"account {key} no longer names {earlier.facts.replaced_by}"


@always
def earlier_session_undoes_no_replacement(view: StepView) -> Iterator[str]:
    """S6: The result of a session that is no later than the replacement leaves it as it is."""
    for address, decision in view.decisions():
        trigger, known = decision.trigger, decision.before.facts
        if not (isinstance(trigger, SessionRelinked) and isinstance(known, AccountFacts)):
            continue
        is_earlier = trigger.attempt <= known.replaced_attempt
        if is_earlier and decision.before.state == "new_account_linked" != decision.state:
            yield f"account {address.key} is {decision.state} by the earlier {trigger.session}"


TOLD_AFTER_DISCONNECTED = (NewAccountLinkedInstead, AccountRetired, AccountResumed)
"""What a disconnected account still learns: what is used instead, and whether it is missed."""


@always
def disconnected_is_final(view: StepView) -> Iterator[str]:
    """S7: A machine that is disconnected stays so, and learns nothing newer from Stripe."""
    for address, decision in view.decisions():
        if decision.before.state != "disconnected":
            continue
        if decision.state != "disconnected":
            yield f"{address.machine} {address.key} left disconnected for {decision.state}"
        trigger, known = decision.trigger, decision.before.facts
        is_told = isinstance(trigger, TOLD_AFTER_DISCONNECTED) or _is_late(known, trigger)
        if decision.facts != known and not is_told:
            yield f"{address.machine} {address.key} is disconnected, and its facts changed"


def _is_late(known: Facts, trigger: Event) -> bool:
    """What is older than the disconnection tells whether it was missed before (S6)."""
    if not (isinstance(known, ReportFacts) and isinstance(trigger, LinkReported)):
        return False
    return trigger.as_of < known.as_of


@always
def disconnected_is_certain(view: StepView) -> Iterator[str]:
    """S7: Only an unambiguous report of disconnected disconnects."""
    for address, decision in view.decisions():
        if decision.state != "disconnected" or decision.before.state == "disconnected":
            continue
        trigger, known = decision.trigger, decision.before.facts
        if not isinstance(trigger, ReportedDisconnected):
            yield f"{address.machine} {address.key} is disconnected by {trigger.name}"
        elif isinstance(known, ReportFacts) and ambiguous(known, trigger):
            yield f"{address.machine} {address.key} is disconnected by an ambiguous report"
