"""relink's commands, carried out by Celery.

    celery --app celery_app worker
    celery --app celery_app beat

A command is a row of the store's outbox, and the row is the truth: whether it is done, how
often it was tried, when it is due again. A message only says "look at this row". So a message
that is lost costs nothing, one that comes twice finds nothing to do, and neither Celery's
retries nor its late acknowledgements are needed.
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
"""Seconds from one look for what is due to the next: it may be new, a retry or a reminder."""

EXPIRES = 15.0
"""Seconds after which a message is not worth taking: the sweep has sent another by then. So
they don't pile up where workers are behind. The clocks of all machines have to agree so far."""

app = Celery("shop", broker=os.environ["CELERY_BROKER_URL"])
app.conf.task_ignore_result = True
app.conf.beat_schedule = {
    "sweep": {"task": "relink.sweep", "schedule": SWEEP, "options": {"expires": EXPIRES}},
    "look after": {"task": "relink.look_after", "schedule": 60.0, "options": {"expires": 60.0}},
}
app.task(relink_setup.look_after, name="relink.look_after")


@app.task(name="relink.sweep")
def sweep() -> None:
    """Send a message for each command that is due."""
    for due in relink_setup.store().due_commands(time.time(), limit=1000):
        perform.apply_async((due.id,), expires=EXPIRES)


@app.task(name="relink.perform")
def perform(command_id: str) -> None:
    """Make one attempt at a command."""
    due = relink_setup.store().due_command(command_id)
    # Else it is over, or was put off since the message was sent.
    if due is not None and due.due_at <= time.time():
        performer().perform(due)


@app.task(name="shop.tell")
def tell(name: str, fields: dict[str, Any], command_id: str) -> None:
    """Yours: write to the customer, ask for a name, page somebody.

    It can come twice, which the id tells. Retry it as you like: relink's part is done.
    """
    logging.getLogger("shop").info("%s: %s %s", command_id, name, fields)


def notify(command: Command, command_id: str) -> None:
    """Make a task of what relink has to tell. Where the broker is away, relink calls again."""
    tell.delay(command.name, command.model_dump(mode="json"), command_id)


@cache
def performer() -> Performer:
    """One for each process, made after Celery has forked."""
    return relink_setup.performer(notify)
