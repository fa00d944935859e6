"""Workers and loops end together, even where one of them does not heed the first word."""

import asyncio

import pytest

from relink.adapters.runner.side_by_side import until_one_ends

FOREVER = 3600.0


class Works:
    """Finishes something after it was stopped."""

    def __init__(self, heeds: int = 1) -> None:
        self._heeds = heeds
        self._stopped = asyncio.Event()
        self.has_finished = False

    async def run(self) -> None:
        await self._stopped.wait()
        await asyncio.sleep(0.01)
        self.has_finished = True

    def stop(self) -> None:
        self._heeds -= 1
        if self._heeds <= 0:
            self._stopped.set()


async def ends() -> None:
    await asyncio.sleep(0.01)


async def fails() -> None:
    await ends()
    raise ConnectionError("the database is away")


async def waits() -> None:
    await asyncio.sleep(FOREVER)


async def loses_a_cancellation() -> None:
    try:
        await asyncio.sleep(FOREVER)
    except asyncio.CancelledError:
        await asyncio.sleep(FOREVER)


def test_a_worker_finishes_before_the_end() -> None:
    async def all_end() -> bool:
        worker = Works()
        await until_one_ends([worker], [ends(), waits()])
        return worker.has_finished

    assert asyncio.run(asyncio.wait_for(all_end(), 10))


def test_what_does_not_end_at_once_is_told_again() -> None:
    async def all_end() -> bool:
        worker = Works(heeds=2)
        await until_one_ends([worker], [ends(), loses_a_cancellation()])
        return worker.has_finished

    assert asyncio.run(asyncio.wait_for(all_end(), 10))


def test_an_error_of_one_is_raised_when_all_have_ended() -> None:
    worker = None

    async def all_end() -> None:
        nonlocal worker
        worker = Works()
        await until_one_ends([worker], [waits(), fails()])

    with pytest.raises(ConnectionError, match="away"):
        asyncio.run(asyncio.wait_for(all_end(), 10))
    assert worker is not None
    assert worker.has_finished


def test_a_worker_finishes_however_often_the_whole_is_cancelled() -> None:
    async def all_end() -> bool:
        worker = Works()
        whole = asyncio.create_task(until_one_ends([worker], [waits()]))
        for _ in range(4):
            await asyncio.sleep(0)
            whole.cancel()
        with pytest.raises(asyncio.CancelledError):
            await whole
        return worker.has_finished

    assert asyncio.run(asyncio.wait_for(all_end(), 10))
