"""The approval of a document: first by the legal department, then by finance.

States
    ``draft``       The author writes. Machines begin here.
    ``review``      Reviewers read one version of it:
    ``legal``           those of the legal department, then
    ``finance``         those of finance.
    ``approved``    Both departments are done with it.
    ``rejected``    A reviewer has rejected it. The author may revise it.
    ``withdrawn``   The author has taken it back.

What moves it: the author and the reviewers. A department is done when enough of its reviewers
approve and none of them objects. A reviewer can change their mind until then: an approval takes
back an objection, and the reverse. A revision is a new version, for which no earlier approval or
objection counts. Authors do not review what they write.
"""

from enum import StrEnum

from pydantic import Field
from statemachine import State

from relink.engine import Assign, Chart, Command, Event, Facts, ignored, stays


class Department(StrEnum):
    """Who reviews documents."""

    LEGAL = "legal"
    FINANCE = "finance"


# ── events ───────────────────────────────────────────────────────────────────


class PersonActed(Event):
    """Base of all events: a person did something."""

    by: str


class DocumentSubmitted(PersonActed):
    """The author asks for a review."""


class DocumentRevised(PersonActed):
    """The author changes the document after a review has begun."""


class DocumentWithdrawn(PersonActed):
    """The author takes the document back."""


class ReviewerNamed(PersonActed):
    """The author names one more reviewer."""

    department: Department
    reviewer: str


class ReviewerApproved(PersonActed):
    """A reviewer approves a version."""

    version: int = Field(ge=1)


class ReviewerObjected(PersonActed):
    """A reviewer wants something changed in a version."""

    version: int = Field(ge=1)
    comment: str


class ReviewerRejected(PersonActed):
    """A reviewer rejects the document, whatever may be changed in it."""

    version: int = Field(ge=1)


Verdict = ReviewerApproved | ReviewerObjected | ReviewerRejected

# ── commands ─────────────────────────────────────────────────────────────────


class AskReviewer(Command):
    """Ask a reviewer to read a version."""

    document: str
    version: int
    reviewer: str


class TellAuthor(Command):
    """Show the author what a reviewer objects to."""

    document: str
    version: int
    reviewer: str
    comment: str


class Publish(Command):
    """Publish a version."""

    document: str
    version: int


# ── facts ────────────────────────────────────────────────────────────────────


class DocumentFacts(Facts):
    """What a document remembers."""

    id: str
    author: str
    reviewers: dict[Department, set[str]]
    quorum: int = Field(default=1, ge=1)
    """How many approvals each department needs."""
    version: int = 1
    approvals: set[str] = set()
    """Who approves this version, in the department that reads it."""
    objections: dict[str, str] = {}
    """Comments by who objects to this version, in the department that reads it."""

    def readers(self, department: Department) -> set[str]:
        """The reviewers of a department, without the author."""
        return self.reviewers.get(department, set()) - {self.author}


# ── the chart ────────────────────────────────────────────────────────────────


class DocumentApproval(Chart):
    """One document, through all of its versions."""

    facts_type = DocumentFacts
    alphabet = (
        DocumentSubmitted,
        DocumentRevised,
        DocumentWithdrawn,
        ReviewerNamed,
        ReviewerApproved,
        ReviewerObjected,
        ReviewerRejected,
    )

    draft = State(initial=True)

    class review(State.Compound):  # noqa: N801
        """Reviewers read it."""

        legal = State(initial=True)
        finance = State()

    approved = State(final=True)
    rejected = State()
    withdrawn = State(final=True)

    # ── the author ───────────────────────────────────────────────────────────
    draft.to(review, event="document_submitted", cond="is_author")
    draft.from_(review, rejected, event="document_revised", cond="is_author", on="begin_version")
    withdrawn.from_(draft, review, rejected, event="document_withdrawn", cond="is_author")

    stays(draft, event="reviewer_named", cond="is_author", on="note_reviewer")
    stays(
        review.legal,
        event="reviewer_named",
        cond="is_author and is_for_legal",
        on=["note_reviewer", "ask_reviewer"],
    )
    stays(review.legal, event="reviewer_named", cond="is_author", on="note_reviewer")
    stays(
        review.finance,
        event="reviewer_named",
        cond="is_author and not is_for_legal",
        on=["note_reviewer", "ask_reviewer"],
    )

    # ── the reviewers ────────────────────────────────────────────────────────
    review.legal.to(
        review.finance,
        event="reviewer_approved",
        cond="is_this_version and is_of_legal and is_enough and is_undisputed",
        on="begin_department",
    )
    review.finance.to(
        approved,
        event="reviewer_approved",
        cond="is_this_version and is_of_finance and is_enough and is_undisputed",
        on=["note_approval", "publish"],
    )
    stays(
        review.legal,
        event="reviewer_approved",
        cond="is_this_version and is_of_legal",
        on="note_approval",
    )
    stays(
        review.finance,
        event="reviewer_approved",
        cond="is_this_version and is_of_finance",
        on="note_approval",
    )
    stays(
        review.legal,
        event="reviewer_objected",
        cond="is_this_version and is_of_legal",
        on=["note_objection", "tell_author"],
    )
    stays(
        review.finance,
        event="reviewer_objected",
        cond="is_this_version and is_of_finance",
        on=["note_objection", "tell_author"],
    )
    rejected.from_(review, event="reviewer_rejected", cond="is_this_version and is_reviewer")

    verdicts = (ReviewerApproved, ReviewerObjected, ReviewerRejected)
    decided = (
        ignored((approved, withdrawn), alphabet, because="The document is settled."),
        ignored(draft, DocumentRevised, because="No review has begun: it is the same version."),
        ignored(
            (review, rejected), DocumentSubmitted, because="It was submitted; revise it first."
        ),
        ignored(rejected, ReviewerNamed, because="No review is going on; revise it first."),
        ignored(
            review.finance,
            ReviewerNamed,
            when="is_author",
            because="The legal department is done.",
        ),
        ignored(
            (draft, review, rejected),
            (DocumentSubmitted, DocumentRevised, DocumentWithdrawn, ReviewerNamed),
            because="Only the author may do that.",
            anomaly=True,
        ),
        ignored((draft, rejected), verdicts, because="No review is going on."),
        ignored(review, verdicts, when="not is_this_version", because="There is a newer version."),
        ignored(review, verdicts, because="The department of this person does not read now."),
    )

    # ── guards ───────────────────────────────────────────────────────────────

    def is_author(
        self,
        facts: DocumentFacts,
        trigger: DocumentSubmitted | DocumentRevised | DocumentWithdrawn | ReviewerNamed,
    ) -> bool:
        """The author did it."""
        return trigger.by == facts.author

    def is_for_legal(self, facts: DocumentFacts, trigger: ReviewerNamed) -> bool:
        """The new reviewer is of the legal department."""
        return trigger.department is Department.LEGAL

    def is_this_version(self, facts: DocumentFacts, trigger: Verdict) -> bool:
        """The reviewer has read the current version."""
        return trigger.version == facts.version

    def is_of_legal(
        self, facts: DocumentFacts, trigger: ReviewerApproved | ReviewerObjected
    ) -> bool:
        """The reviewer is of the legal department."""
        return trigger.by in facts.readers(Department.LEGAL)

    def is_of_finance(
        self, facts: DocumentFacts, trigger: ReviewerApproved | ReviewerObjected
    ) -> bool:
        """The reviewer is of finance."""
        return trigger.by in facts.readers(Department.FINANCE)

    def is_reviewer(self, facts: DocumentFacts, trigger: ReviewerRejected) -> bool:
        """The reviewer is of either department."""
        return any(trigger.by in facts.readers(department) for department in Department)

    def is_enough(self, facts: DocumentFacts, trigger: ReviewerApproved) -> bool:
        """With this approval the department has as many as it needs."""
        return len(facts.approvals | {trigger.by}) >= facts.quorum

    def is_undisputed(self, facts: DocumentFacts, trigger: ReviewerApproved) -> bool:
        """Nobody else objects."""
        return not facts.objections.keys() - {trigger.by}

    # ── effects ──────────────────────────────────────────────────────────────

    def on_enter_legal(self, facts: DocumentFacts, trigger: Event) -> list[Command]:
        """Ask the reviewers of the legal department."""
        return _ask_all(facts, Department.LEGAL)

    def on_enter_finance(self, facts: DocumentFacts, trigger: Event) -> list[Command]:
        """Ask the reviewers of finance."""
        return _ask_all(facts, Department.FINANCE)

    def begin_version(self, facts: DocumentFacts, trigger: DocumentRevised) -> Assign:
        """Nothing that was said of an earlier version counts."""
        return Assign(version=facts.version + 1, approvals=set(), objections={})

    def begin_department(self, facts: DocumentFacts, trigger: ReviewerApproved) -> Assign:
        """The next department starts with no approval and no objection."""
        return Assign(approvals=set(), objections={})

    def note_reviewer(self, facts: DocumentFacts, trigger: ReviewerNamed) -> Assign:
        """Remember the reviewer."""
        those = facts.reviewers.get(trigger.department, set()) | {trigger.reviewer}
        return Assign(reviewers={**facts.reviewers, trigger.department: those})

    def ask_reviewer(self, facts: DocumentFacts, trigger: ReviewerNamed) -> Command | None:
        """The department is reading already."""
        if trigger.reviewer == facts.author:
            return None
        return AskReviewer(document=facts.id, version=facts.version, reviewer=trigger.reviewer)

    def note_approval(self, facts: DocumentFacts, trigger: ReviewerApproved) -> Assign:
        """Remember the approval, which takes back an objection."""
        others = {who: why for who, why in facts.objections.items() if who != trigger.by}
        return Assign(approvals=facts.approvals | {trigger.by}, objections=others)

    def note_objection(self, facts: DocumentFacts, trigger: ReviewerObjected) -> Assign:
        """Remember the objection, which takes back an approval."""
        return Assign(
            approvals=facts.approvals - {trigger.by},
            objections={**facts.objections, trigger.by: trigger.comment},
        )

    def tell_author(self, facts: DocumentFacts, trigger: ReviewerObjected) -> Command:
        """The author can revise the document, or talk to the reviewer."""
        return TellAuthor(
            document=facts.id,
            version=facts.version,
            reviewer=trigger.by,
            comment=trigger.comment,
        )

    def publish(self, facts: DocumentFacts, trigger: ReviewerApproved) -> Command:
        """Everybody may read it now."""
        return Publish(document=facts.id, version=facts.version)


def _ask_all(facts: DocumentFacts, department: Department) -> list[Command]:
    """In the order of their names: sets have none."""
    return [
        AskReviewer(document=facts.id, version=facts.version, reviewer=reviewer)
        for reviewer in sorted(facts.readers(department))
    ]
