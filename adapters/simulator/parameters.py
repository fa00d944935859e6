"""Validation of parameters, with Stripe's errors.

A schema is a tree of kinds. ``check`` turns a decoded form into values, or raises an
:class:`.errors.ApiError` that names the invalid parameter.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .errors import ApiError, invalid, missing, unknown

_LONGEST = 5000
_URL = re.compile(r"https?://[\w.-]+(:[0-9]+)?([/?#]\S*)?")
_PLACE = re.compile("[0-9]{1,4}")


class Kind(Protocol):
    """A kind of value."""

    def check(self, raw: Any, param: str) -> Any:
        """The validated value.

        Raises:
            ApiError: it is not of this kind.
        """


@dataclass(frozen=True, slots=True)
class Text:
    """A text, one of ``choices`` if there are any. With ``may_unset``, an empty text unsets it."""

    choices: tuple[str, ...] = ()
    may_unset: bool = False

    def check(self, raw: Any, param: str) -> str | None:
        """The text, or None to unset it."""
        text = _text(raw, param, "string")
        if not text:
            if self.may_unset:
                return None
            raise _empty(param)
        if self.choices and text not in self.choices:
            raise invalid(param, f"Invalid {param}: must be one of {_one_of(self.choices)}")
        return text


@dataclass(frozen=True, slots=True)
class Url:
    """An http or https URL."""

    def check(self, raw: Any, param: str) -> str:
        """The URL."""
        text = _text(raw, param, "string")
        if not _URL.fullmatch(text):
            raise invalid(param, "Not a valid URL", "url_invalid")
        return text


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    low: int = 0
    high: int = 10**12
    may_unset: bool = False

    def check(self, raw: Any, param: str) -> int | None:
        """The number, or None to unset it."""
        text = _text(raw, param, "integer")
        if not text and self.may_unset:
            return None
        digits = text.removeprefix("-")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
            raise invalid(param, f"Invalid integer: {text}", "parameter_invalid_integer")
        number = int(text)
        if not self.low <= number <= self.high:
            raise invalid(
                param,
                f"Invalid integer: {param} must be between {self.low} and {self.high}",
                "parameter_invalid_integer",
            )
        return number


@dataclass(frozen=True, slots=True)
class Truth:
    """A boolean."""

    def check(self, raw: Any, param: str) -> bool:
        """Its value."""
        text = _text(raw, param, "boolean")
        if text not in ("true", "false"):
            raise invalid(param, f"Invalid boolean: {text}")
        return text == "true"


@dataclass(frozen=True, slots=True)
class Each:
    """A list of values of one kind."""

    kind: Kind

    def check(self, raw: Any, param: str) -> list[Any]:
        """The values, in order."""
        if raw == "":
            return []
        if not isinstance(raw, dict) or not all(map(_PLACE.fullmatch, raw)):
            raise invalid(param, "Invalid array")
        places = sorted(raw, key=int)
        return [self.kind.check(raw[place], f"{param}[{place}]") for place in places]


@dataclass(frozen=True, slots=True)
class Hash:
    """Named values."""

    fields: Mapping[str, Kind] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    def check(self, raw: Any, param: str) -> dict[str, Any]:
        """The given values, by name."""
        if not isinstance(raw, dict):
            raise invalid(param, "Invalid object")
        for name in raw:
            if name not in self.fields:
                raise unknown(_within(param, name))
        for name in self.required:
            if name not in raw:
                raise missing(_within(param, name))
        return {
            name: self.fields[name].check(value, _within(param, name))
            for name, value in raw.items()
        }


@dataclass(frozen=True, slots=True)
class MayUnset:
    """A hash, or an empty text that unsets it."""

    kind: Hash

    def check(self, raw: Any, param: str) -> dict[str, Any] | None:
        """The given values, by name; None to unset them."""
        return None if raw == "" else self.kind.check(raw, param)


@dataclass(frozen=True, slots=True)
class Metadata:
    """Up to 50 texts by key. An empty text removes a key, and an empty value removes all."""

    def check(self, raw: Any, param: str) -> dict[str, str] | None:
        """The texts by key, including empty ones; None to remove all."""
        if raw == "":
            return None
        if not isinstance(raw, dict):
            raise invalid(param, "Invalid object")
        if len(raw) > 50:
            raise invalid(param, "Metadata can have up to 50 keys")
        for name, value in raw.items():
            if len(name) > 40:
                raise invalid(param, "Metadata keys can be up to 40 characters long")
            if len(_text(value, _within(param, name), "string")) > 500:
                raise invalid(param, "Metadata values can be up to 500 characters long")
        return dict(raw)


@dataclass(frozen=True, slots=True)
class Times:
    """A time, or bounds of one: ``gt``, ``gte``, ``lt``, ``lte``."""

    def check(self, raw: Any, param: str) -> dict[str, int]:
        """The bounds, by name. A single time is both bounds."""
        if isinstance(raw, dict):
            bounds = Hash(dict.fromkeys(("gt", "gte", "lt", "lte"), Whole()))
            return bounds.check(raw, param)
        time = Whole().check(raw, param)
        return {"gte": time, "lte": time} if time is not None else {}


PAGE: dict[str, Kind] = {
    "ending_before": Text(),
    "expand": Each(Text()),
    "limit": Whole(1, 100),
    "starting_after": Text(),
}
"""The parameters of every list."""

EXPAND: dict[str, Kind] = {"expand": Each(Text())}
"""The parameters of every request. :mod:`.expand` carries them out."""

ADDRESS = Hash(
    {
        name: Text(may_unset=True)
        for name in ("city", "country", "line1", "line2", "postal_code", "state")
    }
)
"""An address."""


def _text(raw: Any, param: str, expected: str) -> str:
    if not isinstance(raw, str) or len(raw) > _LONGEST:
        raise invalid(param, f"Invalid {expected}")
    return raw


def _empty(param: str) -> ApiError:
    message = f"You passed an empty string for '{param}', which cannot be unset."
    return invalid(param, message, "parameter_invalid_empty")


def _within(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name


def _one_of(choices: tuple[str, ...]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last
