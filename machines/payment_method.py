"""The payment method: what is built on a new account, and whether it can be used.

Existing payment methods follow a relinked account by themselves; a new account has none, and
one is made from it: a payment method for a customer, an external account for a connected
account (N2). It is made at most once.

States
    ``none``            relink built nothing. Machines begin here: the service's own payment
                        methods are only watched.
    ``creating``        Asked for, and not there yet.
    ``name_needed``     The service was asked for the billing name (N1).
    ``mandate_needed``  It is attached; the customer has to authorize debits again (N3).
    ``ready``           It can be used.
    ``refused``         It cannot be built; the service was asked for another one.
    ``blocked``         Stripe blocked it, for a reason that no relink fixes (C3).

Rules kept here: N1 to N3, C3.
"""

from statemachine import State

from relink.engine import Assign, Chart, Command, Facts, Send, ignored, stays

from . import reasons
from .commands import (
    AttachExternalAccount,
    CreatePaymentMethod,
    RequestBillingName,
    RequestNewPaymentMethod,
)
from .events import (
    BillingNameAbsent,
    DomainEvent,
    ExternalAccountMade,
    MandateCollected,
    PaymentMethodMade,
)
from .messages import (
    BuildFailed,
    BuildRequested,
    BuildResumed,
    NumberBlocked,
    PaymentMethodChanged,
    PaymentMethodChecked,
)
from .report import Holder
from .vocabulary import NUMBER_DEACTIVATED, PaymentMethodState

Effects = list[Command | Assign]


class PaymentMethodFacts(Facts):
    """A payment method's memory."""

    id: str
    """The account that it is built on."""
    session: str | None = None
    """The relink session that brought the account."""
    holder: Holder | None = None
    made: str | None = None
    """``pm_…``, or ``ba_…`` for a connected account."""
    checked_as_of: int = -1
    """Stripe's time of the latest report on whether it is blocked (Unix seconds)."""
    blocked: str | None = None
    """Why, by that report."""
    has_mandate: bool = False
    """The service collected the customer's authorization for debits."""


class PaymentMethodChart(Chart):
    """What is built on one account, by the account's id."""

    facts_type = PaymentMethodFacts
    alphabet = (
        BuildRequested,
        BillingNameAbsent,
        BuildResumed,
        PaymentMethodMade,
        ExternalAccountMade,
        BuildFailed,
        MandateCollected,
        PaymentMethodChecked,
    )

    none = State(initial=True)
    creating = State()
    name_needed = State()
    mandate_needed = State()
    ready = State()
    refused = State()
    blocked = State()

    waiting = (creating, name_needed, refused)
    built = (mandate_needed, ready)
    watched = (none, *built, blocked)

    # ── a new account was linked (N1, N2) ────────────────────────────────────
    refused.from_(
        none, event="build_requested", cond="has_obstacle", on=["remember", "ask_for_another_way"]
    )
    creating.from_(
        none, event="build_requested", cond="is_connect", on=["remember", "attach_external_account"]
    )
    creating.from_(none, event="build_requested", on=["remember", "create_payment_method"])

    # ── the billing name (N1) ────────────────────────────────────────────────
    name_needed.from_(creating, event="billing_name_absent", on="ask_for_name")
    refused.from_(
        name_needed,
        event="build_resumed",
        cond="has_obstacle_by_now",
        on="ask_for_another_way_after_all",
    )
    creating.from_(name_needed, event="build_resumed", on="create_with_name")

    # ── it was built, or refused ─────────────────────────────────────────────
    mandate_needed.from_(none, *waiting, event="payment_method_made", on="note_made")
    ready.from_(none, *waiting, event="external_account_made", on="note_attached")
    refused.from_(creating, name_needed, event="build_failed", on="ask_after_failure")
    ready.from_(mandate_needed, event="mandate_collected", on="note_mandate")
    stays(blocked, event="mandate_collected", on="note_mandate_while_blocked")

    # ── Stripe blocks or unblocks it (C3) ────────────────────────────────────
    stays(*watched, event="payment_method_checked", cond="is_outdated")
    stays(*watched, event="payment_method_checked", cond="has_lost_its_number", on="tell_number")
    stays(blocked, event="payment_method_checked", cond="is_blocked", on="note_check")
    blocked.from_(
        none,
        *built,
        event="payment_method_checked",
        cond="is_blocked",
        on=["note_check", "tell_blocked"],
    )
    none.from_(
        blocked,
        event="payment_method_checked",
        cond="is_not_ours",
        on=["note_check", "tell_none"],
    )
    mandate_needed.from_(
        blocked,
        event="payment_method_checked",
        cond="needs_mandate",
        on=["note_check", "tell_mandate_needed"],
    )
    ready.from_(blocked, event="payment_method_checked", on=["note_check", "tell_ready"])
    stays(none, *built, event="payment_method_checked", on="note_check")

    decided = (
        ignored(
            (creating, name_needed, *built, refused, blocked),
            BuildRequested,
            because=reasons.ALREADY_REQUESTED,
        ),
        ignored(
            (none, name_needed, *built, refused, blocked),
            BillingNameAbsent,
            because=reasons.NO_NAME_NEEDED,
        ),
        ignored(
            (none, creating, *built, refused, blocked),
            BuildResumed,
            because=reasons.NO_NAME_REQUESTED,
        ),
        ignored(
            (*built, blocked),
            (PaymentMethodMade, ExternalAccountMade),
            because=reasons.ALREADY_BUILT,
        ),
        ignored(
            (none, *built, refused, blocked),
            BuildFailed,
            because=reasons.NOTHING_IN_PROGRESS,
        ),
        ignored(
            (none, *waiting, ready),
            MandateCollected,
            because=reasons.NO_MANDATE_NEEDED,
        ),
        ignored(
            waiting,
            PaymentMethodChecked,
            because=reasons.NOTHING_TO_BLOCK,
        ),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def has_obstacle(self, facts: PaymentMethodFacts, trigger: BuildRequested) -> bool:
        """The account cannot get a payment method (N1)."""
        return trigger.obstacle is not None or trigger.holder is None

    def has_obstacle_by_now(self, facts: PaymentMethodFacts, trigger: BuildResumed) -> bool:
        """The account can no longer get a payment method, or has another holder now (N1, R6)."""
        return trigger.obstacle is not None or trigger.holder != facts.holder

    def is_connect(self, facts: PaymentMethodFacts, trigger: BuildRequested) -> bool:
        """The account belongs to a connected account (N2)."""
        return trigger.holder is not None and trigger.holder.is_connect

    def is_outdated(self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked) -> bool:
        """There is a newer report; within one second, the one that says blocked counts."""
        lets_go = trigger.blocked is None and facts.blocked is not None
        as_of = trigger.as_of - 1 if lets_go else trigger.as_of
        return as_of < facts.checked_as_of

    def has_lost_its_number(self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked) -> bool:
        """Its account number was deactivated, which a relink repairs (C3)."""
        return trigger.blocked == NUMBER_DEACTIVATED

    def is_blocked(self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked) -> bool:
        """Stripe blocks it for another reason."""
        return trigger.blocked is not None

    def is_not_ours(self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked) -> bool:
        """The service created it, not relink."""
        return facts.made is None

    def needs_mandate(self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked) -> bool:
        """The customer has not authorized debits yet; payouts need no mandate (N3)."""
        is_connect = facts.holder is not None and facts.holder.is_connect
        return not is_connect and not facts.has_mandate

    # ── effects ──────────────────────────────────────────────────────────────

    def remember(self, facts: PaymentMethodFacts, trigger: BuildRequested) -> Assign:
        """Remember what the build is for."""
        return Assign(session=trigger.session, holder=trigger.holder)

    def ask_for_another_way(self, facts: PaymentMethodFacts, trigger: BuildRequested) -> Effects:
        """Ask the service for another payment method, and say what is in the way (N1)."""
        reason = trigger.obstacle or "no_customer"
        return [
            RequestNewPaymentMethod(account=facts.id, reason=reason, dedup_key=trigger.session),
            _tell_account(facts, trigger, PaymentMethodState.REFUSED, reason),
        ]

    def create_payment_method(self, facts: PaymentMethodFacts, trigger: BuildRequested) -> Effects:
        """Create and attach; the customer's name is the billing name."""
        create = _create(facts.id, trigger.session, trigger.holder, None)
        return [*create, _tell_account(facts, trigger, PaymentMethodState.CREATING, None)]

    def ask_for_another_way_after_all(
        self, facts: PaymentMethodFacts, trigger: BuildResumed
    ) -> Effects:
        """Nothing can be built on the account any more."""
        reason = trigger.obstacle or "other_holder"
        dedup_key = facts.session or ""
        return [
            RequestNewPaymentMethod(account=facts.id, reason=reason, dedup_key=dedup_key),
            _tell_account(facts, trigger, PaymentMethodState.REFUSED, reason),
        ]

    def create_with_name(self, facts: PaymentMethodFacts, trigger: BuildResumed) -> Effects:
        """Create and attach, with the name that the service gave."""
        create = _create(facts.id, facts.session or "", facts.holder, trigger.billing_name)
        return [*create, _tell_account(facts, trigger, PaymentMethodState.CREATING, None)]

    def attach_external_account(
        self, facts: PaymentMethodFacts, trigger: BuildRequested
    ) -> Effects:
        """From the session's bank account token, read afresh (N2)."""
        done: Effects = [_tell_account(facts, trigger, PaymentMethodState.CREATING, None)]
        if trigger.holder:
            done.append(
                AttachExternalAccount(
                    account=facts.id, session=trigger.session, holder=trigger.holder
                )
            )
        return done

    def ask_for_name(self, facts: PaymentMethodFacts, trigger: BillingNameAbsent) -> Effects:
        """Ask the service for the name, which only it knows (N1)."""
        return [
            RequestBillingName(account=facts.id, session=facts.session or ""),
            _tell_account(facts, trigger, PaymentMethodState.NAME_NEEDED, None),
        ]

    def note_made(self, facts: PaymentMethodFacts, trigger: PaymentMethodMade) -> Effects:
        """Attaching gives no mandate (N3)."""
        return [
            Assign(made=trigger.payment_method),
            _tell_account(facts, trigger, PaymentMethodState.MANDATE_NEEDED, None),
        ]

    def note_attached(self, facts: PaymentMethodFacts, trigger: ExternalAccountMade) -> Effects:
        """Payouts need no mandate."""
        return [
            Assign(made=trigger.external_account),
            _tell_account(facts, trigger, PaymentMethodState.READY, None),
        ]

    def ask_after_failure(self, facts: PaymentMethodFacts, trigger: BuildFailed) -> Effects:
        """Stripe refused for good, or the session had no token to build from (N2)."""
        return [
            RequestNewPaymentMethod(
                account=facts.id, reason=trigger.error, dedup_key=facts.session or ""
            ),
            _tell_account(facts, trigger, PaymentMethodState.REFUSED, trigger.error),
        ]

    def note_mandate(self, facts: PaymentMethodFacts, trigger: MandateCollected) -> Effects:
        """The service may debit it now."""
        return [
            Assign(has_mandate=True),
            _tell_account(facts, trigger, PaymentMethodState.READY, None),
        ]

    def note_mandate_while_blocked(
        self, facts: PaymentMethodFacts, trigger: MandateCollected
    ) -> Assign:
        """The service may debit it once Stripe unblocks it."""
        return Assign(has_mandate=True)

    def tell_none(self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked) -> Command:
        """Tell the account that nothing is blocked any more."""
        return _tell_account(facts, trigger, PaymentMethodState.NONE, None)

    def tell_ready(self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked) -> Command:
        """Tell the account that what was built on it can be used again."""
        return _tell_account(facts, trigger, PaymentMethodState.READY, None)

    def tell_mandate_needed(
        self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked
    ) -> Command:
        """Tell the account that debits still need the customer's authorization."""
        return _tell_account(facts, trigger, PaymentMethodState.MANDATE_NEEDED, None)

    def tell_number(self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked) -> Effects:
        """Tell the account number that it lapsed; a relink fixes that (C3)."""
        lapsed = trigger.follow(NumberBlocked, as_of=trigger.as_of)
        return [
            Assign(checked_as_of=trigger.as_of),
            Send(machine="account_number", key=facts.id, event=lapsed),
        ]

    def note_check(self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked) -> Assign:
        """Remember when this was reported."""
        return Assign(checked_as_of=trigger.as_of, blocked=trigger.blocked)

    def tell_blocked(self, facts: PaymentMethodFacts, trigger: PaymentMethodChecked) -> Command:
        """Tell the account that it cannot be charged, and why (C3)."""
        return _tell_account(facts, trigger, PaymentMethodState.BLOCKED, trigger.blocked)


def _create(account: str, session: str, holder: Holder | None, name: str | None) -> list[Command]:
    if holder is None:
        return []
    return [CreatePaymentMethod(account=account, session=session, holder=holder, billing_name=name)]


def _tell_account(
    facts: PaymentMethodFacts, trigger: DomainEvent, state: PaymentMethodState, why: str | None
) -> Send:
    event = trigger.follow(PaymentMethodChanged, state=state, reason=why)
    return Send(machine="account", key=facts.id, event=event)
