"""Several statements in one round trip, by libpq's pipeline mode.

This uses psycopg's low-level interface, ``psycopg.pq``: for each statement, its own pipeline mode
costs a few times more. The work is the same for threads and event loops: a generator that yields
what it has to wait for. :func:`run` waits in the calling thread, and :func:`run_async` on the
event loop.
"""

import asyncio
import select
from collections.abc import Generator, Sequence
from typing import TypeVar

from psycopg import Connection, DatabaseError, Error, OperationalError, errors, pq

SILENCE_LIMIT = 30.0
"""Seconds without an answer from the server after which it counts as down."""

T = TypeVar("T")
Work = Generator[int, None, T]
"""Yields the ``poll`` events that it waits for on its connection, and returns a T."""

Value = bytes | None
Statement = tuple[bytes, Sequence[Value]]
"""The name of a prepared statement, and its parameters as text."""

_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE, pq.ExecStatus.PIPELINE_ABORTED)


def prepare(connection: Connection, statements: dict[bytes, str]) -> None:
    """Prepare statements for the lifetime of the connection.

    Raises:
        psycopg.Error: the server refuses one.
    """
    for name, text in statements.items():
        _checked(connection.pgconn.prepare(name, text.encode()))


def send(connection: Connection, statements: Sequence[Statement]) -> Work[list[pq.abc.PGresult]]:
    """Execute prepared statements in order. After one that fails, the rest are skipped.

    Returns:
        The result of each.

    Raises:
        psycopg.Error: one failed, by its SQLSTATE; OperationalError when the server is down.
    """
    server = connection.pgconn
    server.enter_pipeline_mode()
    for name, values in statements:
        server.send_query_prepared(name, values)
    server.pipeline_sync()
    while server.flush():
        yield select.POLLIN | select.POLLOUT
        server.consume_input()
    results: list[pq.abc.PGresult] = []
    synced = False
    while not synced:
        while server.is_busy():
            yield select.POLLIN
            server.consume_input()
        result = server.get_result()
        if result is None:
            # The end of one statement's results; a server that is down sends no more of them.
            if server.status != pq.ConnStatus.OK:
                raise OperationalError("the server closed the connection")
        elif result.status == pq.ExecStatus.PIPELINE_SYNC:
            synced = True
        else:
            results.append(result)
    server.exit_pipeline_mode()
    for result in results:
        _checked(result)
    return results


def run(connection: Connection, work: Work[T]) -> T:
    """Do work in the calling thread.

    Raises:
        OperationalError: the server did not answer in time.
    """
    poller = select.poll()
    try:
        while True:
            poller.register(connection.pgconn.socket, next(work))
            if not poller.poll(SILENCE_LIMIT * 1000):
                raise _silent()
    except StopIteration as end:
        done: T = end.value
        return done


async def run_async(connection: Connection, work: Work[T]) -> T:
    """Do work on the running event loop.

    Raises:
        OperationalError: the server did not answer in time.
    """
    loop, socket = asyncio.get_running_loop(), connection.pgconn.socket
    while True:
        try:
            events = next(work)
        except StopIteration as end:
            done: T = end.value
            return done
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(socket, _resolve, ready)
        if events & select.POLLOUT:
            loop.add_writer(socket, _resolve, ready)
        timer = loop.call_later(SILENCE_LIMIT, _time_out, ready)
        try:
            await ready
        finally:
            timer.cancel()
            loop.remove_reader(socket)
            loop.remove_writer(socket)


def _resolve(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


def _time_out(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_exception(_silent())


def _silent() -> OperationalError:
    return OperationalError(f"the server did not answer within {SILENCE_LIMIT:.0f} s")


def _checked(result: pq.abc.PGresult) -> None:
    if result.status in _FAILED:
        raise _kind(result)(result.error_message.decode("utf-8", "replace").strip())


def _kind(result: pq.abc.PGresult) -> type[Error]:
    code = result.error_field(pq.DiagnosticField.SQLSTATE)
    try:
        return errors.lookup(code.decode()) if code else OperationalError
    except KeyError:
        return DatabaseError
