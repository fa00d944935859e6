"""The rate limiter spaces requests evenly, none waits for long, and callers come first."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.adapters.deadline import Deadline
from relink.adapters.gateway import (
    LIVE_RATE,
    TEST_RATE,
    HeldBackError,
    LocalRateLimits,
    OperatorError,
    RateLimitedTransport,
)
from relink.adapters.gateway.in_process import InProcessTransport
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.rate_limiter import (
    LENDS_WITHIN,
    LONGEST_HOLD,
    LONGEST_SLEEP,
    SLOT_TIMEOUT,
    Lane,
)
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
    asked=st.lists(st.tuples(st.floats(0, 2), st.sampled_from(Lane)), min_size=2, max_size=60),
    longest=st.floats(0, 5),
)
def test_no_more_slots_are_handed_out_than_the_rate_allows(
    rate: float, asked: list[tuple[float, Lane]], longest: float
):
    clock = Clock()
    limits = LocalRateLimits(rate, clock)
    moments = []
    for gap, lane in asked:
        clock.sleep(gap)
        wait = limits.wait(lane, longest)
        assert wait >= 0
        if wait <= longest:
            moments.append(clock.now + wait)
    moments.sort()
    for first, begin in enumerate(moments):
        for last in range(first, len(moments)):
            # Each lane may hand out one slot at the very beginning.
            assert last - first <= (moments[last] - begin) * rate + 1 + 1e-6


def test_a_slot_that_is_too_far_away_is_not_taken():
    background = LocalRateLimits(4, Clock()).lanes.background  # one slot a second is its own
    assert [background.wait(2) for _ in range(4)] == [0, 0, 1, 2]
    assert [background.wait(2) for _ in range(5)] == [3] * 5
    assert background.wait(3) == 3


def test_a_backlog_in_the_background_keeps_no_caller_waiting():
    lanes = LocalRateLimits(20, Clock()).lanes
    while lanes.background.wait(3) <= 3:
        pass
    waits = [lanes.callers.wait(3) for _ in range(15)]
    assert waits[0] <= LENDS_WITHIN + 1 / 15
    assert waits[-1] <= 1 + LENDS_WITHIN + 1 / 15  # three quarters of the rate are theirs


def test_a_crowd_of_callers_does_not_stop_the_background():
    lanes = LocalRateLimits(20, Clock()).lanes
    while lanes.callers.wait(3) <= 3:
        pass
    waits = [lanes.background.wait(3) for _ in range(5)]
    assert waits[-1] <= 1 + LENDS_WITHIN + 1 / 5  # a quarter of the rate is its own


@pytest.mark.parametrize("lane", Lane)
def test_either_lane_has_the_whole_rate_while_the_other_one_rests(lane: Lane):
    clock = Clock()
    limits = LocalRateLimits(20, clock)
    sent = 0
    while clock.now < 1010:
        wait = limits.wait(lane, LENDS_WITHIN)
        if wait <= LENDS_WITHIN:
            sent += 1
        clock.sleep(0.01)
    assert 195 <= sent <= 210


def test_a_hold_applies_to_all_requests_and_is_never_shortened():
    clock = Clock()
    lanes = LocalRateLimits(10, clock).lanes
    lanes.callers.hold(7)
    lanes.background.hold(2)
    assert lanes.callers.wait(0) == lanes.background.wait(0) == 7
    clock.sleep(7)
    assert lanes.background.wait(0) == 0


def test_concurrent_threads_take_different_slots():
    limits, taken = LocalRateLimits(1000, lambda: 0.0), []

    def take() -> None:
        for _ in range(100):
            taken.append(limits.wait(Lane.CALLERS, 1000))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lent = [n / 250 for n in range(int(LENDS_WITHIN * 250) + 1)]
    own = [n / 750 for n in range(800 - len(lent))]
    assert sorted(taken) == pytest.approx(sorted(lent + own))


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
        InProcessTransport(simulator), LocalRateLimits(8, clock).lanes.background, clock.sleep
    )


def test_a_request_waits_for_its_slot(transport: RateLimitedTransport, clock: Clock):
    times = []
    for _ in range(4):
        transport.send(CALL)
        times.append(clock.now - 1000)
    # The second one is lent: its lane has slots of its own every half second.
    assert times == pytest.approx([0, 0, 1 / 6, 1 / 3])


def test_every_request_of_a_command_takes_a_slot(
    transport: RateLimitedTransport, simulator: Simulator, clock: Clock
):
    gateway = StripeGateway(transport)
    read = RetrieveAccount(account="fca_unknown", reason="look", number=1)
    for _ in range(3):
        with pytest.raises(OperatorError):
            gateway.perform(read, 0.0)
    assert clock.now == pytest.approx(1000 + 1 / 6)
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
    server, rate_limiter = Refuses(wait), LocalRateLimits(2, clock).lanes.background
    first, second = (RateLimitedTransport(server, rate_limiter, clock.sleep) for _ in range(2))
    assert first.send(CALL).status == 429
    with pytest.raises(HeldBackError, match="was not sent: the rate limit is used up") as kept:
        second.send(CALL)
    assert (kept.value.wait, clock.now) == (held - SLOT_TIMEOUT, 1000 + SLOT_TIMEOUT)
    assert server.asked == 1
    clock.now = 1000 + held - LONGEST_SLEEP
    second.send(CALL)
    assert (server.asked, clock.now) == (2, 1000 + held)


def test_a_429_without_retry_after_holds_no_request(
    transport: RateLimitedTransport, simulator: Simulator, clock: Clock
):
    simulator.inject(ApiFault.RATE_LIMITED)
    for _ in range(3):
        transport.send(CALL)
    assert clock.now == pytest.approx(1000 + 1 / 6)


def test_a_request_waits_no_longer_for_its_slot_than_its_caller(
    transport: RateLimitedTransport, clock: Clock
):
    with Deadline(0.2, clock):
        for _ in range(3):
            transport.send(CALL)
        with pytest.raises(HeldBackError):
            transport.send(CALL)
    assert clock.now == pytest.approx(1000.2)
