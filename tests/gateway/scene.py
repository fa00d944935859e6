"""A broken link at a simulated Stripe, and the commands about it."""

from dataclasses import dataclass

from relink.adapters.gateway import Answer, Attempt
from relink.adapters.runner.attempt import Outcome, attempt
from relink.adapters.simulator import Account, Asked, Simulator
from relink.adapters.store import DueCommand
from relink.engine import Command
from relink.machines.commands import (
    AnyStripeCommand,
    AttachExternalAccount,
    CreatePaymentMethod,
    CreateRelinkSession,
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveExternalAccount,
    RetrievePaymentMethod,
    RetrieveSession,
    RetrieveSessionForCaller,
)
from relink.machines.events import ExternalAccountMade, PaymentMethodMade, RelinkSessionCreated
from relink.machines.policy import DEFAULT_POLICY
from relink.machines.reasons import ReadReason
from relink.machines.report import Holder

from ..rig import SimulatedStripe


@dataclass
class Scene:
    """An account that can be relinked, and its holder."""

    stripe: SimulatedStripe
    holder: Holder
    broken: Account
    """The account: inactive and relinkable."""
    connected_account: str | None = None
    """The connected account to call Stripe for."""
    sessions: int = 0
    """The number of sessions that the scene has opened."""
    began: int = 0
    """The number of ledger entries that are older than the scene."""

    @classmethod
    def of_customer(cls, stripe: SimulatedStripe) -> "Scene":
        return cls._about(stripe, stripe.sim.add_customer(), "customer")

    @classmethod
    def of_payouts(cls, stripe: SimulatedStripe) -> "Scene":
        return cls._about(stripe, stripe.sim.add_connected_account(), "account")

    @classmethod
    def _about(cls, stripe: SimulatedStripe, name: str, field: str) -> "Scene":
        broken = stripe.sim.link_account(name)
        stripe.expire_consent(broken.id)
        holder = Holder.model_validate({"field": field, "id": name})
        return cls(stripe, holder, broken, began=len(stripe.sim.ledger))

    @property
    def simulator(self) -> Simulator:
        return self.stripe.sim

    @property
    def authorization(self) -> str:
        return self.stripe.authorization_of(self.broken.id)

    # ── commands ─────────────────────────────────────────────────────────────

    def relink(self, **changed: object) -> CreateRelinkSession:
        command = CreateRelinkSession(
            account=self.broken.id,
            attempt=0,
            authorization=self.authorization,
            mode="specific",
            reason="inactive",
            holder=self.holder,
            permissions=("balances", "payment_method"),
            subcategories=("checking", "savings"),
            delivery="modal",
            return_url=None,
        )
        return command.model_copy(update=changed)

    def read_account(self) -> RetrieveAccount:
        return RetrieveAccount(account=self.broken.id, reason=ReadReason.LOOK, number=1)

    def read_authorization(self) -> RetrieveAuthorization:
        name = self.authorization
        return RetrieveAuthorization(authorization=name, reason=ReadReason.LOOK, number=1)

    def read_session(self, name: str) -> RetrieveSession:
        return RetrieveSession(session=name, reason=ReadReason.LOOK, number=1)

    def read_payment_method(self, name: str) -> RetrievePaymentMethod:
        return RetrievePaymentMethod(payment_method=name, reason=ReadReason.LOOK, number=1)

    def read_external_account(self, name: str) -> RetrieveExternalAccount:
        return RetrieveExternalAccount(
            external_account=name,
            connected_account=self.holder.id,
            reason=ReadReason.LOOK,
            number=1,
        )

    def read_session_for_caller(self, name: str) -> RetrieveSessionForCaller:
        return RetrieveSessionForCaller(session=name, reason="result", dedup_key="request_1")

    def build(self, **changed: object) -> CreatePaymentMethod:
        session, account = self.linked_new_account()
        command = CreatePaymentMethod(account=account, session=session, holder=self.holder)
        return command.model_copy(update=changed)

    def pay_out(self) -> AttachExternalAccount:
        session, account = self.linked_new_account()
        return AttachExternalAccount(account=account, session=session, holder=self.holder)

    def built(self) -> str:
        """The customer links a new account, and a payment method is made from it: its id."""
        (event,) = self.do(self.build()).events
        assert isinstance(event, PaymentMethodMade)
        return event.payment_method

    def paid_out(self) -> str:
        """The payee links a new account, and gets it as an external account: its id."""
        (event,) = self.do(self.pay_out()).events
        assert isinstance(event, ExternalAccountMade)
        return event.external_account

    def linked_new_account(self) -> tuple[str, str]:
        """The customer links a new account: the ids of the session and the account."""
        self.sessions += 1
        relink = self.relink(mode="any_eligible", attempt=self.sessions)
        session = self.opened(self.do(relink))
        account = self.simulator.customer(session).choose_new()
        assert account
        return session, account.id

    # ── effects and requests ─────────────────────────────────────────────────

    def count(self, kind: str) -> int:
        """The number of effects of one kind in the scene."""
        return self.stripe.count(kind, self.began)

    def asked(self, method: str = "", path: str = "") -> list[Asked]:
        """The requests of the scene, of a method and to paths with a prefix."""
        return self.stripe.requests(method, path, self.began)

    # ── performing commands ──────────────────────────────────────────────────

    def do(self, command: AnyStripeCommand, asked_at: float | None = None) -> Answer:
        """Make one attempt, which must succeed."""
        attempt = Attempt(asked_at=asked_at, connected_account=self.connected_account)
        return self.stripe.gateway.perform(command, self.simulator.now, attempt)

    def opened(self, answer: Answer) -> str:
        """The session that was created."""
        (event,) = answer.events
        assert isinstance(event, RelinkSessionCreated)
        return event.session

    def attempt(
        self, command: AnyStripeCommand, number: int = 1, asked_at: float | None = None
    ) -> Outcome:
        """Make one attempt, with any outcome."""
        now = self.simulator.now
        asked_at = now if asked_at is None else asked_at
        due = DueCommand(
            command,
            command.id,
            causation_id="evt_1",
            connected_account=self.connected_account,
            attempts=number - 1,
            due_at=now,
            created_at=asked_at,
        )
        return attempt(
            due, self.stripe.gateway, _no_notification, lambda: self.simulator.now, DEFAULT_POLICY
        )

    def settle(self, command: AnyStripeCommand, asked_at: float | None = None) -> list[Outcome]:
        """Make all attempts, each when it is due, until the command is done or failed for good."""
        asked_at = self.simulator.now if asked_at is None else asked_at
        done: list[Outcome] = []
        while not done or done[-1].retry_at is not None:
            done.append(self.attempt(command, len(done) + 1, asked_at))
            self.simulator.advance_to(done[-1].retry_at or 0.0)
        return done


def _no_notification(command: Command, id: str) -> None:
    raise AssertionError(f"{id} is a command for Stripe")
