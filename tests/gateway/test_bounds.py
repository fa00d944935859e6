"""What Stripe, or whoever answers in its place, may cost: time, memory, and never a secret."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from relink.adapters.deadline import Deadline, remaining
from relink.adapters.gateway import ApiKey, Attempt, GatewayConfigurationError, TransientError
from relink.adapters.gateway import live as live_module
from relink.adapters.gateway.failures import LONGEST_WAIT, failure
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.retrying import RetryingGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.gateway.transport import Call
from relink.adapters.outbound import LARGEST_ANSWER

from ..peer import drip, flood, freeze, peer
from ..rig import API_KEY
from .stand_in import COMMANDS, DATE, NOW, RELINK, Server, error

READ = COMMANDS["retrieve_account"]
BUILD = COMMANDS["create_payment_method"]
HEAD = f"HTTP/1.1 200 OK\r\nDate: {DATE}\r\nRequest-Id: req_1\r\n".encode()
BODY = b'{"id": "fca_1"}'
ANSWER = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@contextmanager
def gateway_to(url: str, timeout: float) -> Iterator[StripeGateway]:
    transport = SdkTransport(ApiKey(API_KEY), url, timeout=timeout)
    yield StripeGateway(transport)
    transport.close()


@contextmanager
def takes_at_most(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


# ── time ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("whole", [ANSWER, HEAD + b"\r\n" + b" " * 400], ids=["head", "body"])
def test_an_answer_that_drips_is_given_up_at_the_deadline(whole: bytes) -> None:
    """Each byte comes long before a read would time out."""
    with (
        peer(partial(drip, text=whole, every=0.02)) as stripe,
        gateway_to(stripe.url, 0.4) as to,
        takes_at_most(2),
        pytest.raises(TransientError, match=r"longer than 0\.4 seconds"),
    ):
        to.perform(READ, NOW)


def test_a_slow_answer_within_the_deadline_is_taken() -> None:
    with peer(partial(drip, text=ANSWER, every=0.001)) as stripe, gateway_to(stripe.url, 5) as to:
        assert to.perform(READ, NOW).events


def test_one_attempt_has_one_deadline_for_all_of_its_requests(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "ATTEMPT_TIMEOUT", 2.2)
    # The peer closes after each answer. Else the next request might be sent before it has.
    customer = HEAD + b"Connection: close\r\nContent-Length: 39\r\n\r\n"
    customer += b'{"id": "cus_1", "name": "Jenny Rosen"}  '

    def behave(connection, over: threading.Event) -> None:
        over.wait(1.2)  # both of its requests together take longer than the attempt may
        connection.sendall(customer)

    unnamed = BUILD.model_copy(update={"billing_name": None})
    with peer(behave) as stripe, gateway_to(stripe.url, 2) as to:
        with takes_at_most(6), pytest.raises(TransientError, match="POST /v1/payment_methods"):
            to.perform(unnamed, NOW)
        assert len(stripe.heads) == 2


def test_a_caller_waits_no_longer_than_its_own_deadline() -> None:
    """Not even when the request may take longer than what the caller has left."""
    with peer(freeze) as stripe, gateway_to(stripe.url, 25) as to:
        retrying = RetryingGateway(to, time.time, time.sleep, lambda *_: None)
        with takes_at_most(2), pytest.raises(TransientError), Deadline(0.4):
            retrying.perform(RELINK, Attempt())
        assert len(stripe.heads) == 1


def test_an_inner_deadline_does_not_outlast_an_outer_one() -> None:
    assert remaining() == float("inf")
    with Deadline(0.5):
        with Deadline(60):
            assert remaining() <= 0.5
        with Deadline(0):
            assert remaining() == 0
        assert 0 < remaining(0.1) <= 0.1
    assert remaining(3) == 3


# ── memory ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("length", [b"Content-Length: 52428800\r\n", b""], ids=["announced", "not"])
def test_an_endless_answer_is_not_read_whole(length: bytes) -> None:
    taken: list[int] = []

    def behave(connection, over: threading.Event) -> None:
        taken.append(flood(connection, over, HEAD + length + b"\r\n", 50 * 1024 * 1024))

    with (
        peer(behave) as stripe,
        gateway_to(stripe.url, 10) as to,
        pytest.raises(TransientError, match=f"larger than {LARGEST_ANSWER} bytes"),
    ):
        to.perform(READ, NOW)
    # What was sent and not read waits in the buffers of two sockets.
    assert taken[0] < LARGEST_ANSWER + 16 * 1024 * 1024


# ── where requests go ────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("command", [READ, RELINK, BUILD], ids=lambda command: command.name)
def test_no_redirect_carries_anything_to_another_origin(server: Server, command, status) -> None:
    def behave(connection, over: threading.Event) -> None:
        where = f"Location: {server.url}/v1/elsewhere\r\nContent-Length: 0\r\n\r\n".encode()
        connection.sendall(b"HTTP/1.1 %d Elsewhere\r\n%b" % (status, where))

    with peer(behave) as stripe, gateway_to(stripe.url, 5) as to, pytest.raises(TransientError):
        to.perform(command, NOW)
    assert server.arrived == []


def test_certificates_that_cannot_be_read_are_refused_when_the_gateway_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/certificates.pem")
    with pytest.raises(GatewayConfigurationError, match="SSL_CERT_FILE or SSL_CERT_DIR is invalid"):
        SdkTransport(ApiKey(API_KEY))


def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secretpw@proxy:99999999")
    monkeypatch.setenv("https_proxy", "http://user:secretpw@proxy:99999999")
    with pytest.raises(GatewayConfigurationError, match="HTTPS_PROXY is invalid") as refused:
        SdkTransport(ApiKey(API_KEY))
    assert "secretpw" not in str(refused.value)


# ── Retry-After ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "wait"), [("7", 7.0), ("9999999", LONGEST_WAIT), ("-5", 0.0), ("soon", None)]
)
def test_a_retry_after_puts_off_a_command_by_a_quarter_of_an_hour_at_most(asked, wait) -> None:
    found = failure(error(429, retry_after=asked), Call("GET", "/v1/x"))
    assert found.wait == wait
