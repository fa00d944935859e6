"""Parts of JSON: what a codec finds in an object, or why the object is not what a codec wrote."""

from collections.abc import Mapping
from typing import Any

from .suggest import did_you_mean

_KINDS: dict[type, str] = {Mapping: "an object", list: "a list", str: "a text", int: "a number"}
"""What JSON calls the types that it is parsed to."""


class UnwrittenError(Exception):
    """JSON that no codec wrote. The text names place, rule and cure, and quotes no value."""


def object_in(data: object, what: str) -> Mapping[str, Any]:
    """The object that some JSON is.

    Args:
        data: The JSON, parsed.
        what: What it is of, for the error.

    Raises:
        UnwrittenError: it is something else.
    """
    if isinstance(data, Mapping):
        return data
    cure = "give what to_json returned"
    if isinstance(data, (str, bytes, bytearray)):
        cure = "parse it first: json.loads(...)"
    raise UnwrittenError(f"{what} is an object, and this is {kind_of(data)}; {cure}")


def part(data: Mapping[str, Any], name: str, kind: type, what: str) -> Any:
    """A part of an object.

    Args:
        data: The object.
        name: The name of the part.
        kind: ``Mapping``, ``list``, ``str`` or ``int``.
        what: What the object is of, for the error.

    Raises:
        UnwrittenError: it is missing, or of another kind.
    """
    if name not in data:
        others = [str(each) for each in data]
        near = next((each for each in others if did_you_mean(each, [name])), None)
        cure = f"rename {near!r}, if that is meant" if near else "give what to_json returned"
        raise UnwrittenError(
            f"{what} has no {name!r}, but {', '.join(others) or 'nothing'}; {cure}"
        )
    found = data[name]
    if not isinstance(found, kind):
        raise UnwrittenError(
            f"{what} has {kind_of(found)} as {name!r}; give {_KINDS[kind]}, as to_json does"
        )
    return found


def kind_of(data: object) -> str:
    """What parsed JSON is, without its value."""
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true or false"
    for kind, name in _KINDS.items():
        if isinstance(data, kind):
            return name
    article = "an" if type(data).__name__[:1] in "AEIOUaeiou" else "a"
    return f"{article} {type(data).__name__}"
