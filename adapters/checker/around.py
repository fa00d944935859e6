"""The state of everything around the machines: what is true, what is under way, what was said.

Messages and commands are *under way* in groups, the oldest first: what one step sends of one kind
is a group, and within it any may be next. That is the order in which things happen when nothing
is out of order. What a deviation holds back is *late*, and may come at any time.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from relink.machines.commands import CreateRelinkSession
from relink.machines.events import RelinkRequested
from relink.machines.vocabulary import NUMBER_DEACTIVATED, ObjectKind

from .bounds import LEAD, Left
from .truth import Account, Authorization, Link, Method, Session, needs_relink

# ── what is under way ────────────────────────────────────────────────────────


class Webhook(NamedTuple):
    """A webhook of Stripe's, with the object as it was."""

    kind: str
    subject: str
    body: Any
    """The object; of a session, with the account that it linked."""
    created: int


class Copy(NamedTuple):
    """A webhook that has arrived, and comes again."""

    of: Webhook


class ReadDue(NamedTuple):
    """A read from the outbox."""

    name: str
    kind: ObjectKind
    subject: str
    number: int
    after: int

    @property
    def id(self) -> str:
        """The command's."""
        return f"{self.name}_{self.subject}_{self.number}"


class Answer(NamedTuple):
    """The answer to a read that began earlier."""

    read: ReadDue
    body: Any
    begun_at: int


class BuildDue(NamedTuple):
    """A payment method, or an external account, is to be made."""

    name: str
    account: str
    is_external: bool
    is_named: bool


class SessionDue(NamedTuple):
    """A session is to be created, within the caller's request."""

    request: CreateRelinkSession


class SessionMade(NamedTuple):
    """A session was created, and relink has not learned of it."""

    session: str
    request: CreateRelinkSession


class CallerRead(NamedTuple):
    """Something is read within a caller's request, which then goes on."""

    kind: ObjectKind
    subject: str
    id: str
    asked: RelinkRequested | None


class Again(NamedTuple):
    """A caller's request goes on, after its account was read."""

    asked: RelinkRequested


class Sweep(NamedTuple):
    """The reconciliation sweep reads something."""

    kind: ObjectKind
    subject: str


class NameDue(NamedTuple):
    """The service is to give a billing name."""

    account: str


Item = (
    Webhook
    | Copy
    | ReadDue
    | Answer
    | BuildDue
    | SessionDue
    | SessionMade
    | CallerRead
    | Again
    | Sweep
    | NameDue
)

Group = tuple[Item, ...]
"""Items of one kind that were sent together, in a fixed order that means nothing."""


class Timer(NamedTuple):
    """A timer that was set."""

    due: int
    machine: str
    key: str
    event: str
    payload: tuple[tuple[str, Any], ...]


# ── what is remembered, to judge by ──────────────────────────────────────────


class Told(NamedTuple):
    """What was said about one account, and what was true meanwhile."""

    needs: bool = False
    """Whether it needs a relink, by what is true, and is in use."""
    begun: int = 0
    """How often that began."""
    prompts: int = 0
    """Messages to the customer about it, reminders left out."""
    is_named: bool = False
    """Whether a message named it since that began."""
    was_named: bool = False
    """Whether a message named it ever."""
    reminders: int = 0
    """Reminders that named it since that began."""
    failures: int = 0
    """Sessions that ended without a repair since that began."""
    is_used_up: bool = False
    """Whether those were as many as the policy has attempts."""
    requests: tuple[str, ...] = ()
    """The reasons for which another way to pay was asked for since its link last changed."""
    is_silent: bool = False
    """Whether it came back without a webhook, and was not read since (R5)."""
    is_retired: bool = False
    replaced: str = "no"
    """``no``; else whether it has stopped since another account took its place (``stopped``), or
    has not (``working``)."""


class Memory(NamedTuple):
    """What is remembered of a history."""

    is_tainted: bool = False
    """Whether something was lost since the last sweep, so that relink may not know what is true."""
    has_lost: bool = False
    """Whether something was lost ever."""
    has_deviated: bool = False
    """Whether anything was out of order ever."""
    reads: int = 0
    """Reads that were asked for since the last change."""
    built: tuple[str, ...] = ()
    """Accounts on which something was built, once for each time."""
    gone_told: tuple[str, ...] = ()
    """Payment methods of which the service was told that they are gone."""
    wrong: str | None = None
    """What was wrong with the last step, by what is true; it begins with a property's name."""


V = TypeVar("V")


class Around(NamedTuple):
    """Everything around the machines."""

    now: int
    accounts: tuple[tuple[str, Account], ...]
    authorizations: tuple[tuple[str, Authorization], ...]
    sessions: tuple[tuple[str, Session], ...]
    methods: tuple[tuple[str, Method], ...]
    told: tuple[tuple[str, Told], ...]
    under_way: tuple[Group, ...]
    late: Group
    timers: tuple[Timer, ...]
    memory: Memory
    left: Left

    @property
    def days(self) -> list[tuple[int, str]]:
        """The days that are announced for what works, each with the id of what stops on it."""
        accounts = [(a.announced_for, name) for name, a in self.accounts if a.link is Link.WORKS]
        logins = [(a.announced_for, n) for n, a in self.authorizations if a.link is Link.WORKS]
        return sorted((day, name) for day, name in (*accounts, *logins) if day)

    @property
    def is_calm(self) -> bool:
        """Whether nothing is under way, and at most something late is still to come."""
        return not self.under_way

    @property
    def is_at_rest(self) -> bool:
        """Whether everything that was sent has arrived, and every read was answered."""
        return not self.under_way and not self.late


# ── changing it ──────────────────────────────────────────────────────────────


def get(pairs: tuple[tuple[str, V], ...], key: str | None) -> V | None:
    """The value of a key."""
    for each, value in pairs:
        if each == key:
            return value
    return None


def put(pairs: tuple[tuple[str, V], ...], key: str, value: V) -> tuple[tuple[str, V], ...]:
    """The pairs with another value for a key, in the order of the keys."""
    others = [pair for pair in pairs if pair[0] != key]
    return tuple(sorted([*others, (key, value)], key=lambda pair: pair[0]))


def groups(items: Iterable[Item]) -> Iterator[Group]:
    """Items that are sent together, as groups of one kind each."""
    kinds: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        kind = getattr(item, "kind", "")
        kinds.setdefault((type(item).__name__, kind), []).append(item)
    for each in kinds.values():
        yield tuple(sorted(each, key=repr))


def sent(state: Around, items: Iterable[Item]) -> Around:
    """The state with more under way: the newest groups."""
    return state._replace(under_way=(*state.under_way, *groups(items)))


def taken(state: Around, item: Item) -> Around:
    """The state without an item of the oldest group."""
    first, *others = state.under_way
    at = first.index(item)
    rest = first[:at] + first[at + 1 :]
    return state._replace(under_way=(rest, *others) if rest else tuple(others))


def held_back(state: Around, item: Item) -> Around:
    """The state with one more item that comes late."""
    return state._replace(late=tuple(sorted([*state.late, item], key=repr)))


def arrived(state: Around, item: Item) -> Around:
    """The state without an item that came late."""
    at = state.late.index(item)
    return state._replace(late=state.late[:at] + state.late[at + 1 :])


def spent(state: Around, **what: int) -> Around:
    """The state with less of what may still happen."""
    left = {name: getattr(state.left, name) - amount for name, amount in what.items()}
    return state._replace(left=state.left._replace(**left))


def deviated(state: Around) -> Around:
    """The state once something was out of order."""
    state = spent(state, faults=1)
    return state._replace(memory=state.memory._replace(has_deviated=True))


def tainted(state: Around) -> Around:
    """The state once something was lost."""
    return state._replace(memory=state.memory._replace(is_tainted=True, has_lost=True))


def webhook(state: Around, kind: str, subject: str) -> Webhook:
    """A webhook with the object as it is now."""
    return Webhook(kind, subject, body(state, kind, subject), state.now)


def body(state: Around, kind: str, subject: str) -> Any:
    """An object as Stripe shows it; None where there is none."""
    match kind:
        case "account":
            return get(state.accounts, subject)
        case "authorization":
            return get(state.authorizations, subject)
        case "session":
            session = get(state.sessions, subject)
            linked = get(state.accounts, session.linked) if session else None
            return None if session is None else (session, linked)
        case _:
            return get(state.methods, subject)


def counted(state: Around) -> Around:
    """The state with what begins and ends by what is true now."""
    told = state.told
    for name, each in state.told:
        account = get(state.accounts, name)
        if account is None:
            continue
        login = get(state.authorizations, account.authorization)
        is_used = not each.is_retired and each.replaced == "no"
        needs = is_used and needs_relink(account, login, _has_lapsed(state, name), state.now, LEAD)
        if needs and not each.needs:
            begun = each.begun + 1
            told = put(
                told,
                name,
                each._replace(
                    needs=True,
                    begun=begun,
                    is_named=False,
                    reminders=0,
                    failures=0,
                    is_used_up=False,
                ),
            )
        elif each.needs and not needs:
            told = put(told, name, each._replace(needs=False, failures=0, is_used_up=False))
    return state if told is state.told else state._replace(told=told)


def _has_lapsed(state: Around, account: str) -> bool:
    """Whether a payment method says that the number of its account was deactivated."""
    return any(
        method.account == account and method.blocked == NUMBER_DEACTIVATED
        for _, method in state.methods
    )


def linked(state: Around, name: str, account: Account) -> Around:
    """The state with another truth about an account: what was asked for before is over, and an
    account that was replaced may have come back (S6)."""
    before = get(state.accounts, name)
    state = state._replace(accounts=put(state.accounts, name, account))
    told = get(state.told, name)
    if told is None or before is None or before.link is account.link:
        return state
    replaced = told.replaced
    if replaced == "stopped" and account.link is Link.WORKS:
        replaced = "no"
    elif replaced == "working":
        replaced = "stopped"
    goes_on = before.link.is_repairable and account.link.is_repairable
    told = told._replace(requests=told.requests if goes_on else (), replaced=replaced)
    return state._replace(told=put(state.told, name, told))
