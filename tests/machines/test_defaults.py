"""The default of each field of relink's records.

A field may be absent from what an earlier release stored, or from what a service sends. Then it has
its default, so a default that changes gives other meaning to what is stored.
"""

import importlib
import pkgutil
from typing import Any

from pydantic import BaseModel

import relink.machines

SHARED = ("causation_id", "policy")
"""Fields of every event."""

DEFAULTS: dict[tuple[str, ...], dict[str, Any]] = {
    ("AccountFacts",): {
        "reported_status": None,
        "as_of": -1,
        "by_read": False,
        "first_seen_at": None,
        "repairable": None,
        "timeline": (),
        "has_returned": False,
        "action": None,
        "cause": None,
        "deactivates_on": None,
        "deactivation_action": None,
        "authorization": None,
        "holder": None,
        "permissions": None,
        "subcategory": None,
        "payment_method_types": None,
        "institution_name": None,
        "last4": None,
        "included_at": {},
        "login_announced": False,
        "login_deactivates_on": None,
        "login_as_of": -1,
        "outage": None,
        "outages": 0,
        "session": None,
        "request": None,
        "opened_at": 0.0,
        "opened_while_active": False,
        "attempt": 0,
        "repaired_as_of": -1,
        "repaired_by_read": False,
        "replaced_by": None,
        "replaced_as_of": -1,
        "replaced_attempt": 0,
        "replaced_session": None,
        "known_linked": None,
        "retired": False,
        "number": None,
        "number_expires_on": None,
        "payment_methods": {},
        "build": None,
        "build_reason": None,
        "pending_checks": (),
        "build_for": None,
        "read_due_since": None,
        "planned_for": None,
        "last_reported": None,
        "last_awaited": None,
        "requested_for": frozenset(),
        "requests": 0,
        "mandates_requested": frozenset(),
        "mandate_requests": 0,
    },
    ("AccountNumber",): {"identifier_type": "account_number", "expires_on": None, "networks": ()},
    ("AccountNumberFacts",): {
        "reported_status": None,
        "as_of": -1,
        "by_read": False,
        "expires_on": None,
        "listed_as_of": -1,
        "by_block": False,
        "by_result": False,
        "session_is_open": False,
    },
    ("AccountOutage",): {
        "failures": 0,
        "next_mode": "specific",
        "failure_reason": None,
        "given_up": False,
        "mailed_at": None,
    },
    ("AccountReported", "AuthorizationReported"): {"begun_at": None, "complete": False},
    ("AuthorizationFacts",): {
        "reported_status": None,
        "as_of": -1,
        "by_read": False,
        "members": frozenset(),
        "inactive_members": frozenset(),
        "unchecked_members": frozenset(),
        "sessions": frozenset(),
        "opened_while_active": False,
        "institution_name": None,
        "announced": False,
        "deactivates_on": None,
        "announcement_as_of": -1,
    },
    ("BillingNameGiven", "BuildResumed"): {"billing_name": ""},
    ("BuildFacts",): {"session": None, "holder": None, "made": None},
    ("CreatePaymentMethod",): {"billing_name": None},
    ("CreateRelinkSession",): {"outage": None},
    ("ExternalAccountReport",): {"status": None, "gone": False},
    ("ExternalAccountReported", "MandateReported", "PaymentMethodReported"): {"begun_at": None},
    ("HolderFacts",): {"awaited": {}, "asking": frozenset()},
    ("KnownPaymentMethod",): {
        "reason": None,
        "mandate_due": None,
        "lost_number": False,
        "is_external": False,
        "was_looked_at": False,
    },
    ("MandateCollected",): {"payment_method": None},
    ("NeedsChanged",): {
        "number": 0,
        "standing": "needed",
        "cause": None,
        "relink_by": None,
        "holder": "",
        "mailed_at": None,
        "stripe_writes_since": None,
        "read_due_since": None,
        "prompted_at": None,
        "reminded": 0,
    },
    ("NextAction",): {"mode": None},
    ("NotifyCustomer",): {"ask": "relink", "reminder": 0, "relink_by": None},
    ("OutageFacts",): {
        "needing": {},
        "count": 0,
        "since": 0.0,
        "sent": 0,
        "last_prompt_at": None,
        "planned_for": None,
        "read_due_since": None,
    },
    ("PaymentMethodBlocked",): {"is_unknown": False},
    ("PaymentMethodChanged",): {"mandate_due": None, "lost_number": False, "is_external": False},
    ("PaymentMethodFacts",): {
        "account": None,
        "connected_account": None,
        "as_of": -1,
        "blocked": None,
        "is_contested": False,
        "mandate_due": None,
        "mandate_as_of": -1,
    },
    ("PaymentMethodReport",): {"blocked": None, "gone": False},
    ("PaymentMethodUnclear", "SessionUnclear"): {"in_future": False},
    ("ReadFacts",): {
        "kind": "account",
        "connected_account": None,
        "number": 0,
        "reason": "look",
        "settles": False,
        "since": 0.0,
        "asked_at": 0.0,
        "wanted_after": 0,
        "not_before": 0,
    },
    ("ReadWanted",): {"after": 0, "connected_account": None},
    ("RelinkPolicy",): {
        "attempts": 3,
        "reminders": (172800, 604800),
        "remind_after_denial": False,
        "session_open_for": 86400,
        "announcement_lead": 604800,
        "prompt_gap": 86400,
        "permissions": ("payment_method",),
        "subcategories": ("checking", "savings"),
    },
    ("RelinkRequested",): {
        "mode": None,
        "reason": None,
        "permissions": None,
        "delivery": "modal",
        "return_url": None,
        "has_read": False,
    },
    ("ReportAnomaly",): {"value": None},
    (
        "ReportedActive",
        "ReportedDisconnected",
        "ReportedExpiring",
        "ReportedInactive",
        "ReportedLapsed",
        "ReportedPending",
        "ReportedRelinkable",
        "ReportedTransactable",
        "ReportedUnrepairable",
    ): {"decides": False},
    ("ReportedUnclear",): {"status": None, "in_future": False},
    (
        "RetrieveAccount",
        "RetrieveAuthorization",
        "RetrieveExternalAccount",
        "RetrievePaymentMethod",
        "RetrieveSession",
    ): {"after": 0},
    ("SessionFacts",): {
        "request": None,
        "opened_at": 0.0,
        "overdue": False,
        "asked": None,
        "has_ended": False,
        "outcome": None,
        "failure_reason": None,
        "linked": None,
    },
    ("SessionReported",): {
        "begun_at": None,
        "complete": False,
        "status": None,
        "failure_reason": None,
        "relinked_account": None,
        "accounts": None,
    },
    ("SessionSucceeded",): {"gone": frozenset(), "old_holder": None},
    ("SessionUnsuccessful",): {"counts": True},
    ("StatusReport",): {
        "status": None,
        "action": None,
        "cause": None,
        "deactivates_on": None,
        "deactivation_action": None,
        "authorization": None,
        "holder": None,
        "permissions": None,
        "category": None,
        "subcategory": None,
        "payment_method_types": None,
        "numbers": None,
        "institution_name": None,
        "last4": None,
    },
}


def records() -> dict[str, type[BaseModel]]:
    """The records by name, without those that others are derived from."""
    found: set[type[BaseModel]] = set()
    for module in pkgutil.walk_packages(relink.machines.__path__, "relink.machines."):
        for held in vars(importlib.import_module(module.name)).values():
            is_record = isinstance(held, type) and issubclass(held, BaseModel)
            if is_record and held.__module__.startswith("relink.machines."):
                found.add(held)
    bases = {base for record in found for base in record.__mro__[1:]}
    return {record.__name__: record for record in found - bases}


def test_every_field_that_may_be_absent_has_the_default_that_is_stored_by_its_absence() -> None:
    expected = {name: defaults for names, defaults in DEFAULTS.items() for name in names}
    found = {
        name: {
            field: info.get_default(call_default_factory=True)
            for field, info in record.model_fields.items()
            if not info.is_required() and field not in SHARED
        }
        for name, record in records().items()
    }
    assert {name: defaults for name, defaults in found.items() if defaults} == expected
