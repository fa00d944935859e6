"""Which of two reports came last: the charts and the properties say the same, each in its words.

``machines/freshness.py`` decides. ``machines/properties/ambiguity.py`` restates the rule for the
properties that judge it. Here both are asked about every pair of reports, close to each other.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from relink.machines.account.facts import AccountFacts
from relink.machines.account_number import AccountNumberChart, AccountNumberFacts
from relink.machines.freshness import ReportChart, ReportFacts
from relink.machines.properties import ambiguity
from relink.machines.report import StatusReport
from relink.machines.reported import LinkReported, NumbersReported, Reported
from relink.machines.vocabulary import NumberStatus, ReportedStatus

KNOWN_AT = 1_000
SPAN = range(-4, 5)
"""Seconds from the known report to the one that arrives: well beyond the two that matter."""

YES_OR_NO = (False, True)

PAIRS: dict[str, tuple[type[ReportChart], type[ReportFacts], type[Reported], list[Any]]] = {
    "accounts": (ReportChart, AccountFacts, LinkReported, [None, *ReportedStatus]),
    "numbers": (AccountNumberChart, AccountNumberFacts, NumbersReported, [None, *NumberStatus]),
}


def pairs(name: str) -> Iterator[tuple[ReportFacts, Reported]]:
    """What is known, and what arrives."""
    _, facts, reported, statuses = PAIRS[name]
    by_result = YES_OR_NO if facts is AccountNumberFacts else (None,)
    known = [
        facts(id="fca_1").after(
            {"as_of": KNOWN_AT, "reported_status": status, "by_read": by_read}
            | ({} if result is None else {"by_result": result})
        )
        for status, by_read, result in product(statuses, YES_OR_NO, by_result)
    ]
    arriving = [
        kind(
            causation_id="evt_1",
            at=KNOWN_AT + 60,
            as_of=KNOWN_AT + later,
            read=read,
            decides=decides,
            report=StatusReport(),
        )
        for kind, later, read, decides in product(
            reported.__subclasses__(), SPAN, YES_OR_NO, YES_OR_NO
        )
    ]
    return product(known, arriving)


@pytest.mark.parametrize("name", PAIRS)
def test_charts_and_properties_find_the_same_reports_ambiguous(name: str):
    chart: Any = PAIRS[name][0]
    for facts, report in pairs(name):
        said = chart.is_ambiguous(None, facts, report)
        assert said == ambiguity.ambiguous(facts, report), (facts, report)


@pytest.mark.parametrize("name", PAIRS)
def test_charts_and_properties_find_the_same_reports_stale(name: str):
    chart: Any = PAIRS[name][0]
    for facts, report in pairs(name):
        is_late = report.as_of < facts.as_of and not report.decides
        counts = (
            ambiguity.ambiguous(facts, report)
            or ambiguity.fills_in(facts, report)
            or ambiguity.shows_new_number(facts, report)
        )
        assert chart.is_stale(None, facts, report) == (is_late and not counts), (facts, report)


def test_reports_that_say_the_same_are_never_ambiguous_and_others_only_when_close():
    for name in PAIRS:
        for facts, report in pairs(name):
            later = abs(report.as_of - facts.as_of)
            involves_read = report.read or facts.by_read
            if facts.reported_status is report.reported_status or later > 2 * involves_read:
                assert not ambiguity.ambiguous(facts, report)
