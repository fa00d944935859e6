"""Everything around one account, as an environment for a search: Stripe, the customer, the network.

The account stops and works again; webhooks about it are late, overtake each other, come twice or
never; reads are answered with what is true, or fail. Each of these has a budget, and time passes
with the changes alone, so there are finitely many states, and no abstraction of time is needed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from relink.engine import Command
from relink.engine.explore import Environment, Move, Unordered
from relink.machines.commands import (
    Read,
    RetrieveAccount,
    RetrieveAuthorization,
)
from relink.machines.events import (
    AccountReported,
    AuthorizationReported,
    CommandFailed,
    DomainEvent,
)
from relink.machines.report import Holder, StatusReport

ACCOUNT, LOGIN = "fca_1", "fcauth_1"
CUSTOMER = Holder(field="customer", id="cus_1")

KINDS: dict[str, dict[str, str | None]] = {
    "works": {"status": "active", "action": None, "cause": None},
    "stops": {"status": "inactive", "action": "relink_required", "cause": "access_expired"},
    "closes": {"status": "inactive", "action": "none", "cause": "account_closed"},
    "is disconnected": {"status": "disconnected", "action": None, "cause": None},
}


@dataclass(frozen=True)
class Truth:
    """What is true at Stripe, what is on the way, and what may still happen."""

    kind: str = "works"
    now: int = 1_000
    changes: int = 2
    losses: int = 1
    copies: int = 1
    failures: int = 0
    has_lost: bool = False
    """Whether a webhook got lost or a read failed, so that relink may not know what is true."""
    webhooks: Unordered = Unordered()  # noqa: RUF009
    reads: tuple[Read, ...] = ()


class AroundAccount(Environment[Truth]):
    """One account under one authorization.

    Args:
        start: the budgets.
        gaps: how much later the next change may be (seconds).
    """

    def __init__(self, start: Truth, gaps: Iterable[int] = (0, 10)) -> None:
        self._start = start
        self._gaps = tuple(gaps)

    def starts(self) -> Iterable[Truth]:
        """The account works, and nobody knows of it yet."""
        return (_sent(self._start),)

    def moves(self, state: Truth) -> Iterator[Move[Truth]]:
        """What can happen next."""
        yield from self._changes(state)
        for number, webhook in enumerate(state.webhooks):
            rest = Unordered((*state.webhooks[:number], *state.webhooks[number + 1 :]))
            gone = replace(state, webhooks=rest)
            event = webhook.model_copy(update={"at": float(state.now)})
            what = f"the webhook of {webhook.as_of}"
            yield Move(f"{what} arrives", gone, event)
            if state.copies:
                yield Move(
                    f"{what} arrives, and will again",
                    replace(state, copies=state.copies - 1),
                    event,
                )
            if state.losses:
                yield Move(
                    f"{what} gets lost", replace(gone, losses=state.losses - 1, has_lost=True)
                )
        for number, read in enumerate(state.reads):
            rest_of = (*state.reads[:number], *state.reads[number + 1 :])
            done = replace(state, reads=rest_of, now=max(state.now, read.after))
            yield Move(f"{read.id} is answered", done, _answer(done, read))
            if state.failures:
                failed = CommandFailed(
                    causation_id=read.id,
                    at=float(done.now),
                    command=read.name,
                    subject=read.subject,
                    error="refused",
                )
                yield Move(
                    f"{read.id} fails",
                    replace(done, failures=state.failures - 1, has_lost=True),
                    failed,
                )

    def receive(self, state: Truth, commands: tuple[Command, ...]) -> Truth:
        """Keep the reads; a later version of one counts (K10)."""
        reads = {each.id: each for each in state.reads}
        for command in commands:
            if isinstance(command, RetrieveAccount | RetrieveAuthorization):
                reads[command.id] = command
        return replace(state, reads=tuple(reads.values()))

    def _changes(self, state: Truth) -> Iterator[Move[Truth]]:
        if not state.changes or state.kind == "is disconnected":
            return
        for gap in self._gaps:
            for kind in KINDS:
                if kind != state.kind:
                    after = replace(
                        state, kind=kind, now=state.now + gap, changes=state.changes - 1
                    )
                    yield Move(f"{gap} s later the account {kind}", _sent(after))


def _report(state: Truth) -> StatusReport:
    return StatusReport.model_validate(
        {
            **KINDS[state.kind],
            "authorization": LOGIN,
            "holder": CUSTOMER,
            "permissions": ("payment_method",),
            "subcategory": "checking",
            "payment_method_types": ("us_bank_account",),
        }
    )


def _sent(state: Truth) -> Truth:
    webhook = AccountReported(
        causation_id=f"evt_{state.changes}",
        at=0.0,
        as_of=state.now,
        read=False,
        account=ACCOUNT,
        report=_report(state),
    )
    return replace(state, webhooks=Unordered((*state.webhooks, webhook)))


def _answer(state: Truth, read: Read) -> DomainEvent:
    known = {
        "causation_id": read.id,
        "at": float(state.now),
        "as_of": state.now,
        "read": True,
        "begun_at": float(state.now),
    }
    if isinstance(read, RetrieveAccount):
        return AccountReported.model_validate(
            {**known, "account": ACCOUNT, "report": _report(state)}
        )
    login = {"status": "active", "deactivates_on": None, "deactivation_action": None}
    if state.kind == "stops":
        login = {"status": "inactive", "action": "relink_required"}
    return AuthorizationReported.model_validate(
        {**known, "authorization": LOGIN, "report": StatusReport.model_validate(login)}
    )
