"""F1: an operator's fault is never the customer's (case 31)."""

import json
from collections.abc import Callable

import pytest

from relink.adapters.bootstrap import store_status
from relink.adapters.cli import main
from relink.adapters.http import Metrics
from relink.adapters.runner import Performer
from relink.adapters.simulator import SetupFault
from relink.machines.commands import CreatePaymentMethod, RequestNewPaymentMethod
from relink.machines.events import CommandFailed

from .embedding import Embedding

DAY = 24 * 3600

Break = Callable[[Embedding], None]


def without_permission(at: Embedding) -> None:
    at.sim.keys.restrict(["financial_connections_account_read", "customer_read"])


def of_the_other_mode(at: Embedding) -> None:
    at.sim.keys.use_other_mode()


def revoked(at: Embedding) -> None:
    at.sim.keys.revoke()


def every_request(fault: SetupFault) -> Break:
    return lambda at: at.sim.inject(fault, times=None)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (without_permission, "permission"),
        (of_the_other_mode, "other_mode"),
        (revoked, "api_key"),
        (every_request(SetupFault.PROXY_FORBIDS), "not_stripe"),
        (every_request(SetupFault.PROXY_NEEDS_LOGIN), "not_stripe"),
        (every_request(SetupFault.VERSION_NOT_OPEN), "request"),
    ],
    ids=["permission", "mode", "revoked", "proxy 403", "proxy 407", "version"],
)
def test_F1_the_command_stays_due_and_operators_are_told(
    at: Embedding,
    fault: Break,
    code: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    metrics = Metrics(lambda: store_status(at.store, at.sim.now), clock=lambda: at.sim.now)
    performer = Performer(
        at.store,
        at.stripe,
        lambda command, id: at.told.append((command, id)),
        clock=lambda: at.sim.now,
        watch=at.steps.append,
        watch_command=metrics.watch_command,
    )
    new = at.linked_instead()
    at.receive_webhooks()
    at.performer = performer
    fault(at)
    at.settle(2 * DAY)

    build = CreatePaymentMethod.name
    stuck = {each.command: each for each in at.store.stuck_commands()}
    assert stuck[build].stuck_on == code
    assert at.store.dead_letters() == []
    assert not any(isinstance(step.trigger, CommandFailed) for step in at.steps)
    assert not any(isinstance(command, RequestNewPaymentMethod) for command, _ in at.told)
    logged = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert any(stuck[build].id in each and code in each for each in logged)
    page = metrics.page().decode()
    assert f'relink_commands_total{{command="{build}",result="stuck"}}' in page
    assert f'relink_stuck_commands{{code="{code}"}} {float(len(stuck))}' in page
    monkeypatch.setenv("RELINK_DATABASE_URL", str(at.store.location))
    assert main(["status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["stuck"] == {code: len(stuck)}
    assert stuck[build].id in [each["id"] for each in status["stuck_commands"]]
    assert main(["status"]) == 0
    shown = " ".join(capsys.readouterr().out.split())  # it is wrapped
    assert f"{stuck[build].id}: {' '.join(stuck[build].error.split())}" in shown

    # The key is right again.
    at.sim.keys.reset()
    at.sim.clear_faults()
    at.settle(3600)
    assert at.store.stuck_commands() == []
    assert at.built(new) == "mandate_needed"
    assert at.count("payment_method.created") == 1
    assert "relink_stuck_commands{" not in metrics.page().decode()
