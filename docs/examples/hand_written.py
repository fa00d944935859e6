"""A shop that handles Stripe's webhooks by hand, in Flask. Nothing in it is of relink.

It knows which linked accounts work, and writes to a customer whose account needs a relink.
``fuzz_hand_written.py`` fuzzes it.
"""

import json
from typing import Any

import stripe
from flask import Flask, abort, request

SECRET = "whsec_of_the_shop"


class Shop:
    """What the shop keeps: a real one keeps it in its database."""

    def __init__(self) -> None:
        self.accounts: dict[str, dict[str, Any]] = {}
        """The newest object of each account, and when it was ``created``."""
        self.emails: list[str] = []
        """The accounts whose customers were asked for a relink, once for each email."""
        self.taken: set[str] = set()
        """The ids of events that were handled."""

    def handle(self, event: dict[str, Any]) -> None:
        """Take an event in."""
        if event["id"] in self.taken:
            return
        self.taken.add(event["id"])
        account: dict[str, Any] = event["data"]["object"]
        if account["object"] != "financial_connections.account":
            return
        known = self.accounts.get(account["id"])
        if known and known["as_of"] > event["created"]:
            return
        self.accounts[account["id"]] = {**account, "as_of": event["created"]}
        if needs_relink(account) and not (known and needs_relink(known)):
            self.emails.append(account["id"])


def needs_relink(account: dict[str, Any]) -> bool:
    """Whether the account is down, and its customer can repair it."""
    details = account.get("status_details") or {}
    action = (details.get("inactive") or {}).get("action")
    return account["status"] == "inactive" and action == "relink_required"


def create_app(shop: Shop) -> Flask:
    """The application: Stripe's webhook."""
    app = Flask(__name__)

    @app.post("/webhooks/stripe")
    def webhook() -> str:
        payload = request.get_data(as_text=True)
        try:
            stripe.WebhookSignature.verify_header(
                payload, request.headers.get("Stripe-Signature", ""), SECRET, tolerance=300
            )
        except stripe.SignatureVerificationError:
            abort(400)
        shop.handle(json.loads(payload))
        return "ok"

    return app
