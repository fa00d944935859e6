"""Readers for single fields of Stripe's objects: the value, or None if it is unreadable.

A value of the wrong type is not an error. It counts as absent, so that a change by Stripe in one
field does not affect the others. The same applies to texts that databases reject (lone surrogates,
NUL) and to times after the year 9999.
"""

import re
from typing import Any

from relink.machines.report import AccountNumber, Holder

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
# The id of a command that reads an object holds the object's id, and has to fit the databases' 255.
_LAST_FOUR = re.compile(r"[0-9]{4}")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_TEXT = 255
_END_OF_9999 = 253_402_300_799


def text(raw: Any) -> str | None:
    """A short, non-empty text, such as a value of an open enum."""
    if not isinstance(raw, str) or not 0 < len(raw) <= _MAX_TEXT:
        return None
    return None if _NOT_STORABLE.search(raw) else raw


def texts(raw: Any) -> tuple[str, ...] | None:
    """A list of texts; unreadable if one of them is."""
    if not isinstance(raw, list):
        return None
    found = tuple(text(item) for item in raw)
    return None if None in found else found  # type: ignore[return-value]


def moment(raw: Any) -> int | None:
    """A time in Unix seconds."""
    if not isinstance(raw, int) or isinstance(raw, bool):
        return None
    return raw if 0 <= raw <= _END_OF_9999 else None


def identifier(raw: Any) -> str | None:
    """The id of an object."""
    return raw if isinstance(raw, str) and _ID.fullmatch(raw) else None


def reference(raw: Any) -> str | None:
    """The id of another object, given as the id or as the expanded object."""
    return identifier(raw.get("id") if isinstance(raw, dict) else raw)


def last_four(raw: Any) -> str | None:
    """Exactly four digits."""
    return raw if isinstance(raw, str) and _LAST_FOUR.fullmatch(raw) else None


def holder(raw: Any) -> Holder | None:
    """An ``account_holder``, from the first field that names one."""
    if not isinstance(raw, dict):
        return None
    for field in ("customer", "customer_account", "account"):
        if name := reference(raw.get(field)):
            return Holder.model_validate({"field": field, "id": name})
    return None


def numbers(raw: Any) -> tuple[AccountNumber, ...] | None:
    """``account_numbers``; unreadable if one of them is, because that one could matter."""
    if not isinstance(raw, list):
        return None
    found = tuple(_number(item) for item in raw)
    return None if None in found else found  # type: ignore[return-value]


def _number(raw: Any) -> AccountNumber | None:
    if not isinstance(raw, dict) or (status := text(raw.get("status"))) is None:
        return None
    return AccountNumber(
        identifier_type=text(raw.get("identifier_type")) or "account_number",
        status=status,
        expires_on=moment(raw.get("expected_expiry_date")),
        networks=texts(raw.get("supported_networks")) or (),
    )
