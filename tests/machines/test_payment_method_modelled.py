"""C3, N3, N4: what becomes of a payment method, whatever is known of it and told: a plain model."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from relink.engine import Command, Snapshot
from relink.machines import relink_system
from relink.machines.commands import PaymentMethodGone, ReportAnomaly
from relink.machines.messages import (
    Built,
    MandateEnded,
    MandateGiven,
    NumberBlocked,
    NumberUnblocked,
    PaymentMethodBlocked,
    PaymentMethodChanged,
    PaymentMethodDetached,
    PaymentMethodUnclear,
    PaymentMethodWorks,
    ReadFailed,
)
from relink.machines.payment_method import PaymentMethodFacts
from relink.machines.reasons import Anomaly

from .decided import AT, KNOWN_AT, YES_OR_NO
from .modelled import SENT, Expected, compare, read, send

LOST = "tokenized_account_number_deactivated"
STATES = ("ready", "mandate_needed", "blocked", "gone")
OBJECTS = (
    ("pm_1", None),
    ("ba_1", None),  # Whose it is was never told, so it cannot be read.
    ("ba_1", "acct_1"),
)
BLOCKED = {"ready": (None,), "mandate_needed": (None,), "blocked": (LOST, "other"), "gone": "gone"}
MANDATES = {"ready": (None,), "mandate_needed": ("new_account", "mandate_inactive")}
EITHER = (None, "new_account")


def known(state: str) -> Iterator[Snapshot[PaymentMethodFacts]]:
    """Each payment method and external account that can be in this state."""
    mandates, blocks = MANDATES.get(state, EITHER), BLOCKED[state]
    for (id, whose), account, contested in product(OBJECTS, (None, "fca_0"), YES_OR_NO):
        for due, blocked in product(mandates, [blocks] if state == "gone" else blocks):
            facts = {
                "account": account,
                "connected_account": whose,
                "as_of": KNOWN_AT,
                "blocked": blocked,
                "is_contested": contested,
                "mandate_due": due,
                "mandate_as_of": KNOWN_AT + 100,
            }
            yield Snapshot(state, PaymentMethodFacts(id=id).after(facts), 1)


def told(facts: PaymentMethodFacts, state: str) -> list[Command]:
    """The account learns how it stands, once it is known which account that is."""
    if facts.account is None:
        return []
    changed = {
        "payment_method": facts.id,
        "state": state,
        "reason": facts.blocked or facts.mandate_due,
        "mandate_due": facts.mandate_due,
        "lost_number": facts.blocked == LOST,
        "is_external": facts.connected_account is not None,
    }
    return [send("account", facts.account, PaymentMethodChanged, **changed)]


def changed(now: Snapshot[PaymentMethodFacts], **changes: Any) -> Expected:
    """It is remembered, and the account learns which state follows from it."""
    facts = now.facts.after(changes)
    if facts.blocked == "gone":
        state = "gone"
    elif facts.blocked:
        state = "blocked"
    else:
        state = "mandate_needed" if facts.mandate_due else "ready"
    return Expected(state, changes, told(facts, state))


# ── Stripe reports on it (C3, N4, K3, K4, K12) ───────────────────────────────

SAID: dict[str, tuple[Any, dict[str, Any]]] = {
    "works": (PaymentMethodWorks, {}),
    "lost its number": (PaymentMethodBlocked, {"reason": LOST}),
    "blocked": (PaymentMethodBlocked, {"reason": "other"}),
    "blocked for a reason that nobody knows": (
        PaymentMethodBlocked,
        {"reason": "unheard_of", "is_unknown": True},
    ),
    "blocked for such a reason again": (
        PaymentMethodBlocked,
        {"reason": "other", "is_unknown": True},
    ),
    "detached": (PaymentMethodDetached, {}),
}


def of_report(now: Snapshot[PaymentMethodFacts], event: Any) -> Expected:
    facts = now.facts
    says = getattr(event, "reason", "gone" if isinstance(event, PaymentMethodDetached) else None)
    number = {"machine": "account_number", "key": "fca_1"}
    if event.as_of < facts.as_of:
        # What is known already is newer than this block, so that is over.
        is_over = says == LOST and facts.blocked != LOST
        over = send(**number, kind=NumberUnblocked, as_of=facts.as_of)
        return Expected(now.state, commands=[over] if is_over else [])
    if event.as_of == facts.as_of and not event.read and says != facts.blocked:
        contested = facts.is_contested or LOST in (says, facts.blocked)
        kind, whose = "payment_method", facts.connected_account
        if facts.id == "ba_1":
            kind = "external_account"
        asked = read(facts.id, kind, "contradiction", event.as_of + 2, whose)  # type: ignore[arg-type]
        is_readable = kind == "payment_method" or whose
        return Expected(now.state, {"is_contested": contested}, [asked] if is_readable else [])
    expected = changed(now, account="fca_1", as_of=event.as_of, blocked=says, is_contested=False)
    if says == LOST:
        expected.commands.append(send(**number, kind=NumberBlocked, as_of=event.as_of))
    elif says != "gone" and (facts.blocked == LOST or facts.is_contested):
        expected.commands.append(send(**number, kind=NumberUnblocked, as_of=event.as_of))
    if getattr(event, "is_unknown", False) and facts.blocked != says:
        expected.commands.append(
            ReportAnomaly(
                about=facts.id, anomaly=Anomaly.UNKNOWN_STATUS, value=says, dedup_key=str(says)
            )
        )
    if says == "gone":
        expected.commands.append(PaymentMethodGone(account="fca_1", payment_method=facts.id))
    return expected


@pytest.mark.parametrize("state", STATES[:3])
@pytest.mark.parametrize("says", SAID)
def test_C3_N4_the_latest_report_decides_and_each_change_is_told(state: str, says: str) -> None:
    kind, fields = SAID[says]
    for later, is_read, now in product((-1, 0, 1), YES_OR_NO, list(known(state))):
        when = {"account": "fca_1", "as_of": KNOWN_AT + later, "read": is_read}
        event = kind(**when, **fields, **SENT)
        compare("payment_method", now, event, of_report(now, event))


@pytest.mark.parametrize("state", STATES[:3])
def test_K2_K6_it_is_read_if_stripe_says_only_that_something_changed(state: str) -> None:
    for ahead, is_read, now in product(YES_OR_NO, YES_OR_NO, known(state)):
        event = PaymentMethodUnclear(as_of=AT, read=is_read, in_future=ahead, **SENT)
        expected = Expected(now.state)
        id, whose = now.facts.id, now.facts.connected_account
        if ahead:
            expected.commands.append(
                ReportAnomaly(about=id, anomaly=Anomaly.FUTURE_TIME, value=None, dedup_key="evt_1")
            )
        why = "future_time" if ahead else "look"
        if not is_read and id == "pm_1":
            expected.commands.append(read(id, "payment_method", why))
        elif not is_read and whose:
            expected.commands.append(read(id, "external_account", why, whose=whose))
        compare("payment_method", now, event, expected)


@pytest.mark.parametrize("state", STATES[:3])
def test_N4_one_that_stripe_does_not_have_any_more_is_gone(state: str) -> None:
    for now in known(state):
        account = now.facts.account
        expected = changed(now, blocked="gone")
        if account:
            lost = PaymentMethodGone(account=account, payment_method=now.facts.id)
            expected.commands.append(lost)
        missing = ReadFailed(error="resource_missing", **SENT)
        compare("payment_method", now, missing, expected)
        refused = ReadFailed(error="account_invalid", **SENT)
        compare("payment_method", now, refused, Expected(state, is_ignored=True, is_anomaly=True))


# ── relink built it, and the customer authorizes debits of it (N3) ───────────


@pytest.mark.parametrize("state", STATES[:3])
@pytest.mark.parametrize("whose", [None, "acct_2"])
def test_N3_what_relink_built_needs_a_mandate_unless_it_is_paid_out_to(
    state: str, whose: str | None
) -> None:
    if whose and state == "mandate_needed":
        return  # An external account never needs one.
    event = Built(account="fca_1", connected_account=whose, **SENT)
    for now in known(state):
        due = now.facts.mandate_due if whose and state == "ready" else None
        changes = {"account": "fca_1", "connected_account": whose}
        expected = changed(now, **changes, mandate_due=due if whose else "new_account")
        compare("payment_method", now, event, expected)


@pytest.mark.parametrize("state", STATES[:3])
def test_N3_a_mandate_is_due_from_its_end_until_a_later_one_is_collected(state: str) -> None:
    given = MandateGiven(**SENT)
    for now in known(state):
        for later in (-1, 0, 1):
            ended_at = now.facts.mandate_as_of + later
            ended = MandateEnded(as_of=ended_at, **SENT)
            again = changed(now, mandate_due="mandate_inactive", mandate_as_of=ended_at)
            expected = Expected(state) if later < 0 else again
            compare("payment_method", now, ended, expected)
        expected = changed(now, mandate_due=None, mandate_as_of=AT)
        compare("payment_method", now, given, expected)


def test_N4_one_that_is_gone_stays_so_and_nobody_is_told_anything() -> None:
    when = {"account": "fca_1", "as_of": KNOWN_AT + 1, "read": True}
    reports = [kind(**when, **fields, **SENT) for kind, fields in SAID.values()]
    others: list[Any] = [
        Built(account="fca_1", connected_account=None, **SENT),
        PaymentMethodUnclear(as_of=AT, read=False, **SENT),
        MandateEnded(as_of=AT, **SENT),
        MandateGiven(**SENT),
        ReadFailed(error="resource_missing", **SENT),
    ]
    for now, event in product(known("gone"), [*reports, *others]):
        compare("payment_method", now, event, Expected("gone", is_ignored=True))


def test_the_first_report_counts_whatever_its_time() -> None:
    new = relink_system().tables["payment_method"].start(PaymentMethodFacts(id="pm_1")).snapshot
    assert new.state == "ready"
    when: dict[str, Any] = {"account": "fca_1", "as_of": 0}
    for says in ("works", "blocked"):
        kind, fields = SAID[says]
        event = kind(read=False, **when, **fields, **SENT)
        blocked = fields.get("reason")
        expected = changed(new, blocked=blocked, is_contested=False, **when)
        compare("payment_method", new, event, expected)
    ended = MandateEnded(as_of=0, **SENT)
    expected = changed(new, mandate_due="mandate_inactive", mandate_as_of=0)
    compare("payment_method", new, ended, expected)
