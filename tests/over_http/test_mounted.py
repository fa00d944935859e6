"""The router mounted in another application, and the application on a real server."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from relink.adapters.http import relink_router

from .served import TOKEN, Served


def test_a_mounted_router_answers_its_own_errors_with_problem_details(at: Served):
    app = FastAPI()
    app.include_router(relink_router(at.service, token=TOKEN), prefix="/relink")
    account = at.linked()
    at.app = app
    assert at.ask_unchecked("GET", f"/relink/accounts/{account}").json()["id"] == account
    for path, token, status in (
        (f"/relink/accounts/{account}", "", 401),
        ("/relink/accounts/fca_unknown", TOKEN, 404),
        ("/relink/accounts/other", TOKEN, 422),
    ):
        answer = at.ask_unchecked("GET", path, token=token)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    answer = at.ask_unchecked("GET", "/elsewhere")
    assert answer.json() == {"detail": "Not Found"}
    assert "/relink/accounts/{id}" in app.openapi()["paths"]


@pytest.fixture
def address(at: Served) -> Iterator[str]:
    """The URL of the application on a real server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(at.app, log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def test_concurrent_deliveries_of_a_webhook_are_applied_once(at: Served, address: str):
    for number in range(8):
        at.sim.link_account(at.sim.add_customer(f"Jo {number}"))
    deliveries = at.deliveries() * 4

    def post(client: httpx.Client, delivery) -> str:
        headers = {"stripe-signature": delivery.signature}
        answer = client.post("/webhooks/stripe", content=delivery.payload, headers=headers)
        return answer.json()["outcome"]

    with httpx.Client(base_url=address) as client, ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda delivery: post(client, delivery), deliveries))
    assert sorted(outcomes) == ["applied"] * 8 + ["duplicate"] * 24
    assert sum(at.store.count_by_state().values()) == 8


def test_a_real_server_refuses_a_body_that_is_too_long(at: Served, address: str):
    """The server may close the connection while the client is still sending."""
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    for path, status in (("/webhooks/stripe", 400), ("/accounts/fca_1/relink-sessions", 413)):
        answer = httpx.post(f"{address}{path}", content=b" " * 2 * 1024 * 1024, headers=headers)
        assert answer.status_code == status
    assert httpx.get(f"{address}/healthz").json() == {"status": "ok"}
