"""The rate limiter spaces requests evenly, and none waits for long."""

import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.adapters.gateway import (
    LIVE_RATE,
    TEST_RATE,
    LocalRateLimiter,
    OperatorError,
    RateLimitedError,
    RateLimitedTransport,
)
from relink.adapters.gateway.in_process import InProcessTransport
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.rate_limiter import LONGEST_HOLD, LONGEST_SLEEP
from relink.adapters.gateway.transport import Body, Call, Reply
from relink.adapters.simulator import ApiFault, Simulator
from relink.machines.commands import RetrieveAccount

CALL = Call("GET", "/v1/financial_connections/accounts/fca_1")


class Clock:
    """A clock that moves only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_default_rates_are_a_fifth_below_those_of_stripe():
    assert LIVE_RATE == 0.8 * 100
    assert TEST_RATE == 0.8 * 25


@given(
    rate=st.floats(0.5, 200),
    gaps=st.lists(st.floats(0, 2), min_size=2, max_size=60),
    longest=st.floats(0, 5),
)
def test_slots_are_an_interval_apart(rate: float, gaps: list[float], longest: float):
    clock, moments = Clock(), []
    rate_limiter = LocalRateLimiter(rate, clock)
    for gap in gaps:
        clock.sleep(gap)
        wait = rate_limiter.wait(longest)
        assert wait >= 0
        if wait <= longest:
            moments.append(clock.now + wait)
    for before, after in pairwise(moments):
        assert after - before >= 1 / rate - 1e-9
    assert moments[0] == 1000 + gaps[0]


def test_a_slot_that_is_too_far_away_is_not_taken():
    rate_limiter = LocalRateLimiter(1, Clock())
    assert [rate_limiter.wait(2) for _ in range(3)] == [0, 1, 2]
    assert [rate_limiter.wait(2) for _ in range(5)] == [3] * 5
    assert rate_limiter.wait(3) == 3


def test_a_hold_applies_to_all_requests_and_is_never_shortened():
    clock = Clock()
    rate_limiter = LocalRateLimiter(10, clock)
    rate_limiter.hold(7)
    rate_limiter.hold(2)
    assert rate_limiter.wait(0) == 7
    clock.sleep(7)
    assert rate_limiter.wait(0) == 0


def test_concurrent_threads_take_different_slots():
    rate_limiter, taken = LocalRateLimiter(1000, lambda: 0.0), []

    def take() -> None:
        for _ in range(100):
            taken.append(rate_limiter.wait(1000))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == pytest.approx([n / 1000 for n in range(800)])


# ── at the transport ─────────────────────────────────────────────────────────


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def transport(simulator: Simulator, clock: Clock) -> RateLimitedTransport:
    return RateLimitedTransport(
        InProcessTransport(simulator), LocalRateLimiter(2, clock), clock.sleep
    )


def test_a_request_waits_for_its_slot(transport: RateLimitedTransport, clock: Clock):
    times = []
    for _ in range(4):
        transport.send(CALL)
        times.append(clock.now - 1000)
    assert times == [0, 0.5, 1, 1.5]


def test_every_request_of_a_command_takes_a_slot(
    transport: RateLimitedTransport, simulator: Simulator, clock: Clock
):
    gateway = StripeGateway(transport)
    read = RetrieveAccount(account="fca_unknown", reason="look", number=1)
    for _ in range(3):
        with pytest.raises(OperatorError):
            gateway.perform(read, 0.0)
    assert clock.now == 1001
    assert len(simulator.ledger.entries) == 3


class Refuses:
    """A server that answers 429 with a Retry-After."""

    def __init__(self, wait: str) -> None:
        self.wait = wait
        self.asked = 0

    def send(self, call: Call) -> Reply:
        self.asked += 1
        return Reply(429, {"retry-after": self.wait}, Body(b""))


@pytest.mark.parametrize(("wait", "held"), [("10", 10), ("36000", LONGEST_HOLD)])
def test_a_retry_after_from_stripe_holds_all_requests(clock: Clock, wait: str, held: float):
    server, rate_limiter = Refuses(wait), LocalRateLimiter(2, clock)
    first, second = (RateLimitedTransport(server, rate_limiter, clock.sleep) for _ in range(2))
    assert first.send(CALL).status == 429
    with pytest.raises(RateLimitedError, match="was not sent: the rate limit is used up") as kept:
        second.send(CALL)
    assert kept.value.wait == held
    assert server.asked == 1
    clock.now += held - LONGEST_SLEEP
    second.send(CALL)
    assert (server.asked, clock.now) == (2, 1000 + held)


def test_a_429_without_retry_after_holds_no_request(
    transport: RateLimitedTransport, simulator: Simulator, clock: Clock
):
    simulator.inject(ApiFault.RATE_LIMITED)
    transport.send(CALL)
    transport.send(CALL)
    assert clock.now == 1000.5
