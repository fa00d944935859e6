"""The errors of tables of your own, in words that may be logged.

The texts of drivers can repeat values, and those of libraries repeat whole statements. So a text is
shown only where the error of the driver is found, and the driver is one that :mod:`.meaning` knows.
"""

from .errors import StoreDefectError, StoreError, StoreUnavailableError
from .meaning import Meaning, is_missing_table, meaning_of
from .translation import words

MIGRATE = "A table or a column is missing: did you run your migrations?"


class OwnDatabaseError(StoreUnavailableError):
    """Your database could not do what was asked. The text says what to do where that is known."""

    @property
    def advice(self) -> str:
        """What is wrong, for operators, in one line."""
        return f"{self.meaning.treatment.sentence} {self}"


def of_your_database(error: BaseException) -> StoreError:
    """A failure of your tables as the store's error.

    Args:
        error: what your library or its driver raised.
    """
    raised = driver_error(error)
    meaning = meaning_of(raised)
    if meaning is Meaning.DEFECT:
        return StoreDefectError(f"your database refuses a statement: {words(raised, meaning)}")
    return OwnDatabaseError(f"your database: {described(error)}", meaning or Meaning.LOST)


def described(error: BaseException) -> str:
    """An error without values or passwords, and what to do about it where that is known.

    Args:
        error: what your library or its driver raised.
    """
    raised = driver_error(error)
    meaning = meaning_of(raised)
    if meaning is None:
        code = raised.args[0] if raised.args and isinstance(raised.args[0], int) else None
        return type(error).__name__ + (f" ({code})" if code is not None else "")
    text = words(raised, meaning)
    return f"{text}. {MIGRATE}" if is_missing_table(raised) else text


def driver_error(error: BaseException) -> BaseException:
    """The error of a driver that is known; without one, the error itself."""
    # SQLAlchemy keeps the driver's error as `orig`, Django as the cause.
    for raised in (getattr(error, "orig", None), error.__cause__):
        if isinstance(raised, BaseException) and meaning_of(raised):
            return raised
    return error
