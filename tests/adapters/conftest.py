"""A webhook endpoint in test mode, and Stripe's side of it."""

import hmac
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from relink.adapters.stripe import Received, StripeWebhooks

NOW = 1_760_000_000
WEBHOOK_SECRET = "whsec_for_tests"
CLIENT_SECRET = "fcsess_client_secret_NobodyMayKeepThis"

ACCOUNT: dict[str, Any] = {
    "id": "fca_1",
    "object": "financial_connections.account",
    "account_holder": {"type": "customer", "customer": "cus_1"},
    "account_numbers": [
        {
            "identifier_type": "tokenized_account_number",
            "status": "transactable",
            "expected_expiry_date": 1_770_000_000,
            "supported_networks": ["ach"],
        }
    ],
    "authorization": "fcauth_1",
    "balance": {"current": {"usd": 4_321_098}},
    "category": "cash",
    "created": 1_600_000_000,
    "display_name": "Jenny's Secret Savings",
    "institution": "fcinst_1",
    "institution_name": "StripeBank",
    "last4": "6789",
    "livemode": False,
    "ownership": {"owners": {"data": [{"name": "Jenny Rosen"}]}},
    "permissions": ["payment_method", "balances"],
    "status": "inactive",
    "status_details": {"inactive": {"action": "relink_required", "cause": "access_expired"}},
    "subcategory": "checking",
    "supported_payment_method_types": ["us_bank_account"],
}

SESSION: dict[str, Any] = {
    "id": "fcsess_1",
    "object": "financial_connections.session",
    "account_holder": {"type": "customer", "customer": "cus_1"},
    "accounts": {"object": "list", "data": [ACCOUNT], "has_more": False},
    "bank_account_token": {"id": "btok_NobodyMayKeepThis", "object": "token"},
    "client_secret": CLIENT_SECRET,
    "livemode": False,
    "relink_options": {"authorization": "fcauth_1", "account": "fca_1"},
    "relink_result": {"account": "fca_1", "authorization": "fcauth_1", "failure_reason": None},
    "status": "succeeded",
    "url": f"https://hosted.example/{CLIENT_SECRET}",
}

Deliver = Callable[..., Received]


def sign(payload: str, secret: str = WEBHOOK_SECRET, at: int = NOW) -> str:
    """As Stripe documents it: older releases of the SDK can only verify."""
    signature = hmac.new(secret.encode(), f"{at}.{payload}".encode(), "sha256").hexdigest()
    return f"t={at},v1={signature}"


@pytest.fixture(scope="session")
def now() -> int:
    return NOW


@pytest.fixture(scope="session")
def secret() -> str:
    return WEBHOOK_SECRET


@pytest.fixture(scope="session")
def client_secret() -> str:
    return CLIENT_SECRET


@pytest.fixture
def account() -> dict[str, Any]:
    return deepcopy(ACCOUNT)


@pytest.fixture
def session() -> dict[str, Any]:
    return deepcopy(SESSION)


@pytest.fixture(scope="session")
def whole_objects() -> list[dict[str, Any]]:
    """One of each kind, with every field that is read."""
    blocked = {"blocked": {"reason": "bank_account_closed"}}
    bank = {"financial_connections_account": "fca_1", "status_details": blocked}
    number = {"metadata": {"relink_account": "fca_1"}, "status": "new"}
    return [
        ACCOUNT,
        ACCOUNT | {"object": "financial_connections.authorization"},
        SESSION,
        {"id": "pm_1", "object": "payment_method", "us_bank_account": bank},
        {"id": "ba_1", "object": "bank_account", **number},
        {"id": "mandate_1", "object": "mandate", "payment_method": "pm_1", "status": "active"},
    ]


@pytest.fixture(scope="session")
def event() -> Callable[..., dict[str, Any]]:
    """Makes a snapshot event around an object."""

    def make(kind: str, obj: object, **envelope: Any) -> dict[str, Any]:
        return {
            "id": "evt_1",
            "object": "event",
            "api_version": "2026-09-30.preview",
            "created": NOW - 5,
            "data": {"object": obj},
            "livemode": False,
            "type": kind,
            **envelope,
        }

    return make


@pytest.fixture(scope="session")
def thin() -> Callable[..., dict[str, Any]]:
    """Makes a thin notification of an object."""

    def make(kind: str, name: str, **envelope: Any) -> dict[str, Any]:
        return {
            "id": "evt_thin",
            "object": "v2.core.event",
            "created": "2025-10-09T08:53:15.931Z",
            "livemode": False,
            "related_object": {"id": name, "type": "of no use", "url": f"/v1/{name}"},
            "type": kind,
            **envelope,
        }

    return make


@pytest.fixture(scope="session")
def deliver() -> Deliver:
    """Signs a body (text, bytes or anything that becomes JSON) and gives it to the endpoint."""

    endpoint = StripeWebhooks([WEBHOOK_SECRET], livemode=False)

    def send(body: object, **receive: Any) -> Received:
        if not isinstance(body, str | bytes):
            body = json.dumps(body)
        payload = body.encode() if isinstance(body, str) else body
        header = sign(payload.decode("utf-8", "replace"))
        return endpoint.receive(payload, header, receive.get("at", NOW))

    return send
