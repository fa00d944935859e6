"""The examples that no shop of these tests is built on: FastAPI, functions, Flask's first start."""

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.http import relink_router
from relink.adapters.runner import Performer
from relink.adapters.service import Service
from relink.adapters.simulator import Account, Delivery, Simulator
from relink.adapters.simulator.server import SimulatorServer
from relink.adapters.store import MemoryStore
from relink.adapters.stripe import StripeWebhooks
from relink.machines import relink_system

from .shops import TIMEOUT, WEBHOOK_SECRET, FlaskSite

Deliver = Callable[[Delivery], None]


@contextmanager
def served(app: FastAPI) -> Iterator[httpx.Client]:
    """A client of the application on a real server, its lifespan included."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with httpx.Client(base_url=url, timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(30)


def until(condition: Callable[[], bool], step: Callable[[], None]) -> None:
    """Take steps until the condition holds."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        step()
        time.sleep(0.02)


def broken_account(stripe: SimulatorServer, deliver: Deliver) -> str:
    """An account whose consent has expired; its webhooks were delivered."""
    with stripe.lock:
        account: Account = stripe.simulator.link_account(stripe.simulator.add_customer("Jo"))
    pass_time(stripe, deliver, 10)
    assert account.authorization
    with stripe.lock:
        stripe.simulator.bank.expire_consent(account.authorization.id)
    pass_time(stripe, deliver, 10)
    return account.id


def pass_time(stripe: SimulatorServer, deliver: Deliver, seconds: float = 0.1) -> None:
    with stripe.lock:
        deliveries = list(stripe.simulator.due_webhooks(stripe.simulator.now + seconds))
    for delivery in deliveries:
        deliver(delivery)


def test_fastapi_mounts_the_router(
    stripe: SimulatorServer, configured: None, tmp_path: Path
) -> None:
    (tmp_path / "relink.db").unlink()  # The application creates it.
    stripe.simulator.add_endpoint(WEBHOOK_SECRET)
    headers = {"Authorization": "Bearer token-of-the-shop-0123456789"}
    with served(import_module("fastapi_app").create_app()) as client:

        def deliver(delivery: Delivery) -> None:
            got = client.post(
                "/relink/webhooks/stripe",
                content=delivery.payload,
                headers={"Stripe-Signature": delivery.signature},
            )
            assert (got.status_code, got.json()) == (200, {"outcome": "applied"})

        def state(account: str) -> Any:
            return client.get(f"/relink/accounts/{account}", headers=headers).json()["state"]

        account = broken_account(stripe, deliver)
        assert client.get(f"/relink/accounts/{account}").status_code == 401
        until(lambda: state(account) == "inactive_relinkable", lambda: pass_time(stripe, deliver))
        opened = client.post(f"/relink/accounts/{account}/relink-sessions", headers=headers)
        assert opened.status_code == 201
        session = opened.json()["session"]
        with stripe.lock:
            stripe.simulator.customer(session).choose_expected()
        result = client.post(f"/relink/relink-sessions/{session}/result", headers=headers)
        assert result.json()["outcome"] == "relinked"
        until(lambda: state(account) == "active", lambda: pass_time(stripe, deliver))


def test_functions_store_a_webhook_and_perform_what_is_due(
    stripe: SimulatorServer, configured: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "shop")
    stripe.simulator.add_endpoint(WEBHOOK_SECRET)
    functions, setup = import_module("serverless_app"), import_module("relink_setup")

    def deliver(delivery: Delivery) -> None:
        event = {
            "headers": {"Stripe-Signature": delivery.signature},
            "body": base64.b64encode(delivery.payload).decode(),
            "isBase64Encoded": True,
        }
        got = functions.on_webhook(event, None)
        assert (got["statusCode"], got["body"]) == (200, "applied")
        assert functions.on_webhook(event, None)["body"] == "duplicate"

    account = broken_account(stripe, deliver)
    until(lambda: "ask='relink'" in caplog.text, lambda: functions.on_schedule({}, None))
    assert setup.service().account(account).snapshot.state == "inactive_relinkable"
    assert setup.store().due_commands(time.time(), 10) == []
    refused = functions.on_webhook({"headers": {}, "body": "{}"}, None)
    assert (refused["statusCode"], refused["body"]) == (400, "no signature")


def test_flask_begins_with_migrate(
    stripe: SimulatorServer, configured: None, tmp_path: Path
) -> None:
    (tmp_path / "relink.db").unlink()
    with import_module("flask_app").working():
        got = FlaskSite().post("/webhooks/stripe", b"{}", {"Stripe-Signature": "t=1,v1=00"})
    assert got.status == 400
    import_module("relink_setup").store().check()


def test_memory_store_works_behind_the_router() -> None:
    sim = Simulator(seed=7)
    sim.add_endpoint(WEBHOOK_SECRET)
    store, gateway = MemoryStore(relink_system()), SimulatorGateway(sim)
    service = Service(
        store,
        gateway,
        webhooks=StripeWebhooks([WEBHOOK_SECRET], livemode=False),
        clock=lambda: sim.now,
        timer=lambda: sim.now,
        sleep=sim.advance,
    )
    performer = Performer(store, gateway, lambda command, _: None, lambda: sim.now)
    app = FastAPI()
    app.include_router(relink_router(service, token="secret-token"))
    headers = {"Authorization": "Bearer secret-token"}
    with served(app) as client:

        def settle(seconds: float) -> None:
            for delivery in sim.due_webhooks(sim.now + seconds):
                signed = {"Stripe-Signature": delivery.signature}
                got = client.post("/webhooks/stripe", content=delivery.payload, headers=signed)
                assert got.json() == {"outcome": "applied"}
            performer.work_off()

        account = sim.link_account(sim.add_customer("Jo"))
        settle(60)
        assert account.authorization
        sim.bank.expire_consent(account.authorization.id)
        settle(60)
        opened = client.post(f"/accounts/{account.id}/relink-sessions", headers=headers).json()
        sim.customer(opened["session"]).choose_expected()
        path = f"/relink-sessions/{opened['session']}/result"
        assert client.post(path, headers=headers).json()["outcome"] == "relinked"
        settle(60)
        assert client.get(f"/accounts/{account.id}", headers=headers).json()["state"] == "active"
        history = client.get(f"/accounts/{account.id}/history", headers=headers)
        assert history.status_code == 200
        assert history.json()
