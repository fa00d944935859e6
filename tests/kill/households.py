"""Customers whose links break and are repaired, and the service that asks for it: the load.

Each household has a thread. What happens to it is drawn, and goes on until somebody says that it
is enough; then it brings to its end what it has begun.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Self

from relink.adapters.simulator import (
    STRIPE_BANK,
    TOKENIZED_NUMBERS,
    Account,
    CustomerPart,
    NotPossibleError,
)

from .installation import SHOP, Installation

DAY = 24 * 60 * 60

TO_LOGINS = ("expire_consent", "change_password", "revoke_access")
TO_ACCOUNTS = (
    *("close_account", "suspend_account", "refresh_data", "expire_number", "revoke_number"),
    *("announce", "disconnect"),
)
WISHES: tuple[dict[str, str], ...] = (
    {},
    {},
    {"mode": "any_eligible"},
    {"mode": "any_eligible"},
    {"mode": "specific", "reason": "number_lapsed"},
    {"mode": "any_eligible", "delivery": "url", "return_url": f"{SHOP}/bank"},
    {"delivery": "email", "return_url": f"{SHOP}/bank"},
)
CHOICES = (
    *("choose_expected", "choose_expected", "choose_new", "choose_new", "choose_new"),
    *("choose_known", "fail_to_sign_in", "sign_in_without_account", "cancel", "bank_error"),
    "walk_away",
)

READING_TIME = 2.1
"""Seconds that a customer needs at least to make anything of a session."""

BUILT_WITHIN = 150.0
"""Seconds after which what is to be built on a new account has to be there."""

NAME = "Unnamed Customer"
"""What the service gives as the name of those that Stripe has no name of."""


class Household:
    """A holder of accounts at one bank.

    Args:
        at: the service, and what is around it.
        holder: ``cus_…`` or ``acct_…``.
        bank: the institution.
        seed: what is drawn.
    """

    def __init__(self, at: Installation, holder: str, bank: str, seed: str) -> None:
        self.linked_anew: list[Account] = []
        """What the customer linked in sessions, in place of what was linked before."""
        self.did: Counter[str] = Counter()
        self.holder = holder
        self._at = at
        self._sim = at.sim
        self._dice = Random(f"household {seed}")
        self._sessions: list[str] = []
        first = self._sim.link_account(holder, institution=bank)
        assert first.authorization
        self._sim.link_account(holder, authorization=first.authorization.id, subcategory="savings")

    def live(self, is_enough: threading.Event) -> None:
        """Go on until it is enough, and bring it to an end."""
        while not is_enough.is_set():
            self._break_something()
            is_enough.wait(self._dice.random())
            session = self._ask_for_relink()
            if session:
                self._sessions.append(session)
                time.sleep(READING_TIME)
                self._play(self._dice.choice([session, session, *self._sessions]))
            self._let_mend()
            self._wait_until_built()

    # ── at the bank ──────────────────────────────────────────────────────────

    def _break_something(self) -> None:
        account = self._pick()
        if self._dice.random() < 0.6:
            self._happen_to_login(account)
        else:
            self._happen(self._dice.choice(TO_ACCOUNTS), account)

    def _happen_to_login(self, account: Account) -> None:
        """Stripe only tells of an authorization by the accounts that go down with it."""
        login = account.authorization
        if login and any(member.status == "active" for member in login.accounts):
            self._try(getattr(self._sim.bank, self._dice.choice(TO_LOGINS)), login.id)

    def _happen(self, what: str, account: Account) -> None:
        bank = self._sim.bank
        if what == "announce":
            on = int(self._sim.now) + DAY * self._dice.randint(1, 40)
            self._try(bank.announce_deactivation, account.id, on)
        elif what != "disconnect" or (len(self._accounts()) > 3 and self._dice.random() < 0.3):
            self._try(getattr(bank, what), account.id)

    def _let_mend(self) -> None:
        """The bank repairs some of what a relink cannot."""
        account = self._pick()
        for what in ("reopen_account", "restore_account"):
            if self._dice.random() < 0.7:
                self._try(getattr(self._sim.bank, what), account.id)

    def _try(self, happen: Callable[..., object], about: str, *more: object) -> None:
        with self._at.stripe.lock:
            try:
                happen(about, *more)
            except NotPossibleError:
                return
        self.did[happen.__name__] += 1

    # ── the service, and the customer in front of it ─────────────────────────

    def _ask_for_relink(self) -> str | None:
        account = self._pick()
        wishes = self._dice.choice(WISHES)
        answer = self._at.ask("POST", f"/accounts/{account.id}/relink-sessions", wishes)
        self.did[f"relink {answer.status_code}"] += 1
        # The service may not have heard of an account that was just linked (404), or of what has
        # become of one at Stripe, which then refuses (502).
        assert answer.status_code in (200, 201, 404, 409, 502), answer.text
        session: str | None = answer.json().get("session")
        return session

    def _play(self, session: str) -> None:
        choice = self._dice.choice(CHOICES)
        with self._at.stripe.lock:
            customer = self._sim.customer(session)
            try:
                linked = self._choose(customer, choice)
            except NotPossibleError:
                return
        self.did[choice] += 1
        if linked:
            self.linked_anew.append(linked)
        if self._dice.random() < 0.5:
            self._ask_for_result(session)

    def _choose(self, customer: CustomerPart, choice: str) -> Account | None:
        drawn = self._dice.random() < 0.4
        match choice:
            case "choose_expected":
                expected = customer.session.account or self._pick()
                anew = self._dice.random() < 0.15
                customer.choose_expected(expected.id, siblings=drawn, new_authorization=anew)
            case "choose_known":
                customer.choose_known(self._pick().id, siblings=drawn)
            case "choose_new":
                return customer.choose_new(siblings=drawn)
            case "sign_in_without_account":
                customer.sign_in_without_account(repairs_authorization=drawn)
            case _:
                getattr(customer, choice)()
        return None

    def _ask_for_result(self, session: str, name: str | None = None) -> None:
        body = {"billing_name": name} if name else None
        answer = self._at.ask("POST", f"/relink-sessions/{session}/result", body)
        assert answer.status_code == 200, answer.text
        self.did[f"result {answer.json()['outcome']}"] += 1

    def _wait_until_built(self) -> None:
        """Leave a new account alone until that is there which is to be built on it.

        Nothing else could keep the service from building.
        """
        until = time.monotonic() + BUILT_WITHIN
        while unbuilt := [account for account in self.linked_anew if not built_on(account)]:
            account = unbuilt[0]
            assert time.monotonic() < until, f"nothing was built on {account.id}"
            time.sleep(0.2)
            told = self._at.receiver.named("request_billing_name", account.id)
            if told:
                self._ask_for_result(told["session"], NAME)

    # ── its accounts ─────────────────────────────────────────────────────────

    def _pick(self) -> Account:
        return self._dice.choice(self._accounts())

    def _accounts(self) -> list[Account]:
        with self._at.stripe.lock:
            return [
                account
                for account in self._sim.world.accounts.values()
                if account.holder
                and account.holder.id == self.holder
                and account.status != "disconnected"
            ]


def built_on(account: Account) -> list[str]:
    """What was made from an account: payment methods that are attached, and external accounts."""
    methods = [m.id for m in account.payment_methods if m.customer or m.customer_account]
    return [*methods, *(external.id for external in account.external_accounts)]


class City:
    """Households of every kind, and their threads: a context manager, within which they live.

    Args:
        at: the service, and what is around it.
        seed: what is drawn.
        households: how many.
    """

    def __init__(self, at: Installation, seed: int, households: int) -> None:
        self._is_enough = threading.Event()
        self._pool = ThreadPoolExecutor(households, "household")
        self._lives: list[Future[None]] = []
        self.households = []
        for number in range(households):
            with at.stripe.lock:
                holder, bank = _kind(at, number)
                made = Household(at, holder, bank, f"{seed} {number}")
            self.households.append(made)

    def __enter__(self) -> Self:
        self._lives = [self._pool.submit(one.live, self._is_enough) for one in self.households]
        return self

    def __exit__(self, *_: object) -> None:
        """It is enough; wait until they have brought everything to an end."""
        self._is_enough.set()
        self._pool.shutdown()
        for life in self._lives:
            life.result()

    @property
    def linked_anew(self) -> list[Account]:
        """All accounts that were linked in sessions in place of others."""
        return [account for one in self.households for account in one.linked_anew]

    @property
    def did(self) -> Counter[str]:
        """What happened, and how often."""
        return sum((one.did for one in self.households), Counter())


def _kind(at: Installation, number: int) -> tuple[str, str]:
    """A holder, and their bank: most have a name, some none, and some are paid."""
    bank = TOKENIZED_NUMBERS if number % 3 == 0 else STRIPE_BANK
    if number % 5 == 3:
        return at.sim.add_connected_account(), bank
    if number % 5 == 1:
        return at.sim.add_customer(None), bank
    return at.sim.add_customer(f"Customer {number}"), bank
