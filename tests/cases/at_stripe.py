"""What is true at Stripe: its objects as JSON, as Stripe's API and webhooks show them.

Under the preview version, ``authorization`` and ``status_details`` are left out where there is
nothing to say; they are never null. A GA version has no ``authorization``, no
``status_details.inactive``, and no result of a session.
"""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, Literal

Json = dict[str, Any]

DAY = 24 * 60 * 60
T = 1_800_000_000
"""The beginning of every story (Unix seconds)."""

PREVIEW, GA = "2026-09-30.preview", "2026-10-28.endive"

Shape = Literal["preview", "ga", "thin"]
"""The API version of a webhook endpoint; or notifications without an object."""

Number = Json


def day(number: float) -> int:
    """A day of the story (Unix seconds)."""
    return T + int(number * DAY)


def number(status: str, until: float | None = None, networks: tuple[str, ...] = ("ach",)) -> Number:
    """A tokenized account number, and the day on which it expires."""
    expires = None if until is None else day(until)
    return {
        "identifier_type": "tokenized_account_number",
        "status": status,
        "expected_expiry_date": expires,
        "supported_networks": list(networks),
    }


class AtStripe:
    """All objects, by their ids."""

    def __init__(self) -> None:
        self.objects: dict[str, Json] = {}
        self.empty_details = False
        """Whether empty ``status_details`` are shown as ``{}`` instead of being left out."""
        self._events = 0

    # ── objects ──────────────────────────────────────────────────────────────

    def add_account(
        self,
        account: str,
        authorization: str | None,
        holder: str | None,
        numbers: tuple[Number, ...] = (),
        **fields: Any,
    ) -> None:
        """An active account, and its authorization if there is none yet.

        Args:
            account: ``fca_…``.
            authorization: ``fcauth_…``.
            holder: ``cus_…`` or ``acct_…``.
            numbers: its account numbers.
            fields: Stripe's fields that differ from the usual.
        """
        self._add_authorization(authorization, _holder(holder))
        self.objects[account] = {
            "id": account,
            "object": "financial_connections.account",
            "account_holder": _holder(holder),
            "account_numbers": list(numbers),
            "authorization": authorization,
            "category": "cash",
            "institution_name": "Platypus Bank",
            "last4": "6789",
            "livemode": False,
            "permissions": ["payment_method"],
            "status": "active",
            "status_details": {},
            "subcategory": "checking",
            "supported_payment_method_types": ["us_bank_account"],
            **fields,
        }

    def _add_authorization(self, authorization: str | None, holder: Json | None) -> None:
        if authorization is not None and authorization not in self.objects:
            self.objects[authorization] = {
                "id": authorization,
                "object": "financial_connections.authorization",
                "account_holder": holder,
                "institution_name": "Platypus Bank",
                "livemode": False,
                "status": "active",
                "status_details": {},
            }

    def move(self, account: str, authorization: str | None) -> None:
        """An account comes under another authorization, which works if it is new, or under none."""
        moved = self.objects[account]
        self._add_authorization(authorization, moved["account_holder"])
        moved["authorization"] = authorization

    def add_session(self, session: str, account: str) -> None:
        """A pending relink session."""
        self.objects[session] = {
            "id": session,
            "object": "financial_connections.session",
            "account_holder": self.objects[account]["account_holder"],
            "accounts": [],
            "client_secret": f"{session}_secret_NobodyMayKeepThis",
            "livemode": False,
            "status": "pending",
        }

    def add_payment_method(self, payment_method: str, account: str, **metadata: str) -> None:
        """A payment method, attached to the account's customer."""
        self.objects[payment_method] = {
            "id": payment_method,
            "object": "payment_method",
            "type": "us_bank_account",
            "customer": "cus_1",
            "livemode": False,
            "metadata": metadata,
            "us_bank_account": {"financial_connections_account": account, "status_details": None},
        }

    def add_external_account(self, external_account: str, account: str) -> None:
        """A bank account of the connected account that holds ``account``."""
        self.objects[external_account] = {
            "id": external_account,
            "object": "bank_account",
            "account": self.objects[account]["account_holder"]["account"],
            "metadata": {"relink_account": account},
            "status": "new",
        }

    def members(self, authorization: str) -> list[str]:
        """The accounts of an authorization."""
        return [
            name
            for name, found in self.objects.items()
            if name.startswith("fca_") and found["authorization"] == authorization
        ]

    # ── what Stripe shows ────────────────────────────────────────────────────

    def show(self, name: str, version: str = PREVIEW) -> Json:
        """An object, as an API version shows it."""
        return self._shown(deepcopy(self.objects[name]), version)

    def _shown(self, shown: Json, version: str) -> Json:
        in_ga = version == GA
        match shown["object"]:
            case "financial_connections.account" | "financial_connections.authorization":
                if shown.get("authorization") is None or in_ga:
                    shown.pop("authorization", None)
                details = shown.pop("status_details")
                if in_ga:
                    details.pop("inactive", None)
                if details or self.empty_details:
                    shown["status_details"] = details
            case "financial_connections.session":
                if in_ga:
                    shown |= {"status": None, "relink_result": None}
                for field in ("status", "relink_result"):
                    if not shown.get(field):
                        shown.pop(field, None)
                if shown["accounts"] is None:
                    del shown["accounts"]
                else:
                    inside = [
                        self._shown(found, version)
                        if isinstance(found, dict)
                        else self.show(found, version)
                        for found in shown["accounts"]
                    ]
                    shown["accounts"] = {"object": "list", "data": inside, "has_more": False}
        return shown

    def event(self, kind: str, name: str, created: int, shape: Shape) -> bytes:
        """The body of a webhook about an object, as it is now."""
        self._events += 1
        event: Json = {"id": f"evt_{self._events}", "livemode": False, "type": kind}
        shown = self.show(name, GA if shape == "ga" else PREVIEW)
        connected = shown["account"] if shown["object"] == "bank_account" else None
        if shape == "thin":
            related = {"id": name, "type": shown["object"], "url": f"/v1/{name}"}
            sent = datetime.fromtimestamp(created, UTC).isoformat()
            event |= {
                "object": "v2.core.event",
                "type": f"v1.{kind}",
                "created": sent.replace("+00:00", "Z"),
                "related_object": related,
            }
            if connected:
                event["context"] = connected
        else:
            event |= {
                "object": "event",
                "api_version": GA if shape == "ga" else PREVIEW,
                "created": created,
                "data": {"object": shown},
            }
            if connected:
                event["account"] = connected
        return json.dumps(event).encode()


def _holder(name: str | None) -> Json | None:
    if name is None:
        return None
    field = "account" if name.startswith("acct_") else "customer"
    return {"type": field, field: name}
