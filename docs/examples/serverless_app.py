"""relink in functions that start on demand: one for Stripe's webhooks, one on a schedule.

Nothing runs between two calls. Each loads machines, decides, saves, and then performs what is due
for a while. What is not done stays due for the next call. Let the schedule call ``on_schedule``
every minute: retries and reminders are as exact as that. Run ``relink migrate`` when you deploy.
Use PostgreSQL: functions run on many machines at once.
"""

import base64
import logging
import time
from typing import Any

from relink_answers import EXPECTED, error_answer
from relink_setup import maintain, performer, service, store

from relink.engine import Command

SECONDS = 20.0
"""How long one call may perform commands. A request to Stripe takes up to 25 seconds more: let the
function's own limit be 60."""


def on_webhook(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer a webhook of Stripe, as an HTTP gateway hands it over."""
    headers = {name.lower(): value for name, value in event["headers"].items()}
    body = event["body"]
    payload = base64.b64decode(body) if event.get("isBase64Encoded") else body
    try:
        outcome = service().handle_webhook(payload, headers.get("stripe-signature", ""))
    except EXPECTED as error:
        answer, status, more = error_answer(error)
        return {"statusCode": status, "headers": more, "body": answer["error"]}
    # Stored: whatever happens from here on, the commands are done by this call or by another.
    perform_due()
    return {"statusCode": 200, "headers": {}, "body": outcome}


def on_schedule(event: object, context: object) -> int:
    """Perform what is due, and look for what was missed. Returns the number of attempts."""
    maintain()
    return perform_due()


def perform_due() -> int:
    """Perform due commands until none is left, or the time is over."""
    worker, attempts, until = performer(notify), 0, time.monotonic() + SECONDS
    while time.monotonic() < until and (found := store().due_commands(time.time(), limit=1)):
        worker.perform(found[0])
        attempts += 1
    return attempts


def notify(command: Command, command_id: str) -> None:
    """Replace this: write to the customer, ask for a name or alert someone, by ``command.name``.

    Two calls can perform the same command at once, so it can be called twice with the same id.
    """
    logging.getLogger("shop").info("%s: %r", command_id, command)
