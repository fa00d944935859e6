"""The view of a step that every property looks at: the step, and the worlds around it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeVar, cast

from relink.engine import Address, Command, Decision, Facts, Snapshot, Step

from ..account import AccountFacts
from ..account_number import AccountNumberFacts
from ..authorization import AuthorizationFacts
from ..build import BuildFacts
from ..commands import Build, CreateRelinkSession
from ..holder import HolderFacts
from ..outage import OutageFacts
from ..payment_method import PaymentMethodFacts
from ..read import ReadFacts
from ..reported import Reported
from ..session import SessionFacts

World = Mapping[Address, Snapshot[Facts]]
"""All machines, by address."""

F = TypeVar("F", bound=Facts)
C = TypeVar("C", bound=Command)

MACHINES: Mapping[type[Facts], str] = {
    AccountFacts: "account",
    AuthorizationFacts: "authorization",
    SessionFacts: "session",
    AccountNumberFacts: "account_number",
    BuildFacts: "build",
    PaymentMethodFacts: "payment_method",
    OutageFacts: "outage",
    HolderFacts: "holder",
    ReadFacts: "read",
}
"""The machine that remembers each kind of facts."""


class StepView(NamedTuple):
    """A step, and the worlds before and after it."""

    world_before: World
    step: Step
    world_after: World

    def before(self, kind: type[F], key: str) -> Snapshot[F] | None:
        """The machine with this kind of facts before the step; None if it did not exist."""
        return _found(self.world_before, kind, key)

    def after(self, kind: type[F], key: str) -> Snapshot[F] | None:
        """The machine with this kind of facts after the step; None if it does not exist."""
        return _found(self.world_after, kind, key)

    def touched(self, kind: type[F]) -> Iterator[tuple[str, Snapshot[F]]]:
        """The machines with this kind of facts that decided something, as the step leaves them."""
        for address, snapshot in self.step.snapshots.items():
            if address.machine == MACHINES[kind]:
                yield address.key, cast("Snapshot[F]", snapshot)

    def decisions(self) -> Iterator[tuple[Address, Decision]]:
        """What was decided, in order."""
        return ((delivery.address, delivery.decision) for delivery in self.step.deliveries)

    def reports(self) -> Iterator[tuple[Address, Decision, Reported]]:
        """The decisions on reports of accounts, authorizations and account numbers, in order."""
        for address, decision in self.decisions():
            if isinstance(decision.trigger, Reported):
                yield address, decision, decision.trigger

    def commands(self, kind: type[C]) -> Iterator[C]:
        """The commands of one kind, in order."""
        return (command for command in self.step.commands if isinstance(command, kind))

    def builds(self) -> list[Build]:
        """The payment methods and external accounts to be built."""
        return [command for command in self.step.commands if isinstance(command, Build)]

    def session_requests(self) -> Iterator[tuple[CreateRelinkSession, Snapshot[AccountFacts]]]:
        """The relink sessions to be created, each with its account."""
        for command in self.commands(CreateRelinkSession):
            account = self.after(AccountFacts, command.account)
            if account:
                yield command, account


def _found(world: World, kind: type[F], key: str) -> Snapshot[F] | None:
    return cast("Snapshot[F] | None", world.get(Address(MACHINES[kind], key)))
