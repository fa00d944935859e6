"""The application in this process, with a real store and a simulated Stripe behind it.

Every response is checked against the OpenAPI document: its status, content type and body.
"""

import hmac
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from schemathesis.specs.openapi.schemas import OpenApiSchema

from relink.adapters.bootstrap import store_status
from relink.adapters.gateway import DryRunGateway, Gateway
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.http import Metrics, StoreStatus, application
from relink.adapters.runner import Performer
from relink.adapters.service import Service
from relink.adapters.simulator import Delivery, Faults, Simulator
from relink.adapters.store import MemoryStore, SqlStore
from relink.adapters.stripe import StripeWebhooks
from relink.machines import relink_system
from relink.machines.commands import Notification

SECRET = "whsec_served"
TOKEN = "token-of-the-service"
SHOP = "https://shop.example"

Json = dict[str, Any]

EVENT: Json = {
    "id": "evt_1",
    "object": "event",
    "created": 1_760_000_000,
    "livemode": False,
    "type": "financial_connections.account.created",
    "data": {
        "object": {
            "id": "fca_unknown",
            "object": "financial_connections.account",
            "status": "active",
        }
    },
}
"""A small valid webhook."""


@cache
def contract() -> OpenApiSchema:
    """The OpenAPI document. It does not depend on what is behind the application."""
    service = Service(MemoryStore(relink_system()), DryRunGateway())
    app = application(service, token=TOKEN, ready=lambda: None, metrics=Metrics())
    return schemathesis.openapi.from_dict(app.openapi())


def signed(body: bytes, at: float) -> str:
    """The signature header of a webhook."""
    digest = hmac.new(SECRET.encode(), f"{int(at)}.".encode() + body, "sha256").hexdigest()
    return f"t={int(at)},v1={digest}"


class Served:
    """The application, and a client that has the token.

    Args:
        folder: the folder for the database.
        empty_database: the file to copy it from.
        portal: the event loop of the application.
        token: the bearer token; None leaves the routes open.
    """

    def __init__(
        self,
        folder: Path,
        empty_database: Path,
        portal: BlockingPortal,
        token: str | None = TOKEN,
    ) -> None:
        self.sim = Simulator(seed=11)
        self.sim.add_endpoint(SECRET)
        # A simulated timeout takes 2 of the 10 seconds that a request retries.
        self.sim.faults = Faults(caller_timeout=2)
        self.folder = folder / "database"
        self.folder.mkdir()
        shutil.copy(empty_database, self.folder / "relink.db")
        self.store = SqlStore(f"sqlite:///{self.folder / 'relink.db'}", relink_system())
        self.gateway: Gateway = SimulatorGateway(self.sim)
        self.notified: list[Notification] = []
        self.elapsed = 0.0
        """The clock of the metrics, in seconds."""
        self.metrics = Metrics(self._store_status, clock=lambda: self.elapsed)
        self.service = Service(
            self.store,
            self.gateway,
            webhooks=StripeWebhooks([SECRET], livemode=False),
            clock=lambda: self.sim.now,
            timer=lambda: self.sim.now,
            sleep=self.sim.advance,
            watch=self.metrics.watch_step,
            watch_command=self.metrics.watch_command,
        )
        self.performer = Performer(
            self.store,
            self.gateway,
            notify=lambda command, id: self.notified.append(command),
            clock=lambda: self.sim.now,
            watch=self.metrics.watch_step,
        )
        self.app: FastAPI = application(
            self.service,
            token=token,
            ready=self.store.check_writes,
            metrics=self.metrics,
            return_origins=[SHOP],
        )
        self._portal = portal
        self._token = token

    def _store_status(self) -> StoreStatus:
        return store_status(self.store, self.sim.now)

    # ── requests ─────────────────────────────────────────────────────────────

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """Make a request and check the response against OpenAPI.

        It has the service's token unless ``token`` is another; an empty one sends none.
        """
        answer = self.ask_unchecked(method, path, token=token, headers=headers, **request)
        self._check(method, path, answer)
        return answer

    def ask_unchecked(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """Make a request without the check."""
        token = self._token if token is None else token
        sent = {"authorization": f"Bearer {token}".encode("latin-1")} if token else {}
        whole = {**sent, **(headers or {})}
        return self._portal.call(partial(self._send, method, path, whole, request))

    async def _send(
        self, method: str, path: str, headers: Mapping[str, Any], request: Json
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://relink") as client:
            return await client.request(method, path, headers=headers, **request)

    def operation_of(self, method: str, path: str) -> str | None:
        """The documented operation, such as ``GET /accounts/{id}``; None when there is none."""
        for template, methods in contract().raw_schema["paths"].items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", template.replace(".", r"\."))
            if re.fullmatch(pattern, path.partition("?")[0]):
                return f"{method} {template}" if method.lower() in methods else None
        return None

    def _check(self, method: str, path: str, answer: httpx.Response) -> None:
        operation = self.operation_of(method, path)
        if operation is None:
            return
        template = operation.partition(" ")[2]
        documented = contract().raw_schema["paths"][template][method.lower()]["responses"]
        assert str(answer.status_code) in documented, f"{operation} answers {answer.status_code}"
        contract()[template][method].validate_response(answer)

    def get(self, path: str, **request: Any) -> httpx.Response:
        """GET."""
        return self.ask("GET", path, **request)

    def post(self, path: str, body: Any = None, **request: Any) -> httpx.Response:
        """POST, with a JSON body if one is given."""
        sent = {} if body is None else {"json": body}
        return self.ask("POST", path, **sent, **request)

    def post_webhook(self, payload: bytes, signature: str = "") -> httpx.Response:
        """POST a webhook as Stripe does: without the token."""
        headers = {"stripe-signature": signature, "content-type": "application/json"}
        return self.ask("POST", "/webhooks/stripe", token="", content=payload, headers=headers)

    def post_signed(self, payload: bytes | Json) -> httpx.Response:
        """POST a payload as a webhook with a valid signature."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.post_webhook(body, signed(body, self.sim.now))

    # ── the simulator ────────────────────────────────────────────────────────

    def deliveries(self, seconds: float = 60) -> list[Delivery]:
        """The webhooks that the simulator sends within this time, without delivering them."""
        return list(self.sim.due_webhooks(self.sim.now + seconds))

    def settle(self) -> None:
        """Deliver webhooks and perform commands until none are left."""
        while True:
            delivered = [self.deliver(delivery) for delivery in self.deliveries()]
            if not (self.performer.work_off() or delivered):
                return

    def deliver(self, delivery: Delivery) -> httpx.Response:
        """Deliver one webhook."""
        return self.post_webhook(delivery.payload, delivery.signature)

    def linked(self, name: str | None = "Jo", **where: Any) -> str:
        """Link an account."""
        account = self.sim.link_account(self.sim.add_customer(name), **where)
        self.settle()
        return account.id

    def broken(self, name: str | None = "Jo", **where: Any) -> str:
        """Link an account, and let its consent expire."""
        account = self.linked(name, **where)
        self.sim.bank.expire_consent(self.login_of(account))
        self.settle()
        return account

    def login_of(self, account: str) -> str:
        """The authorization of an account."""
        login = self.sim.world.accounts[account].authorization
        assert login
        return login.id

    def session_for(self, account: str, **wishes: Any) -> str:
        """Open a relink session over HTTP."""
        answer = self.post(f"/accounts/{account}/relink-sessions", wishes)
        assert answer.status_code == 201, answer.text
        self.sim.advance(60)
        session: str = answer.json()["session"]
        return session

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """Move the database away, and back afterwards."""
        self.store.close()
        elsewhere = self.folder.with_name("elsewhere")
        self.folder.rename(elsewhere)
        yield
        elsewhere.rename(self.folder)
