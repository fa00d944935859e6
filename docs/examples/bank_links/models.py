"""The tables: machines, their journal, and the commands that wait to be carried out."""

from django.db import models


class Row(models.Model):
    """Base of the tables. It adds no columns."""

    class Meta:
        abstract = True


def name() -> "models.CharField[str]":
    """A column for a name of relink's: of a machine, a state, an event."""
    return models.CharField(max_length=64)


def id_(*, primary_key: bool = False) -> "models.CharField[str]":
    """A column for an id: of Stripe's, or one that relink makes."""
    return models.CharField(max_length=255, primary_key=primary_key)


def id_or_null(*, db_index: bool = False) -> "models.CharField[str | None]":
    """A column for an id, or null."""
    return models.CharField(max_length=255, null=True, db_index=db_index)


class Inbox(Row):
    """Each message that arrived, once."""

    id = id_(primary_key=True)
    type = id_()
    created = models.BigIntegerField()
    received_at = models.FloatField(db_index=True)
    connected_account = id_or_null()


class Snapshot(Row):
    """Each machine as it is now."""

    machine = name()
    key = id_()
    state = name()
    version = models.IntegerField()
    facts = models.TextField()
    connected_account = id_or_null()

    class Meta(Row.Meta):
        constraints = [models.UniqueConstraint(fields=["machine", "key"], name="one_machine")]


class Account(Row):
    """What accounts are searched by."""

    id = id_(primary_key=True)
    state = name()
    holder = id_or_null(db_index=True)
    authorization = id_or_null(db_index=True)
    institution = id_or_null()


class Journal(Row):
    """Each decision, in order. Rows are added, and never changed."""

    seq = models.BigAutoField(primary_key=True)
    machine = name()
    key = id_()
    version = models.IntegerField()
    causation_id = id_()
    at = models.FloatField()
    event = name()
    fields = models.TextField()
    outcome = name()
    from_state = name()
    to_state = name()
    transition = models.TextField(null=True)
    guards = models.TextField()
    chart = name()
    reason = models.TextField(null=True)
    anomaly = models.BooleanField()
    changes = models.TextField()
    commands = models.TextField()

    class Meta(Row.Meta):
        constraints = [
            models.UniqueConstraint(fields=["machine", "key", "version"], name="one_decision")
        ]


class Checkpoint(Row):
    """Each machine as it was when the deleted part of its journal ended."""

    machine = name()
    key = id_()
    state = name()
    version = models.IntegerField()
    facts = models.TextField()

    class Meta(Row.Meta):
        constraints = [models.UniqueConstraint(fields=["machine", "key"], name="one_checkpoint")]


class Outbox(Row):
    """Each command that is carried out later, and how far it is."""

    id = id_(primary_key=True)
    command = name()
    party = name()
    fields = models.TextField()
    causation_id = id_()
    connected_account = id_or_null()
    status = name()
    attempts = models.IntegerField()
    due_at = models.FloatField()
    created_at = models.FloatField()
    retried_for = models.FloatField()
    generation = models.IntegerField()
    finished_at = models.FloatField(null=True)
    error = models.TextField(null=True)
    stuck_on = id_or_null()

    class Meta(Row.Meta):
        indexes = [models.Index(fields=["status", "due_at"], name="due_commands")]


class Cursor(Row):
    """How far the sweeps over all accounts have got."""

    name = models.CharField(max_length=64, primary_key=True)
    value = models.TextField()
