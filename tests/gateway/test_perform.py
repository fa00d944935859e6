"""One attempt, and when the next one is due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.adapters.gateway import (
    Answer,
    Attempt,
    DryRunGateway,
    GatewayError,
    MalformedAnswerError,
    PermanentError,
    RateLimitedError,
    TransientError,
    UnsupportedCommandError,
)
from relink.adapters.gateway.protocol import FIRST
from relink.adapters.perform import (
    FIRST_DELAY,
    LONGEST_DELAY,
    OUT_OF_PATIENCE,
    PATIENCE,
    Performed,
    delay_before_next,
    perform,
)
from relink.engine import Command
from relink.machines.commands import NotifyCustomer, ReportAnomaly
from relink.machines.events import BillingNameAbsent, CommandFailed
from relink.machines.policy import RelinkPolicy

from .stand_in import COMMANDS, NOW

READ = COMMANDS["retrieve_account"]
EVENT = BillingNameAbsent(cause="x", at=NOW, account="fca_1")


class Ends:
    """A gateway whose every attempt ends so."""

    def __init__(self, end: Answer | GatewayError) -> None:
        self.end = end
        self.attempts: list[Attempt] = []

    def perform(self, command: Command, at: float, attempt: Attempt = FIRST) -> Answer:
        self.attempts.append(attempt)
        if isinstance(self.end, GatewayError):
            raise self.end
        return self.end


numbers = st.integers(1, 10_000)
names = st.text(max_size=40)


def test_success_is_the_end() -> None:
    assert perform(READ, Ends(Answer((EVENT,))), NOW) == Performed(events=(EVENT,))


def test_the_attempt_reaches_the_gateway() -> None:
    gateway, attempt = Ends(Answer()), Attempt(3, NOW - 1, "acct_1")
    perform(READ, gateway, NOW, attempt)
    perform(READ, gateway, NOW)
    assert gateway.attempts == [attempt, FIRST]


@pytest.mark.parametrize(
    "error", [TransientError("no answer"), MalformedAnswerError("cut off"), RateLimitedError("429")]
)
def test_what_may_pass_is_tried_again(error: TransientError) -> None:
    done = perform(READ, Ends(error), NOW)
    assert done.retry_at == NOW + delay_before_next(READ.id, 1)
    assert (done.events, done.gave_up, done.error) == ((), False, str(error))


def test_the_wait_that_stripe_names_is_kept() -> None:
    done = perform(READ, Ends(RateLimitedError("slow down", wait=40.0)), NOW)
    assert done.retry_at is not None
    assert 40.0 <= done.retry_at - NOW < 40.0 + FIRST_DELAY


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("create_relink_session", "fca_1"),
        ("retrieve_account", "fca_1"),
        ("retrieve_authorization", "fcauth_1"),
        ("retrieve_session", "fcsess_1"),
        ("create_payment_method", "fca_1"),
        ("attach_external_account", "fca_1"),
    ],
)
def test_what_is_refused_comes_back_as_an_event(name: str, subject: str) -> None:
    error = PermanentError("GET x got 404", "req_1", code="resource_missing")
    policy = RelinkPolicy(attempts=7)
    done = perform(COMMANDS[name], Ends(error), NOW, Attempt(policy=policy))
    failed = CommandFailed(
        cause=COMMANDS[name].id,
        at=NOW,
        policy=policy,
        command=name,
        subject=subject,
        error="resource_missing",
    )
    assert done == Performed((failed,), None, True, "GET x got 404 (request req_1)")


def test_patience_ends() -> None:
    gateway = Ends(TransientError("no answer"))
    patient = perform(READ, gateway, NOW, Attempt(300, NOW - PATIENCE + 1))
    assert patient.retry_at is not None
    done = perform(READ, gateway, NOW, Attempt(301, NOW - PATIENCE))
    assert (done.retry_at, done.gave_up) == (None, True)
    (event,) = done.events
    assert isinstance(event, CommandFailed)
    assert event.error == OUT_OF_PATIENCE


@pytest.mark.parametrize(
    "command",
    [
        ReportAnomaly(subject="fca_1", what="x", occasion="evt_1"),
        NotifyCustomer(
            outage="fcauth_1",
            count=1,
            since=NOW,
            accounts=("fca_1",),
            ask="relink",
            because="access_expired",
        ),
    ],
)
def test_a_command_that_is_not_for_stripe(command: Command) -> None:
    with pytest.raises(
        UnsupportedCommandError, match=f"{type(command).__name__} is not for Stripe"
    ):
        perform(command, DryRunGateway(), NOW)


# ── when the next attempt is due ─────────────────────────────────────────────


@given(command=names, number=numbers)
def test_each_wait_is_about_twice_the_last(command: str, number: int) -> None:
    delay = delay_before_next(command, number)
    assert delay == delay_before_next(command, number)
    backoff = min(FIRST_DELAY * 2 ** min(number - 1, 20), LONGEST_DELAY)
    assert backoff / 2 <= delay < backoff


@given(command=names)
def test_the_first_three_retries_come_within_seconds(command: str) -> None:
    assert sum(delay_before_next(command, number) for number in (1, 2, 3)) < 7 * FIRST_DELAY


@given(command=names, number=numbers, wait=st.floats(0, 86_400))
def test_stripe_is_never_asked_earlier_than_it_says(command: str, number: int, wait: float) -> None:
    assert wait <= delay_before_next(command, number, wait) <= wait + LONGEST_DELAY


def test_commands_that_fail_together_come_back_apart() -> None:
    delays = {round(delay_before_next(f"command_{n}", 5), 1) for n in range(200)}
    assert len(delays) > 50
