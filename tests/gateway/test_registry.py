"""Gateways by name: relink's own, and one that another distribution brings."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from relink.adapters.gateway import (
    ApiKey,
    DryRunGateway,
    Gateway,
    GatewayConfigurationError,
    GatewaySettings,
    gateway_names,
    load_gateway,
)
from relink.adapters.gateway.in_process import SimulatorGateway

from .stand_in import COMMANDS, NOW, Server

TEST = GatewaySettings(api_key=ApiKey("sk_test_1"))


# ── relink's own ─────────────────────────────────────────────────────────────


def test_relink_brings_three() -> None:
    assert {"dry-run", "simulator", "stripe"} <= set(gateway_names())


def test_the_dry_run() -> None:
    gateway = load_gateway("dry-run", GatewaySettings())
    assert isinstance(gateway, DryRunGateway)


def test_the_simulator() -> None:
    gateway = load_gateway("simulator", GatewaySettings())
    assert isinstance(gateway, SimulatorGateway)
    account = gateway.simulator.link_account(gateway.simulator.add_customer())
    command = COMMANDS["retrieve_account"].model_copy(update={"account": account.id})
    (report,) = gateway.perform(command, NOW).events
    assert report.model_dump()["account"] == account.id


def test_stripe(server: Server) -> None:
    server.answer(200, {"id": "fca_1"})
    environment = {"STRIPE_API_KEY": " sk_test_9\n", "STRIPE_API_BASE": f"{server.url}/"}
    gateway = load_gateway("stripe", GatewaySettings.from_environment(environment))
    assert len(gateway.perform(COMMANDS["retrieve_account"], NOW).events) == 1
    assert server.arrived[0].headers["authorization"] == "Bearer sk_test_9"


def test_stripe_needs_a_key() -> None:
    with pytest.raises(GatewayConfigurationError, match="STRIPE_API_KEY is not set"):
        load_gateway("stripe", GatewaySettings.from_environment({"STRIPE_API_KEY": ""}))


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
def test_settings_that_can_not_be(key: str, base: str, error: str) -> None:
    environment = {"STRIPE_API_KEY": key, "STRIPE_API_BASE": base}
    with pytest.raises(GatewayConfigurationError, match=error) as raised:
        GatewaySettings.from_environment(environment)
    assert not key or key not in str(raised.value)


def test_a_live_key_for_stripe_is_fine() -> None:
    settings = GatewaySettings.from_environment({"STRIPE_API_KEY": "sk_live_1"})
    assert settings.api_base == "https://api.stripe.com"
    assert "sk_live_1" not in repr(settings)


def test_an_unknown_name() -> None:
    with pytest.raises(GatewayConfigurationError, match=r"'strpie'; registered gateways: .*stripe"):
        load_gateway("strpie", TEST)


# ── of another distribution ──────────────────────────────────────────────────

PLUGIN = '''
from relink.adapters.gateway import Answer, Attempt, GatewaySettings

class Echo:
    """Answers without asking anybody."""

    def __init__(self, settings):
        self.settings = settings

    def perform(self, command, at, attempt=Attempt()):
        print("performed", command.name, "at", at)
        return Answer()

def nothing(settings):
    return None

def lacking(settings):
    import a_package_that_is_not_installed
'''
USE = """
import sys
from relink.adapters.gateway import *
from relink.machines.commands import RetrieveAccount

gateway = load_gateway(sys.argv[1], GatewaySettings())
print(gateway.perform(RetrieveAccount(account="fca_1", reason="look", dedup_key="evt_1"), 5.0))
"""

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Makes a folder with an installed distribution that has these entry points."""

    def make(**points: str) -> Path:
        metadata = tmp_path / "their_gateway-1.0.dist-info"
        metadata.mkdir()
        (tmp_path / "their_gateway.py").write_text(PLUGIN)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: their-gateway\nVersion: 1")
        lines = "".join(f"{name} = {value}\n" for name, value in points.items())
        (metadata / "entry_points.txt").write_text(f"[relink.gateways]\n{lines}")
        return tmp_path

    return make


def test_a_gateway_of_another_distribution(install: Install) -> None:
    environment = {**os.environ, "PYTHONPATH": str(install(echo="their_gateway:Echo"))}
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
def test_a_gateway_that_can_not_be_made(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    points: dict[str, str],
    error: str,
) -> None:
    monkeypatch.syspath_prepend(install(**points))
    monkeypatch.delitem(sys.modules, "their_gateway", raising=False)
    with pytest.raises(GatewayConfigurationError, match=error):
        load_gateway(name, TEST)


def test_any_object_with_perform_is_a_gateway() -> None:
    assert isinstance(DryRunGateway(), Gateway)
    assert not isinstance(object(), Gateway)
