"""Form-encoded parameters in the format of Stripe's API: ``a[b][0]=c``, encoded and decoded.

A decoded form is a tree of dictionaries with texts as leaves. Lists are dictionaries too, because
only the endpoint's definition tells ``permissions[0]`` from ``metadata[0]``.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from .errors import ApiError

_MOST_FIELDS = 1000
_DEEPEST = 6


def encode(params: Mapping[str, Any]) -> bytes:
    """The bytes that the SDK sends for nested parameters; None is omitted."""
    pairs = (
        f"{quote_plus(key, safe='[]')}={quote_plus(value)}" for key, value in _flat(params, "")
    )
    return "&".join(pairs).encode()


def _flat(value: Any, key: str) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case Mapping():
            for name, item in value.items():
                yield from _flat(item, f"{key}[{name}]" if key else str(name))
        case list() | tuple():
            for place, item in enumerate(value):
                yield from _flat(item, f"{key}[{place}]")
        case bool():
            yield key, "true" if value else "false"
        case _:
            yield key, str(value)


def decode(form: bytes) -> dict[str, Any]:
    """The tree of parameters.

    Raises:
        ApiError: the form is invalid or too large, or contradicts itself.
    """
    if not form:
        return {}
    try:
        pairs = parse_qsl(
            form.decode(),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise ApiError("Invalid request: the parameters are not a valid form.") from None
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _put(tree, key, value)
    return tree


def _put(tree: dict[str, Any], key: str, value: str) -> None:
    *branches, leaf = _path(key)
    place = tree
    for name in branches:
        place = place.setdefault(name or str(len(place)), {})
        if not isinstance(place, dict):
            raise _contradiction(key)
    leaf = leaf or str(len(place))
    if isinstance(place.get(leaf), dict):
        raise _contradiction(key)
    place[leaf] = value


def _path(key: str) -> list[str]:
    """``a[b][]`` → ``["a", "b", ""]``; a key with unbalanced brackets is a plain name."""
    if not key.endswith("]") or key.startswith("["):
        return [key]
    name, _, rest = key[:-1].partition("[")
    path = [name, *rest.split("][")]
    if len(path) > _DEEPEST or any("[" in part or "]" in part for part in path):
        return [key]
    return path


def _contradiction(key: str) -> ApiError:
    name = key.partition("[")[0]
    return ApiError(f"Invalid request: {name} is both a value and a hash.", param=name)
