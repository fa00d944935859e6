"""Gateways are loaded by name: relink's own, and those of other distributions."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from relink.adapters.gateway import (
    ApiKey,
    DryRunGateway,
    Gateway,
    GatewayConfigurationError,
    GatewaySettings,
    RateLimitedError,
    TransientError,
    gateway_names,
    load_gateway,
)
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.gateway.settings import STRIPE
from relink.adapters.settings import Settings, SettingsError

from .distribution import install
from .stand_in import COMMANDS, NOW, Server

TEST = GatewaySettings(api_key=ApiKey("sk_test_1"))


# ── registered by relink ─────────────────────────────────────────────────────────────


def test_relink_registers_three_gateways() -> None:
    assert {"dry-run", "simulator", "stripe"} <= set(gateway_names())


def test_the_name_dry_run_loads_the_gateway_that_only_records() -> None:
    gateway = load_gateway("dry-run", GatewaySettings())
    assert isinstance(gateway, DryRunGateway)


def test_the_name_simulator_loads_a_gateway_with_a_simulator_of_its_own() -> None:
    gateway = load_gateway("simulator", GatewaySettings())
    assert isinstance(gateway, SimulatorGateway)
    account = gateway.simulator.link_account(gateway.simulator.add_customer())
    command = COMMANDS["retrieve_account"].model_copy(update={"account": account.id})
    (report,) = gateway.perform(command, NOW).events
    assert report.model_dump()["account"] == account.id


def test_the_name_stripe_loads_the_gateway_over_the_sdk(server: Server) -> None:
    server.answer(200, {"id": "fca_1"})
    environment = {"STRIPE_API_KEY": " sk_test_9\n", "STRIPE_API_BASE": f"{server.url}/"}
    gateway = load_gateway("stripe", Settings.from_environment(environment).gateway)
    assert len(gateway.perform(COMMANDS["retrieve_account"], NOW).events) == 1
    assert server.arrived[0].headers["authorization"] == "Bearer sk_test_9"


def test_the_gateway_stripe_needs_an_api_key() -> None:
    with pytest.raises(GatewayConfigurationError, match="STRIPE_API_KEY is not set"):
        load_gateway("stripe", Settings.from_environment({"STRIPE_API_KEY": ""}).gateway)


@pytest.mark.parametrize(
    ("key", "base", "error"),
    [
        (
            "sk_live_1",
            "http://127.0.0.1:1",
            "STRIPE_API_KEY is a live key, which is sent to https://api.stripe.com only",
        ),
        ("rk_live_1", "https://api.stripe.com.example", "STRIPE_API_KEY is a live key"),
        ("sk_org_live_1", "http://api.stripe.com", "STRIPE_API_KEY is a live key"),
        ("sk_test_1\nX-Header: 1", "", "STRIPE_API_KEY is invalid"),
        ("sk_test_é", "", "STRIPE_API_KEY is invalid"),
        ("", "api.stripe.com", "must be like https://api.stripe.com"),
        ("", "https://api.stripe.com/v1", "must be like"),
        ("", "https://", "must be like"),
        ("", "file:///etc", "must be like"),
    ],
)
def test_invalid_settings_are_refused_without_showing_the_key(
    key: str, base: str, error: str
) -> None:
    environment = {"STRIPE_API_KEY": key, "STRIPE_API_BASE": base}
    with pytest.raises(GatewayConfigurationError, match=error) as raised:
        GatewaySettings(ApiKey(key) if key else None, base or STRIPE)
    assert not key or key not in str(raised.value)
    with pytest.raises(SettingsError, match=error) as refused:
        Settings.from_environment(environment)
    assert not key or key not in str(refused.value)


def test_a_live_key_is_accepted_for_stripe_itself() -> None:
    settings = Settings.from_environment({"STRIPE_API_KEY": "sk_live_1"}).gateway
    assert settings.api_base == "https://api.stripe.com"
    assert "sk_live_1" not in repr(settings)


def test_an_unknown_gateway_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(GatewayConfigurationError, match=r"'strpie'; registered gateways: .*stripe"):
        load_gateway("strpie", TEST)


# ── registered by another distribution ──────────────────────────────────────────────────

USE = """
import sys
from relink.adapters.gateway import *
from relink.machines.commands import RetrieveAccount

gateway = load_gateway(sys.argv[1], GatewaySettings())
print(gateway.perform(RetrieveAccount(account="fca_1", reason="look", number=1), 5.0))
"""


def test_a_gateway_of_another_distribution_is_loaded_by_its_name(tmp_path: Path) -> None:
    folder = install(tmp_path, echo="their_gateway:Echo")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-W", "error", "-c", USE, "echo"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "performed retrieve_account at 5.0",
        "Answer(events=(), secret=None, url=None)",
    ], done.stderr


@pytest.mark.parametrize(
    ("name", "points", "error"),
    [
        (
            "bad",
            {"bad": "their_gateway:nothing"},
            r"must return an object with a method perform\(\), got NoneType",
        ),
        ("bad", {"bad": "their_gateway:absent"}, r"\(their_gateway:absent\) could not be loaded"),
        ("bad", {"bad": "no_such_module:make"}, "No module named 'no_such_module'"),
        ("bad", {"bad": "their_gateway:lacking"}, "No module named 'a_package_that_is_not"),
        ("stripe", {"stripe": "their_gateway:Echo"}, "several gateways are registered as 'stripe'"),
    ],
)
def test_a_gateway_that_cannot_be_made_is_an_error_that_names_its_entry_point(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    points: dict[str, str],
    error: str,
) -> None:
    monkeypatch.syspath_prepend(install(tmp_path, **points))
    monkeypatch.delitem(sys.modules, "their_gateway", raising=False)
    with pytest.raises(GatewayConfigurationError, match=error):
        load_gateway(name, TEST)


def test_any_object_with_a_method_perform_counts_as_a_gateway() -> None:
    assert isinstance(DryRunGateway(), Gateway)
    assert not isinstance(object(), Gateway)


def test_a_timeout_that_is_not_positive_is_refused() -> None:
    with pytest.raises(GatewayConfigurationError, match="timeout must be positive, got 0"):
        GatewaySettings(timeout=0)


@pytest.mark.parametrize("version", ["2026-10-28.endive", "2026-01-28.preview", "2020-08-27", ""])
def test_k5_a_version_in_which_objects_are_not_complete_is_refused(version: str) -> None:
    with pytest.raises(GatewayConfigurationError, match=r"must be 2026-06-24\.preview or a later"):
        GatewaySettings(api_version=version)
    assert GatewaySettings(api_version="2026-08-26.preview").api_version == "2026-08-26.preview"


# ── what the settings do to the gateway to Stripe ────────────────────────────


def test_the_gateway_stripe_waits_no_longer_than_the_timeout(server: Server) -> None:
    server.silent.set()
    settings = replace(TEST, api_base=server.url, timeout=0.2)
    began = time.monotonic()
    with pytest.raises(TransientError, match=r"it took longer than 0\.2 seconds"):
        load_gateway("stripe", settings).perform(COMMANDS["retrieve_account"], NOW)
    assert time.monotonic() - began < 2


class UsedUp:
    """A rate limiter without a slot in the next minute."""

    def wait(self, longest: float) -> float:
        return 60.0

    def hold(self, seconds: float) -> None:
        raise AssertionError("nothing was sent, so nothing can be held")


def test_the_gateway_stripe_keeps_to_the_rate_limiter(server: Server) -> None:
    settings = replace(TEST, api_base=server.url, rate_limiter=UsedUp())
    with pytest.raises(RateLimitedError) as raised:
        load_gateway("stripe", settings).perform(COMMANDS["retrieve_account"], NOW)
    assert raised.value.wait == 60.0
    assert server.arrived == []


@pytest.mark.parametrize(
    "base", ["http://u:secretpw@h", "http://u:secretpw@h/v1", "http://[x", "http://h:99999"]
)
def test_an_invalid_api_base_is_refused_without_showing_it(base: str) -> None:
    with pytest.raises(GatewayConfigurationError, match="STRIPE_API_BASE is invalid") as refused:
        GatewaySettings(api_base=base)
    assert "secretpw" not in str(refused.value)
