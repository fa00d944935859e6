"""A customer with a broken link at the simulator, and a connected account with one."""

from dataclasses import dataclass

from relink.adapters.gateway import Answer, Attempt, Gateway
from relink.adapters.runner.attempt import Outcome, attempt
from relink.adapters.simulator import Account, Asked, Effect, Simulator
from relink.adapters.store import DueCommand
from relink.engine import Command
from relink.machines.commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    CreateRelinkSession,
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSession,
    RetrieveSessionForCaller,
)
from relink.machines.events import RelinkSessionCreated
from relink.machines.policy import DEFAULT_POLICY
from relink.machines.reasons import ReadReason
from relink.machines.report import Holder

PATIENCE = 3 * 24 * 3600


@dataclass
class Scene:
    """What the commands of a test are about."""

    simulator: Simulator
    gateway: Gateway
    holder: Holder
    broken: Account
    """Inactive, and relinkable."""
    connected_account: str | None = None
    """In whose name Stripe is called."""
    sessions: int = 0
    """Opened so far."""
    began: int = 0
    """Entries in the ledger that are older than the scene."""

    @classmethod
    def of_customer(cls, simulator: Simulator, gateway: Gateway) -> "Scene":
        return cls._about(simulator, gateway, simulator.add_customer(), "customer")

    @classmethod
    def of_payouts(cls, simulator: Simulator, gateway: Gateway) -> "Scene":
        return cls._about(simulator, gateway, simulator.add_connected_account(), "account")

    @classmethod
    def _about(cls, simulator: Simulator, gateway: Gateway, name: str, field: str) -> "Scene":
        broken = simulator.link_account(name)
        assert broken.authorization
        simulator.bank.expire_consent(broken.authorization.id)
        holder = Holder.model_validate({"field": field, "id": name})
        return cls(simulator, gateway, holder, broken, began=len(simulator.ledger))

    @property
    def authorization(self) -> str:
        assert self.broken.authorization
        return self.broken.authorization.id

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
        return RetrieveAccount(account=self.broken.id, reason=ReadReason.LOOK, dedup_key="evt_1")

    def read_authorization(self) -> RetrieveAuthorization:
        name = self.authorization
        return RetrieveAuthorization(authorization=name, reason=ReadReason.LOOK, dedup_key="evt_1")

    def read_session(self, name: str) -> RetrieveSession:
        return RetrieveSession(session=name, reason=ReadReason.LOOK, dedup_key="evt_1")

    def read_session_for_caller(self, name: str) -> RetrieveSessionForCaller:
        return RetrieveSessionForCaller(session=name, reason="result", dedup_key="request_1")

    def build(self, **changed: object) -> CreatePaymentMethod:
        session, account = self.linked_anew()
        command = CreatePaymentMethod(account=account, session=session, holder=self.holder)
        return command.model_copy(update=changed)

    def pay_out(self) -> AttachExternalAccount:
        session, account = self.linked_anew()
        return AttachExternalAccount(account=account, session=session, holder=self.holder)

    def linked_anew(self) -> tuple[str, str]:
        """A session in which the customer linked a new account: ids of both."""
        self.sessions += 1
        relink = self.relink(mode="any_eligible", attempt=self.sessions)
        session = self.opened(self.do(relink))
        account = self.simulator.customer(session).choose_new()
        assert account
        return session, account.id

    # ── what came of them ────────────────────────────────────────────────────

    def count(self, kind: str) -> int:
        """How often this happened in the scene."""
        entries = self.simulator.ledger.entries[self.began :]
        return sum(isinstance(entry, Effect) and entry.kind == kind for entry in entries)

    def asked(self, method: str = "", path: str = "") -> list[Asked]:
        """What was asked in the scene."""
        entries = self.simulator.ledger.entries[self.began :]
        return [
            entry
            for entry in entries
            if isinstance(entry, Asked)
            and entry.method.startswith(method)
            and entry.path.startswith(path)
        ]

    # ── carrying them out ────────────────────────────────────────────────────

    def do(self, command: Command) -> Answer:
        """One attempt, that must succeed."""
        attempt = Attempt(connected_account=self.connected_account)
        return self.gateway.perform(command, self.simulator.now, attempt)

    def opened(self, answer: Answer) -> str:
        """The session that was made."""
        (event,) = answer.events
        assert isinstance(event, RelinkSessionCreated)
        return event.session

    def attempt(self, command: Command, number: int = 1, asked_at: float | None = None) -> Outcome:
        """One attempt, however it ends."""
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
            give_up_at=asked_at + PATIENCE,
        )
        return attempt(due, self.gateway, _nobody, lambda: self.simulator.now, DEFAULT_POLICY)

    def settle(self, command: Command, asked_at: float | None = None) -> list[Outcome]:
        """All attempts, each when it is due, until the command is over."""
        asked_at = self.simulator.now if asked_at is None else asked_at
        done: list[Outcome] = []
        while not done or done[-1].retry_at is not None:
            done.append(self.attempt(command, len(done) + 1, asked_at))
            self.simulator.advance_to(done[-1].retry_at or 0.0)
        return done


def _nobody(command: Command, id: str) -> None:
    raise AssertionError(f"{id} is for Stripe")
