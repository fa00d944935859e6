"""Stories: what happens at Stripe and in the service, day by day, and what the service is sent.

A story drives the core by itself, without adapters around it. It begins on day 0, and each verb is
followed by a pause. Webhooks arrive at once, unless the verb says ``webhook="lost"`` or ``"late"``;
a late one arrives with ``arrive_late``. Reads and builds that the core asks for are performed when
they are due, by what is true at Stripe then, unless ``held`` is set. Timers fire on time.
"""

from collections.abc import Sequence
from typing import Any

from relink.engine import Address
from relink.machines import Assessment, assess
from relink.machines import commands as c
from relink.machines import events as e

from .at_stripe import DAY, Json, Number, Shape, T, day, number
from .driver import Driver, Webhook, kind_of, machine_of

ASKED_AT_MOST = 4
"""How often one request of the service asks the core."""

OVER = {"disconnected", "gone", "succeeded", "failed", "cancelled", "abandoned"}
"""The states in which the sweep has nothing to learn."""


class Story(Driver):
    """A service, its customers and Stripe."""

    # ── what happens to accounts ─────────────────────────────────────────────

    def link(
        self,
        *accounts: str,
        authorization: str | None = "fcauth_1",
        holder: str | None = "cus_1",
        numbers: tuple[Number, ...] = (),
        webhook: Webhook | None = None,
        **fields: Any,
    ) -> None:
        """A customer links accounts."""
        for account in accounts:
            self.stripe.add_account(account, authorization, holder, numbers, **fields)
            self._report("account.created", account, webhook)

    def deactivate(
        self,
        *accounts: str,
        action: str | None = "relink_required",
        cause: str | None = "access_expired",
        webhook: Webhook | None = None,
    ) -> None:
        """Accounts stop working; without an action, Stripe does not say whether for good."""
        said = {"action": action, "cause": cause}
        inactive = {field: value for field, value in said.items() if value is not None}
        for account in accounts:
            details = {"inactive": inactive} if inactive else {}
            self._change(account, status="inactive", status_details=details)
            self._report("account.deactivated", account, webhook)

    def close(self, *accounts: str, webhook: Webhook | None = None) -> None:
        """Accounts are closed at the bank."""
        self.deactivate(*accounts, action="none", cause="account_closed", webhook=webhook)

    def reactivate(self, *accounts: str, webhook: Webhook | None = None, **fields: Any) -> None:
        """Accounts work again."""
        for account in accounts:
            self._change(account, status="active", status_details={}, **fields)
            self._report("account.reactivated", account, webhook)

    def disconnect(self, *accounts: str, webhook: Webhook | None = None) -> None:
        """Accounts are disconnected for good."""
        for account in accounts:
            self._change(account, status="disconnected", status_details={})
            self._report("account.disconnected", account, webhook)

    def renumber(
        self,
        account: str,
        *numbers: Number,
        event: str = "account_numbers_updated",
        webhook: Webhook | None = None,
    ) -> None:
        """The numbers of an account change."""
        self._change(account, account_numbers=list(numbers))
        self._report(f"account.{event}", account, webhook)

    def move(self, account: str, to: str | None, webhook: Webhook | None = None) -> None:
        """An account comes under another authorization, or under none."""
        shown = self.stripe.objects[account]
        self.stripe.move(account, to)
        event = "reactivated" if shown["status"] == "active" else "deactivated"
        self._report(f"account.{event}", account, webhook)

    def announce(
        self,
        name: str,
        on: float | None = None,
        action: str = "relink_required",
        webhook: Webhook | None = None,
    ) -> None:
        """Stripe announces the day on which an account or authorization stops working."""
        active = {"action": action, "cause": "access_expired"}
        date = {} if on is None else {"expected_deactivation_date": day(on)}
        self._change(name, status_details={"active": active | date})
        self._report(f"{kind_of(name)}.upcoming_deactivation", name, webhook)

    def withdraw(self, name: str, webhook: Webhook | None = None) -> None:
        """Stripe takes the announcement back."""
        self._change(name, status_details={})
        self._report(f"{kind_of(name)}.expected_deactivation_date_updated", name, webhook)

    def expire(self, authorization: str) -> None:
        """The consent of an authorization expires: its accounts stop working."""
        inactive = {"action": "relink_required"}
        self._change(authorization, status="inactive", status_details={"inactive": inactive})
        self.deactivate(*self.stripe.members(authorization))

    def report(self, *names: str, webhook: Webhook | None = None) -> None:
        """Stripe reports objects, which did not change."""
        for name in names:
            self._report("account.refreshed_balance", name, webhook)

    def vanish(self, name: str) -> None:
        """Stripe has no such object any more."""
        del self.stripe.objects[name]

    # ── what happens to what is built ────────────────────────────────────────

    def block(
        self, payment_method: str, reason: str | None, webhook: Webhook | None = None
    ) -> None:
        """A payment method is blocked; None lifts the block."""
        blocked = None if reason is None else {"blocked": {"network_code": "R02", "reason": reason}}
        self.stripe.objects[payment_method]["us_bank_account"]["status_details"] = blocked
        self._send("payment_method.automatically_updated", payment_method, webhook)

    def use(self, payment_method: str, of: str) -> None:
        """The service makes a payment method by itself, and Stripe reports it."""
        self.stripe.add_payment_method(payment_method, of)
        self.block(payment_method, None)

    def detach(self, payment_method: str, webhook: Webhook | None = None) -> None:
        """A payment method is detached from its customer."""
        self._change(payment_method, customer=None)
        self._send("payment_method.detached", payment_method, webhook)

    def rate(self, external_account: str, status: str, webhook: Webhook | None = None) -> None:
        """The status of an external account changes."""
        self._change(external_account, status=status)
        self._send("account.external_account.updated", external_account, webhook)

    def delete(self, external_account: str) -> None:
        """An external account is deleted."""
        self._send("account.external_account.deleted", external_account, None)
        self.vanish(external_account)

    def revoke_mandate(self, payment_method: str) -> None:
        """The mandate of a payment method becomes inactive."""
        mandate = {"object": "mandate", "payment_method": payment_method, "status": "inactive"}
        self.stripe.objects["mandate_1"] = {"id": "mandate_1", **mandate}
        self._send("mandate.updated", "mandate_1", None)

    # ── what customers do in relink sessions ─────────────────────────────────

    def cancel(self, session: str, webhook: Webhook | None = None) -> None:
        """The customer closes the session."""
        self.end(session, "cancelled", webhook=webhook)

    def fail(self, session: str, reason: str = "other", webhook: Webhook | None = None) -> None:
        """The customer does not succeed."""
        self.end(session, "failed", failure_reason=reason, webhook=webhook)

    def relink(
        self,
        session: str,
        to: str | None = None,
        webhook: Webhook | None = None,
        account_webhook: Webhook | None = None,
    ) -> None:
        """The customer relinks the expected account, under another authorization if one is named.

        Lapsed numbers are replaced.
        """
        asked = self._sessions[session]
        self._work(asked.account, to or asked.authorization, asked)
        self._report("account.reactivated", asked.account, account_webhook or webhook, pause=False)
        relinked = asked.account if asked.mode == "specific" else None
        self.end(session, "succeeded", accounts=[asked.account], relinked=relinked, webhook=webhook)

    def pick(self, session: str, account: str, webhook: Webhook | None = None) -> None:
        """The customer picks another account, which Stripe knows already."""
        asked = self._sessions[session]
        self._work(account, self.stripe.objects[account]["authorization"], asked)
        self._report("account.reactivated", account, webhook, pause=False)
        self.end(session, "succeeded", accounts=[account], webhook=webhook)

    def link_instead(
        self,
        session: str,
        account: str,
        authorization: str | None = None,
        holder: str | None = "",
        webhook: Webhook | None = None,
    ) -> None:
        """The customer links a new account instead. The holder is the session's by default."""
        asked = self._sessions[session]
        of_session = asked.holder.id if asked.holder else None
        self.stripe.add_account(
            account,
            authorization or asked.authorization,
            of_session if holder == "" else holder,
            permissions=list(asked.permissions),
        )
        self._report("account.created", account, webhook, pause=False)
        self.end(session, "succeeded", accounts=[account], webhook=webhook)

    def end(
        self,
        session: str,
        status: str | None,
        *,
        accounts: Sequence[str | Json] | None = (),
        relinked: str | None = None,
        failure_reason: str | None = None,
        webhook: Webhook | None = None,
    ) -> None:
        """A session ends.

        Args:
            session: which session.
            status: Stripe's ``status``; None leaves it out.
            accounts: ids, or objects that are shown as they are; None leaves the list out.
            relinked: ``relink_result.account``.
            failure_reason: ``relink_result.failure_reason``.
            webhook: how Stripe reports it.
        """
        said = {"account": relinked, "failure_reason": failure_reason}
        result = {key: value for key, value in said.items() if value is not None}
        self._change(session, status=status, accounts=accounts, relink_result=result)
        self._report("session.updated", session, webhook)

    # ── what the service does ────────────────────────────────────────────────

    def ask(self, account: str, **wanted: Any) -> str | None:
        """The service asks for a relink session. Returns its id; None for a refusal."""
        has_read, self.refusal = False, None
        for _ in range(ASKED_AT_MOST):
            request = self._event(e.RelinkRequested, account=account, has_read=has_read, **wanted)
            step = self._happens(request)
            match [command for command in step.commands if isinstance(command, c.CallerCommand)]:
                case [c.CreateRelinkSession() as create]:
                    session = self._created(create)
                    self.wait(self.pause)
                    return session
                case [c.RetrieveSessionForCaller(session=session) as read]:
                    self._happens(self._answer(read))
                    if self.state(session) == "open":
                        return session
                case [c.RetrieveAccountForCaller() as read]:
                    self._happens(self._answer(read))
                    has_read = True
                case _:
                    refused = [d.decision for d in step.deliveries if d.address.key == account]
                    reason = refused[0].reason if refused else None
                    self.refusal = reason.code if reason else "unknown_account"
                    return None
        raise AssertionError(f"{account} keeps changing")

    def open_session(self, account: str, **wanted: Any) -> str:
        """The same, where no refusal is expected."""
        session = self.ask(account, **wanted)
        assert session, f"the relink is refused: {self.refusal}"
        return session

    def read_result(self, session: str) -> None:
        """The service reads the result of a session."""
        self._happens(
            self._answer(
                c.RetrieveSessionForCaller(
                    session=session, reason="result", dedup_key=f"result_{next(self._count)}"
                )
            )
        )
        self.wait(self.pause)

    def retire(self, account: str) -> None:
        """The service says that nobody has a use for the account any more."""
        self._tell(e.AccountRetired, account=account)

    def resume(self, account: str) -> None:
        """The service takes it up again."""
        self._tell(e.AccountResumed, account=account)

    def replace(self, account: str, by: str) -> None:
        """The service says that another account stands in for this one."""
        self._tell(e.AccountReplaced, account=account, by=by)

    def collect_mandate(self, account: str, payment_method: str | None = None) -> None:
        """The service collected the customer's mandate."""
        self._tell(e.MandateCollected, account=account, payment_method=payment_method)

    def name(self, account: str) -> None:
        """The service supplies the customer's name."""
        self._tell(e.BillingNameGiven, account=account, billing_name="Jenny Rosen")

    def refresh(self, name: str) -> None:
        """The service, or an import, has an object read."""
        self._tell(e.ReadRequested, kind=kind_of(name), id=name)

    def sweep(self) -> None:
        """The reconciliation sweep has everything read that is known and not over."""
        known = [address for address, found in self.machines.items() if found.state not in OVER]
        for machine, key in known:
            if machine in ("account", "authorization", "session", "payment_method"):
                self._happens(self._event(e.ReadRequested, kind=kind_of(key), id=key))
        self.wait(self.pause)

    def release(self) -> None:
        """Reads and builds are held back no longer."""
        self.held = False
        self.wait(self.pause)

    # ── what came of it ──────────────────────────────────────────────────────

    def charge(self, account: str, payment_method: str | None = None) -> bool:
        """Whether the account, or one payment method of it, may be charged."""
        return self.assess(account, payment_method).chargeable

    def next(self, account: str, payment_method: str | None = None) -> list[str]:
        """What the service should do."""
        return [step.action for step in self.assess(account, payment_method).next]

    def mode(self, account: str) -> str | None:
        """Which kind of relink is next."""
        return next((step.mode for step in self.assess(account).next if step.mode), None)

    def days_naming(self, account: str) -> list[int]:
        """The days of the messages that name this account."""
        named = [line for line in self.messages if account in line.replace(",", " ").split()]
        return [int(line.split()[1].rstrip(":")) for line in named]

    def assess(self, account: str, payment_method: str | None = None) -> Assessment:
        """The whole answer."""
        return assess(self.machines[Address("account", account)], payment_method)

    def state(self, name: str) -> str:
        """The state of the machine about this object."""
        return self.machines[Address(machine_of(name), name)].state

    def facts(self, name: str) -> Any:
        """What the machine about this object remembers."""
        return self.machines[Address(machine_of(name), name)].facts

    @property
    def messages(self) -> list[str]:
        """The prompts and reminders that were sent."""
        return [line for line in self.sent if " prompt " in line or " reminder " in line]

    @property
    def requests(self) -> list[str]:
        """The requests for another payment method that were sent."""
        return [line for line in self.sent if " request " in line]


__all__ = ["DAY", "Number", "Shape", "Story", "T", "Webhook", "day", "number"]
