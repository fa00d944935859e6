"""Group commit: units of work that wait at the same time share a transaction.

A few transactions are under way at once, so that the event loop decides while the database writes.
What comes meanwhile waits for the next one. A unit that comes alone is written at once.

A transaction of several fails for all of them, whatever was wrong with one. None of them is written
then, and each is written alone, so that it also fails alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context

from ..unit_of_work import Applied, UnitOfWork

LANES = 2
"""Transactions that are under way at once. More of them would each be shared by fewer."""

MOST = 64
"""Units of work in one transaction: the event loop does nothing else while it decides them."""

WriteTogether = Callable[[list[UnitOfWork]], Awaitable[list[Applied] | None]]
"""Writes units of work in one transaction; None if nothing was written."""


class Group:
    """The units of work of one event loop.

    Args:
        write: writes units of work in one transaction.
    """

    def __init__(self, write: WriteTogether) -> None:
        self._write = write
        self._waiting: deque[tuple[UnitOfWork, asyncio.Future[Applied | None]]] = deque()
        self._lanes: set[asyncio.Task[None]] = set()

    async def write(self, unit: UnitOfWork) -> Applied | None:
        """Write a unit of work with those that wait with it.

        Returns:
            What came of it; None if it has to be written alone.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Applied | None] = loop.create_future()
        self._waiting.append((unit, done))
        if len(self._lanes) < LANES:
            # Not in the context of this unit: its deadline and the ids in its log lines are not
            # those of the others.
            lane = loop.create_task(self._write_waiting(), context=Context())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)
        return await done

    async def _write_waiting(self) -> None:
        while self._waiting:
            number = min(len(self._waiting), MOST)
            together = [self._waiting.popleft() for _ in range(number)]
            together = [(unit, done) for unit, done in together if not done.done()]
            applied: list[Applied] | list[None] = [None] * len(together)
            try:
                applied = await self._write([unit for unit, _ in together]) or applied
            finally:
                for (_, done), found in zip(together, applied, strict=True):
                    if not done.done():
                        done.set_result(found)
