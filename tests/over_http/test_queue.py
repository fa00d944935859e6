"""More customers than seats while Stripe hangs: those without one are turned away soon, and nobody
else waits for them."""

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from relink.adapters.gateway import ApiKey
from relink.adapters.gateway.live import StripeGateway
from relink.adapters.gateway.sdk import SdkTransport
from relink.adapters.http import Metrics, application, callers
from relink.adapters.service import Service, requests
from relink.adapters.store import InboxMessage, MemoryStore
from relink.machines import relink_system
from relink.machines.events import AccountReported

from ..peer import Peer, freeze, peer
from .served import TOKEN

RETRY_FOR = 0.8
CUSTOMERS = 40


@pytest.fixture
def stripe() -> Iterator[Peer]:
    with peer(freeze) as frozen:
        yield frozen


@pytest.fixture
def app(stripe: Peer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """The application with four seats for requests that wait for Stripe, which never answers."""
    monkeypatch.setattr(requests, "RETRY_FOR", RETRY_FOR)
    monkeypatch.setattr(callers, "RETRY_FOR", RETRY_FOR)
    monkeypatch.setattr(callers, "WAIT_FOR_SEAT", RETRY_FOR / 2)
    monkeypatch.setattr(callers.Callers.__init__, "__defaults__", (4,))
    transport = SdkTransport(ApiKey("sk_test_queue"), stripe.url)
    store = MemoryStore(relink_system())
    now = time.time()
    known = AccountReported(
        causation_id="evt_1", at=now, account="fca_1", as_of=int(now), read=False, report=None
    )
    store.apply(InboxMessage("evt_1", "test", int(now), now), [known])
    service = Service(store, StripeGateway(transport))
    yield application(service, token=TOKEN, ready=lambda: None, metrics=Metrics())
    transport.close()


async def ask(app: FastAPI, method: str, path: str) -> tuple[int, float]:
    """The status, and how long it took (seconds)."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://relink") as client:
        began = time.monotonic()
        headers = {"authorization": f"Bearer {TOKEN}"}
        answer = await client.request(method, path, headers=headers)
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) >= 1
        return answer.status_code, time.monotonic() - began


def test_customers_without_a_seat_are_turned_away_soon(app: FastAPI, stripe: Peer) -> None:
    async def crowd() -> list[tuple[int, float]]:
        asked = [ask(app, "POST", "/accounts/fca_1/refresh") for _ in range(CUSTOMERS)]
        return await asyncio.gather(*asked)

    answers = asyncio.run(crowd())
    assert {status for status, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) < RETRY_FOR + 1.5
    # Those who were turned away sent nothing to Stripe.
    assert len(stripe.heads) < CUSTOMERS / 2


def test_other_requests_do_not_queue_behind_them(app: FastAPI) -> None:
    async def both() -> tuple[int, float]:
        crowd = [
            asyncio.create_task(ask(app, "POST", "/accounts/fca_1/refresh"))
            for _ in range(CUSTOMERS)
        ]
        await asyncio.sleep(0.2)
        found = await ask(app, "GET", "/accounts/fca_1")
        await asyncio.gather(*crowd)
        return found

    status, seconds = asyncio.run(both())
    assert status == 200
    assert seconds < RETRY_FOR / 2
