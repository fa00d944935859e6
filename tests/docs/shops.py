"""Shops that embed relink as ``docs/examples`` does, and a simulated Stripe for them.

The real SDK talks to the simulator over HTTP. The simulator's clock is some minutes behind the
machine's, which the shops use. So what is due a few seconds later in the simulated world is due at
once for the shops, and no test has to wait.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from relink.adapters.service import AssessedAccount
from relink.adapters.simulator import Account
from relink.adapters.simulator.server import SimulatorServer
from relink.engine import Command

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
WEBHOOK_SECRET = "whsec_of_the_shop"
BEHIND = 240
"""How far the simulator's clock is behind (seconds); a signature is valid for 300."""
TIMEOUT = 20
"""Seconds to wait for something that takes a fraction of one."""

FORM = "application/x-www-form-urlencoded"
Headers = dict[str, str]


@dataclass(frozen=True)
class Got:
    """A complete answer."""

    status: int
    headers: Headers
    text: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


class Site(Protocol):
    """The endpoints of an example, called through its framework's test client."""

    def login(self, customer: str) -> None: ...

    def post(self, path: str, body: bytes, headers: Headers) -> Got: ...


class FlaskSite:
    def __init__(self) -> None:
        self._client = import_module("flask_app").create_app().test_client()

    def login(self, customer: str) -> None:
        with self._client.session_transaction() as session:
            session["customer"] = customer

    def post(self, path: str, body: bytes, headers: Headers) -> Got:
        got = self._client.post(path, data=body, headers=headers, content_type=FORM)
        return Got(got.status_code, dict(got.headers), got.text)


class DjangoSite:
    """Includes the CSRF protection: pages send a token, Stripe sends none."""

    def __init__(self) -> None:
        import_module("django_app")
        from django.test import Client

        self.token = "t" * 32
        self._client = Client(enforce_csrf_checks=True)

    def login(self, customer: str) -> None:
        session = self._client.session
        session["customer"] = customer
        session.save()
        self._client.cookies.load({"sessionid": session.session_key, "csrftoken": self.token})

    def post(self, path: str, body: bytes, headers: Headers) -> Got:
        token = {} if "Stripe-Signature" in headers else {"X-CSRFToken": self.token}
        got = self._client.post(path, body, FORM, headers=headers | token)
        cookies = {"Set-Cookie": got.cookies.output()}
        return Got(got.status_code, dict(got.headers) | cookies, got.content.decode())


@contextmanager
def celery_at_work() -> Iterator[None]:
    """Run a worker and the beat as threads, with a broker in memory."""
    from celery.beat import EmbeddedService
    from celery.contrib.testing.worker import start_worker
    from celery.signals import setup_logging

    app = import_module("celery_app").app
    setup_logging.connect(_leave_logging_alone)
    beat = EmbeddedService(
        app, max_interval=0.2, thread=True, scheduler_cls="celery.beat:Scheduler"
    )
    with start_worker(app, perform_ping_check=False):
        beat.start()
        yield
        beat.stop()
    app.control.purge()
    setup_logging.disconnect(_leave_logging_alone)


def _leave_logging_alone(**_: object) -> None:
    """Keep Celery from configuring logging for the whole process."""


@dataclass
class Shop:
    """A shop with its customers and their bank."""

    stripe: SimulatorServer
    site: Site
    performs_commands: bool = False
    """Whether :meth:`pass_time` performs due commands; otherwise something else has to."""
    answers: list[Got] = field(default_factory=list)
    notified: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sim = self.stripe.simulator
        self.sim.add_endpoint(WEBHOOK_SECRET)
        self.setup = import_module("relink_setup")
        self.performer = self.setup.performer(lambda command, _: self.notified.append(command))

    def post(self, path: str, body: bytes = b"", headers: Headers | None = None) -> Got:
        """The shop's answer, which is also kept in ``answers``."""
        self.answers.append(self.site.post(path, body, headers or {}))
        return self.answers[-1]

    def webhook(self, payload: bytes, signature: str) -> Got:
        return self.post("/webhooks/stripe", payload, {"Stripe-Signature": signature})

    def linked_account(self, name: str | None = "Jo") -> Account:
        """An account of a logged-in customer."""
        with self.stripe.lock:
            customer = self.sim.add_customer(name)
            account = self.sim.link_account(customer)
        self.site.login(customer)
        self.until(lambda: bool(self.setup.store().accounts(holder=customer)))
        return account

    def broken_account(self, name: str | None = "Jo") -> str:
        """An account of a logged-in customer whose consent has expired."""
        account = self.linked_account(name)
        assert account.authorization
        self.pass_time(10)
        with self.stripe.lock:
            self.sim.bank.expire_consent(account.authorization.id)
        self.until(lambda: self.state(account.id) == "inactive_relinkable")
        return account.id

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and deliver Stripe's webhooks."""
        with self.stripe.lock:
            deliveries = list(self.sim.due_webhooks(self.sim.now + seconds))
        for delivery in deliveries:
            got = self.webhook(delivery.payload, delivery.signature)
            assert (got.status, got.json) == (200, {"outcome": "applied"})
        if self.performs_commands:
            for due in self.setup.store().due_commands(time.time(), limit=100):
                self.performer.perform(due)

    def until(self, condition: Callable[[], bool]) -> None:
        """Let time pass until the condition holds."""
        deadline = time.monotonic() + TIMEOUT
        self.pass_time(0.1)
        while not condition():
            assert time.monotonic() < deadline, "timed out waiting for the shop"
            time.sleep(0.02)
            self.pass_time(0.1)

    def account(self, account: str) -> AssessedAccount:
        found: AssessedAccount = self.setup.service().account(account)
        return found

    def state(self, account: str) -> str:
        return self.account(account).snapshot.state
