"""The view of a step that every property looks at: the step, and the worlds around it.

All properties look at each step, most of them for the same few things. So these are looked for
once, such as the reports among its decisions.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

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


class StepView:
    """A step, and the worlds before and after it."""

    def __init__(self, before: World, step: Step, after: World) -> None:
        self._before = before
        self.step = step
        self._after = after
        self._touched: dict[str, list[tuple[str, Any]]] = {}
        for address, snapshot in step.snapshots.items():
            self._touched.setdefault(address.machine, []).append((address.key, snapshot))
        self._reports = [
            (address, decision, decision.trigger)
            for address, decision in step.deliveries
            if isinstance(decision.trigger, Reported)
        ]
        self._commands: dict[type[Command], Sequence[Any]] = {}

    def before(self, kind: type[F], key: str) -> Snapshot[F] | None:
        """The machine with this kind of facts before the step; None if it did not exist."""
        return _found(self._before, kind, key)

    def after(self, kind: type[F], key: str) -> Snapshot[F] | None:
        """The machine with this kind of facts after the step; None if it does not exist."""
        return _found(self._after, kind, key)

    def touched(self, kind: type[F]) -> Sequence[tuple[str, Snapshot[F]]]:
        """The machines with this kind of facts that decided something, as the step leaves them."""
        return self._touched.get(MACHINES[kind], ())

    def decisions(self) -> Sequence[tuple[Address, Decision]]:
        """What was decided, in order."""
        return self.step.deliveries

    def reports(self) -> Sequence[tuple[Address, Decision, Reported]]:
        """The decisions on reports of accounts, authorizations and account numbers, in order."""
        return self._reports

    def commands(self, kind: type[C]) -> Sequence[C]:
        """The commands of one kind, in order."""
        found = self._commands.get(kind)
        if found is None:
            found = [command for command in self.step.commands if isinstance(command, kind)]
            self._commands[kind] = found
        return found

    def builds(self) -> Sequence[Build]:
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
