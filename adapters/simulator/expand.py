"""``expand[]``: ids in an answer become the objects that they name."""

from typing import Any

from .errors import ApiError
from .render import Rendered, render
from .versions import PREVIEW_FIELDS, is_preview
from .world import World

DEEPEST = 4
_HOLDER = {"account_holder.account": "account", "account_holder.customer": "customer"}
FIELDS: dict[str, dict[str, str]] = {
    "bank_account": {"account": "account"},
    "customer": {"default_source": "", "test_clock": ""},
    "financial_connections.account": {
        **_HOLDER,
        "institution": "financial_connections.institution",
        "ownership": "",
    },
    "financial_connections.authorization": {
        **_HOLDER,
        "institution": "financial_connections.institution",
    },
    "financial_connections.session": {**_HOLDER, "accounts.data": "financial_connections.account"},
    "mandate": {"payment_method": "payment_method"},
    "payment_method": {"customer": "customer"},
}
"""By kind of object, the fields that can be expanded, and the kind that each names. Those that name
none are always null."""


def check(paths: list[str], kind: str, is_list: bool, version: str) -> None:
    """Refuse what cannot be expanded.

    Args:
        paths: the values of ``expand``.
        kind: the kind of object that the endpoint returns.
        is_list: whether it returns a list of them.
        version: the API version.

    Raises:
        ApiError: a field cannot be expanded, or the path is too deep.
    """
    for path in paths:
        if path.count(".") >= DEEPEST:
            raise ApiError(f"You cannot expand more than {DEEPEST} levels of a property ({path}).")
        rest = path.removeprefix("data.") if is_list else path
        if (is_list and rest == path) or not _is_known(rest, kind, version):
            raise ApiError(f"This property cannot be expanded ({path}).", param="expand")


def _is_known(path: str, kind: str, version: str) -> bool:
    for field, named in FIELDS.get(kind, {}).items():
        is_hidden = not is_preview(version) and (field,) in PREVIEW_FIELDS.get(kind, ())
        if is_hidden or not f"{path}.".startswith(f"{field}."):
            continue
        rest = path[len(field) + 1 :]
        return not rest or _is_known(rest, named, version)
    return False


def expand(world: World, rendered: Rendered, paths: list[str]) -> None:
    """Expand an answer in place."""
    for path in paths:
        _expand(world, rendered, path.split("."))


def _expand(world: World, value: Any, path: list[str]) -> None:
    match value:
        case list():
            for item in value:
                _expand(world, item, path)
        case dict() if path:
            name, *rest = path
            if isinstance(value.get(name), str):
                value[name] = _object(world, value[name])
            _expand(world, value.get(name), rest)


def _object(world: World, name: str) -> Rendered | str:
    if name in world.connected_accounts:
        return {"id": name, "object": "account", "country": "US", "default_currency": "usd"}
    found = world.customers.get(name) or world.payment_methods.get(name)
    found_or_bank = found or world.institutions.get(name)
    return render(found_or_bank) if found_or_bank else name
