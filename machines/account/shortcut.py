"""The shortcut: most reports repeat what is known, and then nobody has to be told anything."""

from typing import Any

from .eligibility import mandates_missing
from .facts import AccountFacts
from .needs import relink_reasons

REVIEWED_ON = frozenset(
    (
        "reported_status",
        "repairable",
        "action",
        "cause",
        "authorization",
        "holder",
        "deactivates_on",
        "deactivation_action",
    )
)
"""The facts on which a review depends, beside times."""


def changes_nothing_for_others(facts: AccountFacts, changes: dict[str, Any]) -> bool:
    """Whether a report leaves everything as it was that a review looks at.

    Args:
        facts: before the report.
        changes: by the report.
    """
    if not facts.works or not changes.keys().isdisjoint(REVIEWED_ON):
        return False
    if facts.pending_checks or facts.build_for is not None or facts.last_reported is not None:
        return False
    # Every report may show that a replaced account has come back (S6).
    if facts.replaced_by is not None:
        return False
    # What could not be charged for another reason may need a mandate now (N3).
    if facts.payment_methods:
        missing = mandates_missing(facts.after(changes))
        if not missing.keys() <= facts.mandates_requested:
            return False
    # An announcement lapses with an active report after its day, even if nothing else changes.
    return not relink_reasons(facts) and not facts.login_announced
