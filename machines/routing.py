"""What an outside event means, and for whom.

Stripe reports objects; the machines hear words. Here a reported object is sorted by what it
says, and each machine that it concerns is sent its event. Whether the word is believed is the
machine's to decide.

Rules kept here: K2, K5, K6 and R6.
"""

from typing import cast

from relink.engine import Address, Event, Load, Send, Snapshot

from .account_facts import AccountFacts
from .account_news import obstacle
from .events import (
    AccountReported,
    AuthorizationReported,
    BillingNameAbsent,
    BillingNameGiven,
    CommandFailed,
    ExternalAccountMade,
    ExternalAccountReported,
    Happening,
    MandateCollected,
    PaymentMethodMade,
    PaymentMethodReported,
    RelinkRequested,
    RelinkSessionCreated,
    SessionReported,
    TimerFired,
)
from .messages import (
    BuildFailed,
    BuildResumed,
    Heard,
    HeardActive,
    HeardDisconnected,
    HeardExpiring,
    HeardInactive,
    HeardLapsed,
    HeardPending,
    HeardRelinkable,
    HeardTransactable,
    HeardUnclear,
    HeardUnrepairable,
    PaymentMethodChecked,
    ReadFailed,
    SessionCancelled,
    SessionFailed,
    SessionOpened,
    SessionPending,
    SessionSucceeded,
    SessionUnclear,
)
from .payment_method import NUMBER_DEACTIVATED
from .word import Word

READS = {
    "retrieve_account": "account",
    "retrieve_authorization": "authorization",
    "retrieve_session": "session",
}
BUILDS = ("create_payment_method", "attach_external_account")


def route(happened: Event, load: Load) -> list[Send]:
    """The events that an outside event means, each for one machine.

    Raises:
        TypeError: it is not an outside event.
    """
    match happened:
        case AccountReported():
            return account_words(
                happened, happened.account, happened.as_of, happened.read, happened.word
            )
        case AuthorizationReported():
            key, word = happened.authorization, happened.word
            heard = link_word(happened, happened.as_of, happened.read, word)
            return [Send(machine="authorization", key=key, event=heard)]
        case SessionReported():
            return _session(happened, load)
        case PaymentMethodReported() | ExternalAccountReported():
            return _built(happened, load)
        case RelinkRequested():
            if load(Address("account", happened.account)) is None:
                return []
            return [Send(machine="account", key=happened.account, event=happened)]
        case RelinkSessionCreated():
            return _session_created(happened)
        case PaymentMethodMade() | ExternalAccountMade() | MandateCollected():
            return [Send(machine="payment_method", key=happened.account, event=happened)]
        case BillingNameAbsent():
            return [Send(machine="payment_method", key=happened.account, event=happened)]
        case BillingNameGiven():
            return [_name_given(happened, load)]
        case CommandFailed():
            return _failed(happened)
        case TimerFired():
            now = {"at": happened.at, "cause": happened.cause, "policy": happened.policy}
            event = happened.event.model_copy(update=now)
            return [Send(machine=happened.machine, key=happened.key, event=event)]
    raise TypeError(f"{type(happened).__name__} is not an outside event of relink")


def account_words(
    happened: Happening, account: str, as_of: int, read: bool, word: Word | None
) -> list[Send]:
    """What an account object says: about its numbers if it lists any, and about the account.

    The numbers come first, so that the account learns what has become of them before it acts on
    its own word.
    """
    sends = []
    if word is not None and word.said("numbers"):
        number = number_word(happened, as_of, read, word)
        sends.append(Send(machine="account_number", key=account, event=number))
    heard = link_word(happened, as_of, read, word)
    return [*sends, Send(machine="account", key=account, event=heard)]


def link_word(
    happened: Happening, as_of: int, read: bool, word: Word | None
) -> Heard | HeardUnclear:
    """Sort a word about an account or authorization by what it says (S2, K5, K6)."""
    kind: type[Heard]
    match word:
        case Word(status="active"):
            kind = HeardActive
        case Word(status="disconnected"):
            kind = HeardDisconnected
        case Word(status="inactive", action=None):
            kind = HeardInactive
        case Word(status="inactive", action="relink_required"):
            kind = HeardRelinkable
        case Word(status="inactive"):
            kind = HeardUnrepairable
        case _:
            status = word.status if word else None
            return happened.follow(HeardUnclear, as_of=as_of, read=read, status=status)
    return happened.follow(kind, as_of=as_of, read=read, word=word)


def number_word(happened: Happening, as_of: int, read: bool, word: Word) -> Heard:
    """Sort what is listed of an account's numbers: one that pays is enough (C1)."""
    numbers = word.numbers or ()
    paying = [n for n in numbers if n.can_pay]
    lasting = [
        n
        for n in paying
        if n.expires_on is None or n.expires_on > as_of + happened.policy.number_notice
    ]
    kind: type[Heard]
    if lasting or not numbers:
        kind = HeardTransactable
    elif paying:
        kind = HeardExpiring
    elif all(n.status in ("expired", "deactivated") for n in numbers):
        kind = HeardLapsed
    else:
        kind = HeardPending
    return happened.follow(kind, as_of=as_of, read=read, word=word)


def _session(happened: SessionReported, load: Load) -> list[Send]:
    """A result, and the accounts inside it; nothing for a session that we did not create (R6)."""
    if load(Address("session", happened.session)) is None:
        return []
    accounts = happened.accounts
    sends = []
    for reported in accounts or ():
        sends += account_words(
            happened, reported.account, happened.as_of, happened.read, reported.word
        )
    event: Happening
    as_of = happened.as_of
    succeeded = happened.status == "succeeded" or happened.relinked_account is not None
    if happened.failure_reason is not None:
        event = happened.follow(SessionFailed, as_of=as_of, failure_reason=happened.failure_reason)
    elif succeeded:
        event = happened.follow(
            SessionSucceeded,
            as_of=as_of,
            read=happened.read,
            relinked_account=happened.relinked_account,
            accounts=None if accounts is None else tuple(a.account for a in accounts),
        )
    elif happened.status == "pending":
        event = happened.follow(SessionPending, as_of=as_of, read=happened.read)
    elif happened.status == "failed":
        event = happened.follow(SessionFailed, as_of=as_of, failure_reason="other")
    elif happened.status == "cancelled":
        event = happened.follow(SessionCancelled, as_of=as_of)
    else:
        event = happened.follow(
            SessionUnclear, as_of=as_of, read=happened.read, status=happened.status
        )
    return [*sends, Send(machine="session", key=happened.session, event=event)]


def _session_created(happened: RelinkSessionCreated) -> list[Send]:
    request = happened.request
    opened = happened.follow(SessionOpened, session=happened.session, request=request)
    return [
        Send(machine="session", key=happened.session, event=opened),
        Send(machine="authorization", key=request.authorization, event=opened),
        Send(machine="account", key=request.account, event=opened),
    ]


def _built(happened: PaymentMethodReported | ExternalAccountReported, load: Load) -> list[Send]:
    """What was built on an account was blocked or let go; an account that is new is looked at."""
    if isinstance(happened, PaymentMethodReported):
        blocked = happened.blocked
    else:
        lost = happened.status == NUMBER_DEACTIVATED
        blocked = NUMBER_DEACTIVATED if lost else None
    checked = happened.follow(PaymentMethodChecked, as_of=happened.as_of, blocked=blocked)
    sends = [Send(machine="payment_method", key=happened.account, event=checked)]
    if load(Address("account", happened.account)) is None:
        look = happened.follow(HeardUnclear, as_of=happened.as_of, read=False)
        sends.insert(0, Send(machine="account", key=happened.account, event=look))
    return sends


def _name_given(happened: BillingNameGiven, load: Load) -> Send:
    """The name, and whether the account can still be built on (N1)."""
    account = cast("Snapshot[AccountFacts] | None", load(Address("account", happened.account)))
    facts = account.facts if account else AccountFacts(id=happened.account)
    resumed = happened.follow(
        BuildResumed,
        holder=facts.holder,
        obstacle=obstacle(facts),
        billing_name=happened.billing_name,
    )
    return Send(machine="payment_method", key=happened.account, event=resumed)


def _failed(happened: CommandFailed) -> list[Send]:
    """Reads and builds that failed for good matter to a machine; the rest to operators."""
    if happened.command in READS:
        machine, event = READS[happened.command], happened.follow(ReadFailed, error=happened.error)
        return [Send(machine=machine, key=happened.subject, event=event)]
    if happened.command in BUILDS:
        failed = happened.follow(BuildFailed, error=happened.error)
        return [Send(machine="payment_method", key=happened.subject, event=failed)]
    return []
