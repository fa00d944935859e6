"""The steps of a history: what the bank, the customer, the network and the service can do."""

from collections.abc import Callable
from typing import Any, NamedTuple

from relink.machines.events import BillingNameGiven
from relink.machines.report import Holder

from .network import SHAPES
from .service import Service
from .truth import DAY, REAL, TAN_BLOCK, tokenized

STRANGER = Holder(field="customer", id="cus_other")

Act = Callable[[Service, int, int, int], None]


class Kind(NamedTuple):
    """A kind of step, and how often it comes."""

    act: Act
    weight: float


STEPS: dict[str, Kind] = {}


def step(weight: float) -> Callable[[Act], Act]:
    def add(act: Act) -> Act:
        STEPS[act.__name__] = Kind(act, weight)
        return act

    return add


def pick(among: Any, which: int) -> Any:
    """One of several, counted around; None of none."""
    every = list(among)
    return every[which % len(every)] if every else None


def post(service: Service, c: int) -> None:
    """Send the webhooks of what has just happened; c chooses their fates and shapes."""
    fates = ("now", "now", "now", "now", "later", "later", "twice", "lost", "now", "future")
    first, second = fates[c % 10], fates[c // 10 % 10]
    shapes = (SHAPES[c // 100 % 4], SHAPES[c // 7 % 4], "full")
    service.post((first, second, "now"), shapes)


def account_of(service: Service, which: int) -> str:
    return str(pick(service.stripe.accounts, which))


def known_account(service: Service, which: int) -> str:
    """One of those that the service has heard of."""
    return str(pick((key for machine, key in service.states if machine == "account"), which))


CAUSES = ("access_expired", "access_denied", "account_closed", "unspecified")


# ── at the bank ──────────────────────────────────────────────────────────────


@step(4)
def stops(service: Service, a: int, b: int, c: int) -> None:
    action = pick(("relink_required",) * 5 + ("none", "none", "call_the_bank", None), b)
    cause = pick(CAUSES, b // 10)
    service.stripe.stop(account_of(service, a), action, cause)
    post(service, c)


@step(2)
def consent_ends(service: Service, a: int, b: int, c: int) -> None:
    authorization = service.stripe.accounts[account_of(service, a)].authorization
    if authorization:
        action = pick(("relink_required", "relink_required", "none"), b)
        service.stripe.stop_all(authorization, action, pick(CAUSES, b // 10))
    post(service, c)


@step(3)
def works(service: Service, a: int, b: int, c: int) -> None:
    service.stripe.work(account_of(service, a))
    post(service, c)


@step(0.3)
def is_disconnected(service: Service, a: int, b: int, c: int) -> None:
    service.stripe.disconnect(account_of(service, a))
    post(service, c)


DAYS = (None, None, 1, 2, 3, 5, 6, 8, 9, 20, 30, 50)


def _announcement(now: int, b: int) -> tuple[int | None, str | None]:
    days = pick(DAYS, b)
    action = pick(("relink_required", "relink_required", "relink_required", "none"), b // 12)
    if days is not None:
        return now + days * DAY, action
    return None, (action if b // 50 % 2 else None)


@step(2)
def end_is_announced(service: Service, a: int, b: int, c: int) -> None:
    day, action = _announcement(service.stripe.now, b)
    service.stripe.announce(account_of(service, a), day, action, keeps=b % 5 < 2)
    post(service, c)


@step(2)
def end_of_all_is_announced(service: Service, a: int, b: int, c: int) -> None:
    day, action = _announcement(service.stripe.now, b)
    authorization = pick(service.stripe.authorizations, a)
    service.stripe.announce_all(authorization, day, action, keeps=b % 5 < 2)
    post(service, c)


@step(2)
def numbers_change(service: Service, a: int, b: int, c: int) -> None:
    now = service.stripe.now
    numbers = pick(
        (
            (tokenized("transactable"),),
            (REAL,),
            (tokenized("expired"),),
            (tokenized("deactivated"),),
            (tokenized("transactable", now + 5 * DAY),),
            (tokenized("transactable", now + 25 * DAY),),
            (tokenized("expired", now - 100 * DAY), tokenized("transactable", now + 9 * DAY)),
            (tokenized("transactable", now + 2 * DAY), tokenized("transactable", now + 28 * DAY)),
            (tokenized("pending"),),
            (tokenized("expired"), tokenized("pending")),
            (),
            None,
            (tokenized("transactable", None, "rtp"),),
            (tokenized("suspended"),),
        ),
        b,
    )
    service.stripe.change(account_of(service, a), numbers=numbers)
    post(service, c)


@step(0.4)
def authorization_is_lost(service: Service, a: int, b: int, c: int) -> None:
    service.stripe.change(account_of(service, a), authorization=None)
    post(service, c)


@step(0.8)
def banks_merge(service: Service, a: int, b: int, c: int) -> None:
    stripe = service.stripe
    old = stripe.accounts[account_of(service, a)].authorization
    if old:
        new = pick([*stripe.authorizations, f"fcauth_{len(stripe.authorizations) + 1}"], b)
        if new != old:
            stripe.merge(old, new, pick(("gone", "inactive", "as it was"), c))
    post(service, c)


@step(0.6)
def abilities_change(service: Service, a: int, b: int, c: int) -> None:
    changes: dict[str, Any] = pick(
        (
            {"payment_method_types": ()},
            {"payment_method_types": ("us_bank_account",)},
            {"permissions": ("balances",)},
            {"permissions": ("balances", "payment_method")},
            {"subcategory": "credit_card"},
            {"subcategory": "savings"},
        ),
        b,
    )
    service.stripe.change(account_of(service, a), **changes)
    post(service, c)


@step(2)
def payment_method_is_checked(service: Service, a: int, b: int, c: int) -> None:
    stripe = service.stripe
    if stripe.external_accounts and a % 2:
        statuses = ("errored", "verified", "verification_failed", TAN_BLOCK, "new", "on_hold")
        stripe.sort_out(pick(stripe.external_accounts, a // 2), pick(statuses, b))
    elif name := pick(stripe.payment_methods, a // 2):
        reasons = (None, "bank_account_closed", TAN_BLOCK, "debit_not_authorized")
        stripe.block(name, pick(reasons, b))
    post(service, c)


@step(0.5)
def payment_method_is_detached(service: Service, a: int, b: int, c: int) -> None:
    stripe = service.stripe
    if name := pick([*stripe.payment_methods, *stripe.external_accounts], a):
        stripe.lose(name)
    post(service, c)


@step(0.5)
def payment_method_is_added(service: Service, a: int, b: int, c: int) -> None:
    holder = service.stripe.accounts[account_of(service, a)].holder
    if holder is None or not holder.is_connect:
        name = service.stripe.make(account_of(service, a), external=False)
        service.stripe.send("payment_method", name)
    post(service, c)


@step(0.2)
def mandate_ends(service: Service, a: int, b: int, c: int) -> None:
    if name := pick(service.stripe.payment_methods, a):
        service.stripe.withdraw_mandate(name)
    post(service, c)


# ── customers ────────────────────────────────────────────────────────────────


def _pending(service: Service, which: int) -> str | None:
    sessions = service.stripe.sessions
    found = pick([name for name in sessions if sessions[name].status == "pending"], which)
    return found if found is None else str(found)


def act_in_session(service: Service, session: str, b: int) -> None:
    """The customer finishes an open session, or gives it up; b chooses how."""
    stripe = service.stripe
    asked = stripe.sessions[session].request
    how = b % 10
    old = stripe.accounts[asked.account]
    if how < 4:
        ways = ("no_account", "no_authorization", "other", "cancelled", "cancelled", "expired")
        stripe.fail(session, str(pick(ways, b // 10)))
        return
    authorization = asked.authorization
    if b // 10 % 6 == 0 or stripe.authorizations[authorization].is_gone:
        authorization = f"fcauth_{len(stripe.authorizations) + 1}"
    if how < 7 or asked.mode == "specific":
        if old.status == "disconnected":
            stripe.fail(session, "no_account")
            return
        silent = [
            name
            for name in stripe.members(asked.authorization)
            if name != asked.account and stripe.accounts[name].action == "relink_required"
        ]
        stripe.succeed(
            session,
            asked.account,
            authorization=authorization,
            holder=old.holder,
            silent=silent if b // 100 % 2 else (),
        )
        return
    account = f"fca_{len(stripe.accounts) + 1}"
    kind = b // 10 % 10
    if kind == 0:
        others = [n for n in stripe.accounts if n != asked.account]
        account = str(pick(others, b // 100))
        if stripe.accounts[account].status == "disconnected":
            return
    holder = STRANGER if kind == 1 else asked.holder
    subcategory = "credit_card" if kind == 2 else "checking"
    if account in stripe.accounts:
        stripe.succeed(session, account, authorization=authorization, holder=holder)
    else:
        stripe.succeed(
            session, account, authorization=authorization, holder=holder, subcategory=subcategory
        )


@step(4)
def customer_acts(service: Service, a: int, b: int, c: int) -> None:
    if session := _pending(service, a):
        act_in_session(service, session, b)
    post(service, c)


# ── the network and our workers ──────────────────────────────────────────────


@step(4)
def webhook_arrives(service: Service, a: int, b: int, c: int) -> None:
    if service.pile:
        item = pick(service.pile, a)
        if b % 4:
            service.pile.remove(item)
        service.arrive(item)


@step(1)
def all_webhooks_arrive(service: Service, a: int, b: int, c: int) -> None:
    service.arrive_all()


@step(2)
def read_begins(service: Service, a: int, b: int, c: int) -> None:
    if read := pick(service.not_begun(), a):
        service.begin(read)


@step(2)
def read_ends(service: Service, a: int, b: int, c: int) -> None:
    if name := pick(service.under_way, a):
        service.finish(name)


@step(0.6)
def read_is_refused(service: Service, a: int, b: int, c: int) -> None:
    if read := pick(service.not_begun(), a):
        service.begin(read)
        if read.id in service.under_way:
            service.finish(read.id, fails=True)


@step(4)
def all_is_read(service: Service, a: int, b: int, c: int) -> None:
    service.read_all()


@step(2)
def something_is_built(service: Service, a: int, b: int, c: int) -> None:
    if command := pick(service.builds, a):
        service.build(command, fails=b % 5 == 0)
    if service.names and b % 2:
        asked = service.names.pop(0)
        head = service.head(f"name_{service.steps}")
        service.take(BillingNameGiven(account=asked.account, billing_name="Jenny Rosen", **head))


@step(5)
def time_passes(service: Service, a: int, b: int, c: int) -> None:
    seconds = (1, 1, 2, 3, 30, 600, 3_600, DAY, DAY, 2 * DAY, 8 * DAY)
    service.advance(pick(seconds, a), is_asleep=b % 20 == 0)
