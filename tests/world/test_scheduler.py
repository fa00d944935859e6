"""The scheduler of the worlds: one task at a time, in the order that the loop chooses."""

import threading

import pytest

from relink.adapters.world.scheduler import Crash, Scheduler, Task


class Loop:
    """A scheduler, and a loop that lets the last ready task go on."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self.done: list[str] = []
        self.ended: dict[str, BaseException | None] = {}
        self.steps = 0

    def add(self, name: str, pauses: int) -> None:
        def work() -> None:
            for number in range(pauses):
                self.done.append(f"{name}{number}")
                self.scheduler.pause()
            self.done.append(f"{name} is over")

        def ended(error: BaseException | None) -> None:
            self.ended[name] = error

        self.scheduler.add(Task(name, work, ended))

    def step(self) -> bool:
        self.steps += 1
        ready = self.scheduler.ready(0)
        if ready:
            self.scheduler.go_on(ready[-1] if self.steps % 2 else ready[0])
        return bool(ready)


def test_tasks_go_on_in_the_order_that_the_loop_chooses() -> None:
    orders = []
    for _ in range(3):
        loop = Loop()
        loop.add("a", 2)
        loop.add("b", 2)
        loop.scheduler.run(loop.step)
        loop.scheduler.close()
        orders.append(loop.done)
    assert orders[0] == ["b0", "a0", "b1", "a1", "b is over", "a is over"]
    assert orders[0] == orders[1] == orders[2]


def test_every_task_is_killed_where_it_stands_and_no_thread_is_left() -> None:
    before = threading.active_count()
    loop = Loop()
    for name in "abc":
        loop.add(name, 5)
    with pytest.raises(ZeroDivisionError):
        loop.scheduler.run(lambda: loop.step() if loop.steps < 2 else bool(1 / 0))
    assert loop.done == ["c0", "a0"]
    loop.scheduler.close()
    assert {name: type(error) for name, error in loop.ended.items()} == dict.fromkeys("abc", Crash)
    assert threading.active_count() == before


def test_what_a_task_raises_ends_it_alone() -> None:
    loop = Loop()
    loop.add("a", 1)
    loop.scheduler.add(Task("bad", lambda: 1 / 0, lambda error: loop.ended.update(bad=error)))
    loop.scheduler.run(loop.step)
    loop.scheduler.close()
    assert isinstance(loop.ended["bad"], ZeroDivisionError)
    assert loop.ended["a"] is None
