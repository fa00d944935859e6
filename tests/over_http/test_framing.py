"""Where a request ends, whatever its head says: bytes of a body are never the next request."""

import socket
import time

import pytest
from starlette.types import Receive, Scope, Send

from relink.adapters.http.connections import Limits

from .bounded import running

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
APART = 0.2
"""Seconds between parts, so that each arrives alone."""
UPGRADE = b"Connection: upgrade\r\nUpgrade: h2c\r\n"


class Seen:
    """An application that remembers its requests, with their bodies and the names of headers."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes]] = []
        self.headers: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.requests.append((f"{scope['method']} {scope['path']}", body))
        self.headers |= {name for name, _ in scope["headers"]}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def answers(seen: Seen, *parts: bytes) -> bytes:
    """What a client gets that sends these parts, one after the other."""
    with running(Limits(), seen) as server:
        connection = server.connect()
        for part in parts:
            connection.sendall(part)
            time.sleep(APART)
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while part := connection.recv(65_536):
            got += part
        return got


@pytest.mark.parametrize("is_split", [False, True])
def test_an_upgrade_that_is_not_made_leaves_the_body_to_its_request(is_split: bool) -> None:
    head = b"POST /p HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n" % (UPGRADE, len(SMUGGLED))
    seen = Seen()
    answers(seen, *([head, SMUGGLED] if is_split else [head + SMUGGLED]))
    assert seen.requests == [("POST /p", SMUGGLED)]


@pytest.mark.parametrize("is_split", [False, True])
def test_trailers_are_no_headers(is_split: bool) -> None:
    head = b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
    end = b"0\r\nAuthorization: Bearer t\r\n\r\n"
    seen = Seen()
    answers(seen, *([head, end] if is_split else [head + end]))
    assert seen.requests == [("POST /p", b"a")]
    assert b"authorization" not in seen.headers


@pytest.mark.parametrize(
    "head",
    [
        b"GET /p HTTP/1.1\r\n\r\n",
        b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nab",
    ],
)
def test_a_request_whose_end_or_host_is_in_doubt_is_refused(head: bytes) -> None:
    seen = Seen()
    assert answers(seen, head).split()[1] in (b"400", b"501")
    assert seen.requests == []
