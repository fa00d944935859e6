"""What goes wrong in the world, by kind. Each kind can be switched off by its name."""

from collections.abc import Iterable
from enum import StrEnum


class Fault(StrEnum):
    """A kind of fault. The value is its name on the command line."""

    # The process is killed: what it held in memory is gone, and what it committed stays.
    KILLED_BEFORE_COMMIT = "killed_before_commit"
    KILLED_IN_TRANSACTION = "killed_in_transaction"
    KILLED_AFTER_COMMIT = "killed_after_commit"
    KILLED_BEFORE_REQUEST = "killed_before_request"
    KILLED_AFTER_REQUEST = "killed_after_request"
    KILLED_BEFORE_NOTIFICATION = "killed_before_notification"
    KILLED_AFTER_NOTIFICATION = "killed_after_notification"
    KILLED_WHILE_WAITING = "killed_while_waiting"
    # The database.
    STORE_DOWN = "store_down"
    STORE_ANSWER_LOST = "store_answer_lost"
    STORE_INTERRUPTED = "store_interrupted"
    # Stripe's API.
    RATE_LIMITED = "rate_limited"
    RATE_LIMITED_WITH_WAIT = "rate_limited_with_wait"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    SLOW = "slow"
    TRUNCATED = "truncated"
    # Webhooks on their way.
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    DELAYED = "delayed"
    LOST = "lost"
    # The embedding service.
    SERVICE_DOWN = "service_down"
    SERVICE_ANSWER_LOST = "service_answer_lost"
    # The machine, and those who operate it.
    CLOCK_SKEW = "clock_skew"
    KEY_BROKEN = "key_broken"
    RESTART = "restart"
    UPGRADE = "upgrade"

    @property
    def sentence(self) -> str:
        """What happens."""
        return SENTENCES[self]


SENTENCES: dict[Fault, str] = {
    Fault.KILLED_BEFORE_COMMIT: "The process is killed just before a transaction.",
    Fault.KILLED_IN_TRANSACTION: "The process is killed within a transaction (on SQLite).",
    Fault.KILLED_AFTER_COMMIT: "The process is killed after a commit, before anybody is answered.",
    Fault.KILLED_BEFORE_REQUEST: "The process is killed just before a request to Stripe.",
    Fault.KILLED_AFTER_REQUEST: "The process is killed after Stripe's answer, before it is noted.",
    Fault.KILLED_BEFORE_NOTIFICATION: "The process is killed just before a notification.",
    Fault.KILLED_AFTER_NOTIFICATION: "The process is killed after a notification was accepted.",
    Fault.KILLED_WHILE_WAITING: "The process is killed while something waits for its turn.",
    Fault.STORE_DOWN: "The database refuses a transaction.",
    Fault.STORE_ANSWER_LOST: "The database commits, and its answer is lost.",
    Fault.STORE_INTERRUPTED: "The database fails within a transaction (on SQLite).",
    Fault.RATE_LIMITED: "Stripe answers 429.",
    Fault.RATE_LIMITED_WITH_WAIT: "Stripe answers 429 and says how long to wait.",
    Fault.ERROR_BEFORE: "Stripe answers 500, and the request had no effect.",
    Fault.ERROR_AFTER: "Stripe answers 500, although the request took effect.",
    Fault.TIMEOUT_BEFORE: "No answer comes, and the request had no effect.",
    Fault.TIMEOUT_AFTER: "No answer comes, although the request took effect.",
    Fault.SLOW: "Stripe's answer comes late.",
    Fault.TRUNCATED: "Stripe's answer is cut off.",
    Fault.DUPLICATED: "A webhook is delivered twice.",
    Fault.REORDERED: "A webhook is up to a minute late, so that later ones overtake it.",
    Fault.DELAYED: "A webhook is hours or days late.",
    Fault.LOST: "A webhook is never delivered.",
    Fault.SERVICE_DOWN: "The embedding service refuses a notification.",
    Fault.SERVICE_ANSWER_LOST: "The embedding service takes a notification; its answer is lost.",
    Fault.CLOCK_SKEW: "The machine's clock differs from Stripe's, by up to four minutes.",
    Fault.KEY_BROKEN: "The API key is revoked or restricted, until somebody mends it.",
    Fault.RESTART: "The process is stopped and started again, as for a deployment.",
    Fault.UPGRADE: "Another release is started, with a renamed state, or from the journals alone.",
}

ALL = frozenset(Fault)

RATES: dict[Fault, float] = {
    Fault.KILLED_BEFORE_COMMIT: 0.002,
    Fault.KILLED_IN_TRANSACTION: 0.01,
    Fault.KILLED_AFTER_COMMIT: 0.003,
    Fault.KILLED_BEFORE_REQUEST: 0.004,
    Fault.KILLED_AFTER_REQUEST: 0.008,
    Fault.KILLED_BEFORE_NOTIFICATION: 0.01,
    Fault.KILLED_AFTER_NOTIFICATION: 0.02,
    Fault.KILLED_WHILE_WAITING: 0.004,
    Fault.STORE_DOWN: 0.006,
    Fault.STORE_ANSWER_LOST: 0.006,
    Fault.STORE_INTERRUPTED: 0.01,
    Fault.RATE_LIMITED: 0.01,
    Fault.RATE_LIMITED_WITH_WAIT: 0.01,
    Fault.ERROR_BEFORE: 0.012,
    Fault.ERROR_AFTER: 0.012,
    Fault.TIMEOUT_BEFORE: 0.008,
    Fault.TIMEOUT_AFTER: 0.016,
    Fault.SLOW: 0.01,
    Fault.TRUNCATED: 0.01,
    Fault.DUPLICATED: 0.15,
    Fault.REORDERED: 0.15,
    Fault.DELAYED: 0.03,
    Fault.LOST: 0.05,
    Fault.SERVICE_DOWN: 0.08,
    Fault.SERVICE_ANSWER_LOST: 0.08,
    Fault.CLOCK_SKEW: 0.4,
    Fault.KEY_BROKEN: 1.0,
    Fault.RESTART: 1.0,
    Fault.UPGRADE: 1.0,
}
"""How often each kind strikes where it can: for each transaction, request, webhook, notification
or start. Those with 1 are moves of their own, and strike whenever the move comes up."""

OF_REQUESTS = (
    Fault.RATE_LIMITED,
    Fault.RATE_LIMITED_WITH_WAIT,
    Fault.ERROR_BEFORE,
    Fault.ERROR_AFTER,
    Fault.TIMEOUT_BEFORE,
    Fault.TIMEOUT_AFTER,
    Fault.SLOW,
    Fault.TRUNCATED,
)
"""The faults of one request to Stripe, of which it has one at most. The simulator carries them
out, by the same names."""


def faults_named(names: Iterable[str]) -> frozenset[Fault]:
    """The faults with these names.

    Raises:
        ValueError: there is no such fault.
    """
    known = [fault.value for fault in Fault]
    for name in names:
        if name not in known:
            raise ValueError(f"there is no fault {name!r}; there are {', '.join(known)}")
    return frozenset(map(Fault, names))
