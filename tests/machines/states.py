"""Accounts in each of their states, and what is believed of them."""

from typing import Any

from .reports import active, relinkable, unrepairable
from .scenario import Scenario

STATES = [
    "active",
    "inactive_relinkable",
    "inactive_unrepairable",
    "relinking",
    "relinked",
    "new_account_linked",
]
"""All states but the final one."""


def account_in(state: str) -> Scenario:
    """An account in this state."""
    s = Scenario()
    match state:
        case "active":
            s.webhook("fca_1", active())
        case "inactive_unrepairable":
            s.webhook("fca_1", unrepairable())
        case _:
            s.webhook("fca_1", relinkable())
    match state:
        case "relinking":
            s.open_session("fca_1")
        case "relinked":
            s.result(s.open_session("fca_1"), relinked="fca_1")
        case "new_account_linked":
            s.result(s.open_session("fca_1", mode="any_eligible"), {"fca_2": active()})
    assert s.account("fca_1").state == state
    return s


NOT_BELIEVED = {"read_due_since", "last_awaited", "last_reported", "planned_for", "timeline"}
"""Facts about reads, timers and times, and not about the account."""


def believed(s: Scenario) -> tuple[str, dict[str, Any]]:
    """The state of the account, and what is believed of it."""
    account = s.account("fca_1")
    return account.state, account.facts.model_dump(exclude=NOT_BELIEVED)
