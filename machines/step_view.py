"""A step, as the invariants look at it: what it touched, heard and asked for."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeVar, cast

from relink.engine import Address, Command, Decision, Facts, Snapshot, Step

from .account.facts import AccountFacts
from .commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    CreateRelinkSession,
    ReportAnomaly,
    RetrieveAccount,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrieveSession,
    RetrieveSessionForCaller,
)
from .messages import Reported

World = Mapping[Address, Snapshot[Facts]]
"""All machines, by address."""

F = TypeVar("F", bound=Facts)
C = TypeVar("C", bound=Command)

ASKING = (
    RetrieveAccount,
    RetrieveAuthorization,
    RetrieveSession,
    RetrieveAccountForCaller,
    RetrieveSessionForCaller,
    ReportAnomaly,
)


class StepView(NamedTuple):
    """A step, and the worlds before and after it."""

    was: World
    step: Step
    now: World

    def before(self, machine: str, key: str, kind: type[F]) -> Snapshot[F] | None:
        """A machine as it was before the step; None when there was none."""
        return cast("Snapshot[F] | None", self.was.get(Address(machine, key)))

    def after(self, machine: str, key: str, kind: type[F]) -> Snapshot[F] | None:
        """A machine as it is after the step; None when there is none."""
        return cast("Snapshot[F] | None", self.now.get(Address(machine, key)))

    def touched(self, machine: str, kind: type[F]) -> Iterator[tuple[str, Snapshot[F]]]:
        """The machines of this name that decided something, as they are after the step."""
        for address, snapshot in self.step.snapshots.items():
            if address.machine == machine:
                yield address.key, cast("Snapshot[F]", snapshot)

    def decisions(self) -> Iterator[tuple[Address, Decision]]:
        """What was decided, in order."""
        return ((delivery.address, delivery.decision) for delivery in self.step.deliveries)

    def words(self) -> Iterator[tuple[Address, Decision, Reported]]:
        """What was heard of an account, an authorization or a number."""
        for address, decision in self.decisions():
            if isinstance(decision.trigger, Reported):
                yield address, decision, decision.trigger

    def commands(self, kind: type[C]) -> Iterator[C]:
        """What was asked for, of one kind."""
        return (command for command in self.step.commands if isinstance(command, kind))

    def builds(self) -> list[CreatePaymentMethod | AttachExternalAccount]:
        """What is to be built on accounts."""
        return [*self.commands(CreatePaymentMethod), *self.commands(AttachExternalAccount)]

    def session_requests(self) -> Iterator[tuple[CreateRelinkSession, Snapshot[AccountFacts]]]:
        """The sessions that are to be opened, each with its account."""
        for command in self.commands(CreateRelinkSession):
            account = self.after("account", command.account, AccountFacts)
            if account:
                yield command, account


def asks(decision: Decision) -> bool:
    """Whether Stripe is asked, or people where Stripe has no answer."""
    return any(isinstance(command, ASKING) for command in decision.commands)
