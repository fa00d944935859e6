"""The real SDK over real sockets: the bytes of requests, and damaged answers."""

import socket
from typing import Any

import pytest
import stripe

from relink.adapters.gateway import (
    ApiKey,
    Attempt,
    MalformedAnswerError,
    OperatorError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.machines.commands import CreateRelinkSession

from ..rig import API_KEY
from .stand_in import COMMANDS, CUSTOMER, NOW, RELINK, SESSION, Server

READ = COMMANDS["retrieve_account"]
BUILD = COMMANDS["create_payment_method"]
LOOSE = {"id": "pm_1", "customer": None}
ATTACHED = {"id": "pm_1", "customer": "cus_1"}
CLOSED = "account_closed"


# ── requests ─────────────────────────────────────────────────────────────────


def test_a_session_is_created_with_these_bytes_and_headers(
    server: Server, over_http: StripeGateway
) -> None:
    server.answer(200, SESSION)
    over_http.perform(RELINK, NOW, Attempt(connected_account="acct_9"))
    (arrived,) = server.arrived
    assert arrived.head == "POST /v1/financial_connections/sessions HTTP/1.1"
    assert arrived.body == (
        b"account_holder[type]=customer&account_holder[customer]=cus_1"
        b"&permissions[0]=balances&permissions[1]=payment_method"
        b"&relink_options[authorization]=fcauth_1&relink_options[account]=fca_1"
        b"&limits[accounts]=1"
        b"&filters[account_subcategories][0]=checking&filters[account_subcategories][1]=savings"
    )
    sent = arrived.headers
    assert sent["content-type"] == "application/x-www-form-urlencoded"
    assert sent["stripe-version"] == "2026-09-30.preview"
    assert sent["stripe-account"] == "acct_9"
    assert sent["authorization"] == f"Bearer {API_KEY}"
    assert sent["idempotency-key"] == f"{RELINK.id}:create"


def test_an_account_is_read_with_these_bytes_and_headers(
    server: Server, over_http: StripeGateway
) -> None:
    server.answer(200, {"id": "fca_1"})
    over_http.perform(READ, NOW)
    (arrived,) = server.arrived
    assert arrived.head == "GET /v1/financial_connections/accounts/fca_1 HTTP/1.1"
    assert arrived.body == b""
    assert "idempotency-key" not in arrived.headers
    assert "stripe-account" not in arrived.headers


ANY = RELINK.model_copy(update={"mode": "any_eligible", "holder": None})
HOSTED = RELINK.model_copy(
    update={"delivery": "url", "return_url": "https://shop.example/a b?c=d&e=[1]#é"}
)


@pytest.mark.parametrize("command", [RELINK, ANY, HOSTED])
def test_requests_equal_those_of_the_sdk_itself(
    server: Server, over_http: StripeGateway, command: CreateRelinkSession
) -> None:
    server.answer(200, SESSION)
    over_http.perform(command, NOW)

    relink = {"authorization": "fcauth_1"}
    typed: dict[str, Any] = {
        "account_holder": {"type": "customer", "customer": "cus_1"},
        "permissions": ["balances", "payment_method"],
        "relink_options": relink,
        "limits": {"accounts": 1},
        "filters": {"account_subcategories": ["checking", "savings"]},
    }
    if command.mode == "specific":
        relink["account"] = "fca_1"
    if command.holder is None:
        del typed["account_holder"]
    if command.delivery != "modal":
        typed |= {"ui_mode": "hosted", "hosted": {"delivery_method": command.delivery}}
        typed["return_url"] = command.return_url
    server.answer(200, SESSION)
    client = stripe.StripeClient(API_KEY, base_addresses={"api": server.url})
    client.v1.financial_connections.sessions.create(typed)  # type: ignore[arg-type]

    ours, the_sdks = server.arrived
    assert (ours.head, ours.body) == (the_sdks.head, the_sdks.body)


def test_a_billing_name_with_any_characters_is_encoded(
    server: Server, over_http: StripeGateway
) -> None:
    server.answer(200, LOOSE)
    server.answer(200, ATTACHED)
    over_http.perform(BUILD.model_copy(update={"billing_name": "Jürgen & Söhne+=%[π]"}), NOW)
    assert (
        b"&billing_details[name]=J%C3%BCrgen+%26+S%C3%B6hne%2B%3D%25[%CF%80]&"
        in server.arrived[0].body
    )


def test_the_lookup_of_an_effect_is_a_list_request(
    server: Server, over_http: StripeGateway
) -> None:
    server.answer(500, {}, Idempotent_Replayed="true")
    server.answer(200, {"data": [{**ATTACHED, "metadata": {"relink_command": BUILD.id}}]})
    over_http.perform(BUILD, NOW)
    assert server.arrived[1].head == (
        "GET /v1/payment_methods?customer=cus_1&type=us_bank_account&limit=100 HTTP/1.1"
    )


# ── answers ──────────────────────────────────────────────────────────────────

HEAD = b"HTTP/1.1 200 OK\r\nRequest-Id: req_1\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"HTTP/1.1 2",
        b"nonsense\r\n\r\n",
        HEAD % 500 + b'{"id": "fc',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    ],
    ids=["closed", "cut in the head", "no HTTP", "cut in the body", "bad chunk", "bad gzip"],
)
def test_a_broken_answer_is_a_transient_error_without_a_chained_exception(
    server: Server, over_http: StripeGateway, raw: bytes | None
) -> None:
    server.replies.append(raw)
    with pytest.raises(TransientError, match="no answer to GET") as raised:
        over_http.perform(READ, NOW)
    assert type(raised.value) is TransientError
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_a_silent_server_is_a_timeout(server: Server, over_http: StripeGateway) -> None:
    server.silent.set()
    with pytest.raises(TransientError, match=r"no answer .*: it took longer than 0\.5 seconds$"):
        over_http.perform(READ, NOW)


def test_a_server_that_does_not_listen_is_a_transient_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    transport = SdkTransport(ApiKey(API_KEY), f"http://127.0.0.1:{port}")
    with pytest.raises(TransientError, match=r"no answer to GET .*: ConnectError"):
        StripeGateway(transport).perform(READ, NOW)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": "fca_1"', b"[]", b"\xff", b"null"])
@pytest.mark.parametrize("command", [READ, RELINK, BUILD], ids=lambda command: command.name)
def test_a_malformed_answer_over_http_names_the_request(
    server: Server, over_http: StripeGateway, command: Any, body: bytes
) -> None:
    server.answer(200, body)
    with pytest.raises(MalformedAnswerError, match=r"not a JSON object \(request req_1\)"):
        over_http.perform(command, NOW)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"type": "invalid_request_error", "code": CLOSED}}, PermanentError),
        (404, b"<html>", OperatorError),
        (400, {"error": "invalid_client", "error_description": "as OAuth does"}, OperatorError),
        (429, {"error": {}}, RateLimitedError),
        (500, {"error": {"type": "api_error"}}, TransientError),
        (503, b"", TransientError),
    ],
)
def test_an_error_status_over_http_is_the_documented_error(
    server: Server, over_http: StripeGateway, status: int, body: object, kind: type[Exception]
) -> None:
    server.answer(status, body)
    with pytest.raises(kind, match=rf"returned {status}.* \(request req_1\)") as raised:
        over_http.perform(READ, NOW)
    assert type(raised.value) is kind


def test_the_sdk_does_not_retry_by_itself(server: Server, over_http: StripeGateway) -> None:
    server.answer(500, {}, Stripe_Should_Retry="true")
    server.answer(200, {"id": "fca_1"})
    with pytest.raises(TransientError):
        over_http.perform(READ, NOW)
    assert len(server.arrived) == 1


def test_one_gateway_serves_many_customers(server: Server, over_http: StripeGateway) -> None:
    """Requests and answers of different calls never mix."""
    for number in range(5):
        server.answer(200, {**SESSION, "id": f"fcsess_{number}", "client_secret": f"s_{number}"})
        holder = CUSTOMER.model_copy(update={"id": f"cus_{number}"})
        answer = over_http.perform(
            RELINK.model_copy(update={"holder": holder, "attempt": number}), NOW
        )
        assert answer.secret
        assert answer.secret.reveal() == f"s_{number}"
        assert f"customer]=cus_{number}&".encode() in server.arrived[number].body
