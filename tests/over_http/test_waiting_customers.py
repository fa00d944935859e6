"""Case 37: Stripe hangs, and each of a hundred customers is answered within the bound."""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from relink.adapters.bootstrap import assemble, serving
from relink.adapters.http import callers
from relink.adapters.service import requests
from relink.adapters.settings import Settings

from ..kill.processes import free_port
from ..runner.silent import Silent
from ..store.messages import receive

CUSTOMERS = 100
BOUND = 6.0
"""Seconds, in place of ten."""
TOKEN = "token-of-waiting-customers"


class Clock:
    """The time of day, which can be put back."""

    back = 0.0

    def __call__(self) -> float:
        return time.time() - self.back


@contextmanager
def served(folder: Path, empty: Path, stripe: str, clock: Clock) -> Iterator[str]:
    """The service on a port, with an account for each customer."""
    (folder / "relink.db").write_bytes(empty.read_bytes())
    environment = {
        "STRIPE_API_KEY": "sk_test_waiting",
        "STRIPE_API_BASE": stripe,
        "RELINK_DATABASE_URL": f"sqlite:///{folder / 'relink.db'}",
        "RELINK_API_TOKEN": TOKEN,
        "RELINK_STRIPE_TIMEOUT": "2",
    }
    parts = assemble(Settings.from_environment(environment), clock)
    for number in range(CUSTOMERS):
        receive(parts.store, f"evt_{number}", int(clock()), f"fca_{number}")
    port = free_port()
    config = uvicorn.Config(serving(parts), port=port, log_config=None, backlog=2 * CUSTOMERS)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
        parts.store.close()


def test_a_hundred_customers_are_answered_in_time_while_stripe_hangs(
    tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(callers, "RETRY_FOR", BOUND)
    monkeypatch.setattr(requests, "RETRY_FOR", BOUND)
    clock = Clock()

    async def ask(client: httpx.AsyncClient, number: int) -> tuple[float, httpx.Response]:
        began = time.monotonic()
        answer = await client.post(f"/accounts/fca_{number}/relink-sessions")
        return time.monotonic() - began, answer

    async def ask_all(url: str) -> list[tuple[float, httpx.Response]]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=url, headers=headers, timeout=60, limits=limits
        ) as client:
            asked = [asyncio.create_task(ask(client, number)) for number in range(CUSTOMERS)]
            await asyncio.sleep(1)
            clock.back = 86_400.0
            well = await ask_well(client)
            answers = await asyncio.gather(*asked)
            assert well < BOUND - 2, "what does not need Stripe is answered meanwhile"
            return answers

    async def ask_well(client: httpx.AsyncClient) -> float:
        began = time.monotonic()
        assert (await client.get("/accounts/fca_1")).status_code == 200
        return time.monotonic() - began

    with Silent() as stripe, served(tmp_path, empty_database, stripe.url, clock) as url:
        answers = asyncio.run(ask_all(url))
    assert {answer.status_code for _, answer in answers} == {503}
    assert all(int(answer.headers["Retry-After"]) >= 1 for _, answer in answers)
    times = sorted(seconds for seconds, _ in answers)
    assert times[-1] < BOUND + 4, f"median {statistics.median(times):.1f} s"
