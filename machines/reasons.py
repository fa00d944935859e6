"""Reasons: each a code, with one sentence for people beside it.

Code compares and stores codes; people read sentences. A sentence is looked up when it is shown,
so rewording one changes no command id, no idempotency key and no stored row.
"""

from enum import StrEnum

from relink.engine import Reason, tombstone


class ReadReason(StrEnum):
    """Why something is read at Stripe."""

    CONTRADICTION = "contradiction"
    INCOMPLETE = "incomplete"
    LOOK = "look"
    NEW_ACCOUNT = "new_account"
    SESSION_ENDED = "session_ended"
    SESSION_DEADLINE = "session_deadline"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_CAME_BACK = "account_came_back"
    AUTHORIZATION_REPAIRED = "authorization_repaired"
    RECONCILIATION = "reconciliation"
    FUTURE_TIME = "future_time"

    @property
    def sentence(self) -> str:
        """The reason for people."""
        return READ_REASONS[self]


READ_REASONS: dict[ReadReason, str] = {
    ReadReason.CONTRADICTION: "Two reports contradict each other too closely in time to tell "
    "which came last.",
    ReadReason.INCOMPLETE: "The report leaves out what the decision needs.",
    ReadReason.LOOK: "Stripe says only that something changed.",
    ReadReason.NEW_ACCOUNT: "A session returned an account that is not known well enough.",
    ReadReason.SESSION_ENDED: "A relink session ended.",
    ReadReason.SESSION_DEADLINE: "The session has been open for as long as the policy allows.",
    ReadReason.ACCOUNT_CHANGED: "An account of the authorization stopped working, or moved.",
    ReadReason.ACCOUNT_CAME_BACK: "An account of the authorization works again.",
    ReadReason.AUTHORIZATION_REPAIRED: "The authorization works again, and may have brought the "
    "account back.",
    ReadReason.RECONCILIATION: "No report came for long, and webhooks can be lost.",
    ReadReason.FUTURE_TIME: "The report's time lies ahead of our clock, so it says nothing.",
}


class Anomaly(StrEnum):
    """What operators should look at."""

    REPAIR_LEFT_OPEN = "repair_left_open"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_ACTION = "unknown_action"
    FUTURE_TIME = "future_time"

    @property
    def sentence(self) -> str:
        """The anomaly for people."""
        return ANOMALIES[self]


ANOMALIES: dict[Anomaly, str] = {
    Anomaly.REPAIR_LEFT_OPEN: "Stripe's own answer does not say whether the link can be repaired.",
    Anomaly.UNKNOWN_STATUS: "Stripe answers with a status that relink does not know.",
    Anomaly.UNKNOWN_ACTION: "Stripe names an action that relink does not know. It counts as none.",
    Anomaly.FUTURE_TIME: "A report's time lies more than five minutes ahead of our clock.",
}


# ── why an event is ignored ──────────────────────────────────────────────────

NO_REASON_TO_RELINK = Reason(
    "no_reason_to_relink",
    "The account is active, and there is no known problem that a relink would fix.",
)
NO_AUTHORIZATION = Reason(
    "no_authorization",
    "Stripe names no authorization to relink. Ask for a new payment method.",
)
UNREPAIRABLE = Reason(
    "unrepairable", "Nobody can repair the account now. Ask for a new payment method."
)
JUST_RELINKED = Reason(
    "just_relinked",
    "The customer has just relinked the account. Wait until Stripe reports it active.",
)
REPLACED = Reason("replaced", "The customer linked a new account instead. Use that one.")
ACCOUNT_DISCONNECTED = Reason(
    "account_disconnected",
    "The account is disconnected for good. Ask for a new payment method.",
)
AUTHORIZATION_DISCONNECTED = Reason(
    "authorization_disconnected", "The authorization is disconnected for good."
)
ACTIVE_AFTER_DISCONNECTED = Reason(
    "active_after_disconnected", "Stripe reports it active, after it was disconnected for good."
)
LINKED_AFTER_DISCONNECTED = Reason(
    "linked_after_disconnected", "A session linked an account that was disconnected for good."
)
NOT_THE_OPEN_SESSION = Reason(
    "not_the_open_session", "The result is of a session that is not the open one any more."
)
READ_REFUSED = Reason("read_refused", "Stripe refused the read for good. The latest report stands.")

NO_READ_DUE = Reason("no_read_due", "No read of it is due.")

SESSION_ALREADY_OPEN = Reason("session_already_open", "The session is open already.")
SESSION_OVER = Reason("session_over", "The session was opened before, and has ended.")
SESSION_NOT_FINISHED = Reason("session_not_finished", "The customer has not finished yet.")
SESSION_READ_REFUSED = Reason(
    "session_read_refused",
    "Stripe refused the read for good. The session ends at its deadline.",
)
OUTCOME_SETTLED = Reason(
    "outcome_settled", "The session succeeded. Nothing changes that, and nothing is built twice."
)
SESSION_ENDED = Reason(
    "session_ended", "The session has ended. Only a late success could change that."
)
NOTHING_LINKED = Reason("nothing_linked", "The session succeeded, and linked no account.")

ALREADY_REQUESTED = Reason(
    "already_requested", "It was asked for before, and nothing is built twice."
)
NO_NAME_NEEDED = Reason("no_name_needed", "No billing name is needed.")
NO_NAME_REQUESTED = Reason("no_name_requested", "No billing name was requested.")
ALREADY_BUILT = Reason("already_built", "It is known to be built.")
NOTHING_IN_PROGRESS = Reason("nothing_in_progress", "Nothing is being built.")
ALREADY_GONE = Reason("already_gone", "It is gone already.")

OUTAGE_OVER = Reason("outage_over", "No account needs a relink.")

EVENT_REMOVED = tombstone.EVENT_REMOVED
"""Of the engine: events that a release removed are ignored in every state."""

IGNORED: dict[str, Reason] = {
    reason.code: reason
    for reason in list(globals().values())
    if isinstance(reason, Reason) and reason.code
}
"""Every reason for ignoring an event, by its code."""


def sentence(code: str) -> str:
    """A stored reason for people: the sentence of a code, or else what is stored."""
    reason = IGNORED.get(code)
    return reason.sentence if reason else code
