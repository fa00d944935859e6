"""The build: a payment method is made of a new account.

Existing payment methods follow a relinked account by themselves; a new account has none, and one
is made from it: a payment method for a customer, an external account for a connected account (N2).
It is made at most once. What comes of it lives on as a machine of its own
(:mod:`relink.machines.payment_method`).

States
    ``none``         Nothing was asked for. Machines begin here.
    ``creating``     Asked for, and not there yet.
    ``name_needed``  The service was asked for the billing name (N1).
    ``built``        It is there.
    ``refused``      It cannot be built; the account asks the service for another one.

Rules kept here: N1 and N2.
"""

from statemachine import State

from relink.engine import Assign, Chart, Command, Facts, Send, ignored

from . import reasons, stories
from .commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    PaymentMethodBuilt,
    RequestBillingName,
)
from .compiled.build import TABLE
from .events import BillingNameAbsent, DomainEvent, ExternalAccountMade, PaymentMethodMade
from .messages import BuildChanged, BuildFailed, BuildRequested, BuildResumed, Built
from .report import Holder
from .vocabulary import BuildState

Effects = list[Command | Assign]


class BuildFacts(Facts):
    """A build's memory."""

    id: str
    """The account that it is built on."""
    session: str | None = None
    """The relink session that brought the account."""
    holder: Holder | None = None
    made: str | None = None
    """``pm_…``, or ``ba_…`` for a connected account."""


class BuildChart(Chart):
    """What relink makes of one account, by the account's id."""

    facts_type = BuildFacts
    table_text = TABLE
    story = stories.BUILD
    alphabet = (
        BuildRequested,
        BillingNameAbsent,
        BuildResumed,
        PaymentMethodMade,
        ExternalAccountMade,
        BuildFailed,
    )
    sends = {
        "account": (BuildChanged,),
        "payment_method": (Built,),
    }

    none = State(initial=True)
    creating = State()
    name_needed = State()
    built = State(final=True)
    refused = State()

    waiting = (creating, name_needed, refused)

    # ── a new account was linked (N1, N2) ────────────────────────────────────
    refused.from_(none, event="build_requested", cond="has_obstacle", on=["remember", "refuse"])
    creating.from_(
        none, event="build_requested", cond="is_connect", on=["remember", "attach_external_account"]
    )
    creating.from_(none, event="build_requested", on=["remember", "create_payment_method"])

    # ── the billing name (N1) ────────────────────────────────────────────────
    name_needed.from_(creating, event="billing_name_absent", on="ask_for_name")
    refused.from_(
        name_needed, event="build_resumed", cond="has_obstacle_by_now", on="refuse_after_all"
    )
    creating.from_(name_needed, event="build_resumed", on="create_with_name")

    # ── it was built, or refused ─────────────────────────────────────────────
    built.from_(none, *waiting, event="payment_method_made", on="note_made")
    built.from_(none, *waiting, event="external_account_made", on="note_attached")
    refused.from_(creating, name_needed, event="build_failed", on="note_failure")

    decided = (
        ignored(
            (creating, name_needed, refused), BuildRequested, because=reasons.ALREADY_REQUESTED
        ),
        ignored((none, name_needed, refused), BillingNameAbsent, because=reasons.NO_NAME_NEEDED),
        ignored((none, creating, refused), BuildResumed, because=reasons.NO_NAME_REQUESTED),
        ignored((none, refused), BuildFailed, because=reasons.NOTHING_IN_PROGRESS),
        ignored(built, alphabet, because=reasons.ALREADY_BUILT),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def has_obstacle(self, facts: BuildFacts, trigger: BuildRequested) -> bool:
        """The account cannot get a payment method (N1)."""
        return trigger.obstacle is not None or trigger.holder is None

    def has_obstacle_by_now(self, facts: BuildFacts, trigger: BuildResumed) -> bool:
        """The account can no longer get a payment method, or has another holder now (N1, R6)."""
        return trigger.obstacle is not None or trigger.holder != facts.holder

    def is_connect(self, facts: BuildFacts, trigger: BuildRequested) -> bool:
        """The account belongs to a connected account (N2)."""
        return trigger.holder is not None and trigger.holder.is_connect

    # ── effects ──────────────────────────────────────────────────────────────

    def remember(self, facts: BuildFacts, trigger: BuildRequested) -> Assign:
        """Remember what the build is for."""
        return Assign(session=trigger.session, holder=trigger.holder)

    def refuse(self, facts: BuildFacts, trigger: BuildRequested) -> Command:
        """Tell the account what is in the way (N1)."""
        reason = trigger.obstacle or "no_customer"
        return _tell_account(facts, trigger, BuildState.REFUSED, reason)

    def create_payment_method(self, facts: BuildFacts, trigger: BuildRequested) -> Effects:
        """Create and attach; the customer's name is the billing name."""
        create = _create(facts.id, trigger.session, trigger.holder, None)
        return [*create, _tell_account(facts, trigger, BuildState.CREATING, None)]

    def refuse_after_all(self, facts: BuildFacts, trigger: BuildResumed) -> Command:
        """Nothing can be built on the account any more."""
        reason = trigger.obstacle or "other_holder"
        return _tell_account(facts, trigger, BuildState.REFUSED, reason)

    def create_with_name(self, facts: BuildFacts, trigger: BuildResumed) -> Effects:
        """Create and attach, with the name that the service gave."""
        create = _create(facts.id, facts.session or "", facts.holder, trigger.billing_name)
        return [*create, _tell_account(facts, trigger, BuildState.CREATING, None)]

    def attach_external_account(self, facts: BuildFacts, trigger: BuildRequested) -> Effects:
        """From the session's bank account token, read afresh (N2)."""
        effects: Effects = [_tell_account(facts, trigger, BuildState.CREATING, None)]
        if trigger.holder:
            effects.append(
                AttachExternalAccount(
                    account=facts.id, session=trigger.session, holder=trigger.holder
                )
            )
        return effects

    def ask_for_name(self, facts: BuildFacts, trigger: BillingNameAbsent) -> Effects:
        """Ask the service for the name, which only it knows (N1)."""
        return [
            RequestBillingName(account=facts.id, session=facts.session or ""),
            _tell_account(facts, trigger, BuildState.NAME_NEEDED, None),
        ]

    def note_made(self, facts: BuildFacts, trigger: PaymentMethodMade) -> Effects:
        """The payment method is watched from now on."""
        built = trigger.follow(Built, account=facts.id, connected_account=None)
        return [
            Assign(made=trigger.payment_method),
            Send(machine="payment_method", key=trigger.payment_method, event=built),
            _tell_account(facts, trigger, BuildState.BUILT, None),
            _tell_service(facts, trigger.payment_method),
        ]

    def note_attached(self, facts: BuildFacts, trigger: ExternalAccountMade) -> Effects:
        """The external account is watched from now on."""
        connected = facts.holder.id if facts.holder else None
        built = trigger.follow(Built, account=facts.id, connected_account=connected)
        return [
            Assign(made=trigger.external_account),
            Send(machine="payment_method", key=trigger.external_account, event=built),
            _tell_account(facts, trigger, BuildState.BUILT, None),
            _tell_service(facts, trigger.external_account),
        ]

    def note_failure(self, facts: BuildFacts, trigger: BuildFailed) -> Command:
        """Stripe refused for good, or the session had no token to build from (N2)."""
        return _tell_account(facts, trigger, BuildState.REFUSED, trigger.error)


def _create(account: str, session: str, holder: Holder | None, name: str | None) -> list[Command]:
    if holder is None:
        return []
    return [CreatePaymentMethod(account=account, session=session, holder=holder, billing_name=name)]


def _tell_service(facts: BuildFacts, made: str) -> PaymentMethodBuilt:
    return PaymentMethodBuilt(account=facts.id, session=facts.session, payment_method=made)


def _tell_account(
    facts: BuildFacts, trigger: DomainEvent, state: BuildState, why: str | None
) -> Send:
    event = trigger.follow(BuildChanged, state=state, reason=why)
    return Send(machine="account", key=facts.id, event=event)
