"""Customers whose links break and are repaired, over and over, and readers of everything.

The accounts stay the same, so that only what should stay in the database grows: its history.
"""

import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress

import httpx

from relink.adapters.simulator import Account, NotPossibleError

from ..kill.households import READING_TIME
from ..kill.installation import API_TOKEN
from ..reliability.site import Site, eventually

CUSTOMERS = 6
"""Those who are busy at once."""

ACCOUNTS = 25
"""Accounts of each of these."""

RECONCILE_EVERY = 60.0
"""Seconds from one ``relink reconcile`` to the next: everything is read again at Stripe."""

READ_EVERY = 0.5
"""Seconds from one page of accounts to the next."""


class Load:
    """A load; a context manager that begins and ends it.

    Args:
        site: where.
    """

    def __init__(self, site: Site) -> None:
        self.did: Counter[str] = Counter()
        self._site = site
        self._over = threading.Event()
        self._stack = ExitStack()
        self._running: list[Future[None]] = []

    def __enter__(self) -> "Load":
        at = self._site.at
        with at.stripe.lock:
            holders = [at.sim.add_customer() for _ in range(CUSTOMERS)]
            accounts = [[at.sim.link_account(each) for _ in range(ACCOUNTS)] for each in holders]
        assert eventually(lambda: self._site.sender.is_idle, 60), "links do not become known"
        time.sleep(READING_TIME)
        pool = self._stack.enter_context(ThreadPoolExecutor(CUSTOMERS + 3, "soak"))
        self._stack.callback(self._over.set)
        self._running = [pool.submit(self._live, each) for each in accounts]
        self._running += [pool.submit(work) for work in (self._read, self._reconcile, self._count)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def check(self) -> None:
        """All of it goes on.

        Raises:
            Exception: what ended a part of it.
        """
        for running in self._running:
            if running.done():
                running.result()

    def _live(self, accounts: list[Account]) -> None:
        while True:
            for account in accounts:
                if self._over.is_set():
                    return
                self._break(account)
                self._over.wait(0.5)
                session = self._ask(account)
                if session:
                    self._over.wait(READING_TIME)
                    self._repair(session, account)

    def _break(self, account: Account) -> None:
        with self._site.at.stripe.lock:
            if account.status == "active" and account.authorization:
                self._site.at.sim.bank.expire_consent(account.authorization.id)

    def _ask(self, account: Account) -> str | None:
        path = f"/accounts/{account.id}/relink-sessions"
        answer = self._request("POST", path, json={"mode": "specific"})
        return answer.json()["session"] if answer and answer.is_success else None

    def _repair(self, session: str, account: Account) -> None:
        at = self._site.at
        with at.stripe.lock, suppress(NotPossibleError):
            at.sim.customer(session).choose_expected(account.id)
            self.did["repaired"] += 1

    def _read(self) -> None:
        while not self._over.wait(READ_EVERY):
            for path in ("/accounts?limit=100", "/metrics", "/healthz"):
                self._request("GET", path)

    def _reconcile(self) -> None:
        while not self._over.wait(RECONCILE_EVERY):
            self._site.run("reconcile")
            self.did["sweeps"] += 1

    def _count(self) -> None:
        """Count webhooks, and forget them: this process is not to grow either."""
        while not self._over.wait(5):
            record = self._site.sender.record()
            if all(sent.is_answered for sent in record):
                self._site.sender.forget()
                self.did["webhooks"] += len(record)

    def _request(self, method: str, path: str, **body: object) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        try:
            answer = self._site.client.request(
                method, f"{self._site.at.address}{path}", headers=headers, timeout=15, **body
            )
        except httpx.TransportError as error:
            self.did[type(error).__name__] += 1
            return None
        self.did[f"{method} {answer.status_code}"] += 1
        return answer
