"""By clicks: a link breaks in StripeBank, relink notices, and the customer repairs it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from relink.adapters.demo.endpoint import serving, webhook_endpoint
from relink.adapters.gateway import ApiKey
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.runner import Performer
from relink.adapters.service import Service, UnknownAccountError
from relink.adapters.simulator import Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import SqlStore, migrate
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Command
from relink.machines import relink_system
from relink.machines.commands import NotifyCustomer

from .browser import MISSING, Browser, installed

SECRET = "whsec_clicks"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    program = installed()
    if program is None:
        pytest.skip(MISSING)
    opened = Browser(program, tmp_path / "chromium")
    yield opened
    opened.close()


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; another thread delivers webhooks."""
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail(f"this did not happen: {what}")


def test_relink_notices_a_broken_link_and_the_customer_repairs_it_by_clicks(
    browser: Browser, tmp_path: Path
):
    notifications: list[Command] = []
    with ExitStack() as stack:
        server = stack.enter_context(SimulatorServer(Simulator(seed=5, start=None)))
        database = f"sqlite:///{tmp_path / 'relink.db'}"
        migrate(database)
        store = SqlStore(database, relink_system())
        stack.callback(store.close)
        transport = SdkTransport(ApiKey("sk_test_clicks"), server.url)
        stack.callback(transport.close)
        gateway = StripeGateway(transport)
        webhooks = StripeWebhooks([SECRET], livemode=False)
        service = Service(store, gateway, webhooks=webhooks)
        performer = Performer(store, gateway, lambda command, id: notifications.append(command))
        endpoint = stack.enter_context(serving(webhook_endpoint(service.handle_webhook)))
        with server.lock:
            server.simulator.add_endpoint(SECRET, url=f"{endpoint}/webhooks/stripe")
            account = server.simulator.link_account(server.simulator.add_customer("Jenny Rosen"))

        def state() -> str:
            performer.work_off()
            try:
                return service.account(account.id)[0].state
            except UnknownAccountError:
                return "unknown"

        eventually(lambda: state() == "active", "relink knows the account")

        browser.open(f"{server.url}/stripebank")
        browser.click(".card-head summary", "Bank event")
        browser.click("button", "Expire the consent")
        eventually(
            lambda: state() == "inactive_relinkable", "relink knows that the account is inactive"
        )
        performer.work_off()
        assert [type(command) for command in notifications] == [NotifyCustomer]

        session = service.request_relink(account.id)
        assert state() == "relinking"
        browser.click(f'[data-session="{session.id}"] a', "Continue as the customer")
        for selector in ("#agree", "#sign-in"):
            browser.click(selector)
        browser.click("label.choice", "Expected")
        browser.click("#connect")
        assert browser.text("#outcome") == "Account connected"

        assert service.session_result(session.id).outcome == "relinked"
        eventually(lambda: state() == "active", "the account is active again")
        assert service.account(account.id)[1].chargeable
        assert browser.errors == []
