"""Health while the database hangs: probes are answered within a bound, and liveness at once."""

import asyncio
import threading
import time

import httpx
import pytest

from relink.adapters.gateway import DryRunGateway
from relink.adapters.http import Metrics, application, health
from relink.adapters.service import Service
from relink.adapters.store import MemoryStore
from relink.machines import relink_system

BOUND = 0.5
"""Seconds, in place of five."""


def test_probes_are_answered_within_the_bound_while_the_database_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "WITHIN", BOUND)
    hangs, let_go = threading.Event(), threading.Event()
    hangs.set()

    def ready() -> None:
        if hangs.is_set():
            assert let_go.wait(30)

    service = Service(MemoryStore(relink_system()), DryRunGateway())
    app = application(service, token="t", ready=ready, metrics=Metrics())

    async def ask(client: httpx.AsyncClient, path: str) -> tuple[int, float]:
        began = time.monotonic()
        answer = await client.get(path)
        return answer.status_code, time.monotonic() - began

    async def probe() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://relink") as client:
            assert (await ask(client, "/livez"))[0] == 200
            probes = asyncio.gather(*(ask(client, "/healthz") for _ in range(20)))
            await asyncio.sleep(0)
            assert (await ask(client, "/livez"))[0] == 200
            assert not probes.done(), "liveness waits for no probe"
            for status, seconds in await probes:
                assert status == 503
                # One check is enough for all that come meanwhile.
                assert seconds < 10 * BOUND
            hangs.clear()
            let_go.set()
            until = time.monotonic() + 5
            while (await ask(client, "/healthz"))[0] != 200:
                assert time.monotonic() < until, "it is well again"
                await asyncio.sleep(0.1)

    asyncio.run(probe())
