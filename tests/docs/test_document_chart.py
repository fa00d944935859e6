"""The example of a document: what must hold of it, and that fuzzing finds a fault in it."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from relink.engine import Assign, Decision
from relink.engine.fuzz import LeafCoverage, MachineTest, machine_test

from ..own_tables import examples_on_path
from ..profile import examples
from .charts import assert_every_leaf_is_reached, counterexample

with examples_on_path():
    from charts.document_approval import (
        AskReviewer,
        Department,
        DocumentApproval,
        DocumentFacts,
        DocumentRevised,
        DocumentSubmitted,
        Publish,
        ReviewerApproved,
        ReviewerObjected,
    )

FACTS = DocumentFacts(
    id="plan",
    author="ada",
    reviewers={Department.LEGAL: {"lea", "leo"}, Department.FINANCE: {"fay", "leo"}},
)
PEOPLE = st.sampled_from(["ada", "fay", "lea", "leo"])
VERDICTS = st.sampled_from([ReviewerApproved, ReviewerObjected])
VALUES = {"by": PEOPLE, "reviewer": PEOPLE, "version": st.integers(1, 2)}

# ── what must hold ───────────────────────────────────────────────────────────


def passes_nothing_over_an_objection(decision: Decision) -> str | None:
    is_passed = isinstance(decision.trigger, ReviewerApproved) and decision.outcome == "moved"
    others = decision.before.facts.objections.keys() - {decision.trigger.by}
    return f"{', '.join(sorted(others))} objects" if is_passed and others else None


def passes_nothing_without_its_reviewers(decision: Decision) -> str | None:
    facts, trigger = decision.before.facts, decision.trigger
    if not isinstance(trigger, ReviewerApproved) or decision.outcome != "moved":
        return None
    approving = facts.approvals | {trigger.by}
    others = approving - facts.readers(Department(decision.before.state))
    if others or len(approving) < facts.quorum:
        return f"{', '.join(sorted(approving))} approve"
    return None


def counts_nobody_twice(decision: Decision) -> str | None:
    both = decision.facts.approvals & decision.facts.objections.keys()
    return f"{', '.join(sorted(both))} approves and objects" if both else None


def counts_nothing_of_an_earlier_version(decision: Decision) -> str | None:
    facts = decision.facts
    is_stale = decision.state == "draft" and (facts.approvals or facts.objections)
    return "the draft has approvals or objections" if is_stale else None


def asks_each_reviewer_who_reads(decision: Decision) -> str | None:
    begins = decision.outcome == "moved" and decision.state in ("legal", "finance")
    asked = {c.reviewer for c in decision.commands if isinstance(c, AskReviewer)}
    if begins and asked != decision.facts.readers(Department(decision.state)):
        return f"asked {', '.join(sorted(asked)) or 'nobody'}"
    return None


def asks_no_author(decision: Decision) -> str | None:
    asked = [c.reviewer for c in decision.commands if isinstance(c, AskReviewer)]
    return "the author was asked" if decision.facts.author in asked else None


def publishes_what_is_approved(decision: Decision) -> str | None:
    published = [c.version for c in decision.commands if isinstance(c, Publish)]
    is_approval = decision.outcome == "moved" and decision.state == "approved"
    expected = [decision.facts.version] if is_approval else []
    return None if published == expected else f"published {published} instead of {expected}"


INVARIANTS = (
    passes_nothing_over_an_objection,
    passes_nothing_without_its_reviewers,
    counts_nobody_twice,
    counts_nothing_of_an_earlier_version,
    asks_each_reviewer_who_reads,
    asks_no_author,
    publishes_what_is_approved,
)


def document_test(
    chart: type[DocumentApproval], *, live: bool = False, coverage: LeafCoverage | None = None
) -> type[MachineTest]:
    """Random events, an author who submits the document, and reviewers who read it."""
    base = machine_test(
        chart,
        invariants=INVARIANTS,
        facts=st.sampled_from([FACTS, DocumentFacts(**{**dict(FACTS), "quorum": 2})]),
        values=VALUES,
        against_live=live,
        coverage=coverage,
    )

    class DocumentTest(base):  # type: ignore[misc, valid-type]
        @precondition(lambda self: self.snapshot.state == "draft")
        @rule()
        def submit(self) -> None:
            self.send(DocumentSubmitted(by="ada"))

        @precondition(lambda self: self.snapshot.state == "legal")
        @rule()
        def pass_legal(self) -> None:
            for reviewer in ("lea", "leo"):
                version = self.snapshot.facts.version
                self.send(ReviewerApproved(by=reviewer, version=version))

        @precondition(lambda self: self.snapshot.state in ("legal", "finance"))
        @rule(kind=VERDICTS, by=PEOPLE)
        def judge_this_version(self, kind: type[ReviewerApproved], by: str) -> None:
            comment = {"comment": "no"} if kind is ReviewerObjected else {}
            self.send(kind(by=by, version=self.snapshot.facts.version, **comment))

    return DocumentTest


TestDocument = document_test(DocumentApproval, live=True).TestCase
TestDocument.settings = settings(max_examples=examples(100))


def test_random_events_reach_every_leaf() -> None:
    assert_every_leaf_is_reached(DocumentApproval, document_test)


# ── faults ───────────────────────────────────────────────────────────────────


class HearsNoObjection(DocumentApproval):
    """A department is done with enough approvals, whoever objects."""

    def is_undisputed(self, facts: DocumentFacts, trigger: ReviewerApproved) -> bool:
        return True


class CountsForGood(DocumentApproval):
    """An approval of an earlier version counts for the next one."""

    def begin_version(self, facts: DocumentFacts, trigger: DocumentRevised) -> Assign:
        return Assign(version=facts.version + 1, objections={})


SUBMITTED = ["document_submitted"]


@pytest.mark.parametrize(
    ("chart", "violated", "steps"),
    [
        (
            HearsNoObjection,
            "passes_nothing_over_an_objection",
            [*SUBMITTED, "reviewer_objected", "reviewer_approved"],
        ),
        (
            CountsForGood,
            "counts_nothing_of_an_earlier_version",
            [*SUBMITTED, "reviewer_approved", "document_revised"],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_fault_is_found_with_the_steps_that_lead_to_it(
    chart: type[DocumentApproval], violated: str, steps: list[str]
) -> None:
    found = counterexample(document_test(chart))
    assert found.violated.startswith(f"{violated}: ")
    assert [found.events[0].name, *(event.name for event in found.events[-2:])] == steps
