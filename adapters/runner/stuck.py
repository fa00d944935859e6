"""What a due command can be stuck on, and what an operator does about it.

A stuck command stays due, and is tried again at long intervals, until the cause is mended.
"""

from collections.abc import Mapping

from relink.adapters.gateway import Fault

RETRY_BUDGET_SPENT = "no_success_in_time"
"""What a command is stuck on that keeps failing when its retry budget is spent."""

UNEXPECTED = "unexpected_error"
"""What a command is stuck on where the code fails, here or in a gateway."""

CURES: Mapping[str, str] = {
    **{fault.value: f"{fault.cure[:1].upper()}{fault.cure[1:]}" for fault in Fault},
    RETRY_BUDGET_SPENT: "It failed temporarily until its retry budget was spent. Check who does "
    "not answer: Stripe, or RELINK_NOTIFY_URL",
    UNEXPECTED: "The code failed. The log has the error; report it, since it is a defect of relink",
}
"""Each code, with what it says and what to do. A gateway of your own may add others."""
