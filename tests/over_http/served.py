"""The application in this process, with a real store and a simulated Stripe behind it.

Every answer is held against the OpenAPI document: its status is documented, and it is of the
documented type and shape.
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

from relink.adapters.gateway import DryRunGateway, Gateway
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.http import Metrics, Standing, application
from relink.adapters.runner import Performer
from relink.adapters.service import Service
from relink.adapters.simulator import Delivery, Faults, Simulator
from relink.adapters.store import MemoryStore, SqlStore
from relink.adapters.stripe import StripeWebhooks
from relink.engine import Command
from relink.machines import relink_system

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
            "id": "fca_unheard",
            "object": "financial_connections.account",
            "status": "active",
        }
    },
}
"""A small webhook."""


@cache
def contract() -> OpenApiSchema:
    """The OpenAPI document, which is the same whatever is behind the application."""
    service = Service(MemoryStore(relink_system()), DryRunGateway())
    app = application(service, token=TOKEN, ready=lambda: None, metrics=Metrics())
    return schemathesis.openapi.from_dict(app.openapi())


class Served:
    """The application, and a client that has the token.

    Args:
        folder: where the database goes.
        empty: a database to begin with.
        portal: where the application runs.
        token: what opens it.
    """

    def __init__(
        self, folder: Path, empty: Path, portal: BlockingPortal, token: str | None = TOKEN
    ) -> None:
        self.sim = Simulator(seed=11)
        self.sim.add_endpoint(SECRET)
        # A request that times out has not spent all the patience of its caller.
        self.sim.faults = Faults(patience=2)
        self.folder = folder / "database"
        self.folder.mkdir()
        shutil.copy(empty, self.folder / "relink.db")
        self.store = SqlStore(f"sqlite:///{self.folder / 'relink.db'}", relink_system())
        self.gateway: Gateway = SimulatorGateway(self.sim)
        self.told: list[Command] = []
        self.elapsed = 0.0
        """By the clock of the metrics, in seconds."""
        self.metrics = Metrics(self._standing, clock=lambda: self.elapsed)
        self.service = Service(
            self.store,
            self.gateway,
            webhooks=StripeWebhooks([SECRET], livemode=False),
            clock=lambda: self.sim.now,
            sleep=self.sim.advance,
            watch=self.metrics.watch_step,
            watch_command=self.metrics.watch_command,
        )
        self.performer = Performer(
            self.store,
            self.gateway,
            notify=lambda command, id: self.told.append(command),
            clock=lambda: self.sim.now,
            watch=self.metrics.watch_step,
        )
        self.app: FastAPI = application(
            self.service,
            token=token,
            ready=self.store.check,
            metrics=self.metrics,
            return_origins=[SHOP],
        )
        self._portal = portal
        self._token = token

    def _standing(self) -> Standing:
        due_at = self.store.next_due_at()
        late = 0.0 if due_at is None else max(0.0, self.sim.now - due_at)
        return Standing(self.store.count_by_state(), self.store.count_dead_letters(), late)

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
        """Make a request with the service's token, or another; empty: with none."""
        answer = self.ask_whatever_comes(method, path, token=token, headers=headers, **request)
        self._check(method, path, answer)
        return answer

    def ask_whatever_comes(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """The same, whether the answer is documented or not."""
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
        """``GET /accounts/{id}``, if there is such an operation."""
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
        """POST, with JSON if there is any."""
        sent = {} if body is None else {"json": body}
        return self.ask("POST", path, **sent, **request)

    def post_webhook(self, payload: bytes, signature: str = "") -> httpx.Response:
        """POST a webhook, as Stripe does."""
        headers = {"stripe-signature": signature, "content-type": "application/json"}
        return self.ask("POST", "/webhooks/stripe", token="", content=payload, headers=headers)

    def post_signed(self, payload: bytes | Json) -> httpx.Response:
        """POST anything as a webhook, signed with the secret."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        now = int(self.sim.now)
        signed = hmac.new(SECRET.encode(), f"{now}.".encode() + body, "sha256").hexdigest()
        return self.post_webhook(body, f"t={now},v1={signed}")

    # ── what happens ─────────────────────────────────────────────────────────

    def deliveries(self, seconds: float = 60) -> list[Delivery]:
        """The webhooks that Stripe sends within so many seconds, undelivered."""
        return list(self.sim.due_webhooks(self.sim.now + seconds))

    def settle(self) -> None:
        """Let webhooks arrive and commands be performed until nothing is to be done."""
        while True:
            delivered = [self.deliver(delivery) for delivery in self.deliveries()]
            if not (self.performer.work_off() or delivered):
                return

    def deliver(self, delivery: Delivery) -> httpx.Response:
        """Deliver one webhook."""
        return self.post_webhook(delivery.payload, delivery.signature)

    def linked(self, name: str | None = "Jo", **where: Any) -> str:
        """An account that a customer linked."""
        account = self.sim.link_account(self.sim.add_customer(name), **where)
        self.settle()
        return account.id

    def broken(self, name: str | None = "Jo", **where: Any) -> str:
        """An account whose consent expired."""
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
        """A relink session, opened over HTTP."""
        answer = self.post(f"/accounts/{account}/relink-sessions", wishes)
        assert answer.status_code == 201, answer.text
        self.sim.advance(60)
        session: str = answer.json()["session"]
        return session

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """The database is away for a while."""
        self.store.close()
        elsewhere = self.folder.with_name("elsewhere")
        self.folder.rename(elsewhere)
        yield
        elsewhere.rename(self.folder)
