"""What a client may cost: connections, heads, bodies, answers that nobody takes, and the stop."""

import asyncio
import http.client
import select
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import suppress

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from relink.adapters.http import body
from relink.adapters.http import server as server_module
from relink.adapters.http.connections import FULL, Limits
from relink.adapters.http.edge import LONGEST_HEAD
from relink.adapters.http.server import (
    FEWEST_CONNECTIONS,
    RESERVED_FILES,
    server_options,
)

from .bounded import Running, running
from .served import TOKEN

POST = b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


def status_on(connection: socket.socket) -> int:
    """The status of the answer, which is taken as a whole: it comes in several pieces."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def is_closed(connection: socket.socket, within: float = 5) -> bool:
    """Whether the server closes it within this time, and sends nothing before."""
    connection.settimeout(within)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def well(server: Running) -> int:
    with httpx.Client(trust_env=False, timeout=5) as client:
        return client.get(f"{server.url}/healthz").status_code


# ── connections ──────────────────────────────────────────────────────────────


def test_more_idle_connections_than_the_limit_keep_nobody_out():
    with running(Limits(connections=20, client=60)) as server:
        idle = [server.connect() for _ in range(60)]
        assert well(server) == 200
        # Those that came first have waited longest.
        assert is_closed(idle[0])
        assert not is_closed(idle[-1], within=0.1)


@pytest.mark.parametrize("sent", [b"", b"GET /hea", POST % 1_000_000 + b"x" * 200])
def test_clients_that_are_slow_anywhere_make_room_for_one_that_is_not(sent: bytes):
    with running(Limits(connections=10, client=60)) as server:
        for _ in range(40):
            server.connect(sent)
        assert well(server) == 200


def test_when_every_connection_is_being_answered_a_new_one_gets_a_503():
    answers = threading.Event()

    async def busy(scope: Scope, receive: Receive, send: Send) -> None:
        while not answers.is_set():
            await asyncio.sleep(0.02)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with running(Limits(connections=3, client=60), busy) as server:
        asked = [server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(3)]
        time.sleep(0.2)
        one_more = server.connect()
        assert one_more.recv(1000) == FULL
        assert is_closed(one_more)
        answers.set()
        for connection in asked:
            assert connection.recv(1000).startswith(b"HTTP/1.1 204")


# ── time ─────────────────────────────────────────────────────────────────────


def test_a_head_that_drips_is_cut_off():
    with running(Limits(client=0.4)) as server:
        connection = server.connect(b"GET /healthz HTTP/1.1\r\n")
        began = time.monotonic()
        while time.monotonic() - began < 5:
            try:
                connection.sendall(b"X: y\r\n")
            except ConnectionError:
                break
            time.sleep(0.05)
        assert 0.3 < time.monotonic() - began < 2


@pytest.mark.parametrize("first", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_a_connection_without_a_request_is_closed(first: bytes):
    with running(Limits(client=0.3)) as server:
        connection = server.connect(first)
        if first:
            assert status_on(connection) == 200
            time.sleep(0.1)
            with suppress(ConnectionError):
                connection.sendall(b"G")  # a byte of the next one ends uvicorn's own wait
        assert is_closed(connection, within=3)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/webhooks/stripe", b""),
        ("/accounts/fca_1/what-if", b"Authorization: Bearer %b\r\n" % TOKEN.encode()),
    ],
)
def test_a_body_that_drips_is_a_408(monkeypatch: pytest.MonkeyPatch, path: str, headers: bytes):
    monkeypatch.setattr(body, "BODY_TIMEOUT", 0.3)
    with running(Limits(client=1.5)) as server:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        connection = server.connect(head.encode() + headers + b"Content-Length: 900\r\n\r\n{")
        began = time.monotonic()
        while not select.select([connection], [], [], 0.05)[0] and time.monotonic() - began < 10:
            connection.sendall(b" ")
        assert status_on(connection) == 408
        assert time.monotonic() - began < 5
        # What is left of the body is waited for no longer than a head.
        assert is_closed(connection, within=6)


def test_an_answer_that_nobody_takes_does_not_hold_its_connection():
    async def verbose(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            more = {"type": "http.response.body", "body": b"x" * 65536, "more_body": True}
            await send(more)
        await send({"type": "http.response.body", "body": b""})

    with running(Limits(client=0.4), verbose) as server:
        connection = server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1.5)
        connection.settimeout(5)
        taken = 0
        try:
            while chunk := connection.recv(1 << 20):
                taken += len(chunk)
        except ConnectionError:
            pass
        assert taken < 1000 * 65536


def test_a_tls_handshake_that_does_not_go_on_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_module, "TLS_TIMEOUT", 0.3)

    async def listen_and_wait() -> bytes:
        # Nobody gets as far as to need a certificate.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, ssl=context)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        async with asyncio.timeout(5):
            closed = await reader.read()
        writer.close()
        server.close()
        return closed

    path = server_options(tls=True)["loop"]
    assert path == "relink.adapters.http.server:TlsLoop"
    with asyncio.Runner(loop_factory=server_module.TlsLoop) as runner:
        assert runner.run(listen_and_wait()) == b""
    assert "loop" not in server_options()


# ── size ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [LONGEST_HEAD, 64 * 1024, 300 * 1024])
def test_a_head_larger_than_its_limit_is_refused(size: int):
    with running(Limits()) as server:
        connection = server.connect()
        # All at once: h11 accepts a head of any size that arrives whole.
        try:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: %b\r\n\r\n" % (b"x" * size))
            assert status_on(connection) in (431, 400)
        except ConnectionError:
            # The server does not take what is left of a head that is far too large.
            assert size > 2 * LONGEST_HEAD


def test_a_head_below_its_limit_is_accepted():
    with running(Limits()) as server:
        connection = server.connect(
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: %b\r\n\r\n" % (b"x" * (LONGEST_HEAD - 100))
        )
        assert status_on(connection) == 200


def test_unfinished_large_bodies_share_their_memory_and_small_ones_need_none_of_it(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(body.Memory.__init__, "__defaults__", (2 * 1024 * 1024,))
    with running(Limits(client=60)) as server:
        large = POST % 1_000_000 + b" " * 999_000
        kept = [server.connect(large) for _ in range(12)]
        until, refused = time.monotonic() + 10, []
        while len(refused) < 10 and time.monotonic() < until:
            time.sleep(0.1)
            refused = select.select(kept, [], [], 0)[0]
        assert [status_on(connection) for connection in refused] == [503] * 10
        small = server.connect(POST % 2 + b"{}")
        assert status_on(small) == 400  # it has no signature
        # When the large ones are gone, their memory is free again.
        for connection in kept:
            connection.close()
        time.sleep(0.3)
        whole = server.connect(POST % 1_000_000 + b" " * 1_000_000)
        assert status_on(whole) == 400


# ── HEAD ─────────────────────────────────────────────────────────────────────


def test_head_is_answered_wherever_get_is_without_a_body():
    with running(Limits()) as server, httpx.Client(trust_env=False) as client:
        token = {"Authorization": f"Bearer {TOKEN}"}
        for path in ("/healthz", "/metrics", "/accounts"):
            got = client.get(server.url + path, headers=token)
            head = client.head(server.url + path, headers=token)
            assert (head.status_code, head.content) == (got.status_code, b"")
            assert head.headers["content-type"] == got.headers["content-type"]
        assert client.head(f"{server.url}/accounts").status_code == 401
        assert client.head(f"{server.url}/webhooks/stripe").status_code == 405


# ── stopping ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sent", [b"", b"GET /hea", POST % 900 + b"{"])
def test_a_request_that_is_not_complete_does_not_delay_the_stop(sent: bytes):
    with running(Limits(client=60, unfinished=0.3), drain=30) as server:
        server.connect(sent)
        time.sleep(0.2)
        assert server.stop() < 3


def test_a_body_that_ends_in_time_is_still_answered_during_the_stop():
    with running(Limits(client=60, unfinished=5), drain=30) as server:
        connection = server.connect(POST % 2 + b"{")
        time.sleep(0.2)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        time.sleep(0.3)
        connection.sendall(b"}")
        assert status_on(connection) == 400
        stopping.join(10)
        assert not stopping.is_alive()


# ── open files ───────────────────────────────────────────────────────────────


def test_the_limit_for_open_files_is_raised_and_else_the_connections_are_fewer():
    """In a process of its own, with lower and lower limits."""
    code = """
import logging, resource, sys
from relink.adapters.http.server import server_options
logging.basicConfig(stream=sys.stdout, format="%(message)s")
for soft, hard in ((256, 1200), (300, 300), (159, 159)):
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        options = server_options()
        limits = options["http"].room.limits
        print(limits.connections, *resource.getrlimit(resource.RLIMIT_NOFILE))
    except ValueError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    raised, warned, lowered, refused = done.stdout.splitlines()
    assert raised == "1000 1128 1200"
    assert lowered == f"{300 - RESERVED_FILES} 300 300"
    assert "allows 172 connections in place of 1000" in warned
    assert "LimitNOFILE" in warned
    assert f"or at least to {FEWEST_CONNECTIONS + RESERVED_FILES}" in refused
