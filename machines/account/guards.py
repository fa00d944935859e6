"""What an account is asked before it takes a transition.

A guard answers from the facts and the event alone; which transition it stands before is told
in :mod:`relink.machines.account`.
"""

from . import facts as facts_of
from .facts import AccountFacts
from ..events import RelinkRequested
from ..freshness import ReportChart, window
from ..messages import (
    Reported,
    KnownAccountLinked,
    NewAccountLinkedInstead,
    SessionOpened,
    SessionRelinked,
    SessionUnsuccessful,
)


class AccountGuards(ReportChart):
    """The guards of the account chart."""

    def has_ambiguous_detail(self, facts: AccountFacts, trigger: Reported) -> bool:
        """A detail, such as its authorization, is told differently at the same time (K4, K8)."""
        return facts_of.has_ambiguous_detail(facts, trigger)

    def lacks_authorization(self, facts: AccountFacts, trigger: Reported) -> bool:
        """No authorization was ever named; a read has the last word on that (K5)."""
        return not (trigger.read or trigger.report.authorization or facts.authorization)

    def has_open_session(self, facts: AccountFacts, trigger: Reported) -> bool:
        """A session of ours is under way."""
        return facts.session is not None

    def is_known_so(self, facts: AccountFacts, trigger: Reported) -> bool:
        """Stripe said unrepairable before, and the service was told then."""
        return facts.reported_status == "unrepairable"

    def opened_while_active(self, facts: AccountFacts, trigger: Reported) -> bool:
        """A session is open, for a reason beside inactivity (S4)."""
        return facts.session is not None and facts.opened_while_active

    def predates_repair(self, facts: AccountFacts, trigger: Reported) -> bool:
        """Said before the result of the session that relinked it."""
        return trigger.as_of < facts.repaired_as_of

    def is_ambiguous_with_repair(self, facts: AccountFacts, trigger: Reported) -> bool:
        """Said too close to that result to tell which came last (K4)."""
        apart = abs(trigger.as_of - facts.repaired_as_of)
        return apart <= window(trigger.read or facts.repaired_by_read)

    def predates_replacement(
        self, facts: AccountFacts, trigger: Reported | SessionRelinked
    ) -> bool:
        """Said before the new account was linked."""
        return trigger.as_of < facts.replaced_as_of

    def is_ambiguous_with_replacement(self, facts: AccountFacts, trigger: Reported) -> bool:
        """Said too close to that to tell which came last (K4)."""
        apart = abs(trigger.as_of - facts.replaced_as_of)
        return apart <= window(trigger.read or facts.replaced_by_read)

    def is_replaced(self, facts: AccountFacts, trigger: Reported) -> bool:
        """It has not worked since the new account was linked (S6)."""
        return facts_of.is_replaced(facts)

    def asks_for_open_session(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """Same mode, reason, permissions and delivery as those of the open session (R1)."""
        return facts_of.asks_for_open_session(facts, trigger)

    def has_reason(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """There is something for a relink to mend, although it is active (S3)."""
        return facts_of.reason_for(facts, trigger) is not None

    def has_authorization(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """Stripe named the authorization that a relink repairs."""
        return facts.authorization is not None

    def was_just_read(self, facts: AccountFacts, trigger: RelinkRequested) -> bool:
        """The account was read for this very request (R9)."""
        return trigger.has_read

    def is_already_open(self, facts: AccountFacts, trigger: SessionOpened) -> bool:
        """Told again of the session that is open."""
        return facts.session == trigger.session

    def is_outrun(self, facts: AccountFacts, trigger: SessionOpened) -> bool:
        """A later attempt was opened before we learned of this one."""
        return trigger.request.attempt <= facts.attempt

    def stopped_since(self, facts: AccountFacts, trigger: SessionRelinked) -> bool:
        """Stripe said inactive after this repair, or in a read as late as its result (K3)."""
        if facts.by_read and facts.as_of >= trigger.as_of:
            return True
        return facts.as_of > trigger.as_of + window(facts.by_read or trigger.read)

    def was_open_session(
        self,
        facts: AccountFacts,
        trigger: SessionUnsuccessful | KnownAccountLinked | SessionRelinked,
    ) -> bool:
        """It is about the session that is open."""
        return facts.session == trigger.session

    def is_reported_active(
        self,
        facts: AccountFacts,
        trigger: SessionUnsuccessful | KnownAccountLinked | SessionRelinked,
    ) -> bool:
        """Stripe's latest word is active."""
        return facts.reported_status == "active"

    def is_repairable(
        self,
        facts: AccountFacts,
        trigger: SessionUnsuccessful | KnownAccountLinked | SessionRelinked,
    ) -> bool:
        """The latest word that told said that the customer can repair it (K5)."""
        return bool(facts.repairable)

    def worked_since(self, facts: AccountFacts, trigger: NewAccountLinkedInstead) -> bool:
        """It works, and did so after the new account was linked (S6)."""
        worked = facts.worked_as_of > trigger.as_of + window(facts.by_read or trigger.read)
        return worked and facts.reported_status == "active"
