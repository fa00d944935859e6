"""relink's commands, performed by Celery.

    celery --app celery_app worker
    celery --app celery_app beat

A command is a row of the store's outbox. The row is the truth: whether the command is done, how
often it was tried, when it is due again. A message only says "look at this row". So a lost message
costs nothing, a repeated one finds nothing to do, and Celery's retries and late acknowledgements
are not needed.
"""

import logging
import os
import time
from functools import cache
from typing import Any

import relink_setup
from celery import Celery

from relink.adapters.runner import Performer
from relink.engine import Command

SWEEP = 2.0
"""Seconds between two looks for due commands: new ones, retries and reminders."""

EXPIRES = 15.0
"""Seconds after which a message expires, because the sweep has sent another one. So messages do
not pile up when workers are behind. The clocks of all machines must agree to within this time."""

app = Celery("shop", broker=os.environ["CELERY_BROKER_URL"])
app.conf.task_ignore_result = True
app.conf.beat_schedule = {
    "sweep": {"task": "relink.sweep", "schedule": SWEEP, "options": {"expires": EXPIRES}},
    "maintain": {"task": "relink.maintain", "schedule": 60.0, "options": {"expires": 60.0}},
}
app.task(name="relink.maintain")(relink_setup.maintain)


@app.task(name="relink.sweep")
def sweep() -> None:
    """Send a message for each command that is due."""
    for due in relink_setup.store().due_commands(time.time(), limit=1000):
        perform.apply_async((due.id,), expires=EXPIRES)


@app.task(name="relink.perform")
def perform(command_id: str) -> None:
    """Make one attempt at a command."""
    due = relink_setup.store().due_command(command_id)
    # Otherwise it is done, or was postponed after the message was sent.
    if due is not None and due.due_at <= time.time():
        performer().perform(due)


@app.task(name="shop.notify")
def handle(name: str, fields: dict[str, Any], command_id: str) -> None:
    """Replace this: write to the customer, ask for a name, or alert someone.

    It can run twice with the same id. Retry it as you like: relink's part is done.
    """
    logging.getLogger("shop").info("%s: %s %s", command_id, name, fields)


def notify(command: Command, command_id: str) -> None:
    """Make a task of a notification. If the broker is away, relink calls this again."""
    handle.delay(command.name, command.model_dump(mode="json"), command_id)


@cache
def performer() -> Performer:
    """One per process, created after Celery has forked."""
    return relink_setup.performer(notify)
