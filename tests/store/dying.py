"""A process that is killed in the middle of a step: ``python -m store.dying``.

It reads lines such as ``deliver 3 sqlite:///relink.db``. For each it forks a process that runs the
step and is killed at that moment of it, and prints ``killed``, or the outcome of the step.

The moments are, on SQLite, before each statement; on PostgreSQL, before, during and after each
round trip; and on both, after the commit, before the caller gets the answer.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from relink.adapters.store import Applied, InboxMessage, MemoryStore, SqlStore, Store, backend_for
from relink.adapters.store.postgres import writer as postgres_writer
from relink.engine import Event
from relink.machines import relink_system

from .messages import ACTIVE, INACTIVE, NOW, message, receive, reported


def prepare(store: Store) -> None:
    """Store what the step builds on."""
    receive(store, "evt_1")
    receive(store, "evt_2", **ACTIVE)


def deliver(store: SqlStore) -> Applied:
    """Deliver a message with two events, which changes machines and creates some."""
    return store.apply(*_delivery())


def _delivery() -> tuple[InboxMessage, list[Event]]:
    back = reported("evt_3", NOW + 60, **ACTIVE)
    other = reported("evt_3", NOW + 60, "fca_2", authorization="fcauth_2", **INACTIVE)
    return message("evt_3", at=NOW + 60), [back, other]


def answer(store: SqlStore) -> Applied:
    """Answer a command with the same events."""
    asked = [due for due in store.due_commands(9e9, 99) if due.causation_id == "evt_2"]
    reads = [due for due in asked if due.command.name == "retrieve_account"]
    if not reads:
        return Applied("duplicate")
    back = reported(reads[0].id, NOW + 60, **ACTIVE)
    other = reported(reads[0].id, NOW + 60, "fca_2", authorization="fcauth_2", **INACTIVE)
    return store.answer(reads[0], [back, other], NOW + 60)


async def _deliver_async(store: SqlStore) -> Applied:
    # The first message leaves a connection at hand.
    await store.apply_async(message("evt_1"), [])
    return await store.apply_async(*_delivery())


def deliver_async(store: SqlStore) -> Applied:
    """Deliver the message on an event loop."""
    return asyncio.run(_deliver_async(store))


STEPS: dict[str, Callable[[SqlStore], Applied]] = {
    "deliver": deliver,
    "deliver_async": deliver_async,
    "answer": answer,
}


class Moments:
    """Counts moments, and kills the process at one.

    Args:
        fatal: its number, from 1.
    """

    def __init__(self, fatal: int) -> None:
        self._left = fatal

    def come(self, *_: object) -> None:
        """Count a moment."""
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)

    def among_statements(self, store: SqlStore) -> None:
        """Count the statements of SQLite."""

        def watch(connection: Any, _: object) -> None:
            connection.set_trace_callback(self.come)

        event.listen(store.engine, "connect", watch)

    def among_round_trips(self) -> None:
        """Count the moments of PostgreSQL's round trips."""
        watch_round_trips(self.come)


def watch_round_trips(come: Callable[[str], object]) -> None:
    """Call something before each round trip to PostgreSQL, at each wait for its answer, and
    after it."""
    send = postgres_writer.send

    def watched(*arguments: Any) -> Any:
        come("before")
        trip = send(*arguments)
        while True:
            try:
                awaited = next(trip)
            except StopIteration as end:
                come("after")
                return end.value
            come("waits")
            yield awaited

    postgres_writer.send = watched


def die(url: str, step: str, moment: int) -> str:
    """Run the step in a process that is killed at this moment."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            moments = Moments(moment)
            store = SqlStore(url, relink_system())
            if backend_for(url).file:
                moments.among_statements(store)
            else:
                moments.among_round_trips()
            applied = STEPS[step](store)
            moments.come()
            os.write(writing, applied.outcome.encode())
        finally:
            os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return "killed" if os.WIFSIGNALED(status) else said.read()


if __name__ == "__main__":
    # Compile the charts now, so that the forked processes need not.
    prepare(MemoryStore(relink_system()))
    for line in sys.stdin:
        asked_step, asked_moment, asked_url = line.split()
        print(die(asked_url, asked_step, int(asked_moment)), flush=True)
