"""One rate limiter for all workers, in PostgreSQL."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.event import listen

from relink.adapters.gateway import RateLimiter
from relink.adapters.gateway.rate_limiter import LENDS_WITHIN
from relink.adapters.runner.shared_rate_limiter import SharedRateLimits
from relink.adapters.store import StoreUnavailableError, backend_for


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    opened = backend_for(postgres_url).create_engine()
    yield opened
    opened.dispose()


def fill(limiter: RateLimiter, longest: float) -> int:
    """Take all slots that are near; the number of them."""
    taken = 0
    while limiter.wait(longest) <= longest:
        taken += 1
    return taken


def test_slots_are_an_interval_apart(engine: Engine):
    background = SharedRateLimits(engine, rate=0.4).lanes.background
    assert background.wait(60) == background.wait(60) == 0  # its own, and one that is lent
    assert [background.wait(60) for _ in range(3)] == pytest.approx([10, 20, 30], abs=2)


def test_a_slot_that_is_too_far_away_is_not_taken(engine: Engine):
    background = SharedRateLimits(engine, rate=0.1).lanes.background
    fill(background, 3)
    for _ in range(3):
        assert background.wait(3) == pytest.approx(40, abs=5)


def test_a_backlog_keeps_no_caller_waiting_and_callers_do_not_stop_the_background(engine: Engine):
    lanes = SharedRateLimits(engine, rate=4).lanes
    fill(lanes.background, 10)
    assert lanes.callers.wait(10) <= LENDS_WITHIN + 1 / 3
    assert fill(lanes.callers, 10) == pytest.approx(30, abs=3)
    assert fill(lanes.background, 13) == pytest.approx(3, abs=1)


def test_a_hold_applies_to_all_processes_and_lanes(engine: Engine):
    mine, yours = (SharedRateLimits(engine, rate=100).lanes for _ in range(2))
    mine.background.hold(50)
    mine.callers.hold(20)
    assert yours.background.wait(3) == pytest.approx(50, abs=5)
    assert yours.callers.wait(3) == pytest.approx(50, abs=5)


def test_a_clock_that_is_set_back_stops_nobody(engine: Engine):
    """Case 12: the row was written while the clock was a day ahead."""
    lanes = SharedRateLimits(engine, rate=100).lanes
    fill(lanes.background, 1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE rate_limits SET next_at = next_at + 86400"))
    assert lanes.background.wait(3) < 1
    assert lanes.callers.wait(3) < 1


WORKER = """
import sys, time
from relink.adapters.runner.shared_rate_limiter import SharedRateLimits
from relink.adapters.store import backend_for

limits = SharedRateLimits(backend_for(sys.argv[1]).create_engine(), rate=float(sys.argv[2]))
rate_limiter = limits.lanes.background
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    time.sleep(rate_limiter.wait(60))
    print(time.monotonic())
"""


def test_two_processes_stay_below_the_limit_together(postgres_url: str):
    rate, each = 80.0, 60
    command = [sys.executable, "-c", WORKER, postgres_url, str(rate), str(each)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("begin\n")
        worker.stdin.flush()
    sent = sorted(
        float(line) for worker in workers for line in worker.communicate(timeout=60)[0].split()
    )
    assert [worker.returncode for worker in workers] == [0, 0]
    assert len(sent) == 2 * each
    # Stripe allows 100 in any second. One of each worker may be late, and bunch with the next.
    busiest = max(sum(at <= other < at + 1 for other in sent) for at in sent)
    assert busiest <= rate + 1 + len(workers)
    assert sent[-1] - sent[0] >= (2 * each - 1) / rate - 0.1


FROZEN = """
import sys
from relink.adapters.runner.shared_rate_limiter import SharedRateLimits
from relink.adapters.store import backend_for

limits = SharedRateLimits(backend_for(sys.argv[1]).create_engine(), rate=1e6)
print("begin", flush=True)
while True:
    limits.lanes.background.wait(3)
"""


def test_a_process_that_freezes_at_whatever_moment_keeps_nobody_waiting(
    postgres_url: str, engine: Engine
):
    """Case 3: SIGSTOP, while it does nothing but take slots."""
    mine = SharedRateLimits(engine, rate=1e6).lanes.background
    frozen = subprocess.Popen(
        [sys.executable, "-c", FROZEN, postgres_url], stdout=subprocess.PIPE, text=True
    )
    try:
        assert frozen.stdout
        assert frozen.stdout.readline() == "begin\n"
        for number in range(40):
            time.sleep(0.001 * number)
            frozen.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            mine.wait(3)
            assert time.monotonic() - began < 1
            frozen.send_signal(signal.SIGCONT)
    finally:
        frozen.kill()
        frozen.communicate()


def test_a_slot_is_taken_in_one_round_trip_and_one_transaction(engine: Engine):
    limiter = SharedRateLimits(engine, rate=100).lanes.background
    limiter.wait(3)
    sent: list[str] = []
    listen(engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    listen(engine, "begin", lambda *args: sent.append("begin"))
    limiter.wait(3)
    assert [statement.split()[0] for statement in sent if statement != "begin"] == ["WITH"]
    with limiter.limits._engine.connect() as connection:  # type: ignore[attr-defined]
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.autocommit


def test_a_database_that_is_down_is_reported():
    engine = backend_for("postgresql+psycopg://nobody@127.0.0.1:1/none").create_engine()
    limiter = SharedRateLimits(engine, rate=1).lanes.callers
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1"):
        limiter.wait(3)
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1"):
        limiter.hold(3)
    engine.dispose()


def test_rows_that_are_missing_are_made(engine: Engine):
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM rate_limits"))
    lanes = SharedRateLimits(engine, rate=100).lanes
    assert lanes.background.wait(3) == 0
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM rate_limits"))
    lanes.callers.hold(30)
    assert lanes.background.wait(3) == pytest.approx(30, abs=2)
