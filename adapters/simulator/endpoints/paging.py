"""Pages of lists, newest first, with cursors."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ..errors import no_such
from ..render import Rendered, listed
from ..world import Owned

T = TypeVar("T", bound=Owned)

_PAGE = 10


def page(
    found: Iterable[T], rendered: Callable[[T], Rendered], params: dict[str, Any], url: str
) -> Rendered:
    """The page for ``limit``, ``starting_after`` and ``ending_before``.

    Args:
        found: all items of the list, oldest first.
        rendered: renders an item.
        params: the validated parameters.
        url: the URL of the list.

    Raises:
        ApiError: a cursor is not in the list.
    """
    items = list(found)[::-1]
    limit = params.get("limit", _PAGE)
    before = params.get("ending_before")
    if before is not None:
        items = items[: _place(items, before, "ending_before")]
        has_more = len(items) > limit
        items = items[-limit:]
    else:
        after = params.get("starting_after")
        if after is not None:
            items = items[_place(items, after, "starting_after") + 1 :]
        has_more = len(items) > limit
        items = items[:limit]
    return listed(map(rendered, items), url, has_more)


def _place(items: list[T], cursor: str, param: str) -> int:
    for place, item in enumerate(items):
        if item.id == cursor:
            return place
    raise no_such("object", cursor, param)
