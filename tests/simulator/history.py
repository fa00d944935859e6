"""A long random history with bank events, customers and API requests, from one seed.

Tests check that all its objects have the SDK's types, and that one seed gives one history.
"""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from relink.adapters.simulator import (
    GENERAL,
    INACTIVE_ACCOUNTS,
    PREVIEW,
    STRIPE_BANK,
    TOKENIZED_NUMBERS,
    Account,
    Delivery,
    Faults,
    NotPossibleError,
    Number,
    Request,
    Response,
    SimulatedTimeout,
    Simulator,
    encode,
)

from .conftest import relink_params

DAY = 86400
BANK_EVENTS = (
    *("expire_consent", "change_password", "revoke_access", "merge", "forget_authorization"),
    *("close_account", "reopen_account", "suspend_account", "restore_account", "disconnect"),
    *("refresh_data", "announce_deactivation", "withdraw_announcement", "expire_number_on"),
    *("expire_number", "revoke_number", "refresh_number", "change_numbers", "revoke_mandate"),
    *("block_payment_method", "unblock_payment_method", "detach_payment_method"),
    *("change_payment_support", "change_external_account", "delete_external_account"),
)
CHOICES = (
    *("choose_expected", "choose_known", "choose_new", "choose_again", "fail_to_sign_in"),
    *("sign_in_without_account", "cancel", "walk_away", "bank_error"),
)


class History:
    """One simulator, with all its answers and webhooks."""

    def __init__(self, seed: int, faults: Faults | None = None) -> None:
        self.draw = Random(seed)
        self.sim = Simulator(seed, faults)
        self.sim.add_endpoint(version=PREVIEW)
        self.sim.add_endpoint(version=GENERAL)
        self.sim.add_endpoint(thin=True)
        self.answers: list[tuple[str, Response | None]] = []
        """The requested version, and the answer."""
        self.deliveries: list[Delivery] = []
        self.acct = self.sim.add_connected_account()
        jenny = self.sim.add_customer("Jenny Rosen", "jenny@example.com")
        holders = [jenny, self.acct, f"customer_account:{self.acct}", None]
        for holder in holders:
            for bank in (STRIPE_BANK, INACTIVE_ACCOUNTS, TOKENIZED_NUMBERS):
                first = self.sim.link_account(
                    holder, institution=bank, permissions=("payment_method", "balances")
                )
                login = first.authorization.id
                self.sim.link_account(authorization=login, subcategory="savings")
                self.sim.link_account(holder, institution=bank, subcategory="credit_card")

    def play(self, steps: int) -> "History":
        moves: list[Callable[[], None]] = [self.bank_event, self.relink, self.look, self.pay]
        for _ in range(steps):
            self.draw.choice(moves)()
            if self.draw.random() < 0.3:
                for delivery in self.sim.due_webhooks(self.sim.now + self.draw.expovariate(1e-4)):
                    self.deliveries.append(delivery)
                    if self.draw.random() < 0.1:
                        self.sim.webhook_failed(delivery)
        self.deliveries += self.sim.due_webhooks(self.sim.now + 40 * DAY)
        return self

    def ask(self, method: str, path: str, params: dict[str, Any] | None = None) -> Response | None:
        version = self.draw.choice([PREVIEW, GENERAL])
        headers = {"authorization": "Bearer sk_test_history", "stripe-version": version}
        form = encode(params or {})
        posted = method == "POST"
        if posted:
            headers["idempotency-key"] = f"key_{self.draw.randrange(10**9)}"
        request = Request(method, path, form if posted else b"", b"" if posted else form, headers)
        try:
            answer = self.sim.handle(request)
        except SimulatedTimeout:
            answer = None
        self.answers.append((version, answer))
        return answer

    def account(self) -> Account:
        return self.draw.choice(list(self.sim.world.accounts.values()))

    def bank_event(self) -> None:
        event = self.draw.choice(BANK_EVENTS)
        account, world = self.account(), self.sim.world
        login = account.authorization.id if account.authorization else "fcauth_none"
        method = self.draw.choice([*world.payment_methods, "pm_none"])
        mandate = self.draw.choice([*world.mandates, "mandate_none"])
        external = self.draw.choice([*world.external_accounts, "ba_none"])
        soon = int(self.sim.now) + self.draw.randrange(1, 60 * DAY)
        arguments: dict[str, tuple[Any, ...]] = {
            **dict.fromkeys(("expire_consent", "change_password", "revoke_access"), (login,)),
            "merge": (login, self.draw.choice(list(world.authorizations))),
            "announce_deactivation": (self.draw.choice([login, account.id]), soon),
            "withdraw_announcement": (self.draw.choice([login, account.id]),),
            "expire_number_on": (account.id, soon),
            "block_payment_method": (method, "bank_account_closed"),
            "unblock_payment_method": (method,),
            "detach_payment_method": (method,),
            "revoke_mandate": (mandate,),
            "change_numbers": (account.id, (Number(True, expires_on=soon), Number(False))),
            "change_external_account": (external, self.draw.choice(["errored", "verified"])),
            "delete_external_account": (external,),
            "change_payment_support": (
                account.id,
                self.draw.choice([(), ("us_bank_account", "link")]),
            ),
        }
        with suppress(NotPossibleError):
            getattr(self.sim.bank, event)(*arguments.get(event, (account.id,)))

    def relink(self) -> None:
        account = self.account()
        if account.authorization is None:
            return
        params = relink_params(account, specific=self.draw.random() < 0.5)
        if self.draw.random() < 0.3:
            url = "https://example.com/back"
            hosted = {"delivery_method": self.draw.choice(["email", "url"])}
            params |= {"ui_mode": "hosted", "hosted": hosted, "return_url": url}
        if self.draw.random() < 0.2:
            holder = {"type": "account", "account": self.acct}
            params = {"permissions": ["payment_method", "balances"], "account_holder": holder}
            params["manual_entry"] = {"mode": "automatic"}
            params["prefetch"] = ["balances"]
        self.ask("POST", "/v1/financial_connections/sessions", params)
        if not self.sim.world.sessions:
            return
        part = self.sim.customer(self.draw.choice(list(self.sim.world.sessions)))
        choice = self.draw.choice(CHOICES)
        with suppress(NotPossibleError):
            if choice == "choose_known":
                part.choose_known(self.account().id, new_authorization=self.draw.random() < 0.3)
            elif choice == "choose_expected":
                part.choose_expected(new_authorization=self.draw.random() < 0.3)
            elif choice == "choose_again":
                part.choose_again(self.account().id)
            elif choice == "choose_new" and not part.session.is_relink:
                part.choose_new(institution=self.draw.choice([STRIPE_BANK, INACTIVE_ACCOUNTS]))
            else:
                getattr(part, choice)()
        token = part.session.token
        if token:
            params = {
                "external_account": token.id,
                "metadata": {"relink_account": token.account.id},
            }
            self.ask("POST", f"/v1/accounts/{self.acct}/external_accounts", params)

    def look(self) -> None:
        account, world = self.account(), self.sim.world
        login = self.draw.choice(list(world.authorizations))
        session = self.draw.choice([*world.sessions, "fcsess_none"])
        event = self.draw.choice([*self.sim.webhooks.events, "evt_none"])
        customer = self.draw.choice(list(world.customers))
        prefix = "/v1/financial_connections"
        path = self.draw.choice(
            [
                *(f"{prefix}/accounts/{account.id}", f"{prefix}/authorizations/{login}"),
                *(f"{prefix}/sessions/{session}", f"{prefix}/accounts", "/v1/customers"),
                *(f"/v1/events/{event}", "/v1/events", f"/v1/customers/{customer}"),
                *("/v1/payment_methods", f"/v1/customers/{customer}/payment_methods"),
                f"/v1/accounts/{self.acct}/external_accounts",
            ]
        )
        expandable = "/accounts" in path and self.draw.random() < 0.5
        field = "account_holder.customer"
        params = {"expand": [f"data.{field}" if path.endswith("s") else field]}
        self.ask("GET", path, params if expandable else None)

    def pay(self) -> None:
        customer = self.draw.choice(list(self.sim.world.customers))
        if self.draw.random() < 0.2:
            shown = {"preferred_locales": ["en"], "tax_exempt": "exempt", "balance": -5}
            self.ask("POST", "/v1/customers", {"name": "Ada", "metadata": {"order": 7}, **shown})
        params = {
            "type": "us_bank_account",
            "us_bank_account": {"financial_connections_account": self.account().id},
            "billing_details": {"name": "Jenny Rosen"},
            "metadata": {"relink_command": "create_1"},
        }
        self.ask("POST", "/v1/payment_methods", params)
        if self.sim.world.payment_methods:
            method = self.draw.choice(list(self.sim.world.payment_methods))
            path = f"/v1/payment_methods/{method}/attach"
            self.ask("POST", path, {"customer": customer})
            with suppress(NotPossibleError):
                mandate = self.sim.collect_mandate(method)
                self.ask("GET", f"/v1/mandates/{mandate}", {"expand": ["payment_method.customer"]})
