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
    """What the shop knows; a real one keeps it in a database."""

    def __init__(self) -> None:
        self.accounts: dict[str, dict[str, Any]] = {}
        self.emails: list[str] = []
        self.taken: set[str] = set()

    def handle(self, event: dict[str, Any]) -> None:
        """Take an event of Stripe's in."""
        if event["id"] in self.taken:
            return
        self.taken.add(event["id"])
        account: dict[str, Any] = event["data"]["object"]
        if account["object"] != "financial_connections.account":
            return
        known = self.accounts.get(account["id"])
        if known and event["created"] < known["as_of"]:
            return
        needs = account["status"] == "inactive" and repairable(account)
        if needs and not (known and known["needs_relink"]):
            self.emails.append(account["id"])
        self.accounts[account["id"]] = {
            "works": account["status"] == "active",
            "needs_relink": needs,
            "as_of": event["created"],
        }


def repairable(account: dict[str, Any]) -> bool:
    """Whether a relink repairs the account."""
    details: dict[str, Any] = account.get("status_details") or {}
    inactive: dict[str, Any] = details.get("inactive") or {}
    return bool(inactive.get("action") == "relink_required")


def create_app(shop: Shop) -> Flask:
    """The application: Stripe's webhook."""
    app = Flask(__name__)

    @app.post("/webhooks/stripe")
    def webhook() -> str:
        payload = request.get_data(as_text=True)
        signature = request.headers.get("Stripe-Signature", "")
        try:
            stripe.Webhook.construct_event(payload, signature, SECRET)
        except stripe.SignatureVerificationError:
            abort(400)
        shop.handle(json.loads(payload))
        return "ok"

    return app
