"""Several statements in one round trip, by libpq's pipeline mode.

psycopg's own pipeline costs a few times more for each statement than its low-level interface,
``psycopg.pq``, which this uses. While an answer is waited for, other threads run.
"""

import select
from collections.abc import Sequence

from psycopg import Connection, DatabaseError, Error, OperationalError, errors, pq

PATIENCE = 30.0
"""Seconds without a word from the server after which it counts as gone."""

Value = bytes | None
Statement = tuple[bytes, Sequence[Value]]
"""The name of a prepared statement, and its parameters as text."""

_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE, pq.ExecStatus.PIPELINE_ABORTED)


def prepare(connection: Connection, statements: dict[bytes, str]) -> None:
    """Prepare statements for as long as the connection lives.

    Raises:
        psycopg.Error: the server refuses one.
    """
    for name, text in statements.items():
        _checked(connection.pgconn.prepare(name, text.encode()))


def send(connection: Connection, statements: Sequence[Statement]) -> list[pq.abc.PGresult]:
    """Have prepared statements executed, in order; what comes after one that fails is not.

    Returns:
        the result of each.

    Raises:
        psycopg.Error: one failed, by its SQLSTATE; OperationalError when the server is gone.
    """
    server = connection.pgconn
    server.enter_pipeline_mode()
    for name, values in statements:
        server.send_query_prepared(name, values)
    server.pipeline_sync()
    _flush(connection)
    results: list[pq.abc.PGresult] = []
    synced = False
    while not synced:
        _wait_for_answer(connection)
        result = server.get_result()
        if result is None:
            # The end of one statement's results; a server that is gone has no more of them.
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


def _checked(result: pq.abc.PGresult) -> None:
    if result.status in _FAILED:
        raise _kind(result)(result.error_message.decode("utf-8", "replace").strip())


def _kind(result: pq.abc.PGresult) -> type[Error]:
    code = result.error_field(pq.DiagnosticField.SQLSTATE)
    try:
        return errors.lookup(code.decode()) if code else OperationalError
    except KeyError:
        return DatabaseError


def _flush(connection: Connection) -> None:
    while connection.pgconn.flush():
        _poll(connection, select.POLLIN | select.POLLOUT)
        connection.pgconn.consume_input()


def _wait_for_answer(connection: Connection) -> None:
    while connection.pgconn.is_busy():
        _poll(connection, select.POLLIN)
        connection.pgconn.consume_input()


def _poll(connection: Connection, events: int) -> None:
    # Unlike libpq's own waiting, this lets other threads run.
    poller = select.poll()
    poller.register(connection.pgconn.socket, events)
    if not poller.poll(PATIENCE * 1000):
        raise OperationalError(f"the server did not answer within {PATIENCE:.0f} s")
