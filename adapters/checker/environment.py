"""The environment: Stripe, banks, customers, the network and the service, as one.

A history is a list of changes with all that follows from each. The next change comes when nothing
is under way, and an hour later; that something is late, slow or at once is a deviation. So the
bounds on changes and deviations are the only ones: every order of events with at most so many
deviations from the usual one is explored, and the usual ones cost little.
"""

from collections.abc import Iterable, Iterator

from relink.engine import Command
from relink.engine.explore import Environment, Move
from relink.machines.commands import (
    Build,
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
    PaymentMethodGone,
    Read,
    RequestBillingName,
    RequestNewPaymentMethod,
    RetrieveAccountForCaller,
    RetrieveAuthorization,
    RetrieveExternalAccount,
    RetrievePaymentMethod,
    RetrieveSession,
    RetrieveSessionForCaller,
    Wake,
)
from relink.machines.vocabulary import ObjectKind

from . import judged
from .around import (
    Answer,
    Around,
    BuildDue,
    CallerRead,
    Item,
    Memory,
    NameDue,
    ReadDue,
    SessionDue,
    Told,
    Webhook,
    deviated,
    sent,
    spent,
)
from .bank import Change, bank
from .bounds import Bounds, Left
from .customer import customer
from .events import Events
from .network import Moves, deliveries, time_passes
from .service import requests, service, sweep
from .truth import (
    CONNECTED,
    CUSTOMER,
    LOGIN,
    OTHER_ACCOUNT,
    OTHER_LOGIN,
    Account,
    Authorization,
    Method,
)

START = 1_700_000_000
HOUR = 3_600


class Surroundings(Environment[Around]):
    """Everything around the machines, within bounds.

    Args:
        bounds: How much may happen.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.events = Events(bounds.policy)

    # ── where it begins ──────────────────────────────────────────────────────

    def starts(self) -> Iterable[Around]:
        """The accounts work, and the webhooks that say so are under way."""
        bounds = self.bounds
        holder = CONNECTED if bounds.is_connect else CUSTOMER
        numbers = "transactable" if "numbers" in bounds.kinds else None
        names = [f"fca_{number}" for number in range(1, bounds.accounts + 1)]
        accounts = [(name, Account(holder=holder, numbers=numbers)) for name in names]
        logins = [(LOGIN, Authorization())]
        if bounds.has_other:
            accounts.append((OTHER_ACCOUNT, Account(authorization=OTHER_LOGIN, holder=holder)))
            logins.append((OTHER_LOGIN, Authorization()))
        methods = [(f"pm_{name}", Method(name)) for name in names if bounds.has_method]
        hooks: list[Item] = [Webhook("account", name, each, START) for name, each in accounts]
        hooks += [Webhook("payment_method", name, each, START) for name, each in methods]
        limits = (bounds.changes, bounds.outages, bounds.sessions, bounds.faults, bounds.waits)
        nothing = Around(
            now=START,
            accounts=tuple(accounts),
            authorizations=tuple(logins),
            sessions=(),
            methods=tuple(methods),
            told=tuple((name, Told()) for name in names),
            under_way=(),
            late=(),
            timers=(),
            memory=Memory(),
            left=Left(*limits),
        )
        yield sent(nothing, hooks)

    # ── what can happen ──────────────────────────────────────────────────────

    def moves(self, state: Around) -> Iterator[Move[Around]]:
        """What goes on by itself; and when all is calm, what can change."""
        yield from deliveries(state, self.bounds, self.events)
        if not state.is_calm:
            return
        if state.is_at_rest and state.memory.is_tainted:
            change = sweep(state)
            yield Move(change.label, change.after, fair="sweep")
        if state.left.changes > 0:
            yield from self._changes(state, HOUR)
            if state.left.faults > 0 and "at once" in self.bounds.deviations:
                yield from self._changes(deviated(state), 0)
        if not state.memory.is_tainted:
            yield from time_passes(state, self.events)

    def _changes(self, state: Around, gap: int) -> Moves:
        memory = state.memory._replace(reads=0)
        begun = spent(state, changes=1)._replace(now=state.now + gap, memory=memory)
        when = "" if gap else "at once, "
        for label, after, event in self._every_change(begun):
            yield Move(f"{when}{label}", after, event)

    def _every_change(self, state: Around) -> Iterator[Change]:
        kinds = self.bounds.kinds
        yield from bank(state, self.bounds)
        if "results" in kinds:
            yield from customer(state, self.bounds.policy.attempts)
        if "requests" in kinds and len(state.sessions) < self.bounds.sessions:
            yield from requests(state, self.bounds, self.events)
        if "service" in kinds:
            yield from service(state, self.bounds, self.events)

    # ── what the machines ask for ────────────────────────────────────────────

    def receive(self, state: Around, commands: tuple[Command, ...]) -> Around:
        """Put each command where it belongs, and remember what was said."""
        if not commands:
            return state
        items: list[Item] = []
        for command in commands:
            match command:
                case Read():
                    state = self._read(state, command, items)
                case Wake():
                    timer = self.events.timer(command)
                    if timer not in state.timers:
                        state = state._replace(timers=tuple(sorted([*state.timers, timer])))
                case Build():
                    is_named = isinstance(command, CreatePaymentMethod) and bool(
                        command.billing_name
                    )
                    is_external = command.name == "attach_external_account"
                    items.append(BuildDue(command.name, command.account, is_external, is_named))
                case CreateRelinkSession():
                    items.append(SessionDue(command))
                case RetrieveAccountForCaller():
                    asked = self.events.asked_again(command)
                    items.append(CallerRead("account", command.account, command.id, asked))
                case RetrieveSessionForCaller():
                    items.append(CallerRead("session", command.session, command.id, None))
                case RequestBillingName():
                    items.append(NameDue(command.account))
                case NotifyCustomer():
                    state = judged.prompted(state, command)
                case RequestNewPaymentMethod():
                    state = judged.asked_another_way(state, command)
                case PaymentMethodGone():
                    state = judged.told_gone(state, command)
                case _:
                    pass
        return sent(state, items) if items else state

    def _read(self, state: Around, command: Read, items: list[Item]) -> Around:
        due = ReadDue(command.name, _kind(command), command.subject, command.number, command.after)
        for group in state.under_way:
            for item in group:
                if isinstance(item, ReadDue) and item.id == due.id:
                    # Asked for again before it began: the later time counts (K10).
                    newer = tuple(due if each is item else each for each in group)
                    under_way = tuple(newer if g is group else g for g in state.under_way)
                    return state._replace(under_way=under_way)
        if any(isinstance(item, Answer) and item.read.id == due.id for item in state.late):
            return state
        items.append(due)
        return judged.read_asked(state, due)


def _kind(command: Read) -> ObjectKind:
    match command:
        case RetrieveAuthorization():
            return "authorization"
        case RetrieveSession():
            return "session"
        case RetrievePaymentMethod():
            return "payment_method"
        case RetrieveExternalAccount():
            return "external_account"
        case _:
            return "account"
