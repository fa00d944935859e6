"""What all renderers share."""

from collections.abc import Iterable
from json import JSONEncoder
from typing import Any

Rendered = dict[str, Any]

as_json = JSONEncoder(separators=(",", ":")).encode
"""Encodes JSON. The encoder is created once, because creating one is slower than encoding."""


def listed(items: Iterable[Rendered], url: str, has_more: bool = False) -> Rendered:
    """A page of a list."""
    return {"object": "list", "data": list(items), "has_more": has_more, "url": url}


def leaves_out_empty(name: str) -> bool:
    """Whether an object has no key where there is nothing to say, instead of ``{}`` or null.

    Where Stripe's documents allow both, both occur: half of all objects leave the key out, chosen
    by the id, which comes from the seed.
    """
    return ord(name[-1]) % 2 == 1


def put_if_any(rendered: Rendered, key: str, value: Any) -> None:
    """Set an optional key, or leave it out or empty where there is nothing to say."""
    if value or not leaves_out_empty(rendered["id"]):
        rendered[key] = value
