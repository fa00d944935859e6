"""Notifications, as a receiver gets them over HTTP."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.adapters.notifications import (
    BadSignatureError,
    Notifier,
    NotifyError,
    log_notification,
    sign,
    verify,
)
from relink.adapters.runner import Performer
from relink.engine import Command
from relink.machines.commands import NotifyCustomer, RequestBillingName

from .embedding import Embedding

SECRET = "whsec_of_the_embedding_service"
NOW = 1_760_000_000.0
PROMPT = NotifyCustomer(
    outage="fcauth_1",
    outage_number=1,
    number=1,
    since=NOW,
    accounts=("fca_1",),
    ask="relink",
    reasons=("access_expired",),
)


@dataclass
class Receiver:
    """The embedding service's own endpoint."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers; then 200."""
    got: list[tuple[str, Message, bytes]] = field(default_factory=list)
    """Path, headers and body of each request."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append((self.path, self.headers, body))
            status = made.answers.pop(0) if made.answers else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "17")
            self.end_headers()
            self.wfile.write(b"a secret of yours")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/hooks"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tell(receiver: Receiver) -> Iterator[Notifier]:
    notifier = Notifier(receiver.url, SECRET, clock=lambda: NOW)
    yield notifier
    notifier.close()


def test_what_a_receiver_gets(receiver: Receiver, tell: Notifier):
    tell(PROMPT, PROMPT.id)
    ((path, headers, body),) = receiver.got
    assert path == "/hooks"
    assert headers["Content-Type"] == "application/json"
    assert headers["Relink-Command"] == PROMPT.id
    verify(body, headers["Relink-Signature"], SECRET, NOW + 1)
    assert json.loads(body) == {
        "id": PROMPT.id,
        "type": "notify_customer",
        "created": int(NOW),
        "data": {
            "outage": "fcauth_1",
            "outage_number": 1,
            "number": 1,
            "since": NOW,
            "accounts": ["fca_1"],
            "ask": "relink",
            "reasons": ["access_expired"],
            "reminder": 0,
            "relink_by": None,
        },
    }


@pytest.mark.parametrize("status", [204, 299])
def test_any_success_will_do(receiver: Receiver, tell: Notifier, status: int):
    receiver.answers = [status]
    tell(PROMPT, PROMPT.id)


@pytest.mark.parametrize("status", [302, 400, 410, 429, 500])
def test_anything_else_is_to_be_tried_again(receiver: Receiver, tell: Notifier, status: int):
    receiver.answers = [status]
    with pytest.raises(NotifyError, match=f"to 127.0.0.1 got {status}$"):
        tell(PROMPT, PROMPT.id)
    assert len(receiver.got) == 1


def test_errors_and_logs_show_neither_credentials_nor_query_nor_body(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    url = receiver.url.replace("://", "://login:p%40ss@") + "?token=t0ken"
    tell = Notifier(url, SECRET)
    receiver.answers = [200, 500]
    tell(PROMPT, PROMPT.id)
    with pytest.raises(NotifyError) as refused:
        tell(PROMPT, PROMPT.id)
    tell.close()
    path, headers, _ = receiver.got[0]
    assert path == "/hooks?token=t0ken"
    assert headers["Authorization"] == "Basic bG9naW46cEBzcw=="
    shown = f"{refused.value!r} {refused.value} {tell!r} {caplog.text}"
    assert refused.value.__context__ is None
    for secret in ("login", "p@ss", "p%40ss", "bG9naW46", "t0ken", "secret of yours", "fcauth_1"):
        assert secret not in shown


def test_nobody_there():
    tell = Notifier("http://127.0.0.1:1/hooks?token=t0ken", SECRET)
    with pytest.raises(
        NotifyError, match=r"to 127\.0\.0\.1 got no answer: ConnectError$"
    ) as refused:
        tell(PROMPT, PROMPT.id)
    assert refused.value.__context__ is None
    tell.close()


def test_a_receiver_that_does_not_answer():
    release = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            release.wait(10)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    tell = Notifier(f"http://127.0.0.1:{server.server_port}", SECRET, timeout=0.05)
    with pytest.raises(NotifyError, match=r"got no answer: ReadTimeout$"):
        tell(PROMPT, PROMPT.id)
    tell.close()
    release.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_receiver_is_told_until_it_takes_it_and_knows_it_by_its_id(receiver: Receiver, url: str):
    at = Embedding(url)
    tell = Notifier(receiver.url, SECRET, clock=lambda: at.sim.now)
    at.performer = Performer(at.store, at.stripe, tell, clock=lambda: at.sim.now)
    login = at.sim.world.accounts[at.linked()].authorization
    assert login
    receiver.answers = [503, 500, 404]
    at.sim.bank.expire_consent(login.id)
    at.settle(60)
    assert len(receiver.got) == 4
    assert len({headers["Relink-Command"] for _, headers, _ in receiver.got}) == 1
    for _, headers, body in receiver.got:
        verify(body, headers["Relink-Signature"], SECRET, at.sim.now)
    assert "notify_customer" not in at.due()
    at.store.close()
    tell.close()


def test_without_a_url_they_are_logged(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    command: Command = RequestBillingName(account="fca_1", session="fcsess_1")
    log_notification(command, command.id)
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert record.getMessage().startswith(f"notification request_billing_name {command.id}: ")


# ── signatures ───────────────────────────────────────────────────────────────


# HMAC takes a key with zeros at its end for the key without them.
secrets = st.text(st.characters(codec="utf-8", min_codepoint=32), min_size=1)


@given(payload=st.binary(), secret=secrets, at=st.integers(0, 10**10))
def test_what_was_signed_is_accepted(payload: bytes, secret: str, at: int):
    header = sign(payload, secret, at)
    verify(payload, header, secret, at)
    verify(payload, header, secret, at + 300)
    verify(payload, header + f",v1={'0' * 64}", secret, at)
    for later in (at + 301, at - 301):
        with pytest.raises(BadSignatureError, match="not recent"):
            verify(payload, header, secret, later)


@given(payload=st.binary(), other=st.binary(), secret=secrets, wrong=secrets)
def test_nothing_else_is(payload: bytes, other: bytes, secret: str, wrong: str):
    header = sign(payload, secret, 5)
    if (other, wrong) != (payload, secret):
        with pytest.raises(BadSignatureError, match="does not match"):
            verify(other, header, wrong, 5)
    with pytest.raises(BadSignatureError, match="does not match"):
        verify(payload, header.replace("t=5", "t=6"), secret, 5)


@given(header=st.text() | st.from_regex(r"t=\d+,v1=[0-9a-f]*", fullmatch=True))
def test_any_header_is_judged(header: str):
    with pytest.raises(BadSignatureError):
        verify(b"{}", header, SECRET, NOW)
