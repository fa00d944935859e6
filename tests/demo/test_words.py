"""The shop has words for every code that relink can give it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from relink.adapters.demo import shop
from relink.adapters.demo.shop.routes import words
from relink.machines import CHARTS, assessment
from relink.machines.account import eligibility
from relink.machines.commands import BY_NAME, Notification
from relink.machines.payment_method import MandateReason
from relink.machines.reasons import Anomaly
from relink.machines.vocabulary import (
    BAD_STATUSES,
    PaymentMethodState,
    RelinkReason,
    ReportedStatus,
)

WORDS = Path(shop.__file__).parent / "pages" / "static" / "words.js"


def codes(module: object) -> Iterator[str]:
    """The codes in a module: strings that it yields or returns, or passes on as a reason."""
    for node in ast.walk(ast.parse(Path(str(vars(module)["__file__"])).read_text())):
        match node:
            case ast.Yield(ast.expr() as value) | ast.Return(ast.expr() as value):
                yield from strings(value)
            case ast.keyword("reason", value) | ast.Call(ast.Name("_request_another"), [value]):
                yield from strings(value)


def strings(value: ast.expr) -> Iterator[str]:
    """The strings that an expression can be, as far as it names them."""
    match value:
        case ast.Constant(str(text)):
            yield text
        case ast.IfExp(_, body, orelse):
            yield from (*strings(body), *strings(orelse))
        case ast.BoolOp(_, values):
            for part in values:
                yield from strings(part)


CODES = {
    *codes(eligibility),
    *codes(assessment),
    *get_args(RelinkReason),
    *get_args(MandateReason),
    *BAD_STATUSES,
    *(status.value for status in ReportedStatus if not status.works),
    *(state.value for state in PaymentMethodState if not state.can_pay),
}


def test_codes_are_found() -> None:
    assert {
        "number_lapsed",
        "nothing_reported_yet",
        "attempts_used_up",
        "not_active",
        "unrepairable",
    } <= CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_reason_has_words(code: str) -> None:
    assert code in words()["reasons"]


@pytest.mark.parametrize(
    "name", [name for name, kind in BY_NAME.items() if issubclass(kind, Notification)]
)
def test_every_notification_has_words(name: str) -> None:
    assert f'case "{name}"' in WORDS.read_text()


@pytest.mark.parametrize("anomaly", Anomaly)
def test_every_anomaly_has_words(anomaly: Anomaly) -> None:
    assert words()["anomalies"][anomaly]


@pytest.mark.parametrize("state", CHARTS["account"].table().states)
def test_every_state_has_words(state: str) -> None:
    assert words()["states"][state]["name"]
