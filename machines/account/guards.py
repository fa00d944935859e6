"""The questions that the account chart asks before it takes a transition.

A guard answers from the facts and the trigger alone; :mod:`relink.machines.account.chart` says
which transition it stands before.
"""

from ..events import RelinkRequested
from ..freshness import ReportChart, window
from ..messages import (
    KnownAccountLinked,
    ReviewDue,
    SessionOpened,
    SessionRelinked,
    SessionUnsuccessful,
)
from ..reported import LinkReported
from . import facts as facts_of
from . import session_request
from .facts import AccountFacts
from .needs import lacks_authorization


class AccountGuards(ReportChart):
    """The guards of the account chart."""

    def lacks_authorization(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """No complete object has told its authorization yet (K5)."""
        return not trigger.report.includes("authorization") and lacks_authorization(facts)

    def has_open_session(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """A relink session for the account is open."""
        return facts.session is not None

    def opened_while_active(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """A relink session is open, and was opened while the account worked (S4)."""
        return facts.session is not None and facts.opened_while_active

    def predates_repair(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """The report is older than the session result that relinked the account."""
        return trigger.as_of < facts.repaired_as_of

    def is_ambiguous_with_repair(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """The report is too close in time to the repair to tell which came last (K4)."""
        was_confirmed = facts.works and facts.as_of > facts.repaired_as_of
        if trigger.decides or was_confirmed:
            return False
        apart = abs(trigger.as_of - facts.repaired_as_of)
        return apart <= window(trigger.read or facts.repaired_by_read)

    def precedes_replacement(self, facts: AccountFacts, trigger: SessionRelinked) -> bool:
        """The session was created before the one that replaced the account (S6)."""
        return trigger.attempt <= facts.replaced_attempt

    def has_come_back(self, facts: AccountFacts, trigger: ReviewDue) -> bool:
        """It has worked again, after it had stopped once it was replaced (S6)."""
        return facts_of.has_come_back(facts)

    def has_never_come_back(self, facts: AccountFacts, trigger: ReviewDue) -> bool:
        """It was replaced, and not repaired since, and by all reports it never stopped (S6)."""
        return facts_of.is_replaced(facts)

    def was_replaced(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """Another account is used instead, by all that was told so far (S6)."""
        return facts_of.is_replaced(facts)

    def belongs_to_open_session(self, facts: AccountFacts, trigger: ReviewDue) -> bool:
        """A relink session is open that is to repair it."""
        status = facts.reported_status
        return facts.session is not None and status is not None and status.needs_relink

    def has_learned_authorization(self, facts: AccountFacts, trigger: ReviewDue) -> bool:
        """Stripe reports that a relink repairs it, and by now it is known which (K3)."""
        status = facts.reported_status
        return status is not None and status.needs_relink and not lacks_authorization(facts)

    def asks_for_open_session(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """The request names the mode, reason, permissions and delivery of the open session (R1)."""
        return session_request.asks_for_open_session(facts, trigger)

    def has_reason(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """A relink would fix something, although the account is active (S3)."""
        return session_request.reason_for(facts, trigger) is not None

    def has_authorization(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """Stripe has named an authorization to relink."""
        return facts.authorization is not None

    def was_just_read(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """The account was just read for this request (R9)."""
        return trigger.has_read

    def is_already_open(self, facts: AccountFacts, trigger: SessionOpened) -> bool:
        """The session is already the open one."""
        return facts.session == trigger.session

    def is_overtaken(self, facts: AccountFacts, trigger: SessionOpened) -> bool:
        """A later attempt, which was opened before relink learned of this one, is still open."""
        return facts.session is not None and trigger.request.attempt <= facts.attempt

    def stopped_since(self, facts: AccountFacts, trigger: SessionRelinked) -> bool:
        """A report as new as this repair says that the account is inactive (K3)."""
        if facts.by_read and facts.as_of >= trigger.as_of:
            return True
        return facts.as_of > trigger.as_of + window(facts.by_read or trigger.read)

    def was_open_session(
        self,
        facts: AccountFacts,
        trigger: SessionUnsuccessful | KnownAccountLinked | SessionRelinked,
    ) -> bool:
        """The result belongs to the open session."""
        return facts.session == trigger.session

    def is_reported_active(
        self,
        facts: AccountFacts,
        trigger: SessionUnsuccessful | KnownAccountLinked | SessionRelinked | ReviewDue,
    ) -> bool:
        """The latest report says that the account is active."""
        return facts.works

    def is_repairable(
        self,
        facts: AccountFacts,
        trigger: SessionUnsuccessful | KnownAccountLinked | SessionRelinked | ReviewDue,
    ) -> bool:
        """Stripe last reported that the customer can repair the account (K5)."""
        return bool(facts.repairable)
