"""Testing a service of yours with Stripe's webhooks, against relink's decisions.

relink gets the same webhooks in the same order, each once. Its machines read at Stripe where a
webhook leaves something open; a service that handles webhooks by hand usually does not. So a read
is answered with the newest object that was delivered, and the service is held to nothing that it
could not know. What is found is a fault of the service: it applied a webhook twice, or an old one
over a newer one, or it wrote to a customer who could do nothing about it.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from relink.adapters.stripe.reduce import reduce_account, reduce_authorization
from relink.engine import Address, Snapshot
from relink.engine.fuzz import Delivery, Said
from relink.engine.fuzz.service import unwritten
from relink.machines import RelinkPolicy, assess
from relink.machines.account.facts import AccountFacts
from relink.machines.commands import Read, RetrieveAccount, RetrieveAuthorization
from relink.machines.events import DomainEvent

from .decided import Decided, origin_of, told
from .linked_accounts import LinkedAccountsTest
from .webhook import Sent, Webhook, signed


class StripeServiceTest(LinkedAccountsTest):
    """A service under test that handles webhooks about linked accounts.

    A subclass has :meth:`deliver` and :meth:`observe`. pytest and unittest run its ``TestCase``;
    ``find_counterexample`` takes the class.
    """

    policy: ClassVar[RelinkPolicy] = RelinkPolicy(reminders=(), prompt_gap=0)
    """What the service means to do: by default one message for each outage, and no reminders."""

    def __init__(self) -> None:
        super().__init__()
        self._newest: dict[str, Sent] = {}
        self._decided = Decided(self.policy, self._answer)

    def deliver(self, webhook: Webhook) -> None:
        """POST a webhook to the service.

        Args:
            webhook: ``webhook.payload`` is the body, and ``webhook.headers`` has its signature,
                made with the class's ``secret``. Assert that the service accepts it.
        """
        raise unwritten(self, "deliver(self, webhook)")

    def observe(self, account: str) -> Said | None:
        """What the service says of an account now.

        Args:
            account: ``fca_…``, of which at least one webhook was delivered.

        Returns:
            Whatever :meth:`expect` names, all or some of it. None: the service does not know the
            account, so nothing is compared.
        """
        raise unwritten(self, "observe(self, account)")

    def expect(self, account: str) -> Said:
        """What is right of an account.

        Returns:
            ``state``: relink's state of it, such as ``inactive_relinkable``. ``works``: whether
            Stripe reports it as active. ``chargeable`` and ``may_debit``, as :func:`assess` says.
            ``next``: the actions that are due. ``prompts``: how many messages to the customer named
            it so far. ``requests``: how often another payment method was asked for.
        """
        snapshot = self._snapshot(account)
        assessment = assess(snapshot)
        return {
            "state": snapshot.state,
            "works": snapshot.facts.works,
            "chargeable": assessment.chargeable,
            "may_debit": assessment.may_debit,
            "next": [each.action for each in assessment.next],
            "prompts": self._decided.prompts[account],
            "requests": self._decided.requests[account],
        }

    # -- What relink decides --

    def _snapshot(self, account: str) -> Snapshot[AccountFacts]:
        found = self._decided.world[Address("account", account)]
        assert isinstance(found.facts, AccountFacts)
        return Snapshot(found.state, found.facts, found.version)

    def _decide(self, delivery: Delivery[Sent]) -> list[str]:
        sent = delivery.event
        if sent.account is not None:
            newest = self._newest.get(sent.account)
            if newest is None or newest.created <= sent.created:
                self._newest[sent.account] = sent
        steps = self._decided.receive(sent, self.simulator.now)
        lines = [line for step in steps for line in told(step)]
        return [line for line in lines if line.startswith(_FOR_THE_SERVICE)]

    def _answer(self, read: Read) -> DomainEvent | None:
        match read:
            case RetrieveAccount(account=account) if account in self._newest:
                sent = self._newest[account]
                origin = origin_of(read, sent.created, self.simulator.now, self.policy)
                return reduce_account(sent.object, origin)
            case RetrieveAuthorization(authorization=authorization):
                known = [s for s in self._newest.values() if _login(s) == authorization]
                if known:
                    sent = max(known, key=lambda each: each.created)
                    origin = origin_of(read, sent.created, self.simulator.now, self.policy)
                    return reduce_authorization(_login_of(sent), origin)
        return None

    # -- The comparison --

    def _handed_over(self, delivery: Delivery[Sent]) -> Webhook:
        # By the machine's clock, as the service checks it.
        return signed(delivery.event, self.secret, time.time())

    def _said(self) -> Iterator[tuple[str, Said, Said]]:
        for account in self._newest:
            if (observed := self.observe(account)) is not None:
                yield f"{account}: ", self.expect(account), observed

    def _rule(
        self, delivery: Delivery[Sent], names: Sequence[str], decided: Sequence[object]
    ) -> str:
        account = delivery.event.account
        if delivery.copy > 1:
            return "the same webhook again changes nothing (K1)"
        if account and self._newest[account] is not delivery.event:
            return "a webhook that is older than what is known changes nothing (K3)"
        if "prompts" in names and account:
            if self._snapshot(account).facts.needs:
                return "each outage of an account is one prompt (P1)"
            return "no prompt where a relink repairs nothing (P2)"
        return next((_RULES[name] for name in names if name in _RULES), "relink decides otherwise")


_FOR_THE_SERVICE = ("account ", "notify_customer", "request_new_payment_method")
_RULES = {
    "state": "the newest webhook says what state the account is in (S1, S2, S7)",
    "works": "the newest webhook says whether the account works (S1, S2, S7)",
    "chargeable": "what the newest webhook says decides whether it is chargeable (C1)",
    "may_debit": "what the newest webhook says decides whether it may be debited (C1, N3)",
    "next": "what is due follows from the account's state (C2)",
    "requests": "another payment method is requested once for one cause (C4)",
}


def _login(sent: Sent) -> str | None:
    found: str | None = sent.object.get("authorization")
    return found


def _login_of(sent: Sent) -> Mapping[str, object]:
    """The authorization of an account, as far as the account tells."""
    account = sent.object
    inactive = (account.get("status_details") or {}).get("inactive") or {}
    is_out = account["status"] == "inactive" and inactive.get("action") == "relink_required"
    return {
        "id": account["authorization"],
        "object": "financial_connections.authorization",
        "status": "inactive" if is_out else "active",
        "status_details": {"inactive": {"action": "relink_required"}} if is_out else {},
    }
