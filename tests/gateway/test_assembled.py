"""The assembled service uses the gateway that RELINK_GATEWAY names."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relink.adapters.bootstrap import Parts, assemble
from relink.adapters.settings import Settings, SettingsError
from relink.adapters.store import migrate

from .distribution import install

SECRET = "whsec_assembled"


@pytest.fixture
def their_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module of another distribution, which registers the gateway ``recording``."""
    packages = tmp_path / "packages"
    packages.mkdir()
    monkeypatch.syspath_prepend(install(packages, recording="their_gateway:Recording"))
    sys.modules.pop("their_gateway", None)
    yield importlib.import_module("their_gateway")
    sys.modules.pop("their_gateway", None)


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {
        "STRIPE_API_KEY": "sk_test_assembled",
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "RELINK_DATABASE_URL": f"sqlite:///{folder / 'relink.db'}",
        **more,
    }


def assembled(folder: Path, clock: Any, **more: str) -> Parts:
    settings = Settings.from_environment(environment(folder, **more))
    migrate(settings.database)
    return assemble(settings, clock)


def test_the_assembled_service_uses_the_gateway_of_another_distribution(
    their_gateway: Any, tmp_path: Path
) -> None:
    sim = their_gateway.SIMULATOR
    sim.add_endpoint(SECRET)
    parts = assembled(tmp_path, lambda: sim.now, RELINK_GATEWAY="recording")
    for_requests, for_commands = their_gateway.MADE

    account = sim.link_account(sim.add_customer("Jo"))
    sim.bank.expire_consent(account.authorization.id)
    for delivery in sim.due_webhooks(sim.now + 5):
        parts.service.handle_webhook(delivery.payload, delivery.signature)
    parts.performer.work_off()
    session = parts.service.request_relink(account.id)
    parts.store.close()

    assert session.id in sim.world.sessions
    assert for_requests.commands == ["create_relink_session"]
    assert "retrieve_authorization" in for_commands.commands
    assert "create_relink_session" not in for_commands.commands


def test_both_gateways_share_a_rate_limit_and_the_one_for_requests_comes_first(
    their_gateway: Any, tmp_path: Path
) -> None:
    parts = assembled(tmp_path, lambda: 1_760_000_000.0, RELINK_GATEWAY="recording")
    parts.store.close()
    for_requests, for_commands = (made.settings for made in their_gateway.MADE)
    assert (for_requests.timeout, for_commands.timeout) == (8.0, 25.0)
    while for_commands.rate_limiter.wait(10) < 5:
        pass
    assert for_requests.rate_limiter.wait(10) < 1
    for_requests.rate_limiter.hold(30)
    assert for_commands.rate_limiter.wait(10) > 10
    assert for_requests.api_key.reveal() == "sk_test_assembled"


def test_the_assembled_service_uses_stripe_unless_another_gateway_is_named(
    tmp_path: Path,
) -> None:
    settings = Settings.from_environment(environment(tmp_path, RELINK_GATEWAY=" "))
    assert settings.gateway_name == "stripe"


def test_a_service_with_an_unknown_gateway_is_not_assembled(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"RELINK_GATEWAY is invalid: .* it is none of .*stripe"
    ):
        assembled(tmp_path, lambda: 0.0, RELINK_GATEWAY="strpie")


def test_a_service_for_stripe_without_an_api_key_is_not_assembled(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="STRIPE_API_KEY is not set"):
        assembled(tmp_path, lambda: 0.0, STRIPE_API_KEY="")
