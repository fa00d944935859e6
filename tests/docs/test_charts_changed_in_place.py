"""Effects and guards of the example charts that change facts in place are blamed by name."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st

from relink.engine import Chart, Event, Facts, Snapshot
from relink.engine.errors import ImpureCallbackError
from relink.engine.fuzz import find_counterexample, machine_test

from ..own_tables import examples_on_path

with examples_on_path():
    from charts.ci_job import Attempt, CiJob, CiJobFacts, RunnerAssigned
    from charts.document_approval import (
        Department,
        DocumentApproval,
        DocumentFacts,
        ReviewerNamed,
        ReviewerObjected,
    )
    from charts.order import ArticleAdded, ArticleRemoved, Line, Order, OrderFacts


class PutsIntoDict(Order):
    def put_in(self, facts: OrderFacts, trigger: ArticleAdded) -> None:
        facts.lines[trigger.article] = Line(price=trigger.price, quantity=trigger.quantity)


class ChangesModelInDict(Order):
    def put_in(self, facts: OrderFacts, trigger: ArticleAdded) -> None:
        facts.lines["tea"].quantity = trigger.quantity  # type: ignore[misc]


class ChangesModelPastItsLock(Order):
    def put_in(self, facts: OrderFacts, trigger: ArticleAdded) -> None:
        object.__setattr__(facts.lines["tea"], "quantity", 99)


class AsksByTakingOut(Order):
    def has_article(self, facts: OrderFacts, trigger: ArticleRemoved) -> bool:
        return facts.lines.pop(trigger.article, None) is not None


class AppendsToList(CiJob):
    def begin_attempt(self, facts: CiJobFacts, trigger: RunnerAssigned) -> None:
        facts.attempts.append(Attempt(runner=trigger.runner, began_at=trigger.at))


class SetsField(CiJob):
    def begin_attempt(self, facts: CiJobFacts, trigger: RunnerAssigned) -> None:
        facts.retry_at = trigger.at  # type: ignore[misc]


class AddsToSetInDict(DocumentApproval):
    def note_reviewer(self, facts: DocumentFacts, trigger: ReviewerNamed) -> None:
        facts.reviewers[trigger.department].add(trigger.reviewer)


class RemovesFromSet(DocumentApproval):
    def note_objection(self, facts: DocumentFacts, trigger: ReviewerObjected) -> None:
        facts.approvals.discard(trigger.by)


class Case(NamedTuple):
    """A faulty chart, a step in which the fault shows, and how it is blamed."""

    chart: type[Chart]
    state: str
    event: Event
    blamed: str
    place: str


TEA = ArticleAdded(article="tea", price=3, quantity=2)
RUNNER = RunnerAssigned(at=1, attempt=1, runner="r1")
LEO = ReviewerNamed(by="ada", department=Department.LEGAL, reviewer="leo")
NO = ReviewerObjected(by="lea", version=1, comment="no")
IN_PLACE = "changes what it gets: a {} in facts"
CASES = [
    Case(PutsIntoDict, "cart", TEA, "effect 'put_in'", IN_PLACE.format("dict")),
    Case(ChangesModelInDict, "cart", TEA, "effect 'put_in'", "Line.quantity cannot be set"),
    Case(ChangesModelPastItsLock, "cart", TEA, "effect 'put_in'", "facts.lines['tea'].quantity"),
    Case(
        AsksByTakingOut,
        "cart",
        ArticleRemoved(article="tea"),
        "guard 'has_article'",
        IN_PLACE.format("dict"),
    ),
    Case(AppendsToList, "queued", RUNNER, "effect 'begin_attempt'", IN_PLACE.format("list")),
    Case(SetsField, "queued", RUNNER, "effect 'begin_attempt'", "CiJobFacts.retry_at cannot"),
    Case(AddsToSetInDict, "draft", LEO, "effect 'note_reviewer'", IN_PLACE.format("set")),
    Case(RemovesFromSet, "legal", NO, "effect 'note_objection'", IN_PLACE.format("set")),
]


def facts_of(chart: type[Chart]) -> Facts:
    """New facts: a change of one test must not show in the next."""
    if issubclass(chart, Order):
        return OrderFacts(id="order-1", lines={"tea": Line(price=3, quantity=1)})
    if issubclass(chart, CiJob):
        return CiJobFacts(id="job-1")
    return DocumentFacts(
        id="plan", author="ada", reviewers={department: {"lea"} for department in Department}
    )


def in_debug_mode(case: Case) -> Any:
    return case.chart.table().checked.decide(Snapshot(case.state, facts_of(case.chart)), case.event)


def live(case: Case) -> Any:
    return case.chart.live(Snapshot(case.state, facts_of(case.chart))).send(case.event)


by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.chart.__name__)


@pytest.mark.parametrize("decide", [in_debug_mode, live])
@by_case
def test_a_step_blames_the_guard_or_effect(case: Case, decide: Callable[[Case], Any]) -> None:
    with pytest.raises(ImpureCallbackError) as caught:
        decide(case)
    assert f"the {case.blamed} " in str(caught.value)
    assert case.place in str(caught.value)


@by_case
def test_a_fuzz_test_blames_the_guard_or_effect(case: Case) -> None:
    people = st.sampled_from(["ada", "lea"])
    named = {"by": people, "reviewer": people, "version": st.just(1)}
    fields = {field for event in case.chart.alphabet for field in event.model_fields}
    values = {field: values for field, values in named.items() if field in fields}
    facts = facts_of(case.chart)
    test = machine_test(case.chart, facts=facts, values=values, against_live=False)
    found = find_counterexample(test, max_examples=200, max_events=6)
    assert found is not None
    assert found.repeatable
    assert f"ImpureCallbackError: {case.chart.table().name}: the {case.blamed} " in found.violated
    assert case.place in found.violated
    assert type(found.events[-1]) is type(case.event)
