"""What any store can hold. A value beyond these limits is refused at the border, by every store.

PostgreSQL has limits that SQLite and memory lack. Without this module, a message could be applied
on one and fail for ever on the other. The limits are those of the schema.
"""

import re
from collections.abc import Iterable

from relink.engine import Address

from .errors import UnstorableError

LONGEST_ID = 255
"""Characters of an id: of a message, a machine, a command, a connected account."""

LARGEST_INTEGER = 2**63 - 1

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def require_ids(what: str, ids: Iterable[str | None]) -> None:
    """Check ids.

    Args:
        what: they are of, for the error.
        ids: each; None where there is none.

    Raises:
        UnstorableError: one is empty, too long, or contains what no database stores as text. The
            error does not repeat it.
    """
    for id in ids:
        if id is None:
            continue
        if not 0 < len(id) <= LONGEST_ID:
            raise UnstorableError(
                f"the id of {what} must have 1 to {LONGEST_ID} characters, got {len(id)}"
            )
        if _NOT_STORABLE.search(id):
            raise UnstorableError(f"the id of {what} contains NUL or a lone surrogate")


def require_integer(what: str, value: int) -> None:
    """Check a time in whole seconds.

    Raises:
        UnstorableError: it is no integer, or does not fit 64 bits.
    """
    if not isinstance(value, int):
        raise UnstorableError(
            f"{what} must be Unix seconds as an integer, such as int(time.time()); "
            f"got a {type(value).__name__}"
        )
    if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        raise UnstorableError(f"{what} must fit 64 bits")


def require_time(what: str, value: float) -> None:
    """Check a time.

    Raises:
        UnstorableError: it is no number.
    """
    if not isinstance(value, int | float):
        raise UnstorableError(
            f"{what} must be Unix seconds, such as time.time(); got a {type(value).__name__}"
        )


def require_address(given: object, more: object = ()) -> None:
    """Check the address of a machine.

    Args:
        given: the address.
        more: arguments after it, which there must not be.

    Raises:
        TypeError: it is something else, such as a name and a key.
    """
    if more or not isinstance(given, Address):
        raise TypeError('pass the address of a machine, such as Address("account", "fca_1")')


def clipped(text: str | None) -> str | None:
    """A text that accounts are searched by, as far as it fits."""
    return text if text is None else _NOT_STORABLE.sub("", text)[:LONGEST_ID]
