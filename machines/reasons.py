"""Reasons: each a code, with one sentence for people beside it.

Code compares and stores codes; people read sentences. A sentence is looked up when it is shown,
so rewording one changes no command id, no idempotency key and no stored row.
"""

from enum import StrEnum

from relink.engine import Reason


class ReadReason(StrEnum):
    """Why something is read at Stripe."""

    CONTRADICTION = "contradiction"
    INCOMPLETE = "incomplete"
    LOOK = "look"
    REPLACED = "replaced"
    NEW_ACCOUNT = "new_account"
    SESSION_ENDED = "session_ended"
    SESSION_DEADLINE = "session_deadline"
    ACCOUNT_CHANGED = "account_changed"
    AUTHORIZATION_REPAIRED = "authorization_repaired"

    @property
    def sentence(self) -> str:
        """The reason for people."""
        return READ_REASONS[self]


READ_REASONS: dict[ReadReason, str] = {
    ReadReason.CONTRADICTION: "Two reports contradict each other too closely in time to tell "
    "which came last.",
    ReadReason.INCOMPLETE: "The report leaves out what the decision needs.",
    ReadReason.LOOK: "Stripe says only that something changed.",
    ReadReason.REPLACED: "The account worked after it was replaced.",
    ReadReason.NEW_ACCOUNT: "A session returned an account that is not known well enough.",
    ReadReason.SESSION_ENDED: "A relink session ended.",
    ReadReason.SESSION_DEADLINE: "The session has been open for as long as the policy allows.",
    ReadReason.ACCOUNT_CHANGED: "An account of the authorization changed.",
    ReadReason.AUTHORIZATION_REPAIRED: "The authorization works again, and may have brought the "
    "account back.",
}


class Anomaly(StrEnum):
    """What operators should look at."""

    REPAIR_LEFT_OPEN = "repair_left_open"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_ACTION = "unknown_action"

    @property
    def sentence(self) -> str:
        """The anomaly for people."""
        return ANOMALIES[self]


ANOMALIES: dict[Anomaly, str] = {
    Anomaly.REPAIR_LEFT_OPEN: "Stripe's own answer does not say whether the link can be repaired.",
    Anomaly.UNKNOWN_STATUS: "Stripe answers with a status that relink does not know.",
    Anomaly.UNKNOWN_ACTION: "Stripe names an action that relink does not know. It counts as none.",
}
