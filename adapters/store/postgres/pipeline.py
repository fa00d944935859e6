"""Several statements in one round trip, by libpq's pipeline mode.

This uses psycopg's low-level interface, ``psycopg.pq``: for each statement, its own pipeline mode
costs a few times more. The work is the same for threads and event loops: a generator that yields
what it has to wait for. :func:`run` waits in the calling thread, and :func:`run_async` on the
event loop. Both wait for as long as the deadline of the work allows
(:mod:`relink.adapters.deadline`).
"""

import asyncio
import select
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TypeVar

from psycopg import DatabaseError, Error, OperationalError, errors, pq

from relink.adapters.deadline import Wait, remaining

from .connection import StoreConnection, silent

T = TypeVar("T")
Work = Generator[int, None, T]
"""Yields the ``poll`` events that it waits for on its connection, and returns a T."""

Value = bytes | None
Statement = tuple[bytes, Sequence[Value]]
"""The name of one of the writer's statements, and its parameters as text."""

_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE, pq.ExecStatus.PIPELINE_ABORTED)


def make_ready(connection: StoreConnection, statements: Mapping[bytes, str]) -> Work[None]:
    """Prepare statements for the lifetime of the connection.

    Behind a pooler there is no such lifetime: :func:`send` then sends their texts.

    Raises:
        psycopg.Error: the server refuses one.
    """
    texts = {name: text.encode() for name, text in statements.items()}
    if connection.is_pooled:
        connection.texts = texts
        return

    def prepare(server: pq.abc.PGconn) -> None:
        for name, text in texts.items():
            server.send_prepare(name, text)

    yield from _in_one_go(connection, prepare)


def send(
    connection: StoreConnection, statements: Sequence[Statement]
) -> Work[list[pq.abc.PGresult]]:
    """Execute statements in order. After one that fails, the rest are skipped.

    Args:
        connection: made ready by :func:`make_ready`.
        statements: by name, with their parameters.

    Returns:
        The result of each.

    Raises:
        psycopg.Error: one failed, by its SQLSTATE; OperationalError when the server is down.
    """
    texts = connection.texts

    def execute(server: pq.abc.PGconn) -> None:
        for name, values in statements:
            if texts is None:
                server.send_query_prepared(name, values)
            else:
                server.send_query_params(texts[name], values)

    return (yield from _in_one_go(connection, execute))


def _in_one_go(
    connection: StoreConnection, fill: Callable[[pq.abc.PGconn], None]
) -> Work[list[pq.abc.PGresult]]:
    server = connection.pgconn
    server.enter_pipeline_mode()
    fill(server)
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
        _check(result)
    return results


def run(connection: StoreConnection, work: Work[T]) -> T:
    """Do work in the calling thread.

    Raises:
        OperationalError: the server did not answer in time.
    """
    poller = select.poll()
    try:
        while True:
            poller.register(connection.pgconn.socket, next(work))
            seconds = remaining(connection.bound, Wait.DATABASE)
            if not poller.poll(seconds * 1000):
                raise silent(connection.bound)
    except StopIteration as end:
        done: T = end.value
        return done


async def run_async(connection: StoreConnection, work: Work[T]) -> T:
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
        error = silent(connection.bound)
        timer = loop.call_later(remaining(connection.bound, Wait.DATABASE), _fail, ready, error)
        try:
            await ready
        finally:
            timer.cancel()
            loop.remove_reader(socket)
            loop.remove_writer(socket)


def _resolve(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


def _fail(ready: "asyncio.Future[None]", error: OperationalError) -> None:
    if not ready.done():
        ready.set_exception(error)


def _check(result: pq.abc.PGresult) -> None:
    if result.status in _FAILED:
        raise _kind(result)(result.error_message.decode("utf-8", "replace").strip())


def _kind(result: pq.abc.PGresult) -> type[Error]:
    code = result.error_field(pq.DiagnosticField.SQLSTATE)
    try:
        return errors.lookup(code.decode()) if code else OperationalError
    except KeyError:
        return DatabaseError
