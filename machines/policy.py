"""The service's choices: how often to ask the customer, and how long to wait.

Everything here is a choice; what Stripe requires is not here but in the charts.
The policy travels inside each event, so that a journal replays under the policy
that was in force when it was written.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from .vocabulary import Permission

DAY = 24 * 60 * 60
"""Seconds."""

LONGEST = 10 * 365 * DAY
"""The longest time of a policy, in seconds: every clock and database can add it to a date."""

Seconds = Annotated[int, Field(ge=1, le=LONGEST)]


class RelinkPolicy(BaseModel):
    """Validated on creation; the defaults suit a service that bills once a month."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=3, ge=1, le=1_000_000)
    """Unsuccessful sessions of one account in one outage before the customer is asked for
    another way to pay instead (R4)."""

    reminders: Annotated[tuple[Seconds, ...], Field(max_length=100)] = (2 * DAY, 7 * DAY)
    """When to remind, in seconds after the first prompt, ascending (P1)."""

    remind_after_denial: bool = False
    """Whether to remind customers who revoked access at their bank (P2)."""

    session_open_for: Seconds = DAY
    """How long a session may stay open, in seconds, before it counts as abandoned (R2)."""

    announcement_lead: Seconds = 7 * DAY
    """How long before an announced deactivation, or the expiry of a number, the customer is
    prompted, in seconds (P3)."""

    prompt_gap: Annotated[int, Field(ge=0, le=LONGEST)] = DAY
    """How long to wait between two prompts for one authorization, in seconds; 0 is not at all
    (P1)."""

    permissions: Annotated[tuple[Permission, ...], Field(max_length=10)] = ("payment_method",)
    """Asked for where no report named the account's own; ``payment_method`` always is (R7)."""

    subcategories: Annotated[
        tuple[Literal["checking", "savings"], ...], Field(min_length=1, max_length=2)
    ] = ("checking", "savings")
    """What the customer may pick in a session for any eligible account."""

    @field_validator("reminders")
    @classmethod
    def _ascend(cls, reminders: tuple[int, ...]) -> tuple[int, ...]:
        # A field validator: a model validator would run again for each event with a policy.
        if list(reminders) != sorted(set(reminders)):
            raise ValueError(f"reminders must ascend without repeats, got {reminders}")
        return reminders


DEFAULT_POLICY = RelinkPolicy()
