"""The names that a record's fields may not have, since the engine itself reads them."""

from typing import NoReturn

from .errors import RecordError

WHY = {
    "name": "events and commands are named after their classes",
    "id": "the id of a command is made from its name and its fields",
    "after": "facts are copied by it",
    "upgrades": "it says what became of former fields",
    "former_names": "it says what a class was named before",
}

MEANT_TO_BE_SET = {"upgrades", "former_names"}


def refuse_name(record: str, name: str) -> NoReturn:
    """Raise the error for a field of a record whose name is not free.

    Raises:
        RecordError: always.
    """
    why = WHY.get(name, "every model has a part of that name")
    raise RecordError(
        f"{record}.{name} has the name of something that the engine reads ({why}); rename the field"
    )
