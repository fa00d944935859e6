"""Steps that are broken by hand, one for each property: what the property has to find."""

from collections.abc import Callable
from typing import Any

from relink.engine import Address, Snapshot, Step
from relink.machines.account import AccountFacts
from relink.machines.account.facts import AccountOutage, KnownPaymentMethod
from relink.machines.assessment import Assessment, NextAction, assess
from relink.machines.commands import (
    CreatePaymentMethod,
    CreateRelinkSession,
    NotifyCustomer,
    PaymentMethodBuilt,
    RetrieveAuthorization,
    RetrieveSessionForCaller,
)
from relink.machines.events import PaymentMethodMade
from relink.machines.reasons import ReadReason
from relink.machines.vocabulary import NumberStatus, PaymentMethodState, ReportedStatus

from .reports import (
    CONNECTED,
    DAY,
    active,
    disconnected,
    inactive,
    number,
    relinkable,
    unrepairable,
)
from .scenario import Scenario, expired, knowing, lapsed, replaced
from .taken_step import (
    TakenStep,
    asking_nothing,
    deciding,
    having_remembered,
    on_trigger,
    remembering,
)

READY = PaymentMethodState.READY

# ── steps that are well ──────────────────────────────────────────────────────


def taken(s: Scenario, act: Callable[[], object]) -> TakenStep:
    """The last step of this act."""
    worlds = [dict(s.world)]
    happens = s.happens

    def remember(*args: Any, **kwargs: Any) -> Step:
        worlds.append(dict(s.world))
        return happens(*args, **kwargs)

    s.happens = remember  # type: ignore[method-assign]
    act()
    return TakenStep(worlds[-1], s.step, dict(s.world))


def reported(s: Scenario, *args: Any, **kwargs: Any) -> TakenStep:
    """A webhook arrives."""
    return taken(s, lambda: s.webhook("fca_1", *args, **kwargs))


def opened(s: Scenario) -> TakenStep:
    """A session is opened."""
    return taken(s, lambda: s.open_session("fca_1"))


def requested(s: Scenario) -> TakenStep:
    """The service asks for a session."""
    return taken(s, lambda: s.ask("fca_1"))


def cancelled() -> TakenStep:
    """The customer closes a session."""
    s = expired()
    session = s.open_session("fca_1")
    return taken(s, lambda: s.result(session, status="cancelled"))


def linked_anew() -> TakenStep:
    """The customer links a new account, ``fca_2``, instead."""
    s = expired()
    session = s.open_session("fca_1", mode="any_eligible")
    return taken(s, lambda: s.result(session, {"fca_2": active()}))


def repaired_before_it_was_replaced() -> TakenStep:
    """A session succeeds late, once the next one has brought a new account instead."""
    s = expired()
    earlier = s.open_session("fca_1", mode="any_eligible", delivery="modal")
    later = s.open_session("fca_1", mode="any_eligible", delivery="url")
    s.result(later, {"fca_2": active()}, webhook=True)
    return taken(s, lambda: s.result(earlier, relinked="fca_1", webhook=True))


def made() -> TakenStep:
    """A payment method is made from the new account ``fca_2``, and lacks a mandate."""
    s = expired()
    s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    making = {"account": "fca_2", "payment_method": "pm_2"}
    return taken(s, lambda: s.happens(PaymentMethodMade, **making))


def prompted() -> TakenStep:
    """An account stops working, and its customer is prompted."""
    return reported(knowing(active()), relinkable())


def contradicted() -> TakenStep:
    """An account is reported inactive in the second in which it was reported active."""
    s = knowing(active())
    return reported(s, relinkable(), created=s.as_of("fca_1"))


def outdated() -> TakenStep:
    """A report arrives that is older than the latest one."""
    s = knowing(active())
    return reported(s, relinkable(), created=s.now - 100)


def checked() -> TakenStep:
    """A payment method of an account is blocked."""
    s = knowing(active())
    return taken(s, lambda: s.checks("pm_1", "bank_account_closed"))


# ── the broken steps ─────────────────────────────────────────────────────────

Broken = tuple[TakenStep, Callable[[TakenStep], TakenStep]]
"""A step that is well, and how it is broken."""

STATES: dict[str, Callable[[], Broken]] = {
    "state_agrees_with_report": lambda: (
        reported(Scenario(), active()),
        lambda step: step.with_machine("account", "fca_1", "inactive_relinkable"),
    ),
    "repairable_account_is_relinkable": lambda: (
        prompted(),
        lambda step: step.with_machine("account", "fca_1", "inactive_unrepairable"),
    ),
    "report_is_sorted_by_what_it_says": lambda: (
        reported(Scenario(), active()),
        lambda step: step.with_decision("account", on_trigger(report=relinkable())),
    ),
    "account_is_relinking_while_its_session_is_open": lambda: (
        opened(expired()),
        lambda step: step.with_machine("account", "fca_1", session=None),
    ),
    "authorization_is_relinking_while_a_session_is_open": lambda: (
        opened(expired()),
        lambda step: step.with_machine("authorization", "fcauth_1", sessions=frozenset()),
    ),
    "number_is_refreshing_while_a_session_is_open": lambda: (
        opened(lapsed()),
        lambda step: step.with_machine("account_number", "fca_1", "lapsed"),
    ),
    "replaced_account_names_its_replacement": lambda: (
        linked_anew(),
        lambda step: step.with_machine("account", "fca_1", replaced_by=None),
    ),
    "earlier_session_undoes_no_replacement": lambda: (
        repaired_before_it_was_replaced(),
        lambda step: step.with_decision("account", deciding("relinked")),
    ),
    "disconnected_is_final": lambda: (
        reported(knowing(disconnected()), active()),
        lambda step: step.with_decision("account", deciding("active")),
    ),
    "disconnected_is_certain": lambda: (
        reported(knowing(active()), disconnected()),
        lambda step: step.with_decision(
            "account", having_remembered(as_of=step.step.trigger.as_of)
        ),
    ),
}

KNOWLEDGE: dict[str, Callable[[], Broken]] = {
    "report_dated_ahead_is_not_the_latest": lambda: (
        reported(knowing(active()), active()),
        lambda step: step.with_decision(
            "account", remembering(as_of=int(step.step.trigger.at) + DAY)
        ),
    ),
    "stale_report_changes_no_state": lambda: (
        outdated(),
        lambda step: step.with_decision("account", deciding("inactive_relinkable")),
    ),
    "stale_report_is_not_the_latest": lambda: (
        outdated(),
        lambda step: step.with_decision("account", remembering(as_of=step.step.trigger.as_of)),
    ),
    "ambiguous_report_changes_nothing": lambda: (
        contradicted(),
        lambda step: step.with_decision(
            "account", remembering(reported_status=ReportedStatus.RELINKABLE)
        ),
    ),
    "ambiguous_report_is_settled_by_a_read": lambda: (
        contradicted(),
        lambda step: step.with_decision("account", asking_nothing),
    ),
    "absent_field_overwrites_nothing": lambda: (
        reported(knowing(active()), active(without=("subcategory",))),
        lambda step: step.with_decision("account", remembering(subcategory="savings")),
    ),
    "open_question_is_asked": lambda: (
        reported(knowing(active()), inactive()),
        lambda step: step.with_decision("account", asking_nothing),
    ),
    "unclear_report_changes_no_state": lambda: (
        reported(knowing(active()), None),
        lambda step: step.with_decision("account", deciding("inactive_unrepairable")),
    ),
    "unclear_report_is_asked_about": lambda: (
        reported(knowing(active()), None),
        lambda step: step.with_decision("account", asking_nothing),
    ),
    "unknown_id_is_not_used": lambda: (
        reported(Scenario(), active()),
        lambda step: step.with_command(
            RetrieveAuthorization(authorization="", number=1, reason=ReadReason.LOOK)
        ),
    ),
    "linked_account_is_known_or_new_by_when_it_was_first_seen": lambda: (
        linked_anew(),
        lambda step: step.with_machine("session", "fcsess_1", outcome="known_account_linked"),
    ),
}

SESSIONS: dict[str, Callable[[], Broken]] = {
    "account_keeps_its_open_session": lambda: (
        reported(_with_session(expired()), relinkable(cause="bank_error")),
        lambda step: step.with_machine("account", "fca_1", session=None),
    ),
    "open_session_is_its_accounts": lambda: (
        opened(expired()),
        lambda step: step.with_machine("account", "fca_1", session="fcsess_9"),
    ),
    "returned_session_is_open": lambda: (
        requested(_with_session(expired())),
        lambda step: step.with_changed_command(RetrieveSessionForCaller, session="fcsess_9"),
    ),
    "session_is_abandoned_only_after_its_deadline": lambda: (
        cancelled(),
        lambda step: step.with_decision("session", deciding("abandoned")),
    ),
    "end_of_a_session_is_followed_by_reads": lambda: (
        cancelled(),
        lambda step: step.with_decision("session", asking_nothing),
    ),
    "only_a_session_of_ours_ends": lambda: (
        cancelled(),
        lambda step: step.with_decision("session", remembering(request=None)),
    ),
    "nothing_is_built_for_another_holder": lambda: (
        linked_anew(),
        lambda step: step.with_machine(
            "session", "fcsess_1", request=_request(step, holder=CONNECTED)
        ),
    ),
    "session_asks_for_payment_method": lambda: (
        requested(expired()),
        lambda step: step.with_changed_command(CreateRelinkSession, permissions=("balances",)),
    ),
    "session_keeps_permissions": lambda: (
        requested(expired()),
        lambda step: step.with_changed_command(
            CreateRelinkSession, permissions=("ownership", "payment_method")
        ),
    ),
    "session_is_for_the_accounts_holder": lambda: (
        requested(expired()),
        lambda step: step.with_changed_command(CreateRelinkSession, holder=CONNECTED),
    ),
    "session_relinks_the_accounts_authorization": lambda: (
        requested(expired()),
        lambda step: step.with_changed_command(CreateRelinkSession, authorization="fcauth_2"),
    ),
    "session_is_for_an_account_that_can_be_relinked": lambda: (
        requested(expired()),
        lambda step: step.with_machine("account", "fca_1", "relinked"),
    ),
    "session_for_an_active_account_has_a_reason": lambda: (
        requested(lapsed()),
        lambda step: step.with_changed_command(CreateRelinkSession, reason="inactive"),
    ),
}

NEW_ACCOUNT: dict[str, Callable[[], Broken]] = {
    "built_only_on_an_active_bank_account": lambda: (
        linked_anew(),
        lambda step: step.with_machine("account", "fca_2", subcategory="credit_card"),
    ),
    "built_only_with_permission": lambda: (
        linked_anew(),
        lambda step: step.with_machine("account", "fca_2", permissions=("balances",)),
    ),
    "payment_method_only_where_it_is_supported": lambda: (
        linked_anew(),
        lambda step: step.with_machine("account", "fca_2", payment_method_types=("link",)),
    ),
    "built_for_the_accounts_holder": lambda: (
        linked_anew(),
        lambda step: step.with_machine("account", "fca_2", holder=CONNECTED),
    ),
    "connected_account_gets_an_external_account": lambda: (
        linked_anew(),
        lambda step: step.with_changed_command(CreatePaymentMethod, holder=CONNECTED),
    ),
    "built_once": lambda: (
        linked_anew(),
        lambda step: step.with_command(
            step.command(CreatePaymentMethod).model_copy(update={"session": "fcsess_2"})
        ),
    ),
    "what_was_built_is_told": lambda: (
        made(),
        lambda step: step.with_changed_command(PaymentMethodBuilt, payment_method="pm_9"),
    ),
    "mandate_only_where_it_is_missing": lambda: (
        made(),
        lambda step: step.with_machine("account", "fca_2", retired=True),
    ),
}

PROMPTS: dict[str, Callable[[], Broken]] = {
    "prompt_names_accounts_that_a_relink_repairs": lambda: (
        prompted(),
        lambda step: step.with_changed_command(NotifyCustomer, accounts=("fca_9",)),
    ),
    "prompt_names_accounts_that_need_a_relink": lambda: (
        prompted(),
        lambda step: step.with_machine("account", "fca_1", last_reported=None),
    ),
    "prompt_names_no_account_whose_attempts_are_used_up": lambda: (
        prompted(),
        lambda step: step.with_machine(
            "account", "fca_1", outage=AccountOutage(number=1, since=0.0, given_up=True)
        ),
    ),
    "step_prompts_an_outage_once": lambda: (
        prompted(),
        lambda step: step.with_command(
            step.command(NotifyCustomer).model_copy(update={"reasons": ("inactive",)})
        ),
    ),
    "message_belongs_to_a_running_outage": lambda: (
        prompted(),
        lambda step: step.with_changed_command(NotifyCustomer, outage_number=7),
    ),
    "account_is_named_in_one_prompt": lambda: (
        prompted(),
        lambda step: step.with_machine_before("outage", "fcauth_1", last_prompt_at=None),
    ),
    "prompts_keep_their_distance": lambda: (
        prompted(),
        lambda step: step.with_machine_before("outage", "fcauth_1", needing={}),
    ),
    "nobody_is_prompted_while_a_read_is_due": lambda: (
        prompted(),
        lambda step: step.with_machine("account", "fca_1", read_due_since=step.step.trigger.at),
    ),
    "nobody_is_asked_while_a_read_is_due": lambda: (
        reported(knowing(active()), unrepairable()),
        lambda step: step.with_machine("account", "fca_1", read_due_since=step.step.trigger.at),
    ),
    "nobody_is_prompted_too_early": lambda: (
        prompted(),
        lambda step: step.with_changed_command(
            NotifyCustomer, relink_by=int(step.step.trigger.at) + 30 * DAY
        ),
    ),
}

CONSISTENCY: dict[str, Callable[[], Broken]] = {
    "account_knows_its_number": lambda: (
        reported(Scenario(), active(numbers=(number("transactable"),))),
        lambda step: step.with_machine("account", "fca_1", number=NumberStatus.LAPSED),
    ),
    "account_knows_its_payment_methods": lambda: (
        checked(),
        lambda step: step.with_machine("account", "fca_1", payment_methods={}),
    ),
    "outage_knows_what_its_account_needs": lambda: (
        prompted(),
        lambda step: step.with_machine("outage", "fcauth_1", needing={}),
    ),
    "account_that_moved_left_its_outage": lambda: (
        reported(expired(), relinkable(authorization="fcauth_2")),
        lambda step: step.with_machine(
            "outage",
            "fcauth_1",
            needing=step.after[Address("outage", "fcauth_2")].facts.needing,
        ),
    ),
    "account_reports_what_it_needs": lambda: (
        prompted(),
        lambda step: step.with_machine("account", "fca_1", last_reported=None),
    ),
}

FURTHER: dict[str, tuple[str, Callable[[], Broken]]] = {
    "account fca_1 is inactive_relinkable while fcsess_1 is open": (
        "account_is_relinking_while_its_session_is_open",
        lambda: (
            opened(expired()),
            lambda step: step.with_machine("account", "fca_1", "inactive_relinkable"),
        ),
    ),
    "account fca_1 is active while fcsess_1, opened from active, is open": (
        "account_is_relinking_while_its_session_is_open",
        lambda: (
            opened(lapsed()),
            lambda step: step.with_machine("account", "fca_1", "active"),
        ),
    ),
    "the number of fca_1 is refreshing without a session": (
        "number_is_refreshing_while_a_session_is_open",
        lambda: (
            opened(lapsed()),
            lambda step: step.with_machine("account", "fca_1", session=None),
        ),
    ),
    "account fca_1 no longer names fca_2": (
        "replaced_account_names_its_replacement",
        lambda: (
            reported(replaced(), active(subcategory="savings")),
            lambda step: step.with_machine("account", "fca_1", "active", replaced_by=None),
        ),
    ),
    "account fca_1 is disconnected, and its facts changed": (
        "disconnected_is_final",
        lambda: (
            reported(knowing(disconnected()), active()),
            lambda step: step.with_decision("account", remembering(subcategory="savings")),
        ),
    ),
    "account fca_1 is disconnected by reported_relinkable": (
        "disconnected_is_certain",
        lambda: (
            reported(knowing(active()), relinkable()),
            lambda step: step.with_decision("account", deciding("disconnected")),
        ),
    ),
    "there is a account without an id": (
        "unknown_id_is_not_used",
        lambda: (
            reported(Scenario(), active()),
            lambda step: step.with_another("account", "", "fca_1"),
        ),
    ),
    "fcsess_1 linked fca_9, which relink has never seen": (
        "linked_account_is_known_or_new_by_when_it_was_first_seen",
        lambda: (
            linked_anew(),
            lambda step: step.with_machine("session", "fcsess_1", linked="fca_9"),
        ),
    ),
    "something is built on fca_2, where one is built": (
        "built_once",
        lambda: (
            linked_anew(),
            lambda step: step.with_machine_before("build", "fca_2").in_state_before(
                "build", "fca_2", "built"
            ),
        ),
    ),
    "a mandate for pm_2, which is ready": (
        "mandate_only_where_it_is_missing",
        lambda: (
            made(),
            lambda step: step.with_machine(
                "account", "fca_2", payment_methods={"pm_2": KnownPaymentMethod(state=READY)}
            ),
        ),
    ),
    "a prompt names fca_1, which Stripe's own mail named": (
        "account_is_named_in_one_prompt",
        lambda: (
            prompted(),
            lambda step: step.with_machine_before("outage", "fcauth_1", needing={}).with_machine(
                "account", "fca_1", outage=AccountOutage(number=1, since=0.0, mailed_at=1.0)
            ),
        ),
    ),
    "account fca_1 needs ('inactive',), and its outage is None": (
        "account_reports_what_it_needs",
        lambda: (
            prompted(),
            lambda step: step.with_machine("account", "fca_1", outage=None),
        ),
    ),
}
"""Other steps, by what the property that is named has to say of each."""

BROKEN = STATES | KNOWLEDGE | SESSIONS | NEW_ACCOUNT | PROMPTS | CONSISTENCY
"""By the name of the property that finds it."""


# ── broken assessments, for the properties whose subject is the assessment ───


def always_chargeable(account: Snapshot[AccountFacts]) -> Assessment:
    return Assessment(chargeable=True, may_debit=True, reasons=(), next=())


def never_chargeable(account: Snapshot[AccountFacts]) -> Assessment:
    return Assessment(chargeable=False, may_debit=False, reasons=("closed",), next=())


def never_debited(account: Snapshot[AccountFacts]) -> Assessment:
    return Assessment(chargeable=True, may_debit=False, reasons=(), next=())


def always_relink(account: Snapshot[AccountFacts]) -> Assessment:
    relink = NextAction(action="relink", mode="specific", reason="inactive")
    return Assessment(chargeable=True, may_debit=True, reasons=(), next=(relink,))


def chargeable_for_a_reason(account: Snapshot[AccountFacts]) -> Assessment:
    return Assessment(chargeable=True, may_debit=True, reasons=("closed",), next=())


def nothing_is_next(account: Snapshot[AccountFacts]) -> Assessment:
    return assess(account).model_copy(update={"next": ()})


FURTHER_ASSESSMENTS: dict[
    str, tuple[str, Callable[[], TakenStep], Callable[[Snapshot[AccountFacts]], Assessment]]
] = {
    "account fca_1: chargeable is True, for ('closed',)": (
        "not_chargeable_has_a_cause",
        lambda: reported(Scenario(), active()),
        chargeable_for_a_reason,
    ),
    "account fca_2 must not be debited yet, and nothing is next": (
        "may_debit_means_that_nothing_is_to_be_done_first",
        made,
        nothing_is_next,
    ),
    "account fca_1 should be relinked next, and is inactive_unrepairable": (
        "relink_is_next_only_where_it_is_possible",
        lambda: reported(knowing(active()), unrepairable()),
        always_relink,
    ),
}
"""Other wrong assessments, by what the property that is named has to say of each."""

ASSESSMENTS: dict[
    str, tuple[Callable[[], TakenStep], Callable[[Snapshot[AccountFacts]], Assessment]]
] = {
    "chargeable_means_that_nothing_speaks_against_it": (
        lambda: reported(Scenario(), active(subcategory="credit_card")),
        always_chargeable,
    ),
    "not_chargeable_has_a_cause": (lambda: reported(Scenario(), active()), never_chargeable),
    "may_debit_means_that_nothing_is_to_be_done_first": (
        lambda: reported(Scenario(), active()),
        never_debited,
    ),
    "relink_is_next_only_where_it_is_possible": (
        lambda: reported(Scenario(), active(authorization=None)),
        always_relink,
    ),
}
"""A step and an assessment that judges it wrongly, by the property that finds it."""


def _with_session(s: Scenario) -> Scenario:
    s.open_session("fca_1")
    return s


def _request(step: TakenStep, **fields: Any) -> CreateRelinkSession:
    facts: Any = step.after[Address("session", "fcsess_1")].facts
    request: CreateRelinkSession = facts.request.model_copy(update=fields)
    return request
