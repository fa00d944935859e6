"""Every object of the simulator has the types that Stripe publishes in its SDK."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from relink.adapters.simulator import GENERAL, PREVIEW, Faults
from relink.adapters.simulator.endpoints.connections import (
    ACCOUNTS,
    PREVIEW_SESSION,
    SESSION,
)
from relink.adapters.simulator.endpoints.events import EVENTS
from relink.adapters.simulator.endpoints.payments import (
    ATTACH,
    CUSTOMER,
    EXTERNAL_ACCOUNT,
    PAYMENT_METHOD,
    PAYMENT_METHODS,
)
from relink.adapters.simulator.parameters import Each, Hash, Kind, Text, Times

from .history import History

ROOT = Path(__file__).resolve().parents[2]
PREVIEW_SDK = ROOT / ".venv" / "preview-sdk"
SDKS = {GENERAL: "", PREVIEW: str(PREVIEW_SDK)}

WHOLE = {
    "stripe.params.financial_connections": {"AccountListParams": ACCOUNTS},
    "stripe.params": {"PaymentMethodAttachParams": ATTACH, "EventListParams": EVENTS},
}
"""Requests with all parameters of the SDK, by its module and class."""
PARTS = {
    "stripe.params": {
        "CustomerCreateParams": CUSTOMER,
        "PaymentMethodCreateParams": PAYMENT_METHOD,
        "PaymentMethodListParams": PAYMENT_METHODS,
        "AccountCreateExternalAccountParams": EXTERNAL_ACCOUNT,
    }
}
"""Requests with only some of the parameters of the SDK."""
SESSIONS = {GENERAL: SESSION, PREVIEW: PREVIEW_SESSION}


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
    # Notifications have no version.
    found[GENERAL]["notifications"] = found[PREVIEW]["notifications"]
    return found


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
    classes = [*WHOLE.items(), *PARTS.items()]
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
    for names in PARTS.values():
        for name, kinds in names.items():
            assert set(_described(kinds)) <= set(published[name]), name


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
