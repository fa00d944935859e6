"""The questions that the account chart asks before it takes a transition.

A guard answers from the facts and the trigger alone; :mod:`relink.machines.account.chart` says
which transition it stands before.
"""

from ..events import RelinkRequested
from ..freshness import ReportChart, window
from ..messages import (
    KnownAccountLinked,
    LinkReported,
    NewAccountLinkedInstead,
    SessionOpened,
    SessionRelinked,
    SessionUnsuccessful,
)
from . import facts as facts_of
from . import session_request
from .facts import AccountFacts


class AccountGuards(ReportChart):
    """The guards of the account chart."""

    def has_ambiguous_detail(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """A detail, such as the authorization, differs in reports of the same time (K4, K8)."""
        return facts_of.has_ambiguous_detail(facts, trigger)

    def lacks_authorization(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """No report named an authorization yet; a read settles whether there is one (K5)."""
        return not (trigger.read or trigger.report.authorization or facts.authorization)

    def has_open_session(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """A relink session for the account is open."""
        return facts.session is not None

    def is_known_unrepairable(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """The account was reported unrepairable before, and the service knows."""
        status = facts.reported_status
        return status is not None and status.needs_another_way

    def opened_while_active(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """A relink session is open, and was opened while the account worked (S4)."""
        return facts.session is not None and facts.opened_while_active

    def predates_repair(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """The report is older than the session result that relinked the account."""
        return trigger.as_of < facts.repaired_as_of

    def is_ambiguous_with_repair(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """The report is too close in time to the repair to tell which came last (K4)."""
        apart = abs(trigger.as_of - facts.repaired_as_of)
        return apart <= window(trigger.read or facts.repaired_by_read)

    def predates_replacement(
        self, facts: AccountFacts, trigger: LinkReported | SessionRelinked
    ) -> bool:
        """The report is older than the replacement of the account."""
        return trigger.as_of < facts.replaced_as_of

    def is_ambiguous_with_replacement(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """The report is too close in time to the replacement to tell which came last (K4)."""
        apart = abs(trigger.as_of - facts.replaced_as_of)
        return apart <= window(trigger.read or facts.replaced_by_read)

    def is_replaced(self, facts: AccountFacts, trigger: LinkReported) -> bool:
        """The account has not worked since it was replaced (S6)."""
        return facts_of.is_replaced(facts)

    def asks_for_open_session(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """The request names the mode, reason, permissions and delivery of the open session (R1)."""
        return session_request.asks_for_open_session(facts, trigger)

    def has_reason(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """A relink would fix something, although the account is active (S3)."""
        return session_request.reason_for(facts, trigger) is not None

    def has_authorization(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """Stripe named the authorization that a relink repairs."""
        return facts.authorization is not None

    def was_just_read(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """The account was read for this very request (R9)."""
        return trigger.has_read

    def is_already_open(self, facts: AccountFacts, trigger: SessionOpened) -> bool:
        """The session that was opened is the open one."""
        return facts.session == trigger.session

    def is_overtaken(self, facts: AccountFacts, trigger: SessionOpened) -> bool:
        """A later attempt was opened before relink learned of this one."""
        return trigger.request.attempt <= facts.attempt

    def stopped_since(self, facts: AccountFacts, trigger: SessionRelinked) -> bool:
        """An inactive report is newer than this repair, or from a read as late as it (K3)."""
        if facts.by_read and facts.as_of >= trigger.as_of:
            return True
        return facts.as_of > trigger.as_of + window(facts.by_read or trigger.read)

    def was_open_session(
        self,
        facts: AccountFacts,
        trigger: SessionUnsuccessful | KnownAccountLinked | SessionRelinked,
    ) -> bool:
        """The result is of the session that is open."""
        return facts.session == trigger.session

    def is_reported_active(
        self,
        facts: AccountFacts,
        trigger: SessionUnsuccessful | KnownAccountLinked | SessionRelinked,
    ) -> bool:
        """The latest report says that the account is active."""
        return facts.works

    def is_repairable(
        self,
        facts: AccountFacts,
        trigger: SessionUnsuccessful | KnownAccountLinked | SessionRelinked,
    ) -> bool:
        """The customer can repair the account, by the latest report that said so (K5)."""
        return bool(facts.repairable)

    def worked_since(self, facts: AccountFacts, trigger: NewAccountLinkedInstead) -> bool:
        """The account works, and did so after the new one was linked (S6)."""
        since = trigger.as_of + window(facts.by_read or trigger.read)
        return facts.worked_as_of > since and facts.works
