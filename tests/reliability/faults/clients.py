"""Clients that misbehave, and webhooks that come as they please."""

import contextlib
import itertools
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx

from ...kill.installation import API_TOKEN, WEBHOOK_SECRET
from ..fault import Fault, Layout
from ..site import Site
from .processes import meanwhile

IDLE = 1100
SLOW = 700

HEAD = b"POST /webhooks/stripe HTTP/1.1\r\nHost: relink\r\nStripe-Signature: t=1,v1=0\r\n"
BODY = 1_000_000


@contextmanager
def connected(site: Site, number: int, first: bytes, drop: bytes) -> Iterator[None]:
    """So many connections that send the first bytes, and a drop of more each second."""
    _let_open_files(2 * number + 1000)
    host, port = site.at.address.removeprefix("http://").split(":")
    with ExitStack() as stack:
        clients: list[socket.socket] = []

        def crowd(over: threading.Event) -> None:
            while not over.is_set():
                while len(clients) < number and not over.is_set():
                    with contextlib.suppress(OSError):
                        client = socket.create_connection((host, int(port)), 2)
                        clients.append(stack.enter_context(client))
                        client.setblocking(False)
                        client.send(first)
                for client in list(clients):
                    try:
                        if drop:
                            client.send(drop)
                        if not client.recv(4096):
                            clients.remove(client)
                    except BlockingIOError:
                        pass
                    except OSError:
                        clients.remove(client)
                over.wait(1)

        with meanwhile(crowd):
            yield


def _let_open_files(number: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def asked(site: Site, *requests: httpx.Request) -> Iterator[None]:
    """Eight clients make these requests without a pause."""

    def ask(over: threading.Event) -> None:
        with httpx.Client(timeout=10) as client:
            for request in itertools.cycle(requests):
                if over.is_set():
                    return
                with contextlib.suppress(httpx.TransportError):
                    client.send(request)

    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(meanwhile(ask))
        yield


def read(site: Site) -> contextlib.AbstractContextManager[None]:
    """Readers of everything."""
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    paths = ("/accounts?limit=100", "/metrics", "/healthz", "/openapi.json")
    return asked(
        site, *(httpx.Request("GET", f"{site.at.address}{path}", headers=headers) for path in paths)
    )


def forge(site: Site) -> contextlib.AbstractContextManager[None]:
    """Webhooks with a wrong signature."""
    headers = {"Stripe-Signature": f"t={int(time.time())},v1={'0' * 64}"}
    url = f"{site.at.address}/webhooks/stripe"
    return asked(site, httpx.Request("POST", url, headers=headers, content=b"{}" * 1000))


@contextmanager
def copied(site: Site) -> Iterator[None]:
    """Each webhook is sent ten times at once."""
    site.sender.copies = 10
    try:
        yield
    finally:
        site.sender.copies = 1


@contextmanager
def disordered(site: Site) -> Iterator[None]:
    """Each webhook is late by chance, so that later ones overtake it."""
    site.sender.lateness = 3.0
    try:
        yield
    finally:
        site.sender.lateness = 0.0


@contextmanager
def hung_up(site: Site) -> Iterator[None]:
    """The sender does not wait for the answer to its first attempt."""
    site.sender.hangs_up = True
    try:
        yield
    finally:
        site.sender.hangs_up = False


@contextmanager
def rotated(site: Site) -> Iterator[None]:
    """A new webhook secret, as the docs say: first both, then the new one alone."""
    before = site.secret or WEBHOOK_SECRET
    new = f"whsec_Rotated{time.monotonic_ns()}"
    # During the rotation Stripe signs with both.
    site.sender.secrets = (before, new)
    site.succeed(STRIPE_WEBHOOK_SECRET=f"{new},{before}")
    site.at.serve.wait_until_ready()
    site.sender.secrets = (new,)
    site.succeed(STRIPE_WEBHOOK_SECRET=new)
    site.secret = new
    yield


SQLITE = Layout.SQLITE

CLIENTS = (
    Fault(
        name="idle_connections",
        text=f"{IDLE:,} clients connect, and send nothing",
        layout=SQLITE,
        happens=lambda site: connected(site, IDLE, b"", b""),
    ),
    Fault(
        name="slow_heads",
        text=f"{SLOW} clients send the head of a request byte by byte",
        layout=SQLITE,
        happens=lambda site: connected(site, SLOW, HEAD, b"X"),
    ),
    Fault(
        name="slow_bodies",
        text=f"{SLOW} clients announce a body of 1 MB, and send it byte by byte",
        layout=SQLITE,
        happens=lambda site: connected(
            site, SLOW, HEAD + b"Content-Length: %d\r\n\r\n" % BODY + bytes(60_000), b"X"
        ),
    ),
    Fault(
        name="readers",
        text="eight clients read pages of accounts, metrics and health without a pause",
        layout=SQLITE,
        happens=read,
    ),
    Fault(
        name="forged_webhooks",
        text="eight clients send webhooks with a wrong signature without a pause",
        layout=SQLITE,
        happens=forge,
    ),
    Fault(
        name="copies",
        text="each webhook is sent ten times at the same moment",
        layout=SQLITE,
        happens=copied,
    ),
    Fault(
        name="copies_at_both",
        text="each webhook is sent ten times at the same moment, to both servers",
        layout=Layout.POSTGRES,
        happens=copied,
    ),
    Fault(
        name="disorder",
        text="each webhook is late by up to 3 seconds, so that others overtake it",
        layout=SQLITE,
        happens=disordered,
    ),
    Fault(
        name="sender_hangs_up",
        text="the sender hangs up before each first answer",
        layout=SQLITE,
        happens=hung_up,
    ),
    Fault(
        name="secret_rotated",
        text="the webhook secret is rotated: restarted with both, then with the new one alone",
        layout=SQLITE,
        happens=rotated,
        seconds=0,
    ),
)
