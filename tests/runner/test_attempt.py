"""One attempt at a command, and when the next one is due."""

import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.adapters.gateway import (
    Answer,
    Attempt,
    DryRunGateway,
    Fault,
    HeldBackError,
    MalformedAnswerError,
    OperatorError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from relink.adapters.gateway.backoff import FIRST_DELAY, LONGEST_DELAY, delay_before_next
from relink.adapters.gateway.protocol import FIRST
from relink.adapters.runner.attempt import (
    DOUBTS,
    HELD_BACK_SPREAD,
    RETRY_ATTEMPTS,
    RETRY_BUDGET,
    RETRY_BUDGET_SPENT,
    SLOWER,
    UNEXPECTED,
    Notify,
    Outcome,
    attempt,
)
from relink.adapters.store import DueCommand, StoreUnavailableError
from relink.engine import Command
from relink.machines.commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    NotifyCustomer,
    ReportAnomaly,
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSession,
    Wake,
)
from relink.machines.events import BillingNameAbsent, CommandFailed, TimerFired
from relink.machines.messages import ReviewDue
from relink.machines.policy import RelinkPolicy
from relink.machines.reasons import ReadReason
from relink.machines.report import Holder

NOW = 1_760_000_000.0
DAY = 24 * 60 * 60
POLICY = RelinkPolicy(attempts=7)
CUSTOMER = Holder(field="customer", id="cus_1")
READ = RetrieveAccount(account="fca_1", number=1, reason=ReadReason.LOOK)
PROMPT = NotifyCustomer(
    outage="fcauth_1",
    outage_number=1,
    number=1,
    since=NOW,
    accounts=("fca_1",),
    ask="relink",
    reasons=("access_expired",),
)
EVENT = BillingNameAbsent(causation_id="x", at=NOW, account="fca_1")


class Ends:
    """A gateway whose attempts all end the same way."""

    def __init__(self, end: Answer | Exception) -> None:
        self.end = end
        self.attempts: list[Attempt] = []

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        self.attempts.append(attempt)
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


def due(command: Command, number: int = 1, **changed: object) -> DueCommand:
    """A command whose attempt with this number is due."""
    made = DueCommand(command, command.id, "evt_1", None, number - 1, NOW, NOW)
    return replace(made, **changed)  # type: ignore[arg-type]


def once(
    what: DueCommand, end: Answer | Exception | None = None, notify: Notify | None = None
) -> Outcome:
    def refuse(command: Command, id: str) -> None:
        raise AssertionError(f"{id} is not for the embedding service")

    gateway = DryRunGateway() if end is None else Ends(end)
    return attempt(what, gateway, notify or refuse, lambda: NOW, POLICY)


def test_a_successful_attempt_completes_the_command():
    assert once(due(READ), Answer((EVENT,))) == Outcome(NOW, (EVENT,))


def test_the_gateway_gets_the_number_age_account_and_generation():
    gateway = Ends(Answer())
    what = due(READ, 3, created_at=NOW - 1, connected_account="acct_1", generation=2)
    attempt(what, gateway, lambda command, id: None, lambda: NOW, POLICY)
    assert gateway.attempts == [Attempt(3, NOW - 1, "acct_1", POLICY, generation=2)]


@pytest.mark.parametrize(
    "error", [TransientError("no answer"), MalformedAnswerError("cut off"), RateLimitedError("429")]
)
def test_a_transient_failure_is_retried(error: TransientError):
    done = once(due(READ), error)
    retry_at = NOW + delay_before_next(READ.id, 1)
    assert done == Outcome(NOW, retry_at=retry_at, error=str(error))


def test_a_refusal_by_our_own_rate_limiter_is_no_failed_attempt():
    """Case 38: nothing was sent."""
    late = due(READ, RETRY_ATTEMPTS + 5, retried_for=RETRY_BUDGET)
    done = once(late, HeldBackError("not sent", wait=4.0))
    assert (done.result, done.error, done.stuck_on) == ("held_back", None, None)
    assert done.retry_at is not None
    assert 4.0 <= done.retry_at - NOW <= 4.0 + HELD_BACK_SPREAD
    spread = {
        once(due(READ.model_copy(update={"number": n})), HeldBackError("", wait=4.0)).retry_at
        for n in range(20)
    }
    assert len(spread) == 20, "they do not come back together"


def test_the_delay_counts_from_the_end_of_the_attempt():
    times = iter([NOW, NOW + 25])
    done = attempt(due(READ), Ends(TransientError("no answer")), print, lambda: next(times), POLICY)
    assert done.retry_at == NOW + 25 + delay_before_next(READ.id, 1)


def test_the_delay_is_never_shorter_than_stripe_asks():
    done = once(due(READ), RateLimitedError("slow down", wait=40.0))
    assert done.retry_at is not None
    assert 40.0 <= done.retry_at - NOW < 40.0 + FIRST_DELAY


@pytest.mark.parametrize(
    ("command", "subject"),
    [
        (READ, "fca_1"),
        (RetrieveAuthorization(authorization="fcauth_1", number=1, reason="look"), "fcauth_1"),
        (RetrieveSession(session="fcsess_1", number=2, reason="session_ended"), "fcsess_1"),
        (CreatePaymentMethod(account="fca_1", session="fcsess_1", holder=CUSTOMER), "fca_1"),
        (AttachExternalAccount(account="fca_1", session="fcsess_1", holder=CUSTOMER), "fca_1"),
    ],
)
def test_a_refused_command_comes_back_as_an_event(command: Command, subject: str):
    done = once(due(command), PermanentError("GET x got 404", "req_1", code="resource_missing"))
    failed = CommandFailed(
        causation_id=command.id,
        at=NOW,
        policy=POLICY,
        command=command.name,
        subject=subject,
        error="resource_missing",
    )
    assert done == Outcome(NOW, (failed,), None, True, "GET x got 404 (request req_1)")


# ── what is not final ────────────────────────────────────────────────────────


def test_F1_a_command_that_keeps_failing_stays_due_at_a_slow_pace_and_is_stuck():
    number = 10 * RETRY_ATTEMPTS
    done = once(due(READ, number, retried_for=RETRY_BUDGET), TransientError("no answer"))
    delay = SLOWER * delay_before_next(READ.id, number)
    assert done == Outcome(
        NOW, retry_at=NOW + delay, error="no answer", stuck_on=RETRY_BUDGET_SPENT
    )
    assert done.result == "stuck"
    assert 30 * 60 <= delay <= 60 * 60
    waiting = due(READ, number, retried_for=RETRY_BUDGET)
    asked = once(waiting, RateLimitedError("slow down", wait=86_400.0))
    assert asked.retry_at is not None
    assert NOW + 86_400 <= asked.retry_at < NOW + 86_400 + LONGEST_DELAY


@pytest.mark.parametrize(
    ("number", "retried_for"),
    [(RETRY_ATTEMPTS - 1, 100 * RETRY_BUDGET), (10 * RETRY_ATTEMPTS, RETRY_BUDGET - 1)],
)
def test_F1_patience_counts_attempts_and_time(number: int, retried_for: float):
    done = once(due(READ, number, retried_for=retried_for), TransientError("no answer"))
    assert (done.result, done.stuck_on) == ("postponed", None)
    assert done.retry_at == NOW + delay_before_next(READ.id, number)


def test_F1_time_in_which_nobody_tried_does_not_count():
    """The worker rests for four days; then one passing fault (case 32)."""
    idle = due(READ, 2, created_at=NOW - 4 * DAY, due_at=NOW - 4 * DAY, retried_for=0.8)
    done = once(idle, TransientError("no answer"))
    assert (done.result, done.gave_up) == ("postponed", False)
    assert done.retry_at == NOW + delay_before_next(READ.id, 2)


@pytest.mark.parametrize("code", [fault for fault in Fault if fault is not Fault.MISSING])
def test_F1_an_operators_fault_is_never_final_and_loud_at_once(code: Fault):
    error = OperatorError("GET x got 403", "req_1", code=code)
    first = once(due(READ), error)
    assert first == Outcome(
        NOW, retry_at=NOW + delay_before_next(READ.id, 1), error=str(error), stuck_on=code
    )
    late = once(due(READ, 10 * RETRY_ATTEMPTS, retried_for=100 * RETRY_BUDGET), error)
    assert (late.result, late.stuck_on, late.events) == ("stuck", code, ())


def test_F1_a_missing_object_is_loud_when_it_stays_in_doubt():
    error = OperatorError("GET x got 404", "req_1", Fault.MISSING)
    assert once(due(READ, DOUBTS), error).stuck_on is None
    assert once(due(READ, DOUBTS + 1), error).stuck_on == "missing"


def test_F1_a_success_after_the_retry_budget_still_counts():
    late = due(READ, 10 * RETRY_ATTEMPTS, retried_for=100 * RETRY_BUDGET)
    assert once(late, Answer((EVENT,))) == Outcome(NOW, (EVENT,))


def test_an_unexpected_error_is_logged_and_retried(caplog: pytest.LogCaptureFixture):
    done = once(due(READ), KeyError("what it was about"))
    assert done.retry_at == NOW + delay_before_next(READ.id, 1)
    assert done.error == "unexpected KeyError; the log has more"
    assert (done.result, done.stuck_on) == ("stuck", UNEXPECTED)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert READ.id in record.getMessage()
    assert "what it was about" in caplog.text
    late = once(due(READ, 10 * RETRY_ATTEMPTS, retried_for=100 * RETRY_BUDGET), KeyError())
    assert (late.gave_up, late.stuck_on) == (False, UNEXPECTED)


def test_a_database_that_is_down_does_not_count_as_an_attempt():
    with pytest.raises(StoreUnavailableError):
        once(due(READ), StoreUnavailableError("the rate limit can't be read"))


# ── commands that are not for Stripe ─────────────────────────────────────────


def test_a_notification_is_delivered_with_its_id():
    told: list[tuple[Command, str]] = []
    done = once(due(PROMPT), notify=lambda command, id: told.append((command, id)))
    assert done == Outcome(NOW)
    assert told == [(PROMPT, PROMPT.id)]


@pytest.mark.parametrize(
    ("command", "subject"),
    [
        (PROMPT, "fcauth_1"),
        (ReportAnomaly(about="fca_1", anomaly="unknown_status", dedup_key="y"), "fca_1"),
    ],
)
def test_F1_a_notification_is_retried_for_as_long_as_it_takes(command: Command, subject: str):
    def unreachable(command: Command, id: str) -> None:
        raise TransientError("nobody there")

    done = once(due(command), notify=unreachable)
    assert done == Outcome(
        NOW, retry_at=NOW + delay_before_next(command.id, 1), error="nobody there"
    )
    late = due(command, 10 * RETRY_ATTEMPTS, retried_for=100 * RETRY_BUDGET)
    assert once(late, notify=unreachable).stuck_on == RETRY_BUDGET_SPENT
    assert late.command.subject == subject


def test_a_timer_never_fires_early_for_its_machine():
    event = ReviewDue(causation_id="evt_1", at=NOW - 100)
    timer = Wake(machine="outage", key="fcauth_1", due=int(NOW) + 1, event=event)
    (fired,) = once(due(timer)).events
    assert fired == TimerFired(
        causation_id=timer.id,
        at=timer.due,
        policy=POLICY,
        machine="outage",
        key="fcauth_1",
        event=event,
    )
    (fired,) = attempt(due(timer), DryRunGateway(), print, lambda: NOW + 500, POLICY).events
    assert fired.at == NOW + 500


# ── when the next attempt is due ─────────────────────────────────────────────

numbers = st.integers(1, 10_000)
names = st.text(max_size=40)


@given(command=names, number=numbers)
def test_each_delay_is_about_twice_the_last(command: str, number: int):
    delay = delay_before_next(command, number)
    assert delay == delay_before_next(command, number)
    backoff = min(FIRST_DELAY * 2 ** min(number - 1, 20), LONGEST_DELAY)
    assert backoff / 2 <= delay < backoff


@given(command=names)
def test_the_first_three_retries_come_within_seconds(command: str):
    assert sum(delay_before_next(command, number) for number in (1, 2, 3)) < 7 * FIRST_DELAY


@given(command=names, number=numbers, wait=st.floats(0, 86_400))
def test_stripe_is_never_asked_earlier_than_it_says(command: str, number: int, wait: float):
    assert wait <= delay_before_next(command, number, wait) <= wait + LONGEST_DELAY


def test_commands_that_fail_together_come_back_apart():
    delays = {round(delay_before_next(f"command_{n}", 5), 1) for n in range(200)}
    assert len(delays) > 50
