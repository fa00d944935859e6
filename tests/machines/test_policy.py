"""A policy is validated when it is created, and its errors say what is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from relink.machines import RelinkPolicy

from .reports import DAY


def test_the_defaults_are_valid() -> None:
    policy = RelinkPolicy()
    assert (policy.attempts, policy.reminders, policy.session_open_for) == (
        3,
        (2 * DAY, 7 * DAY),
        DAY,
    )
    assert policy.prompt_gap == DAY
    assert RelinkPolicy(attempts=1_000_000).attempts == 1_000_000


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        ({"attempts": 0}, "attempts\n.*greater than or equal to 1"),
        ({"attempts": 1_000_001}, "attempts\n.*less than or equal to 1000000"),
        ({"reminders": (7 * DAY, 2 * DAY)}, "reminders must ascend without repeats"),
        ({"reminders": (DAY, DAY)}, "reminders must ascend without repeats"),
        ({"reminders": (0,)}, "reminders.0\n.*greater than or equal to 1"),
        ({"session_open_for": 0}, "session_open_for\n.*greater than or equal to 1"),
        ({"announcement_lead": -1}, "announcement_lead\n.*greater than or equal to 1"),
        ({"prompt_gap": -1}, "prompt_gap\n.*greater than or equal to 0"),
        ({"number_notice": DAY}, "number_notice\n.*not permitted"),
        ({"permissions": ("everything",)}, "permissions.0\n.*'balances', 'ownership'"),
        ({"subcategories": ()}, "subcategories\n.*at least 1 item"),
        ({"subcategories": ("credit_card",)}, "subcategories.0\n.*'checking' or 'savings'"),
        ({"reminder": (DAY,)}, "reminder\n.*not permitted"),
    ],
)
def test_an_invalid_policy_is_refused_and_the_error_names_the_field(
    choice: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        RelinkPolicy(**choice)


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        RelinkPolicy().attempts = 5  # type: ignore[misc]
