"""The errors of the store.

Each is made again from its ``args``, so that it can be copied: those who wait for one transaction
each get an error of their own.
"""

from relink.engine.errors import UnreadableError

from .meaning import Meaning


class StoreError(Exception):
    """Base of every error of the store."""


class ConcurrentChangeError(StoreError):
    """Other writers changed the same machines each time the store tried."""


class StoreUnavailableError(StoreError):
    """The database could not do what was asked. Nothing was stored.

    Its text is for operators, and holds no SQL, no value and no password.

    Args:
        cause: the database's own words.
        meaning: what they mean. Its treatment says whether waiting helps.
    """

    def __init__(self, cause: str, meaning: Meaning = Meaning.LOST) -> None:
        super().__init__(cause, meaning)
        self.cause = cause
        self.meaning = meaning

    def __str__(self) -> str:
        return self.cause

    @property
    def retry_after(self) -> int | None:
        """When to try again, in seconds from now; None where an operator has to act first."""
        return self.meaning.treatment.retry_after

    @property
    def advice(self) -> str:
        """What is wrong and what to do about it, for operators, in one line."""
        treatment = self.meaning.treatment
        return f"{treatment.sentence} {treatment.cure} The database's own message: {self}"


class StoreDefectError(StoreError):
    """The database refuses a statement of relink, or a value: a defect in relink.

    Its text holds the code of the error, and no value.
    """


class DatabaseFileError(StoreUnavailableError):
    """SQLite's file is not the one that was opened, or cannot be opened as it is.

    The text names the file without its folder, so anyone may read it. It says by itself what is
    wrong and what to do, since both differ from file to file.

    Args:
        fault: what is wrong with the file.
        cure: what to do.
        meaning: GONE for a file that was open, MISCONFIGURED for one that cannot be used as it is.
    """

    def __init__(self, fault: str, cure: str, meaning: Meaning = Meaning.MISCONFIGURED) -> None:
        super().__init__(f"{fault}. {cure}", meaning)
        self.args = (fault, cure, meaning)
        self.fault = fault
        self.cure = cure

    @property
    def advice(self) -> str:
        """The text alone."""
        return str(self)


class SchemaError(StoreError):
    """The database's schema does not fit this release.

    Args:
        fault: what is wrong with it.
        cure: what to do.
    """

    def __init__(self, fault: str, cure: str) -> None:
        super().__init__(fault, cure)
        self.fault = fault
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.fault}. {self.cure}"


class SchemaBehindError(SchemaError):
    """The schema is missing, or of an older release. ``relink migrate`` brings it up to date."""


class SchemaAheadError(SchemaError):
    """The schema is of a newer release. Upgrade relink, or restore the database."""


class ForeignSchemaError(SchemaError):
    """The tables there belong to another application. Give relink a place of its own."""


class UnreadableRecordError(StoreError, UnreadableError):
    """This release can't read a stored record: its name is unknown, or its fields don't fit."""


class RemovedCommandError(StoreError):
    """A stored command that this release removed: nobody performs it any more."""


class UnstorableError(StoreError, ValueError):
    """A value does not fit any store: an id is too long, say. The text names the field."""
