"""The page on running the service lists every reason code that relink itself can give."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from relink.engine import Snapshot
from relink.machines import CHARTS
from relink.machines.account.facts import AccountFacts, AccountOutage, KnownPaymentMethod
from relink.machines.assessment import assess
from relink.machines.payment_method import MandateReason
from relink.machines.reasons import IGNORED, Anomaly, ReadReason
from relink.machines.vocabulary import (
    BuildState,
    NumberStatus,
    PaymentMethodState,
    RelinkReason,
    ReportedStatus,
)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "service.md").read_text()

HEALTHY = AccountFacts(
    id="fca_1",
    reported_status=ReportedStatus.ACTIVE,
    authorization="fcauth_1",
    permissions=("payment_method",),
    subcategory="checking",
    payment_method_types=("us_bank_account",),
)
OTHERWISE: list[dict[str, object]] = [
    {},
    {"authorization": None},
    {"permissions": ()},
    {"subcategory": "credit_card"},
    {"payment_method_types": ()},
    {"outage": AccountOutage(number=1, since=0.0, given_up=True)},
    {"deactivates_on": 1_800_000_000},
    {"deactivation_action": "relink_required"},
    *({"number": status} for status in NumberStatus),
    *({"build": state} for state in BuildState),
    *(
        {"payment_methods": {"pm_1": KnownPaymentMethod(state=state, reason=reason)}}
        for state in PaymentMethodState
        for reason in (None, *get_args(MandateReason))
    ),
]
"""What can be different about an account, one thing at a time."""


def rows(after: str) -> dict[str, str]:
    """The codes and sentences of the table that follows a line of the page."""
    table = PAGE[PAGE.index(after) :].split("\n\n")[1]
    return dict(re.findall(r"^\| `([a-z0-9_]+)` \| (.+) \|$", table, re.M))


def assessed() -> Iterator[str]:
    """Every code of an assessment, over all states and statuses."""
    for state in CHARTS["account"].table().states:
        for status in (None, *ReportedStatus):
            for changes in OTHERWISE:
                facts = HEALTHY.model_copy(update={"reported_status": status, **changes})
                answer = assess(Snapshot(state, facts, 1))
                yield from answer.reasons
                yield from (action.reason for action in answer.next)


def of_gateways() -> Iterator[str]:
    """The codes that gateways give to commands that they cannot carry out."""
    for file in (ROOT / "adapters" / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.keyword(arg="code", value=ast.Constant(str(code))):
                    yield code


def test_the_page_lists_every_refusal_of_a_relink_with_its_sentence() -> None:
    leaves = CHARTS["account"].table().leaves(event="relink_requested")
    refused = {leaf.reason.code for leaf in leaves if leaf.outcome == "ignored" and leaf.reason}
    listed = rows("A relink is refused with a 409")
    assert listed == {code: IGNORED[code].sentence for code in refused if code}


def test_the_page_lists_every_reason_for_ignoring_an_event_with_its_sentence() -> None:
    listed = rows("A relink is refused with a 409") | rows("An event is also ignored")
    assert listed == {code: reason.sentence for code, reason in IGNORED.items()}


def test_the_page_lists_every_read_reason_and_anomaly_with_its_sentence() -> None:
    assert rows("An object is read at Stripe") == {r.value: r.sentence for r in ReadReason}
    assert rows("relink reports these anomalies") == {a.value: a.sentence for a in Anomaly}


def test_the_page_lists_every_code_of_assessments_relink_reasons_and_failed_commands() -> None:
    listed = set(rows("An account's `reasons`"))
    given = {*assessed(), *get_args(RelinkReason), *of_gateways()}
    given -= {"invalid_id"}  # guards against a mistake of our own
    assert given <= listed, sorted(given - listed)
    known_elsewhere = {"not_active", "no_customer", "other_holder", "blocked", "refused"}
    known_elsewhere |= {"account_disconnected"}
    assert listed - given <= known_elsewhere, sorted(listed - given)
