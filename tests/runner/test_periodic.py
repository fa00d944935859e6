"""Periodic tasks, and whose turn it is to run one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from relink.adapters.runner import PeriodicTask
from relink.adapters.runner.turns import Turns
from relink.adapters.store import backend_for


@pytest.mark.parametrize("every", [0, -60])
def test_an_interval_that_is_not_positive_is_refused(every: int):
    with pytest.raises(ValueError, match=rf"task x can't run every {every} s\. Use a positive"):
        PeriodicTask("x", every, print)


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    opened = backend_for(postgres_url).create_engine()
    yield opened
    opened.dispose()


def test_one_worker_has_the_turn_and_the_others_learn_when_the_next_one_is(engine: Engine):
    waits = [Turns(engine).take("sweep", 60) for _ in range(3)]
    assert waits[0] == 0
    assert waits[1:] == pytest.approx([60, 60], abs=2)
    assert Turns(engine).take("prune", 60) == 0


def test_of_workers_that_ask_at_the_same_moment_one_has_the_turn(engine: Engine):
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: Turns(engine).take("sweep", 60), range(40)))
    assert waits.count(0) == 1


def test_the_next_turn_comes_after_the_interval(engine: Engine):
    assert Turns(engine).take("sweep", 0.05) == 0
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_sleep(0.06)"))
    assert Turns(engine).take("sweep", 0.05) == 0


def test_a_clock_that_is_set_back_makes_no_task_rest(engine: Engine):
    """Case 12: the last turn was taken while the clock was a day ahead."""
    assert Turns(engine).take("sweep", 60) == 0
    with engine.begin() as connection:
        connection.execute(text("UPDATE rate_limits SET next_at = next_at + 86400"))
    assert Turns(engine).take("sweep", 60) == 0
