"""One rate limiter for all workers, in PostgreSQL."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import NoResultFound

from relink.adapters.runner.shared_rate_limiter import SharedRateLimiter
from relink.adapters.store import StoreUnavailableError, backend_for


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    opened = backend_for(postgres_url).create_engine()
    yield opened
    opened.dispose()


def test_slots_are_an_interval_apart(engine: Engine):
    rate_limiter = SharedRateLimiter(engine, rate=0.1)
    waits = [rate_limiter.wait(1000) for _ in range(4)]
    assert waits == pytest.approx([0, 10, 20, 30], abs=2)


def test_a_slot_that_is_too_far_away_is_not_taken(engine: Engine):
    rate_limiter = SharedRateLimiter(engine, rate=0.01)
    assert rate_limiter.wait(3) == 0
    for _ in range(3):
        assert rate_limiter.wait(3) == pytest.approx(100, abs=10)


def test_a_hold_applies_to_all_processes(engine: Engine):
    mine, yours = SharedRateLimiter(engine, rate=100), SharedRateLimiter(engine, rate=100)
    mine.hold(50)
    mine.hold(20)
    assert yours.wait(3) == pytest.approx(50, abs=5)


WORKER = """
import sys, time
from relink.adapters.runner.shared_rate_limiter import SharedRateLimiter
from relink.adapters.store import backend_for

rate_limiter = SharedRateLimiter(backend_for(sys.argv[1]).create_engine(), rate=float(sys.argv[2]))
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


def test_a_database_that_is_down_is_reported():
    engine = backend_for("postgresql+psycopg://nobody@127.0.0.1:1/none").create_engine()
    rate_limiter = SharedRateLimiter(engine, rate=1)
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1"):
        rate_limiter.wait(3)
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1"):
        rate_limiter.hold(3)
    engine.dispose()


def test_a_missing_row_is_an_error(engine: Engine):
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM rate_limits"))
    with pytest.raises(NoResultFound):
        SharedRateLimiter(engine, rate=1).wait(3)
