"""Every reply becomes events or a documented error that names the request."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.adapters.gateway import (
    GatewayError,
    MalformedAnswerError,
    OperatorError,
    PermanentError,
    RateLimitedError,
    TransientError,
)
from relink.adapters.gateway.failures import LONGEST_WAIT
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.protocol import Answer
from relink.adapters.gateway.transport import Body, Call, Reply
from relink.adapters.stripe import fields
from relink.engine import Command
from relink.machines.events import DomainEvent, ExternalAccountReported, PaymentMethodReported

from .stand_in import COMMANDS, NOW, SESSION, error, reply

READS = [name for name in COMMANDS if name.startswith("retrieve")]
ACCOUNT = {"id": "fca_1", "object": "financial_connections.account", "status": "active"}


class Always:
    """A transport with the same answer for every request."""

    def __init__(self, answer: Reply) -> None:
        self.answer = answer

    def send(self, call: Call) -> Reply:
        return self.answer


def outcome(command: Command, answer: Reply) -> Answer | GatewayError:
    try:
        return StripeGateway(Always(answer)).perform(command, NOW)
    except GatewayError as raised:
        return raised


headers = st.dictionaries(
    st.sampled_from(["date", "request-id", "retry-after", "idempotent-replayed", "x"])
    | st.text(max_size=5),
    st.sampled_from(["true", "5", "Thu, 09 Oct 2025 08:53:20 GMT", "-1", "nan", "1e999"])
    | st.text(max_size=30),
)
KEYS = [
    *("id", "object", "data", "error", "code", "param", "type", "status", "accounts"),
    *("client_secret", "url", "bank_account_token", "customer", "name", "deleted"),
    *("metadata", "relink_command", "has_more"),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
bodies = (
    st.binary(max_size=60)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.integers(0, 60).map(lambda end: json.dumps(SESSION).encode()[:end])
    | st.just(b"[" * 100_000)
)


@given(
    name=st.sampled_from(sorted(COMMANDS)),
    status=st.integers(100, 599) | st.sampled_from([200, 400, 409, 429, 500]),
    headers=headers,
    body=bodies,
)
def test_any_reply_becomes_events_or_a_documented_error(
    name: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    found = outcome(COMMANDS[name], Reply(status, headers, Body(body)))
    if isinstance(found, Answer):
        assert 200 <= status < 300
        assert all(isinstance(event, DomainEvent) for event in found.events)
        assert {event.causation_id for event in found.events} == {COMMANDS[name].id}
    else:
        assert isinstance(found, TransientError | PermanentError)
        assert found.__cause__ is None
        assert found.__context__ is None


UNREADABLE = [
    b"",
    b"<html>Bad gateway</html>",
    json.dumps(SESSION).encode()[:-1],
    b'"fcsess_1"',
    b"[]",
    b"\xff\xfe",
    b'{"id": "fcsess_1", "x": NaN}',
]
NAMELESS = [b"{}", b'{"id": 3}', b'{"id": ""}', b'{"id": null, "object": "payment_method"}']


@pytest.mark.parametrize(
    ("name", "body"),
    [
        *((name, body) for name in COMMANDS for body in UNREADABLE),
        # Of the session that it reads, the command for external accounts needs no id.
        *((name, body) for name in COMMANDS if "external" not in name for body in NAMELESS),
        *(
            (name, b'{"id": "fca_1", "object": "payment_intent"}')
            for name in COMMANDS
            if "external" not in name
        ),
        ("create_relink_session", b'{"id": "fcsess_1", "client_secret": 5}'),
    ],
    ids=repr,
)
def test_a_malformed_answer_is_one_error_that_names_the_request(name: str, body: bytes) -> None:
    found = outcome(COMMANDS[name], reply(200, body))
    assert isinstance(found, MalformedAnswerError)
    assert str(found).endswith(" (request req_1)")
    assert found.request_id == "req_1"


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Oct 2025 08:53:20 GMT", "1760000000"])
def test_a_read_without_a_date_is_malformed(name: str, date: str) -> None:
    command = COMMANDS[name]
    found = outcome(command, reply(200, {"id": command.subject}, date=date))
    assert isinstance(found, MalformedAnswerError)
    assert "no valid Date header (request req_1)" in str(found)


@pytest.mark.parametrize(
    ("name", "unreadable"),
    [
        ("retrieve_account", {"id": "fca_1", "authorization": 5}),
        ("retrieve_account_for_caller", {"id": "fca_1", "status_details": {"active": 5}}),
        ("retrieve_authorization", {"id": "fcauth_1", "status_details": []}),
    ],
)
def test_k5_a_read_with_an_unreadable_field_that_could_mean_none_is_malformed(
    name: str, unreadable: dict[str, Any]
) -> None:
    found = outcome(COMMANDS[name], reply(200, unreadable))
    assert isinstance(found, MalformedAnswerError)
    assert str(found) == "the answer to a read has an unreadable field (request req_1)"


@pytest.mark.parametrize(
    ("name", "unclear"),
    [
        ("retrieve_payment_method", {"id": "pm_1", "us_bank_account": {"status_details": 5}}),
        ("retrieve_payment_method", {"id": "pm_1", "customer": None}),
        ("retrieve_external_account", {"id": "ba_1", "object": "bank_account"}),
    ],
)
def test_a_read_that_tells_nothing_of_what_was_built_is_answered_all_the_same(
    name: str, unclear: dict[str, Any]
) -> None:
    found = outcome(COMMANDS[name], reply(200, unclear))
    assert isinstance(found, Answer)
    (report,) = found.events
    assert isinstance(report, PaymentMethodReported | ExternalAccountReported)
    assert report.report is None
    assert report.read


@pytest.mark.parametrize("name", [name for name in READS if "caller" not in name])
def test_the_id_of_a_read_is_a_plain_text_that_every_database_and_log_takes(name: str) -> None:
    command = COMMANDS[name]
    field = name.removeprefix("retrieve_")
    longest = command.model_copy(update={field: "x" * 200, "number": 10**9})
    assert fields.identifier("x" * 200)
    assert not fields.identifier("x" * 201)
    assert re.fullmatch(r"[A-Za-z0-9_]{1,255}", longest.id)
    assert command.id == f"{name}_{command.subject}_1"


def test_r3_a_session_without_its_accounts_is_reported_as_it_is() -> None:
    for accounts in ({"accounts": 5}, {}):
        found = outcome(COMMANDS["retrieve_session"], reply(200, {"id": "fcsess_1", **accounts}))
        assert isinstance(found, Answer)


@pytest.mark.parametrize("name", READS)
def test_an_answer_about_another_object_is_malformed(name: str) -> None:
    found = outcome(COMMANDS[name], reply(200, {"id": "other_1"}))
    assert isinstance(found, MalformedAnswerError)
    assert "but other_1 was returned (request req_1)" in str(found)


@pytest.mark.parametrize("name", [*READS, "create_relink_session"])
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(429), RateLimitedError),
        (error(400, "rate_limit"), RateLimitedError),
        (error(500), TransientError),
        (error(502), TransientError),
        (reply(503, b"<html>"), TransientError),
        (error(409, "idempotency_key_in_use"), TransientError),
        (error(408), TransientError),
        (error(400, stripe_should_retry="true"), TransientError),
        (error(400, "financial_connections_institution_unavailable"), TransientError),
        (error(400, "financial_connections_account_inactive"), PermanentError),
        (error(401), OperatorError),
        (error(403), OperatorError),
        (reply(302, b""), OperatorError),
        (reply(101, b""), MalformedAnswerError),
    ],
)
def test_each_error_status_is_the_documented_error(
    name: str, answer: Reply, kind: type[GatewayError]
) -> None:
    found = outcome(COMMANDS[name], answer)
    assert type(found) is kind
    assert found.request_id == "req_1"


def test_the_text_of_an_error_leaves_out_the_message_of_stripe() -> None:
    body = {
        "error": {
            "type": "invalid_request_error",
            "code": "parameter_invalid_string",
            "param": "billing_details[name]",
            "message": "Invalid name: Jenny Rosen",
        }
    }
    found = outcome(COMMANDS["retrieve_account"], reply(400, body))
    assert str(found) == (
        "GET /v1/financial_connections/accounts/fca_1 returned 400 (invalid_request_error, "
        "parameter_invalid_string, parameter billing_details[name]): Stripe refuses the request "
        "itself, not the object. Check that the API version is open to your Stripe account, and "
        "for a newer release of relink (request req_1)"
    )


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after": "Thu, 09 Oct 2025 08:53:29 GMT"}, 9.0),
        ({"retry_after": "Thu, 09 Oct 2025 08:53:00 GMT"}, 0.0),
        ({"retry_after": "Thu, 09 Oct 2025 08:53:29 GMT", "date": "x"}, None),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "99999999"}, LONGEST_WAIT),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(
    headers: dict[str, str], wait: float | None
) -> None:
    found = outcome(COMMANDS["retrieve_account"], error(429, **headers))
    assert isinstance(found, RateLimitedError)
    assert found.wait == wait


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a?b=c", "fca_1#", "", "é"])
def test_an_id_that_could_lead_to_another_path_is_refused(
    name: str, scripted: Callable[..., Any]
) -> None:
    gateway, script = scripted()
    command = COMMANDS["retrieve_account"].model_copy(update={"account": name})
    with pytest.raises(PermanentError, match="is not a valid id"):
        gateway.perform(command, NOW)
    assert script.calls == []
