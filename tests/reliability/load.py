"""The load: customers whose links break, and some who link another account in their place.

Each broken link is a webhook, a read at Stripe and a notification. Each new account also is a
session, and one payment method that the service has made at Stripe.
"""

import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import httpx

from relink.adapters.simulator import Account

from ..kill.households import READING_TIME
from ..kill.installation import API_TOKEN
from .site import Site, eventually

RATE = 3.0
"""Links that break per second."""

ONE_IN = 5
"""Of so many customers one asks for a session, and links another account."""

OLDER = 1.1
"""Seconds from linking to breaking: Stripe's times are whole seconds."""

AT_ONCE = 60.0
"""Seconds of load for which accounts are linked at once."""

PATIENCE = 60.0
"""Seconds for which the embedding service repeats a request that is not answered."""

NOT_YET = (404, 409, 503)
"""Until the webhooks have arrived, the account is unknown, or there is nothing to relink."""


class Load:
    """A load, from :meth:`start` until :meth:`stop`.

    Args:
        site: where.
    """

    def __init__(self, site: Site) -> None:
        self.broken: list[Account] = []
        """Whose links broke."""
        self.replaced: dict[str, Account] = {}
        """The accounts that customers linked, by the account in whose place."""
        self.second_sessions: list[str] = []
        """Where the embedding service asked again, and got another session."""
        self.unserved: list[str] = []
        """What customers ran into that they should not have."""
        self._site = site
        self._stock: deque[tuple[float, Account]] = deque()
        self._stopping = threading.Event()
        self._closed = threading.Event()
        self._customers = ThreadPoolExecutor(8, "customer")
        self._flows: list[Future[None]] = []
        self._thread: threading.Thread | None = None

    def stock(self, seconds: float) -> None:
        """Have as many linked accounts as are broken in so many seconds."""
        at = self._site.at
        if len(self._stock) >= seconds * RATE:
            return
        missing = round(max(seconds, AT_ONCE) * RATE)
        with at.stripe.lock:
            linked = [at.sim.link_account(at.sim.add_customer()) for _ in range(missing)]
        linked_at = time.monotonic()
        assert eventually(lambda: self._site.sender.is_idle, 60), "links do not become known"
        assert eventually(lambda: self._site.has_done(time.time()), 60), "links are not read"
        time.sleep(OLDER)
        self._stock += [(linked_at, account) for account in linked]

    def start(self) -> None:
        """Begin."""
        self._flows = []
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """End, when each customer has finished."""
        self._stopping.set()
        if self._thread:
            self._thread.join()
        for flow in self._flows:
            flow.result()

    def close(self) -> None:
        """Have no threads any more."""
        self._stopping.set()
        self._closed.set()
        if self._thread:
            self._thread.join()
        self._customers.shutdown(cancel_futures=True)

    def _run(self) -> None:
        next_at = time.monotonic()
        while not self._stopping.wait(max(0.0, next_at - time.monotonic())):
            next_at += 1 / RATE
            sim = self._site.at.sim
            if not self._stock or self._stock[0][0] + OLDER > time.monotonic():
                # Nothing is stocked that can break. Linking means webhooks all the same.
                with self._site.at.stripe.lock:
                    linked = sim.link_account(sim.add_customer())
                self._stock.append((time.monotonic(), linked))
                continue
            _, account = self._stock.popleft()
            with self._site.at.stripe.lock:
                assert account.authorization
                sim.bank.expire_consent(account.authorization.id)
            self.broken.append(account)
            if len(self.broken) % ONE_IN == 1:
                self._flows.append(self._customers.submit(self._link_another, account))

    def _link_another(self, account: Account) -> None:
        session = self._ask_for_session(account)
        if session is None:
            return
        time.sleep(READING_TIME)
        again = self._ask_for_session(account)
        if again not in (session, None):
            self.second_sessions.append(f"{account.id}: {session}, and then {again}")
        at = self._site.at
        with at.stripe.lock:
            linked = at.sim.customer(session).choose_new()
        if linked is None:
            self.unserved.append(f"{account.id}: nothing was linked in {session}")
            return
        self.replaced[account.id] = linked

    def _ask_for_session(self, account: Account) -> str | None:
        """Ask until there is a session, as the embedding service does."""
        addresses, until, said = self._site.addresses, time.monotonic() + PATIENCE, ""
        path, number = f"/accounts/{account.id}/relink-sessions", 0
        while time.monotonic() < until and not self._closed.is_set():
            number += 1
            try:
                answer = self._site.client.post(
                    f"{addresses[number % len(addresses)]}{path}",
                    json={"mode": "any_eligible"},
                    headers={"Authorization": f"Bearer {API_TOKEN}"},
                    timeout=12,
                )
            except httpx.TransportError as error:
                said = type(error).__name__
            else:
                if answer.status_code in (200, 201):
                    session: str = answer.json()["session"]
                    return session
                said = f"{answer.status_code} {answer.text}"
                if answer.status_code not in NOT_YET:
                    break
            time.sleep(0.5)
        self.unserved.append(f"{account.id}: no session: {said}")
        return None
