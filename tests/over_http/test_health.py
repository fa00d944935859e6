"""Health while the database hangs: probes are answered all the same, and liveness at once."""

import asyncio
import threading

import httpx
import pytest

from relink.adapters.gateway import DryRunGateway
from relink.adapters.http import Metrics, application, health
from relink.adapters.service import Service
from relink.adapters.store import MemoryStore
from relink.machines import relink_system


def test_no_probe_waits_for_a_database_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "WITHIN", 0.3)
    let_go = threading.Event()
    checks: list[bool] = []

    def ready() -> None:
        checks.append(let_go.wait(30))

    service = Service(MemoryStore(relink_system()), DryRunGateway())
    app = application(service, token="t", ready=ready, metrics=Metrics())

    async def probe() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://relink") as client:
            probes = asyncio.gather(*(client.get("/healthz") for _ in range(20)))
            assert (await client.get("/livez")).status_code == 200
            assert not probes.done(), "liveness waits for no probe"
            for answer in await probes:
                assert answer.status_code == 503
                assert "did not answer within" in answer.json()["detail"]
            assert checks == [], "the one check hangs still, and no other was made beside it"
            let_go.set()
            while (await client.get("/healthz")).status_code != 200:
                await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(probe(), 25))
