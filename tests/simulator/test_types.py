"""Every object of the simulator has the types that Stripe publishes in its SDK."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relink.adapters.simulator import GENERAL, PREVIEW, Faults
from relink.adapters.simulator.endpoints.connections import (
    ACCOUNTS,
    PREVIEW_SESSION,
    SESSION,
)
from relink.adapters.simulator.endpoints.customers import CUSTOMER
from relink.adapters.simulator.endpoints.events import EVENTS
from relink.adapters.simulator.endpoints.external_accounts import EXTERNAL_ACCOUNT
from relink.adapters.simulator.endpoints.payment_methods import (
    ATTACH,
    PAYMENT_METHOD,
    PAYMENT_METHODS,
    TYPES,
)
from relink.adapters.simulator.parameters import Each, Hash, Kind, Text, Times
from relink.adapters.simulator.versions import THIN_ONLY

from .history import History

ROOT = Path(__file__).resolve().parents[2]
PREVIEW_SDK = ROOT / ".venv" / "preview-sdk"
SDKS = {GENERAL: "", PREVIEW: str(PREVIEW_SDK)}

WHOLE = {
    "stripe.params.financial_connections": {"AccountListParams": ACCOUNTS},
    "stripe.params": {"PaymentMethodAttachParams": ATTACH, "EventListParams": EVENTS},
}
"""Requests with all parameters of the SDK, by its module and class."""
NAMED = {
    "stripe.params": {
        "CustomerCreateParams": CUSTOMER,
        "PaymentMethodListParams": PAYMENT_METHODS,
        "AccountCreateExternalAccountParams": EXTERNAL_ACCOUNT,
    }
}
"""Requests that take all parameters of the SDK, of which some are not checked to the last value."""
PARTS = {"stripe.params": {"PaymentMethodCreateParams": PAYMENT_METHOD}}
"""Requests that lack parameters of the SDK: those of other types of payment methods."""
SESSIONS = {GENERAL: SESSION, PREVIEW: PREVIEW_SESSION}
ACCOUNT = "financial_connections.account"
SESSION_KIND = "financial_connections.session"


@pytest.fixture(scope="module")
def said() -> dict[str, dict[str, list[Any]]]:
    """All objects of one long history, by version."""
    found: dict[str, dict[str, list[Any]]] = {
        version: {"objects": [], "notifications": []} for version in SDKS
    }
    for seed in range(4):
        history = History(seed, Faults.everywhere(0.02)).play(400)
        for version, answer in history.answers:
            if answer and answer.body.endswith(b"}"):  # not cut off by a fault
                body = json.loads(answer.body)
                found[_version(body) or version]["objects"].append(body)
        for delivery in history.deliveries:
            said = found[delivery.endpoint.version]
            kind = "notifications" if delivery.endpoint.thin else "objects"
            said[kind].append(json.loads(delivery.payload))
    # Notifications have no version. The preview SDK is the older one, and lacks some.
    notifications = found[PREVIEW]["notifications"]
    found[GENERAL]["notifications"] = notifications
    found[PREVIEW]["notifications"] = [
        n for n in notifications if not n["type"].endswith(THIN_ONLY)
    ]
    return found


def _objects(value: Any, kind: str) -> Iterator[dict[str, Any]]:
    """All objects of a kind, within others too."""
    if isinstance(value, list):
        yield from (found for each in value for found in _objects(each, kind))
    elif isinstance(value, dict):
        if value.get("object") == kind:
            yield value
        yield from (found for each in value.values() for found in _objects(each, kind))


def _version(body: dict[str, Any]) -> str | None:
    """Events keep the version that they were created in."""
    first = next(iter(body.get("data", ())), {}) if body.get("object") == "list" else body
    return first.get("api_version")


@pytest.fixture(scope="module", params=SDKS)
def compared(
    request: pytest.FixtureRequest, said: dict[str, dict[str, list[Any]]]
) -> tuple[str, dict[str, Any]]:
    version = request.param
    if SDKS[version] and not (PREVIEW_SDK / "stripe").is_dir():
        pytest.skip("The preview SDK is not installed. Run: make .venv/preview-sdk/installed")
    classes = [*WHOLE.items(), *NAMED.items(), *PARTS.items()]
    wanted = [[module, name] for module, names in classes for name in names]
    wanted.append(["stripe.params.financial_connections", "SessionCreateParams"])
    questions = {**said[version], "params": wanted}
    ran = subprocess.run(
        [sys.executable, Path(__file__).with_name("sdk_types.py"), SDKS[version]],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    answer["params"] = {name: d for (_, name), d in zip(wanted, answer["params"], strict=True)}
    return version, answer


def test_the_preview_sdk_has_the_version_of_the_simulator(
    compared: tuple[str, dict[str, Any]],
) -> None:
    version, answer = compared
    assert answer["api_version"] == version


def test_every_object_has_the_keys_and_types_of_the_sdk(
    compared: tuple[str, dict[str, Any]],
) -> None:
    assert compared[1]["objects"] == []


def test_every_thin_notification_has_a_class_in_the_sdk(
    compared: tuple[str, dict[str, Any]],
) -> None:
    assert compared[1]["notifications"] == []


def test_the_history_contains_every_kind_of_object_and_event(
    said: dict[str, dict[str, list[Any]]],
) -> None:
    kinds = {
        "bank_account",
        "customer",
        "financial_connections.account",
        "financial_connections.authorization",
        "financial_connections.session",
        "mandate",
        "payment_method",
    }
    for version, things in said.items():
        seen_kinds = {each.get("object", "error") for each in things["objects"]}
        assert {"event", "list", "error", *kinds} - seen_kinds <= (
            set() if version == PREVIEW else {"financial_connections.authorization"}
        )
        about = {
            e["data"]["object"]["object"] for e in things["objects"] if e.get("object") == "event"
        }
        assert kinds - about <= (set() if version == PREVIEW else {"financial_connections.session"})
        assert things["notifications"]


def test_the_parameters_of_sessions_are_those_of_the_sdk(
    compared: tuple[str, dict[str, Any]],
) -> None:
    version, answer = compared
    published = answer["params"]["SessionCreateParams"]
    assert _described(SESSIONS[version]) == published


def test_the_parameters_of_other_requests_are_those_of_the_sdk(
    compared: tuple[str, dict[str, Any]],
) -> None:
    published = compared[1]["params"]
    for names in WHOLE.values():
        for name, kinds in names.items():
            assert _described(kinds) == published[name], name
    for names in NAMED.values():
        for name, kinds in names.items():
            assert set(_described(kinds)) == set(published[name]), name
    assert set(published["PaymentMethodListParams"]["type"]) <= set(TYPES)
    missing = set(published["PaymentMethodCreateParams"]) - set(_described(PAYMENT_METHOD))
    assert missing <= {*TYPES, "interac_present"}
    extra = set(_described(PAYMENT_METHOD)) - set(published["PaymentMethodCreateParams"])
    assert extra == set()


def test_what_can_be_left_out_is_left_out_of_half_of_the_objects(
    said: dict[str, dict[str, list[Any]]],
) -> None:
    for version, things in said.items():
        accounts = list(_objects(things["objects"], ACCOUNT))
        details = [account.get("status_details", "left out") for account in accounts]
        assert details.count({}) > 20, version
        assert details.count("left out") > 20, version
        assert {repr(a["account_numbers"]) for a in accounts} >= {"None", "[]"}
    sessions = list(_objects(said[PREVIEW]["objects"], SESSION_KIND))
    for key in ("url", "hosted", "status_details", "relink_result", "bank_account_token"):
        assert 0 < sum(key in session for session in sessions) < len(sessions), key


def _described(kinds: Any) -> dict[str, Any]:
    return {name: _kind(kind) for name, kind in kinds.items() if name != "expand"}


def _kind(kind: Kind) -> Any:
    match kind:
        case Hash():
            return _described(kind.fields)
        case Each():
            return _kind(kind.kind)
        case Text():
            return sorted(kind.choices) or None
        case Times():
            return dict.fromkeys(("gt", "gte", "lt", "lte"))
        case _:
            return None
