"""Webhooks as Stripe sends them, signed: what several rows begin with.

Nothing here is relink's, so every release and every peer can be given the same bytes.
"""

import hmac
import json
import random
import time
from collections.abc import Iterator
from typing import Any

SECRET = "whsec_benchmark"

FIRST = 1_750_000_000
"""When the first webhook was made (Unix seconds)."""

KINDS = ("deactivated", "account_numbers_updated", "reactivated", "account_numbers_updated")
"""The cycle of each account: half of the webhooks change its state."""

AT_ONCE = 128
"""How many accounts go through their cycles at a time, at most."""


def account(number: int, active: bool) -> dict[str, Any]:
    """An account object, with everything that Stripe puts into one."""
    inactive = {"inactive": {"action": "relink_required", "cause": "access_expired"}}
    return {
        "id": f"fca_{number:012}",
        "object": "financial_connections.account",
        "account_holder": {"type": "customer", "customer": f"cus_{number:012}"},
        "account_numbers": [
            {
                "expected_expiry_date": None,
                "identifier_type": "account_number",
                "status": "transactable",
                "supported_networks": ["ach"],
            }
        ],
        "authorization": f"fcauth_{number:012}",
        "balance": None,
        "balance_refresh": None,
        "category": "cash",
        "created": 1_700_000_000,
        "display_name": "Checking",
        "institution_name": "StripeBank",
        "last4": f"{number % 10_000:04}",
        "livemode": False,
        "ownership": None,
        "ownership_refresh": None,
        "permissions": ["payment_method", "balances"],
        "status": "active" if active else "inactive",
        "status_details": {} if active else inactive,
        "subcategory": "checking",
        "supported_payment_method_types": ["us_bank_account"],
    }


def payload(name: str, kind: str, created: int, object: dict[str, Any]) -> bytes:
    """An event around it."""
    return json.dumps(
        {
            "id": name,
            "object": "event",
            "api_version": "2026-09-30.preview",
            "created": created,
            "data": {"object": object},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": f"financial_connections.account.{kind}",
        }
    ).encode()


def signature(body: bytes, at: int) -> str:
    """The header that proves that Stripe sent it."""
    signed = hmac.new(SECRET.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    return f"t={at},v1={signed}"


def request(path: str, body: bytes, at: int) -> bytes:
    """The bytes of a signed webhook request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {signature(body, at)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def life(cycles: int) -> Iterator[bytes]:
    """The webhooks of one account, as often through its cycle."""
    for turn in range(cycles * len(KINDS)):
        object = account(1, active=turn % len(KINDS) >= 2)
        kind = KINDS[turn % len(KINDS)]
        yield payload(f"evt_{turn:012}", kind, FIRST + 10 * turn, object)


class Stripe:
    """Makes webhooks for random accounts.

    A few accounts at a time go through the cycle, each to its end, so the mix does not depend on
    the number of accounts.
    """

    def __init__(self, accounts: int) -> None:
        self._accounts = accounts
        self._chance = random.Random(1)
        self._at_once = min(accounts, AT_ONCE)
        self._turns: dict[int, int] = {}
        self._cycles: dict[int, int] = {}
        self._made = 0

    def requests(self, path: str, count: int) -> list[bytes]:
        """Make ``count`` requests, signed now."""
        now = int(time.time())
        return [request(path, self._next(), now) for _ in range(count)]

    def _next(self) -> bytes:
        while len(self._turns) < self._at_once:
            self._turns.setdefault(self._chance.randrange(self._accounts), 0)
        number = self._chance.choice(list(self._turns))
        turn = self._turns.pop(number)
        # Each report is newer than the one before, and far enough from it to be unambiguous.
        created = FIRST + 10 * (len(KINDS) * self._cycles.get(number, 0) + turn)
        if turn + 1 < len(KINDS):
            self._turns[number] = turn + 1
        else:
            self._cycles[number] = self._cycles.get(number, 0) + 1
        self._made += 1
        object = account(number, active=turn >= 2)
        return payload(f"evt_{self._made:012}", KINDS[turn], created, object)
