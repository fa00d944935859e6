"""Run workers and loops side by side until one of them ends, and end the others too.

Workers finish the jobs that they have begun. Loops are cut off where they wait.

A cancellation can get lost: in Python 3.11, ``asyncio.wait_for`` drops it where what it waits for
is done at that moment, such as a connection of the pool. So loops are cancelled until they have
ended, and workers are asked to stop, since a cancellation would hit what they have to finish.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

END_AGAIN = 0.5
"""Seconds until what has not ended is told again to end."""


class Stoppable(Protocol):
    """Runs until somebody stops it, as Procrastinate's workers do."""

    async def run(self) -> None:
        """Work; after a stop, finish what has begun."""

    def stop(self) -> None:
        """Ask it to stop. It may be asked again."""


async def until_one_ends(
    workers: Sequence[Stoppable], loops: Sequence[Coroutine[Any, Any, None]]
) -> None:
    """Run all until one of them ends, or until this is cancelled. When it returns, all have ended.

    Args:
        workers: run until they are stopped.
        loops: run until they are cancelled.

    Raises:
        Exception: what one of them raised.
    """
    ends: dict[asyncio.Task[None], Callable[[], object]] = {}
    for worker in workers:
        ends[asyncio.create_task(worker.run())] = worker.stop
    for loop in loops:
        task = asyncio.create_task(loop)
        ends[task] = task.cancel
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _until_done(asyncio.create_task(_end(ends)))
    for task in ends:
        if not task.cancelled() and (error := task.exception()):
            raise error


async def _end(ends: Mapping[asyncio.Task[None], Callable[[], object]]) -> None:
    running = {task for task in ends if not task.done()}
    while running:
        for task in running:
            ends[task]()
        _, running = await asyncio.wait(running, timeout=END_AGAIN)


async def _until_done(task: asyncio.Task[None]) -> None:
    """Wait for the end of a task, however often this is cancelled meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
