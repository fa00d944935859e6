"""Everything that can happen within bounds: every property holds in all of it.

The scopes that take minutes are checked by ``relink check``; here are the quick ones.
"""

import random

import pytest

from relink.adapters.checker import (
    ONE_ACCOUNT,
    QUICK,
    THREE_ACCOUNTS,
    TWO_ACCOUNTS,
    Bounds,
    check,
    sentences,
)
from relink.adapters.checker.model import CheckedModel
from relink.adapters.checker.truth import Link
from relink.engine.explore import explore as explore_model
from relink.engine.explore import sometimes, story, stray_move
from relink.machines import relink_system

from ..profile import FULL, PROFILE

EVERY = (*ONE_ACCOUNT, *TWO_ACCOUNTS, *THREE_ACCOUNTS, *QUICK)
CHECKED = QUICK if PROFILE is FULL else QUICK[:4]


@pytest.mark.parametrize("bounds", CHECKED, ids=lambda bounds: bounds.name)
def test_every_property_holds_in_every_history(bounds: Bounds) -> None:
    found = check(relink_system(), bounds)
    assert found.is_complete
    assert not found.violations, "\n".join(story(found.violations[0]))


def test_the_rules_that_matter_most_are_among_the_properties() -> None:
    rules = {
        rule.strip()
        for sentence in sentences()
        for rule in sentence.partition("(")[2].partition(")")[0].split(",")
    }
    assert {"K1", "K9", "R4", "S6", "P1", "P2", "C1", "C4"} <= rules
    assert len(sentences()) >= 20
    names = [sentence.partition(" ")[0] for sentence in sentences()]
    assert len(set(names)) == len(names)


def test_every_scope_has_a_name_of_its_own() -> None:
    assert len({bounds.name for bounds in EVERY}) == len(EVERY)


def test_the_model_reaches_whatever_can_be_true_at_stripe() -> None:
    """Proofs about what never happens would prove nothing."""
    model = CheckedModel(relink_system(), Bounds(name="links", kinds=("stops",), changes=1))
    links = [
        sometimes(lambda state, link=link: state.environment.accounts[0][1].link is link, name=link)
        for link in Link
    ]
    assert not explore_model(model, links).violations


def test_runs_with_the_accounts_in_other_places_stay_within_what_was_explored() -> None:
    """Soundness of the symmetry: a real run never leaves the graph."""
    bounds = Bounds(name="two", accounts=2, kinds=("expires", "service"), changes=2, faults=0)
    found = check(relink_system(), bounds)
    assert found.is_complete
    assert stray_move(found, random.Random(0).randrange, runs=20, length=30) is None
